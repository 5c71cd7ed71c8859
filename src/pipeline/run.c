// SPDX-License-Identifier: Apache-2.0
/* pipeline/run.c - a run from its lock to its commit
 *
 * What happens to the records of one data set is run_dataset.c; here is what holds
 * the data sets together: order, totals, gate, and the two ways in which a run ends.
 */
#include "pipeline/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/sha256_pair.h"
#include "base/stop.h"
#include "db/postgres.h"
#include "load/reject.h"
#include "pipeline/connectors.h"
#include "pipeline/memory.h"
#include "pipeline/parent.h"
#include "pipeline/replay.h"
#include "pipeline/run_dataset.h"
#include "pipeline/watermark.h"

#define MAX_REPORT_BYTES (64u * 1024 * 1024)

const char *
fe_run_status_name(enum fe_run_status s)
{
	static const char *const names[] = {
		[FE_RUN_SUCCESS] = "success",
		[FE_RUN_WITH_REJECTS] = "success_with_rejects",
		[FE_RUN_HELD] = "held",
		[FE_RUN_FAILED] = "failed",
	};
	return names[s];
}

struct fe_run_totals
fe_run_totals(const struct fe_run_result *r)
{
	struct fe_run_totals t = { 0 };
	for (size_t i = 0; i < r->n_datasets; i++) {
		const struct fe_total *terms = r->datasets[i].tally.terms;
		uint64_t gone = terms[FE_TERM_FILTERED].n + terms[FE_TERM_REJECTED].n +
				terms[FE_TERM_DUPLICATE].n + terms[FE_TERM_SUPERSEDED].n;
		t.extracted += terms[FE_TERM_READ].n;
		t.transformed += terms[FE_TERM_READ].n - gone;
		t.rejected += terms[FE_TERM_REJECTED].n;
		t.duplicate += terms[FE_TERM_DUPLICATE].n;
		t.skipped_objects += r->datasets[i].n_skipped_objects;
		if (r->is_published)
			t.loaded += terms[FE_TERM_INSERTED].n + terms[FE_TERM_UPDATED].n;
	}
	return t;
}

void
fe_run_result_init(struct fe_run_result *out, const struct fe_run_settings *set)
{
	const struct fe_plan *plan = set->plan;
	*out = (struct fe_run_result){
		.pipeline = plan->name,
		.warehouse = plan->warehouse,
		.config_sha256 = plan->config_sha256,
		.status = FE_RUN_FAILED,
		.fail_on = set->fail_on,
		.from = set->from,
		.until = set->until,
		.release = set->release,
		.replay = set->replay,
		.start_us = fe_clock_now(set->clock),
		.datasets = fe_new_array(plan->n_datasets + 1, struct fe_dataset_result),
		.n_datasets = plan->n_datasets,
	};
	out->run_time_us = set->has_run_time ? set->run_time_us : out->start_us;
	if (set->run_id)
		(void)snprintf(out->run_id, sizeof out->run_id, "%s", set->run_id);
	else
		fe_run_id_new(out->start_us, out->run_id);
	for (size_t i = 0; i < plan->n_datasets; i++) {
		struct fe_dataset_result *d = &out->datasets[i];
		d->plan = &plan->datasets[i];
		d->is_replayed = set->replay != NULL;
		fe_tally_init(&d->tally, &d->plan->schema);
		if (d->plan->n_sum_by)
			fe_tally_split(&d->tally, d->plan->sum_by, d->plan->n_sum_by);
		d->defaults_filled = fe_new_array(d->plan->schema.n_source + 1, uint64_t);
		d->negative_zeros = fe_new_array(d->plan->schema.n_source + 1, uint64_t);
		d->rules_broken = fe_new_array(d->plan->n_rules + 1, uint64_t);
		d->placeholders = fe_new_array(d->plan->n_references + 1, uint64_t);
	}
}

void
fe_run_result_reset(struct fe_run_result *r)
{
	for (size_t i = 0; i < r->n_datasets; i++) {
		fe_expectations_close(&r->datasets[i].expectations);
		fe_free(r->datasets[i].known_unique);
		fe_profile_free(r->datasets[i].profile);
		fe_control_free(r->datasets[i].control);
		fe_tally_reset(&r->datasets[i].tally);
		fe_reason_table_reset(&r->datasets[i].reasons);
		fe_contract_notes_reset(&r->datasets[i].columns);
		fe_free(r->datasets[i].defaults_filled);
		fe_free(r->datasets[i].negative_zeros);
		fe_free(r->datasets[i].rules_broken);
		fe_free(r->datasets[i].placeholders);
	}
	fe_free(r->datasets);
	fe_free(r->waived);
	fe_told_reset(&r->told);
	*r = (struct fe_run_result){ 0 };
}

/* Beside the database's file, where space is planned for; with a server, where
 * temporary files go. */
static char *
spool_folder(const char *url)
{
	if (fe_warehouse_is_server(url) || strncmp(url, "files:s3://", 11) == 0)
		return fe_strdup(fe_memory_folder());
	const char *path = strchr(url, ':') + 1;
	const char *slash = strrchr(path, '/');
	if (strncmp(url, "files:", 6) == 0)
		return fe_strdup(path);
	return slash ? fe_strndup(path, (size_t)(slash - path) + 1) : fe_strdup(".");
}

static enum fe_rc
open_sink(struct fe_run_context *run, struct fe_err *err)
{
	const struct fe_plan *plan = run->set->plan;
	if (!plan->warehouse)
		return fe_fail(err, FE_EUSAGE,
			       "no warehouse is named; give warehouse: in the pipeline file, --warehouse or FINETL_WAREHOUSE");
	const struct fe_sink_ops *ops = fe_sink_of_url(fe_str_of(plan->warehouse));
	if (!ops)
		return fe_fail(err, FE_EUSAGE,
			       "no warehouse of this kind is known; try sqlite:warehouse.db, postgresql://HOST/DATABASE or files:out");
	run->folder = spool_folder(plan->warehouse);
	struct fe_sink_settings s = {
		.url = plan->warehouse,
		.tables = plan->tables,
		.n_tables = plan->n_datasets,
		.clock = run->set->clock,
		.wait_ms = run->set->wait_ms,
		.lock_timeout_ms = run->set->lock_timeout_ms,
		.strategy = run->set->strategy,
		.hashes_behind = run->set->n_threads > 1,
		.hashes = run->hashes,
		.spool_folder = run->folder,
		.stamp = run->set->stamp,
		.max_object_bytes = fe_memory_of_objects(run->set->max_memory_bytes),
	};
	FE_TRY(ops->open(&run->sink, &s, err));
	return run->set->wrap_sink ? run->set->wrap_sink(run->set->wrap_ctx, &run->sink, err) : FE_OK;
}

static enum fe_rc
begin(struct fe_run_context *run, const struct fe_run_result *res, struct fe_err *err)
{
	struct fe_run_info info = {
		.run_id = res->run_id,
		.pipeline = run->set->plan->name,
		.config_sha256 = run->set->plan->config_sha256,
		.version = FE_VERSION,
		.start_us = res->start_us,
		.run_time_us = res->run_time_us,
		.release = res->release,
	};
	return run->sink->ops->begin(run->sink, &info, &run->first_object_id, err);
}

static enum fe_rc
check_quality_score(const struct fe_dataset_result *d, struct fe_err *err)
{
	struct fe_validation_counts c = fe_validation_counts(d->expectations.validation);
	return fe_gate_check_quality(&d->plan->gate, c.n_evaluated, c.n_successful, d->plan->name, err);
}

static void
add_failure(const struct fe_err *one, struct fe_buf *all, enum fe_rc *rc)
{
	fe_buf_addf(all, "%s%s", all->n_bytes ? "; " : "", one->text);
	*rc = one->rc;
}

/* All data sets that fail their gate are named, not only the first. */
static enum fe_rc
check_gates(const struct fe_run_result *res, enum fe_fail_on fail_on, struct fe_err *err)
{
	struct fe_buf all;
	enum fe_rc rc = FE_OK;

	fe_buf_init(&all, FE_ERR_TEXT_BYTES * 4);
	for (size_t i = 0; i < res->n_datasets; i++) {
		const struct fe_dataset_result *d = &res->datasets[i];
		struct fe_err one = FE_ERR_INIT;
		if (!d->plan->is_selected)
			continue;
		if (!res->replay && fe_gate_check(&d->plan->gate, &d->tally, d->plan->name, &one))
			add_failure(&one, &all, &rc);
		if (d->was_controlled && fe_control_check(d->control, &one))
			add_failure(&one, &all, &rc);
		if (!d->was_validated)
			continue;
		if (fe_expectations_check(&d->expectations, fail_on, d->plan->name, &one))
			add_failure(&one, &all, &rc);
		if (!res->replay && check_quality_score(d, &one))
			add_failure(&one, &all, &rc);
	}
	if (rc)
		rc = fe_fail(err, rc, "%s", fe_buf_text(&all));
	fe_buf_reset(&all);
	return rc;
}

/* Of a run that is released, what would hold it is written down and let pass. */
static enum fe_rc
check_or_waive(struct fe_run_result *res, enum fe_fail_on fail_on, struct fe_err *err)
{
	struct fe_err why = FE_ERR_INIT;

	if (!res->release)
		return check_gates(res, fail_on, err);
	enum fe_rc rc = check_gates(res, fail_on, &why);
	if (rc != FE_ECHECK) {
		if (rc && err)
			*err = why;
		return rc;
	}
	res->waived = fe_strdup(why.text);
	fe_log(FE_LOG_WARN, "waived by a release", "releases", res->release->run_id, "by", res->release->by, "waived", res->waived, NULL);
	return FE_OK;
}

static enum fe_rc
check_totals(const struct fe_run_result *res, struct fe_err *err)
{
	for (size_t i = 0; i < res->n_datasets; i++)
		FE_TRY(fe_tally_reconcile(&res->datasets[i].tally, res->datasets[i].plan->name, err));
	return FE_OK;
}

static enum fe_rc
run_datasets(struct fe_run_context *run, struct fe_run_result *res, struct fe_err *err)
{
	for (size_t i = 0; i < res->n_datasets; i++)
		if (res->datasets[i].plan->is_selected)
			FE_TRY(fe_run_dataset(run, i, &res->datasets[i], err));
	FE_TRY(fe_stop_check(err));
	FE_TRY(check_totals(res, err));
	if (run->set->agree)
		FE_TRY(run->set->agree(run->set->agree_ctx, res, err));
	return check_or_waive(res, run->set->fail_on, err);
}

/* The object that arrived, as one that was not read. */
static void
note_arrival(struct fe_run_context *run)
{
	const struct fe_arrived_object *o = &run->set->arrival->object;
	struct fe_object_id *id = fe_new(struct fe_object_id);

	*id = *o->id;
	id->path = fe_strdup(o->id->path);
	id->version = fe_strdup(o->id->version);
	run->objects = fe_grow(run->objects, &run->cap_objects, 1, sizeof *run->objects);
	run->objects[run->n_objects++] = (struct fe_run_object){
		.dataset = o->dataset,
		.object_id = run->first_object_id,
		.id = id,
		.is_skipped = true,
		.etag = o->etag,
		.sequencer = o->sequencer,
	};
	run->result->datasets[run->set->arrival->dataset].n_skipped_objects = 1;
}

/* Asked under the run's lock, and answered by what other runs have committed: so of two that are told of
 * one object one loads it. */
static enum fe_rc
ask_arrival(struct fe_run_context *run, bool *is_read, struct fe_err *err)
{
	const struct fe_run_arrival *a = run->set->arrival;
	const struct fe_sink_ops *ops = run->sink->ops;

	*is_read = true;
	if (!a)
		return FE_OK;
	if (ops->object_state && !a->is_gone)
		FE_TRY(ops->object_state(run->sink, &a->object, &run->result->arrived, err));
	*is_read = !a->is_gone && run->result->arrived == FE_OBJECT_NEW;
	if (!*is_read)
		note_arrival(run);
	return FE_OK;
}

/* Of the data sets that were read further than before; returns how many. */
static size_t
moved_watermarks(const struct fe_run_context *run, struct fe_run_watermark *out)
{
	const struct fe_plan *plan = run->set->plan;
	size_t n = 0;

	for (size_t i = 0; i < plan->n_datasets; i++) {
		const char *value = fe_watermark_value(run->watermarks[i]);
		if (value)
			out[n++] = (struct fe_run_watermark){
				plan->datasets[i].name, plan->datasets[i].cursor->name, value
			};
	}
	return n;
}

/* Writes the end of the run down: committing, or undoing what was loaded. */
static enum fe_rc
end_run(struct fe_run_context *run, struct fe_run_result *res, bool commit, struct fe_err *err)
{
	struct fe_buf quality, reconciliation, report;
	struct fe_run_totals totals;
	enum fe_rc rc;

	res->is_published = commit;
	res->end_us = fe_clock_now(run->set->clock);
	totals = fe_run_totals(res);
	fe_buf_init(&quality, MAX_REPORT_BYTES);
	fe_buf_init(&reconciliation, MAX_REPORT_BYTES);
	fe_buf_init(&report, MAX_REPORT_BYTES);
	fe_run_quality_json(res, &quality);
	fe_run_reconciliation_json(res, &reconciliation);
	fe_run_report_json(res, &report);
	rc = fe_buf_check(&report, "the report", err);
	if (rc == FE_OK)
		rc = fe_buf_check(&quality, "the quality report", err);
	if (rc)
		goto done;

	struct fe_run_watermark *watermarks = fe_new_array(res->n_datasets + 1, struct fe_run_watermark);
	const char **names = fe_new_array(res->n_datasets + 1, const char *);
	int64_t *keep_days = fe_new_array(res->n_datasets + 1, int64_t);
	for (size_t i = 0; i < res->n_datasets; i++) {
		names[i] = res->datasets[i].plan->name;
		keep_days[i] = res->datasets[i].plan->is_selected ? res->datasets[i].plan->rejects_keep_days : 0;
	}
	struct fe_run_end end = {
		.status = fe_run_status_name(res->status),
		.end_us = res->end_us,
		.extracted = totals.extracted,
		.transformed = totals.transformed,
		.loaded = totals.loaded,
		.rejected = totals.rejected,
		.duplicate = totals.duplicate,
		.error = res->error[0] ? res->error : NULL,
		.quality_report = fe_buf_str(&quality),
		.reconciliation = fe_buf_str(&reconciliation),
		.report = fe_buf_str(&report),
		.objects = run->objects,
		.n_objects = run->n_objects,
		.watermarks = watermarks,
		.n_watermarks = commit ? moved_watermarks(run, watermarks) : 0,
		.datasets = names,
		.n_datasets = res->n_datasets,
		.keep_days = keep_days,
		.rejects = run->rejects,
		.is_replay = res->replay != NULL,
	};
	if (res->replay)
		end.closings = fe_replay_closings(res->replay, &end.n_closings);
	rc = commit ? run->sink->ops->commit(run->sink, &end, err)
		    : run->sink->ops->undo(run->sink, &end, err);
	fe_free(keep_days);
	fe_free(names);
	fe_free(watermarks);
done:
	fe_buf_reset(&quality);
	fe_buf_reset(&reconciliation);
	fe_buf_reset(&report);
	return rc;
}

static void
note_failure(struct fe_run_result *res, const struct fe_err *err)
{
	res->rc = err->rc;
	res->status = err->rc == FE_ECHECK ? FE_RUN_HELD : FE_RUN_FAILED;
	res->is_published = false;
	res->is_unknown = strcmp(err->foreign, FE_PG_UNKNOWN_COMMIT) == 0;
	fe_err_print(err, res->error, sizeof res->error);
}

static enum fe_rc
publish(struct fe_run_context *run, struct fe_run_result *res, struct fe_err *err)
{
	res->status = fe_run_totals(res).rejected ? FE_RUN_WITH_REJECTS : FE_RUN_SUCCESS;
	res->rc = FE_OK;
	enum fe_rc rc = end_run(run, res, true, err);
	res->is_recorded = rc == FE_OK;
	/* Where that is not known, the sink's own words say what to do. */
	if (rc && strcmp(err->foreign, FE_PG_UNKNOWN_COMMIT) != 0)
		fe_err_context(err, "nothing was committed");
	return rc;
}

/* The run's own error stays what is returned; what goes wrong in undoing is said too. */
static void
undo(struct fe_run_context *run, struct fe_run_result *res, bool was_begun, struct fe_err *err)
{
	struct fe_err why = FE_ERR_INIT;
	note_failure(res, err);
	if (end_run(run, res, false, &why) == FE_OK) {
		res->is_recorded = was_begun; /* else there may have been nowhere to write to */
		return;
	}
	char text[512];
	fe_err_print(&why, text, sizeof text);
	fe_log(FE_LOG_ERROR, "the run could not be recorded in the warehouse", "error", text, NULL);
}

static void
context_reset(struct fe_run_context *run)
{
	for (size_t i = 0; i < run->set->plan->n_datasets; i++) {
		fe_dedupe_free(run->keys[i]);
		fe_watermark_free(run->watermarks[i]);
		fe_parent_reset(&run->parents[i]);
	}
	for (size_t i = 0; i < run->n_objects; i++)
		fe_object_id_reset((struct fe_object_id *)(uintptr_t)run->objects[i].id);
	for (size_t i = 0; i < run->n_objects; i++)
		fe_free((void *)(uintptr_t)run->objects[i].id);
	fe_free(run->objects);
	fe_free(run->keys);
	fe_free(run->watermarks);
	fe_free(run->parents);
	fe_free(run->table_was_empty);
	fe_spool_close(run->rejects);
	if (run->sink)
		run->sink->ops->close(run->sink);
	fe_sha256_pair_free(run->hashes);
}

enum fe_rc
fe_run(const struct fe_run_settings *set, struct fe_run_result *out, struct fe_err *err)
{
	struct fe_run_context run = {
		.set = set,
		.keys = fe_new_array(set->plan->n_datasets + 1, struct fe_dedupe *),
		.watermarks = fe_new_array(set->plan->n_datasets + 1, struct fe_watermark *),
		.parents = fe_new_array(set->plan->n_datasets + 1, struct fe_parent),
		.table_was_empty = fe_new_array(set->plan->n_datasets + 1, bool),
		.hashes = set->n_threads > 1 ? NULL : fe_sha256_pair_new(),
	};
	bool has_begun = false;
	enum fe_rc rc;

	fe_hash_key_random(&run.hash_key);
	for (size_t i = 0; i < set->plan->n_datasets; i++)
		fe_parent_init(&run.parents[i], &run, i);
	fe_run_result_init(out, set);
	run.result = out;
	run.run_time_us = out->run_time_us;
	fe_log(FE_LOG_INFO, "run started", "run_id", out->run_id, "pipeline", set->plan->name, NULL);
	if (set->started)
		set->started(set->told_ctx, out);

	rc = open_sink(&run, err);
	if (rc)
		goto end;
	rc = fe_spool_open(&run.rejects, run.folder, err);
	if (rc)
		goto end;
	has_begun = true; /* even half: what was begun is undone and written down */
	bool is_read = true;
	rc = begin(&run, out, err);
	const bool is_begun = rc == FE_OK;
	if (rc == FE_OK && set->failed) {
		*err = *set->failed;
		rc = err->rc;
	}
	if (rc == FE_OK)
		rc = ask_arrival(&run, &is_read, err);
	if (rc == FE_OK && is_read)
		rc = run_datasets(&run, out, err);
	if (rc == FE_OK)
		rc = publish(&run, out, err);
	if (rc)
		undo(&run, out, is_begun, err);
end:
	if (rc && !has_begun)
		note_failure(out, err);
	out->end_us = fe_clock_now(set->clock);
	context_reset(&run);
	fe_free(run.folder);
	/* Why it failed is told once, as the error that is returned. */
	fe_log(FE_LOG_INFO, "run ended", "run_id", out->run_id, "status",
	       fe_run_status_name(out->status), NULL);
	if (rc == FE_OK && set->nothing_is_99 && fe_run_totals(out).extracted == 0)
		rc = out->rc = FE_ENOTHING;
	if (set->ended)
		set->ended(set->told_ctx, out);
	return rc;
}

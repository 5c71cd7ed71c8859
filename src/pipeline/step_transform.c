// SPDX-License-Identifier: Apache-2.0
/* pipeline/step_transform.c - the second step: each record judged by itself
 *
 * What the run does up to derivation (pipeline/judge.h), over what extract has kept, with the rows
 * that pass in clean/<data set>.csv and the others in rejects/<data set>.rejects.csv, as a
 * `files:` warehouse has them. What takes more than the record, references and keys, is for the
 * load to say.
 */
#include "pipeline/step.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/sha256_pair.h"
#include "base/stop.h"
#include "io/folder.h"
#include "load/files_table.h"
#include "load/reject.h"
#include "pipeline/judge.h"
#include "pipeline/prefetch.h"
#include "pipeline/step_raw.h"

struct transform {
	struct fe_step *step;
	const struct fe_plan_dataset *dataset;
	struct fe_dataset_result *out;
	unsigned n_threads;
	struct fe_sha256_pair *hashes;  /* NULL: there are two threads */
	struct fe_step_raw raw;
	struct fe_kept kept;
	struct fe_source *source;
	struct fe_prefetch *prefetch;
	struct fe_judge judge;
	struct fe_table table;          /* as its file is called */
	struct fe_files_table clean;
	struct fe_files_output rejects;
	struct fe_spool *spool;
	struct fe_load_plan *plan;      /* all that pass are inserted */
	uint64_t n_clean;
};

static enum fe_rc
open_source(struct transform *t, struct fe_err *err)
{
	struct fe_source_settings set = t->dataset->source_set;
	bool found;

	fe_step_raw_init(&t->raw, t->step, t->dataset);
	FE_TRY(fe_step_raw_read(&t->raw, &found, err));
	FE_TRY(fe_step_raw_check(&t->raw, err));
	t->kept = (struct fe_kept){ .objects = t->raw.objects, .n_objects = t->raw.n_objects, .net = &t->step->net };
	set.kept = &t->kept;
	set.window.since = t->raw.since;
	set.window.until = t->raw.until;
	set.reasons = &t->out->reasons;
	set.clock = t->step->set.clock;
	set.hashes = t->hashes;
	FE_TRY(fe_source_open(&t->source, t->dataset->source, &set, err));
	t->prefetch = fe_prefetch_open(t->source, &t->dataset->schema, &t->judge, t->n_threads);
	return FE_OK;
}

static enum fe_rc
open_outputs(struct transform *t, struct fe_err *err)
{
	const struct fe_files_place clean = { fe_step_path(t->step, "clean"), &t->step->net };
	const struct fe_files_place rejects = { fe_step_path(t->step, "rejects"), &t->step->net };
	const char *spool = getenv("TMPDIR");

	FE_TRY(fe_folder_make(clean.folder, err));
	FE_TRY(fe_folder_make(rejects.folder, err));
	t->table = t->step->plan->tables[t->dataset->table];
	t->table.name = t->dataset->name;
	fe_files_table_init(&t->clean, &t->table, &clean);
	fe_files_output_init(&t->rejects, &rejects, t->dataset->name, ".rejects.csv");
	t->clean.hashes_behind = t->n_threads > 1;
	t->clean.hashes = t->hashes;
	FE_TRY(fe_files_table_begin(&t->clean, err));
	return fe_spool_open(&t->spool, spool && *spool ? spool : "/tmp", err);
}

/* ---- records ---- */

static void
plan_rows(struct transform *t, const struct fe_batch *b)
{
	t->plan->n_inserts = 0;
	for (size_t row = 0; row < b->n_rows; row++) {
		bool is_clean = b->verdict[row] == FE_KEPT;
		t->plan->action[row] = is_clean ? FE_ACTION_INSERT : FE_ACTION_NONE;
		t->plan->number[row] = (int64_t)t->n_clean;
		t->plan->n_inserts += is_clean;
		t->n_clean += is_clean;
	}
}

static enum fe_rc
write_batch(struct transform *t, struct fe_batch *b, struct fe_err *err)
{
	plan_rows(t, b);
	FE_TRY(fe_files_table_write(&t->clean, b, t->plan, err));
	const struct fe_reject_batch rejects = { .object = b->object, .reasons = &t->out->reasons, .policy = &t->dataset->rejects };
	FE_TRY(fe_reject_add_batch(t->spool, b, &rejects, err));
	return fe_tally_verdicts(&t->out->tally, b, err);
}

static enum fe_rc
read_all(struct transform *t, struct fe_err *err)
{
	struct fe_prefetched now;

	for (;;) {
		FE_TRY(fe_stop_check(err));
		enum fe_rc rc = fe_prefetch_next(t->prefetch, &now, err);
		fe_judge_tell_counts(&t->judge, now.counts, t->out);
		if (rc)
			return rc;
		if (now.batch->n_rows == 0 && !now.aborts)
			return fe_kept_agrees(&t->kept, t->source, err);
		FE_TRY(fe_judge_rest(&t->judge, now.batch, err));
		FE_TRY(write_batch(t, now.batch, err));
		if (now.aborts)
			return fe_err_pass(err, now.aborts);
	}
}

/* ---- the end ---- */

/* Of the rows that were written, so that the totals of the files agree. */
static enum fe_rc
end_clean(struct transform *t, struct fe_err *err)
{
	struct fe_tally *tally = &t->out->tally;
	fe_i128 *sums = fe_new_array(tally->n_decimals + 1, fe_i128);
	struct fe_groups groups = { 0 };
	struct fe_table_result r = { .inserted.sums = sums };

	if (tally->groups) {
		fe_groups_init(&groups, tally->schema, t->dataset->sum_by, t->dataset->n_sum_by, tally->n_decimals + 1);
		r.inserted.groups = &groups;
	}
	enum fe_rc rc = fe_files_table_end(&t->clean, &r, err);
	if (rc == FE_OK)
		rc = fe_tally_add(tally, FE_TERM_INSERTED, r.inserted.n, r.inserted.sums, err);
	if (rc == FE_OK && tally->groups)
		rc = fe_tally_add_groups(tally, FE_TERM_INSERTED, &groups, err);
	fe_groups_reset(&groups);
	if (rc == FE_OK)
		rc = fe_tally_reconcile(tally, t->dataset->name, err);
	fe_free(sums);
	return rc;
}

static enum fe_rc
write_rejects(struct transform *t, struct fe_err *err)
{
	struct fe_run_object *objects = fe_new_array(t->raw.n_objects + 1, struct fe_run_object);
	const struct fe_run_end end = { .objects = objects, .n_objects = t->raw.n_objects, .rejects = t->spool };

	for (size_t i = 0; i < t->raw.n_objects; i++)
		objects[i].id = &t->raw.objects[i].id;
	enum fe_rc rc = fe_files_write_rejects(&t->rejects, 1, &end, err);
	fe_free(objects);
	return rc;
}

static void
add_file(struct transform *t, const char *folder, const struct fe_files_output *o)
{
	struct fe_buf name;

	fe_buf_init(&name, SIZE_MAX / 2);
	fe_buf_addf(&name, "%s/%s", folder, o->name);
	fe_step_add_file(t->step, fe_buf_text(&name), o->size_bytes, o->sha256);
	fe_buf_reset(&name);
}

static enum fe_rc
end_outputs(struct transform *t, struct fe_err *err)
{
	FE_TRY(end_clean(t, err));
	FE_TRY(write_rejects(t, err));
	FE_TRY(fe_writer_publish_all((struct fe_writer *[]){ t->clean.out.writer, t->rejects.writer }, 2, err));
	add_file(t, "clean", &t->clean.out);
	add_file(t, "rejects", &t->rejects);
	return FE_OK;
}

static void
take_counts(struct transform *t)
{
	struct fe_dataset_result *out = t->out;

	for (size_t i = 0; t->source && i < t->source->n_objects; i++) {
		out->n_skipped_objects += t->source->objects[i].skipped;
		for (int n = 0; n < FE_N_OBJECT_NOTES; n++)
			out->notes[n] += t->source->objects[i].notes[n];
	}
	out->n_objects = t->source ? t->source->n_objects : 0;
}

static enum fe_rc
transform_dataset(struct transform *t, struct fe_err *err)
{
	int64_t started_us = fe_clock_ticks(t->step->set.clock);

	t->judge = (struct fe_judge){
		.plan = t->dataset, .reasons = &t->out->reasons, .tally = &t->out->tally, .now_us = t->step->run_time_us,
	};
	t->plan = fe_new(struct fe_load_plan);
	t->hashes = t->n_threads > 1 ? NULL : fe_sha256_pair_new();
	enum fe_rc rc = fe_judge_open(&t->judge, err);
	if (rc == FE_OK)
		rc = open_source(t, err);
	if (rc == FE_OK)
		rc = open_outputs(t, err);
	if (rc == FE_OK)
		rc = read_all(t, err);
	if (rc == FE_OK)
		rc = end_outputs(t, err);
	fe_prefetch_close(t->prefetch);
	take_counts(t);
	t->out->was_read = rc == FE_OK;
	t->out->elapsed_us = fe_clock_ticks(t->step->set.clock) - started_us;
	(void)snprintf(t->out->strategy, sizeof t->out->strategy, "each record by itself, into files");
	fe_source_close(t->source);
	fe_judge_close(&t->judge);
	fe_files_table_reset(&t->clean);
	fe_files_output_reset(&t->rejects);
	fe_spool_close(t->spool);
	fe_sha256_pair_free(t->hashes);
	fe_step_raw_reset(&t->raw);
	fe_free(t->plan);
	return rc;
}

/* The same line as a run's; nothing is published. */
static void
print_result(struct fe_step *s, struct fe_run_result *res, enum fe_rc rc, const struct fe_err *err)
{
	struct fe_buf line;

	res->rc = rc;
	res->end_us = fe_clock_now(s->set.clock);
	res->status = rc == FE_ECHECK ? FE_RUN_HELD
		      : rc	     ? FE_RUN_FAILED
		      : fe_run_totals(res).rejected ? FE_RUN_WITH_REJECTS : FE_RUN_SUCCESS;
	if (rc)
		(void)fe_err_print(err, res->error, sizeof res->error);
	res->warehouse = NULL;
	fe_buf_init(&line, (size_t)8 << 20);
	fe_run_result_json(res, &line);
	if (!line.failed)
		fe_step_take_result(s, fe_buf_str(&line));
	fe_buf_reset(&line);
	s->status = fe_run_status_name(res->status);
}

enum fe_rc
fe_step_transform(struct fe_step *s, unsigned n_threads, struct fe_err *err)
{
	const struct fe_run_settings how = {
		.plan = s->plan, .clock = s->set.clock, .run_id = s->run_id, .has_run_time = true, .run_time_us = s->run_time_us,
	};
	struct fe_run_result res;
	enum fe_rc rc = FE_OK;

	fe_run_result_init(&res, &how);
	for (size_t i = 0; i < s->plan->n_datasets && rc == FE_OK; i++) {
		struct transform t = {
			.step = s, .dataset = &s->plan->datasets[i], .out = &res.datasets[i], .n_threads = n_threads,
		};
		if (t.dataset->is_selected)
			rc = transform_dataset(&t, err);
	}
	print_result(s, &res, rc, err);
	fe_run_result_reset(&res);
	return rc;
}

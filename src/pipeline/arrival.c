// SPDX-License-Identifier: Apache-2.0
/* pipeline/arrival.c - one object: looked at, and run over; see pipeline/arrival.h */
#include "base/failpoint.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/time.h"
#include "io/stored.h"
#include "load/copy.h"
#include "pipeline/arrival_private.h"
#include "pipeline/secret.h"
#include "pipeline/tell.h"

#define MAX_LOCATION_BYTES 8192
#define VERSION "?versionId="

const char *
fe_arrival_outcome_name(enum fe_arrival_outcome o)
{
	static const char *const names[] = {
		[FE_ARRIVAL_PROCESSED] = "processed",
		[FE_ARRIVAL_DONE] = "done",
		[FE_ARRIVAL_OLDER] = "older",
		[FE_ARRIVAL_GONE] = "gone",
		[FE_ARRIVAL_NOT_OURS] = "not_ours",
	};
	return names[o];
}

/* ---- what is there ---- */

void
fe_arrival_look_reset(struct fe_arrival_look *l)
{
	fe_object_id_reset(&l->id);
	fe_free(l->stored);
	fe_free(l->etag);
	fe_free(l->current_version);
	*l = (struct fe_arrival_look){ 0 };
}

/* "null" is what S3 calls the version of an object from before there were any. */
static const char *
told_version(const struct fe_arrival *a)
{
	return a->version && *a->version && strcmp(a->version, "null") != 0 ? a->version : NULL;
}

/* Not there: FE_OK, false. */
static enum fe_rc
head(const struct fe_arrivals *w, const struct fe_s3_url *url, struct fe_s3_info *info, bool *is_there, struct fe_err *err)
{
	struct fe_err why = FE_ERR_INIT;

	fe_s3_info_reset(info);
	enum fe_rc rc = fe_s3_head(w->s3, url, info, &why);
	*is_there = rc == FE_OK;
	if (rc == FE_OK || rc == FE_EUSAGE)
		return FE_OK;
	if (err)
		*err = why;
	return rc;
}

static enum fe_rc
none(void *ctx, const struct fe_s3_entry *e, struct fe_err *err)
{
	(void)ctx, (void)e, (void)err;
	return FE_ENOTHING;
}

/* A HEAD says of a bucket that is not there what it says of an object; to take the one for the other would
 * let all that arrives vanish. */
static enum fe_rc
check_bucket(const struct fe_arrivals *w, const struct fe_s3_url *url, struct fe_err *err)
{
	enum fe_rc rc = fe_s3_list(w->s3, url->bucket, url->key, none, NULL, err);
	return rc == FE_ENOTHING ? FE_OK : rc;
}

static bool
is_etag(const char *told, const char *etag)
{
	size_t n = strlen(told);
	if (n >= 2 && told[0] == '"' && told[n - 1] == '"') {
		told++;
		n -= 2;
	}
	return strlen(etag) == n && memcmp(told, etag, n) == 0;
}

static void
take_info(struct fe_arrival_look *l, const struct fe_arrival *a, const struct fe_s3_url *url, const struct fe_s3_info *info)
{
	struct fe_buf path;

	fe_buf_init(&path, MAX_LOCATION_BYTES);
	fe_s3_url_print(&path, &(struct fe_s3_url){ .bucket = url->bucket, .key = url->key });
	l->id.path = fe_strdup(fe_buf_text(&path));
	/* A key that has the text itself would be read as one of its versions; "null" is S3's name of the only one. */
	if (info->version || memmem(url->key.p, url->key.n, VERSION, sizeof VERSION - 1))
		fe_buf_addf(&path, VERSION "%s", info->version ? info->version : "null");
	l->stored = fe_buf_take(&path);
	l->id.size_bytes = info->size_bytes;
	l->id.mtime_us = info->mtime_us;
	l->etag = info->etag ? fe_etag_name(info->etag) : fe_strdup(a->etag);
	l->id.version = info->version ? fe_strdup(info->version) : fe_strdup(l->etag);
}

/* What was told of it, where it is gone: so much at least is written down. */
static void
take_told(struct fe_arrival_look *l, const struct fe_arrival *a, const struct fe_s3_url *url, const char *why)
{
	struct fe_s3_info told = { 0 };

	fe_object_id_reset(&l->id);
	fe_free(l->stored);
	fe_free(l->etag);
	l->id = (struct fe_object_id){ 0 };
	told.version = fe_strdup(told_version(a));
	told.size_bytes = a->size_bytes > 0 ? (uint64_t)a->size_bytes : 0;
	take_info(l, a, url, &told);
	fe_s3_info_reset(&told);
	l->is_gone = true;
	l->why = why;
}

/* The version that was told, else the current one, if that is what was told of. The current one is looked at
 * first: mostly it is the one. */
static enum fe_rc
look(const struct fe_arrivals *w, const struct fe_arrival *a, struct fe_arrival_look *l, struct fe_err *err)
{
	const char *version = told_version(a);
	struct fe_s3_url url = { .bucket = fe_str_of(a->bucket), .key = fe_str_of(a->key) };
	struct fe_s3_info info = { 0 };
	bool is_there;

	enum fe_rc rc = head(w, &url, &info, &is_there, err);
	if (rc == FE_OK && version && !(is_there && info.version && strcmp(info.version, version) == 0)) {
		l->current_version = is_there ? fe_strdup(info.version) : NULL;
		url.version = fe_str_of(version);
		rc = head(w, &url, &info, &is_there, err);
	}
	if (rc == FE_OK && !is_there) {
		rc = check_bucket(w, &url, err);
		take_told(l, a, &url, version ? "this version is not there: it was deleted, or never was" : "it is not there any more");
	} else if (rc == FE_OK) {
		take_info(l, a, &url, &info);
		if ((a->etag && *a->etag && !is_etag(a->etag, l->etag)) ||
		    (a->size_bytes >= 0 && (uint64_t)a->size_bytes != info.size_bytes))
			take_told(l, a, &url, "another object has come in its place");
	}
	fe_s3_info_reset(&info);
	return rc;
}

/* ---- the run ---- */

/* What one object is worked on with. */
struct work {
	struct fe_arrivals *w;
	const struct fe_arrival *told;
	const struct fe_arrival_source *source;
	struct fe_arrival_look look;
	struct fe_arrival_output output;
	bool has_output;             /* and the claim of it */
	struct fe_plan plan;         /* that of w, narrowed */
	struct fe_run_given *given;
	struct fe_kept_object kept;
	struct fe_run_arrival arrival;
	struct fe_tell_settings tell;
	struct fe_run_result run;
	bool has_run;
	char stamp[FE_TIMESTAMP_TEXT_BYTES + 1]; /* of processed_at */
};

static void
add_parents(struct work *k, size_t dataset)
{
	const struct fe_plan_dataset *d = &k->plan.datasets[dataset];
	for (size_t i = 0; i < d->n_references; i++)
		k->plan.datasets[d->references[i].table].is_selected = true;
}

/* The data set alone, and of it just this object. Without a warehouse, what its references name is read from
 * the sources of these, as a run into files does: parents come before their children. */
static void
narrow(struct work *k)
{
	const struct fe_plan *plan = k->w->plan;
	const size_t n = plan->n_datasets, at = k->source->dataset;

	k->plan = *plan;
	k->plan.warehouse = NULL;
	k->plan.datasets = fe_new_array(n, struct fe_plan_dataset);
	memcpy(k->plan.datasets, plan->datasets, n * sizeof *plan->datasets);
	k->given = fe_new_array(n, struct fe_run_given);
	for (size_t i = 0; i < n; i++) {
		k->plan.datasets[i].is_selected = i == at;
		k->plan.datasets[i].incremental_objects = false;
		k->given[i].is_none = i != at;
	}
	for (size_t i = at + 1; i-- > 0 && !k->w->warehouse;)
		if (k->plan.datasets[i].is_selected)
			add_parents(k, i);
	k->kept = (struct fe_kept_object){ .id = k->look.id, .stored = k->look.stored, .is_itself = true };
	k->given[at].kept = (struct fe_kept){ .objects = &k->kept, .n_objects = 1, .net = &k->w->net };
	k->arrival = (struct fe_run_arrival){
		.dataset = at,
		.object = {
			.dataset = plan->datasets[at].name,
			.id = &k->look.id,
			.etag = k->look.etag,
			.sequencer = k->told->sequencer,
			.current_version = k->look.current_version,
		},
		.is_gone = k->look.is_gone,
	};
}

static enum fe_rc
finished(void *ctx, struct fe_err *err)
{
	struct work *k = ctx;
	return fe_arrival_output_publish(&k->output, k->w->folder, err);
}

static enum fe_rc
wrap(void *ctx, struct fe_sink **sink, struct fe_err *err)
{
	struct work *k = ctx;
	const struct fe_copy_settings set = {
		.table = k->source->dataset,
		.folder = k->w->folder,
		.stamp = k->w->set.processed_at ? k->stamp : NULL,
		.finished = finished,
		.ctx = k,
	};
	(void)err;
	*sink = fe_copy_new(*sink, &set);
	return FE_OK;
}

/* People are told of what was done, not of what was done before. */
static void
ended(void *ctx, struct fe_run_result *res)
{
	struct work *k = ctx;
	k->tell.has_notices = res->arrived == FE_OBJECT_NEW && !k->look.is_gone;
	fe_tell_end(&k->tell, res);
}

static void
started(void *ctx, struct fe_run_result *res)
{
	struct work *k = ctx;
	fe_tell_start(&k->tell, res);
}

static enum fe_rc
run(struct work *k, struct fe_err *err)
{
	const struct fe_arrival_settings *how = &k->w->set;
	const bool claimed = k->has_output && k->output.is_claimed;
	struct fe_run_settings set = {
		.plan = &k->plan,
		.clock = how->clock,
		.has_run_time = claimed,
		.run_time_us = k->output.run_time_us,
		.wait_ms = how->wait_ms,
		.lock_timeout_ms = how->wait_ms,
		.max_memory_bytes = how->max_memory_bytes,
		.n_threads = 1,
		.fail_on = how->fail_on,
		.given = k->given,
		.arrival = &k->arrival,
		.started = started,
		.ended = ended,
		.told_ctx = k,
	};

	fe_timestamp_format(k->output.run_time_us, k->stamp);
	if (claimed && how->processed_at)
		set.stamp = k->stamp;
	if (claimed && k->w->warehouse) {
		set.wrap_sink = wrap;
		set.wrap_ctx = k;
	}
	k->tell = (struct fe_tell_settings){ .plan = &k->plan, .clock = how->clock };
	k->output.run = &k->run;
	k->has_run = true;
	return fe_run(&set, &k->run, err);
}

/* Into a folder of ours, of which the results are then taken. */
static enum fe_rc
run_to_files(struct work *k, struct fe_err *err)
{
	struct fe_buf url;

	fe_buf_init(&url, MAX_LOCATION_BYTES);
	fe_buf_addf(&url, "files:%s/run", k->w->folder);
	enum fe_rc rc = fe_buf_check(&url, "TMPDIR", err);
	k->plan.warehouse = rc ? NULL : fe_buf_take(&url);
	if (rc == FE_OK)
		rc = run(k, err);
	if (rc == FE_OK)
		rc = fe_arrival_output_publish(&k->output, strchr(k->plan.warehouse, ':') + 1, err);
	if (rc == FE_OK)
		rc = fe_arrival_output_mark(&k->output, err);
	return rc;
}

static void
log_unwritten(const struct fe_arrival_look *l, const struct fe_err *why)
{
	char text[FE_ERR_TEXT_BYTES + 512];
	fe_log(FE_LOG_WARN, "the report of the run was not written", "object", l->id.path, "cause",
	       fe_err_print(why, text, sizeof text), NULL);
}

/* Held, or with an object that is broken: the owner of the object is to see why, beside where results would be. */
static void
tell_failure(struct work *k, enum fe_rc rc)
{
	struct fe_err why = FE_ERR_INIT;
	struct fe_buf folder;

	if (!k->has_run || !k->output.is_claimed || fe_rc_retry_helps(rc) || rc == FE_ECANCEL || rc == FE_EBUG || k->run.is_unknown)
		return;
	fe_buf_init(&folder, MAX_LOCATION_BYTES);
	fe_buf_addf(&folder, "%s%s", k->w->folder, k->w->warehouse ? "" : "/run/held");
	if (fe_buf_check(&folder, "TMPDIR", &why) || fe_arrival_output_publish_failure(&k->output, fe_buf_text(&folder), &why))
		log_unwritten(&k->look, &why);
	fe_buf_reset(&folder);
}

/* What was on record of the object before. */
static enum fe_arrival_outcome
outcome_of(const struct work *k, enum fe_object_state state)
{
	return k->look.is_gone	       ? FE_ARRIVAL_GONE
	       : state == FE_OBJECT_DONE  ? FE_ARRIVAL_DONE
	       : state == FE_OBJECT_OLDER ? FE_ARRIVAL_OLDER
					  : FE_ARRIVAL_PROCESSED;
}

/* The database has it, and perhaps a mark is missing: of whoever committed and was killed before that. */
static enum fe_rc
complete_mark(struct work *k, struct fe_err *err)
{
	bool is_missing = k->has_output && k->output.is_claimed && k->run.arrived == FE_OBJECT_DONE;
	if (!is_missing)
		return FE_OK;
	if (k->output.report.n_bytes == 0) /* loaded by a run that knew of no output */
		return FE_OK;
	return fe_arrival_output_mark(&k->output, err);
}

/* The password is fetched when it is first needed, and once more where the server does not take it: a secret
 * that is changed every week outlives no worker. */
static enum fe_rc
run_with_secret(struct work *k, struct fe_err *err)
{
	struct fe_arrivals *w = k->w;

	for (int i = 0;; i++) {
		const bool is_cached = w->with_secret != NULL;
		if (!is_cached)
			FE_TRY(fe_warehouse_with_secret(w->warehouse, w->set.clock, &w->with_secret, err));
		k->plan.warehouse = w->with_secret ? w->with_secret : (char *)(uintptr_t)w->warehouse;
		enum fe_rc rc = run(k, err);
		if (rc != FE_EDENIED || !err || !w->with_secret || !fe_warehouse_is_refused(err))
			return rc;
		k->plan.warehouse = NULL;
		k->run.warehouse = w->warehouse;
		fe_free(w->with_secret);
		w->with_secret = NULL;
		if (!is_cached || i > 0)
			return rc;
		fe_run_result_reset(&k->run);
		k->has_run = false;
	}
}

static enum fe_rc
run_to_warehouse(struct work *k, enum fe_arrival_outcome *outcome, struct fe_err *err)
{
	FE_TRY(run_with_secret(k, err));
	*outcome = outcome_of(k, k->run.arrived);
	if (*outcome == FE_ARRIVAL_PROCESSED && k->output.is_claimed)
		return fe_arrival_output_mark(&k->output, err);
	return complete_mark(k, err);
}

static enum fe_rc
process_files(struct work *k, enum fe_arrival_outcome *outcome, struct fe_err *err)
{
	*outcome = outcome_of(k, k->output.state);
	if (*outcome != FE_ARRIVAL_PROCESSED)
		return FE_OK;
	if (k->output.report.n_bytes) { /* all but the mark is there */
		*outcome = FE_ARRIVAL_DONE;
		return fe_arrival_output_mark(&k->output, err);
	}
	return run_to_files(k, err);
}

static enum fe_rc
process(struct work *k, enum fe_arrival_outcome *outcome, struct fe_err *err)
{
	fe_arrival_clear(k->w);
	FE_TRY(look(k->w, k->told, &k->look, err));
	k->has_output = k->w->bucket.p && !k->look.is_gone;
	if (k->has_output)
		FE_TRY(fe_arrival_output_open(&k->output, k->w, k->source, k->told, &k->look, err));
	narrow(k);
	enum fe_rc rc = k->w->warehouse ? run_to_warehouse(k, outcome, err) : process_files(k, outcome, err);
	if (rc)
		tell_failure(k, rc);
	return rc;
}

static void
reset(struct work *k)
{
	fe_arrival_clear(k->w);
	fe_arrival_output_reset(&k->output);
	fe_arrival_look_reset(&k->look);
	if (k->has_run)
		fe_run_result_reset(&k->run);
	if (!k->w->warehouse)
		fe_free(k->plan.warehouse);
	fe_free(k->plan.datasets);
	fe_free(k->given);
	*k = (struct work){ .w = k->w, .told = k->told, .source = k->source };
}

static void
take_figures(const struct work *k, struct fe_arrival_result *out)
{
	if (!k->has_run)
		return;
	const struct fe_dataset_result *d = &k->run.datasets[k->source->dataset];
	const struct fe_total *terms = d->tally.terms;

	memcpy(out->run_id, k->run.run_id, sizeof out->run_id);
	out->status = fe_run_status_name(k->run.status);
	out->n_read = terms[FE_TERM_READ].n;
	out->n_rejected = terms[FE_TERM_REJECTED].n;
	out->n_bytes = d->n_bytes;
	if (k->run.is_published)
		out->n_loaded = terms[FE_TERM_INSERTED].n + terms[FE_TERM_UPDATED].n;
	out->quality_score = 100;
	if (d->was_validated) {
		const struct fe_validation_counts c = fe_validation_counts(d->expectations.validation);
		if (c.n_evaluated)
			out->quality_score = 100.0 * (double)c.n_successful / (double)c.n_evaluated;
	}
}

/* An object that vanished, or was replaced, after it was looked at fails the run as one that is broken. It is
 * looked at once more then: what is gone is gone, whatever else was wrong with it. */
static bool
has_gone_meanwhile(struct work *k, enum fe_rc rc)
{
	struct fe_arrival_look now = { 0 };

	if ((rc != FE_EDATA && rc != FE_EUSAGE && rc != FE_EUNAVAIL) || !k->has_run || k->look.is_gone || fe_stop_requested())
		return false;
	bool is_gone = look(k->w, k->told, &now, NULL) == FE_OK && now.is_gone;
	fe_arrival_look_reset(&now);
	return is_gone;
}

static void
log_outcome(const struct work *k, enum fe_arrival_outcome outcome)
{
	if (outcome != FE_ARRIVAL_PROCESSED)
		fe_log(FE_LOG_INFO, "object not read", "object", k->look.id.path, "version", k->look.id.version ? k->look.id.version : "",
		       "outcome", fe_arrival_outcome_name(outcome), "why", k->look.is_gone ? k->look.why : "", NULL);
}

static enum fe_rc
process_one(struct work *k, struct fe_arrival_result *out, struct fe_err *err)
{
	enum fe_rc rc = process(k, &out->outcome, err);
	while (rc == FE_EUNAVAIL && k->output.is_lost && fe_arrival_output_wait(&k->output)) {
		reset(k);
		rc = process(k, &out->outcome, err);
	}
	if (has_gone_meanwhile(k, rc)) {
		reset(k);
		rc = process(k, &out->outcome, err);
	}
	take_figures(k, out);
	out->why = k->look.is_gone ? k->look.why : NULL;
	if (rc == FE_OK)
		log_outcome(k, out->outcome);
	else if (err && !err->object[0])
		fe_err_at(err, k->look.id.path, 0, NULL);
	reset(k);
	return rc;
}

enum fe_rc
fe_arrival_process(struct fe_arrivals *w, const struct fe_arrival *a, int64_t deadline_us, struct fe_arrival_result *out,
                   struct fe_err *err)
{
	const int64_t started_us = fe_clock_ticks(&fe_clock_system);
	struct work k = { .w = w, .told = a };

	*out = (struct fe_arrival_result){ .outcome = FE_ARRIVAL_NOT_OURS };
	FE_TRY(fe_arrival_find(w, fe_str_of(a->bucket), fe_str_of(a->key), &k.source, err));
	if (!k.source)
		return FE_OK;
	out->outcome = FE_ARRIVAL_PROCESSED;
	if (deadline_us)
		fe_stop_at(started_us + (deadline_us - fe_clock_now(w->set.clock)));
	enum fe_rc rc = fe_stop_check(err);
	if (rc == FE_OK)
		rc = process_one(&k, out, err);
	if (rc == FE_ECANCEL && fe_stop_is_late())
		rc = fe_fail(err, FE_EUNAVAIL, "the time for it was over before it was done, and it was undone; a retry begins anew, "
			     "and more time or smaller objects help");
	fe_stop_at(0);
	out->elapsed_us = fe_clock_ticks(&fe_clock_system) - started_us;
	return rc;
}

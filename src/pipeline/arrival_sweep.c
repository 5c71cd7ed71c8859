// SPDX-License-Identifier: Apache-2.0
/* pipeline/arrival_sweep.c - what no event told of; see pipeline/arrival.h
 *
 * What the sources hold now is listed, and held against the manifest, or the marks, by the ETags of the
 * listing: an object that is done costs a question, and no request for it. Whatever is not surely done is
 * processed as if it had been told of, which finds out for sure.
 *
 * To find that all is done takes time, too. A sweep whose time is over leaves a note of how far it came, and the next one that
 * is asked the same goes on from there: else what is last by name would never be come to.
 *
 * Who sweeps again and again (a schedule) leaves what has failed: it would fail as often, and be counted as data
 * that arrives. Left is what was held, and what its report says to be broken; where there is only a manifest, which does
 * not tell broken from a side that was not there, what has failed MAX_FAILURES times: the tries of
 * an event, and those of a sweep.
 */
#include "base/log.h"
#include "base/stop.h"
#include "io/stored.h"
#include "load/catalog.h"
#include "pipeline/arrival_private.h"
#include "pipeline/secret.h"

#define MAX_UNAVAILABLE 3 /* in a row: then the other side is not there at all */
#define MAX_FAILURES 6
#define MAX_LOCATION_BYTES 8192

struct sweep {
	struct fe_arrivals *w;
	const struct fe_arrival_source *source;
	struct fe_catalog *catalog;    /* NULL: no warehouse, or one that no run has written to */
	const struct fe_sweep_settings *set;
	struct fe_sweep_rest from;     /* where it goes on; key NULL: at the first */
	int64_t begin_us;
	struct fe_sweep_result *out;
	enum fe_rc rc;                 /* of the first that failed */
	struct fe_err err;
	unsigned n_unavailable;
};

static enum fe_rc
ask_manifest(const struct sweep *s, const char *key, struct fe_str etag, enum fe_arrival_record *out, struct fe_err *err)
{
	const char *pipeline = s->w->plan->name, *dataset = s->w->plan->datasets[s->source->dataset].name;
	uint64_t n_held = 0, n_failed = 0;
	struct fe_buf path;
	bool done = false;

	*out = FE_ON_NO_RECORD;
	if (!s->catalog)
		return FE_OK;
	fe_buf_init(&path, MAX_LOCATION_BYTES);
	fe_s3_url_print(&path, &(struct fe_s3_url){ .bucket = s->source->url.bucket, .key = fe_str_of(key) });
	enum fe_rc rc = fe_catalog_object_done(s->catalog, pipeline, dataset, fe_buf_text(&path), etag, &done, err);
	if (rc == FE_OK && !done && s->set->leaves_failed)
		rc = fe_catalog_object_failures(s->catalog, pipeline, dataset, fe_buf_text(&path), etag, &n_held, &n_failed, err);
	fe_buf_reset(&path);
	if (done)
		*out = FE_ON_RECORD_AS_DONE;
	else if (n_held || n_failed >= MAX_FAILURES)
		*out = FE_ON_RECORD_AS_FAILED;
	return rc;
}

/* Where there are both, only what both have is done. */
static enum fe_rc
ask_records(const struct sweep *s, const char *key, struct fe_str etag, enum fe_arrival_record *out, struct fe_err *err)
{
	enum fe_arrival_record mark;

	*out = FE_ON_RECORD_AS_DONE;
	if (s->w->warehouse)
		FE_TRY(ask_manifest(s, key, etag, out, err));
	if (!s->w->bucket.p || *out == FE_ON_RECORD_AS_FAILED || (*out == FE_ON_NO_RECORD && !s->set->leaves_failed))
		return FE_OK;
	FE_TRY(fe_arrival_output_record(s->w, s->source, fe_str_of(key), etag, &mark, err));
	if (mark != FE_ON_RECORD_AS_DONE)
		*out = mark;
	return FE_OK;
}

/* One that fails does not keep the others from being done; a stop does, and a bug, and another side that
 * is not there. */
static enum fe_rc
note_failure(struct sweep *s, enum fe_rc rc, const struct fe_err *why)
{
	s->out->n_failed++;
	if (s->rc == FE_OK) {
		s->rc = rc;
		s->err = *why;
	}
	s->n_unavailable = rc == FE_EUNAVAIL ? s->n_unavailable + 1 : 0;
	return rc == FE_ECANCEL || rc == FE_EBUG || s->n_unavailable == MAX_UNAVAILABLE ? rc : FE_OK;
}

static enum fe_rc
sweep_one(struct sweep *s, const char *key, struct fe_str etag, uint64_t size_bytes)
{
	char *bucket = fe_strndup(s->source->url.bucket.p, s->source->url.bucket.n);
	const struct fe_arrival told = { .bucket = bucket, .key = key, .etag = etag.p, .size_bytes = (int64_t)size_bytes };
	struct fe_arrival_result r = { 0 };
	struct fe_err err = FE_ERR_INIT;
	enum fe_arrival_record record;

	enum fe_rc rc = ask_records(s, key, etag, &record, &err);
	if (rc == FE_OK && (record == FE_ON_RECORD_AS_DONE || (record == FE_ON_RECORD_AS_FAILED && s->set->leaves_failed))) {
		*(record == FE_ON_RECORD_AS_DONE ? &s->out->n_done_before : &s->out->n_left) += 1;
		fe_free(bucket);
		return FE_OK;
	}
	if (rc == FE_OK)
		rc = fe_arrival_process(s->w, &told, s->set->deadline_us, &r, &err);
	if (s->set->told)
		s->set->told(s->set->ctx, &told, rc, &r, &err);
	fe_free(bucket);
	if (rc)
		return note_failure(s, rc, &err);
	s->n_unavailable = 0;
	if (r.outcome == FE_ARRIVAL_PROCESSED)
		s->out->n_processed++;
	else
		s->out->n_done_before++;
	return FE_OK;
}

/* What S3 does not tell the age of is of any. */
static bool
is_of_age(const struct sweep *s, int64_t mtime_us)
{
	const int64_t age_us = s->begin_us - mtime_us;

	return mtime_us == 0 || (age_us >= s->set->older_than_us && (!s->set->newer_than_us || age_us <= s->set->newer_than_us));
}

static bool
is_over(const struct sweep *s)
{
	return s->set->deadline_us && fe_clock_now(s->w->set.clock) >= s->set->deadline_us;
}

/* < 0: before the place where it goes on; 0: there. */
static int
compare_with_from(const struct sweep *s, struct fe_str key)
{
	const struct fe_str from = fe_str_of(s->from.key);

	if (!from.p || &s->w->sources[s->from.source] != s->source)
		return 1;
	const int order = memcmp(key.p, from.p, key.n < from.n ? key.n : from.n);
	return order ? order : (key.n > from.n) - (key.n < from.n);
}

static enum fe_rc
end_at(struct sweep *s, struct fe_str key, struct fe_err *err)
{
	fe_free(s->w->rest.key);
	s->w->rest = (struct fe_sweep_rest){
		.source = (size_t)(s->source - s->w->sources),
		.key = fe_strndup(key.p, key.n),
		.older_than_us = s->set->older_than_us,
		.newer_than_us = s->set->newer_than_us,
		.leaves_failed = s->set->leaves_failed,
	};
	return fe_fail(err, FE_EUNAVAIL, "the time is over, and not all was looked at: a retry goes on with what is left");
}

static enum fe_rc
on_entry(void *ctx, const struct fe_s3_entry *e, struct fe_err *err)
{
	struct sweep *s = ctx;
	const struct fe_arrival_source *source;
	const uint64_t n_failed = s->out->n_failed;

	FE_TRY(fe_stop_check(err));
	if (fe_arrival_find(s->w, s->source->url.bucket, e->key, &source, NULL) == FE_OK && source != s->source)
		return FE_OK;
	if (compare_with_from(s, e->key) < 0)
		return FE_OK;
	s->out->n_listed++;
	if (!is_of_age(s, e->mtime_us)) {
		s->out->n_left++;
		return FE_OK;
	}
	if (is_over(s))
		return end_at(s, e->key, err);
	char *key = fe_strndup(e->key.p, e->key.n), *quoted = fe_strndup(e->etag.p, e->etag.n), *etag = fe_etag_name(quoted);
	enum fe_rc rc = sweep_one(s, key, fe_str_of(etag), e->size_bytes);
	fe_free(key);
	fe_free(quoted);
	fe_free(etag);
	if (rc && err)
		*err = s->err; /* of the first that failed: that is what the sweep ends by */
	/* It was undone, and is the next one's first; but what takes all the time that there is keeps nothing else from it. */
	if (rc == FE_OK && s->out->n_failed > n_failed && s->n_unavailable && is_over(s) && compare_with_from(s, e->key) > 0)
		return end_at(s, e->key, err);
	return rc ? s->rc : FE_OK;
}

static enum fe_rc
fetch_secret(struct fe_arrivals *w, struct fe_err *err)
{
	return w->with_secret ? FE_OK : fe_warehouse_with_secret(w->warehouse, w->set.clock, &w->with_secret, err);
}

static enum fe_rc
open_database(struct sweep *s, bool *is_used, struct fe_err *err)
{
	const struct fe_arrivals *w = s->w;

	return fe_catalog_open_any(&s->catalog, w->with_secret ? w->with_secret : w->warehouse, w->set.wait_ms, is_used, err);
}

/* A database that is not there yet has nothing on record. A password that was kept for a week may have been changed. */
static enum fe_rc
open_catalog(struct sweep *s, struct fe_err *err)
{
	struct fe_arrivals *w = s->w;
	struct fe_err why = FE_ERR_INIT;
	bool is_used = false;

	if (!w->warehouse)
		return FE_OK;
	const bool is_kept = w->with_secret != NULL;
	FE_TRY(fetch_secret(w, err));
	enum fe_rc rc = open_database(s, &is_used, &why);
	if (rc == FE_EDENIED && is_kept && fe_warehouse_is_refused(&why)) {
		fe_free(w->with_secret);
		w->with_secret = NULL;
		FE_TRY(fetch_secret(w, err));
		rc = open_database(s, &is_used, &why);
	}
	if (rc && rc != FE_EUSAGE) {
		if (err)
			*err = why;
		return rc;
	}
	if (rc == FE_OK && !is_used) {
		fe_catalog_close(s->catalog);
		s->catalog = NULL;
	}
	return FE_OK;
}

/* What the one before did not come to is this one's, if it is asked the same. */
static void
take_rest(struct sweep *s)
{
	const struct fe_sweep_rest *rest = &s->w->rest;

	if (rest->older_than_us == s->set->older_than_us && rest->newer_than_us == s->set->newer_than_us &&
	    rest->leaves_failed == s->set->leaves_failed)
		s->from = *rest;
	else
		fe_free(rest->key);
	s->w->rest = (struct fe_sweep_rest){ 0 };
}

enum fe_rc
fe_arrivals_sweep(struct fe_arrivals *w, const struct fe_sweep_settings *set, struct fe_sweep_result *out, struct fe_err *err)
{
	struct sweep s = { .w = w, .set = set, .begin_us = fe_clock_now(w->set.clock), .out = out, .err = FE_ERR_INIT };

	*out = (struct fe_sweep_result){ 0 };
	FE_TRY(open_catalog(&s, err));
	take_rest(&s);
	enum fe_rc rc = FE_OK;
	for (size_t i = s.from.source; i < w->n_sources && rc == FE_OK; i++) {
		s.source = &w->sources[i];
		rc = fe_s3_list(w->s3, s.source->url.bucket, s.source->is_pattern ? s.source->prefix : s.source->url.key, on_entry, &s, err);
	}
	fe_catalog_close(s.catalog);
	fe_free(s.from.key);
	if (rc == FE_OK && s.rc) {
		rc = s.rc;
		if (err)
			*err = s.err;
	}
	return rc;
}

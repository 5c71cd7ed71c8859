// SPDX-License-Identifier: Apache-2.0
/* pipeline/arrival_sweep.c - what no event told of; see pipeline/arrival.h
 *
 * What the sources hold now is listed, and held against the manifest, or the marks, by the ETags of the
 * listing: an object that is done costs a question, and no request for it. Whatever is not surely done is
 * processed as if it had been told of, which finds out for sure.
 */
#include "base/log.h"
#include "base/stop.h"
#include "io/stored.h"
#include "load/catalog.h"
#include "pipeline/arrival_private.h"
#include "pipeline/secret.h"

#define MAX_UNAVAILABLE 3 /* in a row: then the other side is not there at all */
#define MAX_LOCATION_BYTES 8192

struct sweep {
	struct fe_arrivals *w;
	const struct fe_arrival_source *source;
	struct fe_catalog *catalog;    /* NULL: no warehouse, or one that no run has written to */
	void (*told)(void *ctx, const struct fe_arrival *a, enum fe_rc rc, const struct fe_arrival_result *r, const struct fe_err *err);
	void *ctx;
	struct fe_sweep_result *out;
	enum fe_rc rc;                 /* of the first that failed */
	struct fe_err err;
	unsigned n_unavailable;
};

static enum fe_rc
is_in_manifest(const struct sweep *s, const char *key, struct fe_str etag, bool *done, struct fe_err *err)
{
	struct fe_buf path;

	*done = false;
	if (!s->catalog)
		return FE_OK;
	fe_buf_init(&path, MAX_LOCATION_BYTES);
	fe_s3_url_print(&path, &(struct fe_s3_url){ .bucket = s->source->url.bucket, .key = fe_str_of(key) });
	enum fe_rc rc = fe_catalog_object_done(s->catalog, s->w->plan->name, s->w->plan->datasets[s->source->dataset].name,
	                                       fe_buf_text(&path), etag, done, err);
	fe_buf_reset(&path);
	return rc;
}

static enum fe_rc
is_done(const struct sweep *s, const char *key, struct fe_str etag, bool *done, struct fe_err *err)
{
	*done = true;
	if (s->w->warehouse)
		FE_TRY(is_in_manifest(s, key, etag, done, err));
	if (*done && s->w->bucket.p)
		FE_TRY(fe_arrival_output_has_mark(s->w, s->source, fe_str_of(key), etag, done, err));
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
	bool done;

	enum fe_rc rc = is_done(s, key, etag, &done, &err);
	if (rc == FE_OK && done) {
		s->out->n_done_before++;
		fe_free(bucket);
		return FE_OK;
	}
	if (rc == FE_OK)
		rc = fe_arrival_process(s->w, &told, 0, &r, &err);
	if (s->told)
		s->told(s->ctx, &told, rc, &r, &err);
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

static enum fe_rc
on_entry(void *ctx, const struct fe_s3_entry *e, struct fe_err *err)
{
	struct sweep *s = ctx;
	const struct fe_arrival_source *source;

	FE_TRY(fe_stop_check(err));
	if (fe_arrival_find(s->w, s->source->url.bucket, e->key, &source, NULL) == FE_OK && source != s->source)
		return FE_OK;
	s->out->n_listed++;
	char *key = fe_strndup(e->key.p, e->key.n), *quoted = fe_strndup(e->etag.p, e->etag.n), *etag = fe_etag_name(quoted);
	enum fe_rc rc = sweep_one(s, key, fe_str_of(etag), e->size_bytes);
	fe_free(key);
	fe_free(quoted);
	fe_free(etag);
	if (rc && err)
		*err = s->err; /* of the first that failed: that is what the sweep ends by */
	return rc ? s->rc : FE_OK;
}

/* A database that is not there yet has nothing on record. */
static enum fe_rc
open_catalog(struct sweep *s, struct fe_err *err)
{
	struct fe_arrivals *w = s->w;
	struct fe_err why = FE_ERR_INIT;
	bool is_used = false;

	if (!w->warehouse)
		return FE_OK;
	if (!w->with_secret)
		FE_TRY(fe_warehouse_with_secret(w->warehouse, w->set.clock, &w->with_secret, err));
	enum fe_rc rc = fe_catalog_open_any(&s->catalog, w->with_secret ? w->with_secret : w->warehouse, w->set.wait_ms, &is_used,
	                                    &why);
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

enum fe_rc
fe_arrivals_sweep(struct fe_arrivals *w,
                  void (*told)(void *ctx, const struct fe_arrival *a, enum fe_rc rc, const struct fe_arrival_result *r,
                               const struct fe_err *err),
                  void *ctx, struct fe_sweep_result *out, struct fe_err *err)
{
	struct sweep s = { .w = w, .told = told, .ctx = ctx, .out = out, .err = FE_ERR_INIT };

	*out = (struct fe_sweep_result){ 0 };
	FE_TRY(open_catalog(&s, err));
	enum fe_rc rc = FE_OK;
	for (size_t i = 0; i < w->n_sources && rc == FE_OK; i++) {
		s.source = &w->sources[i];
		rc = fe_s3_list(w->s3, s.source->url.bucket, s.source->is_pattern ? s.source->prefix : s.source->url.key, on_entry, &s, err);
	}
	fe_catalog_close(s.catalog);
	if (rc == FE_OK && s.rc) {
		rc = s.rc;
		if (err)
			*err = s.err;
	}
	return rc;
}

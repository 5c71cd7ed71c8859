// SPDX-License-Identifier: Apache-2.0
/* pipeline/warehouse.c - listings of runs and rejects, what is purged of them, and the schema */
#include "pipeline/warehouse.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "load/catalog.h"
#include "load/pg_schema.h"
#include "load/schema.h"
#include "pipeline/connectors.h"

#define WAIT_MS 5000
#define PURGE_WAIT_MS 30000
#define DAY_US INT64_C(86400000000)
#define DEFAULT_SCHEMA "public" /* where no server was asked */
#define MAX_SHOWN_BYTES 2048

enum fe_rc
fe_warehouse_schema_print(const struct fe_plan *plan, const char *schema, struct fe_buf *out,
                          struct fe_err *err)
{
	if (fe_warehouse_is_server(plan->warehouse))
		return fe_pg_schema_print(plan->tables, plan->n_datasets, schema ? schema : DEFAULT_SCHEMA, out, err);
	if (schema)
		return fe_fail(err, FE_EUSAGE, "only PostgreSQL has schemas; name such a warehouse, as --warehouse postgresql:");
	return fe_schema_print(plan->tables, plan->n_datasets, out, err);
}

enum fe_rc
fe_warehouse_grants_print(const struct fe_plan *plan, const char *schema, struct fe_buf *out,
                          struct fe_err *err)
{
	const bool **pii;
	enum fe_rc rc;

	if (!fe_warehouse_is_server(plan->warehouse))
		return fe_fail(err, FE_EUSAGE, "only PostgreSQL has roles; name such a warehouse, as --warehouse postgresql:");
	pii = fe_new_array(plan->n_datasets + 1, const bool *);
	for (size_t i = 0; i < plan->n_datasets; i++)
		pii[i] = plan->datasets[i].pii;
	rc = fe_pg_schema_print_grants(plan->tables, pii, plan->n_datasets, schema ? schema : DEFAULT_SCHEMA,
	                               out, err);
	fe_free(pii);
	return rc;
}

enum fe_rc
fe_warehouse_schema_apply(const struct fe_plan *plan, int64_t wait_ms, struct fe_err *err)
{
	if (fe_warehouse_is_server(plan->warehouse))
		return fe_pg_schema_apply_url(plan->warehouse, plan->tables, plan->n_datasets, wait_ms, err);
	if (!fe_warehouse_is_database(plan->warehouse))
		return fe_fail(err, FE_EUSAGE, "only a database has a schema; name one, as --warehouse sqlite:warehouse.db or --warehouse postgresql:");
	return fe_schema_apply_url(plan->warehouse, plan->tables, plan->n_datasets, wait_ms, err);
}

static enum fe_rc
open_catalog(struct fe_catalog **out, const char *url, struct fe_err *err)
{
	if (!fe_warehouse_is_database(url))
		return fe_fail(err, FE_EUSAGE,
			       "this warehouse keeps no history; name a database, as --warehouse sqlite:warehouse.db or --warehouse postgresql: (a files: warehouse has its report.json)");
	return fe_catalog_open(out, url, WAIT_MS, err);
}

struct listing {
	struct fe_buf *out;
	bool as_json;
	uint64_t n, limit; /* limit 0: none; one more than that was asked for */
};

/* Whether this one is past the limit: it only shows that there are more. */
static bool
is_past_limit(struct listing *l)
{
	return l->n++ >= l->limit && l->limit;
}

static void
end_listing(const struct listing *l, const char *what)
{
	if (l->as_json)
		return;
	if (!l->n)
		fe_buf_addf(l->out, "no such %s\n", what);
	else if (l->limit && l->n > l->limit)
		fe_buf_add_text(l->out, "(there are more: --limit N)\n");
}

static void
json_text_or_null(struct fe_json *j, const char *key, struct fe_str s)
{
	if (s.p)
		fe_json_str(j, key, s);
	else
		fe_json_null(j, key);
}

static void
json_raw_or_null(struct fe_json *j, const char *key, struct fe_str s)
{
	if (s.n)
		fe_json_raw(j, key, s);
	else
		fe_json_null(j, key);
}

static void
run_as_json(struct fe_buf *out, const struct fe_catalog_run *r)
{
	struct fe_json j;
	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	fe_json_str(&j, "run_id", r->run_id);
	fe_json_str(&j, "pipeline", r->pipeline);
	fe_json_str(&j, "status", r->status);
	json_text_or_null(&j, "start_time", r->start_time);
	json_text_or_null(&j, "end_time", r->end_time);
	json_text_or_null(&j, "run_time", r->run_time);
	fe_json_i64(&j, "extracted", r->extracted);
	fe_json_i64(&j, "transformed", r->transformed);
	fe_json_i64(&j, "loaded", r->loaded);
	fe_json_i64(&j, "rejected", r->rejected);
	fe_json_i64(&j, "duplicate", r->duplicate);
	json_text_or_null(&j, "error", r->error);
	json_text_or_null(&j, "config_sha256", r->config_sha256);
	json_text_or_null(&j, "finetl_version", r->version);
	json_raw_or_null(&j, "quality_report", r->quality_report);
	json_raw_or_null(&j, "reconciliation", r->reconciliation);
	fe_json_object_end(&j);
	fe_buf_add_char(out, '\n');
}

static enum fe_rc
add_run(void *ctx, const struct fe_catalog_run *r, struct fe_err *err)
{
	struct listing *l = ctx;
	if (is_past_limit(l))
		return FE_OK;
	if (l->as_json) {
		run_as_json(l->out, r);
		return fe_buf_check(l->out, "the list", err);
	}
	if (l->n == 1)
		fe_buf_addf(l->out, "%-26s  %-27s  %-20s %10s %10s %10s  %s\n", "run", "started", "status",
			    "read", "loaded", "rejected", "pipeline");
	fe_buf_addf(l->out, "%-26.*s  %-27.*s  %-20.*s %10" PRId64 " %10" PRId64 " %10" PRId64 "  %.*s\n",
		    FE_STR_ARGS(r->run_id), FE_STR_ARGS(r->start_time), FE_STR_ARGS(r->status),
		    r->extracted, r->loaded, r->rejected, FE_STR_ARGS(r->pipeline));
	if (r->error.n) {
		fe_buf_add_text(l->out, "    ");
		fe_buf_add_printable(l->out, r->error, MAX_SHOWN_BYTES);
		fe_buf_add_char(l->out, '\n');
	}
	return fe_buf_check(l->out, "the list", err);
}

enum fe_rc
fe_warehouse_runs(const char *url, const struct fe_runs_query *q, struct fe_buf *out, struct fe_err *err)
{
	struct listing l = { .out = out, .as_json = q->as_json, .limit = q->limit };
	struct fe_catalog_run_query query = {
		.pipeline = q->pipeline, .status = q->status, .limit = q->limit ? q->limit + 1 : 0,
	};
	struct fe_catalog *c;
	FE_TRY(open_catalog(&c, url, err));
	enum fe_rc rc = fe_catalog_runs(c, &query, add_run, &l, err);
	if (rc == FE_OK)
		end_listing(&l, "run");
	fe_catalog_close(c);
	return rc;
}

enum fe_rc
fe_warehouse_verify_events(const char *url, struct fe_buf *out, struct fe_err *err)
{
	char hash[FE_SHA256_HEX_BYTES] = "";
	struct fe_catalog *c;
	uint64_t n = 0;
	FE_TRY(open_catalog(&c, url, err));
	enum fe_rc rc = fe_catalog_verify_events(c, &n, hash, err);
	if (rc == FE_OK)
		fe_buf_addf(out, "%" PRIu64 " run events agree with their hash chain; the last is %s\n", n, hash);
	fe_catalog_close(c);
	return rc;
}

/* As in the rejects of files:DIR: what is no text is given in base64, not mended. */
static void
json_raw_bytes(struct fe_json *j, struct fe_str raw)
{
	bool is_text = fe_utf8_is_valid(raw) && !(raw.n && memchr(raw.p, '\0', raw.n));
	struct fe_buf coded;
	fe_buf_init(&coded, SIZE_MAX / 2);
	if (!is_text)
		fe_buf_add_base64(&coded, raw);
	fe_json_str(j, "raw", is_text ? raw : fe_buf_str(&coded));
	fe_json_text(j, "raw_encoding", is_text ? "utf-8" : "base64");
	fe_buf_reset(&coded);
}

static void
reject_as_json(struct fe_buf *out, const struct fe_catalog_reject *r)
{
	struct fe_json j;
	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	fe_json_i64(&j, "reject_id", r->reject_id);
	fe_json_str(&j, "run_id", r->run_id);
	fe_json_str(&j, "dataset", r->dataset);
	fe_json_str(&j, "object", r->object_path);
	fe_json_str(&j, "object_sha256", r->object_sha256);
	fe_json_i64(&j, "record", r->record);
	fe_json_i64(&j, "offset", r->offset);
	fe_json_str(&j, "verdict", r->verdict);
	json_raw_or_null(&j, "reasons", r->reasons);
	json_text_or_null(&j, "detail", r->detail);
	json_raw_or_null(&j, "decimals", r->decimals);
	json_raw_bytes(&j, r->raw);
	fe_json_str(&j, "raw_kept", r->kept);
	json_text_or_null(&j, "closed_by", r->closed_by);
	json_text_or_null(&j, "outcome", r->outcome);
	fe_json_object_end(&j);
	fe_buf_add_char(out, '\n');
}

/* ["a","b"] as "a, b": the texts are column names, codes and ids, without escapes. */
static void
add_reasons(struct fe_buf *out, struct fe_str json)
{
	for (size_t i = 0; i < json.n; i++) {
		char ch = json.p[i];
		if (ch == ',')
			fe_buf_add_text(out, ", ");
		else if (ch != '[' && ch != ']' && ch != '"')
			fe_buf_add_char(out, ch);
	}
}

static enum fe_rc
add_reject(void *ctx, const struct fe_catalog_reject *r, struct fe_err *err)
{
	struct listing *l = ctx;
	if (is_past_limit(l))
		return FE_OK;
	if (l->as_json) {
		reject_as_json(l->out, r);
		return fe_buf_check(l->out, "the list", err);
	}
	fe_buf_addf(l->out, "%.*s: record %" PRId64 " of ", FE_STR_ARGS(r->dataset), r->record);
	fe_buf_add_printable(l->out, r->object_path, MAX_SHOWN_BYTES);
	fe_buf_addf(l->out, ", byte %" PRId64 "\n  reasons  ", r->offset);
	add_reasons(l->out, r->reasons);
	if (r->detail.n) {
		fe_buf_add_text(l->out, "\n  detail   ");
		fe_buf_add_printable(l->out, r->detail, MAX_SHOWN_BYTES);
	}
	fe_buf_add_text(l->out, "\n  raw      ");
	fe_buf_add_printable(l->out, r->raw, MAX_SHOWN_BYTES);
	if (!fe_str_is(r->kept, "full"))
		fe_buf_addf(l->out, "%s(%.*s)", r->raw.n ? " " : "", FE_STR_ARGS(r->kept));
	fe_buf_addf(l->out, "\n  run      %.*s\n", FE_STR_ARGS(r->run_id));
	if (r->closed_by.p)
		fe_buf_addf(l->out, "  closed   by run %.*s: %.*s\n", FE_STR_ARGS(r->closed_by), FE_STR_ARGS(r->outcome));
	return fe_buf_check(l->out, "the list", err);
}

enum fe_rc
fe_warehouse_rejects(const char *url, const struct fe_rejects_query *q, struct fe_buf *out, struct fe_err *err)
{
	struct listing l = { .out = out, .as_json = q->as_json, .limit = q->limit };
	struct fe_catalog_reject_query query = {
		.run_id = q->run_id, .dataset = q->dataset, .reason = q->reason,
		.is_open = q->is_open, .limit = q->limit ? q->limit + 1 : 0,
	};
	struct fe_catalog *c;
	FE_TRY(open_catalog(&c, url, err));
	enum fe_rc rc = fe_catalog_rejects(c, &query, add_reject, &l, err);
	if (rc == FE_OK)
		end_listing(&l, "reject");
	fe_catalog_close(c);
	return rc;
}

enum fe_rc
fe_warehouse_purge(const struct fe_plan *plan, const char *dataset, int64_t days, struct fe_buf *out, struct fe_err *err)
{
	const int64_t now = fe_clock_now(&fe_clock_system);
	bool is_any = false;
	uint64_t n;

	if (!plan->warehouse || !fe_warehouse_is_database(plan->warehouse))
		return fe_fail(err, FE_EUSAGE, "only a database keeps rejects; name one, as --warehouse sqlite:warehouse.db or --warehouse postgresql:");
	for (size_t i = 0; i < plan->n_datasets; i++) {
		const struct fe_plan_dataset *d = &plan->datasets[i];
		const struct fe_catalog_reject_query of = { .pipeline = plan->name, .dataset = d->name };
		const int64_t keep_days = days ? days : d->rejects_keep_days;
		if (dataset && strcmp(dataset, d->name) != 0)
			continue;
		is_any = true;
		if (keep_days == 0) {
			fe_buf_addf(out, "%s: kept for ever (no keep_days, no --older-than)\n", d->name);
			continue;
		}
		FE_TRY(fe_catalog_purge(plan->warehouse, &of, now - keep_days * DAY_US, PURGE_WAIT_MS, &n, err));
		fe_buf_addf(out, "%s: %" PRIu64 " records taken out of rejects older than %" PRId64 " days\n", d->name, n, keep_days);
	}
	return is_any ? FE_OK : fe_fail(err, FE_EUSAGE, "pipeline '%s' has no data set '%s'", plan->name, dataset);
}

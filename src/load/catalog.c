// SPDX-License-Identifier: Apache-2.0
/* load/catalog.c - see load/catalog.h */
#include "load/catalog.h"

#include "base/mem.h"
#include "db/sqlite.h"
#include "load/catalog_private.h"
#include "load/schema.h"

enum fe_rc
fe_catalog_open(struct fe_catalog **out, const char *url, int64_t wait_ms, struct fe_err *err)
{
	struct fe_sqlite_settings set = { .read_only = true, .busy_ms = wait_ms };
	struct fe_catalog *c;
	int64_t has_runs = 0;
	enum fe_rc rc;

	*out = NULL;
	FE_TRY(fe_sqlite_url_path(url, &set.path, err));
	c = fe_new(struct fe_catalog);
	rc = fe_sqlite_open(&c->db, &set, err);
	if (rc)
		goto fail;
	rc = fe_db_query_i64(c->db,
	                     "SELECT 1 FROM main.sqlite_schema WHERE name = 'etl_run_events'",
	                     &has_runs, err);
	if (rc == FE_OK && !has_runs) {
		rc = fe_fail(err, FE_EUSAGE,
		             "no run has written to this database; run a pipeline into it first");
		fe_err_at(err, set.path, 0, NULL);
	}
	if (rc)
		goto fail;
	*out = c;
	return FE_OK;

fail:
	fe_catalog_close(c);
	return rc;
}

void
fe_catalog_close(struct fe_catalog *c)
{
	if (!c)
		return;
	fe_db_close(c->db);
	fe_free(c);
}

static int64_t
sql_limit(uint64_t limit)
{
	return limit == 0 || limit > INT64_MAX ? -1 : (int64_t)limit;
}

struct fe_db *
fe_catalog_db(struct fe_catalog *c)
{
	return c->db;
}

/* ---- runs ---- */

static struct fe_catalog_run
read_run(struct fe_stmt *st)
{
	return (struct fe_catalog_run){
		.run_id = fe_stmt_text(st, 0),
		.pipeline = fe_stmt_text(st, 1),
		.status = fe_stmt_text(st, 2),
		.start_time = fe_stmt_text(st, 3),
		.end_time = fe_stmt_text(st, 4),
		.run_time = fe_stmt_text(st, 5),
		.extracted = fe_stmt_i64(st, 6),
		.transformed = fe_stmt_i64(st, 7),
		.loaded = fe_stmt_i64(st, 8),
		.rejected = fe_stmt_i64(st, 9),
		.duplicate = fe_stmt_i64(st, 10),
		.error = fe_stmt_text(st, 11),
		.config_sha256 = fe_stmt_text(st, 12),
		.version = fe_stmt_text(st, 13),
		.quality_report = fe_stmt_text(st, 14),
		.reconciliation = fe_stmt_text(st, 15),
	};
}

enum fe_rc
fe_catalog_runs(struct fe_catalog *c, const struct fe_catalog_run_query *q, fe_catalog_run_fn each,
		void *ctx, struct fe_err *err)
{
	static const char sql[] =
		"SELECT s.run_id, s.pipeline_name, coalesce(a.status, 'running') AS status, s.at, "
		"a.end_time, coalesce(a.run_time, "
		"replace(json_extract(s.detail, '$.run_time'), 'T', ' ')), "
		"coalesce(a.records_extracted, 0), coalesce(a.records_transformed, 0), "
		"coalesce(a.records_loaded, 0), coalesce(a.records_rejected, 0), "
		"coalesce(a.records_duplicate, 0), a.error_message, "
		"json_extract(s.detail, '$.config_sha256'), "
		"json_extract(s.detail, '$.finetl_version'), a.quality_report, a.reconciliation "
		"FROM main.etl_run_events AS s "
		"LEFT JOIN main.etl_audit_log AS a ON a.run_id = s.run_id "
		"WHERE s.event = 'started' AND (?1 IS NULL OR s.run_id = ?1) "
		"AND (?2 IS NULL OR s.pipeline_name = ?2) "
		"AND (?3 IS NULL OR coalesce(a.status, 'running') = ?3) "
		"ORDER BY s.event_id DESC LIMIT ?4";
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	FE_TRY(fe_db_prepare(c->db, fe_str_of(sql), &st, err));
	fe_stmt_bind_cstr(st, 1, q->run_id);
	fe_stmt_bind_cstr(st, 2, q->pipeline);
	fe_stmt_bind_cstr(st, 3, q->status);
	fe_stmt_bind_i64(st, 4, sql_limit(q->limit));
	for (;;) {
		struct fe_catalog_run run;

		rc = fe_stmt_step(st, &row, err);
		if (rc || !row)
			break;
		run = read_run(st);
		rc = each(ctx, &run, err);
		if (rc)
			break;
	}
	fe_stmt_free(st);
	return rc;
}

/* ---- rejects ---- */

static struct fe_catalog_reject
read_reject(struct fe_stmt *st)
{
	return (struct fe_catalog_reject){
		.reject_id = fe_stmt_i64(st, 0),
		.run_id = fe_stmt_text(st, 1),
		.pipeline = fe_stmt_text(st, 2),
		.dataset = fe_stmt_text(st, 3),
		.object_path = fe_stmt_text(st, 4),
		.object_sha256 = fe_stmt_text(st, 5),
		.record = fe_stmt_i64(st, 6),
		.offset = fe_stmt_i64(st, 7),
		.verdict = fe_stmt_text(st, 8),
		.reasons = fe_stmt_text(st, 9),
		.detail = fe_stmt_text(st, 10),
		.decimals = fe_stmt_text(st, 11),
		.raw = fe_stmt_text(st, 12),
	};
}

enum fe_rc
fe_catalog_rejects(struct fe_catalog *c, const struct fe_catalog_reject_query *q,
		   fe_catalog_reject_fn each, void *ctx, struct fe_err *err)
{
	static const char sql[] =
		"SELECT r.reject_id, r.run_id, r.pipeline_name, r.dataset, o.path, "
		"r.object_sha256, r.record, r.byte_offset, r.verdict, r.reasons, r.detail, "
		"r.decimals, r.raw FROM main.etl_rejects AS r "
		"JOIN main.etl_objects AS o ON o.object_id = r.object_id "
		"WHERE (?1 IS NULL OR r.run_id = ?1) AND (?2 IS NULL OR r.dataset = ?2) "
		"AND (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(r.reasons) AS x "
		"WHERE x.value = ?3)) "
		"AND (?4 IS NULL OR instr(lower(CAST(r.raw AS TEXT)), lower(?4)) > 0) "
		"ORDER BY r.run_id DESC, r.reject_id LIMIT ?5";
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	FE_TRY(fe_db_prepare(c->db, fe_str_of(sql), &st, err));
	fe_stmt_bind_cstr(st, 1, q->run_id);
	fe_stmt_bind_cstr(st, 2, q->dataset);
	fe_stmt_bind_cstr(st, 3, q->reason);
	fe_stmt_bind_cstr(st, 4, q->raw_has);
	fe_stmt_bind_i64(st, 5, sql_limit(q->limit));
	for (;;) {
		struct fe_catalog_reject reject;

		rc = fe_stmt_step(st, &row, err);
		if (rc || !row)
			break;
		reject = read_reject(st);
		rc = each(ctx, &reject, err);
		if (rc)
			break;
	}
	fe_stmt_free(st);
	return rc;
}

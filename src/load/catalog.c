// SPDX-License-Identifier: Apache-2.0
/* load/catalog.c - see load/catalog.h */
#include "load/catalog.h"

#include <inttypes.h>

#include "base/decimal.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "db/sqlite.h"
#include "load/chain.h"
#include "load/schema.h"
#include "load/table_sql.h"

#define MAX_SQL_BYTES (1u << 20)

struct fe_catalog {
	struct fe_db *db;
};

enum fe_rc fe_catalog_open(struct fe_catalog **out, const char *url, int64_t wait_ms,
                           struct fe_err *err)
{
	struct fe_db_settings set = { .read_only = true, .busy_ms = wait_ms };
	struct fe_catalog *c;
	int64_t has_runs = 0;
	enum fe_rc rc;

	*out = NULL;
	FE_TRY(fe_sqlite_url_path(url, &set.path, err));
	c = fe_new(struct fe_catalog);
	rc = fe_db_open(&c->db, &set, err);
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

void fe_catalog_close(struct fe_catalog *c)
{
	if (!c)
		return;
	fe_db_close(c->db);
	fe_free(c);
}

static int64_t sql_limit(uint64_t limit)
{
	return limit == 0 || limit > INT64_MAX ? -1 : (int64_t)limit;
}

/* ---- runs ---- */

static struct fe_catalog_run read_run(struct fe_stmt *st)
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

enum fe_rc fe_catalog_runs(struct fe_catalog *c, const struct fe_catalog_run_query *q,
                           fe_catalog_run_fn each, void *ctx, struct fe_err *err)
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

static struct fe_catalog_reject read_reject(struct fe_stmt *st)
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

enum fe_rc fe_catalog_rejects(struct fe_catalog *c, const struct fe_catalog_reject_query *q,
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
		"ORDER BY r.reject_id LIMIT ?5";
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

/* ---- one row ---- */

static const char *const stamp_names[] = { "processed_at",  "created_at", "updated_at",
	                                   "etl_object_id", "etl_record", "etl_run_id" };
#define N_STAMPS (sizeof(stamp_names) / sizeof(stamp_names[0]))

static enum fe_rc bad_key(struct fe_err *err, const struct fe_field *f, const char *text)
{
	char type[FE_TYPE_TEXT_BYTES];

	return fe_fail(err, FE_EUSAGE, "'%s' is not a %s, which the key column %s is%s", text,
	               fe_type_print(f->type, type), f->name,
	               f->type.kind == FE_TIMESTAMP ? "; write it as 2026-01-31T10:00:00Z" : "");
}

/* scratch must live until the statement is stepped. */
static enum fe_rc bind_key(struct fe_stmt *st, int index, const struct fe_field *f,
                           const char *text, char scratch[32], struct fe_err *err)
{
	struct fe_str s = fe_str_of(text);
	int64_t v = 0;
	int32_t days;
	bool b, good = true;

	switch (f->type.kind) {
	case FE_TEXT:
		fe_stmt_bind_text(st, index, s);
		return FE_OK;
	case FE_DATE:
		if (fe_date_parse(s, NULL, &days) != FE_TIME_OK)
			return bad_key(err, f, text);
		fe_date_format(days, scratch);
		fe_stmt_bind_text(st, index, (struct fe_str){ scratch, FE_DATE_TEXT_BYTES });
		return FE_OK;
	case FE_TIMESTAMP:
		if (fe_timestamp_parse(s, NULL, NULL, &v) != FE_TIME_OK)
			return bad_key(err, f, text);
		fe_timestamp_format(v, scratch);
		fe_stmt_bind_text(st, index, (struct fe_str){ scratch, FE_TIMESTAMP_TEXT_BYTES });
		return FE_OK;
	case FE_DECIMAL:
		good = fe_decimal_parse(s, f->type.precision, f->type.scale, NULL, &v) ==
		       FE_DECIMAL_OK;
		break;
	case FE_INT:
		good = fe_int_parse(s, &v) == FE_DECIMAL_OK;
		break;
	case FE_BOOL:
		good = fe_bool_parse(s, &b);
		v = good && b;
		break;
	}
	if (!good)
		return bad_key(err, f, text);
	fe_stmt_bind_i64(st, index, v);
	return FE_OK;
}

static struct fe_str cell_text(struct fe_stmt *st, int column, struct fe_type type,
                               struct fe_arena *arena)
{
	char text[FE_DECIMAL_TEXT_BYTES];
	size_t n;

	if (fe_stmt_is_null(st, column))
		return (struct fe_str){ 0 };
	if (type.kind == FE_BOOL)
		return fe_stmt_i64(st, column) ? FE_STR("true") : FE_STR("false");
	if (type.kind != FE_DECIMAL)
		return fe_stmt_text(st, column);
	n = fe_decimal_format(fe_stmt_i64(st, column), type.scale, text);
	return (struct fe_str){ fe_arena_copy(arena, text, n), n };
}

/* The statement's columns: those of the schema, the stamps, the object's path and hash. */
static enum fe_rc give_row(struct fe_stmt *st, const struct fe_table *t, fe_catalog_row_fn each,
                           void *ctx, struct fe_err *err)
{
	size_t n = t->schema->n_fields, i;
	struct fe_catalog_cell *cells = fe_new_array(n + N_STAMPS, struct fe_catalog_cell);
	struct fe_arena arena = { 0 };
	int stamps = (int)n, object = (int)(n + N_STAMPS);
	struct fe_catalog_row row = { .cells = cells, .n_cells = n + N_STAMPS };
	enum fe_rc rc;

	for (i = 0; i < n; i++) {
		cells[i].name = t->schema->fields[i].name;
		cells[i].value = cell_text(st, (int)i, t->schema->fields[i].type, &arena);
	}
	row.object_id = fe_stmt_i64(st, stamps + 3);
	row.record = fe_stmt_i64(st, stamps + 4);
	row.run_id = fe_stmt_text(st, stamps + 5);
	row.object_path = fe_stmt_text(st, object);
	row.object_sha256 = fe_stmt_text(st, object + 1);
	for (i = 0; i < N_STAMPS; i++) {
		cells[n + i].name = stamp_names[i];
		cells[n + i].value = fe_stmt_text(st, stamps + (int)i);
	}
	rc = each(ctx, &row, err);
	fe_arena_free(&arena);
	fe_free(cells);
	return rc;
}

static enum fe_rc prepare_row(struct fe_catalog *c, const struct fe_table_sql *sql,
                              struct fe_stmt **out, struct fe_err *err)
{
	const struct fe_table *t = sql->table;
	struct fe_buf text;
	enum fe_rc rc;
	size_t i;

	fe_buf_init(&text, MAX_SQL_BYTES);
	fe_buf_add_text(&text, "SELECT ");
	for (i = 0; i < t->schema->n_fields; i++)
		fe_buf_addf(&text, "t.%s, ", sql->stored[i]);
	for (i = 0; i < N_STAMPS; i++)
		fe_buf_addf(&text, "t.%s, ", stamp_names[i]);
	fe_buf_addf(&text,
	            "o.path, o.sha256 FROM main.%s AS t LEFT JOIN main.etl_objects AS o "
	            "ON o.object_id = t.etl_object_id WHERE ",
	            sql->name);
	for (i = 0; i < t->n_key; i++)
		fe_buf_addf(&text, "%st.%s = ?%zu", i > 0 ? " AND " : "", sql->stored[t->key[i]],
		            i + 1);
	rc = fe_buf_check(&text, "the statement", err);
	if (rc == FE_OK)
		rc = fe_db_prepare(c->db, fe_buf_str(&text), out, err);
	fe_buf_reset(&text);
	return rc;
}

static enum fe_rc find_in(struct fe_catalog *c, const struct fe_table_sql *sql,
                          const char *const *key, bool *found, fe_catalog_row_fn each, void *ctx,
                          struct fe_err *err)
{
	const struct fe_table *t = sql->table;
	char scratch[8][32]; /* a key has at most 8 columns (fe_table_sql_init) */
	struct fe_stmt *st;
	enum fe_rc rc;
	size_t i;

	FE_TRY(fe_schema_compare(c->db, sql, found, err));
	if (!*found)
		return FE_OK;
	FE_TRY(prepare_row(c, sql, &st, err));
	for (i = 0, rc = FE_OK; i < t->n_key && rc == FE_OK; i++)
		rc = bind_key(st, (int)i + 1, &t->schema->fields[t->key[i]], key[i], scratch[i], err);
	if (rc == FE_OK)
		rc = fe_stmt_step(st, found, err);
	if (rc == FE_OK && *found)
		rc = give_row(st, t, each, ctx, err);
	fe_stmt_free(st);
	return rc;
}

enum fe_rc fe_catalog_find_row(struct fe_catalog *c, const struct fe_table *table,
                               const char *const *key, size_t n_key, bool *found,
                               fe_catalog_row_fn each, void *ctx, struct fe_err *err)
{
	struct fe_table_sql sql;
	enum fe_rc rc;

	*found = false;
	if (n_key != table->n_key)
		return fe_fail(err, FE_EUSAGE, "the key of %s has %zu column%s, given %s %zu",
		               table->name, table->n_key, table->n_key == 1 ? "" : "s",
		               n_key == 1 ? "is" : "are", n_key);
	FE_TRY(fe_table_sql_init(&sql, table, err));
	rc = find_in(c, &sql, key, found, each, ctx, err);
	fe_table_sql_reset(&sql);
	return rc;
}

/* ---- the audit trail ---- */

static enum fe_rc broken(struct fe_err *err, int64_t event_id, const char *what)
{
	fe_fail(err, FE_ECONFLICT,
	        "etl_run_events, event %" PRId64 ": %s; the audit trail was changed after it "
	        "was written: compare it with a backup",
	        event_id, what);
	return FE_ECONFLICT;
}

/* Statement columns: the hashed ones of the event (7), its hash, the audit hash that
 * its detail holds, whether there is an audit row, and that row's columns (16). */
static enum fe_rc verify_event(struct fe_stmt *st, int64_t id, const char *previous,
                               char hash[FE_SHA256_HEX_BYTES], struct fe_err *err)
{
	char audit[FE_SHA256_HEX_BYTES];
	const int hash_at = FE_CHAIN_N_EVENT_COLUMNS;

	if (fe_stmt_i64(st, 1) != id)
		return broken(err, id, "is missing");
	if (!fe_str_is(fe_stmt_text(st, 0), previous))
		return broken(err, id, "does not follow the event before it");
	fe_chain_hash_row(st, 0, FE_CHAIN_N_EVENT_COLUMNS, hash);
	if (!fe_str_is(fe_stmt_text(st, hash_at), hash))
		return broken(err, id, "its hash is not that of its content");
	if (fe_stmt_is_null(st, hash_at + 1))
		return FE_OK;
	if (fe_stmt_is_null(st, hash_at + 2))
		return broken(err, id, "the row of etl_audit_log that it seals is missing");
	fe_chain_hash_row(st, hash_at + 2, FE_CHAIN_N_AUDIT_COLUMNS, audit);
	if (!fe_str_is(fe_stmt_text(st, hash_at + 1), audit))
		return broken(err, id, "the row of etl_audit_log that it seals is not what was written");
	return FE_OK;
}

/* An audit row without an event: one was put in, or the end of the chain cut off. */
static enum fe_rc verify_no_stray(struct fe_catalog *c, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	FE_TRY(fe_db_prepare(c->db,
	                     FE_STR("SELECT a.run_id FROM main.etl_audit_log AS a WHERE NOT EXISTS "
	                            "(SELECT 1 FROM main.etl_run_events AS e WHERE e.run_id = "
	                            "a.run_id AND e.event = a.status) LIMIT 1"),
	                     &st, err));
	rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && row) {
		struct fe_str run = fe_stmt_text(st, 0);

		rc = fe_fail(err, FE_ECONFLICT,
		             "etl_audit_log, run %.*s: no event of etl_run_events seals this row; "
		             "the audit trail was changed after it was written: compare it with a "
		             "backup",
		             FE_STR_ARGS(run));
	}
	fe_stmt_free(st);
	return rc;
}

enum fe_rc fe_catalog_verify_events(struct fe_catalog *c, uint64_t *n_events, char *last_hash,
                                    struct fe_err *err)
{
	static const char sql[] =
		"SELECT e.previous_hash, e.event_id, e.run_id, e.pipeline_name, e.event, e.at, "
		"e.detail, e.hash, json_extract(e.detail, '$.audit_sha256'), "
		"a.run_id, a.pipeline_name, a.start_time, a.end_time, a.status, "
		"a.records_extracted, a.records_transformed, a.records_loaded, a.records_rejected, "
		"a.records_duplicate, a.error_message, a.run_time, a.config_sha256, "
		"a.finetl_version, a.quality_report, a.reconciliation "
		"FROM main.etl_run_events AS e "
		"LEFT JOIN main.etl_audit_log AS a ON a.run_id = e.run_id ORDER BY e.event_id";
	char hash[FE_SHA256_HEX_BYTES];
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	*n_events = 0;
	memcpy(last_hash, FE_CHAIN_START, FE_SHA256_HEX_BYTES);
	FE_TRY(fe_db_prepare(c->db, fe_str_of(sql), &st, err));
	for (;;) {
		rc = fe_stmt_step(st, &row, err);
		if (rc || !row)
			break;
		rc = verify_event(st, (int64_t)*n_events + 1, last_hash, hash, err);
		if (rc)
			break;
		memcpy(last_hash, hash, FE_SHA256_HEX_BYTES);
		++*n_events;
	}
	fe_stmt_free(st);
	return rc ? rc : verify_no_stray(c, err);
}

// SPDX-License-Identifier: Apache-2.0
/* load/catalog.c - runs and rejects read back, see load/catalog.h
 *
 * Lists are read by the page, each beginning after the last key of the one before: a
 * server's whole answer is held in memory. What was read stays as it is, so that pages
 * fit together.
 */
#include "load/catalog.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "db/postgres.h"
#include "db/sqlite.h"
#include "load/catalog_private.h"
#include "load/schema.h"

#define PAGE_RUNS 256
#define PAGE_REJECTS 64 /* they carry their records' bytes */
#define MAX_ID_BYTES 1024

static bool
is_of_server(const char *url)
{
	return strncmp(url, "postgresql:", 11) == 0 || strncmp(url, "postgres:", 9) == 0;
}

static enum fe_rc
open_db(struct fe_db **out, const char *url, int64_t wait_ms, struct fe_err *err)
{
	const struct fe_pg_settings server = {
		.url = url, .connect_wait_ms = wait_ms, .lock_timeout_ms = wait_ms, .read_only = true
	};
	struct fe_sqlite_settings file = { .read_only = true, .busy_ms = wait_ms };

	if (is_of_server(url))
		return fe_pg_open(out, &server, err);
	FE_TRY(fe_sqlite_url_path(url, &file.path, err));
	return fe_sqlite_open(out, &file, err);
}

static enum fe_rc
find_runs(struct fe_db *db, bool *is_used, struct fe_err *err)
{
	int64_t has_runs = 0;

	FE_TRY(fe_db_query_i64(db,
	                       fe_db_engine(db) == FE_DB_SQLITE
	                               ? "SELECT 1 FROM main.sqlite_schema WHERE name = 'etl_run_events'"
	                               : "SELECT 1 FROM pg_catalog.pg_tables WHERE tablename = "
	                                 "'etl_run_events' AND schemaname = pg_catalog.current_schema()",
	                       &has_runs, err));
	*is_used = has_runs != 0;
	return FE_OK;
}

enum fe_rc
fe_catalog_open_any(struct fe_catalog **out, const char *url, int64_t wait_ms, bool *is_used, struct fe_err *err)
{
	struct fe_catalog *c = fe_new(struct fe_catalog);
	enum fe_rc rc;

	*out = NULL;
	rc = open_db(&c->db, url, wait_ms, err);
	if (rc == FE_OK)
		rc = find_runs(c->db, is_used, err);
	if (rc)
		goto fail;
	*out = c;
	return FE_OK;

fail:
	fe_catalog_close(c);
	return rc;
}

enum fe_rc
fe_catalog_open(struct fe_catalog **out, const char *url, int64_t wait_ms, struct fe_err *err)
{
	bool is_used;

	FE_TRY(fe_catalog_open_any(out, url, wait_ms, &is_used, err));
	if (is_used)
		return FE_OK;
	fe_fail(err, FE_EUSAGE, "no run has written to this database; run a pipeline into it first");
	fe_err_at(err, fe_db_name((*out)->db), 0, NULL);
	fe_catalog_close(*out);
	*out = NULL;
	return FE_EUSAGE;
}

void
fe_catalog_close(struct fe_catalog *c)
{
	if (!c)
		return;
	fe_db_close(c->db);
	fe_free(c);
}

struct fe_db *
fe_catalog_db(struct fe_catalog *c)
{
	return c->db;
}

/* JSON without blanks between its parts, as SQLite keeps it; PostgreSQL prints some. */
static struct fe_str
compact(struct fe_str json, struct fe_arena *arena)
{
	bool is_text = false;
	size_t i, n = 0;
	char *out;

	if (!json.p)
		return json;
	out = fe_arena_bytes(arena, json.n);
	for (i = 0; i < json.n; i++) {
		if (!is_text && fe_is_blank((unsigned char)json.p[i]))
			continue;
		out[n++] = json.p[i];
		if (json.p[i] == '"')
			is_text = !is_text;
		else if (is_text && json.p[i] == '\\' && i + 1 < json.n)
			out[n++] = json.p[++i];
	}
	return (struct fe_str){ out, n };
}

/* ---- runs ---- */

/* Column 0 is the number of its first event. A run that has no end yet tells its run time in
 * that event, as JSON has times. */
static struct fe_catalog_run
read_run(struct fe_stmt *st, struct fe_arena *arena)
{
	struct fe_catalog_run r = {
		.run_id = fe_stmt_text(st, 1),
		.pipeline = fe_stmt_text(st, 2),
		.status = fe_stmt_text(st, 3),
		.start_time = fe_stmt_text(st, 4),
		.end_time = fe_stmt_text(st, 5),
		.run_time = fe_stmt_text(st, 6),
		.extracted = fe_stmt_i64(st, 8),
		.transformed = fe_stmt_i64(st, 9),
		.loaded = fe_stmt_i64(st, 10),
		.rejected = fe_stmt_i64(st, 11),
		.duplicate = fe_stmt_i64(st, 12),
		.error = fe_stmt_text(st, 13),
		.config_sha256 = fe_stmt_text(st, 14),
		.version = fe_stmt_text(st, 15),
		.quality_report = compact(fe_stmt_text(st, 16), arena),
		.reconciliation = compact(fe_stmt_text(st, 17), arena),
	};
	char run_time[FE_TIMESTAMP_TEXT_BYTES];
	int64_t us;

	if (!r.run_time.p && fe_timestamp_parse(fe_stmt_text(st, 7), NULL, NULL, &us) == FE_TIME_OK) {
		fe_timestamp_format(us, run_time);
		r.run_time = (struct fe_str){ fe_arena_copy(arena, run_time, sizeof(run_time)),
			                      sizeof(run_time) };
	}
	return r;
}

struct run_list {
	struct fe_stmt *st;
	struct fe_arena arena; /* of the run at hand */
	uint64_t n_left;
	fe_catalog_run_fn each;
	void *ctx;
};

/* The runs before the event *before, which becomes that of the last one given. */
static enum fe_rc
give_runs(struct run_list *l, int64_t *before, bool *more, struct fe_err *err)
{
	struct fe_catalog_run run;
	int n = 0;
	bool row;

	*more = false;
	fe_stmt_bind_i64(l->st, 1, *before);
	for (;;) {
		FE_TRY(fe_stmt_step(l->st, &row, err));
		if (!row)
			break;
		*before = fe_stmt_i64(l->st, 0);
		fe_arena_reset(&l->arena);
		run = read_run(l->st, &l->arena);
		FE_TRY(l->each(l->ctx, &run, err));
		if (--l->n_left == 0)
			return FE_OK;
		n++;
	}
	*more = n == PAGE_RUNS;
	return FE_OK;
}

enum fe_rc
fe_catalog_runs(struct fe_catalog *c, const struct fe_catalog_run_query *q, fe_catalog_run_fn each,
		void *ctx, struct fe_err *err)
{
	static const char sql[] =
		"SELECT s.event_id, s.run_id, s.pipeline_name, coalesce(a.status, 'running'), s.at, "
		"a.end_time, a.run_time, s.detail ->> 'run_time', "
		"coalesce(a.records_extracted, 0), coalesce(a.records_transformed, 0), "
		"coalesce(a.records_loaded, 0), coalesce(a.records_rejected, 0), "
		"coalesce(a.records_duplicate, 0), a.error_message, "
		"s.detail ->> 'config_sha256', s.detail ->> 'finetl_version', "
		"a.quality_report, a.reconciliation "
		"FROM main.etl_run_events AS s "
		"LEFT JOIN main.etl_audit_log AS a ON a.run_id = s.run_id "
		"WHERE s.event = 'started' AND s.event_id < ?1 "
		"AND (CAST(?2 AS text) IS NULL OR s.run_id = ?2) "
		"AND (CAST(?3 AS text) IS NULL OR s.pipeline_name = ?3) "
		"AND (CAST(?4 AS text) IS NULL OR coalesce(a.status, 'running') = ?4) "
		"ORDER BY s.event_id DESC LIMIT ?5";
	struct run_list l = { .n_left = q->limit ? q->limit : UINT64_MAX, .each = each, .ctx = ctx };
	int64_t before = INT64_MAX;
	bool more = true;
	enum fe_rc rc = FE_OK;

	FE_TRY(fe_db_prepare(c->db, fe_str_of(sql), &l.st, err));
	fe_stmt_bind_cstr(l.st, 2, q->run_id);
	fe_stmt_bind_cstr(l.st, 3, q->pipeline);
	fe_stmt_bind_cstr(l.st, 4, q->status);
	fe_stmt_bind_i64(l.st, 5, l.n_left < PAGE_RUNS ? (int64_t)l.n_left : PAGE_RUNS);
	while (more && rc == FE_OK)
		rc = give_runs(&l, &before, &more, err);
	fe_stmt_free(l.st);
	fe_arena_free(&l.arena);
	return rc;
}

/* ---- rejects ---- */

static struct fe_catalog_reject
read_reject(struct fe_stmt *st, struct fe_arena *arena)
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
		.reasons = compact(fe_stmt_text(st, 9), arena),
		.detail = fe_stmt_text(st, 10),
		.decimals = compact(fe_stmt_text(st, 11), arena),
		.raw = fe_stmt_text(st, 12),
		.closed_by = fe_stmt_text(st, 13),
		.outcome = fe_stmt_text(st, 14),
		.object_id = fe_stmt_i64(st, 15),
		.object_size_bytes = fe_stmt_i64(st, 16),
		.object_modified = fe_stmt_text(st, 17),
		.object_version = fe_stmt_text(st, 18),
		.cells = fe_stmt_text(st, 19),
		.kept = fe_stmt_text(st, 20),
	};
}

/* Whether one of the texts of a JSON array is this one, given as JSON. */
static bool
has_reason(struct fe_str json, struct fe_str wanted)
{
	size_t i, start;

	for (i = 0; i < json.n; i++) {
		if (json.p[i] != '"')
			continue;
		for (start = i++; i < json.n && json.p[i] != '"'; i++)
			i += json.p[i] == '\\';
		if (i < json.n && fe_str_eq((struct fe_str){ json.p + start, i + 1 - start }, wanted))
			return true;
	}
	return false;
}

static bool
has_text(struct fe_str bytes, struct fe_str wanted)
{
	size_t i;

	for (i = 0; i + wanted.n <= bytes.n; i++) {
		if (fe_text_casecmp_ascii((struct fe_str){ bytes.p + i, wanted.n }, wanted) == 0)
			return true;
	}
	return false;
}

struct reject_list {
	struct fe_stmt *runs, *st;
	struct fe_arena arena; /* of the reject at hand */
	const struct fe_catalog_reject_query *q;
	struct fe_str reason; /* as JSON; p NULL: any */
	uint64_t n_left;
	fe_catalog_reject_fn each;
	void *ctx;
};

static bool
is_asked_for(const struct reject_list *l, const struct fe_catalog_reject *r)
{
	return (!l->reason.p || has_reason(r->reasons, l->reason)) &&
	       (!l->q->raw_has || has_text(r->raw, fe_str_of(l->q->raw_has)));
}

/* Those of the run after the reject *after, which becomes the last one seen. */
static enum fe_rc
give_rejects(struct reject_list *l, int64_t *after, bool *more, struct fe_err *err)
{
	struct fe_catalog_reject reject;
	int n = 0;
	bool row;

	*more = false;
	fe_stmt_bind_i64(l->st, 2, *after);
	for (;;) {
		FE_TRY(fe_stmt_step(l->st, &row, err));
		if (!row)
			break;
		n++;
		fe_arena_reset(&l->arena);
		reject = read_reject(l->st, &l->arena);
		*after = reject.reject_id;
		if (!is_asked_for(l, &reject))
			continue;
		FE_TRY(l->each(l->ctx, &reject, err));
		if (--l->n_left == 0)
			return FE_OK;
	}
	*more = n == PAGE_REJECTS;
	return FE_OK;
}

static enum fe_rc
give_run(struct reject_list *l, const char *run_id, struct fe_err *err)
{
	int64_t after = INT64_MIN;
	bool more = true;

	fe_stmt_bind_cstr(l->st, 1, run_id);
	while (more && l->n_left > 0)
		FE_TRY(give_rejects(l, &after, &more, err));
	return FE_OK;
}

/* The newest run before that in *run_id (empty: of all) that has rejects. */
static enum fe_rc
next_run(struct reject_list *l, struct fe_buf *run_id, bool *found, struct fe_err *err)
{
	fe_stmt_bind_cstr(l->runs, 1, run_id->n_bytes ? fe_buf_text(run_id) : NULL);
	FE_TRY(fe_stmt_step(l->runs, found, err));
	*found = *found && !fe_stmt_is_null(l->runs, 0);
	if (*found) {
		struct fe_str next = fe_stmt_text(l->runs, 0);
		struct fe_buf copy;

		fe_buf_init(&copy, MAX_ID_BYTES);
		fe_buf_add_str(&copy, next);
		fe_stmt_reset(l->runs);
		fe_buf_reset(run_id);
		*run_id = copy;
	}
	return fe_buf_check(run_id, "the id of a run", err);
}

static enum fe_rc
give_all_runs(struct reject_list *l, struct fe_err *err)
{
	struct fe_buf run_id;
	bool found = true;
	enum fe_rc rc = FE_OK;

	fe_buf_init(&run_id, MAX_ID_BYTES);
	while (rc == FE_OK && l->n_left > 0) {
		rc = next_run(l, &run_id, &found, err);
		if (rc || !found)
			break;
		rc = give_run(l, fe_buf_text(&run_id), err);
	}
	fe_buf_reset(&run_id);
	return rc;
}

/* A reader changes nothing, also not what an older release has left behind. */
static enum fe_rc
check_rejects(struct fe_catalog *c, struct fe_err *err)
{
	int64_t is_there = 0;

	FE_TRY(fe_db_query_i64(c->db,
	                       fe_db_engine(c->db) == FE_DB_SQLITE
	                               ? "SELECT 1 FROM pragma_table_xinfo('etl_rejects', 'main') WHERE name = 'raw_kept'"
	                               : "SELECT 1 FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS t ON t.oid = a.attrelid "
	                                 "JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace WHERE t.relname = 'etl_rejects' "
	                                 "AND n.nspname = pg_catalog.current_schema() AND a.attname = 'raw_kept'",
	                       &is_there, err));
	if (is_there)
		return FE_OK;
	return fe_fail(err, FE_EUSAGE, "an older finetl wrote to this warehouse last, and its rejects lack what this one asks for; "
	               "run a pipeline, or finetl schema apply, which add it");
}

static enum fe_rc
prepare_rejects(struct fe_catalog *c, struct reject_list *l, struct fe_err *err)
{
	FE_TRY(fe_db_prepare(c->db,
	                     FE_STR("SELECT max(run_id) FROM main.etl_rejects "
	                            "WHERE CAST(?1 AS text) IS NULL OR run_id < ?1"),
	                     &l->runs, err));
	FE_TRY(fe_db_prepare(c->db,
	                     FE_STR("SELECT r.reject_id, r.run_id, r.pipeline_name, r.dataset, "
	                            "o.path, r.object_sha256, r.record, r.byte_offset, r.verdict, "
	                            "r.reasons, r.detail, r.decimals, r.raw, c.run_id, c.outcome, "
	                            "o.object_id, o.size_bytes, o.modified_at, o.version, r.cells, r.raw_kept "
	                            "FROM main.etl_rejects AS r "
	                            "JOIN main.etl_objects AS o ON o.object_id = r.object_id "
	                            "LEFT JOIN main.etl_reject_closures AS c ON c.reject_id = r.reject_id "
	                            "WHERE (CAST(?1 AS text) IS NULL OR r.run_id = ?1) AND r.reject_id > ?2 "
	                            "AND (CAST(?3 AS text) IS NULL OR r.dataset = ?3) "
	                            "AND (CAST(?5 AS text) IS NULL OR r.pipeline_name = ?5) "
	                            "AND (CAST(?6 AS bigint) = 0 OR c.reject_id IS NULL) "
	                            "ORDER BY r.reject_id LIMIT ?4"),
	                     &l->st, err));
	fe_stmt_bind_cstr(l->st, 3, l->q->dataset);
	fe_stmt_bind_i64(l->st, 4, PAGE_REJECTS);
	fe_stmt_bind_cstr(l->st, 5, l->q->pipeline);
	fe_stmt_bind_i64(l->st, 6, l->q->is_open);
	return FE_OK;
}

enum fe_rc
fe_catalog_rejects(struct fe_catalog *c, const struct fe_catalog_reject_query *q,
		   fe_catalog_reject_fn each, void *ctx, struct fe_err *err)
{
	struct reject_list l = {
		.q = q, .n_left = q->limit ? q->limit : UINT64_MAX, .each = each, .ctx = ctx
	};
	struct fe_buf reason;
	enum fe_rc rc;

	fe_buf_init(&reason, MAX_ID_BYTES);
	if (q->reason) {
		fe_buf_add_json_string(&reason, fe_str_of(q->reason));
		l.reason = fe_buf_str(&reason);
	}
	rc = fe_buf_check(&reason, "the reason", err);
	if (rc == FE_OK)
		rc = check_rejects(c, err);
	if (rc == FE_OK)
		rc = prepare_rejects(c, &l, err);
	if (rc == FE_OK)
		rc = q->run_id || q->in_order ? give_run(&l, q->run_id, err) : give_all_runs(&l, err);
	fe_stmt_free(l.runs);
	fe_stmt_free(l.st);
	fe_arena_free(&l.arena);
	fe_buf_reset(&reason);
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
/* load/record_closures.c - the open rejects that a published run has done with, see load/record.h
 *
 * A run over open rejects (pipeline/replay.h) says itself which ones it closes. Any other run
 * closes
 *
 *   by record  those of an object that it has read again, unless it has rejected them again:
 *              both come in the order of their records, and are walked side by side
 *   by key     those whose key it has inserted or updated from another object: the record was
 *              delivered again, mended, be the one with the mistake read once more beside it. Not
 *              conflicts, whose key has been there all along.
 *
 * The outcome is `loaded` where the run has written the row of that key, else `passed`: the record was
 * unchanged, double, superseded or filtered.
 */
#include <inttypes.h>

#include "db/postgres.h"
#include "load/pg_table.h"
#include "load/record_private.h"
#include "load/reject.h"
#include "load/table_sql.h"

#define PAGE_RECORDS 4096
#define MAX_SQL_BYTES (256u << 10)
#define MAX_IDENTITY_BYTES (64u << 10)
#define IS_OPEN "NOT EXISTS (SELECT 1 FROM main.etl_reject_closures AS c WHERE c.reject_id = r.reject_id) "

struct closer {
	struct fe_db *db;
	const struct fe_record_run *run;
	const struct fe_run_end *end;
	char now[FE_TIMESTAMP_TEXT_BYTES];
	struct fe_reject next;    /* of this run's own */
	bool has_next;
	uint64_t *rejected;       /* records of the object at hand, in the order of the spool: rising */
	size_t n_rejected, cap_rejected;
	struct fe_buf identity, sql;
	struct fe_stmt *find, *close;
};

/* ---- the row that a reject's key is of ---- */

/* " AND t.id = ..." for each part: the canonical text of a key, as the engine stores it. */
static void
add_key_match(struct fe_buf *out, const struct fe_table *t, char *const *columns, char *const *types)
{
	for (size_t i = 0; i < t->n_key; i++) {
		const size_t c = t->key[i];
		const enum fe_kind kind = t->schema->fields[c].type.kind;

		fe_buf_addf(out, " AND t.%s = ", columns[c]);
		if (kind == FE_TEXT)
			fe_buf_addf(out, types ? "(r.record_key ->> %zu) COLLATE \"C\"" : "r.record_key ->> %zu", i);
		else if (types)
			fe_buf_addf(out, "CAST(r.record_key ->> %zu AS %s)", i, types[c]);
		else if (kind == FE_DECIMAL)
			fe_buf_addf(out, "CAST(replace(r.record_key ->> %zu, '.', '') AS INTEGER)", i);
		else if (kind == FE_INT)
			fe_buf_addf(out, "CAST(r.record_key ->> %zu AS INTEGER)", i);
		else if (kind == FE_BOOL)
			fe_buf_addf(out, "(r.record_key ->> %zu = 'true')", i);
		else
			fe_buf_addf(out, "r.record_key ->> %zu", i);
	}
}

/* "FROM table AS t WHERE t.etl_run_id = ?1 AND t.etl_record <> 0 AND t.id = ...": of a reject r. A
 * placeholder of its key is the row of no record. */
static enum fe_rc
add_loaded_row(struct closer *c, const struct fe_table *t, struct fe_err *err)
{
	if (fe_db_engine(c->db) == FE_DB_SQLITE) {
		struct fe_table_sql sql;
		FE_TRY(fe_table_sql_init(&sql, t, err));
		fe_buf_addf(&c->sql, "FROM main.%s AS t WHERE t.etl_run_id = ?1 AND t.etl_record <> 0", sql.name);
		add_key_match(&c->sql, t, sql.stored, NULL);
		fe_table_sql_reset(&sql);
		return FE_OK;
	}
	struct fe_pg_table sql;
	FE_TRY(fe_pg_table_init(&sql, t, fe_pg_schema(c->db), err));
	fe_buf_addf(&c->sql, "FROM %s AS t WHERE t.etl_run_id = ?1 AND t.etl_record <> 0", sql.name);
	add_key_match(&c->sql, t, sql.columns, sql.types);
	fe_pg_table_reset(&sql);
	return FE_OK;
}

static const struct fe_table *
table_of(const struct closer *c, const char *dataset)
{
	for (size_t i = 0; i < c->run->n_tables; i++)
		if (c->run->tables[i].dataset && strcmp(c->run->tables[i].dataset, dataset) == 0)
			return &c->run->tables[i];
	return NULL;
}

/* ---- by record ---- */

static enum fe_rc
advance(struct closer *c, struct fe_err *err)
{
	if (!c->end->rejects) {
		c->has_next = false;
		return FE_OK;
	}
	return fe_reject_next(c->end->rejects, &c->next, &c->has_next, err);
}

/* What this run has rejected of the object. */
static enum fe_rc
take_rejected(struct closer *c, size_t object, struct fe_err *err)
{
	c->n_rejected = 0;
	while (c->has_next && c->next.object <= object) {
		if (c->next.object == object) {
			c->rejected = fe_grow(c->rejected, &c->cap_rejected, c->n_rejected + 1, sizeof *c->rejected);
			c->rejected[c->n_rejected++] = c->next.record;
		}
		FE_TRY(advance(c, err));
	}
	return FE_OK;
}

static bool
is_rejected(const struct closer *c, uint64_t record)
{
	size_t low = 0, high = c->n_rejected;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (c->rejected[mid] < record)
			low = mid + 1;
		else
			high = mid;
	}
	return low < c->n_rejected && c->rejected[low] == record;
}

static enum fe_rc
close_one(struct closer *c, int64_t reject_id, struct fe_err *err)
{
	fe_stmt_bind_i64(c->close, 2, reject_id);
	return fe_record_insert(c->db, c->close, 1, "etl_reject_closures", err);
}

/* A page of the open rejects of the object after a record: those that passed are closed. */
static enum fe_rc
close_page(struct closer *c, const struct fe_run_object *o, int64_t *after, bool *more, struct fe_err *err)
{
	struct { int64_t id, record; } *page = fe_alloc_array(PAGE_RECORDS, sizeof *page);
	size_t n = 0;
	bool row;
	enum fe_rc rc;

	fe_stmt_bind_cstr(c->find, 1, c->run->pipeline);
	fe_stmt_bind_cstr(c->find, 2, o->dataset);
	fe_stmt_bind_text(c->find, 3, fe_buf_str(&c->identity));
	fe_stmt_bind_cstr(c->find, 4, c->run->run_id);
	fe_stmt_bind_i64(c->find, 5, *after);
	fe_record_bind_count(c->find, 6, o->n_records);
	for (rc = fe_stmt_step(c->find, &row, err); rc == FE_OK && row; rc = fe_stmt_step(c->find, &row, err)) {
		page[n].id = fe_stmt_i64(c->find, 0);
		page[n++].record = fe_stmt_i64(c->find, 1);
	}
	*more = n == PAGE_RECORDS;
	for (size_t i = 0; i < n && rc == FE_OK; i++) {
		*after = page[i].record;
		if (!is_rejected(c, (uint64_t)page[i].record))
			rc = close_one(c, page[i].id, err);
	}
	fe_free(page);
	return rc;
}

static enum fe_rc
close_known_by(struct closer *c, const struct fe_run_object *o, struct fe_err *err)
{
	int64_t after = 0;
	bool more = true;

	FE_TRY(fe_buf_check(&c->identity, "the identity of an object", err));
	while (more)
		FE_TRY(close_page(c, o, &after, &more, err));
	return FE_OK;
}

/* The statement that closes a reject of this data set by its number. */
static enum fe_rc
prepare_close(struct closer *c, const char *dataset, struct fe_err *err)
{
	const struct fe_table *t = table_of(c, dataset);

	fe_stmt_free(c->close);
	c->close = NULL;
	fe_buf_clear(&c->sql);
	fe_buf_add_text(&c->sql, "INSERT INTO main.etl_reject_closures (reject_id, run_id, closed_at, outcome) "
				 "SELECT r.reject_id, ?1, CAST(?3 AS ");
	fe_buf_add_text(&c->sql, fe_db_engine(c->db) == FE_DB_SQLITE ? "TEXT), " : "timestamptz), ");
	if (t) {
		fe_buf_add_text(&c->sql, "CASE WHEN EXISTS (SELECT 1 ");
		FE_TRY(add_loaded_row(c, t, err));
		fe_buf_add_text(&c->sql, ") THEN 'loaded' ELSE 'passed' END ");
	} else {
		fe_buf_add_text(&c->sql, "'passed' ");
	}
	fe_buf_add_text(&c->sql, "FROM main.etl_rejects AS r WHERE r.reject_id = ?2");
	FE_TRY(fe_buf_check(&c->sql, "the statement", err));
	FE_TRY(fe_db_prepare(c->db, fe_buf_str(&c->sql), &c->close, err));
	fe_stmt_bind_cstr(c->close, 1, c->run->run_id);
	fe_stmt_bind_text(c->close, 3, (struct fe_str){ c->now, FE_TIMESTAMP_TEXT_BYTES });
	return FE_OK;
}

static enum fe_rc
close_by_record(struct closer *c, struct fe_err *err)
{
	const char *dataset = NULL;

	FE_TRY(fe_db_prepare(c->db,
			     FE_STR("SELECT r.reject_id, r.record FROM main.etl_rejects AS r WHERE r.pipeline_name = ?1 AND r.dataset = ?2 "
				    "AND r.object_sha256 = ?3 AND r.run_id <> ?4 AND r.record > ?5 AND r.record <= ?6 AND " IS_OPEN
				    "ORDER BY r.record LIMIT 4096"), &c->find, err));
	if (c->end->rejects)
		FE_TRY(fe_spool_rewind(c->end->rejects, err));
	FE_TRY(advance(c, err));
	for (size_t i = 0; i < c->end->n_objects; i++) {
		const struct fe_run_object *o = &c->end->objects[i];
		FE_TRY(take_rejected(c, i, err));
		if (o->is_skipped || o->n_records == 0)
			continue;
		if (!dataset || strcmp(dataset, o->dataset) != 0)
			FE_TRY(prepare_close(c, o->dataset, err));
		dataset = o->dataset;
		fe_buf_clear(&c->identity);
		fe_record_unread_identity(c->db, c->run->run_id, o->id, &c->identity);
		FE_TRY(close_known_by(c, o, err));
		fe_buf_clear(&c->identity);
		fe_buf_add_text(&c->identity, o->id->sha256);
		if (o->id->sha256[0])
			FE_TRY(close_known_by(c, o, err));
	}
	return FE_OK;
}

/* ---- by key ---- */

static enum fe_rc
close_by_key(struct closer *c, const char *dataset, struct fe_err *err)
{
	const struct fe_table *t = table_of(c, dataset);
	struct fe_stmt *st;

	if (!t)
		return FE_OK;
	fe_buf_clear(&c->sql);
	fe_buf_add_text(&c->sql, "INSERT INTO main.etl_reject_closures (reject_id, run_id, closed_at, outcome) "
				 "SELECT r.reject_id, ?1, CAST(?2 AS ");
	fe_buf_add_text(&c->sql, fe_db_engine(c->db) == FE_DB_SQLITE ? "TEXT), " : "timestamptz), ");
	fe_buf_add_text(&c->sql, "'loaded' FROM main.etl_rejects AS r WHERE r.pipeline_name = ?3 AND r.dataset = ?4 "
				 "AND r.run_id <> ?1 AND r.verdict = 'rejected' AND r.record_key IS NOT NULL AND " IS_OPEN
				 "AND EXISTS (SELECT 1 ");
	FE_TRY(add_loaded_row(c, t, err));
	fe_buf_add_text(&c->sql, " AND NOT EXISTS (SELECT 1 FROM main.etl_objects AS o "
				 "WHERE o.object_id = t.etl_object_id AND o.sha256 = r.object_sha256))");
	FE_TRY(fe_buf_check(&c->sql, "the statement", err));
	FE_TRY(fe_db_prepare(c->db, fe_buf_str(&c->sql), &st, err));
	fe_stmt_bind_cstr(st, 1, c->run->run_id);
	fe_stmt_bind_text(st, 2, (struct fe_str){ c->now, FE_TIMESTAMP_TEXT_BYTES });
	fe_stmt_bind_cstr(st, 3, c->run->pipeline);
	fe_stmt_bind_cstr(st, 4, dataset);
	enum fe_rc rc = fe_stmt_run(st, err);
	fe_stmt_free(st);
	return rc;
}

/* ---- by number ---- */

/* Another run may have closed one since it was looked at. */
static enum fe_rc
close_named(struct closer *c, struct fe_err *err)
{
	FE_TRY(fe_db_prepare(c->db,
			     FE_STR("INSERT INTO main.etl_reject_closures (reject_id, run_id, closed_at, outcome) VALUES (?1, ?2, ?3, ?4) "
				    "ON CONFLICT (reject_id) DO NOTHING"), &c->close, err));
	fe_stmt_bind_cstr(c->close, 2, c->run->run_id);
	fe_stmt_bind_text(c->close, 3, (struct fe_str){ c->now, FE_TIMESTAMP_TEXT_BYTES });
	for (size_t i = 0; i < c->end->n_closings; i++) {
		fe_stmt_bind_i64(c->close, 1, c->end->closings[i].reject_id);
		fe_stmt_bind_cstr(c->close, 4, c->end->closings[i].outcome);
		FE_TRY(fe_stmt_run(c->close, err));
	}
	return FE_OK;
}

/* ---- the whole ---- */

/* Most warehouses have none open, and are asked once. */
static enum fe_rc
has_open(struct closer *c, bool *is_any, struct fe_err *err)
{
	struct fe_stmt *st;

	FE_TRY(fe_db_prepare(c->db,
			     FE_STR("SELECT 1 FROM main.etl_rejects AS r WHERE r.pipeline_name = ?1 AND r.run_id <> ?2 AND " IS_OPEN "LIMIT 1"),
			     &st, err));
	fe_stmt_bind_cstr(st, 1, c->run->pipeline);
	fe_stmt_bind_cstr(st, 2, c->run->run_id);
	enum fe_rc rc = fe_stmt_step(st, is_any, err);
	fe_stmt_free(st);
	return rc;
}

/* Whether the data set was read in this run: an object of it is there. */
static bool
was_read(const struct fe_run_end *end, const char *dataset)
{
	for (size_t i = 0; i < end->n_objects; i++)
		if (!end->objects[i].is_skipped && strcmp(end->objects[i].dataset, dataset) == 0)
			return true;
	return false;
}

static enum fe_rc
close_all(struct closer *c, struct fe_err *err)
{
	bool is_any;

	if (c->end->is_replay)
		FE_TRY(close_named(c, err));
	FE_TRY(has_open(c, &is_any, err));
	if (!is_any)
		return FE_OK;
	if (!c->end->is_replay)
		FE_TRY(close_by_record(c, err));
	for (size_t i = 0; i < c->end->n_datasets; i++)
		if (was_read(c->end, c->end->datasets[i]))
			FE_TRY(close_by_key(c, c->end->datasets[i], err));
	return FE_OK;
}

enum fe_rc
fe_record_closures(struct fe_db *db, const struct fe_record_run *run, const struct fe_run_end *end, struct fe_err *err)
{
	struct closer c = { .db = db, .run = run, .end = end };

	fe_timestamp_format(fe_clock_now(run->clock), c.now);
	fe_buf_init(&c.identity, MAX_IDENTITY_BYTES);
	fe_buf_init(&c.sql, MAX_SQL_BYTES);
	enum fe_rc rc = close_all(&c, err);
	fe_stmt_free(c.find);
	fe_stmt_free(c.close);
	fe_buf_reset(&c.identity);
	fe_buf_reset(&c.sql);
	fe_free(c.rejected);
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
/* load/sqlite_rows.c - rows into the SQLite sink, see load/sqlite_sink.h
 *
 * Inserts are one prepared statement whose values are bound without copies; what is
 * the same for all rows of a batch (stamps, run, object) is bound once. Parameters are
 * numbered: 1 the row's number, 2 .. n + 1 the schema's columns, n + 2 the record,
 * n + 3 the object, n + 4 the stamp, n + 5 the run.
 */
#include <inttypes.h>

#include "base/failpoint.h"
#include "load/sqlite_bind.h"
#include "load/sqlite_sink.h"

#define MAX_SQL_BYTES (1u << 20)

/* ---- statements ---- */

enum fe_rc
fe_sqlite_prepare(struct fe_sqlite_sink *s, struct fe_buf *sql, struct fe_stmt **out,
		  struct fe_err *err)
{
	enum fe_rc rc = fe_buf_check(sql, "the statement", err);

	if (rc == FE_OK)
		rc = fe_db_prepare(s->db, fe_buf_str(sql), out, err);
	fe_buf_reset(sql);
	return rc;
}

static void
add_parameters(struct fe_buf *sql, size_t n)
{
	size_t i;

	for (i = 1; i <= n; i++)
		fe_buf_addf(sql, "%s?%zu", i > 1 ? ", " : "", i);
}

void
fe_sqlite_print_insert(struct fe_buf *sql, const struct fe_table_sql *t)
{
	size_t n = t->table->schema->n_fields, i;

	fe_buf_addf(sql, "INSERT INTO main.%s (%s", t->name, t->rowid);
	for (i = 0; i < n; i++)
		fe_buf_addf(sql, ", %s", t->stored[i]);
	fe_buf_add_text(sql, ", etl_record, etl_object_id, processed_at, etl_run_id, created_at, "
	                     "updated_at) VALUES (");
	add_parameters(sql, n + 5);
	fe_buf_addf(sql, ", ?%zu, ?%zu)", n + 4, n + 4);
}

static enum fe_rc
prepare_insert(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_err *err)
{
	struct fe_buf sql;

	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_sqlite_print_insert(&sql, &t->sql);
	return fe_sqlite_prepare(s, &sql, &t->insert, err);
}

static enum fe_rc
prepare_stage(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_err *err)
{
	size_t n = t->sql.table->schema->n_fields, i;
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_addf(&sql, "CREATE TEMP TABLE fe_stage_%zu (id INTEGER PRIMARY KEY", t->number);
	for (i = 0; i < n; i++)
		fe_buf_addf(&sql, ", c%zu", i);
	fe_buf_add_text(&sql, ", record, object_id)");
	rc = fe_buf_check(&sql, "the statement", err);
	if (rc == FE_OK)
		rc = fe_db_exec(s->db, fe_buf_text(&sql), err);
	if (rc) {
		fe_buf_reset(&sql);
		return rc;
	}
	t->has_stage = true;
	fe_buf_clear(&sql);
	fe_buf_addf(&sql, "INSERT OR REPLACE INTO temp.fe_stage_%zu VALUES (", t->number);
	add_parameters(&sql, n + 3);
	fe_buf_add_char(&sql, ')');
	return fe_sqlite_prepare(s, &sql, &t->stage, err);
}

static enum fe_rc
prepare_remove(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_err *err)
{
	struct fe_buf sql;

	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_addf(&sql, "DELETE FROM main.%s WHERE %s = ?1", t->sql.name, t->sql.rowid);
	return fe_sqlite_prepare(s, &sql, &t->remove, err);
}

/* ---- write ---- */

enum fe_rc
fe_sqlite_insert(struct fe_sqlite_sink *s, struct fe_stmt *st, const char *table,
		 struct fe_err *err)
{
	FE_TRY(fe_stmt_run(st, err));
	if (fe_db_changes(s->db) == 1)
		return FE_OK;
	return fe_fail(err, FE_ECONFLICT,
	               "a row was written to %s and is not there; drop the trigger that ignores it",
	               table);
}

enum fe_rc
fe_sqlite_rowid_of(const struct fe_sqlite_table *t, int64_t number, int64_t *rowid,
		   struct fe_err *err)
{
	*rowid = 0;
	if (number < 0 || __builtin_add_overflow(t->base + 1, number, rowid))
		return fe_fail(err, FE_EBUG, "table %s: there is no row of number %" PRId64,
		               t->sql.table->name, number);
	return FE_OK;
}

static enum fe_rc
remove_rows(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, const struct fe_load_plan *plan,
	    struct fe_err *err)
{
	int64_t rowid;
	size_t i;

	for (i = 0; i < plan->n_removals; i++) {
		/* A staged update is replaced by the batch's own of the same row. */
		if (plan->removals[i].place != FE_PLACE_INSERTED)
			continue;
		if (!t->remove)
			FE_TRY(prepare_remove(s, t, err));
		FE_TRY(fe_sqlite_rowid_of(t, plan->removals[i].number, &rowid, err));
		fe_stmt_bind_i64(t->remove, 1, rowid);
		FE_TRY(fe_stmt_run(t->remove, err));
		if (fe_db_changes(s->db) != 1)
			return fe_fail(err, FE_EBUG,
			               "table %s: row %" PRId64 " of this run is not there to be "
			               "superseded",
			               t->sql.table->name, plan->removals[i].number);
	}
	return FE_OK;
}

/* Binds row's number (-1: the next that is free), columns and record, and runs. */
static enum fe_rc
put_row(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_stmt *st, int64_t id,
	const struct fe_batch *b, size_t row, struct fe_err *err)
{
	size_t n = t->sql.table->schema->n_fields, i;

	if (id < 0)
		fe_stmt_bind_null(st, 1);
	else
		fe_stmt_bind_i64(st, 1, id);
	for (i = 0; i < n; i++)
		fe_sqlite_bind_value(st, (int)i + 2, &b->columns[i], row, t->scratch[i]);
	fe_stmt_bind_i64(st, (int)n + 2, (int64_t)b->origin[row].record);
	return fe_sqlite_insert(s, st, t->sql.table->name, err);
}

/* The insert of rows that are from an object, but for what put_row binds. now: room that lives
 * until they are in. */
static enum fe_rc
begin_insert(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, int64_t object_id,
	     char now[FE_TIMESTAMP_TEXT_BYTES], struct fe_err *err)
{
	int n = (int)t->sql.table->schema->n_fields;

	if (!t->insert)
		FE_TRY(prepare_insert(s, t, err));
	fe_stmt_bind_i64(t->insert, n + 3, object_id);
	fe_stmt_bind_text(t->insert, n + 4,
	                  fe_sqlite_time_text(fe_clock_now(s->base.set.clock), now));
	fe_stmt_bind_cstr(t->insert, n + 5, s->run_id);
	return FE_OK;
}

static enum fe_rc
insert_rows(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, const struct fe_batch *b,
	    const struct fe_load_plan *plan, int64_t object_id, struct fe_err *err)
{
	char now[FE_TIMESTAMP_TEXT_BYTES];
	int64_t rowid;
	size_t i;

	FE_TRY(begin_insert(s, t, object_id, now, err));
	for (i = 0; i < b->n_rows; i++) {
		enum fe_rc rc;

		if (plan->action[i] != FE_ACTION_INSERT)
			continue;
		FE_TRY(fe_sqlite_rowid_of(t, plan->number[i], &rowid, err));
		rc = put_row(s, t, t->insert, rowid, b, i, err);
		if (rc) {
			fe_err_context(err, "table %s, record %" PRIu64, t->sql.table->name,
			               b->origin[i].record);
			return rc;
		}
		t->n_written++;
	}
	return FE_OK;
}

static enum fe_rc
stage_rows(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, const struct fe_batch *b,
	   const struct fe_load_plan *plan, int64_t object_id, struct fe_err *err)
{
	int n = (int)t->sql.table->schema->n_fields;
	size_t i;

	if (!t->stage)
		FE_TRY(prepare_stage(s, t, err));
	fe_stmt_bind_i64(t->stage, n + 3, object_id);
	for (i = 0; i < b->n_rows; i++) {
		if (plan->action[i] == FE_ACTION_UPDATE)
			FE_TRY(put_row(s, t, t->stage, plan->number[i], b, i, err));
	}
	return FE_OK;
}

enum fe_rc
fe_sqlite_write(struct fe_sink *sink, size_t table, const struct fe_batch *b,
		const struct fe_load_plan *plan, int64_t object_id, struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;
	struct fe_sqlite_table *t = &s->tables[table];

	FE_TRY(fe_failpoint("load.write", err));
	FE_TRY(fe_sqlite_table_adapt(s, t, plan->n_removals > 0, err));
	FE_TRY(remove_rows(s, t, plan, err));
	if (plan->n_inserts > 0)
		FE_TRY(insert_rows(s, t, b, plan, object_id, err));
	if (plan->n_updates > 0)
		FE_TRY(stage_rows(s, t, b, plan, object_id, err));
	return FE_OK;
}

/* The table has its indexes: its rows went in before, or none do in this run. */
enum fe_rc
fe_sqlite_placeholders(struct fe_sink *sink, size_t table, const struct fe_batch *keys,
		       int64_t object_id, struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;
	struct fe_sqlite_table *t = &s->tables[table];
	char now[FE_TIMESTAMP_TEXT_BYTES];
	enum fe_rc rc;
	size_t i;

	FE_TRY(fe_failpoint("load.placeholders", err));
	FE_TRY(begin_insert(s, t, object_id, now, err));
	for (i = 0; i < keys->n_rows; i++) {
		rc = put_row(s, t, t->insert, -1, keys, i, err);
		if (rc) {
			fe_err_context(err, "table %s, a placeholder", t->sql.table->name);
			return rc;
		}
	}
	return FE_OK;
}

// SPDX-License-Identifier: Apache-2.0
/* load/sqlite_rows.c - rows in and out of the SQLite sink, see load/sqlite_sink.h
 *
 * Inserts are one prepared statement whose values are bound without copies; what is
 * the same for all rows of a batch (stamps, run, object) is bound once. Parameters are
 * numbered: 1 the row's number, 2 .. n + 1 the schema's columns, n + 2 the record,
 * n + 3 the object, n + 4 the stamp, n + 5 the run.
 */
#include <inttypes.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "load/sqlite_sink.h"

#define MAX_SQL_BYTES (1u << 20)

/* ---- one value ---- */

static inline void bind_value(struct fe_stmt *st, int index, const struct fe_column *c, size_t row,
                              char scratch[32])
{
	if (!fe_bit_get(c->valid, row)) {
		fe_stmt_bind_null(st, index);
		return;
	}
	switch (c->type.kind) {
	case FE_TEXT:
		fe_stmt_bind_text(st, index, c->text[row]);
		break;
	case FE_DECIMAL:
	case FE_INT:
		fe_stmt_bind_i64(st, index, c->i64[row]);
		break;
	case FE_BOOL:
		fe_stmt_bind_i64(st, index, fe_bit_get(c->bits, row));
		break;
	case FE_DATE:
		fe_date_format(c->days[row], scratch);
		fe_stmt_bind_text(st, index, (struct fe_str){ scratch, FE_DATE_TEXT_BYTES });
		break;
	case FE_TIMESTAMP:
		fe_timestamp_format(c->i64[row], scratch);
		fe_stmt_bind_text(st, index, (struct fe_str){ scratch, FE_TIMESTAMP_TEXT_BYTES });
		break;
	}
}

static enum fe_rc bad_value(struct fe_err *err, const struct fe_sqlite_table *t, size_t field)
{
	const struct fe_field *f = &t->sql.table->schema->fields[field];

	return fe_fail(err, FE_ECONFLICT,
	               "table %s, column %s: a stored value is not a %s; it was not written by finetl",
	               t->sql.table->name, f->name, fe_kind_name(f->type.kind));
}

/* Reads column `from` of the statement's row as field `field` into met. */
static enum fe_rc read_value(struct fe_stmt *st, int from, const struct fe_sqlite_table *t,
                             size_t field, struct fe_batch *met, size_t row, struct fe_err *err)
{
	struct fe_column *c = &met->columns[field];
	struct fe_str text;
	bool is_null = fe_stmt_is_null(st, from);

	fe_bit_put(c->valid, row, !is_null);
	if (is_null)
		return FE_OK;
	switch (c->type.kind) {
	case FE_TEXT:
		text = fe_stmt_text(st, from);
		c->text[row] =
			(struct fe_str){ fe_arena_copy(&met->arena, text.p, text.n), text.n };
		break;
	case FE_DECIMAL:
	case FE_INT:
		c->i64[row] = fe_stmt_i64(st, from);
		break;
	case FE_BOOL:
		fe_bit_put(c->bits, row, fe_stmt_i64(st, from) != 0);
		break;
	case FE_DATE:
		if (fe_date_parse(fe_stmt_text(st, from), NULL, &c->days[row]) != FE_TIME_OK)
			return bad_value(err, t, field);
		break;
	case FE_TIMESTAMP:
		if (fe_timestamp_parse(fe_stmt_text(st, from), NULL, NULL, &c->i64[row]) !=
		    FE_TIME_OK)
			return bad_value(err, t, field);
		break;
	}
	return FE_OK;
}

/* The source columns, from statement column `first` on. */
static enum fe_rc read_source(struct fe_stmt *st, int first, const struct fe_sqlite_table *t,
                              struct fe_batch *met, size_t row, struct fe_err *err)
{
	size_t i;

	for (i = 0; i < t->sql.table->schema->n_source; i++)
		FE_TRY(read_value(st, first + (int)i, t, i, met, row, err));
	return FE_OK;
}

/* ---- statements ---- */

static enum fe_rc prepare(struct fe_sqlite_sink *s, struct fe_buf *sql, struct fe_stmt **out,
                          struct fe_err *err)
{
	enum fe_rc rc = fe_buf_check(sql, "the statement", err);

	if (rc == FE_OK)
		rc = fe_db_prepare(s->db, fe_buf_str(sql), out, err);
	fe_buf_reset(sql);
	return rc;
}

static void add_parameters(struct fe_buf *sql, size_t n)
{
	size_t i;

	for (i = 1; i <= n; i++)
		fe_buf_addf(sql, "%s?%zu", i > 1 ? ", " : "", i);
}

static enum fe_rc prepare_insert(struct fe_sqlite_sink *s, struct fe_sqlite_table *t,
                                 struct fe_err *err)
{
	size_t n = t->sql.table->schema->n_fields, i;
	struct fe_buf sql;

	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_addf(&sql, "INSERT INTO main.%s (%s", t->sql.name, t->sql.rowid);
	for (i = 0; i < n; i++)
		fe_buf_addf(&sql, ", %s", t->sql.stored[i]);
	fe_buf_add_text(&sql, ", etl_record, etl_object_id, processed_at, etl_run_id, created_at, "
	                      "updated_at) VALUES (");
	add_parameters(&sql, n + 5);
	fe_buf_addf(&sql, ", ?%zu, ?%zu)", n + 4, n + 4);
	return prepare(s, &sql, &t->insert, err);
}

static enum fe_rc prepare_stage(struct fe_sqlite_sink *s, struct fe_sqlite_table *t,
                                struct fe_err *err)
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
	return prepare(s, &sql, &t->stage, err);
}

static enum fe_rc prepare_remove(struct fe_sqlite_sink *s, struct fe_sqlite_table *t,
                                 struct fe_err *err)
{
	struct fe_buf sql;

	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_addf(&sql, "DELETE FROM main.%s WHERE %s = ?1", t->sql.name, t->sql.rowid);
	return prepare(s, &sql, &t->remove, err);
}

static void add_source(struct fe_buf *sql, const struct fe_sqlite_table *t)
{
	size_t i;

	for (i = 0; i < t->sql.table->schema->n_source; i++)
		fe_buf_addf(sql, "%s%s", i > 0 ? ", " : "", t->sql.stored[i]);
}

static enum fe_rc prepare_lookup(struct fe_sqlite_sink *s, struct fe_sqlite_table *t,
                                 struct fe_err *err)
{
	const struct fe_table *table = t->sql.table;
	struct fe_buf sql;
	size_t i;

	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_addf(&sql, "SELECT %s, etl_record, etl_object_id, etl_run_id, ", t->sql.rowid);
	add_source(&sql, t);
	fe_buf_addf(&sql, " FROM main.%s WHERE %s <= %" PRId64, t->sql.name, t->sql.rowid, t->base);
	for (i = 0; i < table->n_key; i++)
		fe_buf_addf(&sql, " AND %s = ?%zu", t->sql.stored[table->key[i]], i + 1);
	return prepare(s, &sql, &t->lookup, err);
}

static enum fe_rc prepare_fetch(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, bool staged,
                                struct fe_err *err)
{
	struct fe_buf sql;
	size_t i;

	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "SELECT ");
	if (!staged) {
		add_source(&sql, t);
		fe_buf_addf(&sql, " FROM main.%s WHERE %s = ?1", t->sql.name, t->sql.rowid);
		return prepare(s, &sql, &t->fetch, err);
	}
	for (i = 0; i < t->sql.table->schema->n_source; i++)
		fe_buf_addf(&sql, "%sc%zu", i > 0 ? ", " : "", i);
	fe_buf_addf(&sql, " FROM temp.fe_stage_%zu WHERE id = ?1", t->number);
	return prepare(s, &sql, &t->fetch_staged, err);
}

static enum fe_rc prepare_has(struct fe_sqlite_sink *s, struct fe_sqlite_table *t,
                              struct fe_err *err)
{
	struct fe_buf sql;

	FE_ASSERT(t->sql.table->n_key == 1);
	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_addf(&sql, "SELECT 1 FROM main.%s WHERE %s = ?1", t->sql.name,
	            t->sql.stored[t->sql.table->key[0]]);
	return prepare(s, &sql, &t->has, err);
}

/* ---- write ---- */

static enum fe_rc rowid_of(const struct fe_sqlite_table *t, int64_t number, int64_t *rowid,
                           struct fe_err *err)
{
	*rowid = 0;
	if (number < 0 || __builtin_add_overflow(t->base + 1, number, rowid))
		return fe_fail(err, FE_EBUG, "table %s: there is no row of number %" PRId64,
		               t->sql.table->name, number);
	return FE_OK;
}

static enum fe_rc remove_rows(struct fe_sqlite_sink *s, struct fe_sqlite_table *t,
                              const struct fe_load_plan *plan, struct fe_err *err)
{
	int64_t rowid;
	size_t i;

	for (i = 0; i < plan->n_removals; i++) {
		/* A staged update is replaced by the batch's own of the same row. */
		if (plan->removals[i].place != FE_PLACE_INSERTED)
			continue;
		if (!t->remove)
			FE_TRY(prepare_remove(s, t, err));
		FE_TRY(rowid_of(t, plan->removals[i].number, &rowid, err));
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

/* Binds row's number, columns and record, and runs. */
static enum fe_rc put_row(struct fe_sqlite_table *t, struct fe_stmt *st, int64_t id,
                          const struct fe_batch *b, size_t row, struct fe_err *err)
{
	size_t n = t->sql.table->schema->n_fields, i;

	fe_stmt_bind_i64(st, 1, id);
	for (i = 0; i < n; i++)
		bind_value(st, (int)i + 2, &b->columns[i], row, t->scratch[i]);
	fe_stmt_bind_i64(st, (int)n + 2, (int64_t)b->origin[row].record);
	return fe_stmt_run(st, err);
}

static enum fe_rc insert_rows(struct fe_sqlite_sink *s, struct fe_sqlite_table *t,
                              const struct fe_batch *b, const struct fe_load_plan *plan,
                              int64_t object_id, struct fe_err *err)
{
	int n = (int)t->sql.table->schema->n_fields;
	char now[FE_TIMESTAMP_TEXT_BYTES];
	int64_t rowid;
	size_t i;

	if (!t->insert)
		FE_TRY(prepare_insert(s, t, err));
	fe_timestamp_format(fe_clock_now(s->base.set.clock), now);
	fe_stmt_bind_i64(t->insert, n + 3, object_id);
	fe_stmt_bind_text(t->insert, n + 4, (struct fe_str){ now, sizeof(now) });
	fe_stmt_bind_cstr(t->insert, n + 5, s->run_id);
	for (i = 0; i < b->n_rows; i++) {
		enum fe_rc rc;

		if (plan->action[i] != FE_ACTION_INSERT)
			continue;
		FE_TRY(rowid_of(t, plan->number[i], &rowid, err));
		rc = put_row(t, t->insert, rowid, b, i, err);
		if (rc) {
			fe_err_context(err, "table %s, record %" PRIu64, t->sql.table->name,
			               b->origin[i].record);
			return rc;
		}
		t->n_written++;
	}
	return FE_OK;
}

static enum fe_rc stage_rows(struct fe_sqlite_sink *s, struct fe_sqlite_table *t,
                             const struct fe_batch *b, const struct fe_load_plan *plan,
                             int64_t object_id, struct fe_err *err)
{
	int n = (int)t->sql.table->schema->n_fields;
	size_t i;

	if (!t->stage)
		FE_TRY(prepare_stage(s, t, err));
	fe_stmt_bind_i64(t->stage, n + 3, object_id);
	for (i = 0; i < b->n_rows; i++) {
		if (plan->action[i] == FE_ACTION_UPDATE)
			FE_TRY(put_row(t, t->stage, plan->number[i], b, i, err));
	}
	return FE_OK;
}

enum fe_rc fe_sqlite_write(struct fe_sink *sink, size_t table, const struct fe_batch *b,
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

/* ---- lookup, fetch, has ---- */

/* The path of an object; kept, as rows of one object mostly come together. */
static enum fe_rc path_of_object(struct fe_sqlite_sink *s, int64_t object_id, const char **path,
                                 struct fe_err *err)
{
	struct fe_str text;
	bool row;

	if (!s->memo_path || s->memo_object_id != object_id) {
		if (!s->object_path)
			FE_TRY(fe_db_prepare(
				s->db,
				FE_STR("SELECT path FROM main.etl_objects WHERE object_id = ?1"),
				&s->object_path, err));
		fe_stmt_bind_i64(s->object_path, 1, object_id);
		FE_TRY(fe_stmt_step(s->object_path, &row, err));
		text = row ? fe_stmt_text(s->object_path, 0) : FE_STR("an unknown object");
		fe_free(s->memo_path);
		s->memo_path = fe_strndup(text.p, text.n);
		s->memo_object_id = object_id;
		fe_stmt_reset(s->object_path);
	}
	*path = s->memo_path;
	return FE_OK;
}

/* "record 17 of a.csv, run 01J..." */
static enum fe_rc print_origin(struct fe_sqlite_sink *s, struct fe_stmt *st, struct fe_batch *met,
                               struct fe_str *out, struct fe_err *err)
{
	struct fe_buf *text = &s->origin;
	const char *path;

	FE_TRY(path_of_object(s, fe_stmt_i64(st, 2), &path, err));
	fe_buf_clear(text);
	fe_buf_add_text(text, "record ");
	fe_buf_add_i64(text, fe_stmt_i64(st, 1));
	fe_buf_add_text(text, " of ");
	fe_buf_add_text(text, path);
	fe_buf_add_text(text, ", run ");
	fe_buf_add_str(text, fe_stmt_text(st, 3));
	FE_TRY(fe_buf_check(text, "the origin of a row", err));
	*out = (struct fe_str){ fe_arena_copy(&met->arena, text->p, text->n_bytes),
		                text->n_bytes };
	return FE_OK;
}

enum fe_rc fe_sqlite_lookup(struct fe_sink *sink, size_t table, const struct fe_batch *b,
                            const uint32_t *rows, size_t n, struct fe_batch *met, int64_t *stored,
                            struct fe_str *origin, struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;
	struct fe_sqlite_table *t = &s->tables[table];
	size_t i, k;
	bool row;

	FE_TRY(fe_failpoint("load.lookup", err));
	if (!t->lookup)
		FE_TRY(prepare_lookup(s, t, err));
	for (i = 0; i < n; i++) {
		for (k = 0; k < t->sql.table->n_key; k++)
			bind_value(t->lookup, (int)k + 1, &b->columns[t->sql.table->key[k]], rows[i],
			           t->scratch[k]);
		stored[i] = -1;
		origin[i] = (struct fe_str){ 0 };
		FE_TRY(fe_stmt_step(t->lookup, &row, err));
		if (!row)
			continue;
		stored[i] = fe_stmt_i64(t->lookup, 0);
		FE_TRY(print_origin(s, t->lookup, met, &origin[i], err));
		FE_TRY(read_source(t->lookup, 4, t, met, i, err));
		fe_stmt_reset(t->lookup);
	}
	return FE_OK;
}

enum fe_rc fe_sqlite_fetch(struct fe_sink *sink, size_t table, enum fe_place place, int64_t number,
                           struct fe_batch *met, size_t met_row, struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;
	struct fe_sqlite_table *t = &s->tables[table];
	struct fe_stmt *st;
	int64_t id = number;
	enum fe_rc rc;
	bool row;

	if (place == FE_PLACE_INSERTED) {
		FE_TRY(rowid_of(t, number, &id, err));
		if (!t->fetch)
			FE_TRY(prepare_fetch(s, t, false, err));
		st = t->fetch;
	} else {
		if (t->has_stage && !t->fetch_staged)
			FE_TRY(prepare_fetch(s, t, true, err));
		st = t->fetch_staged;
	}
	row = false;
	if (st) {
		fe_stmt_bind_i64(st, 1, id);
		FE_TRY(fe_stmt_step(st, &row, err));
	}
	if (!row)
		return fe_fail(err, FE_EBUG, "table %s: row %" PRId64 " of this run is not there",
		               t->sql.table->name, number);
	rc = read_source(st, 0, t, met, met_row, err);
	fe_stmt_reset(st);
	return rc;
}

enum fe_rc fe_sqlite_has(struct fe_sink *sink, size_t table, const struct fe_column *column,
                         size_t row, bool *known, struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;
	struct fe_sqlite_table *t = &s->tables[table];
	char scratch[32];

	*known = false;
	if (!fe_bit_get(column->valid, row))
		return FE_OK;
	if (!t->has)
		FE_TRY(prepare_has(s, t, err));
	bind_value(t->has, 1, column, row, scratch);
	FE_TRY(fe_stmt_step(t->has, known, err));
	fe_stmt_reset(t->has);
	return FE_OK;
}

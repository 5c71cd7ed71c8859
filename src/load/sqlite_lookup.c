// SPDX-License-Identifier: Apache-2.0
/* load/sqlite_lookup.c - rows out of the SQLite sink, see load/sqlite_sink.h */
#include <inttypes.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "load/sqlite_bind.h"
#include "load/sqlite_sink.h"

#define MAX_SQL_BYTES (1u << 20)

/* ---- values ---- */

static enum fe_rc
bad_value(struct fe_err *err, const struct fe_sqlite_table *t, size_t field)
{
	const struct fe_field *f = &t->sql.table->schema->fields[field];

	return fe_fail(err, FE_ECONFLICT,
	               "table %s, column %s: a stored value is not a %s; was the column declared with "
	               "another type before, or written to by another program?",
	               t->sql.table->name, f->name, fe_kind_name(f->type.kind));
}

/* Reads column `from` of the statement's row as field `field` into met. */
static enum fe_rc
read_value(struct fe_stmt *st, int from, const struct fe_sqlite_table *t, size_t field,
	   struct fe_batch *met, size_t row, struct fe_err *err)
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
static enum fe_rc
read_source(struct fe_stmt *st, int first, const struct fe_sqlite_table *t, struct fe_batch *met,
	    size_t row, struct fe_err *err)
{
	size_t i;

	for (i = 0; i < t->sql.table->schema->n_source; i++)
		FE_TRY(read_value(st, first + (int)i, t, i, met, row, err));
	return FE_OK;
}

/* ---- statements ---- */

static void
add_source(struct fe_buf *sql, const struct fe_sqlite_table *t)
{
	size_t i;

	for (i = 0; i < t->sql.table->schema->n_source; i++)
		fe_buf_addf(sql, "%s%s", i > 0 ? ", " : "", t->sql.stored[i]);
}

static enum fe_rc
prepare_lookup(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_err *err)
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
	return fe_sqlite_prepare(s, &sql, &t->lookup, err);
}

static enum fe_rc
prepare_fetch(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, bool staged, struct fe_err *err)
{
	struct fe_buf sql;
	size_t i;

	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "SELECT ");
	if (!staged) {
		add_source(&sql, t);
		fe_buf_addf(&sql, " FROM main.%s WHERE %s = ?1", t->sql.name, t->sql.rowid);
		return fe_sqlite_prepare(s, &sql, &t->fetch, err);
	}
	for (i = 0; i < t->sql.table->schema->n_source; i++)
		fe_buf_addf(&sql, "%sc%zu", i > 0 ? ", " : "", i);
	fe_buf_addf(&sql, " FROM temp.fe_stage_%zu WHERE id = ?1", t->number);
	return fe_sqlite_prepare(s, &sql, &t->fetch_staged, err);
}

static enum fe_rc
prepare_has(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_err *err)
{
	struct fe_buf sql;

	FE_ASSERT(t->sql.table->n_key == 1);
	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_addf(&sql, "SELECT etl_record = 0 FROM main.%s WHERE %s = ?1", t->sql.name,
	            t->sql.stored[t->sql.table->key[0]]);
	return fe_sqlite_prepare(s, &sql, &t->has, err);
}

/* ---- lookup, fetch, has ---- */

/* The path of an object; kept, as rows of one object mostly come together. */
static enum fe_rc
path_of_object(struct fe_sqlite_sink *s, int64_t object_id, const char **path, struct fe_err *err)
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
static enum fe_rc
print_origin(struct fe_sqlite_sink *s, struct fe_stmt *st, struct fe_batch *met, struct fe_str *out,
	     struct fe_err *err)
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

enum fe_rc
fe_sqlite_lookup(struct fe_sink *sink, size_t table, const struct fe_batch *b, const uint32_t *rows,
		 size_t n, struct fe_batch *met, int64_t *stored, struct fe_str *origin,
		 struct fe_err *err)
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
			fe_sqlite_bind_value(t->lookup, (int)k + 1,
			                     &b->columns[t->sql.table->key[k]], rows[i],
			                     t->scratch[k]);
		stored[i] = -1;
		origin[i] = (struct fe_str){ 0 };
		FE_TRY(fe_stmt_step(t->lookup, &row, err));
		if (!row)
			continue;
		stored[i] = fe_stmt_i64(t->lookup, 0);
		met->origin[i].record = (uint64_t)fe_stmt_i64(t->lookup, 1);
		t->met_placeholders |= met->origin[i].record == 0;
		FE_TRY(print_origin(s, t->lookup, met, &origin[i], err));
		FE_TRY(read_source(t->lookup, 4, t, met, i, err));
		fe_stmt_reset(t->lookup);
	}
	return FE_OK;
}

enum fe_rc
fe_sqlite_fetch(struct fe_sink *sink, size_t table, enum fe_place place, int64_t number,
		struct fe_batch *met, size_t met_row, struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;
	struct fe_sqlite_table *t = &s->tables[table];
	struct fe_stmt *st;
	int64_t id = number;
	enum fe_rc rc;
	bool row;

	if (place == FE_PLACE_INSERTED) {
		FE_TRY(fe_sqlite_rowid_of(t, number, &id, err));
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

/* One value; a bit of *word is set where it is there. */
static enum fe_rc
has_value(struct fe_sqlite_table *t, const struct fe_column *column, size_t row, uint64_t *known,
	  uint64_t *made, struct fe_err *err)
{
	char scratch[32];
	bool is_there;

	fe_sqlite_bind_value(t->has, 1, column, row, scratch);
	FE_TRY(fe_stmt_step(t->has, &is_there, err));
	if (is_there)
		fe_bit_set(fe_stmt_i64(t->has, 0) ? made : known, row);
	fe_stmt_reset(t->has);
	return FE_OK;
}

enum fe_rc
fe_sqlite_has(struct fe_sink *sink, size_t table, const struct fe_column *column,
	      const uint64_t *asked, size_t n_rows, uint64_t *known, uint64_t *made, struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;
	struct fe_sqlite_table *t = &s->tables[table];

	if (!t->has)
		FE_TRY(prepare_has(s, t, err));
	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++)
		for (uint64_t m = asked[w] & column->valid[w]; m; m &= m - 1)
			FE_TRY(has_value(t, column, w * 64 + (size_t)__builtin_ctzll(m), known, made, err));
	return FE_OK;
}

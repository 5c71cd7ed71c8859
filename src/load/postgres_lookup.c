// SPDX-License-Identifier: Apache-2.0
/* load/postgres_lookup.c - rows out of the PostgreSQL sink, see load/postgres_sink.h
 *
 * A batch's keys go to the server as arrays, one a key column, and come back with the rows
 * that have them: one question for some thousand keys. The plan is the generic one, a walk
 * through the arrays that probes the key's index, so that it is made once.
 *
 * Questions go to `look`, which sees the warehouse as it was when the run began, as the
 * run locks keep others out; rows of this run are in the row stores, and, once their table
 * has ended, in what `load` sees.
 */
#include <inttypes.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "format/pgcopy.h"
#include "load/postgres_sink.h"

#define MAX_PATHS 8192
#define AWAKE_US (INT64_C(60) * 1000000)
#define FIELDS_AT 2 /* in a tuple, behind their number */
#define UNKNOWN_OBJECT "an unknown object"

enum { COL_ASKED, COL_TID, COL_XMIN, COL_RECORD, COL_OBJECT, COL_RUN, COL_FIRST };

/* ---- values ---- */

static enum fe_rc
bad_value(struct fe_err *err, const struct fe_table *table, size_t field)
{
	const struct fe_field *f = &table->schema->fields[field];

	return fe_fail(err, FE_ECONFLICT,
	               "table %s, column %s: a stored value is not a %s as it is declared; was the "
	               "column written to by another program?",
	               table->name, f->name, fe_kind_name(f->type.kind));
}

/* The length of the field at `at`, which is moved behind it; -1: null, -2: there is none. */
static int64_t
pass_length(struct fe_str tuple, size_t *at)
{
	const unsigned char *p = (const unsigned char *)tuple.p + *at;
	uint32_t n;

	if (*at + 4 > tuple.n)
		return -2;
	n = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	*at += 4;
	if (n == UINT32_MAX)
		return -1;
	return n > tuple.n - *at ? -2 : (int64_t)n;
}

size_t
fe_postgres_fields_end(struct fe_str tuple, size_t n_fields)
{
	size_t at = FIELDS_AT, i;
	int64_t n;

	for (i = 0; i < n_fields; i++) {
		n = pass_length(tuple, &at);
		FE_ASSERT(n >= -1);
		at += n > 0 ? (size_t)n : 0;
	}
	return at;
}

bool
fe_postgres_field(struct fe_str tuple, size_t field, struct fe_str *value)
{
	size_t at = FIELDS_AT, i;
	int64_t n;

	for (i = 0;; i++) {
		n = pass_length(tuple, &at);
		if (n < -1)
			return false;
		if (i == field) {
			*value = n < 0 ? (struct fe_str){ 0 }
			               : (struct fe_str){ tuple.p + at, (size_t)n };
			return true;
		}
		at += n > 0 ? (size_t)n : 0;
	}
}

/* Encodes a value for each key column of rows[0..n), and asks. */
static enum fe_rc
ask(struct fe_postgres_sink *s, struct fe_pg_query *q, const struct fe_column *const *columns,
    size_t n_columns, const uint32_t *rows, size_t n, struct fe_err *err)
{
	struct fe_pg_param params[FE_POSTGRES_MAX_KEY];
	size_t k;

	for (k = 0; k < n_columns; k++) {
		fe_buf_clear(&s->keys[k]);
		fe_pg_add_array(&s->keys[k], columns[k], rows, n);
		FE_TRY(fe_buf_check(&s->keys[k], "the keys of a batch", err));
		params[k] = (struct fe_pg_param){ .oid = fe_pg_array_oid(columns[k]->type),
			                          .value = fe_buf_str(&s->keys[k]) };
	}
	return fe_pg_query_run(q, params, err);
}

/* ---- statements ---- */

static enum fe_rc
prepare(struct fe_db *db, const struct fe_table *table, struct fe_buf *sql, struct fe_pg_query **out,
	struct fe_err *err)
{
	uint32_t oids[FE_POSTGRES_MAX_KEY];
	enum fe_rc rc;
	size_t k;

	for (k = 0; k < table->n_key; k++)
		oids[k] = fe_pg_array_oid(table->schema->fields[table->key[k]].type);
	rc = fe_buf_check(sql, "the statement", err);
	if (rc == FE_OK)
		rc = fe_pg_query_prepare(db, fe_buf_text(sql), oids, table->n_key, out, err);
	fe_buf_reset(sql);
	return rc;
}

/* "unnest($1, $2) WITH ORDINALITY AS k(k0, k1, i)" */
static void
add_keys(struct fe_buf *sql, const struct fe_table *table)
{
	size_t k;

	fe_buf_add_text(sql, "unnest(");
	for (k = 0; k < table->n_key; k++)
		fe_buf_addf(sql, "%s$%zu", k > 0 ? ", " : "", k + 1);
	fe_buf_add_text(sql, ") WITH ORDINALITY AS k(");
	for (k = 0; k < table->n_key; k++)
		fe_buf_addf(sql, "k%zu, ", k);
	fe_buf_add_text(sql, "i)");
}

static void
add_key_match(struct fe_buf *sql, const struct fe_postgres_table *t)
{
	const struct fe_table *table = t->sql->table;
	size_t k;

	for (k = 0; k < table->n_key; k++)
		fe_buf_addf(sql, "%st.%s = k.k%zu", k > 0 ? " AND " : "",
		            t->sql->columns[table->key[k]], k);
}

static enum fe_rc
prepare_lookup(struct fe_postgres_sink *s, struct fe_postgres_table *t, struct fe_err *err)
{
	struct fe_buf sql;
	size_t i;

	fe_buf_init(&sql, FE_POSTGRES_MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "SELECT k.i, t.ctid, t.xmin, t.etl_record, t.etl_object_id, "
	                      "t.etl_run_id");
	for (i = 0; i < t->sql->table->schema->n_source; i++)
		fe_buf_addf(&sql, ", t.%s", t->sql->columns[i]);
	fe_buf_add_text(&sql, " FROM ");
	add_keys(&sql, t->sql->table);
	fe_buf_addf(&sql, " JOIN %s AS t ON ", t->sql->name);
	add_key_match(&sql, t);
	return prepare(s->look, t->sql->table, &sql, &t->lookup, err);
}

static enum fe_rc
prepare_has(struct fe_db *db, struct fe_postgres_table *t, struct fe_pg_query **out, struct fe_err *err)
{
	struct fe_buf sql;

	FE_ASSERT(t->sql->table->n_key == 1);
	fe_buf_init(&sql, FE_POSTGRES_MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "SELECT k.i, t.etl_record FROM ");
	add_keys(&sql, t->sql->table);
	fe_buf_addf(&sql, " JOIN %s AS t ON ", t->sql->name);
	add_key_match(&sql, t);
	return prepare(db, t->sql->table, &sql, out, err);
}

/* ---- where rows are from ---- */

/* The place of an object among the paths that are known, or where it would be. */
static size_t
find_path(const struct fe_postgres_sink *s, int64_t object_id)
{
	size_t low = 0, high = s->n_paths;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->paths[mid].object_id < object_id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool
knows_path(const struct fe_postgres_sink *s, int64_t object_id)
{
	size_t i = find_path(s, object_id);

	return i < s->n_paths && s->paths[i].object_id == object_id;
}

static void
keep_path(struct fe_postgres_sink *s, int64_t object_id, struct fe_str path)
{
	size_t i = find_path(s, object_id);

	if (i < s->n_paths && s->paths[i].object_id == object_id) {
		fe_free(s->paths[i].path);
	} else {
		s->paths = fe_grow(s->paths, &s->cap_paths, s->n_paths + 1, sizeof(*s->paths));
		memmove(&s->paths[i + 1], &s->paths[i], (s->n_paths - i) * sizeof(*s->paths));
		s->n_paths++;
	}
	s->paths[i] = (struct fe_postgres_path){ .object_id = object_id,
		                                 .path = fe_strndup(path.p, path.n) };
}

static enum fe_rc
prepare_paths(struct fe_postgres_sink *s, struct fe_err *err)
{
	const uint32_t oid = FE_PG_INT8_ARRAY;
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, FE_POSTGRES_MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "SELECT object_id, path FROM ");
	fe_db_add_name(&sql, fe_pg_schema(s->look));
	fe_buf_add_text(&sql, ".etl_objects WHERE object_id = ANY ($1)");
	rc = fe_buf_check(&sql, "the statement", err);
	if (rc == FE_OK)
		rc = fe_pg_query_prepare(s->look, fe_buf_text(&sql), &oid, 1, &s->ask_paths, err);
	fe_buf_reset(&sql);
	return rc;
}

/* The paths of ids[0..n), which none is known of; each is known after. */
static enum fe_rc
ask_paths(struct fe_postgres_sink *s, int64_t *ids, size_t n, struct fe_err *err)
{
	uint64_t valid[FE_BITMAP_WORDS(FE_BATCH_ROWS)];
	struct fe_column column = { .type = { .kind = FE_INT }, .valid = valid, .i64 = ids };
	const struct fe_column *columns = &column;
	uint32_t rows[FE_BATCH_ROWS];
	int64_t id;
	size_t i;

	if (!s->ask_paths)
		FE_TRY(prepare_paths(s, err));
	fe_bits_fill(valid, FE_BATCH_ROWS, true);
	for (i = 0; i < n; i++)
		rows[i] = (uint32_t)i;
	FE_TRY(ask(s, s->ask_paths, &columns, 1, rows, n, err));
	for (i = 0; i < fe_pg_query_n_rows(s->ask_paths); i++) {
		if (fe_pg_read_i64(fe_pg_query_value(s->ask_paths, i, 0), &id))
			keep_path(s, id, fe_pg_query_value(s->ask_paths, i, 1));
	}
	return FE_OK;
}

/* Makes sure that the object of each row that was met has a path. */
static enum fe_rc
learn_paths(struct fe_postgres_sink *s, const struct fe_pg_query *q, struct fe_err *err)
{
	int64_t ids[FE_BATCH_ROWS], id;
	size_t n = 0, i;

	if (s->n_paths > MAX_PATHS) {
		for (i = 0; i < s->n_paths; i++)
			fe_free(s->paths[i].path);
		s->n_paths = 0;
	}
	for (i = 0; i < fe_pg_query_n_rows(q); i++) {
		if (!fe_pg_read_i64(fe_pg_query_value(q, i, COL_OBJECT), &id) || knows_path(s, id))
			continue;
		keep_path(s, id, FE_STR(UNKNOWN_OBJECT)); /* until the answer comes */
		ids[n++] = id;
	}
	return n > 0 ? ask_paths(s, ids, n, err) : FE_OK;
}

/* "record 17 of a.csv, run 01J..." */
static enum fe_rc
print_origin(struct fe_postgres_sink *s, const struct fe_pg_query *q, size_t row,
	     struct fe_batch *met, struct fe_str *out, struct fe_err *err)
{
	struct fe_buf *text = &s->origin;
	int64_t record = 0, object_id = 0;
	const char *path = UNKNOWN_OBJECT;

	(void)fe_pg_read_i64(fe_pg_query_value(q, row, COL_RECORD), &record);
	if (fe_pg_read_i64(fe_pg_query_value(q, row, COL_OBJECT), &object_id) &&
	    knows_path(s, object_id))
		path = s->paths[find_path(s, object_id)].path;
	fe_buf_clear(text);
	fe_buf_add_text(text, "record ");
	fe_buf_add_i64(text, record);
	fe_buf_add_text(text, " of ");
	fe_buf_add_text(text, path);
	fe_buf_add_text(text, ", run ");
	fe_buf_add_str(text, fe_pg_query_value(q, row, COL_RUN));
	FE_TRY(fe_buf_check(text, "the origin of a row", err));
	*out = (struct fe_str){ fe_arena_copy(&met->arena, text->p, text->n_bytes), text->n_bytes };
	return FE_OK;
}

/* ---- lookup ---- */

/* A run of which nothing is new has nothing to say on load for as long as it reads: so that
 * the server does not take it for forgotten, and that a lost one is noticed. */
static enum fe_rc
keep_awake(struct fe_postgres_sink *s, struct fe_err *err)
{
	int64_t now_us = fe_clock_ticks(s->base.set.clock);

	if (s->copying || now_us - s->awake_us < AWAKE_US)
		return FE_OK;
	s->awake_us = now_us;
	return fe_db_exec(s->load, "SELECT 1", err);
}

/* Which of the n keys asked for a row of the answer is about. */
static enum fe_rc
asked_of(const struct fe_pg_query *q, size_t row, size_t n, size_t *out, struct fe_err *err)
{
	int64_t i;

	if (!fe_pg_read_i64(fe_pg_query_value(q, row, COL_ASKED), &i) || i < 1 || (uint64_t)i > n)
		return fe_fail(err, FE_EBUG, "the server answers what it was not asked");
	*out = (size_t)i - 1;
	return FE_OK;
}

static enum fe_rc
read_met(struct fe_postgres_sink *s, struct fe_postgres_table *t, size_t row, size_t n,
	 struct fe_batch *met, int64_t *stored, struct fe_str *origin, struct fe_err *err)
{
	const struct fe_table *table = t->sql->table;
	const int64_t mark_mask = (INT64_C(1) << FE_POSTGRES_MARK_BITS) - 1;
	int64_t tid, xmin, record;
	size_t i = 0, k;

	FE_TRY(asked_of(t->lookup, row, n, &i, err));
	if (!fe_pg_read_tid(fe_pg_query_value(t->lookup, row, COL_TID), &tid) ||
	    !fe_pg_read_i64(fe_pg_query_value(t->lookup, row, COL_XMIN), &xmin) ||
	    !fe_pg_read_i64(fe_pg_query_value(t->lookup, row, COL_RECORD), &record))
		return fe_fail(err, FE_EBUG, "table %s: a row without a place", table->name);
	stored[i] = (xmin & mark_mask) << FE_POSTGRES_TID_BITS | tid;
	met->origin[i].record = (uint64_t)record;
	t->met_placeholders |= record == 0;
	for (k = 0; k < table->schema->n_source; k++) {
		if (!fe_pg_read_value(fe_pg_query_value(t->lookup, row, COL_FIRST + k),
		                      &met->columns[k], i, &met->arena))
			return bad_value(err, table, k);
	}
	return print_origin(s, t->lookup, row, met, &origin[i], err);
}

enum fe_rc
fe_postgres_lookup(struct fe_sink *sink, size_t table, const struct fe_batch *b, const uint32_t *rows,
		   size_t n, struct fe_batch *met, int64_t *stored, struct fe_str *origin,
		   struct fe_err *err)
{
	struct fe_postgres_sink *s = (struct fe_postgres_sink *)sink;
	struct fe_postgres_table *t = &s->tables[table];
	const struct fe_column *columns[FE_POSTGRES_MAX_KEY];
	size_t i;

	FE_TRY(fe_failpoint("load.lookup", err));
	FE_TRY(keep_awake(s, err));
	for (i = 0; i < n; i++) {
		stored[i] = -1;
		origin[i] = (struct fe_str){ 0 };
	}
	if (t->is_new)
		return FE_OK;
	if (!t->lookup)
		FE_TRY(prepare_lookup(s, t, err));
	for (i = 0; i < t->sql->table->n_key; i++)
		columns[i] = &b->columns[t->sql->table->key[i]];
	FE_TRY(ask(s, t->lookup, columns, t->sql->table->n_key, rows, n, err));
	FE_TRY(learn_paths(s, t->lookup, err));
	for (i = 0; i < fe_pg_query_n_rows(t->lookup); i++)
		FE_TRY(read_met(s, t, i, n, met, stored, origin, err));
	return FE_OK;
}

/* ---- fetch ---- */

enum fe_rc
fe_postgres_fetch(struct fe_sink *sink, size_t table, enum fe_place place, int64_t number,
		  struct fe_batch *met, size_t met_row, struct fe_err *err)
{
	struct fe_postgres_sink *s = (struct fe_postgres_sink *)sink;
	struct fe_postgres_table *t = &s->tables[table];
	const struct fe_postgres_staged *staged = NULL;
	struct fe_str tuple, value;
	size_t i;

	if (place == FE_PLACE_STORED)
		staged = fe_postgres_find_staged(t, number);
	if (!t->has_stage || (place == FE_PLACE_STORED && !staged))
		return fe_fail(err, FE_EBUG, "table %s: row %" PRId64 " of this run is not there",
		               t->sql->table->name, number);
	if (staged)
		FE_TRY(fe_row_store_get(t->updates, staged->place, &tuple, err));
	else
		FE_TRY(fe_row_store_get(t->inserts, (uint64_t)number, &tuple, err));
	for (i = 0; i < t->sql->table->schema->n_source; i++) {
		if (!fe_postgres_field(tuple, FE_POSTGRES_FIRST_COLUMN + i, &value) ||
		    !fe_pg_read_value(value, &met->columns[i], met_row, &met->arena))
			return fe_fail(err, FE_EBUG, "table %s: a row set aside cannot be read",
			               t->sql->table->name);
	}
	return FE_OK;
}

/* ---- has ---- */

/* The rows that are asked for, and what is found. */
struct question {
	const struct fe_column *column;
	uint32_t rows[FE_BATCH_ROWS];
	size_t n;
	uint64_t *known, *made;
};

/* Asks one connection, and takes what is known out of the question. */
static enum fe_rc
has_in(struct fe_postgres_sink *s, struct fe_pg_query *query, struct question *q, struct fe_err *err)
{
	size_t i, at = 0, n_left = 0;
	int64_t record;

	FE_TRY(ask(s, query, &q->column, 1, q->rows, q->n, err));
	for (i = 0; i < fe_pg_query_n_rows(query); i++) {
		FE_TRY(asked_of(query, i, q->n, &at, err));
		bool is_made = fe_pg_read_i64(fe_pg_query_value(query, i, 1), &record) && record == 0;
		fe_bit_set(is_made ? q->made : q->known, q->rows[at]);
	}
	for (i = 0; i < q->n; i++) {
		if (!fe_bit_get(q->known, q->rows[i]))
			q->rows[n_left++] = q->rows[i];
	}
	q->n = n_left;
	return FE_OK;
}

static enum fe_rc
has_stored(struct fe_postgres_sink *s, struct fe_postgres_table *t, struct question *q, struct fe_err *err)
{
	if (!t->has)
		FE_TRY(prepare_has(s->look, t, &t->has, err));
	return has_in(s, t->has, q, err);
}

/* What this run wrote is seen by load alone, and so are tables it has locked. */
static enum fe_rc
has_now(struct fe_postgres_sink *s, struct fe_postgres_table *t, struct question *q, struct fe_err *err)
{
	FE_TRY(fe_postgres_pause_copy(s, err));
	if (!t->has_now)
		FE_TRY(prepare_has(s->load, t, &t->has_now, err));
	return has_in(s, t->has_now, q, err);
}

/* Only when they are read is a COPY interrupted. */
static enum fe_rc
learn_keys(struct fe_postgres_sink *s, struct fe_postgres_table *t, size_t n, bool is_now,
	   struct fe_err *err)
{
	if (!fe_postgres_keys_pay(t, n))
		return FE_OK;
	if (is_now)
		FE_TRY(fe_postgres_pause_copy(s, err));
	return fe_postgres_keys_learn(is_now ? s->load : s->look, t, err);
}

enum fe_rc
fe_postgres_has(struct fe_sink *sink, size_t table, const struct fe_column *column,
		const uint64_t *asked, size_t n_rows, uint64_t *known, uint64_t *made, struct fe_err *err)
{
	struct fe_postgres_sink *s = (struct fe_postgres_sink *)sink;
	struct fe_postgres_table *t = &s->tables[table];
	struct question q = { .column = column, .known = known, .made = made };
	size_t i;
	bool is_now;

	FE_ASSERT(n_rows <= FE_BATCH_ROWS);
	for (i = 0; i < n_rows; i++) {
		if (fe_bit_get(asked, i) && fe_bit_get(column->valid, i))
			q.rows[q.n++] = (uint32_t)i;
	}
	is_now = t->n_merged > 0 || s->is_look_shut;
	if (q.n == 0 || (t->is_new && !is_now))
		return FE_OK;
	FE_TRY(learn_keys(s, t, q.n, is_now, err));
	if (t->keys)
		return fe_postgres_keys_find(s, t, column, q.rows, q.n, known, made, err);
	if (!t->is_new && !s->is_look_shut)
		FE_TRY(has_stored(s, t, &q, err));
	return q.n > 0 && is_now ? has_now(s, t, &q, err) : FE_OK;
}

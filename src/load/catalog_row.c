// SPDX-License-Identifier: Apache-2.0
/* load/catalog_row.c - one row by its key, see load/catalog.h */
#include "base/decimal.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "db/postgres.h"
#include "load/catalog_private.h"
#include "load/pg_schema.h"
#include "load/schema.h"
#include "load/table_sql.h"

#define MAX_SQL_BYTES (1u << 20)

static const char *const stamp_names[] = { "processed_at",  "created_at", "updated_at",
	                                   "etl_object_id", "etl_record", "etl_run_id" };
#define N_STAMPS (sizeof(stamp_names) / sizeof(stamp_names[0]))

static enum fe_rc
bad_key(struct fe_err *err, const struct fe_field *f, const char *text)
{
	char type[FE_TYPE_TEXT_BYTES];

	return fe_fail(err, FE_EUSAGE, "'%s' is not a %s, which the key column %s is%s", text,
	               fe_type_print(f->type, type), f->name,
	               f->type.kind == FE_TIMESTAMP ? "; write it as 2026-01-31T10:00:00Z" : "");
}

/* A table as its engine has it: its name and, in the order of the schema, its stored
 * columns, ready for SQL. */
struct place {
	const struct fe_table *table;
	bool is_scaled; /* decimals are stored as whole numbers */
	const char *prefix, *name;
	char *const *columns;
};

/* scratch must live until the statement is stepped. */
static enum fe_rc
bind_key(struct fe_stmt *st, int index, const struct fe_field *f, bool is_scaled, const char *text,
	 char scratch[FE_DECIMAL_TEXT_BYTES], struct fe_err *err)
{
	struct fe_str s = fe_str_of(text);
	int64_t v = 0;
	int32_t days;
	bool b, good = true;

	switch (f->type.kind) {
	case FE_TEXT:
		fe_stmt_bind_text(st, index, s);
		return fe_utf8_is_valid(s) ? FE_OK : bad_key(err, f, text);
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
	if (f->type.kind == FE_DECIMAL && !is_scaled)
		fe_stmt_bind_text(st, index,
		                  (struct fe_str){ scratch, fe_decimal_format(v, f->type.scale, scratch) });
	else
		fe_stmt_bind_i64(st, index, v);
	return FE_OK;
}

static struct fe_str
cell_text(struct fe_stmt *st, int column, struct fe_type type, bool is_scaled, struct fe_arena *arena)
{
	char text[FE_DECIMAL_TEXT_BYTES];
	size_t n;

	if (fe_stmt_is_null(st, column))
		return (struct fe_str){ 0 };
	if (type.kind == FE_BOOL)
		return fe_stmt_i64(st, column) ? FE_STR("true") : FE_STR("false");
	if (type.kind != FE_DECIMAL || !is_scaled)
		return fe_stmt_text(st, column);
	n = fe_decimal_format(fe_stmt_i64(st, column), type.scale, text);
	return (struct fe_str){ fe_arena_copy(arena, text, n), n };
}

/* The statement's columns: those of the schema, the stamps, the object's path and hash. */
static enum fe_rc
give_row(struct fe_stmt *st, const struct place *p, fe_catalog_row_fn each, void *ctx,
	 struct fe_err *err)
{
	const struct fe_table *t = p->table;
	size_t n = t->schema->n_fields, i;
	struct fe_catalog_cell *cells = fe_new_array(n + N_STAMPS, struct fe_catalog_cell);
	struct fe_arena arena = { 0 };
	int stamps = (int)n, object = (int)(n + N_STAMPS);
	struct fe_catalog_row row = { .cells = cells, .n_cells = n + N_STAMPS };
	enum fe_rc rc;

	for (i = 0; i < n; i++) {
		cells[i].name = t->schema->fields[i].name;
		cells[i].value = cell_text(st, (int)i, t->schema->fields[i].type, p->is_scaled, &arena);
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

static enum fe_rc
prepare_row(struct fe_catalog *c, const struct place *p, struct fe_stmt **out, struct fe_err *err)
{
	const struct fe_table *t = p->table;
	struct fe_buf text;
	enum fe_rc rc;
	size_t i;

	fe_buf_init(&text, MAX_SQL_BYTES);
	fe_buf_add_text(&text, "SELECT ");
	for (i = 0; i < t->schema->n_fields; i++)
		fe_buf_addf(&text, "t.%s, ", p->columns[i]);
	for (i = 0; i < N_STAMPS; i++)
		fe_buf_addf(&text, "t.%s, ", stamp_names[i]);
	fe_buf_addf(&text,
	            "o.path, o.sha256 FROM %s%s AS t LEFT JOIN main.etl_objects AS o "
	            "ON o.object_id = t.etl_object_id WHERE ",
	            p->prefix, p->name);
	for (i = 0; i < t->n_key; i++)
		fe_buf_addf(&text, "%st.%s = ?%zu", i > 0 ? " AND " : "", p->columns[t->key[i]],
		            i + 1);
	rc = fe_buf_check(&text, "the statement", err);
	if (rc == FE_OK)
		rc = fe_db_prepare(c->db, fe_buf_str(&text), out, err);
	fe_buf_reset(&text);
	return rc;
}

struct question {
	const char *const *key;
	bool *found;
	fe_catalog_row_fn each;
	void *ctx;
};

static enum fe_rc
find_in(struct fe_catalog *c, const struct place *p, const struct question *q, struct fe_err *err)
{
	const struct fe_table *t = p->table;
	char(*scratch)[FE_DECIMAL_TEXT_BYTES];
	struct fe_stmt *st;
	enum fe_rc rc;
	size_t i;

	FE_TRY(prepare_row(c, p, &st, err));
	scratch = fe_alloc_array(t->n_key, sizeof(*scratch));
	for (i = 0, rc = FE_OK; i < t->n_key && rc == FE_OK; i++)
		rc = bind_key(st, (int)i + 1, &t->schema->fields[t->key[i]], p->is_scaled, q->key[i],
		              scratch[i], err);
	if (rc == FE_OK)
		rc = fe_stmt_step(st, q->found, err);
	if (rc == FE_OK && *q->found)
		rc = give_row(st, p, q->each, q->ctx, err);
	fe_stmt_free(st);
	fe_free(scratch);
	return rc;
}

static enum fe_rc
find_in_sqlite(struct fe_catalog *c, const struct fe_table *table, const struct question *q,
	       struct fe_err *err)
{
	struct place p = { .table = table, .is_scaled = true, .prefix = "main." };
	struct fe_table_sql sql;
	enum fe_rc rc;

	FE_TRY(fe_table_sql_init(&sql, table, err));
	p.name = sql.name;
	p.columns = sql.stored;
	rc = fe_schema_compare(c->db, &sql, q->found, err);
	if (rc == FE_OK && *q->found)
		rc = find_in(c, &p, q, err);
	fe_table_sql_reset(&sql);
	return rc;
}

static enum fe_rc
find_in_postgres(struct fe_catalog *c, const struct fe_table *table, const struct question *q,
		 struct fe_err *err)
{
	struct place p = { .table = table, .prefix = "" };
	struct fe_pg_table sql;
	enum fe_rc rc;

	FE_TRY(fe_pg_table_init(&sql, table, fe_pg_schema(c->db), err));
	p.name = sql.name;
	p.columns = sql.columns;
	rc = fe_pg_schema_compare(c->db, &sql, q->found, err);
	if (rc == FE_OK && *q->found)
		rc = find_in(c, &p, q, err);
	fe_pg_table_reset(&sql);
	return rc;
}

enum fe_rc
fe_catalog_find_row(struct fe_catalog *c, const struct fe_table *table, const char *const *key,
		    size_t n_key, bool *found, fe_catalog_row_fn each, void *ctx,
		    struct fe_err *err)
{
	const struct question q = { .key = key, .found = found, .each = each, .ctx = ctx };

	*found = false;
	if (n_key != table->n_key)
		return fe_fail(err, FE_EUSAGE, "the key of %s has %zu column%s, given %s %zu",
		               table->name, table->n_key, table->n_key == 1 ? "" : "s",
		               n_key == 1 ? "is" : "are", n_key);
	return fe_db_engine(c->db) == FE_DB_SQLITE ? find_in_sqlite(c, table, &q, err)
	                                           : find_in_postgres(c, table, &q, err);
}

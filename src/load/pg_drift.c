// SPDX-License-Identifier: Apache-2.0
/* load/pg_drift.c - whether a table that is there is the one that was declared
 *
 * Compared by the catalogs, so by meaning: kind of table, columns with their types and
 * nullness, key, foreign keys, indexes. A condition is printed by the server as it
 * understands it (EXPLAIN VERBOSE), ours and the table's, and the two are compared. What
 * the table has more, and what does not hinder a load, is its owner's business: columns
 * that may be left out, conditions, indexes, triggers.
 *
 * Key and foreign keys must have their names: a load takes them off and puts them back.
 */
#include "load/pg_drift.h"
#include "load/pg_schema.h"

#define MAX_TEXT_BYTES (4u << 20)

enum fe_rc
fe_pg_differs(struct fe_err *err, const struct fe_pg_table *t, const char *column, const char *what,
	      struct fe_str is, const char *declared)
{
	if (!column)
		return fe_fail(err, FE_ECONFLICT,
			       "table %s: %s is %.*s, declared is %s" FE_PG_WAY_OUT, t->name, what,
			       FE_STR_ARGS(is), declared);
	return fe_fail(err, FE_ECONFLICT,
		       "table %s, column %s: %s is %.*s, declared is %s" FE_PG_WAY_OUT, t->name,
		       column, what, FE_STR_ARGS(is), declared);
}

enum fe_rc
fe_pg_other_name(struct fe_err *err, const struct fe_pg_table *t, const char *what,
		 struct fe_str is, const char *declared)
{
	return fe_fail(
	    err, FE_ECONFLICT,
	    "table %s: %s has the name \"%.*s\", finetl's is \"%s\": ALTER TABLE %s RENAME "
	    "CONSTRAINT \"%.*s\" TO \"%s\"",
	    t->name, what, FE_STR_ARGS(is), declared, t->name, FE_STR_ARGS(is), declared);
}

void
fe_pg_print_columns(struct fe_buf *out, const struct fe_schema *schema, const size_t *columns,
		    size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		fe_buf_addf(out, "%s%s", i > 0 ? "," : "", schema->fields[columns[i]].name);
}

/* ---- kind ---- */

static const struct kind {
	const char *letter, *name;
} kinds[] = {
    {"v", "a view"},	       {"m", "a materialized view"},
    {"f", "a foreign table"},  {"p", "a partitioned table"},
    {"S", "a sequence"},       {"i", "an index"},
    {"c", "a composite type"},
};

static enum fe_rc
compare_kind(struct fe_stmt *st, const struct fe_pg_table *t, bool *exists, struct fe_err *err)
{
	struct fe_str kind;
	size_t i;

	FE_TRY(fe_stmt_step(st, exists, err));
	if (!*exists)
		return FE_OK;
	kind = fe_stmt_text(st, 0);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (fe_str_is(kind, kinds[i].letter))
			return fe_pg_differs(err, t, NULL, "its kind", fe_str_of(kinds[i].name),
					     "a table");
	}
	if (!fe_str_is(fe_stmt_text(st, 1), "p"))
		return fe_pg_differs(err, t, NULL, "its kind", FE_STR("unlogged or temporary"),
				     "a table that outlives a crash of the server");
	if (fe_stmt_i64(st, 2))
		return fe_pg_differs(err, t, NULL, "its kind",
				     FE_STR("a table that others inherit from"), "a table");
	if (fe_stmt_i64(st, 3))
		return fe_fail(
		    err, FE_ECONFLICT,
		    "table %s: row level security hides rows from this role, and what is "
		    "hidden would be loaded twice; give the role a policy that bypasses it "
		    "(BYPASSRLS)",
		    t->name);
	return FE_OK;
}

/* ---- columns: name, type, not null, generated always, may be left out, collation
 *      that takes different texts for equal ---- */

struct column {
	const char *name, *type;
	bool is_not_null;
};

static bool
find_column(const struct fe_pg_table *t, struct fe_str name, struct column *out)
{
	const struct fe_schema *schema = t->table->schema;
	size_t i = fe_schema_find(schema, name);

	if (i != FE_NO_COLUMN) {
		*out = (struct column){.name = schema->fields[i].name,
				       .type = t->types[i],
				       .is_not_null =
					   t->table->not_null[i] || fe_table_is_key(t->table, i)};
		return true;
	}
	for (i = 0; i < FE_PG_N_STAMPS; i++) {
		if (!fe_str_is(name, fe_pg_stamps[i].name))
			continue;
		*out = (struct column){.name = fe_pg_stamps[i].name,
				       .type = fe_pg_stamps[i].type,
				       .is_not_null = true};
		return true;
	}
	return false;
}

/* The type by the name that format_type gives it. */
static void
print_type(struct fe_buf *out, const char *type)
{
	fe_buf_clear(out);
	if (strncmp(type, "varchar", 7) == 0)
		fe_buf_addf(out, "character varying%s", type + 7);
	else if (strcmp(type, "timestamptz") == 0)
		fe_buf_add_text(out, "timestamp with time zone");
	else
		fe_buf_add_text(out, type);
}

static enum fe_rc
compare_type(struct fe_str is, const struct fe_pg_table *t, const struct column *c,
	     struct fe_err *err)
{
	struct fe_buf type;
	enum fe_rc rc = FE_OK;

	fe_buf_init(&type, MAX_TEXT_BYTES);
	print_type(&type, c->type);
	if (!fe_str_is(is, fe_buf_text(&type)))
		rc = fe_fail(err, FE_ECONFLICT,
			     "table %s, column %s: its type is %.*s, declared is %s; change the "
			     "pipeline file, or the table: ALTER TABLE %s ALTER COLUMN %s TYPE %s",
			     t->name, c->name, FE_STR_ARGS(is), fe_buf_text(&type), t->name,
			     c->name, c->type);
	fe_buf_reset(&type);
	return rc;
}

static enum fe_rc
compare_column(struct fe_stmt *st, const struct fe_pg_table *t, bool *is_ours, struct fe_err *err)
{
	struct fe_str name = fe_stmt_text(st, 0);
	bool is_not_null = fe_stmt_i64(st, 2) != 0;
	struct column c;

	*is_ours = find_column(t, name, &c);
	if (!*is_ours) {
		if (is_not_null && !fe_stmt_i64(st, 4))
			return fe_fail(
			    err, FE_ECONFLICT,
			    "table %s has a column %.*s that is not declared, is NOT NULL and "
			    "has no default" FE_PG_WAY_OUT,
			    t->name, FE_STR_ARGS(name));
		return FE_OK;
	}
	FE_TRY(compare_type(fe_stmt_text(st, 1), t, &c, err));
	if (is_not_null != c.is_not_null)
		return fe_pg_differs(err, t, c.name, "it",
				     is_not_null ? FE_STR("NOT NULL") : FE_STR("nullable"),
				     c.is_not_null ? "NOT NULL" : "nullable");
	if (fe_stmt_i64(st, 3))
		return fe_pg_differs(err, t, c.name, "it", FE_STR("generated by the server"),
				     "loaded");
	if (fe_stmt_i64(st, 5))
		return fe_pg_differs(
		    err, t, c.name, "its collation",
		    FE_STR("one that takes different texts for equal (nondeterministic)"), "\"C\"");
	return FE_OK;
}

static enum fe_rc
has_column(struct fe_stmt *st, const char *name, bool *has, struct fe_err *err)
{
	bool row;

	*has = false;
	fe_stmt_reset(st);
	for (;;) {
		FE_TRY(fe_stmt_step(st, &row, err));
		if (!row)
			return FE_OK;
		*has |= fe_str_is(fe_stmt_text(st, 0), name);
	}
}

static enum fe_rc
name_missing_column(struct fe_stmt *st, const struct fe_pg_table *t, struct fe_err *err)
{
	size_t n = t->table->schema->n_fields, i;

	for (i = 0; i < n + FE_PG_N_STAMPS; i++) {
		const char *name =
		    i < n ? t->table->schema->fields[i].name : fe_pg_stamps[i - n].name;
		bool has;

		FE_TRY(has_column(st, name, &has, err));
		if (!has)
			return fe_fail(err, FE_ECONFLICT,
				       "table %s has no column %s, which is %s" FE_PG_WAY_OUT,
				       t->name, name,
				       i < n ? "declared" : "one of finetl's stamps");
	}
	return FE_OK;
}

static enum fe_rc
compare_columns(struct fe_stmt *st, const struct fe_pg_table *t, struct fe_err *err)
{
	size_t n = 0;
	bool row, is_ours;

	for (;;) {
		FE_TRY(fe_stmt_step(st, &row, err));
		if (!row)
			break;
		FE_TRY(compare_column(st, t, &is_ours, err));
		n += is_ours;
	}
	return n == t->table->schema->n_fields + FE_PG_N_STAMPS ? FE_OK
								: name_missing_column(st, t, err);
}

/* ---- key: name, columns by commas, deferrable ---- */

static enum fe_rc
compare_key(struct fe_stmt *st, const struct fe_pg_table *t, struct fe_err *err)
{
	struct fe_buf key;
	enum fe_rc rc;
	bool row;

	FE_TRY(fe_stmt_step(st, &row, err));
	if (!row)
		return fe_fail(err, FE_ECONFLICT, "table %s: its primary key is missing: %s",
			       t->name, t->key.add);
	fe_buf_init(&key, MAX_TEXT_BYTES);
	fe_pg_print_columns(&key, t->table->schema, t->table->key, t->table->n_key);
	if (!fe_str_eq(fe_stmt_text(st, 1), fe_buf_str(&key)))
		rc = fe_pg_differs(err, t, NULL, "its primary key", fe_stmt_text(st, 1),
				   fe_buf_text(&key));
	else if (fe_stmt_i64(st, 2))
		rc = fe_pg_differs(err, t, NULL, "its primary key", FE_STR("deferrable"), "not");
	else if (!fe_str_is(fe_stmt_text(st, 0), t->key.name))
		rc = fe_pg_other_name(err, t, "its primary key", fe_stmt_text(st, 0), t->key.name);
	else
		rc = FE_OK;
	fe_buf_reset(&key);
	return rc;
}

/* ---- the whole ---- */

typedef enum fe_rc (*compare_fn)(struct fe_stmt *st, const struct fe_pg_table *t,
				 struct fe_err *err);

static enum fe_rc
with_query(struct fe_db *db, const char *sql, compare_fn compare, const struct fe_pg_table *t,
	   struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(db, fe_str_of(sql), &st, err));
	fe_stmt_bind_cstr(st, 1, t->name);
	rc = compare(st, t, err);
	fe_stmt_free(st);
	return rc;
}

static enum fe_rc
find_table(struct fe_db *db, const struct fe_pg_table *t, bool *exists, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(
	    db,
	    FE_STR(
		"SELECT CAST(c.relkind AS text), CAST(c.relpersistence AS text), EXISTS (SELECT 1 "
		"FROM pg_catalog.pg_inherits WHERE inhparent = c.oid), "
		"pg_catalog.row_security_active(c.oid) FROM pg_catalog.pg_class AS c JOIN "
		"pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = ?1 "
		"AND c.relname = ?2"),
	    &st, err));
	fe_stmt_bind_cstr(st, 1, t->schema);
	fe_stmt_bind_cstr(st, 2, t->plain);
	rc = compare_kind(st, t, exists, err);
	fe_stmt_free(st);
	return rc;
}

enum fe_rc
fe_pg_schema_compare(struct fe_db *db, const struct fe_pg_table *t, bool *exists,
		     struct fe_err *err)
{
	FE_TRY(find_table(db, t, exists, err));
	if (!*exists)
		return FE_OK;
	FE_TRY(with_query(
	    db,
	    "SELECT CAST(a.attname AS text), pg_catalog.format_type(a.atttypid, a.atttypmod), "
	    "a.attnotnull, a.attgenerated <> '' OR a.attidentity = 'a', a.atthasdef OR "
	    "a.attidentity <> '', c.collisdeterministic IS FALSE FROM pg_catalog.pg_attribute AS a "
	    "LEFT JOIN pg_catalog.pg_collation AS c ON c.oid = a.attcollation WHERE a.attrelid = "
	    "pg_catalog.to_regclass(?1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
	    compare_columns, t, err));
	FE_TRY(with_query(
	    db,
	    "SELECT CAST(k.conname AS text), (SELECT pg_catalog.string_agg(a.attname, ',' ORDER BY "
	    "x.i) FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS x (n, i) JOIN "
	    "pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = x.n), "
	    "k.condeferrable FROM pg_catalog.pg_constraint AS k WHERE k.contype = 'p' AND "
	    "k.conrelid = pg_catalog.to_regclass(?1)",
	    compare_key, t, err));
	FE_TRY(fe_pg_compare_checks(db, t, err));
	FE_TRY(fe_pg_compare_foreign_keys(db, t, err));
	return fe_pg_compare_indexes(db, t, err);
}

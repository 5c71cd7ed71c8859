// SPDX-License-Identifier: Apache-2.0
/* load/pg_drift_parts.c - whether the parts of a table are those that were declared: foreign
 * keys, indexes, conditions; see load/pg_drift.c
 */
#include "load/pg_drift.h"

#define MAX_TEXT_BYTES (4u << 20)

/* ---- foreign keys: name, columns by commas, whether to the right table, its columns,
 *      plain (no actions, MATCH SIMPLE, not deferrable), checked for all rows ---- */

struct foreign_key {
	const char *name;
	struct fe_buf columns, to;
	bool found;
};

static enum fe_rc
compare_foreign_key(struct fe_stmt *st, const struct fe_pg_table *t, struct foreign_key *k,
		    bool *is_same, struct fe_err *err)
{
	bool is_named = fe_str_is(fe_stmt_text(st, 0), k->name);

	*is_same = fe_str_eq(fe_stmt_text(st, 1), fe_buf_str(&k->columns)) && fe_stmt_i64(st, 2) &&
		   fe_str_eq(fe_stmt_text(st, 3), fe_buf_str(&k->to));
	if (!is_named)
		return FE_OK;
	k->found = true;
	if (!*is_same)
		return fe_pg_differs(err, t, NULL, "a foreign key", FE_STR("another one"), k->name);
	if (!fe_stmt_i64(st, 4))
		return fe_pg_differs(err, t, NULL, "a foreign key",
				     FE_STR("deferrable, or with an action or MATCH of its own"),
				     k->name);
	if (!fe_stmt_i64(st, 5))
		return fe_fail(
		    err, FE_ECONFLICT,
		    "table %s: the foreign key %s is NOT VALID, it was not checked for the "
		    "rows that are there: ALTER TABLE %s VALIDATE CONSTRAINT %s",
		    t->name, k->name, t->name, k->name);
	return FE_OK;
}

/* One of the right meaning and another name is not to be doubled. */
static enum fe_rc
find_foreign_key(struct fe_stmt *st, const struct fe_pg_table *t, struct foreign_key *k,
		 struct fe_err *err)
{
	char other[64] = "";
	bool row, is_same;

	for (;;) {
		FE_TRY(fe_stmt_step(st, &row, err));
		if (!row)
			break;
		FE_TRY(compare_foreign_key(st, t, k, &is_same, err));
		if (is_same && fe_stmt_text(st, 0).n < sizeof(other))
			memcpy(other, fe_stmt_text(st, 0).p, fe_stmt_text(st, 0).n);
	}
	if (!k->found && other[0])
		return fe_pg_other_name(err, t, "a foreign key", fe_str_of(other), k->name);
	return FE_OK;
}

enum fe_rc
fe_pg_compare_foreign_keys(struct fe_db *db, const struct fe_pg_table *t, struct fe_err *err)
{
	static const char sql[] =
	    "SELECT CAST(k.conname AS text), (SELECT pg_catalog.string_agg(a.attname, ',' ORDER BY "
	    "x.i) FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS x (n, i) JOIN "
	    "pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = x.n), "
	    "k.confrelid = pg_catalog.to_regclass(?2), (SELECT pg_catalog.string_agg(a.attname, "
	    "',' ORDER BY x.i) FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS x (n, i) JOIN "
	    "pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = x.n), "
	    "NOT k.condeferrable AND k.confupdtype = 'a' AND k.confdeltype = 'a' AND "
	    "k.confmatchtype = 's', k.convalidated FROM pg_catalog.pg_constraint AS k "
	    "WHERE k.contype = 'f' AND k.conrelid = pg_catalog.to_regclass(?1)";
	struct fe_stmt *st;
	enum fe_rc rc = FE_OK;
	size_t i;

	FE_TRY(fe_db_prepare(db, FE_STR(sql), &st, err));
	for (i = 0; i < t->n_foreign_keys && rc == FE_OK; i++) {
		const struct fe_foreign_key *declared = &t->table->foreign_keys[i];
		struct foreign_key k = {.name = t->foreign_keys[i].name};

		fe_buf_init(&k.columns, MAX_TEXT_BYTES);
		fe_buf_init(&k.to, MAX_TEXT_BYTES);
		fe_pg_print_columns(&k.columns, t->table->schema, declared->columns,
				    declared->n_columns);
		fe_pg_print_columns(&k.to, declared->references->schema, declared->references->key,
				    declared->references->n_key);
		fe_stmt_bind_cstr(st, 1, t->name);
		fe_stmt_bind_cstr(st, 2, t->parents[i]);
		rc = find_foreign_key(st, t, &k, err);
		fe_stmt_reset(st);
		fe_buf_reset(&k.columns);
		fe_buf_reset(&k.to);
	}
	fe_stmt_free(st);
	return rc;
}

/* ---- indexes: whether on this table and of the plain kind, columns by commas ---- */

static void
print_index(struct fe_buf *out, const struct fe_schema *schema, const struct fe_index *x)
{
	size_t i;

	for (i = 0; i < x->n_columns; i++)
		fe_buf_addf(out, "%s%s%s", i > 0 ? "," : "", schema->fields[x->columns[i]].name,
			    x->descending[i] ? " DESC" : "");
}

static enum fe_rc
compare_index(struct fe_stmt *st, const struct fe_pg_table *t, const char *name,
	      const struct fe_index *x, struct fe_err *err)
{
	struct fe_buf columns;
	enum fe_rc rc = FE_OK;
	bool row;

	FE_TRY(fe_stmt_step(st, &row, err));
	if (!row)
		return FE_OK;
	fe_buf_init(&columns, MAX_TEXT_BYTES);
	print_index(&columns, t->table->schema, x);
	if (!fe_stmt_i64(st, 0) || !fe_str_eq(fe_stmt_text(st, 1), fe_buf_str(&columns)))
		rc = fe_fail(
		    err, FE_ECONFLICT,
		    "index %s.%s is not the one that is declared for table %s (%s), or is "
		    "not valid; change the pipeline file, or drop or rename the index and let "
		    "finetl make it",
		    t->schema, name, t->name, fe_buf_text(&columns));
	fe_buf_reset(&columns);
	return rc;
}

enum fe_rc
fe_pg_compare_indexes(struct fe_db *db, const struct fe_pg_table *t, struct fe_err *err)
{
	static const char sql[] =
	    "SELECT i.indexrelid IS NOT NULL AND i.indrelid = pg_catalog.to_regclass(?1) AND "
	    "i.indisvalid AND NOT i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AND "
	    "m.amname = 'btree' AND i.indnkeyatts = i.indnatts, (SELECT pg_catalog.string_agg("
	    "a.attname || CASE i.indoption[x.i - 1] WHEN 0 THEN '' WHEN 3 THEN ' DESC' ELSE ' ?' "
	    "END "
	    "|| CASE WHEN o.opcdefault AND i.indcollation[x.i - 1] = a.attcollation THEN '' ELSE "
	    "' ?' END, ',' ORDER BY x.i) FROM pg_catalog.unnest(CAST(i.indkey AS smallint[])) WITH "
	    "ORDINALITY AS x (n, i) JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid "
	    "AND "
	    "a.attnum = x.n JOIN pg_catalog.pg_opclass AS o ON o.oid = i.indclass[x.i - 1]) "
	    "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS s ON s.oid = "
	    "c.relnamespace LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid LEFT JOIN "
	    "pg_catalog.pg_am AS m ON m.oid = c.relam WHERE s.nspname = ?2 AND c.relname = ?3";
	struct fe_stmt *st;
	enum fe_rc rc = FE_OK;
	size_t i;

	FE_TRY(fe_db_prepare(db, FE_STR(sql), &st, err));
	fe_stmt_bind_cstr(st, 1, t->name);
	fe_stmt_bind_cstr(st, 2, t->schema);
	for (i = 0; i < t->n_indexes && rc == FE_OK; i++) {
		fe_stmt_bind_cstr(st, 3, t->indexes[i].name);
		rc = compare_index(st, t, t->indexes[i].name, &t->index_columns[i], err);
		fe_stmt_reset(st);
	}
	fe_stmt_free(st);
	return rc;
}

/* ---- conditions ---- */

/* As the server prints it once it has understood it; columns are those of the table. */
static enum fe_rc
explain(struct fe_db *db, const struct fe_pg_table *t, struct fe_str condition, struct fe_buf *out,
	struct fe_err *err)
{
	struct fe_stmt *st = NULL;
	struct fe_buf sql;
	enum fe_rc rc;
	bool row = true;

	fe_buf_init(&sql, MAX_TEXT_BYTES);
	fe_buf_addf(&sql, "EXPLAIN (VERBOSE, COSTS OFF) SELECT (");
	fe_buf_add_str(&sql, condition);
	fe_buf_addf(&sql, ") FROM %s", t->name);
	rc = fe_buf_check(&sql, "a condition", err);
	if (rc == FE_OK)
		rc = fe_db_prepare(db, fe_buf_str(&sql), &st, err);
	while (rc == FE_OK && row) {
		rc = fe_stmt_step(st, &row, err);
		if (rc == FE_OK && row) {
			fe_buf_add_str(out, fe_stmt_text(st, 0));
			fe_buf_add_char(out, '\n');
		}
	}
	fe_stmt_free(st);
	fe_buf_reset(&sql);
	return rc ? rc : fe_buf_check(out, "a condition", err);
}

static enum fe_rc
compare_condition(struct fe_db *db, const struct fe_pg_table *t, const struct fe_pg_check *c,
		  struct fe_str is, struct fe_err *err)
{
	struct fe_buf a, b;
	enum fe_rc rc;

	fe_buf_init(&a, MAX_TEXT_BYTES);
	fe_buf_init(&b, MAX_TEXT_BYTES);
	rc = explain(db, t, is, &a, err);
	if (rc == FE_OK)
		rc = explain(db, t, fe_str_of(c->condition), &b, err);
	if (rc == FE_OK && !fe_str_eq(fe_buf_str(&a), fe_buf_str(&b)))
		rc = fe_fail(err, FE_ECONFLICT,
			     "table %s: its condition \"%s\" is CHECK (%.*s), declared is CHECK "
			     "(%s)" FE_PG_WAY_OUT,
			     t->name, c->name, FE_STR_ARGS(is), c->condition);
	fe_buf_reset(&a);
	fe_buf_reset(&b);
	return rc;
}

/* The statement's columns: the condition, checked for all rows. */
static enum fe_rc
compare_check(struct fe_db *db, struct fe_stmt *st, const struct fe_pg_table *t,
	      const struct fe_pg_check *c, struct fe_err *err)
{
	bool row;

	FE_TRY(fe_stmt_step(st, &row, err));
	if (!row)
		return fe_fail(
		    err, FE_ECONFLICT,
		    "table %s: the condition \"%s\" is missing: ALTER TABLE %s ADD CONSTRAINT "
		    "\"%s\" CHECK (%s)",
		    t->name, c->name, t->name, c->name, c->condition);
	if (!fe_stmt_i64(st, 1))
		return fe_fail(
		    err, FE_ECONFLICT,
		    "table %s: the condition \"%s\" is NOT VALID, it was not checked for the "
		    "rows that are there: ALTER TABLE %s VALIDATE CONSTRAINT \"%s\"",
		    t->name, c->name, t->name, c->name);
	return compare_condition(db, t, c, fe_stmt_text(st, 0), err);
}

enum fe_rc
fe_pg_compare_checks(struct fe_db *db, const struct fe_pg_table *t, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc = FE_OK;
	size_t i;

	FE_TRY(fe_db_prepare(
	    db,
	    FE_STR("SELECT pg_catalog.pg_get_expr(conbin, conrelid), convalidated FROM "
		   "pg_catalog.pg_constraint WHERE contype = 'c' AND conrelid = "
		   "pg_catalog.to_regclass(?1) AND conname = ?2"),
	    &st, err));
	fe_stmt_bind_cstr(st, 1, t->name);
	for (i = 0; i < t->n_checks && rc == FE_OK; i++) {
		fe_stmt_bind_cstr(st, 2, t->checks[i].name);
		rc = compare_check(db, st, t, &t->checks[i], err);
		fe_stmt_reset(st);
	}
	fe_stmt_free(st);
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
/* load/pg_schema.c - see load/pg_schema.h
 *
 * Everything is looked for first, by name in the catalogs, and made only where it is
 * missing: so a run whose role may not make anything needs no right to.
 */
#include "load/pg_schema.h"

#include <inttypes.h>

#include "base/failpoint.h"
#include "db/postgres.h"
#include "load/pg_script.h"

#define MAX_SCRIPT_BYTES (4u << 20)
#define MAX_COUNTED_ROWS 1000000

/* ---- what is there, and who makes it ---- */

/* A query with one or two text parameters: whether it has a row. */
static enum fe_rc
has_row(struct fe_db *db, const char *sql, const char *first, const char *second, bool *has,
	struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(db, fe_str_of(sql), &st, err));
	fe_stmt_bind_cstr(st, 1, first);
	if (second)
		fe_stmt_bind_cstr(st, 2, second);
	rc = fe_stmt_step(st, has, err);
	fe_stmt_free(st);
	return rc;
}

static enum fe_rc
has_relation(struct fe_db *db, const char *schema, const char *name, bool *has, struct fe_err *err)
{
	return has_row(db,
		       "SELECT 1 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n "
		       "ON n.oid = c.relnamespace WHERE n.nspname = ?1 AND c.relname = ?2",
		       schema, name, has, err);
}

/* To the end of the transaction; whoever waited must look again. */
static enum fe_rc
lock_name(struct fe_db *db, const char *schema, const char *name, struct fe_err *err)
{
	bool has;

	return has_row(db,
		       "SELECT pg_catalog.pg_advisory_xact_lock(" FE_PG_LOCK_CLASS ", "
		       "pg_catalog.hashtext(CAST(?1 AS text) || '.' || CAST(?2 AS text)))",
		       schema, name, &has, err);
}

static enum fe_rc
make(struct fe_db *db, const char *sql, const char *what, const char *name, struct fe_err *err)
{
	enum fe_rc rc = fe_db_exec(db, sql, err);

	if (rc == FE_EDENIED)
		fe_err_context(err,
			       "%s %s is missing and this role may not make it; run `finetl schema "
			       "apply` as the owner",
			       what, name);
	else if (rc)
		fe_err_context(err, "cannot make %s %s", what, name);
	return rc;
}

/* ---- finetl's own tables ---- */

static enum fe_rc
check_migration(struct fe_stmt *st, size_t n, struct fe_err *err)
{
	int64_t version = fe_stmt_i64(st, 0);

	if (n == fe_n_sql_migrations)
		return fe_fail(err, FE_EUSAGE,
			       "etl_schema_migrations: version %" PRId64
			       " of finetl's tables is newer "
			       "than this finetl; upgrade finetl",
			       version);
	if (version != fe_sql_migrations[n].version)
		return fe_fail(
		    err, FE_ECONFLICT,
		    "etl_schema_migrations: version %d is missing; the table was changed by "
		    "hand, restore its row",
		    fe_sql_migrations[n].version);
	if (!fe_str_is(fe_stmt_text(st, 1), fe_sql_migrations[n].sha256))
		return fe_fail(
		    err, FE_ECONFLICT,
		    "etl_schema_migrations: version %d was applied with another text (SHA-256 "
		    "%.*s) than this finetl has (%s); use the finetl that applied it, or "
		    "another schema",
		    fe_sql_migrations[n].version, FE_STR_ARGS(fe_stmt_text(st, 1)),
		    fe_sql_migrations[n].sha256);
	return FE_OK;
}

/* How many of the migrations are applied; the others are missing. */
static enum fe_rc
count_applied(struct fe_db *db, size_t *n, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	*n = 0;
	FE_TRY(has_relation(db, fe_pg_schema(db), "etl_schema_migrations", &row, err));
	if (!row)
		return FE_OK;
	FE_TRY(fe_db_prepare(
	    db, FE_STR("SELECT version, sha256 FROM main.etl_schema_migrations ORDER BY version"),
	    &st, err));
	for (;;) {
		rc = fe_stmt_step(st, &row, err);
		if (rc || !row)
			break;
		rc = check_migration(st, *n, err);
		if (rc)
			break;
		++*n;
	}
	fe_stmt_free(st);
	return rc;
}

static enum fe_rc
note_migration(struct fe_db *db, const struct fe_migration *m, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(
	    fe_db_prepare(db,
			  FE_STR("INSERT INTO main.etl_schema_migrations (version, name, sha256) "
				 "VALUES (?1, ?2, ?3)"),
			  &st, err));
	fe_stmt_bind_i64(st, 1, m->version);
	fe_stmt_bind_cstr(st, 2, m->name);
	fe_stmt_bind_cstr(st, 3, m->sha256);
	rc = fe_stmt_run(st, err);
	fe_stmt_free(st);
	return rc;
}

static enum fe_rc
migrate(struct fe_db *db, const struct fe_migration *m, struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, MAX_SCRIPT_BYTES);
	fe_pg_add_migration(&sql, m, fe_pg_schema(db));
	rc = fe_buf_check(&sql, "a migration", err);
	if (rc == FE_OK)
		rc = make(db, fe_buf_text(&sql), "of finetl's own tables, the step", m->name, err);
	fe_buf_reset(&sql);
	if (rc == FE_ECONFLICT)
		fe_err_context(err,
			       "a table, index or view of schema %s has the name of one of "
			       "finetl's own (etl_...); rename it, or name another schema",
			       fe_pg_schema(db));
	FE_TRY(rc);
	FE_TRY(fe_failpoint("schema.migrated", err));
	return note_migration(db, m, err);
}

enum fe_rc
fe_pg_schema_apply_own(struct fe_db *db, struct fe_err *err)
{
	size_t n;

	FE_TRY(count_applied(db, &n, err));
	if (n == fe_n_sql_migrations)
		return FE_OK;
	FE_TRY(lock_name(db, fe_pg_schema(db), "etl_schema_migrations", err));
	FE_TRY(count_applied(db, &n, err));
	for (; n < fe_n_sql_migrations; n++)
		FE_TRY(migrate(db, &fe_sql_migrations[n], err));
	return FE_OK;
}

/* ---- declared tables ---- */

static enum fe_rc
has_foreign_key(struct fe_db *db, const struct fe_pg_table *t, const char *name, bool *has,
		struct fe_err *err)
{
	return has_row(db,
		       "SELECT 1 FROM pg_catalog.pg_constraint WHERE conrelid = "
		       "pg_catalog.to_regclass(?1) AND conname = ?2",
		       t->name, name, has, err);
}

static void
add_names(struct fe_buf *sql, const struct fe_pg_part *parts, size_t n_parts)
{
	size_t i;

	fe_buf_add_text(sql, " IN (''"); /* a list has one member at least */
	for (i = 0; i < n_parts; i++) {
		fe_buf_add_text(sql, ", ");
		fe_db_add_literal(sql, fe_str_of(parts[i].name));
	}
	fe_buf_add_text(sql, "))");
}

/* Asked before anything is locked, and of all parts at once: most runs miss none. */
static enum fe_rc
is_part_missing(struct fe_db *db, const struct fe_pg_table *t, bool *is_missing, struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;
	int64_t n = 0;

	fe_buf_init(&sql, MAX_SCRIPT_BYTES);
	fe_buf_add_text(
	    &sql, "SELECT (SELECT count(*) FROM pg_catalog.pg_class AS c JOIN "
		  "pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = ");
	fe_db_add_literal(&sql, fe_str_of(t->schema));
	fe_buf_add_text(&sql, " AND c.relname");
	add_names(&sql, t->indexes, t->n_indexes);
	fe_buf_add_text(&sql, " + (SELECT count(*) FROM pg_catalog.pg_constraint WHERE conrelid = "
			      "pg_catalog.to_regclass(");
	fe_db_add_literal(&sql, fe_str_of(t->name));
	fe_buf_add_text(&sql, ") AND conname");
	add_names(&sql, t->foreign_keys, t->n_foreign_keys);
	rc = fe_buf_check(&sql, "a query of the catalog", err);
	if (rc == FE_OK)
		rc = fe_db_query_i64(db, fe_buf_text(&sql), &n, err);
	fe_buf_reset(&sql);
	*is_missing = n != (int64_t)(t->n_indexes + t->n_foreign_keys);
	return rc;
}

static enum fe_rc
add_parts(struct fe_db *db, const struct fe_pg_table *t, struct fe_err *err)
{
	bool has;
	size_t i;

	for (i = 0; i < t->n_indexes; i++) {
		FE_TRY(has_relation(db, t->schema, t->indexes[i].name, &has, err));
		if (!has)
			FE_TRY(make(db, t->indexes[i].add, "the index", t->indexes[i].name, err));
	}
	for (i = 0; i < t->n_foreign_keys; i++) {
		FE_TRY(has_foreign_key(db, t, t->foreign_keys[i].name, &has, err));
		if (!has)
			FE_TRY(make(db, t->foreign_keys[i].add, "the foreign key",
				    t->foreign_keys[i].name, err));
	}
	return FE_OK;
}

static enum fe_rc
make_schema(struct fe_db *db, const struct fe_pg_table *t, struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;
	bool has;

	FE_TRY(has_row(db, "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = ?1", t->schema,
		       NULL, &has, err));
	if (has)
		return FE_OK;
	fe_buf_init(&sql, MAX_SCRIPT_BYTES);
	fe_buf_add_text(&sql, "CREATE SCHEMA IF NOT EXISTS ");
	fe_db_add_name(&sql, t->schema);
	rc = make(db, fe_buf_text(&sql), "the schema", t->schema, err);
	fe_buf_reset(&sql);
	return rc;
}

static enum fe_rc
has_table_column(struct fe_db *db, const struct fe_pg_table *t, const char *column, bool *has,
		 struct fe_err *err)
{
	return has_row(db,
		       "SELECT 1 FROM pg_catalog.pg_attribute WHERE attrelid = "
		       "pg_catalog.to_regclass(?1) AND attname = ?2 AND NOT attisdropped",
		       t->name, column, has, err);
}

/* Columns that nobody declared (load/table.h). Text, as any text column of ours is. */
enum fe_rc
fe_pg_schema_add_evolved(struct fe_db *db, const struct fe_pg_table *t, struct fe_err *err)
{
	const struct fe_schema *schema = t->table->schema;
	struct fe_buf sql;
	enum fe_rc rc = FE_OK;
	bool has;
	size_t i;

	if (t->table->n_evolved == 0)
		return FE_OK;
	FE_TRY(has_relation(db, t->schema, t->plain, &has, err));
	if (!has) /* made with them */
		return FE_OK;
	fe_buf_init(&sql, MAX_SCRIPT_BYTES);
	for (i = 0; i < schema->n_source && rc == FE_OK; i++) {
		if (!fe_table_is_evolved(t->table, i))
			continue;
		rc = has_table_column(db, t, schema->fields[i].name, &has, err);
		if (rc || has)
			continue;
		fe_buf_clear(&sql);
		fe_buf_addf(&sql, "ALTER TABLE %s ADD COLUMN IF NOT EXISTS %s %s COLLATE \"C\"",
			    t->name, t->columns[i], t->types[i]);
		rc = make(db, fe_buf_text(&sql), "the column", schema->fields[i].name, err);
	}
	fe_buf_reset(&sql);
	return rc;
}

enum fe_rc
fe_pg_schema_apply_table(struct fe_db *db, const struct fe_pg_table *t, bool *made,
			 struct fe_err *err)
{
	bool exists, is_missing = true;

	if (made)
		*made = false;
	FE_TRY(fe_pg_schema_add_evolved(db, t, err));
	FE_TRY(fe_pg_schema_compare(db, t, &exists, err));
	if (exists)
		FE_TRY(is_part_missing(db, t, &is_missing, err));
	if (!is_missing)
		return FE_OK;
	FE_TRY(lock_name(db, t->schema, t->plain, err));
	FE_TRY(fe_pg_schema_compare(db, t, &exists, err));
	if (!exists) {
		FE_TRY(make_schema(db, t, err));
		FE_TRY(make(db, t->create, "the table", t->name, err));
		FE_TRY(make(db, t->key.add, "the key", t->key.name, err));
		if (made)
			*made = true;
	}
	FE_TRY(fe_failpoint("schema.table", err));
	return add_parts(db, t, err);
}

/* ---- views ---- */

static enum fe_rc
apply_view(struct fe_db *db, const struct fe_view *v, const struct fe_pg_table *tables,
	   size_t n_tables, struct fe_err *err)
{
	const char *schema = fe_pg_view_schema(v, tables, n_tables);
	struct fe_buf sql;
	enum fe_rc rc;
	bool has;

	FE_TRY(has_relation(db, schema, v->name, &has, err));
	if (has)
		return FE_OK;
	FE_TRY(lock_name(db, schema, v->name, err));
	FE_TRY(has_relation(db, schema, v->name, &has, err));
	if (has)
		return FE_OK;
	fe_buf_init(&sql, MAX_SCRIPT_BYTES);
	fe_pg_add_view(&sql, v, tables, n_tables);
	rc = fe_buf_check(&sql, "a view", err);
	if (rc == FE_OK)
		rc = make(db, fe_buf_text(&sql), "the view", v->name, err);
	fe_buf_reset(&sql);
	return rc;
}

enum fe_rc
fe_pg_schema_apply_views(struct fe_db *db, const struct fe_pg_table *tables, size_t n_tables,
			 struct fe_err *err)
{
	size_t i;

	for (i = 0; i < fe_n_sql_pg_views; i++) {
		if (fe_pg_view_fits(&fe_sql_pg_views[i], tables, n_tables))
			FE_TRY(apply_view(db, &fe_sql_pg_views[i], tables, n_tables, err));
	}
	return FE_OK;
}

/* ---- the whole ---- */

static enum fe_rc
apply_all(struct fe_db *db, const struct fe_pg_table *tables, size_t n_tables, struct fe_err *err)
{
	size_t i;

	FE_TRY(fe_db_begin(db, err));
	FE_TRY(fe_pg_schema_apply_own(db, err));
	for (i = 0; i < n_tables; i++)
		FE_TRY(fe_pg_schema_apply_table(db, &tables[i], NULL, err));
	FE_TRY(fe_pg_schema_apply_views(db, tables, n_tables, err));
	return fe_db_commit(db, err);
}

enum fe_rc
fe_pg_schema_apply_url(const char *url, const struct fe_table *tables, size_t n_tables,
		       int64_t wait_ms, struct fe_err *err)
{
	struct fe_pg_settings set = {
	    .url = url, .connect_wait_ms = wait_ms, .lock_timeout_ms = wait_ms};
	struct fe_pg_table *all = NULL;
	struct fe_db *db = NULL;
	enum fe_rc rc;

	FE_TRY(fe_pg_open(&db, &set, err));
	rc = fe_pg_tables_new(&all, tables, n_tables, fe_pg_schema(db), err);
	if (rc == FE_OK)
		rc = apply_all(db, all, n_tables, err);
	fe_pg_tables_free(all, n_tables);
	fe_db_close(db); /* rolls back what was not committed */
	return rc;
}

/* ---- what the catalog knows ---- */

static enum fe_rc
read_catalog(struct fe_db *db, const struct fe_pg_table *t, struct fe_pg_state *out,
	     struct fe_err *err)
{
	/* To put indexes and foreign keys back takes more than to own the table: to make
	 * something in its schema, and to refer to the other tables. What needs the key: other
	 * tables' foreign keys (by its index), views that group by it (by the constraint), and
	 * subscribers, who are told by it which row was updated. What an index has that its
	 * declaration does not say would be lost with it. */
	static const char sql[] =
	    "SELECT CAST(c.reltuples AS bigint), pg_catalog.pg_total_relation_size(c.oid), "
	    "pg_catalog.pg_has_role(c.relowner, 'USAGE') AND "
	    "pg_catalog.has_schema_privilege(c.relnamespace, 'CREATE') AND NOT EXISTS "
	    "(SELECT 1 FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = c.oid AND "
	    "k.contype = 'f' AND NOT pg_catalog.has_table_privilege(k.confrelid, 'REFERENCES')), "
	    "EXISTS (SELECT 1 FROM pg_catalog.pg_constraint AS k WHERE k.confrelid = c.oid AND "
	    "k.conrelid <> c.oid AND k.contype = 'f') OR EXISTS (SELECT 1 FROM "
	    "pg_catalog.pg_depend AS d JOIN "
	    "pg_catalog.pg_constraint AS k ON k.oid = d.refobjid WHERE d.refclassid = "
	    "CAST('pg_catalog.pg_constraint' AS regclass) AND k.conrelid = c.oid AND "
	    "k.contype = 'p' AND d.deptype = 'n') OR EXISTS (SELECT 1 FROM "
	    "pg_catalog.pg_publication_tables AS p WHERE p.schemaname = n.nspname AND "
	    "p.tablename = c.relname) OR EXISTS (SELECT 1 FROM pg_catalog.pg_index AS x WHERE "
	    "x.indrelid = c.oid AND x.indisprimary AND x.indisreplident), "
	    "EXISTS (SELECT 1 FROM pg_catalog.pg_index AS x JOIN pg_catalog.pg_class AS i ON "
	    "i.oid = x.indexrelid WHERE x.indrelid = c.oid AND (i.reloptions IS NOT NULL OR "
	    "i.reltablespace <> 0 OR x.indisclustered OR "
	    "pg_catalog.obj_description(i.oid, 'pg_class') IS NOT NULL)) "
	    "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON "
	    "n.oid = c.relnamespace WHERE c.oid = pg_catalog.to_regclass(?1)";
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	FE_TRY(fe_db_prepare(db, FE_STR(sql), &st, err));
	fe_stmt_bind_cstr(st, 1, t->name);
	rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && !row)
		rc = fe_fail(err, FE_ECONFLICT, "table %s went away", t->name);
	if (rc == FE_OK) {
		out->n_rows = fe_stmt_i64(st, 0);
		out->size_bytes = fe_stmt_i64(st, 1);
		out->is_owner = fe_stmt_i64(st, 2) != 0;
		out->is_referenced = fe_stmt_i64(st, 3) != 0;
		out->is_tuned = fe_stmt_i64(st, 4) != 0;
	}
	fe_stmt_free(st);
	return rc;
}

static enum fe_rc
count_rows(struct fe_db *db, const struct fe_pg_table *t, int64_t limit, int64_t *n,
	   struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, MAX_SCRIPT_BYTES);
	fe_buf_addf(&sql, "SELECT count(*) FROM (SELECT 1 FROM %s LIMIT %" PRId64 ") AS t", t->name,
		    limit);
	rc = fe_db_query_i64(db, fe_buf_text(&sql), n, err);
	fe_buf_reset(&sql);
	return rc;
}

enum fe_rc
fe_pg_schema_state(struct fe_db *db, const struct fe_pg_table *t, struct fe_pg_state *out,
		   struct fe_err *err)
{
	int64_t n = 0;

	*out = (struct fe_pg_state){0};
	FE_TRY(read_catalog(db, t, out, err));
	FE_TRY(count_rows(db, t, 1, &n, err));
	out->is_empty = n == 0;
	if (out->is_empty)
		out->n_rows = 0;
	else if (out->n_rows <= 0)
		FE_TRY(count_rows(db, t, MAX_COUNTED_ROWS, &out->n_rows, err));
	return FE_OK;
}

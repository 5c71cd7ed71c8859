// SPDX-License-Identifier: Apache-2.0
/* load/schema.c - see load/schema.h */
#include "load/schema.h"

#include "base/mem.h"
#include "db/sqlite.h"
#include "load/embedded.h"
#include "load/table_sql.h"

/* ---- printing ---- */

static bool
declares(const struct fe_table_sql *t, const struct fe_view_need *need)
{
	size_t i;

	if (strcmp(t->table->name, need->table) != 0)
		return false;
	for (i = 0; i < t->n_columns; i++) {
		if (strcmp(t->columns[i].name, need->column) == 0)
			return true;
	}
	return false;
}

static bool
view_fits(const struct fe_view *v, const struct fe_table_sql *tables, size_t n_tables)
{
	size_t i, j;

	for (i = 0; i < v->n_needs; i++) {
		for (j = 0; j < n_tables && !declares(&tables[j], &v->needs[i]); j++)
			;
		if (j == n_tables)
			return false;
	}
	return true;
}

static void
print_tables(const struct fe_table_sql *tables, size_t n_tables, struct fe_buf *out)
{
	size_t i, j;

	fe_buf_add_text(out, fe_sql_etl_tables);
	for (i = 0; i < n_tables; i++) {
		fe_buf_addf(out, "\n%s;\n", tables[i].create);
		for (j = 0; j < tables[i].n_indexes; j++)
			fe_buf_addf(out, "%s;\n", tables[i].indexes[j].create);
	}
	for (i = 0; i < fe_n_sql_views; i++) {
		if (view_fits(&fe_sql_views[i], tables, n_tables))
			fe_buf_addf(out, "\n%s", fe_sql_views[i].create);
	}
}

static void
free_tables(struct fe_table_sql *tables, size_t n_tables)
{
	size_t i;

	for (i = 0; i < n_tables; i++)
		fe_table_sql_reset(&tables[i]);
	fe_free(tables);
}

static enum fe_rc
describe(const struct fe_table *tables, size_t n_tables, struct fe_table_sql **out,
	 struct fe_err *err)
{
	size_t i;

	*out = fe_new_array(n_tables ? n_tables : 1, struct fe_table_sql);
	for (i = 0; i < n_tables; i++) {
		enum fe_rc rc = fe_table_sql_init(&(*out)[i], &tables[i], err);

		if (rc) {
			free_tables(*out, i);
			*out = NULL;
			return rc;
		}
	}
	return FE_OK;
}

enum fe_rc
fe_schema_print(const struct fe_table *tables, size_t n_tables, struct fe_buf *out,
		struct fe_err *err)
{
	struct fe_table_sql *sql;

	FE_TRY(describe(tables, n_tables, &sql, err));
	print_tables(sql, n_tables, out);
	free_tables(sql, n_tables);
	return fe_buf_check(out, "the schema", err);
}

/* ---- applying ---- */

/* What etl_tables.sql has now and had not in every release: SQLite adds no column by
 * "if it is not there". */
static enum fe_rc
add_newer_columns(struct fe_db *db, struct fe_err *err)
{
	static const char *const columns[][2] = {
		{ "SELECT count(*) FROM pragma_table_xinfo('etl_objects', 'main') WHERE name = 'version'",
		  "ALTER TABLE main.etl_objects ADD COLUMN version TEXT" },
		{ "SELECT count(*) FROM pragma_table_xinfo('etl_objects', 'main') WHERE name = 'etag'",
		  "ALTER TABLE main.etl_objects ADD COLUMN etag TEXT" },
		{ "SELECT count(*) FROM pragma_table_xinfo('etl_objects', 'main') WHERE name = 'sequencer'",
		  "ALTER TABLE main.etl_objects ADD COLUMN sequencer TEXT" },
		{ "SELECT count(*) FROM pragma_table_xinfo('etl_rejects', 'main') WHERE name = 'cells'",
		  "ALTER TABLE main.etl_rejects ADD COLUMN cells TEXT" },
		{ "SELECT count(*) FROM pragma_table_xinfo('etl_rejects', 'main') WHERE name = 'record_key'",
		  "ALTER TABLE main.etl_rejects ADD COLUMN record_key TEXT" },
		{ "SELECT count(*) FROM pragma_table_xinfo('etl_rejects', 'main') WHERE name = 'raw_kept'",
		  "ALTER TABLE main.etl_rejects ADD COLUMN raw_kept TEXT NOT NULL DEFAULT 'full' "
		  "CHECK (raw_kept IN ('full', 'masked', 'none', 'purged'))" },
	};

	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		int64_t n = 1;
		FE_TRY(fe_db_query_i64(db, columns[i][0], &n, err));
		if (n == 0)
			FE_TRY(fe_db_exec(db, columns[i][1], err));
	}
	return FE_OK;
}

enum fe_rc
fe_schema_apply_own(struct fe_db *db, struct fe_err *err)
{
	enum fe_rc rc = fe_db_exec(db, fe_sql_etl_tables, err);

	if (rc == FE_OK)
		rc = add_newer_columns(db, err);
	if (rc == FE_ECONFLICT)
		fe_err_context(err, "a table, index or view of the database has the name of one of "
		                    "finetl's own (etl_...) and another shape; rename it, or name "
		                    "another database");
	return rc;
}

/* An index that goes by the name of ours and is another would be taken for ours, that of
 * the key above all. SQLite keeps the text by which an index was made. */
static enum fe_rc
index_exists(struct fe_db *db, const struct fe_index_sql *x, bool *exists, struct fe_err *err)
{
	struct fe_stmt *st;
	struct fe_str is;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(
		db, FE_STR("SELECT sql FROM main.sqlite_schema WHERE type = 'index' AND name = ?1"),
		&st, err));
	fe_stmt_bind_cstr(st, 1, x->name);
	rc = fe_stmt_step(st, exists, err);
	if (rc == FE_OK && *exists) {
		is = fe_stmt_text(st, 0);
		if (!fe_str_is(is, x->create))
			rc = fe_fail(err, FE_ECONFLICT,
			             "index %s is '%.*s', declared is '%s'; change the pipeline "
			             "file, or drop the index and let finetl make it",
			             x->name, FE_STR_ARGS(is), x->create);
	}
	fe_stmt_free(st);
	return rc;
}

static enum fe_rc
add_evolved_column(struct fe_db *db, const struct fe_table_sql *t, size_t column, struct fe_err *err)
{
	struct fe_stmt *st;
	struct fe_buf sql;
	enum fe_rc rc;
	bool exists;

	FE_TRY(fe_db_prepare(db,
	                     FE_STR("SELECT count(name), count(CASE WHEN name = ?2 THEN 1 END) "
	                            "FROM pragma_table_xinfo(?1, 'main')"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, t->table->name);
	fe_stmt_bind_cstr(st, 2, t->table->schema->fields[column].name);
	rc = fe_stmt_step(st, &exists, err);
	exists = rc == FE_OK && (fe_stmt_i64(st, 0) == 0 || fe_stmt_i64(st, 1) > 0);
	fe_stmt_free(st);
	if (rc || exists) /* or the table is to be made, with it */
		return rc;
	fe_buf_init(&sql, 4096);
	fe_buf_addf(&sql, "ALTER TABLE main.%s ADD COLUMN %s TEXT", t->name, t->stored[column]);
	rc = fe_buf_check(&sql, "a statement", err);
	if (rc == FE_OK)
		rc = fe_db_exec(db, fe_buf_text(&sql), err);
	if (rc)
		fe_err_context(err, "table %s: cannot add column %s", t->table->name,
		               t->table->schema->fields[column].name);
	fe_buf_reset(&sql);
	return rc;
}

static enum fe_rc
add_evolved_columns(struct fe_db *db, const struct fe_table_sql *t, struct fe_err *err)
{
	size_t i;

	for (i = 0; i < t->table->schema->n_source; i++)
		if (fe_table_is_evolved(t->table, i))
			FE_TRY(add_evolved_column(db, t, i, err));
	return FE_OK;
}

static enum fe_rc
apply_table(struct fe_db *db, const struct fe_table_sql *t, struct fe_err *err)
{
	bool exists;
	size_t i;

	FE_TRY(add_evolved_columns(db, t, err));
	FE_TRY(fe_schema_compare(db, t, &exists, err));
	if (!exists)
		FE_TRY(fe_db_exec(db, t->create, err));
	for (i = 0; i < t->n_indexes; i++) {
		enum fe_rc rc;

		FE_TRY(index_exists(db, &t->indexes[i], &exists, err));
		if (exists)
			continue;
		rc = fe_db_exec(db, t->indexes[i].create, err);
		if (rc) {
			fe_err_context(err, "table %s: cannot build index %s", t->table->name,
			               t->indexes[i].name);
			return rc;
		}
	}
	return FE_OK;
}

enum fe_rc
fe_schema_apply_tables(struct fe_db *db, const struct fe_table_sql *tables, size_t n_tables,
		       struct fe_err *err)
{
	size_t i;

	for (i = 0; i < n_tables; i++)
		FE_TRY(apply_table(db, &tables[i], err));
	return FE_OK;
}

static enum fe_rc
has_needs(struct fe_stmt *st, const struct fe_view *v, bool *has, struct fe_err *err)
{
	size_t i;

	*has = true;
	for (i = 0; i < v->n_needs && *has; i++) {
		fe_stmt_bind_cstr(st, 1, v->needs[i].table);
		fe_stmt_bind_cstr(st, 2, v->needs[i].column);
		FE_TRY(fe_stmt_step(st, has, err));
		fe_stmt_reset(st);
	}
	return FE_OK;
}

enum fe_rc
fe_schema_apply_views(struct fe_db *db, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;
	size_t i;

	FE_TRY(fe_db_prepare(db, FE_STR("SELECT 1 FROM pragma_table_xinfo(?1) WHERE name = ?2"),
	                     &st, err));
	for (i = 0, rc = FE_OK; i < fe_n_sql_views && rc == FE_OK; i++) {
		bool has;

		rc = has_needs(st, &fe_sql_views[i], &has, err);
		if (rc == FE_OK && has)
			rc = fe_db_exec(db, fe_sql_views[i].create, err);
	}
	fe_stmt_free(st);
	return rc;
}

enum fe_rc
fe_sqlite_url_path(const char *url, const char **path, struct fe_err *err)
{
	/* The messages do not repeat the URL: of another kind it may hold a password. */
	static const char scheme[] = "sqlite:";
	const char *p = url + sizeof(scheme) - 1;

	*path = NULL;
	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return fe_fail(err, FE_EUSAGE, "this is not a SQLite warehouse; write sqlite:PATH");
	if (strncmp(p, "//", 2) == 0)
		return fe_fail(err, FE_EUSAGE,
		               "a SQLite warehouse is written sqlite:PATH, as sqlite:warehouse.db "
		               "or sqlite:/var/lib/finetl/warehouse.db");
	if (*p == '\0' || strcmp(p, ":memory:") == 0)
		return fe_fail(err, FE_EUSAGE,
		               "a SQLite warehouse needs a file; write sqlite:PATH");
	*path = p;
	return FE_OK;
}

static enum fe_rc
apply_all(struct fe_db *db, const struct fe_table_sql *tables, size_t n_tables, struct fe_err *err)
{
	FE_TRY(fe_db_begin(db, err));
	FE_TRY(fe_schema_apply_own(db, err));
	FE_TRY(fe_schema_apply_tables(db, tables, n_tables, err));
	FE_TRY(fe_schema_apply_views(db, err));
	return fe_db_commit(db, err);
}

enum fe_rc
fe_schema_apply_url(const char *url, const struct fe_table *tables, size_t n_tables,
		    int64_t wait_ms, struct fe_err *err)
{
	struct fe_sqlite_settings set = { .busy_ms = wait_ms };
	struct fe_table_sql *sql = NULL;
	struct fe_db *db = NULL;
	enum fe_rc rc;

	FE_TRY(fe_sqlite_url_path(url, &set.path, err));
	FE_TRY(describe(tables, n_tables, &sql, err));
	rc = fe_sqlite_open(&db, &set, err);
	if (rc == FE_OK)
		rc = apply_all(db, sql, n_tables, err);
	fe_db_close(db); /* rolls back what was not committed */
	free_tables(sql, n_tables);
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
/* load/forecast.c - see load/forecast.h */
#include "load/forecast.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/postgres.h"
#include "load/pg_schema.h"
#include "load/postgres_sink.h"
#include "load/schema.h"
#include "load/sqlite_sink.h"
#include "load/table_sql.h"

#define MAX_DDL_BYTES (4u << 20)
#define DEFAULT_SCHEMA "public" /* where no server was asked */

/* Statements of several lines in one. */
static void
add_statement(struct fe_buf *out, const char *sql)
{
	bool was_blank = false;

	for (const char *p = sql; *p; p++) {
		bool is_blank = *p == '\n' || *p == '\t' || *p == ' ';
		if (!is_blank)
			fe_buf_add_char(out, *p);
		else if (!was_blank)
			fe_buf_add_char(out, ' ');
		was_blank = is_blank;
	}
	fe_buf_add_text(out, ";\n");
}

/* The conflict is the forecast, and no failure of telling it. */
static enum fe_rc
keep_conflict(struct fe_forecast *out, enum fe_rc rc, struct fe_err *err)
{
	if (rc != FE_ECONFLICT)
		return rc;
	out->conflict = *err;
	*err = (struct fe_err)FE_ERR_INIT;
	return FE_OK;
}

static enum fe_rc
has_column(struct fe_db *db, const char *sql, const char *table, const char *column, bool *has, struct fe_err *err)
{
	struct fe_stmt *st;

	FE_TRY(fe_db_prepare(db, fe_str_of(sql), &st, err));
	fe_stmt_bind_cstr(st, 1, table);
	fe_stmt_bind_cstr(st, 2, column);
	enum fe_rc rc = fe_stmt_step(st, has, err);
	fe_stmt_free(st);
	return rc;
}

static void
say_strategy(struct fe_forecast *out, bool is_empty, size_t n_indexes, int64_t n_rows, bool is_server)
{
	const char *s = n_indexes == 1 ? "" : "es";

	if (!out->is_there || is_empty)
		(void)snprintf(out->strategy, sizeof out->strategy, "into %s table: rows first, then its %zu index%s",
			       out->is_there ? "an empty" : "a new", n_indexes, s);
	else if (!is_server)
		(void)snprintf(out->strategy, sizeof out->strategy, "merged by key, its %zu index%s live", n_indexes, s);
	else
		(void)snprintf(out->strategy, sizeof out->strategy,
			       "merged by key into about %" PRId64 " rows; %zu index%s stay live, or are rebuilt where many rows come",
			       n_rows, n_indexes, s);
}

/* Whether rows that are there can be replaced by others. */
static bool
may_update(const struct fe_forecast *f, const struct fe_table *table)
{
	for (size_t i = 0; f->is_there && i < table->schema->n_source; i++)
		if (table->roles[i] == FE_ROLE_MUTABLE || table->roles[i] == FE_ROLE_VERSION)
			return true;
	return false;
}

/* ---- SQLite ---- */

static enum fe_rc
compare_sqlite(struct fe_forecast *out, struct fe_db *db, const struct fe_table_sql *t, struct fe_err *err)
{
	static const char sql[] = "SELECT 1 FROM pragma_table_xinfo(?1, 'main') WHERE name = ?2";
	bool has;

	for (size_t i = 0; i < t->table->schema->n_source; i++) {
		if (!fe_table_is_evolved(t->table, i))
			continue;
		FE_TRY(has_column(db, sql, t->table->name, t->table->schema->fields[i].name, &has, err));
		if (!has)
			fe_buf_addf(&out->ddl, "ALTER TABLE %s ADD COLUMN %s TEXT;\n", t->name, t->stored[i]);
	}
	if (out->ddl.n_bytes)
		return FE_OK;
	return keep_conflict(out, fe_schema_compare(db, t, &has, err), err);
}

static enum fe_rc
ask_sqlite(struct fe_forecast *out, struct fe_db *db, const struct fe_table_sql *t, struct fe_err *err)
{
	struct fe_buf sql;
	int64_t is_full = 0;

	FE_TRY(has_column(db, "SELECT 1 FROM main.sqlite_schema WHERE name = ?1 AND ?2 IS NOT NULL", t->table->name, "", &out->is_there,
			  err));
	if (!out->is_there)
		return FE_OK;
	FE_TRY(compare_sqlite(out, db, t, err));
	fe_buf_init(&sql, 4096);
	fe_buf_addf(&sql, "SELECT EXISTS (SELECT 1 FROM main.%s)", t->name);
	enum fe_rc rc = fe_db_query_i64(db, fe_buf_text(&sql), &is_full, err);
	fe_buf_reset(&sql);
	say_strategy(out, !is_full, t->n_indexes, 0, false);
	return rc;
}

static enum fe_rc
forecast_sqlite(struct fe_forecast *out, struct fe_db *db, const struct fe_table *table, struct fe_err *err)
{
	struct fe_table_sql t;
	enum fe_rc rc = FE_OK;

	FE_TRY(fe_table_sql_init(&t, table, err));
	if (db)
		rc = ask_sqlite(out, db, &t, err);
	if (rc == FE_OK && !out->is_there) {
		add_statement(&out->ddl, t.create);
		for (size_t i = 0; i < t.n_indexes; i++)
			add_statement(&out->ddl, t.indexes[i].create);
		say_strategy(out, true, t.n_indexes, 0, false);
	}
	if (rc == FE_OK && may_update(out, table)) {
		fe_sqlite_print_update(&out->merge, &t, 0);
		fe_buf_add_text(&out->merge, ";\n");
	}
	if (rc == FE_OK) {
		fe_sqlite_print_insert(&out->merge, &t);
		fe_buf_add_text(&out->merge, ";\n");
	}
	fe_table_sql_reset(&t);
	return rc;
}

/* ---- PostgreSQL ---- */

static enum fe_rc
compare_server(struct fe_forecast *out, struct fe_db *db, const struct fe_pg_table *t, struct fe_err *err)
{
	static const char sql[] = "SELECT 1 FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass(?1) AND "
				  "attname = ?2 AND NOT attisdropped";
	bool has;

	for (size_t i = 0; i < t->table->schema->n_source; i++) {
		if (!fe_table_is_evolved(t->table, i))
			continue;
		FE_TRY(has_column(db, sql, t->name, t->table->schema->fields[i].name, &has, err));
		if (!has)
			fe_buf_addf(&out->ddl, "ALTER TABLE %s ADD COLUMN %s %s COLLATE \"C\";\n", t->name, t->columns[i], t->types[i]);
	}
	if (out->ddl.n_bytes)
		return FE_OK;
	return keep_conflict(out, fe_pg_schema_compare(db, t, &has, err), err);
}

static enum fe_rc
ask_server(struct fe_forecast *out, struct fe_db *db, const struct fe_pg_table *t, struct fe_err *err)
{
	struct fe_pg_state state;

	FE_TRY(has_column(db,
			  "SELECT 1 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE "
			  "n.nspname = ?1 AND c.relname = ?2", t->schema, t->plain, &out->is_there, err));
	if (!out->is_there)
		return FE_OK;
	FE_TRY(compare_server(out, db, t, err));
	if (out->conflict.rc != FE_OK)
		return FE_OK;
	FE_TRY(fe_pg_schema_state(db, t, &state, err));
	say_strategy(out, state.is_empty, t->n_indexes, state.n_rows, true);
	return FE_OK;
}

static enum fe_rc
forecast_server(struct fe_forecast *out, struct fe_db *db, const struct fe_table *table, int64_t now_us, struct fe_err *err)
{
	struct fe_pg_table t = { 0 };
	enum fe_rc rc = FE_OK;

	FE_TRY(fe_pg_table_init(&t, table, db ? fe_pg_schema(db) : DEFAULT_SCHEMA, err));
	if (db)
		rc = ask_server(out, db, &t, err);
	if (rc == FE_OK && !out->is_there) {
		add_statement(&out->ddl, t.create);
		add_statement(&out->ddl, t.key.add);
		for (size_t i = 0; i < t.n_indexes; i++)
			add_statement(&out->ddl, t.indexes[i].add);
		for (size_t i = 0; i < t.n_foreign_keys; i++)
			add_statement(&out->ddl, t.foreign_keys[i].add);
		say_strategy(out, true, t.n_indexes, 0, true);
	}
	if (rc == FE_OK && may_update(out, table)) {
		fe_postgres_print_update(&out->merge, &t, now_us);
		fe_buf_add_text(&out->merge, ";\n");
	}
	if (rc == FE_OK) {
		fe_postgres_print_insert(&out->merge, &t, now_us);
		fe_buf_add_text(&out->merge, ";\n");
	}
	fe_pg_table_reset(&t);
	return rc;
}

enum fe_rc
fe_forecast_table(struct fe_forecast *out, struct fe_db *db, bool is_server, const struct fe_table *table, int64_t now_us,
                  struct fe_err *err)
{
	*out = (struct fe_forecast){ .conflict = FE_ERR_INIT };
	fe_buf_init(&out->merge, MAX_DDL_BYTES);
	fe_buf_init(&out->ddl, MAX_DDL_BYTES);
	return is_server ? forecast_server(out, db, table, now_us, err) : forecast_sqlite(out, db, table, err);
}

void
fe_forecast_reset(struct fe_forecast *f)
{
	fe_buf_reset(&f->ddl);
	fe_buf_reset(&f->merge);
}

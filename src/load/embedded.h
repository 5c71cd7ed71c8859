// SPDX-License-Identifier: Apache-2.0
/* load/embedded.h - the SQL scripts of sql/, carried in the binary
 *
 * The definitions are generated at build time by tools/embed_sql.py.
 */
#ifndef FE_LOAD_EMBEDDED_H
#define FE_LOAD_EMBEDDED_H

#include <stddef.h>

/* sql/sqlite/etl_tables.sql: finetl's own tables, each IF NOT EXISTS. */
extern const char fe_sql_etl_tables[];

struct fe_view_need {
	const char *table, *column;
	const char *type; /* by fe_kind_name; "": any */
};

/* sql/views/NAME.sql; to be created where every needed column exists. */
struct fe_view {
	const char *name, *create;
	const struct fe_view_need *needs;
	size_t n_needs;
};
extern const struct fe_view fe_sql_views[];
extern const size_t fe_n_sql_views;

/* sql/postgres/migrations/0001_NAME.sql, ...: version i + 1 at i. In these texts and in
 * those of the views below, 'main.' stands for a schema (load/pg_schema.h). */
struct fe_migration {
	int version;
	const char *name, *sha256; /* of the file, as sha256sum prints it */
	const char *sql;
};
extern const struct fe_migration fe_sql_migrations[];
extern const size_t fe_n_sql_migrations;

/* sql/postgres/grants.sql */
extern const char fe_sql_pg_grants[];

/* sql/postgres/views/NAME.sql */
extern const struct fe_view fe_sql_pg_views[];
extern const size_t fe_n_sql_pg_views;

/* sql/checks/NAME.sql, whole: the comments at the top are read, too (pipeline/check_file.h). */
struct fe_script {
	const char *name, *text;
};
extern const struct fe_script fe_sql_checks[];
extern const size_t fe_n_sql_checks;

#endif

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
};

/* sql/views/NAME.sql; to be created where every needed column exists. */
struct fe_view {
	const char *name, *create;
	const struct fe_view_need *needs;
	size_t n_needs;
};
extern const struct fe_view fe_sql_views[];
extern const size_t fe_n_sql_views;

#endif

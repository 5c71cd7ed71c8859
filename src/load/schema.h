// SPDX-License-Identifier: Apache-2.0
/* load/schema.h - the warehouse's schema: printed, applied, compared
 *
 * Applying only ever adds: tables, indexes and views that are missing, and columns that
 * nobody declared (evolves of load/table.h). A table that
 * is there and differs from its declaration is FE_ECONFLICT, naming the table, the
 * column and the difference, and so is an index; no table and no column is ever
 * dropped.
 */
#ifndef FE_LOAD_SCHEMA_H
#define FE_LOAD_SCHEMA_H

#include "base/buf.h"
#include "load/table.h"

struct fe_db;
struct fe_table_sql;

/* The whole schema of a SQLite warehouse with these tables (in the order of
 * references), as a script. Views are in it where the tables have their columns.
 * FE_EUSAGE where SQLite cannot hold a table as declared. */
FE_MUST_USE enum fe_rc fe_schema_print(const struct fe_table *tables, size_t n_tables,
                                       struct fe_buf *out, struct fe_err *err);

/* Applies it to "sqlite:path" in one transaction, making the file where there is none;
 * waits up to wait_ms for other users of it. */
FE_MUST_USE enum fe_rc fe_schema_apply_url(const char *url, const struct fe_table *tables,
                                           size_t n_tables, int64_t wait_ms, struct fe_err *err);

/* "sqlite:path" -> path; FE_EUSAGE says what is wrong with any other. */
FE_MUST_USE enum fe_rc fe_sqlite_url_path(const char *url, const char **path, struct fe_err *err);

/* The parts, for those that hold a connection and its transaction. */
FE_MUST_USE enum fe_rc fe_schema_apply_own(struct fe_db *db, struct fe_err *err); /* etl_ tables */
FE_MUST_USE enum fe_rc fe_schema_apply_tables(struct fe_db *db, const struct fe_table_sql *tables,
                                              size_t n_tables, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_schema_apply_views(struct fe_db *db, struct fe_err *err);
/* Whether the table is there; FE_ECONFLICT where it differs (load/drift.c). */
FE_MUST_USE enum fe_rc fe_schema_compare(struct fe_db *db, const struct fe_table_sql *t,
                                         bool *exists, struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* load/pg_schema.h - the schema of a PostgreSQL warehouse: printed, applied, compared
 *
 * As load/schema.h is for SQLite. finetl's own tables come by numbered migrations
 * (sql/postgres/migrations), each applied once and noted in etl_schema_migrations with
 * the SHA-256 of its text; the declared tables are only ever added to: tables, indexes,
 * foreign keys and views that are missing. Applying is one transaction under an advisory
 * lock, and safe to repeat and to run by two at once.
 */
#ifndef FE_LOAD_PG_SCHEMA_H
#define FE_LOAD_PG_SCHEMA_H

#include "base/buf.h"
#include "db/db.h"
#include "load/pg_table.h"

/* As a script for psql, with default_schema where targets name none. */
FE_MUST_USE enum fe_rc fe_pg_schema_print(const struct fe_table *tables, size_t n_tables,
                                          const char *default_schema, struct fe_buf *out,
                                          struct fe_err *err);
/* The parts, in the caller's transaction. Where everything is there already they write
 * nothing and need no right but to read, so that a loader without DDL can call them;
 * FE_EDENIED where something is missing and may not be made: "run `finetl schema apply` as
 * the owner". */
FE_MUST_USE enum fe_rc fe_pg_schema_apply_own(struct fe_db *db, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_pg_schema_apply_table(struct fe_db *db, const struct fe_pg_table *t,
                                                struct fe_err *err);
FE_MUST_USE enum fe_rc fe_pg_schema_apply_views(struct fe_db *db, const struct fe_pg_table *tables,
                                                size_t n_tables, struct fe_err *err);
/* Whether the table is there; FE_ECONFLICT naming table, column and difference. */
FE_MUST_USE enum fe_rc fe_pg_schema_compare(struct fe_db *db, const struct fe_pg_table *t,
                                            bool *exists, struct fe_err *err);

/* What the catalog knows of a table, for the choice of how to load it. */
struct fe_pg_state {
	bool is_empty;       /* asked of the table itself */
	int64_t n_rows;      /* by reltuples, or counted where it was never analysed and is small */
	int64_t size_bytes;  /* with its indexes */
	bool is_owner;       /* whether we may alter it */
	bool is_referenced;  /* by a foreign key of another table */
};
FE_MUST_USE enum fe_rc fe_pg_schema_state(struct fe_db *db, const struct fe_pg_table *t,
                                          struct fe_pg_state *out, struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* load/pg_schema.h - the schema of a PostgreSQL warehouse: printed, applied, compared
 *
 * As load/schema.h is for SQLite. finetl's own tables come by numbered migrations
 * (sql/postgres/migrations), each applied once and noted in etl_schema_migrations with
 * the SHA-256 of its text; the declared tables are only ever added to: tables, indexes,
 * foreign keys and views that are missing. Applying is one transaction, and safe to repeat
 * and to run by two at once: whoever makes something holds the advisory lock
 * (FE_PG_LOCK_CLASS, hash of its name) to the end of the transaction, and looks again when
 * it has the lock.
 */
#ifndef FE_LOAD_PG_SCHEMA_H
#define FE_LOAD_PG_SCHEMA_H

#include "base/buf.h"
#include "db/db.h"
#include "load/pg_table.h"

#define FE_PG_LOCK_CLASS "1717922924" /* "fetl", first key of advisory locks with two */

/* As a script for psql, in one transaction, with default_schema where targets name none. */
FE_MUST_USE enum fe_rc fe_pg_schema_print(const struct fe_table *tables, size_t n_tables,
                                          const char *default_schema, struct fe_buf *out,
                                          struct fe_err *err);
/* What the roles of sql/postgres/roles.sql may do with finetl's own tables and these;
 * pii[i] flags the columns of table i that are personal (NULL: none). */
FE_MUST_USE enum fe_rc fe_pg_schema_print_grants(const struct fe_table *tables, const bool *const *pii,
                                                 size_t n_tables, const char *default_schema,
                                                 struct fe_buf *out, struct fe_err *err);
/* All of it to a warehouse, in one transaction. */
FE_MUST_USE enum fe_rc fe_pg_schema_apply_url(const char *url, const struct fe_table *tables,
                                              size_t n_tables, int64_t wait_ms, struct fe_err *err);

/* An array of descriptions, freed by fe_pg_tables_free (NULL is allowed). */
FE_MUST_USE enum fe_rc fe_pg_tables_new(struct fe_pg_table **out, const struct fe_table *tables,
                                        size_t n_tables, const char *default_schema,
                                        struct fe_err *err);
void fe_pg_tables_free(struct fe_pg_table *tables, size_t n_tables);

/* The parts, in the caller's transaction. Where everything is there already they write
 * nothing and need no right but to read, so that a loader without DDL can call them;
 * FE_EDENIED where something is missing and may not be made: "run `finetl schema apply` as
 * the owner". */
FE_MUST_USE enum fe_rc fe_pg_schema_apply_own(struct fe_db *db, struct fe_err *err);
/* Columns that nobody declared (evolves of load/table.h), where the table is there and lacks them. */
FE_MUST_USE enum fe_rc fe_pg_schema_add_evolved(struct fe_db *db, const struct fe_pg_table *t, struct fe_err *err);
/* Compares it, too, as fe_pg_schema_compare does. *made: whether the table was not there;
 * may be NULL. */
FE_MUST_USE enum fe_rc fe_pg_schema_apply_table(struct fe_db *db, const struct fe_pg_table *t,
                                                bool *made, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_pg_schema_apply_views(struct fe_db *db, const struct fe_pg_table *tables,
                                                size_t n_tables, struct fe_err *err);
/* Whether the table is there; FE_ECONFLICT naming table, column and difference
 * (load/pg_drift.c). A declared index or foreign key that is missing is no difference. */
FE_MUST_USE enum fe_rc fe_pg_schema_compare(struct fe_db *db, const struct fe_pg_table *t,
                                            bool *exists, struct fe_err *err);

/* What the catalog knows of a table, for the choice of how to load it. */
struct fe_pg_state {
	bool is_empty;       /* asked of the table itself */
	int64_t n_rows;      /* by reltuples; where it was never analysed, counted up to a million */
	int64_t size_bytes;  /* with its indexes */
	bool is_owner;       /* whether we may take its parts off and put them back */
	bool is_referenced;  /* its key is needed: by a foreign key of another table, a view, or
	                      * replication */
	bool is_tuned;       /* an index has settings, a tablespace or a comment */
};
FE_MUST_USE enum fe_rc fe_pg_schema_state(struct fe_db *db, const struct fe_pg_table *t,
                                          struct fe_pg_state *out, struct fe_err *err);

#endif

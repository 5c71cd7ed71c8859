// SPDX-License-Identifier: Apache-2.0
/* load/pg_drift.h - how a table in PostgreSQL differs from its declaration: what pg_drift.c
 * and pg_drift_parts.c share. fe_pg_schema_compare of load/pg_schema.h is the whole.
 */
#ifndef FE_LOAD_PG_DRIFT_H
#define FE_LOAD_PG_DRIFT_H

#include "db/db.h"
#include "load/pg_table.h"

#define FE_PG_WAY_OUT                                                                              \
	"; change the pipeline file or the table, or rename the table and let finetl make a "      \
	"new one"

/* FE_ECONFLICT: "table t, column c: what is ..., declared is ..."; column NULL: of the table. */
enum fe_rc fe_pg_differs(struct fe_err *err, const struct fe_pg_table *t, const char *column,
			 const char *what, struct fe_str is, const char *declared);
/* FE_ECONFLICT: the constraint is right, and has to be renamed. */
enum fe_rc fe_pg_other_name(struct fe_err *err, const struct fe_pg_table *t, const char *what,
			    struct fe_str is, const char *declared);
void fe_pg_print_columns(struct fe_buf *out, const struct fe_schema *schema, const size_t *columns,
			 size_t n); /* by commas */

FE_MUST_USE enum fe_rc fe_pg_compare_checks(struct fe_db *db, const struct fe_pg_table *t,
					    struct fe_err *err);
FE_MUST_USE enum fe_rc fe_pg_compare_foreign_keys(struct fe_db *db, const struct fe_pg_table *t,
						  struct fe_err *err);
FE_MUST_USE enum fe_rc fe_pg_compare_indexes(struct fe_db *db, const struct fe_pg_table *t,
					     struct fe_err *err);

#endif

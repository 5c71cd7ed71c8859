// SPDX-License-Identifier: Apache-2.0
/* load/pg_table.h - what one declared table is in PostgreSQL: its columns and statements
 *
 * As load/table_sql.h is for SQLite: the one description from which a table is printed,
 * created, compared and filled. text(n) is varchar(n) COLLATE "C", so that order and
 * comparison are by bytes as in rules and in SQLite; decimal(p,s) is numeric(p,s) with
 * a check that it is not NaN; int bigint; timestamp timestamptz. Then the stamps:
 * processed_at, created_at, updated_at (timestamptz), etl_run_id (text), etl_object_id,
 * etl_record (bigint), all not null.
 *
 * Names of constraints and indexes are those that PostgreSQL itself would choose where it
 * is asked for none (t_pkey, t_column_fkey), so that tables made by hand agree; a check is
 * named by its own text. What passes 63 bytes is cut, and ends with a hash of the whole.
 */
#ifndef FE_LOAD_PG_TABLE_H
#define FE_LOAD_PG_TABLE_H

#include "base/buf.h"
#include "load/table.h"

struct fe_pg_part { /* a part of the table that can be taken off and put back */
	char *name;   /* unquoted */
	char *add;    /* ALTER TABLE ... ADD CONSTRAINT ... | CREATE INDEX ... */
	char *drop;   /* ALTER TABLE ... DROP CONSTRAINT ... | DROP INDEX ... */
};

struct fe_pg_check {
	char *name;      /* unquoted */
	char *condition; /* in SQL */
};

struct fe_pg_table {
	const struct fe_table *table;
	char *schema, *plain; /* unquoted names */
	char *name;           /* "schema"."table", each quoted where it must be */
	char *create;         /* CREATE TABLE with its checks, without key, indexes and foreign keys */
	char **columns;       /* [n_fields] names, quoted where they must be */
	char **types;         /* [n_fields] "numeric(12,2)", "varchar(20)": as in a cast. A column
	                       * of a text type is declared with COLLATE "C" after it */
	struct fe_pg_check *checks; size_t n_checks;
	struct fe_pg_part key;      /* PRIMARY KEY */
	/* the declared ones, in order, and one for each foreign key that none begins with */
	struct fe_pg_part *indexes; size_t n_indexes;
	struct fe_index *index_columns; /* [n_indexes] */
	struct fe_pg_part *foreign_keys; size_t n_foreign_keys; /* as in table->foreign_keys */
	char **parents;                 /* [n_foreign_keys] names like `name` */
};

#define FE_PG_N_STAMPS 6
extern const struct fe_pg_stamp {
	const char *name, *type;
} fe_pg_stamps[FE_PG_N_STAMPS];

/* default_schema: for a target that names none. FE_EUSAGE where PostgreSQL cannot hold
 * the table as declared (two names that are one in 63 bytes, a stamp's name...). */
FE_MUST_USE enum fe_rc fe_pg_table_init(struct fe_pg_table *t, const struct fe_table *table,
                                        const char *default_schema, struct fe_err *err);
void fe_pg_table_reset(struct fe_pg_table *t);

/* A table's two names: those of the target, or default_schema and the target. */
void fe_pg_table_names(const struct fe_table *t, const char *default_schema, struct fe_str *schema,
                       struct fe_str *plain);

#endif

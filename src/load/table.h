// SPDX-License-Identifier: Apache-2.0
/* load/table.h - a target table, as the pipeline file declares it
 *
 * One data set feeds one table; column i of the table is column i of the data
 * set's schema: first the source columns (key, fixed, mutable, version), then the
 * derived ones. The engines add the stamps and the provenance:
 * processed_at, created_at, updated_at, etl_run_id, etl_object_id, etl_record.
 *
 * No record has number 0: a row whose etl_record is 0 is a placeholder, whatever the
 * pipeline file says of it now, and is filled in by the first record of its key.
 */
#ifndef FE_LOAD_TABLE_H
#define FE_LOAD_TABLE_H

#include "batch/schema.h"

enum fe_role {
	FE_ROLE_KEY,     /* says which row it is */
	FE_ROLE_FIXED,   /* another value under the same key is a conflict */
	FE_ROLE_MUTABLE, /* another value is an update */
	FE_ROLE_VERSION, /* mutable; the greater one wins */
	FE_ROLE_DERIVED, /* computed; not compared, goes with its record */
};

struct fe_index {
	size_t columns[8];
	bool descending[8];
	size_t n_columns;
};

struct fe_table;
struct fe_foreign_key {
	size_t columns[8];
	size_t n_columns;
	const struct fe_table *references; /* its key */
};

/* A condition of the table, printed for each engine (expr/expr.h); in SQLite a
 * decimal column x is the integer x_minor. */
struct fe_check_sql {
	const char *text; /* as the pipeline file has it */
	const char *sqlite, *postgres;
};

struct fe_table {
	const char *name;             /* may be schema.name */
	const char *dataset;          /* that feeds it */
	const struct fe_schema *schema;
	const enum fe_role *roles;    /* [schema->n_fields] */
	const bool *not_null;         /* [schema->n_fields] */
	const size_t *key;            /* in the declared order */
	size_t n_key;
	size_t version;               /* FE_NO_COLUMN: none */
	const struct fe_index *indexes; size_t n_indexes;
	const struct fe_foreign_key *foreign_keys; size_t n_foreign_keys;
	const struct fe_check_sql *checks; size_t n_checks;
	const size_t *sum_by; size_t n_sum_by; /* source columns by whose values confirmed sums are split */
	/* Its source may have columns that nobody declared: text, without a limit. The last n_evolved of
	 * the source columns are such, and added where the table lacks them; others may be there already. */
	bool evolves;
	size_t n_evolved;
	/* Records of others may refer to keys that no record has brought yet: the table may hold
	 * placeholders, rows with a key of one column, null in all others and 0 for etl_record. */
	bool takes_placeholders;
};

/* Whether a column is one of the n_evolved. */
bool fe_table_is_evolved(const struct fe_table *t, size_t column);
bool fe_table_is_key(const struct fe_table *t, size_t column);
/* Whether the key or a declared index begins with the referring columns. Without such an
 * index every change of a parent row would read the whole table: the engines add one. */
bool fe_table_has_index_for(const struct fe_table *t, const struct fe_foreign_key *k);

#endif

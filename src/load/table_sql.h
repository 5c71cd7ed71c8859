// SPDX-License-Identifier: Apache-2.0
/* load/table_sql.h - what one declared table is in SQLite: its columns and statements
 *
 * A STRICT rowid table and a separate unique index on the key, so that rows can go
 * in before any index is built. A decimal column x is stored as the integer x_minor
 * (scaled), with x as a virtual column for reading; a bool is 0 or 1; dates and
 * timestamps are their canonical texts, which sort. Then the load stamps and where
 * the row is from. Everything that prints, creates, checks or fills a table starts
 * from this one description.
 */
#ifndef FE_LOAD_TABLE_SQL_H
#define FE_LOAD_TABLE_SQL_H

#include "base/buf.h"
#include "load/table.h"

struct fe_column_sql {
	char *name;       /* as stored */
	const char *type; /* TEXT, INTEGER, REAL */
	bool is_not_null, is_generated;
};

struct fe_index_sql {
	char *name, *create;
};

struct fe_table_sql {
	const struct fe_table *table;
	char *name;       /* quoted where it must be */
	char *create;     /* CREATE TABLE, without a final ; */
	const char *rowid;/* a name of the row's number that no column hides */
	struct fe_column_sql *columns; /* all of them, generated ones and stamps too */
	size_t n_columns, cap_columns;
	char **stored;    /* [schema->n_fields] name of the stored column, quoted where it must be */
	struct fe_index_sql *indexes;  /* the key's, the declared ones, one for each foreign key
	                                * that none of those begins with */
	size_t n_indexes, cap_indexes;
};

/* FE_EUSAGE where SQLite cannot hold the table as declared. */
FE_MUST_USE enum fe_rc fe_table_sql_init(struct fe_table_sql *s, const struct fe_table *table,
                                         struct fe_err *err);
void fe_table_sql_reset(struct fe_table_sql *s);
/* What the stored numbers of a field mean, as its definition has it: the computation of
 * a decimal's virtual column, so its scale, or the condition of a bool. Else nothing. */
void fe_table_sql_add_meaning(struct fe_buf *out, const struct fe_table_sql *s, size_t field);

#endif

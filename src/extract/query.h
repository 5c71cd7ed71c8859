// SPDX-License-Identifier: Apache-2.0
/* extract/query.h - records of a table or query of a database
 *
 * One reader for all engines that db/cursor.h opens; `postgresql`, `sqlite` and `odbc` are its names
 * in a pipeline file, and what stands behind them is how to connect.
 *
 *   Snapshot   all rows are of one state of the database: a repeatable read transaction, where the engine has one
 *   Types      the source's columns are held against the declared ones before the first row: what could lose
 *              something (a float for a decimal, a wider scale or text, a timestamp without zone where none is declared) is FE_EUSAGE by name
 *   Objects    one, named "engine:database/table" or with the query's hash; its SHA-256 is of the rows as read
 *   Raw        the row as a JSON object of the source's columns and its own texts
 *   Exactness  decimals as text or scaled integers, never a double
 */
#ifndef FE_EXTRACT_QUERY_H
#define FE_EXTRACT_QUERY_H

#include "base/buf.h"
#include "extract/source.h"

struct fe_query_settings {
	const char *table;       /* name or schema.name; NULL: query */
	const char *query;       /* a SELECT, with {since} and {until} as bound parameters where it wants them */
	unsigned n_parallel;     /* PostgreSQL: key ranges read at once; 0 or 1: one stream */
};

/* What the names of objects end in: the table, or "query-" and the first digits of the query's SHA-256. */
void fe_query_add_name(struct fe_buf *out, const struct fe_query_settings *q);

extern const struct fe_source_ops fe_source_postgres, fe_source_sqlite, fe_source_odbc;

#endif

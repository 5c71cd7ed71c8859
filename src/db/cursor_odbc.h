// SPDX-License-Identifier: Apache-2.0
/* db/cursor_odbc.h - the parts of a cursor by ODBC, for its files only
 *
 *   odbc.c           the driver manager, texts, errors
 *   cursor_odbc.c    connecting, the statement, its columns, stopping it
 *   odbc_value.c     rows in blocks, and what becomes of each value
 */
#ifndef FE_DB_CURSOR_ODBC_H
#define FE_DB_CURSOR_ODBC_H

#include "db/cursor_engine.h"
#include "db/odbc.h"

#define FE_ODBC_MAX_VALUE_BYTES ((size_t)64 << 20)

/* How the driver is asked for a column's values. */
struct fe_odbc_column {
	SQLSMALLINT c_type;
	size_t item_bytes; /* of one value in a block */
	bool is_long;      /* in pieces, by SQLGetData */
	char *items;       /* [n_block_rows] of item_bytes */
	SQLLEN *lengths;   /* [n_block_rows] */
};

struct fe_odbc_cursor {
	struct fe_cursor base;
	struct fe_odbc odbc;
	struct fe_odbc_names names;
	SQLHENV env;
	SQLHDBC dbc;
	SQLHSTMT st;
	bool is_connected;
	bool has_utf8;                  /* texts are fetched as the server's bytes, which are UTF-8 */
	struct fe_odbc_column *columns; /* [n_columns] */
	bool has_long;                  /* one row at a time then */
	size_t n_block_rows;
	SQLULEN n_fetched, row;         /* of the block at hand */
	uint64_t n_rows;
	bool has_ended;
	struct fe_arena texts;          /* of the row at hand */
	struct fe_buf piece;            /* of a long value */
	struct fe_odbc_watch *watch;
};

/* ---- odbc_value.c ---- */

/* From what SQLDescribeCol says to a kind, and how it is fetched. */
enum fe_cursor_kind fe_odbc_kind(SQLSMALLINT sql_type, SQLULEN size, bool is_unsigned, struct fe_odbc_column *column);
/* A text column's values as bytes, of characters of at most four. */
void fe_odbc_fetch_bytes(struct fe_odbc_column *column, SQLULEN n_chars);
FE_MUST_USE enum fe_rc fe_odbc_bind_columns(struct fe_odbc_cursor *c, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_odbc_next(struct fe_cursor *base, bool *row, struct fe_err *err);

/* ---- cursor_odbc.c ---- */

/* What the driver does between begin and end, a stop request cancels. */
void fe_odbc_watch_begin(struct fe_odbc_watch *w);
void fe_odbc_watch_end(struct fe_odbc_watch *w);

#endif

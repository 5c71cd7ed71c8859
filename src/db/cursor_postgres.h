// SPDX-License-Identifier: Apache-2.0
/* db/cursor_postgres.h - a cursor of PostgreSQL, for its own files only
 *
 *   cursor_postgres.c          connections, parts of a table, the COPY of each, whose turn it is
 *   cursor_postgres_columns.c  what the columns of the query are, and how each is read
 *   postgres_rows.c            rows out of the bytes of a COPY
 *   postgres_value.c           values out of the bytes of a field
 */
#ifndef FE_DB_CURSOR_POSTGRES_H
#define FE_DB_CURSOR_POSTGRES_H

#include "db/cursor_engine.h"
#include "db/postgres_conn.h"
#include "db/postgres_rows.h"

#define FE_PG_CURSOR_MAX_SQL_BYTES ((size_t)1 << 20)
#define FE_PG_CURSOR_MAX_PARTS 16

/* One connection, and where its COPY is. */
struct fe_pg_part {
	struct fe_db *db;
	char *message;       /* libpq's; the row at hand is in it */
	struct fe_pg_rows rows;
	bool has_ended;
};

struct fe_pg_cursor {
	struct fe_cursor base;
	struct fe_pg_part parts[FE_PG_CURSOR_MAX_PARTS];
	size_t n_parts, part;   /* the one whose turn it is */
	uint64_t n_turn_rows;   /* taken of it in this turn */
	fe_pg_decode_fn **decode; /* [n_columns]; NULL: cast to text */
	bool needs_cast;
	uint64_t n_rows;
	struct fe_arena texts;  /* of the row at hand */
	struct fe_buf sql;
};

/* Prepares the query, by which the server tells its columns; FE_EUSAGE where it gives none. */
FE_MUST_USE enum fe_rc fe_pg_cursor_describe(struct fe_pg_cursor *c, struct fe_err *err);
/* The query, around which columns without a binary form here are cast to text. */
void fe_pg_cursor_add_sql(const struct fe_pg_cursor *c, struct fe_buf *out);

#endif

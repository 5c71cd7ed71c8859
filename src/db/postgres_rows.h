// SPDX-License-Identifier: Apache-2.0
/* db/postgres_rows.h - rows out of the bytes of a binary COPY TO STDOUT
 *
 * Private to db/. Pure: bytes in, values out, so that it can be fuzzed. What a server sends is
 * held to the format to the byte: a signature without flags, then rows of as many fields as there are columns,
 * each within its message, then the trailer, and nothing behind it.
 *
 *   Order      feed a message, take until there is nothing left of it, feed the next
 *   Ownership  values are views of the message, or live in the fields' arena until the next row
 */
#ifndef FE_DB_POSTGRES_ROWS_H
#define FE_DB_POSTGRES_ROWS_H

#include "db/postgres_value.h"

struct fe_pg_rows {
	struct fe_str rest;  /* of the message at hand */
	bool has_begun;      /* the stream's header was read */
	bool saw_trailer;
};

/* Where a row goes. */
struct fe_pg_fields {
	const struct fe_cursor_column *columns; /* [n] */
	fe_pg_decode_fn *const *decode;         /* [n]; NULL: what comes is text, of the column's kind */
	struct fe_cursor_value *values;         /* [n] */
	size_t n;
	struct fe_arena *texts;
};

enum fe_pg_taken { FE_PG_ROW, FE_PG_TRAILER, FE_PG_BAD_STREAM, FE_PG_BAD_VALUE };

/* False: the stream does not begin as one. */
bool fe_pg_rows_feed(struct fe_pg_rows *r, struct fe_str message);
/* *column: which value is none, of FE_PG_BAD_VALUE. */
enum fe_pg_taken fe_pg_rows_take(struct fe_pg_rows *r, const struct fe_pg_fields *f, size_t *column);

#endif

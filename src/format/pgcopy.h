// SPDX-License-Identifier: Apache-2.0
/* format/pgcopy.h - values as PostgreSQL has them on the wire, in binary
 *
 * PostgreSQL 15 manual, COPY, section "Binary Format", and the send and receive functions
 * of the types. Used for COPY FROM STDIN, for array parameters, and to read results.
 *
 *   text(n)       varchar(n), the bytes (UTF-8, no NUL: the CSV reader lets none in)
 *   decimal(p,s)  numeric(p,s): base-10000 digits, weight, sign, dscale = s; never NaN
 *   int           bigint
 *   bool          boolean
 *   date          date, days from 2000-01-01
 *   timestamp     timestamptz, microseconds from 2000-01-01 00:00 UTC
 *
 * A field is its length (4 bytes, big-endian, -1: null) and its bytes; a tuple is the
 * number of its fields (2 bytes) and the fields.
 */
#ifndef FE_FORMAT_PGCOPY_H
#define FE_FORMAT_PGCOPY_H

#include "base/buf.h"
#include "base/decimal.h"
#include "batch/batch.h"

enum { /* pg_type.oid, fixed since ever */
	FE_PG_BOOL = 16, FE_PG_INT8 = 20, FE_PG_TEXT = 25, FE_PG_TID = 27, FE_PG_DATE = 1082,
	FE_PG_TIMESTAMPTZ = 1184, FE_PG_NUMERIC = 1700, FE_PG_VARCHAR = 1043,
	FE_PG_BOOL_ARRAY = 1000, FE_PG_INT8_ARRAY = 1016, FE_PG_TEXT_ARRAY = 1009,
	FE_PG_DATE_ARRAY = 1182, FE_PG_TIMESTAMPTZ_ARRAY = 1185, FE_PG_NUMERIC_ARRAY = 1231
};
/* Of a parameter with a column's values; of text it is 'text', which compares with a
 * varchar as it is, by the varchar's index. */
uint32_t fe_pg_oid(struct fe_type type);
uint32_t fe_pg_array_oid(struct fe_type type);  /* of an array of them */

void fe_pgcopy_add_header(struct fe_buf *out);  /* of a COPY stream */
void fe_pgcopy_add_trailer(struct fe_buf *out);
void fe_pgcopy_add_tuple(struct fe_buf *out, size_t n_fields);
void fe_pgcopy_add_null(struct fe_buf *out);
void fe_pgcopy_add_i64(struct fe_buf *out, int64_t v);
void fe_pgcopy_add_text(struct fe_buf *out, struct fe_str v);
/* tid as one number: block * 65536 + offset, so non-negative and below 2^48. */
void fe_pgcopy_add_tid(struct fe_buf *out, int64_t tid);
/* The value of a row, or null. */
void fe_pgcopy_add_value(struct fe_buf *out, const struct fe_column *c, size_t row);
/* The first n_columns columns of a row, one after another: the fast path. */
void fe_pgcopy_add_row(struct fe_buf *out, const struct fe_batch *b, size_t n_columns, size_t row);

/* The values of rows[0..n) of a column as a one-dimensional array (no field length). */
void fe_pg_add_array(struct fe_buf *out, const struct fe_column *c, const uint32_t *rows, size_t n);

/* Reads a value (p NULL: null) into row `row` of a column; text is copied into the arena.
 * False where the bytes are no value of the column's type (a numeric of a greater scale,
 * NaN, infinity, out of range; a text that is no UTF-8). */
bool fe_pg_read_value(struct fe_str bytes, struct fe_column *c, size_t row, struct fe_arena *arena);
bool fe_pg_read_i64(struct fe_str bytes, int64_t *out); /* int8, int4, int2 */
bool fe_pg_read_tid(struct fe_str bytes, int64_t *out);
/* numeric -> integer scaled by 10^scale, in 128 bits: sums. */
bool fe_pg_read_i128(struct fe_str bytes, unsigned scale, fe_i128 *out);

#endif

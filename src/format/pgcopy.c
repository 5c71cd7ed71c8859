// SPDX-License-Identifier: Apache-2.0
/* format/pgcopy.c - values to PostgreSQL's binary form
 *
 * Room for a row is made once, for the most it can take; the values then go in with
 * stores of fixed sizes, whose surplus the next field overwrites. The bytes are those
 * that the server itself would send: numerics without zero groups at either end.
 */
#include "format/pgcopy.h"

#include <endian.h>


/* From 1970-01-01, where our days begin, to 2000-01-01. */
#define EPOCH_DAYS 10957
#define EPOCH_US UINT64_C(946684800000000)
/* The most that is stored for a value that is no text: length, head and groups of a
 * numeric, the latter with the surplus of a store of 16 bytes. */
#define FIXED_BYTES 32
#define MAX_TEXT_BYTES ((size_t)INT32_MAX)
#define NUMERIC_NEGATIVE 0x4000

uint32_t
fe_pg_oid(struct fe_type type)
{
	static const uint32_t oids[FE_N_KINDS] = {
		[FE_TEXT] = FE_PG_TEXT, [FE_DECIMAL] = FE_PG_NUMERIC, [FE_INT] = FE_PG_INT8,
		[FE_BOOL] = FE_PG_BOOL, [FE_DATE] = FE_PG_DATE, [FE_TIMESTAMP] = FE_PG_TIMESTAMPTZ,
	};
	return oids[type.kind];
}

uint32_t
fe_pg_array_oid(struct fe_type type)
{
	static const uint32_t oids[FE_N_KINDS] = {
		[FE_TEXT] = FE_PG_TEXT_ARRAY, [FE_DECIMAL] = FE_PG_NUMERIC_ARRAY, [FE_INT] = FE_PG_INT8_ARRAY,
		[FE_BOOL] = FE_PG_BOOL_ARRAY, [FE_DATE] = FE_PG_DATE_ARRAY, [FE_TIMESTAMP] = FE_PG_TIMESTAMPTZ_ARRAY,
	};
	return oids[type.kind];
}

static inline char *
put16(char *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static inline char *
put32(char *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static inline char *
put64(char *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static inline char *
put_null(char *p)
{
	return put32(p, UINT32_MAX);
}

/* Texts are short: two stores that overlap do for most lengths. */
static inline char *
put_text(char *p, struct fe_str v)
{
	p = put32(p, (uint32_t)v.n);
	if (v.n >= 8 && v.n <= 16) {
		memcpy(p, v.p, 8);
		memcpy(p + v.n - 8, v.p + v.n - 8, 8);
	} else if (v.n >= 4 && v.n < 8) {
		memcpy(p, v.p, 4);
		memcpy(p + v.n - 4, v.p + v.n - 4, 4);
	} else if (v.n > 0) {
		memcpy(p, v.p, v.n);
	}
	return p + v.n;
}

/* The groups of four digits of a numeric, of which the point is between two. They come
 * from the least of them, and are kept left-aligned: the first is the topmost 16 bits. */
struct groups {
	unsigned __int128 bits;
	unsigned n_seen, n_kept; /* kept: but for the zeros at the end */
};

static inline void
add_group(struct groups *g, uint64_t group)
{
	g->bits = g->bits >> 16 | (unsigned __int128)group << 112;
	g->n_seen++;
	g->n_kept += g->bits != 0;
}

/* The digits behind the last whole group are its left part: 1.5 is 1 and 5000. */
static inline uint64_t
add_part_group(struct groups *g, uint64_t v, unsigned scale)
{
	switch (scale % 4) {
	case 1:
		add_group(g, v % 10 * 1000);
		return v / 10;
	case 2:
		add_group(g, v % 100 * 100);
		return v / 100;
	case 3:
		add_group(g, v % 1000 * 10);
		return v / 1000;
	default:
		return v;
	}
}

/* Writes FIXED_BYTES at most; an int64 has six groups at most. */
static inline char *
put_numeric(char *p, int64_t v, unsigned scale)
{
	struct groups g = { 0 };
	uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	int weight = 0; /* of the first group */

	if (rest > 0) {
		rest = add_part_group(&g, rest, scale);
		for (; rest > 0; rest /= 10000)
			add_group(&g, rest % 10000);
		weight = (int)g.n_seen - (int)((scale + 3) / 4) - 1;
	}
	p = put32(p, 8 + 2 * g.n_kept);
	p = put16(p, (uint16_t)g.n_kept);
	p = put16(p, (uint16_t)weight);
	p = put16(p, v < 0 ? NUMERIC_NEGATIVE : 0);
	p = put16(p, (uint16_t)scale);
	put64(p, (uint64_t)(g.bits >> 64));
	put64(p + 8, (uint64_t)g.bits);
	return p + (size_t)2 * g.n_kept;
}

static inline char *
put_value(char *p, const struct fe_column *c, size_t row)
{
	if (!fe_bit_get(c->valid, row))
		return put_null(p);
	switch (c->type.kind) {
	case FE_TEXT:
		return put_text(p, c->text[row]);
	case FE_DECIMAL:
		return put_numeric(p, c->i64[row], c->type.scale);
	case FE_INT:
		return put64(put32(p, 8), (uint64_t)c->i64[row]);
	case FE_BOOL:
		p = put32(p, 1);
		*p = (char)fe_bit_get(c->bits, row);
		return p + 1;
	case FE_DATE:
		return put32(put32(p, 4), (uint32_t)c->days[row] - EPOCH_DAYS);
	case FE_TIMESTAMP:
		break;
	}
	return put64(put32(p, 8), (uint64_t)c->i64[row] - EPOCH_US);
}

/* The most that put_value stores; past all limits where a text is longer than a field. */
static inline size_t
value_room(const struct fe_column *c, size_t row)
{
	if (c->type.kind != FE_TEXT || !fe_bit_get(c->valid, row))
		return FIXED_BYTES;
	size_t n = c->text[row].n;
	return n <= MAX_TEXT_BYTES ? n + 4 : SIZE_MAX / 2 / FE_MAX_COLUMNS;
}

static void
end_at(struct fe_buf *out, const char *p)
{
	out->n_bytes = (size_t)(p - out->p);
}

void
fe_pgcopy_add_header(struct fe_buf *out)
{
	/* signature, flags, length of the extension */
	static const char header[] = "PGCOPY\n\377\r\n\0" "\0\0\0\0" "\0\0\0\0";
	fe_buf_add(out, header, sizeof header - 1);
}

void
fe_pgcopy_add_trailer(struct fe_buf *out)
{
	fe_buf_add(out, "\377\377", 2);
}

void
fe_pgcopy_add_tuple(struct fe_buf *out, size_t n_fields)
{
	FE_ASSERT(n_fields <= INT16_MAX);
	if (fe_buf_reserve(out, 2))
		end_at(out, put16(out->p + out->n_bytes, (uint16_t)n_fields));
}

void
fe_pgcopy_add_null(struct fe_buf *out)
{
	if (fe_buf_reserve(out, 4))
		end_at(out, put_null(out->p + out->n_bytes));
}

void
fe_pgcopy_add_i64(struct fe_buf *out, int64_t v)
{
	if (fe_buf_reserve(out, 12))
		end_at(out, put64(put32(out->p + out->n_bytes, 8), (uint64_t)v));
}

void
fe_pgcopy_add_text(struct fe_buf *out, struct fe_str v)
{
	if (v.n > MAX_TEXT_BYTES)
		out->failed = true;
	else if (fe_buf_reserve(out, v.n + 4))
		end_at(out, put_text(out->p + out->n_bytes, v));
}

void
fe_pgcopy_add_tid(struct fe_buf *out, int64_t tid)
{
	FE_ASSERT(tid >= 0 && tid < INT64_C(1) << 48);
	if (!fe_buf_reserve(out, 10))
		return;
	char *p = put32(out->p + out->n_bytes, 6);
	p = put32(p, (uint32_t)(tid >> 16));
	end_at(out, put16(p, (uint16_t)tid));
}

void
fe_pgcopy_add_value(struct fe_buf *out, const struct fe_column *c, size_t row)
{
	if (fe_buf_reserve(out, value_room(c, row)))
		end_at(out, put_value(out->p + out->n_bytes, c, row));
}

void
fe_pgcopy_add_row(struct fe_buf *out, const struct fe_batch *b, size_t n_columns, size_t row)
{
	size_t room = 0;
	for (size_t i = 0; i < n_columns; i++)
		room += value_room(&b->columns[i], row);
	if (!fe_buf_reserve(out, room))
		return;
	char *p = out->p + out->n_bytes;
	for (size_t i = 0; i < n_columns; i++)
		p = put_value(p, &b->columns[i], row);
	end_at(out, p);
}

/* Dimensions, whether there are nulls, type of the elements; then of each dimension its
 * length and first index. An empty array has none. */
static char *
put_array_head(char *p, uint32_t element_oid, size_t n, bool has_nulls)
{
	p = put32(p, n > 0);
	p = put32(p, has_nulls);
	p = put32(p, element_oid);
	if (n == 0)
		return p;
	return put32(put32(p, (uint32_t)n), 1);
}

void
fe_pg_add_array(struct fe_buf *out, const struct fe_column *c, const uint32_t *rows, size_t n)
{
	size_t room = 20;
	bool has_nulls = false;
	for (size_t i = 0; i < n; i++) {
		if (__builtin_add_overflow(room, value_room(c, rows[i]), &room))
			room = SIZE_MAX / 2;
		has_nulls |= !fe_bit_get(c->valid, rows[i]);
	}
	if (n > INT32_MAX)
		out->failed = true;
	if (!fe_buf_reserve(out, room))
		return;
	char *p = put_array_head(out->p + out->n_bytes, fe_pg_oid(c->type), n, has_nulls);
	for (size_t i = 0; i < n; i++)
		p = put_value(p, c, rows[i]);
	end_at(out, p);
}

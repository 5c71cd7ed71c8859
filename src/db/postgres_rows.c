// SPDX-License-Identifier: Apache-2.0
/* db/postgres_rows.c - see db/postgres_rows.h */
#include "db/postgres_rows.h"

#define SIGNATURE_BYTES 11
#define HEADER_BYTES 19 /* signature, flags, length of an extension */

static bool
take_bytes(struct fe_pg_rows *r, size_t n, const char **out)
{
	if (r->rest.n < n)
		return false;
	*out = r->rest.p;
	r->rest = (struct fe_str){ r->rest.p + n, r->rest.n - n };
	return true;
}

static bool
take_i32(struct fe_pg_rows *r, int32_t *out)
{
	const unsigned char *b;
	const char *at;

	if (!take_bytes(r, 4, &at))
		return false;
	b = (const unsigned char *)at;
	*out = (int32_t)((uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]);
	return true;
}

static bool
take_i16(struct fe_pg_rows *r, int *out)
{
	const unsigned char *b;
	const char *at;

	if (!take_bytes(r, 2, &at))
		return false;
	b = (const unsigned char *)at;
	*out = (int16_t)(uint16_t)((uint32_t)b[0] << 8 | b[1]);
	return true;
}

static bool
take_header(struct fe_pg_rows *r)
{
	static const char signature[SIGNATURE_BYTES] = { 'P', 'G', 'C', 'O', 'P', 'Y', '\n', '\377', '\r', '\n', '\0' };
	static const char nothing[HEADER_BYTES - SIGNATURE_BYTES] = { 0 }; /* no flags, no extension */
	const char *at;

	r->has_begun = take_bytes(r, HEADER_BYTES, &at) && memcmp(at, signature, SIGNATURE_BYTES) == 0 &&
	               memcmp(at + SIGNATURE_BYTES, nothing, sizeof(nothing)) == 0;
	return r->has_begun;
}

bool
fe_pg_rows_feed(struct fe_pg_rows *r, struct fe_str message)
{
	r->rest = message;
	return r->has_begun || message.n == 0 || take_header(r);
}

static enum fe_pg_taken
take_field(struct fe_pg_rows *r, const struct fe_pg_fields *f, size_t column)
{
	struct fe_cursor_value *value = &f->values[column];
	struct fe_str bytes;
	int32_t n;

	if (!take_i32(r, &n) || n < -1)
		return FE_PG_BAD_STREAM;
	value->is_null = n == -1;
	if (value->is_null)
		return FE_PG_ROW;
	bytes.n = (size_t)n;
	if (!take_bytes(r, bytes.n, &bytes.p))
		return FE_PG_BAD_STREAM;
	if (f->decode[column])
		return f->decode[column](bytes, value, f->texts) ? FE_PG_ROW : FE_PG_BAD_VALUE;
	value->kind = f->columns[column].kind;
	value->text = bytes;
	return FE_PG_ROW;
}

enum fe_pg_taken
fe_pg_rows_take(struct fe_pg_rows *r, const struct fe_pg_fields *f, size_t *column)
{
	int n_fields;

	if (r->saw_trailer || !take_i16(r, &n_fields))
		return FE_PG_BAD_STREAM;
	if (n_fields == -1) {
		r->saw_trailer = true;
		return FE_PG_TRAILER;
	}
	if (n_fields < 0 || (size_t)n_fields != f->n)
		return FE_PG_BAD_STREAM;
	fe_arena_reset(f->texts);
	for (*column = 0; *column < f->n; (*column)++) {
		const enum fe_pg_taken taken = take_field(r, f, *column);
		if (taken != FE_PG_ROW)
			return taken;
	}
	return FE_PG_ROW;
}

// SPDX-License-Identifier: Apache-2.0
/* transform/key.c - keys to bytes; lengths as of LEB128, one byte for most */
#include "transform/key.h"

#define MAX_LENGTH_BYTES 10

int64_t
fe_key_number(const struct fe_column *c, size_t row)
{
	switch (c->type.kind) {
	case FE_DATE:
		return c->days[row];
	case FE_BOOL:
		return fe_bit_get(c->bits, row);
	default:
		return c->i64[row];
	}
}

struct fe_str
fe_key_single(const struct fe_column *c, size_t row, int64_t *number)
{
	if (c->type.kind == FE_TEXT)
		return c->text[row];
	*number = fe_key_number(c, row);
	return (struct fe_str){ (const char *)number, sizeof *number };
}

static char *
put_length(char *p, size_t n)
{
	for (; n >= 0x80; n >>= 7)
		*p++ = (char)(n | 0x80);
	*p++ = (char)n;
	return p;
}

struct fe_str
fe_key_of_row(const struct fe_batch *b, const size_t *columns, size_t n_columns, size_t row, struct fe_arena *arena)
{
	int64_t number;
	size_t n_bytes = 0;

	if (n_columns == 1 && b->columns[columns[0]].type.kind == FE_TEXT)
		return b->columns[columns[0]].text[row];
	for (size_t i = 0; i < n_columns; i++)
		n_bytes += MAX_LENGTH_BYTES + fe_key_single(&b->columns[columns[i]], row, &number).n;
	char *start = fe_arena_bytes(arena, n_bytes), *p = start;
	for (size_t i = 0; i < n_columns; i++) {
		const struct fe_column *c = &b->columns[columns[i]];
		struct fe_str part = fe_key_single(c, row, &number);
		if (c->type.kind == FE_TEXT && n_columns > 1)
			p = put_length(p, part.n);
		if (part.n)
			memcpy(p, part.p, part.n);
		p += part.n;
	}
	return (struct fe_str){ start, (size_t)(p - start) };
}

enum fe_rc
fe_key_known(struct fe_keytable *t, const struct fe_column *column, const uint64_t *asked, size_t n_rows,
             uint64_t *known, struct fe_err *err)
{
	struct fe_str keys[64];
	uint64_t codes[64];
	int64_t numbers[64];

	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++) {
		uint64_t n_key_bytes = 0;
		size_t n = 0;
		for (uint64_t m = asked[w]; m; m &= m - 1, n++) {
			keys[n] = fe_key_single(column, w * 64 + (size_t)__builtin_ctzll(m), &numbers[n]);
			codes[n] = fe_keytable_code(t, keys[n]);
			fe_keytable_prefetch(t, codes[n]);
			n_key_bytes += keys[n].n;
		}
		FE_TRY(fe_keytable_begin(t, n, n_key_bytes, err));
		FE_TRY(fe_keytable_recall(t, codes, keys, NULL, n, err));
		for (size_t i = 0; i < n && !fe_keytable_is_numbered(t); i++)
			fe_keytable_prefetch_entry(t, codes[i]);
		n = 0;
		for (uint64_t m = asked[w]; m; m &= m - 1, n++)
			if (fe_keytable_has(t, codes[n], keys[n]))
				known[w] |= m & -m;
	}
	return FE_OK;
}

// SPDX-License-Identifier: Apache-2.0
/* batch/column.c - values of one column */
#include "batch/column.h"

#include "base/cache.h"
#include "base/decimal.h"
#include "base/mem.h"
#include "base/time.h"

size_t
fe_bits_count(const uint64_t *bits, size_t n_rows)
{
	size_t n = 0, words = n_rows / 64;
	for (size_t w = 0; w < words; w++)
		n += (size_t)__builtin_popcountll(bits[w]);
	if (n_rows % 64)
		n += (size_t)__builtin_popcountll(bits[words] & ((UINT64_C(1) << n_rows % 64) - 1));
	return n;
}

void
fe_bits_fill(uint64_t *bits, size_t n_rows, bool v)
{
	memset(bits, v ? 0xff : 0, FE_BITMAP_WORDS(n_rows) * sizeof *bits);
}

static size_t
value_bytes(enum fe_kind kind)
{
	switch (kind) {
	case FE_TEXT:
		return sizeof(struct fe_str);
	case FE_DATE:
		return sizeof(int32_t);
	default:
		return sizeof(int64_t);
	}
}

void
fe_column_init(struct fe_column *c, struct fe_type type, size_t cap_rows)
{
	size_t words = FE_BITMAP_WORDS(cap_rows);
	*c = (struct fe_column){ .type = type, .valid = fe_new_array(words, uint64_t) };
	c->data = type.kind == FE_BOOL ? fe_alloc_array(words, sizeof(uint64_t))
				       : fe_alloc_array(words * 64, value_bytes(type.kind));
}

void
fe_column_reset(struct fe_column *c)
{
	fe_free(c->valid);
	fe_free(c->data);
	*c = (struct fe_column){ 0 };
}

void
fe_column_let_go(const struct fe_column *c, size_t n_rows)
{
	const size_t bits_bytes = FE_BITMAP_WORDS(n_rows) * sizeof *c->valid;
	fe_cache_let_go(c->valid, bits_bytes);
	fe_cache_let_go(c->data, c->type.kind == FE_BOOL ? bits_bytes : n_rows * value_bytes(c->type.kind));
}

void
fe_column_copy_value(struct fe_column *to, size_t to_row, const struct fe_column *from, size_t from_row)
{
	bool has = fe_bit_get(from->valid, from_row);
	fe_bit_put(to->valid, to_row, has);
	if (!has)
		return;
	switch (from->type.kind) {
	case FE_TEXT:
		to->text[to_row] = from->text[from_row];
		break;
	case FE_DATE:
		to->days[to_row] = from->days[from_row];
		break;
	case FE_BOOL:
		fe_bit_put(to->bits, to_row, fe_bit_get(from->bits, from_row));
		break;
	default:
		to->i64[to_row] = from->i64[from_row];
	}
}

bool
fe_column_same_value(const struct fe_column *a, size_t a_row, const struct fe_column *b, size_t b_row)
{
	bool has = fe_bit_get(a->valid, a_row);
	if (has != fe_bit_get(b->valid, b_row))
		return false;
	if (!has)
		return true;
	switch (a->type.kind) {
	case FE_TEXT:
		return fe_str_eq(a->text[a_row], b->text[b_row]);
	case FE_DATE:
		return a->days[a_row] == b->days[b_row];
	case FE_BOOL:
		return fe_bit_get(a->bits, a_row) == fe_bit_get(b->bits, b_row);
	default:
		return a->i64[a_row] == b->i64[b_row];
	}
}

void
fe_column_print(const struct fe_column *c, size_t row, struct fe_buf *out)
{
	char text[FE_DECIMAL_TEXT_BYTES];
	if (!fe_bit_get(c->valid, row))
		return;
	switch (c->type.kind) {
	case FE_TEXT:
		fe_buf_add_str(out, c->text[row]);
		break;
	case FE_DATE:
		fe_date_format(c->days[row], text);
		fe_buf_add(out, text, FE_DATE_TEXT_BYTES);
		break;
	case FE_BOOL:
		fe_buf_add_text(out, fe_bit_get(c->bits, row) ? "true" : "false");
		break;
	case FE_TIMESTAMP:
		fe_timestamp_format(c->i64[row], text);
		fe_buf_add(out, text, FE_TIMESTAMP_TEXT_BYTES);
		break;
	case FE_DECIMAL:
	case FE_INT:
		fe_buf_add(out, text, fe_decimal_format(c->i64[row], c->type.scale, text));
		break;
	}
}

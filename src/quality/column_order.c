// SPDX-License-Identifier: Apache-2.0
/* quality/column_order.c - see quality/column_order.h */
#include "quality/column_order.h"

#include "base/decimal.h"

static bool
is_number(enum fe_kind kind)
{
	return kind == FE_INT || kind == FE_DECIMAL || kind == FE_BOOL;
}

bool
fe_column_order_exists(struct fe_type a, struct fe_type b)
{
	return a.kind == b.kind || (is_number(a.kind) && is_number(b.kind));
}

static unsigned
scale_of(const struct fe_column *c)
{
	return c->type.kind == FE_DECIMAL ? c->type.scale : 0;
}

static int64_t
number_at(const struct fe_column *c, size_t row)
{
	return c->type.kind == FE_BOOL ? (int64_t)fe_bit_get(c->bits, row) :
	       c->type.kind == FE_DATE ? c->days[row] :
	                                 c->i64[row];
}

int
fe_text_order(struct fe_str a, struct fe_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int
order_at(const struct fe_column *a, const struct fe_column *b, size_t row)
{
	unsigned a_scale = scale_of(a), b_scale = scale_of(b);
	fe_i128 x, y; /* 19 digits and 18 places at most */

	if (a->type.kind == FE_TEXT)
		return fe_text_order(a->text[row], b->text[row]);
	x = number_at(a, row);
	y = number_at(b, row);
	if (a_scale < b_scale)
		x *= fe_pow10[b_scale - a_scale];
	else if (b_scale < a_scale)
		y *= fe_pow10[a_scale - b_scale];
	return (x > y) - (x < y);
}

void
fe_column_order(const struct fe_column *a, const struct fe_column *b, size_t word, uint64_t mask, uint64_t *equal,
                uint64_t *greater)
{
	*equal = *greater = 0;
	for (; mask != 0; mask &= mask - 1) {
		uint64_t bit = mask & -mask;
		int order = order_at(a, b, word * 64 + (size_t)__builtin_ctzll(mask));

		*equal |= order == 0 ? bit : 0;
		*greater |= order > 0 ? bit : 0;
	}
}

// SPDX-License-Identifier: Apache-2.0
/* quality/numbers.c - see quality/numbers.h */
#include "quality/numbers.h"

#include "base/mem.h"

size_t
fe_numbers_take(const struct fe_column *c, size_t word, uint64_t mask, int64_t *out)
{
	size_t n = 0;

	for (; mask != 0; mask &= mask - 1) {
		size_t row = word * 64 + (size_t)__builtin_ctzll(mask);

		switch (c->type.kind) {
		case FE_DECIMAL:
		case FE_INT:
		case FE_TIMESTAMP:
			out[n++] = c->i64[row];
			break;
		case FE_BOOL:
			out[n++] = fe_bit_get(c->bits, row);
			break;
		case FE_DATE:
			out[n++] = c->days[row];
			break;
		case FE_TEXT:
			break;
		}
	}
	return n;
}

size_t
fe_numbers_count(const struct fe_column *c, const struct fe_view *v)
{
	size_t n = 0;

	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++)
		n += (size_t)__builtin_popcountll(v->rows[w] & c->valid[w]);
	return n;
}

void
fe_numbers_reset(struct fe_numbers *k)
{
	fe_free(k->values);
	*k = (struct fe_numbers){ .max_bytes = k->max_bytes };
}

enum fe_rc
fe_numbers_keep(struct fe_numbers *k, const struct fe_column *c, const struct fe_view *v, const char *name,
                struct fe_err *err)
{
	size_t n = fe_numbers_count(c, v);

	if (k->max_bytes != 0 && (k->n + n) > k->max_bytes / sizeof(*k->values))
		return fe_fail(err, FE_ELIMIT,
		               "the values of column '%s' do not fit into the memory for expectations (%llu bytes); "
		               "allow more memory, or leave its median and quantiles out",
		               name, (unsigned long long)k->max_bytes);
	if (n == 0)
		return FE_OK;
	k->values = fe_grow(k->values, &k->cap, k->n + n, sizeof(*k->values));
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++) {
		size_t first = k->n;

		k->n += fe_numbers_take(c, w, v->rows[w] & c->valid[w], k->values + first);
		for (size_t i = first; i < k->n; i++)
			k->differ |= (uint64_t)(k->values[i] ^ k->values[0]);
	}
	return FE_OK;
}

/* Flipping the sign makes the order of bits that of values. */
#define SIGN (UINT64_C(1) << 63)

int64_t
fe_numbers_at_rank(const struct fe_numbers *k, size_t rank)
{
	int shift = k->differ ? (63 - __builtin_clzll(k->differ)) / 8 * 8 : -8;
	uint64_t known = shift == 56 ? 0 : ~UINT64_C(0) << (shift + 8); /* bits that are found */
	uint64_t found = ((uint64_t)k->values[0] ^ SIGN) & known;

	for (; shift >= 0; shift -= 8) {
		size_t count[256] = { 0 };
		uint64_t digit = 0;

		for (size_t i = 0; i < k->n; i++) {
			uint64_t key = (uint64_t)k->values[i] ^ SIGN;

			if ((key & known) == found)
				count[key >> shift & 255]++;
		}
		while (rank >= count[digit])
			rank -= count[digit++];
		found |= digit << shift;
		known |= UINT64_C(255) << shift;
	}
	return (int64_t)(found ^ SIGN);
}

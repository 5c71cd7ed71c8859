// SPDX-License-Identifier: Apache-2.0
/* transform/content.c - sums of products, 64 rows of a column at a time
 *
 * See D. Lemire and O. Kaser, "Strongly universal string hashing is fast" (2014), for why the
 * upper 64 bits of a multilinear sum are strongly universal, and J. Black and others, "UMAC: fast
 * and secure message authentication" (1999), for NH.
 */
#include "transform/content.h"

#include "base/text16.h"

#define ROWS 64 /* whose sums stay in the nearest cache */

struct fe_content_column {
	size_t index;
	uint64_t a, b;
	fe_u128 null;
};

/* Not of UTF-8, so that the second word of no short text has it. */
#define LONG_TEXT (UINT64_C(0xff) << 56)

static uint64_t
secret(const struct fe_hash_key *key, uint64_t column, uint64_t use)
{
	uint64_t which[2] = { column, use };
	return fe_hash64(key, which, sizeof which);
}

static fe_u128
secret_128(const struct fe_hash_key *key, uint64_t column, uint64_t use)
{
	return (fe_u128)secret(key, column, use) << 64 | secret(key, column, use + 1);
}

void
fe_content_init(struct fe_content *c, const struct fe_hash_key *hash_key)
{
	*c = (struct fe_content){
		.hash_key = hash_key,
		.fold = { secret_128(hash_key, UINT64_MAX, 0), secret_128(hash_key, UINT64_MAX, 2) },
	};
}

void
fe_content_reset(struct fe_content *c)
{
	fe_free(c->columns);
	*c = (struct fe_content){ 0 };
}

void
fe_content_add_column(struct fe_content *c, size_t column)
{
	c->columns = fe_grow(c->columns, &c->cap_columns, c->n_columns + 1, sizeof *c->columns);
	c->columns[c->n_columns++] = (struct fe_content_column){
		.index = column,
		.a = secret(c->hash_key, column, 0),
		.b = secret(c->hash_key, column, 1),
		.null = secret_128(c->hash_key, column, 2),
	};
}

/* ---- rows of one column: from row on, n of them, at most ROWS; row is a multiple of ROWS ---- */

static inline fe_u128
number_product(const struct fe_content_column *k, uint64_t number)
{
	return (fe_u128)(number + k->a) * k->b;
}

static inline fe_u128
text_product(const struct fe_content_column *k, const struct fe_hash_key *key, struct fe_str s)
{
	fe_text16 t;
	if (__builtin_expect(s.n <= FE_TEXT16_BYTES, 1))
		t = fe_text16_load(s, 0);
	else
		t = (fe_text16)(fe_text16_words){ fe_hash64(key, s.p, s.n), LONG_TEXT | s.n };
	return (fe_u128)(fe_text16_word(t, 0) + k->a) * (fe_text16_word(t, 1) + k->b);
}

static void
add_texts(const struct fe_content *c, const struct fe_content_column *k, const struct fe_column *col, size_t row, size_t n,
          fe_u128 *sums)
{
	const struct fe_content_column secrets = *k;
	const uint64_t valid = col->valid[row / ROWS];

	for (size_t i = 0; i < n; i++)
		sums[i] += valid >> i & 1 ? text_product(&secrets, c->hash_key, col->text[row + i]) : secrets.null;
}

static void
add_numbers(const struct fe_content_column *k, const struct fe_column *col, size_t row, size_t n, fe_u128 *sums)
{
	const struct fe_content_column secrets = *k;
	const uint64_t valid = col->valid[row / ROWS];

	for (size_t i = 0; i < n; i++)
		sums[i] += valid >> i & 1 ? number_product(&secrets, (uint64_t)col->i64[row + i]) : secrets.null;
}

static void
add_days(const struct fe_content_column *k, const struct fe_column *col, size_t row, size_t n, fe_u128 *sums)
{
	const uint64_t valid = col->valid[row / ROWS];

	for (size_t i = 0; i < n; i++)
		sums[i] += valid >> i & 1 ? number_product(k, (uint32_t)col->days[row + i]) : k->null;
}

static void
add_bits(const struct fe_content_column *k, const struct fe_column *col, size_t row, size_t n, fe_u128 *sums)
{
	const uint64_t valid = col->valid[row / ROWS], bits = col->bits[row / ROWS];

	for (size_t i = 0; i < n; i++)
		sums[i] += valid >> i & 1 ? number_product(k, bits >> i & 1) : k->null;
}

static void
add_column(const struct fe_content *c, const struct fe_content_column *k, const struct fe_column *col, size_t row, size_t n,
           fe_u128 *sums)
{
	switch (col->type.kind) {
	case FE_TEXT:
		add_texts(c, k, col, row, n, sums);
		break;
	case FE_DATE:
		add_days(k, col, row, n, sums);
		break;
	case FE_BOOL:
		add_bits(k, col, row, n, sums);
		break;
	default:
		add_numbers(k, col, row, n, sums);
	}
}

void
fe_content_hash(const struct fe_content *c, const struct fe_batch *b, uint64_t *out)
{
	for (size_t row = 0; row < b->n_rows; row += ROWS) {
		size_t n = b->n_rows - row < ROWS ? b->n_rows - row : ROWS;
		fe_u128 sums[ROWS] = { 0 };
		for (size_t i = 0; i < c->n_columns; i++)
			add_column(c, &c->columns[i], &b->columns[c->columns[i].index], row, n, sums);
		for (size_t i = 0; i < n; i++) {
			fe_u128 folded = c->fold[0] * (uint64_t)(sums[i] >> 64) + c->fold[1] * (uint64_t)sums[i];
			out[row + i] = (uint64_t)(folded >> 64);
		}
	}
}

// SPDX-License-Identifier: Apache-2.0
/* transform/content.c - the multilinear hash, column by column
 *
 * See D. Lemire and O. Kaser, "Strongly universal string hashing is fast" (2014), for
 * why the upper 64 bits of such a sum are strongly universal.
 */
#include "transform/content.h"

#include "base/text16.h"

/* The secrets of one column; the last one is for texts. */
struct factors {
	fe_u128 value, null, tail;
};

/* Not of UTF-8, so that the second word of no short text has it. */
#define LONG_TEXT (UINT64_C(0xff) << 56)

void
fe_content_init(struct fe_content *c, const struct fe_hash_key *hash_key)
{
	*c = (struct fe_content){ .hash_key = hash_key, .sums = fe_new_array(FE_BATCH_ROWS, fe_u128) };
}

void
fe_content_reset(struct fe_content *c)
{
	fe_free(c->columns);
	fe_free(c->sums);
	*c = (struct fe_content){ 0 };
}

void
fe_content_add_column(struct fe_content *c, size_t column)
{
	c->columns = fe_grow(c->columns, &c->cap_columns, c->n_columns + 1, sizeof *c->columns);
	c->columns[c->n_columns++] = column;
}

static fe_u128
secret(const struct fe_hash_key *key, uint64_t column, uint64_t use)
{
	uint64_t high[3] = { column, use, 1 }, low[3] = { column, use, 0 };
	return (fe_u128)fe_hash64(key, high, sizeof high) << 64 | fe_hash64(key, low, sizeof low);
}

static void
add_text(const struct fe_content *c, const struct fe_column *col, size_t n_rows, struct factors f)
{
	for (size_t row = 0; row < n_rows; row++) {
		struct fe_str s = col->text[row];
		if (!fe_bit_get(col->valid, row)) {
			c->sums[row] += f.null;
			continue;
		}
		fe_text16 t = { 0 };
		if (s.n <= FE_TEXT16_BYTES)
			t = fe_text16_load(s, 0);
		else
			t = (fe_text16)(fe_text16_words){ fe_hash64(c->hash_key, s.p, s.n), LONG_TEXT | s.n };
		c->sums[row] += f.value * fe_text16_word(t, 0) + f.tail * fe_text16_word(t, 1);
	}
}

static void
add_i64(const struct fe_content *c, const struct fe_column *col, size_t n_rows, struct factors f)
{
	for (size_t row = 0; row < n_rows; row++)
		c->sums[row] += fe_bit_get(col->valid, row) ? f.value * (uint64_t)col->i64[row] : f.null;
}

static void
add_days(const struct fe_content *c, const struct fe_column *col, size_t n_rows, struct factors f)
{
	for (size_t row = 0; row < n_rows; row++)
		c->sums[row] += fe_bit_get(col->valid, row) ? f.value * (uint32_t)col->days[row] : f.null;
}

static void
add_bits(const struct fe_content *c, const struct fe_column *col, size_t n_rows, struct factors f)
{
	for (size_t row = 0; row < n_rows; row++)
		c->sums[row] += fe_bit_get(col->valid, row) ? f.value * fe_bit_get(col->bits, row) : f.null;
}

void
fe_content_hash(struct fe_content *c, const struct fe_batch *b, uint64_t *out)
{
	memset(c->sums, 0, b->n_rows * sizeof *c->sums);
	for (size_t i = 0; i < c->n_columns; i++) {
		const struct fe_column *col = &b->columns[c->columns[i]];
		struct factors f = {
			.value = secret(c->hash_key, c->columns[i], 0),
			.null = secret(c->hash_key, c->columns[i], 1),
			.tail = secret(c->hash_key, c->columns[i], 2),
		};
		switch (col->type.kind) {
		case FE_TEXT:
			add_text(c, col, b->n_rows, f);
			break;
		case FE_DATE:
			add_days(c, col, b->n_rows, f);
			break;
		case FE_BOOL:
			add_bits(c, col, b->n_rows, f);
			break;
		default:
			add_i64(c, col, b->n_rows, f);
		}
	}
	for (size_t row = 0; row < b->n_rows; row++)
		out[row] = (uint64_t)(c->sums[row] >> 64);
}

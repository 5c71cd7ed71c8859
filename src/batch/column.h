// SPDX-License-Identifier: Apache-2.0
/* batch/column.h - one column of a batch: values and which rows have one
 *
 * The Arrow layout: a typed buffer, and a bitmap whose bit i says that row i has
 * a value. Text is an array of views (pointer and length) into the input block
 * or the batch's arena; they die with the batch's next fill. A value under a
 * cleared bit is unspecified: never read it. Bits past n_rows are unspecified.
 * Allocated for a fixed number of rows (a multiple of 64) and used again.
 */
#ifndef FE_BATCH_COLUMN_H
#define FE_BATCH_COLUMN_H

#include "base/str.h"
#include "batch/type.h"

#define FE_BITMAP_WORDS(n_rows) (((n_rows) + 63) / 64)

static inline bool fe_bit_get(const uint64_t *bits, size_t i) { return bits[i >> 6] >> (i & 63) & 1; }
static inline void fe_bit_set(uint64_t *bits, size_t i) { bits[i >> 6] |= UINT64_C(1) << (i & 63); }
static inline void fe_bit_clear(uint64_t *bits, size_t i) { bits[i >> 6] &= ~(UINT64_C(1) << (i & 63)); }
static inline void
fe_bit_put(uint64_t *bits, size_t i, bool v)
{
	bits[i >> 6] = (bits[i >> 6] & ~(UINT64_C(1) << (i & 63))) | (uint64_t)v << (i & 63);
}
/* The first row of a set bit, at or after from; n_rows: there is none. */
static inline size_t
fe_bits_next(const uint64_t *bits, size_t n_rows, size_t from)
{
	size_t w = from >> 6, row;

	if (from >= n_rows)
		return n_rows;
	uint64_t word = bits[w] & UINT64_MAX << (from & 63);
	while (word == 0) {
		if (++w == FE_BITMAP_WORDS(n_rows))
			return n_rows;
		word = bits[w];
	}
	row = w * 64 + (size_t)__builtin_ctzll(word);
	return row < n_rows ? row : n_rows;
}
size_t fe_bits_count(const uint64_t *bits, size_t n_rows);
void fe_bits_fill(uint64_t *bits, size_t n_rows, bool v);

struct fe_column {
	struct fe_type type;
	uint64_t *valid;
	union {
		int64_t *i64;        /* decimal (scaled), int, timestamp */
		int32_t *days;       /* date */
		uint64_t *bits;      /* bool */
		struct fe_str *text; /* text */
		void *data;
	};
};

void fe_column_init(struct fe_column *c, struct fe_type type, size_t cap_rows);
void fe_column_reset(struct fe_column *c);
void fe_column_let_go(const struct fe_column *c, size_t n_rows); /* base/cache.h */
/* Copies one value or null; text is not copied, only its view. */
void fe_column_copy_value(struct fe_column *to, size_t to_row, const struct fe_column *from, size_t from_row);
/* Same value, null being equal to null; types must be equal in kind and scale. */
bool fe_column_same_value(const struct fe_column *a, size_t a_row, const struct fe_column *b, size_t b_row);
/* Appends the canonical text: decimals with all their places, true/false,
 * YYYY-MM-DD, YYYY-MM-DD hh:mm:ss.ffffffZ; null appends nothing. */
void fe_column_print(const struct fe_column *c, size_t row, struct fe_buf *out);

#endif

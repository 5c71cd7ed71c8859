// SPDX-License-Identifier: Apache-2.0
/* transform/fit.h - what an expression gave, put into a typed column
 *
 * The one place that knows what happens where a computed value does not fit its
 * column: the row gets a reason and the cell is null. Decimals are rescaled exactly,
 * never rounded. Used by clean (computed columns) and derive.
 *
 *   too_long  overflow  out_of_range  too_many_decimals
 */
#ifndef FE_TRANSFORM_FIT_H
#define FE_TRANSFORM_FIT_H

#include "batch/batch.h"

struct fe_fit {
	size_t column; /* of the batch, the one that is written */
	uint32_t too_long, overflow, out_of_range, too_many_decimals; /* reason ids */
};

/* A bit per row of one batch. */
struct fe_row_bits {
	uint64_t words[FE_BITMAP_WORDS(FE_BATCH_ROWS)];
};

struct fe_fit fe_fit_of(const struct fe_schema *schema, size_t column, struct fe_reason_table *reasons);

/* Whether values of one type can be put into a column of the other. */
bool fe_fit_is_possible(struct fe_type from, struct fe_type to);

/* Copies `from` over the column, all rows. Only rows of `judged` can fail: they get
 * their reason, and their bit in failed. overflow as in expr/expr.h, may be NULL. */
void fe_fit_column(const struct fe_fit *fit, struct fe_batch *b, const struct fe_column *from,
                   const uint64_t *overflow, const struct fe_row_bits *judged, struct fe_row_bits *failed);

/* The rows that are kept so far and have cells: those that a step may find fault with. */
void fe_rows_judged(const struct fe_batch *b, struct fe_row_bits *out);

/* The bits of word w that are rows of the batch. */
static inline uint64_t
fe_word_mask(size_t n_rows, size_t w)
{
	size_t left = n_rows - w * 64;
	return left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;
}

#endif

// SPDX-License-Identifier: Apache-2.0
/* quality/numbers.h - the values of a column as integers: taken out, kept, and found by rank
 *
 * Decimals by their digits, truth values as 0 and 1, days, microseconds. Kept values take 8
 * bytes each; ranks are found by their digits to the base 256, without a copy or an order:
 * eight passes at most, whatever the values.
 */
#ifndef FE_QUALITY_NUMBERS_H
#define FE_QUALITY_NUMBERS_H

#include "quality/expectation.h"

/* The values of the rows in mask, of the 64 from word * 64: out has room for 64. Their number. No texts. */
size_t fe_numbers_take(const struct fe_column *c, size_t word, uint64_t mask, int64_t *out);
/* Rows of the view that have a value. */
size_t fe_numbers_count(const struct fe_column *c, const struct fe_view *v);

struct fe_numbers {
	int64_t *values;
	size_t n, cap;
	uint64_t max_bytes; /* 0: none */
	uint64_t differ;    /* bits in which not all are the same */
};

void fe_numbers_reset(struct fe_numbers *k);
/* FE_ELIMIT past max_bytes, naming the column. */
FE_MUST_USE enum fe_rc fe_numbers_keep(struct fe_numbers *k, const struct fe_column *c, const struct fe_view *v,
                                       const char *name, struct fe_err *err);
/* The value that stands at this place (from 0, less than n) when they are in order. */
int64_t fe_numbers_at_rank(const struct fe_numbers *k, size_t rank);

#endif

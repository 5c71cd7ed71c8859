// SPDX-License-Identifier: Apache-2.0
/* quality/moments.h - count, sum and sum of squares of a column, exactly
 *
 * Sums are integers of 128 and 192 bits, so that nothing is lost or depends on the order of
 * rows; the one rounding is that to the figure. 2^63 values of 18 digits fit.
 */
#ifndef FE_QUALITY_MOMENTS_H
#define FE_QUALITY_MOMENTS_H

#include "base/decimal.h"

struct fe_moments {
	uint64_t n;
	fe_i128 sum;
	unsigned __int128 squares; /* the low bits of their sum */
	uint64_t squares_high;     /* times 2^128 */
};

void fe_moments_add(struct fe_moments *m, const int64_t *values, size_t n);
void fe_moments_add_with_squares(struct fe_moments *m, const int64_t *values, size_t n);

/* Values being integers over 10^scale. The double nearest to the mean; n > 0. */
double fe_moments_mean(const struct fe_moments *m, unsigned scale);
/* Of a sample (n - 1), to two units in the last place; n > 1. */
double fe_moments_stdev(const struct fe_moments *m, unsigned scale);

#endif

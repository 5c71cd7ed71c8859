// SPDX-License-Identifier: Apache-2.0
/* quality/histogram.h - how numbers are spread, over all the sizes that 64 bits have
 *
 * Scaled integers are counted by their sign and their two leading digits, which takes 1,630 counters a
 * sign and is exact at every edge that people like. What is shown is folded from those: the finest
 * of a few grids (every 0.1 of a decade's first digit, ..., 1 2 5, 1, one of 1000) that needs at most
 * FE_HISTOGRAM_BINS bins.
 *
 *   Cost   one multiplication a value below 10^10, one division above
 */
#ifndef FE_QUALITY_HISTOGRAM_H
#define FE_QUALITY_HISTOGRAM_H

#include "base/json.h"

#define FE_HISTOGRAM_BINS 24

struct fe_histogram {
	uint64_t *above, *below; /* by size; NULL: no such value */
	uint64_t zero;
};

void fe_histogram_add(struct fe_histogram *h, int64_t value, uint64_t n);
void fe_histogram_add_all(struct fe_histogram *h, const int64_t *values, const uint16_t *rows, size_t n);
/* "histogram": [{"from","to","count"}], unless nothing was added. From the least to the greatest; each
 * side of zero without a gap. */
void fe_histogram_print(const struct fe_histogram *h, unsigned scale, struct fe_json *j);
void fe_histogram_reset(struct fe_histogram *h);

#endif

// SPDX-License-Identifier: Apache-2.0
/* expr/wide.h - simple work on many numbers, as wide as the processor has it
 *
 * What rules, parts of a moment, bands and points come down to is a few instructions a row. Where the
 * processor has vectors of eight numbers it is a few instructions for eight; else these are plain
 * loops. Both give the same, and it costs next to nothing to ask for the best (fe_wide_best).
 *
 * Arrays are of whole words of 64 rows, as those of columns and registers are: rows behind the last are
 * read and written as any other. Values of rows that have none may be anything.
 */
#ifndef FE_EXPR_WIDE_H
#define FE_EXPR_WIDE_H

#include "base/time.h"
#include "expr/kernel.h"

/* The labels of numbers: labels[i] is of those above i of the bounds, which ascend. */
struct fe_wide_bands {
	size_t n;                    /* of bounds */
	const int64_t *upto;         /* [n] */
	const struct fe_str *labels; /* [n + 1] */
};

struct fe_wide {
	/* Bits of the rows where `a compare b`. */
	void (*compare)(enum fe_compare compare, const int64_t *a, int64_t b, size_t n_words, uint64_t *out);
	/* A part of moments of UTC, or of days. The memo may be NULL. */
	void (*part_of_us)(enum fe_part part, const int64_t *us, size_t n_words, int64_t *out, struct fe_part_memo *memo);
	void (*part_of_days)(enum fe_part part, const int64_t *days, size_t n_words, int64_t *out, struct fe_part_memo *memo);
	void (*bands)(const struct fe_wide_bands *b, const int64_t *v, size_t n_words, struct fe_str *out);
	/* Adds to the rows whose bit is set. */
	void (*add)(const uint64_t *rows, int64_t add, size_t n_words, int64_t *sums);
	void (*clamp)(int64_t low, int64_t high, size_t n_words, int64_t *v);
};

extern const struct fe_wide fe_wide_plain;
const struct fe_wide *fe_wide_avx512(void); /* NULL where the processor has no such instructions */
const struct fe_wide *fe_wide_best(void);

/* A moment or a day since a week before the first one there is, as a zone may move that one: from a Monday
 * on, and never below 0 where there is a value. */
#define FE_WIDE_FIRST_DAY (FE_DATE_MIN - 7)

static inline uint64_t
fe_since_first_week(int64_t us)
{
	return (uint64_t)us - (uint64_t)(FE_WIDE_FIRST_DAY * FE_US_PER_DAY);
}

#endif

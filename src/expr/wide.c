// SPDX-License-Identifier: Apache-2.0
/* expr/wide.c - the plain loops, and the choice
 *
 * Records of a file are mostly of few days: year, month and day of one are remembered by day in a
 * small table. What the wide ones are held to, and what runs where there are none.
 */
#include "expr/wide.h"

#include "base/mem.h"

#define US_PER_HOUR (INT64_C(3600) * FE_US_PER_SECOND)
#define US_PER_MINUTE (INT64_C(60) * FE_US_PER_SECOND)

/* Eight comparisons make a byte, eight bytes a word. */
#define PACK_COMPARE(OP)                                                       \
	for (size_t w = 0; w < n_words; w++) {                                 \
		uint64_t word = 0;                                             \
		for (size_t k = 0; k < 64; k += 8) {                           \
			unsigned byte = 0;                                     \
			for (size_t j = 0; j < 8; j++)                         \
				byte |= (unsigned)(a[w * 64 + k + j] OP b) << j; \
			word |= (uint64_t)byte << k;                           \
		}                                                              \
		out[w] = word;                                                 \
	}                                                                      \
	break

static void
compare_plain(enum fe_compare compare, const int64_t *a, int64_t b, size_t n_words, uint64_t *out)
{
	switch (compare) {
	case FE_EQ: PACK_COMPARE(==);
	case FE_NE: PACK_COMPARE(!=);
	case FE_LT: PACK_COMPARE(<);
	case FE_LE: PACK_COMPARE(<=);
	case FE_GT: PACK_COMPARE(>);
	case FE_GE: PACK_COMPARE(>=);
	}
}

/* Which of `cycle` units a moment is in: that Monday began all cycles. */
static inline int64_t
cycle_part(int64_t us, int64_t unit, uint32_t cycle)
{
	return (int64_t)(fe_since_first_week(us) / (uint64_t)unit % cycle);
}

static inline int64_t
day_part(enum fe_part part, int32_t days)
{
	struct fe_civil c = fe_civil_from_days(days);

	return part == FE_YEAR ? c.year : part == FE_MONTH ? c.month : c.day;
}

/* The day's year, month or day of the month, by the memo. */
static inline int64_t
memo_part(struct fe_part_memo *memo, enum fe_part part, int32_t days)
{
	struct fe_part_of_day *slot = &memo->slots[(uint32_t)days % FE_PART_MEMO_SLOTS];

	if (slot->days != days)
		*slot = (struct fe_part_of_day){ .days = days, .value = (int32_t)day_part(part, days) };
	return slot->value;
}

struct fe_part_memo *
fe_part_memo_new(void)
{
	struct fe_part_memo *memo = fe_new(struct fe_part_memo);

	/* A day that belongs into another slot is never found. */
	for (int32_t i = 0; i < FE_PART_MEMO_SLOTS; i++)
		memo->slots[i].days = i + 1;
	return memo;
}

/* A loop for each part: the switch is decided outside. */
#define EACH(EXPR)                                                             \
	for (size_t i = 0; i < n_words * 64; i++) {                            \
		const int64_t v = from[i];                                     \
		out[i] = (EXPR);                                               \
	}                                                                      \
	break

static void
part_of_us_plain(enum fe_part part, const int64_t *from, size_t n_words, int64_t *out, struct fe_part_memo *memo)
{
	switch (part) {
	case FE_HOUR: EACH(cycle_part(v, US_PER_HOUR, 24));
	case FE_MINUTE: EACH(cycle_part(v, US_PER_MINUTE, 60));
	case FE_SECOND: EACH(cycle_part(v, FE_US_PER_SECOND, 60));
	case FE_DAYOFWEEK: EACH(cycle_part(v, FE_US_PER_DAY, 7));
	default:
		if (memo) {
			EACH(memo_part(memo, part, fe_days_of_us(v)));
		}
		EACH(day_part(part, fe_days_of_us(v)));
	}
}

static void
part_of_days_plain(enum fe_part part, const int64_t *from, size_t n_words, int64_t *out, struct fe_part_memo *memo)
{
	switch (part) {
	case FE_HOUR:
	case FE_MINUTE:
	case FE_SECOND:
		memset(out, 0, n_words * 64 * sizeof(*out)); /* a date is its midnight */
		break;
	case FE_DAYOFWEEK: EACH(fe_dayofweek((int32_t)v));
	default:
		if (memo) {
			EACH(memo_part(memo, part, (int32_t)v));
		}
		EACH(day_part(part, (int32_t)v));
	}
}

/* How many bounds are below v. Without branches, as values jump between bands. */
static inline size_t
band_of(const struct fe_wide_bands *b, int64_t v)
{
	const int64_t *upto = b->upto;
	size_t n = b->n;

	while (n > 1) {
		size_t half = n / 2;
		upto += v > upto[half - 1] ? half : 0;
		n -= half;
	}
	return (size_t)(upto - b->upto) + (n == 1 && v > *upto);
}

static void
bands_plain(const struct fe_wide_bands *b, const int64_t *v, size_t n_words, struct fe_str *out)
{
	for (size_t i = 0; i < n_words * 64; i++)
		out[i] = b->labels[band_of(b, v[i])];
}

static void
add_plain(const uint64_t *rows, int64_t add, size_t n_words, int64_t *sums)
{
	for (size_t w = 0; w < n_words; w++)
		for (uint64_t m = rows[w]; m; m &= m - 1)
			sums[w * 64 + (size_t)__builtin_ctzll(m)] += add;
}

static void
clamp_plain(int64_t low, int64_t high, size_t n_words, int64_t *v)
{
	for (size_t i = 0; i < n_words * 64; i++) {
		const int64_t x = v[i] < low ? low : v[i];
		v[i] = x > high ? high : x;
	}
}

const struct fe_wide fe_wide_plain = {
	.compare = compare_plain,
	.part_of_us = part_of_us_plain,
	.part_of_days = part_of_days_plain,
	.bands = bands_plain,
	.add = add_plain,
	.clamp = clamp_plain,
};

const struct fe_wide *
fe_wide_best(void)
{
	const struct fe_wide *wide = fe_wide_avx512();

	return wide ? wide : &fe_wide_plain;
}

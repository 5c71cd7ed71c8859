// SPDX-License-Identifier: Apache-2.0
/* expr/wide_avx512.c - eight numbers at a time, for x86-64 with AVX-512 and its products of 52 bits (IFMA)
 *
 * A division by a constant d is the upper half of a product and a shift: with k = 52 + shift and
 * m = 2^k / d + 1, which has at most 52 bits, it is exact for all n < 2^52 with n * d < 2^k. Moments are
 * divided by the powers of two in their units first, so that they have no more than 52 bits; seconds have,
 * and are left to the plain loop. The day's parts are computed as fe_civil_from_days does it.
 */
#include "expr/wide.h"


/* Not under gcc's AddressSanitizer, which aligns what it puts on the stack to 32 bytes only. */
#if defined(__x86_64__) && (defined(__clang__) || !defined(__SANITIZE_ADDRESS__))

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512dq,avx512bw,avx512ifma")))
#define MOST_BOUNDS 7 /* whose labels are eight, and one vector of each of their halves */

struct divisor {
	uint64_t times;
	unsigned shift;
};
#define DIVISOR(d, s) ((struct divisor){ (uint64_t)(((unsigned __int128)1 << (52 + (s))) / (d)) + 1, (s) })

AVX512 static inline __m512i
all_of(uint64_t v)
{
	return _mm512_set1_epi64((long long)v);
}

AVX512 static inline __m512i
divide(__m512i n, struct divisor by)
{
	return _mm512_srli_epi64(_mm512_madd52hi_epu64(_mm512_setzero_si512(), n, all_of(by.times)), by.shift);
}

/* n - a * b, all of them below 2^52. */
AVX512 static inline __m512i
rest(__m512i n, __m512i a, uint64_t b)
{
	return _mm512_sub_epi64(n, _mm512_madd52lo_epu64(_mm512_setzero_si512(), a, all_of(b)));
}

#define COMPARE(OP)                                                            \
	for (size_t w = 0; w < n_words; w++) {                                 \
		uint64_t word = 0;                                             \
		for (size_t k = 0; k < 64; k += 8)                             \
			word |= (uint64_t)_mm512_cmp_epi64_mask(_mm512_loadu_si512(a + w * 64 + k), to, OP) << k; \
		out[w] = word;                                                 \
	}                                                                      \
	break

AVX512 static void
compare_avx512(enum fe_compare compare, const int64_t *a, int64_t b, size_t n_words, uint64_t *out)
{
	const __m512i to = all_of((uint64_t)b);

	switch (compare) {
	case FE_EQ: COMPARE(_MM_CMPINT_EQ);
	case FE_NE: COMPARE(_MM_CMPINT_NE);
	case FE_LT: COMPARE(_MM_CMPINT_LT);
	case FE_LE: COMPARE(_MM_CMPINT_LE);
	case FE_GT: COMPARE(_MM_CMPINT_NLE);
	case FE_GE: COMPARE(_MM_CMPINT_NLT);
	}
}

/* The part of a day that is a number of days behind FE_WIDE_FIRST_DAY: months are counted from March. */
AVX512 static inline __m512i
civil_part(enum fe_part part, __m512i day)
{
	const __m512i n4 = _mm512_add_epi64(_mm512_slli_epi64(day, 2), all_of(4 * (FE_WIDE_FIRST_DAY + 719468) + 3));
	const __m512i century = divide(n4, DIVISOR(146097, 17));
	/* Four times the day of the century, and 3; the lowest two bits are always set so. */
	const __m512i n4_of_century = _mm512_or_si512(rest(n4, century, 146097), all_of(3));
	const __m512i product = _mm512_mul_epu32(n4_of_century, all_of(2939745));
	const __m512i part_of_year = _mm512_and_si512(product, all_of(UINT32_MAX));
	const __m512i day_of_year = divide(part_of_year, DIVISOR(2939745 * 4, 23));
	const __m512i m = _mm512_add_epi64(_mm512_mul_epu32(day_of_year, all_of(2141)), all_of(197913));
	const __mmask8 is_next_year = _mm512_cmpge_epu64_mask(day_of_year, all_of(306)); /* January and February */

	if (part == FE_DAY)
		return _mm512_add_epi64(divide(_mm512_and_si512(m, all_of(0xffff)), DIVISOR(2141, 11)), all_of(1));
	if (part == FE_MONTH) {
		const __m512i month = _mm512_srli_epi64(m, 16);
		return _mm512_mask_sub_epi64(month, is_next_year, month, all_of(12));
	}
	const __m512i year = _mm512_madd52lo_epu64(_mm512_srli_epi64(product, 32), century, all_of(100));
	return _mm512_mask_add_epi64(year, is_next_year, year, all_of(1));
}

/* n in units of 1 / d of a cycle's steps: which of its steps it is in. */
AVX512 static inline __m512i
cycle_part(__m512i n, struct divisor unit, struct divisor cycle, uint64_t n_cycle)
{
	const __m512i q = divide(n, unit);

	return rest(q, divide(q, cycle), n_cycle);
}

#define EACH(EXPR)                                                             \
	for (size_t i = 0; i < n_words * 64; i += 8) {                         \
		const __m512i n = _mm512_sub_epi64(_mm512_loadu_si512(from + i), first); \
		_mm512_storeu_si512(out + i, (EXPR));                          \
	}                                                                      \
	break

/* A day has 2^13 * 10546875 microseconds, an hour 2^10 * 3515625, a minute 2^8 * 234375. */
AVX512 static void
part_of_us_avx512(enum fe_part part, const int64_t *from, size_t n_words, int64_t *out, struct fe_part_memo *memo)
{
	const __m512i first = all_of((uint64_t)(FE_WIDE_FIRST_DAY * FE_US_PER_DAY));
	const struct divisor day = DIVISOR(10546875, 23);

	switch (part) {
	case FE_YEAR: EACH(civil_part(FE_YEAR, divide(_mm512_srli_epi64(n, 13), day)));
	case FE_MONTH: EACH(civil_part(FE_MONTH, divide(_mm512_srli_epi64(n, 13), day)));
	case FE_DAY: EACH(civil_part(FE_DAY, divide(_mm512_srli_epi64(n, 13), day)));
	case FE_DAYOFWEEK: EACH(cycle_part(_mm512_srli_epi64(n, 13), day, DIVISOR(7, 2), 7));
	case FE_HOUR: EACH(cycle_part(_mm512_srli_epi64(n, 10), DIVISOR(3515625, 21), DIVISOR(24, 4), 24));
	case FE_MINUTE: EACH(cycle_part(_mm512_srli_epi64(n, 8), DIVISOR(234375, 17), DIVISOR(60, 5), 60));
	case FE_SECOND:
		fe_wide_plain.part_of_us(part, from, n_words, out, memo);
		break;
	}
}

AVX512 static void
part_of_days_avx512(enum fe_part part, const int64_t *from, size_t n_words, int64_t *out, struct fe_part_memo *memo)
{
	const __m512i first = all_of((uint64_t)FE_WIDE_FIRST_DAY);

	switch (part) {
	case FE_YEAR: EACH(civil_part(FE_YEAR, n));
	case FE_MONTH: EACH(civil_part(FE_MONTH, n));
	case FE_DAY: EACH(civil_part(FE_DAY, n));
	default:
		fe_wide_plain.part_of_days(part, from, n_words, out, memo);
	}
}

AVX512 static void
bands_avx512(const struct fe_wide_bands *b, const int64_t *v, size_t n_words, struct fe_str *out)
{
	const __m512i low = _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0), high = _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4);
	int64_t upto[MOST_BOUNDS];
	uint64_t texts[MOST_BOUNDS + 1] = { 0 }, sizes[MOST_BOUNDS + 1] = { 0 };

	if (b->n > MOST_BOUNDS) {
		fe_wide_plain.bands(b, v, n_words, out);
		return;
	}
	for (size_t k = 0; k <= b->n; k++) {
		texts[k] = (uintptr_t)b->labels[k].p;
		sizes[k] = b->labels[k].n;
	}
	for (size_t k = 0; k < MOST_BOUNDS; k++)
		upto[k] = k < b->n ? b->upto[k] : INT64_MAX; /* nothing is above it */
	const __m512i text = _mm512_loadu_si512(texts), size = _mm512_loadu_si512(sizes);
	for (size_t i = 0; i < n_words * 64; i += 8) {
		const __m512i x = _mm512_loadu_si512(v + i);
		__m512i at = _mm512_setzero_si512();
		for (size_t k = 0; k < b->n; k++)
			at = _mm512_mask_add_epi64(at, _mm512_cmpgt_epi64_mask(x, all_of((uint64_t)upto[k])), at, all_of(1));
		const __m512i p = _mm512_permutexvar_epi64(at, text), n = _mm512_permutexvar_epi64(at, size);
		_mm512_storeu_si512(out + i, _mm512_permutex2var_epi64(p, low, n));
		_mm512_storeu_si512(out + i + 4, _mm512_permutex2var_epi64(p, high, n));
	}
}

AVX512 static void
add_avx512(const uint64_t *rows, int64_t add, size_t n_words, int64_t *sums)
{
	for (size_t i = 0; i < n_words * 64; i += 8) {
		const __m512i sum = _mm512_loadu_si512(sums + i);
		const __mmask8 who = (__mmask8)(rows[i / 64] >> i % 64);
		_mm512_storeu_si512(sums + i, _mm512_mask_add_epi64(sum, who, sum, all_of((uint64_t)add)));
	}
}

AVX512 static void
clamp_avx512(int64_t low, int64_t high, size_t n_words, int64_t *v)
{
	for (size_t i = 0; i < n_words * 64; i += 8) {
		const __m512i x = _mm512_max_epi64(_mm512_loadu_si512(v + i), all_of((uint64_t)low));
		_mm512_storeu_si512(v + i, _mm512_min_epi64(x, all_of((uint64_t)high)));
	}
}

const struct fe_wide *
fe_wide_avx512(void)
{
	static const struct fe_wide wide = {
		.compare = compare_avx512,
		.part_of_us = part_of_us_avx512,
		.part_of_days = part_of_days_avx512,
		.bands = bands_avx512,
		.add = add_avx512,
		.clamp = clamp_avx512,
	};
	bool is_there = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
	                __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512ifma");
	return is_there ? &wide : NULL;
}

#else

const struct fe_wide *
fe_wide_avx512(void)
{
	return NULL;
}

#endif

// SPDX-License-Identifier: Apache-2.0
/* base/digits.h - the digits of small numbers, as words that are stored at once
 *
 * Years, days, hours, cents: nearly all numbers of a row are small, and to print one costs more in
 * guesses about its length than in arithmetic. Here two digits come out of a table, words are made of
 * such pairs, and zeros in front are shifted out: no branch depends on how many digits there are.
 *
 *   pair   of v < 100
 *   four   of v < 10,000
 *   put    what a number looks like at p, which has FE_DECIMAL_TEXT_BYTES; where it ends. Some bytes behind
 *          that are written, too.
 */
#ifndef FE_BASE_DIGITS_H
#define FE_BASE_DIGITS_H

#include "base/decimal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte of a word is the lowest");

extern const char fe_digit_pairs[201];  /* 00 to 99 */
extern const char fe_digit_smalls[401]; /* 0 to 99, of four bytes the last one being how many digits there are */

static inline uint32_t
fe_digits_pair(uint32_t v)
{
	uint16_t pair;
	memcpy(&pair, fe_digit_pairs + (size_t)v * 2, sizeof pair);
	return pair;
}

static inline uint32_t
fe_digits_four(uint32_t v)
{
	return fe_digits_pair(v / 100) | fe_digits_pair(v % 100) << 16;
}

/* The bits of the zeros in front of four digits; the last one stays. */
static inline unsigned
fe_digits_zeros(uint32_t four)
{
	return (unsigned)__builtin_ctz((four ^ 0x30303030) | 1u << 24) & ~7u;
}

/* An int. */
static inline char *
fe_digits_put_int(char *p, int64_t v)
{
	if (__builtin_expect((uint64_t)v < 100, 1)) {
		uint32_t digits;
		memcpy(&digits, fe_digit_smalls + v * 4, sizeof digits);
		memcpy(p, &digits, sizeof digits);
		return p + (digits >> 24);
	}
	if (__builtin_expect((uint64_t)v < 10000, 1)) {
		uint32_t four = fe_digits_four((uint32_t)v);
		unsigned zeros = fe_digits_zeros(four);
		four >>= zeros;
		memcpy(p, &four, sizeof four);
		return p + 4 - zeros / 8;
	}
	return p + fe_decimal_format(v, 0, p);
}

/* A decimal of two places: an amount of up to 9999.99 is one word. */
static inline char *
fe_digits_put_cents(char *p, int64_t v)
{
	if (__builtin_expect((uint64_t)v < 1000000, 1)) {
		uint32_t whole = (uint32_t)v / 100, four = fe_digits_four(whole);
		unsigned zeros = fe_digits_zeros(four);
		uint64_t word = four | (uint64_t)'.' << 32 | (uint64_t)fe_digits_pair((uint32_t)v - whole * 100) << 40;
		word >>= zeros;
		memcpy(p, &word, sizeof word);
		return p + 7 - zeros / 8;
	}
	return p + fe_decimal_format(v, 2, p);
}

#endif

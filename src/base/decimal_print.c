// SPDX-License-Identifier: Apache-2.0
/* base/decimal_print.c - decimals to text, two digits at a time from the right, and
 * back from the text of a 128 bit sum
 */
#include "base/digits.h"

#define POW10_19 UINT64_C(10000000000000000000)

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

#define TEN(t, end)                                                                                                    \
	t "0" end t "1" end t "2" end t "3" end t "4" end t "5" end t "6" end t "7" end t "8" end t "9" end
#define TEN_TO_99(end)                                                                                                 \
	TEN("1", end) TEN("2", end) TEN("3", end) TEN("4", end) TEN("5", end) TEN("6", end) TEN("7", end) TEN("8", end) \
	TEN("9", end)
const char fe_digit_pairs[201] = TEN("0", "") TEN_TO_99("");
const char fe_digit_smalls[401] = TEN("", "\0\0\1") TEN_TO_99("\0\2");

/* Writes the digits of v so that they end at `end`; returns where they begin. */
static char *
write_digits(uint64_t v, char *end)
{
	while (v >= 100) {
		end -= 2;
		memcpy(end, fe_digit_pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		end -= 2;
		memcpy(end, fe_digit_pairs + v * 2, 2);
	} else {
		*--end = (char)('0' + v);
	}
	return end;
}

/* Puts sign and point around n digits, which are filled up with zeros on the left
 * until one stands before the point. */
static size_t
place_point(const char *digits, size_t n, bool negative, unsigned scale, char *out)
{
	char *o = out;

	if (negative)
		*o++ = '-';
	if (n > scale) {
		memcpy(o, digits, n - scale);
		o += n - scale;
	} else {
		*o++ = '0';
	}
	if (scale > 0) {
		size_t n_given = n < scale ? n : scale;

		*o++ = '.';
		memset(o, '0', scale - n_given);
		o += scale - n_given;
		memcpy(o, digits + n - n_given, n_given);
		o += n_given;
	}
	return (size_t)(o - out);
}

static void
put_word(char *out, uint64_t x)
{
	memcpy(out, &x, sizeof(x));
}

/* The eight digits of v < 10^8, one a byte, the first in the lowest: halves, quarters
 * and eighths by multiplication, all lanes of a word at once. */
static uint64_t
eight_digits(uint32_t v)
{
	uint64_t fours = v / 10000 | (uint64_t)(v % 10000) << 32;
	uint64_t q = (fours * 10486 >> 20) & UINT64_C(0x0000007f0000007f); /* / 100 */
	uint64_t twos = q | (fours - q * 100) << 16;
	uint64_t t = (twos * 103 >> 10) & UINT64_C(0x000f000f000f000f); /* / 10 */

	return t | (twos - t * 10) << 8;
}

/* The digits of v < 10^8 and a point before the last `scale` < 8 of them: from one word, and
 * by stores only, as a load of what was just stored in smaller pieces would have to wait. Writes
 * 18 bytes at most, of which those past the result do not count. */
static size_t
format_few_digits(uint32_t v, unsigned scale, char *out)
{
	uint64_t x = eight_digits(v);
	unsigned n_zeros = x ? (unsigned)__builtin_ctzll(x) / 8 : 7;

	if (n_zeros > 7 - scale) /* one stands before the point */
		n_zeros = 7 - scale;
	x = (x | UINT64_C(0x3030303030303030)) >> 8 * n_zeros;
	put_word(out, x);
	if (scale == 0)
		return 8 - n_zeros;
	unsigned n_whole = 8 - n_zeros - scale;
	out[n_whole] = '.';
	put_word(out + n_whole + 1, x >> 8 * n_whole);
	return 8 - n_zeros + 1;
}

/* All copies are of a fixed size, which is a few moves and not a call; what they take too much
 * is written over or not counted. */
static __attribute__((noinline)) size_t
format_many_digits(uint64_t u, unsigned scale, char *out)
{
	char digits[64];
	char *end = digits + 40;
	char *o = out, *p;

	memset(digits, '0', sizeof(digits));
	p = write_digits(u, end);
	if (p > end - scale - 1)
		p = end - scale - 1; /* zeros until one stands before the point */
	memcpy(o, p, 24);
	o += end - scale - p;
	if (scale > 0) {
		*o++ = '.';
		memcpy(o, end - scale, 24);
		o += scale;
	}
	return (size_t)(o - out);
}

size_t
fe_decimal_format(int64_t v, unsigned scale, char *out)
{
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	size_t n_sign = v < 0;

	FE_ASSERT(scale <= FE_DECIMAL_MAX_PRECISION);
	*out = '-';
	out += n_sign;
	if (__builtin_expect(u < 100000000 && scale < 8, 1))
		return n_sign + format_few_digits((uint32_t)u, scale, out);
	return n_sign + format_many_digits(u, scale, out);
}

_Static_assert(1 + 19 + 1 + 24 <= FE_DECIMAL_TEXT_BYTES, "the last copy stays inside");

size_t
fe_i128_format(fe_i128 v, unsigned scale, char *out)
{
	unsigned __int128 u = v < 0 ? 0 - (unsigned __int128)v : (unsigned __int128)v;
	char digits[40];
	char *end = digits + sizeof(digits);
	char *p = end;

	if (v >= INT64_MIN && v <= INT64_MAX && scale <= FE_DECIMAL_MAX_PRECISION)
		return fe_decimal_format((int64_t)v, scale, out);
	FE_ASSERT(scale <= 38);
	while (u >= POW10_19) {
		char *whole = p - 19;

		p = write_digits((uint64_t)(u % POW10_19), p);
		while (p > whole)
			*--p = '0';
		u /= POW10_19;
	}
	p = write_digits((uint64_t)u, p);
	return place_point(p, (size_t)(end - p), v < 0, scale, out);
}

void
fe_buf_add_decimal(struct fe_buf *b, fe_i128 v, unsigned scale)
{
	char text[FE_DECIMAL_TEXT_BYTES];

	fe_buf_add(b, text, fe_i128_format(v, scale, text));
}

bool
fe_i128_parse(struct fe_str text, unsigned scale, fe_i128 *out)
{
	bool negative = text.n > 0 && text.p[0] == '-';
	size_t first = negative, n_int = text.n - negative, n_digits = 0;
	fe_i128 v = 0;

	if (scale > 0) {
		if (n_int < (size_t)scale + 2 || text.p[text.n - scale - 1] != '.')
			return false;
		n_int -= (size_t)scale + 1;
	}
	if (n_int == 0 || n_int + scale > 38 || (n_int > 1 && text.p[first] == '0'))
		return false;
	for (size_t i = first; i < text.n; i++) {
		if (i == first + n_int)
			continue; /* the point */
		if (!is_digit(text.p[i]))
			return false;
		v = v * 10 + (text.p[i] - '0');
		n_digits++;
	}
	if (n_digits != n_int + scale || (negative && v == 0))
		return false;
	*out = negative ? -v : v;
	return true;
}

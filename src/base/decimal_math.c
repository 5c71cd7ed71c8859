// SPDX-License-Identifier: Apache-2.0
/* base/decimal_math.c - exact arithmetic between scales
 *
 * Intermediate values are 128 bits wide and each step that could pass them is
 * checked. Rounding is half away from zero everywhere.
 */
#include "base/decimal.h"

#define MAX_POW10_I128 38

static fe_i128
pow10_i128(unsigned n)
{
	return n <= 18   ? fe_pow10[n]
	       : n <= 36 ? (fe_i128)fe_pow10[18] * fe_pow10[n - 18]
			 : (fe_i128)fe_pow10[18] * fe_pow10[18] * fe_pow10[n - 36];
}

static bool
to_i64(fe_i128 v, int64_t *out)
{
	if (v < INT64_MIN || v > INT64_MAX)
		return false;
	*out = (int64_t)v;
	return true;
}

/* n / d to the nearest, half away from zero; d > 0. Twice the remainder may
 * not fit, the rest of d does. */
static fe_i128
divide_round(fe_i128 n, fe_i128 d)
{
	fe_i128 q = n / d, r = n % d;

	if (r < 0)
		return -r >= d + r ? q - 1 : q;
	return r > 0 && r >= d - r ? q + 1 : q;
}

bool
fe_decimal_rescale(int64_t v, unsigned from, unsigned to, int64_t *out)
{
	unsigned places = from < to ? to - from : from - to;

	if (v == 0 || places == 0) {
		*out = v;
		return true;
	}
	if (places > FE_DECIMAL_MAX_PRECISION)
		return false; /* 10^19 is more than any int64 */
	if (from < to)
		return !__builtin_mul_overflow(v, fe_pow10[places], out);
	if (v % fe_pow10[places] != 0)
		return false;
	*out = v / fe_pow10[places];
	return true;
}

bool
fe_decimal_round(fe_i128 v, unsigned from, unsigned to, int64_t *out)
{
	unsigned places = from < to ? to - from : from - to;

	if (from > to) {
		/* Half of 10^39 is more than 128 bits hold. */
		v = places > MAX_POW10_I128 ? 0 : divide_round(v, pow10_i128(places));
		return to_i64(v, out);
	}
	if (v == 0) {
		*out = 0;
		return true;
	}
	if (places > FE_DECIMAL_MAX_PRECISION || __builtin_mul_overflow(v, (fe_i128)fe_pow10[places], &v))
		return false;
	return to_i64(v, out);
}

/* round(n * 10^places / d) digit by digit, where the product does not fit. */
static bool
divide_long(uint64_t n, unsigned places, uint64_t d, fe_i128 *out)
{
	unsigned __int128 q = n / d, r = n % d;

	for (unsigned i = 0; i < places; i++) {
		if (q > INT64_MAX)
			return false;
		r *= 10;
		q = q * 10 + r / d;
		r %= d;
	}
	*out = (fe_i128)(q + (r * 2 >= d));
	return true;
}

bool
fe_decimal_divide(int64_t x, unsigned x_scale, int64_t y, unsigned y_scale, unsigned scale,
		  int64_t *out)
{
	uint64_t n = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
	uint64_t d = y < 0 ? 0 - (uint64_t)y : (uint64_t)y;
	fe_i128 q, wide;

	if (y == 0)
		return false;
	if (y_scale + scale < x_scale) {
		unsigned places = x_scale - y_scale - scale;

		if (places > FE_DECIMAL_MAX_PRECISION)
			q = 0; /* n / (d * 10^19) is below one half */
		else
			q = divide_round(n, (fe_i128)d * fe_pow10[places]);
	} else {
		unsigned places = y_scale + scale - x_scale;

		if (places <= MAX_POW10_I128 &&
		    !__builtin_mul_overflow((fe_i128)n, pow10_i128(places), &wide))
			q = divide_round(wide, d);
		else if (!divide_long(n, places, d, &q))
			return false;
	}
	return to_i64((x < 0) != (y < 0) ? -q : q, out);
}

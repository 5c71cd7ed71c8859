// SPDX-License-Identifier: Apache-2.0
/* quality/moments.c - see quality/moments.h
 *
 * The variance of n values is (n * squares - sum^2) / (n * (n - 1)). Its numerator is where
 * doubles cancel out; here it is an integer of 256 bits, and exact.
 */
#include "quality/moments.h"

#include <math.h>

#include "base/double.h"

struct wide { /* high * 2^128 + low */
	unsigned __int128 high, low;
};

void
fe_moments_add(struct fe_moments *m, const int64_t *values, size_t n)
{
	fe_i128 sum = m->sum;

	for (size_t i = 0; i < n; i++)
		sum += values[i];
	m->sum = sum;
	m->n += n;
}

void
fe_moments_add_with_squares(struct fe_moments *m, const int64_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fe_i128 square = (fe_i128)values[i] * values[i];

		m->squares_high += __builtin_add_overflow(m->squares, (unsigned __int128)square, &m->squares);
	}
	fe_moments_add(m, values, n);
}

static unsigned __int128
amount_of(fe_i128 v)
{
	return v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
}

/* Digits enough for the nearest double: sum / n written out to 40 places. */
double
fe_moments_mean(const struct fe_moments *m, unsigned scale)
{
	unsigned __int128 amount = amount_of(m->sum);
	unsigned __int128 rest = amount % m->n;
	char text[2 * FE_DECIMAL_TEXT_BYTES + 16];
	unsigned n_places = 0;
	struct fe_buf out;
	double mean = 0;

	fe_buf_init(&out, sizeof(text));
	if (m->sum < 0)
		fe_buf_add_char(&out, '-');
	fe_buf_add(&out, text, fe_i128_format((fe_i128)(amount / m->n), 0, text));
	for (; rest != 0 && n_places < 40; n_places++) {
		rest *= 10;
		fe_buf_add_char(&out, (char)('0' + (int)(rest / m->n)));
		rest %= m->n;
	}
	fe_buf_addf(&out, "e-%u", n_places + scale);
	FE_ASSERT(fe_double_parse(fe_buf_str(&out), &mean));
	fe_buf_reset(&out);
	return mean;
}

static struct wide
multiply(unsigned __int128 a, unsigned __int128 b)
{
	unsigned __int128 a0 = (uint64_t)a, a1 = a >> 64, b0 = (uint64_t)b, b1 = b >> 64;
	unsigned __int128 low = a0 * b0;
	unsigned __int128 middle = a0 * b1 + (low >> 64); /* cannot pass 2^128: (2^64-1)^2 + 2^64-1 */
	unsigned __int128 other = a1 * b0 + (uint64_t)middle;

	return (struct wide){
		.high = a1 * b1 + (middle >> 64) + (other >> 64),
		.low = (other << 64) | (uint64_t)low,
	};
}

double
fe_moments_stdev(const struct fe_moments *m, unsigned scale)
{
	unsigned __int128 amount = amount_of(m->sum);
	struct wide all = multiply(m->squares, m->n);
	struct wide of_sum = multiply(amount, amount);
	double numerator;

	all.high += (unsigned __int128)m->squares_high * m->n;
	all.high -= of_sum.high + (all.low < of_sum.low);
	all.low -= of_sum.low;
	numerator = (double)all.high * 0x1p128 + (double)all.low;
	return sqrt(numerator / ((double)m->n * (double)(m->n - 1))) / (double)fe_pow10[scale];
}

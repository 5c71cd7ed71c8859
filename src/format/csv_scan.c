// SPDX-License-Identifier: Apache-2.0
/* format/csv_scan.c - the portable kernel, and the choice of one
 *
 * Eight bytes are compared at once by arithmetic on a 64-bit word: x ^ pattern has a
 * zero byte where a byte of x equals the pattern's, and the zero bytes of a word are
 * found exactly (no borrow runs from one byte into the next). It is what the others are held to,
 * and for processors that they are not written for.
 */
#include "format/csv_scan.h"

#include <endian.h>
#include <string.h>

#define LOW_BITS UINT64_C(0x7f7f7f7f7f7f7f7f)
#define HIGH_BITS UINT64_C(0x8080808080808080)

static inline uint64_t
repeat(char c)
{
	return UINT64_C(0x0101010101010101) * (unsigned char)c;
}

/* A byte of the result has its high bit set unless that byte of x is zero; the other
 * bits are noise. */
static inline uint64_t
nonzero(uint64_t x)
{
	return ((x & LOW_BITS) + LOW_BITS) | x;
}

static inline uint32_t *
scan_byte(struct fe_csv_scan *s, char c, uint32_t at, uint32_t *marks)
{
	*marks = at;
	if ((unsigned char)c >= 0x80)
		s->saw |= FE_CSV_SAW_HIGH;
	if (c == '\0')
		s->saw |= FE_CSV_SAW_NUL;
	return marks + (c == s->delimiter || c == s->quote || c == '\r' || c == '\n');
}

size_t
fe_csv_scan_plain(struct fe_csv_scan *s, const char *p, size_t n_bytes, uint32_t base,
		  uint32_t *marks)
{
	const uint64_t delimiters = repeat(s->delimiter), quotes = repeat(s->quote);
	const uint64_t crs = repeat('\r'), lfs = repeat('\n');
	uint64_t high = 0, all_nonzero = HIGH_BITS;
	uint32_t *next = marks;
	size_t i = 0;

	for (; n_bytes - i >= 8; i += 8) {
		uint64_t x;
		memcpy(&x, p + i, 8);
		x = le64toh(x);
		high |= x;
		all_nonzero &= nonzero(x);
		uint64_t other = nonzero(x ^ delimiters) & nonzero(x ^ quotes) &
				 nonzero(x ^ crs) & nonzero(x ^ lfs);
		for (uint64_t found = ~other & HIGH_BITS; found; found &= found - 1)
			*next++ = base + (uint32_t)i + ((uint32_t)__builtin_ctzll(found) >> 3);
	}
	if (high & HIGH_BITS)
		s->saw |= FE_CSV_SAW_HIGH;
	if (~all_nonzero & HIGH_BITS)
		s->saw |= FE_CSV_SAW_NUL;
	for (; i < n_bytes; i++)
		next = scan_byte(s, p[i], base + (uint32_t)i, next);
	return (size_t)(next - marks);
}

fe_csv_scan_fn
fe_csv_scan_best(void)
{
	fe_csv_scan_fn widest = fe_csv_scan_avx2();
	return widest ? widest : fe_csv_scan_16;
}

// SPDX-License-Identifier: Apache-2.0
/* format/csv_scan_16.c - the scan with vectors of sixteen bytes, which x86-64 (SSE2) and arm64
 * (NEON) always have
 *
 * As the one with vectors of 32 bytes: 64 bytes become a mask of 64 bits, whose positions are
 * written eight at a time without asking how many there are. Vectors are the compilers' own, so
 * that one source is both kernels.
 */
#include "base/text16.h"
#include "format/csv_scan.h"

#define PADDING 'x'
#define LAST_BIT (UINT64_C(1) << 63)

struct classes {
	fe_text16 delimiter, quote, cr, lf;
	fe_text16 high, zero; /* or of all bytes; where one was zero */
};

static inline uint64_t
structural(struct classes *c, const char *p)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < 64; i += FE_TEXT16_BYTES) {
		const fe_text16 x = fe_text16_at(p + i), none = { 0 };
		c->high |= x;
		c->zero |= (fe_text16)(x == none);
		fe_text16 found = (fe_text16)((x == c->delimiter) | (x == c->quote) | (x == c->cr) | (x == c->lf));
		mask |= (uint64_t)fe_text16_bits(found) << i;
	}
	return mask;
}

/* The last bit stands in where none is left: what is written then does not count. */
static inline uint32_t *
write_marks(uint64_t mask, uint32_t at, uint32_t *marks)
{
	uint32_t *end = marks + __builtin_popcountll(mask);
	while (mask) {
		for (int i = 0; i < 8; i++) {
			marks[i] = at + (uint32_t)__builtin_ctzll(mask | LAST_BIT);
			mask &= mask - 1;
		}
		marks += 8;
	}
	return end;
}

size_t
fe_csv_scan_16(struct fe_csv_scan *s, const char *p, size_t n_bytes, uint32_t base, uint32_t *marks)
{
	struct classes c = {
		.delimiter = fe_text16_all(s->delimiter),
		.quote = fe_text16_all(s->quote),
		.cr = fe_text16_all('\r'),
		.lf = fe_text16_all('\n'),
	};
	uint32_t *next = marks;
	size_t i = 0;

	for (; n_bytes - i >= 64; i += 64)
		next = write_marks(structural(&c, p + i), base + (uint32_t)i, next);
	if (i < n_bytes) {
		char last[64];
		memset(last, PADDING, sizeof last);
		memcpy(last, p + i, n_bytes - i);
		uint64_t mask = structural(&c, last);
		/* The padding could be the delimiter. */
		mask &= (UINT64_C(1) << (n_bytes - i)) - 1;
		next = write_marks(mask, base + (uint32_t)i, next);
	}
	if (fe_text16_bits(c.high))
		s->saw |= FE_CSV_SAW_HIGH;
	if (fe_text16_any(c.zero))
		s->saw |= FE_CSV_SAW_NUL;
	return (size_t)(next - marks);
}

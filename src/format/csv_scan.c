// SPDX-License-Identifier: Apache-2.0
/* format/csv_scan.c - the portable kernel, and the choice of one
 *
 * Eight bytes are compared at once by arithmetic on a 64-bit word: x ^ pattern has a
 * zero byte where a byte of x equals the pattern's, and the zero bytes of a word are
 * found exactly (no borrow runs from one byte into the next); a multiplication gathers their bits.
 * It is what the others are held to, and for processors that they are not written for.
 */
#include "format/csv_scan_64.h"

#include <endian.h>

#define EACH UINT64_C(0x0101010101010101)
#define LOW_BITS UINT64_C(0x7f7f7f7f7f7f7f7f)
#define HIGH_BITS UINT64_C(0x8080808080808080)

struct words {
	uint64_t delimiter, quote;
	uint64_t high, nonzero; /* or of all bytes; the high bit of each that never was zero */
};

/* A byte of the result has its high bit set unless that byte of x is zero; the other
 * bits are noise. */
static inline uint64_t
nonzero(uint64_t x)
{
	return ((x & LOW_BITS) + LOW_BITS) | x;
}

/* Bit i: byte i of x equals that of the pattern. */
static inline uint64_t
equal(uint64_t x, uint64_t pattern)
{
	return (~nonzero(x ^ pattern) & HIGH_BITS) / 128 * UINT64_C(0x0102040810204080) >> 56;
}

static void
find_all(void *vectors, const char *p, struct fe_csv_bits *out)
{
	struct words *w = vectors;

	*out = (struct fe_csv_bits){ 0 };
	for (unsigned i = 0; i < 64; i += 8) {
		uint64_t x;
		memcpy(&x, p + i, 8);
		x = le64toh(x);
		w->high |= x;
		w->nonzero &= nonzero(x);
		out->delimiters |= equal(x, w->delimiter) << i;
		out->quotes |= equal(x, w->quote) << i;
		out->crs |= equal(x, EACH * '\r') << i;
		out->lfs |= equal(x, EACH * '\n') << i;
	}
}

static bool
find_bare(void *vectors, const char *p, struct fe_csv_bits *out)
{
	find_all(vectors, p, out);
	return (out->quotes | out->crs) == 0;
}

static const struct fe_csv_kernel plain = {
	.bare = find_bare, .all = find_all, .parity = fe_csv_parity_64, .write = fe_csv_write_64,
};

void
fe_csv_scan_plain(struct fe_csv_scan *s, const char *p, size_t n_bytes, uint32_t base, struct fe_csv_index *found)
{
	struct words w = {
		.delimiter = EACH * (unsigned char)s->delimiter,
		.quote = EACH * (unsigned char)fe_csv_quote_byte(s),
		.nonzero = HIGH_BITS,
	};

	fe_csv_scan_64(s, p, n_bytes, base, found, &plain, &w);
	s->saw |= w.high & HIGH_BITS ? FE_CSV_SAW_HIGH : 0;
	s->saw |= ~w.nonzero & HIGH_BITS ? FE_CSV_SAW_NUL : 0;
}

fe_csv_scan_fn *
fe_csv_scan_best(void)
{
	fe_csv_scan_fn *const widest_first[] = { fe_csv_scan_avx512(), fe_csv_scan_avx2(), fe_csv_scan_sse42() };

	for (size_t i = 0; i < sizeof widest_first / sizeof *widest_first; i++) {
		if (widest_first[i])
			return widest_first[i];
	}
	return fe_csv_scan_16;
}

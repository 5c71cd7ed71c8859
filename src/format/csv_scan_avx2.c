// SPDX-License-Identifier: Apache-2.0
/* format/csv_scan_avx2.c - the scan with 256-bit vectors, for x86-64
 *
 * 64 bytes become a mask of 64 bits, one for each structural byte; the positions of
 * its bits are written eight at a time without asking how many there are (the
 * slack), so that a line of ordinary cells costs no mispredicted branch. The last
 * bytes go through a copy padded with a byte that is not structural.
 */
#include "format/csv_scan.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2")))
#define PADDING 'x'

struct classes {
	__m256i delimiter, quote, cr, lf;
	__m256i high, least; /* or of all bytes; the least byte of each lane */
};

AVX2 static inline uint32_t
structural(struct classes *c, const char *p)
{
	__m256i x = _mm256_loadu_si256((const __m256i_u *)p);
	c->high = _mm256_or_si256(c->high, x);
	c->least = _mm256_min_epu8(c->least, x);
	__m256i text = _mm256_or_si256(_mm256_cmpeq_epi8(x, c->delimiter),
				       _mm256_cmpeq_epi8(x, c->quote));
	__m256i lines = _mm256_or_si256(_mm256_cmpeq_epi8(x, c->cr), _mm256_cmpeq_epi8(x, c->lf));
	return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(text, lines));
}

AVX2 static inline uint32_t *
write_marks(uint64_t mask, uint32_t at, uint32_t *marks)
{
	uint32_t *end = marks + __builtin_popcountll(mask);
	while (mask) {
		for (int i = 0; i < 8; i++) {
			marks[i] = at + (uint32_t)_tzcnt_u64(mask);
			mask = _blsr_u64(mask);
		}
		marks += 8;
	}
	return end;
}

AVX2 static size_t
scan_avx2(struct fe_csv_scan *s, const char *p, size_t n_bytes, uint32_t base, uint32_t *marks)
{
	struct classes c = {
		.delimiter = _mm256_set1_epi8(s->delimiter),
		.quote = _mm256_set1_epi8(s->quote),
		.cr = _mm256_set1_epi8('\r'),
		.lf = _mm256_set1_epi8('\n'),
		.high = _mm256_setzero_si256(),
		.least = _mm256_set1_epi8(PADDING),
	};
	uint32_t *next = marks;
	size_t i = 0;

	for (; n_bytes - i >= 64; i += 64) {
		uint64_t low = structural(&c, p + i);
		uint64_t mask = low | (uint64_t)structural(&c, p + i + 32) << 32;
		next = write_marks(mask, base + (uint32_t)i, next);
	}
	if (i < n_bytes) {
		char last[64];
		memset(last, PADDING, sizeof last);
		memcpy(last, p + i, n_bytes - i);
		uint64_t low = structural(&c, last);
		uint64_t mask = low | (uint64_t)structural(&c, last + 32) << 32;
		/* The padding could be the delimiter. */
		mask &= (UINT64_C(1) << (n_bytes - i)) - 1;
		next = write_marks(mask, base + (uint32_t)i, next);
	}
	if (_mm256_movemask_epi8(c.high))
		s->saw |= FE_CSV_SAW_HIGH;
	if (_mm256_movemask_epi8(_mm256_cmpeq_epi8(c.least, _mm256_setzero_si256())))
		s->saw |= FE_CSV_SAW_NUL;
	return (size_t)(next - marks);
}

fe_csv_scan_fn
fe_csv_scan_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") ? scan_avx2 : NULL;
}

#else

fe_csv_scan_fn
fe_csv_scan_avx2(void)
{
	return NULL;
}

#endif

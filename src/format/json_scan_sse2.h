// SPDX-License-Identifier: Apache-2.0
/* format/json_scan_sse2.h - the kernels of json_scan.h with vectors of 16 bytes
 *
 * A comparison of 16 bytes becomes a mask of 16 bits; the first one that is set is where to
 * stop, and what lies before it is told by the bits below it.
 */
#ifndef FE_FORMAT_JSON_SCAN_SSE2_H
#define FE_FORMAT_JSON_SCAN_SSE2_H

#include <emmintrin.h>

#include "format/json_scan_plain.h"

static inline __m128i
fe_json_load(const char *p)
{
	return _mm_loadu_si128((const __m128i_u *)p);
}

static inline unsigned
fe_json_mask(__m128i x)
{
	return (unsigned)_mm_movemask_epi8(x);
}

static inline const char *
fe_json_text_stop_sse2(const char *p, bool *is_high)
{
	for (;; p += 16) {
		__m128i x = fe_json_load(p);
		__m128i marks = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
		__m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
		unsigned stops = fe_json_mask(_mm_or_si128(marks, controls)), high = fe_json_mask(x);
		if (stops) {
			*is_high |= (high & (stops - 1) & ~stops) != 0; /* a stop is never high */
			return p + __builtin_ctz(stops);
		}
		*is_high |= high != 0;
	}
}

/* As signed bytes, those that are not ASCII are less than a blank, as controls are. */
static inline unsigned
fe_json_stops(const char *p)
{
	__m128i x = fe_json_load(p);
	__m128i marks = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
	return fe_json_mask(_mm_or_si128(marks, _mm_cmplt_epi8(x, _mm_set1_epi8(0x20))));
}

static inline const char *
fe_json_short_text_sse2(const char *p)
{
	for (int i = 0; i < FE_JSON_SHORT_TEXT; i += 16, p += 16) {
		unsigned stops = fe_json_stops(p);
		if (stops)
			return p + __builtin_ctz(stops);
	}
	return "";
}

/* The digits of 16 bytes as bits. */
static inline unsigned
fe_json_digits(const char *p)
{
	__m128i x = _mm_sub_epi8(fe_json_load(p), _mm_set1_epi8('0'));
	return fe_json_mask(_mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(9)), x));
}

/* p is at a digit or '-'. NULL: not an ordinary number, or none. */
static inline const char *
fe_json_number_end_sse2(const char *p)
{
	p += *p == '-';
	unsigned others = ~fe_json_digits(p); /* bits from 16 on are set: there is a first */
	unsigned n = (unsigned)__builtin_ctz(others);

	if (n == 0 || n >= 16 || (*p == '0' && n > 1))
		return NULL;
	if (p[n] == '.') {
		others &= others - 1;
		unsigned end = (unsigned)__builtin_ctz(others);
		if (end == n + 1 || end >= 16)
			return NULL;
		n = end;
	}
	return p[n] == 'e' || p[n] == 'E' ? NULL : p + n;
}

static inline bool
fe_json_begins_sse2(const char *p, const char *head, uint32_t n_bytes)
{
	unsigned low = fe_json_mask(_mm_cmpeq_epi8(fe_json_load(p), fe_json_load(head)));
	unsigned high = fe_json_mask(_mm_cmpeq_epi8(fe_json_load(p + 16), fe_json_load(head + 16)));
	uint64_t differ = ~((uint64_t)high << 16 | low);
	return (unsigned)__builtin_ctzll(differ) >= n_bytes;
}

/* p is at a blank. Where lines are records a line end is none. */
static inline const char *
fe_json_blank_end_sse2(const char *p, bool is_lines, struct fe_json_blanks *seen)
{
	for (;; p += 16) {
		__m128i x = fe_json_load(p);
		__m128i flat = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\t')));
		unsigned ends = is_lines ? 0 : fe_json_mask(_mm_cmpeq_epi8(x, _mm_set1_epi8('\n')));
		unsigned blank = ends | fe_json_mask(_mm_or_si128(flat, _mm_cmpeq_epi8(x, _mm_set1_epi8('\r'))));
		unsigned n = (unsigned)__builtin_ctz(~blank); /* 16 at most */
		ends &= (1u << n) - 1;
		if (ends) {
			seen->n_lines += (unsigned)__builtin_popcount(ends);
			seen->line = p + (32 - __builtin_clz(ends));
		}
		if (n < 16)
			return p + n;
	}
}

#endif

// SPDX-License-Identifier: Apache-2.0
/* quality/text_key.h - the first 16 bytes of a text as two numbers that sort as the bytes do
 *
 * Bytes that are not there count as 0. No byte beyond the text is read.
 */
#ifndef FE_QUALITY_TEXT_KEY_H
#define FE_QUALITY_TEXT_KEY_H

#include <endian.h>

#include "base/str.h"

#define FE_TEXT_KEY_BYTES 16
struct fe_text_key { uint64_t head, tail; };

static inline uint64_t
fe_text_key_eight(const char *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

/* Of up to seven bytes: parts that overlap, put one over the other. */
static inline uint64_t
fe_text_key_short(const char *p, size_t n)
{
	if (n >= 4) {
		uint32_t a, b;
		memcpy(&a, p, sizeof(a));
		memcpy(&b, p + n - 4, sizeof(b));
		return (uint64_t)be32toh(a) << 32 | (uint64_t)be32toh(b) << 8 * (8 - n);
	}
	if (n == 0)
		return 0;
	uint64_t first = (unsigned char)p[0], middle = (unsigned char)p[n / 2], last = (unsigned char)p[n - 1];
	return first << 56 | middle << 8 * (7 - n / 2) | last << 8 * (8 - n);
}

static inline struct fe_text_key
fe_text_key(struct fe_str s)
{
	if (s.n >= FE_TEXT_KEY_BYTES)
		return (struct fe_text_key){ fe_text_key_eight(s.p), fe_text_key_eight(s.p + 8) };
	if (s.n < 8)
		return (struct fe_text_key){ fe_text_key_short(s.p, s.n), 0 };
	/* Twice, as a shift by all 64 bits is none. */
	return (struct fe_text_key){ fe_text_key_eight(s.p), fe_text_key_eight(s.p + s.n - 8) << (8 * (16 - s.n) - 1) << 1 };
}

static inline int
fe_text_key_compare(struct fe_text_key a, struct fe_text_key b)
{
	if (a.head != b.head)
		return a.head < b.head ? -1 : 1;
	return a.tail < b.tail ? -1 : a.tail > b.tail;
}

/* By bytes; a text comes before those that it begins. */
static inline int
fe_str_compare(struct fe_str a, struct fe_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;
	return order ? order : a.n < b.n ? -1 : a.n > b.n;
}

#endif

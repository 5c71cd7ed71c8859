// SPDX-License-Identifier: Apache-2.0
/* quality/text_key.h - texts as two numbers
 *
 *   key    the first 16 bytes, as numbers that sort as the bytes do; bytes that are not there count as 0
 *   ends   of a text of at most 16 bytes the first eight and the last eight, which overlap: with its
 *          length, they tell it from all others. Nothing is taken apart or turned around, so that
 *          they take half of a key's time.
 */
#ifndef FE_QUALITY_TEXT_KEY_H
#define FE_QUALITY_TEXT_KEY_H

#include "base/text16.h"

#define FE_TEXT_KEY_BYTES FE_TEXT16_BYTES
struct fe_text_key { uint64_t head, tail; };

static inline struct fe_text_key
fe_text_key(struct fe_str s)
{
	struct fe_str first = { s.p, s.n < FE_TEXT_KEY_BYTES ? s.n : FE_TEXT_KEY_BYTES };
	fe_text16 t = fe_text16_load(first, 0);
	return (struct fe_text_key){ __builtin_bswap64(fe_text16_word(t, 0)), __builtin_bswap64(fe_text16_word(t, 1)) };
}

struct fe_text_ends { uint64_t first, last; };

/* Of shorter texts the first has all, and the last is 0. s.n <= 16. */
static inline struct fe_text_ends
fe_text_ends_of(const char *p, size_t n_bytes)
{
#define FE_ALL UINT64_MAX
	static const uint64_t first[FE_TEXT_KEY_BYTES + 1] = {
		0, 0xff, 0xffff, 0xffffff, UINT32_MAX, FE_ALL >> 24, FE_ALL >> 16, FE_ALL >> 8, FE_ALL,
		FE_ALL, FE_ALL, FE_ALL, FE_ALL, FE_ALL, FE_ALL, FE_ALL, FE_ALL,
	};
	static const uint64_t last[FE_TEXT_KEY_BYTES + 1] = {
		[8] = FE_ALL, FE_ALL, FE_ALL, FE_ALL, FE_ALL, FE_ALL, FE_ALL, FE_ALL, FE_ALL,
	};
#undef FE_ALL
	struct fe_text_ends e;

	memcpy(&e.first, p, sizeof(e.first));
	memcpy(&e.last, p + n_bytes - sizeof(e.last), sizeof(e.last));
	return (struct fe_text_ends){ e.first & first[n_bytes], e.last & last[n_bytes] };
}

static __attribute__((noinline, unused)) struct fe_text_ends
fe_text_ends_plain(struct fe_str s)
{
	char bytes[8 + FE_TEXT_KEY_BYTES] = { 0 };

	if (s.n)
		memcpy(bytes + 8, s.p, s.n);
	return fe_text_ends_of(bytes + 8, s.n);
}

/* Eight bytes before a text and eight from its first on are taken, but only where they lie in one page of memory
 * with it (see base/text16.h). */
static inline struct fe_text_ends
fe_text_ends(struct fe_str s)
{
#ifndef FE_TEXT16_WATCHED
	if (__builtin_expect((((uintptr_t)s.p - 8) & 4095) <= 4096 - 16, 1))
		return fe_text_ends_of(s.p, s.n);
#endif
	return fe_text_ends_plain(s);
}

static inline unsigned __int128
fe_text_key_number(struct fe_text_key k)
{
	return (unsigned __int128)k.head << 64 | k.tail;
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

// SPDX-License-Identifier: Apache-2.0
/* quality/text_key.h - the first 16 bytes of a text as two numbers that sort as the bytes do
 *
 * Bytes that are not there count as 0.
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

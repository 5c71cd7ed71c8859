// SPDX-License-Identifier: Apache-2.0
/* base/text16.h - a text of at most sixteen bytes, at once
 *
 * Most texts of a record are short: keys, states, categories. Asked byte by byte, or by words as
 * the length has it, each costs a branch that the processor guesses wrong every other time. Here
 * such a text becomes one vector, filled up behind its end, and what is asked of it takes the
 * same few steps whatever its length.
 *
 *   load      the bytes of a text, and `fill` behind them
 *   store     all sixteen: the text and what stands behind it, to be written over
 *   special   the bytes that need quotes in CSV
 *   letters   the bytes that are one of 26 letters, or not ASCII
 *   any       whether such a question has found a byte
 *   word      the first eight bytes, or the last, as a number
 *
 * Vectors are the compilers' own (GCC and clang), which make SSE2 or NEON of them. The load takes
 * sixteen bytes from where the text begins: more than the text has, but only where they lie in
 * one page of memory with its first byte, which is there; near the end of a page the bytes are taken
 * one by one. A sanitizer that watches each byte sees only the latter, the unit test both.
 */
#ifndef FE_BASE_TEXT16_H
#define FE_BASE_TEXT16_H

#include "base/str.h"

#define FE_TEXT16_BYTES 16

typedef uint8_t fe_text16 __attribute__((vector_size(FE_TEXT16_BYTES)));
typedef uint64_t fe_text16_words __attribute__((vector_size(FE_TEXT16_BYTES)));

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte of a word is the lowest");

static inline fe_text16
fe_text16_all(char c)
{
	return (fe_text16){ 0 } + (uint8_t)c;
}

static inline fe_text16
fe_text16_at(const void *p)
{
	fe_text16 t;
	memcpy(&t, p, sizeof t);
	return t;
}

/* s.n <= 16. Not inline, so that its array is not one of its callers'. */
static __attribute__((noinline, unused)) fe_text16
fe_text16_load_plain(struct fe_str s, char fill)
{
	char bytes[FE_TEXT16_BYTES];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = i < s.n ? s.p[i] : fill;
	return fe_text16_at(bytes);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FE_TEXT16_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define FE_TEXT16_WATCHED 1
#endif
#endif

#define FE_TEXT16_SIXTEEN(byte) \
	byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte

/* s.n <= 16. */
static inline fe_text16
fe_text16_load(struct fe_str s, char fill)
{
#ifdef FE_TEXT16_WATCHED
	return fe_text16_load_plain(s, fill);
#else
	static const uint8_t masks[32] = { FE_TEXT16_SIXTEEN(0xff) }; /* from 16 - n on: n bytes of ones */

	/* The byte before it is looked at, as an empty text may have none of its own, nor any p. */
	if (__builtin_expect((((uintptr_t)s.p - 1) & 4095) >= 4096 - FE_TEXT16_BYTES, 0))
		return fe_text16_load_plain(s, fill);
	fe_text16 mask = fe_text16_at(masks + FE_TEXT16_BYTES - s.n);
	return (fe_text16_at(s.p) & mask) | (fe_text16_all(fill) & ~mask);
#endif
}

static inline void
fe_text16_store(fe_text16 t, char *out)
{
	memcpy(out, &t, sizeof t);
}

static inline uint64_t
fe_text16_word(fe_text16 t, int which)
{
	return ((fe_text16_words)t)[which];
}

static inline bool
fe_text16_any(fe_text16 found)
{
	return (fe_text16_word(found, 0) | fe_text16_word(found, 1)) != 0;
}

static inline fe_text16
fe_text16_special(fe_text16 t)
{
	return (fe_text16)((t == fe_text16_all(',')) | (t == fe_text16_all('"')) | (t == fe_text16_all('\n')) |
	                   (t == fe_text16_all('\r')));
}

/* first is 'a' or 'A'. */
static inline fe_text16
fe_text16_letters(fe_text16 t, char first)
{
	fe_text16 is_letter = (fe_text16)(t - fe_text16_all(first) < fe_text16_all(26));
	return is_letter | (t & fe_text16_all((char)0x80));
}

#endif

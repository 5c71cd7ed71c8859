// SPDX-License-Identifier: Apache-2.0
/* base/text16.h - a text of at most sixteen bytes, at once
 *
 * Most texts of a record are short: keys, states, categories. Asked byte by byte, or by words as
 * the length has it, each costs a branch that the processor guesses wrong every other time. Here
 * such a text becomes one vector, filled up behind its end, and what is asked of it takes the
 * same few steps whatever its length.
 *
 *   load      the bytes of a text, and `fill` behind them; load_any: and others behind them
 *   store     all sixteen: the text and what stands behind it, to be written over
 *   special   the bytes that need quotes in CSV; surely_plain: most of those that need none
 *   blanks    the bytes that are white space
 *   letters   the bytes that are one of 26 letters, or not ASCII
 *   bits      what such a question has found, a bit a byte; first: as many bits as a text has bytes;
 *             bits_64: of four vectors, one behind the other
 *   any       whether it has found a byte
 *   word      the first eight bytes, or the last, as a number
 *
 * Vectors are the compilers' own (GCC and clang), which make SSE2 or NEON of them. The load takes
 * sixteen bytes from where the text begins: more than the text has, but only where they lie in
 * one page of memory with its first byte, which is there; near the end of a page the sixteen that end
 * with the text. For a sanitizer that watches each byte they are taken one by one; the unit test
 * holds both ways equal.
 */
#ifndef FE_BASE_TEXT16_H
#define FE_BASE_TEXT16_H

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

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

/* Near the end of a page, or at its begin. */
static inline fe_text16
fe_text16_load_back(struct fe_str s)
{
	unsigned __int128 bytes = 0;
	fe_text16 t;

	if (s.n == 0)
		return (fe_text16){ 0 };
	if (((uintptr_t)s.p & 4095) == 0)
		return fe_text16_at(s.p);
	memcpy(&bytes, s.p + s.n - FE_TEXT16_BYTES, sizeof bytes);
	bytes >>= 8 * (FE_TEXT16_BYTES - s.n);
	memcpy(&t, &bytes, sizeof t);
	return t;
}

/* The bytes behind a text of n <= 16 are not told. */
static inline fe_text16
fe_text16_load_any(struct fe_str s)
{
#ifndef FE_TEXT16_WATCHED
	/* The byte before it is looked at, as an empty text may have none of its own, nor any p. */
	if (__builtin_expect((((uintptr_t)s.p - 1) & 4095) < 4096 - FE_TEXT16_BYTES, 1))
		return fe_text16_at(s.p);
	return fe_text16_load_back(s);
#else
	return fe_text16_load_plain(s, ','); /* one that would be noticed */
#endif
}

/* s.n <= 16. */
static inline fe_text16
fe_text16_load(struct fe_str s, char fill)
{
	static const uint8_t masks[32] = { FE_TEXT16_SIXTEEN(0xff) }; /* from 16 - n on: n bytes of ones */
	fe_text16 mask = fe_text16_at(masks + FE_TEXT16_BYTES - s.n);

	return (fe_text16_load_any(s) & mask) | (fe_text16_all(fill) & ~mask);
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

/* Bit i is the top bit of byte i. */
static inline unsigned
fe_text16_bits(fe_text16 found)
{
#if defined(__SSE2__)
	return (unsigned)_mm_movemask_epi8((__m128i)found);
#elif defined(__aarch64__)
	const fe_text16 weights = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
	uint8x16_t each = (uint8x16_t)((fe_text16)((int8x16_t)found < 0) & weights);
	return vaddv_u8(vget_low_u8(each)) | (unsigned)vaddv_u8(vget_high_u8(each)) << 8;
#else
	const uint64_t tops = UINT64_C(0x0101010101010101), gather = UINT64_C(0x0102040810204080);
	uint64_t low = (fe_text16_word(found, 0) >> 7 & tops) * gather >> 56;
	uint64_t high = (fe_text16_word(found, 1) >> 7 & tops) * gather >> 56;
	return (unsigned)(high << 8 | low);
#endif
}

/* Each byte of the four is all ones or none. */
static inline uint64_t
fe_text16_bits_64(const fe_text16 found[4])
{
#if defined(__aarch64__)
	/* Neighbours are added three times over: each byte of the sum is the bits of eight. */
	const fe_text16 weights = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
	uint8x16_t low = vpaddq_u8((uint8x16_t)(found[0] & weights), (uint8x16_t)(found[1] & weights));
	uint8x16_t high = vpaddq_u8((uint8x16_t)(found[2] & weights), (uint8x16_t)(found[3] & weights));
	uint8x16_t all = vpaddq_u8(low, high);
	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
#else
	uint64_t low = fe_text16_bits(found[0]) | (uint64_t)fe_text16_bits(found[1]) << 16;
	uint64_t high = fe_text16_bits(found[2]) | (uint64_t)fe_text16_bits(found[3]) << 16;
	return high << 32 | low;
#endif
}

static inline unsigned
fe_text16_first(size_t n_bytes)
{
	return (1u << n_bytes) - 1;
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

/* Neither one that needs quotes, nor ASCII's lower ones, nor what is not ASCII, nor a backslash in front. */
static inline fe_text16
fe_text16_surely_plain(fe_text16 t)
{
	const fe_text16 in_front = { '\\' };
	typedef int8_t of_signs __attribute__((vector_size(FE_TEXT16_BYTES)));
	return (fe_text16)((of_signs)t > (of_signs)fe_text16_all(',')) & ~(fe_text16)(t == in_front);
}

static inline fe_text16
fe_text16_blanks(fe_text16 t)
{
	return (fe_text16)((t == fe_text16_all(' ')) | (t - fe_text16_all('\t') < fe_text16_all('\r' - '\t' + 1)));
}

/* first is 'a' or 'A'. */
static inline fe_text16
fe_text16_letters(fe_text16 t, char first)
{
	fe_text16 is_letter = (fe_text16)(t - fe_text16_all(first) < fe_text16_all(26));
	return is_letter | (t & fe_text16_all((char)0x80));
}

#endif

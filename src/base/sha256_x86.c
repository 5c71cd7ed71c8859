// SPDX-License-Identifier: Apache-2.0
/* base/sha256_x86.c - blocks of SHA-256 by the SHA extensions of x86-64
 *
 * The instructions have the state as two vectors, (a, b, e, f) and (c, d, g, h), and do two rounds
 * at once: what comes out of two rounds in one of them was the other one.
 */
#include "base/sha256_kernel.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <stdbool.h>

#define FE_SHA256_TARGET __attribute__((target("sha,sse4.1")))
#define INLINE FE_SHA256_TARGET static inline __attribute__((always_inline))

struct lane {
	__m128i state[2]; /* abef, cdgh */
	__m128i words[4]; /* of the sixteen rounds at hand */
};

INLINE void
load_state(struct lane *l, const uint32_t state[8])
{
	const __m128i dcba = _mm_loadu_si128((const __m128i_u *)state), hgfe = _mm_loadu_si128((const __m128i_u *)(state + 4));
	const __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);

	l->state[0] = _mm_alignr_epi8(cdab, efgh, 8);
	l->state[1] = _mm_blend_epi16(efgh, cdab, 0xf0);
}

INLINE void
store_state(const struct lane *l, uint32_t state[8])
{
	const __m128i feba = _mm_shuffle_epi32(l->state[0], 0x1b), dchg = _mm_shuffle_epi32(l->state[1], 0xb1);

	_mm_storeu_si128((__m128i_u *)state, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i_u *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Words are big-endian. */
INLINE void
load_block(struct lane *l, const unsigned char *p)
{
	const __m128i swapped = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

	for (unsigned i = 0; i < 4; i++)
		l->words[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i_u *)(p + (size_t)16 * i)), swapped);
}

/* Four rounds from round 4i on, whose words are words[j]; and in their place those of sixteen rounds later. */
INLINE void
four(struct lane *l, unsigned i, unsigned j, bool is_last)
{
	__m128i *w = l->words;
	const __m128i sum = _mm_add_epi32(w[j], _mm_load_si128((const void *)(fe_sha256_rounds + (size_t)4 * i)));

	l->state[1] = _mm_sha256rnds2_epu32(l->state[1], l->state[0], sum);
	l->state[0] = _mm_sha256rnds2_epu32(l->state[0], l->state[1], _mm_shuffle_epi32(sum, 0x0e));
	if (is_last)
		return;
	const __m128i ago_7 = _mm_alignr_epi8(w[(j + 3) & 3], w[(j + 2) & 3], 4);
	const __m128i partial = _mm_add_epi32(_mm_sha256msg1_epu32(w[j], w[(j + 1) & 3]), ago_7);
	w[j] = _mm_sha256msg2_epu32(partial, w[(j + 3) & 3]);
}

INLINE __m128i
add(__m128i a, __m128i b)
{
	return _mm_add_epi32(a, b);
}

#include "base/sha256_lanes.h"

const struct fe_sha256_kernel *
fe_sha256_kernel_x86(void)
{
	unsigned a, b, c, d;
	const bool has_sha = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);

	return has_sha && __builtin_cpu_supports("sse4.1") ? &kernel : NULL;
}

#else

const struct fe_sha256_kernel *
fe_sha256_kernel_x86(void)
{
	return NULL;
}

#endif

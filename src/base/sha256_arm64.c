// SPDX-License-Identifier: Apache-2.0
/* base/sha256_arm64.c - blocks of SHA-256 by the SHA-2 instructions of ARMv8
 *
 * The instructions have the state as two vectors, (a, b, c, d) and (e, f, g, h), and do four rounds
 * of either half at once.
 */
#include "base/sha256_kernel.h"

/* Clang knows the instructions only where all of a file is compiled for them; gcc, with which it ships, a function at a time. */
#if defined(__AARCH64EL__) && (!defined(__clang__) || defined(__ARM_FEATURE_SHA2))

#include <arm_neon.h>
#include <stdbool.h>
#include <sys/auxv.h>

#define FE_SHA256_TARGET __attribute__((target("+crypto")))
#define INLINE FE_SHA256_TARGET static inline __attribute__((always_inline))

struct lane {
	uint32x4_t state[2]; /* abcd, efgh */
	uint32x4_t words[4]; /* of the sixteen rounds at hand */
};

INLINE void
load_state(struct lane *l, const uint32_t state[8])
{
	l->state[0] = vld1q_u32(state);
	l->state[1] = vld1q_u32(state + 4);
}

INLINE void
store_state(const struct lane *l, uint32_t state[8])
{
	vst1q_u32(state, l->state[0]);
	vst1q_u32(state + 4, l->state[1]);
}

/* Words are big-endian. */
INLINE void
load_block(struct lane *l, const unsigned char *p)
{
	for (unsigned i = 0; i < 4; i++)
		l->words[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(p + (size_t)16 * i)));
}

/* Four rounds from round 4i on, whose words are words[j]; and in their place those of sixteen rounds later. */
INLINE void
four(struct lane *l, unsigned i, unsigned j, bool is_last)
{
	uint32x4_t *w = l->words;
	const uint32x4_t abcd = l->state[0], sum = vaddq_u32(w[j], vld1q_u32(fe_sha256_rounds + (size_t)4 * i));

	l->state[0] = vsha256hq_u32(abcd, l->state[1], sum);
	l->state[1] = vsha256h2q_u32(l->state[1], abcd, sum);
	if (!is_last)
		w[j] = vsha256su1q_u32(vsha256su0q_u32(w[j], w[(j + 1) & 3]), w[(j + 2) & 3], w[(j + 3) & 3]);
}

INLINE uint32x4_t
add(uint32x4_t a, uint32x4_t b)
{
	return vaddq_u32(a, b);
}

#include "base/sha256_lanes.h"

const struct fe_sha256_kernel *
fe_sha256_kernel_arm64(void)
{
	return getauxval(AT_HWCAP) & HWCAP_SHA2 ? &kernel : NULL;
}

#else

const struct fe_sha256_kernel *
fe_sha256_kernel_arm64(void)
{
	return NULL;
}

#endif

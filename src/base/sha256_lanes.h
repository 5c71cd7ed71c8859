// SPDX-License-Identifier: Apache-2.0
/* base/sha256_lanes.h - one block after the other through one lane, or through two
 *
 * What the kernels share. Each includes it behind what its own instructions are: a struct lane of a state
 * in two vectors and sixteen words in four; load_state, store_state, load_block, four and add for it; and
 * FE_SHA256_TARGET, by which they are compiled. The processor runs what it is given ahead as far as it
 * can, so that it is enough that the lanes take turns.
 */
#ifndef FE_BASE_SHA256_LANES_H
#define FE_BASE_SHA256_LANES_H

#include "base/sha256_kernel.h"

#define FE_SHA256_INLINE FE_SHA256_TARGET static inline __attribute__((always_inline))

/* The rounds whose words are words[j] of each lane. b: NULL where there is one lane only, which is known as this is compiled. */
FE_SHA256_INLINE void
turn(struct lane *a, struct lane *b, unsigned i, unsigned j, bool is_last)
{
	four(a, i + j, j, is_last);
	if (b)
		four(b, i + j, j, is_last);
}

FE_SHA256_INLINE void
sixteen(struct lane *a, struct lane *b, unsigned i, bool is_last)
{
	turn(a, b, i, 0, is_last);
	turn(a, b, i, 1, is_last);
	turn(a, b, i, 2, is_last);
	turn(a, b, i, 3, is_last);
}

FE_SHA256_INLINE void
all_rounds(struct lane *a, struct lane *b)
{
	for (unsigned i = 0; i < 12; i += 4)
		sixteen(a, b, i, false);
	sixteen(a, b, 12, true);
}

/* A block adds to the state what the rounds make of it. */
FE_SHA256_INLINE void
add_before(struct lane *l, const struct lane *before)
{
	l->state[0] = add(l->state[0], before->state[0]);
	l->state[1] = add(l->state[1], before->state[1]);
}

FE_SHA256_TARGET static void
one(struct fe_sha256_lane *a, size_t n_blocks)
{
	struct lane x;

	load_state(&x, a->state);
	for (; n_blocks > 0; n_blocks--, a->p += FE_SHA256_BLOCK_BYTES) {
		const struct lane before = x;
		load_block(&x, a->p);
		all_rounds(&x, NULL);
		add_before(&x, &before);
	}
	store_state(&x, a->state);
}

FE_SHA256_TARGET static void
two(struct fe_sha256_lane *a, struct fe_sha256_lane *b, size_t n_blocks)
{
	struct lane x, y;

	load_state(&x, a->state);
	load_state(&y, b->state);
	for (; n_blocks > 0; n_blocks--, a->p += FE_SHA256_BLOCK_BYTES, b->p += FE_SHA256_BLOCK_BYTES) {
		const struct lane x_before = x, y_before = y;
		load_block(&x, a->p);
		load_block(&y, b->p);
		all_rounds(&x, &y);
		add_before(&x, &x_before);
		add_before(&y, &y_before);
	}
	store_state(&x, a->state);
	store_state(&y, b->state);
}

static const struct fe_sha256_kernel kernel = { .one = one, .two = two };

#endif

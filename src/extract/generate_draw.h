// SPDX-License-Identifier: Apache-2.0
/* extract/generate_draw.h - random numbers that are the same on every machine
 *
 * A Weyl sequence put through a 64-bit mixing function. Every record has a sequence
 * of its own, which starts from (seed of the file, index of the record). Integers
 * only; a bound is met by the high word of a 128-bit product, without a division.
 */
#ifndef FE_EXTRACT_GENERATE_DRAW_H
#define FE_EXTRACT_GENERATE_DRAW_H

#include <stdint.h>

struct fe_rng {
	uint64_t state;
};

static inline uint64_t
fe_draw_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static inline struct fe_rng
fe_draw_at(uint64_t file_seed, uint64_t index)
{
	return (struct fe_rng){ fe_draw_mix(file_seed + fe_draw_mix(index)) };
}

static inline uint64_t
fe_draw(struct fe_rng *r)
{
	r->state += UINT64_C(0x9e3779b97f4a7c15);
	return fe_draw_mix(r->state);
}

/* 0 to n - 1; the bias is below n / 2^64. */
static inline uint64_t
fe_draw_below(struct fe_rng *r, uint64_t n)
{
	return (uint64_t)((unsigned __int128)fe_draw(r) * n >> 64);
}

static inline uint64_t
fe_draw_between(struct fe_rng *r, uint64_t low, uint64_t high)
{
	return low + fe_draw_below(r, high - low + 1);
}

/* A choice by weight: the first row whose running sum (of 1000) is above the draw. */
struct fe_weighted {
	uint32_t upto;
	const char *text;
};

static inline const char *
fe_draw_weighted(struct fe_rng *r, const struct fe_weighted *rows)
{
	uint64_t x = fe_draw_below(r, 1000);
	while (x >= rows->upto)
		rows++;
	return rows->text;
}

#endif

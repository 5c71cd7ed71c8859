// SPDX-License-Identifier: Apache-2.0
/* base/sha256_kernel.h - the blocks of SHA-256 (FIPS 180-4), by the processor's own instructions
 *
 * Four rounds wait for the four before them, so one hash leaves most of the processor idle: its
 * instructions could be begun twice as often as one hash can use them. `two` takes a block of
 * each of two hashes in turn.
 *
 *   kernel   for                                       GB/s, one   two
 *   x86      x86-64 with SHA extensions (from 2017)         1.8    3.6
 *   arm64    arm64 with those of ARMv8.0                      not known
 *
 * The speeds are those of one core of an AMD EPYC (Zen 4); OpenSSL's is that of one. Held to
 * OpenSSL by tests/unit/base/test_sha256_pair.c, to plain C by tests/fuzz/fuzz_sha256.c.
 */
#ifndef FE_BASE_SHA256_KERNEL_H
#define FE_BASE_SHA256_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#define FE_SHA256_BLOCK_BYTES 64

/* A hash on its way, and the blocks it goes through next. */
struct fe_sha256_lane {
	uint32_t state[8];
	const unsigned char *p;
};

struct fe_sha256_kernel {
	/* Takes n_blocks of the lane, or of each of both; p is behind them then. */
	void (*one)(struct fe_sha256_lane *a, size_t n_blocks);
	void (*two)(struct fe_sha256_lane *a, struct fe_sha256_lane *b, size_t n_blocks);
};

/* NULL where the processor has not what it takes. */
const struct fe_sha256_kernel *fe_sha256_kernel_x86(void);
const struct fe_sha256_kernel *fe_sha256_kernel_arm64(void);

/* The constants of the rounds, four to a vector. */
extern const uint32_t fe_sha256_rounds[64];
/* What a hash begins with. */
extern const uint32_t fe_sha256_begin[8];

#endif

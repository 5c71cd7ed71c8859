// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_sha256.c - the kernels of SHA-256 against FIPS 180-4 as it is written there
 *
 * The first 64 bytes are the states of two hashes, as any can come up; what is left, halved, is their
 * blocks, with exact sizes, so that a sanitizer sees a step outside.
 */
#include "base/sha256_kernel.h"
#include "harness.h"

#define BLOCK FE_SHA256_BLOCK_BYTES
#define STATE_BYTES (8 * sizeof(uint32_t))

/* ---- the standard ---- */

static uint32_t
rotr(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static void
expand(uint32_t w[64], const unsigned char *p)
{
	for (int t = 0; t < 16; t++, p += 4)
		w[t] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	for (int t = 16; t < 64; t++) {
		const uint32_t s1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10;
		const uint32_t s0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
		w[t] = s1 + w[t - 7] + s0 + w[t - 16];
	}
}

static void
standard(struct fe_sha256_lane *l, size_t n_blocks)
{
	for (; n_blocks > 0; n_blocks--, l->p += BLOCK) {
		uint32_t w[64], v[8];
		expand(w, l->p);
		memcpy(v, l->state, sizeof v);
		for (int t = 0; t < 64; t++) {
			const uint32_t ch = (v[4] & v[5]) ^ (~v[4] & v[6]), maj = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
			const uint32_t t1 = v[7] + (rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25)) + ch + fe_sha256_rounds[t] + w[t];
			const uint32_t t2 = (rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22)) + maj;
			memmove(v + 1, v, 7 * sizeof *v);
			v[4] += t1;
			v[0] = t1 + t2;
		}
		for (int i = 0; i < 8; i++)
			l->state[i] += v[i];
	}
}

/* ---- the kernels ---- */

static void
expect_same(const struct fe_sha256_lane *a, const struct fe_sha256_lane *b)
{
	expect(memcmp(a->state, b->state, sizeof a->state) == 0 && a->p == b->p);
}

static void
check(const struct fe_sha256_kernel *kernel, const struct fe_sha256_lane lanes[2], size_t n_blocks)
{
	struct fe_sha256_lane a = lanes[0], b = lanes[1], x = lanes[0], y = lanes[1];

	if (!kernel)
		return;
	standard(&a, n_blocks);
	standard(&b, n_blocks);
	kernel->two(&x, &y, n_blocks);
	expect_same(&a, &x);
	expect_same(&b, &y);
	x = lanes[0];
	kernel->one(&x, n_blocks);
	expect_same(&a, &x);
}

/* Of a message shorter than a block: of no byte, of "abc". */
static void
check_standard(const char *text, const uint32_t expected[8])
{
	unsigned char block[BLOCK] = { 0 };
	struct fe_sha256_lane l = { .p = block };
	const size_t n = strlen(text);

	memcpy(block, text, n);
	block[n] = 0x80;
	block[BLOCK - 1] = (unsigned char)(n * 8);
	memcpy(l.state, fe_sha256_begin, sizeof l.state);
	standard(&l, 1);
	expect(memcmp(l.state, expected, sizeof l.state) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	static const uint32_t none[8] = { 0xe3b0c442, 0x98fc1c14, 0x9afbf4c8, 0x996fb924, 0x27ae41e4, 0x649b934c, 0xa495991b, 0x7852b855 };
	static const uint32_t abc[8] = { 0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223, 0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad };

	check_standard("", none);
	check_standard("abc", abc);
	if (n_bytes < 2 * STATE_BYTES)
		return 0;
	const size_t n_blocks = (n_bytes - 2 * STATE_BYTES) / 2 / BLOCK;
	const uint8_t *second = data + n_bytes - n_blocks * BLOCK;
	struct fe_sha256_lane lanes[2] = { { .p = second - n_blocks * BLOCK }, { .p = second } };
	memcpy(lanes[0].state, data, STATE_BYTES);
	memcpy(lanes[1].state, data + STATE_BYTES, STATE_BYTES);
	check(fe_sha256_kernel_x86(), lanes, n_blocks);
	check(fe_sha256_kernel_arm64(), lanes, n_blocks);
	return 0;
}

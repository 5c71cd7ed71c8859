// SPDX-License-Identifier: Apache-2.0
/* base/sha256.c - running hashes: OpenSSL's, and those of a pair
 *
 * Of a pair at most one hash waits, so that there is one place where blocks wait: who adds to
 * another one takes them along first.
 */
#include "base/sha256_pair.h"

#include <endian.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/sha256_kernel.h"

#define BLOCK FE_SHA256_BLOCK_BYTES
#define MAX_WAITING (FE_SHA256_WAIT_BYTES / BLOCK)

struct fe_sha256_pair {
	const struct fe_sha256_kernel *kernel; /* NULL: OpenSSL hashes */
	pthread_t thread;
	size_t n_hashes;
	struct fe_sha256 *waits;  /* NULL: none. Its lane is at the first of them: */
	size_t n_waiting;         /* blocks, in */
	unsigned char *blocks;    /* [MAX_WAITING] */
};

struct fe_sha256 {
	EVP_MD_CTX *ctx;             /* NULL: it is of a pair, and what follows counts */
	struct fe_sha256_pair *pair;
	struct fe_sha256_lane lane;
	uint64_t n_bytes;            /* added */
	unsigned char rest[BLOCK];   /* the last n_bytes % BLOCK of them */
};

/* ---- a pair ---- */

static const struct fe_sha256_kernel *
choose_kernel(void)
{
	const struct fe_sha256_kernel *x86 = fe_sha256_kernel_x86();

	if (EVP_default_properties_is_fips_enabled(NULL))
		return NULL;
	return x86 ? x86 : fe_sha256_kernel_arm64();
}

struct fe_sha256_pair *
fe_sha256_pair_new(void)
{
	struct fe_sha256_pair *pair = fe_new(struct fe_sha256_pair);

	pair->thread = pthread_self();
	pair->kernel = choose_kernel();
	if (pair->kernel)
		pair->blocks = fe_alloc(FE_SHA256_WAIT_BYTES);
	return pair;
}

void
fe_sha256_pair_free(struct fe_sha256_pair *pair)
{
	if (!pair)
		return;
	FE_ASSERT(pair->n_hashes == 0);
	fe_free(pair->blocks);
	fe_free(pair);
}

/* What waits goes alone. */
static void
hash_waiting(struct fe_sha256_pair *pair)
{
	if (!pair->waits)
		return;
	pair->kernel->one(&pair->waits->lane, pair->n_waiting);
	pair->waits = NULL;
	pair->n_waiting = 0;
}

/* As many blocks of the hash that waits as of h. */
static size_t
hash_both(struct fe_sha256_pair *pair, struct fe_sha256 *h, size_t n_blocks)
{
	const size_t n = n_blocks < pair->n_waiting ? n_blocks : pair->n_waiting;

	pair->kernel->two(&pair->waits->lane, &h->lane, n);
	pair->n_waiting -= n;
	if (pair->n_waiting == 0)
		pair->waits = NULL;
	return n;
}

/* Behind those of h that wait already: no other hash does. */
static void
let_wait(struct fe_sha256_pair *pair, struct fe_sha256 *h, const unsigned char *p, size_t n_blocks)
{
	if (pair->n_waiting > 0)
		memmove(pair->blocks, h->lane.p, pair->n_waiting * BLOCK);
	memcpy(pair->blocks + pair->n_waiting * BLOCK, p, n_blocks * BLOCK);
	h->lane.p = pair->blocks;
	pair->waits = h;
	pair->n_waiting += n_blocks;
}

static void
add_blocks(struct fe_sha256 *h, const unsigned char *p, size_t n_blocks)
{
	struct fe_sha256_pair *pair = h->pair;
	const size_t room = pair->n_hashes > 1 ? MAX_WAITING : 0; /* none, where nobody is to come */

	if (pair->waits && pair->waits != h) {
		h->lane.p = p;
		n_blocks -= hash_both(pair, h, n_blocks);
		p = h->lane.p;
	}
	if (n_blocks == 0)
		return;
	if (pair->n_waiting + n_blocks > room)
		hash_waiting(pair);
	if (n_blocks > room) {
		h->lane.p = p;
		pair->kernel->one(&h->lane, n_blocks - room);
		p = h->lane.p;
		n_blocks = room;
	}
	if (n_blocks > 0)
		let_wait(pair, h, p, n_blocks);
}

/* ---- a hash of a pair ---- */

static void
begin(struct fe_sha256 *h)
{
	memcpy(h->lane.state, fe_sha256_begin, sizeof h->lane.state);
	h->n_bytes = 0;
}

/* Up to a whole block of the rest; how many bytes. */
static size_t
add_to_rest(struct fe_sha256 *h, const unsigned char *p, size_t n_bytes)
{
	const size_t n_rest = h->n_bytes % BLOCK, n = n_bytes < BLOCK - n_rest ? n_bytes : BLOCK - n_rest;

	memcpy(h->rest + n_rest, p, n);
	if (n_rest + n == BLOCK)
		add_blocks(h, h->rest, 1);
	return n;
}

static void
add(struct fe_sha256 *h, const unsigned char *p, size_t n_bytes)
{
	const uint64_t n_all = h->n_bytes + n_bytes;

	FE_ASSERT(pthread_equal(h->pair->thread, pthread_self()));
	if (h->n_bytes % BLOCK) {
		const size_t n = add_to_rest(h, p, n_bytes);
		p += n;
		n_bytes -= n;
	}
	if (n_bytes >= BLOCK)
		add_blocks(h, p, n_bytes / BLOCK);
	if (n_bytes % BLOCK)
		memcpy(h->rest, p + n_bytes / BLOCK * BLOCK, n_bytes % BLOCK);
	h->n_bytes = n_all;
}

/* A one, zeros, and the number of bits, so that the whole is blocks (FIPS 180-4, 5.1.1). */
static void
end(struct fe_sha256 *h, unsigned char out[FE_SHA256_BYTES])
{
	const size_t n_rest = h->n_bytes % BLOCK, n_blocks = n_rest + 1 + 8 <= BLOCK ? 1 : 2;
	const uint64_t n_bits = htobe64(h->n_bytes * 8);
	unsigned char last[2 * BLOCK] = { 0 };

	FE_ASSERT(pthread_equal(h->pair->thread, pthread_self()));
	if (h->pair->waits == h)
		hash_waiting(h->pair);
	memcpy(last, h->rest, n_rest);
	last[n_rest] = 0x80;
	memcpy(last + n_blocks * BLOCK - sizeof n_bits, &n_bits, sizeof n_bits);
	h->lane.p = last;
	h->pair->kernel->one(&h->lane, n_blocks);
	h->lane.p = NULL;
	for (size_t i = 0; i < 8; i++) {
		const uint32_t word = htobe32(h->lane.state[i]);
		memcpy(out + i * sizeof word, &word, sizeof word);
	}
	begin(h);
}

/* ---- of either kind ---- */

struct fe_sha256 *
fe_sha256_new(void)
{
	struct fe_sha256 *h = fe_new(struct fe_sha256);

	h->ctx = EVP_MD_CTX_new();
	FE_ASSERT(h->ctx != NULL);
	FE_ASSERT(EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) == 1);
	return h;
}

struct fe_sha256 *
fe_sha256_new_in(struct fe_sha256_pair *pair)
{
	if (!pair || !pair->kernel)
		return fe_sha256_new();
	struct fe_sha256 *h = fe_new(struct fe_sha256);

	FE_ASSERT(pthread_equal(pair->thread, pthread_self()));
	h->pair = pair;
	pair->n_hashes++;
	begin(h);
	return h;
}

void
fe_sha256_add(struct fe_sha256 *h, const void *p, size_t n_bytes)
{
	if (n_bytes == 0)
		return;
	if (h->pair)
		add(h, p, n_bytes);
	else
		FE_ASSERT(EVP_DigestUpdate(h->ctx, p, n_bytes) == 1);
}

void
fe_sha256_end(struct fe_sha256 *h, unsigned char out[FE_SHA256_BYTES])
{
	unsigned n_bytes = 0;

	if (h->pair) {
		end(h, out);
		return;
	}
	FE_ASSERT(EVP_DigestFinal_ex(h->ctx, out, &n_bytes) == 1 && n_bytes == FE_SHA256_BYTES);
	FE_ASSERT(EVP_DigestInit_ex(h->ctx, NULL, NULL) == 1);
}

void
fe_sha256_free(struct fe_sha256 *h)
{
	if (!h)
		return;
	if (h->pair && h->pair->waits == h) {
		h->pair->waits = NULL;
		h->pair->n_waiting = 0;
	}
	if (h->pair)
		h->pair->n_hashes--;
	EVP_MD_CTX_free(h->ctx);
	fe_free(h);
}

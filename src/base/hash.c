// SPDX-License-Identifier: Apache-2.0
/* base/hash.c - XXH3 keyed by a secret, and OpenSSL's SHA-256 of what lies in memory as a whole
 *
 * XXH3 is compiled in here rather than called in its library: keys are short, and
 * the call would cost as much as the hash.
 */
#include "base/hash.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include "base/mem.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(sizeof((struct fe_hash_key){ 0 }.secret) >= XXH3_SECRET_SIZE_MIN,
	       "XXH3 reads this many bytes of the secret");

void
fe_hash_key_random(struct fe_hash_key *key)
{
	ssize_t n;

	do
		n = getrandom(key->secret, sizeof(key->secret), 0);
	while (n < 0 && errno == EINTR);
	/* Up to 256 bytes come whole, once the kernel's pool has started. */
	FE_ASSERT(n == (ssize_t)sizeof(key->secret));
}

uint64_t
fe_hash64(const struct fe_hash_key *key, const void *p, size_t n_bytes)
{
	return XXH3_64bits_withSecret(p, n_bytes, key->secret, sizeof(key->secret));
}

void
fe_hex(const unsigned char *in, size_t n_bytes, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n_bytes; i++) {
		out[2 * i] = digits[in[i] >> 4];
		out[2 * i + 1] = digits[in[i] & 15];
	}
	out[2 * n_bytes] = '\0';
}

void
fe_sha256_hex(const unsigned char in[FE_SHA256_BYTES], char out[FE_SHA256_HEX_BYTES])
{
	fe_hex(in, FE_SHA256_BYTES, out);
}

void
fe_sha256_of(struct fe_str bytes, char out_hex[FE_SHA256_HEX_BYTES])
{
	unsigned char digest[FE_SHA256_BYTES];
	unsigned n_bytes = 0;

	FE_ASSERT(EVP_Digest(bytes.p ? bytes.p : "", bytes.n, digest, &n_bytes, EVP_sha256(), NULL) ==
		  1 && n_bytes == FE_SHA256_BYTES);
	fe_sha256_hex(digest, out_hex);
}

void
fe_hmac_sha256(struct fe_str key, struct fe_str message, unsigned char out[FE_SHA256_BYTES])
{
	unsigned n_bytes = 0;

	FE_ASSERT(key.n <= INT_MAX);
	FE_ASSERT(HMAC(EVP_sha256(), key.p ? key.p : "", (int)key.n,
		       (const unsigned char *)(message.p ? message.p : ""), message.n, out, &n_bytes) &&
		  n_bytes == FE_SHA256_BYTES);
}

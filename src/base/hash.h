// SPDX-License-Identifier: Apache-2.0
/* base/hash.h - hashes: keyed ones for tables, SHA-256 for identity
 *
 * Keyed: XXH3 with a secret of 192 random bytes drawn once per run, so that no
 * input can be made that floods a table. Never written anywhere. SHA-256 is
 * OpenSSL's, but for hashes of one thread that go two at a time (base/sha256_pair.h).
 */
#ifndef FE_BASE_HASH_H
#define FE_BASE_HASH_H

#include "base/err.h"
#include "base/str.h"

struct fe_hash_key { unsigned char secret[192]; };
void fe_hash_key_random(struct fe_hash_key *key); /* getrandom(2) */
uint64_t fe_hash64(const struct fe_hash_key *key, const void *p, size_t n_bytes);

/* Two lower-case digits a byte, and a NUL: out has room for 2 * n_bytes + 1. */
void fe_hex(const unsigned char *in, size_t n_bytes, char *out);

#define FE_SHA256_BYTES 32
#define FE_SHA256_HEX_BYTES 65 /* with the NUL */
struct fe_sha256; /* a running hash */
struct fe_sha256 *fe_sha256_new(void);
void fe_sha256_add(struct fe_sha256 *h, const void *p, size_t n_bytes);
void fe_sha256_end(struct fe_sha256 *h, unsigned char out[FE_SHA256_BYTES]); /* usable once more after: starts anew */
void fe_sha256_free(struct fe_sha256 *h);
void fe_sha256_hex(const unsigned char in[FE_SHA256_BYTES], char out[FE_SHA256_HEX_BYTES]);
void fe_sha256_of(struct fe_str bytes, char out_hex[FE_SHA256_HEX_BYTES]);
void fe_hmac_sha256(struct fe_str key, struct fe_str message, unsigned char out[FE_SHA256_BYTES]); /* RFC 2104 */

#endif

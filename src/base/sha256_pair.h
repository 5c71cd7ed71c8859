// SPDX-License-Identifier: Apache-2.0
/* base/sha256_pair.h - hashes of one thread that go through the processor two at a time
 *
 * One SHA-256 can do no more than half of what the processor could (base/sha256_kernel.h). So what is
 * added to one hash of a pair waits, up to FE_SHA256_WAIT_BYTES of it, until something is added to
 * another one: then as much of both is hashed together, that of the other straight from where it
 * lies. At the end of a hash what waits of it is hashed alone. What comes out is SHA-256, always.
 *
 * Any number of hashes may belong to a pair, as two of them do most of the adding: what a run reads and
 * what it writes. Without another one, nothing waits. Where the processor has no instructions for it,
 * and where OpenSSL is to keep to FIPS 140, each hash is OpenSSL's, and goes by itself.
 *
 *   Order      new, hashes in it (base/hash.h), free when all of them are freed.
 *   Threads    The pair and all of its hashes belong to the thread that made the pair.
 */
#ifndef FE_BASE_SHA256_PAIR_H
#define FE_BASE_SHA256_PAIR_H

#include <stddef.h>

/* At least what is read at a time, so that all that is read finds its other half. */
#define FE_SHA256_WAIT_BYTES ((size_t)256 * 1024)

struct fe_sha256;
struct fe_sha256_pair;

struct fe_sha256_pair *fe_sha256_pair_new(void);
void fe_sha256_pair_free(struct fe_sha256_pair *pair); /* NULL is allowed */
/* As fe_sha256_new; pair NULL: by itself. Borrowed until the hash is freed. */
struct fe_sha256 *fe_sha256_new_in(struct fe_sha256_pair *pair);

#endif

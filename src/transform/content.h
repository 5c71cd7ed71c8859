// SPDX-License-Identifier: Apache-2.0
/* transform/content.h - what the columns of a record say, in 64 bits
 *
 * A sum modulo 2^128 over the columns, each with secrets of its own: of a number, its product with one
 * secret behind the sum with another; of a text, the product of its two words' sums with a secret each
 * (NH of UMAC, RFC 4418, with words of 64 bits); where it is null, a secret. Then the sum's two words by
 * a multilinear hash, of which the upper half is kept. Two records that differ have the same hash by a
 * chance of 2^-63, whatever the values are, for as long as the secrets are some. The words of a text are
 * its bytes, with zeros behind, as none has a zero of its own; of one of more than sixteen its keyed
 * 64-bit hash, and its length in bits that no text has.
 */
#ifndef FE_TRANSFORM_CONTENT_H
#define FE_TRANSFORM_CONTENT_H

#include "base/hash.h"
#include "batch/batch.h"

typedef unsigned __int128 fe_u128;

struct fe_content_column;
struct fe_content {
	const struct fe_hash_key *hash_key; /* borrowed */
	fe_u128 fold[2];                    /* secrets of the sum's words */
	struct fe_content_column *columns;  /* those that are hashed */
	size_t n_columns, cap_columns;
};

void fe_content_init(struct fe_content *c, const struct fe_hash_key *hash_key);
void fe_content_reset(struct fe_content *c);
void fe_content_add_column(struct fe_content *c, size_t column);
/* Hashes all rows of a batch into out[b->n_rows]. */
void fe_content_hash(const struct fe_content *c, const struct fe_batch *b, uint64_t *out);

#endif

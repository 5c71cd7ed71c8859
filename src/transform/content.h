// SPDX-License-Identifier: Apache-2.0
/* transform/content.h - what the columns of a record say, in 64 bits
 *
 * A multilinear hash modulo 2^128, of which the upper half is kept: the sum, over the
 * columns, of a secret 128-bit factor times the value, or of another secret where it
 * is null. Two records that differ have the same hash by a chance of 2^-64, whatever
 * the values are, for as long as the secret is one. A text enters as two words, each with a
 * factor: its bytes, with zeros behind, as none has a zero of its own; one of more than sixteen by
 * its keyed 64-bit hash, and its length in bits that no text has. A column at a time.
 */
#ifndef FE_TRANSFORM_CONTENT_H
#define FE_TRANSFORM_CONTENT_H

#include "base/hash.h"
#include "batch/batch.h"

typedef unsigned __int128 fe_u128;

struct fe_content {
	const struct fe_hash_key *hash_key; /* borrowed */
	size_t *columns;                    /* those that are hashed */
	size_t n_columns, cap_columns;
	fe_u128 *sums;                      /* [FE_BATCH_ROWS] */
};

void fe_content_init(struct fe_content *c, const struct fe_hash_key *hash_key);
void fe_content_reset(struct fe_content *c);
void fe_content_add_column(struct fe_content *c, size_t column);
/* Hashes all rows of a batch into out[b->n_rows]. */
void fe_content_hash(struct fe_content *c, const struct fe_batch *b, uint64_t *out);

#endif

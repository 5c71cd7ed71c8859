// SPDX-License-Identifier: Apache-2.0
/* transform/key_memo.h - short keys that were found to be known, in one line of the cache each
 *
 * A million facts name five thousand customers over and over. To look a key up where it is
 * kept costs a line of an index and one of the entry, which are not in the cache, as many
 * others were there in between. A memo of the values alone is so small that it stays there:
 * sixteen bytes a key, four to a line. It forgets as it likes, so only a yes means something;
 * and as keys are never taken back, a yes stays true.
 *
 * Keys of up to 15 bytes have room. Without memory (fe_key_memo_init not called, or too many
 * keys for it) a memo has nothing and takes nothing.
 */
#ifndef FE_TRANSFORM_KEY_MEMO_H
#define FE_TRANSFORM_KEY_MEMO_H

#include "base/hash.h"
#include "batch/batch.h"

#define FE_KEY_MEMO_MAX_BYTES ((uint64_t)4 << 20)

struct fe_key_memo_set;
struct fe_key_memo {
	struct fe_key_memo_set *sets; /* NULL: none */
	size_t n_sets;                /* a power of two */
	uint64_t secret[2];
	unsigned turn;                /* whose place the next one takes where all are taken */
};

/* For about n_keys of them, in at most max_bytes; without memory where it would forget most. */
void fe_key_memo_init(struct fe_key_memo *m, uint64_t n_keys, uint64_t max_bytes, const struct fe_hash_key *hash_key);
void fe_key_memo_reset(struct fe_key_memo *m);
/* Of the rows whose bit is set in asked, which must have a value: sets the bits in known of those
 * whose value it has. */
void fe_key_memo_recall(const struct fe_key_memo *m, const struct fe_column *column, const uint64_t *asked,
                        size_t n_rows, uint64_t *known);
/* Takes the values of the rows whose bit is set. */
void fe_key_memo_add(struct fe_key_memo *m, const struct fe_column *column, const uint64_t *rows, size_t n_rows);

#endif

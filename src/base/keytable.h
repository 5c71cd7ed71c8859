// SPDX-License-Identifier: Apache-2.0
/* base/keytable.h - a set of keys that only grows, with a small value each
 *
 * Millions of short keys in little memory, and no moment at which it doubles: an
 * entry (length, value, key bytes) is appended to a chunk of 1 MiB and never moves,
 * so pointers to values stay good. The index over the entries is 5 bytes a slot, a
 * tag of the hash and the entry's place; when it is 7/8 full it is thrown away and
 * built anew, twice as large, from the entries themselves.
 *
 * Slots come in groups of eight, whose tags are looked at as one word. Cost of a find:
 * one line of tags and, where a tag fits, one of slots and the entry.
 */
#ifndef FE_BASE_KEYTABLE_H
#define FE_BASE_KEYTABLE_H

#include "base/hash.h"

struct fe_key_chunk;
struct fe_keytable {
	const struct fe_hash_key *hash_key; /* borrowed */
	size_t value_bytes;                 /* a multiple of 4 */
	uint64_t max_bytes;                 /* 0: none */
	struct fe_key_chunk **chunks;
	size_t n_chunks, cap_chunks;
	uint8_t *tags;                      /* [n_slots]; 0: free */
	uint32_t *places;                   /* [n_slots] */
	size_t n_slots;                     /* 8 * a power of two */
	uint64_t n_keys;
};

void fe_keytable_init(struct fe_keytable *t, size_t value_bytes, uint64_t max_bytes,
                      const struct fe_hash_key *hash_key);
void fe_keytable_reset(struct fe_keytable *t);
/* The value of a key, aligned to 4; NULL where the key is not there. hash is
 * fe_hash64 of the key's bytes. */
void *fe_keytable_find(const struct fe_keytable *t, uint64_t hash, struct fe_str key);
/* Adds a key that is not there; *value is zeroed. FE_ELIMIT past max_bytes. */
FE_MUST_USE enum fe_rc fe_keytable_add(struct fe_keytable *t, uint64_t hash, struct fe_str key,
                                       void **value, struct fe_err *err);
/* Asks the processor for what a find of this hash will read first. */
void fe_keytable_prefetch(const struct fe_keytable *t, uint64_t hash);
/* And, once that has come, for the entry that it is likely to find. */
void fe_keytable_prefetch_entry(const struct fe_keytable *t, uint64_t hash);
/* The entries in the order in which they were added; from a zeroed cursor. The key's view
 * stays good as long as the table. False: no more. */
struct fe_key_cursor { size_t chunk, at_bytes; };
bool fe_keytable_next(const struct fe_keytable *t, struct fe_key_cursor *c, struct fe_str *key, void **value);
uint64_t fe_keytable_bytes(const struct fe_keytable *t);

#endif

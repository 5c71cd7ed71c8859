// SPDX-License-Identifier: Apache-2.0
/* base/keytable.h - a set of keys that only grows, with a small value each
 *
 * Millions of short keys in little memory, and no moment at which it doubles: an
 * entry (length, value, key bytes) is appended to a chunk of 1 MiB and never moves,
 * so pointers to values stay good. The index over the entries has groups of twelve
 * slots, each a tag of the hash and the entry's place, and a group is one cache line;
 * when 10 of 12 slots are taken it is thrown away and built anew, twice as large, from
 * the entries themselves: 6.4 to 12.8 bytes a key. Cost of a find: that line and, where
 * a tag fits, the entry.
 *
 * A table with max_bytes may be told where keys go that find no room (fe_keytable_spill_to).
 * Then it is asked batch by batch, and is as exact as in memory alone:
 *
 *   begin    once a batch: makes room for all of its keys. Here, and only here, pointers to
 *            values die: when the room is not there, all entries leave for the disk, in one
 *            sorted run (base/keyrun.h), and those that had come from there go back where they were
 *   recall   for some keys: those that are on disk come back to memory. From then on, until the
 *            next begin, find tells the truth about these keys, and their values may be changed
 *
 * Without that, or while all keys have room, begin and recall do nothing.
 *
 * A table without max_bytes may learn, from its first key, what numbers its keys are
 * (base/keyshape.h). Keys of that shape are then kept by their numbers (base/keyblocks.h), without
 * bytes and hash, where these lie close together, and all others as above; a key is in one of the
 * two places. What a caller names a key by, beside its bytes, is its code: the number or the hash.
 */
#ifndef FE_BASE_KEYTABLE_H
#define FE_BASE_KEYTABLE_H

#include "base/hash.h"
#include "base/keyblocks.h"
#include "base/keyshape.h"

struct fe_key_chunk;
struct fe_key_group;
struct fe_key_numbers;
struct fe_keyruns;
struct fe_keytable {
	const struct fe_hash_key *hash_key; /* borrowed */
	size_t value_bytes;                 /* a multiple of 4 */
	uint64_t max_bytes;                 /* 0: none */
	struct fe_key_chunk **chunks;
	size_t n_chunks, cap_chunks;
	struct fe_key_group *groups;
	size_t n_groups;                    /* a power of two, or 0 */
	uint64_t n_keys;                    /* also those on disk */
	uint64_t n_entries;                 /* in memory, but those by number */
	struct fe_key_numbers *numbers;     /* NULL: nothing learnt */
	struct fe_keyruns *runs;            /* NULL: none go to disk */
};

void fe_keytable_init(struct fe_keytable *t, size_t value_bytes, uint64_t max_bytes,
                      const struct fe_hash_key *hash_key);
void fe_keytable_reset(struct fe_keytable *t);
/* From a key of a table that is empty and has no max_bytes; does nothing in others, nor where
 * the key is no number. The table can then not be walked (fe_keytable_next). */
void fe_keytable_learn(struct fe_keytable *t, enum fe_key_form form, struct fe_str key);
/* Of a table that has learnt nothing, a key's code is fe_hash64 of its bytes. */
uint64_t fe_keytable_code(const struct fe_keytable *t, struct fe_str key);
/* All keys are there by number: to find one costs next to nothing. */
bool fe_keytable_is_numbered(const struct fe_keytable *t);
/* Keys for which max_bytes has no room go to an unnamed file in this folder, made when the
 * first one has to. Of a table with max_bytes that is empty. */
void fe_keytable_spill_to(struct fe_keytable *t, const char *folder);
/* Of the next batch: at most so many keys, of so many bytes in all. */
FE_MUST_USE enum fe_rc fe_keytable_begin(struct fe_keytable *t, size_t n_keys, uint64_t n_key_bytes,
                                         struct fe_err *err);
/* Of keys[rows[i]], i below n; rows NULL: of keys[i]. */
FE_MUST_USE enum fe_rc fe_keytable_recall(struct fe_keytable *t, const uint64_t *codes, const struct fe_str *keys,
                                          const uint32_t *rows, size_t n, struct fe_err *err);
/* The value of a key, aligned to 4; NULL where the key is not there. */
void *fe_keytable_find(const struct fe_keytable *t, uint64_t code, struct fe_str key);
/* Only whether it is there. */
bool fe_keytable_has(const struct fe_keytable *t, uint64_t code, struct fe_str key);
/* Adds a key that is not there; *value is zeroed. FE_ELIMIT past max_bytes where none go to disk. */
FE_MUST_USE enum fe_rc fe_keytable_add(struct fe_keytable *t, uint64_t code, struct fe_str key,
                                       void **value, struct fe_err *err);
/* Asks the processor for what a find of this code will read first. */
void fe_keytable_prefetch(const struct fe_keytable *t, uint64_t code);
/* And, once that has come, for the entry that it is likely to find. */
void fe_keytable_prefetch_entry(const struct fe_keytable *t, uint64_t code);
/* The entries, in the order in which they were added unless some are on disk; from a zeroed
 * cursor. The key's view and the value, which may only be read, stay good until the next call
 * of any function. key->p NULL: no more. */
struct fe_key_cursor { size_t chunk, at_bytes, bucket; };
FE_MUST_USE enum fe_rc fe_keytable_next(struct fe_keytable *t, struct fe_key_cursor *c, struct fe_str *key,
                                        const void **value, struct fe_err *err);
bool fe_keytable_is_on_disk(const struct fe_keytable *t); /* any of it */
uint64_t fe_keytable_bytes(const struct fe_keytable *t); /* of memory */

#endif

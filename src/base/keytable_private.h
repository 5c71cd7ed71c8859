// SPDX-License-Identifier: Apache-2.0
/* base/keytable_private.h - what keytable.c (memory) and keyspill.c (disk) share
 *
 * An entry that has come back from the disk is a guest: its size has the top bit set, and
 * behind its value stand its place on disk and its value as it is there.
 */
#ifndef FE_BASE_KEYTABLE_PRIVATE_H
#define FE_BASE_KEYTABLE_PRIVATE_H

#include "base/keyrun.h"
#include "base/keytable.h"

#define FE_KEY_CHUNK_BYTES (1u << 20)
#define FE_KEY_UNITS_A_CHUNK (FE_KEY_CHUNK_BYTES / FE_ENTRY_UNIT)
#define FE_KEY_GUEST (UINT32_C(1) << 31)

struct fe_key_chunk {
	size_t used_bytes; /* of bytes */
	unsigned char bytes[FE_KEY_CHUNK_BYTES - sizeof(size_t)];
};

/* Keys by number. Strays have one, but got no block: they are entries. */
struct fe_key_numbers {
	struct fe_keyshape shape;
	struct fe_keyblocks blocks;
	uint64_t n_strays;
};
#define FE_KEY_IS_NUMBER (UINT64_C(1) << 63) /* of a code, where there are numbers; not of hashes then */

#define FE_KEY_SLOTS 12

/* A line of the cache, as far as the system gives aligned memory. */
struct fe_key_group {
	uint8_t tags[16];              /* of as many slots as there are; 0: free */
	uint32_t places[FE_KEY_SLOTS]; /* of entries, in units */
};

static inline unsigned char *
fe_key_entry_at(const struct fe_keytable *t, uint32_t place)
{
	return t->chunks[place / FE_KEY_UNITS_A_CHUNK]->bytes + (size_t)(place % FE_KEY_UNITS_A_CHUNK) * FE_ENTRY_UNIT;
}

static inline size_t
fe_key_entry_bytes(const struct fe_keytable *t, fe_entry_size size)
{
	size_t guest = sizeof(struct fe_key_place) + t->value_bytes;
	return fe_entry_value_offset(size & ~FE_KEY_GUEST) + t->value_bytes + (size & FE_KEY_GUEST ? guest : 0);
}

/* Memory of the table itself, were it to take so many more bytes of so many entries. */
uint64_t fe_key_bytes_with(const struct fe_keytable *t, uint64_t n_bytes, uint64_t n_entries);
/* A new entry of a key that has none in memory: its value. flag: 0 or FE_KEY_GUEST. */
FE_MUST_USE enum fe_rc fe_key_append(struct fe_keytable *t, uint64_t hash, struct fe_str key, uint32_t flag,
                                     unsigned char **value, struct fe_err *err);
/* An empty index of n_groups, for the entries to come; 0: none. */
void fe_key_new_index(struct fe_keytable *t, size_t n_groups);
void fe_key_free_chunks(struct fe_keytable *t);

#endif

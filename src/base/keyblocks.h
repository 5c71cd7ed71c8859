// SPDX-License-Identifier: Apache-2.0
/* base/keyblocks.h - values by number, where numbers lie close together; for base/keytable only
 *
 * Numbers that systems give rise by one, so an array is their table: a block has 512 values
 * one behind the other and a bit each that says whether it is there, and a directory has the
 * blocks. Keys that come in order touch memory in order; whether one is there is told by bits
 * alone, an eighth of a byte a key. Values never move.
 *
 * A block is made only where it is likely to be filled: while the blocks there are are half
 * full, but for the first 128, and while the directory is not much longer than they are. A
 * number that gets no block is the caller's to keep elsewhere.
 *
 *   Memory  of all numbers of a block, touched or not: value_bytes a key where they rise by one,
 *           twice that at worst past the first 128; and 72 bytes a place of the directory, which
 *           has at most 64 and eight a block
 */
#ifndef FE_BASE_KEYBLOCKS_H
#define FE_BASE_KEYBLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FE_KEYBLOCK_KEYS 512

struct fe_keyblock {
	uint64_t has[FE_KEYBLOCK_KEYS / 64];
	unsigned char *values; /* NULL: not made */
};

struct fe_keyblocks {
	size_t value_bytes; /* 4 to 4,096 */
	uint64_t n_keys;
	uint64_t first;     /* which block of all numbers the directory begins with */
	struct fe_keyblock *directory;
	size_t n_directory, cap_directory;
	size_t n_blocks;
	void **slabs;       /* what values are in: of the first blocks one each, then many blocks in one */
	size_t n_slabs, cap_slabs;
};

void fe_keyblocks_init(struct fe_keyblocks *b, size_t value_bytes);
void fe_keyblocks_reset(struct fe_keyblocks *b);
uint64_t fe_keyblocks_bytes(const struct fe_keyblocks *b);
/* A number that is not there: its value, zeroed; NULL where it gets no block. */
void *fe_keyblocks_add(struct fe_keyblocks *b, uint64_t number);

static inline bool
fe_keyblocks_has(const struct fe_keyblocks *b, uint64_t number)
{
	uint64_t block = number / FE_KEYBLOCK_KEYS - b->first, i = number % FE_KEYBLOCK_KEYS;
	return block < b->n_directory && (b->directory[block].has[i / 64] >> i % 64 & 1);
}

/* NULL: not there. */
static inline void *
fe_keyblocks_find(const struct fe_keyblocks *b, uint64_t number)
{
	if (!fe_keyblocks_has(b, number))
		return NULL;
	return b->directory[number / FE_KEYBLOCK_KEYS - b->first].values + number % FE_KEYBLOCK_KEYS * b->value_bytes;
}

#endif

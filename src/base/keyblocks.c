// SPDX-License-Identifier: Apache-2.0
/* base/keyblocks.c - where blocks come from, and which are made */
#include "base/keyblocks.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define FREE_BLOCKS 128                  /* made wherever they are asked for */
#define FREE_DIRECTORY 64
#define DIRECTORY_A_BLOCK 8
#define SLAB_BYTES ((size_t)2 << 20)     /* a huge page */

void
fe_keyblocks_init(struct fe_keyblocks *b, size_t value_bytes)
{
	FE_ASSERT(value_bytes >= 4 && value_bytes * FE_KEYBLOCK_KEYS <= SLAB_BYTES);
	*b = (struct fe_keyblocks){ .value_bytes = value_bytes };
}

void
fe_keyblocks_reset(struct fe_keyblocks *b)
{
	for (size_t i = 0; i < b->n_slabs; i++)
		fe_free(b->slabs[i]);
	fe_free(b->slabs);
	fe_free(b->directory);
	*b = (struct fe_keyblocks){ 0 };
}

static size_t
blocks_a_slab(const struct fe_keyblocks *b)
{
	return SLAB_BYTES / (b->value_bytes * FE_KEYBLOCK_KEYS);
}

uint64_t
fe_keyblocks_bytes(const struct fe_keyblocks *b)
{
	size_t n_single = b->n_slabs < FREE_BLOCKS ? b->n_slabs : FREE_BLOCKS;
	return n_single * b->value_bytes * FE_KEYBLOCK_KEYS + (b->n_slabs - n_single) * SLAB_BYTES +
	       b->cap_directory * sizeof *b->directory + b->cap_slabs * sizeof *b->slabs;
}

static void
add_slab(struct fe_keyblocks *b, size_t size_bytes)
{
	b->slabs = fe_grow(b->slabs, &b->cap_slabs, b->n_slabs + 1, sizeof *b->slabs);
	b->slabs[b->n_slabs++] = fe_alloc_pages(size_bytes);
}

static unsigned char *
make_block(struct fe_keyblocks *b)
{
	size_t block_bytes = b->value_bytes * FE_KEYBLOCK_KEYS, in_slab = 0;

	if (b->n_blocks < FREE_BLOCKS) {
		add_slab(b, block_bytes);
	} else {
		in_slab = (b->n_blocks - FREE_BLOCKS) % blocks_a_slab(b);
		if (in_slab == 0)
			add_slab(b, SLAB_BYTES);
	}
	b->n_blocks++;
	return (unsigned char *)b->slabs[b->n_slabs - 1] + in_slab * block_bytes;
}

static bool
is_worth_a_block(const struct fe_keyblocks *b)
{
	return b->n_blocks < FREE_BLOCKS || (b->n_blocks - FREE_BLOCKS) * FE_KEYBLOCK_KEYS <= b->n_keys * 2;
}

/* Places of blocks that are not made are zeros, also those past n_directory. */
static void
resize_directory(struct fe_keyblocks *b, size_t n_before, size_t n)
{
	size_t n_old = b->cap_directory;
	struct fe_keyblock *grown = fe_grow(b->directory, &b->cap_directory, n, sizeof *grown);

	memset(grown + n_old, 0, (b->cap_directory - n_old) * sizeof *grown);
	if (n_before) {
		memmove(grown + n_before, grown, b->n_directory * sizeof *grown);
		memset(grown, 0, n_before * sizeof *grown);
	}
	b->directory = grown;
	b->n_directory = n;
	b->first -= n_before;
}

/* Whether the directory reaches so far, or may. */
static bool
reach(struct fe_keyblocks *b, uint64_t block)
{
	const uint64_t most = FREE_DIRECTORY + (uint64_t)DIRECTORY_A_BLOCK * b->n_blocks;

	if (b->n_directory == 0)
		b->first = block;
	uint64_t first = block < b->first ? block : b->first, end = b->first + b->n_directory;
	if (block >= end)
		end = block + 1;
	if (end - first > most)
		return false;
	/* What grows downwards goes twice as far as it must, so that it seldom has to. */
	size_t n_before = (size_t)(b->first - first);
	if (n_before) {
		uint64_t ahead = b->n_directory < first ? b->n_directory : first;
		n_before += end - first + ahead <= most ? (size_t)ahead : 0;
	}
	if (n_before || end > b->first + b->n_directory)
		resize_directory(b, n_before, (size_t)(end - b->first) + n_before);
	return true;
}

void *
fe_keyblocks_add(struct fe_keyblocks *b, uint64_t number)
{
	uint64_t at = number / FE_KEYBLOCK_KEYS, i = number % FE_KEYBLOCK_KEYS;

	if (at - b->first >= b->n_directory && (!is_worth_a_block(b) || !reach(b, at)))
		return NULL;
	struct fe_keyblock *block = &b->directory[at - b->first];
	if (!block->values) {
		if (!is_worth_a_block(b))
			return NULL;
		block->values = make_block(b);
	}
	block->has[i / 64] |= UINT64_C(1) << i % 64;
	b->n_keys++;
	return memset(block->values + i * b->value_bytes, 0, b->value_bytes);
}

// SPDX-License-Identifier: Apache-2.0
/* transform/key_memo.c - a set-associative memo, as caches are
 *
 * A key is one vector: its bytes, zeros, and its length and one, so that no key is the free
 * slot. Which set it belongs to is told by one multiplication with a secret; whoever could
 * make keys meet would win that they are forgotten, no more.
 */
#include "transform/key_memo.h"

#include "base/text16.h"
#include "transform/content.h"
#include "transform/key.h"

#define SLOTS 4
#define MAX_KEY_BYTES (FE_TEXT16_BYTES - 1)

struct fe_key_memo_set {
	uint8_t slots[SLOTS][FE_TEXT16_BYTES];
};
_Static_assert(sizeof(struct fe_key_memo_set) == 64, "a set is a line of the cache");

/* Some rows at a time, so that they wait for memory together. */
#define AHEAD 64

void
fe_key_memo_init(struct fe_key_memo *m, uint64_t n_keys, uint64_t max_bytes, const struct fe_hash_key *hash_key)
{
	uint64_t most = max_bytes / sizeof *m->sets, n_sets = 16;

	*m = (struct fe_key_memo){ 0 };
	while (n_sets * (SLOTS - 1) < n_keys && n_sets <= most)
		n_sets *= 2;
	if (n_sets > most)
		return;
	m->sets = fe_alloc_table((size_t)n_sets, sizeof *m->sets);
	m->n_sets = (size_t)n_sets;
	memcpy(m->secret, hash_key->secret, sizeof m->secret);
}

void
fe_key_memo_reset(struct fe_key_memo *m)
{
	fe_free(m->sets);
	*m = (struct fe_key_memo){ 0 };
}

static inline fe_text16
pack(struct fe_str key)
{
	fe_text16 t = fe_text16_load(key, 0);
	t[MAX_KEY_BYTES] = (uint8_t)(key.n + 1);
	return t;
}

static inline struct fe_key_memo_set *
set_of(const struct fe_key_memo *m, fe_text16 key)
{
	fe_u128 mixed = (fe_u128)(fe_text16_word(key, 0) ^ m->secret[0]) * (fe_text16_word(key, 1) ^ m->secret[1]);
	return &m->sets[((uint64_t)mixed ^ (uint64_t)(mixed >> 64)) & (m->n_sets - 1)];
}

static inline bool
has(const struct fe_key_memo_set *set, fe_text16 key)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (!fe_text16_any(fe_text16_at(set->slots[i]) ^ key))
			return true;
	return false;
}

void
fe_key_memo_recall(const struct fe_key_memo *m, const struct fe_column *column, const uint64_t *asked, size_t n_rows,
                   uint64_t *known)
{
	fe_text16 keys[AHEAD];
	const struct fe_key_memo_set *sets[AHEAD];
	uint64_t bits[AHEAD];
	int64_t number;

	if (!m->sets)
		return;
	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++) {
		size_t n = 0;
		for (uint64_t left = asked[w]; left; left &= left - 1) {
			struct fe_str key = fe_key_single(column, w * 64 + (size_t)__builtin_ctzll(left), &number);
			if (key.n > MAX_KEY_BYTES)
				continue;
			keys[n] = pack(key);
			sets[n] = set_of(m, keys[n]);
			bits[n] = left & -left;
			__builtin_prefetch(sets[n++]);
		}
		for (size_t i = 0; i < n; i++)
			if (has(sets[i], keys[i]))
				known[w] |= bits[i];
	}
}

static void
add(struct fe_key_memo *m, fe_text16 key)
{
	struct fe_key_memo_set *set = set_of(m, key);
	size_t slot = 0;

	if (has(set, key))
		return;
	while (slot < SLOTS && set->slots[slot][MAX_KEY_BYTES])
		slot++;
	if (slot == SLOTS)
		slot = m->turn++ % SLOTS;
	fe_text16_store(key, (char *)set->slots[slot]);
}

void
fe_key_memo_add(struct fe_key_memo *m, const struct fe_column *column, const uint64_t *rows, size_t n_rows)
{
	int64_t number;

	if (!m->sets)
		return;
	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++) {
		for (uint64_t left = rows[w]; left; left &= left - 1) {
			struct fe_str key = fe_key_single(column, w * 64 + (size_t)__builtin_ctzll(left), &number);
			if (key.n <= MAX_KEY_BYTES)
				add(m, pack(key));
		}
	}
}

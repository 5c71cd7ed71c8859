// SPDX-License-Identifier: Apache-2.0
/* base/keytable.c - entries in chunks, an index beside them
 *
 * A tag is seven bits of the hash, from its second on, with the top bit set, so 0 is a free slot
 * and a group with a free slot ends every search. The hash's first bit counts nowhere here: in a
 * code it tells a number. There is no removal, so the first free
 * slot of the first group that has one is where a key belongs.
 */
#include "base/keytable.h"

#include "base/keytable_private.h"
#include "base/mem.h"
#include "base/text16.h"

#define MIN_GROUPS 64
#define FULL_SLOTS 10 /* of a group, when the index is as full as it may be */
#define REBUILD_KEYS 32

/* Chunks up to this one are small pages of their own, the others come in pairs of a huge one. */
#define N_SINGLE_CHUNKS 4
_Static_assert(N_SINGLE_CHUNKS % 2 == 0, "pairs begin with an even number");
_Static_assert(sizeof(struct fe_key_group) == 64, "a group is a line of the cache");

void
fe_keytable_init(struct fe_keytable *t, size_t value_bytes, uint64_t max_bytes,
                 const struct fe_hash_key *hash_key)
{
	FE_ASSERT(value_bytes % FE_ENTRY_UNIT == 0);
	*t = (struct fe_keytable){ .hash_key = hash_key, .value_bytes = value_bytes, .max_bytes = max_bytes };
}

void
fe_key_free_chunks(struct fe_keytable *t)
{
	for (size_t i = 0; i < t->n_chunks; i++)
		if (i < N_SINGLE_CHUNKS || i % 2 == 0)
			fe_free(t->chunks[i]);
	t->n_chunks = 0;
}

void
fe_keytable_reset(struct fe_keytable *t)
{
	fe_key_free_chunks(t);
	fe_free(t->chunks);
	fe_free(t->groups);
	if (t->runs)
		fe_keyruns_reset(t->runs);
	fe_free(t->runs);
	if (t->numbers)
		fe_keyblocks_reset(&t->numbers->blocks);
	fe_free(t->numbers);
	*t = (struct fe_keytable){ 0 };
}

/* ---- numbers ---- */

void
fe_keytable_learn(struct fe_keytable *t, enum fe_key_form form, struct fe_str key)
{
	struct fe_keyshape shape;

	if (t->n_keys || t->max_bytes || t->numbers || t->value_bytes == 0 || !fe_keyshape_learn(&shape, form, key))
		return;
	t->numbers = fe_new(struct fe_key_numbers);
	t->numbers->shape = shape;
	fe_keyblocks_init(&t->numbers->blocks, t->value_bytes);
}

uint64_t
fe_keytable_code(const struct fe_keytable *t, struct fe_str key)
{
	if (!t->numbers)
		return fe_hash64(t->hash_key, key.p, key.n);
	uint64_t number = fe_keyshape_number(&t->numbers->shape, key);
	if (number != FE_NO_NUMBER)
		return number | FE_KEY_IS_NUMBER;
	return fe_hash64(t->hash_key, key.p, key.n) & ~FE_KEY_IS_NUMBER;
}

bool
fe_keytable_is_numbered(const struct fe_keytable *t)
{
	return t->numbers && t->n_entries == 0;
}

static inline bool
is_number(const struct fe_keytable *t, uint64_t code)
{
	return t->numbers && (code & FE_KEY_IS_NUMBER);
}

/* ---- entries ---- */

uint64_t
fe_keytable_bytes(const struct fe_keytable *t)
{
	return fe_key_bytes_with(t, 0, 0) + (t->runs ? fe_keyruns_bytes(t->runs) : 0) +
	       (t->numbers ? fe_keyblocks_bytes(&t->numbers->blocks) : 0);
}

static inline uint8_t
tag_of(uint64_t hash)
{
	return (uint8_t)(0x80u | (unsigned)(hash >> 56));
}

static inline size_t
first_group(const struct fe_keytable *t, uint64_t hash)
{
	return (size_t)hash & (t->n_groups - 1);
}

static inline size_t
next_group(const struct fe_keytable *t, size_t group)
{
	return (group + 1) & (t->n_groups - 1);
}

/* Bits of the slots that have this tag. */
static inline unsigned
slots_with(fe_text16 tags, uint8_t tag)
{
	return fe_text16_bits((fe_text16)(tags == fe_text16_all((char)tag))) & fe_text16_first(FE_KEY_SLOTS);
}

static inline unsigned
free_slots(fe_text16 tags)
{
	return ~fe_text16_bits(tags) & fe_text16_first(FE_KEY_SLOTS);
}

static inline bool
has_key(const unsigned char *entry, struct fe_str key)
{
	fe_entry_size n_key;
	memcpy(&n_key, entry, sizeof n_key);
	return (n_key & ~FE_KEY_GUEST) == key.n && (key.n == 0 || memcmp(entry + sizeof n_key, key.p, key.n) == 0);
}

static void *
find_entry(const struct fe_keytable *t, uint64_t hash, struct fe_str key)
{
	if (t->n_groups == 0)
		return NULL;
	for (size_t g = first_group(t, hash);; g = next_group(t, g)) {
		const struct fe_key_group *group = &t->groups[g];
		fe_text16 tags = fe_text16_at(group->tags);
		for (unsigned hits = slots_with(tags, tag_of(hash)); hits; hits &= hits - 1) {
			unsigned char *entry = fe_key_entry_at(t, group->places[__builtin_ctz(hits)]);
			if (has_key(entry, key))
				return entry + fe_entry_value_offset(key.n);
		}
		if (free_slots(tags))
			return NULL;
	}
}

void *
fe_keytable_find(const struct fe_keytable *t, uint64_t code, struct fe_str key)
{
	if (!is_number(t, code))
		return find_entry(t, code, key);
	void *value = fe_keyblocks_find(&t->numbers->blocks, code & ~FE_KEY_IS_NUMBER);
	if (value || t->numbers->n_strays == 0)
		return value;
	return find_entry(t, fe_hash64(t->hash_key, key.p, key.n), key);
}

bool
fe_keytable_has(const struct fe_keytable *t, uint64_t code, struct fe_str key)
{
	if (is_number(t, code) && fe_keyblocks_has(&t->numbers->blocks, code & ~FE_KEY_IS_NUMBER))
		return true;
	return t->n_entries > 0 && fe_keytable_find(t, code, key) != NULL;
}

void
fe_keytable_prefetch(const struct fe_keytable *t, uint64_t code)
{
	if (t->n_groups && !is_number(t, code))
		__builtin_prefetch(&t->groups[first_group(t, code)], 1);
}

void
fe_keytable_prefetch_entry(const struct fe_keytable *t, uint64_t code)
{
	if (is_number(t, code)) {
		const void *value = fe_keyblocks_find(&t->numbers->blocks, code & ~FE_KEY_IS_NUMBER);
		if (value)
			__builtin_prefetch(value, 1);
		return;
	}
	if (t->n_groups == 0)
		return;
	const struct fe_key_group *group = &t->groups[first_group(t, code)];
	unsigned hits = slots_with(fe_text16_at(group->tags), tag_of(code));
	if (hits)
		__builtin_prefetch(fe_key_entry_at(t, group->places[__builtin_ctz(hits)]));
}

static void
put_slot(struct fe_keytable *t, uint64_t hash, uint32_t place)
{
	size_t g = first_group(t, hash);
	unsigned free;
	while ((free = free_slots(fe_text16_at(t->groups[g].tags))) == 0)
		g = next_group(t, g);
	int slot = __builtin_ctz(free);
	t->groups[g].tags[slot] = tag_of(hash);
	t->groups[g].places[slot] = place;
}

/* Some entries at a time, so that they wait for memory together. */
static void
index_chunk(struct fe_keytable *t, size_t number)
{
	const struct fe_key_chunk *chunk = t->chunks[number];
	uint64_t hashes[REBUILD_KEYS];
	uint32_t places[REBUILD_KEYS];

	for (size_t at = 0; at < chunk->used_bytes;) {
		size_t n = 0;
		for (; n < REBUILD_KEYS && at < chunk->used_bytes; n++) {
			fe_entry_size size;
			memcpy(&size, chunk->bytes + at, sizeof size);
			hashes[n] = fe_hash64(t->hash_key, chunk->bytes + at + sizeof size, size & ~FE_KEY_GUEST);
			places[n] = (uint32_t)(number * FE_KEY_UNITS_A_CHUNK + at / FE_ENTRY_UNIT);
			fe_keytable_prefetch(t, hashes[n]);
			at += fe_key_entry_bytes(t, size);
		}
		for (size_t i = 0; i < n; i++)
			put_slot(t, hashes[i], places[i]);
	}
}

void
fe_key_new_index(struct fe_keytable *t, size_t n_groups)
{
	fe_free(t->groups); /* before the new one is there: memory must not peak */
	t->groups = n_groups ? fe_alloc_table(n_groups, sizeof *t->groups) : NULL;
	t->n_groups = n_groups;
}

static enum fe_rc
fail_limit(const struct fe_keytable *t, struct fe_err *err)
{
	return fe_fail(err, FE_ELIMIT,
		       "the keys need more memory than the %llu bytes that are allowed here, beside %llu that "
		       "have it; raise --max-memory or load fewer records a run",
		       (unsigned long long)t->max_bytes, (unsigned long long)t->n_keys);
}

static size_t
groups_for(const struct fe_keytable *t, uint64_t n_entries)
{
	size_t n_groups = t->n_groups ? t->n_groups : MIN_GROUPS;
	while (n_entries > (uint64_t)n_groups * FULL_SLOTS)
		n_groups *= 2;
	return n_groups;
}

/* Past the end of the last chunk, a part of it may be left over. */
static size_t
chunks_for(const struct fe_keytable *t, uint64_t n_bytes)
{
	const size_t chunk_bytes = sizeof t->chunks[0]->bytes;
	size_t left = t->n_chunks ? chunk_bytes - t->chunks[t->n_chunks - 1]->used_bytes : 0;
	return n_bytes <= left ? 0 : (size_t)(n_bytes / chunk_bytes) + 1;
}

uint64_t
fe_key_bytes_with(const struct fe_keytable *t, uint64_t n_bytes, uint64_t n_entries)
{
	size_t n_groups = n_entries ? groups_for(t, t->n_entries + n_entries) : t->n_groups;
	size_t n_chunks = t->n_chunks + (n_bytes ? chunks_for(t, n_bytes) : 0);
	if (n_chunks > N_SINGLE_CHUNKS)
		n_chunks += n_chunks % 2;
	return (uint64_t)n_chunks * sizeof(struct fe_key_chunk) + t->cap_chunks * sizeof *t->chunks +
	       n_groups * sizeof *t->groups;
}

static void
add_chunk(struct fe_keytable *t)
{
	size_t n = t->n_chunks;

	t->chunks = fe_grow(t->chunks, &t->cap_chunks, n + 1, sizeof *t->chunks);
	if (n < N_SINGLE_CHUNKS)
		t->chunks[n] = fe_alloc_pages(sizeof(struct fe_key_chunk));
	else if (n % 2 == 0)
		t->chunks[n] = fe_alloc_pages(2 * sizeof(struct fe_key_chunk));
	else
		t->chunks[n] = t->chunks[n - 1] + 1;
	t->chunks[n]->used_bytes = 0;
	t->n_chunks++;
}

static enum fe_rc
make_room(struct fe_keytable *t, size_t n_bytes, struct fe_err *err)
{
	bool needs_chunk = chunks_for(t, n_bytes) > 0;
	bool needs_index = t->n_entries >= (uint64_t)t->n_groups * FULL_SLOTS;

	if (!needs_chunk && !needs_index)
		return FE_OK;
	if (t->max_bytes && !t->runs && fe_key_bytes_with(t, n_bytes, 1) > t->max_bytes)
		return fail_limit(t, err);
	if (needs_chunk) {
		if (t->n_chunks == UINT32_MAX / FE_KEY_UNITS_A_CHUNK)
			return fe_fail(err, FE_ELIMIT, "the keys of %llu records are more than 16 GiB",
				       (unsigned long long)t->n_keys);
		add_chunk(t);
	}
	if (needs_index) {
		fe_key_new_index(t, groups_for(t, t->n_entries + 1));
		for (size_t i = 0; i < t->n_chunks; i++)
			index_chunk(t, i);
	}
	return FE_OK;
}

/* A short key as one vector, whose rest is where the value goes. */
static inline void
copy_key(unsigned char *at, const unsigned char *end, struct fe_str key)
{
	if (key.n <= FE_TEXT16_BYTES && (size_t)(end - at) >= FE_TEXT16_BYTES)
		fe_text16_store(fe_text16_load(key, 0), (char *)at);
	else if (key.n)
		memcpy(at, key.p, key.n);
}

enum fe_rc
fe_key_append(struct fe_keytable *t, uint64_t hash, struct fe_str key, uint32_t flag, unsigned char **value,
              struct fe_err *err)
{
	const size_t chunk_bytes = sizeof t->chunks[0]->bytes;
	const fe_entry_size most = t->runs ? FE_KEY_GUEST : 0; /* it may come back as a guest */
	fe_entry_size size = (fe_entry_size)key.n | flag;
	if (key.n > chunk_bytes || fe_key_entry_bytes(t, size | most) > chunk_bytes)
		return fe_fail(err, FE_ELIMIT, "a key of %zu bytes is too long; at most %zu fit", key.n,
			       chunk_bytes - fe_key_entry_bytes(t, most));
	size_t n_bytes = fe_key_entry_bytes(t, size);
	FE_TRY(make_room(t, n_bytes, err));

	struct fe_key_chunk *chunk = t->chunks[t->n_chunks - 1];
	unsigned char *entry = chunk->bytes + chunk->used_bytes;
	memcpy(entry, &size, sizeof size);
	copy_key(entry + sizeof size, chunk->bytes + chunk_bytes, key);
	put_slot(t, hash, (uint32_t)((t->n_chunks - 1) * FE_KEY_UNITS_A_CHUNK + chunk->used_bytes / FE_ENTRY_UNIT));
	chunk->used_bytes += n_bytes;
	t->n_entries++;
	*value = entry + fe_entry_value_offset(key.n);
	memset(*value, 0, t->value_bytes);
	return FE_OK;
}

enum fe_rc
fe_keytable_add(struct fe_keytable *t, uint64_t code, struct fe_str key, void **value, struct fe_err *err)
{
	const bool numbered = is_number(t, code);
	uint64_t hash = code;
	unsigned char *at;

	if (numbered) {
		*value = fe_keyblocks_add(&t->numbers->blocks, code & ~FE_KEY_IS_NUMBER);
		t->n_keys += *value != NULL;
		if (*value)
			return FE_OK;
		hash = fe_hash64(t->hash_key, key.p, key.n);
	}
	FE_TRY(fe_key_append(t, hash, key, 0, &at, err));
	if (numbered)
		t->numbers->n_strays++;
	t->n_keys++;
	*value = at;
	return FE_OK;
}

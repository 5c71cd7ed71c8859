// SPDX-License-Identifier: Apache-2.0
/* base/keytable.c - entries in chunks, an index beside them
 *
 * A tag is the hash's top seven bits with the top bit set, so 0 is a free slot and a
 * group with a free slot ends every search. There is no removal, so the first free
 * slot of the first group that has one is where a key belongs.
 */
#include "base/keytable.h"

#include "base/keytable_private.h"
#include "base/mem.h"

#define GROUP 8
#define MIN_SLOTS 1024
#define REBUILD_KEYS 32
#define EACH UINT64_C(0x0101010101010101)
#define TOPS UINT64_C(0x8080808080808080)

void
fe_keytable_init(struct fe_keytable *t, size_t value_bytes, uint64_t max_bytes,
                 const struct fe_hash_key *hash_key)
{
	FE_ASSERT(value_bytes % FE_ENTRY_UNIT == 0);
	*t = (struct fe_keytable){ .hash_key = hash_key, .value_bytes = value_bytes, .max_bytes = max_bytes };
}

void
fe_keytable_reset(struct fe_keytable *t)
{
	for (size_t i = 0; i < t->n_chunks; i++)
		fe_free(t->chunks[i]);
	fe_free(t->chunks);
	fe_free(t->tags);
	fe_free(t->places);
	if (t->runs)
		fe_keyruns_reset(t->runs);
	fe_free(t->runs);
	*t = (struct fe_keytable){ 0 };
}

uint64_t
fe_keytable_bytes(const struct fe_keytable *t)
{
	return fe_key_bytes_with(t, 0, 0) + (t->runs ? fe_keyruns_bytes(t->runs) : 0);
}

static inline unsigned
tag_of(uint64_t hash)
{
	return 0x80u | (unsigned)(hash >> 57);
}

static inline size_t
first_group(const struct fe_keytable *t, uint64_t hash)
{
	return (size_t)hash & (t->n_slots / GROUP - 1);
}

static inline size_t
next_group(const struct fe_keytable *t, size_t group)
{
	return (group + 1) & (t->n_slots / GROUP - 1);
}

static inline uint64_t
group_tags(const struct fe_keytable *t, size_t group)
{
	uint64_t tags;
	memcpy(&tags, t->tags + group * GROUP, sizeof tags);
	return tags;
}

/* Slots are numbered from the low byte of the word. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "groups are read as little-endian words");

static inline bool
has_key(const unsigned char *entry, struct fe_str key)
{
	fe_entry_size n_key;
	memcpy(&n_key, entry, sizeof n_key);
	return (n_key & ~FE_KEY_GUEST) == key.n && (key.n == 0 || memcmp(entry + sizeof n_key, key.p, key.n) == 0);
}

/* Top bits where a tag of the group is the one wanted, and now and then of one above
 * it: another tag, never a free slot. */
static inline uint64_t
matching_tags(uint64_t tags, uint64_t wanted)
{
	uint64_t differ = tags ^ wanted;
	return (differ - EACH) & ~differ & TOPS;
}

static inline size_t
first_slot(size_t group, uint64_t top_bits)
{
	return group * GROUP + (size_t)__builtin_ctzll(top_bits) / 8;
}

void *
fe_keytable_find(const struct fe_keytable *t, uint64_t hash, struct fe_str key)
{
	if (t->n_slots == 0)
		return NULL;
	uint64_t wanted = tag_of(hash) * EACH;
	for (size_t group = first_group(t, hash);; group = next_group(t, group)) {
		uint64_t tags = group_tags(t, group);
		for (uint64_t hits = matching_tags(tags, wanted); hits; hits &= hits - 1) {
			unsigned char *entry = fe_key_entry_at(t, t->places[first_slot(group, hits)]);
			if (has_key(entry, key))
				return entry + fe_entry_value_offset(key.n);
		}
		if (~tags & TOPS)
			return NULL;
	}
}

void
fe_keytable_prefetch(const struct fe_keytable *t, uint64_t hash)
{
	if (t->n_slots == 0)
		return;
	size_t slot = first_group(t, hash) * GROUP;
	__builtin_prefetch(t->tags + slot);
	__builtin_prefetch(t->places + slot);
}

void
fe_keytable_prefetch_entry(const struct fe_keytable *t, uint64_t hash)
{
	if (t->n_slots == 0)
		return;
	size_t group = first_group(t, hash);
	uint64_t hits = matching_tags(group_tags(t, group), tag_of(hash) * EACH);
	if (hits)
		__builtin_prefetch(fe_key_entry_at(t, t->places[first_slot(group, hits)]));
}

static void
put_slot(struct fe_keytable *t, uint64_t hash, uint32_t place)
{
	size_t group = first_group(t, hash);
	uint64_t free_slots;
	while ((free_slots = ~group_tags(t, group) & TOPS) == 0)
		group = next_group(t, group);
	size_t slot = first_slot(group, free_slots);
	t->tags[slot] = (uint8_t)tag_of(hash);
	t->places[slot] = place;
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
fe_key_new_index(struct fe_keytable *t, size_t n_slots)
{
	fe_free(t->tags); /* before the new one is there: memory must not peak */
	fe_free(t->places);
	t->tags = fe_alloc_table(n_slots, sizeof *t->tags);
	t->places = fe_alloc_table(n_slots, sizeof *t->places);
	t->n_slots = n_slots;
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
slots_for(const struct fe_keytable *t, uint64_t n_entries)
{
	size_t n_slots = t->n_slots ? t->n_slots : MIN_SLOTS;
	while (n_entries > n_slots / GROUP * (GROUP - 1))
		n_slots *= 2;
	return n_slots;
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
	size_t n_slots = n_entries ? slots_for(t, t->n_entries + n_entries) : t->n_slots;
	size_t n_chunks = t->n_chunks + (n_bytes ? chunks_for(t, n_bytes) : 0);
	return (uint64_t)n_chunks * sizeof(struct fe_key_chunk) + t->cap_chunks * sizeof *t->chunks +
	       n_slots * (sizeof *t->tags + sizeof *t->places);
}

static enum fe_rc
make_room(struct fe_keytable *t, size_t n_bytes, struct fe_err *err)
{
	bool needs_chunk = chunks_for(t, n_bytes) > 0;
	bool needs_index = t->n_slots == 0 || t->n_entries >= t->n_slots / GROUP * (GROUP - 1);

	if (!needs_chunk && !needs_index)
		return FE_OK;
	if (t->max_bytes && !t->runs && fe_key_bytes_with(t, n_bytes, 1) > t->max_bytes)
		return fail_limit(t, err);
	if (needs_chunk) {
		if (t->n_chunks == UINT32_MAX / FE_KEY_UNITS_A_CHUNK)
			return fe_fail(err, FE_ELIMIT, "the keys of %llu records are more than 16 GiB",
				       (unsigned long long)t->n_keys);
		t->chunks = fe_grow(t->chunks, &t->cap_chunks, t->n_chunks + 1, sizeof *t->chunks);
		t->chunks[t->n_chunks++] = fe_new(struct fe_key_chunk);
	}
	if (needs_index) {
		fe_key_new_index(t, slots_for(t, t->n_entries + 1));
		for (size_t i = 0; i < t->n_chunks; i++)
			index_chunk(t, i);
	}
	return FE_OK;
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
	if (key.n)
		memcpy(entry + sizeof size, key.p, key.n);
	put_slot(t, hash, (uint32_t)((t->n_chunks - 1) * FE_KEY_UNITS_A_CHUNK + chunk->used_bytes / FE_ENTRY_UNIT));
	chunk->used_bytes += n_bytes;
	t->n_entries++;
	*value = entry + fe_entry_value_offset(key.n);
	/* They are zeros; but to read new memory before it is written costs a second page fault. */
	memset(*value, 0, t->value_bytes);
	return FE_OK;
}

enum fe_rc
fe_keytable_add(struct fe_keytable *t, uint64_t hash, struct fe_str key, void **value, struct fe_err *err)
{
	unsigned char *at;
	FE_TRY(fe_key_append(t, hash, key, 0, &at, err));
	t->n_keys++;
	*value = at;
	return FE_OK;
}

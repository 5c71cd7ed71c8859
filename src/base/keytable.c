// SPDX-License-Identifier: Apache-2.0
/* base/keytable.c - entries in chunks, an index beside them
 *
 * A tag is the hash's top seven bits with the top bit set, so 0 is a free slot and a
 * group with a free slot ends every search. There is no removal, so the first free
 * slot of the first group that has one is where a key belongs.
 */
#include "base/keytable.h"

#include "base/mem.h"

#define CHUNK_BYTES (1u << 20)
#define UNIT_BYTES 4 /* places count in these, so 32 bits reach 16 GiB */
#define UNITS_A_CHUNK (CHUNK_BYTES / UNIT_BYTES)
#define GROUP 8
#define MIN_SLOTS 1024
#define REBUILD_KEYS 32
#define EACH UINT64_C(0x0101010101010101)
#define TOPS UINT64_C(0x8080808080808080)

struct fe_key_chunk {
	size_t used_bytes; /* of bytes */
	unsigned char bytes[CHUNK_BYTES - sizeof(size_t)];
};

/* An entry: n_key, the key's bytes filled up to a unit, the value. The key comes first,
 * so that to compare it is mostly to wait for a single line of memory. */
typedef uint32_t entry_size;

void
fe_keytable_init(struct fe_keytable *t, size_t value_bytes, uint64_t max_bytes,
                 const struct fe_hash_key *hash_key)
{
	FE_ASSERT(value_bytes % UNIT_BYTES == 0);
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
	*t = (struct fe_keytable){ 0 };
}

uint64_t
fe_keytable_bytes(const struct fe_keytable *t)
{
	return (uint64_t)t->n_chunks * sizeof(struct fe_key_chunk) + t->cap_chunks * sizeof *t->chunks +
	       t->n_slots * (sizeof *t->tags + sizeof *t->places);
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

static inline unsigned char *
entry_at(const struct fe_keytable *t, uint32_t place)
{
	return t->chunks[place / UNITS_A_CHUNK]->bytes + (size_t)(place % UNITS_A_CHUNK) * UNIT_BYTES;
}

static inline bool
has_key(const unsigned char *entry, struct fe_str key)
{
	entry_size n_key;
	memcpy(&n_key, entry, sizeof n_key);
	return n_key == key.n && (key.n == 0 || memcmp(entry + sizeof n_key, key.p, key.n) == 0);
}

/* Where the value of an entry lies in it. */
static inline size_t
value_offset(size_t n_key)
{
	return sizeof(entry_size) + (n_key + UNIT_BYTES - 1) / UNIT_BYTES * UNIT_BYTES;
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
			unsigned char *entry = entry_at(t, t->places[first_slot(group, hits)]);
			if (has_key(entry, key))
				return entry + value_offset(key.n);
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
		__builtin_prefetch(entry_at(t, t->places[first_slot(group, hits)]));
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

static inline size_t
entry_bytes(const struct fe_keytable *t, size_t n_key)
{
	return value_offset(n_key) + t->value_bytes;
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
			entry_size n_key;
			memcpy(&n_key, chunk->bytes + at, sizeof n_key);
			hashes[n] = fe_hash64(t->hash_key, chunk->bytes + at + sizeof n_key, n_key);
			places[n] = (uint32_t)(number * UNITS_A_CHUNK + at / UNIT_BYTES);
			fe_keytable_prefetch(t, hashes[n]);
			at += entry_bytes(t, n_key);
		}
		for (size_t i = 0; i < n; i++)
			put_slot(t, hashes[i], places[i]);
	}
}

static void
rebuild_index(struct fe_keytable *t, size_t n_slots)
{
	fe_free(t->tags); /* before the new one is there: memory must not peak */
	fe_free(t->places);
	t->tags = fe_new_array(n_slots, uint8_t);
	t->places = fe_new_array(n_slots, uint32_t);
	t->n_slots = n_slots;
	for (size_t i = 0; i < t->n_chunks; i++)
		index_chunk(t, i);
}

static enum fe_rc
fail_limit(const struct fe_keytable *t, struct fe_err *err)
{
	return fe_fail(err, FE_ELIMIT,
		       "the keys need more memory than the %llu bytes that are allowed here, beside %llu that "
		       "have it; raise --max-memory or load fewer records a run",
		       (unsigned long long)t->max_bytes, (unsigned long long)t->n_keys);
}

static enum fe_rc
make_room(struct fe_keytable *t, size_t n_bytes, struct fe_err *err)
{
	size_t n_slots = t->n_slots ? t->n_slots : MIN_SLOTS;
	bool needs_chunk, needs_index;
	uint64_t after;

	if (n_bytes > sizeof t->chunks[0]->bytes)
		return fe_fail(err, FE_ELIMIT, "a key of %zu bytes is too long; at most %zu fit", n_bytes,
			       sizeof t->chunks[0]->bytes);
	needs_chunk = t->n_chunks == 0 ||
		      sizeof t->chunks[0]->bytes - t->chunks[t->n_chunks - 1]->used_bytes < n_bytes;
	needs_index = t->n_slots == 0 || t->n_keys >= t->n_slots / GROUP * (GROUP - 1);
	if (t->n_slots && needs_index)
		n_slots *= 2;
	after = fe_keytable_bytes(t) + (needs_chunk ? sizeof(struct fe_key_chunk) : 0) +
		(needs_index ? (n_slots - t->n_slots) * (sizeof *t->tags + sizeof *t->places) : 0);
	if (t->max_bytes && (needs_chunk || needs_index) && after > t->max_bytes)
		return fail_limit(t, err);
	if (needs_chunk) {
		if (t->n_chunks == UINT32_MAX / UNITS_A_CHUNK)
			return fe_fail(err, FE_ELIMIT, "the keys of %llu records are more than 16 GiB",
				       (unsigned long long)t->n_keys);
		t->chunks = fe_grow(t->chunks, &t->cap_chunks, t->n_chunks + 1, sizeof *t->chunks);
		t->chunks[t->n_chunks++] = fe_new(struct fe_key_chunk);
	}
	if (needs_index)
		rebuild_index(t, n_slots);
	return FE_OK;
}

enum fe_rc
fe_keytable_add(struct fe_keytable *t, uint64_t hash, struct fe_str key, void **value, struct fe_err *err)
{
	size_t n_bytes = entry_bytes(t, key.n);
	FE_TRY(make_room(t, n_bytes, err));

	struct fe_key_chunk *chunk = t->chunks[t->n_chunks - 1];
	unsigned char *entry = chunk->bytes + chunk->used_bytes;
	entry_size n_key = (entry_size)key.n;
	memcpy(entry, &n_key, sizeof n_key);
	if (key.n)
		memcpy(entry + sizeof n_key, key.p, key.n);
	put_slot(t, hash, (uint32_t)((t->n_chunks - 1) * UNITS_A_CHUNK + chunk->used_bytes / UNIT_BYTES));
	chunk->used_bytes += n_bytes;
	t->n_keys++;
	*value = entry + value_offset(key.n);
	return FE_OK;
}

bool
fe_keytable_next(const struct fe_keytable *t, struct fe_key_cursor *c, struct fe_str *key, void **value)
{
	entry_size n_key;

	for (; c->chunk < t->n_chunks; *c = (struct fe_key_cursor){ .chunk = c->chunk + 1 }) {
		struct fe_key_chunk *chunk = t->chunks[c->chunk];
		if (c->at_bytes == chunk->used_bytes)
			continue;
		unsigned char *entry = chunk->bytes + c->at_bytes;
		memcpy(&n_key, entry, sizeof n_key);
		*key = (struct fe_str){ (const char *)entry + sizeof n_key, n_key };
		*value = entry + value_offset(n_key);
		c->at_bytes += entry_bytes(t, n_key);
		return true;
	}
	return false;
}

// SPDX-License-Identifier: Apache-2.0
/* base/keyspill.c - the keys of a table that memory has no room for
 *
 * When a batch begins for which there is no room, the table is emptied: its own entries are
 * written as one run, in an order made by counting, in the memory that the index leaves; its
 * guests are thrown away, but for changed values, which are written where they were. So a
 * key is in one place on disk at most, and memory has the keys that were met lately.
 */
#include "base/keytable.h"

#include "base/keytable_private.h"
#include "base/mem.h"

#define RECALL_KEYS 256
#define AHEAD 8 /* entries asked of memory before they are copied */

void
fe_keytable_spill_to(struct fe_keytable *t, const char *folder)
{
	FE_ASSERT(t->max_bytes && !t->runs && t->n_keys == 0);
	t->runs = fe_new(struct fe_keyruns);
	fe_keyruns_init(t->runs, folder, t->value_bytes, t->max_bytes, t->hash_key);
}

bool
fe_keytable_is_on_disk(const struct fe_keytable *t)
{
	return t->runs && t->runs->n_runs > 0;
}

/* ---- out ---- */

static fe_entry_size
size_of(const unsigned char *entry)
{
	fe_entry_size size;
	memcpy(&size, entry, sizeof size);
	return size;
}

static uint64_t
hash_of(const struct fe_keytable *t, const unsigned char *entry)
{
	return fe_hash64(t->hash_key, entry + sizeof(fe_entry_size), size_of(entry) & ~FE_KEY_GUEST);
}

static enum fe_rc
put_back(struct fe_keytable *t, const unsigned char *entry, fe_entry_size size, struct fe_err *err)
{
	const unsigned char *value = entry + fe_entry_value_offset(size & ~FE_KEY_GUEST);
	const unsigned char *before = value + t->value_bytes + sizeof(struct fe_key_place);
	struct fe_key_place place;

	if (t->value_bytes == 0 || memcmp(value, before, t->value_bytes) == 0)
		return FE_OK;
	memcpy(&place, value + t->value_bytes, sizeof place);
	return fe_keyruns_update(t->runs, &place, value, err);
}

/* From a zeroed cursor: the next entry of memory; NULL: no more. */
static unsigned char *
next_in_memory(const struct fe_keytable *t, struct fe_key_cursor *c)
{
	for (; c->chunk < t->n_chunks; *c = (struct fe_key_cursor){ .chunk = c->chunk + 1 }) {
		struct fe_key_chunk *chunk = t->chunks[c->chunk];
		if (c->at_bytes == chunk->used_bytes)
			continue;
		unsigned char *entry = chunk->bytes + c->at_bytes;
		c->at_bytes += fe_key_entry_bytes(t, size_of(entry));
		return entry;
	}
	return NULL;
}

static enum fe_rc
put_back_guests(struct fe_keytable *t, uint64_t *n_own, struct fe_err *err)
{
	struct fe_key_cursor at = { 0 };

	*n_own = 0;
	for (const unsigned char *entry; (entry = next_in_memory(t, &at));) {
		fe_entry_size size = size_of(entry);
		if (size & FE_KEY_GUEST)
			FE_TRY(put_back(t, entry, size, err));
		else
			++*n_own;
	}
	return FE_OK;
}

/* Places of the table's own entries by their buckets: counted, then dealt out. */
static uint32_t *
order_by_bucket(const struct fe_keytable *t, uint64_t n)
{
	size_t n_buckets = fe_keyruns_n_buckets(t->runs);
	uint32_t *starts = fe_new_array(n_buckets + 1, uint32_t), *order = fe_new_array((size_t)n, uint32_t);
	struct fe_key_cursor at = { 0 };
	const unsigned char *entry;

	while ((entry = next_in_memory(t, &at)))
		if (!(size_of(entry) & FE_KEY_GUEST))
			starts[fe_keyruns_bucket(t->runs, hash_of(t, entry)) + 1]++;
	for (size_t i = 1; i <= n_buckets; i++)
		starts[i] += starts[i - 1];
	at = (struct fe_key_cursor){ 0 };
	while ((entry = next_in_memory(t, &at))) {
		size_t in_chunk = (size_t)(entry - t->chunks[at.chunk]->bytes);
		if (!(size_of(entry) & FE_KEY_GUEST))
			order[starts[fe_keyruns_bucket(t->runs, hash_of(t, entry))]++] =
				(uint32_t)(at.chunk * FE_KEY_UNITS_A_CHUNK + in_chunk / FE_ENTRY_UNIT);
	}
	fe_free(starts);
	return order;
}

static enum fe_rc
write_run(struct fe_keytable *t, uint64_t n, struct fe_err *err)
{
	FE_TRY(fe_keyruns_begin(t->runs, n, err));
	uint32_t *order = order_by_bucket(t, n);
	enum fe_rc rc = FE_OK;

	for (uint64_t i = 0; i < n && rc == FE_OK; i++) {
		if (i + AHEAD < n)
			__builtin_prefetch(fe_key_entry_at(t, order[i + AHEAD]));
		const unsigned char *entry = fe_key_entry_at(t, order[i]);
		rc = fe_keyruns_put(t->runs, hash_of(t, entry), entry, fe_key_entry_bytes(t, size_of(entry)), err);
	}
	fe_free(order);
	return rc ? rc : fe_keyruns_end(t->runs, err);
}

/* The new index is as large as the old one, which was right for what memory held; but not
 * where filters have come to leave less of it. */
static void
clear_memory(struct fe_keytable *t, size_t n_groups)
{
	uint64_t taken = fe_keyruns_bytes(t->runs), left = t->max_bytes > taken ? t->max_bytes - taken : 0;

	fe_key_free_chunks(t);
	t->n_entries = 0;
	while (n_groups > 1 && n_groups * sizeof *t->groups > left / 4)
		n_groups /= 2;
	fe_key_new_index(t, n_groups);
}

static enum fe_rc
leave_memory(struct fe_keytable *t, struct fe_err *err)
{
	size_t n_groups = t->n_groups;
	uint64_t n_own;

	FE_TRY(put_back_guests(t, &n_own, err));
	fe_key_new_index(t, 0);
	if (n_own)
		FE_TRY(write_run(t, n_own, err));
	clear_memory(t, n_groups);
	return FE_OK;
}

enum fe_rc
fe_keytable_begin(struct fe_keytable *t, size_t n_keys, uint64_t n_key_bytes, struct fe_err *err)
{
	if (!t->runs || t->n_entries == 0)
		return FE_OK;
	uint64_t n_bytes = n_key_bytes + (uint64_t)n_keys * fe_key_entry_bytes(t, FE_KEY_GUEST | (FE_ENTRY_UNIT - 1));
	uint64_t taken = fe_keyruns_bytes(t->runs), reserved = fe_keyruns_reserved_bytes(t->runs);
	if (fe_key_bytes_with(t, n_bytes, n_keys) + (taken > reserved ? taken : reserved) <= t->max_bytes)
		return FE_OK;
	return leave_memory(t, err);
}

/* ---- back ---- */

static enum fe_rc
recall_key(struct fe_keytable *t, size_t run, uint64_t hash, struct fe_str key, bool *found, struct fe_err *err)
{
	const void *on_disk;
	struct fe_key_place place;
	unsigned char *value;

	*found = fe_keytable_find(t, hash, key) != NULL; /* another row of the same key */
	if (*found)
		return FE_OK;
	FE_TRY(fe_keyruns_find(t->runs, run, hash, key, &on_disk, &place, err));
	if (!on_disk)
		return FE_OK;
	*found = true;
	FE_TRY(fe_key_append(t, hash, key, FE_KEY_GUEST, &value, err));
	memcpy(value, on_disk, t->value_bytes);
	memcpy(value + t->value_bytes, &place, sizeof place);
	memcpy(value + t->value_bytes + sizeof place, on_disk, t->value_bytes);
	return FE_OK;
}

/* A run at a time, whose filter then stays near, for all keys that were not found yet. */
static enum fe_rc
recall_some(struct fe_keytable *t, const uint64_t *hashes, const struct fe_str *keys, uint32_t *todo, size_t n,
            struct fe_err *err)
{
	uint32_t maybe[RECALL_KEYS];

	for (size_t run = 0; run < t->runs->n_runs && n; run++) {
		size_t n_maybe = n, n_found = 0;
		memcpy(maybe, todo, n * sizeof *todo);
		fe_keyruns_filter(t->runs, run, hashes, maybe, &n_maybe);
		for (size_t i = 0; i < n_maybe; i++) {
			bool found;
			FE_TRY(recall_key(t, run, hashes[maybe[i]], keys[maybe[i]], &found, err));
			if (found)
				maybe[n_found++] = maybe[i];
		}
		size_t n_left = 0, k = 0; /* both lists are in one order */
		for (size_t i = 0; i < n; i++) {
			if (k < n_found && maybe[k] == todo[i])
				k++;
			else
				todo[n_left++] = todo[i];
		}
		n = n_left;
	}
	return FE_OK;
}

enum fe_rc
fe_keytable_recall(struct fe_keytable *t, const uint64_t *hashes, const struct fe_str *keys, const uint32_t *rows,
                   size_t n, struct fe_err *err)
{
	if (!fe_keytable_is_on_disk(t))
		return FE_OK;
	for (size_t at = 0; at < n;) {
		uint32_t todo[RECALL_KEYS];
		size_t n_todo = 0, end = n - at < RECALL_KEYS ? n : at + RECALL_KEYS;
		for (; at < end; at++)
			todo[n_todo++] = rows ? rows[at] : (uint32_t)at;
		fe_keyruns_filter_all(t->runs, hashes, todo, &n_todo);
		size_t n_left = 0;
		for (size_t i = 0; i < n_todo; i++)
			fe_keytable_prefetch(t, hashes[todo[i]]);
		for (size_t i = 0; i < n_todo; i++)
			if (!fe_keytable_find(t, hashes[todo[i]], keys[todo[i]]))
				todo[n_left++] = todo[i];
		n_todo = n_left;
		FE_TRY(recall_some(t, hashes, keys, todo, n_todo, err));
	}
	return FE_OK;
}

/* ---- all of them ---- */

enum fe_rc
fe_keytable_next(struct fe_keytable *t, struct fe_key_cursor *c, struct fe_str *key, const void **value,
                 struct fe_err *err)
{
	FE_ASSERT(!t->numbers);
	if (fe_keytable_is_on_disk(t)) {
		struct fe_keyrun_cursor at = { c->chunk, c->bucket, c->at_bytes };
		if (t->n_entries)
			FE_TRY(leave_memory(t, err));
		FE_TRY(fe_keyruns_next(t->runs, &at, key, value, err));
		*c = (struct fe_key_cursor){ .chunk = at.run, .bucket = at.bucket, .at_bytes = at.at };
		return FE_OK;
	}
	const unsigned char *entry = next_in_memory(t, c);
	*key = (struct fe_str){ 0 };
	if (!entry)
		return FE_OK;
	*key = (struct fe_str){ (const char *)entry + sizeof(fe_entry_size), size_of(entry) };
	*value = entry + fe_entry_value_offset(key->n);
	return FE_OK;
}

// SPDX-License-Identifier: Apache-2.0
/* base/keyrun.c - see base/keyrun.h
 *
 * A filter is a row of 64-bit words; a key sets four bits of one of them, so to ask it is to
 * read one word. At 16 bits a key it is wrong for one key in two hundred that are not there,
 * at 8 bits for one in thirty.
 */
#include "base/keyrun_private.h"

#include <unistd.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "base/write_all.h"

void
fe_keyruns_init(struct fe_keyruns *r, const char *folder, size_t value_bytes, uint64_t max_bytes,
                const struct fe_hash_key *hash_key)
{
	*r = (struct fe_keyruns){
		.folder = fe_strdup(folder),
		.fd = -1,
		.value_bytes = value_bytes,
		.hash_key = hash_key,
		.max_bytes = max_bytes,
		.runs = fe_new_array(FE_MAX_KEYRUNS, struct fe_keyrun),
	};
	fe_buf_init(&r->bucket, FE_KEYRUN_MAX_BUCKET_BYTES);
	fe_buf_init(&r->out, FE_KEYRUN_MAX_BUCKET_BYTES);
}

void
fe_keyruns_free(struct fe_keyrun *runs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fe_free(runs[i].ends);
		fe_free(runs[i].filter.words);
		runs[i] = (struct fe_keyrun){ 0 };
	}
}

void
fe_keyruns_reset(struct fe_keyruns *r)
{
	if (r->runs)
		fe_keyruns_free(r->runs, FE_MAX_KEYRUNS); /* with one that was begun only */
	if (r->folder && r->fd >= 0)
		(void)close(r->fd); /* it has no name: nothing is to stay */
	fe_free(r->runs);
	fe_free(r->all.words);
	fe_free(r->folder);
	fe_buf_reset(&r->bucket);
	fe_buf_reset(&r->out);
	*r = (struct fe_keyruns){ .fd = -1 };
}

uint64_t
fe_keyruns_all_bytes(const struct fe_keyruns *r)
{
	uint64_t n = 0;
	for (size_t i = 0; i < r->n_runs; i++)
		n += fe_keyrun_bytes(&r->runs[i]);
	return n;
}

uint64_t
fe_keyruns_bytes(const struct fe_keyruns *r)
{
	return fe_keyruns_all_bytes(r) + r->all.n_words * sizeof *r->all.words;
}

enum fe_rc
fe_keyruns_at_folder(const struct fe_keyruns *r, enum fe_rc rc, struct fe_err *err)
{
	if (rc) {
		fe_err_context(err, "keys set aside on disk");
		fe_err_at(err, r->folder, 0, NULL);
	}
	return rc;
}

uint64_t fe_keyruns_reserved_bytes(const struct fe_keyruns *r) { return r->max_bytes / 4; }

/* ---- filters ---- */

static void
filter(const struct fe_keyfilter *f, const uint64_t *hashes, uint32_t *todo, size_t *n)
{
	size_t n_left = 0;

	for (size_t k = 0; k < *n; k++) { /* no branches: memory is waited for together */
		uint64_t hash = hashes[todo[k]], bits = fe_keyfilter_bits(hash);
		todo[n_left] = todo[k];
		n_left += (*fe_keyfilter_word(f, hash) & bits) == bits;
	}
	*n = n_left;
}

void
fe_keyruns_filter_all(const struct fe_keyruns *r, const uint64_t *hashes, uint32_t *todo, size_t *n)
{
	filter(&r->all, hashes, todo, n);
}

void
fe_keyruns_filter(const struct fe_keyruns *r, size_t i, const uint64_t *hashes, uint32_t *todo, size_t *n)
{
	filter(&r->runs[i].filter, hashes, todo, n);
}

/* ---- buckets ---- */

uint64_t
fe_keyruns_check_of(const struct fe_keyruns *r, const char *bucket, uint64_t at)
{
	struct fe_bucket_head head;
	memcpy(&head, bucket, sizeof head);
	return fe_hash64(r->hash_key, bucket + sizeof head.check, sizeof head - sizeof head.check + head.n_bytes) ^ at;
}

enum fe_rc
fe_keyruns_fail_damaged(const struct fe_keyruns *r, struct fe_err *err)
{
	(void)fe_fail(err, FE_EUNAVAIL, "came back changed; check the disk of this folder, then run again");
	return fe_keyruns_at_folder(r, FE_EUNAVAIL, err);
}

enum fe_rc
fe_keyruns_read_file(struct fe_keyruns *r, uint64_t at, size_t n_bytes, struct fe_err *err)
{
	fe_buf_clear(&r->bucket);
	if (!fe_buf_reserve(&r->bucket, n_bytes))
		return fe_buf_check(&r->bucket, "keys that share a part of their hash", err);
	FE_TRY(fe_failpoint("keys.read", err));
	r->bucket.n_bytes = n_bytes;
	return fe_keyruns_at_folder(r, fe_pread_all(r->fd, at, r->bucket.p, n_bytes, err), err);
}

bool
fe_keyruns_is_bucket(const struct fe_keyruns *r, const char *p, size_t room, uint64_t at)
{
	struct fe_bucket_head head;
	if (room < sizeof head)
		return false;
	memcpy(&head, p, sizeof head);
	return head.n_bytes <= room - sizeof head && head.check == fe_keyruns_check_of(r, p, at);
}

/* Into r->bucket, which is empty where the bucket is. */
static enum fe_rc
read_bucket(struct fe_keyruns *r, const struct fe_keyrun *run, size_t bucket, struct fe_err *err)
{
	size_t start = fe_keyrun_start(run, bucket), n_bytes = fe_keyrun_end(run, bucket) - start;

	fe_buf_clear(&r->bucket);
	if (n_bytes == 0)
		return FE_OK;
	FE_TRY(fe_keyruns_read_file(r, run->at + start, n_bytes, err));
	return fe_keyruns_is_bucket(r, r->bucket.p, n_bytes, run->at + start) ? FE_OK : fe_keyruns_fail_damaged(r, err);
}

bool
fe_keyruns_next_entry(const struct fe_keyruns *r, const char *bucket, size_t *at, struct fe_str *key, const void **value,
                      size_t *n_bytes)
{
	struct fe_bucket_head head;
	fe_entry_size n_key;

	memcpy(&head, bucket, sizeof head);
	if (*at == 0)
		*at = sizeof head;
	if (*at == sizeof head + head.n_bytes)
		return false;
	memcpy(&n_key, bucket + *at, sizeof n_key);
	*key = (struct fe_str){ bucket + *at + sizeof n_key, n_key };
	*value = bucket + *at + fe_entry_value_offset(n_key);
	*n_bytes = fe_entry_value_offset(n_key) + r->value_bytes;
	*at += *n_bytes;
	return true;
}

enum fe_rc
fe_keyruns_find(struct fe_keyruns *r, size_t i, uint64_t hash, struct fe_str key, const void **value,
                struct fe_key_place *place, struct fe_err *err)
{
	const struct fe_keyrun *run = &r->runs[i];
	size_t bucket = fe_keyrun_bucket_of(run, hash), at = 0, n_bytes;
	struct fe_str met;

	*value = NULL;
	FE_TRY(read_bucket(r, run, bucket, err));
	while (r->bucket.n_bytes && fe_keyruns_next_entry(r, r->bucket.p, &at, &met, value, &n_bytes)) {
		if (!fe_str_eq(met, key))
			continue;
		*place = (struct fe_key_place){ .bucket_at = run->at + fe_keyrun_start(run, bucket),
			                        .entry_at = (uint32_t)(at - n_bytes) };
		return FE_OK;
	}
	*value = NULL;
	return FE_OK;
}

enum fe_rc
fe_keyruns_update(struct fe_keyruns *r, const struct fe_key_place *place, const void *value, struct fe_err *err)
{
	struct fe_bucket_head head;
	fe_entry_size n_key;

	FE_TRY(fe_keyruns_read_file(r, place->bucket_at, sizeof head, err));
	memcpy(&head, r->bucket.p, sizeof head);
	if (head.n_bytes > FE_KEYRUN_MAX_BUCKET_BYTES - sizeof head || place->entry_at >= sizeof head + head.n_bytes)
		return fe_keyruns_fail_damaged(r, err);
	FE_TRY(fe_keyruns_read_file(r, place->bucket_at, sizeof head + head.n_bytes, err));
	if (!fe_keyruns_is_bucket(r, r->bucket.p, r->bucket.n_bytes, place->bucket_at))
		return fe_keyruns_fail_damaged(r, err);
	char *bucket = r->bucket.p;
	memcpy(&n_key, bucket + place->entry_at, sizeof n_key);
	memcpy(bucket + place->entry_at + fe_entry_value_offset(n_key), value, r->value_bytes);
	head.check = fe_keyruns_check_of(r, bucket, place->bucket_at);
	memcpy(bucket, &head, sizeof head);
	FE_TRY(fe_failpoint("keys.write", err));
	return fe_keyruns_at_folder(r, fe_pwrite_all(r->fd, place->bucket_at, bucket, r->bucket.n_bytes, err), err);
}

enum fe_rc
fe_keyruns_next(struct fe_keyruns *r, struct fe_keyrun_cursor *c, struct fe_str *key, const void **value,
                struct fe_err *err)
{
	size_t n_bytes;

	for (; c->run < r->n_runs; *c = (struct fe_keyrun_cursor){ .run = c->run + 1 }) {
		const struct fe_keyrun *run = &r->runs[c->run];
		for (; c->bucket < run->n_ends; c->bucket++, c->at = 0) {
			if (c->at == 0)
				FE_TRY(read_bucket(r, run, c->bucket, err));
			if (r->bucket.n_bytes && fe_keyruns_next_entry(r, r->bucket.p, &c->at, key, value, &n_bytes))
				return FE_OK;
		}
	}
	*key = (struct fe_str){ 0 };
	return FE_OK;
}


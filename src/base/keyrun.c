// SPDX-License-Identifier: Apache-2.0
/* base/keyrun.c - see base/keyrun.h
 *
 * A filter is a row of 64-bit words; a key sets four bits of one of them, so to ask it is to
 * read one word. At 16 bits a key it is wrong for one key in two hundred that are not there,
 * at 8 bits for one in thirty.
 */
#include "base/keyrun.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/unnamed.h"
#include "base/write_all.h"

#define BUCKET_KEYS 16  /* at least, and fewer than twice as many */
#define BUCKET_UNIT 64u /* places of buckets count in these, so 32 bits reach 256 GiB */
#define FILTER_BITS 8   /* a key, where there is room */
#define FLUSH_BYTES ((size_t)256 * 1024)
#define REGION_BYTES ((size_t)512 * 1024)
#define MAX_BUCKET_BYTES ((size_t)1 << 30)

struct fe_keyrun {
	uint64_t n_keys;
	uint64_t at;      /* in the file */
	unsigned bits;    /* of a hash, from the top, that say which bucket */
	uint32_t *ends;   /* [1 << bits] of buckets, in units, from at on */
	struct fe_keyfilter filter;
	size_t n_ends;    /* of buckets that are finished */
};

/* Before the entries of a bucket. check: of what follows, and of the place. */
struct head {
	uint64_t check;
	uint32_t n_bytes; /* of the entries */
	uint32_t n_entries;
};

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
	fe_buf_init(&r->bucket, MAX_BUCKET_BYTES);
	fe_buf_init(&r->out, MAX_BUCKET_BYTES);
}

static void
free_runs(struct fe_keyrun *runs, size_t n)
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
		free_runs(r->runs, FE_MAX_KEYRUNS); /* with one that was begun only */
	if (r->folder && r->fd >= 0)
		(void)close(r->fd); /* it has no name: nothing is to stay */
	fe_free(r->runs);
	fe_free(r->all.words);
	fe_free(r->folder);
	fe_buf_reset(&r->bucket);
	fe_buf_reset(&r->out);
	*r = (struct fe_keyruns){ .fd = -1 };
}

static uint64_t
ends_bytes(unsigned bits)
{
	return sizeof(uint32_t) << bits;
}

static uint64_t
run_bytes(const struct fe_keyrun *run)
{
	return ends_bytes(run->bits) + run->filter.n_words * sizeof *run->filter.words;
}

static uint64_t
all_run_bytes(const struct fe_keyruns *r)
{
	uint64_t n = 0;
	for (size_t i = 0; i < r->n_runs; i++)
		n += run_bytes(&r->runs[i]);
	return n;
}

uint64_t
fe_keyruns_bytes(const struct fe_keyruns *r)
{
	return all_run_bytes(r) + r->all.n_words * sizeof *r->all.words;
}

static enum fe_rc
at_folder(const struct fe_keyruns *r, enum fe_rc rc, struct fe_err *err)
{
	if (rc) {
		fe_err_context(err, "keys set aside on disk");
		fe_err_at(err, r->folder, 0, NULL);
	}
	return rc;
}

uint64_t fe_keyruns_reserved_bytes(const struct fe_keyruns *r) { return r->max_bytes / 4; }

/* ---- filters ---- */

static inline uint64_t *
word_of(const struct fe_keyfilter *f, uint64_t hash)
{
	return &f->words[(hash & UINT32_MAX) * f->n_words >> 32];
}

/* Of other parts of the hash than the word. */
static inline uint64_t
bits_of(uint64_t hash)
{
	return UINT64_C(1) << (hash >> 32 & 63) | UINT64_C(1) << (hash >> 38 & 63) |
	       UINT64_C(1) << (hash >> 44 & 63) | UINT64_C(1) << (hash >> 50 & 63);
}

static void
filter(const struct fe_keyfilter *f, const uint64_t *hashes, uint32_t *todo, size_t *n)
{
	size_t n_left = 0;

	for (size_t k = 0; k < *n; k++) { /* no branches: memory is waited for together */
		uint64_t hash = hashes[todo[k]], bits = bits_of(hash);
		todo[n_left] = todo[k];
		n_left += (*word_of(f, hash) & bits) == bits;
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

static inline size_t
bucket_of(const struct fe_keyrun *run, uint64_t hash)
{
	return run->bits ? (size_t)(hash >> (64 - run->bits)) : 0;
}

static uint64_t
check_of(const struct fe_keyruns *r, const char *bucket, uint64_t at)
{
	struct head head;
	memcpy(&head, bucket, sizeof head);
	return fe_hash64(r->hash_key, bucket + sizeof head.check, sizeof head - sizeof head.check + head.n_bytes) ^ at;
}

static enum fe_rc
fail_damaged(const struct fe_keyruns *r, struct fe_err *err)
{
	(void)fe_fail(err, FE_EUNAVAIL, "came back changed; check the disk of this folder, then run again");
	return at_folder(r, FE_EUNAVAIL, err);
}

/* n_bytes of the file into the bucket's buffer. */
static enum fe_rc
read_file(struct fe_keyruns *r, uint64_t at, size_t n_bytes, struct fe_err *err)
{
	fe_buf_clear(&r->bucket);
	if (!fe_buf_reserve(&r->bucket, n_bytes))
		return fe_buf_check(&r->bucket, "keys that share a part of their hash", err);
	FE_TRY(fe_failpoint("keys.read", err));
	r->bucket.n_bytes = n_bytes;
	return at_folder(r, fe_pread_all(r->fd, at, r->bucket.p, n_bytes, err), err);
}

/* Whether what stands at p, room bytes from the end of what was read, is a bucket of the file at `at`. */
static bool
is_bucket(const struct fe_keyruns *r, const char *p, size_t room, uint64_t at)
{
	struct head head;
	if (room < sizeof head)
		return false;
	memcpy(&head, p, sizeof head);
	return head.n_bytes <= room - sizeof head && head.check == check_of(r, p, at);
}

static inline size_t
bucket_start(const struct fe_keyrun *run, size_t bucket)
{
	return bucket ? (size_t)run->ends[bucket - 1] * BUCKET_UNIT : 0;
}

static inline size_t
bucket_end(const struct fe_keyrun *run, size_t bucket)
{
	return (size_t)run->ends[bucket] * BUCKET_UNIT;
}

/* Into r->bucket, which is empty where the bucket is. */
static enum fe_rc
read_bucket(struct fe_keyruns *r, const struct fe_keyrun *run, size_t bucket, struct fe_err *err)
{
	size_t start = bucket_start(run, bucket), n_bytes = bucket_end(run, bucket) - start;

	fe_buf_clear(&r->bucket);
	if (n_bytes == 0)
		return FE_OK;
	FE_TRY(read_file(r, run->at + start, n_bytes, err));
	return is_bucket(r, r->bucket.p, n_bytes, run->at + start) ? FE_OK : fail_damaged(r, err);
}

/* The entries of a bucket that was checked; at is the place of the next, from the bucket's start. */
static bool
next_entry(const struct fe_keyruns *r, const char *bucket, size_t *at, struct fe_str *key, const void **value,
           size_t *n_bytes)
{
	struct head head;
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
	size_t bucket = bucket_of(run, hash), at = 0, n_bytes;
	struct fe_str met;

	*value = NULL;
	FE_TRY(read_bucket(r, run, bucket, err));
	while (r->bucket.n_bytes && next_entry(r, r->bucket.p, &at, &met, value, &n_bytes)) {
		if (!fe_str_eq(met, key))
			continue;
		*place = (struct fe_key_place){ .bucket_at = run->at + bucket_start(run, bucket),
			                        .entry_at = (uint32_t)(at - n_bytes) };
		return FE_OK;
	}
	*value = NULL;
	return FE_OK;
}

enum fe_rc
fe_keyruns_update(struct fe_keyruns *r, const struct fe_key_place *place, const void *value, struct fe_err *err)
{
	struct head head;
	fe_entry_size n_key;

	FE_TRY(read_file(r, place->bucket_at, sizeof head, err));
	memcpy(&head, r->bucket.p, sizeof head);
	if (head.n_bytes > MAX_BUCKET_BYTES - sizeof head || place->entry_at >= sizeof head + head.n_bytes)
		return fail_damaged(r, err);
	FE_TRY(read_file(r, place->bucket_at, sizeof head + head.n_bytes, err));
	if (!is_bucket(r, r->bucket.p, r->bucket.n_bytes, place->bucket_at))
		return fail_damaged(r, err);
	char *bucket = r->bucket.p;
	memcpy(&n_key, bucket + place->entry_at, sizeof n_key);
	memcpy(bucket + place->entry_at + fe_entry_value_offset(n_key), value, r->value_bytes);
	head.check = check_of(r, bucket, place->bucket_at);
	memcpy(bucket, &head, sizeof head);
	FE_TRY(fe_failpoint("keys.write", err));
	return at_folder(r, fe_pwrite_all(r->fd, place->bucket_at, bucket, r->bucket.n_bytes, err), err);
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
			if (r->bucket.n_bytes && next_entry(r, r->bucket.p, &c->at, key, value, &n_bytes))
				return FE_OK;
		}
	}
	*key = (struct fe_str){ 0 };
	return FE_OK;
}

/* ---- a run is written ---- */

static struct fe_keyrun *
begun_run(const struct fe_keyruns *r)
{
	return &r->runs[r->n_runs];
}

size_t fe_keyruns_n_buckets(const struct fe_keyruns *r) { return (size_t)1 << begun_run(r)->bits; }
size_t fe_keyruns_bucket(const struct fe_keyruns *r, uint64_t hash) { return bucket_of(begun_run(r), hash); }

/* A run of n_keys whose ends and filter take at most max_bytes, or the least there is. */
static void
shape_run(struct fe_keyrun *run, uint64_t n_keys, uint64_t max_bytes)
{
	uint64_t n_words = n_keys * FILTER_BITS / 64 + 1;

	*run = (struct fe_keyrun){ 0 };
	while (n_keys >> run->bits >= 2 * BUCKET_KEYS && ends_bytes(run->bits + 1) <= max_bytes / 4)
		run->bits++;
	uint64_t left = max_bytes > ends_bytes(run->bits) ? max_bytes - ends_bytes(run->bits) : 0;
	if (n_words > left / sizeof *run->filter.words)
		n_words = left / sizeof *run->filter.words + 1;
	run->filter.n_words = n_words < UINT32_MAX ? (uint32_t)n_words : UINT32_MAX;
}

static void
begin_run(struct fe_keyruns *r, struct fe_keyrun *run)
{
	run->at = r->size_bytes;
	run->ends = fe_new_array((size_t)1 << run->bits, uint32_t);
	run->filter.words = fe_new_array(run->filter.n_words, uint64_t);
	fe_buf_clear(&r->out);
	r->bucket_at = 0;
}

static enum fe_rc
flush(struct fe_keyruns *r, struct fe_err *err)
{
	FE_TRY(fe_failpoint("keys.write", err));
	FE_TRY(at_folder(r, fe_pwrite_all(r->fd, r->size_bytes, r->out.p, r->out.n_bytes, err), err));
	r->size_bytes += r->out.n_bytes;
	fe_buf_clear(&r->out);
	r->bucket_at = 0;
	return FE_OK;
}

/* The bucket that is being filled ends here; those behind it, up to `next`, are empty. */
static enum fe_rc
end_bucket(struct fe_keyruns *r, struct fe_keyrun *run, size_t next, struct fe_err *err)
{
	static const char zeros[BUCKET_UNIT];
	size_t n_bytes = r->out.n_bytes - r->bucket_at;

	if (n_bytes) {
		char *bucket = r->out.p + r->bucket_at;
		struct head head;
		memcpy(&head, bucket, sizeof head);
		head.n_bytes = (uint32_t)(n_bytes - sizeof head);
		memcpy(bucket, &head, sizeof head);
		head.check = check_of(r, bucket, r->size_bytes + r->bucket_at);
		memcpy(bucket, &head, sizeof head);
		fe_buf_add(&r->out, zeros, (BUCKET_UNIT - n_bytes % BUCKET_UNIT) % BUCKET_UNIT);
		r->bucket_at = r->out.n_bytes;
	}
	uint64_t end = (r->size_bytes + r->out.n_bytes - run->at) / BUCKET_UNIT;
	if (end > UINT32_MAX)
		return fe_fail(err, FE_ELIMIT, "the keys need more than 256 GiB of disk; load fewer records a run");
	while (run->n_ends < next)
		run->ends[run->n_ends++] = (uint32_t)end;
	return r->out.n_bytes < FLUSH_BYTES ? FE_OK : flush(r, err);
}

static enum fe_rc
put(struct fe_keyruns *r, struct fe_keyrun *run, uint64_t hash, const void *entry, size_t n_bytes, struct fe_err *err)
{
	size_t bucket = bucket_of(run, hash);
	struct head head = { 0 };

	FE_ASSERT(bucket >= run->n_ends);
	if (bucket > run->n_ends)
		FE_TRY(end_bucket(r, run, bucket, err));
	if (r->out.n_bytes == r->bucket_at)
		fe_buf_add(&r->out, &head, sizeof head);
	fe_buf_add(&r->out, entry, n_bytes);
	*word_of(&run->filter, hash) |= bits_of(hash);
	run->n_keys++;
	return FE_OK;
}

static enum fe_rc
end_run(struct fe_keyruns *r, struct fe_keyrun *run, struct fe_err *err)
{
	FE_TRY(end_bucket(r, run, (size_t)1 << run->bits, err));
	FE_TRY(fe_buf_check(&r->out, "keys that share a part of their hash", err));
	return r->out.n_bytes ? flush(r, err) : FE_OK;
}

enum fe_rc
fe_keyruns_put(struct fe_keyruns *r, uint64_t hash, const void *entry, size_t n_bytes, struct fe_err *err)
{
	*word_of(&r->all, hash) |= bits_of(hash);
	return put(r, begun_run(r), hash, entry, n_bytes, err);
}

enum fe_rc
fe_keyruns_end(struct fe_keyruns *r, struct fe_err *err)
{
	FE_TRY(end_run(r, begun_run(r), err));
	r->n_runs++;
	return FE_OK;
}

/* ---- all runs become one ---- */

/* Entries of all runs whose hashes share their top bits, to be put in order. */
struct region {
	struct fe_buf bytes;
	struct located { uint64_t hash; size_t at; uint32_t n_bytes; } *entries;
	size_t n, cap;
};

static enum fe_rc
add_region_of_run(struct fe_keyruns *r, const struct fe_keyrun *run, size_t first, size_t end, struct region *g,
                  struct fe_err *err)
{
	size_t start = bucket_start(run, first), n_bytes = bucket_end(run, end - 1) - start, n_entry;
	struct fe_str key;
	const void *value;

	if (n_bytes == 0)
		return FE_OK;
	FE_TRY(read_file(r, run->at + start, n_bytes, err));
	for (size_t bucket = first; bucket < end; bucket++) {
		size_t in = bucket_start(run, bucket) - start, room = bucket_end(run, bucket) - start - in, at = 0;
		const char *p = r->bucket.p + in;
		if (room > 0 && !is_bucket(r, p, room, run->at + start + in))
			return fail_damaged(r, err);
		while (room > 0 && next_entry(r, p, &at, &key, &value, &n_entry)) {
			g->entries = fe_grow(g->entries, &g->cap, g->n + 1, sizeof *g->entries);
			g->entries[g->n++] = (struct located){
				fe_hash64(r->hash_key, key.p, key.n), g->bytes.n_bytes, (uint32_t)n_entry,
			};
			fe_buf_add(&g->bytes, p + at - n_entry, n_entry);
		}
	}
	return fe_buf_check(&g->bytes, "keys that share a part of their hash", err);
}

static int
compare_located(const void *a, const void *b)
{
	const struct located *x = a, *y = b;
	return (x->hash > y->hash) - (x->hash < y->hash);
}

/* Regions of `bits` top bits, none larger than memory has room for, go over one after the other. */
static enum fe_rc
merge_regions(struct fe_keyruns *from, struct fe_keyruns *to, struct fe_keyrun *run, unsigned bits, struct region *g,
              struct fe_err *err)
{
	for (size_t i = 0; i < (size_t)1 << bits; i++) {
		FE_TRY(fe_stop_check(err));
		fe_buf_clear(&g->bytes);
		g->n = 0;
		for (size_t k = 0; k < from->n_runs; k++) {
			unsigned finer = from->runs[k].bits - bits;
			FE_TRY(add_region_of_run(from, &from->runs[k], i << finer, (i + 1) << finer, g, err));
		}
		if (g->n > 1)
			qsort(g->entries, g->n, sizeof *g->entries, compare_located);
		for (size_t k = 0; k < g->n; k++)
			FE_TRY(put(to, run, g->entries[k].hash, g->bytes.p + g->entries[k].at, g->entries[k].n_bytes, err));
	}
	return end_run(to, run, err);
}

static unsigned
bits_of_regions(const struct fe_keyruns *r)
{
	unsigned bits = 0, least = 64;

	for (size_t i = 0; i < r->n_runs; i++)
		least = r->runs[i].bits < least ? r->runs[i].bits : least;
	while (bits < least && r->size_bytes >> bits > REGION_BYTES)
		bits++;
	return bits;
}

/* Into a file of its own, so that the old one's room is given back. */
static enum fe_rc
merge_runs(struct fe_keyruns *r, struct fe_err *err)
{
	struct region g = { 0 };
	struct fe_keyrun run;
	struct fe_keyruns to;
	uint64_t n_keys = 0;
	enum fe_rc rc;

	for (size_t i = 0; i < r->n_runs; i++)
		n_keys += r->runs[i].n_keys;
	shape_run(&run, n_keys, r->max_bytes / 8);
	fe_keyruns_init(&to, r->folder, r->value_bytes, r->max_bytes, r->hash_key);
	fe_buf_init(&g.bytes, MAX_BUCKET_BYTES);
	begin_run(&to, &run);
	rc = at_folder(r, fe_unnamed_open(&to.fd, to.folder, err), err);
	if (rc == FE_OK)
		rc = merge_regions(r, &to, &run, bits_of_regions(r), &g, err);
	if (rc == FE_OK) {
		to.runs[to.n_runs++] = run;
		run = (struct fe_keyrun){ 0 };
		struct fe_keyruns old = *r;
		*r = to;
		r->all = old.all;
		old.all = (struct fe_keyfilter){ 0 };
		to = old;
	}
	fe_keyruns_reset(&to);
	free_runs(&run, 1);
	fe_buf_reset(&g.bytes);
	fe_free(g.entries);
	return rc;
}

enum fe_rc
fe_keyruns_begin(struct fe_keyruns *r, uint64_t n_keys, struct fe_err *err)
{
	struct fe_keyrun run;

	if (r->fd < 0)
		FE_TRY(at_folder(r, fe_unnamed_open(&r->fd, r->folder, err), err));
	if (!r->all.words) {
		uint64_t n_words = fe_keyruns_reserved_bytes(r) / sizeof *r->all.words + 1;
		r->all.n_words = n_words < UINT32_MAX ? (uint32_t)n_words : UINT32_MAX;
		r->all.words = fe_new_array(r->all.n_words, uint64_t);
	}
	shape_run(&run, n_keys, r->max_bytes / 8);
	if (r->n_runs > 1 &&
	    (r->n_runs == FE_MAX_KEYRUNS - 1 || all_run_bytes(r) + run_bytes(&run) > r->max_bytes / 4))
		FE_TRY(merge_runs(r, err));
	free_runs(begun_run(r), 1); /* one that was begun, and not ended */
	*begun_run(r) = run;
	begin_run(r, begun_run(r));
	return FE_OK;
}

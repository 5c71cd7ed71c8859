// SPDX-License-Identifier: Apache-2.0
/* base/keyrun_private.h - how a run of keys lies in memory and on disk; for keyrun*.c only
 *
 *   keyrun.c         filters are asked, buckets are read, values found and changed
 *   keyrun_write.c   a run is written
 *   keyrun_merge.c   all runs become one
 */
#ifndef FE_BASE_KEYRUN_PRIVATE_H
#define FE_BASE_KEYRUN_PRIVATE_H

#include "base/keyrun.h"

#define FE_KEYRUN_UNIT 64u /* places of buckets count in these, so 32 bits reach 256 GiB */
#define FE_KEYRUN_MAX_BUCKET_BYTES ((size_t)1 << 30)

struct fe_keyrun {
	uint64_t n_keys;
	uint64_t at;      /* in the file */
	unsigned bits;    /* of a hash, from the top, that say which bucket */
	uint32_t *ends;   /* [1 << bits] of buckets, in units, from at on */
	struct fe_keyfilter filter;
	size_t n_ends;    /* of buckets that are finished */
};

/* Before the entries of a bucket. check: of what follows, and of the place. */
struct fe_bucket_head {
	uint64_t check;
	uint32_t n_bytes; /* of the entries */
	uint32_t n_entries;
};

/* ---- filters ---- */

static inline uint64_t *
fe_keyfilter_word(const struct fe_keyfilter *f, uint64_t hash)
{
	return &f->words[(hash & UINT32_MAX) * f->n_words >> 32];
}

/* Of other parts of the hash than the word. */
static inline uint64_t
fe_keyfilter_bits(uint64_t hash)
{
	return UINT64_C(1) << (hash >> 32 & 63) | UINT64_C(1) << (hash >> 38 & 63) |
	       UINT64_C(1) << (hash >> 44 & 63) | UINT64_C(1) << (hash >> 50 & 63);
}

/* ---- buckets: which, and where from fe_keyrun.at on ---- */

static inline size_t
fe_keyrun_bucket_of(const struct fe_keyrun *run, uint64_t hash)
{
	return run->bits ? (size_t)(hash >> (64 - run->bits)) : 0;
}

static inline size_t
fe_keyrun_start(const struct fe_keyrun *run, size_t bucket)
{
	return bucket ? (size_t)run->ends[bucket - 1] * FE_KEYRUN_UNIT : 0;
}

static inline size_t
fe_keyrun_end(const struct fe_keyrun *run, size_t bucket)
{
	return (size_t)run->ends[bucket] * FE_KEYRUN_UNIT;
}

/* ---- memory ---- */

static inline uint64_t
fe_keyrun_ends_bytes(unsigned bits)
{
	return sizeof(uint32_t) << bits;
}

static inline uint64_t
fe_keyrun_bytes(const struct fe_keyrun *run)
{
	return fe_keyrun_ends_bytes(run->bits) + run->filter.n_words * sizeof *run->filter.words;
}

/* ---- keyrun.c ---- */

uint64_t fe_keyruns_all_bytes(const struct fe_keyruns *r); /* of all runs, without the filter over them */
void fe_keyruns_free(struct fe_keyrun *runs, size_t n);
/* Adds the folder to what has failed. */
FE_MUST_USE enum fe_rc fe_keyruns_at_folder(const struct fe_keyruns *r, enum fe_rc rc, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_keyruns_fail_damaged(const struct fe_keyruns *r, struct fe_err *err);
/* n_bytes of the file into r->bucket. */
FE_MUST_USE enum fe_rc fe_keyruns_read_file(struct fe_keyruns *r, uint64_t at, size_t n_bytes, struct fe_err *err);
uint64_t fe_keyruns_check_of(const struct fe_keyruns *r, const char *bucket, uint64_t at);
/* Whether what stands at p, room bytes from the end of what was read, is a bucket of the file at `at`. */
bool fe_keyruns_is_bucket(const struct fe_keyruns *r, const char *p, size_t room, uint64_t at);
/* The entries of a bucket that was checked; *at is the place of the next, from the bucket's start, 0 at first. */
bool fe_keyruns_next_entry(const struct fe_keyruns *r, const char *bucket, size_t *at, struct fe_str *key, const void **value,
                           size_t *n_bytes);

/* ---- keyrun_write.c ---- */

/* Of a run of n_keys whose ends and filter take at most max_bytes, or the least there is. */
void fe_keyrun_shape(struct fe_keyrun *run, uint64_t n_keys, uint64_t max_bytes);
/* A run that was given its shape: begin, put in the order of buckets, finish. */
void fe_keyrun_begin(struct fe_keyruns *r, struct fe_keyrun *run);
FE_MUST_USE enum fe_rc fe_keyrun_put(struct fe_keyruns *r, struct fe_keyrun *run, uint64_t hash, const void *entry, size_t n_bytes,
                                     struct fe_err *err);
FE_MUST_USE enum fe_rc fe_keyrun_finish(struct fe_keyruns *r, struct fe_keyrun *run, struct fe_err *err);

/* ---- keyrun_merge.c ---- */

/* Into a file of its own, so that the old one's room is given back. */
FE_MUST_USE enum fe_rc fe_keyruns_merge(struct fe_keyruns *r, struct fe_err *err);

#endif

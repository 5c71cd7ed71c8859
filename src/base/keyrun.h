// SPDX-License-Identifier: Apache-2.0
/* base/keyrun.h - entries of a key table on disk, for base/keytable only
 *
 * A run is a set of entries that was written in one go, in the order of their hashes' top
 * bits, and is never added to. Those that share the top bits make a bucket of some 24
 * entries. In memory a run has where each bucket ends and a filter, and there is one filter
 * over all runs. A filter that says no is right; one that says yes of a key that is not there
 * is wrong for one in thirty or less. So a new key mostly costs one line of memory, and
 * to find a key is to ask each run's filter and to read a bucket, with a single pread, of
 * mostly no run but its own. That a key is there is said by its bytes only.
 *
 * The filter over all has a quarter of max_bytes from the start. Those of runs and their ends
 * have another; when they need more, or there are 64 runs, all runs become one, with half of
 * that. So memory stays bounded for any number of keys: where they are far too many for it,
 * filters get weak, and finds read more often.
 *
 *   Memory   a quarter of max_bytes, and 1.2 bytes a key up to another
 *   Disk     an unnamed file. Each bucket stands behind its keyed hash: the disk is not taken
 *            at its word. Runs that become one need their room twice for that long
 *   Failure  what a write or a read says, with the folder; FE_EUNAVAIL where bytes come back changed
 */
#ifndef FE_BASE_KEYRUN_H
#define FE_BASE_KEYRUN_H

#include "base/buf.h"
#include "base/hash.h"

/* An entry: n_key, the key's bytes filled up to a unit, the value. The key comes first,
 * so that to compare it is mostly to wait for a single line of memory. */
typedef uint32_t fe_entry_size;
#define FE_ENTRY_UNIT 4

/* Where the value of an entry lies in it. */
static inline size_t
fe_entry_value_offset(size_t n_key)
{
	return sizeof(fe_entry_size) + (n_key + FE_ENTRY_UNIT - 1) / FE_ENTRY_UNIT * FE_ENTRY_UNIT;
}

struct fe_keyfilter {
	uint64_t *words;
	uint32_t n_words;
};

struct fe_keyrun;
struct fe_keyruns {
	char *folder;
	int fd;                /* -1: nothing was written yet */
	uint64_t size_bytes;   /* of the file */
	size_t value_bytes;
	const struct fe_hash_key *hash_key; /* borrowed */
	uint64_t max_bytes;    /* of memory, for the whole table */
	struct fe_keyrun *runs; /* [FE_MAX_KEYRUNS] */
	size_t n_runs;
	struct fe_keyfilter all;
	struct fe_buf bucket;  /* the one last read */
	struct fe_buf out;     /* buckets on their way to the file */
	size_t bucket_at;      /* in out: the one that is being filled */
};
#define FE_MAX_KEYRUNS 64

/* Where an entry is: in a bucket, which lies in the file. */
struct fe_key_place {
	uint64_t bucket_at;
	uint32_t entry_at;
};

void fe_keyruns_init(struct fe_keyruns *r, const char *folder, size_t value_bytes, uint64_t max_bytes,
                     const struct fe_hash_key *hash_key);
void fe_keyruns_reset(struct fe_keyruns *r);
uint64_t fe_keyruns_bytes(const struct fe_keyruns *r); /* of memory */
uint64_t fe_keyruns_reserved_bytes(const struct fe_keyruns *r); /* what the first run will take at once */

/* A new run of n_keys: begin, then each entry in the order of fe_keyruns_bucket, then end. */
FE_MUST_USE enum fe_rc fe_keyruns_begin(struct fe_keyruns *r, uint64_t n_keys, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_keyruns_put(struct fe_keyruns *r, uint64_t hash, const void *entry, size_t n_bytes,
                                      struct fe_err *err);
FE_MUST_USE enum fe_rc fe_keyruns_end(struct fe_keyruns *r, struct fe_err *err);
/* Of the run that was begun: the bucket where a hash belongs, and how many there are. */
size_t fe_keyruns_bucket(const struct fe_keyruns *r, uint64_t hash);
size_t fe_keyruns_n_buckets(const struct fe_keyruns *r);

/* Takes off todo[0..*n], which are places in hashes, those that no run has, or not run number i. */
void fe_keyruns_filter_all(const struct fe_keyruns *r, const uint64_t *hashes, uint32_t *todo, size_t *n);
void fe_keyruns_filter(const struct fe_keyruns *r, size_t i, const uint64_t *hashes, uint32_t *todo, size_t *n);
/* The value of a key in run number i, good until the next call; NULL: it has none. */
FE_MUST_USE enum fe_rc fe_keyruns_find(struct fe_keyruns *r, size_t i, uint64_t hash, struct fe_str key,
                                       const void **value, struct fe_key_place *place, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_keyruns_update(struct fe_keyruns *r, const struct fe_key_place *place, const void *value,
                                         struct fe_err *err);
/* All entries, in any order, from a zeroed cursor; views are good until the next call. key->p NULL: no more. */
struct fe_keyrun_cursor { size_t run, bucket, at; };
FE_MUST_USE enum fe_rc fe_keyruns_next(struct fe_keyruns *r, struct fe_keyrun_cursor *c, struct fe_str *key,
                                       const void **value, struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* base/keyrun_merge.c - all runs become one, see base/keyrun.h
 *
 * Entries that share the top bits of their hashes are read from all runs, sorted by hash, and written to
 * the new one; then those with the next top bits. So memory is that of a region, and each byte is read once.
 */
#include <stdlib.h>

#include "base/keyrun_private.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/unnamed.h"

#define REGION_BYTES ((size_t)512 * 1024)

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
	size_t start = fe_keyrun_start(run, first), n_bytes = fe_keyrun_end(run, end - 1) - start, n_entry;
	struct fe_str key;
	const void *value;

	if (n_bytes == 0)
		return FE_OK;
	FE_TRY(fe_keyruns_read_file(r, run->at + start, n_bytes, err));
	for (size_t bucket = first; bucket < end; bucket++) {
		size_t in = fe_keyrun_start(run, bucket) - start, room = fe_keyrun_end(run, bucket) - start - in, at = 0;
		const char *p = r->bucket.p + in;
		if (room > 0 && !fe_keyruns_is_bucket(r, p, room, run->at + start + in))
			return fe_keyruns_fail_damaged(r, err);
		while (room > 0 && fe_keyruns_next_entry(r, p, &at, &key, &value, &n_entry)) {
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
			FE_TRY(fe_keyrun_put(to, run, g->entries[k].hash, g->bytes.p + g->entries[k].at, g->entries[k].n_bytes, err));
	}
	return fe_keyrun_finish(to, run, err);
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

enum fe_rc
fe_keyruns_merge(struct fe_keyruns *r, struct fe_err *err)
{
	struct region g = { 0 };
	struct fe_keyrun run;
	struct fe_keyruns to;
	uint64_t n_keys = 0;
	enum fe_rc rc;

	for (size_t i = 0; i < r->n_runs; i++)
		n_keys += r->runs[i].n_keys;
	fe_keyrun_shape(&run, n_keys, r->max_bytes / 8);
	fe_keyruns_init(&to, r->folder, r->value_bytes, r->max_bytes, r->hash_key);
	fe_buf_init(&g.bytes, FE_KEYRUN_MAX_BUCKET_BYTES);
	fe_keyrun_begin(&to, &run);
	rc = fe_keyruns_at_folder(r, fe_unnamed_open(&to.fd, to.folder, err), err);
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
	fe_keyruns_free(&run, 1);
	fe_buf_reset(&g.bytes);
	fe_free(g.entries);
	return rc;
}

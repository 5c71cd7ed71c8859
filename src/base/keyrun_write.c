// SPDX-License-Identifier: Apache-2.0
/* base/keyrun_write.c - a run of keys goes to the disk, bucket by bucket, see base/keyrun.h */
#include <unistd.h>

#include "base/failpoint.h"
#include "base/keyrun_private.h"
#include "base/mem.h"
#include "base/unnamed.h"
#include "base/write_all.h"

#define BUCKET_KEYS 16  /* at least, and fewer than twice as many */
#define FILTER_BITS 8   /* a key, where there is room */
#define FLUSH_BYTES ((size_t)256 * 1024)

static struct fe_keyrun *
begun_run(const struct fe_keyruns *r)
{
	return &r->runs[r->n_runs];
}

size_t fe_keyruns_n_buckets(const struct fe_keyruns *r) { return (size_t)1 << begun_run(r)->bits; }
size_t fe_keyruns_bucket(const struct fe_keyruns *r, uint64_t hash) { return fe_keyrun_bucket_of(begun_run(r), hash); }

void
fe_keyrun_shape(struct fe_keyrun *run, uint64_t n_keys, uint64_t max_bytes)
{
	uint64_t n_words = n_keys * FILTER_BITS / 64 + 1;

	*run = (struct fe_keyrun){ 0 };
	while (n_keys >> run->bits >= 2 * BUCKET_KEYS && fe_keyrun_ends_bytes(run->bits + 1) <= max_bytes / 4)
		run->bits++;
	uint64_t left = max_bytes > fe_keyrun_ends_bytes(run->bits) ? max_bytes - fe_keyrun_ends_bytes(run->bits) : 0;
	if (n_words > left / sizeof *run->filter.words)
		n_words = left / sizeof *run->filter.words + 1;
	run->filter.n_words = n_words < UINT32_MAX ? (uint32_t)n_words : UINT32_MAX;
}

void
fe_keyrun_begin(struct fe_keyruns *r, struct fe_keyrun *run)
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
	FE_TRY(fe_keyruns_at_folder(r, fe_pwrite_all(r->fd, r->size_bytes, r->out.p, r->out.n_bytes, err), err));
	r->size_bytes += r->out.n_bytes;
	fe_buf_clear(&r->out);
	r->bucket_at = 0;
	return FE_OK;
}

/* The bucket that is being filled ends here; those behind it, up to `next`, are empty. */
static enum fe_rc
end_bucket(struct fe_keyruns *r, struct fe_keyrun *run, size_t next, struct fe_err *err)
{
	static const char zeros[FE_KEYRUN_UNIT];
	size_t n_bytes = r->out.n_bytes - r->bucket_at;

	if (n_bytes) {
		char *bucket = r->out.p + r->bucket_at;
		struct fe_bucket_head head;
		memcpy(&head, bucket, sizeof head);
		head.n_bytes = (uint32_t)(n_bytes - sizeof head);
		memcpy(bucket, &head, sizeof head);
		head.check = fe_keyruns_check_of(r, bucket, r->size_bytes + r->bucket_at);
		memcpy(bucket, &head, sizeof head);
		fe_buf_add(&r->out, zeros, (FE_KEYRUN_UNIT - n_bytes % FE_KEYRUN_UNIT) % FE_KEYRUN_UNIT);
		r->bucket_at = r->out.n_bytes;
	}
	uint64_t end = (r->size_bytes + r->out.n_bytes - run->at) / FE_KEYRUN_UNIT;
	if (end > UINT32_MAX)
		return fe_fail(err, FE_ELIMIT, "the keys need more than 256 GiB of disk; load fewer records a run");
	while (run->n_ends < next)
		run->ends[run->n_ends++] = (uint32_t)end;
	return r->out.n_bytes < FLUSH_BYTES ? FE_OK : flush(r, err);
}

enum fe_rc
fe_keyrun_put(struct fe_keyruns *r, struct fe_keyrun *run, uint64_t hash, const void *entry, size_t n_bytes, struct fe_err *err)
{
	size_t bucket = fe_keyrun_bucket_of(run, hash);
	struct fe_bucket_head head = { 0 };

	FE_ASSERT(bucket >= run->n_ends);
	if (bucket > run->n_ends)
		FE_TRY(end_bucket(r, run, bucket, err));
	if (r->out.n_bytes == r->bucket_at)
		fe_buf_add(&r->out, &head, sizeof head);
	fe_buf_add(&r->out, entry, n_bytes);
	*fe_keyfilter_word(&run->filter, hash) |= fe_keyfilter_bits(hash);
	run->n_keys++;
	return FE_OK;
}

enum fe_rc
fe_keyrun_finish(struct fe_keyruns *r, struct fe_keyrun *run, struct fe_err *err)
{
	FE_TRY(end_bucket(r, run, (size_t)1 << run->bits, err));
	FE_TRY(fe_buf_check(&r->out, "keys that share a part of their hash", err));
	return r->out.n_bytes ? flush(r, err) : FE_OK;
}

enum fe_rc
fe_keyruns_put(struct fe_keyruns *r, uint64_t hash, const void *entry, size_t n_bytes, struct fe_err *err)
{
	*fe_keyfilter_word(&r->all, hash) |= fe_keyfilter_bits(hash);
	return fe_keyrun_put(r, begun_run(r), hash, entry, n_bytes, err);
}

enum fe_rc
fe_keyruns_end(struct fe_keyruns *r, struct fe_err *err)
{
	FE_TRY(fe_keyrun_finish(r, begun_run(r), err));
	r->n_runs++;
	return FE_OK;
}

enum fe_rc
fe_keyruns_begin(struct fe_keyruns *r, uint64_t n_keys, struct fe_err *err)
{
	struct fe_keyrun run;

	if (r->fd < 0)
		FE_TRY(fe_keyruns_at_folder(r, fe_unnamed_open(&r->fd, r->folder, err), err));
	if (!r->all.words) {
		uint64_t n_words = fe_keyruns_reserved_bytes(r) / sizeof *r->all.words + 1;
		r->all.n_words = n_words < UINT32_MAX ? (uint32_t)n_words : UINT32_MAX;
		r->all.words = fe_new_array(r->all.n_words, uint64_t);
	}
	fe_keyrun_shape(&run, n_keys, r->max_bytes / 8);
	if (r->n_runs > 1 &&
	    (r->n_runs == FE_MAX_KEYRUNS - 1 || fe_keyruns_all_bytes(r) + fe_keyrun_bytes(&run) > r->max_bytes / 4))
		FE_TRY(fe_keyruns_merge(r, err));
	fe_keyruns_free(begun_run(r), 1); /* one that was begun, and not ended */
	*begun_run(r) = run;
	fe_keyrun_begin(r, begun_run(r));
	return FE_OK;
}

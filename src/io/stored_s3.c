// SPDX-License-Identifier: Apache-2.0
/* io/stored_s3.c - an object of S3, read ahead in ranges by several connections
 *
 * The object is looked at once (HEAD); what is read is of just that state of it. One that is
 * no longer than a range is read as it comes. Of a longer one, threads read a range each
 * into the slots of a ring, at most as far ahead as the ring is long; the reader takes the
 * bytes in order, also of a range that is still coming.
 *
 *   Memory   of all ranges and connections at most net's max_object_bytes, whatever the object's size: with less
 *            memory ranges are shorter, and then fewer
 *   Failure  is told when the reader comes to the range that failed
 */
#include <pthread.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/stop.h"
#include "io/session.h"
#include "io/stored.h"

#define RANGE_BYTES ((size_t)8 << 20)
#define LEAST_RANGE_BYTES ((size_t)1 << 20)
#define CONNECTION_BYTES ((size_t)512 * 1024) /* of TLS, of libcurl, and what came ahead of the reader */
#define CONNECTIONS 8
#define FEW_CONNECTIONS 4 /* ranges get shorter before there are fewer than that */
#define STEP_BYTES ((size_t)256 * 1024) /* how often a range tells of its progress */

struct slot {
	char *p;
	uint64_t range;   /* which one it holds */
	size_t n_have;
	enum fe_rc rc;
	struct fe_err err;
};

struct ahead {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t range_bytes;
	unsigned n_threads;
	pthread_t threads[CONNECTIONS];
	struct slot slots[CONNECTIONS];
	struct fe_s3_get *gets[CONNECTIONS]; /* one a thread, while it reads */
	uint64_t next, done, n_ranges;       /* to be read next; taken by the reader; in all */
	bool is_stopped;
};

struct stored_s3 {
	struct fe_stored base;
	struct fe_net_settings net;
	struct fe_s3 *s3;
	struct fe_buf location;  /* of the views in url */
	struct fe_s3_url url;
	struct fe_s3_info info;
	uint64_t n_read;
	uint32_t crc32;
	struct fe_s3_get *get;   /* of a short object */
	struct ahead *ahead;     /* of a long one */
};

/* ---- the threads ---- */

static size_t
range_bytes(const struct stored_s3 *s, uint64_t range)
{
	uint64_t left = s->info.size_bytes - range * s->ahead->range_bytes;
	return left < s->ahead->range_bytes ? (size_t)left : s->ahead->range_bytes;
}

/* A range of its own, for as long as there are any; UINT64_MAX: none. */
static uint64_t
take_range(struct ahead *a)
{
	(void)pthread_mutex_lock(&a->lock);
	while (!a->is_stopped && a->next < a->n_ranges && a->next - a->done >= a->n_threads)
		(void)pthread_cond_wait(&a->changed, &a->lock);
	uint64_t range = a->is_stopped || a->next >= a->n_ranges ? UINT64_MAX : a->next++;
	if (range != UINT64_MAX) {
		struct slot *slot = &a->slots[range % a->n_threads];
		slot->range = range;
		slot->n_have = 0;
		slot->rc = FE_OK;
	}
	(void)pthread_mutex_unlock(&a->lock);
	return range;
}

static void
tell(struct ahead *a, struct slot *slot, size_t n_bytes, enum fe_rc rc, const struct fe_err *err)
{
	(void)pthread_mutex_lock(&a->lock);
	slot->n_have += n_bytes;
	if (rc) {
		slot->rc = rc;
		slot->err = *err;
	}
	(void)pthread_cond_broadcast(&a->changed);
	(void)pthread_mutex_unlock(&a->lock);
}

/* Where it can be cancelled; false: it is too late for it to begin. */
static bool
register_get(struct ahead *a, unsigned thread, struct fe_s3_get *get)
{
	(void)pthread_mutex_lock(&a->lock);
	bool is_fine = !a->is_stopped || !get;
	a->gets[thread] = is_fine ? get : NULL;
	(void)pthread_mutex_unlock(&a->lock);
	return is_fine;
}

static enum fe_rc
read_range(struct stored_s3 *s, unsigned thread, uint64_t range, struct fe_err *err)
{
	struct ahead *a = s->ahead;
	struct slot *slot = &a->slots[range % a->n_threads];
	size_t size = range_bytes(s, range), at = 0;
	struct fe_s3_get *get;
	enum fe_rc rc;

	FE_TRY(fe_s3_get_open(&get, s->s3, &s->url, &s->info, range * a->range_bytes, size, err));
	rc = register_get(a, thread, get) ? FE_OK : FE_ECANCEL;
	while (rc == FE_OK && at < size) {
		size_t n, step = size - at < STEP_BYTES ? size - at : STEP_BYTES;
		rc = fe_s3_get_read(get, slot->p + at, step, &n, err);
		if (rc == FE_OK)
			tell(a, slot, n, FE_OK, NULL);
		at += n;
	}
	(void)register_get(a, thread, NULL);
	fe_s3_get_close(get);
	return rc;
}

struct start { struct stored_s3 *s; unsigned thread; };

static void *
run_thread(void *user)
{
	struct start start = *(struct start *)user;
	struct ahead *a = start.s->ahead;
	fe_free(user);
	for (;;) {
		struct fe_err err = FE_ERR_INIT;
		uint64_t range = take_range(a);
		if (range == UINT64_MAX)
			return NULL;
		enum fe_rc rc = read_range(start.s, start.thread, range, &err);
		if (rc) {
			tell(a, &a->slots[range % a->n_threads], 0, rc, &err);
			return NULL;
		}
	}
}

static void
stop_threads(struct ahead *a)
{
	(void)pthread_mutex_lock(&a->lock);
	a->is_stopped = true;
	for (unsigned i = 0; i < a->n_threads; i++)
		if (a->gets[i])
			fe_s3_get_cancel(a->gets[i]);
	(void)pthread_cond_broadcast(&a->changed);
	(void)pthread_mutex_unlock(&a->lock);
}

static void
free_ahead(struct ahead *a, unsigned n_started)
{
	stop_threads(a);
	for (unsigned i = 0; i < n_started; i++)
		(void)pthread_join(a->threads[i], NULL);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		fe_free(a->slots[i].p);
	(void)pthread_cond_destroy(&a->changed);
	(void)pthread_mutex_destroy(&a->lock);
	fe_free(a);
}

/* How long ranges are, and how many there are at a time. */
static void
divide(struct ahead *a, uint64_t size_bytes, uint64_t max_bytes)
{
	const uint64_t most = max_bytes ? max_bytes : FE_NET_OBJECT_BYTES;
	uint64_t n;

	a->range_bytes = RANGE_BYTES;
	while (a->range_bytes > LEAST_RANGE_BYTES && FEW_CONNECTIONS * (a->range_bytes + CONNECTION_BYTES) > most)
		a->range_bytes /= 2;
	a->n_ranges = (size_bytes + a->range_bytes - 1) / a->range_bytes;
	n = most / (a->range_bytes + CONNECTION_BYTES);
	n = n < a->n_ranges ? n : a->n_ranges;
	a->n_threads = n > CONNECTIONS ? CONNECTIONS : n ? (unsigned)n : 1;
}

static enum fe_rc
start_threads(struct stored_s3 *s, struct fe_err *err)
{
	struct ahead *a = fe_new(struct ahead);
	FE_ASSERT(pthread_mutex_init(&a->lock, NULL) == 0 && pthread_cond_init(&a->changed, NULL) == 0);
	divide(a, s->info.size_bytes, s->net.max_object_bytes);
	s->ahead = a;
	for (unsigned i = 0; i < a->n_threads; i++)
		a->slots[i] = (struct slot){ .p = fe_alloc(a->range_bytes), .range = UINT64_MAX };
	for (unsigned i = 0; i < a->n_threads; i++) {
		struct start *start = fe_new(struct start);
		*start = (struct start){ s, i };
		int failed = pthread_create(&a->threads[i], NULL, run_thread, start);
		if (failed == 0)
			continue;
		fe_free(start);
		s->ahead = NULL;
		free_ahead(a, i);
		return fe_fail_errno(err, failed, "cannot start a thread to read with", NULL);
	}
	return FE_OK;
}

/* ---- the reader ---- */

static enum fe_rc
read_ahead(struct stored_s3 *s, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	struct ahead *a = s->ahead;
	uint64_t range = s->n_read / a->range_bytes;
	size_t at = (size_t)(s->n_read % a->range_bytes), size = range_bytes(s, range);
	struct slot *slot = &a->slots[range % a->n_threads];
	enum fe_rc rc = FE_OK;

	(void)pthread_mutex_lock(&a->lock);
	while ((slot->range != range || slot->n_have <= at) && !(slot->range == range && slot->rc))
		(void)pthread_cond_wait(&a->changed, &a->lock);
	size_t n_have = slot->n_have - at;
	if (n_have == 0) {
		rc = slot->rc;
		if (err)
			*err = slot->err;
	}
	(void)pthread_mutex_unlock(&a->lock);
	if (rc)
		return rc;
	*n_bytes = n_have < cap_bytes ? n_have : cap_bytes;
	memcpy(out, slot->p + at, *n_bytes);
	if (at + *n_bytes < size)
		return FE_OK;
	(void)pthread_mutex_lock(&a->lock);
	a->done = range + 1;
	(void)pthread_cond_broadcast(&a->changed);
	(void)pthread_mutex_unlock(&a->lock);
	return FE_OK;
}

static enum fe_rc
check_sum(const struct stored_s3 *s, struct fe_err *err)
{
	if (!s->info.has_crc32 || s->crc32 == s->info.crc32)
		return FE_OK;
	return fe_fail(err, FE_EDATA,
		       "the bytes that were read are not those that S3 has: their CRC-32 is %08x, and should be %08x; "
		       "run again", s->crc32, s->info.crc32);
}

static enum fe_rc
stored_s3_read(struct fe_stored *stored, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	struct stored_s3 *s = (struct stored_s3 *)stored;

	FE_TRY(fe_stop_check(err));
	if (s->n_read == s->info.size_bytes || cap_bytes == 0)
		return cap_bytes ? check_sum(s, err) : FE_OK;
	if (s->ahead) {
		FE_TRY(read_ahead(s, out, cap_bytes, n_bytes, err));
	} else {
		if (!s->get)
			FE_TRY(fe_s3_get_open(&s->get, s->s3, &s->url, &s->info, 0, s->info.size_bytes, err));
		FE_TRY(fe_s3_get_read(s->get, out, cap_bytes, n_bytes, err));
	}
	s->n_read += *n_bytes;
	if (s->info.has_crc32)
		s->crc32 = (uint32_t)crc32_z(s->crc32, out, *n_bytes);
	return FE_OK;
}

/* "null" is S3's name for the version of an object that came while its bucket kept none. Not every server knows it where
 * the bucket keeps none still, so that the current one is looked at first: without a name it is that. */
static enum fe_rc
head(struct stored_s3 *s, struct fe_err *err)
{
	struct fe_s3_url current = s->url;

	current.version = (struct fe_str){ 0 };
	if (fe_str_is(s->url.version, "null") && fe_s3_head(s->s3, &current, &s->info, NULL) == FE_OK) {
		if (!s->info.version) {
			s->url = current;
			return FE_OK;
		}
		fe_s3_info_reset(&s->info);
	}
	return fe_s3_head(s->s3, &s->url, &s->info, err);
}

static enum fe_rc
look(struct stored_s3 *s, const char *location, struct fe_err *err)
{
	fe_buf_init(&s->location, 16384);
	fe_buf_add_text(&s->location, location);
	FE_TRY(fe_buf_check(&s->location, "the location of an object", err));
	FE_TRY(fe_s3_url_parse(fe_buf_text(&s->location), &s->url, err));
	FE_TRY(fe_session_take_s3(&s->net, &s->s3, err));
	FE_TRY(head(s, err));
	s->base.path = fe_strdup(location);
	s->base.version = s->info.version ? fe_strdup(s->info.version) : fe_etag_name(s->info.etag);
	s->base.mtime_us = s->info.mtime_us;
	s->base.size_bytes = s->info.size_bytes;
	memcpy(s->base.sha256, s->info.sha256, sizeof s->base.sha256);
	return FE_OK;
}

/* Threads are started by the first read: whoever only looks needs none. */
static enum fe_rc
stored_s3_first_read(struct fe_stored *stored, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	struct stored_s3 *s = (struct stored_s3 *)stored;
	if (!s->ahead && s->n_read == 0 && s->info.size_bytes > RANGE_BYTES)
		FE_TRY(start_threads(s, err));
	return stored_s3_read(stored, out, cap_bytes, n_bytes, err);
}

static enum fe_rc
stored_s3_open(struct fe_stored **out, const char *location, const struct fe_net_settings *net,
	       struct fe_err *err)
{
	struct stored_s3 *s = fe_new(struct stored_s3);
	s->base.ops = &fe_stored_s3;
	s->net = *net;
	enum fe_rc rc = look(s, location, err);
	if (rc)
		fe_stored_close(&s->base);
	else
		*out = &s->base;
	return rc;
}

static void
stored_s3_close(struct fe_stored *stored)
{
	struct stored_s3 *s = (struct stored_s3 *)stored;
	if (s->ahead)
		free_ahead(s->ahead, s->ahead->n_threads);
	fe_s3_get_close(s->get);
	fe_s3_info_reset(&s->info);
	fe_session_give_s3(&s->net, s->s3);
	fe_buf_reset(&s->location);
	fe_free(s);
}

const struct fe_stored_ops fe_stored_s3 = {
	.open = stored_s3_open,
	.read = stored_s3_first_read,
	.close = stored_s3_close,
};

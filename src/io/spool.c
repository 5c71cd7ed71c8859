// SPDX-License-Identifier: Apache-2.0
/* io/spool.c - entries framed by their length, in memory first, then in an unnamed file
 *
 * One block of memory serves both ways. While entries are added it holds the last of
 * them, those before it being in the file; reading turns it into the window of the file
 * that is being read. Adding after reading goes on behind the last entry.
 *
 * The disk is not taken at its word: a frame has the hash of its entry, too.
 */
#include "io/spool.h"

#include <unistd.h>

#include "base/failpoint.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/unnamed.h"
#include "base/write_all.h"

#define BLOCK_BYTES ((size_t)64 * 1024)
#define MAX_ENTRY_BYTES ((size_t)64 * 1024 * 1024)

/* Before each entry. */
struct frame {
	uint64_t n_bytes, hash;
};

struct fe_spool {
	char *folder;
	struct fe_hash_key hash_key;
	int fd;             /* -1: all is in memory */
	uint64_t n_entries;
	uint64_t n_stored;  /* bytes in the file */
	char *tail;         /* [BLOCK_BYTES] bytes added, behind those in the file */
	size_t n_tail;

	uint64_t read_at;   /* place of the next frame, in file and tail as one */
	char *window;       /* [BLOCK_BYTES] bytes of the file, from window_at on */
	uint64_t window_at;
	size_t n_window;
	struct fe_buf entry;/* the one last given */
};

enum fe_rc
fe_spool_open(struct fe_spool **out, const char *folder, struct fe_err *err)
{
	(void)err; /* the file is made when it is needed */
	struct fe_spool *s = fe_new(struct fe_spool);
	s->folder = fe_strdup(folder);
	fe_hash_key_random(&s->hash_key);
	s->fd = -1;
	s->tail = fe_alloc(BLOCK_BYTES);
	fe_buf_init(&s->entry, MAX_ENTRY_BYTES);
	*out = s;
	return FE_OK;
}

void
fe_spool_close(struct fe_spool *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		(void)close(s->fd); /* it has no name: nothing is to stay */
	fe_buf_reset(&s->entry);
	fe_free(s->window);
	fe_free(s->tail);
	fe_free(s->folder);
	fe_free(s);
}

uint64_t fe_spool_n_entries(const struct fe_spool *s) { return s->n_entries; }

static enum fe_rc
store(struct fe_spool *s, const void *p, size_t n_bytes, struct fe_err *err)
{
	if (s->fd < 0)
		FE_TRY(fe_unnamed_open(&s->fd, s->folder, err));
	FE_TRY(fe_failpoint("spool.write", err));
	enum fe_rc rc = fe_pwrite_all(s->fd, s->n_stored, p, n_bytes, err);
	if (rc)
		fe_err_at(err, s->folder, 0, NULL);
	else
		s->n_stored += n_bytes;
	return rc;
}

static enum fe_rc
append(struct fe_spool *s, const void *p, size_t n_bytes, struct fe_err *err)
{
	if (n_bytes > BLOCK_BYTES - s->n_tail) {
		FE_TRY(store(s, s->tail, s->n_tail, err));
		s->n_tail = 0;
		if (n_bytes > BLOCK_BYTES)
			return store(s, p, n_bytes, err);
	}
	if (n_bytes)
		memcpy(s->tail + s->n_tail, p, n_bytes);
	s->n_tail += n_bytes;
	return FE_OK;
}

enum fe_rc
fe_spool_add(struct fe_spool *s, struct fe_str entry, struct fe_err *err)
{
	const struct frame frame = { entry.n, fe_hash64(&s->hash_key, entry.p, entry.n) };
	if (entry.n > MAX_ENTRY_BYTES)
		return fe_fail(err, FE_ELIMIT,
			       "an entry of %zu bytes is too long to be spooled (limit %zu)", entry.n,
			       MAX_ENTRY_BYTES);
	FE_TRY(append(s, &frame, sizeof frame, err));
	enum fe_rc rc = append(s, entry.p, entry.n, err);
	if (rc) { /* a frame without its entry must not stay: what was added before is still read */
		if (s->n_tail >= sizeof frame)
			s->n_tail -= sizeof frame;
		else
			s->n_stored -= sizeof frame;
		return rc;
	}
	s->n_entries++;
	return FE_OK;
}

enum fe_rc
fe_spool_rewind(struct fe_spool *s, struct fe_err *err)
{
	(void)err;
	s->read_at = 0;
	return FE_OK;
}

/* Bytes of the file, through the window. */
static enum fe_rc
read_stored(struct fe_spool *s, char *out, size_t n_bytes, struct fe_err *err)
{
	if (n_bytes > BLOCK_BYTES)
		return fe_pread_all(s->fd, s->read_at, out, n_bytes, err);
	if (s->read_at < s->window_at || s->read_at + n_bytes > s->window_at + s->n_window) {
		uint64_t n_left = s->n_stored - s->read_at;
		size_t n = n_left < BLOCK_BYTES ? (size_t)n_left : BLOCK_BYTES;
		if (!s->window)
			s->window = fe_alloc(BLOCK_BYTES);
		s->n_window = 0;
		FE_TRY(fe_pread_all(s->fd, s->read_at, s->window, n, err));
		s->window_at = s->read_at;
		s->n_window = n;
	}
	memcpy(out, s->window + (s->read_at - s->window_at), n_bytes);
	return FE_OK;
}

/* A frame or an entry may lie across the file's end and the tail. */
static enum fe_rc
take(struct fe_spool *s, char *out, size_t n_bytes, struct fe_err *err)
{
	if (s->read_at < s->n_stored && n_bytes > 0) {
		uint64_t n_left = s->n_stored - s->read_at;
		size_t n = n_left < n_bytes ? (size_t)n_left : n_bytes;
		enum fe_rc rc = read_stored(s, out, n, err);
		if (rc) {
			fe_err_at(err, s->folder, 0, NULL);
			return rc;
		}
		s->read_at += n;
		out += n;
		n_bytes -= n;
	}
	if (n_bytes > 0) {
		size_t at = (size_t)(s->read_at - s->n_stored);
		FE_ASSERT(at <= s->n_tail && n_bytes <= s->n_tail - at);
		memcpy(out, s->tail + at, n_bytes);
		s->read_at += n_bytes;
	}
	return FE_OK;
}

static enum fe_rc
fail_damaged(const struct fe_spool *s, struct fe_err *err)
{
	(void)fe_fail(err, FE_EUNAVAIL,
		      "what was spooled to this folder came back changed; check its disk, then run again");
	fe_err_at(err, s->folder, 0, NULL);
	return FE_EUNAVAIL;
}

enum fe_rc
fe_spool_next(struct fe_spool *s, struct fe_str *entry, bool *more, struct fe_err *err)
{
	struct frame frame;
	*entry = (struct fe_str){ 0 };
	*more = s->read_at < s->n_stored + s->n_tail;
	if (!*more)
		return FE_OK;
	FE_TRY(take(s, (char *)&frame, sizeof frame, err));
	if (frame.n_bytes > MAX_ENTRY_BYTES || frame.n_bytes > s->n_stored + s->n_tail - s->read_at)
		return fail_damaged(s, err);
	fe_buf_clear(&s->entry);
	if (!fe_buf_reserve(&s->entry, (size_t)frame.n_bytes))
		return fe_buf_check(&s->entry, "a spooled entry", err);
	FE_TRY(take(s, s->entry.p, (size_t)frame.n_bytes, err));
	s->entry.n_bytes = (size_t)frame.n_bytes;
	*entry = fe_buf_str(&s->entry);
	if (fe_hash64(&s->hash_key, entry->p, entry->n) != frame.hash)
		return fail_damaged(s, err);
	return FE_OK;
}

// SPDX-License-Identifier: Apache-2.0
/* load/row_store.c - see load/row_store.h
 *
 * Each row stands behind its length and the lower half of its keyed hash: the disk is not
 * taken at its word. A row is found from the place of the 16th before it, by walking.
 */
#include "load/row_store.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/failpoint.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/unnamed.h"
#include "base/write_all.h"

#define TAIL_BYTES ((size_t)256 * 1024)
#define WINDOW_BYTES ((size_t)8 * 1024)
#define MAX_ROW_BYTES ((size_t)1 << 30) /* as much as PostgreSQL takes */
#define ROWS_A_PLACE 16

struct frame {
	uint32_t n_bytes, check;
};

struct fe_row_store {
	const char *folder;
	struct fe_hash_key hash_key;
	int fd;            /* -1: all is in the tail */
	uint64_t n_rows;
	uint64_t *places;  /* of rows 0, 16, 32, ... */
	size_t n_places, cap_places;
	uint64_t n_stored; /* bytes in the file */
	char *tail;        /* [TAIL_BYTES] those behind them */
	size_t n_tail;
	char *window;      /* [WINDOW_BYTES] of the file, from window_at on */
	uint64_t window_at;
	size_t n_window;
	struct fe_buf row; /* the one last given */
};

struct fe_row_store *
fe_row_store_new(const char *folder)
{
	struct fe_row_store *s = fe_new(struct fe_row_store);

	s->folder = folder;
	s->fd = -1;
	fe_hash_key_random(&s->hash_key);
	fe_buf_init(&s->row, MAX_ROW_BYTES);
	return s;
}

void
fe_row_store_free(struct fe_row_store *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		(void)close(s->fd); /* it has no name: nothing is to stay */
	fe_free(s->places);
	fe_free(s->tail);
	fe_free(s->window);
	fe_buf_reset(&s->row);
	fe_free(s);
}

uint64_t
fe_row_store_n_rows(const struct fe_row_store *s)
{
	return s->n_rows;
}

/* ---- in ---- */

static enum fe_rc
store(struct fe_row_store *s, const void *p, size_t n_bytes, struct fe_err *err)
{
	enum fe_rc rc;

	if (s->fd < 0)
		FE_TRY(fe_unnamed_open(&s->fd, s->folder, err));
	FE_TRY(fe_failpoint("spool.write", err));
	rc = fe_pwrite_all(s->fd, s->n_stored, p, n_bytes, err);
	if (rc)
		fe_err_at(err, s->folder, 0, NULL);
	else
		s->n_stored += n_bytes;
	return rc;
}

static enum fe_rc
append(struct fe_row_store *s, const void *p, size_t n_bytes, struct fe_err *err)
{
	if (n_bytes > TAIL_BYTES - s->n_tail) {
		FE_TRY(store(s, s->tail, s->n_tail, err));
		s->n_tail = 0;
		if (n_bytes > TAIL_BYTES)
			return store(s, p, n_bytes, err);
	}
	if (n_bytes > 0)
		memcpy(s->tail + s->n_tail, p, n_bytes);
	s->n_tail += n_bytes;
	return FE_OK;
}

static struct frame
frame_of(const struct fe_row_store *s, struct fe_str row)
{
	return (struct frame){ .n_bytes = (uint32_t)row.n,
		               .check = (uint32_t)fe_hash64(&s->hash_key, row.p, row.n) };
}

enum fe_rc
fe_row_store_add(struct fe_row_store *s, struct fe_str row, struct fe_err *err)
{
	struct frame frame;

	if (row.n > MAX_ROW_BYTES)
		return fe_fail(err, FE_ELIMIT, "a row of %zu bytes is too long (limit %zu)", row.n,
		               MAX_ROW_BYTES);
	if (!s->tail)
		s->tail = fe_alloc(TAIL_BYTES);
	if (s->n_rows % ROWS_A_PLACE == 0) {
		s->places = fe_grow(s->places, &s->cap_places, s->n_places + 1, sizeof(*s->places));
		s->places[s->n_places++] = s->n_stored + s->n_tail;
	}
	frame = frame_of(s, row);
	FE_TRY(append(s, &frame, sizeof(frame), err));
	FE_TRY(append(s, row.p, row.n, err));
	s->n_rows++;
	return FE_OK;
}

/* ---- out ---- */

/* Bytes of the file, small ones by way of the window. */
static enum fe_rc
read_stored(struct fe_row_store *s, uint64_t at, char *out, size_t n_bytes, struct fe_err *err)
{
	uint64_t n_left = s->n_stored - at;

	if (n_bytes > WINDOW_BYTES)
		return fe_pread_all(s->fd, at, out, n_bytes, err);
	if (at < s->window_at || at + n_bytes > s->window_at + s->n_window) {
		size_t n = n_left < WINDOW_BYTES ? (size_t)n_left : WINDOW_BYTES;

		if (!s->window)
			s->window = fe_alloc(WINDOW_BYTES);
		s->n_window = 0;
		FE_TRY(fe_pread_all(s->fd, at, s->window, n, err));
		s->window_at = at;
		s->n_window = n;
	}
	memcpy(out, s->window + (at - s->window_at), n_bytes);
	return FE_OK;
}

/* What is asked for may lie across the end of the file and the tail. */
static enum fe_rc
read_at(struct fe_row_store *s, uint64_t at, char *out, size_t n_bytes, struct fe_err *err)
{
	uint64_t end = s->n_stored + s->n_tail;
	size_t n = 0;

	if (at > end || n_bytes > end - at)
		return fe_fail(err, FE_EUNAVAIL,
		               "rows set aside in %s came back changed; check its disk, then run again",
		               s->folder);
	if (at < s->n_stored && n_bytes > 0) {
		n = s->n_stored - at < n_bytes ? (size_t)(s->n_stored - at) : n_bytes;
		FE_TRY(read_stored(s, at, out, n, err));
	}
	if (n < n_bytes)
		memcpy(out + n, s->tail + (at + n - s->n_stored), n_bytes - n);
	return FE_OK;
}

enum fe_rc
fe_row_store_get(struct fe_row_store *s, uint64_t number, struct fe_str *row, struct fe_err *err)
{
	struct frame frame = { 0 };
	uint64_t at, i;

	*row = (struct fe_str){ 0 };
	if (number >= s->n_rows)
		return fe_fail(err, FE_EBUG, "there is no row of number %" PRIu64 " in this run", number);
	at = s->places[number / ROWS_A_PLACE];
	for (i = number % ROWS_A_PLACE;; i--) {
		FE_TRY(read_at(s, at, (char *)&frame, sizeof(frame), err));
		at += sizeof(frame);
		if (i == 0)
			break;
		at += frame.n_bytes;
	}
	fe_buf_clear(&s->row);
	if (!fe_buf_reserve(&s->row, frame.n_bytes))
		return fe_buf_check(&s->row, "a row set aside", err);
	FE_TRY(read_at(s, at, s->row.p, frame.n_bytes, err));
	s->row.n_bytes = frame.n_bytes;
	*row = fe_buf_str(&s->row);
	if (frame_of(s, *row).check != frame.check)
		return fe_fail(err, FE_EUNAVAIL,
		               "rows set aside in %s came back changed; check its disk, then run again",
		               s->folder);
	return FE_OK;
}

// SPDX-License-Identifier: Apache-2.0
/* io/reader.c - stored bytes, their hash, and what they are when decompressed
 *
 * All stored bytes pass through read_stored, which counts and hashes them. The first
 * ones go through a buffer, where it is seen what the file is; a plain file is then
 * read straight into the caller's memory, a compressed one keeps using the buffer.
 */
#include "io/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "base/stop.h"
#include "io/decompress.h"

#define BUFFER_BYTES ((size_t)128 * 1024)
#define POLL_MS 250

struct fe_reader {
	int fd;
	bool is_file;        /* a regular one, whose size and mtime must stay */
	struct stat before;
	struct fe_sha256 *sha;
	uint64_t n_stored;   /* read so far */
	bool stored_ended, has_ended;
	struct fe_object_id id;
	char *buffer;
	struct fe_str ahead; /* of buffer: read, not used yet */
	struct fe_decompress *decompress; /* NULL: plain */
};

static int64_t
mtime_us(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000;
}

/* A read from a pipe may wait for ever, and a signal may reach another thread: so it
 * is asked now and then whether to go on. */
static enum fe_rc
wait_for_bytes(int fd, struct fe_err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	for (;;) {
		int n = poll(&p, 1, POLL_MS);
		if (n > 0)
			return FE_OK;
		if (n < 0 && errno != EINTR)
			return fe_fail_errno(err, errno, "cannot wait for input", NULL);
		FE_TRY(fe_stop_check(err));
	}
}

static enum fe_rc
read_some(int fd, bool is_file, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	for (;;) {
		if (!is_file)
			FE_TRY(wait_for_bytes(fd, err));
		ssize_t n = read(fd, out, cap_bytes);
		if (n >= 0) {
			*n_bytes = (size_t)n;
			return FE_OK;
		}
		if (errno != EINTR)
			return fe_fail_errno(err, errno, "cannot read", NULL);
		FE_TRY(fe_stop_check(err));
	}
}

static enum fe_rc
check_unchanged(struct fe_reader *r, struct fe_err *err)
{
	struct stat now;
	if (!r->is_file)
		return FE_OK;
	if (fstat(r->fd, &now) != 0)
		return fe_fail_errno(err, errno, "cannot examine", NULL);
	if (now.st_size == r->before.st_size && now.st_mtim.tv_sec == r->before.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == r->before.st_mtim.tv_nsec &&
	    r->n_stored == (uint64_t)r->before.st_size)
		return FE_OK;
	return fe_fail(err, FE_EDATA,
		       "the file changed while it was read (%lld bytes at first, %llu read, "
		       "%lld now); run again when it is complete",
		       (long long)r->before.st_size, (unsigned long long)r->n_stored,
		       (long long)now.st_size);
}

static enum fe_rc
read_stored(struct fe_reader *r, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	*n_bytes = 0;
	if (r->stored_ended)
		return FE_OK;
	FE_TRY(fe_failpoint("reader.read", err));
	FE_TRY(read_some(r->fd, r->is_file, out, cap_bytes, n_bytes, err));
	if (*n_bytes > 0) {
		fe_sha256_add(r->sha, out, *n_bytes);
		r->n_stored += *n_bytes;
		/* One that keeps growing would never end. */
		if (r->is_file && r->n_stored > (uint64_t)r->before.st_size)
			return check_unchanged(r, err);
		return FE_OK;
	}
	unsigned char digest[FE_SHA256_BYTES];
	FE_TRY(check_unchanged(r, err));
	fe_sha256_end(r->sha, digest);
	fe_sha256_hex(digest, r->id.sha256);
	r->id.size_bytes = r->n_stored;
	r->stored_ended = true;
	return FE_OK;
}

static enum fe_rc
fill_buffer(struct fe_reader *r, struct fe_err *err)
{
	size_t n;
	FE_TRY(read_stored(r, r->buffer, BUFFER_BYTES, &n, err));
	r->ahead = (struct fe_str){ r->buffer, n };
	return FE_OK;
}

static enum fe_rc
open_file(struct fe_reader *r, const char *path, struct fe_err *err)
{
	char canonical[PATH_MAX];
	bool is_stdin = strcmp(path, "-") == 0;
	r->fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (r->fd < 0)
		return fe_fail_errno(err, errno,
				     is_stdin ? "cannot read standard input" : "cannot open", NULL);
	if (fstat(r->fd, &r->before) != 0)
		return fe_fail_errno(err, errno, "cannot examine", NULL);
	if (S_ISDIR(r->before.st_mode))
		return fe_fail(err, FE_EUSAGE,
			       "this is a folder; name the files in it by a pattern, as in '%s/*.csv'",
			       path);
	r->is_file = S_ISREG(r->before.st_mode) && !is_stdin;
	if (r->is_file && realpath(path, canonical))
		r->id.path = fe_strdup(canonical);
	else
		r->id.path = fe_strdup(path);
	r->id.mtime_us = r->is_file ? mtime_us(&r->before) : 0;
	(void)posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return FE_OK;
}

/* Small reads from a pipe must not hide what the content is. */
static enum fe_rc
sniff(struct fe_reader *r, struct fe_err *err)
{
	size_t n_ahead = 0, n;
	do {
		FE_TRY(read_stored(r, r->buffer + n_ahead, BUFFER_BYTES - n_ahead, &n, err));
		n_ahead += n;
	} while (n > 0 && n_ahead < FE_PACKING_SNIFF_BYTES);
	r->ahead = (struct fe_str){ r->buffer, n_ahead };

	const char *foreign = fe_packing_foreign(r->ahead);
	if (foreign)
		return fe_fail(err, FE_EDATA,
			       "this is %s; unpack or export it: what is read is plain, or compressed "
			       "by gzip or zstd",
			       foreign);
	enum fe_packing packing = fe_packing_of(r->ahead);
	if (packing == FE_PACKING_NONE)
		return FE_OK;
	return fe_decompress_new(&r->decompress, packing, err);
}

enum fe_rc
fe_reader_open(struct fe_reader **out, const char *path, struct fe_err *err)
{
	struct fe_reader *r = fe_new(struct fe_reader);
	enum fe_rc rc;

	r->fd = -1;
	r->sha = fe_sha256_new();
	r->buffer = fe_alloc(BUFFER_BYTES);
	rc = open_file(r, path, err);
	if (rc)
		goto fail;
	rc = sniff(r, err);
	if (rc)
		goto fail;
	*out = r;
	return FE_OK;
fail:
	fe_err_at(err, path, 0, NULL);
	fe_reader_close(r);
	*out = NULL;
	return rc;
}

static enum fe_rc
read_plain(struct fe_reader *r, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	if (r->ahead.n == 0)
		return read_stored(r, out, cap_bytes, n_bytes, err);
	*n_bytes = r->ahead.n < cap_bytes ? r->ahead.n : cap_bytes;
	memcpy(out, r->ahead.p, *n_bytes);
	r->ahead.p += *n_bytes;
	r->ahead.n -= *n_bytes;
	return FE_OK;
}

static enum fe_rc
read_decompressed(struct fe_reader *r, void *out, size_t cap_bytes, size_t *n_bytes,
		  struct fe_err *err)
{
	struct fe_decompress_room room = { .p = out, .cap_bytes = cap_bytes };
	for (;;) {
		bool is_done;
		FE_TRY(fe_decompress_step(r->decompress, &r->ahead, r->stored_ended, &room,
					  &is_done, err));
		*n_bytes = room.n_bytes;
		if (room.n_bytes > 0 || is_done)
			return FE_OK;
		FE_TRY(fill_buffer(r, err));
	}
}

enum fe_rc
fe_reader_read(struct fe_reader *r, void *out, size_t cap_bytes, size_t *n_bytes,
	       struct fe_err *err)
{
	char *to = out;
	size_t n_read = 0;

	while (n_read < cap_bytes && !r->has_ended) {
		size_t n;
		enum fe_rc rc;
		if (r->decompress)
			rc = read_decompressed(r, to + n_read, cap_bytes - n_read, &n, err);
		else
			rc = read_plain(r, to + n_read, cap_bytes - n_read, &n, err);
		if (rc) {
			*n_bytes = 0;
			fe_err_at(err, r->id.path, 0, NULL);
			return rc;
		}
		r->has_ended = n == 0;
		n_read += n;
	}
	*n_bytes = n_read;
	return FE_OK;
}

uint64_t fe_reader_stored_bytes_read(const struct fe_reader *r) { return r->n_stored; }

uint64_t
fe_reader_stored_size(const struct fe_reader *r)
{
	return r->is_file ? (uint64_t)r->before.st_size : 0;
}

const struct fe_object_id *fe_reader_identity(const struct fe_reader *r) { return &r->id; }

void
fe_reader_close(struct fe_reader *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		(void)close(r->fd); /* opened for reading: nothing can be lost */
	fe_decompress_free(r->decompress);
	fe_sha256_free(r->sha);
	fe_object_id_reset(&r->id);
	fe_free(r->buffer);
	fe_free(r);
}

void
fe_object_id_reset(struct fe_object_id *id)
{
	fe_free(id->path);
	*id = (struct fe_object_id){ 0 };
}

enum fe_rc
fe_object_identify(const char *path, struct fe_object_id *out, struct fe_err *err)
{
	struct fe_reader r = { .fd = -1 };
	enum fe_rc rc;
	size_t n = 1;

	r.sha = fe_sha256_new();
	r.buffer = fe_alloc(BUFFER_BYTES);
	rc = open_file(&r, path, err);
	while (rc == FE_OK && n > 0)
		rc = read_stored(&r, r.buffer, BUFFER_BYTES, &n, err);
	if (rc == FE_OK) {
		*out = r.id;
		r.id.path = NULL;
	} else {
		fe_err_at(err, path, 0, NULL);
	}
	if (r.fd >= 0)
		(void)close(r.fd);
	fe_sha256_free(r.sha);
	fe_object_id_reset(&r.id);
	fe_free(r.buffer);
	return rc;
}

enum fe_rc
fe_file_read(const char *path, size_t max_bytes, struct fe_buf *out, struct fe_err *err)
{
	struct fe_reader r = { .fd = -1 };
	enum fe_rc rc;
	size_t n = 1;

	rc = open_file(&r, path, err);
	r.buffer = fe_alloc(BUFFER_BYTES);
	fe_buf_clear(out);
	while (rc == FE_OK && n > 0) {
		rc = read_some(r.fd, r.is_file, r.buffer, BUFFER_BYTES, &n, err);
		if (rc == FE_OK && n > max_bytes - out->n_bytes)
			rc = fe_fail(err, FE_ELIMIT,
				     "the file is longer than its limit of %zu bytes", max_bytes);
		if (rc == FE_OK && n > 0)
			fe_buf_add(out, r.buffer, n);
	}
	if (rc == FE_OK)
		rc = fe_buf_check(out, "the file", err);
	if (rc)
		fe_err_at(err, path, 0, NULL);
	if (r.fd >= 0)
		(void)close(r.fd);
	fe_object_id_reset(&r.id);
	fe_free(r.buffer);
	return rc;
}

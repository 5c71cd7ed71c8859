// SPDX-License-Identifier: Apache-2.0
/* io/stored_file.c - a file, a pipe or standard input */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/stop.h"
#include "io/stored.h"

#define POLL_MS 250

struct stored_file {
	struct fe_stored base;
	int fd;
	bool is_file;     /* a regular one, whose size and mtime must stay */
	struct stat before;
	uint64_t n_read;
};

static void stored_file_close(struct fe_stored *stored);

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
read_some(const struct stored_file *s, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	for (;;) {
		if (!s->is_file)
			FE_TRY(wait_for_bytes(s->fd, err));
		ssize_t n = read(s->fd, out, cap_bytes);
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
check_unchanged(const struct stored_file *s, struct fe_err *err)
{
	struct stat now;
	if (!s->is_file)
		return FE_OK;
	if (fstat(s->fd, &now) != 0)
		return fe_fail_errno(err, errno, "cannot examine", NULL);
	if (now.st_size == s->before.st_size && now.st_mtim.tv_sec == s->before.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == s->before.st_mtim.tv_nsec && s->n_read == (uint64_t)s->before.st_size)
		return FE_OK;
	return fe_fail(err, FE_EDATA,
		       "the file changed while it was read (%lld bytes at first, %llu read, "
		       "%lld now); run again when it is complete",
		       (long long)s->before.st_size, (unsigned long long)s->n_read, (long long)now.st_size);
}

static enum fe_rc
stored_file_read(struct fe_stored *stored, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	struct stored_file *s = (struct stored_file *)stored;
	FE_TRY(read_some(s, out, cap_bytes, n_bytes, err));
	s->n_read += *n_bytes;
	/* One that keeps growing would never end. */
	if (*n_bytes == 0 || (s->is_file && s->n_read > (uint64_t)s->before.st_size))
		return check_unchanged(s, err);
	return FE_OK;
}

static enum fe_rc
open_file(struct stored_file *s, const char *path, struct fe_err *err)
{
	char canonical[PATH_MAX];
	bool is_stdin = strcmp(path, "-") == 0;
	s->fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (s->fd < 0)
		return fe_fail_errno(err, errno,
				     is_stdin ? "cannot read standard input" : "cannot open", NULL);
	if (fstat(s->fd, &s->before) != 0)
		return fe_fail_errno(err, errno, "cannot examine", NULL);
	if (S_ISDIR(s->before.st_mode))
		return fe_fail(err, FE_EUSAGE,
			       "this is a folder; name the files in it by a pattern, as in '%s/*.csv'",
			       path);
	s->is_file = S_ISREG(s->before.st_mode) && !is_stdin;
	s->base.path = fe_strdup(s->is_file && realpath(path, canonical) ? canonical : path);
	s->base.mtime_us = s->is_file ? mtime_us(&s->before) : 0;
	s->base.size_bytes = s->is_file ? (uint64_t)s->before.st_size : 0;
	(void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return FE_OK;
}

static enum fe_rc
stored_file_open(struct fe_stored **out, const char *location, const struct fe_net_settings *net,
		 struct fe_err *err)
{
	struct stored_file *s = fe_new(struct stored_file);
	(void)net;
	s->base.ops = &fe_stored_file;
	s->fd = -1;
	enum fe_rc rc = open_file(s, location, err);
	if (rc)
		fe_stored_close(&s->base);
	else
		*out = &s->base;
	return rc;
}

static void
stored_file_close(struct fe_stored *stored)
{
	struct stored_file *s = (struct stored_file *)stored;
	if (s->fd >= 0)
		(void)close(s->fd); /* opened for reading: nothing can be lost */
	fe_free(s);
}

const struct fe_stored_ops fe_stored_file = {
	.open = stored_file_open,
	.read = stored_file_read,
	.close = stored_file_close,
};

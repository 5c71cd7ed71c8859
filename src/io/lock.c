// SPDX-License-Identifier: Apache-2.0
/* io/lock.c - flock(2) on a file that stays
 *
 * The file is never removed: a lock on a file that another process has just unlinked
 * would be worth nothing. Who holds it is written in it for people to read; that it is
 * held, the kernel knows.
 */
#include "io/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/stop.h"
#include "base/time.h"
#include "base/write_all.h"

#define WAIT_STEP_MS 50
#define HOLDER_BYTES 160
#define HOST_BYTES 65

struct fe_lock {
	char *path;
	int fd;
};

static void
read_holder(int fd, char out[HOLDER_BYTES])
{
	ssize_t n = pread(fd, out, HOLDER_BYTES - 1, 0);
	out[n > 0 ? n : 0] = '\0';
	char *end = strchr(out, '\n');
	if (end)
		*end = '\0';
}

static enum fe_rc
write_holder(struct fe_lock *l, int64_t now_us, struct fe_err *err)
{
	char host[HOST_BYTES] = "";
	char since[FE_TIMESTAMP_TEXT_BYTES + 1] = "";
	char line[HOLDER_BYTES];
	if (gethostname(host, sizeof host - 1) != 0)
		host[0] = '\0';
	fe_timestamp_format(now_us, since);
	int n = snprintf(line, sizeof line, "process %ld on %s since %s\n", (long)getpid(), host,
			 since);
	if (n < 0 || (size_t)n >= sizeof line)
		return fe_fail(err, FE_EBUG, "the holder's line is too long");
	if (ftruncate(l->fd, 0) != 0)
		return fe_fail_errno(err, errno, "cannot write the lock file", NULL);
	return fe_pwrite_all(l->fd, 0, line, (size_t)n, err);
}

static enum fe_rc
wait_for_lock(struct fe_lock *l, int64_t wait_ms, const struct fe_clock *clock, struct fe_err *err)
{
	const struct timespec step = { .tv_nsec = WAIT_STEP_MS * 1000000L };
	const int64_t start_us = fe_clock_ticks(clock);
	for (;;) {
		if (flock(l->fd, LOCK_EX | LOCK_NB) == 0)
			return FE_OK;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fe_fail_errno(err, errno, "cannot lock", NULL);
		if ((fe_clock_ticks(clock) - start_us) / 1000 >= wait_ms) {
			char holder[HOLDER_BYTES];
			read_holder(l->fd, holder);
			return fe_fail(err, FE_EUNAVAIL,
				       "locked by another run (%s); try again when it has ended, "
				       "or wait for it with --wait 30s",
				       holder[0] ? holder : "holder unknown");
		}
		FE_TRY(fe_stop_check(err));
		(void)nanosleep(&step, NULL); /* waking early does no harm */
	}
}

enum fe_rc
fe_lock_take(struct fe_lock **out, const char *path, int64_t wait_ms, const struct fe_clock *clock,
	     struct fe_err *err)
{
	struct fe_lock *l = fe_new(struct fe_lock);
	enum fe_rc rc;

	l->path = fe_strdup(path);
	l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0640);
	if (l->fd < 0 && errno == ENOENT) {
		rc = fe_fail(err, FE_EUSAGE,
			     "the folder of this lock file does not exist; make it, or name another");
		goto fail;
	}
	if (l->fd < 0) {
		rc = fe_fail_errno(err, errno, "cannot open the lock file", NULL);
		goto fail;
	}
	rc = wait_for_lock(l, wait_ms, clock, err);
	if (rc)
		goto fail;
	rc = write_holder(l, fe_clock_now(clock), err);
	if (rc)
		goto fail;
	*out = l;
	return FE_OK;
fail:
	fe_err_at(err, path, 0, NULL);
	fe_lock_release(l);
	*out = NULL;
	return rc;
}

void
fe_lock_release(struct fe_lock *l)
{
	if (!l)
		return;
	if (l->fd >= 0)
		(void)close(l->fd); /* which unlocks */
	fe_free(l->path);
	fe_free(l);
}

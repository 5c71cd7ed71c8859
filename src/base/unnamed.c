// SPDX-License-Identifier: Apache-2.0
/* base/unnamed.c - see base/unnamed.h */
#include "base/unnamed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/buf.h"

#define MAX_PATH_BYTES 8192

static int
open_and_unlink(const char *folder)
{
	uint64_t chance;
	if (getrandom(&chance, sizeof chance, 0) != (ssize_t)sizeof chance)
		return -1;
	struct fe_buf path;
	fe_buf_init(&path, MAX_PATH_BYTES);
	fe_buf_addf(&path, "%s/.finetl-spool-%016llx", folder, (unsigned long long)chance);
	int fd = open(fe_buf_text(&path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		(void)unlink(fe_buf_text(&path));
	int errnum = errno;
	fe_buf_reset(&path);
	errno = errnum;
	return fd;
}

enum fe_rc
fe_unnamed_open(int *fd, const char *folder, struct fe_err *err)
{
	*fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		*fd = open_and_unlink(folder);
	if (*fd < 0)
		return fe_fail_errno(err, errno, "cannot create a file to spool to", folder);
	return FE_OK;
}

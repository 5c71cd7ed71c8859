// SPDX-License-Identifier: Apache-2.0
/* base/write_all.c - whole writes and reads at an offset */
#include "base/write_all.h"

#include <errno.h>
#include <unistd.h>

enum fe_rc
fe_pwrite_all(int fd, uint64_t offset, const void *p, size_t n_bytes, struct fe_err *err)
{
	const char *from = p;
	while (n_bytes > 0) {
		ssize_t n = pwrite(fd, from, n_bytes, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fe_fail_errno(err, n < 0 ? errno : EIO, "cannot write", NULL);
		from += n;
		offset += (uint64_t)n;
		n_bytes -= (size_t)n;
	}
	return FE_OK;
}

enum fe_rc
fe_pread_all(int fd, uint64_t offset, void *out, size_t n_bytes, struct fe_err *err)
{
	char *to = out;
	while (n_bytes > 0) {
		ssize_t n = pread(fd, to, n_bytes, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fe_fail_errno(err, n < 0 ? errno : EIO, "cannot read back", NULL);
		to += n;
		offset += (uint64_t)n;
		n_bytes -= (size_t)n;
	}
	return FE_OK;
}

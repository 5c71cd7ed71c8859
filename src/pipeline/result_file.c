// SPDX-License-Identifier: Apache-2.0
/* pipeline/result_file.c - see pipeline/result_file.h */
#include "pipeline/result_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/write_all.h"
#include "io/writer.h"

enum fe_rc
fe_result_file_write(const char *path, struct fe_str line, struct fe_err *err)
{
	char sha256[FE_SHA256_HEX_BYTES];
	struct fe_writer *w;

	FE_TRY(fe_writer_open(&w, path, NULL, err));
	enum fe_rc rc = fe_writer_write(w, line.p, line.n, err);
	if (rc == FE_OK)
		rc = fe_writer_finish(w, sha256, err);
	if (rc == FE_OK)
		rc = fe_writer_publish(w, err);
	fe_writer_close(w);
	return rc;
}

enum fe_rc
fe_termination_log_write(const char *path, const struct fe_err *why, struct fe_err *err)
{
	char text[FE_TERMINATION_LOG_BYTES];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0)
		return fe_fail_errno(err, errno, "cannot write", path);
	(void)fe_err_print(why, text, sizeof text);
	enum fe_rc rc = fe_pwrite_all(fd, 0, text, strlen(text), err);
	if (close(fd) != 0 && rc == FE_OK)
		rc = fe_fail_errno(err, errno, "cannot write", path);
	return rc;
}

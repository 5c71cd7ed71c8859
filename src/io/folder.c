// SPDX-License-Identifier: Apache-2.0
/* io/folder.c - see io/folder.h */
#include "io/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "io/session.h"

#define MARK "This prefix is written by finetl; it replaces the objects that it wrote.\n"

enum fe_rc
fe_folder_make(const char *folder, struct fe_err *err)
{
	struct stat st;
	if (fe_s3_is_url(folder) || mkdir(folder, 0750) == 0)
		return FE_OK;
	int errnum = errno;
	if (errnum == EEXIST && stat(folder, &st) == 0)
		return S_ISDIR(st.st_mode) ? FE_OK
					   : fe_fail(err, FE_EUSAGE, "'%s' is there and is not a folder", folder);
	return fe_fail_errno(err, errnum, "cannot make the folder", folder);
}

enum fe_rc
fe_folder_sync(const char *folder, struct fe_err *err)
{
	if (fe_s3_is_url(folder))
		return FE_OK;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fe_fail_errno(err, errno, "cannot open the folder", folder);
	int errnum = fsync(fd) == 0 ? 0 : errno;
	(void)close(fd);
	return errnum ? fe_fail_errno(err, errnum, "cannot bring the folder to disk", folder) : FE_OK;
}

void
fe_folder_remove(const char *folder)
{
	if (!fe_s3_is_url(folder))
		(void)rmdir(folder); /* stays where it is not empty, or was never there */
}

/* ---- objects ---- */

static enum fe_rc
object_exists(const char *location, const struct fe_net_settings *net, bool *exists, struct fe_err *err)
{
	struct fe_s3_info info = { 0 };
	struct fe_err why = FE_ERR_INIT;
	struct fe_s3_url url;
	struct fe_s3 *s3;

	FE_TRY(fe_s3_url_parse(location, &url, err));
	FE_TRY(fe_session_take_s3(net, &s3, err));
	enum fe_rc rc = fe_s3_head(s3, &url, &info, &why);
	*exists = rc == FE_OK;
	fe_s3_info_reset(&info);
	fe_session_give_s3(net, s3);
	if (rc == FE_OK || rc == FE_EUSAGE)
		return FE_OK;
	if (err)
		*err = why;
	return rc;
}

static enum fe_rc
put_mark(const char *location, const struct fe_net_settings *net, struct fe_err *err)
{
	struct fe_s3_url url;
	struct fe_s3 *s3;
	FE_TRY(fe_s3_url_parse(location, &url, err));
	FE_TRY(fe_session_take_s3(net, &s3, err));
	enum fe_rc rc = fe_s3_put(s3, &url, FE_STR(MARK), NULL, NULL, err);
	fe_session_give_s3(net, s3);
	return rc;
}

static enum fe_rc
remove_object(const char *location, const struct fe_net_settings *net, struct fe_err *err)
{
	struct fe_s3_url url;
	struct fe_s3 *s3;
	FE_TRY(fe_s3_url_parse(location, &url, err));
	FE_TRY(fe_session_take_s3(net, &s3, err));
	enum fe_rc rc = fe_s3_delete(s3, &url, err);
	fe_session_give_s3(net, s3);
	return rc;
}

/* ---- either ---- */

/* A lock of this machine for what has no locks of its own. */
static void
print_local_lock(const char *location, struct fe_buf *out)
{
	const char *folder = secure_getenv("TMPDIR");
	char hash[FE_SHA256_HEX_BYTES];
	fe_sha256_of(fe_str_of(location), hash);
	fe_buf_addf(out, "%s/finetl-%u-%.16s.lock", folder && *folder ? folder : "/tmp", (unsigned)geteuid(), hash);
}

enum fe_rc
fe_folder_lock(struct fe_lock **out, const char *folder, const char *name, int64_t wait_ms,
	       const struct fe_clock *clock, const struct fe_net_settings *net, struct fe_err *err)
{
	bool is_s3 = fe_s3_is_url(folder);
	struct fe_buf path, local;
	enum fe_rc rc;

	*out = NULL;
	fe_buf_init(&path, SIZE_MAX / 2);
	fe_buf_init(&local, SIZE_MAX / 2);
	fe_buf_addf(&path, "%s/%s", folder, name);
	if (is_s3)
		print_local_lock(fe_buf_text(&path), &local);
	rc = fe_lock_take(out, fe_buf_text(is_s3 ? &local : &path), wait_ms, clock, err);
	if (rc == FE_OK && is_s3)
		rc = put_mark(fe_buf_text(&path), net, err);
	if (rc) {
		fe_lock_release(*out);
		*out = NULL;
	}
	fe_buf_reset(&path);
	fe_buf_reset(&local);
	return rc;
}

enum fe_rc
fe_file_exists(const char *path, const struct fe_net_settings *net, bool *exists, struct fe_err *err)
{
	struct stat st;
	if (fe_s3_is_url(path))
		return object_exists(path, net, exists, err);
	*exists = lstat(path, &st) == 0;
	return FE_OK;
}

enum fe_rc
fe_file_remove(const char *path, const struct fe_net_settings *net, struct fe_err *err)
{
	if (fe_s3_is_url(path))
		return remove_object(path, net, err);
	if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR)
		return fe_fail_errno(err, errno, "cannot remove the file", path);
	return FE_OK;
}

static bool
is_same_object(const char *a, const char *b)
{
	struct fe_s3_url x, y;
	return fe_s3_url_parse(a, &x, NULL) == FE_OK && fe_s3_url_parse(b, &y, NULL) == FE_OK &&
	       fe_str_eq(x.bucket, y.bucket) && fe_str_eq(x.key, y.key);
}

bool
fe_file_is_same(const char *a, const char *b)
{
	struct stat x, y;
	if (fe_s3_is_url(a) || fe_s3_is_url(b))
		return is_same_object(a, b);
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

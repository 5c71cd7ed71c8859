// SPDX-License-Identifier: Apache-2.0
/* db/sqlite_error.c - see db/sqlite_error.h */
#include "db/sqlite_error.h"

#include <errno.h>

#include "base/stop.h"
#include "base/str.h"

#define DISK_FULL                                                                             \
	"the disk of the database or of temporary files (SQLITE_TMPDIR, /var/tmp) is full; "    \
	"free some space and run again"

/* code, what a caller should do about it, what a person can do about it */
#define CODE_MAP(X)                                                                                           \
	X(SQLITE_BUSY, FE_EUNAVAIL, "another program is using the database; try again once it is done")       \
	X(SQLITE_LOCKED, FE_EUNAVAIL, "another program is using the database; try again once it is done")     \
	X(SQLITE_PROTOCOL, FE_EUNAVAIL, "another program is using the database; try again")                   \
	X(SQLITE_FULL, FE_EUNAVAIL, DISK_FULL)                                                                \
	X(SQLITE_IOERR, FE_EUNAVAIL, "reading or writing the disk failed; check the disk, then run again")    \
	X(SQLITE_CANTOPEN, FE_EUNAVAIL, "the file or one beside it cannot be opened; check the folder")       \
	X(SQLITE_READONLY, FE_EDENIED, "the file or its folder cannot be written; check its permissions")     \
	X(SQLITE_PERM, FE_EDENIED, "check the permissions of the file and its folder")                        \
	X(SQLITE_AUTH, FE_EDENIED, "check the permissions of the file and its folder")                        \
	X(SQLITE_CONSTRAINT, FE_ECONFLICT, "the rows do not fit the table's constraints")                     \
	X(SQLITE_SCHEMA, FE_ECONFLICT, "the schema changed meanwhile; run again")                             \
	X(SQLITE_MISMATCH, FE_ECONFLICT, "the table's types are not the declared ones")                       \
	X(SQLITE_NOTADB, FE_ECONFLICT, "the file is not an SQLite database; name another file")               \
	X(SQLITE_CORRUPT, FE_ECONFLICT, "the file is damaged; check it by PRAGMA integrity_check and restore a copy") \
	X(SQLITE_INTERRUPT, FE_ECANCEL, "asked to stop")                                                      \
	X(SQLITE_TOOBIG, FE_ELIMIT, "a value or statement is greater than SQLite allows")                     \
	X(SQLITE_NOMEM, FE_ELIMIT, "out of memory")                                                           \
	X(SQLITE_ERROR, FE_ECONFLICT, "the database differs from what was expected")                          \
	X(SQLITE_MISUSE, FE_EBUG, "please report this")                                                       \
	X(SQLITE_RANGE, FE_EBUG, "please report this")                                                        \
	X(SQLITE_INTERNAL, FE_EBUG, "please report this")

struct code {
	int code;
	enum fe_rc rc;
	const char *name, *advice;
};

static const struct code codes[] = {
#define FE_X(code, rc, advice) { code, rc, #code, advice },
	CODE_MAP(FE_X)
#undef FE_X
};

static const struct code *
find_code(int code)
{
	static const struct code other = { -1, FE_EBUG, "SQLITE_?", "please report this" };
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].code == (code & 0xff))
			return &codes[i];
	}
	return &other;
}

void
fe_sqlite_set_foreign(struct fe_err *err, int code)
{
	const struct code *c = find_code(code);
	size_t n = strlen(c->name);

	if (!err)
		return;
	n = n < sizeof(err->foreign) ? n : sizeof(err->foreign) - 1;
	memcpy(err->foreign, c->name, n);
	err->foreign[n] = '\0';
}

enum fe_rc
fe_sqlite_fail(struct fe_err *err, int code, sqlite3 *handle, const char *path)
{
	const struct code *c = find_code(code);
	const char *text = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
	int os_errno = handle ? sqlite3_system_errno(handle) : 0;
	enum fe_rc rc = c->rc;
	const char *advice = c->advice;

	if ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN) {
		if (os_errno == EACCES || os_errno == EPERM || os_errno == EROFS) {
			rc = FE_EDENIED;
			advice = "check the permissions of the file and its folder";
		} else if (os_errno == ENOSPC || os_errno == EDQUOT) {
			rc = FE_EUNAVAIL;
			advice = DISK_FULL;
		}
	}
	if ((code & 0xff) == SQLITE_BUSY && fe_stop_requested()) { /* so it waited no longer */
		rc = FE_ECANCEL;
		advice = "asked to stop";
	}
	fe_fail(err, rc, "%s: %s", text, advice);
	fe_err_at(err, path, 0, NULL);
	fe_sqlite_set_foreign(err, code);
	return rc;
}

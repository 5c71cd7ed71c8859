// SPDX-License-Identifier: Apache-2.0
/* db/sqlite.h - a connection to a SQLite file, opened the careful way
 *
 * How it is used is db/db.h. It has rollback journal and synchronous EXTRA (a commit that
 * was answered stays, power loss included), foreign keys on, an untrusted schema, no
 * double-quoted strings, no extensions, bounded cache, sorts and temporary tables in
 * files. A transaction begins IMMEDIATE. Statements that run long ask base/stop. The
 * foreign code of a failure is SQLite's name of it.
 */
#ifndef FE_DB_SQLITE_H
#define FE_DB_SQLITE_H

#include "db/db.h"

struct fe_sqlite_settings {
	const char *path;
	bool read_only;  /* must exist, and nothing is written but by recovery after a kill */
	bool is_source;  /* read_only, and somebody else's: not even recovery writes */
	int64_t busy_ms; /* how long a statement waits for other users of the file */
};

FE_MUST_USE enum fe_rc fe_sqlite_open(struct fe_db **out, const struct fe_sqlite_settings *set,
                                      struct fe_err *err);

/* From here on, statements that would set off a trigger that writes to a table of which
 * is_guarded says so are refused with FE_ECONFLICT, naming the trigger: whoever counts
 * what a statement did must be the only one who does it. */
void fe_sqlite_guard(struct fe_db *db, bool (*is_guarded)(void *ctx, const char *table), void *ctx);

#endif

// SPDX-License-Identifier: Apache-2.0
/* db/sqlite_error.h - what each result code of SQLite means for the caller
 *
 * Private to db/: the one place where SQLite's codes become ours, with what a person
 * can do about each; and the library's own handle of a connection.
 */
#ifndef FE_DB_SQLITE_ERROR_H
#define FE_DB_SQLITE_ERROR_H

#include <sqlite3.h>

#include "db/db.h"

/* Fills err from the connection's last failure, code being its extended code. handle
 * may be NULL where there is no connection; path names the database. */
enum fe_rc fe_sqlite_fail(struct fe_err *err, int code, sqlite3 *handle, const char *path);
/* SQLite's name of a code, for a failure with a text of one's own. */
void fe_sqlite_set_foreign(struct fe_err *err, int code);
sqlite3 *fe_sqlite_handle(struct fe_db *db);

#endif

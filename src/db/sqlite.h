// SPDX-License-Identifier: Apache-2.0
/* db/sqlite.h - one SQLite connection, its statements, and the one map of its errors
 *
 * A connection is opened the careful way: rollback journal and synchronous EXTRA
 * (a commit that was answered stays, power loss included), foreign keys on, an
 * untrusted schema, no double-quoted strings, no extensions, bounded cache, sorts
 * and temporary tables in files. Statements that run long ask base/stop.
 *
 *   Order      open, (exec | prepare, bind, step, reset)*, finish statements, close.
 *   Binding    fe_stmt_bind_* cannot fail on the spot: the first failure is kept in
 *              the statement and returned by its next step. Bound text is borrowed
 *              until the next reset or bind; bindings survive a reset.
 *   Columns    texts and blobs live until the next step or reset.
 *   Failure    busy, full, I/O error -> FE_EUNAVAIL; read-only, no permission ->
 *              FE_EDENIED; constraint, changed schema, broken file -> FE_ECONFLICT;
 *              interrupted -> FE_ECANCEL. The foreign code is SQLite's name.
 *   Threads    One connection, one thread.
 */
#ifndef FE_DB_SQLITE_H
#define FE_DB_SQLITE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct fe_db;
struct fe_stmt;

struct fe_db_settings {
	const char *path;
	bool read_only;  /* must exist, and nothing is written but by recovery after a kill */
	int64_t busy_ms; /* how long a statement waits for other users of the file */
};

FE_MUST_USE enum fe_rc fe_db_open(struct fe_db **out, const struct fe_db_settings *set,
                                  struct fe_err *err);
void fe_db_close(struct fe_db *db); /* NULL is allowed; rolls back */
const char *fe_db_path(const struct fe_db *db);
/* Whether statements end with FE_ECANCEL once a stop is requested: true at first;
 * false while the end of a cancelled run is written down. */
void fe_db_set_stoppable(struct fe_db *db, bool stoppable);

/* From here on, statements that would set off a trigger that writes to a table of which
 * is_guarded says so are refused with FE_ECONFLICT, naming the trigger: whoever counts
 * what a statement did must be the only one who does it. */
void fe_db_guard(struct fe_db *db, bool (*is_guarded)(void *ctx, const char *table), void *ctx);

/* One or more statements without parameters; rows are dropped. */
FE_MUST_USE enum fe_rc fe_db_exec(struct fe_db *db, const char *sql, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_db_begin(struct fe_db *db, struct fe_err *err); /* IMMEDIATE */
FE_MUST_USE enum fe_rc fe_db_commit(struct fe_db *db, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_db_rollback(struct fe_db *db, struct fe_err *err); /* nothing to do: FE_OK */
bool fe_db_in_transaction(const struct fe_db *db);
int64_t fe_db_changes(const struct fe_db *db); /* rows of the last insert, update or delete */

FE_MUST_USE enum fe_rc fe_db_prepare(struct fe_db *db, struct fe_str sql, struct fe_stmt **out,
                                     struct fe_err *err);
void fe_stmt_free(struct fe_stmt *st); /* NULL is allowed; before its connection is closed */
/* index is 1-based, as in SQL */
void fe_stmt_bind_i64(struct fe_stmt *st, int index, int64_t v);
void fe_stmt_bind_text(struct fe_stmt *st, int index, struct fe_str v); /* p NULL: empty text */
void fe_stmt_bind_blob(struct fe_stmt *st, int index, struct fe_str v);
void fe_stmt_bind_null(struct fe_stmt *st, int index);
void fe_stmt_bind_cstr(struct fe_stmt *st, int index, const char *v);   /* NULL: null */
/* The next row; *row false at the end, and then the statement is reset. */
FE_MUST_USE enum fe_rc fe_stmt_step(struct fe_stmt *st, bool *row, struct fe_err *err);
/* Runs to the end and resets. */
FE_MUST_USE enum fe_rc fe_stmt_run(struct fe_stmt *st, struct fe_err *err);
void fe_stmt_reset(struct fe_stmt *st); /* NULL is allowed; keeps the bindings */

int fe_stmt_n_columns(const struct fe_stmt *st);
bool fe_stmt_is_null(struct fe_stmt *st, int column); /* 0-based */
int64_t fe_stmt_i64(struct fe_stmt *st, int column);
struct fe_str fe_stmt_text(struct fe_stmt *st, int column); /* null: p NULL, n 0; text or blob bytes else */

/* First column of the first row of a query without parameters; no row leaves *out. */
FE_MUST_USE enum fe_rc fe_db_query_i64(struct fe_db *db, const char *sql, int64_t *out,
                                       struct fe_err *err);

/* Appends a name as SQL has it: plain, or "quoted" where it is a keyword or is not a
 * plain name. */
void fe_db_add_name(struct fe_buf *out, const char *name);

#endif

// SPDX-License-Identifier: Apache-2.0
/* db/db.h - one connection to a database, and its statements, whichever the engine
 *
 * What the engines have in common, so that what is written down of a run, and read back,
 * is one code: db/sqlite.h and db/postgres.h open connections, this is how they are used.
 *
 *   SQL        The common subset of both engines. Parameters are ?1, ?2, ...; finetl's own
 *              tables are main.etl_...: in PostgreSQL 'main.' stands for the schema that
 *              was chosen when the connection was opened, and ?n for $n, both outside of
 *              quotes and comments only. json -> and ->> work in both.
 *   Values     Columns come as canonical texts in either engine: timestamps as
 *              'YYYY-MM-DD hh:mm:ss.ffffffZ', dates as 'YYYY-MM-DD', booleans as 0 and 1,
 *              numbers in plain digits, blobs as their bytes. The same texts may be bound.
 *   Order      open, (exec | prepare, bind, step, reset)*, free statements, close.
 *              Statements of one connection may be open side by side; in PostgreSQL each
 *              holds its whole result in memory, so ask for a bounded one.
 *   Binding    fe_stmt_bind_* cannot fail on the spot: the first failure is kept in the
 *              statement and returned by its next step. Bound text is borrowed until the
 *              next reset or bind; bindings survive a reset.
 *   Columns    texts and blobs live until the next step or reset.
 *   Failure    busy, full, unreachable, deadlock, lock timeout, serialization -> FE_EUNAVAIL;
 *              read-only, no permission, authentication -> FE_EDENIED; constraint, changed
 *              schema, broken file -> FE_ECONFLICT; interrupted -> FE_ECANCEL. The foreign
 *              code is SQLite's name or the SQLSTATE. In PostgreSQL a failed statement
 *              ends its transaction: only rollback (or a savepoint's) is legal after it.
 *   Threads    One connection, one thread.
 */
#ifndef FE_DB_DB_H
#define FE_DB_DB_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct fe_db;
struct fe_stmt;

enum fe_db_engine { FE_DB_SQLITE, FE_DB_POSTGRES };
enum fe_db_engine fe_db_engine(const struct fe_db *db);
/* For messages: the file's path, or 'database at host'; never a secret. */
const char *fe_db_name(const struct fe_db *db);
void fe_db_close(struct fe_db *db); /* NULL is allowed; rolls back */
/* Whether statements end with FE_ECANCEL once a stop is requested: true at first;
 * false while the end of a cancelled run is written down. */
void fe_db_set_stoppable(struct fe_db *db, bool stoppable);

/* One or more statements without parameters; rows are dropped. Outside of a transaction
 * PostgreSQL does all or none, SQLite those before the one that failed. */
FE_MUST_USE enum fe_rc fe_db_exec(struct fe_db *db, const char *sql, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_db_begin(struct fe_db *db, struct fe_err *err);
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

int fe_stmt_n_columns(const struct fe_stmt *st); /* of a row that was stepped to */
bool fe_stmt_is_null(struct fe_stmt *st, int column); /* 0-based */
int64_t fe_stmt_i64(struct fe_stmt *st, int column);
struct fe_str fe_stmt_text(struct fe_stmt *st, int column); /* null: p NULL, n 0; text or blob bytes else */

/* First column of the first row of a query without parameters; no row leaves *out. */
FE_MUST_USE enum fe_rc fe_db_query_i64(struct fe_db *db, const char *sql, int64_t *out,
                                       struct fe_err *err);

/* Appends a name as SQL has it: plain, or "quoted" where it is a keyword of either engine
 * or is not a plain name. */
void fe_db_add_name(struct fe_buf *out, const char *name);
/* Where what begins at `at` ends: a quote (of PostgreSQL's, and `name`), a comment, a name or number, or one
 * character of anything else. For who replaces something in SQL that is not in a quote. */
size_t fe_db_token_end(struct fe_str sql, size_t at);
/* Appends 'text', quotes doubled. The text has no NUL byte. */
void fe_db_add_literal(struct fe_buf *out, struct fe_str text);

#endif

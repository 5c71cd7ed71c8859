// SPDX-License-Identifier: Apache-2.0
/* db/sqlite.c - see db/sqlite.h
 *
 * How a connection is made safe, waits for others, and stops when it is asked to.
 */
#include "db/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/stop.h"
#include "db/engine.h"
#include "db/sqlite_error.h"

#define BUSY_NAP_MS 10
#define VM_STEPS_PER_STOP_CHECK 20000
/* The cache is also the size at which a sort for an index goes to disk, so it counts
 * twice in the peak of memory; more of it made loads no faster. */
#define CACHE_KIB 8192
#define PAGE_BYTES 8192

struct connection {
	struct fe_db base; /* its name is the file's path */
	sqlite3 *handle;
	int64_t busy_ms;
	bool (*is_guarded)(void *ctx, const char *table);
	void *guard_ctx;
	char refused[256]; /* what the guard refused last */
};

struct statement {
	struct fe_stmt base;
	sqlite3_stmt *handle;
	struct connection *db;
	int bind_failure; /* SQLite's code of the first bind that failed, or SQLITE_OK */
};

static const struct fe_db_ops sqlite_ops;

static inline struct connection *
connection_of(struct fe_db *db)
{
	return (struct connection *)db;
}

static inline struct statement *
statement_of(struct fe_stmt *st)
{
	return (struct statement *)st;
}

/* ---- failing ---- */

static enum fe_rc
fail_db(struct fe_err *err, int code, struct connection *db)
{
	if (code == SQLITE_AUTH && db->refused[0] != '\0') {
		fe_fail(err, FE_ECONFLICT, "%s", db->refused);
		fe_err_at(err, db->base.name, 0, NULL);
		return FE_ECONFLICT;
	}
	return fe_sqlite_fail(err, code, db->handle, db->base.name);
}

/* ---- waiting and stopping ---- */

static int
on_busy(void *ctx, int n_calls)
{
	struct connection *db = (struct connection *)ctx;
	const struct timespec nap = { .tv_nsec = BUSY_NAP_MS * 1000000L };

	if (db->base.stoppable && fe_stop_requested())
		return 0;
	if ((int64_t)n_calls * BUSY_NAP_MS >= db->busy_ms)
		return 0;
	(void)nanosleep(&nap, NULL); /* woken early by a signal: asks again the sooner */
	return 1;
}

static int
on_progress(void *ctx)
{
	const struct connection *db = (const struct connection *)ctx;

	return db->base.stoppable && fe_stop_requested();
}

/* ---- opening ---- */

static enum fe_rc
set_flag(struct connection *db, int flag, int value, struct fe_err *err)
{
	int now = -1;
	int code = sqlite3_db_config(db->handle, flag, value, &now);

	if (code != SQLITE_OK)
		return fail_db(err, code, db);
	if (now != value)
		return fe_fail(err, FE_EBUG, "this SQLite library does not take setting %d", flag);
	return FE_OK;
}

static enum fe_rc
harden(struct connection *db, struct fe_err *err)
{
	static const struct {
		int flag, value;
	} flags[] = {
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		FE_TRY(set_flag(db, flags[i].flag, flags[i].value, err));
	return FE_OK;
}

static enum fe_rc
set_pragmas(struct connection *db, bool read_only, struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, 1024);
	fe_buf_addf(&sql,
	            "PRAGMA cell_size_check = ON; PRAGMA temp_store = FILE; "
	            "PRAGMA cache_size = -%d; PRAGMA temp.cache_size = -2048; ",
	            CACHE_KIB);
	if (read_only)
		fe_buf_add_text(&sql, "PRAGMA query_only = ON;");
	else
		fe_buf_addf(&sql,
		            "PRAGMA page_size = %d; PRAGMA journal_mode = DELETE; "
		            "PRAGMA synchronous = EXTRA; PRAGMA secure_delete = FAST;",
		            PAGE_BYTES);
	rc = fe_buf_check(&sql, "the statement", err);
	if (rc == FE_OK)
		rc = fe_db_exec(&db->base, fe_buf_text(&sql), err);
	fe_buf_reset(&sql);
	return rc;
}

/* SQLite opens lazily and says little: what the system says about the file is clearer.
 * A new file is made here, so that it is not readable by everyone. An existing one is
 * not opened: closing it would drop the locks of this process's other connections. */
static enum fe_rc
prepare_file(const char *path, bool read_only, struct fe_err *err)
{
	struct stat st;
	int fd;

	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode)) {
			fe_fail(err, FE_EUSAGE, "is a folder, not a database file; name a file in it");
			fe_err_at(err, path, 0, NULL);
			return FE_EUSAGE;
		}
		if (access(path, read_only ? R_OK : R_OK | W_OK) != 0)
			return fe_fail_errno(err, errno, "cannot use the database", path);
		return FE_OK;
	}
	if (errno != ENOENT || read_only)
		return fe_fail_errno(err, errno, "cannot open the database", path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0 && errno == EEXIST)
		return FE_OK;
	if (fd < 0)
		return fe_fail_errno(err, errno, "cannot create the database", path);
	if (close(fd) != 0)
		return fe_fail_errno(err, errno, "cannot create the database", path);
	return FE_OK;
}

static void
close_connection(struct fe_db *base)
{
	struct connection *db = connection_of(base);

	sqlite3_close_v2(db->handle);
	fe_free(db->base.name);
	fe_free(db);
}

enum fe_rc
fe_sqlite_open(struct fe_db **out, const struct fe_sqlite_settings *set, struct fe_err *err)
{
	struct connection *db;
	enum fe_rc rc;
	const bool is_reader = set->read_only || set->is_source;
	int64_t version;
	int code;

	*out = NULL;
	FE_TRY(prepare_file(set->path, is_reader, err));
	db = fe_new(struct connection);
	db->base.ops = &sqlite_ops;
	db->base.name = fe_strdup(set->path);
	db->busy_ms = set->busy_ms;
	db->base.stoppable = true;
	/* Read-only use opens for writing too: only so can the journal of a killed run be
	 * rolled back; PRAGMA query_only guards the rest. A write-protected file opens
	 * read-only by itself. */
	code = sqlite3_open_v2(set->path, &db->handle,
	                       (set->is_source ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX, NULL);
	if (code != SQLITE_OK) {
		rc = fe_sqlite_fail(err, code, db->handle, set->path);
		goto fail;
	}
	sqlite3_busy_handler(db->handle, on_busy, db);
	sqlite3_progress_handler(db->handle, VM_STEPS_PER_STOP_CHECK, on_progress, db);
	rc = harden(db, err);
	if (rc)
		goto fail;
	rc = set_pragmas(db, is_reader, err);
	if (rc)
		goto fail;
	rc = fe_db_query_i64(&db->base, "PRAGMA schema_version", &version, err); /* reads the file's head */
	if (rc)
		goto fail;
	if (!is_reader && sqlite3_db_readonly(db->handle, "main") == 1) {
		rc = fail_db(err, SQLITE_READONLY, db);
		goto fail;
	}
	*out = &db->base;
	return FE_OK;

fail:
	close_connection(&db->base);
	return rc;
}

sqlite3 *
fe_sqlite_handle(struct fe_db *base)
{
	return connection_of(base)->handle;
}

/* ---- guarding ---- */

/* Asked while a statement is prepared, for all that it and its triggers would do. */
static int
on_authorize(void *ctx, int action, const char *table, const char *column, const char *schema,
	     const char *trigger)
{
	struct connection *db = (struct connection *)ctx;
	const bool writes = action == SQLITE_INSERT || action == SQLITE_UPDATE ||
	                    action == SQLITE_DELETE;

	(void)column;
	(void)schema;
	if (!trigger || !writes || !db->is_guarded(db->guard_ctx, table))
		return SQLITE_OK;
	(void)snprintf(db->refused, sizeof(db->refused),
	               "trigger %.80s writes to table %.80s, which is loaded here; drop it, or "
	               "let it write to a table of its own",
	               trigger, table);
	return SQLITE_DENY;
}

void
fe_sqlite_guard(struct fe_db *base, bool (*is_guarded)(void *ctx, const char *table), void *ctx)
{
	struct connection *db = connection_of(base);

	db->is_guarded = is_guarded;
	db->guard_ctx = ctx;
	(void)sqlite3_set_authorizer(db->handle, on_authorize, db); /* fails only for no handle */
}

/* ---- statements ---- */

static enum fe_rc
exec_sql(struct fe_db *base, const char *sql, struct fe_err *err)
{
	struct connection *db = connection_of(base);
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? FE_OK : fail_db(err, sqlite3_extended_errcode(db->handle), db);
}

static enum fe_rc
begin(struct fe_db *db, struct fe_err *err)
{
	return exec_sql(db, "BEGIN IMMEDIATE", err);
}

static enum fe_rc
commit(struct fe_db *db, struct fe_err *err)
{
	return exec_sql(db, "COMMIT", err);
}

static enum fe_rc
rollback(struct fe_db *db, struct fe_err *err)
{
	return exec_sql(db, "ROLLBACK", err);
}

static bool
in_transaction(const struct fe_db *db)
{
	return sqlite3_get_autocommit(((const struct connection *)db)->handle) == 0;
}

static int64_t
changes(const struct fe_db *db)
{
	return sqlite3_changes64(((const struct connection *)db)->handle);
}

static enum fe_rc
prepare(struct fe_db *base, struct fe_str sql, struct fe_stmt **out, struct fe_err *err)
{
	struct connection *db = connection_of(base);
	sqlite3_stmt *handle = NULL;
	struct statement *st;
	int code;

	if (sql.n > INT_MAX)
		return fail_db(err, SQLITE_TOOBIG, db);
	code = sqlite3_prepare_v3(db->handle, sql.p, (int)sql.n, SQLITE_PREPARE_PERSISTENT, &handle,
	                          NULL);
	if (code != SQLITE_OK)
		return fail_db(err, sqlite3_extended_errcode(db->handle), db);
	FE_ASSERT(handle != NULL); /* only empty text gives no statement */
	st = fe_new(struct statement);
	st->base.ops = &sqlite_ops;
	st->handle = handle;
	st->db = db;
	*out = &st->base;
	return FE_OK;
}

static void
free_statement(struct fe_stmt *st)
{
	/* Returns the failure of the last step, which has been reported. */
	(void)sqlite3_finalize(statement_of(st)->handle);
	fe_free(st);
}

static inline void
keep_failure(struct statement *st, int code)
{
	if (__builtin_expect(code != SQLITE_OK, 0) && st->bind_failure == SQLITE_OK)
		st->bind_failure = code;
}

static void
bind_i64(struct fe_stmt *base, int index, int64_t v)
{
	struct statement *st = statement_of(base);

	keep_failure(st, sqlite3_bind_int64(st->handle, index, v));
}

static void
bind_text(struct fe_stmt *base, int index, struct fe_str v)
{
	struct statement *st = statement_of(base);

	if (v.n > INT_MAX) {
		keep_failure(st, SQLITE_TOOBIG);
		return;
	}
	keep_failure(st, sqlite3_bind_text(st->handle, index, v.p, (int)v.n, SQLITE_STATIC));
}

static void
bind_blob(struct fe_stmt *base, int index, struct fe_str v)
{
	struct statement *st = statement_of(base);

	keep_failure(st, sqlite3_bind_blob64(st->handle, index, v.p, v.n, SQLITE_STATIC));
}

static void
bind_null(struct fe_stmt *base, int index)
{
	struct statement *st = statement_of(base);

	keep_failure(st, sqlite3_bind_null(st->handle, index));
}

static void
reset(struct fe_stmt *base)
{
	struct statement *st = statement_of(base);

	(void)sqlite3_reset(st->handle); /* repeats the failure of the last step */
	st->bind_failure = SQLITE_OK;
}

static enum fe_rc
step(struct fe_stmt *base, bool *row, struct fe_err *err)
{
	struct statement *st = statement_of(base);
	int code = st->bind_failure;
	enum fe_rc rc;

	if (code == SQLITE_OK) {
		code = sqlite3_step(st->handle);
		if (code == SQLITE_ROW) {
			*row = true;
			return FE_OK;
		}
		if (code == SQLITE_DONE) {
			sqlite3_reset(st->handle);
			return FE_OK;
		}
		code = sqlite3_extended_errcode(st->db->handle);
	}
	rc = fail_db(err, code, st->db);
	reset(base);
	return rc;
}

static int
n_columns(const struct fe_stmt *st)
{
	return sqlite3_column_count(((const struct statement *)st)->handle);
}

static bool
is_null(struct fe_stmt *st, int column)
{
	return sqlite3_column_type(statement_of(st)->handle, column) == SQLITE_NULL;
}

static int64_t
column_i64(struct fe_stmt *st, int column)
{
	return sqlite3_column_int64(statement_of(st)->handle, column);
}

static struct fe_str
column_text(struct fe_stmt *base, int column)
{
	struct statement *st = statement_of(base);
	int type = sqlite3_column_type(st->handle, column);
	const void *p;

	if (type == SQLITE_NULL)
		return (struct fe_str){ 0 };
	p = type == SQLITE_BLOB ? sqlite3_column_blob(st->handle, column)
	                        : (const void *)sqlite3_column_text(st->handle, column);
	return (struct fe_str){ p ? (const char *)p : "",
		                (size_t)sqlite3_column_bytes(st->handle, column) };
}

static const struct fe_db_ops sqlite_ops = {
	.engine = FE_DB_SQLITE,
	.close = close_connection,
	.exec = exec_sql,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.in_transaction = in_transaction,
	.changes = changes,
	.prepare = prepare,
	.stmt_free = free_statement,
	.bind_i64 = bind_i64,
	.bind_text = bind_text,
	.bind_blob = bind_blob,
	.bind_null = bind_null,
	.step = step,
	.reset = reset,
	.n_columns = n_columns,
	.is_null = is_null,
	.i64 = column_i64,
	.text = column_text,
};

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
#include "db/sqlite_error.h"

#define BUSY_NAP_MS 10
#define VM_STEPS_PER_STOP_CHECK 20000
/* The cache is also the size at which a sort for an index goes to disk, so it counts
 * twice in the peak of memory; more of it made loads no faster. */
#define CACHE_KIB 8192
#define PAGE_BYTES 8192

struct fe_db {
	sqlite3 *handle;
	char *path;
	int64_t busy_ms;
	bool stoppable;
	bool (*is_guarded)(void *ctx, const char *table);
	void *guard_ctx;
	char refused[256]; /* what the guard refused last */
};

struct fe_stmt {
	sqlite3_stmt *handle;
	struct fe_db *db;
	int bind_failure; /* SQLite's code of the first bind that failed, or SQLITE_OK */
};

/* ---- failing ---- */

static enum fe_rc
fail_db(struct fe_err *err, int code, struct fe_db *db)
{
	if (code == SQLITE_AUTH && db->refused[0] != '\0') {
		fe_fail(err, FE_ECONFLICT, "%s", db->refused);
		fe_err_at(err, db->path, 0, NULL);
		return FE_ECONFLICT;
	}
	return fe_sqlite_fail(err, code, db->handle, db->path);
}

/* ---- waiting and stopping ---- */

static int
on_busy(void *ctx, int n_calls)
{
	struct fe_db *db = (struct fe_db *)ctx;
	const struct timespec nap = { .tv_nsec = BUSY_NAP_MS * 1000000L };

	if ((db->stoppable && fe_stop_requested()) || (int64_t)n_calls * BUSY_NAP_MS >= db->busy_ms)
		return 0;
	(void)nanosleep(&nap, NULL); /* woken early by a signal: asks again the sooner */
	return 1;
}

static int
on_progress(void *ctx)
{
	const struct fe_db *db = (const struct fe_db *)ctx;

	return db->stoppable && fe_stop_requested();
}

/* ---- opening ---- */

static enum fe_rc
set_flag(struct fe_db *db, int flag, int value, struct fe_err *err)
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
harden(struct fe_db *db, struct fe_err *err)
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
set_pragmas(struct fe_db *db, bool read_only, struct fe_err *err)
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
		rc = fe_db_exec(db, fe_buf_text(&sql), err);
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

enum fe_rc
fe_db_open(struct fe_db **out, const struct fe_db_settings *set, struct fe_err *err)
{
	struct fe_db *db;
	enum fe_rc rc;
	int64_t version;
	int code;

	*out = NULL;
	FE_TRY(prepare_file(set->path, set->read_only, err));
	db = fe_new(struct fe_db);
	db->path = fe_strdup(set->path);
	db->busy_ms = set->busy_ms;
	db->stoppable = true;
	/* Read-only use opens for writing too: only so can the journal of a killed run be
	 * rolled back; PRAGMA query_only guards the rest. A write-protected file opens
	 * read-only by itself. */
	code = sqlite3_open_v2(set->path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
	                       NULL);
	if (code != SQLITE_OK) {
		rc = fe_sqlite_fail(err, code, db->handle, set->path);
		goto fail;
	}
	sqlite3_busy_handler(db->handle, on_busy, db);
	sqlite3_progress_handler(db->handle, VM_STEPS_PER_STOP_CHECK, on_progress, db);
	rc = harden(db, err);
	if (rc)
		goto fail;
	rc = set_pragmas(db, set->read_only, err);
	if (rc)
		goto fail;
	rc = fe_db_query_i64(db, "PRAGMA schema_version", &version, err); /* reads the file's head */
	if (rc)
		goto fail;
	if (!set->read_only && sqlite3_db_readonly(db->handle, "main") == 1) {
		rc = fail_db(err, SQLITE_READONLY, db);
		goto fail;
	}
	*out = db;
	return FE_OK;

fail:
	fe_db_close(db);
	return rc;
}

void
fe_db_close(struct fe_db *db)
{
	if (!db)
		return;
	sqlite3_close_v2(db->handle);
	fe_free(db->path);
	fe_free(db);
}

const char *
fe_db_path(const struct fe_db *db)
{
	return db->path;
}

void
fe_db_set_stoppable(struct fe_db *db, bool stoppable)
{
	db->stoppable = stoppable;
}

/* ---- guarding ---- */

/* Asked while a statement is prepared, for all that it and its triggers would do. */
static int
on_authorize(void *ctx, int action, const char *table, const char *column, const char *schema,
	     const char *trigger)
{
	struct fe_db *db = (struct fe_db *)ctx;
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
fe_db_guard(struct fe_db *db, bool (*is_guarded)(void *ctx, const char *table), void *ctx)
{
	db->is_guarded = is_guarded;
	db->guard_ctx = ctx;
	(void)sqlite3_set_authorizer(db->handle, on_authorize, db); /* fails only for no handle */
}

/* ---- statements ---- */

enum fe_rc
fe_db_exec(struct fe_db *db, const char *sql, struct fe_err *err)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? FE_OK : fail_db(err, sqlite3_extended_errcode(db->handle), db);
}

enum fe_rc
fe_db_begin(struct fe_db *db, struct fe_err *err)
{
	return fe_db_exec(db, "BEGIN IMMEDIATE", err);
}

enum fe_rc
fe_db_commit(struct fe_db *db, struct fe_err *err)
{
	return fe_db_exec(db, "COMMIT", err);
}

enum fe_rc
fe_db_rollback(struct fe_db *db, struct fe_err *err)
{
	/* Some failures (disk full, I/O) have rolled back already. */
	return fe_db_in_transaction(db) ? fe_db_exec(db, "ROLLBACK", err) : FE_OK;
}

bool
fe_db_in_transaction(const struct fe_db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

int64_t
fe_db_changes(const struct fe_db *db)
{
	return sqlite3_changes64(db->handle);
}

enum fe_rc
fe_db_prepare(struct fe_db *db, struct fe_str sql, struct fe_stmt **out, struct fe_err *err)
{
	sqlite3_stmt *handle = NULL;
	struct fe_stmt *st;
	int code;

	*out = NULL;
	if (sql.n > INT_MAX)
		return fail_db(err, SQLITE_TOOBIG, db);
	code = sqlite3_prepare_v3(db->handle, sql.p, (int)sql.n, SQLITE_PREPARE_PERSISTENT, &handle,
	                          NULL);
	if (code != SQLITE_OK)
		return fail_db(err, sqlite3_extended_errcode(db->handle), db);
	FE_ASSERT(handle != NULL); /* only empty text gives no statement */
	st = fe_new(struct fe_stmt);
	st->handle = handle;
	st->db = db;
	*out = st;
	return FE_OK;
}

void
fe_stmt_free(struct fe_stmt *st)
{
	if (!st)
		return;
	/* Returns the failure of the last step, which has been reported. */
	(void)sqlite3_finalize(st->handle);
	fe_free(st);
}

static inline void
keep_failure(struct fe_stmt *st, int code)
{
	if (__builtin_expect(code != SQLITE_OK, 0) && st->bind_failure == SQLITE_OK)
		st->bind_failure = code;
}

void
fe_stmt_bind_i64(struct fe_stmt *st, int index, int64_t v)
{
	keep_failure(st, sqlite3_bind_int64(st->handle, index, v));
}

void
fe_stmt_bind_text(struct fe_stmt *st, int index, struct fe_str v)
{
	if (v.n > INT_MAX) {
		keep_failure(st, SQLITE_TOOBIG);
		return;
	}
	keep_failure(st, sqlite3_bind_text(st->handle, index, v.p ? v.p : "", (int)v.n,
	                                   SQLITE_STATIC));
}

void
fe_stmt_bind_blob(struct fe_stmt *st, int index, struct fe_str v)
{
	keep_failure(st, sqlite3_bind_blob64(st->handle, index, v.p ? v.p : "", v.n,
	                                     SQLITE_STATIC));
}

void
fe_stmt_bind_null(struct fe_stmt *st, int index)
{
	keep_failure(st, sqlite3_bind_null(st->handle, index));
}

void
fe_stmt_bind_cstr(struct fe_stmt *st, int index, const char *v)
{
	if (v)
		fe_stmt_bind_text(st, index, fe_str_of(v));
	else
		fe_stmt_bind_null(st, index);
}

enum fe_rc
fe_stmt_step(struct fe_stmt *st, bool *row, struct fe_err *err)
{
	int code = st->bind_failure;
	enum fe_rc rc;

	*row = false;
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
	fe_stmt_reset(st);
	return rc;
}

enum fe_rc
fe_stmt_run(struct fe_stmt *st, struct fe_err *err)
{
	bool row = true;

	while (row)
		FE_TRY(fe_stmt_step(st, &row, err));
	return FE_OK;
}

void
fe_stmt_reset(struct fe_stmt *st)
{
	if (!st)
		return;
	(void)sqlite3_reset(st->handle); /* repeats the failure of the last step */
	st->bind_failure = SQLITE_OK;
}

int
fe_stmt_n_columns(const struct fe_stmt *st)
{
	return sqlite3_column_count(st->handle);
}

bool
fe_stmt_is_null(struct fe_stmt *st, int column)
{
	return sqlite3_column_type(st->handle, column) == SQLITE_NULL;
}

int64_t
fe_stmt_i64(struct fe_stmt *st, int column)
{
	return sqlite3_column_int64(st->handle, column);
}

struct fe_str
fe_stmt_text(struct fe_stmt *st, int column)
{
	int type = sqlite3_column_type(st->handle, column);
	const void *p;

	if (type == SQLITE_NULL)
		return (struct fe_str){ 0 };
	p = type == SQLITE_BLOB ? sqlite3_column_blob(st->handle, column)
	                        : (const void *)sqlite3_column_text(st->handle, column);
	return (struct fe_str){ p ? (const char *)p : "",
		                (size_t)sqlite3_column_bytes(st->handle, column) };
}

enum fe_rc
fe_db_query_i64(struct fe_db *db, const char *sql, int64_t *out, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	FE_TRY(fe_db_prepare(db, fe_str_of(sql), &st, err));
	rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && row)
		*out = fe_stmt_i64(st, 0);
	fe_stmt_free(st);
	return rc;
}

/* ---- names ---- */

static bool
is_plain_name(const char *name)
{
	size_t n = strlen(name), i;

	if (n == 0 || n > INT_MAX || (name[0] >= '0' && name[0] <= '9'))
		return false;
	for (i = 0; i < n; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_'))
			return false;
	}
	return !sqlite3_keyword_check(name, (int)n);
}

void
fe_db_add_name(struct fe_buf *out, const char *name)
{
	if (is_plain_name(name)) {
		fe_buf_add_text(out, name);
		return;
	}
	fe_buf_add_char(out, '"');
	for (; *name; name++) {
		if (*name == '"')
			fe_buf_add_char(out, '"');
		fe_buf_add_char(out, *name);
	}
	fe_buf_add_char(out, '"');
}

// SPDX-License-Identifier: Apache-2.0
/* test_sqlite.c - one connection, its safety settings and its error map */
#include <setjmp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../scratch.h"
#include "base/stop.h"
#include "db/sqlite.h"

static struct scratch scratch;
static const char *path; /* of a file that no test before used */

static int
open_scratch(void **p)
{
	(void)p;
	scratch_open(&scratch);
	return 0;
}

static int
close_scratch(void **p)
{
	(void)p;
	scratch_close(&scratch);
	return 0;
}

static int
name_file(void **p)
{
	static int n;
	char name[16];

	(void)p;
	(void)snprintf(name, sizeof(name), "%d.db", ++n);
	path = scratch_path(&scratch, name);
	return 0;
}

static struct fe_db *
open_db(bool read_only, int64_t busy_ms)
{
	const struct fe_sqlite_settings set = { .path = path, .read_only = read_only, .busy_ms = busy_ms };
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *db;

	if (fe_sqlite_open(&db, &set, &err))
		fail_msg("%s", err.text);
	return db;
}

static void
exec(struct fe_db *db, const char *sql)
{
	struct fe_err err = FE_ERR_INIT;

	if (fe_db_exec(db, sql, &err))
		fail_msg("%s: %s", sql, err.text);
}

static int64_t
ask(struct fe_db *db, const char *sql)
{
	struct fe_err err = FE_ERR_INIT;
	int64_t v = -99;

	if (fe_db_query_i64(db, sql, &v, &err))
		fail_msg("%s: %s", sql, err.text);
	return v;
}

static void
opens_with_the_careful_settings(void **p)
{
	struct fe_db *db = open_db(false, 0);

	(void)p;
	assert_int_equal(ask(db, "PRAGMA foreign_keys"), 1);
	assert_int_equal(ask(db, "PRAGMA synchronous"), 3);
	assert_int_equal(ask(db, "PRAGMA trusted_schema"), 0);
	assert_int_equal(ask(db, "PRAGMA cell_size_check"), 1);
	assert_int_equal(ask(db, "PRAGMA temp_store"), 1);
	assert_int_equal(ask(db, "SELECT journal_mode = 'delete' FROM pragma_journal_mode"), 1);
	/* defensive: the schema table cannot be written */
	exec(db, "CREATE TABLE t (a INTEGER) STRICT; PRAGMA writable_schema = ON");
	assert_int_equal(fe_db_exec(db, "UPDATE sqlite_schema SET sql = 'x'", NULL), FE_ECONFLICT);
	/* "x" is never a text */
	assert_int_equal(fe_db_exec(db, "SELECT \"no_such_column\"", NULL), FE_ECONFLICT);
	fe_db_close(db);
}

static void
new_file_is_not_for_everyone(void **p)
{
	struct stat st;

	(void)p;
	fe_db_close(open_db(false, 0));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07, 0);
}

static void
bound_values_come_back_byte_for_byte(void **p)
{
	struct fe_db *db = open_db(false, 0);
	struct fe_err err = FE_ERR_INIT;
	struct fe_stmt *st;
	bool row;

	(void)p;
	assert_int_equal(fe_db_prepare(db, FE_STR("SELECT ?1, ?2, ?3, ?4, ?5, ?6"), &st, &err), FE_OK);
	fe_stmt_bind_i64(st, 1, INT64_MIN);
	fe_stmt_bind_text(st, 2, FE_STR("it's \"x\"\n\xc3\xa4"));
	fe_stmt_bind_text(st, 3, (struct fe_str){ 0 });
	fe_stmt_bind_blob(st, 4, FE_STR("a\0b"));
	fe_stmt_bind_null(st, 5);
	fe_stmt_bind_cstr(st, 6, NULL);
	assert_int_equal(fe_stmt_step(st, &row, &err), FE_OK);
	assert_true(row);
	assert_true(fe_stmt_i64(st, 0) == INT64_MIN);
	assert_true(fe_str_is(fe_stmt_text(st, 1), "it's \"x\"\n\xc3\xa4"));
	assert_false(fe_stmt_is_null(st, 2)); /* an empty text is not null */
	assert_int_equal(fe_stmt_text(st, 2).n, 0);
	assert_true(fe_str_eq(fe_stmt_text(st, 3), FE_STR("a\0b")));
	assert_true(fe_stmt_is_null(st, 4));
	assert_true(fe_stmt_is_null(st, 5));
	assert_null(fe_stmt_text(st, 5).p);
	fe_stmt_free(st);
	fe_db_close(db);
}

static void
a_failed_bind_is_told_by_the_next_step(void **p)
{
	struct fe_db *db = open_db(false, 0);
	struct fe_err err = FE_ERR_INIT;
	struct fe_stmt *st;
	bool row;

	(void)p;
	assert_int_equal(fe_db_prepare(db, FE_STR("SELECT ?1"), &st, &err), FE_OK);
	fe_stmt_bind_i64(st, 7, 1);
	assert_int_equal(fe_stmt_step(st, &row, &err), FE_EBUG);
	fe_stmt_bind_i64(st, 1, 1); /* and it can be used again */
	assert_int_equal(fe_stmt_step(st, &row, &err), FE_OK);
	assert_true(row);
	fe_stmt_free(st);
	fe_db_close(db);
}

static void
constraint_failures_are_conflicts(void **p)
{
	struct fe_db *db = open_db(false, 0);
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	exec(db, "CREATE TABLE t (a INTEGER UNIQUE) STRICT; INSERT INTO t VALUES (1)");
	assert_int_equal(fe_db_exec(db, "INSERT INTO t VALUES (1)", &err), FE_ECONFLICT);
	assert_string_equal(err.foreign, "SQLITE_CONSTRAINT");
	assert_non_null(strstr(err.text, "t.a"));
	assert_int_equal(fe_db_exec(db, "INSERT INTO t VALUES ('x')", &err), FE_ECONFLICT);
	fe_db_close(db);
}

static void
a_locked_database_is_unavailable_after_the_wait(void **p)
{
	struct fe_db *one = open_db(false, 0), *two = open_db(false, 50);
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	assert_int_equal(fe_db_begin(one, &err), FE_OK);
	assert_int_equal(fe_db_begin(two, &err), FE_EUNAVAIL);
	assert_string_equal(err.foreign, "SQLITE_BUSY");
	assert_int_equal(fe_db_rollback(one, &err), FE_OK);
	assert_int_equal(fe_db_begin(two, &err), FE_OK);
	assert_true(fe_db_in_transaction(two));
	assert_int_equal(fe_db_commit(two, &err), FE_OK);
	fe_db_close(one);
	fe_db_close(two);
}

static void
a_full_database_is_unavailable(void **p)
{
	struct fe_db *db = open_db(false, 0);
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	exec(db, "CREATE TABLE t (a BLOB) STRICT; PRAGMA max_page_count = 10");
	assert_int_equal(fe_db_exec(db, "INSERT INTO t VALUES (zeroblob(1000000))", &err), FE_EUNAVAIL);
	assert_string_equal(err.foreign, "SQLITE_FULL");
	assert_non_null(strstr(err.text, "disk is full"));
	fe_db_close(db);
}

static void
a_file_that_is_no_database_is_a_conflict(void **p)
{
	const struct fe_sqlite_settings set = { .path = path };
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *db;
	FILE *f = fopen(path, "w");

	(void)p;
	assert_non_null(f);
	assert_true(fprintf(f, "id,amount\n%4000d\n", 1) > 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(fe_sqlite_open(&db, &set, &err), FE_ECONFLICT);
	assert_null(db);
	assert_string_equal(err.foreign, "SQLITE_NOTADB");
	assert_string_equal(err.object, path);
}

static void
missing_places_are_told_before_sqlite_sees_them(void **p)
{
	struct fe_sqlite_settings set = { .path = "/tmp/no/such/folder/a.db" };
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *db;

	(void)p;
	assert_int_equal(fe_sqlite_open(&db, &set, &err), FE_EUSAGE);
	set.path = scratch.folder;
	assert_int_equal(fe_sqlite_open(&db, &set, &err), FE_EUSAGE);
	set.path = path;
	set.read_only = true;
	assert_int_equal(fe_sqlite_open(&db, &set, &err), FE_EUSAGE);
	assert_true(access(path, F_OK) != 0); /* reading makes nothing */
}

static void
read_only_use_cannot_write(void **p)
{
	struct fe_db *db = open_db(false, 0);

	(void)p;
	exec(db, "CREATE TABLE t (a INTEGER) STRICT");
	fe_db_close(db);
	db = open_db(true, 0);
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 0);
	assert_int_equal(fe_db_exec(db, "INSERT INTO t VALUES (1)", NULL), FE_EDENIED);
	fe_db_close(db);
}

static void
write_protected_files_are_denied(void **p)
{
	const struct fe_sqlite_settings set = { .path = path };
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *db = open_db(false, 0);

	(void)p;
	exec(db, "CREATE TABLE t (a INTEGER) STRICT");
	fe_db_close(db);
	if (geteuid() == 0)
		skip(); /* root may write everything */
	assert_int_equal(chmod(path, 0400), 0);
	assert_int_equal(fe_sqlite_open(&db, &set, &err), FE_EDENIED);
}

static void
names_are_quoted_only_where_they_must_be(void **p)
{
	struct fe_buf out;

	(void)p;
	fe_buf_init(&out, 1024);
	fe_db_add_name(&out, "amount_minor");
	fe_buf_add_char(&out, ' ');
	fe_db_add_name(&out, "order");
	fe_buf_add_char(&out, ' ');
	fe_db_add_name(&out, "a\"b; --");
	assert_string_equal(fe_buf_text(&out), "amount_minor \"order\" \"a\"\"b; --\"");
	fe_buf_reset(&out);
}

static bool
is_guarded(void *ctx, const char *table)
{
	(void)ctx;
	return strcmp(table, "t") == 0;
}

static void
a_trigger_that_writes_to_a_guarded_table_is_refused(void **p)
{
	struct fe_db *db = open_db(false, 0);
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	exec(db, "CREATE TABLE t (a INTEGER) STRICT; CREATE TABLE own (a INTEGER) STRICT");
	exec(db, "CREATE TRIGGER logs AFTER INSERT ON t BEGIN INSERT INTO own VALUES (new.a); END");
	fe_sqlite_guard(db, is_guarded, NULL);
	exec(db, "INSERT INTO t VALUES (1); UPDATE t SET a = 2; DELETE FROM t");
	exec(db, "CREATE TRIGGER lies AFTER INSERT ON own BEGIN DELETE FROM t; END");
	assert_int_equal(fe_db_exec(db, "INSERT INTO t VALUES (1)", &err), FE_ECONFLICT);
	assert_non_null(strstr(err.text, "trigger lies writes to table t"));
	fe_db_close(db);
}

/* Last: the request cannot be taken back. */
static void
long_statements_end_when_asked_to_stop(void **p)
{
	static const char forever[] =
		"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
	struct fe_db *db = open_db(false, 0);
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	exec(db, "CREATE TABLE t (a INTEGER) STRICT");
	fe_stop_request();
	assert_int_equal(fe_db_exec(db, forever, &err), FE_ECANCEL);
	fe_db_set_stoppable(db, false);
	exec(db, "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 200000) "
	         "INSERT INTO t SELECT i FROM n");
	fe_db_close(db);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, name_file)
	const struct CMUnitTest tests[] = {
		T(opens_with_the_careful_settings),
		T(new_file_is_not_for_everyone),
		T(bound_values_come_back_byte_for_byte),
		T(a_failed_bind_is_told_by_the_next_step),
		T(constraint_failures_are_conflicts),
		T(a_locked_database_is_unavailable_after_the_wait),
		T(a_full_database_is_unavailable),
		T(a_file_that_is_no_database_is_a_conflict),
		T(missing_places_are_told_before_sqlite_sees_them),
		T(read_only_use_cannot_write),
		T(write_protected_files_are_denied),
		T(names_are_quoted_only_where_they_must_be),
		T(a_trigger_that_writes_to_a_guarded_table_is_refused),
		T(long_statements_end_when_asked_to_stop),
	};

	return cmocka_run_group_tests(tests, open_scratch, close_scratch);
}

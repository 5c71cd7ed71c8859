// SPDX-License-Identifier: Apache-2.0
/* test_cursor_sqlite.c - rows of an SQLite file, by the suite of all engines and some of its own */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../conformance/cursor.h"
#include "../scratch.h"
#include "db/sqlite.h"

static struct scratch scratch;
static const char *path;
static struct fe_db *db; /* stays open, so that a reader finds the log of what is written */

static void
exec(const char *sql)
{
	struct fe_err err = FE_ERR_INIT;

	if (fe_db_exec(db, sql, &err))
		fail_msg("%s: %s", sql, err.text);
}

static const char *
fresh(void)
{
	static int n;
	struct fe_sqlite_settings set = { 0 };
	struct fe_err err = FE_ERR_INIT;
	char name[32];

	fe_db_close(db);
	(void)snprintf(name, sizeof(name), "%d.db", ++n);
	path = set.path = scratch_path(&scratch, name);
	if (fe_sqlite_open(&db, &set, &err))
		fail_msg("%s", err.text);
	exec("PRAGMA journal_mode = WAL");
	return path;
}

static const struct fe_cursor_subject subject = {
	.engine = FE_CURSOR_SQLITE,
	.fresh = fresh,
	.exec = exec,
	.text_type = "text",
	.int_type = "integer",
	.decimal_type = "text",
	.date_type = "text",
	.timestamp_type = "text",
	.first_day = "0001-01-01",
	.series = "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d) SELECT n FROM s",
	.failing = "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1000) "
	           "SELECT CASE n WHEN 500 THEN abs(-9223372036854775807 - 1) ELSE n END FROM s",
	.endless = "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s) SELECT count(*) FROM s",
	.nowhere = "/nowhere/at/all.db",
};

static int
begin(void **p)
{
	(void)p;
	(void)fresh();
	return 0;
}

static struct fe_cursor *
open_query(const char *sql)
{
	const struct fe_cursor_settings set = { .location = path, .sql = sql };
	struct fe_err err = FE_ERR_INIT;
	struct fe_cursor *c;

	if (fe_cursor_open(&c, FE_CURSOR_SQLITE, &set, &err))
		fail_msg("%s", err.text);
	return c;
}

static void
each_value_comes_by_its_storage_class(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	const struct fe_cursor_value *v;
	struct fe_cursor *c;
	bool row;

	(void)p;
	exec("CREATE TABLE t (a, d REAL, n DECIMAL(12,2)); INSERT INTO t VALUES (x'00ff', 2, 12.50)");
	c = open_query("SELECT a, d, n, 7, 'seven', 0.1, 9e999, NULL FROM t");
	v = fe_cursor_values(c);
	assert_int_equal(fe_cursor_column(c, 0)->kind, FE_CURSOR_ANY);
	assert_int_equal(fe_cursor_column(c, 1)->kind, FE_CURSOR_FLOAT);
	assert_string_equal(fe_cursor_column(c, 2)->type, "DECIMAL(12,2)");
	assert_int_equal(fe_cursor_next(c, &row, &err), FE_OK);
	assert_int_equal(v[0].kind, FE_CURSOR_BYTES);
	assert_int_equal(v[0].text.n, 2);
	assert_int_equal(v[1].kind, FE_CURSOR_FLOAT);
	assert_int_equal(v[2].kind, FE_CURSOR_FLOAT); /* as SQLite keeps it, whatever is declared */
	assert_true(fe_str_is(v[2].text, "12.5"));
	assert_int_equal(v[3].kind, FE_CURSOR_INT);
	assert_int_equal(v[3].i64, 7);
	assert_int_equal(v[4].kind, FE_CURSOR_TEXT);
	assert_true(fe_str_is(v[5].text, "0.1"));
	assert_true(fe_str_is(v[6].text, "Infinity"));
	assert_true(v[7].is_null);
	fe_cursor_close(c);
}

static void
nothing_of_the_file_is_written(void **p)
{
	const struct fe_cursor_settings set = { .location = path, .sql = "SELECT a FROM t" };
	struct fe_err err = FE_ERR_INIT;
	struct fe_cursor *c;
	struct stat before, after;
	bool row;

	(void)p;
	exec("CREATE TABLE t (a); INSERT INTO t VALUES (1); PRAGMA journal_mode = DELETE");
	fe_db_close(db);
	db = NULL;
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(fe_cursor_open(&c, FE_CURSOR_SQLITE, &set, &err), FE_OK);
	assert_int_equal(fe_cursor_next(c, &row, &err), FE_OK);
	assert_true(row);
	fe_cursor_close(c);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	assert_int_equal(before.st_size, after.st_size);
}

static void
a_file_that_is_not_there_is_not_made(void **p)
{
	const char *missing = scratch_path(&scratch, "missing.db");
	const struct fe_cursor_settings set = { .location = missing, .sql = "SELECT 1" };
	struct fe_err err = FE_ERR_INIT;
	struct fe_cursor *c;

	(void)p;
	assert_int_equal(fe_cursor_open(&c, FE_CURSOR_SQLITE, &set, &err), FE_EUSAGE);
	assert_int_not_equal(access(missing, F_OK), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_value_comes_by_its_storage_class, begin),
		cmocka_unit_test_setup(nothing_of_the_file_is_written, begin),
		cmocka_unit_test_setup(a_file_that_is_not_there_is_not_made, begin),
	};
	int failed;

	scratch_open(&scratch);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	failed += fe_cursor_conformance(&subject);
	fe_db_close(db);
	scratch_close(&scratch);
	return failed;
}

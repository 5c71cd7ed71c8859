// SPDX-License-Identifier: Apache-2.0
/* test_cursor_odbc.c - rows by ODBC, from the MariaDB server of FINETL_TEST_ODBC (tools/mariadb_server.py) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../conformance/cursor.h"
#include "base/mem.h"
#include "base/stop.h"
#include "db/odbc.h"

#define SKIPPED_BY_MESON 77

static char place[1024];
static struct fe_odbc odbc;

/* The server's, with another database in it. */
static void
set_database(const char *name)
{
	const char *all = getenv("FINETL_TEST_ODBC"), *at = strstr(all, "DATABASE=");

	assert_non_null(at);
	assert_in_range(snprintf(place, sizeof(place), "%.*sDATABASE=%s%s", (int)(at - all), all, name, at + strcspn(at, ";")), 1,
	                sizeof(place) - 1);
}

static void
exec(const char *sql)
{
	struct fe_odbc_names names;
	struct fe_err err = FE_ERR_INIT;
	SQLWCHAR *where, *what;
	SQLHSTMT st = NULL;
	SQLHENV env = NULL;
	SQLHDBC dbc = NULL;
	size_t n;

	fe_odbc_names_init(&names, place);
	assert_true(SQL_SUCCEEDED(odbc.SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env)));
	assert_true(SQL_SUCCEEDED(odbc.SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0)));
	assert_true(SQL_SUCCEEDED(odbc.SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc)));
	where = fe_odbc_wide(fe_str_of(place), &n);
	if (!SQL_SUCCEEDED(odbc.SQLDriverConnectW(dbc, NULL, where, (SQLSMALLINT)n, NULL, 0, NULL, SQL_DRIVER_NOPROMPT))) {
		fe_odbc_fail(&odbc, SQL_HANDLE_DBC, dbc, &names, "connect", &err);
		fail_msg("%s", err.text);
	}
	what = fe_odbc_wide(fe_str_of(sql), &n);
	assert_true(SQL_SUCCEEDED(odbc.SQLAllocHandle(SQL_HANDLE_STMT, dbc, &st)));
	if (!SQL_SUCCEEDED(odbc.SQLPrepareW(st, what, (SQLINTEGER)n)) || !SQL_SUCCEEDED(odbc.SQLExecute(st))) {
		fe_odbc_fail(&odbc, SQL_HANDLE_STMT, st, &names, sql, &err);
		fail_msg("%s", err.text);
	}
	fe_free(where);
	fe_free(what);
	fe_odbc_names_reset(&names);
	(void)odbc.SQLFreeHandle(SQL_HANDLE_STMT, st);
	(void)odbc.SQLDisconnect(dbc);
	(void)odbc.SQLFreeHandle(SQL_HANDLE_DBC, dbc);
	(void)odbc.SQLFreeHandle(SQL_HANDLE_ENV, env);
}

static void
remove_place(void)
{
	char sql[128];

	set_database("mysql");
	(void)snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS finetl_%d", (int)getpid());
	exec(sql);
}

static const char *
fresh(void)
{
	char sql[128], name[64];

	remove_place();
	(void)snprintf(sql, sizeof(sql), "CREATE DATABASE finetl_%d", (int)getpid());
	exec(sql);
	(void)snprintf(name, sizeof(name), "finetl_%d", (int)getpid());
	set_database(name);
	return place;
}

static const struct fe_cursor_subject subject = {
	.engine = FE_CURSOR_ODBC,
	.fresh = fresh,
	.exec = exec,
	.text_type = "varchar(100)",
	.int_type = "bigint",
	.decimal_type = "decimal(18,2)",
	.date_type = "date",
	.timestamp_type = "datetime(6)",
	.has_moments = true,
	.first_day = "0001-01-01",
	.series = "SELECT CAST(seq AS SIGNED) AS n FROM seq_1_to_%d",
	.failing = "SELECT CASE seq WHEN 500 THEN (SELECT seq FROM seq_1_to_2) ELSE seq END FROM seq_1_to_1000",
	.endless = "SELECT count(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b WHERE a.seq * b.seq % 7 = 3",
	.nowhere = "DRIVER={MariaDB Unicode};SERVER=127.0.0.1;PORT=1;UID=somebody;PWD={geheimnis};CONN_TIMEOUT=2",
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
	const struct fe_cursor_settings set = { .location = place, .sql = sql };
	struct fe_err err = FE_ERR_INIT;
	struct fe_cursor *c;

	if (fe_cursor_open(&c, FE_CURSOR_ODBC, &set, &err))
		fail_msg("%s: %s", sql, err.text);
	return c;
}

static bool
next(struct fe_cursor *c)
{
	struct fe_err err = FE_ERR_INIT;
	bool row;

	if (fe_cursor_next(c, &row, &err))
		fail_msg("%s", err.text);
	return row;
}

static void
every_type_has_its_kind(void **p)
{
	static const struct expected {
		const char *type, *value;
		enum fe_cursor_kind column, kind;
		const char *text; /* NULL: i64 */
		int64_t i64;
	} values[] = {
		{ "tinyint", "-5", FE_CURSOR_INT, FE_CURSOR_INT, NULL, -5 },
		{ "tinyint unsigned", "255", FE_CURSOR_INT, FE_CURSOR_INT, NULL, 255 },
		{ "int unsigned", "4294967295", FE_CURSOR_INT, FE_CURSOR_INT, NULL, 4294967295 },
		{ "bigint unsigned", "18446744073709551615", FE_CURSOR_DECIMAL, FE_CURSOR_DECIMAL, "18446744073709551615", 0 },
		{ "decimal(30,10)", "0.1", FE_CURSOR_DECIMAL, FE_CURSOR_DECIMAL, "0.1000000000", 0 },
		{ "decimal(20,4)", "-9999999999999999.9999", FE_CURSOR_DECIMAL, FE_CURSOR_DECIMAL, "-9999999999999999.9999", 0 },
		{ "double", "0.1", FE_CURSOR_FLOAT, FE_CURSOR_FLOAT, "0.1", 0 },
		{ "date", "'2026-02-28'", FE_CURSOR_DATE, FE_CURSOR_DATE, NULL, 20512 },
		{ "datetime(6)", "'1970-01-01 00:00:01.500001'", FE_CURSOR_TIMESTAMP, FE_CURSOR_TIMESTAMP, NULL, 1500001 },
		{ "datetime", "'1970-01-02'", FE_CURSOR_TIMESTAMP, FE_CURSOR_TIMESTAMP, NULL, 86400000000 },
		{ "char(5)", "'ab'", FE_CURSOR_TEXT, FE_CURSOR_TEXT, "ab", 0 },
		{ "varchar(20)", "'\xC3\xA4\xF0\x9F\x92\xB0'", FE_CURSOR_TEXT, FE_CURSOR_TEXT, "\xC3\xA4\xF0\x9F\x92\xB0", 0 },
		{ "enum('a','b')", "'b'", FE_CURSOR_TEXT, FE_CURSOR_TEXT, "b", 0 },
		{ "varbinary(10)", "x'616200'", FE_CURSOR_BYTES, FE_CURSOR_BYTES, "ab", 0 },
		{ "longtext", "repeat('x', 70000)", FE_CURSOR_TEXT, FE_CURSOR_TEXT, NULL, INT64_MAX /* not looked at */ },
		{ "blob", "'blob'", FE_CURSOR_BYTES, FE_CURSOR_BYTES, "blob", 0 },
	};
	(void)p;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct expected *want = &values[i];
		const struct fe_cursor_value *v;
		struct fe_cursor *c;
		char sql[512];

		(void)snprintf(sql, sizeof(sql), "CREATE OR REPLACE TABLE t (v %s)", want->type);
		exec(sql);
		(void)snprintf(sql, sizeof(sql), "INSERT INTO t VALUES (%s), (NULL)", want->value);
		exec(sql);
		c = open_query("SELECT v FROM t");
		assert_true(next(c));
		v = fe_cursor_values(c);
		if (fe_cursor_column(c, 0)->kind != want->column || v->kind != want->kind || v->is_null ||
		    (want->text && (v->text.n < strlen(want->text) || memcmp(v->text.p, want->text, strlen(want->text)) != 0)) ||
		    (!want->text && want->i64 != INT64_MAX && v->i64 != want->i64))
			fail_msg("%s: kind %d of %d, %lld, '%.*s'", want->type, v->kind, fe_cursor_column(c, 0)->kind, (long long)v->i64,
			         FE_STR_ARGS(v->text));
		assert_true(next(c));
		assert_true(fe_cursor_values(c)->is_null);
		assert_false(next(c));
		fe_cursor_close(c);
	}
}

/* MariaDB's date of zeros is neither a day nor nothing: it must not come as null unseen. */
static void
a_date_of_zeros_is_no_null(void **p)
{
	struct fe_cursor *c;

	(void)p;
	exec("CREATE TABLE t (d date, t datetime)");
	exec("INSERT INTO t VALUES ('0000-00-00', '0000-00-00 00:00:00')");
	c = open_query("SELECT d, t FROM t");
	assert_true(next(c));
	for (size_t i = 0; i < 2; i++) {
		assert_false(fe_cursor_values(c)[i].is_null);
		assert_int_equal(fe_cursor_values(c)[i].kind, FE_CURSOR_TEXT);
		assert_int_equal(strncmp(fe_cursor_values(c)[i].text.p, "0000-00-00", 10), 0);
	}
	fe_cursor_close(c);
}

static void
connection_strings_are_shown_without_secrets(void **p)
{
	static const char *const texts[][2] = {
		{ "DSN=sales;UID=me;PWD=geheimnis", "sales" },
		{ "driver={My Driver};server=db.example.com;Database=bank;uid=geheimnis;pwd={a;b}}geheimnis}", "db.example.com/bank" },
		{ " Server = h ; PWD = geheimnis ; DATABASE={d;x}", "h/d;x" },
		{ "PWD=geheimnis", "database" },
		{ "", "database" },
	};

	(void)p;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fe_odbc_names names;

		fe_odbc_names_init(&names, texts[i][0]);
		assert_string_equal(names.shown, texts[i][1]);
		fe_odbc_names_reset(&names);
	}
}

static void
denied_is_told_from_unreachable(void **p)
{
	struct fe_cursor_settings set = { .sql = "SELECT 1" };
	struct fe_err err = FE_ERR_INIT;
	char wrong[1200], text[4096];
	struct fe_cursor *c;

	(void)p;
	exec("CREATE OR REPLACE USER somebody@localhost IDENTIFIED BY 'right'");
	(void)snprintf(wrong, sizeof(wrong), "%.*sUID=somebody;PWD=geheimnis", (int)(strstr(place, "UID=") - place), place);
	set.location = wrong;
	assert_int_equal(fe_cursor_open(&c, FE_CURSOR_ODBC, &set, &err), FE_EDENIED);
	assert_null(strstr(fe_err_print(&err, text, sizeof(text)), "geheimnis"));
	assert_null(strstr(text, "somebody"));
	set.location = subject.nowhere;
	assert_int_equal(fe_cursor_open(&c, FE_CURSOR_ODBC, &set, &err), FE_EUNAVAIL);
	set.location = "DSN=no_such_source";
	assert_int_equal(fe_cursor_open(&c, FE_CURSOR_ODBC, &set, &err), FE_EUSAGE);
	set.location = "DRIVER={No Such Driver}";
	assert_int_equal(fe_cursor_open(&c, FE_CURSOR_ODBC, &set, &err), FE_EUSAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_type_has_its_kind, begin),
		cmocka_unit_test_setup(a_date_of_zeros_is_no_null, begin),
		cmocka_unit_test(connection_strings_are_shown_without_secrets),
		cmocka_unit_test_setup(denied_is_told_from_unreachable, begin),
	};
	struct fe_err err = FE_ERR_INIT;
	const char *ci = getenv("CI");
	int failed;

	if (!getenv("FINETL_TEST_ODBC")) {
		fprintf(stderr, "no ODBC source: FINETL_TEST_ODBC is not set (tools/mariadb_server.py run -- ...)\n");
		return ci && strcmp(ci, "true") == 0 ? 1 : SKIPPED_BY_MESON;
	}
	if (fe_odbc_load(&odbc, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	failed += fe_cursor_conformance(&subject);
	remove_place();
	return failed;
}

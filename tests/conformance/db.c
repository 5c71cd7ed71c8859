// SPDX-License-Identifier: Apache-2.0
/* conformance/db.c - see conformance/db.h */
#include "db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct fe_db_subject *subject;
static struct fe_db *db; /* of the test */

static int
open_subject(void **p)
{
	(void)p;
	db = subject->open();
	return 0;
}

static int
close_subject(void **p)
{
	(void)p;
	fe_db_close(db);
	db = NULL;
	subject->forget();
	return 0;
}

static void
exec(struct fe_db *on, const char *sql)
{
	struct fe_err err = FE_ERR_INIT;

	if (fe_db_exec(on, sql, &err))
		fail_msg("%s: %s", sql, err.text);
}

static int64_t
ask(struct fe_db *on, const char *sql)
{
	struct fe_err err = FE_ERR_INIT;
	int64_t v = -99;

	if (fe_db_query_i64(on, sql, &v, &err))
		fail_msg("%s: %s", sql, err.text);
	return v;
}

static struct fe_stmt *
prepare(const char *sql)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_stmt *st;

	if (fe_db_prepare(db, fe_str_of(sql), &st, &err))
		fail_msg("%s: %s", sql, err.text);
	return st;
}

static bool
step(struct fe_stmt *st)
{
	struct fe_err err = FE_ERR_INIT;
	bool row;

	if (fe_stmt_step(st, &row, &err))
		fail_msg("%s", err.text);
	return row;
}

static void
run(struct fe_stmt *st)
{
	struct fe_err err = FE_ERR_INIT;

	if (fe_stmt_run(st, &err))
		fail_msg("%s", err.text);
}

static void
assert_text(struct fe_stmt *st, int column, struct fe_str expected)
{
	struct fe_str text = fe_stmt_text(st, column);

	assert_non_null(text.p);
	if (!fe_str_eq(text, expected))
		fail_msg("'%.*s' is not '%.*s'", FE_STR_ARGS(text), FE_STR_ARGS(expected));
}

static void
commits_and_rolls_back(void **p)
{
	(void)p;
	exec(db, "CREATE TABLE t (a integer)");
	assert_false(fe_db_in_transaction(db));
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK); /* nothing to do */
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	assert_true(fe_db_in_transaction(db));
	exec(db, "INSERT INTO t VALUES (1)");
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	assert_false(fe_db_in_transaction(db));
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 0);
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	exec(db, "INSERT INTO t VALUES (2)");
	assert_int_equal(fe_db_commit(db, NULL), FE_OK);
	assert_false(fe_db_in_transaction(db));
	assert_int_equal(ask(db, "SELECT sum(a) FROM t"), 2);
}

static void
close_without_commit_undoes(void **p)
{
	(void)p;
	exec(db, "CREATE TABLE t (a integer)");
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	exec(db, "INSERT INTO t VALUES (1)");
	fe_db_close(db);
	db = subject->open();
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 0);
}

static void
uncommitted_rows_are_not_seen_by_others(void **p)
{
	struct fe_db *other;

	(void)p;
	exec(db, "CREATE TABLE t (a integer)");
	other = subject->open();
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	exec(db, "INSERT INTO t VALUES (1)");
	assert_int_equal(ask(other, "SELECT count(*) FROM t"), 0);
	assert_int_equal(fe_db_commit(db, NULL), FE_OK);
	assert_int_equal(ask(other, "SELECT count(*) FROM t"), 1);
	fe_db_close(other);
}

static void
changes_counts_the_last_insert_update_or_delete(void **p)
{
	(void)p;
	exec(db, "CREATE TABLE t (a integer)");
	exec(db, "INSERT INTO t VALUES (1), (2), (3)");
	assert_int_equal(fe_db_changes(db), 3);
	exec(db, "UPDATE t SET a = a + 1 WHERE a > 1");
	assert_int_equal(fe_db_changes(db), 2);
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 3);
	assert_int_equal(fe_db_changes(db), 2); /* a query changes nothing */
	exec(db, "DELETE FROM t WHERE a = 99");
	assert_int_equal(fe_db_changes(db), 0);
}

static void
keep_and_fetch(const char *type, struct fe_str value, bool is_blob, struct fe_str expected)
{
	char sql[100];
	struct fe_stmt *st;

	exec(db, "DROP TABLE IF EXISTS v");
	(void)snprintf(sql, sizeof(sql), "CREATE TABLE v (a %s)", type);
	exec(db, sql);
	st = prepare("INSERT INTO v VALUES (?1)");
	if (is_blob)
		fe_stmt_bind_blob(st, 1, value);
	else
		fe_stmt_bind_text(st, 1, value);
	run(st);
	assert_int_equal(fe_db_changes(db), 1);
	fe_stmt_free(st);
	st = prepare("SELECT a FROM v");
	assert_true(step(st));
	assert_int_equal(fe_stmt_n_columns(st), 1);
	assert_false(fe_stmt_is_null(st, 0));
	assert_text(st, 0, expected);
	assert_false(step(st));
	fe_stmt_free(st);
}

static void
every_byte_of_a_text_comes_back(void **p)
{
	char text[128];
	size_t i;

	(void)p;
	for (i = 0; i < 127; i++)
		text[i] = (char)(i + 1);
	keep_and_fetch("text", (struct fe_str){ text, 127 }, false, (struct fe_str){ text, 127 });
}

static void
awkward_texts_come_back(void **p)
{
	static const char *const texts[] = {
		"\\.", "\\N", "\\\\", "it's \"x\" -- ?1 main.t", "$$ $1 $a$", "a\tb\r\n", "NULL", "  ",
		"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbd", "\\x41",
	};
	size_t i;

	(void)p;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		keep_and_fetch("text", fe_str_of(texts[i]), false, fe_str_of(texts[i]));
}

static void
empty_text_is_not_null(void **p)
{
	struct fe_stmt *st = prepare("SELECT CAST(?1 AS text), CAST(?2 AS text), CAST(?3 AS text)");

	(void)p;
	fe_stmt_bind_text(st, 1, (struct fe_str){ 0 });
	fe_stmt_bind_null(st, 2);
	fe_stmt_bind_cstr(st, 3, NULL);
	assert_true(step(st));
	assert_false(fe_stmt_is_null(st, 0));
	assert_text(st, 0, FE_STR(""));
	assert_true(fe_stmt_is_null(st, 1));
	assert_null(fe_stmt_text(st, 1).p);
	assert_int_equal(fe_stmt_i64(st, 1), 0);
	assert_true(fe_stmt_is_null(st, 2));
	fe_stmt_free(st);
}

static void
every_byte_of_a_blob_comes_back(void **p)
{
	char bytes[512];
	size_t i;

	(void)p;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i & 0xff);
	keep_and_fetch(subject->blob_type, (struct fe_str){ bytes, sizeof(bytes) }, true,
	               (struct fe_str){ bytes, sizeof(bytes) });
	keep_and_fetch(subject->blob_type, (struct fe_str){ 0 }, true, FE_STR(""));
}

static void
moments_and_days_have_one_text(void **p)
{
	static const char *const moments[] = {
		"2026-11-23 07:46:00.000000Z", "0001-01-01 00:00:00.000000Z",
		"9999-12-31 23:59:59.999999Z", "1999-12-31 23:59:59.100000Z",
		"2026-03-29 01:30:00.000001Z",
	};
	size_t i;

	(void)p;
	for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
		keep_and_fetch(subject->timestamp_type, fe_str_of(moments[i]), false,
		               fe_str_of(moments[i]));
	keep_and_fetch(fe_db_engine(db) == FE_DB_SQLITE ? "text" : "date", FE_STR("2026-02-28"), false,
	               FE_STR("2026-02-28"));
}

static void
booleans_are_0_and_1(void **p)
{
	struct fe_stmt *st;
	char sql[100];

	(void)p;
	(void)snprintf(sql, sizeof(sql), "CREATE TABLE b (a %s)", subject->bool_type);
	exec(db, sql);
	st = prepare("INSERT INTO b VALUES (?1)");
	fe_stmt_bind_i64(st, 1, 1);
	run(st);
	fe_stmt_bind_i64(st, 1, 0);
	run(st);
	fe_stmt_free(st);
	st = prepare("SELECT a FROM b ORDER BY a");
	assert_true(step(st));
	assert_int_equal(fe_stmt_i64(st, 0), 0);
	assert_text(st, 0, FE_STR("0"));
	assert_true(step(st));
	assert_int_equal(fe_stmt_i64(st, 0), 1);
	assert_text(st, 0, FE_STR("1"));
	fe_stmt_free(st);
}

static void
numbers_go_to_the_ends_of_their_range(void **p)
{
	struct fe_stmt *st = prepare("SELECT CAST(?1 AS bigint), CAST(?2 AS bigint)");

	(void)p;
	fe_stmt_bind_i64(st, 1, INT64_MIN);
	fe_stmt_bind_i64(st, 2, INT64_MAX);
	assert_true(step(st));
	assert_true(fe_stmt_i64(st, 0) == INT64_MIN && fe_stmt_i64(st, 1) == INT64_MAX);
	assert_text(st, 0, FE_STR("-9223372036854775808"));
	fe_stmt_free(st);
}

static void
statements_are_open_side_by_side(void **p)
{
	struct fe_stmt *outer, *inner;
	int n = 0;

	(void)p;
	exec(db, "CREATE TABLE t (a integer); INSERT INTO t VALUES (1), (2), (3)");
	outer = prepare("SELECT a FROM t ORDER BY a");
	inner = prepare("SELECT a * 10 FROM t WHERE a = ?1");
	while (step(outer)) {
		fe_stmt_bind_i64(inner, 1, fe_stmt_i64(outer, 0));
		assert_true(step(inner));
		assert_int_equal(fe_stmt_i64(inner, 0), fe_stmt_i64(outer, 0) * 10);
		fe_stmt_reset(inner);
		n++;
	}
	assert_int_equal(n, 3);
	assert_true(step(outer)); /* the end resets: from the start again */
	assert_int_equal(fe_stmt_i64(outer, 0), 1);
	fe_stmt_free(inner);
	fe_stmt_free(outer);
}

static void
bindings_survive_a_reset(void **p)
{
	struct fe_stmt *st = prepare("SELECT CAST(?1 AS text), CAST(?2 AS bigint)");

	(void)p;
	fe_stmt_bind_text(st, 1, FE_STR("kept"));
	fe_stmt_bind_i64(st, 2, 1);
	assert_true(step(st));
	fe_stmt_reset(st);
	fe_stmt_bind_i64(st, 2, 2);
	assert_true(step(st));
	assert_text(st, 0, FE_STR("kept"));
	assert_int_equal(fe_stmt_i64(st, 1), 2);
	fe_stmt_free(st);
}

static void
eleven_parameters_in_any_order(void **p)
{
	struct fe_stmt *st = prepare("SELECT CAST(?11 AS bigint), CAST(?1 AS bigint), "
	                             "CAST(?2 AS bigint) + ?3 + ?4 + ?5 + ?6 + ?7 + ?8 + ?9 + CAST(?10 AS bigint), CAST(?1 AS bigint)");
	int i;

	(void)p;
	for (i = 1; i <= 11; i++)
		fe_stmt_bind_i64(st, i, i);
	assert_true(step(st));
	assert_int_equal(fe_stmt_i64(st, 0), 11);
	assert_int_equal(fe_stmt_i64(st, 1), 1);
	assert_int_equal(fe_stmt_i64(st, 2), 54);
	assert_int_equal(fe_stmt_i64(st, 3), 1);
	fe_stmt_free(st);
}

static void
a_binding_that_is_not_there_fails_the_step(void **p)
{
	struct fe_stmt *st = prepare("SELECT CAST(?1 AS bigint)");
	bool row = true;

	(void)p;
	fe_stmt_bind_i64(st, 2, 1);
	assert_int_equal(fe_stmt_step(st, &row, NULL), FE_EBUG);
	assert_false(row);
	fe_stmt_bind_i64(st, 1, 7);
	assert_true(step(st));
	assert_int_equal(fe_stmt_i64(st, 0), 7);
	fe_stmt_free(st);
}

static void
names_are_quoted_where_they_must_be(void **p)
{
	static const char *const names[] = { "plain_1", "select", "user",  "Mixed", "a b",
		                             "it\"s",   "1st",    "\xc3\xa4", "offset", "main" };
	struct fe_buf sql;
	size_t i;

	(void)p;
	fe_buf_init(&sql, 1000);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fe_buf_clear(&sql);
		fe_buf_add_text(&sql, "CREATE TABLE ");
		fe_db_add_name(&sql, names[i]);
		fe_buf_add_text(&sql, " (");
		fe_db_add_name(&sql, names[i]);
		fe_buf_add_text(&sql, " integer); INSERT INTO ");
		fe_db_add_name(&sql, names[i]);
		fe_buf_addf(&sql, " VALUES (%d)", (int)i);
		exec(db, fe_buf_text(&sql));
		fe_buf_clear(&sql);
		fe_buf_add_text(&sql, "SELECT ");
		fe_db_add_name(&sql, names[i]);
		fe_buf_add_text(&sql, " FROM ");
		fe_db_add_name(&sql, names[i]);
		assert_int_equal(ask(db, fe_buf_text(&sql)), i);
	}
	fe_buf_reset(&sql);
}

static void
literals_are_what_they_were(void **p)
{
	struct fe_buf sql;
	struct fe_stmt *st;

	(void)p;
	fe_buf_init(&sql, 1000);
	fe_buf_add_text(&sql, "SELECT ");
	fe_db_add_literal(&sql, FE_STR("it's \\ ?1 main.x \\' --"));
	st = prepare(fe_buf_text(&sql));
	assert_true(step(st));
	assert_text(st, 0, FE_STR("it's \\ ?1 main.x \\' --"));
	fe_stmt_free(st);
	fe_buf_reset(&sql);
}

static void
main_is_where_tables_are_made(void **p)
{
	(void)p;
	exec(db, "CREATE TABLE main.t (a integer); INSERT INTO t VALUES (5)");
	assert_int_equal(ask(db, "SELECT main.t.a FROM main.t WHERE 'main.t' <> 'x' /* main.u */"), 5);
}

static void
assert_fails(enum fe_rc expected, const char *sql)
{
	struct fe_err err = FE_ERR_INIT;
	enum fe_rc rc = fe_db_exec(db, sql, &err);

	if (rc != expected)
		fail_msg("%s: %s: %s", sql, fe_rc_name(rc), err.text);
	assert_true(err.foreign[0] != '\0');
	assert_string_equal(err.object, fe_db_name(db));
	assert_null(strstr(err.text, "4711"));
}

static void
failures_say_what_to_do(void **p)
{
	(void)p;
	exec(db, "CREATE TABLE t (a integer PRIMARY KEY, b integer NOT NULL CHECK (b > 0))");
	exec(db, "INSERT INTO t VALUES (4711, 1)");
	assert_fails(FE_ECONFLICT, "INSERT INTO t VALUES (4711, 1)");
	assert_fails(FE_ECONFLICT, "INSERT INTO t VALUES (4712, NULL)");
	assert_fails(FE_ECONFLICT, "INSERT INTO t VALUES (4713, -4711)");
	assert_fails(FE_ECONFLICT, "SELECT * FROM no_such_table");
	assert_fails(FE_ECONFLICT, "SELECT no_such_column FROM t");
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 1);
}

static void
a_failed_transaction_can_be_rolled_back(void **p)
{
	(void)p;
	exec(db, "CREATE TABLE t (a integer PRIMARY KEY)");
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	exec(db, "INSERT INTO t VALUES (1)");
	assert_fails(FE_ECONFLICT, "INSERT INTO t VALUES (1)");
	assert_true(fe_db_in_transaction(db));
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 0);
}

static void
a_failed_statement_works_with_other_values(void **p)
{
	struct fe_stmt *st;
	bool row;

	(void)p;
	exec(db, "CREATE TABLE t (a integer PRIMARY KEY); INSERT INTO t VALUES (1)");
	st = prepare("INSERT INTO t VALUES (?1)");
	fe_stmt_bind_i64(st, 1, 1);
	assert_int_equal(fe_stmt_step(st, &row, NULL), FE_ECONFLICT);
	fe_stmt_bind_i64(st, 1, 2);
	run(st);
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 2);
	fe_stmt_free(st);
}

static void
json_members_are_asked_for_alike(void **p)
{
	(void)p;
	exec(db, fe_db_engine(db) == FE_DB_SQLITE ? "CREATE TABLE j (a text)" : "CREATE TABLE j (a jsonb)");
	exec(db, "INSERT INTO j VALUES ('{\"x\": {\"y\": \"7\"}}')");
	assert_int_equal(ask(db, "SELECT count(*) FROM j WHERE a -> 'x' ->> 'y' = '7'"), 1);
}

static void
query_without_a_row_leaves_the_number(void **p)
{
	(void)p;
	exec(db, "CREATE TABLE t (a integer)");
	assert_int_equal(ask(db, "SELECT a FROM t"), -99);
}

int
fe_db_conformance(const struct fe_db_subject *of)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_subject, close_subject)
	const struct CMUnitTest tests[] = {
		TEST(commits_and_rolls_back),
		TEST(close_without_commit_undoes),
		TEST(uncommitted_rows_are_not_seen_by_others),
		TEST(changes_counts_the_last_insert_update_or_delete),
		TEST(every_byte_of_a_text_comes_back),
		TEST(awkward_texts_come_back),
		TEST(empty_text_is_not_null),
		TEST(every_byte_of_a_blob_comes_back),
		TEST(moments_and_days_have_one_text),
		TEST(booleans_are_0_and_1),
		TEST(numbers_go_to_the_ends_of_their_range),
		TEST(statements_are_open_side_by_side),
		TEST(bindings_survive_a_reset),
		TEST(eleven_parameters_in_any_order),
		TEST(a_binding_that_is_not_there_fails_the_step),
		TEST(names_are_quoted_where_they_must_be),
		TEST(literals_are_what_they_were),
		TEST(main_is_where_tables_are_made),
		TEST(failures_say_what_to_do),
		TEST(a_failed_transaction_can_be_rolled_back),
		TEST(a_failed_statement_works_with_other_values),
		TEST(json_members_are_asked_for_alike),
		TEST(query_without_a_row_leaves_the_number),
	};
#undef TEST

	subject = of;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

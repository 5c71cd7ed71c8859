// SPDX-License-Identifier: Apache-2.0
#include "cursor.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/time.h"

static const char *location;

static int
begin(void **state)
{
	const struct fe_cursor_subject *s = *state;

	location = s->fresh();
	return 0;
}

static struct fe_cursor *
open_with(const struct fe_cursor_subject *s, struct fe_cursor_settings set)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_cursor *c;

	set.location = location;
	if (fe_cursor_open(&c, s->engine, &set, &err))
		fail_msg("%s: %s", set.table ? set.table : set.sql, err.text);
	return c;
}

static struct fe_cursor *
open_query(const struct fe_cursor_subject *s, const char *sql)
{
	return open_with(s, (struct fe_cursor_settings){ .sql = sql });
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

/* A value as text: integers and moments by their numbers, null as (null). */
static const char *
shown(const struct fe_cursor *c, size_t column)
{
	static char out[64 * 1024];
	const struct fe_cursor_value *v = &fe_cursor_values(c)[column];

	if (v->is_null)
		return "(null)";
	switch (v->kind) {
	case FE_CURSOR_INT:
	case FE_CURSOR_BOOL:
		(void)snprintf(out, sizeof(out), "%lld", (long long)v->i64);
		break;
	case FE_CURSOR_DATE:
		fe_date_format((int32_t)v->i64, out);
		out[FE_DATE_TEXT_BYTES] = '\0';
		break;
	case FE_CURSOR_TIMESTAMP:
	case FE_CURSOR_TIMESTAMPTZ:
		fe_timestamp_format(v->i64, out);
		out[FE_TIMESTAMP_TEXT_BYTES - 1] = '\0';
		break;
	default:
		(void)snprintf(out, sizeof(out), "%.*s", FE_STR_ARGS(v->text));
		break;
	}
	return out;
}

FE_PRINTF(2, 3)
static void
exec(const struct fe_cursor_subject *s, const char *fmt, ...)
{
	char sql[8192];
	va_list args;

	va_start(args, fmt);
	assert_in_range(vsnprintf(sql, sizeof(sql), fmt, args), 1, sizeof(sql) - 1);
	va_end(args);
	s->exec(sql);
}

static const char *
series(const struct fe_cursor_subject *s, int n)
{
	static char sql[1024];
	const char *at = strstr(s->series, "%d");

	assert_non_null(at);
	(void)snprintf(sql, sizeof(sql), "%.*s%d%s", (int)(at - s->series), s->series, n, at + 2);
	return sql;
}

/* ---- values ---- */

static void
values_come_as_they_are(void **state)
{
	const struct fe_cursor_subject *s = *state;
	static const char *const rows[][5] = {
		{ "plain", "1", "0.10", "2026-02-28", "2026-02-28 23:59:59.999999" },
		{ "", "-9223372036854775808", "-12345.60", "9999-12-31", "9999-12-31 23:59:59.999999" },
		{ "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x92\xB0", "9223372036854775807", "9999999999999999.99", "1999-12-31", "1999-12-31 00:00:00.000000" },
		{ "it''s \"x\", \n\ty", "0", "-0.05", "2000-02-29", "2000-02-29 12:00:00.000001" },
	};
	struct fe_cursor *c;

	exec(s, "CREATE TABLE v (i int, a %s, b %s, c %s, d %s, e %s)", s->text_type, s->int_type, s->decimal_type, s->date_type,
	     s->timestamp_type);
	for (size_t i = 0; i < 4; i++)
		exec(s, "INSERT INTO v VALUES (%zu, '%s', %s, %s%s%s, '%s', '%s')", i, rows[i][0], rows[i][1], s->has_moments ? "" : "'",
		     rows[i][2], s->has_moments ? "" : "'", rows[i][3], rows[i][4]);
	exec(s, "INSERT INTO v VALUES (4, NULL, NULL, NULL, NULL, NULL)");
	c = open_query(s, "SELECT a, b, c, d, e FROM v ORDER BY i");
	assert_int_equal(fe_cursor_n_columns(c), 5);
	assert_string_equal(fe_cursor_column(c, 3)->name, "d");
	for (size_t i = 0; i < 4; i++) {
		assert_true(next(c));
		for (size_t k = 1; k < 5; k++)
			assert_string_equal(shown(c, k), rows[i][k]);
		assert_string_equal(shown(c, 0), i == 3 ? "it's \"x\", \n\ty" : rows[i][0]);
		assert_false(fe_cursor_values(c)[0].is_null);
	}
	assert_true(next(c));
	for (size_t k = 0; k < 5; k++)
		assert_true(fe_cursor_values(c)[k].is_null);
	assert_false(next(c));
	assert_false(next(c)); /* the end stays the end */
	fe_cursor_close(c);
}

static void
columns_tell_their_kinds(void **state)
{
	const struct fe_cursor_subject *s = *state;
	static const enum fe_cursor_kind kinds[] = {
		FE_CURSOR_TEXT, FE_CURSOR_INT, FE_CURSOR_DECIMAL, FE_CURSOR_DATE, FE_CURSOR_TIMESTAMP,
	};
	struct fe_cursor *c;

	exec(s, "CREATE TABLE k (a %s, b %s, c %s, d %s, e %s)", s->text_type, s->int_type, s->decimal_type, s->date_type,
	     s->timestamp_type);
	c = open_with(s, (struct fe_cursor_settings){ .table = "k" });
	assert_int_equal(fe_cursor_n_columns(c), 5);
	for (size_t i = 0; i < 5; i++) {
		const struct fe_cursor_column *column = fe_cursor_column(c, i);

		assert_int_equal(column->kind, s->has_moments ? kinds[i] : FE_CURSOR_ANY);
		assert_true(strlen(column->type) > 0);
		if (column->kind == FE_CURSOR_DECIMAL) {
			assert_int_equal(column->precision, 18);
			assert_int_equal(column->scale, 2);
		}
	}
	assert_false(next(c));
	fe_cursor_close(c);
}

static void
exact_decimals_stay_exact(void **state)
{
	const struct fe_cursor_subject *s = *state;
	static const char *const numbers[] = {
		"0.30", "0.10", "0.20", "9999999999999999.99", "-9999999999999999.99", "1.10", "4503599627370497.03", "100000.00",
		"10000.00", "9999.00", "0.01", "-0.01", "70000000000.07",
	};
	const size_t n = sizeof(numbers) / sizeof(numbers[0]);
	const char *quote = s->has_moments ? "" : "'";
	struct fe_cursor *c;

	exec(s, "CREATE TABLE m (i int, v %s)", s->decimal_type);
	for (size_t i = 0; i < n; i++)
		exec(s, "INSERT INTO m VALUES (%zu, %s%s%s)", i, quote, numbers[i], quote);
	c = open_query(s, "SELECT v FROM m ORDER BY i");
	for (size_t i = 0; i < n; i++) {
		assert_true(next(c));
		assert_string_equal(shown(c, 0), numbers[i]);
	}
	fe_cursor_close(c);
}

static void
first_and_last_days_are_read(void **state)
{
	const struct fe_cursor_subject *s = *state;
	struct fe_cursor *c;

	exec(s, "CREATE TABLE f (d %s)", s->date_type);
	exec(s, "INSERT INTO f VALUES ('%s')", s->first_day);
	exec(s, "INSERT INTO f VALUES ('9999-12-31')");
	c = open_query(s, "SELECT d FROM f ORDER BY d");
	assert_true(next(c));
	assert_string_equal(shown(c, 0), s->first_day);
	assert_true(next(c));
	assert_string_equal(shown(c, 0), "9999-12-31");
	fe_cursor_close(c);
}

static void
long_values_come_whole(void **state)
{
	const struct fe_cursor_subject *s = *state;
	static const size_t sizes[] = { 0, 1, 8191, 8192, 32767, 32768, 65536, 1000000 };
	const char *unit = "\xC3\xA4"; /* two bytes */
	struct fe_cursor *c;

	exec(s, "CREATE TABLE l (i int, v %s, w %s)", s->engine == FE_CURSOR_ODBC ? "LONGTEXT" : "text", s->text_type);
	for (size_t i = 0; i < 8; i++)
		if (s->engine == FE_CURSOR_SQLITE)
			exec(s, "INSERT INTO l VALUES (%zu, replace(hex(zeroblob(%zu)), '00', '%s'), 'w')", i, sizes[i], unit);
		else
			exec(s, "INSERT INTO l VALUES (%zu, repeat('%s', %zu), 'w')", i, unit, sizes[i]);
	c = open_query(s, "SELECT v, i, w FROM l ORDER BY i");
	for (size_t i = 0; i < 8; i++) {
		assert_true(next(c));
		const struct fe_str v = fe_cursor_values(c)[0].text;

		assert_int_equal(v.n, sizes[i] * 2);
		for (size_t at = 0; at < v.n; at += 2)
			if (memcmp(v.p + at, unit, 2) != 0)
				fail_msg("another text at byte %zu of %zu", at, v.n);
		assert_int_equal(fe_cursor_values(c)[1].i64, i);
		assert_string_equal(shown(c, 2), "w");
	}
	assert_false(next(c));
	fe_cursor_close(c);
}

/* ---- rows ---- */

static void
nothing_is_no_row(void **state)
{
	const struct fe_cursor_subject *s = *state;
	struct fe_cursor *c;

	exec(s, "CREATE TABLE z (a %s, b %s)", s->text_type, s->int_type);
	c = open_query(s, "SELECT b, a FROM z");
	assert_int_equal(fe_cursor_n_columns(c), 2);
	assert_string_equal(fe_cursor_column(c, 0)->name, "b");
	assert_false(next(c));
	assert_false(next(c));
	fe_cursor_close(c);
	fe_cursor_close(NULL);
}

static void
many_rows_come_in_order(void **state)
{
	const struct fe_cursor_subject *s = *state;
	struct fe_cursor *c = open_query(s, series(s, 100000));

	for (int64_t i = 1; i <= 100000; i++) {
		assert_true(next(c));
		assert_int_equal(fe_cursor_values(c)[0].i64, i);
	}
	assert_false(next(c));
	fe_cursor_close(c);
}

static void
a_cursor_can_be_closed_at_any_time(void **state)
{
	const struct fe_cursor_subject *s = *state;
	static const int reads[] = { 0, 1, 1000, 5000 };

	for (size_t i = 0; i < 4; i++) {
		struct fe_cursor *c = open_query(s, series(s, 100000));

		for (int k = 0; k < reads[i]; k++)
			assert_true(next(c));
		fe_cursor_close(c);
	}
}

static void
what_is_written_meanwhile_is_not_seen(void **state)
{
	const struct fe_cursor_subject *s = *state;
	struct fe_cursor *c;
	int64_t n = 0;

	exec(s, "CREATE TABLE w (i int, v %s)", s->text_type);
	exec(s, "INSERT INTO w SELECT n, 'before' FROM (%s) AS q", series(s, 20000));
	c = open_query(s, "SELECT i, v FROM w ORDER BY i");
	for (; n < 10; n++)
		assert_true(next(c));
	exec(s, "UPDATE w SET v = 'after' WHERE i > 15000");
	exec(s, "INSERT INTO w VALUES (30000, 'after')");
	exec(s, "DELETE FROM w WHERE i = 19999");
	for (; next(c); n++) {
		assert_int_equal(fe_cursor_values(c)[0].i64, n + 1);
		assert_string_equal(shown(c, 1), "before");
	}
	assert_int_equal(n, 20000);
	fe_cursor_close(c);
}

/* ---- windows ---- */

static void
expect_texts(struct fe_cursor *c, const char *want)
{
	struct fe_buf got;

	fe_buf_init(&got, 1000);
	while (next(c))
		fe_buf_addf(&got, "%s ", shown(c, 0));
	assert_string_equal(fe_buf_text(&got), want);
	fe_buf_reset(&got);
	fe_cursor_close(c);
}

static void
a_window_takes_its_rows_in_order(void **state)
{
	const struct fe_cursor_subject *s = *state;
	const char *query = "SELECT a, at, n FROM o WHERE a <> 'hidden' -- all the rest";

	exec(s, "CREATE TABLE o (a %s, at %s, n %s)", s->text_type, s->timestamp_type, s->int_type);
	exec(s, "INSERT INTO o VALUES ('c', '2026-03-01 00:00:00', 30), ('a', '2026-01-01 00:00:00', 9), "
	     "('none', NULL, NULL), ('b', '2026-02-01 00:00:00', 10)");
	for (int i = 0; i < 2; i++) {
		struct fe_cursor_settings set = { .table = i ? NULL : "o", .sql = i ? query : NULL, .order_by = "at" };

		expect_texts(open_with(s, set), "a b c ");
		set.bound[0] = "2026-02-01 00:00:00";
		expect_texts(open_with(s, set), "b c ");
		set.bound[1] = "2026-03-01 00:00:00";
		expect_texts(open_with(s, set), "b ");
		set.bound[0] = NULL;
		expect_texts(open_with(s, set), "a b ");
		set.order_by = "n"; /* as a number, not as text */
		set.bound[0] = "9";
		set.bound[1] = "30";
		expect_texts(open_with(s, set), "a b ");
	}
}

static void
a_window_takes_rows_without_cursor_where_it_is_told_to(void **state)
{
	const struct fe_cursor_subject *s = *state;
	struct fe_cursor_settings set = { .table = "o", .order_by = "at", .include_null = true };
	struct fe_cursor *c;
	int n = 0;

	exec(s, "CREATE TABLE o (a %s, at %s)", s->text_type, s->timestamp_type);
	exec(s, "INSERT INTO o VALUES ('a', '2026-01-01 00:00:00'), ('none', NULL), ('b', '2026-02-01 00:00:00')");
	set.bound[0] = "2026-01-15 00:00:00";
	c = open_with(s, set);
	while (next(c))
		n += strcmp(shown(c, 0), "none") == 0 ? 10 : strcmp(shown(c, 0), "b") == 0 ? 1 : 100;
	assert_int_equal(n, 11);
	fe_cursor_close(c);
}

static void
bounds_are_bound_and_not_pasted(void **state)
{
	const struct fe_cursor_subject *s = *state;
	struct fe_cursor_settings set = {
		.sql = "SELECT a FROM o WHERE a >= ?1 AND (?2 IS NULL OR a < ?2) AND a <> '?1' /* ?2 */ ORDER BY a",
	};

	exec(s, "CREATE TABLE o (a %s)", s->text_type);
	exec(s, "INSERT INTO o VALUES ('a'), ('b'), ('it''s'), ('?1')");
	set.bound[0] = "b";
	expect_texts(open_with(s, set), "b it's ");
	set.bound[1] = "it's";
	expect_texts(open_with(s, set), "b ");
	set.bound[1] = "x' OR '1'='1";
	expect_texts(open_with(s, set), "b it's ");
}

/* ---- failing ---- */

static void
expect_refused(const struct fe_cursor_subject *s, struct fe_cursor_settings set, enum fe_rc rc)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_cursor *c;

	set.location = location;
	if (fe_cursor_open(&c, s->engine, &set, &err) == FE_OK) {
		bool row;

		assert_int_equal(fe_cursor_next(c, &row, &err), rc);
		fe_cursor_close(c);
	}
	if (err.rc != rc)
		fail_msg("%s: %s %s", set.sql ? set.sql : set.table, fe_rc_name(err.rc), err.text);
	assert_true(strlen(err.text) > 0);
}

static void
what_is_no_query_is_refused(void **state)
{
	const struct fe_cursor_subject *s = *state;

	exec(s, "CREATE TABLE r (a %s)", s->text_type);
	exec(s, "INSERT INTO r VALUES ('still here')");
	expect_refused(s, (struct fe_cursor_settings){ .table = "nowhere_at_all" }, FE_EUSAGE);
	expect_refused(s, (struct fe_cursor_settings){ .sql = "SELECT nothing_such FROM r" }, FE_EUSAGE);
	expect_refused(s, (struct fe_cursor_settings){ .sql = "SELEKT 1" }, FE_EUSAGE);
	expect_refused(s, (struct fe_cursor_settings){ .sql = "SELECT a FROM r; DELETE FROM r" }, FE_EUSAGE);
	expect_refused(s, (struct fe_cursor_settings){ .sql = "DELETE FROM r" }, FE_EUSAGE);
	expect_texts(open_query(s, "SELECT a FROM r;\n"), "still here ");
}

static void
a_failure_among_the_rows_is_told(void **state)
{
	const struct fe_cursor_subject *s = *state;
	struct fe_cursor_settings set = { .location = location, .sql = s->failing };
	struct fe_err err = FE_ERR_INIT;
	struct fe_cursor *c;
	enum fe_rc rc;
	bool row = true;

	rc = fe_cursor_open(&c, s->engine, &set, &err);
	while (rc == FE_OK && row)
		rc = fe_cursor_next(c, &row, &err);
	assert_int_not_equal(rc, FE_OK);
	assert_true(strlen(err.foreign) > 0);
	fe_cursor_close(c);
}

static void
secrets_stay_out_of_messages(void **state)
{
	const struct fe_cursor_subject *s = *state;
	struct fe_cursor_settings set = { .location = s->nowhere, .sql = "SELECT 1" };
	struct fe_err err = FE_ERR_INIT;
	struct fe_cursor *c;
	char text[4096];

	assert_int_not_equal(fe_cursor_open(&c, s->engine, &set, &err), FE_OK);
	assert_null(strstr(fe_err_print(&err, text, sizeof(text)), "geheimnis"));
	assert_null(c);
}

static void
names_have_no_secrets(void **state)
{
	const struct fe_cursor_subject *s = *state;
	struct fe_cursor *c = open_query(s, "SELECT 1 AS one");

	assert_true(strlen(fe_cursor_name(c)) > 0);
	assert_null(strstr(fe_cursor_name(c), "root"));
	assert_null(strstr(fe_cursor_name(c), "://"));
	fe_cursor_close(c);
}

static void
stop_later(int signal_number)
{
	(void)signal_number;
	fe_stop_request();
}

/* Last: a stop that is requested stays so. */
static void
a_stop_ends_a_query_that_runs(void **state)
{
	const struct fe_cursor_subject *s = *state;
	struct fe_cursor_settings set = { .location = location, .sql = s->endless };
	struct fe_err err = FE_ERR_INIT;
	struct fe_cursor *c;
	time_t begun = time(NULL);
	bool row = true;
	enum fe_rc rc;

	assert_true(signal(SIGALRM, stop_later) != SIG_ERR);
	(void)alarm(1);
	rc = fe_cursor_open(&c, s->engine, &set, &err);
	while (rc == FE_OK && row)
		rc = fe_cursor_next(c, &row, &err);
	if (rc != FE_ECANCEL)
		fail_msg("%s: %s", fe_rc_name(rc), err.text);
	fe_cursor_close(c);
	assert_in_range(time(NULL) - begun, 0, 9);
}

int
fe_cursor_conformance(const struct fe_cursor_subject *subject)
{
	void *state = (void *)(uintptr_t)subject;
#define CASE(name) { #name, name, begin, NULL, state }
	const struct CMUnitTest tests[] = {
		CASE(values_come_as_they_are),
		CASE(columns_tell_their_kinds),
		CASE(exact_decimals_stay_exact),
		CASE(first_and_last_days_are_read),
		CASE(long_values_come_whole),
		CASE(nothing_is_no_row),
		CASE(many_rows_come_in_order),
		CASE(a_cursor_can_be_closed_at_any_time),
		CASE(what_is_written_meanwhile_is_not_seen),
		CASE(a_window_takes_its_rows_in_order),
		CASE(a_window_takes_rows_without_cursor_where_it_is_told_to),
		CASE(bounds_are_bound_and_not_pasted),
		CASE(what_is_no_query_is_refused),
		CASE(a_failure_among_the_rows_is_told),
		CASE(secrets_stay_out_of_messages),
		CASE(names_have_no_secrets),
		CASE(a_stop_ends_a_query_that_runs),
	};
#undef CASE
	return cmocka_run_group_tests_name("cursor conformance", tests, NULL, NULL);
}

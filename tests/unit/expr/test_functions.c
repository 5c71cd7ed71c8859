// SPDX-License-Identifier: Apache-2.0
/* Every function, like, matches, and their limits. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "help.h"

#define VALUES(expression, values) assert_string_equal(fe_test_values(expression), values)

static void
functions_take_dates_and_moments_apart(void **state)
{
	(void)state;
	VALUES("year(ts)", "2024 1969 null");
	VALUES("month(ts)", "2 12 null");
	VALUES("day(ts)", "29 31 null");
	VALUES("dayofweek(ts)", "3 2 null"); /* a Thursday, a Wednesday */
	VALUES("hour(ts)", "23 23 null");
	VALUES("minute(ts)", "30 59 null");
	VALUES("second(ts)", "15 59 null");
	VALUES("year(d)", "2024 1 null");
	VALUES("month(d)", "2 1 null");
	VALUES("day(d)", "29 1 null");
	VALUES("dayofweek(d)", "3 0 null");
	VALUES("hour(d) + minute(d) + second(d)", "0 0 null");
	VALUES("YEAR(ts) = 2024", "true false null");
}

static void
functions_know_zones(void **state)
{
	(void)state;
	VALUES("hour(ts, 'Asia/Kathmandu')", "5 5 null");
	VALUES("day(ts, 'Europe/Berlin')", "1 1 null");
	VALUES("year(ts, 'Europe/London')", "2024 1970 null"); /* summer time all through 1969 and 1970 */
	VALUES("date(ts, 'Asia/Tokyo')", "2024-03-01 1970-01-01 null");
	VALUES("dayofweek(ts, '-01:00')", "3 2 null");
	VALUES("hour(d + hours(0), '-05:00')", "19 19 null"); /* before the first moment that there is */
	VALUES("minute(d + hours(0), '-05:30')", "30 30 null");
	VALUES("dayofweek(d + hours(0), '-05:00')", "2 6 null");
	VALUES("date(ts)", "2024-02-29 1969-12-31 null");
	VALUES("date(d)", "2024-02-29 0001-01-01 null");
}

static void
functions_move_in_time(void **state)
{
	(void)state;
	VALUES("d + days(1)", "2024-03-01 0001-01-02 null");
	VALUES("d - days(1)", "2024-02-28 overflow null");
	VALUES("days(n) + d", "2024-03-03 null null");
	VALUES("d - hours(1)", "2024-02-28 23:00:00.000000Z overflow null");
	VALUES("ts + minutes(30)", "2024-03-01 00:00:15.500000Z 1970-01-01 00:29:59.999999Z null");
	VALUES("ts - days(m)", "2024-03-02 23:30:15.500000Z overflow null");
	VALUES("now()", "2026-11-23 02:13:20.000000Z 2026-11-23 02:13:20.000000Z 2026-11-23 02:13:20.000000Z");
	VALUES("date(now() - days(1))", "2026-11-22 2026-11-22 2026-11-22");
}

static void
functions_round_half_away_from_zero(void **state)
{
	(void)state;
	VALUES("round(amount)", "13 0 null");
	VALUES("round(amount, 1)", "12.5 -0.1 null");
	VALUES("round(amount, 4)", "12.5000 -0.0500 null");
	VALUES("round(n, 2)", "3.00 null null");
	VALUES("round(n)", "3 null null");
	VALUES("round(0.005, 2)", "0.01 0.01 0.01");
	VALUES("round(-0.005, 2)", "-0.01 -0.01 -0.01");
	VALUES("round(amount / n, 2)", "4.17 null null");
	VALUES("round(2 / n)", "1 null null");
	VALUES("round((amount + 1) / m, 3)", "-6.750 0.000 null");
	VALUES("abs(amount)", "12.50 0.05 null");
}

static void
functions_choose(void **state)
{
	(void)state;
	VALUES("coalesce(n, m, 0)", "3 9223372036854775807 0");
	VALUES("coalesce(s, 'none')", "failed Ünïcode none");
	VALUES("coalesce(b, c, false)", "true false false");
	VALUES("nullif(n, 3)", "null null null");
	VALUES("nullif(s, 'failed')", "null Ünïcode null");
	VALUES("nullif(m, null)", "-2 9223372036854775807 null");
	VALUES("nullif(b, true)", "null false null");
	VALUES("least(n, m, 0)", "-2 null null");
	VALUES("greatest(m, 0)", "0 9223372036854775807 null");
	VALUES("least(s, 'g')", "failed g null");
	VALUES("greatest(d, date '2000-01-01')", "2024-02-29 2000-01-01 null");
	VALUES("least(n, null)", "null null null");
}

static void
functions_change_texts(void **state)
{
	(void)state;
	VALUES("upper(s)", "FAILED ÜNÏCODE null");
	VALUES("lower(s)", "failed ünïcode null");
	VALUES("length(s)", "6 7 null");
	VALUES("length(t)", "5 0 null");
	VALUES("trim('  ' || s || ' \t')", "failed Ünïcode null");
	VALUES("s || '!' || t", "failed!x%y_z Ünïcode! null");
	VALUES("concat(s, '-', t)", "failed-x%y_z Ünïcode- null");
	VALUES("s || null", "null null null");
	VALUES("substr(s, 2, 3)", "ail nïc null");
	VALUES("substr(s, 5)", "ed ode null");
	VALUES("substr(s, 0, 2)", "f Ü null");
	VALUES("substr(s, -5, 5)", "  null");
	VALUES("substr(s, -1)", "failed Ünïcode null");
	VALUES("substr(s, 100)", "  null");
	VALUES("substr(s, 2, 0)", "  null");
	VALUES("substr(s, 2, -1)", "overflow overflow null");
	VALUES("substr(s, length(s) - 1)", "ed de null");
	VALUES("substr(s, m, 5)", "fa  null");
}

static void
functions_like_matches_whole_texts(void **state)
{
	(void)state;
	VALUES("s like 'failed'", "true false null");
	VALUES("s like 'f%'", "true false null");
	VALUES("s like '%e'", "false true null");
	VALUES("s like '%d'", "true false null");
	VALUES("s like '%l%'", "true false null");
	VALUES("s like '______'", "true false null");
	VALUES("s like '_______'", "false true null");
	VALUES("s like '_n_co%'", "false true null");
	VALUES("s like 'F%'", "false false null");
	VALUES("s not like 'f%'", "false true null");
	VALUES("t like ''", "false true null");
	VALUES("t like '%'", "true true null");
	VALUES("t like 'x\\%y\\_z' escape '\\'", "true false null");
	VALUES("t like '%€%%' escape '€'", "true false null");
	VALUES("s like '%i%l%d'", "true false null");
	VALUES("s like '%ed%d'", "false false null");
	VALUES("'aab' like '%_b'", "true true true");
	VALUES("'aXbXc' like 'a%_c'", "true true true");
	VALUES("'ab' like 'ab%ab'", "false false false");
	VALUES("'ab' like 'ab%b'", "false false false");
	VALUES("s || 'd' like 'failed%ed'", "false false null");
}

static void
functions_matches_finds_anywhere(void **state)
{
	(void)state;
	VALUES("matches(s, '^f.*d$')", "true false null");
	VALUES("matches(s, 'ï')", "false true null");
	VALUES("matches(s, '^.{7}$')", "false true null");
	VALUES("matches(s, '^\\p{Lu}')", "false true null");
	VALUES("matches(t, '^$')", "false true null");
	VALUES("not matches(s, 'x|y')", "true true null");
}

static void
functions_matches_gives_up_with_the_record(void **state)
{
	struct fe_test_data t;
	struct fe_expr *e;
	struct fe_expr_state *s;
	const struct fe_column *out;
	const uint64_t *overflow;
	struct fe_err err = FE_ERR_INIT;
	char text[41];
	size_t column;

	(void)state;
	fe_test_data_init(&t, 1);
	memset(text, 'a', 40);
	text[40] = '\0';
	column = fe_schema_find(&t.schema, FE_STR("s"));
	t.batch.columns[column].text[1] = fe_str_of(text);
	t.batch.origin[1].record = 17;
	assert_int_equal(fe_expr_parse(&e, FE_STR("matches(s, '^(a+)+[bc]$')"), &t.schema, t.schema.n_fields, &err), FE_OK);
	s = fe_expr_state_new(e);
	assert_int_equal(fe_expr_eval(e, s, &t.batch, 0, &out, &overflow, &err), FE_ELIMIT);
	assert_int_equal(err.record, 17);
	assert_non_null(strstr(err.text, "matches(): gave up"));
	fe_expr_state_free(s);
	fe_expr_free(e);
	fe_test_data_reset(&t);
}

static void
functions_limit_the_length_of_texts(void **state)
{
	struct fe_test_data t;
	struct fe_expr *e;
	struct fe_expr_state *s;
	const struct fe_column *out;
	const uint64_t *overflow;
	struct fe_err err = FE_ERR_INIT;
	const size_t n_bytes = 600 * 1024;
	char *text = fe_alloc(n_bytes);
	size_t column;

	(void)state;
	fe_test_data_init(&t, 100);
	memset(text, 'a', n_bytes);
	column = fe_schema_find(&t.schema, FE_STR("s"));
	t.batch.columns[column].text[1] = (struct fe_str){ text, n_bytes };
	assert_int_equal(fe_expr_parse(&e, FE_STR("s || s"), &t.schema, t.schema.n_fields, &err), FE_OK);
	s = fe_expr_state_new(e);
	assert_int_equal(fe_expr_eval(e, s, &t.batch, 0, &out, &overflow, &err), FE_OK);
	assert_non_null(overflow); /* one text of 1200 KiB */
	assert_int_equal(fe_bits_count(overflow, t.batch.n_rows), 1);
	assert_true(fe_bit_get(overflow, 1));
	for (size_t i = 0; i < t.batch.n_rows; i++)
		t.batch.columns[column].text[i] = (struct fe_str){ text, 500 * 1024 };
	assert_int_equal(fe_expr_eval(e, s, &t.batch, 0, &out, &overflow, &err), FE_ELIMIT); /* 200 of 1000 KiB */
	fe_expr_state_free(s);
	fe_expr_free(e);
	fe_free(text);
	fe_test_data_reset(&t);
}

static void
functions_are_all_described(void **state)
{
	size_t n;
	const char *const *help = fe_expr_function_help(&n);

	(void)state;
	assert_int_equal(n, 25);
	for (size_t i = 0; i < n; i++) {
		assert_non_null(strchr(help[i], '('));
		assert_non_null(strstr(help[i], ") - "));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_take_dates_and_moments_apart),
		cmocka_unit_test(functions_know_zones),
		cmocka_unit_test(functions_move_in_time),
		cmocka_unit_test(functions_round_half_away_from_zero),
		cmocka_unit_test(functions_choose),
		cmocka_unit_test(functions_change_texts),
		cmocka_unit_test(functions_like_matches_whole_texts),
		cmocka_unit_test(functions_matches_finds_anywhere),
		cmocka_unit_test(functions_matches_gives_up_with_the_record),
		cmocka_unit_test(functions_limit_the_length_of_texts),
		cmocka_unit_test(functions_are_all_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* What is refused when an expression is read, where, and with which advice; types. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "help.h"

#define REFUSED(expression, error) assert_string_equal(fe_test_error(expression), error)
#define TYPE(expression, type) assert_string_equal(fe_test_type(expression), type)

static void
parse_names_the_nearest_column(void **state)
{
	(void)state;
	REFUSED("amunt > 0", "1: there is no column 'amunt'; did you mean 'amount'?");
	REFUSED("amount > 0 and rat < 1", "16: there is no column 'rat'; did you mean 'rate'?");
	REFUSED("Amount > 0", "1: there is no column 'Amount'; did you mean 'amount'?");
	REFUSED("xyzzyxyzzy > 0", "1: there is no column 'xyzzyxyzzy'");
	REFUSED("after > 0", "1: the column 'after' comes later: only columns before this one can be used here");
}

static void
parse_names_the_nearest_function(void **state)
{
	(void)state;
	REFUSED("yer(ts) = 2024", "1: there is no function 'yer'; did you mean 'year'?");
	REFUSED("n = qqqqqqqq(ts)", "5: there is no function 'qqqqqqqq'");
}

static void
parse_counts_columns_in_characters(void **state)
{
	(void)state;
	REFUSED("s = 'äöü€😀' and x1 = 2", "17: there is no column 'x1'");
	REFUSED("\"ünbekannt\" = 1", "1: there is no column 'ünbekannt'");
}

static void
parse_points_at_the_operator_of_a_mismatch(void **state)
{
	(void)state;
	REFUSED("amount > 'x'", "8: decimal(12,2) and text do not compare; numbers are written without quotes");
	REFUSED("ts >= '2024-01-01'",
	        "4: timestamp and text do not compare; write date '2026-01-31' or timestamp '2026-01-31 10:00Z'");
	REFUSED("b = 'true'", "3: bool and text do not compare; bools are written true and false, without quotes");
	REFUSED("s in ('a', 5)", "12: text and int do not compare; numbers are written without quotes");
	REFUSED("b > c", "3: bools are compared by = and <> only");
	REFUSED("s + t", "3: '+' takes numbers, and these are text and text; texts are joined by ||");
	REFUSED("ts - ts",
	        "4: '-' takes numbers, and these are timestamp and timestamp; a date or timestamp is moved by days(n), hours(n) or minutes(n)");
	REFUSED("n and b", "1: 'and' takes bool, and this is int");
	REFUSED("not n", "5: 'not' takes bool, and this is int");
	REFUSED("year(n)", "6: year() takes a date or timestamp, and this is int");
	REFUSED("case when b then 1 else 'x' end", "25: 'case' cannot mix int and text");
	REFUSED("coalesce(amount, s)", "18: coalesce() cannot mix decimal(12,2) and text");
}

static void
parse_says_what_is_missing(void **state)
{
	(void)state;
	REFUSED("", "1: the expression is empty");
	REFUSED("   ", "1: the expression is empty");
	REFUSED("amount >", "9: the expression ends where a value is expected");
	REFUSED("amount > 0 and", "15: the expression ends where a value is expected");
	REFUSED("(amount > 0", "1: this parenthesis is not closed");
	REFUSED("abs(amount", "1: this parenthesis is not closed");
	REFUSED("amount > 0)", "11: this ')' closes nothing");
	REFUSED("n in 1", "6: '1' stands where '(' is expected");
	REFUSED("n in ()", "7: ')' stands where a value is expected");
	REFUSED("n between 1", "12: the expression ends where the 'and' of 'between' is expected");
	REFUSED("n is 5", "6: '5' stands where 'null' or 'not null' is expected");
	REFUSED("n not 5", "7: '5' stands where 'in', 'between' or 'like' is expected");
	REFUSED("s like t", "8: 't' stands where a pattern in single quotes is expected");
	REFUSED("case when b then 1", "1: this 'case' is not complete: case when condition then value ... [else value] end");
	REFUSED("case when b else 1 end", "13: 'else' stands where 'then' is expected");
	REFUSED("case n end", "8: 'end' stands where 'when' is expected");
	REFUSED("n m", "3: 'm' stands where an operator or the end is expected");
	REFUSED("n, m", "2: ',' stands where an operator is expected");
	REFUSED("n = 'x", "5: this text has no closing '");
	REFUSED("\"n = 1", "1: this quoted name has no closing \"");
}

static void
parse_refuses_what_dialects_read_differently(void **state)
{
	(void)state;
	REFUSED("n = m = 3", "7: comparisons do not chain: put one of them in parentheses, or join them by 'and'");
	REFUSED("n = m is null", "7: comparisons do not chain: put one of them in parentheses, or join them by 'and'");
	REFUSED("b = not c", "5: 'not' needs parentheses here");
	REFUSED("n == 3", "3: '==' is not an operator here: write '='");
	REFUSED("n % 2", "3: the character '%' means nothing here");
}

static void
parse_refuses_numbers_that_are_none(void **state)
{
	(void)state;
	REFUSED("n > 1e5", "5: this is not a number: write digits with at most one point between them (12, 12.50)");
	REFUSED("n > 5.", "5: this is not a number: write digits with at most one point between them (12, 12.50)");
	REFUSED("n > 1.2.3", "5: this is not a number: write digits with at most one point between them (12, 12.50)");
	REFUSED("n > 12abc", "5: this is not a number: write digits with at most one point between them (12, 12.50)");
	REFUSED("n > .5", "5: the character '.' means nothing here");
	REFUSED("n > 99999999999999999999", "5: this number is too long: an int has 64 bits, a decimal 18 digits");
	REFUSED("n > 9223372036854775808", "5: this number is too long: an int has 64 bits");
	REFUSED("n > 0.1234567890123456789", "5: this number is too long: an int has 64 bits, a decimal 18 digits");
	REFUSED("n > 1234567890123456.789", "5: this number is too long: an int has 64 bits, a decimal 18 digits");
}

static void
parse_refuses_times_that_are_none(void **state)
{
	(void)state;
	REFUSED("d = date '2026-02-30'", "10: '2026-02-30' is not a date (no_such_day): write date '2026-01-31'");
	REFUSED("ts > timestamp '2026-01-31 10:00'",
	        "16: a timestamp needs its offset: timestamp '2026-01-31 10:00Z' for UTC");
	assert_non_null(strstr(fe_test_error("year(ts, 'Mars/Olympus')"), "10: "));
	REFUSED("year(d, 'UTC')", "9: a date is the same in every zone: leave the zone out");
	REFUSED("year(ts, s)", "10: year() takes a time zone as a text in single quotes here");
}

static void
parse_lets_quotients_and_intervals_only_where_they_mean_something(void **state)
{
	(void)state;
	REFUSED("amount / n", "8: a quotient has to say its decimals: write round(x / y, 2)");
	REFUSED("amount / n > 5", "8: a quotient has to say its decimals: write round(x / y, 2)");
	REFUSED("round(amount / n * 2, 2)", "14: a quotient has to say its decimals: write round(x / y, 2)");
	REFUSED("round(amount / n, n)", "19: round() takes a number of decimals from 0 to 18 here");
	REFUSED("days(3)", "1: days(), hours() and minutes() stand only after + or - of a date or timestamp");
	REFUSED("n + days(3)", "3: days(), hours() and minutes() move a date or timestamp, and this is int");
	REFUSED("days(1) - ts", "1: days(), hours() and minutes() stand only after + or - of a date or timestamp");
}

static void
parse_folds_constants_and_tells_those_out_of_range(void **state)
{
	const char *range = ": this constant is out of range: an int has 64 bits, a decimal 18 digits, "
			    "a date the years 0001 to 9999, and nothing divides by 0";
	const char *error;

	(void)state;
	error = fe_test_error("n > 9223372036854775807 + 1");
	assert_memory_equal(error, "25", 2);
	assert_string_equal(error + 2, range);
	error = fe_test_error("n > round(1 / 0, 2)");
	assert_string_equal(error + 1, range);
	error = fe_test_error("d < date '9999-12-31' + days(1)");
	assert_string_equal(error + 2, range);
	assert_string_equal(fe_test_sql("n > 1 + 2 * 3", FE_SQL_SQLITE), "\"n\" > 7");
	assert_string_equal(fe_test_sql("s = 'a' || 'b'", FE_SQL_SQLITE), "\"s\" = 'ab'");
}

static void
parse_knows_the_type_of_null_by_its_surroundings(void **state)
{
	(void)state;
	REFUSED("null", "1: a null alone has no type");
	REFUSED("coalesce(null, null)", "1: coalesce() has only nulls: its type is not known");
	REFUSED("case when b then null end", "1: 'case' has only nulls: its type is not known");
	TYPE("coalesce(null, n)", "int");
	TYPE("case when b then null else d end", "date");
	TYPE("n = null", "bool");
	TYPE("amount + null", "decimal(13,2)");
}

static void
parse_gives_exact_types(void **state)
{
	(void)state;
	TYPE("amount", "decimal(12,2)");
	TYPE("amount + rate", "decimal(17,6)");
	TYPE("amount * rate", "decimal(18,8)");
	TYPE("amount * n", "decimal(18,2)");
	TYPE("n * m", "int");
	TYPE("amount + 0.125", "decimal(14,3)");
	TYPE("round(amount, 1)", "decimal(12,1)");
	TYPE("round(amount / n, 4)", "decimal(18,4)");
	TYPE("12.50", "decimal(4,2)");
	TYPE("s || t", "text");
	TYPE("d + days(1)", "date");
	TYPE("d + hours(1)", "timestamp");
	TYPE("coalesce(d, ts)", "timestamp");
	TYPE("least(n, 2.5)", "decimal(18,1)");
	REFUSED("rate * rate * rate * rate",
	        "20: this product has 24 decimals and a decimal at most 18: round() a factor");
}

static void
parse_checks_the_number_of_arguments(void **state)
{
	(void)state;
	REFUSED("abs()", "1: abs() has 0 arguments here: write abs(x) - x without its sign");
	REFUSED("n > abs(n, m)", "5: abs() has 2 arguments here: write abs(x) - x without its sign");
	REFUSED("now(n) > ts", "1: now() has 1 argument here: write now() - the run time, the same for all rows of a run");
}

static void
parse_reports_a_bad_pattern(void **state)
{
	(void)state;
	REFUSED("matches(s, '(')", "12: this pattern is wrong after 1 bytes: missing closing parenthesis");
	REFUSED("matches(s, t)", "12: matches() takes a pattern as a text in single quotes here");
	REFUSED("s like 'a\\' escape '\\'", "8: in this pattern the escape is not followed by %, _ or itself");
	REFUSED("s like 'a' escape 'bc'", "19: ''bc'' stands where one character in single quotes is expected");
}

static void
nest(char *text, size_t n, const char *open, const char *inner, const char *close)
{
	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		text = stpcpy(text, open);
	text = stpcpy(text, inner);
	for (size_t i = 0; i < n; i++)
		text = stpcpy(text, close);
}

static enum fe_rc
parse_rc(struct fe_str text)
{
	struct fe_test_data t;
	struct fe_expr *e;
	enum fe_rc rc;

	fe_test_data_init(&t, 0);
	rc = fe_expr_parse(&e, text, &t.schema, t.schema.n_fields, NULL);
	fe_expr_free(e);
	fe_test_data_reset(&t);
	return rc;
}

static void
parse_keeps_its_limits(void **state)
{
	char *text = fe_alloc(200000);

	(void)state;
	nest(text, 64, "(", "n", ")");
	assert_int_equal(parse_rc(fe_str_of(text)), FE_OK);
	nest(text, 65, "(", "n", ")");
	assert_int_equal(parse_rc(fe_str_of(text)), FE_ELIMIT);
	nest(text, 65, "not ", "b", "");
	assert_int_equal(parse_rc(fe_str_of(text)), FE_ELIMIT);
	nest(text, 65, "- ", "n", "");
	assert_int_equal(parse_rc(fe_str_of(text)), FE_ELIMIT);
	nest(text, 65, "case when ", "b", " then b end");
	assert_int_equal(parse_rc(fe_str_of(text)), FE_ELIMIT);
	nest(text, 20000, "(", "", "");
	assert_int_equal(parse_rc(fe_str_of(text)), FE_ELIMIT);
	nest(text, 2000, "", "n", " + n"); /* long is not deep */
	assert_int_equal(parse_rc(fe_str_of(text)), FE_OK);
	nest(text, 4096, "", "n", " + n");
	assert_int_equal(parse_rc(fe_str_of(text)), FE_ELIMIT);
	memset(text, ' ', 65537);
	assert_int_equal(parse_rc((struct fe_str){ text, 65536 }), FE_EUSAGE);
	assert_int_equal(parse_rc((struct fe_str){ text, 65537 }), FE_ELIMIT);
	fe_free(text);
}

static void
parse_refuses_bytes_that_are_no_text(void **state)
{
	(void)state;
	assert_int_equal(parse_rc((struct fe_str){ "n = 1\0", 6 }), FE_EUSAGE);
	assert_int_equal(parse_rc((struct fe_str){ "s = '\xff'", 7 }), FE_EUSAGE);
}

static void
parse_tells_what_is_used(void **state)
{
	struct fe_test_data t;
	struct fe_expr *e;

	(void)state;
	fe_test_data_init(&t, 0);
	assert_int_equal(fe_expr_parse(&e, FE_STR("amount > 5 or n + m > 2"), &t.schema, t.schema.n_fields, NULL), FE_OK);
	assert_true(fe_expr_uses(e, fe_schema_find(&t.schema, FE_STR("amount"))));
	assert_true(fe_expr_uses(e, fe_schema_find(&t.schema, FE_STR("m"))));
	assert_false(fe_expr_uses(e, fe_schema_find(&t.schema, FE_STR("rate"))));
	assert_false(fe_expr_uses_now(e));
	fe_expr_free(e);
	assert_int_equal(fe_expr_parse(&e, FE_STR("ts < NOW() - days(1)"), &t.schema, t.schema.n_fields, NULL), FE_OK);
	assert_true(fe_expr_uses_now(e));
	fe_expr_free(e);
	fe_expr_free(NULL);
	fe_test_data_reset(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_names_the_nearest_column),
		cmocka_unit_test(parse_names_the_nearest_function),
		cmocka_unit_test(parse_counts_columns_in_characters),
		cmocka_unit_test(parse_points_at_the_operator_of_a_mismatch),
		cmocka_unit_test(parse_says_what_is_missing),
		cmocka_unit_test(parse_refuses_what_dialects_read_differently),
		cmocka_unit_test(parse_refuses_numbers_that_are_none),
		cmocka_unit_test(parse_refuses_times_that_are_none),
		cmocka_unit_test(parse_lets_quotients_and_intervals_only_where_they_mean_something),
		cmocka_unit_test(parse_folds_constants_and_tells_those_out_of_range),
		cmocka_unit_test(parse_knows_the_type_of_null_by_its_surroundings),
		cmocka_unit_test(parse_gives_exact_types),
		cmocka_unit_test(parse_checks_the_number_of_arguments),
		cmocka_unit_test(parse_reports_a_bad_pattern),
		cmocka_unit_test(parse_keeps_its_limits),
		cmocka_unit_test(parse_refuses_bytes_that_are_no_text),
		cmocka_unit_test(parse_tells_what_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

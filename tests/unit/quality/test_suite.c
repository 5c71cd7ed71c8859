// SPDX-License-Identifier: Apache-2.0
/* Suites of Great Expectations: their forms, their kwargs, parameters, mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "quality/expectation.h"
#include "quality/literal.h"
#include "quality/param_expr.h"

#define BETWEEN "expect_column_values_to_be_between"
#define NOT_NULL "expect_column_values_to_not_be_null"

static struct fe_suite *
read_with(const char *text, const struct fe_suite_param *params, size_t n_params)
{
	struct fe_suite_settings set = { .path = "s.json", .params = params, .n_params = n_params };
	struct fe_err err = FE_ERR_INIT;
	struct fe_suite *s = NULL;
	enum fe_rc rc = fe_suite_read(&s, fe_str_of(text), &set, &err);

	if (rc)
		fail_msg("%s", err.text);
	return s;
}

/* A suite of one expectation. */
static struct fe_suite *
read_one(const char *type, const char *kwargs)
{
	struct fe_suite *s;
	struct fe_buf b;

	fe_buf_init(&b, 1 << 16);
	fe_buf_addf(&b, "{\"name\": \"s\", \"expectations\": [{\"type\": \"%s\", \"kwargs\": %s}]}", type, kwargs);
	s = read_with(fe_buf_text(&b), NULL, 0);
	fe_buf_reset(&b);
	assert_int_equal(s->n_items, 1);
	return s;
}

static void
expect_refused(const char *text, bool is_strict, enum fe_rc rc, const char *part)
{
	struct fe_suite_settings set = { .path = "s.json", .is_strict = is_strict };
	struct fe_err err = FE_ERR_INIT;
	struct fe_suite *s = NULL;

	assert_int_equal(fe_suite_read(&s, fe_str_of(text), &set, &err), rc);
	assert_null(s);
	assert_string_equal(err.object, "s.json");
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in: %s", part, err.text);
}

static void
expect_mistake(const char *type, const char *kwargs, const char *part)
{
	struct fe_suite *s = read_one(type, kwargs);

	if (!s->items[0].mistake || !strstr(s->items[0].mistake, part))
		fail_msg("'%s' is not in: %s", part, s->items[0].mistake ? s->items[0].mistake : "no mistake");
	fe_suite_free(s);
}

/* The echo of one kwarg; "" where it is left out. */
static void
expect_echo(const char *type, const char *kwargs, const char *name, const char *want)
{
	struct fe_suite *s = read_one(type, kwargs);
	struct fe_str echo;

	assert_null(s->items[0].mistake);
	echo = fe_suite_kwarg(&s->items[0], name)->echo;
	assert_int_equal(echo.n, strlen(want));
	assert_memory_equal(echo.n ? echo.p : "", want, echo.n);
	fe_suite_free(s);
}

static void
suite_reads_both_forms(void **state)
{
	struct fe_suite *s;

	(void)state;
	s = read_with("{\"name\": \"new\", \"expectations\": [{\"type\": \"" NOT_NULL "\", \"kwargs\": {\"column\": \"a\"}, "
	              "\"severity\": \"warning\", \"meta\": {\"a\": [1, \" 2 \\\" \"]}, \"notes\": \"n\"}]}",
	              NULL, 0);
	assert_true(fe_str_is(s->name, "new"));
	assert_null(s->items[0].mistake);
	assert_int_equal(s->items[0].severity, FE_SEVERITY_WARNING);
	assert_true(fe_str_is(s->items[0].meta, "{\"a\":[1,\" 2 \\\" \"]}"));
	assert_true(fe_str_is(s->items[0].notes, "\"n\""));
	assert_null(s->items[0].description.p);
	fe_suite_free(s);
	s = read_with("{\"expectation_suite_name\": \"old\", \"data_asset_type\": null, \"ge_cloud_id\": null, \"meta\": {}, "
	              "\"expectations\": [{\"expectation_type\": \"" NOT_NULL "\", \"kwargs\": {\"column\": \"a\"}}]}",
	              NULL, 0);
	assert_true(fe_str_is(s->name, "old"));
	assert_null(s->items[0].mistake);
	assert_int_equal(s->items[0].severity, FE_SEVERITY_CRITICAL);
	fe_suite_free(s);
}

static void
suite_refuses_what_is_none(void **state)
{
	(void)state;
	expect_refused("{", false, FE_EDATA, "");
	expect_refused("[]", false, FE_EUSAGE, "object");
	expect_refused("{\"expectations\": []}", false, FE_EUSAGE, "no name");
	expect_refused("{\"name\": \"\", \"expectations\": []}", false, FE_EUSAGE, "no name");
	expect_refused("{\"name\": \"s\"}", false, FE_EUSAGE, "no list of expectations");
	expect_refused("{\"name\": \"s\", \"expectations\": [1]}", false, FE_EUSAGE, "must be an object");
	expect_refused("{\"name\": \"s\", \"expectations\": [], \"colour\": 1}", false, FE_EUSAGE, "'colour'");
}

static void
suite_keeps_mistakes_by_expectation(void **state)
{
	struct fe_suite *s;

	(void)state;
	expect_mistake("expect_column_values_to_not_be_nul", "{}", "the nearest is " NOT_NULL);
	expect_mistake(NOT_NULL, "{}", "column: is required");
	expect_mistake(NOT_NULL, "{\"column\": 1}", "column: must be a text");
	expect_mistake(NOT_NULL, "{\"column\": \"\"}", "column: must be the name");
	expect_mistake(NOT_NULL, "{\"column\": \"a\", \"colour\": \"red\"}", "colour");
	expect_mistake(NOT_NULL, "{\"column\": \"a\", \"mostly\": 1.01}", "mostly: must be from 0 to 1");
	expect_mistake(NOT_NULL, "{\"column\": \"a\", \"mostly\": null}", "mostly: must not be null");
	expect_mistake(NOT_NULL, "{\"column\": \"a\", \"mostly\": \"most\"}", "mostly: must be a number");
	expect_mistake(BETWEEN, "{\"column\": \"a\", \"min_value\": \"now\"}", "min_value: must be a number, a date");
	expect_mistake(BETWEEN, "{\"column\": \"a\", \"min_value\": \"2024-02-30\"}", "min_value");
	expect_mistake(BETWEEN, "{\"column\": \"a\", \"min_value\": {\"$PARAMETER\": \"low\"}}", "no value was given for $PARAMETER low");
	expect_mistake("expect_table_row_count_to_equal", "{\"value\": \"four\"}", "value: must be a whole number");
	s = read_with("{\"name\": \"s\", \"expectations\": [{\"kwargs\": {}}, {\"type\": \"" NOT_NULL "\"}, {\"type\": \"" NOT_NULL
	              "\", \"kwargs\": {\"column\": \"a\"}, \"severity\": \"fatal\"}, {\"type\": \"" NOT_NULL
	              "\", \"kwargs\": {\"column\": \"a\"}, \"colour\": 1}]}",
	              NULL, 0);
	assert_non_null(strstr(s->items[0].mistake, "no type"));
	assert_non_null(strstr(s->items[1].mistake, "no kwargs"));
	assert_non_null(strstr(s->items[2].mistake, "severity"));
	assert_non_null(strstr(s->items[3].mistake, "'colour'"));
	fe_suite_free(s);
}

static void
strict_suite_names_all_mistakes_at_once(void **state)
{
	const char *text = "{\"name\": \"s\", \"expectations\": [{\"type\": \"expect_nothing\", \"kwargs\": {}}, {\"type\": \"" NOT_NULL
			   "\", \"kwargs\": {\"column\": \"a\"}}, {\"type\": \"" NOT_NULL "\", \"kwargs\": {\"colour\": 1}}]}";

	(void)state;
	expect_refused(text, true, FE_EUSAGE, "expectation 1 (expect_nothing)");
	expect_refused(text, true, FE_EUSAGE, "expectation 3 (" NOT_NULL "): column: is required; colour");
}

static void
kwargs_are_echoed_as_they_were_read(void **state)
{
	(void)state;
	expect_echo(NOT_NULL, "{\"column\": \"a\", \"mostly\": 1}", "mostly", "");
	expect_echo(NOT_NULL, "{\"column\": \"a\", \"mostly\": \"0.50\"}", "mostly", "0.5");
	expect_echo(NOT_NULL, "{\"column\": \"a\", \"mostly\": 0}", "mostly", "0.0");
	expect_echo(BETWEEN, "{\"column\": \"a\", \"min_value\": 1, \"max_value\": null}", "min_value", "1.0");
	expect_echo(BETWEEN, "{\"column\": \"a\", \"min_value\": 1, \"max_value\": null}", "max_value", "");
	expect_echo(BETWEEN, "{\"column\": \"a\", \"min_value\": \" 12 \"}", "min_value", "12.0");
	expect_echo(BETWEEN, "{\"column\": \"a\", \"min_value\": true}", "min_value", "1.0");
	expect_echo(BETWEEN, "{\"column\": \"a\", \"min_value\": 10000000000000000}", "min_value", "1e+16");
	expect_echo(BETWEEN, "{\"column\": \"a\", \"min_value\": \"2024-3-1\"}", "min_value", "\"2024-03-01\"");
	expect_echo(BETWEEN, "{\"column\": \"a\", \"min_value\": \"2024-03-01 10:00\"}", "min_value", "\"2024-03-01T10:00:00\"");
	expect_echo(BETWEEN, "{\"column\": \"a\", \"min_value\": \"2024-03-01T10:00:00.5-02:30\"}", "min_value",
	            "\"2024-03-01T10:00:00.500000-02:30\"");
	expect_echo(BETWEEN, "{\"column\": \"a\", \"min_value\": 1, \"strict_min\": false}", "strict_min", "");
	expect_echo("expect_table_row_count_to_equal", "{\"value\": 3.9}", "value", "3");
	expect_echo("expect_column_values_to_be_in_set", "{\"column\": \"a\", \"value_set\": [1, \"x y\", null]}", "value_set",
	            "[1,\"x y\",null]");
}

static void
kwargs_have_typed_values(void **state)
{
	struct fe_suite *s = read_one(BETWEEN, "{\"column\": \"a\", \"min_value\": 0.01, \"max_value\": \"2024-03-01T10:00:00+02:00\"}");
	const struct fe_kwarg *k = fe_suite_kwarg(&s->items[0], "min_value");

	(void)state;
	assert_true(k->is_set && k->one.kind == FE_LITERAL_NUMBER && k->one.number.is_exact);
	assert_true(k->one.number.digits == 1 && k->one.number.scale == 2 && k->one.number.value == 0.01);
	k = fe_suite_kwarg(&s->items[0], "max_value");
	assert_int_equal(k->one.kind, FE_LITERAL_INSTANT);
	assert_int_equal(k->one.us, INT64_C(1709280000000000));
	k = fe_suite_kwarg(&s->items[0], "mostly"); /* its default */
	assert_true(!k->is_set && k->one.kind == FE_LITERAL_NUMBER && k->one.number.value == 1);
	fe_suite_free(s);
}

static void
parameters_stand_for_whole_values(void **state)
{
	const struct fe_suite_param params[] = {
		{ "low", FE_STR("2") }, { "names", FE_STR("[\"a\", \"b\"]") }, { "broken", FE_STR("{") }
	};
	struct fe_suite *s = read_with(
		"{\"name\": \"s\", \"expectations\": [{\"type\": \"" BETWEEN
		"\", \"kwargs\": {\"column\": \"a\", \"min_value\": {\"$PARAMETER\": \"low\"}}}, "
		"{\"type\": \"expect_column_values_to_be_in_set\", \"kwargs\": {\"column\": \"a\", \"value_set\": {\"$PARAMETER\": "
		"\"names\"}}}, {\"type\": \"expect_column_values_to_be_in_set\", \"kwargs\": {\"column\": \"a\", \"value_set\": "
		"[{\"$PARAMETER\": \"names\"}]}}, {\"type\": \"" NOT_NULL
		"\", \"kwargs\": {\"column\": \"a\", \"mostly\": {\"$PARAMETER\": \"broken\"}}}]}",
		params, 3);

	(void)state;
	assert_true(fe_suite_kwarg(&s->items[0], "min_value")->one.number.digits == 2);
	assert_true(fe_str_is(fe_suite_kwarg(&s->items[0], "min_value")->echo, "2.0"));
	assert_int_equal(fe_suite_kwarg(&s->items[1], "value_set")->n_many, 2);
	assert_true(fe_str_is(fe_suite_kwarg(&s->items[1], "value_set")->many[1].text, "b"));
	assert_int_equal(fe_suite_kwarg(&s->items[2], "value_set")->many[0].kind, FE_LITERAL_OTHER);
	assert_non_null(strstr(s->items[3].mistake, "no JSON"));
	fe_suite_free(s);
}

/* What is given wins over what the suite itself has. */
static void
suite_brings_values_for_its_parameters(void **state)
{
	const struct fe_suite_param given = { "high", FE_STR("9") };
	struct fe_suite *s = read_with(
		"{\"name\": \"s\", \"suite_parameters\": {\"low\": 2, \"high\": 5}, \"expectations\": [{\"type\": \"" BETWEEN
		"\", \"kwargs\": {\"column\": \"a\", \"min_value\": {\"$PARAMETER\": \"low\"}, \"max_value\": "
		"{\"$PARAMETER\": \"high\"}}}, {\"type\": \"" BETWEEN
		"\", \"kwargs\": {\"column\": \"a\", \"max_value\": {\"$PARAMETER\": \"low + high\"}}}, {\"type\": \"" BETWEEN
		"\", \"kwargs\": {\"column\": \"a\", \"max_value\": {\"$PARAMETER\": \"hihg\"}}}]}",
		&given, 1);

	(void)state;
	assert_true(fe_suite_kwarg(&s->items[0], "min_value")->one.number.digits == 2);
	assert_true(fe_suite_kwarg(&s->items[0], "max_value")->one.number.digits == 9);
	assert_true(fe_str_is(fe_suite_kwarg(&s->items[1], "max_value")->echo, "11.0"));
	assert_false(s->items[1].lacks_parameter);
	assert_true(s->items[2].lacks_parameter);
	assert_non_null(strstr(s->items[2].mistake, "did you mean high?"));
	fe_suite_free(s);
}

static void
expect_result(const char *text, double want)
{
	const struct fe_suite_param params[] = { { "low", FE_STR("1.5") }, { "n", FE_STR(" 4 ") }, { "name", FE_STR("\"x\"") } };
	struct fe_err err = FE_ERR_INIT;
	double v = 0;

	assert_true(fe_param_is_expr(fe_str_of(text)));
	if (fe_param_expr_eval(fe_str_of(text), params, 3, &v, &err))
		fail_msg("%s: %s", text, err.text);
	assert_true(v == want);
}

static void
expect_no_result(const char *text)
{
	const struct fe_suite_param params[] = { { "low", FE_STR("1.5") }, { "name", FE_STR("\"x\"") } };
	double v;

	assert_int_equal(fe_param_expr_eval(fe_str_of(text), params, 2, &v, NULL), FE_EUSAGE);
}

static void
parameters_are_calculated_with(void **state)
{
	(void)state;
	expect_result("low * 2 - 1", 2);
	expect_result("1 + 2*3", 7);
	expect_result("(1 + 2)*3", 9);
	expect_result("10 - 4 - 3", 3);
	expect_result("16 / 4 / 2", 2);
	expect_result("2^3^2", 512);
	expect_result("-2^2", -4);
	expect_result("2 * -n", -8);
	expect_result("--n", 4);
	expect_result("abs(-low) + sgn(-7)", 0.5);
	expect_result("round(2.5) + trunc(-2.7)", 0);
	expect_result("exp(0)*(2)", 2);
	expect_result("PI - PI + E - E + 1e3", 1000);
	expect_no_result("low / 0");
	expect_no_result("name * 2");
	expect_no_result("nope * 2");
	expect_no_result("(1");
	expect_no_result("1)");
	expect_no_result("1 +");
	expect_no_result("1 1");
	expect_no_result("* 1");
	expect_no_result("abs 1");
	expect_no_result("()");
	expect_no_result("now()");
	expect_no_result("9^9^9^9");
	expect_no_result("((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1))))))))))");
	assert_false(fe_param_is_expr(FE_STR("low")));
	assert_false(fe_param_is_expr(FE_STR("2")));
}

static void
expect_order(fe_i128 v, unsigned scale, const char *number, int want)
{
	struct fe_suite_number n;

	assert_true(fe_suite_number_read(fe_str_of(number), &n));
	assert_int_equal(fe_suite_number_compare(v, scale, &n), want);
}

static void
numbers_are_compared_exactly(void **state)
{
	(void)state;
	expect_order(1, 2, "0.01", 0);
	expect_order(1, 2, "1e-2", 0);
	expect_order(100, 2, "1", 0);
	expect_order(100, 2, "1.0000", 0);
	expect_order(100, 2, "1.001", -1);
	expect_order(-100, 2, "-1.001", 1);
	expect_order(INT64_C(9007199254740993), 0, "9007199254740992", 1);
	expect_order(INT64_C(9007199254740993), 0, "9007199254740993", 0);
	expect_order(INT64_MAX, 0, "1e300", -1);
	expect_order(INT64_MIN, 0, "-1e300", 1);
	expect_order(0, 0, "1e-300", -1);
	expect_order(0, 0, "-1e-300", 1);
	expect_order(1, 0, "1e-300", 1);
	expect_order(-1, 0, "-1e-300", -1);
	expect_order(0, 18, "0e300", 0);
	expect_order(0, 18, "-0.0", 0);
	/* More digits than are kept: the rest still counts. */
	expect_order(1, 0, "1.00000000000000000000000000000000000000000001", -1);
	expect_order(-1, 0, "-1.00000000000000000000000000000000000000000001", 1);
	expect_order(INT64_MAX, 18, "9.223372036854775807", 0);
	expect_order(INT64_MAX, 0, "99999999999999999999999999999999999999999999", -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suite_reads_both_forms),
		cmocka_unit_test(suite_refuses_what_is_none),
		cmocka_unit_test(suite_keeps_mistakes_by_expectation),
		cmocka_unit_test(strict_suite_names_all_mistakes_at_once),
		cmocka_unit_test(kwargs_are_echoed_as_they_were_read),
		cmocka_unit_test(kwargs_have_typed_values),
		cmocka_unit_test(parameters_stand_for_whole_values),
		cmocka_unit_test(suite_brings_values_for_its_parameters),
		cmocka_unit_test(parameters_are_calculated_with),
		cmocka_unit_test(numbers_are_compared_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

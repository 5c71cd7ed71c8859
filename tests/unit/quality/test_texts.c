// SPDX-License-Identifier: Apache-2.0
// Expectations of texts, types, nulls and tables, at their edges.
#include "suite_rig.h"

#define ASK(type, kwargs) "{\"type\": \"expect_" type "\", \"kwargs\": {" kwargs "}}"

static void
regex_that_is_hostile_fails_only_itself(void **state)
{
	struct rig r;
	const char *answer;

	(void)state;
	rig_open(&r, "t:text", "ok|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
	answer = rig_ask(&r, ASK("column_values_to_match_regex", "\"column\": \"t\", \"regex\": \"^(a+)+$\"") ","
	                     ASK("table_row_count_to_equal", "\"value\": 2"));
	assert_int_equal(r.rc, FE_OK);
	assert_has(answer, "column_values.match_regex.condition");
	assert_has(answer, "make the pattern simpler");
	assert_has(answer, "\"successful_expectations\":1");
	rig_close(&r);
}

static void
regex_list_is_any_or_all(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "t:text", "ab|b|c|-");
	r.batch_rows = 1;
	assert_has(rig_ask(&r, ASK("column_values_to_match_regex_list", "\"column\": \"t\", \"regex_list\": [\"a\", \"b\"]")),
	           "\"unexpected_count\":1");
	assert_has(rig_ask(&r, ASK("column_values_to_match_regex_list",
	                           "\"column\": \"t\", \"regex_list\": [\"a\", \"b\"], \"match_on\": \"all\"")),
	           "\"unexpected_count\":2");
	assert_has(rig_ask(&r, ASK("column_values_to_not_match_regex_list", "\"column\": \"t\", \"regex_list\": [\"a\", \"b\"]")),
	           "\"unexpected_count\":2");
	assert_has(rig_ask(&r, ASK("column_values_to_match_regex_list", "\"column\": \"t\", \"regex_list\": []")),
	           "must not be empty");
	rig_close(&r);
}

static void
texts_that_are_personal_are_not_told(void **state)
{
	struct rig r;
	const char *answer;

	(void)state;
	rig_open(&r, "t:text", "4111111111111111|x");
	r.pii[0] = true;
	r.set.pii = r.pii;
	answer = rig_ask(&r, ASK("column_values_to_not_match_regex", "\"column\": \"t\", \"regex\": \"[0-9]{16}\""));
	assert_has(answer, "***");
	assert_null(strstr(answer, "4111111111111111"));
	rig_close(&r);
}

static void
length_is_of_characters_of_the_text(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "t:text d:decimal(9,2)", "Zo\xc3\xab 10.00|ab 10.05");
	assert_has(rig_ask(&r, ASK("column_value_lengths_to_equal", "\"column\": \"t\", \"value\": 3")), "\"unexpected_count\":1");
	assert_has(rig_ask(&r, ASK("column_value_lengths_to_equal", "\"column\": \"d\", \"value\": 4.0")), "\"unexpected_count\":1");
	assert_has(rig_ask(&r, ASK("column_value_lengths_to_equal", "\"column\": \"d\", \"value\": 1e300")), "\"unexpected_count\":2");
	assert_has(rig_ask(&r, ASK("column_value_lengths_to_be_between", "\"column\": \"t\", \"max_value\": -9223372036854775808")),
	           "\"unexpected_count\":2");
	assert_has(rig_ask(&r, ASK("column_value_lengths_to_be_between", "\"column\": \"t\"")), "must not both be null");
	rig_close(&r);
}

static void
formats_are_of_texts_and_must_be_some(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "t:text n:int", "2024-01-31 1|x -");
	assert_has(rig_ask(&r, ASK("column_values_to_match_strftime_format", "\"column\": \"t\", \"strftime_format\": \"%Y-%m-%d\"")),
	           "\"unexpected_count\":1");
	assert_has(rig_ask(&r, ASK("column_values_to_match_strftime_format", "\"column\": \"n\", \"strftime_format\": \"%Y\"")),
	           "must be of type string");
	assert_has(rig_ask(&r, ASK("column_values_to_match_strftime_format", "\"column\": \"t\", \"strftime_format\": \"%Q\"")),
	           "bad directive");
	assert_has(rig_ask(&r, ASK("column_values_to_be_dateutil_parseable", "\"column\": \"t\"")), "dateutil is not supported");
	rig_close(&r);
}

static void
type_of_ints_is_int_whatever_is_null(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "n:int t:text", "1 a|- b");
	assert_has(rig_ask(&r, ASK("column_values_to_be_of_type", "\"column\": \"n\", \"type_\": \"int64\"")),
	           "{\"observed_value\":\"int64\"}");
	assert_has(rig_ask(&r, ASK("column_type_to_be", "\"column\": \"n\", \"type_\": \"int64\"")), "{\"observed_value\":\"Int64\"}");
	rig_close(&r);
	rig_open(&r, "n:int t:text", "1 a|2 b");
	assert_has(rig_ask(&r, ASK("column_type_to_be", "\"column\": \"n\", \"type_\": \"int64\"")), "{\"observed_value\":\"int64\"}");
	assert_has(rig_ask(&r, ASK("column_values_to_be_of_type", "\"column\": \"t\", \"type_\": \"Int\"")), "\"unexpected_count\":2");
	assert_has(rig_ask(&r, ASK("column_values_to_be_of_type", "\"column\": \"t\", \"type_\": \"in\"")),
	           "Unrecognized numpy/python type: in");
	assert_has(rig_ask(&r, ASK("column_values_to_be_of_type", "\"column\": \"T\", \"type_\": \"str\"")), "list index out of range");
	rig_close(&r);
}

static void
null_checks_count_every_row(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "n:int", "1|-|-|4");
	assert_has(rig_ask(&r, ASK("column_values_to_not_be_null", "\"column\": \"n\", \"mostly\": 0.5")), "\"success\":true");
	assert_has(rig_ask(&r, ASK("column_values_to_be_null", "\"column\": \"n\"")), "\"unexpected_percent\":50.0");
	rig_close(&r);
}

static void
columns_are_told_by_place_and_as_a_set(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "b:int a:int", "1 2");
	assert_has(rig_ask(&r, ASK("table_columns_to_match_ordered_list", "\"column_list\": [\"b\", \"c\", \"a\"]")),
	           "{\"Expected Column Position\":2,\"Expected\":\"a\",\"Found\":null}");
	assert_has(rig_ask(&r, ASK("table_columns_to_match_set", "\"column_set\": [\"c\", \"b\", \"c\"]")),
	           "\"mismatched\":{\"unexpected\":[\"a\"],\"missing\":[\"c\"]}");
	assert_has(rig_ask(&r, ASK("column_to_exist", "\"column\": \"b\", \"column_index\": -2")), "\"success\":true");
	assert_has(rig_ask(&r, ASK("column_to_exist", "\"column\": \"b\", \"column_index\": -3")), "\"success\":false");
	assert_has(rig_ask(&r, ASK("table_row_count_to_be_between", "\"min_value\": 1, \"strict_min\": true")),
	           "\"success\":false");
	assert_has(rig_ask(&r, ASK("table_column_count_to_be_between", "\"min_value\": \"2024-01-01\"")),
	           "cannot be compared with a date");
	rig_close(&r);
}

static void
kinds_tell_what_they_expect_in_words(void **state)
{
	static const struct {
		const char *expectation, *sentence;
	} cases[] = {
		{ ASK("column_values_to_not_be_null", "\"column\": \"t\", \"mostly\": 0.955"), "t is never null, for at least 95.5 % of values" },
		{ ASK("column_values_to_match_regex", "\"column\": \"t\", \"regex\": \"^A\""), "t matches '^A'" },
		{ ASK("column_value_lengths_to_be_between", "\"column\": \"t\", \"min_value\": 1, \"strict_min\": true, \"max_value\": 9"),
		  "the length of t is more than 1 and at most 9" },
		{ ASK("table_row_count_to_be_between", "\"min_value\": 100"), "the number of rows is at least 100" },
		{ ASK("table_columns_to_match_set", "\"column_set\": [\"a\", \"b\"], \"exact_match\": false"),
		  "among the columns are a and b" },
		{ "{\"type\": \"expect_column_values_to_be_of_type\", \"kwargs\": {}}", "a column is of type nothing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fe_suite_settings from = { .path = "suite" };
		struct fe_suite *suite = NULL;
		struct fe_buf text, out;

		fe_buf_init(&text, SIZE_MAX);
		fe_buf_init(&out, SIZE_MAX);
		fe_buf_addf(&text, "{\"name\": \"s\", \"expectations\": [%s]}", cases[i].expectation);
		assert_int_equal(fe_suite_read(&suite, fe_buf_str(&text), &from, NULL), FE_OK);
		suite->items[0].kind->describe(&suite->items[0], &out);
		assert_string_equal(fe_buf_text(&out), cases[i].sentence);
		fe_suite_free(suite);
		fe_buf_reset(&text);
		fe_buf_reset(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regex_that_is_hostile_fails_only_itself),
		cmocka_unit_test(regex_list_is_any_or_all),
		cmocka_unit_test(texts_that_are_personal_are_not_told),
		cmocka_unit_test(length_is_of_characters_of_the_text),
		cmocka_unit_test(formats_are_of_texts_and_must_be_some),
		cmocka_unit_test(type_of_ints_is_int_whatever_is_null),
		cmocka_unit_test(null_checks_count_every_row),
		cmocka_unit_test(columns_are_told_by_place_and_as_a_set),
		cmocka_unit_test(kinds_tell_what_they_expect_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

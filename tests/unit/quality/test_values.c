// SPDX-License-Identifier: Apache-2.0
/* Bounds at their edges, sets, order, distinct values and outliers: what the golden cases of
 * tests/gx leave out. */
#include "suite_rig.h"

#include "quality/literal.h"
#include "quality/value_set.h"

#define ASK(type, kwargs) "{\"type\": \"expect_column_" type "\", \"kwargs\": {" kwargs "}}"

static void
between_finds_a_cent_at_the_ends_of_18_digits(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "d:decimal(18,2)",
	         "9999999999999999.99|9999999999999999.98|-9999999999999999.99|-9999999999999999.98|0.00");
	assert_has(rig_ask(&r, ASK("values_to_be_between",
	                           "\"column\": \"d\", \"min_value\": -9999999999999999.98, "
	                           "\"max_value\": 9999999999999999.98")),
	           "\"partial_unexpected_index_list\":[0,2]");
	assert_has(rig_ask(&r, ASK("values_to_be_between",
	                           "\"column\": \"d\", \"min_value\": -9999999999999999.98, \"strict_min\": true")),
	           "\"partial_unexpected_index_list\":[2,3]");
	rig_close(&r);
}

static void
between_with_bounds_finer_than_the_column(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "d:decimal(9,2)", "0.00|0.01|-0.01|0.02");
	assert_has(rig_ask(&r, ASK("values_to_be_between", "\"column\": \"d\", \"min_value\": 0.0000001")),
	           "\"partial_unexpected_index_list\":[0,2]");
	assert_has(rig_ask(&r, ASK("values_to_be_between", "\"column\": \"d\", \"max_value\": 0.0100001")),
	           "\"partial_unexpected_index_list\":[3]");
	assert_has(rig_ask(&r, ASK("values_to_be_between", "\"column\": \"d\", \"min_value\": -1e-300")),
	           "\"partial_unexpected_index_list\":[2]");
	rig_close(&r);
}

static void
between_with_bounds_past_all_numbers_of_the_column(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "n:int", "9223372036854775807|-9223372036854775808|0");
	assert_has(rig_ask(&r, ASK("values_to_be_between", "\"column\": \"n\", \"min_value\": 9223372036854775808")),
	           "\"unexpected_count\":3");
	assert_has(rig_ask(&r, ASK("values_to_be_between", "\"column\": \"n\", \"max_value\": -1e300")),
	           "\"unexpected_count\":3");
	assert_has(rig_ask(&r, ASK("values_to_be_between",
	                           "\"column\": \"n\", \"min_value\": -1e300, \"max_value\": 1e300")),
	           "\"unexpected_count\":0");
	assert_has(rig_ask(&r, ASK("values_to_be_between",
	                           "\"column\": \"n\", \"max_value\": -9223372036854775808, \"strict_max\": true")),
	           "\"unexpected_count\":3");
	assert_has(rig_ask(&r, ASK("values_to_be_between",
	                           "\"column\": \"n\", \"min_value\": 9223372036854775807, \"strict_min\": true")),
	           "\"unexpected_count\":3");
	rig_close(&r);
}

static void
between_tells_true_from_false(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "b:bool", "true|false|-|true");
	assert_has(rig_ask(&r, ASK("values_to_be_between", "\"column\": \"b\", \"max_value\": 0.5")),
	           "\"partial_unexpected_index_list\":[0,3]");
	assert_has(rig_ask(&r, ASK("values_to_be_between", "\"column\": \"b\", \"min_value\": 2")),
	           "\"unexpected_count\":3");
	rig_close(&r);
}

static void
sets_of_many_texts_are_found_as_those_of_few(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "t:text", "a|j|k|bb|");
	assert_has(rig_ask(&r, ASK("values_to_be_in_set", "\"column\": \"t\", \"value_set\": [\"a\", \"b\", \"c\", "
	                           "\"d\", \"e\", \"f\", \"g\", \"h\", \"i\", \"j\", \"a\"]")),
	           "\"partial_unexpected_list\":[\"k\",\"bb\"]");
	assert_has(rig_ask(&r, ASK("values_to_not_be_in_set", "\"column\": \"t\", \"value_set\": [\"j\", \"bb\"]")),
	           "\"partial_unexpected_list\":[\"j\",\"bb\"]");
	rig_close(&r);
}

static void
a_text_of_any_length_is_found_and_none_that_differs_in_one_byte(void **state)
{
	char word[24], other[24];
	struct fe_literal members[2] = { { .kind = FE_LITERAL_TEXT, .text = FE_STR("of some other length: longer than all") } };
	const struct fe_kwarg kwarg = { .many = members, .n_many = 2 };

	(void)state;
	for (size_t n = 0; n <= 20; n++) {
		struct fe_err err = FE_ERR_INIT;
		struct fe_value_set set;

		memcpy(word, "abcdefghijklmnopqrstuvwx", sizeof word);
		members[1] = (struct fe_literal){ .kind = FE_LITERAL_TEXT, .text = { word, n } };
		assert_int_equal(fe_value_set_init(&set, (struct fe_type){ .kind = FE_TEXT }, FE_MOMENT_TEXTS_NEVER, &kwarg, &err),
		                 FE_OK);
		memcpy(other, word, sizeof other);
		assert_true(fe_value_set_has_text(&set, (struct fe_str){ other, n }));
		assert_false(fe_value_set_has_text(&set, (struct fe_str){ other, n + 1 }));
		assert_true(n == 0 || !fe_value_set_has_text(&set, (struct fe_str){ other, n - 1 }));
		for (size_t i = 0; i < n; i++) {
			other[i] ^= (char)0x80;
			assert_false(fe_value_set_has_text(&set, (struct fe_str){ other, n }));
			other[i] ^= (char)0x80;
		}
		fe_value_set_reset(&set);
	}
}

static void
not_in_set_of_timestamps_refuses_texts_that_are_none(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "at:timestamp", "2024-01-01T00:00:00Z");
	assert_has(rig_ask(&r, ASK("values_to_not_be_in_set", "\"column\": \"at\", \"value_set\": [\"soon\"]")),
	           "unable to parse: soon");
	assert_has(rig_ask(&r, ASK("values_to_be_in_set", "\"column\": \"at\", \"value_set\": [\"soon\"]")),
	           "\"unexpected_count\":1");
	rig_close(&r);
}

static void
literal_is_a_value_of_a_column_only_where_it_is_exactly_one(void **state)
{
	static const struct { const char *json; bool is_one; int64_t value; } cases[] = {
		{ "1.5", true, 150 }, { "1.50", true, 150 }, { "1.505", false, 0 }, { "-0.01", true, -1 },
		{ "1e2", true, 10000 }, { "1e30", false, 0 }, { "92233720368547758.07", true, INT64_MAX },
		{ "92233720368547758.08", false, 0 }, { "true", true, 100 }, { "\"1.5\"", false, 0 }, { "null", false, 0 },
		{ "1.0000000000000000000000000000000000000000001", false, 0 },
	};
	const struct fe_type type = { .kind = FE_DECIMAL, .precision = 18, .scale = 2 };
	struct fe_arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct fe_json_value *v;
		struct fe_literal l;
		int64_t value = 0;
		assert_int_equal(fe_json_parse(fe_str_of(cases[i].json), &arena, &v, NULL), FE_OK);
		fe_literal_of_json(v, &l);
		assert_int_equal(fe_value_of_literal(type, FE_MOMENT_TEXTS_ALL, &l, &value), cases[i].is_one);
		if (cases[i].is_one)
			assert_int_equal(value, cases[i].value);
	}
	fe_arena_free(&arena);
}

static void
order_goes_on_from_batch_to_batch(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "d:decimal(9,2)", "1.00|2.00|-|1.99|2.00|2.00|3.00");
	for (r.batch_rows = 1; r.batch_rows < 8; r.batch_rows++) {
		assert_has(rig_ask(&r, ASK("values_to_be_increasing", "\"column\": \"d\"")),
		           "\"partial_unexpected_index_list\":[3]");
		assert_has(rig_ask(&r, ASK("values_to_be_increasing", "\"column\": \"d\", \"strictly\": true")),
		           "\"partial_unexpected_index_list\":[3,5]");
	}
	rig_close(&r);
}

static void
distinct_values_are_listed_by_size(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "n:int t:text", "10 b|9 B|-1 a|10 \xc3\xa9|100 z|- -");
	assert_has(rig_ask(&r, ASK("distinct_values_to_be_in_set", "\"column\": \"n\", \"value_set\": [9]")),
	           "\"partial_unexpected_list\":[-1,10,100]");
	assert_has(rig_ask(&r, ASK("distinct_values_to_equal_set", "\"column\": \"t\", \"value_set\": [\"a\", 7, 7.0]")),
	           "\"unexpected_count\":4,\"missing_count\":1,"
	           "\"partial_unexpected_list\":[\"B\",\"b\",\"z\",\"\xc3\xa9\"],\"partial_missing_list\":[7]");
	r.pii[1] = true;
	r.set.pii = r.pii;
	assert_has(rig_ask(&r, ASK("distinct_values_to_be_in_set", "\"column\": \"t\", \"value_set\": [\"a\", \"b\"]")),
	           "\"partial_unexpected_list\":[\"***\",\"***\",\"***\"]");
	rig_close(&r);
}

static void
distinct_moments_that_are_missing_are_printed_as_values_are(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "at:timestamp", "2024-01-01T00:00:00Z");
	assert_has(rig_ask(&r, ASK("distinct_values_to_contain_set", "\"column\": \"at\", \"value_set\": "
	                           "[\"2024-01-01T01:00:00+01:00\", \"2024-01-02 00:00:00Z\", \"2024-01-02T03:00:00+02:00\", \"soon\"]")),
	           "\"missing_count\":3,\"partial_missing_list\":[\"2024-01-02T00:00:00+00:00\","
	           "\"2024-01-02T03:00:00+02:00\",\"soon\"]");
	rig_close(&r);
}

static void
outliers_show_what_stood_in_their_rows(void **state)
{
	static const char *const names[] = { "id" };
	struct rig r;

	(void)state;
	rig_open(&r, "id:int n:int", "1 1|2 2|3 -|4 3|5 2|6 1|7 50");
	r.set.result.has_index_columns = true;
	r.set.result.index_columns = names;
	r.set.result.n_index_columns = 1;
	for (r.batch_rows = 1; r.batch_rows < 8; r.batch_rows++)
		assert_has(rig_ask(&r, ASK("values_to_not_be_outliers", "\"column\": \"n\"")),
		           "\"partial_unexpected_index_list\":[{\"n\":50,\"id\":7}]");
	rig_close(&r);
}

static void
outliers_of_all_the_same_are_none(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "d:decimal(9,2)", "0.10|0.10|0.10");
	assert_has(rig_ask(&r, ASK("values_to_not_be_outliers", "\"column\": \"d\", \"method\": \"std\"")),
	           "\"unexpected_count\":0");
	assert_has(rig_ask(&r, ASK("value_z_scores_to_be_less_than",
	                           "\"column\": \"d\", \"threshold\": 0, \"double_sided\": true")),
	           "\"unexpected_count\":0");
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(between_finds_a_cent_at_the_ends_of_18_digits),
		cmocka_unit_test(between_with_bounds_finer_than_the_column),
		cmocka_unit_test(between_with_bounds_past_all_numbers_of_the_column),
		cmocka_unit_test(between_tells_true_from_false),
		cmocka_unit_test(sets_of_many_texts_are_found_as_those_of_few),
		cmocka_unit_test(a_text_of_any_length_is_found_and_none_that_differs_in_one_byte),
		cmocka_unit_test(not_in_set_of_timestamps_refuses_texts_that_are_none),
		cmocka_unit_test(literal_is_a_value_of_a_column_only_where_it_is_exactly_one),
		cmocka_unit_test(order_goes_on_from_batch_to_batch),
		cmocka_unit_test(distinct_values_are_listed_by_size),
		cmocka_unit_test(distinct_moments_that_are_missing_are_printed_as_values_are),
		cmocka_unit_test(outliers_show_what_stood_in_their_rows),
		cmocka_unit_test(outliers_of_all_the_same_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

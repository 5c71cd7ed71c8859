// SPDX-License-Identifier: Apache-2.0
/* Uniqueness: whole groups, in the order of rows, however late their first is found; exact
 * keys; and the limit of memory. */
#include "suite_rig.h"

#include "quality/keyset.h"

#define UNIQUE(column) "{\"type\": \"expect_column_values_to_be_unique\", \"kwargs\": {\"column\": \"" column "\"}}"
#define TOGETHER(more)                                                                       \
	"{\"type\": \"expect_compound_columns_to_be_unique\", \"kwargs\": "                  \
	"{\"column_list\": [\"t\", \"n\"]" more "}}"

static void
unique_lists_whole_groups_in_the_order_of_rows(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "n:int t:text", "1 a|2 b|3 c|4 -|5 c|6 b|7 -|8 c|9 d");
	for (r.batch_rows = 1; r.batch_rows <= 9; r.batch_rows++) {
		const char *out = rig_ask(&r, UNIQUE("t"));
		assert_has(out, "\"unexpected_count\":5");
		assert_has(out, "\"missing_count\":2");
		assert_has(out, "\"partial_unexpected_list\":[\"b\",\"c\",\"c\",\"b\",\"c\"]");
		assert_has(out, "\"partial_unexpected_index_list\":[1,2,4,5,7]");
	}
	rig_close(&r);
}

static void
unique_shows_of_a_first_row_what_stood_in_it(void **state)
{
	static const char *const names[] = { "n" };
	struct rig r;

	(void)state;
	rig_open(&r, "n:int t:text", "1 a|2 b|3 a|4 c");
	r.batch_rows = 1;
	r.set.result.has_index_columns = true;
	r.set.result.index_columns = names;
	r.set.result.n_index_columns = 1;
	r.set.result.include_unexpected_rows = true;
	const char *out = rig_ask(&r, UNIQUE("t"));
	assert_has(out, "\"partial_unexpected_index_list\":[{\"t\":\"a\",\"n\":1},{\"t\":\"a\",\"n\":3}]");
	assert_has(out, "\"unexpected_rows\":[{\"n\":1,\"t\":\"a\"},{\"n\":3,\"t\":\"a\"}]");
	rig_close(&r);
}

static void
unique_masks_first_rows_too(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "t:text", "4111111111111111|5|4111111111111111");
	r.pii[0] = true;
	r.set.pii = r.pii;
	const char *out = rig_ask(&r, UNIQUE("t"));
	assert_has(out, "\"partial_unexpected_list\":[\"***\",\"***\"]");
	assert_null(strstr(out, "4111"));
	rig_close(&r);
}

static void
unique_lists_the_first_rows_even_if_their_doubles_come_last(void **state)
{
	struct rig r;

	(void)state;
	/* c and d fill the lists before the second a shows that row 0 belongs there */
	rig_open(&r, "t:text", "a|b|c|c|c|d|d|d|d|e|e|e|e|e|e|e|e|e|e|e|e|e|e|e|e|e|a");
	r.batch_rows = 2;
	const char *out = rig_ask(&r, UNIQUE("t"));
	assert_has(out, "\"partial_unexpected_list\":[\"a\",\"c\",\"c\",\"c\",\"d\",\"d\",\"d\",\"d\",\"e\",");
	assert_has(out, "\"partial_unexpected_index_list\":[0,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]");
	rig_close(&r);
}

static void
compound_unique_does_not_run_values_into_each_other(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "t:text u:text", "a bc|ab c|abc -|- abc|a bc");
	const char *out = rig_ask(&r, "{\"type\": \"expect_compound_columns_to_be_unique\", \"kwargs\": "
	                              "{\"column_list\": [\"t\", \"u\"]}}");
	assert_has(out, "\"partial_unexpected_index_list\":[0,4]");
	rig_close(&r);
}

static void
compound_unique_ignores_rows_as_it_is_told(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "t:text n:int", "a 1|a -|a -|- -|- -|a 1");
	assert_has(rig_ask(&r, TOGETHER("")), "\"partial_unexpected_index_list\":[0,1,2,5]");
	assert_has(rig_ask(&r, TOGETHER(", \"ignore_row_if\": \"any_value_is_missing\"")),
	           "\"partial_unexpected_index_list\":[0,5]");
	assert_has(rig_ask(&r, TOGETHER(", \"ignore_row_if\": \"never\"")),
	           "\"partial_unexpected_index_list\":[0,1,2,3,4,5]");
	rig_close(&r);
}

static void
known_unique_columns_are_believed_but_for_their_nulls(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "t:text n:int", "a 1|b 1|- 1|- 1|c 2");
	r.known_unique[0] = true;
	r.set.known_unique = r.known_unique;
	assert_has(rig_ask(&r, TOGETHER("")), "\"partial_unexpected_index_list\":[2,3]");
	assert_has(rig_ask(&r, UNIQUE("t")), "\"unexpected_count\":0");
	assert_has(rig_ask(&r, "{\"type\": \"expect_column_unique_value_count_to_be_between\", \"kwargs\": "
	                       "{\"column\": \"t\"}}"),
	           "\"observed_value\":3");
	rig_close(&r);
}

static void
within_record_compares_numbers_by_value(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "a:int b:decimal(9,2) c:bool", "2 2.00 true|3 3.10 true|1 5.00 true|7 -7.00 -|- - true");
	const char *out = rig_ask(&r, "{\"type\": \"expect_select_column_values_to_be_unique_within_record\", "
	                              "\"kwargs\": {\"column_list\": [\"a\", \"b\", \"c\"]}}");
	assert_has(out, "\"partial_unexpected_index_list\":[0,2,4]");
	rig_close(&r);
}

static void
keys_past_the_limit_of_memory_end_the_run(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "t:text", "a|b");
	r.set.max_bytes = 1000;
	(void)rig_ask(&r, UNIQUE("t"));
	assert_int_equal(r.rc, FE_ELIMIT);
	assert_non_null(strstr(r.err.text, "expect_column_values_to_be_unique"));
	rig_close(&r);
}

static void
keyset_walks_its_keys_in_their_order(void **state)
{
	struct fe_key_cursor at = { 0 };
	struct fe_keyset set;
	struct fe_str key;
	void *value;
	int64_t n = 0;

	(void)state;
	fe_keyset_init(&set, sizeof(uint64_t), 0, NULL);
	for (; n < 100000; n++) { /* several chunks */
		key = (struct fe_str){ (const char *)&n, sizeof n };
		uint64_t hash = fe_hash64(&set.hash_key, key.p, key.n);
		assert_int_equal(fe_keytable_add(&set.table, hash, key, &value, NULL), FE_OK);
		fe_keyset_put64(value, (uint64_t)n * 3);
	}
	assert_true(set.table.n_chunks > 1);
	for (n = 0;; n++) {
		const void *met;
		assert_int_equal(fe_keytable_next(&set.table, &at, &key, &met, NULL), FE_OK);
		if (!key.p)
			break;
		assert_memory_equal(key.p, &n, sizeof n);
		assert_int_equal(fe_keyset_get64(met), n * 3);
	}
	assert_int_equal(n, 100000);
	fe_keyset_reset(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unique_lists_whole_groups_in_the_order_of_rows),
		cmocka_unit_test(unique_shows_of_a_first_row_what_stood_in_it),
		cmocka_unit_test(unique_masks_first_rows_too),
		cmocka_unit_test(unique_lists_the_first_rows_even_if_their_doubles_come_last),
		cmocka_unit_test(compound_unique_does_not_run_values_into_each_other),
		cmocka_unit_test(compound_unique_ignores_rows_as_it_is_told),
		cmocka_unit_test(known_unique_columns_are_believed_but_for_their_nulls),
		cmocka_unit_test(within_record_compares_numbers_by_value),
		cmocka_unit_test(keys_past_the_limit_of_memory_end_the_run),
		cmocka_unit_test(keyset_walks_its_keys_in_their_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* Counts, samples and percents of map expectations, in each result format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "quality/map_result.h"

#define N_ROWS 70 /* more than a word of bits */

/* A batch of k = 0, 1, 2 ... and t, of "a", "b", null in turn; all rows take part. */
struct fixture {
	struct fe_schema schema;
	struct fe_batch batch;
	struct fe_suite_item item;
	struct fe_expectation x;
	struct fe_result_settings set;
	struct fe_map_result map;
	size_t columns[1];
	uint64_t position[FE_BATCH_ROWS], rows[2], considered[2], unexpected[2];
	struct fe_view view;
};

static const struct fe_expectation_kind kind = { .type = "expect_something", .domain = FE_DOMAIN_COLUMN, .is_map = true };

static void
open_fixture(struct fixture *f, enum fe_result_format format, size_t column)
{
	static const char *const texts[] = { "a", "b" };

	*f = (struct fixture){ .item = { .kind = &kind }, .columns = { column } };
	fe_schema_init(&f->schema);
	fe_schema_add(&f->schema, FE_STR("k"), (struct fe_type){ .kind = FE_INT });
	fe_schema_add(&f->schema, FE_STR("t"), (struct fe_type){ .kind = FE_TEXT });
	f->schema.n_source = 2;
	fe_batch_init(&f->batch, &f->schema);
	f->batch.n_rows = N_ROWS;
	for (size_t i = 0; i < N_ROWS; i++) {
		f->position[i] = i;
		fe_bit_set(f->rows, i);
		f->batch.columns[0].i64[i] = (int64_t)i;
		fe_bit_set(f->batch.columns[0].valid, i);
		fe_bit_put(f->batch.columns[1].valid, i, i % 3 != 2);
		if (i % 3 != 2)
			f->batch.columns[1].text[i] = fe_str_of(texts[i % 3]);
	}
	f->set = (struct fe_result_settings){ .format = format, .partial_unexpected_count = 20 };
	f->x = (struct fe_expectation){ .item = &f->item, .schema = &f->schema, .columns = f->columns, .n_columns = 1 };
	f->view = (struct fe_view){ .batch = &f->batch, .rows = f->rows, .n_rows = N_ROWS, .position = f->position };
}

static void
init_map(struct fixture *f, bool counts_nulls)
{
	fe_map_result_init(&f->map, &f->set, counts_nulls);
}

/* Considered: rows with a value; unexpected: those whose k is in from .. to. */
static void
judge(struct fixture *f, size_t from, size_t to)
{
	const uint64_t *valid = f->batch.columns[f->columns[0]].valid;

	for (size_t i = 0; i < N_ROWS; i++) {
		fe_bit_put(f->considered, i, fe_bit_get(valid, i));
		fe_bit_put(f->unexpected, i, fe_bit_get(valid, i) && i >= from && i <= to);
	}
	assert_int_equal(fe_map_result_add(&f->map, &f->x, &f->view, f->considered, f->unexpected, NULL), FE_OK);
}

static void
expect_json(struct fixture *f, const char *want)
{
	struct fe_json j;
	struct fe_buf b;

	fe_buf_init(&b, 1 << 20);
	fe_json_init(&j, &b, 0);
	fe_json_object(&j, NULL);
	fe_map_result_print(&f->map, &f->x, &j);
	fe_json_object_end(&j);
	assert_string_equal(fe_buf_text(&b), want);
	fe_buf_reset(&b);
}

static void
close_fixture(struct fixture *f)
{
	fe_map_result_reset(&f->map);
	fe_batch_reset(&f->batch);
	fe_schema_reset(&f->schema);
}

static void
map_prints_by_format(void **state)
{
	static const char *const want[] = {
		"{}",
		"{\"element_count\":70,\"unexpected_count\":3,\"unexpected_percent\":6.382978723404255,\"partial_unexpected_list\":"
		"[\"a\",\"b\",\"a\"],\"missing_count\":23,\"missing_percent\":32.857142857142854,\"unexpected_percent_total\":"
		"4.285714285714286,\"unexpected_percent_nonmissing\":6.382978723404255}",
		"{\"element_count\":70,\"unexpected_count\":3,\"unexpected_percent\":6.382978723404255,\"partial_unexpected_list\":"
		"[\"a\",\"b\",\"a\"],\"missing_count\":23,\"missing_percent\":32.857142857142854,\"unexpected_percent_total\":"
		"4.285714285714286,\"unexpected_percent_nonmissing\":6.382978723404255,\"partial_unexpected_counts\":[{\"value\":\"a\","
		"\"count\":2},{\"value\":\"b\",\"count\":1}],\"partial_unexpected_index_list\":[3,4,6]}",
		"{\"element_count\":70,\"unexpected_count\":3,\"unexpected_percent\":6.382978723404255,\"partial_unexpected_list\":"
		"[\"a\",\"b\",\"a\"],\"missing_count\":23,\"missing_percent\":32.857142857142854,\"unexpected_percent_total\":"
		"4.285714285714286,\"unexpected_percent_nonmissing\":6.382978723404255,\"partial_unexpected_counts\":[{\"value\":\"a\","
		"\"count\":2},{\"value\":\"b\",\"count\":1}],\"partial_unexpected_index_list\":[3,4,6],\"unexpected_list\":[\"a\",\"b\",\"a\"],"
		"\"unexpected_index_list\":[3,4,6],\"unexpected_index_query\":\"df.filter(items=[3, 4, 6], axis=0)\"}",
	};
	struct fixture f;

	(void)state;
	for (int format = FE_RESULT_BOOLEAN_ONLY; format <= FE_RESULT_COMPLETE; format++) {
		open_fixture(&f, (enum fe_result_format)format, 1);
		init_map(&f, false);
		judge(&f, 3, 6);
		expect_json(&f, want[format]);
		close_fixture(&f);
	}
}

static void
map_of_nothing_has_no_percents(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, FE_RESULT_BASIC, 0);
	init_map(&f, false);
	expect_json(&f, "{\"element_count\":0,\"unexpected_count\":0,\"unexpected_percent\":null,\"partial_unexpected_list\":[],"
	                "\"missing_count\":0,\"missing_percent\":null,\"unexpected_percent_total\":null,"
	                "\"unexpected_percent_nonmissing\":null}");
	assert_true(fe_map_result_success(&f.map, 1));
	close_fixture(&f);
}

static void
map_of_null_checks_has_no_missing_figures(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, FE_RESULT_BASIC, 1);
	init_map(&f, true);
	memcpy(f.considered, f.rows, sizeof(f.rows));
	fe_bit_set(f.unexpected, 2);
	assert_int_equal(fe_map_result_add(&f.map, &f.x, &f.view, f.considered, f.unexpected, NULL), FE_OK);
	expect_json(&f, "{\"element_count\":70,\"unexpected_count\":1,\"unexpected_percent\":1.4285714285714286,"
	                "\"partial_unexpected_list\":[null]}");
	close_fixture(&f);
}

static void
map_lists_the_first_rows_and_no_more(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, FE_RESULT_BASIC, 0);
	f.set.partial_unexpected_count = 2;
	init_map(&f, false);
	judge(&f, 1, 69);
	assert_int_equal(f.map.n_unexpected, 69);
	assert_true(f.map.n_samples < 10);
	expect_json(&f, "{\"element_count\":70,\"unexpected_count\":69,\"unexpected_percent\":98.57142857142858,"
	                "\"partial_unexpected_list\":[1,2],\"missing_count\":0,\"missing_percent\":0.0,"
	                "\"unexpected_percent_total\":98.57142857142858,\"unexpected_percent_nonmissing\":98.57142857142858}");
	close_fixture(&f);
}

static void
map_puts_late_rows_into_their_place(void **state)
{
	const struct fe_map_row late[] = {
		{ .position = 5, .value = FE_STR("55") },
		{ .position = 100, .value = FE_STR("100") },
		{ .position = 1, .value = FE_STR("1") },
	};
	struct fixture f;

	(void)state;
	open_fixture(&f, FE_RESULT_COMPLETE, 0);
	f.set.partial_unexpected_count = 2;
	init_map(&f, false);
	judge(&f, 3, 7);
	assert_true(fe_map_result_lists(&f.map, 1000)); /* COMPLETE tells of all */
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(fe_map_result_add_late(&f.map, &late[i], NULL), FE_OK);
	assert_int_equal(f.map.n_unexpected, 8);
	expect_json(&f, "{\"element_count\":70,\"unexpected_count\":8,\"unexpected_percent\":11.428571428571429,"
	                "\"partial_unexpected_list\":[1,3],\"missing_count\":0,\"missing_percent\":0.0,"
	                "\"unexpected_percent_total\":11.428571428571429,\"unexpected_percent_nonmissing\":11.428571428571429,"
	                "\"partial_unexpected_counts\":[{\"value\":1,\"count\":1},{\"value\":3,\"count\":1}],"
	                "\"partial_unexpected_index_list\":[1,3],\"unexpected_list\":[1,3,4,5,55,6,7,100],"
	                "\"unexpected_index_list\":[1,3,4,5,5,6,7,100],"
	                "\"unexpected_index_query\":\"df.filter(items=[1, 3, 4, 5, 5, 6, 7, 100], axis=0)\"}");
	close_fixture(&f);
}

static void
map_keeps_nothing_past_its_lists(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, FE_RESULT_SUMMARY, 0);
	init_map(&f, false);
	judge(&f, 10, 69);
	assert_int_equal(f.map.n_samples, 20);
	assert_int_equal(f.map.n_places, 0);
	assert_false(fe_map_result_lists(&f.map, 30));
	assert_true(fe_map_result_lists(&f.map, 28));
	close_fixture(&f);
}

static void
map_shows_index_columns_and_rows(void **state)
{
	static const char *const index_columns[] = { "k" };
	struct fixture f;

	(void)state;
	open_fixture(&f, FE_RESULT_SUMMARY, 1);
	f.set.index_columns = index_columns;
	f.set.n_index_columns = 1;
	f.set.has_index_columns = f.set.include_unexpected_rows = true;
	init_map(&f, false);
	judge(&f, 0, 1);
	expect_json(&f, "{\"element_count\":70,\"unexpected_count\":2,\"unexpected_percent\":4.25531914893617,"
	                "\"partial_unexpected_list\":[\"a\",\"b\"],\"unexpected_index_column_names\":[\"k\"],\"missing_count\":23,"
	                "\"missing_percent\":32.857142857142854,\"unexpected_percent_total\":2.857142857142857,"
	                "\"unexpected_percent_nonmissing\":4.25531914893617,\"unexpected_rows\":[{\"k\":0,\"t\":\"a\"},{\"k\":1,\"t\":"
	                "\"b\"}],\"partial_unexpected_counts\":[{\"value\":\"a\",\"count\":1},{\"value\":\"b\",\"count\":1}],"
	                "\"partial_unexpected_index_list\":[{\"t\":\"a\",\"k\":0},{\"t\":\"b\",\"k\":1}]}");
	close_fixture(&f);
}

static void
map_excludes_values_where_it_is_told_to(void **state)
{
	static const char *const index_columns[] = { "k" };
	struct fixture f;

	(void)state;
	open_fixture(&f, FE_RESULT_SUMMARY, 1);
	f.set.index_columns = index_columns;
	f.set.n_index_columns = 1;
	f.set.has_index_columns = f.set.exclude_unexpected_values = true;
	init_map(&f, false);
	judge(&f, 0, 1);
	expect_json(&f, "{\"element_count\":70,\"unexpected_count\":2,\"unexpected_percent\":4.25531914893617,"
	                "\"unexpected_index_column_names\":[\"k\"],\"missing_count\":23,\"missing_percent\":32.857142857142854,"
	                "\"unexpected_percent_total\":2.857142857142857,\"unexpected_percent_nonmissing\":4.25531914893617,"
	                "\"partial_unexpected_index_list\":[{\"k\":[0,1]}]}");
	close_fixture(&f);
}

static void
map_masks_values_of_pii_columns(void **state)
{
	const bool pii[] = { false, true };
	struct fixture f;

	(void)state;
	open_fixture(&f, FE_RESULT_COMPLETE, 1);
	f.set.include_unexpected_rows = true;
	f.x.pii = pii;
	init_map(&f, false);
	judge(&f, 0, 0);
	expect_json(&f, "{\"element_count\":70,\"unexpected_count\":1,\"unexpected_percent\":2.127659574468085,"
	                "\"partial_unexpected_list\":[\"***\"],\"missing_count\":23,\"missing_percent\":32.857142857142854,"
	                "\"unexpected_percent_total\":1.4285714285714286,\"unexpected_percent_nonmissing\":2.127659574468085,"
	                "\"unexpected_rows\":[{\"k\":0,\"t\":\"***\"}],\"partial_unexpected_counts\":[{\"value\":\"***\",\"count\":1}],"
	                "\"partial_unexpected_index_list\":[0],\"unexpected_list\":[\"***\"],\"unexpected_index_list\":[0],"
	                "\"unexpected_index_query\":\"df.filter(items=[0], axis=0)\"}");
	close_fixture(&f);
}

static void
map_succeeds_by_mostly_in_doubles(void **state)
{
	struct fe_map_result m = { .n_considered = 10, .n_unexpected = 3 };

	(void)state;
	assert_true(fe_map_result_success(&m, 0.7));
	assert_false(fe_map_result_success(&m, 0.71));
	m = (struct fe_map_result){ .n_considered = 3, .n_unexpected = 1 };
	assert_true(fe_map_result_success(&m, 0.66));
	assert_false(fe_map_result_success(&m, 0.667));
	assert_true(fe_map_result_success(&m, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_prints_by_format),
		cmocka_unit_test(map_of_nothing_has_no_percents),
		cmocka_unit_test(map_of_null_checks_has_no_missing_figures),
		cmocka_unit_test(map_lists_the_first_rows_and_no_more),
		cmocka_unit_test(map_puts_late_rows_into_their_place),
		cmocka_unit_test(map_keeps_nothing_past_its_lists),
		cmocka_unit_test(map_shows_index_columns_and_rows),
		cmocka_unit_test(map_excludes_values_where_it_is_told_to),
		cmocka_unit_test(map_masks_values_of_pii_columns),
		cmocka_unit_test(map_succeeds_by_mostly_in_doubles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

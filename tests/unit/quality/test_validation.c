// SPDX-License-Identifier: Apache-2.0
/* Suites at work: which rows take part, severities, the words for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "quality/validation.h"

#define SUITE(items) "{\"name\": \"s\", \"expectations\": [" items "]}"
#define NOT_NULL(column, severity)                                                                                     \
	"{\"type\": \"expect_column_values_to_not_be_null\", \"kwargs\": {\"column\": \"" column "\"}, \"severity\": \"" severity "\"}"

struct fixture {
	struct fe_schema schema;
	struct fe_batch batch;
	struct fe_suite *suite;
	struct fe_validation *v;
};

/* Columns n and m; a batch of five rows whose n is null in rows 1 and 3, and m in none. */
static void
open_fixture(struct fixture *f, const char *suite)
{
	struct fe_suite_settings read = { .path = "s.json" };
	struct fe_validation_settings set = { .result = { .format = FE_RESULT_SUMMARY, .partial_unexpected_count = 20 } };

	*f = (struct fixture){ 0 };
	fe_schema_init(&f->schema);
	fe_schema_add(&f->schema, FE_STR("n"), (struct fe_type){ .kind = FE_INT });
	fe_schema_add(&f->schema, FE_STR("m"), (struct fe_type){ .kind = FE_INT });
	f->schema.n_source = 2;
	fe_batch_init(&f->batch, &f->schema);
	f->batch.n_rows = 5;
	for (size_t i = 0; i < 5; i++) {
		fe_bit_put(f->batch.columns[0].valid, i, i != 1 && i != 3);
		fe_bit_set(f->batch.columns[1].valid, i);
		f->batch.columns[0].i64[i] = f->batch.columns[1].i64[i] = (int64_t)i;
	}
	assert_int_equal(fe_suite_read(&f->suite, fe_str_of(suite), &read, NULL), FE_OK);
	set.suite = f->suite;
	set.schema = &f->schema;
	assert_int_equal(fe_validation_open(&f->v, &set, NULL), FE_OK);
}

static void
feed(struct fixture *f, uint64_t rows)
{
	assert_int_equal(fe_validation_feed(f->v, &f->batch, &rows, NULL), FE_OK);
}

static void
close_fixture(struct fixture *f)
{
	fe_validation_close(f->v);
	fe_suite_free(f->suite);
	fe_batch_reset(&f->batch);
	fe_schema_reset(&f->schema);
}

/* text is in the result. */
static void
expect_in_result(struct fixture *f, const char *text)
{
	struct fe_buf b;

	fe_buf_init(&b, 1 << 20);
	fe_validation_result_json(f->v, &b);
	if (!strstr(fe_buf_text(&b), text))
		fail_msg("'%s' is not in: %s", text, fe_buf_text(&b));
	fe_buf_reset(&b);
}

static void
validation_counts_rows_that_take_part(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, SUITE(NOT_NULL("n", "critical")));
	feed(&f, 0x1e);                  /* all but row 0: positions 0 .. 3 */
	feed(&f, UINT64_C(0xffffffe2)); /* row 1; bits past the batch do not count */
	assert_int_equal(fe_validation_end(f.v, NULL), FE_OK);
	expect_in_result(&f, "\"element_count\":5,\"unexpected_count\":3,");
	expect_in_result(&f, "\"partial_unexpected_index_list\":[0,2,4]");
	close_fixture(&f);
}

static void
validation_of_no_rows_passes_maps(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, SUITE(NOT_NULL("n", "critical")));
	feed(&f, 0);
	assert_int_equal(fe_validation_end(f.v, NULL), FE_OK);
	expect_in_result(&f, "{\"success\":true,");
	expect_in_result(&f, "\"element_count\":0,\"unexpected_count\":0,\"unexpected_percent\":null");
	close_fixture(&f);
}

static void
validation_of_an_empty_suite_succeeds(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, SUITE(""));
	feed(&f, 0x1f);
	assert_int_equal(fe_validation_end(f.v, NULL), FE_OK);
	expect_in_result(&f, "{\"success\":true,\"results\":[],");
	expect_in_result(&f, "\"success_percent\":null");
	close_fixture(&f);
}

static void
check_holds_for_failures_of_a_severity(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_validation_counts c;
	struct fixture f;

	(void)state;
	open_fixture(&f, SUITE(NOT_NULL("n", "warning") "," NOT_NULL("m", "critical") "," NOT_NULL("nope", "info")));
	feed(&f, 0x1f);
	assert_int_equal(fe_validation_end(f.v, NULL), FE_OK);
	c = fe_validation_counts(f.v);
	assert_int_equal(c.n_evaluated, 3);
	assert_int_equal(c.n_successful, 1);
	assert_int_equal(c.n_failed[FE_SEVERITY_CRITICAL], 0);
	assert_int_equal(c.n_failed[FE_SEVERITY_WARNING], 1);
	assert_int_equal(c.n_failed[FE_SEVERITY_INFO], 1);
	assert_int_equal(fe_validation_check(f.v, FE_SEVERITY_CRITICAL, "data", &err), FE_OK);
	assert_int_equal(fe_validation_check(f.v, FE_SEVERITY_WARNING, "data", &err), FE_ECHECK);
	assert_non_null(strstr(err.text, "data: 1 expectation failed: n is never null (2 of 5"));
	assert_null(strstr(err.text, "nope"));
	assert_int_equal(fe_validation_check(f.v, FE_SEVERITY_INFO, "data", &err), FE_ECHECK);
	assert_non_null(strstr(err.text, "2 expectations failed"));
	assert_non_null(strstr(err.text, "The column \"nope\" in BatchData does not exist"));
	close_fixture(&f);
}

static void
broken_expectations_do_not_keep_others_from_running(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, SUITE("{\"type\": \"expect_magic\", \"kwargs\": {\"a\": [1, 2]}}," NOT_NULL("nope", "info") "," NOT_NULL(
				       "m", "critical")));
	feed(&f, 0x1f);
	assert_int_equal(fe_validation_end(f.v, NULL), FE_OK);
	/* Failed metrics come first, then the suite's order. */
	expect_in_result(&f, "{\"success\":false,\"results\":[{\"success\":false,\"expectation_config\":{\"type\":"
	                     "\"expect_column_values_to_not_be_null\",\"kwargs\":{\"column\":\"nope\"}");
	expect_in_result(&f, "\"type\":\"expect_magic\",\"kwargs\":{\"a\":[1,2]}");
	expect_in_result(&f, "\"exception_message\":\"there is no expectation 'expect_magic'");
	expect_in_result(&f, "\"evaluated_expectations\":3,\"successful_expectations\":1,\"unsuccessful_expectations\":2");
	close_fixture(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(validation_counts_rows_that_take_part),
		cmocka_unit_test(validation_of_no_rows_passes_maps),
		cmocka_unit_test(validation_of_an_empty_suite_succeeds),
		cmocka_unit_test(check_holds_for_failures_of_a_severity),
		cmocka_unit_test(broken_expectations_do_not_keep_others_from_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

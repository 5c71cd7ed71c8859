// SPDX-License-Identifier: Apache-2.0
/* The generator's options as people write them, and its result in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../scratch.h"
#include "pipeline/generate.h"

static struct scratch scratch;

static int
open_scratch(void **state)
{
	(void)state;
	scratch_open(&scratch);
	return 0;
}

static int
close_scratch(void **state)
{
	(void)state;
	scratch_close(&scratch);
	return 0;
}

static struct fe_generate_options
options(const char *const *faults, size_t n_faults)
{
	struct fe_generate_options opt;
	fe_generate_options_init(&opt);
	opt.folder = scratch.folder;
	opt.until_us = INT64_C(1795392000000000); /* 2026-11-23 */
	opt.n_customers = 50;
	opt.n_transactions = 400;
	opt.faults = faults;
	opt.n_faults = n_faults;
	return opt;
}

static void
faults_are_set_by_name(void **state)
{
	(void)state;
	static const char *const faults[] = { "bad_status=1000" };
	struct fe_generate_options opt = options(faults, 1);
	struct fe_generate_result made;
	opt.clean = true;
	assert_int_equal(fe_generate_run(&opt, &made, NULL), FE_OK);
	assert_int_equal(made.transactions.n_faults[FE_GENERATE_BAD_STATUS], 400);
	assert_int_equal(made.transactions.n_faults[FE_GENERATE_MISSING_AMOUNT], 0);
}

static void
last_word_on_a_fault_counts(void **state)
{
	(void)state;
	static const char *const faults[] = { "ragged=500", "ragged=0" };
	struct fe_generate_options opt = options(faults, 2);
	struct fe_generate_result made;
	assert_int_equal(fe_generate_run(&opt, &made, NULL), FE_OK);
	assert_int_equal(made.transactions.n_faults[FE_GENERATE_RAGGED], 0);
}

static void
misspelt_fault_gets_the_nearest_name(void **state)
{
	(void)state;
	static const char *const faults[] = { "missing_amout=50" };
	struct fe_generate_options opt = options(faults, 1);
	struct fe_generate_result made;
	struct fe_err err = FE_ERR_INIT;
	assert_int_equal(fe_generate_run(&opt, &made, &err), FE_EUSAGE);
	assert_non_null(strstr(err.text, "did you mean 'missing_amount'"));
}

static void
wrong_rates_are_refused(void **state)
{
	(void)state;
	static const char *const texts[] = { "ragged", "ragged=", "ragged=-1", "ragged=1001", "ragged=2.5", "ragged=x",
		                             "=5", "" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fe_generate_options opt = options(&texts[i], 1);
		struct fe_generate_result made;
		struct fe_err err = FE_ERR_INIT;
		assert_int_equal(fe_generate_run(&opt, &made, &err), FE_EUSAGE);
		assert_true(err.text[0]);
	}
}

static void
help_names_every_fault(void **state)
{
	(void)state;
	struct fe_buf out;
	fe_buf_init(&out, 64 * 1024);
	fe_generate_help(&out);
	for (size_t i = 0; i < FE_N_GENERATE_FAULTS; i++)
		assert_non_null(strstr(fe_buf_text(&out), fe_generate_faults[i].name));
	fe_buf_reset(&out);
}

static void
json_has_sums_as_strings(void **state)
{
	(void)state;
	struct fe_generate_options opt = options(NULL, 0);
	struct fe_generate_result made = { .amount_sum = 123456, .n_amounts = 7, .transactions = { .n_records = 9 } };
	struct fe_buf out;
	fe_buf_init(&out, 64 * 1024);
	fe_generate_json(&opt, &made, 0, &out);
	assert_non_null(strstr(fe_buf_text(&out), "\"amount_sum\":\"1234.56\""));
	assert_non_null(strstr(fe_buf_text(&out), "\"records\":9"));
	fe_buf_clear(&out);
	fe_generate_summary(&opt, &made, &out);
	assert_non_null(strstr(fe_buf_text(&out), "7 amounts, sum 1234.56\n"));
	fe_buf_reset(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_are_set_by_name),
		cmocka_unit_test(last_word_on_a_fault_counts),
		cmocka_unit_test(misspelt_fault_gets_the_nearest_name),
		cmocka_unit_test(wrong_rates_are_refused),
		cmocka_unit_test(help_names_every_fault),
		cmocka_unit_test(json_has_sums_as_strings),
	};
	return cmocka_run_group_tests_name("generate face", tests, open_scratch, close_scratch);
}

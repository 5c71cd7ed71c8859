// SPDX-License-Identifier: Apache-2.0
/* What a function is set up to do, by its environment. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lambda/config.h"

static const char *const variables[] = {
	"FINETL_PIPELINE", "FINETL_WAREHOUSE", "FINETL_OUTPUT", "FINETL_PARAMS", "FINETL_PROCESSED_AT",
	"FINETL_FAIL_ON",  "FINETL_WAIT",      "FINETL_MAX_MEMORY", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
};

static int
clear(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
		(void)unsetenv(variables[i]);
	return 0;
}

static void
set(const char *name, const char *value)
{
	assert_int_equal(setenv(name, value, 1), 0);
}

static struct fe_lambda_config
read_config(void)
{
	static const struct fe_opts none = { 0 };
	struct fe_lambda_config c;
	struct fe_err err = FE_ERR_INIT;

	if (fe_lambda_config_read(&c, &none, "default.yaml", &fe_clock_system, &err))
		fail_msg("%s", err.text);
	return c;
}

static void
is_refused(const char *why)
{
	static const struct fe_opts none = { 0 };
	struct fe_lambda_config c;
	struct fe_err err = FE_ERR_INIT;

	assert_int_equal(fe_lambda_config_read(&c, &none, "default.yaml", &fe_clock_system, &err), FE_EUSAGE);
	if (!strstr(err.text, why))
		fail_msg("'%s' does not say '%s'", err.text, why);
	fe_lambda_config_reset(&c);
}

static void
config_of_nothing_is_the_pipeline_file_alone(void **state)
{
	struct fe_lambda_config c = read_config();

	(void)state;
	assert_string_equal(c.arrivals.pipeline, "default.yaml");
	assert_null(c.arrivals.warehouse);
	assert_null(c.arrivals.output);
	assert_int_equal(c.arrivals.n_params, 0);
	assert_false(c.arrivals.processed_at);
	assert_int_equal(c.arrivals.wait_ms, 30000);
	assert_int_equal(c.arrivals.max_memory_bytes, 0);
	assert_int_equal(c.arrivals.fail_on, FE_FAIL_ON_CRITICAL);
	fe_lambda_config_reset(&c);
}

static void
config_takes_everything_of_the_environment(void **state)
{
	(void)state;
	set("FINETL_PIPELINE", "p/a.yaml");
	set("FINETL_WAREHOUSE", "postgresql://h/d");
	set("FINETL_OUTPUT", "s3://processed/x");
	set("FINETL_PARAMS", "{\"country\": \"DE\", \"day\": \"2026-01-02\"}");
	set("FINETL_PROCESSED_AT", "true");
	set("FINETL_FAIL_ON", "warning");
	set("FINETL_WAIT", "5s");
	set("FINETL_MAX_MEMORY", "100M");
	struct fe_lambda_config c = read_config();
	assert_string_equal(c.arrivals.pipeline, "p/a.yaml");
	assert_string_equal(c.arrivals.warehouse, "postgresql://h/d");
	assert_string_equal(c.arrivals.output, "s3://processed/x");
	assert_int_equal(c.arrivals.n_params, 2);
	assert_string_equal(c.arrivals.params[1].name, "day");
	assert_string_equal(c.arrivals.params[1].value, "2026-01-02");
	assert_true(c.arrivals.processed_at);
	assert_int_equal(c.arrivals.fail_on, FE_FAIL_ON_WARNING);
	assert_int_equal(c.arrivals.wait_ms, 5000);
	assert_int_equal(c.arrivals.max_memory_bytes, 100 << 20);
	fe_lambda_config_reset(&c);
}

static void
config_without_a_warehouse_but_an_output_has_none(void **state)
{
	(void)state;
	set("FINETL_OUTPUT", "s3://processed");
	struct fe_lambda_config c = read_config();
	assert_string_equal(c.arrivals.warehouse, "");
	fe_lambda_config_reset(&c);
	set("FINETL_WAREHOUSE", "none");
	c = read_config();
	assert_string_equal(c.arrivals.warehouse, "");
	fe_lambda_config_reset(&c);
}

static void
config_stays_below_the_memory_of_the_function(void **state)
{
	(void)state;
	set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512");
	set("FINETL_PROCESSED_AT", "false");
	struct fe_lambda_config c = read_config();
	assert_int_equal(c.arrivals.max_memory_bytes, 384 << 20);
	assert_false(c.arrivals.processed_at);
	fe_lambda_config_reset(&c);
}

static void
config_of_the_command_line_wins(void **state)
{
	char *argv[] = { (char[]){ "lambda" }, (char[]){ "--output=s3://b" }, (char[]){ "--processed-at" } };
	struct fe_lambda_config c;
	struct fe_opts opts;

	(void)state;
	set("FINETL_OUTPUT", "s3://a");
	set("FINETL_PROCESSED_AT", "nonsense");
	assert_int_equal(fe_opts_parse(&opts, fe_lambda_options, 3, argv, NULL), FE_OK);
	assert_int_equal(fe_lambda_config_read(&c, &opts, "p", &fe_clock_system, NULL), FE_OK);
	assert_string_equal(c.arrivals.output, "s3://b");
	assert_true(c.arrivals.processed_at);
	fe_lambda_config_reset(&c);
	fe_opts_reset(&opts);
}

static void
config_refuses_a_password_on_the_command_line(void **state)
{
	char *argv[] = { (char[]){ "lambda" }, (char[]){ "--warehouse=postgresql://u:secret@h/d" } };
	struct fe_err err = FE_ERR_INIT;
	struct fe_lambda_config c;
	struct fe_opts opts;

	(void)state;
	assert_int_equal(fe_opts_parse(&opts, fe_lambda_options, 2, argv, NULL), FE_OK);
	assert_int_equal(fe_lambda_config_read(&c, &opts, "p", &fe_clock_system, &err), FE_EUSAGE);
	assert_null(strstr(err.text, "secret"));
	fe_opts_reset(&opts);
}

static void
config_that_says_what_it_cannot_is_refused(void **state)
{
	static const struct { const char *name, *value, *why; } cases[] = {
		{ "FINETL_PROCESSED_AT", "perhaps", "FINETL_PROCESSED_AT is true or false" },
		{ "FINETL_WAIT", "soon", "--wait takes a duration" },
		{ "FINETL_MAX_MEMORY", "much", "--max-memory takes a size" },
		{ "FINETL_FAIL_ON", "always", "--fail-on takes one of" },
		{ "FINETL_PARAMS", "country=DE", "FINETL_PARAMS" },
		{ "FINETL_PARAMS", "[]", "FINETL_PARAMS" },
		{ "FINETL_PARAMS", "{\"a\":1}", "FINETL_PARAMS" },
		{ "FINETL_WAREHOUSE", "none", "neither a warehouse nor an output" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		(void)clear(NULL);
		set(cases[i].name, cases[i].value);
		is_refused(cases[i].why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(config_of_nothing_is_the_pipeline_file_alone, clear, clear),
		cmocka_unit_test_setup_teardown(config_takes_everything_of_the_environment, clear, clear),
		cmocka_unit_test_setup_teardown(config_without_a_warehouse_but_an_output_has_none, clear, clear),
		cmocka_unit_test_setup_teardown(config_stays_below_the_memory_of_the_function, clear, clear),
		cmocka_unit_test_setup_teardown(config_of_the_command_line_wins, clear, clear),
		cmocka_unit_test_setup_teardown(config_refuses_a_password_on_the_command_line, clear, clear),
		cmocka_unit_test_setup_teardown(config_that_says_what_it_cannot_is_refused, clear, clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

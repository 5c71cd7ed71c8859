// SPDX-License-Identifier: Apache-2.0
/* Errors: texts that fit, places, exit codes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/err.h"

static void
err_prints_place_and_text_on_one_line(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	char out[600];

	(void)state;
	assert_int_equal(fe_fail(&err, FE_EDATA, "odd\nvalue '%s'", "\x1b"), FE_EDATA);
	fe_err_at(&err, "a.csv", 7, "amount");
	fe_err_context(&err, "cannot read %s", "x");
	assert_string_equal(fe_err_print(&err, out, sizeof(out)), "a.csv, record 7, column amount: cannot read x: odd\\nvalue '\\x1b'");
	fe_fail(&err, FE_EUSAGE, "unknown key");
	fe_err_at_line(&err, "p.yaml", 3, 5);
	assert_string_equal(fe_err_print(&err, out, sizeof(out)), "p.yaml:3:5: unknown key");
}

static void
err_cuts_what_is_too_long(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	char big[3000], out[20];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	fe_fail(&err, FE_EDATA, "%s", big);
	assert_int_equal(strlen(err.text), FE_ERR_TEXT_BYTES - 1);
	assert_string_equal(err.text + FE_ERR_TEXT_BYTES - 4, "...");
	fe_err_context(&err, "%s", big);
	assert_int_equal(strlen(err.text), FE_ERR_TEXT_BYTES - 1);
	fe_err_at(&err, big, 1, big);
	assert_int_equal(strlen(fe_err_print(&err, out, sizeof(out))), sizeof(out) - 1);
}

static void
err_may_be_null(void **state)
{
	(void)state;
	assert_int_equal(fe_fail(NULL, FE_EDATA, "x"), FE_EDATA);
	assert_int_equal(fe_fail_errno(NULL, ENOENT, "cannot open", "x"), FE_EUSAGE);
	fe_err_context(NULL, "x");
	fe_err_at(NULL, "x", 1, "x");
	fe_err_at_line(NULL, "x", 1, 1);
}

static void
codes_are_exit_statuses_and_know_about_retries(void **state)
{
	(void)state;
	assert_int_equal(fe_rc_exit_status(FE_OK), 0);
	assert_int_equal(fe_rc_exit_status(FE_EUSAGE), 2);
	assert_int_equal(fe_rc_exit_status(FE_EBUG), 70);
	assert_int_equal(fe_rc_exit_status(FE_ENOTHING), 99);
	assert_true(fe_rc_retry_helps(FE_EUNAVAIL));
	assert_false(fe_rc_retry_helps(FE_EDATA));
	assert_int_equal(fe_fail_errno(NULL, EACCES, "x", "y"), FE_EDENIED);
	assert_int_equal(fe_fail_errno(NULL, ENOSPC, "x", "y"), FE_EUNAVAIL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_prints_place_and_text_on_one_line),
		cmocka_unit_test(err_cuts_what_is_too_long),
		cmocka_unit_test(err_may_be_null),
		cmocka_unit_test(codes_are_exit_statuses_and_know_about_retries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

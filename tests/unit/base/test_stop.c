// SPDX-License-Identifier: Apache-2.0
/* The signal flag. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"

/* One test, since the flag is never taken back. */
static void
stop_is_asked_by_a_signal_and_told_as_cancelled(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	int ends[2];

	(void)state;
	fe_stop_install();
	assert_false(fe_stop_requested());
	assert_int_equal(fe_stop_check(&err), FE_OK);

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(write(ends[1], "x", 1), -1); /* SIGPIPE is ignored */
	assert_int_equal(errno, EPIPE);
	assert_int_equal(close(ends[1]), 0);

	assert_int_equal(raise(SIGTERM), 0);
	assert_true(fe_stop_requested());
	assert_int_equal(fe_stop_check(&err), FE_ECANCEL);
	assert_int_equal(fe_rc_exit_status(err.rc), 9);
}

/* Before the other, whose flag stays. */
static void
stop_comes_by_itself_once_the_time_is_over(void **state)
{
	struct fe_err err = FE_ERR_INIT;

	(void)state;
	fe_stop_at(fe_clock_ticks(&fe_clock_system) + 3600 * INT64_C(1000000));
	assert_false(fe_stop_requested());
	fe_stop_at(fe_clock_ticks(&fe_clock_system));
	assert_true(fe_stop_requested());
	assert_true(fe_stop_is_late());
	assert_int_equal(fe_stop_check(&err), FE_ECANCEL);
	fe_stop_at(0);
	assert_false(fe_stop_requested());
	assert_false(fe_stop_is_late());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stop_comes_by_itself_once_the_time_is_over),
		cmocka_unit_test(stop_is_asked_by_a_signal_and_told_as_cancelled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

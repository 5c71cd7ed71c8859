// SPDX-License-Identifier: Apache-2.0
/* Failpoints act once, at the pass that was asked for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"

static void
failpoint_acts_at_the_nth_pass_of_its_name(void **state)
{
	struct fe_err err = FE_ERR_INIT;

	(void)state;
	assert_int_equal(unsetenv("FINETL_FAILPOINT"), 0);
	assert_int_equal(fe_failpoint("commit", &err), FE_OK);
	assert_int_equal(setenv("FINETL_FAILPOINT", "commit:2=eio", 1), 0);
	assert_int_equal(fe_failpoint("other", &err), FE_OK);
	assert_int_equal(fe_failpoint("commit", &err), FE_OK);
	assert_int_equal(fe_failpoint("commit", &err), FE_EUNAVAIL);
	assert_int_equal(fe_failpoint("commit", &err), FE_OK);
}

static void
failpoint_kills_by_default(void **state)
{
	int status = 0;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		/* The count of the test before is past the first pass, so ask for the fourth. */
		(void)setenv("FINETL_FAILPOINT", "commit:4", 1);
		_exit(fe_failpoint("commit", NULL) == FE_OK ? 1 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failpoint_acts_at_the_nth_pass_of_its_name),
		cmocka_unit_test(failpoint_kills_by_default),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

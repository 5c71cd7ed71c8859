// SPDX-License-Identifier: Apache-2.0
/* One holder at a time, and none after its death. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>

#include "../scratch.h"
#include "base/stop.h"
#include "io/lock.h"

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

static void
lock_is_held_by_one(void **state)
{
	(void)state;
	const char *path = scratch_path(&scratch, "a.lock");
	struct fe_lock *l, *second;
	struct fe_err err = FE_ERR_INIT;
	char holder[64];
	assert_int_equal(fe_lock_take(&l, path, 0, &fe_clock_system, &err), FE_OK);
	assert_int_equal(fe_lock_take(&second, path, 0, &fe_clock_system, &err), FE_EUNAVAIL);
	assert_null(second);
	(void)snprintf(holder, sizeof holder, "process %ld on ", (long)getpid());
	assert_non_null(strstr(err.text, holder));
	assert_string_equal(err.object, path);
	fe_lock_release(l);
	assert_int_equal(fe_lock_take(&second, path, 0, &fe_clock_system, &err), FE_OK);
	fe_lock_release(second);
	fe_lock_release(NULL);
}

static void
lock_is_waited_for_as_long_as_asked(void **state)
{
	(void)state;
	const char *path = scratch_path(&scratch, "b.lock");
	struct fe_lock *l, *second;
	struct fe_err err = FE_ERR_INIT;
	assert_int_equal(fe_lock_take(&l, path, 0, &fe_clock_system, &err), FE_OK);
	int64_t start_us = fe_clock_ticks(&fe_clock_system);
	assert_int_equal(fe_lock_take(&second, path, 200, &fe_clock_system, &err), FE_EUNAVAIL);
	assert_true(fe_clock_ticks(&fe_clock_system) - start_us >= 200000);
	fe_lock_release(l);
}

/* A child takes the lock, says so, and waits to be killed. */
static void
lock_dies_with_its_process(void **state)
{
	(void)state;
	const char *path = scratch_path(&scratch, "c.lock");
	struct fe_lock *l;
	struct fe_err err = FE_ERR_INIT;
	int ends[2];
	char c;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		struct fe_lock *own;
		bool taken = fe_lock_take(&own, path, 0, &fe_clock_system, NULL) == FE_OK;
		(void)!write(ends[1], taken ? "y" : "n", 1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ends[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_int_equal(fe_lock_take(&l, path, 0, &fe_clock_system, &err), FE_EUNAVAIL);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(fe_lock_take(&l, path, 0, &fe_clock_system, &err), FE_OK);
	fe_lock_release(l);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
lock_does_not_follow_a_link(void **state)
{
	(void)state;
	struct fe_lock *l;
	struct fe_err err = FE_ERR_INIT;
	const char *victim = scratch_write(&scratch, "victim", FE_STR("precious"));
	const char *path = scratch_path(&scratch, "d.lock");
	assert_int_equal(symlink(victim, path), 0);
	assert_int_equal(fe_lock_take(&l, path, 0, &fe_clock_system, &err), FE_EUSAGE);
	assert_int_equal(fe_lock_take(&l, scratch_path(&scratch, "none/x.lock"), 0, &fe_clock_system, &err), FE_EUSAGE);
}

static void
lock_stops_waiting_when_it_is_asked_to(void **state)
{
	(void)state;
	const char *path = scratch_path(&scratch, "e.lock");
	struct fe_lock *l, *second;
	struct fe_err err = FE_ERR_INIT;
	assert_int_equal(fe_lock_take(&l, path, 0, &fe_clock_system, &err), FE_OK);
	fe_stop_request(); /* for the rest of the process: this test is the last */
	assert_int_equal(fe_lock_take(&second, path, 60000, &fe_clock_system, &err), FE_ECANCEL);
	fe_lock_release(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lock_is_held_by_one),
		cmocka_unit_test(lock_is_waited_for_as_long_as_asked),
		cmocka_unit_test(lock_dies_with_its_process),
		cmocka_unit_test(lock_does_not_follow_a_link),
		cmocka_unit_test(lock_stops_waiting_when_it_is_asked_to),
	};
	return cmocka_run_group_tests(tests, open_scratch, close_scratch);
}

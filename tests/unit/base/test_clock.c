// SPDX-License-Identifier: Apache-2.0
/* Clocks that move forward, ids that sort. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"

static void
clock_moves_forward(void **state)
{
	int64_t ticks = fe_clock_ticks(&fe_clock_system);

	(void)state;
	assert_true(fe_clock_ticks(&fe_clock_system) >= ticks);
	assert_true(fe_clock_now(&fe_clock_system) > INT64_C(1700000000000000));
}

static void
run_id_has_its_time_in_front(void **state)
{
	char id[FE_RUN_ID_BYTES];

	(void)state;
	/* The example of the ULID specification: 01ARZ3NDEK is 1469922850259 ms. */
	fe_run_id_new(INT64_C(1469922850259999), id);
	assert_int_equal(strlen(id), 26);
	assert_memory_equal(id, "01ARZ3NDEK", 10);
	assert_int_equal(strspn(id, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 26);
	fe_run_id_new((INT64_C(1) << 48) * 1000 - 1, id);
	assert_memory_equal(id, "7ZZZZZZZZZ", 10);
}

static void
run_ids_differ_and_sort_by_time(void **state)
{
	char a[FE_RUN_ID_BYTES], b[FE_RUN_ID_BYTES];

	(void)state;
	fe_run_id_new(INT64_C(1800000000000000), a);
	fe_run_id_new(INT64_C(1800000000000000), b);
	assert_string_not_equal(a, b);
	fe_run_id_new(INT64_C(1800000000001000), b);
	assert_true(strcmp(a, b) < 0);
}

static uint64_t
seven(void *self)
{
	(void)self;
	return 7;
}

static void
chance_is_the_systems_unless_it_is_handed_in(void **state)
{
	const struct fe_clock fixed = { .chance = seven };
	(void)state;
	assert_int_equal(fe_clock_chance(&fixed), 7);
	assert_true(fe_clock_chance(&fe_clock_system) != fe_clock_chance(&fe_clock_system));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_moves_forward),
		cmocka_unit_test(run_id_has_its_time_in_front),
		cmocka_unit_test(chance_is_the_systems_unless_it_is_handed_in),
		cmocka_unit_test(run_ids_differ_and_sort_by_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* Rescale, round, divide: exact or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/decimal.h"

static void
rescale_is_exact_or_refuses(void **state)
{
	int64_t v = 0;

	(void)state;
	assert_true(fe_decimal_rescale(1250, 2, 4, &v));
	assert_int_equal(v, 125000);
	assert_true(fe_decimal_rescale(1250, 2, 1, &v));
	assert_int_equal(v, 125);
	assert_false(fe_decimal_rescale(1255, 2, 1, &v));
	assert_false(fe_decimal_rescale(INT64_MAX, 0, 1, &v));
	assert_false(fe_decimal_rescale(1, 0, 19, &v));
	assert_false(fe_decimal_rescale(1, 19, 0, &v));
	assert_true(fe_decimal_rescale(0, 0, 40, &v));
	assert_int_equal(v, 0);
}

static void
expect_round(fe_i128 x, unsigned from, unsigned to, int64_t want)
{
	int64_t v = 0;

	assert_true(fe_decimal_round(x, from, to, &v));
	assert_int_equal(v, want);
}

static void
round_goes_half_away_from_zero(void **state)
{
	const fe_i128 most = (fe_i128)(~(unsigned __int128)0 >> 1);
	int64_t v = 0;

	(void)state;
	expect_round(125, 2, 1, 13);
	expect_round(-125, 2, 1, -13);
	expect_round(124, 2, 1, 12);
	expect_round(-124, 2, 1, -12);
	expect_round(5, 1, 0, 1);
	expect_round(4, 1, 0, 0);
	expect_round(125, 2, 4, 12500);
	expect_round(most, 38, 0, 2);       /* 1.70 */
	expect_round(-most - 1, 38, 0, -2); /* the remainder twice would not fit */
	expect_round(most, 39, 0, 0);
	assert_false(fe_decimal_round(most, 0, 0, &v));
	assert_false(fe_decimal_round(most, 0, 18, &v));
}

static void
expect_quotient(int64_t x, unsigned x_scale, int64_t y, unsigned y_scale, unsigned scale,
		int64_t want)
{
	int64_t v = 0;

	assert_true(fe_decimal_divide(x, x_scale, y, y_scale, scale, &v));
	assert_int_equal(v, want);
}

static void
divide_rounds_once_and_at_the_end(void **state)
{
	int64_t v = 0;

	(void)state;
	expect_quotient(100, 2, 3, 0, 2, 33);
	expect_quotient(200, 2, 3, 0, 2, 67);
	expect_quotient(-100, 2, 8, 0, 2, -13); /* 0.125 */
	expect_quotient(1, 0, 3, 0, 18, 333333333333333333);
	expect_quotient(INT64_MAX, 18, INT64_MAX, 18, 18, 1000000000000000000);
	expect_quotient(INT64_MIN, 18, INT64_MAX, 0, 0, 0);
	expect_quotient(5, 18, 10, 0, 17, 0); /* 5e-19 to 17 places */
	expect_quotient(5, 18, 1, 0, 17, 1);  /* 0.5 of the last */
	assert_false(fe_decimal_divide(1, 0, 0, 0, 0, &v));
	assert_false(fe_decimal_divide(INT64_MAX, 0, 1, 18, 18, &v));
	assert_false(fe_decimal_divide(INT64_MIN, 0, -1, 0, 0, &v));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rescale_is_exact_or_refuses),
		cmocka_unit_test(round_goes_half_away_from_zero),
		cmocka_unit_test(divide_rounds_once_and_at_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* Doubles as Python prints them, and read back. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/double.h"
#include "base/hash.h"

static void
expect(double v, const char *want)
{
	char text[FE_DOUBLE_TEXT_BYTES + 1];

	text[fe_double_format(v, text)] = '\0';
	assert_string_equal(text, want);
}

static void
double_prints_the_fewest_digits(void **state)
{
	(void)state;
	expect(0.1, "0.1");
	expect(1.0 / 3 * 100, "33.33333333333333");
	expect(2.0 / 3 * 100, "66.66666666666666");
	expect(1.0 / 6 * 100, "16.666666666666664");
	expect(0.1 + 0.2, "0.30000000000000004");
	expect(1000000.0, "1000000.0");
	expect(123456789.125, "123456789.125");
	expect(0.0, "0.0");
	expect(-0.0, "-0.0");
	expect(-2.5, "-2.5");
}

static void
double_changes_to_exponents_where_python_does(void **state)
{
	(void)state;
	expect(0.0001, "0.0001");
	expect(0.00001, "1e-05");
	expect(0.000012345, "1.2345e-05");
	expect(1e15, "1000000000000000.0");
	expect(9999999999999998.0, "9999999999999998.0");
	expect(1e16, "1e+16");
	expect(12345678901234567890.0, "1.2345678901234567e+19");
	expect(1e100, "1e+100");
	expect(DBL_MAX, "1.7976931348623157e+308");
	expect(-DBL_MAX, "-1.7976931348623157e+308");
}

static void
double_prints_the_smallest_ones(void **state)
{
	(void)state;
	expect(DBL_MIN, "2.2250738585072014e-308");
	expect(5e-324, "5e-324");
	expect(1.5e-323, "1.5e-323");
	expect(1e-310, "1e-310");
}

static void
double_prints_null_where_json_has_no_number(void **state)
{
	struct fe_buf b;

	(void)state;
	fe_buf_init(&b, 100);
	fe_buf_add_double(&b, (double)NAN);
	fe_buf_add_double(&b, (double)INFINITY);
	fe_buf_add_double(&b, 1.5);
	assert_string_equal(fe_buf_text(&b), "nullnull1.5");
	fe_buf_reset(&b);
}

static void
double_reads_back_what_it_printed(void **state)
{
	struct fe_hash_key key = { { 1, 2, 3 } };
	char text[FE_DOUBLE_TEXT_BYTES];

	(void)state;
	for (uint64_t i = 0; i < 200000; i++) {
		uint64_t bits = fe_hash64(&key, &i, sizeof(i));
		double v, again;
		size_t n;

		memcpy(&v, &bits, sizeof(v));
		if (!isfinite(v))
			continue;
		n = fe_double_format(v, text);
		assert_true(n <= 24);
		assert_true(fe_double_parse((struct fe_str){ text, n }, &again));
		assert_memory_equal(&v, &again, sizeof(v));
	}
}

static void
double_reads_numbers_alone(void **state)
{
	static const char *const refused[] = { "",     "-",     ".5",  "5.",  "+5",   "1e",  "1e+",   "0x10", " 1",
		                               "1 ",   "nan",   "inf", "1,5", "--1",  "1.2.3", "1e999", "-1e999", "1_0" };
	double v = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(fe_double_parse(fe_str_of(refused[i]), &v));
	assert_false(fe_double_parse((struct fe_str){ "1\0002", 3 }, &v));
	assert_true(v == 7); /* not touched */
	assert_true(fe_double_parse(FE_STR("-12.50E+2"), &v) && v == -1250);
	assert_true(fe_double_parse(FE_STR("1e-999"), &v) && v == 0);
	assert_true(fe_double_parse(FE_STR("007"), &v) && v == 7);
}

static void
double_of_decimal_is_the_nearest(void **state)
{
	(void)state;
	assert_true(fe_double_of_decimal(1, 2) == 0.01);
	assert_true(fe_double_of_decimal(-12345, 2) == -123.45);
	assert_true(fe_double_of_decimal(INT64_C(9007199254740993), 0) == 9007199254740992.0);
	assert_true(fe_double_of_decimal(INT64_C(999999999999999999), 2) == 9999999999999999.99);
	assert_true(fe_double_of_decimal(INT64_C(123456789012345678), 17) == 1.23456789012345678);
	assert_true(fe_double_of_decimal(7, 38) == 7e-38);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(double_prints_the_fewest_digits),
		cmocka_unit_test(double_changes_to_exponents_where_python_does),
		cmocka_unit_test(double_prints_the_smallest_ones),
		cmocka_unit_test(double_prints_null_where_json_has_no_number),
		cmocka_unit_test(double_reads_back_what_it_printed),
		cmocka_unit_test(double_reads_numbers_alone),
		cmocka_unit_test(double_of_decimal_is_the_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/evolve.h"

static void
expect_name(const char *from, const char *name)
{
	char out[64];
	assert_true(fe_evolve_name(fe_str_of(from), out));
	assert_string_equal(out, name);
}

static void
names_of_a_source_become_names_of_columns(void **state)
{
	(void)state;
	expect_name("amount", "amount");
	expect_name("Late Fee", "late_fee");
	expect_name("  Amount, gross (EUR) ", "amount_gross_eur");
	expect_name("paid.by.0", "paid_by_0");
	expect_name("/x.y", "x_y");
	expect_name("2nd", "_2nd");
	expect_name("a__b", "a_b");
	expect_name("Stra\xc3\x9f" "e", "stra_e");
}

static void
long_names_are_cut(void **state)
{
	char from[100], out[64];
	(void)state;
	memset(from, 'x', sizeof from);
	assert_true(fe_evolve_name((struct fe_str){ from, sizeof from }, out));
	assert_int_equal(strlen(out), 63);
}

static void
what_has_no_letter_or_digit_has_no_name(void **state)
{
	char out[64];
	(void)state;
	assert_false(fe_evolve_name(FE_STR("\xe6\x97\xa5\xe6\x9c\xac"), out));
	assert_false(fe_evolve_name(FE_STR("- -"), out));
	assert_false(fe_evolve_name(FE_STR(""), out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_a_source_become_names_of_columns),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(what_has_no_letter_or_digit_has_no_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

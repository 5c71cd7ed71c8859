// SPDX-License-Identifier: Apache-2.0
/* What is put before cells for spreadsheets can be taken away again, whatever the cells are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "pipeline/reject_sheet.h"

static bool
is_guarded(const char *cell, enum fe_kind kind)
{
	return fe_sheet_needs_guard(fe_str_of(cell), kind);
}

static void
formulas_are_guarded_and_plain_texts_are_not(void **state)
{
	(void)state;
	static const char *const formulas[] = { "=1", "+1", "-1", "@a", "\tx", "\rx", "=", "-", "'=1", "''+1", "-1.50" };
	static const char *const plain[] = { "", "a", "1", "1-1", " =1", "'", "'a", "''", "a=1", ",=1" };

	for (size_t i = 0; i < sizeof formulas / sizeof formulas[0]; i++)
		assert_true(is_guarded(formulas[i], FE_TEXT));
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		assert_false(is_guarded(plain[i], FE_TEXT));
}

static void
numbers_in_columns_of_numbers_stay_as_they_are(void **state)
{
	(void)state;
	assert_false(is_guarded("-12.50", FE_DECIMAL));
	assert_false(is_guarded("+3", FE_INT));
	assert_false(is_guarded("-.5", FE_DECIMAL));
	assert_true(is_guarded("-1+1", FE_DECIMAL));
	assert_true(is_guarded("-1.2.3", FE_DECIMAL));
	assert_true(is_guarded("-", FE_INT));
	assert_true(is_guarded("=1", FE_INT));
	assert_true(is_guarded("-1 ", FE_DECIMAL));
	assert_true(is_guarded("2026-01-01", FE_DATE) == false);
	assert_true(is_guarded("-1", FE_TIMESTAMP));
}

/* All texts of up to six of the characters that matter. */
static void
what_was_guarded_comes_back_as_it_was(void **state)
{
	(void)state;
	static const char letters[] = "'=+-@\t\ra1. ";
	const size_t n_letters = sizeof letters - 1;
	size_t n_guarded = 0;

	for (size_t n = 0, all = 1; n <= 5; n++, all *= n_letters) {
		for (size_t code = 0; code < all; code++) {
			char text[8] = "'";
			size_t rest = code;
			for (size_t i = 0; i < n; i++, rest /= n_letters)
				text[1 + i] = letters[rest % n_letters];
			const struct fe_str cell = { text + 1, n };
			const bool guarded = fe_sheet_needs_guard(cell, FE_TEXT);
			const struct fe_str written = guarded ? (struct fe_str){ text, n + 1 } : cell;
			const struct fe_str back = fe_sheet_unguarded(written);
			assert_int_equal(back.n, n);
			assert_memory_equal(back.p ? back.p : "", cell.p, n);
			assert_true(written.n == 0 || !strchr("=+-@\t\r", written.p[0]));
			n_guarded += guarded;
		}
	}
	assert_true(n_guarded > 100000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formulas_are_guarded_and_plain_texts_are_not),
		cmocka_unit_test(numbers_in_columns_of_numbers_stay_as_they_are),
		cmocka_unit_test(what_was_guarded_comes_back_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* What a column of texts is taken for. */
#include "quality/guess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct fe_guessed
guess(const char *name, const char *const *cells, size_t n)
{
	struct fe_guess g = { 0 };
	struct fe_guessed out;

	for (size_t i = 0; i < n; i++)
		fe_guess_feed(&g, fe_str_of(cells[i]));
	fe_guess_decide(&g, name, &out);
	return out;
}
#define GUESS(name, ...) guess(name, (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void
assert_type(struct fe_guessed g, const char *type)
{
	char text[FE_TYPE_TEXT_BYTES];
	assert_string_equal(fe_type_print(g.type, text), type);
}

static void
a_word_of_a_name_is_whole(void **state)
{
	(void)state;
	assert_true(fe_guess_has_word("net_amount_eur", "price amount"));
	assert_true(fe_guess_has_word("amount", "amount"));
	assert_false(fe_guess_has_word("amounts", "amount"));
	assert_false(fe_guess_has_word("paramount_id", "amount"));
	assert_false(fe_guess_has_word("", "amount"));
	assert_false(fe_guess_has_word("amount", ""));
}

static void
the_narrowest_type_is_taken(void **state)
{
	(void)state;
	assert_type(GUESS("n", "1", "-20", "300"), "int");
	assert_type(GUESS("rate", "1.5", "2", "0.0625"), "decimal(12,4)");
	assert_type(GUESS("amount", "1", "2"), "decimal(12,2)");
	assert_type(GUESS("ok", "yes", "no"), "bool");
	assert_type(GUESS("is_open", "1", "0"), "bool");
	assert_type(GUESS("n", "1", "0"), "int");
	assert_type(GUESS("day", "2026-01-31"), "date");
	assert_type(GUESS("at", "2026-01-31", "2026-01-31 10:00"), "timestamp");
	assert_type(GUESS("x", "one", "2"), "text(10)");
}

static void
an_amount_of_eighteen_digits_keeps_all_of_them(void **state)
{
	(void)state;
	assert_type(GUESS("amount", "9999999999999999.99"), "decimal(18,2)");
	assert_type(GUESS("amount", "99999999999999999.99"), "text(30)");
}

static void
digits_that_are_a_name_stay_text(void **state)
{
	(void)state;
	assert_type(GUESS("branch", "007", "123"), "text(10)");
	assert_type(GUESS("phone", "4930123456"), "text(20)");
	assert_type(GUESS("n", "123456789012345678901"), "text(30)");
}

static void
day_and_month_are_told_apart_by_what_is_above_twelve(void **state)
{
	(void)state;
	assert_string_equal(GUESS("d", "01/02/2026", "13/02/2026").format, "%d/%m/%Y");
	assert_string_equal(GUESS("d", "01/02/2026", "02/13/2026").format, "%m/%d/%Y");
	assert_string_equal(GUESS("d", "01/02/2026", "13/02/2026").doubt, "");
	assert_non_null(strstr(GUESS("d", "01/02/2026", "03/04/2026").doubt, "day first or month first"));
}

static void
a_zone_is_needed_where_a_value_says_no_offset(void **state)
{
	(void)state;
	assert_true(GUESS("at", "2026-01-31 10:00").needs_zone);
	assert_false(GUESS("at", "2026-01-31T10:00Z").needs_zone);
	assert_true(GUESS("at", "31/01/2026 10:00:00").needs_zone);
}

static void
a_rare_sign_is_not_declared(void **state)
{
	struct fe_guess g = { 0 };
	struct fe_guessed out;

	(void)state;
	for (int i = 0; i < 99; i++)
		fe_guess_feed(&g, FE_STR("12.50"));
	fe_guess_feed(&g, FE_STR("$5.00"));
	fe_guess_decide(&g, "amount", &out);
	assert_int_equal(out.n_currencies, 0);
	assert_int_equal(GUESS("amount", "$5.00", "$6.00").n_currencies, 1);
	assert_true(GUESS("amount", "(5.00)", "6.00").decimal.sign_parens);
}

static void
texts_for_no_value_are_so_among_numbers_only(void **state)
{
	(void)state;
	assert_int_equal(GUESS("rate", "1.5", "NA").n_nulls, 1);
	assert_int_equal(GUESS("country", "DE", "NA").n_nulls, 0);
}

static void
persons_are_told_by_name_or_by_look(void **state)
{
	(void)state;
	assert_true(GUESS("customer_name", "x").is_person);
	assert_false(GUESS("merchant_name", "x").is_person);
	assert_true(GUESS("contact", "a@b.org").is_person);
	assert_true(GUESS("konto", "DE89 3704 0044 0532 0130 00").is_person);
	assert_false(GUESS("konto", "DE89 3704 0044 0532 0130 01").is_person);
	assert_true(GUESS("line", "+49 30 1234567").is_person);
}

static void
any_bytes_are_fed(void **state)
{
	(void)state;
	assert_type(GUESS("x", "\xFF\xFE", "\xC3", "", " ", "-", "(", "$", "+", "@"), "text(10)");
	assert_string_equal(GUESS("x", "", " ").doubt, "no value was seen");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_of_a_name_is_whole),
		cmocka_unit_test(the_narrowest_type_is_taken),
		cmocka_unit_test(an_amount_of_eighteen_digits_keeps_all_of_them),
		cmocka_unit_test(digits_that_are_a_name_stay_text),
		cmocka_unit_test(day_and_month_are_told_apart_by_what_is_above_twelve),
		cmocka_unit_test(a_zone_is_needed_where_a_value_says_no_offset),
		cmocka_unit_test(a_rare_sign_is_not_declared),
		cmocka_unit_test(texts_for_no_value_are_so_among_numbers_only),
		cmocka_unit_test(persons_are_told_by_name_or_by_look),
		cmocka_unit_test(any_bytes_are_fed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

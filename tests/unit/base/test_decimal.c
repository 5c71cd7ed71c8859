// SPDX-License-Identifier: Apache-2.0
/* Text to decimal and back: forms, limits, reasons. */
#include <stdarg.h>
#include <stdio.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/decimal.h"
#include "base/digits.h"

static void
expect(const char *text, unsigned precision, unsigned scale, int64_t want)
{
	int64_t v = -777;

	assert_string_equal(fe_decimal_why_code(fe_decimal_parse(fe_str_of(text), precision, scale, NULL, &v)), "ok");
	assert_int_equal(v, want);
}

static void
expect_refused(const char *text, unsigned precision, unsigned scale, const char *code)
{
	int64_t v = -777;

	assert_string_equal(fe_decimal_why_code(fe_decimal_parse(fe_str_of(text), precision, scale, NULL, &v)), code);
	assert_int_equal(v, -777); /* not touched */
}

static unsigned
chance(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(*seed >> 33);
}

static void
decimal_reads_the_plain_form(void **state)
{
	(void)state;
	expect("12.50", 12, 2, 1250);
	expect("-12.50", 12, 2, -1250);
	expect("0.01", 12, 2, 1);
	expect("0.00", 12, 2, 0);
	expect("-0.00", 12, 2, 0);
	expect("1234567890.12", 12, 2, 123456789012);
	expect("7", 18, 0, 7);
	expect("0.50", 2, 2, 50);
}

static void
decimal_fills_up_missing_places(void **state)
{
	(void)state;
	expect("12", 12, 2, 1200);
	expect("12.5", 12, 2, 1250);
	expect("-3", 18, 17, INT64_C(-300000000000000000));
}

static void
decimal_does_not_count_zeros_in_front(void **state)
{
	(void)state;
	expect("00012.50", 4, 2, 1250);
	expect("00000000000000000000000000000000000000001", 1, 0, 1);
}

static void
decimal_reads_every_length_to_18_digits(void **state)
{
	char text[24] = "";
	int64_t v = 0;

	(void)state;
	for (unsigned n = 1; n <= 18; n++) {
		text[n - 1] = (char)('0' + n % 10);
		v = v * 10 + n % 10;
		expect(text, 18, 0, v);
		if (n > 1)
			expect_refused(text, n - 1, 0, "out_of_range");
	}
}

static void
decimal_stops_at_its_precision(void **state)
{
	(void)state;
	expect("9999999999.99", 12, 2, 999999999999);
	expect_refused("10000000000.00", 12, 2, "out_of_range");
	expect_refused("-10000000000", 12, 2, "out_of_range");
	expect("999999999999999999", 18, 0, 999999999999999999);
	expect_refused("1000000000000000000", 18, 0, "out_of_range");
	expect_refused("99999999999999999999999999", 18, 2, "out_of_range");
	expect_refused("92233720368547758.08", 12, 2, "out_of_range");
	expect_refused("1", 2, 2, "out_of_range");
}

static void
decimal_never_rounds(void **state)
{
	(void)state;
	expect_refused("12.345", 12, 2, "too_many_decimals");
	expect_refused("12.340", 12, 2, "too_many_decimals");
	expect_refused("1.0", 12, 0, "too_many_decimals");
	expect_refused("99999999999999999999.999", 12, 2, "too_many_decimals"); /* told before the range */
}

static void
decimal_tells_the_first_of_several_oddities(void **state)
{
	(void)state;
	expect_refused("+1,000", 12, 2, "plus_sign");
	expect_refused("$1,000", 12, 2, "separator");
	expect_refused("5 EUR", 12, 2, "currency_sign");
	expect_refused("(5 )", 12, 2, "parentheses");
	expect_refused("5- ", 12, 2, "trailing_minus");
	expect_refused("5 x", 12, 2, "not_a_number");
}

static void
decimal_takes_an_id_for_no_amount(void **state)
{
	(void)state;
	expect_refused("TXN00017", 12, 2, "not_a_number");
	expect_refused("2025-06-01", 12, 2, "not_a_number");
	expect_refused("31.12.2025", 12, 2, "not_a_number");
	expect_refused("", 12, 2, "not_a_number");
}

static void
decimal_of_no_bytes_is_refused_without_a_pointer(void **state)
{
	int64_t v = 0;

	(void)state;
	assert_int_equal(fe_decimal_parse((struct fe_str){ 0 }, 12, 2, NULL, &v), FE_DECIMAL_NOT_A_NUMBER);
	assert_int_equal(fe_int_parse((struct fe_str){ 0 }, &v), FE_DECIMAL_NOT_A_NUMBER);
}

static void
int_spans_64_bits(void **state)
{
	int64_t v = 0;

	(void)state;
	assert_int_equal(fe_int_parse(FE_STR("9223372036854775807"), &v), FE_DECIMAL_OK);
	assert_int_equal(v, INT64_MAX);
	assert_int_equal(fe_int_parse(FE_STR("-9223372036854775808"), &v), FE_DECIMAL_OK);
	assert_int_equal(v, INT64_MIN);
	assert_int_equal(fe_int_parse(FE_STR("9223372036854775808"), &v), FE_DECIMAL_OUT_OF_RANGE);
	assert_int_equal(fe_int_parse(FE_STR("-9223372036854775809"), &v), FE_DECIMAL_OUT_OF_RANGE);
	assert_int_equal(fe_int_parse(FE_STR("1.0"), &v), FE_DECIMAL_TOO_MANY_DECIMALS);
}

static void
decimal_reads_declared_ways_of_writing(void **state)
{
	const struct fe_decimal_format german = { .point = ',', .group = '.' };
	const struct fe_decimal_format ledger = { .group = ',', .sign_parens = true };
	int64_t v = 0;

	(void)state;
	assert_int_equal(fe_decimal_parse(FE_STR("-1.234.567,89"), 12, 2, &german, &v), FE_DECIMAL_OK);
	assert_int_equal(v, -123456789);
	assert_int_equal(fe_decimal_parse(FE_STR("1234,5"), 12, 2, &german, &v), FE_DECIMAL_OK);
	assert_int_equal(v, 123450);
	assert_int_equal(fe_decimal_parse(FE_STR("(1,234.50)"), 12, 2, &ledger, &v), FE_DECIMAL_OK);
	assert_int_equal(v, -123450);
	assert_int_equal(fe_decimal_parse(FE_STR("12,34"), 12, 2, &ledger, &v), FE_DECIMAL_NOT_A_NUMBER);
	assert_int_equal(fe_decimal_parse(FE_STR("1.50"), 12, 2, &german, &v), FE_DECIMAL_NOT_A_NUMBER);
}

static void
decimal_reads_declared_currencies(void **state)
{
	const struct fe_str signs[] = { FE_STR("$"), FE_STR("R"), FE_STR("R$"), FE_STR("EUR"), FE_STR("kr."), FE_STR("\xe2\x82\xac") };
	const struct fe_decimal_format plain = { .currencies = signs, .n_currencies = 6 };
	const struct fe_decimal_format ledger = { .point = ',', .group = ' ', .sign_plus = true, .sign_trailing = true,
						  .sign_parens = true, .currencies = signs, .n_currencies = 6 };
	static const char *const taken[] = { "$5", "5$", "R$5", "R5", "EUR 5", "5 EUR", "EUR5.00", "5kr.", "5 \xe2\x82\xac",
					     "5\xc2\xa0" "EUR", "\xe2\x82\xac\xe2\x80\xaf" "5.0" };
	static const char *const negative[] = { "-$5", "$-5", "$ -5", "-5 EUR", "5-EUR", "5 EUR-", "(5 EUR)", "($5)", "$(5)",
						"EUR 5-", "(R$ 5,00)" };
	static const struct { const char *text; enum fe_decimal_why why; } refused[] = {
		{ "5 USD", FE_DECIMAL_CURRENCY_SIGN }, { "\xc2\xa3" "5", FE_DECIMAL_CURRENCY_SIGN }, { "$", FE_DECIMAL_NOT_A_NUMBER },
		{ "$5$", FE_DECIMAL_NOT_A_NUMBER }, { "$$5", FE_DECIMAL_NOT_A_NUMBER }, { "EUR", FE_DECIMAL_NOT_A_NUMBER },
		{ "EUR  5", FE_DECIMAL_BLANK_INSIDE }, { "-$-5", FE_DECIMAL_NOT_A_NUMBER }, { "5eur", FE_DECIMAL_NOT_A_NUMBER },
		{ "$ 5", FE_DECIMAL_OK }, { "$1,000", FE_DECIMAL_SEPARATOR }, { "$(5)", FE_DECIMAL_PARENTHESES },
		{ "$5-", FE_DECIMAL_TRAILING_MINUS }, { "$+5", FE_DECIMAL_PLUS_SIGN },
	};
	int64_t v = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
		assert_int_equal(fe_decimal_parse(fe_str_of(taken[i]), 12, 2, &plain, &v), FE_DECIMAL_OK);
		assert_int_equal(v, 500);
	}
	for (size_t i = 0; i < sizeof(negative) / sizeof(*negative); i++) {
		assert_int_equal(fe_decimal_parse(fe_str_of(negative[i]), 12, 2, &ledger, &v), FE_DECIMAL_OK);
		assert_int_equal(v, -500);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		assert_int_equal(fe_decimal_parse(fe_str_of(refused[i].text), 12, 2, &plain, &v), refused[i].why);
	assert_int_equal(fe_decimal_parse(FE_STR("1\xe2\x80\xaf" "234\xc2\xa0" "567,5 EUR"), 12, 2, &ledger, &v), FE_DECIMAL_OK);
	assert_int_equal(v, 123456750);
}

static void
expect_printed(fe_i128 v, unsigned scale, const char *want)
{
	char out[FE_DECIMAL_TEXT_BYTES + 1];
	fe_i128 back = 1;
	size_t n = fe_i128_format(v, scale, out);

	out[n] = '\0';
	assert_string_equal(out, want);
	if (n < 39) {
		assert_true(fe_i128_parse((struct fe_str){ out, n }, scale, &back));
		assert_true(back == v);
	}
	if (v >= INT64_MIN && v <= INT64_MAX) {
		out[fe_decimal_format((int64_t)v, scale, out)] = '\0';
		assert_string_equal(out, want);
	}
}

static void
decimal_prints_all_its_places(void **state)
{
	(void)state;
	expect_printed(1250, 2, "12.50");
	expect_printed(-5, 2, "-0.05");
	expect_printed(0, 2, "0.00");
	expect_printed(0, 0, "0");
	expect_printed(100, 0, "100");
	expect_printed(99, 2, "0.99");
	expect_printed(INT64_MIN, 18, "-9.223372036854775808");
	expect_printed((fe_i128)fe_pow10[18] * fe_pow10[18], 2, "10000000000000000000000000000000000.00");
	expect_printed((fe_i128)((unsigned __int128)1 << 127), 0, "-170141183460469231731687303715884105728");
}

/* Against the system's printf: as many digits as it prints, and the point put in. */
static void
decimal_prints_every_size_and_scale(void **state)
{
	(void)state;
	for (uint64_t i = 0, n = 1; i < 300000; i++) {
		n = n * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		unsigned scale = (unsigned)(i % (FE_DECIMAL_MAX_PRECISION + 1));
		int64_t v = (int64_t)(n >> (1 + i / 19 % 63)) * (i & 1 ? -1 : 1);
		char digits[64], want[64], out[FE_DECIMAL_TEXT_BYTES + 1];
		uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
		int n_digits = snprintf(digits, sizeof(digits), "%0*llu", (int)scale + 1, (unsigned long long)u);
		int n_whole = n_digits - (int)scale;
		(void)snprintf(want, sizeof(want), "%s%.*s%s%s", v < 0 ? "-" : "", n_whole, digits, scale ? "." : "",
		               digits + n_whole);
		out[fe_decimal_format(v, scale, out)] = '\0';
		assert_string_equal(out, want);
	}
}

/* Each of those that have a way of their own, and those around. */
static void
small_numbers_print_as_all_others(void **state)
{
	char out[FE_DECIMAL_TEXT_BYTES], want[FE_DECIMAL_TEXT_BYTES];

	(void)state;
	for (int64_t v = -1100; v <= 1000100; v++) {
		size_t n = fe_decimal_format(v, 2, want);
		assert_ptr_equal(fe_digits_put_cents(out, v), out + n);
		assert_memory_equal(out, want, n);
		n = fe_decimal_format(v, 0, want);
		assert_ptr_equal(fe_digits_put_int(out, v), out + n);
		assert_memory_equal(out, want, n);
	}
	for (unsigned n_digits = 0; n_digits < 19; n_digits++)
		for (int64_t v = fe_pow10[n_digits] - 1; v <= fe_pow10[n_digits]; v++) {
			size_t n = fe_decimal_format(-v, 2, want);
			assert_ptr_equal(fe_digits_put_cents(out, -v), out + n);
			assert_memory_equal(out, want, n);
			n = fe_decimal_format(v, 0, want);
			assert_ptr_equal(fe_digits_put_int(out, v), out + n);
			assert_memory_equal(out, want, n);
		}
}

static void
i128_parse_takes_only_what_was_printed(void **state)
{
	static const char *const others[] = { "", "-", "1", "1.5", "1.500", ".50", "-.50", "01.50", "-0.00", "+1.50", "1,50", "1.5x",
					      "1 .50", "1234567890123456789012345678901234567.50" };
	fe_i128 v = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(fe_i128_parse(fe_str_of(others[i]), 2, &v));
}

/* Texts of digits, signs and points, short and long, wherever in a page they end. */
static void
many_are_read_as_one_by_one(void **state)
{
	static const char marks[] = "0123456789012345678901234567890123456789..-+ ,\x80";
	static char pages[3 * 4096];
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct fe_str texts[64] = { { 0 } };
		int64_t many[64], one;
		const size_t n = chance(&seed) % 65;
		const unsigned scale = chance(&seed) % 10, precision = scale + 1 + chance(&seed) % (18 - scale);
		char *to = pages + 4096 + chance(&seed) % 4096 - 1024;
		for (size_t i = 1; i < n; i++) {
			const size_t length = chance(&seed) % 4 ? chance(&seed) % 9 : chance(&seed) % 20;
			for (size_t k = 0; k < length; k++)
				to[k] = marks[chance(&seed) % (sizeof marks - 1)];
			if (length > scale + 1 && chance(&seed) % 4)
				to[length - scale - 1] = scale ? '.' : '7';
			texts[i] = (struct fe_str){ to, length };
			to += length + chance(&seed) % 2;
		}
		const uint64_t done = fe_decimal_parse_64(texts, n, precision, scale, many);
		assert_true(n == 64 || done >> n == 0);
		for (size_t i = 0; i < n; i++) {
			if (!(done >> i & 1))
				continue;
			assert_int_equal(fe_decimal_parse(texts[i], precision, scale, NULL, &one), FE_DECIMAL_OK);
			assert_int_equal(many[i], one);
			assert_true(one != 0 || texts[i].p[0] != '-');
		}
	}
}

static void
many_leaves_out_only_what_is_rare(void **state)
{
	static const char *const common[] = { "0.00", "5.25", "-5.25", "18.85", "1234.56", "12345.67", "1234567890.12", "-0.01" };
	static const char *const rare[] = { "-0.00", "", "5", "5.2", "5.255", " 5.25", "a.bc", "12345678901.23" };
	struct fe_str texts[8];
	int64_t values[8];

	(void)state;
	for (size_t i = 0; i < 8; i++)
		texts[i] = fe_str_of(common[i]);
	assert_int_equal(fe_decimal_parse_64(texts, 8, 12, 2, values), 0xff);
	assert_int_equal(values[2], -525);
	assert_int_equal(values[6], 123456789012);
	for (size_t i = 0; i < 8; i++)
		texts[i] = fe_str_of(rare[i]);
	assert_int_equal(fe_decimal_parse_64(texts, 8, 12, 2, values), 0);
	texts[0] = (struct fe_str){ NULL, 1 };
	assert_int_equal(fe_decimal_parse_64(texts, 1, 12, 2, values), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimal_reads_the_plain_form),
		cmocka_unit_test(decimal_fills_up_missing_places),
		cmocka_unit_test(decimal_does_not_count_zeros_in_front),
		cmocka_unit_test(decimal_reads_every_length_to_18_digits),
		cmocka_unit_test(decimal_stops_at_its_precision),
		cmocka_unit_test(decimal_never_rounds),
		cmocka_unit_test(decimal_tells_the_first_of_several_oddities),
		cmocka_unit_test(decimal_takes_an_id_for_no_amount),
		cmocka_unit_test(decimal_of_no_bytes_is_refused_without_a_pointer),
		cmocka_unit_test(int_spans_64_bits),
		cmocka_unit_test(decimal_reads_declared_ways_of_writing),
		cmocka_unit_test(decimal_reads_declared_currencies),
		cmocka_unit_test(decimal_prints_all_its_places),
		cmocka_unit_test(decimal_prints_every_size_and_scale),
		cmocka_unit_test(many_are_read_as_one_by_one),
		cmocka_unit_test(many_leaves_out_only_what_is_rare),
		cmocka_unit_test(small_numbers_print_as_all_others),
		cmocka_unit_test(i128_parse_takes_only_what_was_printed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_decimal.c - any text as a decimal
 *
 * The first three bytes choose precision, scale and the declared format, the rest is
 * the text. What is read prints, and reads back as the same value; the plain form is
 * read in the same way whether it is declared or not; arithmetic agrees with itself.
 */
#include "base/decimal.h"
#include "harness.h"

static void
check_round_trip(int64_t v, unsigned precision, unsigned scale)
{
	char text[FE_DECIMAL_TEXT_BYTES], wide_text[FE_DECIMAL_TEXT_BYTES];
	size_t n = fe_decimal_format(v, scale, text);
	fe_i128 wide = 0;
	int64_t back = 0;

	expect(n <= FE_DECIMAL_TEXT_BYTES && fe_decimal_fits(v, precision));
	expect(fe_decimal_parse((struct fe_str){ text, n }, precision, scale, NULL, &back) == FE_DECIMAL_OK);
	expect(back == v);
	expect(fe_i128_format(v, scale, wide_text) == n && memcmp(text, wide_text, n) == 0);
	expect(fe_i128_parse((struct fe_str){ text, n }, scale, &wide) && wide == v);
}

static void
check_arithmetic(int64_t v, unsigned scale)
{
	int64_t up = 0, down = 0, quotient = 0;

	if (fe_decimal_rescale(v, scale, FE_DECIMAL_MAX_PRECISION, &up)) {
		expect(fe_decimal_rescale(up, FE_DECIMAL_MAX_PRECISION, scale, &down) && down == v);
		expect(fe_decimal_round(up, FE_DECIMAL_MAX_PRECISION, scale, &down) && down == v);
	}
	expect(fe_decimal_divide(v, scale, 1, 0, scale, &quotient) && quotient == v);
	if (v != 0)
		expect(fe_decimal_divide(v, scale, v, scale, 2, &quotient) && quotient == 100);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	static const char groups[] = { 0, ',', '.', '\'', ' ' };
	static const struct fe_str currencies[] = { FE_STR("$"), FE_STR("R$"), FE_STR("EUR"), FE_STR("kr."), FE_STR("\xe2\x82\xac") };
	struct fe_decimal_format fmt = { .point = '.' };
	enum fe_decimal_why why, declared;
	unsigned precision, scale;
	struct fe_str text;
	int64_t v = 0, w = 0;

	if (n_bytes < 3)
		return 0;
	precision = data[0] % FE_DECIMAL_MAX_PRECISION + 1;
	scale = data[1] % (precision + 1);
	text = (struct fe_str){ (const char *)data + 3, n_bytes - 3 };

	why = fe_decimal_parse(text, precision, scale, NULL, &v);
	declared = fe_decimal_parse(text, precision, scale, &fmt, &w);
	expect(why == declared && (why != FE_DECIMAL_OK || v == w));
	if (why == FE_DECIMAL_OK) {
		check_round_trip(v, precision, scale);
		check_arithmetic(v, scale);
	}

	fmt.point = data[2] & 1 ? ',' : '.';
	fmt.group = groups[(data[2] >> 1) % sizeof(groups)];
	fmt.sign_plus = data[2] & 32;
	fmt.sign_trailing = data[2] & 64;
	fmt.sign_parens = data[2] & 128;
	if (fmt.group != fmt.point && fe_decimal_parse(text, precision, scale, &fmt, &w) == FE_DECIMAL_OK)
		check_round_trip(w, precision, scale);
	declared = fe_decimal_parse(text, precision, scale, &fmt, &w);
	fmt.currencies = currencies;
	fmt.n_currencies = sizeof(currencies) / sizeof(*currencies);
	why = fe_decimal_parse(text, precision, scale, &fmt, &v);
	expect(fmt.group == fmt.point || declared != FE_DECIMAL_OK || (why == FE_DECIMAL_OK && v == w));
	if (fmt.group != fmt.point && why == FE_DECIMAL_OK)
		check_round_trip(v, precision, scale);

	why = fe_int_parse(text, &v);
	if (why == FE_DECIMAL_OK && fe_decimal_fits(v, FE_DECIMAL_MAX_PRECISION))
		check_round_trip(v, FE_DECIMAL_MAX_PRECISION, 0);
	return 0;
}

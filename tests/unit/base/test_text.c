// SPDX-License-Identifier: Apache-2.0
/* UTF-8, trimming, case, bools, names. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/text.h"

static void
utf8_refuses_every_malformed_form(void **state)
{
	static const char *const bad[] = {
		"\xff", "\x80", "ab\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80",
		"\xe2\x82", "\xf0\x9f\x99", "caf\xe9", "\xef\xbf\xbe", "\xef\xbf\xbf", "\xef\xb7\x90", "\xef\xb7\xaf",
		"\xf0\x9f\xbf\xbf", "\xf4\x8f\xbf\xbe", "\xe2\x28\xa1", "\xf0\x28\x8c\xbc",
	};
	char text[80];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t n = strlen(bad[i]);

		assert_false(fe_utf8_is_valid(fe_str_of(bad[i])));
		for (size_t before = 0; before <= 70; before++) { /* wherever it stands */
			memset(text, 'a', sizeof(text));
			memcpy(text + before, bad[i], n);
			assert_false(fe_utf8_is_valid((struct fe_str){ text, before + n }));
		}
	}
}

static void
utf8_accepts_the_ends_of_every_range(void **state)
{
	static const char *const good[] = { "", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
					    "\xef\xbf\xbd", "\xef\xb7\x8f", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbd" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(fe_utf8_is_valid(fe_str_of(good[i])));
	assert_true(fe_utf8_is_valid((struct fe_str){ 0 }));
}

static void
utf8_decodes_what_it_encodes(void **state)
{
	char out[FE_UTF8_BYTES];

	(void)state;
	for (uint32_t code = 0; code < 0x110000; code += code < 0x3000 ? 1 : 97) {
		uint32_t back = 0;
		size_t n = fe_utf8_encode(code, out);

		assert_int_equal(fe_utf8_decode((struct fe_str){ out, n }, &back), code >= 0xd800 && code < 0xe000 ? 0 : n);
		if (code < 0xd800 || code >= 0xe000)
			assert_int_equal(back, code);
		assert_int_equal(fe_utf8_decode((struct fe_str){ out, n - 1 }, &back), 0);
	}
}

static void
ascii_is_seen_at_every_length_and_place(void **state)
{
	char text[70];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t n = 0; n <= sizeof(text); n++) {
		assert_true(fe_text_is_ascii((struct fe_str){ text, n }));
		for (size_t i = 0; i < n; i++) {
			text[i] = (char)0x80;
			assert_false(fe_text_is_ascii((struct fe_str){ text, n }));
			text[i] = 'a';
		}
	}
}

static void
length_and_substr_count_code_points(void **state)
{
	struct fe_str s = FE_STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82z");

	(void)state;
	assert_int_equal(fe_utf8_length(s), 5);
	assert_true(fe_str_is(fe_utf8_substr(s, 2, 2), "\xc3\xa9\xe2\x82\xac"));
	assert_true(fe_str_is(fe_utf8_substr(s, 4, 100), "\xf0\x9f\x99\x82z"));
	assert_true(fe_str_is(fe_utf8_substr(s, 6, 1), ""));
	assert_true(fe_str_is(fe_utf8_substr(s, 1, 0), ""));
	assert_true(fe_str_is(fe_utf8_substr(s, 1, -1), ""));
	assert_true(fe_str_is(fe_utf8_substr(s, 2, INT64_MAX), "\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82z"));
	assert_true(fe_str_is(fe_utf8_substr(s, INT64_MAX, INT64_MAX), ""));
}

static void
trim_takes_ascii_blanks_only(void **state)
{
	(void)state;
	assert_true(fe_str_is(fe_text_trim(FE_STR(" \t\n\v\f\ra b\r\n ")), "a b"));
	assert_true(fe_str_is(fe_text_trim(FE_STR("ab")), "ab"));
	assert_true(fe_str_is(fe_text_trim(FE_STR(" \t ")), ""));
	assert_true(fe_str_is(fe_text_trim(FE_STR("\xc2\xa0x\xc2\xa0")), "\xc2\xa0x\xc2\xa0"));
	assert_int_equal(fe_text_trim((struct fe_str){ 0 }).n, 0);
}

static void
case_leaves_what_needs_no_change_where_it_is(void **state)
{
	static const char *const lower[] = { "", "completed", "a@z[`{0", "stra\303\237e", "\xe6\x97\xa5\xe6\x9c\xac" };
	struct fe_arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(lower) / sizeof(lower[0]); i++)
		assert_ptr_equal(fe_text_case(fe_str_of(lower[i]), FE_CASE_LOWER, &arena).p, lower[i]);
	assert_ptr_equal(fe_text_case(fe_str_of(lower[1]), FE_CASE_KEEP, &arena).p, lower[1]);
	fe_arena_free(&arena);
}

static void
case_changes_letters_at_every_place(void **state)
{
	struct fe_arena arena = { 0 };
	char text[40], want[40];

	(void)state;
	for (size_t n = 1; n <= sizeof(text); n++)
		for (size_t i = 0; i < n; i++) {
			memset(text, '@', sizeof(text));
			text[i] = 'Q';
			memcpy(want, text, sizeof(text));
			want[i] = 'q';
			assert_true(fe_str_eq(fe_text_case((struct fe_str){ text, n }, FE_CASE_LOWER, &arena), (struct fe_str){ want, n }));
			assert_true(fe_str_eq(fe_text_case((struct fe_str){ want, n }, FE_CASE_UPPER, &arena), (struct fe_str){ text, n }));
		}
	fe_arena_free(&arena);
}

static void
case_maps_beyond_ascii_and_keeps_bad_bytes(void **state)
{
	struct fe_arena arena = { 0 };

	(void)state;
	assert_true(fe_str_is(fe_text_case(FE_STR("zo\xc3\xab"), FE_CASE_UPPER, &arena), "ZO\xc3\x8b"));
	assert_true(fe_str_is(fe_text_case(FE_STR("\xc9\x90"), FE_CASE_UPPER, &arena), "\xe2\xb1\xaf")); /* grows */
	assert_true(fe_str_is(fe_text_case(FE_STR("\xe2\x84\xaa"), FE_CASE_LOWER, &arena), "k"));        /* shrinks */
	assert_true(fe_str_is(fe_text_case(FE_STR("A\xff\xc3"), FE_CASE_LOWER, &arena), "a\xff\xc3"));
	fe_arena_free(&arena);
}

static void
bool_takes_ten_words_in_any_case(void **state)
{
	static const char *const yes[] = { "true", "TRUE", "t", "Yes", "y", "1" };
	static const char *const no[] = { "false", "False", "F", "no", "N", "0" };
	static const char *const neither[] = { "", "2", "on", "tru", "truee", " true", "ye", "-1", "\xc4\xb1" };
	bool v;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		v = false;
		assert_true(fe_bool_parse(fe_str_of(yes[i]), &v) && v);
		v = true;
		assert_true(fe_bool_parse(fe_str_of(no[i]), &v) && !v);
	}
	for (size_t i = 0; i < sizeof(neither) / sizeof(neither[0]); i++)
		assert_false(fe_bool_parse(fe_str_of(neither[i]), &v));
}

static void
sql_names_are_plain(void **state)
{
	char longest[65];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_true(fe_is_sql_name(FE_STR("fact_transactions2")));
	assert_true(fe_is_sql_name(FE_STR("_x")));
	assert_true(fe_is_sql_name((struct fe_str){ longest, 63 }));
	assert_false(fe_is_sql_name((struct fe_str){ longest, 64 }));
	assert_false(fe_is_sql_name(FE_STR("")));
	assert_false(fe_is_sql_name(FE_STR("2x")));
	assert_false(fe_is_sql_name(FE_STR("Fact")));
	assert_false(fe_is_sql_name(FE_STR("a\"; drop table b--")));
	assert_false(fe_is_sql_name(FE_STR("caf\xc3\xa9")));
	assert_false(fe_is_sql_name(FE_STR("a\0b")));
}

static void
casecmp_orders_as_ascii(void **state)
{
	(void)state;
	assert_int_equal(fe_text_casecmp_ascii(FE_STR("AbC"), FE_STR("aBc")), 0);
	assert_true(fe_text_casecmp_ascii(FE_STR("ab"), FE_STR("ABC")) < 0);
	assert_true(fe_text_casecmp_ascii(FE_STR("b"), FE_STR("ABC")) > 0);
	assert_int_equal(fe_text_casecmp_ascii((struct fe_str){ 0 }, FE_STR("")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_refuses_every_malformed_form),
		cmocka_unit_test(utf8_accepts_the_ends_of_every_range),
		cmocka_unit_test(utf8_decodes_what_it_encodes),
		cmocka_unit_test(ascii_is_seen_at_every_length_and_place),
		cmocka_unit_test(length_and_substr_count_code_points),
		cmocka_unit_test(trim_takes_ascii_blanks_only),
		cmocka_unit_test(case_leaves_what_needs_no_change_where_it_is),
		cmocka_unit_test(case_changes_letters_at_every_place),
		cmocka_unit_test(case_maps_beyond_ascii_and_keeps_bad_bytes),
		cmocka_unit_test(bool_takes_ten_words_in_any_case),
		cmocka_unit_test(sql_names_are_plain),
		cmocka_unit_test(casecmp_orders_as_ascii),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// What Python makes of patterns, formats and JSON; LIKE of SQLite; texts of values.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/time.h"
#include "quality/like_regex.h"
#include "quality/python_json.h"
#include "quality/python_regex.h"
#include "quality/python_strptime.h"
#include "quality/value_text.h"

/* ---- patterns ---- */

static bool
is_found(const char *pattern, const char *text)
{
	struct fe_regex_space *space = fe_regex_space_new();
	struct fe_regex *r;
	bool found;

	assert_int_equal(fe_python_regex_new(&r, fe_str_of(pattern), NULL), FE_OK);
	assert_int_equal(fe_regex_search(r, space, fe_str_of(text), &found, NULL), FE_OK);
	fe_regex_free(r);
	fe_regex_space_free(space);
	return found;
}

static void
is_refused(const char *pattern, const char *why)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_regex *r = NULL;

	assert_int_equal(fe_python_regex_new(&r, fe_str_of(pattern), &err), FE_EUSAGE);
	assert_string_equal(err.text, why);
}

static void
pattern_ends_as_in_python(void **state)
{
	(void)state;
	assert_true(is_found("^a$", "a\n"));
	assert_false(is_found("a\\Z", "a\n"));
	assert_true(is_found("(?m)\\n^$", "a\n"));
}

static void
pattern_knows_the_white_space_of_python(void **state)
{
	(void)state;
	assert_true(is_found("^\\s\\s[\\s]$", "\x1c\xc2\x85\xe2\x80\x83"));
	assert_false(is_found("\\s", "\xe1\xa0\x8e")); /* U+180E is none */
	assert_true(is_found("^[\\S]$", "\xe1\xa0\x8e"));
	assert_false(is_found("(?a)\\s", "\xc2\x85"));
	assert_true(is_found("^\\v$", "\v"));
	assert_false(is_found("\\v", "\n"));
}

static void
pattern_has_groups_by_name(void **state)
{
	(void)state;
	assert_true(is_found("(?P<x>a|b)(?P=x)", "bb"));
	assert_false(is_found("(?P<x>a|b)(?P=x)$", "ab"));
	assert_true(is_found("^(<)?a(?(1)>)$", "<a>"));
	assert_false(is_found("^(<)?a(?(1)>)$", "<a"));
}

static void
pattern_repeats_as_in_python(void **state)
{
	(void)state;
	assert_true(is_found("^a{,2}$", "aa"));
	assert_false(is_found("^a{,2}$", "aaa"));
	assert_true(is_found("^a{x}$", "a{x}"));
	assert_true(is_found("^a{,}$", "aaa"));
	assert_false(is_found("^a++a", "aaa"));
}

static void
pattern_has_no_posix_classes_and_no_verbs(void **state)
{
	(void)state;
	assert_true(is_found("^[[:a]:]$", "[:]"));
	is_refused("(*FAIL)", "nothing to repeat at position 1");
	is_refused("\\Qa\\E", "bad escape \\Q at position 0");
	is_refused("(?<n>a)", "unknown extension ?< at position 0");
}

static void
pattern_that_is_verbose_skips_blanks_and_comments(void **state)
{
	(void)state;
	assert_true(is_found("(?x) ^ a # the ( first\n [ ] b $", "a b"));
	assert_true(is_found("(?x:a b)c d", "abc d"));
	assert_true(is_found("a(?#b)+$", "aa"));
}

static void
pattern_is_refused_with_the_words_of_python(void **state)
{
	(void)state;
	is_refused("(", "missing ), unterminated subpattern at position 0");
	is_refused("\xc3\xa9)", "unbalanced parenthesis at position 1");
	is_refused("*a", "nothing to repeat at position 0");
	is_refused("a**", "multiple repeat at position 2");
	is_refused("^*", "nothing to repeat at position 1");
	is_refused("[a", "unterminated character set at position 0");
	is_refused("[b-a]", "bad character range at position 1");
	is_refused("(a)\\2", "invalid group reference 2 at position 3");
	is_refused("(a\\1)", "cannot refer to an open group at position 2");
	is_refused("a(?i)", "global flags not at the start of the expression at position 1");
	is_refused("a{2,1}", "min repeat greater than max repeat at position 1");
	is_refused("\\", "bad escape (end of pattern) at position 0");
}

/* ---- formats ---- */

static bool
is_read(const char *format, const char *text)
{
	struct fe_regex_space *space = fe_regex_space_new();
	struct fe_strptime *s;
	bool read;

	assert_int_equal(fe_strptime_new(&s, fe_str_of(format), NULL), FE_OK);
	assert_int_equal(fe_strptime_reads(s, space, fe_str_of(text), &read, NULL), FE_OK);
	fe_strptime_free(s);
	fe_regex_space_free(space);
	return read;
}

static void
format_reads_whole_texts_of_days_that_are(void **state)
{
	(void)state;
	assert_true(is_read("%Y-%m-%d", "2024-02-29"));
	assert_true(is_read("%Y-%m-%d", "2024-2-9"));
	assert_true(is_read("%Y-%m-%d", "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa4-02-29")); /* 2024 in Arabic digits */
	assert_false(is_read("%Y-%m-%d", "2023-02-29"));
	assert_false(is_read("%Y-%m-%d", "2024-02-29 "));
	assert_false(is_read("%Y-%m-%d", "0000-01-01"));
	assert_false(is_read("%d %b", "29 Feb")); /* of 1900 */
	assert_true(is_read("%d  %B %Y", "5 \t MARCH 2024"));
}

static void
format_reads_times_and_offsets(void **state)
{
	(void)state;
	assert_true(is_read("%H:%M:%S.%f%z", "23:59:59.1+01:00"));
	assert_false(is_read("%H:%M:%S", "23:59:60"));
	assert_true(is_read("%H%z", "10Z"));
	assert_false(is_read("%H%z", "10z"));
	assert_false(is_read("%H%z", "10+24:00"));
	assert_false(is_read("%H%z", "10+01:0030"));
	assert_true(is_read("%I:%M %p", "12:05 pm"));
}

static void
format_reads_days_of_the_year_and_weeks(void **state)
{
	(void)state;
	assert_true(is_read("%Y-%j", "2024-366"));
	assert_false(is_read("%Y-%j", "9999-366"));
	assert_true(is_read("%G-W%V-%u", "2026-W53-7"));
	assert_false(is_read("%Y %U %w", "0001 00 0"));
}

static void
format_that_no_text_can_have_is_refused(void **state)
{
	static const char *const formats[] = { "%Q", "%", "%Y%Y", "%V", "%G-%V", "% d", "%c %Y" };
	struct fe_strptime *s = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		assert_int_equal(fe_strptime_new(&s, fe_str_of(formats[i]), NULL), FE_EUSAGE);
}

/* ---- JSON ---- */

static void
json_is_what_python_loads(void **state)
{
	static const char *const good[] = { "{}", " [1, {\"a\": [null]}] ", "NaN", "-Infinity", "1e999", "-0",
		                            "\"\\ud800\"", "{\"a\":1,\"a\":2}", "[[],{}]", "0.5E-3" };
	static const char *const bad[] = { "", " ", "[1,]", "{\"a\"}", "{1:2}", "01", "1.", "-", "1 2", "'a'", "True", "\"\t\"",
		                           "\"\\x\"", "\"\\u12g4\"", "[", "[[]", "]", "{\"a\":1,}", "\xef\xbb\xbf[]", "nul" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(fe_python_json_reads(fe_str_of(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(fe_python_json_reads(fe_str_of(bad[i])));
}

static void
json_ends_at_a_depth_and_at_long_ints(void **state)
{
	static char text[10000];

	(void)state;
	memset(text, '[', 960);
	memset(text + 960, ']', 960);
	assert_true(fe_python_json_reads((struct fe_str){ text, 1920 }));
	memset(text, '[', 961);
	memset(text + 961, ']', 961);
	assert_false(fe_python_json_reads((struct fe_str){ text, 1922 }));
	memset(text, '9', 4301);
	assert_true(fe_python_json_reads((struct fe_str){ text, 4300 }));
	assert_false(fe_python_json_reads((struct fe_str){ text, 4301 }));
}

/* ---- LIKE ---- */

static bool
is_like(const char *like, const char *escape, const char *text)
{
	struct fe_regex_space *space = fe_regex_space_new();
	struct fe_regex *r;
	bool found;

	assert_int_equal(fe_like_regex_new(&r, fe_str_of(like), fe_str_of(escape), NULL), FE_OK);
	assert_int_equal(fe_regex_search(r, space, fe_str_of(text), &found, NULL), FE_OK);
	fe_regex_free(r);
	fe_regex_space_free(space);
	return found;
}

static void
like_is_that_of_sqlite(void **state)
{
	(void)state;
	assert_true(is_like("A%", "", "abc"));
	assert_false(is_like("\xc3\x84%", "", "\xc3\xa4")); /* only ASCII has two cases */
	assert_true(is_like("_", "", "\xc3\xa4"));
	assert_true(is_like("a%c", "", "a\nc"));
	assert_false(is_like("a%c", "", "ac\n"));
	assert_true(is_like("%ab%b", "", "xabb"));
	assert_false(is_like("%ab%b", "", "xab"));
	assert_true(is_like("%", "", ""));
	assert_false(is_like("", "", "a"));
	assert_true(is_like("[a].*", "", "[A].*"));
}

static void
like_takes_what_is_escaped_for_itself(void **state)
{
	(void)state;
	assert_true(is_like("a!%!_!!", "!", "a%_!"));
	assert_false(is_like("a!%", "!", "ab"));
	assert_false(is_like("a!", "!", "a!"));
	assert_true(is_like("a\\%", "", "a\\x"));
}

static void
like_takes_linear_time(void **state)
{
	static char text[200001];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	assert_false(is_like("%a%a%a%a%a%a%a%a%b", "", text));
	assert_false(is_like("%a%a%a%a%b%a%a%a%a", "", text));
}

/* ---- texts of values ---- */

static void
expect_text(struct fe_column *c, const char *text)
{
	char space[FE_VALUE_TEXT_BYTES];
	struct fe_str got = fe_value_text(c, 0, space);

	assert_int_equal(got.n, strlen(text));
	assert_memory_equal(got.p, text, got.n);
}

static void
value_text_is_that_of_python(void **state)
{
	struct fe_column c;

	(void)state;
	fe_column_init(&c, (struct fe_type){ .kind = FE_DECIMAL, .precision = 18, .scale = 2 }, 64);
	c.i64[0] = 1000;
	expect_text(&c, "10.0");
	c.i64[0] = -1;
	expect_text(&c, "-0.01");
	c.i64[0] = 999999999999999999;
	expect_text(&c, "1e+16");
	fe_column_reset(&c);
	fe_column_init(&c, (struct fe_type){ .kind = FE_TIMESTAMP }, 64);
	c.i64[0] = 0;
	expect_text(&c, "1970-01-01 00:00:00+00:00");
	c.i64[0] = 500000;
	expect_text(&c, "1970-01-01 00:00:00.500+00:00");
	c.i64[0] = -1;
	expect_text(&c, "1969-12-31 23:59:59.999999+00:00");
	fe_column_reset(&c);
	fe_column_init(&c, (struct fe_type){ .kind = FE_BOOL }, 64);
	c.bits[0] = 1;
	expect_text(&c, "True");
	fe_column_reset(&c);
	fe_column_init(&c, (struct fe_type){ .kind = FE_INT }, 64);
	c.i64[0] = INT64_MIN;
	expect_text(&c, "-9223372036854775808");
	fe_column_reset(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pattern_ends_as_in_python),
		cmocka_unit_test(pattern_knows_the_white_space_of_python),
		cmocka_unit_test(pattern_has_groups_by_name),
		cmocka_unit_test(pattern_repeats_as_in_python),
		cmocka_unit_test(pattern_has_no_posix_classes_and_no_verbs),
		cmocka_unit_test(pattern_that_is_verbose_skips_blanks_and_comments),
		cmocka_unit_test(pattern_is_refused_with_the_words_of_python),
		cmocka_unit_test(format_reads_whole_texts_of_days_that_are),
		cmocka_unit_test(format_reads_times_and_offsets),
		cmocka_unit_test(format_reads_days_of_the_year_and_weeks),
		cmocka_unit_test(format_that_no_text_can_have_is_refused),
		cmocka_unit_test(json_is_what_python_loads),
		cmocka_unit_test(json_ends_at_a_depth_and_at_long_ints),
		cmocka_unit_test(like_is_that_of_sqlite),
		cmocka_unit_test(like_takes_what_is_escaped_for_itself),
		cmocka_unit_test(like_takes_linear_time),
		cmocka_unit_test(value_text_is_that_of_python),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* What a page does with texts that were made to do something to it, and its charts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quality/chart.h"
#include "quality/html.h"

#define MAX_BYTES 65536

static void
assert_text_becomes(struct fe_str text, const char *expected)
{
	struct fe_buf out;
	struct fe_html h;

	fe_buf_init(&out, MAX_BYTES);
	fe_html_init(&h, &out);
	fe_html_str(&h, text);
	assert_string_equal(fe_buf_text(&out), expected);
	fe_buf_reset(&out);
}

static void
html_escapes_markup_in_text(void **state)
{
	(void)state;
	assert_text_becomes(FE_STR("<script>alert('&\"')</script>"), "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;");
	assert_text_becomes(FE_STR("<!-- ]]> -->"), "&lt;!-- ]]&gt; --&gt;");
}

static void
html_shows_control_characters(void **state)
{
	(void)state;
	assert_text_becomes(FE_STR("a\nb\rc\td\0e\x1b\x7f"), "a\\nb\\rc\\td\\0e\\x1b\\x7f");
	assert_text_becomes(FE_STR("\xc2\x85"), "[U+0085]");
}

static void
html_shows_what_turns_or_hides_writing(void **state)
{
	(void)state;
	assert_text_becomes(FE_STR("\xe2\x80\xae" "gnp.exe"), "[U+202E]gnp.exe");
	assert_text_becomes(FE_STR("\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\x8b\xef\xbb\xbf\xd8\x9c"), "[U+2066][U+2069][U+200B][U+FEFF][U+061C]");
	assert_text_becomes(FE_STR("\xf3\xa0\x81\x81"), "[U+E0041]");
}

static void
html_keeps_letters_of_all_writings(void **state)
{
	(void)state;
	assert_text_becomes(FE_STR("Zo\xc3\xab \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe6\x97\xa5 \xf0\x9f\x92\xb6"),
			    "Zo\xc3\xab \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe6\x97\xa5 \xf0\x9f\x92\xb6");
}

static void
html_shows_bytes_that_are_no_utf8(void **state)
{
	(void)state;
	assert_text_becomes(FE_STR("\xff\xc3(\xe2\x80"), "\\xff\\xc3(\\xe2\\x80");
	assert_text_becomes(FE_STR("\xed\xa0\x80\xc0\xaf"), "\\xed\\xa0\\x80\\xc0\\xaf");
}

static void
html_escapes_attributes(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out;
	struct fe_html h;

	(void)state;
	fe_buf_init(&out, MAX_BYTES);
	fe_html_init(&h, &out);
	fe_html_open(&h, "a");
	fe_html_attr_str(&h, "href", FE_STR("x\" onload=\"alert(1)\n'>"));
	fe_html_text(&h, "y");
	fe_html_close(&h, "a");
	assert_string_equal(fe_buf_text(&out), "<a href=\"x&quot; onload=&quot;alert(1)\\n&#39;&gt;\">y</a>");
	assert_int_equal(fe_html_check(&h, "the page", &err), FE_OK);
	fe_buf_reset(&out);
}

static void
html_tells_elements_that_do_not_match(void **state)
{
	static const char *const closed[] = { "b", "p", NULL };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct fe_err err = FE_ERR_INIT;
		struct fe_buf out;
		struct fe_html h;
		fe_buf_init(&out, MAX_BYTES);
		fe_html_init(&h, &out);
		fe_html_open(&h, "p");
		if (closed[i])
			fe_html_close(&h, closed[i]);
		if (i == 1)
			fe_html_close(&h, "p"); /* once too often */
		assert_int_equal(fe_html_check(&h, "the page", &err), FE_EBUG);
		fe_buf_reset(&out);
	}
}

static void
html_tells_an_attribute_outside_of_a_tag(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out;
	struct fe_html h;

	(void)state;
	fe_buf_init(&out, MAX_BYTES);
	fe_html_init(&h, &out);
	fe_html_open(&h, "p");
	fe_html_text(&h, "x");
	fe_html_attr(&h, "class", "y");
	fe_html_close(&h, "p");
	assert_int_equal(fe_html_check(&h, "the page", &err), FE_EBUG);
	fe_buf_reset(&out);
}

static void
html_refuses_nesting_without_end(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out;
	struct fe_html h;

	(void)state;
	fe_buf_init(&out, MAX_BYTES);
	fe_html_init(&h, &out);
	for (int i = 0; i < FE_HTML_MAX_DEPTH + 1; i++)
		fe_html_open(&h, "div");
	assert_int_equal(fe_html_check(&h, "the page", &err), FE_EBUG);
	fe_buf_reset(&out);
}

static void
html_that_does_not_fit_is_an_error(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out;
	struct fe_html h;

	(void)state;
	fe_buf_init(&out, 16);
	fe_html_init(&h, &out);
	fe_html_leaf(&h, "p", NULL, "more than there is room for");
	assert_int_equal(fe_html_check(&h, "the page", &err), FE_ELIMIT);
	fe_buf_reset(&out);
}

static void
html_cuts_after_characters_and_says_so(void **state)
{
	struct fe_buf out;
	struct fe_html h;

	(void)state;
	fe_buf_init(&out, MAX_BYTES);
	fe_html_init(&h, &out);
	fe_html_cut(&h, FE_STR("\xc3\xa4\xc3\xb6\xc3\xbc"), 2);
	fe_html_cut(&h, FE_STR("&&"), 2);
	assert_string_equal(fe_buf_text(&out), "\xc3\xa4\xc3\xb6\xe2\x80\xa6&amp;&amp;");
	fe_buf_reset(&out);
}

static void
assert_grouped(const char *digits, const char *expected)
{
	struct fe_buf out;

	fe_buf_init(&out, MAX_BYTES);
	fe_buf_add_grouped(&out, fe_str_of(digits));
	assert_string_equal(fe_buf_text(&out), expected);
	fe_buf_reset(&out);
}

static void
numbers_are_grouped_and_other_texts_left(void **state)
{
	(void)state;
	assert_grouped("0", "0");
	assert_grouped("999", "999");
	assert_grouped("1000", "1,000");
	assert_grouped("-1234567.8900", "-1,234,567.8900");
	assert_grouped("123456789012345678901234567890", "123,456,789,012,345,678,901,234,567,890");
	assert_grouped("", "");
	assert_grouped("-", "-");
	assert_grouped(".5", ".5");
	assert_grouped("1234x", "1234x");
	assert_grouped("1234.5e3", "1234.5e3");
	assert_grouped("12:3000", "12:3000");
}

/* ---- charts ---- */

static void
assert_has(const struct fe_buf *out, const char *text)
{
	if (!strstr(fe_buf_text(out), text))
		fail_msg("no '%s' in:\n%s", text, fe_buf_text(out));
}

static void
bars_show_what_is_small_beside_what_is_large(void **state)
{
	const struct fe_chart_bar bars[] = { { UINT64_MAX, { 0 } }, { 1, { 0 } }, { 0, { 0 } }, { UINT64_MAX / 2, { 0 } } };
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out;
	struct fe_html h;

	(void)state;
	fe_buf_init(&out, MAX_BYTES);
	fe_html_init(&h, &out);
	fe_chart_bars(&h, FE_STR("a <label>"), bars, 4);
	assert_int_equal(fe_html_check(&h, "the chart", &err), FE_OK);
	assert_has(&out, "viewBox=\"0 0 39 100\"");
	assert_has(&out, "role=\"img\" aria-label=\"a &lt;label&gt;\"");
	assert_has(&out, "<rect x=\"0\" y=\"0\" width=\"9\" height=\"100\">");
	assert_has(&out, "<rect x=\"10\" y=\"98\" width=\"9\" height=\"2\">");
	assert_has(&out, "<rect x=\"30\" y=\"51\" width=\"9\" height=\"49\">");
	assert_null(strstr(fe_buf_text(&out), "x=\"20\""));
	fe_buf_reset(&out);
}

static void
parts_stay_within_the_whole(void **state)
{
	const struct fe_chart_part parts[] = { { 999999, "kept" }, { 1, "gone" } };
	struct fe_buf out;
	struct fe_html h;

	(void)state;
	fe_buf_init(&out, MAX_BYTES);
	fe_html_init(&h, &out);
	fe_chart_parts(&h, (struct fe_str){ 0 }, 1000000, parts, 2);
	assert_has(&out, "aria-hidden=\"true\"");
	assert_has(&out, "<rect class=\"kept\" x=\"0\" y=\"0\" width=\"999\" height=\"10\">");
	assert_has(&out, "<rect class=\"gone\" x=\"996\" y=\"0\" width=\"4\" height=\"10\">");
	fe_buf_reset(&out);
}

static void
a_line_breaks_where_a_value_is_not_known(void **state)
{
	const struct fe_chart_point points[] = { { 0, true }, { 50, true }, { 7, false }, { 100, true }, { 25, true } };
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out;
	struct fe_html h;

	(void)state;
	fe_buf_init(&out, MAX_BYTES);
	fe_html_init(&h, &out);
	fe_chart_line(&h, FE_STR("x"), points, 5, 0);
	assert_int_equal(fe_html_check(&h, "the chart", &err), FE_OK);
	assert_has(&out, "d=\"M0 100L250 50M750 0L1000 75\"");
	assert_has(&out, "d=\"M1000 75h0\"");
	fe_buf_reset(&out);
}

static void
charts_of_nothing_are_empty_and_whole(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out;
	struct fe_html h;

	(void)state;
	fe_buf_init(&out, MAX_BYTES);
	fe_html_init(&h, &out);
	fe_chart_bars(&h, FE_STR("x"), NULL, 0);
	fe_chart_parts(&h, FE_STR("x"), 0, NULL, 0);
	fe_chart_line(&h, FE_STR("x"), NULL, 0, 0);
	assert_int_equal(fe_html_check(&h, "the charts", &err), FE_OK);
	assert_null(strstr(fe_buf_text(&out), "<rect"));
	assert_null(strstr(fe_buf_text(&out), "<path"));
	fe_buf_reset(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(html_escapes_markup_in_text),
		cmocka_unit_test(html_shows_control_characters),
		cmocka_unit_test(html_shows_what_turns_or_hides_writing),
		cmocka_unit_test(html_keeps_letters_of_all_writings),
		cmocka_unit_test(html_shows_bytes_that_are_no_utf8),
		cmocka_unit_test(html_escapes_attributes),
		cmocka_unit_test(html_tells_elements_that_do_not_match),
		cmocka_unit_test(html_tells_an_attribute_outside_of_a_tag),
		cmocka_unit_test(html_refuses_nesting_without_end),
		cmocka_unit_test(html_that_does_not_fit_is_an_error),
		cmocka_unit_test(html_cuts_after_characters_and_says_so),
		cmocka_unit_test(numbers_are_grouped_and_other_texts_left),
		cmocka_unit_test(bars_show_what_is_small_beside_what_is_large),
		cmocka_unit_test(parts_stay_within_the_whole),
		cmocka_unit_test(a_line_breaks_where_a_value_is_not_known),
		cmocka_unit_test(charts_of_nothing_are_empty_and_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

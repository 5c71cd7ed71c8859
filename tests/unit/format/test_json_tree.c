// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "format/json_tree.h"

static struct fe_arena arena;

static int
tear_down(void **state)
{
	(void)state;
	fe_arena_free(&arena);
	return 0;
}

static const struct fe_json_value *
parse(const char *text)
{
	const struct fe_json_value *v;
	struct fe_err err = FE_ERR_INIT;

	if (fe_json_parse(fe_str_of(text), &arena, &v, &err))
		fail_msg("%s: %s", text, err.text);
	return v;
}

static void
assert_refused(struct fe_str text, enum fe_rc rc, uint64_t line, uint64_t column, const char *says)
{
	const struct fe_json_value *v;
	struct fe_err err = FE_ERR_INIT;

	assert_int_equal(fe_json_parse(text, &arena, &v, &err), rc);
	assert_null(v);
	if (!strstr(err.text, says))
		fail_msg("'%.*s': '%s' does not say '%s'", FE_STR_ARGS(text), err.text, says);
	assert_int_equal(err.line, line);
	assert_int_equal(err.column, column);
}

static void
assert_text(struct fe_str s, const char *text)
{
	assert_int_equal(s.n, strlen(text));
	assert_memory_equal(s.p, text, s.n);
}

static void
values_of_every_kind_are_read(void **state)
{
	const struct fe_json_value *v = parse(" { \"a\" : [1, -0.50e+2, true, false, null, \"x\", {}, []] ,\n\"b\":\"\" } ");
	const struct fe_json_value *e = fe_json_get(v, "a")->first;
	(void)state;

	assert_true(fe_json_is(v, FE_JSON_OBJECT) && v->n_children == 2);
	assert_int_equal(fe_json_get(v, "a")->n_children, 8);
	assert_text(e->text, "1");
	assert_text(e->next->text, "-0.50e+2");
	e = e->next->next;
	assert_true(fe_json_is(e, FE_JSON_BOOL) && e->is_true);
	e = e->next;
	assert_true(fe_json_is(e, FE_JSON_BOOL) && !e->is_true);
	e = e->next;
	assert_true(fe_json_is(e, FE_JSON_NULL));
	e = e->next;
	assert_text(e->text, "x");
	e = e->next;
	assert_true(fe_json_is(e, FE_JSON_OBJECT) && !e->first);
	e = e->next;
	assert_true(fe_json_is(e, FE_JSON_ARRAY) && !e->first && !e->next);
	assert_int_equal(fe_json_get(v, "b")->text.n, 0);
	assert_null(fe_json_get(v, "c"));
	assert_null(fe_json_get(fe_json_get(v, "c"), "d"));
}

static void
raw_is_the_value_as_it_stands(void **state)
{
	const struct fe_json_value *v = parse("{\"a\": [1, {\"b\" :2}] , \"c\": \"\\u0041\"}");
	(void)state;

	assert_text(v->raw, "{\"a\": [1, {\"b\" :2}] , \"c\": \"\\u0041\"}");
	assert_text(fe_json_get(v, "a")->raw, "[1, {\"b\" :2}]");
	assert_text(fe_json_get(v, "c")->raw, "\"\\u0041\"");
	assert_text(fe_json_get(v, "c")->text, "A");
}

static void
numbers_stay_as_they_are_written(void **state)
{
	static const char *const numbers[] = { "0", "-0", "9007199254740993", "18446744073709551616",
		                               "1e400", "0.10000000000000000000000001", "-1.5E-7" };
	(void)state;

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		assert_text(parse(numbers[i])->text, numbers[i]);
}

static void
escapes_mean_their_characters(void **state)
{
	(void)state;
	assert_text(parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"")->text, "\"\\/\b\f\n\r\t");
	assert_text(parse("\"\\u00e9 \\u20AC \\uD83D\\uDE00\"")->text, "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
	assert_text(parse("\"\xc3\xa9\\n\"")->text, "\xc3\xa9\n");
	assert_text(parse("\"\\uFFFF\"")->text, "\xef\xbf\xbf");
	assert_text(fe_json_get(parse("{\"\\u0061\": \"k\"}"), "a")->text, "k");
}

static void
what_is_no_json_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text;
		uint64_t line, column;
		const char *says;
	} cases[] = {
		{ "", 1, 1, "ends where a value" },
		{ " \n ", 2, 2, "ends where a value" },
		{ "[1,]", 1, 4, "']' stands where a value" },
		{ "[1 2]", 1, 4, "',' or ']'" },
		{ "[1", 1, 3, "ends where ',' or ']'" },
		{ "{\"a\":1,}", 1, 8, "a key in double quotes" },
		{ "{a:1}", 1, 2, "a key in double quotes" },
		{ "{\"a\" 1}", 1, 6, "':'" },
		{ "{\"a\":1 \"b\":2}", 1, 8, "',' or '}'" },
		{ "{\"a\":1,\n \"b\":2, \"a\":3}", 1, 1, "'a' twice" },
		{ "{} {}", 1, 4, "the end of the text" },
		{ "[1]]", 1, 4, "the end of the text" },
		{ "nul", 1, 1, "a value" },
		{ "nulls", 1, 5, "the end of the text" },
		{ "NaN", 1, 1, "a value" },
		{ "-Infinity", 1, 2, "a digit" },
		{ "+1", 1, 1, "a value" },
		{ "01", 1, 2, "the end of the text" },
		{ ".5", 1, 1, "a value" },
		{ "5.", 1, 3, "a digit" },
		{ "1e", 1, 3, "a digit" },
		{ "// x\n1", 1, 1, "a value" },
		{ "'a'", 1, 1, "a value" },
		{ "\"a", 1, 1, "does not end" },
		{ "\"a\\", 1, 1, "does not end" },
		{ "\"a\nb\"", 1, 3, "control character" },
		{ "\"\\x\"", 1, 2, "no escape" },
		{ "\"\\u12g4\"", 1, 2, "no character" },
		{ "\"\\u0000\"", 1, 2, "no character" },
		{ "\"\\uD800\"", 1, 2, "no character" },
		{ "\"\\uD800\\u0041\"", 1, 2, "no character" },
		{ "\"\\uDC00\"", 1, 2, "no character" },
		{ "[\"a\xff\"]", 1, 4, "no UTF-8" },
		{ "\"\xed\xa0\x80\"", 1, 2, "no UTF-8" },
		{ "\xef\xbb\xbf{}", 1, 1, "a value" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_refused(fe_str_of(cases[i].text), FE_EDATA, cases[i].line, cases[i].column, cases[i].says);
	assert_refused((struct fe_str){ 0 }, FE_EDATA, 1, 1, "ends where a value");
	assert_refused((struct fe_str){ "1\0", 2 }, FE_EDATA, 1, 2, "the end of the text");
	assert_refused((struct fe_str){ "\"a\0b\"", 5 }, FE_EDATA, 1, 3, "control character");
}

/* n times a, then b, then n times c. */
static struct fe_str
repeat(struct fe_buf *b, size_t n, const char *a, const char *middle, const char *c)
{
	fe_buf_clear(b);
	for (size_t i = 0; i < n; i++)
		fe_buf_add_text(b, a);
	fe_buf_add_text(b, middle);
	for (size_t i = 0; i < n; i++)
		fe_buf_add_text(b, c);
	return fe_buf_str(b);
}

static void
limits_hold_at_their_edge(void **state)
{
	const struct fe_json_value *v;
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf b;
	(void)state;

	fe_buf_init(&b, 1 << 24);
	assert_int_equal(fe_json_parse(repeat(&b, FE_JSON_MAX_DEPTH, "[", "", "]"), &arena, &v, &err), FE_OK);
	assert_refused(repeat(&b, FE_JSON_MAX_DEPTH + 1, "[", "", "]"), FE_ELIMIT, 1, FE_JSON_MAX_DEPTH + 1, "nested");
	assert_refused(repeat(&b, 100000, "[", "", ""), FE_ELIMIT, 1, FE_JSON_MAX_DEPTH + 1, "nested");
	assert_int_equal(fe_json_parse(repeat(&b, FE_JSON_MAX_NUMBER_BYTES - 1, "1", "1", ""), &arena, &v, &err), FE_OK);
	assert_refused(repeat(&b, FE_JSON_MAX_NUMBER_BYTES, "1", "1", ""), FE_ELIMIT, 1, 1, "digits");
	fe_buf_clear(&b);
	fe_buf_add_char(&b, '"');
	for (size_t i = 0; i < FE_JSON_MAX_STRING_BYTES; i++)
		fe_buf_add_char(&b, 'x');
	fe_buf_add_char(&b, '"');
	assert_int_equal(fe_json_parse(fe_buf_str(&b), &arena, &v, &err), FE_OK);
	b.p[b.n_bytes - 1] = 'x';
	fe_buf_add_char(&b, '"');
	assert_refused(fe_buf_str(&b), FE_ELIMIT, 1, 2, "too long");
	fe_buf_reset(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(values_of_every_kind_are_read, tear_down),
		cmocka_unit_test_teardown(raw_is_the_value_as_it_stands, tear_down),
		cmocka_unit_test_teardown(numbers_stay_as_they_are_written, tear_down),
		cmocka_unit_test_teardown(escapes_mean_their_characters, tear_down),
		cmocka_unit_test_teardown(what_is_no_json_is_refused_with_its_place, tear_down),
		cmocka_unit_test_teardown(limits_hold_at_their_edge, tear_down),
	};
	return cmocka_run_group_tests_name("json_tree", tests, NULL, NULL);
}

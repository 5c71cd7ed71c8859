// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "io/json_texts.h"

static const char *const names[] = { "a", "b" };

static void
members_are_found_among_others(void **state)
{
	static const struct { const char *json, *a, *b; } cases[] = {
		{ "{}", NULL, NULL },
		{ " {\"a\" : \"x\", \"b\":12.50e3}\n", "x", "12.50e3" },
		{ "{\"c\":{\"a\":[1,\"]\",{}]},\"a\":\"\\u00e9\\ud83d\\ude00\\n\\\"\",\"b\":null}", "\xc3\xa9\xf0\x9f\x98\x80\n\"", NULL },
		{ "{\"a\":true,\"b\":\"\"}", "true", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fe_arena arena = { 0 };
		char *out[2];
		assert_int_equal(fe_json_texts(fe_str_of(cases[i].json), names, out, 2, &arena, NULL), FE_OK);
		assert_int_equal(out[0] != NULL, cases[i].a != NULL);
		assert_int_equal(out[1] != NULL, cases[i].b != NULL);
		if (out[0])
			assert_string_equal(out[0], cases[i].a);
		if (out[1])
			assert_string_equal(out[1], cases[i].b);
		fe_arena_free(&arena);
	}
}

static void
what_is_no_object_is_refused(void **state)
{
	static const char *const bad[] = { "", "[]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1}x", "{\"a\":\"\\u0000\"}",
		                           "{\"a\":\"\\ud800\"}", "{\"a\":\"x\",\"a\":\"y\"}", "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}",
		                           "{\"c\":[}}", "{\"c\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "{a:1}", "{\"a\":\"x}" };
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct fe_arena arena = { 0 };
		char *out[2];
		if (fe_json_texts(fe_str_of(bad[i]), names, out, 2, &arena, NULL) != FE_EDATA)
			fail_msg("taken: %s", bad[i]);
		fe_arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_among_others),
		cmocka_unit_test(what_is_no_object_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/regex.h"

static enum fe_rc
find(const char *pattern, unsigned options, struct fe_str text, bool *found, struct fe_str *groups, size_t n_groups)
{
	struct fe_regex_space *space = fe_regex_space_new();
	struct fe_regex *r;
	enum fe_rc rc;

	assert_int_equal(fe_regex_new(&r, fe_str_of(pattern), options, NULL), FE_OK);
	rc = fe_regex_find(r, space, text, groups, n_groups, found, NULL);
	fe_regex_free(r);
	fe_regex_space_free(space);
	return rc;
}

static bool
is_found(const char *pattern, unsigned options, const char *text)
{
	bool found;

	assert_int_equal(find(pattern, options, fe_str_of(text), &found, NULL, 0), FE_OK);
	return found;
}

static void
regex_is_searched_anywhere_unless_anchored(void **state)
{
	(void)state;
	assert_true(is_found("b+", 0, "abbc"));
	assert_false(is_found("x", 0, "abbc"));
	assert_false(is_found("b+", FE_REGEX_ANCHORED, "abbc"));
	assert_true(is_found("", 0, ""));
}

static void
regex_knows_unicode_when_asked(void **state)
{
	(void)state;
	assert_false(is_found("^\\w+$", 0, "Zoë"));
	assert_true(is_found("^\\w+$", FE_REGEX_UNICODE, "Zoë"));
	assert_true(is_found("^...$", 0, "Zoë"));
	assert_true(is_found("ZOË", FE_REGEX_CASELESS, "zoë"));
}

static void
regex_ends_before_a_last_line_end(void **state)
{
	(void)state;
	assert_true(is_found("^a$", 0, "a\n"));
	assert_false(is_found("^a$", 0, "a\r\n"));
	assert_false(is_found("^a\\z", 0, "a\n"));
	assert_false(is_found("(?m)\\n^\\z", 0, "a\n"));
	assert_true(is_found("(?m)\\n^\\z", FE_REGEX_MULTILINE_END, "a\n"));
}

static void
regex_tells_what_its_groups_took(void **state)
{
	struct fe_str groups[4];
	bool found;

	(void)state;
	assert_int_equal(find("(a)|(b)(c?)", 0, FE_STR("xb"), &found, groups, 4), FE_OK);
	assert_true(found);
	assert_true(fe_str_is(groups[0], "b"));
	assert_null(groups[1].p);
	assert_true(fe_str_is(groups[2], "b"));
	assert_non_null(groups[3].p);
	assert_int_equal(groups[3].n, 0);
}

static void
regex_that_is_none_names_the_place(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_regex *r;

	(void)state;
	assert_int_equal(fe_regex_new(&r, FE_STR("ab("), 0, &err), FE_EUSAGE);
	assert_non_null(strstr(err.text, "after 3 bytes"));
	assert_int_equal(fe_regex_new(&r, FE_STR("\\C"), 0, &err), FE_EUSAGE);
}

static void
regex_gives_up_on_a_hostile_text(void **state)
{
	struct fe_str text = FE_STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
	bool found;

	(void)state;
	assert_int_equal(find("^(a+)+$", 0, text, &found, NULL, 0), FE_ELIMIT);
}

static void
regex_refuses_bytes_that_are_no_text(void **state)
{
	bool found;

	(void)state;
	assert_int_equal(find("a", 0, FE_STR("\xff" "a"), &found, NULL, 0), FE_ELIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regex_is_searched_anywhere_unless_anchored),
		cmocka_unit_test(regex_knows_unicode_when_asked),
		cmocka_unit_test(regex_ends_before_a_last_line_end),
		cmocka_unit_test(regex_tells_what_its_groups_took),
		cmocka_unit_test(regex_that_is_none_names_the_place),
		cmocka_unit_test(regex_gives_up_on_a_hostile_text),
		cmocka_unit_test(regex_refuses_bytes_that_are_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

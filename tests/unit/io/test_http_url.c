// SPDX-License-Identifier: Apache-2.0
/* URLs: encoded, added to, shown without secrets; and the Link header. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "io/http_head.h"
#include "io/http_link.h"

static struct fe_buf buf;

static int
open_buf(void **state)
{
	(void)state;
	fe_buf_init(&buf, 65536);
	return 0;
}

static int
close_buf(void **state)
{
	(void)state;
	fe_buf_reset(&buf);
	return 0;
}

static void
encoding_leaves_only_unreserved_characters(void **state)
{
	(void)state;
	fe_url_encode(&buf, FE_STR("aZ09-._~ /?&=+%:@\"\xc3\xa9\n"), false);
	assert_string_equal(fe_buf_text(&buf), "aZ09-._~%20%2F%3F%26%3D%2B%25%3A%40%22%C3%A9%0A");
	fe_buf_clear(&buf);
	fe_url_encode(&buf, FE_STR("a/b c\0d"), true);
	assert_string_equal(fe_buf_text(&buf), "a/b%20c%00d");
}

static void
query_is_added_where_it_belongs(void **state)
{
	static const char *const cases[][2] = {
		{ "https://h/p", "https://h/p?k=a%26b" }, { "https://h/p?x=1", "https://h/p?x=1&k=a%26b" },
		{ "https://h/p?", "https://h/p?k=a%26b" }, { "https://h/p?x=1&", "https://h/p?x=1&k=a%26b" },
		{ "https://h/p#f", "https://h/p?k=a%26b" }, { "https://h/p?x=1#f?y", "https://h/p?x=1&k=a%26b" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fe_buf_clear(&buf);
		fe_buf_add_text(&buf, cases[i][0]);
		fe_url_add_query(&buf, FE_STR("k"), FE_STR("a&b"));
		assert_string_equal(fe_buf_text(&buf), cases[i][1]);
	}
}

static void
shown_urls_have_no_secrets(void **state)
{
	static const char *const cases[][2] = {
		{ "https://h/p", "https://h/p" }, { "https://h:8443/p/q", "https://h:8443/p/q" }, { "", "" },
		{ "https://user:pass@h/p", "https://h/p" }, { "https://user@h", "https://h" },
		{ "https://a@b:p@ss@h/p@q", "https://h/p@q" }, { "https://h/p?key=s&x=", "https://h/p?key=***&x=***" },
		{ "https://h/p?token", "https://h/p?***" }, { "https://h/p?a=1;b=2", "https://h/p?a=***;b=***" },
		{ "https://h?a=b=c", "https://h?a=***" }, { "https://h/p?a=1#frag=s", "https://h/p?a=***" },
		{ "https://h/p#s3cret", "https://h/p" }, { "https://h/p?a=1&&b=2", "https://h/p?a=***&&b=***" },
		{ "https:///user:pass@h/p", "https:///h/p" }, { "https:/user:pass@h/p", "https:/h/p" },
		{ "user:pass@h/p?a=1", "h/p?a=***" }, { "//user:pass@h/p", "h/p" }, { "/p?a=b", "/p?a=***" },
		{ "https://u:pa/ss@h/p", "https://***" }, { "https://u:p?x@h/p", "https://***" }, { "https://[::1]:80/p", "https://[::1]:80/p" },
		{ "https://u:p@[::1]/p", "https://[::1]/p" }, { "https://h:/p", "https://h:/p" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fe_buf_clear(&buf);
		fe_url_show(&buf, fe_str_of(cases[i][0]));
		assert_string_equal(fe_buf_text(&buf), cases[i][1]);
	}
}

static void
what_is_hidden_is_shown_by_its_name_however_it_is_encoded(void **state)
{
	static const struct fe_net_hidden hidden[] = { { "s3+cret", "${A}" }, { "s3+cret/more", "${B}" }, { "v1", "${V}" }, { "a%2Fb", "${C}" } };
	static const struct fe_net_settings net = { .hidden = hidden, .n_hidden = 4 };
	static const char *const cases[][2] = {
		{ "https://h/bots3+cret/get", "https://h/bot${A}/get" }, { "https://h/s3%2Bcret/s3%2bcret?s3+cret=s3+cret", "https://h/${A}/${A}?${A}=***" },
		{ "https://h/s3+cret/more", "https://h/${B}" }, { "https://v1/v1/v2", "https://v1/${V}/v2" }, { "/s3+cret", "/${A}" },
		{ "https://h/s3+cre", "https://h/s3+cre" }, { "https://h/a%2Fb", "https://h/${C}" }, { "https://h/a%2fb", "https://h/${C}" },
		{ "https://h/s3%2", "https://h/s3%2" },
		{ "https://u:p@s3+cret/", "https://s3+cret/" }, { "", "" }, { "https://h", "https://h" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fe_buf_clear(&buf);
		fe_url_show_for(&buf, fe_str_of(cases[i][0]), &net);
		assert_string_equal(fe_buf_text(&buf), cases[i][1]);
	}
	fe_buf_clear(&buf);
	fe_url_show_for(&buf, FE_STR("https://h/v1?a=b"), NULL);
	assert_string_equal(fe_buf_text(&buf), "https://h/v1?a=***");
}

static void
targets_are_resolved_and_their_origin_is_told(void **state)
{
	static const struct { const char *target, *whole; bool is_same; } cases[] = {
		{ "?page=2", "https://h.example/a/b?page=2", true }, { "c", "https://h.example/a/c", true },
		{ "/c?x=1", "https://h.example/c?x=1", true }, { "../c", "https://h.example/c", true },
		{ "https://h.example:443/z", "https://h.example/z", true },
		{ "https://H.EXAMPLE/z", "https://H.EXAMPLE/z", true }, { "//other.example/z", "https://other.example/z", false },
		{ "http://h.example/z", "http://h.example/z", false }, { "https://h.example:8443/z", "https://h.example:8443/z", false },
	};
	bool is_same;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fe_buf_clear(&buf);
		assert_int_equal(fe_url_resolve(&buf, "https://h.example/a/b?page=1", fe_str_of(cases[i].target), &is_same, NULL), FE_OK);
		assert_string_equal(fe_buf_text(&buf), cases[i].whole);
		assert_int_equal(is_same, cases[i].is_same);
	}
	assert_int_equal(fe_url_resolve(&buf, "https://h.example/a", FE_STR("https://[::1/"), &is_same, NULL), FE_EDATA);
	assert_int_equal(fe_url_resolve(&buf, "no url", FE_STR("/a"), &is_same, NULL), FE_EDATA);
}

static void
header_lists_own_their_texts_and_find_in_any_case(void **state)
{
	struct fe_http_headers h = { 0 };
	char name[] = "X-One", value[] = "1";
	(void)state;
	fe_http_headers_add(&h, name, value);
	fe_http_headers_add(&h, "x-one", "2");
	name[0] = value[0] = '?';
	assert_string_equal(fe_http_headers_get(&h, "X-ONE"), "1");
	assert_null(fe_http_headers_get(&h, "X-On"));
	fe_http_headers_reset(&h);
	fe_http_headers_reset(&h);
	assert_null(fe_http_headers_get(&h, "X-One"));
}

static void
link_is_found_by_its_relation(void **state)
{
	static const char *const cases[][2] = {
		{ "<https://a/2>; rel=\"next\"", "https://a/2" },
		{ "<https://a/2>;rel=next", "https://a/2" },
		{ "<https://a/2> ; REL = \"Prev NEXT\"", "https://a/2" },
		{ "<https://a/1>; rel=\"prev\", <https://a/3>; rel=\"next\"", "https://a/3" },
		{ "<https://a/a,b;c>; title=\"x, <y>; rel=\\\"next\\\"\"; rel=next", "https://a/a,b;c" },
		{ ", ,<?page=2>; rel=next,,", "?page=2" },
		{ "<https://a/2>; rel=\"nextish\"", NULL },
		{ "<https://a/2>; rel=\"prev\"; rel=\"next\"", NULL },
		{ "<https://a/2>; rel=next; anchor=\"#x\"", NULL },
		{ "<https://a/2>", NULL }, { "", NULL }, { "<https://a/2>; title=next", NULL },
		{ "<>; rel=next", "" }, { "<https://a/2>; rel=next; x", "https://a/2" },
	};
	struct fe_str found;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(fe_http_link_find(fe_str_of(cases[i][0]), "next", &found, NULL), FE_OK);
		if (!cases[i][1])
			assert_null(found.p);
		else if (!found.p || !fe_str_is(found, cases[i][1]))
			fail_msg("in %s there was %.*s", cases[i][0], FE_STR_ARGS(found));
	}
}

static void
link_that_cannot_be_read_is_no_last_page(void **state)
{
	static const char *const bad[] = { "https://a/2; rel=next", "<https://a/2; rel=next", "<a>; rel=\"next", "<a>; rel=next <b>",
		                           "<a> <b>; rel=next", "x" };
	struct fe_str found;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (fe_http_link_find(fe_str_of(bad[i]), "next", &found, NULL) != FE_EDATA)
			fail_msg("'%s' is taken", bad[i]);
		assert_null(found.p);
	}
}

static void
link_headers_agree_or_are_refused(void **state)
{
	struct fe_http_headers h = { 0 };
	struct fe_str found;
	(void)state;
	assert_int_equal(fe_http_link_of(&h, "next", &found, NULL), FE_OK);
	assert_null(found.p);
	fe_http_headers_add(&h, "link", "<a>; rel=prev");
	fe_http_headers_add(&h, "Link", "<b>; rel=next");
	fe_http_headers_add(&h, "Link", "<b>; rel=\"next last\"");
	assert_int_equal(fe_http_link_of(&h, "next", &found, NULL), FE_OK);
	assert_true(fe_str_is(found, "b"));
	fe_http_headers_add(&h, "Link", "<c>; rel=next");
	assert_int_equal(fe_http_link_of(&h, "next", &found, NULL), FE_EDATA);
	fe_http_headers_reset(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(encoding_leaves_only_unreserved_characters, open_buf, close_buf),
		cmocka_unit_test_setup_teardown(query_is_added_where_it_belongs, open_buf, close_buf),
		cmocka_unit_test_setup_teardown(shown_urls_have_no_secrets, open_buf, close_buf),
		cmocka_unit_test_setup_teardown(what_is_hidden_is_shown_by_its_name_however_it_is_encoded, open_buf, close_buf),
		cmocka_unit_test_setup_teardown(targets_are_resolved_and_their_origin_is_told, open_buf, close_buf),
		cmocka_unit_test(header_lists_own_their_texts_and_find_in_any_case),
		cmocka_unit_test(link_is_found_by_its_relation),
		cmocka_unit_test(link_that_cannot_be_read_is_no_last_page),
		cmocka_unit_test(link_headers_agree_or_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

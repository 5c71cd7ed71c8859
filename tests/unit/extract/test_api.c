// SPDX-License-Identifier: Apache-2.0
/* tests/unit/extract/test_api.c - the requests of pages, and which page comes next */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "extract/api_pager.h"

#define URL "https://api.example/v1/orders"

static struct fe_api_settings
settings_of(enum fe_api_paging paging)
{
	return (struct fe_api_settings){
		.method = "GET", .paging = paging, .next = "next", .param = "p", .size_param = "n", .page_size = 2,
		.first_page = paging == FE_PAGING_PAGE ? 1 : 0,
	};
}

/* ---- requests ---- */

static void
assert_request(const struct fe_source_settings *set, const struct fe_api_place *place, const char *url, const char *body)
{
	struct fe_api_request r;
	struct fe_err err = FE_ERR_INIT;

	assert_int_equal(fe_api_request_make(&r, set, place, &err), FE_OK);
	assert_string_equal(r.http.url, url);
	if (body)
		assert_string_equal(fe_buf_text(&r.body), body);
	else
		assert_null(r.http.body.p);
	fe_api_request_reset(&r);
}

static void
a_query_is_encoded_and_filled_with_the_window(void **state)
{
	const struct fe_api_pair query[] = {
		{ "a b", "x&y=z/\xc3\xa9" }, { "since", FE_TEMPLATE_SINCE }, { "range", FE_TEMPLATE_SINCE ".." FE_TEMPLATE_UNTIL },
	};
	struct fe_api_settings api = settings_of(FE_PAGING_NONE);
	struct fe_source_settings set = { .location = URL "?v=1", .api = &api };
	struct fe_api_place place = { 0 };
	(void)state;
	api.page_size = 0;
	api.query = query;
	api.n_query = 3;
	assert_request(&set, &place, URL "?v=1&a%20b=x%26y%3Dz%2F%C3%A9", NULL);
	set.window.since = "2026-01-01 10:00+02:00";
	assert_request(&set, &place, URL "?v=1&a%20b=x%26y%3Dz%2F%C3%A9&since=2026-01-01%2010%3A00%2B02%3A00", NULL);
	set.window.until = "9";
	set.window.since = "7";
	assert_request(&set, &place, URL "?v=1&a%20b=x%26y%3Dz%2F%C3%A9&since=7&range=7..9", NULL);
}

static void
a_page_is_asked_for_by_what_it_is_counted_by(void **state)
{
	struct fe_api_settings api = settings_of(FE_PAGING_OFFSET);
	struct fe_source_settings set = { .location = URL, .api = &api };
	struct fe_api_place place = { .number = 3, .n_records = 5 };
	(void)state;
	assert_request(&set, &place, URL "?p=5&n=2", NULL);
	api = settings_of(FE_PAGING_PAGE);
	assert_request(&set, &place, URL "?p=4&n=2", NULL);
	api = settings_of(FE_PAGING_CURSOR);
	place.cursor = "a+b=";
	assert_request(&set, &place, URL "?p=a%2Bb%3D&n=2", NULL);
	api = settings_of(FE_PAGING_NEXT_URL);
	place.url = URL "?token=x";
	assert_request(&set, &place, URL "?token=x", NULL);
}

static void
a_post_has_its_page_in_the_body(void **state)
{
	struct fe_api_settings api = settings_of(FE_PAGING_CURSOR);
	struct fe_source_settings set = { .location = URL, .api = &api, .window.since = "7" };
	struct fe_api_place place = { 0 };
	(void)state;
	api.method = "POST";
	assert_request(&set, &place, URL, "{\"n\":2}");
	api.body = " { \"since\": \"" FE_TEMPLATE_SINCE "\" }";
	place.cursor = "say \"hi\"";
	assert_request(&set, &place, URL, "{\"p\":\"say \\\"hi\\\"\",\"n\":2,\"since\": \"7\" }");
	api.paging = FE_PAGING_NONE;
	api.page_size = 0;
	place.cursor = NULL;
	assert_request(&set, &place, URL, "{\"since\": \"7\" }");
}

static void
a_window_in_the_url_or_the_body_stays_a_value(void **state)
{
	struct fe_api_settings api = settings_of(FE_PAGING_NONE);
	struct fe_source_settings set = { .location = URL "/{x}?since=" FE_TEMPLATE_SINCE "&v=1", .api = &api };
	struct fe_api_place place = { 0 };
	(void)state;
	api.page_size = 0;
	set.window.since = "2026-01-01 10:00+02:00&v=2#";
	assert_request(&set, &place, URL "/{x}?since=2026-01-01%2010%3A00%2B02%3A00%26v%3D2%23&v=1", NULL);
	api.method = "POST";
	set.location = URL;
	api.body = "{\"since\": \"" FE_TEMPLATE_SINCE "\"}";
	set.window.since = "7\", \"all\": \"\\\n";
	assert_request(&set, &place, URL, "{\"since\": \"7\\\", \\\"all\\\": \\\"\\\\\\n\"}");
}

static void
a_key_in_the_query_goes_with_every_page(void **state)
{
	struct fe_api_settings api = settings_of(FE_PAGING_NEXT_URL);
	struct fe_source_settings set = { .location = URL, .api = &api };
	struct fe_api_place place = { 0 };
	(void)state;
	api.page_size = 0;
	api.auth = FE_AUTH_API_KEY;
	api.secrets.query = "key";
	api.secrets.token = "s3/cret";
	assert_request(&set, &place, URL "?key=s3%2Fcret", NULL);
	place.url = URL "?page=2";
	assert_request(&set, &place, URL "?page=2&key=s3%2Fcret", NULL);
	place.url = URL "?key=s3%2Fcret&page=2";
	assert_request(&set, &place, URL "?key=s3%2Fcret&page=2", NULL);
}

/* ---- pages ---- */

struct pages {
	struct fe_api_settings api;
	struct fe_source_settings set;
	struct fe_api_pager *pager;
	struct fe_http_headers headers;
	struct fe_err err;
	uint64_t n_bodies;
	bool has_ended;
};

static void
begin(struct pages *p, enum fe_api_paging paging)
{
	*p = (struct pages){ .api = settings_of(paging), .set.location = URL };
	p->set.api = &p->api;
	p->pager = fe_api_pager_new(&p->set);
}

static void
end(struct pages *p)
{
	fe_api_pager_free(p->pager);
	fe_http_headers_reset(&p->headers);
}

/* A page with n records of its own. */
static enum fe_rc
step(struct pages *p, uint64_t n_records, const char *next, const char *total)
{
	char records[32];
	(void)snprintf(records, sizeof records, "records %llu", (unsigned long long)p->n_bodies++);
	const struct fe_api_page_facts facts = {
		.headers = &p->headers, .n_records = n_records, .records = fe_str_of(records),
		.next = next ? fe_str_of(next) : (struct fe_str){ 0 }, .total = total ? fe_str_of(total) : (struct fe_str){ 0 },
	};
	return fe_api_pager_step(p->pager, &facts, &p->has_ended, &p->err);
}

static const struct fe_api_place *
place(const struct pages *p)
{
	return fe_api_pager_place(p->pager);
}

static void
cursors_go_on_until_none_is_named(void **state)
{
	struct pages p;
	(void)state;
	begin(&p, FE_PAGING_CURSOR);
	assert_null(place(&p)->cursor);
	assert_int_equal(step(&p, 2, "c1", NULL), FE_OK);
	assert_false(p.has_ended);
	assert_string_equal(place(&p)->cursor, "c1");
	assert_int_equal(step(&p, 0, "c2", NULL), FE_OK); /* empty in the middle */
	assert_false(p.has_ended);
	assert_int_equal(step(&p, 0, "c3", NULL), FE_OK);
	assert_int_equal(step(&p, 1, "", NULL), FE_OK);
	assert_true(p.has_ended);
	end(&p);
}

static void
urls_are_resolved_and_stay_on_their_host(void **state)
{
	struct pages p;
	(void)state;
	begin(&p, FE_PAGING_NEXT_URL);
	assert_int_equal(step(&p, 2, "?page=2", NULL), FE_OK);
	assert_string_equal(place(&p)->url, URL "?page=2");
	assert_int_equal(step(&p, 2, "/v2/orders?page=3", NULL), FE_OK);
	assert_string_equal(place(&p)->url, "https://api.example/v2/orders?page=3");
	assert_int_equal(step(&p, 2, "https://API.example:443/v1/orders?page=4", NULL), FE_OK);
	assert_int_equal(step(&p, 2, "https://evil.example/v1/orders?page=5", NULL), FE_EDENIED);
	end(&p);
	begin(&p, FE_PAGING_NEXT_URL);
	assert_int_equal(step(&p, 2, "http://api.example/v1/orders?page=2", NULL), FE_EDENIED);
	end(&p);
	begin(&p, FE_PAGING_NEXT_URL);
	assert_int_equal(step(&p, 2, "https://api.example:8443/v1/orders?page=2", NULL), FE_EDENIED);
	end(&p);
}

static void
a_link_header_names_the_next_page(void **state)
{
	struct pages p;
	(void)state;
	begin(&p, FE_PAGING_LINK);
	fe_http_headers_add(&p.headers, "Link", "<" URL "?page=2>; rel=\"next\", <" URL "?page=9>; rel=\"last\"");
	assert_int_equal(step(&p, 2, NULL, NULL), FE_OK);
	assert_string_equal(place(&p)->url, URL "?page=2");
	fe_http_headers_reset(&p.headers);
	assert_int_equal(step(&p, 2, NULL, NULL), FE_OK);
	assert_true(p.has_ended);
	end(&p);
}

static void
circles_are_found(void **state)
{
	struct pages p;
	(void)state;
	begin(&p, FE_PAGING_CURSOR);
	assert_int_equal(step(&p, 1, "a", NULL), FE_OK);
	assert_int_equal(step(&p, 1, "b", NULL), FE_OK);
	assert_int_equal(step(&p, 1, "a", NULL), FE_EDATA);
	end(&p);
	begin(&p, FE_PAGING_PAGE);
	assert_int_equal(step(&p, 2, NULL, NULL), FE_OK);
	p.n_bodies = 0; /* the same records again */
	assert_int_equal(step(&p, 2, NULL, NULL), FE_EDATA);
	assert_non_null(strstr(p.err.text, "same"));
	end(&p);
}

static void
counted_pages_go_on_until_one_is_empty(void **state)
{
	struct pages p;
	(void)state;
	begin(&p, FE_PAGING_OFFSET);
	assert_int_equal(step(&p, 1, NULL, NULL), FE_OK); /* fewer than asked for: a server caps them */
	assert_false(p.has_ended);
	assert_int_equal(place(&p)->n_records, 1);
	assert_int_equal(step(&p, 2, NULL, NULL), FE_OK);
	assert_int_equal(place(&p)->n_records, 3);
	assert_int_equal(step(&p, 0, NULL, NULL), FE_OK);
	assert_true(p.has_ended);
	end(&p);
}

static void
a_list_that_shrinks_while_it_is_counted_is_an_error(void **state)
{
	struct pages p;
	(void)state;
	begin(&p, FE_PAGING_OFFSET);
	assert_int_equal(step(&p, 2, NULL, "7"), FE_OK);
	assert_int_equal(step(&p, 2, NULL, "8"), FE_OK); /* it may grow */
	assert_int_equal(step(&p, 2, NULL, "7"), FE_EUNAVAIL);
	assert_non_null(strstr(p.err.text, "from 8 to 7"));
	end(&p);
	begin(&p, FE_PAGING_CURSOR); /* not by position */
	assert_int_equal(step(&p, 2, "a", "7"), FE_OK);
	assert_int_equal(step(&p, 2, NULL, "4"), FE_OK);
	assert_true(p.has_ended);
	end(&p);
}

static void
a_total_ends_counting_and_must_be_met(void **state)
{
	struct pages p;
	(void)state;
	begin(&p, FE_PAGING_PAGE);
	assert_int_equal(step(&p, 2, NULL, "3"), FE_OK);
	assert_false(p.has_ended);
	assert_int_equal(step(&p, 1, NULL, "3"), FE_OK);
	assert_true(p.has_ended);
	end(&p);
	begin(&p, FE_PAGING_PAGE); /* one was lost */
	assert_int_equal(step(&p, 2, NULL, "3"), FE_OK);
	assert_int_equal(step(&p, 0, NULL, "3"), FE_EUNAVAIL);
	assert_non_null(strstr(p.err.text, "3 records and gave 2"));
	end(&p);
	begin(&p, FE_PAGING_CURSOR); /* one came twice */
	assert_int_equal(step(&p, 2, "a", "3"), FE_OK);
	assert_int_equal(step(&p, 2, NULL, "3"), FE_EUNAVAIL);
	end(&p);
	begin(&p, FE_PAGING_NONE);
	assert_int_equal(step(&p, 2, NULL, "many"), FE_EDATA);
	end(&p);
}

static void
a_total_that_was_told_holds_though_the_last_page_is_silent(void **state)
{
	struct pages p;
	(void)state;
	begin(&p, FE_PAGING_PAGE);
	assert_int_equal(step(&p, 2, NULL, "4"), FE_OK);
	assert_int_equal(step(&p, 0, NULL, NULL), FE_EUNAVAIL);
	assert_non_null(strstr(p.err.text, "4 records and gave 2"));
	end(&p);
	begin(&p, FE_PAGING_CURSOR);
	assert_int_equal(step(&p, 2, "a", "4"), FE_OK);
	assert_int_equal(step(&p, 1, NULL, NULL), FE_EUNAVAIL);
	end(&p);
	begin(&p, FE_PAGING_CURSOR);
	assert_int_equal(step(&p, 2, "a", "3"), FE_OK);
	assert_int_equal(step(&p, 1, NULL, NULL), FE_OK);
	end(&p);
}

static void
a_total_that_is_never_told_is_an_error(void **state)
{
	struct pages p;
	(void)state;
	begin(&p, FE_PAGING_CURSOR);
	p.api.total = "meta.count";
	assert_int_equal(step(&p, 2, "a", NULL), FE_OK);
	assert_int_equal(step(&p, 1, NULL, NULL), FE_EDATA);
	assert_non_null(strstr(p.err.text, "meta.count"));
	end(&p);
	begin(&p, FE_PAGING_NONE); /* of nothing there may be none */
	p.api.total = "meta.count";
	assert_int_equal(step(&p, 0, NULL, NULL), FE_OK);
	end(&p);
}

static void
more_pages_than_allowed_are_an_error(void **state)
{
	struct pages p;
	(void)state;
	begin(&p, FE_PAGING_OFFSET);
	p.api.max_pages = 2;
	assert_int_equal(step(&p, 2, NULL, NULL), FE_OK);
	assert_int_equal(step(&p, 2, NULL, NULL), FE_ELIMIT);
	end(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_is_encoded_and_filled_with_the_window),
		cmocka_unit_test(a_page_is_asked_for_by_what_it_is_counted_by),
		cmocka_unit_test(a_post_has_its_page_in_the_body),
		cmocka_unit_test(a_window_in_the_url_or_the_body_stays_a_value),
		cmocka_unit_test(a_key_in_the_query_goes_with_every_page),
		cmocka_unit_test(cursors_go_on_until_none_is_named),
		cmocka_unit_test(urls_are_resolved_and_stay_on_their_host),
		cmocka_unit_test(a_link_header_names_the_next_page),
		cmocka_unit_test(circles_are_found),
		cmocka_unit_test(counted_pages_go_on_until_one_is_empty),
		cmocka_unit_test(a_list_that_shrinks_while_it_is_counted_is_an_error),
		cmocka_unit_test(a_total_ends_counting_and_must_be_met),
		cmocka_unit_test(a_total_that_was_told_holds_though_the_last_page_is_silent),
		cmocka_unit_test(a_total_that_is_never_told_is_an_error),
		cmocka_unit_test(more_pages_than_allowed_are_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

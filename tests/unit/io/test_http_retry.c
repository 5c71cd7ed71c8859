// SPDX-License-Identifier: Apache-2.0
/* What statuses mean, how long is waited, and what Retry-After may say. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "io/http_retry.h"

#define NOW_US INT64_C(784111777000000) /* Sun, 06 Nov 1994 08:49:37 GMT */

static void
statuses_mean_what_the_table_says(void **state)
{
	static const long again[] = { 408, 425, 429, 500, 502, 503, 504 };
	static const struct { long status; enum fe_rc rc; } given_up[] = {
		{ 400, FE_EDATA }, { 401, FE_EDENIED }, { 403, FE_EDENIED }, { 404, FE_EUSAGE }, { 407, FE_EDENIED },
		{ 409, FE_EDATA }, { 410, FE_EUSAGE }, { 412, FE_EDATA }, { 416, FE_EDATA }, { 422, FE_EDATA },
		{ 451, FE_EDENIED }, { 499, FE_EDATA }, { 501, FE_EUNAVAIL }, { 505, FE_EUNAVAIL }, { 599, FE_EUNAVAIL },
		{ 304, FE_EDATA }, { 300, FE_EDATA }, { 305, FE_EDATA }, { 0, FE_EDATA }, { 199, FE_EDATA }, { 600, FE_EDATA },
	};
	static const long redirects[] = { 301, 302, 303, 307, 308 }, taken[] = { 200, 201, 202, 203, 204, 205, 226 };
	(void)state;
	for (size_t i = 0; i < sizeof again / sizeof again[0]; i++) {
		assert_int_equal(fe_http_meaning_of(again[i], false).fate, FE_HTTP_AGAIN);
		assert_int_equal(fe_http_meaning_of(again[i], false).rc, FE_EUNAVAIL);
	}
	for (size_t i = 0; i < sizeof given_up / sizeof given_up[0]; i++) {
		assert_int_equal(fe_http_meaning_of(given_up[i].status, false).fate, FE_HTTP_GIVE_UP);
		assert_int_equal(fe_http_meaning_of(given_up[i].status, false).rc, given_up[i].rc);
	}
	for (size_t i = 0; i < sizeof redirects / sizeof redirects[0]; i++)
		assert_int_equal(fe_http_meaning_of(redirects[i], false).fate, FE_HTTP_REDIRECT);
	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
		assert_int_equal(fe_http_meaning_of(taken[i], false).fate, FE_HTTP_TAKE);
	assert_int_equal(fe_http_meaning_of(206, false).fate, FE_HTTP_GIVE_UP);
	assert_int_equal(fe_http_meaning_of(206, true).fate, FE_HTTP_TAKE);
}

static void
backoff_doubles_to_its_bound_and_spreads_from_nothing(void **state)
{
	static const int64_t bounds[] = { 200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000 };
	(void)state;
	for (unsigned i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
		assert_int_equal(fe_http_backoff_ms(i + 1, 0), 0);
		assert_int_equal(fe_http_backoff_ms(i + 1, UINT64_MAX), bounds[i]);
		int64_t middle = fe_http_backoff_ms(i + 1, UINT64_MAX / 2);
		assert_true(middle >= bounds[i] / 2 - 1 && middle <= bounds[i] / 2 + 1);
	}
	assert_int_equal(fe_http_backoff_ms(UINT32_MAX, UINT64_MAX), 20000);
}

static void
retry_after_is_read_in_all_its_forms(void **state)
{
	static const struct { const char *text; int64_t ms; } cases[] = {
		{ "0", 0 }, { "120", 120000 }, { " 7 ", 7000 }, { "315360000", INT64_C(315360000000) },
		{ "99999999999999999999999999", INT64_MAX / 1000 },
		{ "Sun, 06 Nov 1994 08:49:47 GMT", 10000 },
		{ "Sunday, 06-Nov-94 08:49:47 GMT", 10000 },
		{ "Sun Nov  6 08:49:47 1994", 10000 },
		{ "Sun Nov 16 08:49:37 1994", 864000000 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 0 }, { "Sat, 05 Nov 1994 08:49:37 GMT", 0 },
		{ "Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(252618189022000) },
	};
	static const char *const bad[] = { "", " ", "-1", "+5", "1.5", "5s", "0x10", "tomorrow", "Sun, 31 Feb 1994 08:49:37 GMT",
		                           "Sun, 06 Nov 1994 08:49:37 CET", "06 Nov", "Sun, 06 Nov 1994",
		                           "Sun, 06 Nov 1994 08:49:37 GMT and much more than any date needs" };
	int64_t ms;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (!fe_http_retry_after_ms(fe_str_of(cases[i].text), NOW_US, &ms))
			fail_msg("'%s' is not read", cases[i].text);
		assert_int_equal(ms, cases[i].ms);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (fe_http_retry_after_ms(fe_str_of(bad[i]), NOW_US, &ms))
			fail_msg("'%s' is read as %lld ms", bad[i], (long long)ms);
	assert_true(fe_http_retry_after_ms(FE_STR("Sun, 06 Nov 1994 08:49:37 GMT"), INT64_MIN + 1, &ms));
}

static void
date_of_http_is_no_number(void **state)
{
	int64_t us;
	(void)state;
	assert_true(fe_http_date(FE_STR("Sun, 06 Nov 1994 08:49:37 GMT"), &us));
	assert_true(us == NOW_US);
	assert_false(fe_http_date(FE_STR("784111777"), &us));
	assert_false(fe_http_date((struct fe_str){ NULL, 0 }, &us));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses_mean_what_the_table_says),
		cmocka_unit_test(backoff_doubles_to_its_bound_and_spreads_from_nothing),
		cmocka_unit_test(date_of_http_is_no_number),
		cmocka_unit_test(retry_after_is_read_in_all_its_forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

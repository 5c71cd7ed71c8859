// SPDX-License-Identifier: Apache-2.0
/* What a webhook is sent, and how much of its URL may be seen. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/mem.h"
#include "notify/webhook.h"

static void
webhook_url_shows_scheme_and_host_only(void **state)
{
	static const struct { const char *url, *shown; } cases[] = {
		{ "https://hooks.example/services/T0/SECRET", "https://hooks.example" },
		{ "https://u:SECRET@hooks.example:8443/x", "https://hooks.example:8443" },
		{ "https://u@SECRET@hooks.example?token=SECRET", "https://hooks.example" },
		{ "https://hooks.example#SECRET", "https://hooks.example" },
		{ "SECRET", "the webhook" },
	};
	struct fe_buf b;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fe_buf_init(&b, 1000);
		fe_webhook_show(cases[i].url, &b);
		assert_string_equal(fe_buf_text(&b), cases[i].shown);
		fe_buf_reset(&b);
	}
}

static void
webhook_text_cannot_speak_slack(void **state)
{
	const struct fe_notice n = { .title = "<!channel> & co", .run_id = "R", .figures = "```<x>", .error = "`a`" };
	struct fe_buf b;

	(void)state;
	fe_buf_init(&b, FE_NOTICE_MAX_BYTES);
	fe_webhook_json(&n, &b);
	assert_non_null(strstr(fe_buf_text(&b), "{\"text\":\"&lt;!channel&gt; &amp; co\",\"blocks\":["));
	assert_non_null(strstr(fe_buf_text(&b), "\"```'''&lt;x&gt;```\""));
	assert_non_null(strstr(fe_buf_text(&b), "\"Why\\n```'a'```\""));
	fe_buf_reset(&b);
}

static void
webhook_sections_stay_within_slacks_bounds(void **state)
{
	char *figures = fe_alloc(20001);
	const struct fe_notice n = { .title = "t", .run_id = "R", .figures = figures };
	struct fe_buf b;

	(void)state;
	memset(figures, '&', 20000);
	fe_buf_init(&b, FE_NOTICE_MAX_BYTES);
	fe_webhook_json(&n, &b);
	const char *code = strstr(fe_buf_text(&b), "```&amp;");
	assert_non_null(code);
	assert_true((size_t)(strstr(code + 3, "```") - code) < 3000);
	fe_buf_reset(&b);
	fe_free(figures);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(webhook_url_shows_scheme_and_host_only),
		cmocka_unit_test(webhook_text_cannot_speak_slack),
		cmocka_unit_test(webhook_sections_stay_within_slacks_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* Connection texts are shown without what must not be seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pipeline/redact.h"

static void
shown_as(const char *url, const char *shown)
{
	struct fe_buf out;
	fe_buf_init(&out, 4096);
	fe_buf_add_redacted_url(&out, url);
	assert_string_equal(fe_buf_text(&out), shown);
	fe_buf_reset(&out);
}

static void
passwords_become_stars(void **state)
{
	(void)state;
	shown_as("postgresql://u:secret@h/db", "postgresql://u:***@h/db");
	shown_as("postgresql://u:se@cr:et@h:5432/db", "postgresql://u:***@h:5432/db");
	shown_as("postgresql://u:@h/db", "postgresql://u:***@h/db");
	shown_as("postgresql://h/db?user=u&password=secret&sslmode=require",
		 "postgresql://h/db?user=u&password=***&sslmode=require");
	shown_as("https://h/a?TOKEN=x&page=2", "https://h/a?TOKEN=***&page=2");
	shown_as("postgresql://u:s@h/db?sslpassword=x", "postgresql://u:***@h/db?sslpassword=***");
}

static void
texts_without_secrets_stay_as_they_are(void **state)
{
	(void)state;
	static const char *const urls[] = { "sqlite:/a/b.db", "files:out", "postgresql://u@h/db", "postgresql://h:5432/db",
					    "postgresql:///db?host=/run", "sqlite:/a@b:c.db", "" };
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
		shown_as(urls[i], urls[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passwords_become_stars),
		cmocka_unit_test(texts_without_secrets_stay_as_they_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

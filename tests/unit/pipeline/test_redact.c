// SPDX-License-Identifier: Apache-2.0
/* Connection texts are shown without what must not be seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
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
	shown_as("postgresql://h/db?password=a&host=h2&sslpassword=b&x=1",
		 "postgresql://h/db?password=***&host=h2&sslpassword=***&x=1");
}

static void
passwords_that_are_not_encoded_as_they_should_be_become_stars(void **state)
{
	(void)state;
	/* libpq takes a '?' before the first '@' for a part of the password */
	shown_as("postgresql://u:a?b=c@h/db?password=x", "postgresql://u:***@h/db?password=***");
	shown_as("postgresql://u:a/b@h/db", "postgresql://u:***@h/db");
	shown_as("postgresql://u:12/3@h/db?x=1", "postgresql://u:***@h/db?x=1");
	shown_as("postgresql://h/db?p%61ssword=secret", "postgresql://h/db?p%61ssword=***");
	shown_as("postgresql://h/db?%70%41ssword=secret&a%zz=1", "postgresql://h/db?%70%41ssword=***&a%zz=1");
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

static void
odbc_secret_is(const char *connection, const char *secret)
{
	struct fe_str found = fe_odbc_secret(connection);
	if (!fe_str_is(found, secret))
		fail_msg("%s: '%.*s'", connection, FE_STR_ARGS(found));
}

static void
passwords_of_connection_strings_are_found(void **state)
{
	(void)state;
	odbc_secret_is("DSN=a;UID=u;PWD=secret", "secret");
	odbc_secret_is("pwd = {se;cr}}et} ;DSN=a", "se;cr}}et");
	odbc_secret_is("DSN={x;PWD=no};Password=${NAME}", "${NAME}");
	odbc_secret_is("DSN=a;PWD={${NAME}}", "${NAME}");
	odbc_secret_is("DSN=a;UID=PWD", "");
	odbc_secret_is("DSN=a;PWD=;x", "");
	odbc_secret_is("PWD", "");
	odbc_secret_is("", "");
}

static void
first_secret_is(const char *url, const char *secret)
{
	struct fe_str s = fe_url_secret(url);
	assert_int_equal(s.n, strlen(secret));
	if (s.n)
		assert_memory_equal(s.p, secret, s.n);
}

static void
the_first_secret_that_has_bytes_is_found(void **state)
{
	(void)state;
	first_secret_is("postgresql://u:secret@h/db?password=other", "secret");
	first_secret_is("postgresql://u:@h/db?password=&sslpassword=z", "z");
	first_secret_is("postgresql://u:@h/db?password=", "");
	first_secret_is("postgresql://u@h:5432/db?passfile=/home/u/.pgpass", "");
	first_secret_is("postgresql:", "");
	first_secret_is("sqlite:/a@b:c.db", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passwords_that_are_not_encoded_as_they_should_be_become_stars),
		cmocka_unit_test(the_first_secret_that_has_bytes_is_found),
		cmocka_unit_test(passwords_of_connection_strings_are_found),
		cmocka_unit_test(passwords_become_stars),
		cmocka_unit_test(texts_without_secrets_stay_as_they_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

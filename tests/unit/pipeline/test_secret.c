// SPDX-License-Identifier: Apache-2.0
/* The user and password of a secret go into a warehouse's URL, and what the URL says itself stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "io/secrets.h"
#include "pipeline/secret.h"

static void
becomes(const char *url, const char *secret, const char *wanted)
{
	struct fe_err err = FE_ERR_INIT;
	char *out;

	assert_int_equal(fe_warehouse_add_secret(url, fe_str_of(secret), &out, &err), FE_OK);
	assert_string_equal(out, wanted);
	fe_free(out);
}

static void
user_and_password_are_the_secrets(void **state)
{
	static const char secret[] = "{\"username\":\"u@x\",\"password\":\"p/w:?#%\",\"host\":\"h\",\"port\":5433,\"dbname\":\"d\"}";

	(void)state;
	becomes("postgresql://db.example.com:5432/books?sslmode=require", secret,
	        "postgresql://u%40x:p%2Fw%3A%3F%23%25@db.example.com:5432/books?sslmode=require");
	becomes("postgres://other:old@db/books", secret, "postgresql://u%40x:p%2Fw%3A%3F%23%25@db/books");
	becomes("postgresql:", secret, "postgresql://u%40x:p%2Fw%3A%3F%23%25@h:5433/d");
	becomes("postgresql://", secret, "postgresql://u%40x:p%2Fw%3A%3F%23%25@h:5433/d");
	becomes("postgresql:///books?host=/a@b", secret, "postgresql://u%40x:p%2Fw%3A%3F%23%25@/books?host=/a@b");
}

static void
a_text_that_is_no_json_is_the_password(void **state)
{
	(void)state;
	becomes("postgresql://loader@db/books", " pass word\n", "postgresql://loader:pass%20word@db/books");
	becomes("postgresql://db/books", "x", "postgresql://:x@db/books");
}

static void
a_secret_without_a_password_is_refused_and_not_quoted(void **state)
{
	static const char *const secrets[] = { "", "  ", "{}", "{\"username\":\"u\"}", "{\"password\":\"\"}", "{\"password\":\"hidden" };
	struct fe_err err = FE_ERR_INIT;
	char *out;

	(void)state;
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
		assert_int_equal(fe_warehouse_add_secret("postgresql://db/books", fe_str_of(secrets[i]), &out, &err), FE_EDATA);
		assert_null(out);
		assert_null(strstr(err.text, "hidden"));
	}
}

static void
arns_of_secrets_are_told_from_others(void **state)
{
	(void)state;
	assert_true(fe_secret_is_arn("arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1-AbCdEf"));
	assert_true(fe_secret_is_arn("arn:aws-cn:ssm:cn-north-1:123456789012:parameter/a/b"));
	assert_false(fe_secret_is_arn("arn:aws:ssm:eu-central-1:123456789012:document/a"));
	assert_false(fe_secret_is_arn("arn:aws:s3:::bucket"));
	assert_false(fe_secret_is_arn("arn:aws:secretsmanager:evil.example.com/:1:secret:x"));
	assert_false(fe_secret_is_arn("arn:aws:secretsmanager:eu-central-1:1:"));
	assert_false(fe_secret_is_arn(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(user_and_password_are_the_secrets),
		cmocka_unit_test(a_text_that_is_no_json_is_the_password),
		cmocka_unit_test(a_secret_without_a_password_is_refused_and_not_quoted),
		cmocka_unit_test(arns_of_secrets_are_told_from_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

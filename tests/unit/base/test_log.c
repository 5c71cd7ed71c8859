// SPDX-License-Identifier: Apache-2.0
/* Log lines: one write, escaped, never in the way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* stderr goes into a pipe while a test logs. */
struct capture {
	int saved, reader;
};

static void
begin(struct capture *c)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	c->reader = ends[0];
	c->saved = dup(STDERR_FILENO);
	assert_true(c->saved >= 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	assert_int_equal(close(ends[1]), 0);
}

static const char *
end(struct capture *c, char out[8192])
{
	ssize_t n;

	assert_true(dup2(c->saved, STDERR_FILENO) >= 0);
	assert_int_equal(close(c->saved), 0);
	n = read(c->reader, out, 8191);
	assert_true(n >= 0);
	assert_int_equal(close(c->reader), 0);
	out[n] = '\0';
	return out;
}

static void
log_text_quotes_and_escapes(void **state)
{
	struct capture c;
	char out[8192];

	(void)state;
	fe_log_set(FE_LOG_INFO, FE_LOG_TEXT);
	begin(&c);
	fe_log(FE_LOG_DEBUG, "not shown", NULL);
	fe_log(FE_LOG_INFO, "read", "rows", "50", "file", "a b.csv", "odd", "x\n\x1b[2J\xc2\x9b\xff", "said", "\"yes\"", "none", "", NULL);
	(void)end(&c, out);
	assert_non_null(strchr(out, '\n'));
	assert_string_equal(strchr(out, 'Z'),
			    "Z info    read rows=50 file=\"a b.csv\" odd=x\\n\\x1b[2J\\u009b\\xff said=\"\\\"yes\\\"\" none=\"\"\n");
}

static void
log_json_is_one_object_a_line(void **state)
{
	struct capture c;
	char out[8192];

	(void)state;
	fe_log_set(FE_LOG_INFO, FE_LOG_JSON);
	begin(&c);
	fe_log(FE_LOG_WARN, "a \"b\"", "k", "v\n", NULL);
	(void)end(&c, out);
	assert_memory_equal(out, "{\"time\":\"2", 10);
	assert_string_equal(strstr(out, ",\"level\""), ",\"level\":\"warning\",\"message\":\"a \\\"b\\\"\",\"k\":\"v\\n\"}\n");
}

static void
log_for_lambda_has_its_keys_and_those_of_the_invocation(void **state)
{
	struct capture c;
	char out[8192];

	(void)state;
	fe_log_set(FE_LOG_INFO, FE_LOG_LAMBDA);
	fe_log_members("\"service\":\"s\",\"cold_start\":true");
	begin(&c);
	fe_log(FE_LOG_WARN, "a", "k", "v", NULL);
	(void)end(&c, out);
	assert_memory_equal(out, "{\"timestamp\":\"2", 15);
	assert_string_equal(strstr(out, ",\"level\""),
			    ",\"level\":\"WARN\",\"message\":\"a\",\"service\":\"s\",\"cold_start\":true,\"k\":\"v\"}\n");
	fe_log_members(NULL);
	begin(&c);
	fe_log(FE_LOG_INFO, "a", NULL);
	(void)end(&c, out);
	assert_string_equal(strstr(out, ",\"level\""), ",\"level\":\"INFO\",\"message\":\"a\"}\n");
	assert_true(fe_log_is_on(FE_LOG_INFO));
	assert_false(fe_log_is_on(FE_LOG_DEBUG));
}

static void
log_keeps_a_line_within_a_pipe_write(void **state)
{
	struct capture c;
	char out[8192], big[3000];

	(void)state;
	memset(big, '\x01', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	fe_log_set(FE_LOG_INFO, FE_LOG_JSON);
	begin(&c);
	fe_log(FE_LOG_ERROR, big, "a", big, "b", big, NULL);
	(void)end(&c, out);
	assert_true(strlen(out) <= 4096);
	assert_string_equal(strstr(out, ",\"cut\""), ",\"cut\":\"true\"}\n");
}

static void
log_does_not_wait_for_a_full_pipe(void **state)
{
	struct capture c;
	char out[8192], fill[4096] = { 0 };

	(void)state;
	begin(&c);
	assert_true(fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4096) >= 0);
	assert_int_equal(write(STDERR_FILENO, fill, sizeof(fill)), sizeof(fill));
	fe_log(FE_LOG_ERROR, "lost", NULL); /* would hang */
	(void)end(&c, out);
	assert_null(strstr(out, "lost"));
}

static void
log_err_tells_all_parts(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct capture c;
	char out[8192];

	(void)state;
	assert_int_equal(fe_fail(&err, FE_EDATA, "unterminated quote"), FE_EDATA);
	fe_err_at(&err, "a.csv", 7, "amount");
	fe_log_set(FE_LOG_INFO, FE_LOG_TEXT);
	begin(&c);
	fe_log_err(&err);
	(void)end(&c, out);
	assert_string_equal(strchr(out, 'Z'), "Z error   unterminated quote code=data object=a.csv record=7 field=amount\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_text_quotes_and_escapes),
		cmocka_unit_test(log_json_is_one_object_a_line),
		cmocka_unit_test(log_for_lambda_has_its_keys_and_those_of_the_invocation),
		cmocka_unit_test(log_keeps_a_line_within_a_pipe_write),
		cmocka_unit_test(log_does_not_wait_for_a_full_pipe),
		cmocka_unit_test(log_err_tells_all_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

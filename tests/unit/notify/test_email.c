// SPDX-License-Identifier: Apache-2.0
/* Mails: addresses, headers, encodings. That a server takes them is for the system tests. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "notify/email.h"

#define NOV_23 INT64_C(1795446442000000) /* 2026-11-23 15:07:22 */

static int64_t fixed_now(void *self) { (void)self; return NOV_23; }
static uint64_t fixed_chance(void *self) { (void)self; return 255; }
static const struct fe_clock fixed = { .now_us = fixed_now, .ticks_us = fixed_now, .chance = fixed_chance };

static const char *const to[] = { "ann@bank.example", "ops@bank.example" };
static const struct fe_email_settings settings = { .from = "etl@bank.example", .to = to, .n_to = 2 };

static void
message_of(struct fe_notice n, struct fe_buf *out)
{
	n.run_id = "01M83S26WXD4900ZGXA2JV1D0P";
	n.figures = n.figures ? n.figures : "";
	fe_buf_init(out, FE_NOTICE_MAX_BYTES);
	fe_email_message(&settings, &n, &fixed, out);
	assert_false(out->failed);
}

static bool
has(const struct fe_buf *b, const char *text)
{
	return strstr(fe_buf_text(b), text) != NULL;
}

static void
mail_has_the_headers_of_rfc_5322(void **state)
{
	struct fe_buf b;

	(void)state;
	message_of((struct fe_notice){ .title = "books: held" }, &b);
	assert_true(has(&b, "Date: Mon, 23 Nov 2026 15:07:22 +0000\r\n"));
	assert_true(has(&b, "From: finetl <etl@bank.example>\r\n"));
	assert_true(has(&b, "To: ann@bank.example,\r\n ops@bank.example\r\n"));
	assert_true(has(&b, "Subject: [finetl] books: held\r\n"));
	assert_true(has(&b, "Message-ID: <finetl.01M83S26WXD4900ZGXA2JV1D0P.00000000000000ff@bank.example>\r\n"));
	assert_true(has(&b, "Auto-Submitted: auto-generated\r\n\r\nbooks: held\r\n"));
	fe_buf_reset(&b);
}

static void
mail_encodes_a_subject_beyond_ascii_in_words_of_whole_characters(void **state)
{
	struct fe_buf b;

	(void)state;
	message_of((struct fe_notice){ .title = "b\xc3\xbc" "cher:  \xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
						"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac" }, &b);
	/* 42 bytes would end inside a sign. */
	assert_true(has(&b, "Subject: =?utf-8?B?W2ZpbmV0bF0gYsO8Y2hlcjogIOKCrOKCrOKCrOKCrOKCrOKCrOKCrA==?=\r\n =?utf-8?B?4oKs4oKs4oKs4oKs?=\r\n"));
	for (const char *p = fe_buf_text(&b); *p; p++)
		assert_true((unsigned char)*p < 0x80);
	fe_buf_reset(&b);
}

static void
mail_body_is_quoted_printable_in_short_lines(void **state)
{
	struct fe_buf b;
	size_t n_line = 0;

	(void)state;
	message_of((struct fe_notice){ .title = "t", .figures = "a=b \nZo\xc3\xab\n"
			"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890\n." }, &b);
	assert_true(has(&b, "\r\n  a=3Db=20\r\n  Zo=C3=AB\r\n"));
	assert_true(has(&b, "=\r\n"));
	for (const char *p = strstr(fe_buf_text(&b), "\r\n\r\n"); *p; p++) {
		n_line = *p == '\n' ? 0 : n_line + 1;
		assert_true(n_line <= 77); /* 76, and CR */
		assert_true(*p != '\n' || p[-1] == '\r');
	}
	fe_buf_reset(&b);
}

static void
mail_cannot_be_given_headers_by_a_title(void **state)
{
	struct fe_buf b;

	(void)state;
	message_of((struct fe_notice){ .title = "x\r\nBcc: eve@evil.example" }, &b);
	assert_false(has(&b, "\nBcc:"));
	assert_true(has(&b, "Subject: [finetl] x\\r\\nBcc"));
	fe_buf_reset(&b);
}

static void
addresses_are_plain_ones(void **state)
{
	static const char *const good[] = { "a@b", "ann.o-neil+etl@bank.example", "x_y@10.0.0.1" };
	static const char *const bad[] = { "", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nc", "<a@b>", "a,b@c", "\"a\"@b", ".a@b",
					   "a..b@c", "a.@c", "a@.c", "a@c.", "Ann <a@b>", "z\xc3\xab@b" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(fe_email_is_address(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(fe_email_is_address(bad[i]));
}

static void
server_and_password_are_checked(void **state)
{
	static const char *const bad[] = { "", "a b", "h:", "h:123456", "h:25/x", "user@h", "smtp://h", "[::1", "h\n" };
	struct fe_smtp_settings s = { .server = "[::1]:2525" };

	(void)state;
	assert_int_equal(fe_smtp_check(&s, NULL), FE_OK);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		s.server = bad[i];
		assert_int_equal(fe_smtp_check(&s, NULL), FE_EUSAGE);
	}
	s = (struct fe_smtp_settings){ .server = "h", .user = "u", .password = "p", .tls = FE_SMTP_NO_TLS };
	assert_int_equal(fe_smtp_check(&s, NULL), FE_EUSAGE);
	s.tls = FE_SMTP_TLS;
	assert_int_equal(fe_smtp_check(&s, NULL), FE_OK);
	s.password = NULL;
	assert_int_equal(fe_smtp_check(&s, NULL), FE_EUSAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_has_the_headers_of_rfc_5322),
		cmocka_unit_test(mail_encodes_a_subject_beyond_ascii_in_words_of_whole_characters),
		cmocka_unit_test(mail_body_is_quoted_printable_in_short_lines),
		cmocka_unit_test(mail_cannot_be_given_headers_by_a_title),
		cmocka_unit_test(addresses_are_plain_ones),
		cmocka_unit_test(server_and_password_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* notify/email.h - a notice as a mail
 *
 * A message of RFC 5322 in plain text: seven-bit, UTF-8 as quoted-printable, a subject beyond ASCII as
 * encoded words (RFC 2047), and Auto-Submitted, so that no machine answers it. One mail to all recipients.
 */
#ifndef FE_NOTIFY_EMAIL_H
#define FE_NOTIFY_EMAIL_H

#include "base/clock.h"
#include "io/smtp.h"
#include "notify/notice.h"

struct fe_email_settings {
	struct fe_smtp_settings smtp;
	const char *from;
	const char *const *to;
	size_t n_to;
};

/* local@domain in ASCII, without quotes, comments and whatever could end a header. */
bool fe_email_is_address(const char *text);
void fe_email_message(const struct fe_email_settings *set, const struct fe_notice *n, const struct fe_clock *clock,
                      struct fe_buf *out);
FE_MUST_USE enum fe_rc fe_email_send(const struct fe_email_settings *set, const struct fe_notice *n,
                                     const struct fe_clock *clock, struct fe_err *err);

#endif

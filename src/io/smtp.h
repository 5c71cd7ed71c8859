// SPDX-License-Identifier: Apache-2.0
/* io/smtp.h - handing a message to a mail server
 *
 * libcurl is the transport. TLS, with certificate and name verified, unless told to do
 * without; and no password without TLS. A recipient that the server refuses does not keep the message
 * from the others; it is an error where it refuses all.
 *
 *   Stop       a stop that was requested ends it within 250 ms: FE_ECANCEL
 *   Failure    FE_EUSAGE: a setting is wrong; FE_EDENIED: the server does not prove who it is, or
 *              does not take user, sender or recipients; FE_EUNAVAIL: all else. No text of an
 *              error has a password in it.
 */
#ifndef FE_IO_SMTP_H
#define FE_IO_SMTP_H

#include "base/err.h"
#include "base/str.h"

enum fe_smtp_tls {
	FE_SMTP_STARTTLS, /* begins in the clear and must go on with TLS */
	FE_SMTP_TLS,      /* from the first byte */
	FE_SMTP_NO_TLS,
};

struct fe_smtp_settings {
	const char *server;         /* HOST or HOST:PORT; else port 587, of TLS 465, without TLS 25 */
	enum fe_smtp_tls tls;
	const char *user, *password; /* NULL: none */
	const char *ca_file;        /* NULL: the system's */
	int64_t timeout_ms;         /* of all of it */
};

struct fe_smtp_mail {
	const char *from;
	const char *const *to;
	size_t n_to;
	struct fe_str message;      /* headers and body, lines ended by CRLF */
};

FE_MUST_USE enum fe_rc fe_smtp_check(const struct fe_smtp_settings *set, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_smtp_send(const struct fe_smtp_settings *set, const struct fe_smtp_mail *mail,
                                    struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* io/smtp.c - see io/smtp.h
 *
 * The transfer lives in a multi handle of its own, so that a stop is noticed while the server
 * is silent.
 */
#include "io/smtp.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/stop.h"
#include "io/http_private.h"

#define MAX_URL_BYTES 1024

struct sending {
	CURL *easy;
	CURLM *multi;
	CURLcode code;       /* of the first option that failed, then of the transfer */
	bool is_added, is_ended;
	struct curl_slist *to;
	struct fe_str rest;  /* of the message */
	char text[CURL_ERROR_SIZE];
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '.' || c == '-' || c == '_';
}

/* HOST, [ADDRESS of IPv6] or either with :PORT, and nothing that could mean more in a URL. */
static bool
is_server(const char *s)
{
	size_t n_port = 0;

	if (*s == '[') {
		s++;
		while (is_host_byte(*s) || *s == ':')
			s++;
		if (*s++ != ']')
			return false;
	} else {
		if (!is_host_byte(*s))
			return false;
		while (is_host_byte(*s))
			s++;
	}
	if (*s == '\0')
		return true;
	if (*s++ != ':')
		return false;
	while (is_digit(s[n_port]))
		n_port++;
	return n_port >= 1 && n_port <= 5 && s[n_port] == '\0';
}

enum fe_rc
fe_smtp_check(const struct fe_smtp_settings *set, struct fe_err *err)
{
	if (!is_server(set->server))
		return fe_fail(err, FE_EUSAGE, "'%s' is no mail server: HOST or HOST:PORT", set->server);
	if (!set->user != !set->password)
		return fe_fail(err, FE_EUSAGE, "a mail server takes both a user and a password, or none");
	if (set->password && set->tls == FE_SMTP_NO_TLS)
		return fe_fail(err, FE_EUSAGE, "a password is not sent to a mail server without TLS");
	return FE_OK;
}

static size_t
on_read(char *out, size_t size, size_t n, void *user)
{
	struct sending *s = user;
	size_t room = size * n;
	size_t taken = s->rest.n < room ? s->rest.n : room;

	if (taken)
		memcpy(out, s->rest.p, taken);
	s->rest = (struct fe_str){ s->rest.p + taken, s->rest.n - taken };
	return taken;
}

static void
set_number(struct sending *s, CURLoption option, long value)
{
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, option, value);
}

static void
set_pointer(struct sending *s, CURLoption option, const void *value)
{
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, option, value);
}

static void
set_server(struct sending *s, const struct fe_smtp_settings *set)
{
	static const char *const ports[] = { [FE_SMTP_STARTTLS] = ":587", [FE_SMTP_TLS] = ":465", [FE_SMTP_NO_TLS] = ":25" };
	const char *address_end = strchr(set->server, ']');
	bool has_port = strchr(address_end ? address_end : set->server, ':') != NULL;
	char url[MAX_URL_BYTES];

	(void)snprintf(url, sizeof(url), "%s://%s%s", set->tls == FE_SMTP_TLS ? "smtps" : "smtp", set->server,
		       has_port ? "" : ports[set->tls]);
	set_pointer(s, CURLOPT_URL, url); /* copied */
	set_pointer(s, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	set_pointer(s, CURLOPT_PROXY, "");
	set_number(s, CURLOPT_NETRC, CURL_NETRC_IGNORED);
	set_number(s, CURLOPT_FORBID_REUSE, 1); /* so that QUIT, which libcurl waits for, counts among the time there is */
	set_number(s, CURLOPT_USE_SSL, set->tls == FE_SMTP_NO_TLS ? CURLUSESSL_NONE : CURLUSESSL_ALL);
	set_number(s, CURLOPT_SSL_VERIFYPEER, 1);
	set_number(s, CURLOPT_SSL_VERIFYHOST, 2);
	set_number(s, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	if (set->ca_file) {
		set_pointer(s, CURLOPT_CAINFO, set->ca_file);
		set_pointer(s, CURLOPT_CAPATH, NULL); /* that file, and nobody else */
	} else if (getenv("SSL_CERT_FILE")) {
		set_pointer(s, CURLOPT_CAINFO, getenv("SSL_CERT_FILE"));
	}
	if (set->user) {
		set_pointer(s, CURLOPT_USERNAME, set->user);
		set_pointer(s, CURLOPT_PASSWORD, set->password);
	}
}

static void
set_mail(struct sending *s, const struct fe_smtp_mail *mail)
{
	for (size_t i = 0; i < mail->n_to; i++) {
		struct curl_slist *grown = curl_slist_append(s->to, mail->to[i]);
		FE_ASSERT(grown);
		s->to = grown;
	}
	s->rest = mail->message;
	set_pointer(s, CURLOPT_MAIL_FROM, mail->from);
	set_pointer(s, CURLOPT_MAIL_RCPT, s->to);
	set_number(s, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1); /* curl's own spelling */
	set_number(s, CURLOPT_UPLOAD, 1);
	set_pointer(s, CURLOPT_READDATA, s);
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, CURLOPT_READFUNCTION, on_read);
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->message.n);
}

static enum fe_rc
begin(struct sending *s, const struct fe_smtp_settings *set, const struct fe_smtp_mail *mail, struct fe_err *err)
{
	FE_TRY(fe_http_curl_init(err));
	s->easy = curl_easy_init();
	s->multi = curl_multi_init();
	FE_ASSERT(s->easy && s->multi);
	set_number(s, CURLOPT_NOSIGNAL, 1);
	set_number(s, CURLOPT_QUICK_EXIT, 1); /* a name that is being resolved is not waited for after a stop */
	set_number(s, CURLOPT_TIMEOUT_MS, set->timeout_ms > LONG_MAX ? LONG_MAX : (long)set->timeout_ms);
	set_pointer(s, CURLOPT_ERRORBUFFER, s->text);
	set_server(s, set);
	set_mail(s, mail);
	if (s->code != CURLE_OK)
		return fe_fail(err, FE_EBUG, "libcurl refuses an option: %s", curl_easy_strerror(s->code));
	s->is_added = curl_multi_add_handle(s->multi, s->easy) == CURLM_OK;
	return s->is_added ? FE_OK : fe_fail(err, FE_EBUG, "libcurl does not take a transfer");
}

static enum fe_rc
drive(struct sending *s, struct fe_err *err)
{
	int n_running = 1, n_fds, n_left;
	CURLMsg *m;

	while (n_running) {
		FE_TRY(fe_stop_check(err));
		if (curl_multi_perform(s->multi, &n_running) != CURLM_OK)
			return fe_fail(err, FE_EBUG, "libcurl cannot go on");
		if (n_running && curl_multi_poll(s->multi, NULL, 0, FE_HTTP_POLL_MS, &n_fds) != CURLM_OK)
			return fe_fail(err, FE_EBUG, "libcurl cannot wait");
	}
	while ((m = curl_multi_info_read(s->multi, &n_left)) != NULL) {
		s->is_ended = m->msg == CURLMSG_DONE;
		s->code = m->data.result;
	}
	return s->is_ended ? FE_OK : fe_fail(err, FE_EBUG, "libcurl lost a transfer");
}

static const struct { CURLcode code; enum fe_rc rc; const char *what; } codes[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, FE_EUNAVAIL, "the host's name is not found" },
	{ CURLE_COULDNT_CONNECT, FE_EUNAVAIL, "no connection" },
	{ CURLE_OPERATION_TIMEDOUT, FE_EUNAVAIL, "it took too long" },
	{ CURLE_LOGIN_DENIED, FE_EDENIED, "the server does not take this user and password" },
	{ CURLE_USE_SSL_FAILED, FE_EDENIED, "the server offers no TLS (tls: none does without)" },
	{ CURLE_SSL_CONNECT_ERROR, FE_EDENIED, "no TLS with this server" },
	{ CURLE_PEER_FAILED_VERIFICATION, FE_EDENIED, "the server does not prove that it is this host" },
	{ CURLE_SSL_CACERT_BADFILE, FE_EUSAGE, "the file of certificate authorities cannot be read" },
	{ CURLE_REMOTE_ACCESS_DENIED, FE_EDENIED, "the server refuses the mail" },
	{ CURLE_URL_MALFORMAT, FE_EUSAGE, "this is no mail server" },
};

static enum fe_rc
fail_of(struct sending *s, struct fe_err *err)
{
	const char *why = s->text[0] ? s->text : curl_easy_strerror(s->code);
	enum fe_rc rc = FE_EUNAVAIL;
	const char *what = "the server did not take the mail";
	long status = 0;

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		if (codes[i].code == s->code) {
			rc = codes[i].rc;
			what = codes[i].what;
		}
	}
	if (curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
		status = 0;
	if (status >= 500 && rc == FE_EUNAVAIL) /* for good, as RFC 5321 has it */
		rc = FE_EDENIED;
	rc = fe_fail(err, rc, "%s: %s", what, why);
	if (status)
		(void)snprintf(err->foreign, sizeof(err->foreign), "%ld", status);
	return rc;
}

static void
end(struct sending *s)
{
	/* Else libcurl says QUIT even to a server that is silent, and waits. */
	if (s->is_added && !s->is_ended)
		(void)curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, 1L);
	if (s->is_added)
		(void)curl_multi_remove_handle(s->multi, s->easy);
	curl_easy_cleanup(s->easy);
	if (s->multi)
		(void)curl_multi_cleanup(s->multi);
	curl_slist_free_all(s->to);
}

enum fe_rc
fe_smtp_send(const struct fe_smtp_settings *set, const struct fe_smtp_mail *mail, struct fe_err *err)
{
	struct sending s = { .code = CURLE_OK };
	struct fe_err why = FE_ERR_INIT;
	enum fe_rc rc = fe_smtp_check(set, &why);

	if (rc == FE_OK)
		rc = begin(&s, set, mail, &why);
	if (rc == FE_OK)
		rc = drive(&s, &why);
	if (rc == FE_OK && s.code != CURLE_OK)
		rc = fail_of(&s, &why);
	end(&s);
	if (rc)
		fe_err_at(&why, set->server, 0, NULL);
	if (rc && err)
		*err = why;
	return rc;
}

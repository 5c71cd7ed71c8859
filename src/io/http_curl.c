// SPDX-License-Identifier: Apache-2.0
/* io/http_curl.c - libcurl: how a transfer is set up, and what its codes mean
 *
 * HTTP/1.1, one request at a time on a connection: what a broken answer looks like is
 * then simple to say. Decoding, redirects, retries and proxies are not libcurl's here; TLS,
 * names, connections and chunks are.
 */
#include <limits.h>
#include <stdlib.h>
#include <threads.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/http_private.h"

#define CONNECTION_MAX_AGE_S 300

/* libcurl's own global state, which it wants to be made once in a process. The flag guards that and
 * nothing of ours: no result depends on who came first, or whether anybody did. */
static once_flag curl_once = ONCE_FLAG_INIT;

static void
init_once(void)
{
	/* Else whoever sets it can read all TLS traffic of this process from a file. */
	if (getenv("SSLKEYLOGFILE"))
		(void)unsetenv("SSLKEYLOGFILE");
	FE_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

enum fe_rc
fe_http_curl_init(struct fe_err *err)
{
	FE_TRY(fe_curl_open(err));
	call_once(&curl_once, init_once);
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
	if (!(v->features & CURL_VERSION_SSL))
		return fe_fail(err, FE_EUSAGE, "this machine's libcurl has no TLS: install one that has");
	return FE_OK;
}

/* The address is known only here, after names are resolved, and this socket goes to just it. */
static curl_socket_t
on_socket(void *user, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct fe_http_transfer *t = user;
	const char *special = fe_address_special(&a->addr);
	bool is_proxy = t->proxy != NULL;
	(void)purpose;
	if (special && !t->http->net.allow_private && !is_proxy) {
		fe_address_text(&a->addr, t->refused);
		t->refused_as = special;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static size_t
on_header(char *p, size_t size, size_t n, void *user)
{
	struct fe_http_transfer *t = user;
	struct fe_http_head *head = &t->head;
	bool was_whole = head->is_whole;
	n *= size;
	t->rc = fe_http_head_line(head, (struct fe_str){ p, n }, &t->err);
	if (t->rc)
		return 0;
	if (!head->is_whole || was_whole || head->status < 200)
		return n;
	/* What is no success is judged first, whole, and may be tried again. */
	bool is_stream = t->ask.is_stream && fe_http_meaning_of(head->status, t->ask.is_range).fate == FE_HTTP_TAKE;
	char *scheme = NULL;
	bool is_tls = curl_easy_getinfo(t->easy, CURLINFO_SCHEME, &scheme) == CURLE_OK && scheme &&
	              fe_text_casecmp_ascii(fe_str_of(scheme), FE_STR("https")) == 0;
	const struct fe_http_body_limits limits = {
		.max_bytes = is_stream ? UINT64_MAX : t->http->net.max_body_bytes,
		.max_ratio = t->http->net.max_ratio,
		.keep_packed = is_stream,
		.has_none = strcmp(t->ask.method, "HEAD") == 0,
		.end_is_safe = is_tls || t->ask.ignores_body,
	};
	t->rc = fe_http_body_begin(&t->framing, head, &limits, &t->err);
	t->has_begun = t->rc == FE_OK;
	t->is_streaming = is_stream;
	return t->rc == FE_OK ? n : 0;
}

static size_t
on_body(char *p, size_t size, size_t n, void *user)
{
	struct fe_http_transfer *t = user;
	n *= size;
	if (!t->has_begun) {
		t->rc = fe_fail(&t->err, FE_EDATA, "the server's answer has a body before its headers end");
		return CURL_WRITEFUNC_ERROR;
	}
	if (!t->is_streaming) {
		t->rc = fe_http_body_add(&t->framing, (struct fe_str){ p, n }, &t->body, &t->err);
		return t->rc ? CURL_WRITEFUNC_ERROR : n;
	}
	if (t->ahead.n_bytes > t->ahead_used && n > FE_HTTP_STREAM_AHEAD_BYTES - (t->ahead.n_bytes - t->ahead_used)) {
		t->is_paused = true;
		return CURL_WRITEFUNC_PAUSE; /* and is called with the same bytes again */
	}
	t->rc = fe_http_body_pass(&t->framing, n, &t->err);
	if (t->rc)
		return CURL_WRITEFUNC_ERROR;
	fe_buf_add(&t->ahead, p, n);
	FE_ASSERT(!t->ahead.failed);
	return n;
}

/* libcurl drops what follows the promised length, and (7.88) takes a TLS connection that breaks for
 * one that ends: both are seen here. An alert of TLS is two bytes, the second of close_notify is 0;
 * all else that comes by SSL_DATA_IN has other lengths. */
static int
on_debug(CURL *easy, curl_infotype type, char *p, size_t n, void *user)
{
	struct fe_http_transfer *t = user;
	(void)easy;
	if (type == CURLINFO_DATA_IN)
		t->n_raw_bytes += n;
	if (type == CURLINFO_SSL_DATA_IN && n == 2 && p[1] == 0)
		t->has_goodbye = true;
	return 0;
}

/* Options that have failed are remembered, and asked for once. */
struct setup { CURL *easy; CURLcode code; };

static void
set_number(struct setup *s, CURLoption option, long value)
{
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, option, value);
}

static void
set_pointer(struct setup *s, CURLoption option, const void *value)
{
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, option, value);
}

static long
as_long(int64_t v)
{
	return v > LONG_MAX ? LONG_MAX : (long)v;
}

static void
set_limits(struct setup *s, const struct fe_http_transfer *t)
{
	const struct fe_net_settings *net = &t->http->net;
	set_number(s, CURLOPT_NOSIGNAL, 1);
	set_number(s, CURLOPT_CONNECTTIMEOUT_MS, as_long(net->connect_timeout_ms));
	if (!t->ask.is_stream && !net->waits_forever)
		set_number(s, CURLOPT_TIMEOUT_MS, as_long(net->total_timeout_ms));
	if (!net->waits_forever) {
		set_number(s, CURLOPT_LOW_SPEED_LIMIT, net->low_speed_bytes > LONG_MAX ? LONG_MAX : (long)net->low_speed_bytes);
		set_number(s, CURLOPT_LOW_SPEED_TIME, as_long((net->low_speed_ms + 999) / 1000));
	}
	set_number(s, CURLOPT_MAXLIFETIME_CONN, CONNECTION_MAX_AGE_S);
	set_number(s, CURLOPT_QUICK_EXIT, 1); /* a name that is being resolved is not waited for after a stop */
	set_number(s, CURLOPT_TCP_KEEPALIVE, 1); /* a server that thinks for long is not forgotten on the way */
	set_number(s, CURLOPT_BUFFERSIZE, 128 * 1024);
}

static void
set_safety(struct setup *s, const struct fe_http_transfer *t)
{
	const struct fe_net_settings *net = &t->http->net;
	set_pointer(s, CURLOPT_PROTOCOLS_STR, net->allow_http ? "http,https" : "https");
	set_pointer(s, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	set_number(s, CURLOPT_FOLLOWLOCATION, 0);
	set_number(s, CURLOPT_MAXREDIRS, 0);
	set_number(s, CURLOPT_NETRC, CURL_NETRC_IGNORED);
	set_pointer(s, CURLOPT_PROXY, t->proxy ? t->proxy : "");
	set_pointer(s, CURLOPT_NOPROXY, "");
	set_number(s, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
	set_number(s, CURLOPT_SSL_VERIFYPEER, 1);
	set_number(s, CURLOPT_SSL_VERIFYHOST, 2);
	set_number(s, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	set_number(s, CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	set_number(s, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	set_number(s, CURLOPT_HTTP_CONTENT_DECODING, 0);
	if (net->ca_file) {
		set_pointer(s, CURLOPT_CAINFO, net->ca_file);
		set_pointer(s, CURLOPT_CAPATH, NULL); /* that file, and nobody else */
	}
	if (net->crl_file)
		set_pointer(s, CURLOPT_CRLFILE, net->crl_file);
}

static void
set_request(struct setup *s, struct fe_http_transfer *t)
{
	const struct fe_http_ask *ask = &t->ask;
	set_pointer(s, CURLOPT_CURLU, ask->url);
	set_pointer(s, CURLOPT_HTTPHEADER, t->sent);
	set_pointer(s, CURLOPT_USERAGENT, "finetl/" FE_VERSION);
	if (strcmp(ask->method, "HEAD") == 0) {
		set_number(s, CURLOPT_NOBODY, 1);
	} else if (ask->has_body || strcmp(ask->method, "POST") == 0 || strcmp(ask->method, "PUT") == 0) {
		const struct fe_str body = ask->has_body ? ask->req->body : (struct fe_str){ "", 0 };
		set_number(s, CURLOPT_POST, 1);
		set_pointer(s, CURLOPT_POSTFIELDS, body.p ? body.p : "");
		if (s->code == CURLE_OK)
			s->code = curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
		set_pointer(s, CURLOPT_CUSTOMREQUEST, ask->method);
	} else {
		set_number(s, CURLOPT_HTTPGET, 1);
		set_pointer(s, CURLOPT_CUSTOMREQUEST, ask->method);
	}
}

static void
set_callbacks(struct setup *s, struct fe_http_transfer *t)
{
	set_pointer(s, CURLOPT_PRIVATE, t);
	set_pointer(s, CURLOPT_ERRORBUFFER, t->curl_text);
	set_pointer(s, CURLOPT_HEADERDATA, t);
	set_pointer(s, CURLOPT_WRITEDATA, t);
	set_pointer(s, CURLOPT_OPENSOCKETDATA, t);
	set_pointer(s, CURLOPT_DEBUGDATA, t);
	set_number(s, CURLOPT_VERBOSE, 1);
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, on_header);
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_body);
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, CURLOPT_DEBUGFUNCTION, on_debug);
}

enum fe_rc
fe_http_curl_setup(struct fe_http_transfer *t, struct fe_err *err)
{
	struct setup s = { .easy = t->easy };
	set_callbacks(&s, t);
	set_limits(&s, t);
	set_safety(&s, t);
	set_request(&s, t);
	if (s.code != CURLE_OK)
		return fe_fail(err, FE_EBUG, "libcurl refuses an option: %s", curl_easy_strerror(s.code));
	return FE_OK;
}

static const struct { CURLcode code; enum fe_rc rc; bool is_worth_again; const char *what; } codes[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, FE_EUNAVAIL, true, "the host's name is not found" },
	{ CURLE_COULDNT_RESOLVE_PROXY, FE_EUNAVAIL, true, "the proxy's name is not found" },
	{ CURLE_COULDNT_CONNECT, FE_EUNAVAIL, true, "no connection" },
	{ CURLE_OPERATION_TIMEDOUT, FE_EUNAVAIL, true, "it took too long" },
	{ CURLE_PARTIAL_FILE, FE_EUNAVAIL, true, "the answer was cut short" },
	{ CURLE_GOT_NOTHING, FE_EUNAVAIL, true, "the server closed the connection without an answer" },
	{ CURLE_SEND_ERROR, FE_EUNAVAIL, true, "the connection broke" },
	{ CURLE_RECV_ERROR, FE_EUNAVAIL, true, "the connection broke" },
	{ CURLE_SSL_CONNECT_ERROR, FE_EUNAVAIL, true, "the TLS handshake broke off" },
	{ CURLE_WEIRD_SERVER_REPLY, FE_EUNAVAIL, true, "the server's answer is no HTTP" },
	{ CURLE_UNSUPPORTED_PROTOCOL, FE_EUNAVAIL, true, "the server's answer is no HTTP" },
	{ CURLE_PEER_FAILED_VERIFICATION, FE_EDENIED, false, "the server does not prove that it is this host" },
	{ CURLE_SSL_ISSUER_ERROR, FE_EDENIED, false, "the server does not prove that it is this host" },
	{ CURLE_SSL_CACERT_BADFILE, FE_EUSAGE, false, "the file of certificate authorities cannot be read" },
	{ CURLE_SSL_CRL_BADFILE, FE_EUSAGE, false, "the file of revoked certificates cannot be read" },
	{ CURLE_URL_MALFORMAT, FE_EUSAGE, false, "this is no URL" },
	{ CURLE_OUT_OF_MEMORY, FE_ELIMIT, false, "no memory" },
};

/* The other side has said no, by an alert of TLS, or speaks none: asking again does not help. Told from a
 * handshake that broke off only by OpenSSL's words, on which nothing but that depends. */
static bool
is_refused_tls(const struct fe_http_transfer *t, const char *why)
{
	return t->result == CURLE_SSL_CONNECT_ERROR && !strstr(why, "internal error") &&
	       (strstr(why, " alert ") || strstr(why, "wrong version number") || strstr(why, "unsupported protocol"));
}

enum fe_rc
fe_http_curl_fail(const struct fe_http_transfer *t, bool *is_worth_again, struct fe_err *err)
{
	const bool is_told = t->curl_text[0] && !fe_url_has_hidden(fe_str_of(t->curl_text), &t->http->net);
	const char *why = is_told ? t->curl_text : curl_easy_strerror(t->result);
	*is_worth_again = false;
	if (t->refused[0] && t->result == CURLE_COULDNT_CONNECT)
		return fe_fail(err, FE_EDENIED, "the host's address is %s, which is %s: not connected to, unless by "
			       "allow_private_addresses", t->refused, t->refused_as);
	if (is_refused_tls(t, why))
		return fe_fail(err, FE_EDENIED, "no TLS with this server: it must speak version 1.2 at least, and ask for no "
			       "certificate of ours: %s", why);
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		if (codes[i].code != t->result)
			continue;
		*is_worth_again = codes[i].is_worth_again;
		return fe_fail(err, codes[i].rc, "%s: %s", codes[i].what, why);
	}
	*is_worth_again = true;
	return fe_fail(err, FE_EUNAVAIL, "the request failed: %s", why);
}

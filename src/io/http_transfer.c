// SPDX-License-Identifier: Apache-2.0
/* io/http_transfer.c - one try, from its headers to its result
 *
 * All transfers of a client live in one multi handle of libcurl, which keeps the connections. It is
 * moved by fe_http_drive, whoever waits: a stream that is open while something else is
 * fetched goes on, up to what it may read ahead.
 */
#include <inttypes.h>

#include "base/mem.h"
#include "base/stop.h"
#include "base/text.h"
#include "io/http_private.h"

static enum fe_rc
add_line(struct fe_http_transfer *t, const char *name, const char *value, struct fe_err *err)
{
	struct fe_buf line;
	if (!fe_http_is_name(fe_str_of(name)))
		return fe_fail(err, FE_EUSAGE, "'%s' cannot be the name of a header", name);
	if (!fe_http_is_value(fe_str_of(value)))
		return fe_fail(err, FE_EUSAGE, "the value of the header %s has control characters", name);
	fe_buf_init(&line, FE_HTTP_MAX_HEAD_BYTES);
	fe_buf_addf(&line, "%s%s%s", name, value[0] ? ": " : ";", value); /* ';': sent, though empty */
	enum fe_rc rc = fe_buf_check(&line, "a header", err);
	struct curl_slist *grown = rc ? NULL : curl_slist_append(t->sent, fe_buf_text(&line));
	fe_buf_reset(&line);
	if (rc)
		return rc;
	FE_ASSERT(grown);
	t->sent = grown;
	return FE_OK;
}

static bool
is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (fe_text_casecmp_ascii(fe_str_of(name), fe_str_of(*names)) == 0)
			return true;
	return false;
}

static bool
has_header(const struct fe_http_request *req, const char *name)
{
	for (size_t i = 0; i < req->n_headers; i++)
		if (fe_text_casecmp_ascii(fe_str_of(req->headers[i].name), fe_str_of(name)) == 0)
			return true;
	return false;
}

static void
suppress(struct fe_http_transfer *t, const char *line)
{
	struct curl_slist *grown = curl_slist_append(t->sent, line);
	FE_ASSERT(grown);
	t->sent = grown;
}

/* Headers of libcurl's own that say too much or wait too long are suppressed ("Name:"). */
static enum fe_rc
collect_headers(struct fe_http_transfer *t, const struct fe_http_headers *more, struct fe_err *err)
{
	/* All that may go to another origin than the one they were meant for. */
	static const char *const harmless[] = {
		"Accept", "Accept-Encoding", "Content-Type", "Range", "If-Range", "If-Match", "If-None-Match",
		"If-Modified-Since", "If-Unmodified-Since", NULL,
	};
	const struct fe_http_request *req = t->ask.req;
	for (size_t i = 0; i < req->n_headers; i++)
		if (!t->ask.is_elsewhere || is_one_of(req->headers[i].name, harmless))
			FE_TRY(add_line(t, req->headers[i].name, req->headers[i].value, err));
	for (size_t i = 0; i < more->n_items; i++)
		FE_TRY(add_line(t, more->items[i].name, more->items[i].value, err));
	suppress(t, "Expect:");
	if (!has_header(req, "Content-Type"))
		suppress(t, "Content-Type:");
	if (has_header(req, "Accept-Encoding"))
		return FE_OK;
	/* A range is of the body as it is stored: it must not be packed on the way. */
	return add_line(t, "Accept-Encoding", t->ask.is_stream || t->ask.is_range ? "identity" : "zstd, gzip", err);
}

static char *
proxy_of(const struct fe_http_ask *ask)
{
	char *scheme = NULL, *host = NULL, *port = NULL, *proxy = NULL;
	if (curl_url_get(ask->url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(ask->url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(ask->url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
		proxy = fe_http_proxy_of(scheme, host, port);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	return proxy;
}

/* A proxy resolves names where we do not see it; but addresses and this machine's names we know. */
static enum fe_rc
check_behind_proxy(struct fe_http_transfer *t, struct fe_err *err)
{
	char *host = NULL;
	if (!t->proxy || t->http->net.allow_private ||
	    curl_url_get(t->ask.url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return FE_OK;
	const char *special = fe_address_special_host(host);
	curl_free(host);
	if (special)
		return fe_fail(err, FE_EDENIED, "the host is an address that is %s: not asked for, unless by "
			       "allow_private_addresses",
			       special);
	return FE_OK;
}

enum fe_rc
fe_http_transfer_new(struct fe_http_transfer **out, struct fe_http *h, const struct fe_http_ask *ask,
		     const struct fe_http_headers *more, struct fe_err *err)
{
	struct fe_http_transfer *t = fe_new(struct fe_http_transfer);
	enum fe_rc rc;
	t->http = h;
	t->ask = *ask;
	t->ask.url = curl_url_dup(ask->url);
	t->ask.url_text = fe_strdup(ask->url_text);
	FE_ASSERT(t->ask.url);
	fe_buf_init(&t->body, h->net.max_body_bytes > SIZE_MAX / 2 ? SIZE_MAX / 2
								    : (size_t)h->net.max_body_bytes + FE_HTTP_BODY_STEP_BYTES);
	fe_buf_init(&t->ahead, 4 * FE_HTTP_STREAM_AHEAD_BYTES);
	t->proxy = h->net.no_proxy ? NULL : proxy_of(&t->ask);
	rc = check_behind_proxy(t, err);
	if (rc)
		goto fail;
	rc = collect_headers(t, more, err);
	if (rc)
		goto fail;
	t->easy = curl_easy_init();
	FE_ASSERT(t->easy);
	rc = fe_http_curl_setup(t, err);
	if (rc)
		goto fail;
	t->is_added = curl_multi_add_handle(h->multi, t->easy) == CURLM_OK;
	if (!t->is_added) {
		rc = fe_fail(err, FE_EBUG, "libcurl does not take a transfer");
		goto fail;
	}
	*out = t;
	return FE_OK;
fail:
	fe_http_transfer_free(t);
	*out = NULL;
	return rc;
}

void
fe_http_transfer_free(struct fe_http_transfer *t)
{
	if (!t)
		return;
	if (t->is_added)
		(void)curl_multi_remove_handle(t->http->multi, t->easy);
	curl_easy_cleanup(t->easy);
	for (struct curl_slist *s = t->sent; s; s = s->next)
		explicit_bzero(s->data, strlen(s->data));
	curl_slist_free_all(t->sent);
	fe_http_head_reset(&t->head);
	fe_http_body_reset(&t->framing);
	fe_buf_reset(&t->body);
	fe_buf_reset(&t->ahead);
	curl_url_cleanup(t->ask.url);
	fe_free(t->ask.url_text);
	fe_free(t->proxy);
	fe_free(t);
}

static void
note_ends(struct fe_http *h)
{
	int n_left;
	CURLMsg *m;
	while ((m = curl_multi_info_read(h->multi, &n_left)) != NULL) {
		struct fe_http_transfer *t = NULL;
		if (m->msg != CURLMSG_DONE)
			continue;
		CURLcode result = m->data.result;
		FE_ASSERT(curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t) == CURLE_OK && t);
		t->is_ended = true;
		t->result = result;
	}
}

static enum fe_rc
check_stop(struct fe_http *h, struct fe_err *err)
{
	if (atomic_load_explicit(&h->is_cancelled, memory_order_relaxed))
		return fe_fail(err, FE_ECANCEL, "the request was given up");
	if (h->outlive_us && fe_clock_ticks(&h->clock) < h->outlive_us)
		return FE_OK;
	return fe_stop_check(err);
}

enum fe_rc
fe_http_drive(struct fe_http *h, int64_t timeout_ms, struct fe_err *err)
{
	int n_running, n_fds;
	int wait_ms = timeout_ms < 0 ? 0 : timeout_ms > FE_HTTP_POLL_MS ? FE_HTTP_POLL_MS : (int)timeout_ms;
	FE_TRY(check_stop(h, err));
	if (wait_ms > 0 && curl_multi_poll(h->multi, NULL, 0, wait_ms, &n_fds) != CURLM_OK)
		return fe_fail(err, FE_EBUG, "libcurl cannot wait");
	if (curl_multi_perform(h->multi, &n_running) != CURLM_OK)
		return fe_fail(err, FE_EBUG, "libcurl cannot go on");
	note_ends(h);
	return check_stop(h, err);
}

enum fe_rc
fe_http_transfer_wait(struct fe_http_transfer *t, struct fe_err *err)
{
	FE_TRY(fe_http_drive(t->http, 0, err));
	while (!t->is_ended && !(t->is_streaming && t->ahead.n_bytes))
		FE_TRY(fe_http_drive(t->http, FE_HTTP_POLL_MS, err));
	return FE_OK;
}

/* What libcurl lets pass: more than was promised, come with the last of it; and a body that ends with
 * its connection, where that broke rather than ended. */
static enum fe_rc
check_ends(const struct fe_http_transfer *t, struct fe_err *err)
{
	const struct fe_http_body *b = &t->framing;
	if (b->has_none || b->is_chunked || t->ask.ignores_body)
		return FE_OK;
	if (b->has_length && t->n_raw_bytes > b->length_bytes)
		return fe_fail(err, FE_EUNAVAIL, "the server sent more than its Content-Length of %" PRIu64 " bytes",
			       b->length_bytes);
	if (!b->has_length && !t->has_goodbye)
		return fe_fail(err, FE_EUNAVAIL, "the connection broke (TLS without close_notify): the answer may "
					         "be cut short");
	return FE_OK;
}

static enum fe_rc
check_whole(struct fe_http_transfer *t, struct fe_err *err)
{
	if (!t->head.is_whole || !t->has_begun)
		return fe_fail(err, FE_EUNAVAIL, "the server's answer ends before its headers do");
	enum fe_rc rc = fe_http_body_end(&t->framing, &t->body, err);
	return rc ? rc : check_ends(t, err);
}

enum fe_rc
fe_http_transfer_result(struct fe_http_transfer *t, bool *is_worth_again, struct fe_err *err)
{
	*is_worth_again = false;
	if (t->rc == FE_OK && t->result != CURLE_OK)
		return fe_http_curl_fail(t, is_worth_again, err);
	if (t->rc == FE_OK)
		t->rc = check_whole(t, &t->err);
	if (t->rc && err)
		*err = t->err;
	*is_worth_again = t->rc == FE_EUNAVAIL;
	return t->rc;
}

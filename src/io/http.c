// SPDX-License-Identifier: Apache-2.0
/* io/http.c - the client, and the loop that makes a request of tries
 *
 * One loop: wait for the allowed rate, sign, try, judge. What is judged worth it is tried
 * again after a wait, inside one budget of time and tries; a redirect, or a token that was
 * renewed, goes round without being counted as a failure.
 */
#include "io/http.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/http_private.h"

static void
fill_in(struct fe_net_settings *n)
{
	const struct { int64_t *value; int64_t fallback; } times[] = {
		{ &n->connect_timeout_ms, FE_NET_CONNECT_TIMEOUT_MS },
		{ &n->total_timeout_ms, FE_NET_TOTAL_TIMEOUT_MS },
		{ &n->low_speed_ms, FE_NET_LOW_SPEED_MS },
		{ &n->retry_budget_ms, FE_NET_RETRY_BUDGET_MS },
	};
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
		if (*times[i].value <= 0)
			*times[i].value = times[i].fallback;
	if (n->low_speed_bytes == 0)
		n->low_speed_bytes = FE_NET_LOW_SPEED_BYTES;
	if (n->max_body_bytes == 0)
		n->max_body_bytes = FE_NET_MAX_BODY_BYTES;
	if (n->max_ratio == 0)
		n->max_ratio = FE_NET_MAX_RATIO;
	if (n->max_tries == 0)
		n->max_tries = FE_NET_MAX_TRIES;
}

static enum fe_rc
check_file(const char *path, const char *what, struct fe_err *err)
{
	if (path && access(path, R_OK) != 0)
		return fe_fail(err, FE_EUSAGE, "the file of %s, %s, cannot be read", what, path);
	return FE_OK;
}

enum fe_rc
fe_http_new(struct fe_http **out, const struct fe_net_settings *net, const struct fe_clock *clock,
	    struct fe_err *err)
{
	static const struct fe_net_settings careful = { 0 };
	*out = NULL;
	FE_TRY(fe_http_curl_init(err));
	struct fe_http *h = fe_new(struct fe_http);
	enum fe_rc rc;
	h->net = net ? *net : careful;
	h->clock = *clock;
	fill_in(&h->net);
	const char *from_env = getenv("SSL_CERT_FILE");
	h->net.ca_file = fe_strdup(h->net.ca_file ? h->net.ca_file : from_env && *from_env ? from_env : NULL);
	h->net.crl_file = fe_strdup(h->net.crl_file);
	rc = check_file(h->net.ca_file, "certificate authorities (ca_file, SSL_CERT_FILE)", err);
	if (rc == FE_OK)
		rc = check_file(h->net.crl_file, "revoked certificates (crl_file)", err);
	if (rc)
		goto fail;
	h->multi = curl_multi_init();
	FE_ASSERT(h->multi);
	*out = h;
	return FE_OK;
fail:
	fe_http_free(h);
	return rc;
}

const struct fe_net_settings *
fe_http_settings(const struct fe_http *h)
{
	return &h->net;
}

void
fe_http_cancel(struct fe_http *h)
{
	atomic_store_explicit(&h->is_cancelled, true, memory_order_relaxed);
}

void
fe_http_outlive_stop(struct fe_http *h, int64_t until_us)
{
	h->outlive_us = until_us;
}

void
fe_http_free(struct fe_http *h)
{
	if (!h)
		return;
	if (h->multi)
		(void)curl_multi_cleanup(h->multi);
	fe_free((char *)(uintptr_t)h->net.ca_file);
	fe_free((char *)(uintptr_t)h->net.crl_file);
	fe_free(h);
}

void
fe_http_response_reset(struct fe_http_response *r)
{
	fe_http_headers_reset(&r->headers);
	fe_buf_reset(&r->body);
	*r = (struct fe_http_response){ 0 };
}

static enum fe_rc
wait_until(struct fe_http *h, int64_t ticks_us, struct fe_err *err)
{
	for (;;) {
		int64_t left_us = ticks_us - fe_clock_ticks(&h->clock);
		if (left_us <= 0)
			return FE_OK;
		FE_TRY(fe_http_drive(h, left_us / 1000 + 1, err));
	}
}

/* A token bucket, kept as the time at which the next token is there. It holds what comes in a
 * second: in no minute are there more than the rate and that many. */
static enum fe_rc
wait_for_turn(struct fe_http *h, struct fe_err *err)
{
	const int64_t rate = h->net.rate_per_minute;
	if (rate == 0)
		return FE_OK;
	const int64_t interval_us = 60000000 / rate, held_us = interval_us * (rate / 60 > 1 ? rate / 60 - 1 : 0);
	int64_t now = fe_clock_ticks(&h->clock);
	if (h->next_us < now)
		h->next_us = now;
	FE_TRY(wait_until(h, h->next_us - held_us, err));
	h->next_us += interval_us;
	return FE_OK;
}

/* What the loop knows of a request. */
struct work {
	struct fe_http *http;
	struct fe_http_ask ask;
	unsigned n_failed, n_redirects;
	int64_t waited_ms;
	bool was_renewed;
};

static enum fe_rc
try_once(struct work *w, struct fe_http_transfer **out, struct fe_err *err)
{
	const struct fe_http_signer *signer = w->ask.is_elsewhere ? NULL : w->ask.req->signer;
	struct fe_http_headers more = { 0 };
	enum fe_rc rc = wait_for_turn(w->http, err);
	*out = NULL;
	if (rc == FE_OK && signer) {
		struct fe_http_request seen = *w->ask.req; /* where it is sent now */
		seen.url = w->ask.url_text;
		seen.method = w->ask.method;
		if (!w->ask.has_body)
			seen.body = (struct fe_str){ 0 };
		rc = signer->sign(signer->self, &seen, &more, err);
	}
	if (rc == FE_OK)
		rc = fe_http_transfer_new(out, w->http, &w->ask, &more, err);
	fe_http_headers_reset(&more);
	if (rc)
		return rc;
	rc = fe_http_transfer_wait(*out, err);
	if (rc) {
		fe_http_transfer_free(*out);
		*out = NULL;
	}
	return rc;
}

/* Waits before the next try; fails with what is in err already where there is none. */
static enum fe_rc
wait_again(struct work *w, const struct fe_http_transfer *t, enum fe_rc rc, struct fe_err *err)
{
	struct fe_http *h = w->http;
	const char *retry_after = fe_http_headers_get(&t->head.headers, "Retry-After");
	int64_t wait_ms = 0, asked_ms = 0;
	w->n_failed++;
	if (w->n_failed < h->net.max_tries) {
		wait_ms = fe_http_backoff_ms(w->n_failed, fe_clock_chance(&h->clock));
		if (retry_after && fe_http_retry_after_ms(fe_str_of(retry_after), fe_clock_now(&h->clock), &asked_ms)) {
			if (asked_ms > FE_NET_RETRY_AFTER_CAP_MS)
				asked_ms = FE_NET_RETRY_AFTER_CAP_MS;
			wait_ms = asked_ms > wait_ms ? asked_ms : wait_ms;
		}
		if (wait_ms <= h->net.retry_budget_ms - w->waited_ms) {
			w->waited_ms += wait_ms;
			return wait_until(h, fe_clock_ticks(&h->clock) + wait_ms * 1000, err);
		}
	}
	if (w->n_failed > 1)
		fe_err_context(err, "tried %u times, with %" PRId64 ".%" PRId64 " s of waiting", w->n_failed,
			       w->waited_ms / 1000, w->waited_ms % 1000 / 100);
	return rc;
}

/* *is_taken: it is the answer. Else, with FE_OK, there is to be another try. */
static enum fe_rc
judge(struct work *w, struct fe_http_transfer *t, bool *is_taken, struct fe_err *err)
{
	const struct fe_http_request *req = w->ask.req;
	const struct fe_http_signer *signer = w->ask.is_elsewhere ? NULL : req->signer;
	long status = t->head.status;
	bool is_worth_again;
	*is_taken = true;
	if (t->is_streaming && !t->is_ended)
		return FE_OK;
	enum fe_rc rc = fe_http_transfer_result(t, &is_worth_again, err);
	*is_taken = false;
	if (rc)
		return is_worth_again ? wait_again(w, t, rc, err) : rc;
	struct fe_http_meaning meaning = fe_http_meaning_of(status, w->ask.is_range);
	const char *location = fe_http_headers_get(&t->head.headers, "Location");
	if (meaning.fate == FE_HTTP_REDIRECT && location && w->n_redirects < w->http->net.max_redirects) {
		w->n_redirects++;
		return fe_http_redirect(w->http, &w->ask, status, location, err);
	}
	if ((status == 401 || status == 403) && signer && signer->renew && !w->was_renewed) {
		w->was_renewed = true;
		if (signer->renew(signer->self, status))
			return FE_OK;
	}
	if (meaning.fate == FE_HTTP_AGAIN) {
		rc = fe_http_fail_status(t, meaning, err);
		rc = wait_again(w, t, rc, err);
		*is_taken = rc == FE_EUNAVAIL && req->accept_any_status;
		return *is_taken ? FE_OK : rc;
	}
	*is_taken = meaning.fate == FE_HTTP_TAKE || req->accept_any_status;
	return *is_taken ? FE_OK : fe_http_fail_status(t, meaning, err);
}

static void
remember(struct fe_http_response *last, struct fe_http_transfer *t)
{
	fe_http_headers_reset(&last->headers);
	fe_buf_reset(&last->body);
	last->status = t->head.status;
	last->headers = t->head.headers;
	t->head.headers = (struct fe_http_headers){ 0 };
	last->n_wire_bytes = t->framing.n_wire_bytes;
	last->body = t->body;
	fe_buf_init(&t->body, 0);
}

static enum fe_rc
start(struct work *w, const struct fe_http_request *req, bool is_stream, struct fe_err *err)
{
	w->ask = (struct fe_http_ask){ .req = req, .method = req->method ? req->method : "GET", .is_stream = is_stream,
		                       .has_body = req->body.p != NULL, .ignores_body = req->ignores_body };
	if (!fe_http_is_name(fe_str_of(w->ask.method)))
		return fe_fail(err, FE_EUSAGE, "this is no method of HTTP");
	for (size_t i = 0; i < req->n_headers; i++)
		if (fe_text_casecmp_ascii(fe_str_of(req->headers[i].name), FE_STR("Range")) == 0)
			w->ask.is_range = true;
	FE_TRY(fe_http_url_parse(w->http, req->url, &w->ask.url, err));
	w->ask.url_text = fe_strdup(req->url);
	return FE_OK;
}

enum fe_rc
fe_http_run(struct fe_http *h, const struct fe_http_request *req, bool is_stream,
	    struct fe_http_transfer **out, struct fe_http_response *last, struct fe_err *err)
{
	struct work w = { .http = h };
	struct fe_http_transfer *t = NULL;
	bool is_taken = false;
	enum fe_rc rc = start(&w, req, is_stream, err);
	*out = NULL;
	while (rc == FE_OK && !is_taken) {
		rc = try_once(&w, &t, err);
		if (rc)
			break;
		rc = judge(&w, t, &is_taken, err);
		if (is_taken)
			break;
		remember(last, t);
		fe_http_transfer_free(t);
		t = NULL;
	}
	if (rc && w.ask.url_text)
		fe_http_err_at(h, err, w.ask.url_text);
	if (rc == FE_OK)
		*out = t;
	else
		fe_http_transfer_free(t);
	if (w.ask.url)
		curl_url_cleanup(w.ask.url);
	fe_free(w.ask.url_text);
	return rc;
}

enum fe_rc
fe_http_fetch(struct fe_http *h, const struct fe_http_request *req, struct fe_http_response *out,
	      struct fe_err *err)
{
	struct fe_http_transfer *t;
	fe_http_response_reset(out);
	FE_TRY(fe_http_run(h, req, false, &t, out, err));
	remember(out, t);
	fe_http_transfer_free(t);
	return FE_OK;
}

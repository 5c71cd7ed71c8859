// SPDX-License-Identifier: Apache-2.0
/* io/http_stream.c - a body that is handed out as it comes
 *
 * What has come and was not read waits in the transfer's `ahead`; past its bound libcurl is
 * told to pause, so that the server is slowed down by the reader and memory stays.
 */
#include "base/mem.h"
#include "io/http_private.h"

struct fe_http_stream {
	struct fe_http_transfer *transfer;
	struct fe_http_headers headers;
	long status;
	char *url; /* for messages */
	enum fe_rc rc; /* once it has failed, it stays so */
};

enum fe_rc
fe_http_stream_open(struct fe_http_stream **out, struct fe_http *h, const struct fe_http_request *req,
		    struct fe_err *err)
{
	struct fe_http_response last = { 0 };
	struct fe_http_transfer *t = NULL;
	*out = NULL;
	enum fe_rc rc = fe_http_run(h, req, true, &t, &last, err);
	fe_http_response_reset(&last);
	if (rc)
		return rc;
	struct fe_http_stream *s = fe_new(struct fe_http_stream);
	s->transfer = t;
	s->status = t->head.status;
	s->headers = t->head.headers;
	t->head.headers = (struct fe_http_headers){ 0 };
	s->url = fe_strdup(req->url);
	if (!t->is_streaming) { /* any status was asked for, and this is one: its body is here */
		fe_buf_reset(&t->ahead);
		t->ahead = t->body;
		fe_buf_init(&t->body, 0);
	}
	*out = s;
	return FE_OK;
}

long
fe_http_stream_status(const struct fe_http_stream *s)
{
	return s->status;
}

const struct fe_http_headers *
fe_http_stream_headers(const struct fe_http_stream *s)
{
	return &s->headers;
}

uint64_t
fe_http_stream_length(const struct fe_http_stream *s, bool *is_known)
{
	const struct fe_http_body *b = &s->transfer->framing;
	*is_known = b->has_length || b->has_none;
	return b->has_none ? 0 : b->length_bytes;
}

static size_t
n_unread(const struct fe_http_transfer *t)
{
	return t->ahead.n_bytes - t->ahead_used;
}

static void
hand_out(struct fe_http_transfer *t, void *out, size_t cap_bytes, size_t *n_bytes)
{
	*n_bytes = n_unread(t) < cap_bytes ? n_unread(t) : cap_bytes;
	memcpy(out, t->ahead.p + t->ahead_used, *n_bytes);
	t->ahead_used += *n_bytes;
	if (n_unread(t) == 0) {
		fe_buf_clear(&t->ahead);
		t->ahead_used = 0;
	}
}

/* libcurl calls back with what it kept before this returns. */
static enum fe_rc
go_on(struct fe_http_transfer *t, struct fe_err *err)
{
	t->is_paused = false;
	if (t->ahead_used) {
		memmove(t->ahead.p, t->ahead.p + t->ahead_used, n_unread(t));
		t->ahead.n_bytes -= t->ahead_used;
		t->ahead_used = 0;
	}
	CURLcode c = curl_easy_pause(t->easy, CURLPAUSE_CONT);
	if (c != CURLE_OK && t->rc == FE_OK)
		return fe_fail(err, FE_EUNAVAIL, "the request failed: %s", curl_easy_strerror(c));
	return FE_OK;
}

static enum fe_rc
read_some(struct fe_http_transfer *t, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	bool is_worth_again;
	for (;;) {
		if (t->is_paused && n_unread(t) < FE_HTTP_STREAM_AHEAD_BYTES / 2)
			FE_TRY(go_on(t, err));
		if (n_unread(t)) {
			hand_out(t, out, cap_bytes, n_bytes);
			return FE_OK;
		}
		if (t->is_ended)
			break;
		FE_TRY(fe_http_drive(t->http, FE_HTTP_POLL_MS, err));
	}
	return fe_http_transfer_result(t, &is_worth_again, err);
}

enum fe_rc
fe_http_stream_read(struct fe_http_stream *s, void *out, size_t cap_bytes, size_t *n_bytes,
		    struct fe_err *err)
{
	*n_bytes = 0;
	if (s->rc)
		return fe_fail(err, s->rc, "the body has failed before");
	s->rc = read_some(s->transfer, out, cap_bytes, n_bytes, err);
	if (s->rc)
		fe_http_err_at(s->transfer->http, err, s->url);
	return s->rc;
}

void
fe_http_stream_close(struct fe_http_stream *s)
{
	if (!s)
		return;
	fe_http_transfer_free(s->transfer);
	fe_http_headers_reset(&s->headers);
	fe_free(s->url);
	fe_free(s);
}

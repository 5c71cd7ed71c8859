// SPDX-License-Identifier: Apache-2.0
/* io/stored_http.c - a file at an http(s) URL
 *
 * Read as it comes. A connection that breaks is made again from there on, where the server
 * gave an ETag that stands for just these bytes and takes ranges; else reading fails, and a
 * retry of the whole may help. Where the server tells no length, the end of the body is the
 * end of the file (io/http.h makes sure that it is one).
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "io/http.h"
#include "io/http_retry.h"
#include "io/stored.h"

#define MAX_BREAKS 8
#define PROGRESS_BYTES ((uint64_t)64 * 1024)

struct stored_http {
	struct fe_stored base;
	struct fe_http *http;
	struct fe_http_stream *stream;
	char *url, *etag;
	bool has_length, can_go_on;
	uint64_t n_read, broke_at;
	unsigned n_breaks;
	char range[64];
	struct fe_http_header headers[2];
	struct fe_http_request request;
};

static enum fe_rc
open_first(struct stored_http *s, struct fe_err *err)
{
	int64_t at_ms;
	s->request = (struct fe_http_request){ .url = s->url };
	FE_TRY(fe_http_stream_open(&s->stream, s->http, &s->request, err));
	const struct fe_http_headers *h = fe_http_stream_headers(s->stream);
	const char *modified = fe_http_headers_get(h, "Last-Modified"), *etag = fe_http_headers_get(h, "ETag");
	uint64_t length = fe_http_stream_length(s->stream, &s->has_length);
	s->base.size_bytes = s->has_length ? length : 0;
	s->etag = etag && *etag ? fe_strdup(etag) : NULL;
	s->base.version = s->etag ? fe_etag_name(s->etag) : NULL;
	if (modified && fe_http_retry_after_ms(fe_str_of(modified), 0, &at_ms))
		s->base.mtime_us = at_ms * 1000;
	/* A weak one ("W/...") stands for more than one body. */
	s->can_go_on = s->has_length && etag && etag[0] == '"';
	return FE_OK;
}

static enum fe_rc
open_again(struct stored_http *s, struct fe_err *err)
{
	char wanted[96];
	(void)snprintf(s->range, sizeof s->range, "bytes=%" PRIu64 "-", s->n_read);
	(void)snprintf(wanted, sizeof wanted, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, s->n_read,
		       s->base.size_bytes - 1, s->base.size_bytes);
	s->headers[0] = (struct fe_http_header){ "Range", s->range };
	s->headers[1] = (struct fe_http_header){ "If-Range", s->etag };
	s->request.headers = s->headers;
	s->request.n_headers = 2;
	FE_TRY(fe_http_stream_open(&s->stream, s->http, &s->request, err));
	const struct fe_http_headers *h = fe_http_stream_headers(s->stream);
	const char *range = fe_http_headers_get(h, "Content-Range"), *etag = fe_http_headers_get(h, "ETag");
	bool is_same = etag && strcmp(etag, s->etag) == 0;
	if (fe_http_stream_status(s->stream) == 206 && is_same && range && strcmp(range, wanted) == 0)
		return FE_OK;
	if (!is_same)
		return fe_fail(err, FE_EDATA, "the file was replaced while it was read; run again");
	return fe_fail(err, FE_EUNAVAIL, "the connection broke, and the server does not go on from there; run again");
}

static bool
may_go_on(struct stored_http *s)
{
	if (s->n_read - s->broke_at >= PROGRESS_BYTES)
		s->n_breaks = 0;
	s->broke_at = s->n_read;
	return s->can_go_on && s->n_read < s->base.size_bytes && ++s->n_breaks <= MAX_BREAKS;
}

static enum fe_rc
stored_http_read(struct fe_stored *stored, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	struct stored_http *s = (struct stored_http *)stored;
	enum fe_rc rc = FE_OK;
	for (;;) {
		if (!s->stream)
			rc = open_again(s, err);
		if (rc == FE_OK)
			rc = fe_http_stream_read(s->stream, out, cap_bytes, n_bytes, err);
		s->n_read += *n_bytes;
		if (rc == FE_OK && *n_bytes == 0 && s->has_length && s->n_read != s->base.size_bytes)
			rc = fe_fail(err, FE_EUNAVAIL, "the file ends before its length");
		if (rc != FE_EUNAVAIL || !may_go_on(s))
			return rc;
		fe_http_stream_close(s->stream);
		s->stream = NULL;
		rc = FE_OK;
		if (*n_bytes)
			return FE_OK;
	}
}

static enum fe_rc
stored_http_open(struct fe_stored **out, const char *location, const struct fe_net_settings *net,
		 struct fe_err *err)
{
	struct stored_http *s = fe_new(struct stored_http);

	s->base.ops = &fe_stored_http;
	s->url = fe_strdup(location);
	s->base.path = fe_location_name(location, net);
	enum fe_rc rc = fe_http_new(&s->http, net, &fe_clock_system, err);
	if (rc == FE_OK)
		rc = open_first(s, err);
	if (rc)
		fe_stored_close(&s->base);
	else
		*out = &s->base;
	return rc;
}

static void
stored_http_close(struct fe_stored *stored)
{
	struct stored_http *s = (struct stored_http *)stored;
	fe_http_stream_close(s->stream);
	fe_http_free(s->http);
	fe_free(s->url);
	fe_free(s->etag);
	fe_free(s);
}

const struct fe_stored_ops fe_stored_http = {
	.open = stored_http_open,
	.read = stored_http_read,
	.close = stored_http_close,
};

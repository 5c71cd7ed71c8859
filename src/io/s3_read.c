// SPDX-License-Identifier: Apache-2.0
/* io/s3_read.c - head, get, list; see io/s3.h */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/stop.h"
#include "base/text.h"
#include "io/http_retry.h"
#include "io/s3_private.h"

#define MAX_BREAKS 8           /* of one range, without this much in between: */
#define PROGRESS_BYTES ((uint64_t)64 * 1024)
#define MAX_PAGES 1000000

/* ---- head ---- */

void
fe_s3_info_reset(struct fe_s3_info *i)
{
	fe_free(i->etag);
	fe_free(i->version);
	*i = (struct fe_s3_info){ 0 };
}

static int
base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* Just n_bytes of them; what is of parts has "-3" behind it, and is none of the whole. */
static bool
read_base64(const char *text, unsigned char *out, size_t n_bytes)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t n = 0;
	for (; *text && *text != '='; text++) {
		int v = base64_value(*text);
		if (v < 0)
			return false;
		bits = (bits << 6 | (uint32_t)v) & 0xFFFFFF;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			if (n == n_bytes)
				return false;
			out[n++] = (unsigned char)(bits >> n_bits);
		}
	}
	return n == n_bytes && strspn(text, "=") == strlen(text);
}

static void
read_checksums(const struct fe_http_headers *h, struct fe_s3_info *out)
{
	const char *type = fe_http_headers_get(h, "x-amz-checksum-type");
	const char *sha = fe_http_headers_get(h, "x-amz-checksum-sha256");
	const char *crc = fe_http_headers_get(h, "x-amz-checksum-crc32");
	unsigned char bytes[FE_SHA256_BYTES];
	if (type && fe_text_casecmp_ascii(fe_str_of(type), FE_STR("COMPOSITE")) == 0)
		return;
	if (sha && read_base64(sha, bytes, FE_SHA256_BYTES))
		fe_sha256_hex(bytes, out->sha256);
	if (crc && read_base64(crc, bytes, 4)) {
		out->has_crc32 = true;
		out->crc32 = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	}
}

static bool
read_number(const char *text, uint64_t *out)
{
	*out = 0;
	if (!text || !*text)
		return false;
	for (; *text; text++)
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, (uint64_t)(*text - '0'), out))
			return false;
	return true;
}

static enum fe_rc
read_info(const struct fe_http_headers *h, struct fe_s3_info *out, struct fe_err *err)
{
	const char *modified = fe_http_headers_get(h, "Last-Modified");
	const char *etag = fe_http_headers_get(h, "ETag");
	const char *version = fe_http_headers_get(h, "x-amz-version-id");
	int64_t at_ms;

	if (!read_number(fe_http_headers_get(h, "Content-Length"), &out->size_bytes))
		return fe_fail(err, FE_EDATA, "the server does not say how long the object is");
	if (!etag || !*etag)
		return fe_fail(err, FE_EDATA, "the server gives no ETag, so that a change could not be noticed");
	out->etag = fe_strdup(etag);
	if (version && *version && strcmp(version, "null") != 0)
		out->version = fe_strdup(version);
	if (modified && fe_http_retry_after_ms(fe_str_of(modified), 0, &at_ms))
		out->mtime_us = at_ms * 1000;
	read_checksums(h, out);
	return FE_OK;
}

/* "versionId=..."; NULL: the current one. Freed with fe_free. */
static char *
version_query(struct fe_str version)
{
	struct fe_buf q;
	if (!version.p)
		return NULL;
	fe_buf_init(&q, 8192);
	fe_buf_add_text(&q, "versionId=");
	fe_url_encode(&q, version, false);
	return fe_buf_take(&q);
}

enum fe_rc
fe_s3_head(struct fe_s3 *s, const struct fe_s3_url *url, struct fe_s3_info *out, struct fe_err *err)
{
	static const struct fe_http_header checksums = { "x-amz-checksum-mode", "ENABLED" };
	char *query = version_query(url->version);
	const struct fe_s3_call c = { .method = "HEAD", .bucket = url->bucket, .key = url->key, .query = query,
		                      .headers = &checksums, .n_headers = 1 };
	struct fe_http_response resp = { 0 };
	enum fe_rc rc;

	*out = (struct fe_s3_info){ 0 };
	if (url->key.n == 0)
		rc = fe_fail(err, FE_EUSAGE, "this names no object; an object of S3 is written s3://bucket/key");
	else
		rc = fe_s3_do(s, &c, &resp, err);
	if (rc == FE_OK) {
		rc = read_info(&resp.headers, out, err);
		if (rc)
			fe_s3_err_at(err, url->bucket, url->key);
	}
	if (rc)
		fe_s3_info_reset(out);
	fe_http_response_reset(&resp);
	fe_free(query);
	return rc;
}

/* ---- get ---- */

struct fe_s3_get {
	struct fe_s3 *s;
	struct fe_s3_url url;            /* views of the caller's */
	const struct fe_s3_info *info;   /* borrowed */
	char *query;
	uint64_t at, end;                /* what is read next; where it ends */
	struct fe_http *http;
	struct fe_s3_request request;
	struct fe_http_stream *stream;   /* NULL: to be opened */
	char range[64];
	struct fe_http_header headers[2];
	unsigned n_breaks;
	uint64_t broke_at;
	atomic_bool is_cancelled;
};

static struct fe_s3_call
call_of(struct fe_s3_get *g)
{
	(void)snprintf(g->range, sizeof g->range, "bytes=%" PRIu64 "-%" PRIu64, g->at, g->end - 1);
	g->headers[0] = (struct fe_http_header){ "Range", g->range };
	g->headers[1] = (struct fe_http_header){ "If-Match", g->info->etag };
	return (struct fe_s3_call){ .method = "GET", .bucket = g->url.bucket, .key = g->url.key, .query = g->query,
		                    .headers = g->headers, .n_headers = 2 };
}

static enum fe_rc
fail_changed(const struct fe_s3_get *g, struct fe_err *err)
{
	enum fe_rc rc = fe_fail(err, FE_EDATA, "the object was replaced or deleted while it was read; run again");
	fe_s3_err_at(err, g->url.bucket, g->url.key);
	return rc;
}

/* "bytes 0-9/100": that it is what was asked for, of the object that was looked at. */
static enum fe_rc
check_head(const struct fe_s3_get *g, struct fe_err *err)
{
	const struct fe_http_headers *h = fe_http_stream_headers(g->stream);
	const char *range = fe_http_headers_get(h, "Content-Range"), *etag = fe_http_headers_get(h, "ETag");
	char wanted[96];
	bool is_known;
	(void)snprintf(wanted, sizeof wanted, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, g->at, g->end - 1,
		       g->info->size_bytes);
	if (etag && strcmp(etag, g->info->etag) != 0)
		return fail_changed(g, err);
	bool is_whole = g->at == 0 && g->end == g->info->size_bytes && fe_http_stream_status(g->stream) == 200;
	if (!is_whole && (!range || strcmp(range, wanted) != 0))
		return fe_fail(err, FE_EDATA, "the server does not give the range that was asked for (%s), but %s", wanted,
			       range ? range : "the whole");
	if (fe_http_stream_length(g->stream, &is_known) != g->end - g->at && is_known)
		return fe_fail(err, FE_EDATA, "the server gives another length than that of the range");
	return FE_OK;
}

static void
close_stream(struct fe_s3_get *g)
{
	fe_http_stream_close(g->stream);
	g->stream = NULL;
	fe_s3_request_reset(&g->request);
}

/* Why a stream was refused stands in a body: the first byte alone is asked for once more,
 * with all that can be put right on the way. */
static enum fe_rc
find_reason(struct fe_s3_get *g, struct fe_err *err)
{
	struct fe_s3_call c = call_of(g);
	struct fe_http_response resp = { 0 };
	(void)snprintf(g->range, sizeof g->range, "bytes=%" PRIu64 "-%" PRIu64, g->at, g->at);
	enum fe_rc rc = fe_s3_do(g->s, &c, &resp, err);
	bool is_gone = resp.status == 412 || resp.status == 404 || resp.status == 416;
	fe_http_response_reset(&resp);
	if (rc && is_gone)
		return fail_changed(g, err);
	return rc;
}

static enum fe_rc
open_once(struct fe_s3_get *g, struct fe_err *err)
{
	struct fe_s3_call c = call_of(g);
	enum fe_rc rc = fe_s3_request_init(&g->request, g->s, &c, err);
	g->request.http.accept_any_status = false; /* so that overload is waited for */
	if (rc == FE_OK)
		rc = fe_http_stream_open(&g->stream, g->http, &g->request.http, err);
	if (rc == FE_OK)
		rc = check_head(g, err);
	if (rc)
		close_stream(g);
	return rc;
}

static enum fe_rc
open_stream(struct fe_s3_get *g, struct fe_err *err)
{
	struct fe_err why = FE_ERR_INIT;
	enum fe_rc rc = open_once(g, &why);
	if (rc && rc != FE_EUNAVAIL && rc != FE_ECANCEL && why.foreign[0]) {
		FE_TRY(find_reason(g, err));
		rc = open_once(g, &why);
	}
	if (rc && err) {
		*err = why;
		fe_s3_err_at(err, g->url.bucket, g->url.key);
	}
	return rc;
}

enum fe_rc
fe_s3_get_open(struct fe_s3_get **out, struct fe_s3 *s, const struct fe_s3_url *url, const struct fe_s3_info *info,
	       uint64_t from, uint64_t n_bytes, struct fe_err *err)
{
	struct fe_s3_get *g = fe_new(struct fe_s3_get);

	*g = (struct fe_s3_get){ .s = s, .url = *url, .info = info, .at = from, .end = from + n_bytes };
	if (info->version)
		g->url.version = fe_str_of(info->version);
	g->query = version_query(g->url.version);
	*out = NULL;
	enum fe_rc rc = fe_s3_take_http(s, &g->http, err);
	if (rc)
		fe_s3_get_close(g);
	else
		*out = g;
	return rc;
}

/* A break is worth another connection as long as there is some progress between them. */
static bool
may_go_on(struct fe_s3_get *g)
{
	if (g->at - g->broke_at >= PROGRESS_BYTES)
		g->n_breaks = 0;
	g->broke_at = g->at;
	return ++g->n_breaks <= MAX_BREAKS;
}

enum fe_rc
fe_s3_get_read(struct fe_s3_get *g, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	*n_bytes = 0;
	while (*n_bytes < cap_bytes && g->at < g->end) {
		size_t n = 0;
		if (atomic_load(&g->is_cancelled))
			return fe_fail(err, FE_ECANCEL, "asked to stop");
		if (!g->stream)
			FE_TRY(open_stream(g, err));
		enum fe_rc rc = fe_http_stream_read(g->stream, (char *)out + *n_bytes, cap_bytes - *n_bytes, &n, err);
		if (rc == FE_OK && n > g->end - g->at)
			return fe_fail(err, FE_EDATA, "the server sends more than was asked for");
		g->at += n;
		*n_bytes += n;
		if (rc == FE_OK && n > 0)
			continue;
		if (rc && (rc != FE_EUNAVAIL || !may_go_on(g)))
			return rc;
		if (rc == FE_OK && !may_go_on(g)) /* an end that came too early */
			return fe_fail(err, FE_EUNAVAIL, "the object ends before its length");
		close_stream(g);
	}
	if (g->at == g->end)
		close_stream(g);
	return FE_OK;
}

void
fe_s3_get_cancel(struct fe_s3_get *g)
{
	atomic_store(&g->is_cancelled, true);
	fe_http_cancel(g->http);
}

void
fe_s3_get_close(struct fe_s3_get *g)
{
	if (!g)
		return;
	close_stream(g);
	if (atomic_load(&g->is_cancelled))
		fe_http_free(g->http); /* it stays cancelled */
	else
		fe_s3_give_http(g->s, g->http);
	fe_free(g->query);
	fe_free(g);
}

/* ---- list ---- */

static void
print_list_query(struct fe_str prefix, const struct fe_s3_page *page, struct fe_buf *out)
{
	fe_buf_clear(out);
	fe_buf_add_text(out, "list-type=2&encoding-type=url");
	if (prefix.n) {
		fe_buf_add_text(out, "&prefix=");
		fe_url_encode(out, prefix, false);
	}
	if (page->has_more) {
		fe_buf_add_text(out, "&continuation-token=");
		fe_url_encode(out, fe_buf_str(&page->token), false);
	}
}

enum fe_rc
fe_s3_list(struct fe_s3 *s, struct fe_str bucket, struct fe_str prefix, fe_s3_entry_fn *fn, void *ctx,
	   struct fe_err *err)
{
	struct fe_http_response resp = { 0 };
	struct fe_s3_page page;
	struct fe_buf query;
	char last[FE_SHA256_HEX_BYTES] = "", now[FE_SHA256_HEX_BYTES];
	uint64_t n_pages = 0;
	enum fe_rc rc;

	fe_s3_page_init(&page);
	fe_buf_init(&query, 512 * 1024);
	do {
		print_list_query(prefix, &page, &query);
		const struct fe_s3_call c = { .method = "GET", .bucket = bucket, .query = fe_buf_text(&query) };
		rc = fe_buf_check(&query, "the query of a listing", err);
		if (rc == FE_OK)
			rc = fe_s3_do(s, &c, &resp, err);
		if (rc == FE_OK)
			rc = fe_s3_read_page(fe_buf_str(&resp.body), &page, fn, ctx, err);
		/* A server that hands out the same token again would never end. */
		fe_sha256_of(fe_buf_str(&page.token), now);
		if (rc == FE_OK && page.has_more && (strcmp(now, last) == 0 || ++n_pages > MAX_PAGES))
			rc = fe_fail(err, FE_EDATA, "the server's listing goes in a circle");
		memcpy(last, now, sizeof last);
	} while (rc == FE_OK && page.has_more);
	if (rc)
		fe_s3_err_at(err, bucket, prefix);
	fe_http_response_reset(&resp);
	fe_s3_page_reset(&page);
	fe_buf_reset(&query);
	return rc;
}

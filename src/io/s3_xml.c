// SPDX-License-Identifier: Apache-2.0
/* io/s3_xml.c - see io/s3_xml.h */
#include "io/s3_xml.h"

#include <stdio.h>

#include "base/time.h"
#include "io/sigv4_url.h"
#include "io/xml.h"

#define MAX_NAME_BYTES ((size_t)16 * 1024)

void
fe_s3_page_init(struct fe_s3_page *p)
{
	*p = (struct fe_s3_page){ 0 };
	fe_buf_init(&p->token, FE_XML_MAX_TEXT_BYTES);
	fe_buf_init(&p->upload_id_marker, FE_XML_MAX_TEXT_BYTES);
}

void
fe_s3_page_reset(struct fe_s3_page *p)
{
	fe_buf_reset(&p->token);
	fe_buf_reset(&p->upload_id_marker);
	*p = (struct fe_s3_page){ 0 };
}

struct page_reader {
	struct fe_s3_page *page;
	fe_s3_entry_fn *fn;
	void *ctx;
	struct fe_arena texts; /* of the entries, until it is known how they are encoded */
	struct fe_s3_entry *entries;
	size_t n_entries, cap_entries;
	struct fe_s3_entry now;
	bool is_listing, is_encoded;
};

static struct fe_str
keep(struct page_reader *r, struct fe_str text)
{
	return (struct fe_str){ fe_arena_copy(&r->texts, text.p ? text.p : "", text.n), text.n };
}

static void
set_text(struct fe_buf *out, struct fe_str text)
{
	fe_buf_clear(out);
	fe_buf_add_str(out, text);
}

static bool
read_size(struct fe_str text, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9' || __builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, (uint64_t)(text.p[i] - '0'), out))
			return false;
	return text.n > 0;
}

/* Not worth failing for: who asks for it does without. */
static int64_t
read_time(struct fe_str text)
{
	int64_t us;

	return fe_timestamp_parse(text, NULL, NULL, &us) == FE_TIME_OK ? us : 0;
}

static enum fe_rc
on_entry_part(struct page_reader *r, const char *name, struct fe_str text, struct fe_err *err)
{
	if (strcmp(name, "Key") == 0)
		r->now.key = keep(r, text);
	else if (strcmp(name, "ETag") == 0)
		r->now.etag = keep(r, text);
	else if (strcmp(name, "UploadId") == 0)
		r->now.upload_id = keep(r, text);
	else if (strcmp(name, "LastModified") == 0)
		r->now.mtime_us = read_time(text);
	else if (strcmp(name, "Size") == 0 && !read_size(text, &r->now.size_bytes))
		return fe_fail(err, FE_EDATA, "the listing has a size that is no number");
	return FE_OK;
}

static enum fe_rc
on_end(void *ctx, const char *path, struct fe_str text, struct fe_err *err)
{
	struct page_reader *r = ctx;
	const char *in = strchr(path, '/');
	size_t n_root = in ? (size_t)(in - path) : strlen(path);
	struct fe_str root = { path, n_root };

	r->is_listing = fe_str_is(root, "ListBucketResult") || fe_str_is(root, "ListMultipartUploadsResult");
	if (!in || !r->is_listing)
		return FE_OK;
	in++;
	const char *part = strchr(in, '/');
	struct fe_str of = { in, part ? (size_t)(part - in) : 0 };
	if (part && (fe_str_is(of, "Contents") || fe_str_is(of, "Upload")))
		return strchr(part + 1, '/') ? FE_OK : on_entry_part(r, part + 1, text, err);
	if (strcmp(in, "Contents") == 0 || strcmp(in, "Upload") == 0) {
		if (r->now.key.n == 0)
			return fe_fail(err, FE_EDATA, "the listing has an object without a key");
		r->entries = fe_grow(r->entries, &r->cap_entries, r->n_entries + 1, sizeof *r->entries);
		r->entries[r->n_entries++] = r->now;
		r->now = (struct fe_s3_entry){ 0 };
	} else if (strcmp(in, "EncodingType") == 0) {
		r->is_encoded = fe_str_is(text, "url");
	} else if (strcmp(in, "IsTruncated") == 0) {
		r->page->has_more = fe_str_is(text, "true");
	} else if (strcmp(in, "NextContinuationToken") == 0 || strcmp(in, "NextKeyMarker") == 0) {
		set_text(&r->page->token, text);
	} else if (strcmp(in, "NextUploadIdMarker") == 0) {
		set_text(&r->page->upload_id_marker, text);
	}
	return FE_OK;
}

/* A form's encoding: '+' is a blank there, and a '+' of a key is %2B. */
static void
decode(struct fe_buf *out, struct fe_str text)
{
	struct fe_buf plain;
	fe_buf_init(&plain, MAX_NAME_BYTES * 4);
	fe_buf_add_str(&plain, text);
	for (size_t i = 0; i < plain.n_bytes; i++)
		if (plain.p[i] == '+')
			plain.p[i] = ' ';
	fe_buf_clear(out);
	fe_url_decode(out, fe_buf_str(&plain));
	out->failed |= plain.failed;
	fe_buf_reset(&plain);
}

static enum fe_rc
hand_out(struct page_reader *r, struct fe_err *err)
{
	struct fe_buf key;
	enum fe_rc rc = FE_OK;

	fe_buf_init(&key, MAX_NAME_BYTES);
	for (size_t i = 0; i < r->n_entries && rc == FE_OK; i++) {
		struct fe_s3_entry e = r->entries[i];
		if (r->is_encoded) {
			decode(&key, e.key);
			e.key = fe_buf_str(&key);
			rc = fe_buf_check(&key, "a key of the listing", err);
		}
		if (rc == FE_OK && e.key.n && memchr(e.key.p, '\0', e.key.n))
			rc = fe_fail(err, FE_EDATA, "the listing has a key with a NUL");
		if (rc == FE_OK)
			rc = r->fn(r->ctx, &e, err);
	}
	/* The marker of uploads is a key. */
	if (rc == FE_OK && r->is_encoded && r->page->upload_id_marker.n_bytes) {
		decode(&key, fe_buf_str(&r->page->token));
		set_text(&r->page->token, fe_buf_str(&key));
	}
	fe_buf_reset(&key);
	return rc;
}

enum fe_rc
fe_s3_read_page(struct fe_str body, struct fe_s3_page *page, fe_s3_entry_fn *fn, void *ctx, struct fe_err *err)
{
	struct page_reader r = { .page = page, .fn = fn, .ctx = ctx };
	enum fe_rc rc;

	page->has_more = false;
	fe_buf_clear(&page->token);
	fe_buf_clear(&page->upload_id_marker);
	rc = fe_xml_read(body, on_end, &r, err);
	if (rc == FE_OK && !r.is_listing)
		rc = fe_fail(err, FE_EDATA, "the answer is no listing of S3");
	if (rc == FE_OK && page->has_more && page->token.n_bytes == 0)
		rc = fe_fail(err, FE_EDATA, "the listing goes on and does not say where");
	page->n_entries = r.n_entries;
	if (rc == FE_OK)
		rc = hand_out(&r, err);
	fe_free(r.entries);
	fe_arena_free(&r.texts);
	return rc;
}

static enum fe_rc
on_error_end(void *ctx, const char *path, struct fe_str text, struct fe_err *err)
{
	struct fe_s3_error *out = ctx;
	(void)err;
	if (strcmp(path, "Error/Code") == 0 || strcmp(path, "ErrorResponse/Error/Code") == 0)
		(void)snprintf(out->code, sizeof out->code, "%.*s", FE_STR_ARGS(text));
	else if (strcmp(path, "Error/Message") == 0 || strcmp(path, "ErrorResponse/Error/Message") == 0)
		(void)snprintf(out->message, sizeof out->message, "%.*s", FE_STR_ARGS(text));
	else if (strcmp(path, "Error/Region") == 0)
		(void)snprintf(out->region, sizeof out->region, "%.*s", FE_STR_ARGS(text));
	return FE_OK;
}

void
fe_s3_read_error(struct fe_str body, struct fe_s3_error *out)
{
	*out = (struct fe_s3_error){ 0 };
	if (body.n && fe_xml_read(body, on_error_end, out, NULL))
		*out = (struct fe_s3_error){ 0 };
}

struct text_reader { const char *name; char *out; };

static enum fe_rc
on_text_end(void *ctx, const char *path, struct fe_str text, struct fe_err *err)
{
	struct text_reader *r = ctx;
	const char *slash = strrchr(path, '/');
	(void)err;
	if (!r->out && strcmp(slash ? slash + 1 : path, r->name) == 0)
		r->out = fe_strndup(text.p ? text.p : "", text.n);
	return FE_OK;
}

char *
fe_s3_read_text(struct fe_str body, const char *name)
{
	struct text_reader r = { .name = name };
	if (fe_xml_read(body, on_text_end, &r, NULL)) {
		fe_free(r.out);
		r.out = NULL;
	}
	return r.out;
}

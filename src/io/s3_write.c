// SPDX-License-Identifier: Apache-2.0
/* io/s3_write.c - put, delete, and objects of parts; see io/s3.h */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/old_hash.h"
#include "io/s3_private.h"

#define MIB ((uint64_t)1 << 20)
#define MAX_LEFT_ROUNDS 100

static struct fe_http_header
header_of(const struct fe_s3_condition *condition)
{
	if (!condition || !condition->etag)
		return (struct fe_http_header){ "If-None-Match", "*" };
	return (struct fe_http_header){ "If-Match", condition->etag };
}

/* What a bucket with Object Lock refuses uploads without, and every server knows. */
static void
add_md5(struct fe_http_header *headers, size_t *n, struct fe_str content, char text[FE_MD5_BASE64_BYTES])
{
	if (fe_md5_of(content, text))
		headers[(*n)++] = (struct fe_http_header){ "Content-MD5", text };
}

static struct fe_s3_call
call_of(const char *method, const struct fe_s3_url *url)
{
	return (struct fe_s3_call){ .method = method, .bucket = url->bucket, .key = url->key };
}

enum fe_rc
fe_s3_put(struct fe_s3 *s, const struct fe_s3_url *url, struct fe_str content, const struct fe_s3_condition *condition,
	  char **etag, struct fe_err *err)
{
	struct fe_http_header headers[2] = { header_of(condition) };
	char md5[FE_MD5_BASE64_BYTES];
	struct fe_s3_call c = call_of("PUT", url);
	struct fe_http_response resp = { 0 };
	c.body = content.p ? content : FE_STR("");
	c.headers = headers;
	c.n_headers = condition != NULL;
	add_md5(headers, &c.n_headers, c.body, md5);
	enum fe_rc rc = fe_s3_do(s, &c, &resp, err);
	if (etag)
		*etag = rc ? NULL : fe_strdup(fe_http_headers_get(&resp.headers, "ETag"));
	if (rc == FE_OK && etag && !*etag)
		rc = fe_fail(err, FE_EDATA, "the server takes an object and gives it no ETag");
	fe_http_response_reset(&resp);
	return rc;
}

enum fe_rc
fe_s3_delete(struct fe_s3 *s, const struct fe_s3_url *url, struct fe_err *err)
{
	struct fe_s3_call c = call_of("DELETE", url);
	struct fe_http_response resp = { 0 };
	enum fe_rc rc = fe_s3_do(s, &c, &resp, err);
	bool is_gone = resp.status == 404;
	fe_http_response_reset(&resp);
	return is_gone ? FE_OK : rc;
}

uint64_t
fe_s3_part_bytes(uint64_t size_bytes)
{
	uint64_t least = size_bytes / FE_S3_MAX_PARTS + (size_bytes % FE_S3_MAX_PARTS != 0);
	if (least <= FE_S3_PART_BYTES)
		return FE_S3_PART_BYTES;
	return (least + MIB - 1) / MIB * MIB;
}

enum fe_rc
fe_s3_upload_begin(struct fe_s3 *s, const struct fe_s3_url *url, char **upload_id, struct fe_err *err)
{
	struct fe_s3_call c = call_of("POST", url);
	struct fe_http_response resp = { 0 };
	c.query = "uploads";
	c.body = FE_STR("");
	*upload_id = NULL;
	enum fe_rc rc = fe_s3_do(s, &c, &resp, err);
	if (rc == FE_OK) {
		*upload_id = fe_s3_read_text(fe_buf_str(&resp.body), "UploadId");
		if (!*upload_id || !**upload_id)
			rc = fe_fail(err, FE_EDATA, "the server begins an upload and gives it no id");
	}
	fe_http_response_reset(&resp);
	return rc;
}

static void
print_part_query(struct fe_buf *out, unsigned number, const char *upload_id)
{
	fe_buf_init(out, 16384);
	if (number)
		fe_buf_addf(out, "partNumber=%u&", number);
	fe_buf_add_text(out, "uploadId=");
	fe_url_encode(out, fe_str_of(upload_id), false);
}

enum fe_rc
fe_s3_upload_part(struct fe_s3 *s, const struct fe_s3_url *url, const char *upload_id, unsigned number,
		  struct fe_str content, char **etag, struct fe_err *err)
{
	struct fe_s3_call c = call_of("PUT", url);
	struct fe_http_response resp = { 0 };
	struct fe_http_header header;
	char md5[FE_MD5_BASE64_BYTES];
	struct fe_buf query;

	*etag = NULL;
	print_part_query(&query, number, upload_id);
	c.query = fe_buf_text(&query);
	c.body = content;
	c.headers = &header;
	add_md5(&header, &c.n_headers, content, md5);
	enum fe_rc rc = fe_buf_check(&query, "the id of an upload", err);
	if (rc == FE_OK)
		rc = fe_s3_do(s, &c, &resp, err);
	if (rc == FE_OK) {
		*etag = fe_strdup(fe_http_headers_get(&resp.headers, "ETag"));
		if (!*etag)
			rc = fe_fail(err, FE_EDATA, "the server takes a part and gives it no ETag");
	}
	fe_http_response_reset(&resp);
	fe_buf_reset(&query);
	return rc;
}

/* An ETag is a header's text; what XML would take for its own is written out. */
static void
add_xml_text(struct fe_buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			fe_buf_add_text(out, "&amp;");
		else if (*text == '<')
			fe_buf_add_text(out, "&lt;");
		else if (*text == '>')
			fe_buf_add_text(out, "&gt;");
		else
			fe_buf_add_char(out, *text);
	}
}

enum fe_rc
fe_s3_upload_complete(struct fe_s3 *s, const struct fe_s3_url *url, const char *upload_id, char *const *etags,
		      unsigned n_parts, const struct fe_s3_condition *condition, struct fe_err *err)
{
	const struct fe_http_header header = header_of(condition);
	struct fe_s3_call c = call_of("POST", url);
	struct fe_http_response resp = { 0 };
	struct fe_buf query, body;

	print_part_query(&query, 0, upload_id);
	fe_buf_init(&body, (size_t)8 << 20);
	fe_buf_add_text(&body, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (unsigned i = 0; i < n_parts; i++) {
		fe_buf_addf(&body, "<Part><PartNumber>%u</PartNumber><ETag>", i + 1);
		add_xml_text(&body, etags[i]);
		fe_buf_add_text(&body, "</ETag></Part>");
	}
	fe_buf_add_text(&body, "</CompleteMultipartUpload>");
	c.query = fe_buf_text(&query);
	c.body = fe_buf_str(&body);
	c.headers = &header;
	c.n_headers = condition != NULL;
	c.is_copied_later = true;
	enum fe_rc rc = fe_buf_check(&body, "the list of an object's parts", err);
	if (rc == FE_OK)
		rc = fe_buf_check(&query, "the id of an upload", err);
	if (rc == FE_OK)
		rc = fe_s3_do(s, &c, &resp, err);
	fe_http_response_reset(&resp);
	fe_buf_reset(&query);
	fe_buf_reset(&body);
	return rc;
}

enum fe_rc
fe_s3_upload_abort(struct fe_s3 *s, const struct fe_s3_url *url, const char *upload_id, struct fe_err *err)
{
	struct fe_s3_call c = call_of("DELETE", url);
	struct fe_http_response resp = { 0 };
	struct fe_buf query;

	print_part_query(&query, 0, upload_id);
	c.query = fe_buf_text(&query);
	enum fe_rc rc = fe_buf_check(&query, "the id of an upload", err);
	if (rc == FE_OK)
		rc = fe_s3_do(s, &c, &resp, err);
	if (resp.status == 404)
		rc = FE_OK; /* it is gone */
	fe_http_response_reset(&resp);
	fe_buf_reset(&query);
	return rc;
}

/* ---- what was left ---- */

struct left {
	struct fe_str key;
	char **ids;
	size_t n_ids, cap_ids;
};

static enum fe_rc
note_left(void *ctx, const struct fe_s3_entry *e, struct fe_err *err)
{
	struct left *l = ctx;
	(void)err;
	if (!fe_str_eq(e->key, l->key) || e->upload_id.n == 0)
		return FE_OK;
	l->ids = fe_grow(l->ids, &l->cap_ids, l->n_ids + 1, sizeof *l->ids);
	l->ids[l->n_ids++] = fe_strndup(e->upload_id.p, e->upload_id.n);
	return FE_OK;
}

static enum fe_rc
list_left(struct fe_s3 *s, const struct fe_s3_url *url, struct left *l, struct fe_err *err)
{
	struct fe_s3_call c = call_of("GET", &(struct fe_s3_url){ .bucket = url->bucket });
	struct fe_http_response resp = { 0 };
	struct fe_s3_page page;
	struct fe_buf query;
	unsigned n_rounds = 0;
	enum fe_rc rc;

	fe_s3_page_init(&page);
	fe_buf_init(&query, 512 * 1024);
	do {
		fe_buf_clear(&query);
		fe_buf_add_text(&query, "uploads&encoding-type=url&prefix=");
		fe_url_encode(&query, url->key, false);
		if (page.has_more) {
			fe_buf_add_text(&query, "&key-marker=");
			fe_url_encode(&query, fe_buf_str(&page.token), false);
			fe_buf_add_text(&query, "&upload-id-marker=");
			fe_url_encode(&query, fe_buf_str(&page.upload_id_marker), false);
		}
		c.query = fe_buf_text(&query);
		rc = fe_buf_check(&query, "the query of a listing", err);
		if (rc == FE_OK)
			rc = fe_s3_do(s, &c, &resp, err);
		if (rc == FE_OK)
			rc = fe_s3_read_page(fe_buf_str(&resp.body), &page, note_left, l, err);
	} while (rc == FE_OK && page.has_more && ++n_rounds < MAX_LEFT_ROUNDS);
	fe_http_response_reset(&resp);
	fe_s3_page_reset(&page);
	fe_buf_reset(&query);
	return rc;
}

enum fe_rc
fe_s3_upload_abort_left(struct fe_s3 *s, const struct fe_s3_url *url, struct fe_err *err)
{
	struct left l = { .key = url->key };
	enum fe_rc rc = list_left(s, url, &l, err);
	/* Only tidying: a role may write without the right to list uploads, and a server may not
	 * have any listing of them. */
	if (rc == FE_EDENIED || rc == FE_EDATA || rc == FE_ECONFLICT)
		rc = FE_OK;
	for (size_t i = 0; i < l.n_ids; i++) {
		if (rc == FE_OK)
			rc = fe_s3_upload_abort(s, url, l.ids[i], err);
		fe_free(l.ids[i]);
	}
	fe_free(l.ids);
	return rc;
}

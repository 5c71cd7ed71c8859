// SPDX-License-Identifier: Apache-2.0
/* io/s3_call.c - one request; see io/s3.h */
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/http_retry.h"
#include "io/s3_private.h"

#define MAX_URL_BYTES ((size_t)64 * 1024)
#define SKEW_WORTH_MENDING_US (60 * INT64_C(1000000))
#define MAX_LATE_ERRORS 5

/* ---- the URL ---- */

/* "https://host/path" of a user, or AWS's own; the bucket in the host or in the path. */
static void
print_base(const struct fe_s3 *s, struct fe_str bucket, const char *region, struct fe_buf *out)
{
	bool in_path = fe_aws_config_is_path_style(&s->config, bucket);
	const char *own = s->config.endpoint_s3.text;
	struct fe_buf host;

	fe_buf_init(&host, MAX_URL_BYTES);
	if (own)
		fe_buf_add_text(&host, strstr(own, "://") + 3);
	else
		fe_buf_addf(&host, "s3.%s.amazonaws.com%s", region, strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
	while (host.n_bytes && host.p[host.n_bytes - 1] == '/')
		host.n_bytes--;
	fe_buf_add_text(out, own && strncmp(own, "http://", 7) == 0 ? "http://" : "https://");
	if (!in_path) {
		fe_buf_add_str(out, bucket);
		fe_buf_add_char(out, '.');
	}
	fe_buf_add_str(out, fe_buf_str(&host));
	if (in_path) {
		fe_buf_add_char(out, '/');
		fe_url_encode(out, bucket, false);
	}
	fe_buf_reset(&host);
}

enum fe_rc
fe_s3_request_init(struct fe_s3_request *r, struct fe_s3 *s, const struct fe_s3_call *c, struct fe_err *err)
{
	*r = (struct fe_s3_request){ .region = fe_s3_region_of(s, c->bucket) };
	fe_buf_init(&r->url, MAX_URL_BYTES);
	print_base(s, c->bucket, r->region, &r->url);
	fe_buf_add_char(&r->url, '/');
	fe_url_encode(&r->url, c->key, true);
	if (c->query)
		fe_buf_addf(&r->url, "?%s", c->query);
	FE_TRY(fe_buf_check(&r->url, "the URL of an object", err));
	(void)pthread_mutex_lock(&s->lock);
	int64_t skew_us = s->skew_us;
	(void)pthread_mutex_unlock(&s->lock);
	r->signer = (struct fe_aws_signer){ .credentials = s->credentials, .region = r->region, .service = "s3",
		                            .clock = s->clock, .skew_us = skew_us };
	r->face = fe_aws_signer_face(&r->signer);
	r->face.renew = NULL; /* which of the reasons for a 403 it is stands in the body */
	r->http = (struct fe_http_request){
		.method = c->method, .url = fe_buf_text(&r->url), .headers = c->headers, .n_headers = c->n_headers,
		.body = c->body, .signer = &r->face, .accept_any_status = true,
	};
	return FE_OK;
}

void
fe_s3_request_reset(struct fe_s3_request *r)
{
	fe_buf_reset(&r->url);
	fe_free(r->region);
	*r = (struct fe_s3_request){ 0 };
}

/* ---- what can be put right ---- */

static bool
is_code(const struct fe_s3_error *e, const char *const *codes)
{
	for (; *codes; codes++)
		if (strcmp(e->code, *codes) == 0)
			return true;
	return false;
}

static bool
mend_region(struct fe_s3 *s, const struct fe_s3_call *c, const struct fe_http_response *resp,
	    const struct fe_s3_error *e, const char *asked)
{
	const char *told = fe_http_headers_get(&resp->headers, "x-amz-bucket-region");
	bool is_about_region = resp->status == 301 || resp->status == 307 || resp->status == 400;
	if (!told && is_about_region && e->region[0])
		told = e->region;
	if (!told || !is_about_region || !told[0] || strcmp(told, asked) == 0)
		return false;
	for (const char *p = told; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-'))
			return false; /* it becomes part of a host's name */
	fe_s3_learn_region(s, c->bucket, told);
	return true;
}

/* The server's clock stands in its Date. A HEAD has no body to say why it is forbidden. */
static bool
mend_skew(struct fe_s3 *s, const struct fe_http_response *resp, const struct fe_s3_error *e)
{
	static const char *const codes[] = { "RequestTimeTooSkewed", "RequestExpired", "InvalidRequestTime", NULL };
	const char *date = fe_http_headers_get(&resp->headers, "Date");
	int64_t at_ms;
	if (!is_code(e, codes) && !(resp->status == 403 && !e->code[0]))
		return false;
	if (!date || !fe_http_retry_after_ms(fe_str_of(date), 0, &at_ms))
		return false;
	(void)pthread_mutex_lock(&s->lock);
	int64_t skew_us = at_ms * 1000 - fe_clock_now(s->clock), change_us = skew_us - s->skew_us;
	bool is_worth_it = change_us > SKEW_WORTH_MENDING_US || change_us < -SKEW_WORTH_MENDING_US;
	if (is_worth_it)
		s->skew_us = skew_us;
	(void)pthread_mutex_unlock(&s->lock);
	return is_worth_it;
}

static bool
mend_keys(struct fe_s3 *s, const struct fe_http_response *resp, const struct fe_s3_error *e,
	  const struct fe_aws_signer *signer)
{
	static const char *const codes[] = { "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", NULL };
	bool is_untold = !e->code[0] && (resp->status == 400 || resp->status == 403); /* of a HEAD */
	return (is_code(e, codes) || is_untold) && fe_credentials_expired(s->credentials, signer->last_key_id);
}

/* True: asking again may help. Each way once. */
static bool
mend(struct fe_s3 *s, const struct fe_s3_call *c, const struct fe_http_response *resp,
     const struct fe_s3_error *e, const struct fe_s3_request *r, struct fe_s3_mend *done)
{
	if (!done->region && mend_region(s, c, resp, e, r->region))
		return done->region = true;
	if (!done->skew && mend_skew(s, resp, e))
		return done->skew = true;
	if (!done->keys && mend_keys(s, resp, e, &r->signer))
		return done->keys = true;
	return false;
}

/* ---- what is said ---- */

struct meaning {
	const char *code;
	long status;       /* of answers without a code; 0: none */
	enum fe_rc rc;
	const char *hint;
};

static const struct meaning meanings[] = {
	{ "NoSuchKey", 0, FE_EUSAGE, "there is no such object" },
	{ "NoSuchVersion", 0, FE_EUSAGE, "there is no such version of the object" },
	{ "NoSuchBucket", 0, FE_EUSAGE, "there is no such bucket" },
	{ "InvalidBucketName", 0, FE_EUSAGE, "this cannot be the name of a bucket" },
	{ "MethodNotAllowed", 0, FE_EUSAGE, "this version is a delete marker: the object was deleted" },
	{ "NoSuchUpload", 0, FE_ECONFLICT, "the upload was aborted by another writer of this object" },
	{ "InvalidObjectState", 0, FE_EUSAGE, "the object is archived; restore it first" },
	{ "AccessDenied", 0, FE_EDENIED, "these keys do not allow it (or a key of KMS does not)" },
	{ "SignatureDoesNotMatch", 0, FE_EDENIED, "the secret access key is wrong" },
	{ "InvalidAccessKeyId", 0, FE_EDENIED, "there is no such access key id" },
	{ "ExpiredToken", 0, FE_EDENIED, "the session's keys have expired; get new ones" },
	{ "InvalidToken", 0, FE_EDENIED, "the session token is not of these keys" },
	{ "RequestTimeTooSkewed", 0, FE_EDENIED, "this machine's clock is wrong; set it" },
	{ "KMS.DisabledException", 0, FE_EDENIED, "the key of KMS is disabled" },
	{ "PreconditionFailed", 0, FE_ECONFLICT, "the object is there already, or has changed" },
	{ "ConditionalRequestConflict", 0, FE_ECONFLICT, "another writer was at it; start again" },
	{ "SlowDown", 0, FE_EUNAVAIL, "too many requests; try again later" },
	{ "ServiceUnavailable", 0, FE_EUNAVAIL, "S3 is overloaded; try again later" },
	{ "InternalError", 0, FE_EUNAVAIL, "S3 failed; try again" },
	{ "RequestTimeout", 0, FE_EUNAVAIL, "the line is too slow; try again" },
	{ "OperationAborted", 0, FE_EUNAVAIL, "another request was at it; try again" },
	{ "", 401, FE_EDENIED, "the credentials are not accepted" },
	{ "", 403, FE_EDENIED, "these keys do not allow it" },
	{ "", 404, FE_EUSAGE, "there is no such object or bucket" },
	{ "", 405, FE_EUSAGE, "this version is a delete marker: the object was deleted" },
	{ "", 412, FE_ECONFLICT, "the object is there already, or has changed" },
	{ "", 409, FE_ECONFLICT, "another writer was at it; start again" },
	{ "", 429, FE_EUNAVAIL, "too many requests; try again later" },
};

static struct meaning
meaning_of(long status, const struct fe_s3_error *e)
{
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
		bool is_code = meanings[i].code[0] && strcmp(meanings[i].code, e->code) == 0;
		if (is_code || (meanings[i].status && meanings[i].status == status))
			return meanings[i];
	}
	if (status >= 500)
		return (struct meaning){ .rc = FE_EUNAVAIL, .hint = "S3 failed; try again later" };
	if (status == 301 || status == 307)
		return (struct meaning){ .rc = FE_EUSAGE, .hint = "the bucket is at another region or endpoint" };
	return (struct meaning){ .rc = FE_EDATA, .hint = "the request was refused" };
}

static enum fe_rc
fail_answer(long status, const struct fe_s3_error *e, struct fe_err *err)
{
	struct meaning m = meaning_of(status, e);
	(void)fe_fail(err, m.rc, "%s (status %ld%s%s%s%s)", m.hint, status, e->code[0] ? " " : "", e->code,
		      e->message[0] ? ": " : "", e->message);
	if (err)
		(void)snprintf(err->foreign, sizeof err->foreign, "%.23s", e->code);
	return m.rc;
}

void
fe_s3_err_at(struct fe_err *err, struct fe_str bucket, struct fe_str key)
{
	struct fe_buf name;
	fe_buf_init(&name, 4096);
	fe_s3_url_print(&name, &(struct fe_s3_url){ .bucket = bucket, .key = key });
	fe_err_at(err, fe_buf_text(&name), 0, NULL);
	fe_buf_reset(&name);
}

/* ---- the request ---- */

/* *again: it was mended. */
static enum fe_rc
try_once(struct fe_s3 *s, const struct fe_s3_call *c, struct fe_s3_mend *done, struct fe_http_response *out,
	 bool *again, struct fe_err *err)
{
	struct fe_s3_request r;
	struct fe_s3_error e = { 0 };
	struct fe_http *http = NULL;
	enum fe_rc rc;

	*again = false;
	rc = fe_s3_request_init(&r, s, c, err);
	if (rc == FE_OK)
		rc = fe_s3_take_http(s, &http, err);
	if (rc == FE_OK)
		rc = fe_http_fetch(http, &r.http, out, err);
	bool is_good = rc == FE_OK && out->status >= 200 && out->status <= 299;
	if (rc == FE_OK && (!is_good || c->is_copied_later))
		fe_s3_read_error(fe_buf_str(&out->body), &e);
	if (rc == FE_OK && (!is_good || e.code[0])) {
		*again = mend(s, c, out, &e, &r, done);
		if (!*again)
			rc = fail_answer(is_good ? 500 : out->status, &e, err);
	}
	fe_s3_give_http(s, http);
	fe_s3_request_reset(&r);
	return rc;
}

enum fe_rc
fe_s3_do(struct fe_s3 *s, const struct fe_s3_call *c, struct fe_http_response *out, struct fe_err *err)
{
	struct fe_s3_mend done = { 0 };
	unsigned n_late = 0;
	bool again;
	enum fe_rc rc;

	do {
		rc = try_once(s, c, &done, out, &again, err);
		/* An error that came after its 200 was not seen by io/http. */
		bool is_late = rc == FE_EUNAVAIL && c->is_copied_later && out->status == 200;
		if (is_late && ++n_late < MAX_LATE_ERRORS)
			again = true;
	} while (again);
	if (rc)
		fe_s3_err_at(err, c->bucket, c->key);
	return rc;
}

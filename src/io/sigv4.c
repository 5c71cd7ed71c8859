// SPDX-License-Identifier: Apache-2.0
/* io/sigv4.c - see io/sigv4.h */
#include "io/sigv4.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "io/sigv4_url.h"

#define MAX_TEXT_BYTES ((size_t)1 << 20)
#define MAX_HEADERS 64
#define ALGORITHM "AWS4-HMAC-SHA256"
#define STAMP_BYTES 17 /* "20130524T000000Z" and the NUL */

struct signed_header {
	char *name; /* lower case */
	const char *value;
};

struct signing {
	const struct fe_sigv4 *set;
	struct fe_url_parts url;
	char stamp[STAMP_BYTES];
	char payload[FE_SHA256_HEX_BYTES];
	char *host;
	struct signed_header headers[MAX_HEADERS + 4];
	size_t n_headers;
	struct fe_buf names; /* "host;x-amz-date" */
};

static bool
is_s3(const struct fe_sigv4 *s)
{
	return strcmp(s->service, "s3") == 0;
}

/* What may be changed on the way, and what is not known yet when the request is signed. */
static bool
is_left_out(const char *name)
{
	static const char *const names[] = { "authorization", "connection", "content-length", "expect",
		                             "transfer-encoding", "user-agent", "x-amzn-trace-id",
		                             "accept-encoding" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static char *
lower(const char *text)
{
	char *out = fe_strdup(text);
	for (char *p = out; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return out;
}

static enum fe_rc
add_header(struct signing *g, const char *name, const char *value, struct fe_err *err)
{
	char *low = lower(name);
	if (is_left_out(low)) {
		fe_free(low);
		return FE_OK;
	}
	if (g->n_headers == sizeof g->headers / sizeof g->headers[0]) {
		fe_free(low);
		return fe_fail(err, FE_EUSAGE, "more than %d headers cannot be signed", MAX_HEADERS);
	}
	g->headers[g->n_headers++] = (struct signed_header){ low, value };
	return FE_OK;
}

/* Stable: headers of one name keep their order. */
static void
sort_headers(struct signing *g)
{
	for (size_t i = 1; i < g->n_headers; i++)
		for (size_t k = i; k > 0 && strcmp(g->headers[k - 1].name, g->headers[k].name) > 0; k--) {
			struct signed_header h = g->headers[k];
			g->headers[k] = g->headers[k - 1];
			g->headers[k - 1] = h;
		}
}

static void
print_stamp(int64_t now_us, char out[STAMP_BYTES])
{
	char at[FE_TIMESTAMP_TEXT_BYTES]; /* YYYY-MM-DD hh:mm:ss.ffffffZ */
	static const unsigned char places[] = { 0, 1, 2, 3, 5, 6, 8, 9, 0, 11, 12, 14, 15, 17, 18 };
	fe_timestamp_format(now_us, at);
	for (size_t i = 0; i < sizeof places; i++)
		out[i] = at[places[i]];
	out[8] = 'T';
	out[15] = 'Z';
	out[16] = '\0';
}

static void
print_host(struct signing *g)
{
	struct fe_buf b;
	fe_buf_init(&b, MAX_TEXT_BYTES);
	fe_buf_add_str(&b, g->url.host);
	bool is_default = g->url.port.n == 0 ||
			  fe_str_is(g->url.port, g->url.is_https ? "443" : "80");
	if (!is_default) {
		fe_buf_add_char(&b, ':');
		fe_buf_add_str(&b, g->url.port);
	}
	g->host = fe_buf_take(&b);
}

static enum fe_rc
collect_headers(struct signing *g, const struct fe_http_request *req, struct fe_err *err)
{
	const struct fe_sigv4 *s = g->set;
	print_host(g);
	FE_TRY(add_header(g, "host", g->host, err));
	FE_TRY(add_header(g, "x-amz-date", g->stamp, err));
	if (s->keys->session_token)
		FE_TRY(add_header(g, "x-amz-security-token", s->keys->session_token, err));
	if (is_s3(s))
		FE_TRY(add_header(g, "x-amz-content-sha256", g->payload, err));
	for (size_t i = 0; i < req->n_headers; i++)
		FE_TRY(add_header(g, req->headers[i].name, req->headers[i].value, err));
	sort_headers(g);
	for (size_t i = 0; i < g->n_headers; i++)
		if (i == 0 || strcmp(g->headers[i - 1].name, g->headers[i].name) != 0)
			fe_buf_addf(&g->names, "%s%s", i ? ";" : "", g->headers[i].name);
	return FE_OK;
}

static enum fe_rc
begin(struct signing *g, const struct fe_sigv4 *s, const struct fe_http_request *req, struct fe_err *err)
{
	*g = (struct signing){ .set = s };
	fe_buf_init(&g->names, MAX_TEXT_BYTES);
	FE_TRY(fe_url_parts_of(req->url, &g->url, err));
	print_stamp(s->now_us, g->stamp);
	if (!s->payload_sha256) {
		fe_sha256_of(req->body, g->payload);
	} else {
		size_t n = strlen(s->payload_sha256);
		if (n >= sizeof g->payload)
			return fe_fail(err, FE_EBUG, "the payload's hash is too long");
		memcpy(g->payload, s->payload_sha256, n + 1);
	}
	return collect_headers(g, req, err);
}

static void
end(struct signing *g)
{
	for (size_t i = 0; i < g->n_headers; i++)
		fe_free(g->headers[i].name);
	fe_free(g->host);
	fe_buf_reset(&g->names);
}

/* Blanks at the ends go, those within become one. */
static void
add_trimmed(struct fe_buf *out, const char *value)
{
	struct fe_str v = fe_text_trim(fe_str_of(value));
	for (size_t i = 0; i < v.n; i++) {
		bool is_blank = fe_is_blank((unsigned char)v.p[i]);
		if (!is_blank)
			fe_buf_add_char(out, v.p[i]);
		else if (!fe_is_blank((unsigned char)v.p[i - 1]))
			fe_buf_add_char(out, ' ');
	}
}

static void
add_canonical_headers(const struct signing *g, struct fe_buf *out)
{
	for (size_t i = 0; i < g->n_headers; i++) {
		bool is_more = i > 0 && strcmp(g->headers[i - 1].name, g->headers[i].name) == 0;
		if (i > 0 && !is_more)
			fe_buf_add_char(out, '\n');
		fe_buf_add_text(out, is_more ? "," : g->headers[i].name);
		if (!is_more)
			fe_buf_add_char(out, ':');
		add_trimmed(out, g->headers[i].value);
	}
	fe_buf_add_char(out, '\n');
}

static enum fe_rc
print_canonical(const struct signing *g, const struct fe_http_request *req, struct fe_buf *out,
		struct fe_err *err)
{
	fe_buf_addf(out, "%s\n", req->method ? req->method : "GET");
	if (is_s3(g->set))
		fe_url_add_path_as_sent(out, g->url.path);
	else
		fe_url_add_path_normal(out, g->url.path);
	fe_buf_add_char(out, '\n');
	FE_TRY(fe_url_add_query_sorted(out, g->url.query, err));
	fe_buf_add_char(out, '\n');
	add_canonical_headers(g, out);
	fe_buf_addf(out, "\n%s\n%s", fe_buf_text(&g->names), g->payload);
	return fe_buf_check(out, "the canonical request", err);
}

enum fe_rc
fe_sigv4_canonical(const struct fe_sigv4 *s, const struct fe_http_request *req, struct fe_buf *out,
		   struct fe_err *err)
{
	struct signing g;
	enum fe_rc rc = begin(&g, s, req, err);
	if (rc == FE_OK)
		rc = print_canonical(&g, req, out, err);
	end(&g);
	return rc;
}

static struct fe_str
bytes_of(const unsigned char digest[FE_SHA256_BYTES])
{
	return (struct fe_str){ (const char *)digest, FE_SHA256_BYTES };
}

/* The secret, wrapped in day, region, service. */
static void
derive_key(const struct signing *g, unsigned char key[FE_SHA256_BYTES])
{
	const struct fe_sigv4 *s = g->set;
	struct fe_buf secret;
	fe_buf_init(&secret, MAX_TEXT_BYTES);
	fe_buf_addf(&secret, "AWS4%s", s->keys->secret_access_key);
	fe_hmac_sha256(fe_buf_str(&secret), (struct fe_str){ g->stamp, 8 }, key);
	fe_hmac_sha256(bytes_of(key), fe_str_of(s->region), key);
	fe_hmac_sha256(bytes_of(key), fe_str_of(s->service), key);
	fe_hmac_sha256(bytes_of(key), FE_STR("aws4_request"), key);
	fe_buf_reset(&secret);
}

static void
sign_text(const struct signing *g, struct fe_str canonical, char out[FE_SHA256_HEX_BYTES])
{
	unsigned char key[FE_SHA256_BYTES];
	char hashed[FE_SHA256_HEX_BYTES];
	struct fe_buf text;

	fe_sha256_of(canonical, hashed);
	fe_buf_init(&text, MAX_TEXT_BYTES);
	fe_buf_addf(&text, ALGORITHM "\n%s\n%.8s/%s/%s/aws4_request\n%s", g->stamp, g->stamp,
		    g->set->region, g->set->service, hashed);
	derive_key(g, key);
	fe_hmac_sha256(bytes_of(key), fe_buf_str(&text), key);
	fe_sha256_hex(key, out);
	fe_buf_reset(&text);
}

static void
add_signed(const struct signing *g, const char *signature, struct fe_http_headers *add)
{
	const struct fe_sigv4 *s = g->set;
	struct fe_buf value;

	fe_http_headers_add(add, "X-Amz-Date", g->stamp);
	if (s->keys->session_token)
		fe_http_headers_add(add, "X-Amz-Security-Token", s->keys->session_token);
	if (is_s3(s))
		fe_http_headers_add(add, "X-Amz-Content-Sha256", g->payload);
	fe_buf_init(&value, MAX_TEXT_BYTES);
	fe_buf_addf(&value, ALGORITHM " Credential=%s/%.8s/%s/%s/aws4_request, SignedHeaders=%s, Signature=%s",
		    s->keys->access_key_id, g->stamp, s->region, s->service, fe_buf_text(&g->names), signature);
	fe_http_headers_add(add, "Authorization", fe_buf_text(&value));
	fe_buf_reset(&value);
}

enum fe_rc
fe_sigv4_sign(const struct fe_sigv4 *s, const struct fe_http_request *req, struct fe_http_headers *add,
	      struct fe_err *err)
{
	char signature[FE_SHA256_HEX_BYTES];
	struct fe_buf canonical;
	struct signing g;
	enum fe_rc rc;

	fe_buf_init(&canonical, MAX_TEXT_BYTES);
	rc = begin(&g, s, req, err);
	if (rc == FE_OK)
		rc = print_canonical(&g, req, &canonical, err);
	if (rc == FE_OK) {
		sign_text(&g, fe_buf_str(&canonical), signature);
		add_signed(&g, signature, add);
	}
	fe_buf_reset(&canonical);
	end(&g);
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
/* io/http_hmac.c - HMAC-SHA256 of a template, filled in at each try */
#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"
#include "io/http_auth_private.h"

/* What a template may name. */
struct signing {
	struct fe_str method, path, query;
	int64_t now_us;
	char body_sha256[FE_SHA256_HEX_BYTES];
};

static void
split_url(struct fe_str url, struct signing *s)
{
	const char *colon = memmem(url.p, url.n, "://", 3);
	const char *p = colon ? colon + 3 : url.p, *end = url.p + url.n, *hash;
	while (p < end && !strchr("/?#", *p))
		p++;
	hash = memchr(p, '#', (size_t)(end - p));
	end = hash ? hash : end;
	const char *mark = memchr(p, '?', (size_t)(end - p));
	s->path = (struct fe_str){ p, (size_t)((mark ? mark : end) - p) };
	s->query = mark ? (struct fe_str){ mark + 1, (size_t)(end - mark - 1) } : (struct fe_str){ "", 0 };
	if (s->path.n == 0)
		s->path = FE_STR("/");
}

static bool
add_named(struct fe_buf *out, struct fe_str name, const struct signing *s)
{
	if (fe_str_is(name, "method"))
		fe_buf_add_str(out, s->method);
	else if (fe_str_is(name, "path"))
		fe_buf_add_str(out, s->path);
	else if (fe_str_is(name, "query"))
		fe_buf_add_str(out, s->query);
	else if (fe_str_is(name, "timestamp"))
		fe_buf_add_i64(out, s->now_us / 1000000);
	else if (fe_str_is(name, "timestamp_ms"))
		fe_buf_add_i64(out, s->now_us / 1000);
	else if (fe_str_is(name, "body_sha256"))
		fe_buf_add_text(out, s->body_sha256);
	else
		return false;
	return true;
}

static enum fe_rc
fill_template(struct fe_buf *out, const char *template, const struct signing *s, struct fe_err *err)
{
	for (const char *p = template; *p; p++) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;
		if (!end) {
			fe_buf_add_char(out, *p);
			continue;
		}
		struct fe_str name = { p + 1, (size_t)(end - p - 1) };
		if (!add_named(out, name, s))
			return fe_fail(err, FE_EUSAGE, "there is no {%.*s} to sign; there are method, path, query, timestamp, "
				       "timestamp_ms and body_sha256", FE_STR_ARGS(name));
		p = end;
	}
	return fe_buf_check(out, "what is to be signed", err);
}

static enum fe_rc
sign_hmac(void *self, const struct fe_http_request *req, struct fe_http_headers *add, struct fe_err *err)
{
	const struct fe_auth *a = self;
	struct signing s = { .method = fe_str_of(req->method), .now_us = fe_clock_now(&a->clock) };
	unsigned char mac[FE_SHA256_BYTES];
	char hex[FE_SHA256_HEX_BYTES], stamp[32];
	struct fe_buf text;
	split_url(fe_str_of(req->url), &s);
	fe_sha256_of(req->body, s.body_sha256);
	fe_buf_init(&text, (size_t)1 << 20);
	enum fe_rc rc = fill_template(&text, a->template, &s, err);
	if (rc == FE_OK) {
		bool is_ms = strstr(a->template, "{timestamp_ms}") != NULL;
		fe_hmac_sha256(fe_str_of(a->secret), fe_buf_str(&text), mac);
		fe_sha256_hex(mac, hex);
		fe_http_headers_add(add, a->header, hex);
		(void)snprintf(stamp, sizeof stamp, "%" PRId64, s.now_us / (is_ms ? 1000 : 1000000));
		if (a->timestamp_header)
			fe_http_headers_add(add, a->timestamp_header, stamp);
	}
	fe_buf_reset(&text);
	return rc;
}

enum fe_rc
fe_auth_hmac(struct fe_auth **out, const struct fe_clock *clock, const struct fe_auth_hmac *set,
	     struct fe_err *err)
{
	struct signing nothing = { 0 };
	struct fe_buf probe;
	*out = NULL;
	FE_TRY(fe_auth_check(set->secret, "secret", err));
	if (!set->template || !*set->template)
		return fe_fail(err, FE_EUSAGE, "it is not said what is to be signed");
	if (!set->signature_header || !fe_http_is_name(fe_str_of(set->signature_header)) ||
	    (set->timestamp_header && !fe_http_is_name(fe_str_of(set->timestamp_header))))
		return fe_fail(err, FE_EUSAGE, "the header of the signature, or of its time, is not the name of one");
	fe_buf_init(&probe, FE_AUTH_SECRET_BYTES);
	enum fe_rc rc = fill_template(&probe, set->template, &nothing, err);
	fe_buf_reset(&probe);
	if (rc)
		return rc;
	struct fe_auth *a = fe_auth_new();
	a->signer.sign = sign_hmac;
	a->clock = *clock;
	a->secret = fe_strdup(set->secret);
	a->template = fe_strdup(set->template);
	a->header = fe_strdup(set->signature_header);
	a->timestamp_header = fe_strdup(set->timestamp_header);
	*out = a;
	return FE_OK;
}

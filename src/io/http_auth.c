// SPDX-License-Identifier: Apache-2.0
/* io/http_auth.c - signers: a header that stays, a token that is fetched, a hash that is made
 *
 * One struct for all of them: which fields are used follows from the functions in its signer.
 */
#include "io/http_auth.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/http_head.h"
#include "io/json_texts.h"

#define SECRET_BYTES ((size_t)64 * 1024)
#define RENEW_BEFORE_MS 60000

struct fe_auth {
	struct fe_http_signer signer;
	char *header, *value;             /* what is sent; of OAuth the token, NULL so far */
	struct fe_http *http;
	struct fe_clock clock;
	char *token_url, *form, *basic;   /* OAuth: the request for a token */
	int64_t renew_at_us;              /* by the ticks; INT64_MAX: when it is refused */
	char *secret, *template, *timestamp_header;
};

static void
wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	fe_free(text);
}

void
fe_auth_free(struct fe_auth *a)
{
	if (!a)
		return;
	wipe(a->value);
	wipe(a->form);
	wipe(a->basic);
	wipe(a->secret);
	fe_free(a->header);
	fe_free(a->token_url);
	fe_free(a->template);
	fe_free(a->timestamp_header);
	fe_free(a);
}

const struct fe_http_signer *
fe_auth_signer(const struct fe_auth *a)
{
	return &a->signer;
}

static enum fe_rc
sign_fixed(void *self, const struct fe_http_request *req, struct fe_http_headers *add, struct fe_err *err)
{
	const struct fe_auth *a = self;
	(void)req;
	(void)err;
	fe_http_headers_add(add, a->header, a->value);
	return FE_OK;
}

static struct fe_auth *
auth_new(void)
{
	struct fe_auth *a = fe_new(struct fe_auth);
	a->signer = (struct fe_http_signer){ .sign = sign_fixed, .self = a };
	return a;
}

static enum fe_rc
check_text(const char *text, const char *what, struct fe_err *err)
{
	if (!text || !*text)
		return fe_fail(err, FE_EUSAGE, "the %s is empty", what);
	if (!fe_http_is_value(fe_str_of(text)) || strlen(text) > SECRET_BYTES / 4)
		return fe_fail(err, FE_EUSAGE, "the %s has control characters, a line's end perhaps, or is too long", what);
	return FE_OK;
}

/* Takes value. */
static void
be_fixed(struct fe_auth **out, const char *header, char *value)
{
	*out = auth_new();
	(*out)->header = fe_strdup(header);
	(*out)->value = value;
}

static char *
joined(const char *a, const char *b)
{
	struct fe_buf text;
	fe_buf_init(&text, SECRET_BYTES);
	fe_buf_add_text(&text, a);
	fe_buf_add_text(&text, b);
	FE_ASSERT(!text.failed);
	return fe_buf_take(&text);
}

enum fe_rc
fe_auth_bearer(struct fe_auth **out, const char *token, struct fe_err *err)
{
	*out = NULL;
	FE_TRY(check_text(token, "token", err));
	be_fixed(out, "Authorization", joined("Bearer ", token));
	return FE_OK;
}

enum fe_rc
fe_auth_api_key(struct fe_auth **out, const char *header, const char *key, struct fe_err *err)
{
	*out = NULL;
	FE_TRY(check_text(key, "API key", err));
	if (!header || !fe_http_is_name(fe_str_of(header)))
		return fe_fail(err, FE_EUSAGE, "the header of the API key is not the name of one");
	be_fixed(out, header, fe_strdup(key));
	return FE_OK;
}

static char *
basic_of(struct fe_str user, struct fe_str password)
{
	struct fe_buf pair, value;
	fe_buf_init(&pair, SECRET_BYTES);
	fe_buf_init(&value, SECRET_BYTES * 2);
	fe_buf_add_str(&pair, user);
	fe_buf_add_char(&pair, ':');
	fe_buf_add_str(&pair, password);
	fe_buf_add_text(&value, "Basic ");
	fe_buf_add_base64(&value, fe_buf_str(&pair));
	FE_ASSERT(!pair.failed && !value.failed);
	wipe(fe_buf_take(&pair));
	return fe_buf_take(&value);
}

enum fe_rc
fe_auth_basic(struct fe_auth **out, const char *user, const char *password, struct fe_err *err)
{
	*out = NULL;
	FE_TRY(check_text(user, "user", err));
	if (password && *password)
		FE_TRY(check_text(password, "password", err));
	if (strchr(user, ':'))
		return fe_fail(err, FE_EUSAGE, "a user with a colon cannot be told from the password");
	be_fixed(out, "Authorization", basic_of(fe_str_of(user), fe_str_of(password ? password : "")));
	return FE_OK;
}

enum { TOKEN, TOKEN_TYPE, EXPIRES_IN, TOKEN_ERROR, N_TOKEN_TEXTS };
static const char *const token_texts[] = { "access_token", "token_type", "expires_in", "error" };

static enum fe_rc
fail_token(const struct fe_http_response *r, const char *error, struct fe_err *err)
{
	bool is_denied = r->status == 400 || r->status == 401 || r->status == 403;
	enum fe_rc rc = is_denied ? FE_EDENIED : r->status >= 500 || r->status == 429 ? FE_EUNAVAIL : FE_EDATA;
	(void)fe_fail(err, rc, "no token: its server answers %ld%s%.64s%s%s", r->status, error ? " (" : "",
		      error ? error : "", error ? ")" : "",
		      is_denied ? ": look at client_id, client_secret and scope" : "");
	if (err)
		(void)snprintf(err->foreign, sizeof err->foreign, "%ld", r->status);
	return rc;
}

/* Whole seconds: a number, or one in quotes; -1: it is not said, or not so that it can be used. */
static int64_t
seconds_of(const char *text)
{
	int64_t n = 0;
	if (!text || *text < '0' || *text > '9')
		return -1;
	for (; *text >= '0' && *text <= '9'; text++)
		if (n < INT64_C(1) << 32)
			n = n * 10 + (*text - '0');
	return n;
}

static enum fe_rc
take_token(struct fe_auth *a, const struct fe_http_response *r, char *const *texts, struct fe_err *err)
{
	const char *kind = texts[TOKEN_TYPE];
	if (r->status != 200)
		return fail_token(r, texts[TOKEN_ERROR], err);
	if (!texts[TOKEN] || !*texts[TOKEN] || strlen(texts[TOKEN]) > SECRET_BYTES / 4 ||
	    !fe_http_is_value(fe_str_of(texts[TOKEN])))
		return fe_fail(err, FE_EDATA, "the answer for a token has none that can be sent");
	if (kind && fe_text_casecmp_ascii(fe_str_of(kind), FE_STR("bearer")) != 0)
		return fe_fail(err, FE_EDATA, "the token's server gives tokens of a kind that is not known here, not Bearer");
	wipe(a->value);
	a->value = joined("Bearer ", texts[TOKEN]);
	a->renew_at_us = INT64_MAX;
	int64_t life_ms = seconds_of(texts[EXPIRES_IN]) * 1000;
	if (life_ms >= 0) {
		int64_t use_ms = life_ms > 2 * RENEW_BEFORE_MS ? life_ms - RENEW_BEFORE_MS : life_ms / 2;
		a->renew_at_us = fe_clock_ticks(&a->clock) + use_ms * 1000;
	}
	return FE_OK;
}

static enum fe_rc
read_token(struct fe_auth *a, const struct fe_http_response *r, struct fe_err *err)
{
	char *texts[N_TOKEN_TEXTS] = { NULL };
	struct fe_arena arena = { 0 };
	enum fe_rc rc = fe_json_texts(fe_buf_str(&r->body), token_texts, texts, N_TOKEN_TEXTS, &arena, err);
	if (rc && r->status == 200)
		fe_err_context(err, "no token: its server's answer is not as RFC 6749 says");
	else
		rc = take_token(a, r, texts, err);
	if (texts[TOKEN])
		explicit_bzero(texts[TOKEN], strlen(texts[TOKEN]));
	fe_arena_free(&arena);
	if (rc) {
		struct fe_buf shown;
		fe_buf_init(&shown, SECRET_BYTES);
		fe_url_show(&shown, fe_str_of(a->token_url));
		fe_err_at(err, fe_buf_text(&shown), 0, NULL);
		fe_buf_reset(&shown);
	}
	return rc;
}

static enum fe_rc
fetch_token(struct fe_auth *a, struct fe_err *err)
{
	const struct fe_http_header headers[] = {
		{ "Content-Type", "application/x-www-form-urlencoded" },
		{ "Accept", "application/json" },
		{ "Authorization", a->basic },
	};
	const struct fe_http_request req = {
		.method = "POST", .url = a->token_url, .body = fe_str_of(a->form), .accept_any_status = true,
		.headers = headers, .n_headers = a->basic ? 3 : 2,
	};
	struct fe_http_response r = { 0 };
	enum fe_rc rc = fe_http_fetch(a->http, &req, &r, err);
	if (rc)
		fe_err_context(err, "no token");
	else
		rc = read_token(a, &r, err);
	if (r.body.n_bytes)
		explicit_bzero(r.body.p, r.body.n_bytes);
	fe_http_response_reset(&r);
	return rc;
}

static enum fe_rc
sign_oauth2(void *self, const struct fe_http_request *req, struct fe_http_headers *add, struct fe_err *err)
{
	struct fe_auth *a = self;
	(void)req;
	if (!a->value || fe_clock_ticks(&a->clock) >= a->renew_at_us)
		FE_TRY(fetch_token(a, err));
	fe_http_headers_add(add, "Authorization", a->value);
	return FE_OK;
}

static bool
renew_oauth2(void *self, long status)
{
	struct fe_auth *a = self;
	if (status != 401)
		return false;
	wipe(a->value);
	a->value = NULL;
	return true;
}

static void
add_pair(struct fe_buf *form, const char *name, const char *value)
{
	fe_buf_addf(form, "%s%s=", form->n_bytes ? "&" : "", name);
	fe_url_encode(form, fe_str_of(value), false);
}

/* RFC 6749, section 2.3.1: both are encoded before they are joined. */
static char *
basic_of_client(const struct fe_auth_oauth2 *set)
{
	struct fe_buf id, secret;
	fe_buf_init(&id, SECRET_BYTES);
	fe_buf_init(&secret, SECRET_BYTES);
	fe_url_encode(&id, fe_str_of(set->client_id), false);
	fe_url_encode(&secret, fe_str_of(set->client_secret), false);
	FE_ASSERT(!id.failed && !secret.failed);
	struct fe_str user = fe_buf_str(&id), password = fe_buf_str(&secret);
	char *basic = basic_of(user, password);
	fe_buf_reset(&id);
	wipe(fe_buf_take(&secret));
	return basic;
}

enum fe_rc
fe_auth_oauth2(struct fe_auth **out, struct fe_http *h, const struct fe_clock *clock,
	       const struct fe_auth_oauth2 *set, struct fe_err *err)
{
	struct fe_buf form;
	*out = NULL;
	FE_TRY(check_text(set->token_url, "URL of the token", err));
	FE_TRY(check_text(set->client_id, "client_id", err));
	FE_TRY(check_text(set->client_secret, "client_secret", err));
	fe_buf_init(&form, SECRET_BYTES * 4);
	add_pair(&form, "grant_type", "client_credentials");
	if (set->scope && *set->scope)
		add_pair(&form, "scope", set->scope);
	if (set->secret_in_body) {
		add_pair(&form, "client_id", set->client_id);
		add_pair(&form, "client_secret", set->client_secret);
	}
	enum fe_rc rc = fe_buf_check(&form, "the request for a token", err);
	if (rc) {
		fe_buf_reset(&form);
		return rc;
	}
	struct fe_auth *a = auth_new();
	a->signer.sign = sign_oauth2;
	a->signer.renew = renew_oauth2;
	a->http = h;
	a->clock = *clock;
	a->token_url = fe_strdup(set->token_url);
	a->form = fe_buf_take(&form);
	a->basic = set->secret_in_body ? NULL : basic_of_client(set);
	*out = a;
	return FE_OK;
}

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
	FE_TRY(check_text(set->secret, "secret", err));
	if (!set->template || !*set->template)
		return fe_fail(err, FE_EUSAGE, "it is not said what is to be signed");
	if (!set->signature_header || !fe_http_is_name(fe_str_of(set->signature_header)) ||
	    (set->timestamp_header && !fe_http_is_name(fe_str_of(set->timestamp_header))))
		return fe_fail(err, FE_EUSAGE, "the header of the signature, or of its time, is not the name of one");
	fe_buf_init(&probe, SECRET_BYTES);
	enum fe_rc rc = fill_template(&probe, set->template, &nothing, err);
	fe_buf_reset(&probe);
	if (rc)
		return rc;
	struct fe_auth *a = auth_new();
	a->signer.sign = sign_hmac;
	a->clock = *clock;
	a->secret = fe_strdup(set->secret);
	a->template = fe_strdup(set->template);
	a->header = fe_strdup(set->signature_header);
	a->timestamp_header = fe_strdup(set->timestamp_header);
	*out = a;
	return FE_OK;
}

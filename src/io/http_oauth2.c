// SPDX-License-Identifier: Apache-2.0
/* io/http_oauth2.c - client credentials (RFC 6749, section 4.4)
 *
 * A token is fetched when a request is to be signed and there is none that lasts, by the
 * client that asks: its limits, its retries, its stop hold for that as well.
 */
#include <stdio.h>

#include "base/text.h"
#include "io/http_auth_private.h"
#include "io/json_texts.h"

#define RENEW_BEFORE_MS 60000

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
	if (!texts[TOKEN] || !*texts[TOKEN] || strlen(texts[TOKEN]) > FE_AUTH_SECRET_BYTES / 4 ||
	    !fe_http_is_value(fe_str_of(texts[TOKEN])))
		return fe_fail(err, FE_EDATA, "the answer for a token has none that can be sent");
	if (kind && fe_text_casecmp_ascii(fe_str_of(kind), FE_STR("bearer")) != 0)
		return fe_fail(err, FE_EDATA, "the token's server gives tokens of a kind that is not known here, not Bearer");
	fe_auth_wipe(a->value);
	a->value = fe_auth_joined("Bearer ", texts[TOKEN]);
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
		fe_buf_init(&shown, FE_AUTH_SECRET_BYTES);
		fe_url_show_for(&shown, fe_str_of(a->token_url), fe_http_settings(a->http));
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
	fe_auth_wipe(a->value);
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
	fe_buf_init(&id, FE_AUTH_SECRET_BYTES);
	fe_buf_init(&secret, FE_AUTH_SECRET_BYTES);
	fe_url_encode(&id, fe_str_of(set->client_id), false);
	fe_url_encode(&secret, fe_str_of(set->client_secret), false);
	FE_ASSERT(!id.failed && !secret.failed);
	struct fe_str user = fe_buf_str(&id), password = fe_buf_str(&secret);
	char *basic = fe_auth_basic_of(user, password);
	fe_buf_reset(&id);
	fe_auth_wipe(fe_buf_take(&secret));
	return basic;
}

enum fe_rc
fe_auth_oauth2(struct fe_auth **out, struct fe_http *h, const struct fe_clock *clock,
	       const struct fe_auth_oauth2 *set, struct fe_err *err)
{
	struct fe_buf form;
	*out = NULL;
	FE_TRY(fe_auth_check(set->token_url, "URL of the token", err));
	FE_TRY(fe_auth_check(set->client_id, "client_id", err));
	FE_TRY(fe_auth_check(set->client_secret, "client_secret", err));
	fe_buf_init(&form, FE_AUTH_SECRET_BYTES * 4);
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
	struct fe_auth *a = fe_auth_new();
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

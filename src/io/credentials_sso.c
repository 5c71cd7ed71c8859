// SPDX-License-Identifier: Apache-2.0
/* io/credentials_sso.c - the keys of a role by IAM Identity Center (SSO); see io/credentials.h
 *
 * Nobody is logged in here: that takes a browser. `aws sso login` leaves a token in ~/.aws/sso/cache, and as
 * long as that lasts, it is changed for the keys of the profile's account and role (GetRoleCredentials). It is read
 * anew each time, and never written.
 */
#include "base/decimal.h"
#include "base/old_hash.h"
#include "base/time.h"
#include "io/credentials_private.h"
#include "io/json_texts.h"
#include "io/reader.h"

#define MAX_URL_BYTES ((size_t)8192)

enum { TOKEN, EXPIRES_AT, N_TOKEN_TEXTS };
static const char *const token_texts[] = { "accessToken", "expiresAt" };
enum { KEY_ID, SECRET, SESSION, EXPIRATION, N_KEY_TEXTS };
static const char *const key_texts[] = { "accessKeyId", "secretAccessKey", "sessionToken", "expiration" };

static enum fe_rc
check(const struct fe_sso *sso, struct fe_err *err)
{
	const struct { const char *name, *value; } all[] = {
		{ "sso_start_url", sso->start_url }, { "sso_region", sso->region },
		{ "sso_account_id", sso->account_id }, { "sso_role_name", sso->role_name },
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (!all[i].value)
			return fe_fail(err, FE_EUSAGE, "the profile '%s' logs in by SSO, and '%s' is missing", sso->profile, all[i].name);
	if (!fe_aws_is_region(fe_str_of(sso->region))) /* it becomes part of a host's name */
		return fe_fail(err, FE_EUSAGE, "the profile '%s' has sso_region = %s, which is none", sso->profile, sso->region);
	return FE_OK;
}

static enum fe_rc
fail_login(const struct fe_sso *sso, const char *what, struct fe_err *err)
{
	return fe_fail(err, FE_EDENIED, "the profile '%s' logs in by SSO, and %s: run 'aws sso login --profile %s'", sso->profile, what,
	               sso->profile);
}

/* "2026-11-23T14:00:00Z"; older tools wrote "...00UTC". */
static bool
has_ended(const char *text, int64_t now_us)
{
	size_t n = strlen(text);
	const bool is_old = n > 3 && strcmp(text + n - 3, "UTC") == 0;
	struct fe_buf plain;
	int64_t at_us;

	fe_buf_init(&plain, 256);
	fe_buf_add(&plain, text, is_old ? n - 3 : n);
	if (is_old)
		fe_buf_add_char(&plain, 'Z');
	const bool has = plain.failed || fe_timestamp_parse(fe_buf_str(&plain), NULL, NULL, &at_us) != FE_TIME_OK || at_us <= now_us;
	fe_buf_reset(&plain);
	return has;
}

/* The file is named by the SHA-1 of the session's name, or of the URL where there is no session. */
static enum fe_rc
read_token(const struct fe_key_search *s, const struct fe_sso *sso, struct fe_buf *token, struct fe_err *err)
{
	const char *home = fe_env_get(s->env, "HOME");
	char sha1[FE_SHA1_HEX_BYTES], *texts[N_TOKEN_TEXTS] = { NULL };
	struct fe_arena arena = { 0 };
	struct fe_buf path, json;

	fe_sha1_of(fe_str_of(sso->session ? sso->session : sso->start_url), sha1);
	fe_buf_init(&path, 4096);
	fe_buf_init(&json, FE_JSON_TEXTS_MAX_BYTES);
	fe_buf_addf(&path, "%s/.aws/sso/cache/%s.json", home ? home : "", sha1);
	enum fe_rc rc = fe_buf_check(&path, "the path of a file of AWS", err);
	if (rc == FE_OK)
		rc = fe_file_read(fe_buf_text(&path), FE_JSON_TEXTS_MAX_BYTES, &json, err);
	if (rc == FE_EUSAGE)
		rc = fail_login(sso, "nobody is logged in", err);
	if (rc == FE_OK)
		rc = fe_json_texts(fe_buf_str(&json), token_texts, texts, N_TOKEN_TEXTS, &arena, err);
	if (rc == FE_OK && (!texts[TOKEN] || !texts[EXPIRES_AT]))
		rc = fail_login(sso, "what the login left has no token", err);
	else if (rc == FE_OK && has_ended(texts[EXPIRES_AT], fe_clock_now(s->clock)))
		rc = fail_login(sso, "the login has ended", err);
	else if (rc == FE_OK)
		fe_buf_add_text(token, texts[TOKEN]);
	if (rc && rc != FE_EDENIED)
		fe_err_at(err, fe_buf_text(&path), 0, NULL);
	fe_arena_free(&arena);
	fe_buf_reset(&path);
	fe_buf_reset(&json);
	return rc;
}

static void
print_url(const struct fe_key_search *s, const struct fe_sso *sso, struct fe_buf *url)
{
	const char *own = s->config->endpoint_sso.text;
	const size_t n = own ? strlen(own) : 0;

	if (own)
		fe_buf_add(url, own, own[n - 1] == '/' ? n - 1 : n);
	else
		fe_buf_addf(url, "https://portal.sso.%s.amazonaws.com%s", sso->region,
		            strncmp(sso->region, "cn-", 3) == 0 ? ".cn" : "");
	fe_buf_add_text(url, "/federation/credentials");
	fe_url_add_query(url, FE_STR("role_name"), fe_str_of(sso->role_name));
	fe_url_add_query(url, FE_STR("account_id"), fe_str_of(sso->account_id));
}

/* {"roleCredentials": {...}}, with milliseconds since 1970. */
static enum fe_rc
read_keys(struct fe_str json, struct fe_aws_keys *out, struct fe_err *err)
{
	char *texts[N_KEY_TEXTS] = { NULL };
	struct fe_arena arena = { 0 };
	int64_t ms = 0;

	enum fe_rc rc = fe_json_texts(fe_json_texts_inner(json), key_texts, texts, N_KEY_TEXTS, &arena, err);
	if (rc)
		fe_err_context(err, "the answer of SSO");
	else if (!texts[KEY_ID] || !texts[SECRET] || !texts[SESSION] || !texts[EXPIRATION] ||
	         fe_int_parse(fe_str_of(texts[EXPIRATION]), &ms) != FE_DECIMAL_OK ||
	         __builtin_mul_overflow(ms, 1000, &out->expires_us) || out->expires_us <= 0)
		rc = fe_fail(err, FE_EDATA, "the answer of SSO has no keys");
	if (rc == FE_OK) {
		out->access_key_id = fe_strdup(texts[KEY_ID]);
		out->secret_access_key = fe_strdup(texts[SECRET]);
		out->session_token = fe_strdup(texts[SESSION]);
	}
	fe_arena_free(&arena);
	return rc;
}

/* What SSO answers is told by its status: 401, the token; 403, the role; 404, the account. */
static enum fe_rc
judge(const struct fe_sso *sso, const struct fe_http_response *resp, struct fe_aws_keys *out, struct fe_err *err)
{
	if (resp->status == 200)
		return read_keys(fe_buf_str(&resp->body), out, err);
	if (resp->status == 401)
		return fail_login(sso, "the login is no longer taken", err);
	if (resp->status == 429 || resp->status >= 500)
		return fe_fail(err, FE_EUNAVAIL, "SSO answers %ld for the keys of the profile '%s'", resp->status, sso->profile);
	return fe_fail(err, FE_EDENIED, "SSO does not give the role %s of the account %s to who is logged in: %ld", sso->role_name,
	               sso->account_id, resp->status);
}

enum fe_rc
fe_keys_of_sso(struct fe_key_search *s, const struct fe_sso *sso, struct fe_aws_keys *out, struct fe_err *err)
{
	struct fe_http_response resp = { 0 };
	struct fe_buf url, token;
	struct fe_http *http;
	enum fe_rc rc;

	FE_TRY(check(sso, err));
	FE_TRY(fe_key_search_https(s, &http, err));
	fe_buf_init(&url, MAX_URL_BYTES);
	fe_buf_init(&token, FE_JSON_TEXTS_MAX_BYTES);
	print_url(s, sso, &url);
	rc = fe_buf_check(&url, "the URL of SSO", err);
	if (rc == FE_OK)
		rc = read_token(s, sso, &token, err);
	if (rc == FE_OK) {
		const struct fe_http_header header = { "x-amz-sso_bearer_token", fe_buf_text(&token) };
		const struct fe_http_request req = {
			.url = fe_buf_text(&url), .headers = &header, .n_headers = 1, .accept_any_status = true,
		};
		rc = fe_http_fetch(http, &req, &resp, err);
	}
	if (rc == FE_OK)
		rc = judge(sso, &resp, out, err);
	if (token.p)
		explicit_bzero(token.p, token.n_bytes);
	if (resp.body.p)
		explicit_bzero(resp.body.p, resp.body.n_bytes);
	fe_http_response_reset(&resp);
	fe_buf_reset(&url);
	fe_buf_reset(&token);
	return rc;
}

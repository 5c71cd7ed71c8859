// SPDX-License-Identifier: Apache-2.0
/* io/credentials_role.c - the keys of a role, by STS; see io/credentials.h */
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/credentials_private.h"
#include "io/reader.h"
#include "io/xml.h"

#define MAX_TOKEN_BYTES ((size_t)64 * 1024)
#define MAX_FORM_BYTES ((size_t)512 * 1024)

static void
add_field(struct fe_buf *form, const char *name, struct fe_str value)
{
	if (form->n_bytes)
		fe_buf_add_char(form, '&');
	fe_buf_addf(form, "%s=", name);
	fe_url_encode(form, value, false);
}

static enum fe_rc
print_form(const struct fe_role *role, struct fe_buf *form, struct fe_err *err)
{
	struct fe_buf token;
	enum fe_rc rc = FE_OK;

	add_field(form, "Action", fe_str_of(role->token_file ? "AssumeRoleWithWebIdentity" : "AssumeRole"));
	add_field(form, "Version", FE_STR("2011-06-15"));
	add_field(form, "RoleArn", fe_str_of(role->arn));
	add_field(form, "RoleSessionName", fe_str_of(role->session_name ? role->session_name : "finetl"));
	if (role->external_id)
		add_field(form, "ExternalId", fe_str_of(role->external_id));
	if (role->duration_s)
		add_field(form, "DurationSeconds", fe_str_of(role->duration_s));
	if (role->token_file) {
		fe_buf_init(&token, MAX_TOKEN_BYTES);
		rc = fe_file_read(role->token_file, MAX_TOKEN_BYTES, &token, err);
		add_field(form, "WebIdentityToken", fe_text_trim(fe_buf_str(&token)));
		fe_buf_reset(&token);
	}
	return rc ? rc : fe_buf_check(form, "the request for a role", err);
}

struct answer {
	struct fe_aws_keys *keys;
	char code[64], message[256];
};

static void
keep_text(char **out, struct fe_str text)
{
	fe_free(*out);
	*out = fe_strndup(text.p ? text.p : "", text.n);
}

static enum fe_rc
on_end(void *ctx, const char *path, struct fe_str text, struct fe_err *err)
{
	struct answer *a = ctx;
	const char *last = strrchr(path, '/');
	const char *name = last ? last + 1 : path;
	bool is_key = strstr(path, "/Credentials/") != NULL;

	if (is_key && strcmp(name, "AccessKeyId") == 0)
		keep_text(&a->keys->access_key_id, text);
	else if (is_key && strcmp(name, "SecretAccessKey") == 0)
		keep_text(&a->keys->secret_access_key, text);
	else if (is_key && strcmp(name, "SessionToken") == 0)
		keep_text(&a->keys->session_token, text);
	else if (is_key && strcmp(name, "Expiration") == 0)
		return fe_keys_set_expiry(a->keys, text, err);
	else if (strcmp(name, "Code") == 0)
		(void)snprintf(a->code, sizeof a->code, "%.*s", FE_STR_ARGS(text));
	else if (strcmp(name, "Message") == 0)
		(void)snprintf(a->message, sizeof a->message, "%.*s", FE_STR_ARGS(text));
	return FE_OK;
}

static enum fe_rc
read_answer(const struct fe_http_response *resp, const struct fe_role *role, struct fe_aws_keys *out,
	    struct fe_err *err)
{
	struct answer a = { .keys = out };
	enum fe_rc rc = fe_xml_read(fe_buf_str(&resp->body), on_end, &a, err);
	if (resp->status != 200) {
		bool is_down = resp->status >= 500 || resp->status == 429;
		return fe_fail(err, is_down ? FE_EUNAVAIL : FE_EDENIED,
			       "AWS does not give the keys of the role %s: %ld %s %s", role->arn, resp->status,
			       a.code, a.message);
	}
	if (rc == FE_OK && (!out->access_key_id || !out->secret_access_key || !out->session_token))
		rc = fe_fail(err, FE_EDATA, "the answer of STS has no keys");
	return rc;
}

static void
print_endpoint(const struct fe_key_search *s, struct fe_buf *url)
{
	const char *region = s->config->region.text;
	const char *own = s->config->endpoint_sts.text;
	if (own) {
		fe_buf_add_text(url, own);
		if (own[strlen(own) - 1] != '/')
			fe_buf_add_char(url, '/');
	} else {
		fe_buf_addf(url, "https://sts.%s.amazonaws.com%s/", region,
			    strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
	}
}

/* The keys that are lent to the request: a chain of one. */
static enum fe_rc
sign_with(void *self, const struct fe_http_request *req, struct fe_http_headers *add, struct fe_err *err)
{
	return fe_sigv4_sign(self, req, add, err);
}

enum fe_rc
fe_keys_of_role(struct fe_key_search *s, const struct fe_role *role, struct fe_aws_keys *out,
		struct fe_err *err)
{
	const struct fe_http_header type = { "Content-Type", "application/x-www-form-urlencoded" };
	struct fe_sigv4_keys lent = { 0 };
	struct fe_sigv4 set = { .keys = &lent, .region = s->config->region.text, .service = "sts",
		                .now_us = fe_clock_now(s->clock) };
	const struct fe_http_signer signer = { .sign = sign_with, .self = &set };
	struct fe_http_response resp = { 0 };
	struct fe_buf form, url;
	struct fe_http *http;
	enum fe_rc rc;

	FE_TRY(fe_key_search_https(s, &http, err));
	fe_buf_init(&form, MAX_FORM_BYTES);
	fe_buf_init(&url, 4096);
	if (role->source)
		lent = (struct fe_sigv4_keys){ role->source->access_key_id, role->source->secret_access_key,
			                       role->source->session_token };
	print_endpoint(s, &url);
	rc = print_form(role, &form, err);
	if (rc == FE_OK)
		rc = fe_buf_check(&url, "the endpoint of STS", err);
	if (rc == FE_OK) {
		const struct fe_http_request req = {
			.method = "POST", .url = fe_buf_text(&url), .headers = &type, .n_headers = 1,
			.body = fe_buf_str(&form), .signer = role->source ? &signer : NULL,
			.accept_any_status = true,
		};
		rc = fe_http_fetch(http, &req, &resp, err);
	}
	if (rc == FE_OK)
		rc = read_answer(&resp, role, out, err);
	fe_http_response_reset(&resp);
	fe_buf_reset(&form);
	fe_buf_reset(&url);
	return rc;
}

enum fe_rc
fe_keys_of_web_identity(struct fe_key_search *s, struct fe_aws_keys *out, bool *found, struct fe_err *err)
{
	const struct fe_role role = {
		.arn = fe_env_get(s->env, "AWS_ROLE_ARN"),
		.session_name = fe_env_get(s->env, "AWS_ROLE_SESSION_NAME"),
		.token_file = fe_env_get(s->env, "AWS_WEB_IDENTITY_TOKEN_FILE"),
	};

	*found = role.token_file != NULL;
	if (!*found)
		return FE_OK;
	if (!role.arn)
		return fe_fail(err, FE_EUSAGE, "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not");
	out->from = "a web identity (AWS_WEB_IDENTITY_TOKEN_FILE)";
	return fe_keys_of_role(s, &role, out, err);
}

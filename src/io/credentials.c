// SPDX-License-Identifier: Apache-2.0
/* io/credentials.c - the chain, and when keys are asked for anew; see io/credentials.h */
#include <pthread.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "io/credentials_private.h"
#include "io/json_texts.h"

#define RENEW_BEFORE_US (300 * FE_US_PER_SECOND)

struct fe_credentials {
	pthread_mutex_t lock;
	struct fe_key_search search;
	fe_key_provider_fn *provider; /* that found the keys; NULL: none yet */
	struct fe_aws_keys keys;
	int64_t renew_us; /* 0: never */
	bool is_refused;
};

static fe_key_provider_fn *const chain[] = { fe_keys_of_environment, fe_keys_of_web_identity,
	                                     fe_keys_of_profile, fe_keys_of_container,
	                                     fe_keys_of_instance };

/* Freed memory is not to hold a secret. */
static void
wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	fe_free(text);
}

void
fe_aws_keys_reset(struct fe_aws_keys *k)
{
	fe_free(k->access_key_id);
	wipe(k->secret_access_key);
	wipe(k->session_token);
	*k = (struct fe_aws_keys){ 0 };
}

struct fe_credentials *
fe_credentials_new(const struct fe_aws_config *config, const struct fe_clock *clock)
{
	struct fe_credentials *c = fe_new(struct fe_credentials);
	FE_ASSERT(pthread_mutex_init(&c->lock, NULL) == 0);
	c->search = (struct fe_key_search){ .config = config, .clock = clock, .env = config->env };
	return c;
}

void
fe_credentials_free(struct fe_credentials *c)
{
	if (!c)
		return;
	fe_aws_keys_reset(&c->keys);
	fe_http_free(c->search.http);
	fe_http_free(c->search.https);
	(void)pthread_mutex_destroy(&c->lock);
	fe_free(c);
}

static enum fe_rc
find(struct fe_credentials *c, struct fe_aws_keys *out, struct fe_err *err)
{
	size_t n = sizeof chain / sizeof chain[0];
	bool found = false;
	if (c->provider) {
		FE_TRY(c->provider(&c->search, out, &found, err));
		if (found)
			return FE_OK;
	}
	for (size_t i = 0; i < n && !found; i++) {
		FE_TRY(chain[i](&c->search, out, &found, err));
		c->provider = chain[i];
	}
	if (found)
		return FE_OK;
	c->provider = NULL;
	return fe_fail(err, FE_EDENIED,
		       "no keys for AWS were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile "
		       "in ~/.aws (AWS_PROFILE), or give the task or machine a role");
}

/* A quarter of a short life before its end, five minutes of a long one. */
static int64_t
time_to_renew(const struct fe_aws_keys *k, int64_t now_us)
{
	if (k->expires_us == 0)
		return 0;
	int64_t life = k->expires_us > now_us ? k->expires_us - now_us : 0;
	return k->expires_us - (life / 4 < RENEW_BEFORE_US ? life / 4 : RENEW_BEFORE_US);
}

static enum fe_rc
bring_up_to_date(struct fe_credentials *c, struct fe_err *err)
{
	int64_t now = fe_clock_now(c->search.clock);
	bool has = c->keys.access_key_id != NULL;
	struct fe_aws_keys found = { 0 };
	struct fe_err why = FE_ERR_INIT;

	if (has && !c->is_refused && (c->renew_us == 0 || now < c->renew_us))
		return FE_OK;
	enum fe_rc rc = find(c, &found, &why);
	if (rc == FE_OK) {
		fe_aws_keys_reset(&c->keys);
		c->keys = found;
		c->renew_us = time_to_renew(&found, now);
		c->is_refused = false;
		return FE_OK;
	}
	fe_aws_keys_reset(&found);
	if (has && !c->is_refused && now < c->keys.expires_us && rc != FE_ECANCEL)
		return FE_OK;
	if (err)
		*err = why;
	return rc;
}

enum fe_rc
fe_credentials_get(struct fe_credentials *c, struct fe_aws_keys *out, struct fe_err *err)
{
	*out = (struct fe_aws_keys){ 0 };
	(void)pthread_mutex_lock(&c->lock);
	enum fe_rc rc = bring_up_to_date(c, err);
	if (rc == FE_OK)
		*out = (struct fe_aws_keys){
			.access_key_id = fe_strdup(c->keys.access_key_id),
			.secret_access_key = fe_strdup(c->keys.secret_access_key),
			.session_token = fe_strdup(c->keys.session_token),
			.expires_us = c->keys.expires_us,
			.from = c->keys.from,
		};
	(void)pthread_mutex_unlock(&c->lock);
	return rc;
}

bool
fe_credentials_expired(struct fe_credentials *c, const char *access_key_id)
{
	(void)pthread_mutex_lock(&c->lock);
	bool is_current = c->keys.access_key_id && strcmp(c->keys.access_key_id, access_key_id) == 0;
	bool can_change = !is_current || c->provider != fe_keys_of_environment;
	c->is_refused |= is_current && can_change;
	(void)pthread_mutex_unlock(&c->lock);
	return can_change;
}

/* ---- what the providers share ---- */

enum fe_rc
fe_key_search_http(struct fe_key_search *s, struct fe_http **out, struct fe_err *err)
{
	/* A machine that has no such service gives no answer at all. */
	static const struct fe_net_settings net = { .allow_http = true, .allow_private = true,
		                                    .connect_timeout_ms = 1000, .total_timeout_ms = 5000,
		                                    .max_body_bytes = FE_JSON_TEXTS_MAX_BYTES,
		                                    .retry_budget_ms = 5000, .max_tries = 3 };
	if (!s->http)
		FE_TRY(fe_http_new(&s->http, &net, s->clock, err));
	*out = s->http;
	return FE_OK;
}

enum fe_rc
fe_key_search_https(struct fe_key_search *s, struct fe_http **out, struct fe_err *err)
{
	bool is_own = s->config->endpoint_sts.text || s->config->endpoint_sso.text;
	struct fe_net_settings net = { .allow_http = is_own, .allow_private = is_own,
		                       .total_timeout_ms = 30000, .max_body_bytes = FE_JSON_TEXTS_MAX_BYTES,
		                       .retry_budget_ms = 30000, .max_tries = 5,
		                       .ca_file = s->config->ca_file.text };
	if (!s->https)
		FE_TRY(fe_http_new(&s->https, &net, s->clock, err));
	*out = s->https;
	return FE_OK;
}

enum fe_rc
fe_keys_set_expiry(struct fe_aws_keys *k, struct fe_str text, struct fe_err *err)
{
	if (fe_timestamp_parse(text, NULL, NULL, &k->expires_us) != FE_TIME_OK)
		return fe_fail(err, FE_EDATA, "the keys' expiration is no time");
	return FE_OK;
}

enum fe_rc
fe_keys_of_json(struct fe_str json, const char *token_member, struct fe_aws_keys *out, struct fe_err *err)
{
	const char *const names[] = { "AccessKeyId", "SecretAccessKey", token_member, "Expiration" };
	char *texts[4];
	struct fe_arena arena = { 0 };
	enum fe_rc rc = fe_json_texts(json, names, texts, 4, &arena, err);
	if (rc == FE_OK && (!texts[0] || !texts[1]))
		rc = fe_fail(err, FE_EDATA, "the answer has no AccessKeyId and SecretAccessKey");
	if (rc == FE_OK) {
		out->access_key_id = fe_strdup(texts[0]);
		out->secret_access_key = fe_strdup(texts[1]);
		out->session_token = fe_strdup(texts[2]);
		if (texts[3])
			rc = fe_keys_set_expiry(out, fe_str_of(texts[3]), err);
	}
	fe_arena_free(&arena);
	return rc;
}

/* ---- environment ---- */

enum fe_rc
fe_keys_of_environment(struct fe_key_search *s, struct fe_aws_keys *out, bool *found, struct fe_err *err)
{
	const char *id = fe_env_get(s->env, "AWS_ACCESS_KEY_ID");
	const char *secret = fe_env_get(s->env, "AWS_SECRET_ACCESS_KEY");

	*found = id && secret;
	if (!id != !secret)
		return fe_fail(err, FE_EUSAGE, "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set");
	if (!*found)
		return FE_OK;
	out->access_key_id = fe_strdup(id);
	out->secret_access_key = fe_strdup(secret);
	out->session_token = fe_strdup(fe_env_get(s->env, "AWS_SESSION_TOKEN"));
	out->from = "the environment";
	return FE_OK;
}

/* ---- the signer ---- */

static enum fe_rc
sign(void *self, const struct fe_http_request *req, struct fe_http_headers *add, struct fe_err *err)
{
	struct fe_aws_signer *s = self;
	struct fe_aws_keys keys;

	FE_TRY(fe_credentials_get(s->credentials, &keys, err));
	const struct fe_sigv4_keys lent = { keys.access_key_id, keys.secret_access_key, keys.session_token };
	const struct fe_sigv4 set = {
		.keys = &lent, .region = s->region, .service = s->service,
		.now_us = fe_clock_now(s->clock) + s->skew_us,
		.payload_sha256 = s->is_body_unsigned ? FE_SIGV4_UNSIGNED : NULL,
	};
	(void)snprintf(s->last_key_id, sizeof s->last_key_id, "%s", keys.access_key_id);
	enum fe_rc rc = fe_sigv4_sign(&set, req, add, err);
	fe_aws_keys_reset(&keys);
	return rc;
}

static bool
renew(void *self, long status)
{
	struct fe_aws_signer *s = self;
	return (status == 401 || status == 403) && fe_credentials_expired(s->credentials, s->last_key_id);
}

struct fe_http_signer
fe_aws_signer_face(struct fe_aws_signer *s)
{
	return (struct fe_http_signer){ .sign = sign, .renew = renew, .self = s };
}

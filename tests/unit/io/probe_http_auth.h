// SPDX-License-Identifier: Apache-2.0
/* probe_http_auth.h - the probe's authentication: bearer=T, basic=USER:PASSWORD, api_key=HEADER:KEY,
 * token_url= client_id= client_secret= scope= secret_in_body=1, hmac=SECRET sign= signature_header= timestamp_header= */
#ifndef FE_TESTS_PROBE_HTTP_AUTH_H
#define FE_TESTS_PROBE_HTTP_AUTH_H

#include <string.h>

#include "io/http_auth.h"

struct probe_auth {
	const char *bearer, *user, *password, *key_header, *key;
	struct fe_auth_oauth2 oauth2;
	struct fe_auth_hmac hmac;
	struct fe_auth *auth;
};

static inline bool
probe_auth_pair(char *value, const char **first, const char **second)
{
	char *colon = strchr(value, ':');
	if (!colon)
		return false;
	*colon = '\0';
	*first = value;
	*second = colon + 1;
	return true;
}

static inline bool
probe_auth_set(struct probe_auth *a, const char *name, char *value)
{
	const struct { const char *name; const char **to; } texts[] = {
		{ "bearer", &a->bearer },
		{ "token_url", &a->oauth2.token_url },
		{ "client_id", &a->oauth2.client_id },
		{ "client_secret", &a->oauth2.client_secret },
		{ "scope", &a->oauth2.scope },
		{ "hmac", &a->hmac.secret },
		{ "sign", &a->hmac.template },
		{ "signature_header", &a->hmac.signature_header },
		{ "timestamp_header", &a->hmac.timestamp_header },
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(texts[i].name, name) == 0)
			return *texts[i].to = value, true;
	if (strcmp(name, "secret_in_body") == 0)
		return a->oauth2.secret_in_body = value[0] == '1', true;
	if (strcmp(name, "basic") == 0)
		return probe_auth_pair(value, &a->user, &a->password);
	if (strcmp(name, "api_key") == 0)
		return probe_auth_pair(value, &a->key_header, &a->key);
	return false;
}

static inline enum fe_rc
probe_auth_open(struct probe_auth *a, struct fe_http *h, const struct fe_clock *clock,
		const struct fe_http_signer **signer, struct fe_err *err)
{
	enum fe_rc rc = FE_OK;
	if (a->bearer)
		rc = fe_auth_bearer(&a->auth, a->bearer, err);
	else if (a->user)
		rc = fe_auth_basic(&a->auth, a->user, a->password, err);
	else if (a->key)
		rc = fe_auth_api_key(&a->auth, a->key_header, a->key, err);
	else if (a->oauth2.token_url)
		rc = fe_auth_oauth2(&a->auth, h, clock, &a->oauth2, err);
	else if (a->hmac.secret)
		rc = fe_auth_hmac(&a->auth, clock, &a->hmac, err);
	*signer = a->auth ? fe_auth_signer(a->auth) : NULL;
	return rc;
}

static inline void
probe_auth_close(struct probe_auth *a)
{
	fe_auth_free(a->auth);
}

#endif

// SPDX-License-Identifier: Apache-2.0
/* extract/api_signer.c - which of io's signers, by the settings */
#include "extract/api_signer.h"

#include "base/mem.h"
#include "io/credentials.h"
#include "io/http_auth.h"

struct fe_api_signer {
	const struct fe_http_signer *face; /* NULL: none */
	struct fe_auth *auth;              /* all but AWS */
	bool has_config;
	struct fe_aws_config config;
	struct fe_credentials *credentials;
	struct fe_aws_signer aws;
	struct fe_http_signer aws_face;
};

static enum fe_rc
make_aws(struct fe_api_signer *a, const struct fe_api_settings *api, const struct fe_clock *clock, struct fe_err *err)
{
	FE_TRY(fe_aws_config_load(&a->config, NULL, err));
	a->has_config = true;
	a->credentials = fe_credentials_new(&a->config, clock);
	a->aws = (struct fe_aws_signer){
		.credentials = a->credentials,
		.region = api->secrets.region ? api->secrets.region : a->config.region.text,
		.service = api->secrets.service,
		.clock = clock,
	};
	a->aws_face = fe_aws_signer_face(&a->aws);
	a->face = &a->aws_face;
	return FE_OK;
}

static enum fe_rc
make_oauth2(struct fe_api_signer *a, const struct fe_api_settings *api, struct fe_http *http,
	    const struct fe_clock *clock, struct fe_err *err)
{
	const struct fe_auth_oauth2 set = {
		.token_url = api->secrets.token_url,
		.client_id = api->secrets.client_id,
		.client_secret = api->secrets.client_secret,
		.scope = api->secrets.scope,
		.secret_in_body = api->secrets.secret_in_body,
	};
	return fe_auth_oauth2(&a->auth, http, clock, &set, err);
}

static enum fe_rc
make_hmac(struct fe_api_signer *a, const struct fe_api_settings *api, const struct fe_clock *clock,
	  struct fe_err *err)
{
	const struct fe_auth_hmac set = {
		.secret = api->secrets.secret,
		.template = api->secrets.sign,
		.signature_header = api->secrets.signature_header,
		.timestamp_header = api->secrets.timestamp_header,
	};
	return fe_auth_hmac(&a->auth, clock, &set, err);
}

static enum fe_rc
make(struct fe_api_signer *a, const struct fe_api_settings *api, struct fe_http *http, const struct fe_clock *clock,
     struct fe_err *err)
{
	switch (api->auth) {
	case FE_AUTH_BEARER:
		return fe_auth_bearer(&a->auth, api->secrets.token, err);
	case FE_AUTH_BASIC:
		return fe_auth_basic(&a->auth, api->secrets.user, api->secrets.password, err);
	case FE_AUTH_API_KEY: /* one that goes into the query is a part of the URL */
		return api->secrets.header ? fe_auth_api_key(&a->auth, api->secrets.header, api->secrets.token, err) : FE_OK;
	case FE_AUTH_OAUTH2:
		return make_oauth2(a, api, http, clock, err);
	case FE_AUTH_HMAC:
		return make_hmac(a, api, clock, err);
	case FE_AUTH_AWS:
		return make_aws(a, api, clock, err);
	case FE_AUTH_NONE:
		break;
	}
	return FE_OK;
}

enum fe_rc
fe_api_signer_new(struct fe_api_signer **out, const struct fe_source_settings *set, struct fe_http *http,
		  const struct fe_clock *clock, struct fe_err *err)
{
	struct fe_api_signer *a = fe_new(struct fe_api_signer);
	enum fe_rc rc = make(a, set->api, http, clock, err);

	if (rc) {
		fe_api_signer_free(a);
		return rc;
	}
	if (a->auth)
		a->face = fe_auth_signer(a->auth);
	*out = a;
	return FE_OK;
}

void
fe_api_signer_free(struct fe_api_signer *a)
{
	if (!a)
		return;
	fe_auth_free(a->auth);
	fe_credentials_free(a->credentials);
	if (a->has_config)
		fe_aws_config_reset(&a->config);
	fe_free(a);
}

const struct fe_http_signer *
fe_api_signer_get(const struct fe_api_signer *a)
{
	return a->face;
}

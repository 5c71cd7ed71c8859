// SPDX-License-Identifier: Apache-2.0
/* io/credentials_private.h - the ways to come by keys, one file each; see io/credentials.h */
#ifndef FE_IO_CREDENTIALS_PRIVATE_H
#define FE_IO_CREDENTIALS_PRIVATE_H

#include "io/credentials.h"

struct fe_key_search {
	const struct fe_aws_config *config;
	const struct fe_clock *clock;
	const struct fe_env *env;
	struct fe_http *http;  /* made when first needed; for the metadata services: short waits */
	struct fe_http *https; /* for STS and SSO */
};

/* Each: found false where it is not set up, and nothing is wrong. */
typedef enum fe_rc fe_key_provider_fn(struct fe_key_search *s, struct fe_aws_keys *out, bool *found,
                                      struct fe_err *err);
fe_key_provider_fn fe_keys_of_environment, fe_keys_of_web_identity, fe_keys_of_profile, fe_keys_of_container,
	fe_keys_of_instance;

/* The keys of a role: by a token, or by the keys of another. */
struct fe_role {
	const char *arn, *session_name, *external_id, *duration_s; /* NULL: none, but arn */
	const char *token_file;            /* by web identity */
	const struct fe_aws_keys *source;  /* by these keys */
};
FE_MUST_USE enum fe_rc fe_keys_of_role(struct fe_key_search *s, const struct fe_role *role,
                                       struct fe_aws_keys *out, struct fe_err *err);
/* The keys of a role, for a login by SSO that was made before. Of the profile; NULL: not there. */
struct fe_sso {
	const char *profile, *session, *start_url, *region, *account_id, *role_name;
};
FE_MUST_USE enum fe_rc fe_keys_of_sso(struct fe_key_search *s, const struct fe_sso *sso, struct fe_aws_keys *out,
                                      struct fe_err *err);
/* What a program prints. */
FE_MUST_USE enum fe_rc fe_keys_of_process(struct fe_key_search *s, const char *command, struct fe_aws_keys *out,
                                          struct fe_err *err);

/* The members of an answer of a metadata service or program, checked, into keys. */
FE_MUST_USE enum fe_rc fe_keys_of_json(struct fe_str json, const char *token_member, struct fe_aws_keys *out,
                                       struct fe_err *err);
/* "2026-11-23T14:00:00Z" */
FE_MUST_USE enum fe_rc fe_keys_set_expiry(struct fe_aws_keys *k, struct fe_str text, struct fe_err *err);
/* The client for the metadata services, and for STS. */
FE_MUST_USE enum fe_rc fe_key_search_http(struct fe_key_search *s, struct fe_http **out, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_key_search_https(struct fe_key_search *s, struct fe_http **out, struct fe_err *err);

#endif

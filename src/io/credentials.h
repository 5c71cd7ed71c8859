// SPDX-License-Identifier: Apache-2.0
/* io/credentials.h - who we are to AWS
 *
 * Looked for where AWS's own tools look, in their order; the first that has some wins, and
 * one that is set up and fails is an error, not a reason to be someone else:
 *
 *   environment   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 *   web identity  AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, by STS (Kubernetes)
 *   profile       keys; role_arn with source_profile or credential_source; web identity;
 *                 credential_process (started without a shell). A login by SSO is not done here:
 *                 the message says how to lend us its keys.
 *   container     AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI (ECS, EKS)
 *   instance      the metadata service of EC2, version 2 only; not where
 *                 AWS_EC2_METADATA_DISABLED is true
 *
 * Keys that expire are asked for anew before they do; should that fail, the old ones serve
 * to their end.
 *
 *   Threads   any: calls of one instance wait for each other
 *   Secrets   no message has a part of a key or token
 */
#ifndef FE_IO_CREDENTIALS_H
#define FE_IO_CREDENTIALS_H

#include "base/clock.h"
#include "io/aws_config.h"
#include "io/sigv4.h"

struct fe_credentials;

/* A copy that stays as it is. */
struct fe_aws_keys {
	char *access_key_id, *secret_access_key;
	char *session_token; /* NULL: none */
	int64_t expires_us;  /* 0: never */
	const char *from;    /* "environment", "the container's service", ... */
};
void fe_aws_keys_reset(struct fe_aws_keys *k);

/* Looks at nothing yet. Config and clock are borrowed until close. */
struct fe_credentials *fe_credentials_new(const struct fe_aws_config *config, const struct fe_clock *clock);
void fe_credentials_free(struct fe_credentials *c); /* NULL is allowed */
/* FE_EDENIED where there are none anywhere: says where was looked. */
FE_MUST_USE enum fe_rc fe_credentials_get(struct fe_credentials *c, struct fe_aws_keys *out, struct fe_err *err);
/* These keys were refused as expired: the next get asks anew. false: they are what they are. */
bool fe_credentials_expired(struct fe_credentials *c, const char *access_key_id);

/* The signer of requests to any service (io/http.h). */
struct fe_aws_signer {
	struct fe_credentials *credentials;
	const char *region, *service;
	const struct fe_clock *clock;
	int64_t skew_us;      /* what the other side's clock is ahead */
	bool is_body_unsigned;
	char last_key_id[160];  /* what was signed with last */
};
struct fe_http_signer fe_aws_signer_face(struct fe_aws_signer *s);

#endif

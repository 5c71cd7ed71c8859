// SPDX-License-Identifier: Apache-2.0
/* io/aws_config.h - region, endpoints and manners, as users of AWS set them
 *
 * Of the environment and the profile files, in the order in which AWS's own tools look.
 * Each value knows where it is from, so that it can be shown (`from`), and why: secrets are
 * none of these (io/credentials.h).
 *
 *   region     AWS_REGION, AWS_DEFAULT_REGION, the profile's; else us-east-1. The region of a
 *              bucket is found out if it is another.
 *   endpoint   AWS_ENDPOINT_URL_S3 (_STS, _SSO, _SECRETS_MANAGER, _SSM), AWS_ENDPOINT_URL, the profile's `services`, its
 *              endpoint_url; none of them where AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true;
 *              else AWS's own, by https. One that the user names may be http and private.
 *   addressing AWS_S3_ADDRESSING_STYLE, the profile's s3 addressing_style: path, virtual,
 *              auto; auto is path for an endpoint of the user's, and virtual at AWS but for
 *              buckets with a dot in their name, which no certificate is for
 *   others     AWS_CA_BUNDLE or ca_bundle, AWS_MAX_ATTEMPTS or max_attempts
 */
#ifndef FE_IO_AWS_CONFIG_H
#define FE_IO_AWS_CONFIG_H

#include "base/buf.h"
#include "io/aws_profiles.h"

/* The environment, injected. */
struct fe_env {
	const char *(*get)(void *self, const char *name); /* NULL: not set */
	void *self;
};
extern const struct fe_env fe_env_system;
const char *fe_env_get(const struct fe_env *env, const char *name); /* empty is NULL, too */

struct fe_aws_value {
	const char *text; /* NULL: not set */
	const char *from; /* "AWS_REGION", "profile dev in the config file", "preset" */
};

struct fe_aws_config {
	struct fe_aws_value profile, region, endpoint_s3, endpoint_sts, endpoint_sso, endpoint_secrets, endpoint_ssm, addressing, ca_file,
		max_attempts;
	bool has_profile; /* the profile is in one of the files */
	struct fe_aws_profiles profiles;
	struct fe_arena arena;
	const struct fe_env *env; /* borrowed */
};

/* env NULL: the process's own. */
FE_MUST_USE enum fe_rc fe_aws_config_load(struct fe_aws_config *out, const struct fe_env *env, struct fe_err *err);
void fe_aws_config_reset(struct fe_aws_config *c);

/* All of them by name, for `describe`; NULL past the last. */
const char *fe_aws_config_nth(const struct fe_aws_config *c, size_t i, struct fe_aws_value *out);

bool fe_aws_is_region(struct fe_str region); /* letters, digits and '-': fit to be part of a host's name */
/* Whether a bucket's name goes into the path of the endpoint. */
bool fe_aws_config_is_path_style(const struct fe_aws_config *c, struct fe_str bucket);

#endif

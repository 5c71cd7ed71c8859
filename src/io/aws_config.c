// SPDX-License-Identifier: Apache-2.0
/* io/aws_config.c - see io/aws_config.h */
#include "io/aws_config.h"

#include <stdlib.h>

#include "base/text.h"
#include "io/reader.h"

#define PRESET_REGION "us-east-1"

static const char *
get_of_process(void *self, const char *name)
{
	(void)self;
	return secure_getenv(name);
}

const struct fe_env fe_env_system = { .get = get_of_process };

const char *
fe_env_get(const struct fe_env *env, const char *name)
{
	const char *value = env->get(env->self, name);
	return value && value[0] ? value : NULL;
}

/* ---- the files ---- */

/* One that is not there is none; whoever names one in the environment may name one that
 * is yet to come, as AWS's own tools take it. */
static enum fe_rc
add_file(struct fe_aws_config *c, enum fe_aws_file file, const char *variable, const char *name,
	 struct fe_err *err)
{
	const char *path = fe_env_get(c->env, variable), *home = fe_env_get(c->env, "HOME");
	struct fe_buf full, text;
	enum fe_rc rc;

	fe_buf_init(&full, 4096);
	fe_buf_init(&text, FE_AWS_FILE_MAX_BYTES);
	if (path && path[0] == '~' && path[1] == '/' && home)
		fe_buf_addf(&full, "%s%s", home, path + 1);
	else if (path)
		fe_buf_add_text(&full, path);
	else if (home)
		fe_buf_addf(&full, "%s/.aws/%s", home, name);
	rc = fe_buf_check(&full, "the path of a file of AWS", err);
	if (rc == FE_OK && full.n_bytes) {
		rc = fe_file_read(fe_buf_text(&full), FE_AWS_FILE_MAX_BYTES, &text, err);
		if (rc == FE_EUSAGE)
			rc = FE_OK; /* not there */
		else if (rc == FE_OK)
			rc = fe_aws_profiles_add(&c->profiles, file, fe_buf_str(&text), err);
	}
	if (rc)
		fe_err_at(err, fe_buf_text(&full), 0, NULL);
	fe_buf_reset(&full);
	fe_buf_reset(&text);
	return rc;
}

/* ---- values ---- */

static bool
take_env(const struct fe_aws_config *c, struct fe_aws_value *out, const char *variable)
{
	const char *value = out->text ? NULL : fe_env_get(c->env, variable);
	if (value)
		*out = (struct fe_aws_value){ value, variable };
	return out->text != NULL;
}

static bool
take_profile(struct fe_aws_config *c, struct fe_aws_value *out, const char *name)
{
	enum fe_aws_file file;
	const char *value =
		out->text ? NULL : fe_aws_profiles_get(&c->profiles, c->profile.text, name, &file);
	struct fe_buf from;
	if (!value)
		return out->text != NULL;
	fe_buf_init(&from, 4096);
	fe_buf_addf(&from, "profile %s in the %s file", c->profile.text,
		    file == FE_AWS_CONFIG ? "config" : "credentials");
	*out = (struct fe_aws_value){ value, fe_arena_copy(&c->arena, fe_buf_text(&from), from.n_bytes) };
	fe_buf_reset(&from);
	return true;
}

static void
take_preset(struct fe_aws_value *out, const char *value)
{
	if (!out->text)
		*out = (struct fe_aws_value){ value, "preset" };
}

static bool
is_true(const char *text)
{
	return text && fe_text_casecmp_ascii(fe_str_of(text), FE_STR("true")) == 0;
}

static enum fe_rc
take_endpoint(struct fe_aws_config *c, struct fe_aws_value *out, const char *variable, const char *service,
	      struct fe_err *err)
{
	struct fe_aws_value ignored = { 0 }, services = { 0 };

	(void)(take_env(c, &ignored, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") ||
	       take_profile(c, &ignored, "ignore_configured_endpoint_urls"));
	if (is_true(ignored.text))
		return FE_OK;
	if (!take_env(c, out, variable) && !take_env(c, out, "AWS_ENDPOINT_URL") &&
	    take_profile(c, &services, "services")) {
		out->text = fe_aws_profiles_section(&c->profiles, "services", services.text, service);
		out->from = "services of the profile in the config file";
	}
	(void)take_profile(c, out, "endpoint_url");
	if (!out->text || strncmp(out->text, "http://", 7) == 0 || strncmp(out->text, "https://", 8) == 0)
		return FE_OK;
	return fe_fail(err, FE_EUSAGE, "the endpoint of %s is no URL: it must begin with https:// or http://",
		       out->from);
}

static enum fe_rc
take_values(struct fe_aws_config *c, struct fe_err *err)
{
	(void)(take_env(c, &c->region, "AWS_REGION") || take_env(c, &c->region, "AWS_DEFAULT_REGION") ||
	       take_profile(c, &c->region, "region"));
	take_preset(&c->region, PRESET_REGION);
	FE_TRY(take_endpoint(c, &c->endpoint_s3, "AWS_ENDPOINT_URL_S3", "s3.endpoint_url", err));
	FE_TRY(take_endpoint(c, &c->endpoint_sts, "AWS_ENDPOINT_URL_STS", "sts.endpoint_url", err));
	FE_TRY(take_endpoint(c, &c->endpoint_sso, "AWS_ENDPOINT_URL_SSO", "sso.endpoint_url", err));
	FE_TRY(take_endpoint(c, &c->endpoint_secrets, "AWS_ENDPOINT_URL_SECRETS_MANAGER", "secrets_manager.endpoint_url", err));
	FE_TRY(take_endpoint(c, &c->endpoint_ssm, "AWS_ENDPOINT_URL_SSM", "ssm.endpoint_url", err));
	(void)(take_env(c, &c->addressing, "AWS_S3_ADDRESSING_STYLE") ||
	       take_profile(c, &c->addressing, "s3.addressing_style"));
	take_preset(&c->addressing, "auto");
	if (strcmp(c->addressing.text, "auto") != 0 && strcmp(c->addressing.text, "path") != 0 &&
	    strcmp(c->addressing.text, "virtual") != 0)
		return fe_fail(err, FE_EUSAGE, "the addressing style of %s is '%s'; it must be path, virtual or auto",
			       c->addressing.from, c->addressing.text);
	(void)(take_env(c, &c->ca_file, "AWS_CA_BUNDLE") || take_profile(c, &c->ca_file, "ca_bundle"));
	(void)(take_env(c, &c->max_attempts, "AWS_MAX_ATTEMPTS") ||
	       take_profile(c, &c->max_attempts, "max_attempts"));
	return FE_OK;
}

enum fe_rc
fe_aws_config_load(struct fe_aws_config *out, const struct fe_env *env, struct fe_err *err)
{
	*out = (struct fe_aws_config){ .env = env ? env : &fe_env_system };
	enum fe_rc rc = add_file(out, FE_AWS_CONFIG, "AWS_CONFIG_FILE", "config", err);
	if (rc == FE_OK)
		rc = add_file(out, FE_AWS_CREDENTIALS, "AWS_SHARED_CREDENTIALS_FILE", "credentials", err);
	if (rc)
		goto fail;
	(void)(take_env(out, &out->profile, "AWS_PROFILE") || take_env(out, &out->profile, "AWS_DEFAULT_PROFILE"));
	bool is_named = out->profile.text != NULL;
	take_preset(&out->profile, "default");
	out->has_profile = fe_aws_profiles_has(&out->profiles, out->profile.text);
	if (is_named && !out->has_profile) {
		rc = fe_fail(err, FE_EUSAGE, "%s names the profile '%s', which is in neither of AWS's files",
			     out->profile.from, out->profile.text);
		goto fail;
	}
	rc = take_values(out, err);
	if (rc == FE_OK)
		return FE_OK;
fail:
	fe_aws_config_reset(out);
	return rc;
}

void
fe_aws_config_reset(struct fe_aws_config *c)
{
	fe_aws_profiles_reset(&c->profiles);
	fe_arena_free(&c->arena);
	*c = (struct fe_aws_config){ 0 };
}

const char *
fe_aws_config_nth(const struct fe_aws_config *c, size_t i, struct fe_aws_value *out)
{
	const struct { const char *name; const struct fe_aws_value *value; } all[] = {
		{ "profile", &c->profile },           { "region", &c->region },
		{ "endpoint of S3", &c->endpoint_s3 }, { "endpoint of STS", &c->endpoint_sts },
		{ "endpoint of SSO", &c->endpoint_sso },
		{ "addressing style", &c->addressing }, { "CA file", &c->ca_file },
		{ "most attempts", &c->max_attempts },
	};
	if (i >= sizeof all / sizeof all[0])
		return NULL;
	*out = *all[i].value;
	return all[i].name;
}

bool
fe_aws_is_region(struct fe_str region)
{
	for (size_t i = 0; i < region.n; i++)
		if (!((region.p[i] >= 'a' && region.p[i] <= 'z') || (region.p[i] >= '0' && region.p[i] <= '9') || region.p[i] == '-'))
			return false;
	return region.n > 0;
}

bool
fe_aws_config_is_path_style(const struct fe_aws_config *c, struct fe_str bucket)
{
	if (strcmp(c->addressing.text, "auto") != 0)
		return strcmp(c->addressing.text, "path") == 0;
	return c->endpoint_s3.text || (bucket.n && memchr(bucket.p, '.', bucket.n));
}

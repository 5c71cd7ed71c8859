// SPDX-License-Identifier: Apache-2.0
/* io/credentials_profile.c - the keys of a profile; see io/credentials.h
 *
 * A profile may ask for a role by the keys of another profile, and so on: the profiles are
 * gone down one by one to the one that has keys of its own, then the roles are taken
 * on the way back.
 */
#include "base/mem.h"
#include "io/credentials_private.h"

#define MAX_CHAIN 8

struct walk {
	struct fe_key_search *s;
	const char *profiles[MAX_CHAIN]; /* each asks for a role by the keys of the next */
	size_t n;
	const char *last;                /* has keys, or a way to them, of its own */
};

static const char *
get(const struct walk *w, const char *profile, const char *name)
{
	return fe_aws_profiles_get(&w->s->config->profiles, profile, name, NULL);
}

static enum fe_rc
go_down(struct walk *w, struct fe_err *err)
{
	const char *profile = w->s->config->profile.text;
	for (;;) {
		const char *role = get(w, profile, "role_arn"), *source = get(w, profile, "source_profile");
		bool is_base = !role || !source;
		/* A profile that names itself lends its own keys. */
		bool is_own = source && w->n && strcmp(w->profiles[w->n - 1], profile) == 0;
		if (is_base || is_own) {
			w->last = profile;
			return FE_OK;
		}
		if (w->n == MAX_CHAIN)
			return fe_fail(err, FE_EUSAGE,
				       "the profiles of AWS refer to each other by source_profile without an end");
		if (!fe_aws_profiles_has(&w->s->config->profiles, source))
			return fe_fail(err, FE_EUSAGE, "the profile '%s' names the source_profile '%s', which there is not",
				       profile, source);
		w->profiles[w->n++] = profile;
		profile = source;
	}
}

static struct fe_role
role_of(const struct walk *w, const char *profile)
{
	return (struct fe_role){
		.arn = get(w, profile, "role_arn"),
		.session_name = get(w, profile, "role_session_name"),
		.external_id = get(w, profile, "external_id"),
		.duration_s = get(w, profile, "duration_seconds"),
	};
}

/* Where one logs in is said by the profile, or by the session that it names. */
static struct fe_sso
sso_of(const struct walk *w, const char *profile)
{
	const struct fe_aws_profiles *p = &w->s->config->profiles;
	const char *session = get(w, profile, "sso_session");

	return (struct fe_sso){
		.profile = profile,
		.session = session,
		.start_url = session ? fe_aws_profiles_section(p, "sso-session", session, "sso_start_url") : get(w, profile, "sso_start_url"),
		.region = session ? fe_aws_profiles_section(p, "sso-session", session, "sso_region") : get(w, profile, "sso_region"),
		.account_id = get(w, profile, "sso_account_id"),
		.role_name = get(w, profile, "sso_role_name"),
	};
}

/* A role by the keys of this machine's own service. */
static enum fe_rc
from_named_source(struct walk *w, const char *profile, const char *source, struct fe_aws_keys *out,
		  struct fe_err *err)
{
	static const struct { const char *name; fe_key_provider_fn *fn; } sources[] = {
		{ "Environment", fe_keys_of_environment },
		{ "EcsContainer", fe_keys_of_container },
		{ "Ec2InstanceMetadata", fe_keys_of_instance },
	};
	struct fe_aws_keys keys = { 0 };
	struct fe_role role = role_of(w, profile);
	size_t i = 0;
	bool found = false;

	while (i < 3 && strcmp(sources[i].name, source) != 0)
		i++;
	if (i == 3)
		return fe_fail(err, FE_EUSAGE,
			       "the profile '%s' has credential_source = %s; there are Environment, EcsContainer and "
			       "Ec2InstanceMetadata", profile, source);
	enum fe_rc rc = sources[i].fn(w->s, &keys, &found, err);
	if (rc == FE_OK && !found)
		rc = fe_fail(err, FE_EDENIED, "the profile '%s' takes its keys from %s, which has none", profile,
			     source);
	role.source = &keys;
	if (rc == FE_OK)
		rc = fe_keys_of_role(w->s, &role, out, err);
	fe_aws_keys_reset(&keys);
	return rc;
}

static enum fe_rc
from_base(struct walk *w, const char *profile, struct fe_aws_keys *out, bool *found, struct fe_err *err)
{
	const char *id = get(w, profile, "aws_access_key_id"), *process = get(w, profile, "credential_process");
	const char *token = get(w, profile, "web_identity_token_file");
	const char *source = get(w, profile, "credential_source");
	bool has_role = get(w, profile, "role_arn") != NULL && w->n == 0;

	*found = true;
	if (has_role && token) {
		struct fe_role role = role_of(w, profile);
		role.token_file = token;
		return fe_keys_of_role(w->s, &role, out, err);
	}
	if (has_role && source)
		return from_named_source(w, profile, source, out, err);
	if (id) {
		const char *secret = get(w, profile, "aws_secret_access_key");
		if (!secret)
			return fe_fail(err, FE_EUSAGE, "the profile '%s' has aws_access_key_id and no aws_secret_access_key",
				       profile);
		out->access_key_id = fe_strdup(id);
		out->secret_access_key = fe_strdup(secret);
		out->session_token = fe_strdup(get(w, profile, "aws_session_token"));
		return FE_OK;
	}
	if (process)
		return fe_keys_of_process(w->s, process, out, err);
	if (get(w, profile, "sso_session") || get(w, profile, "sso_start_url")) {
		const struct fe_sso sso = sso_of(w, profile);
		return fe_keys_of_sso(w->s, &sso, out, err);
	}
	*found = false;
	return FE_OK;
}

enum fe_rc
fe_keys_of_profile(struct fe_key_search *s, struct fe_aws_keys *out, bool *found, struct fe_err *err)
{
	struct walk w = { .s = s };
	struct fe_aws_keys keys = { 0 };
	enum fe_rc rc;

	*found = false;
	if (!s->config->has_profile)
		return FE_OK;
	rc = go_down(&w, err);
	if (rc == FE_OK)
		rc = from_base(&w, w.last, &keys, found, err);
	if (rc == FE_OK && !*found && w.n)
		rc = fe_fail(err, FE_EDENIED, "the profile '%s', whose keys another asks for, has none", w.last);
	while (rc == FE_OK && w.n) {
		struct fe_role role = role_of(&w, w.profiles[--w.n]);
		struct fe_aws_keys next = { 0 };
		role.source = &keys;
		rc = fe_keys_of_role(s, &role, &next, err);
		fe_aws_keys_reset(&keys);
		keys = next;
	}
	if (rc) {
		fe_aws_keys_reset(&keys);
		return rc;
	}
	*out = keys;
	out->from = "a profile of AWS's files";
	return FE_OK;
}

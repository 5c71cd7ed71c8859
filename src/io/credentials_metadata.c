// SPDX-License-Identifier: Apache-2.0
/* io/credentials_metadata.c - the keys of a container or an instance; see io/credentials.h
 *
 * The services stand at link-local addresses and speak plain http. A container's may be set
 * elsewhere by the environment; what would send the authorization token over http to
 * anywhere but this machine or those addresses is refused.
 */
#include "base/mem.h"
#include "base/text.h"
#include "io/credentials_private.h"
#include "io/reader.h"
#include "io/sigv4_url.h"

#define ECS "http://169.254.170.2"
#define IMDS "http://169.254.169.254"
#define ROLES "/latest/meta-data/iam/security-credentials/"
#define MAX_TOKEN_BYTES ((size_t)64 * 1024)

static enum fe_rc
ask(struct fe_key_search *s, const char *method, const char *url, const struct fe_http_header *header,
    struct fe_http_response *out, struct fe_err *err)
{
	const struct fe_http_request req = { .method = method, .url = url, .headers = header,
		                             .n_headers = header ? 1 : 0, .accept_any_status = true };
	struct fe_http *http;
	FE_TRY(fe_key_search_http(s, &http, err));
	return fe_http_fetch(http, &req, out, err);
}

/* ---- containers ---- */

/* "127.0.0.1", but not "127.example.com". */
static bool
is_loopback(struct fe_str host)
{
	for (size_t i = 0; i < host.n; i++)
		if (host.p[i] != '.' && (host.p[i] < '0' || host.p[i] > '9'))
			return false;
	return host.n > 4 && memcmp(host.p, "127.", 4) == 0;
}

static enum fe_rc
check_place(const char *url, struct fe_err *err)
{
	static const char *const near[] = { "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost",
		                            "[::1]" };
	struct fe_url_parts parts;
	FE_TRY(fe_url_parts_of(url, &parts, err));
	bool is_near = parts.is_https || is_loopback(parts.host);
	for (size_t i = 0; i < sizeof near / sizeof near[0]; i++)
		is_near |= fe_str_is(parts.host, near[i]);
	if (is_near)
		return FE_OK;
	return fe_fail(err, FE_EUSAGE,
		       "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that may not be asked over http; only "
		       "this machine and the addresses of ECS and EKS may be");
}

static enum fe_rc
read_token(const struct fe_key_search *s, struct fe_buf *out, struct fe_err *err)
{
	const char *file = fe_env_get(s->env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = fe_env_get(s->env, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	if (file) {
		FE_TRY(fe_file_read(file, MAX_TOKEN_BYTES, out, err));
		struct fe_str text = fe_text_trim(fe_buf_str(out));
		if (text.n)
			memmove(out->p, text.p, text.n);
		out->n_bytes = text.n;
		if (out->p)
			out->p[text.n] = '\0';
	} else if (token) {
		fe_buf_add_text(out, token);
	}
	return fe_buf_check(out, "the token of the container's service", err);
}

enum fe_rc
fe_keys_of_container(struct fe_key_search *s, struct fe_aws_keys *out, bool *found, struct fe_err *err)
{
	const char *relative = fe_env_get(s->env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = fe_env_get(s->env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	struct fe_http_response resp = { 0 };
	struct fe_buf url, token;
	enum fe_rc rc = FE_OK;

	*found = relative || full;
	if (!*found)
		return FE_OK;
	fe_buf_init(&url, 4096);
	fe_buf_init(&token, MAX_TOKEN_BYTES);
	fe_buf_addf(&url, "%s%s", relative ? ECS : "", relative ? relative : full);
	rc = fe_buf_check(&url, "the address of the container's service", err);
	if (rc == FE_OK && !relative)
		rc = check_place(full, err);
	if (rc == FE_OK)
		rc = read_token(s, &token, err);
	if (rc == FE_OK) {
		const struct fe_http_header header = { "Authorization", fe_buf_text(&token) };
		rc = ask(s, "GET", fe_buf_text(&url), token.n_bytes ? &header : NULL, &resp, err);
	}
	if (rc == FE_OK && resp.status != 200)
		rc = fe_fail(err, FE_EDENIED, "it answers with status %ld", resp.status);
	if (rc == FE_OK)
		rc = fe_keys_of_json(fe_buf_str(&resp.body), "Token", out, err);
	if (rc)
		fe_err_context(err, "the container's service for keys of AWS");
	out->from = "the container's service";
	fe_http_response_reset(&resp);
	fe_buf_reset(&url);
	fe_buf_reset(&token);
	return rc;
}

/* ---- instances ---- */

static enum fe_rc
ask_instance(struct fe_key_search *s, const char *token, const char *path, struct fe_http_response *resp,
	     struct fe_err *err)
{
	const char *endpoint = fe_env_get(s->env, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
	const struct fe_http_header ttl = { "X-aws-ec2-metadata-token-ttl-seconds", "21600" };
	const struct fe_http_header shown = { "X-aws-ec2-metadata-token", token };
	struct fe_buf url;
	enum fe_rc rc;

	fe_buf_init(&url, 4096);
	fe_buf_add_text(&url, endpoint ? endpoint : IMDS);
	if (url.n_bytes && url.p[url.n_bytes - 1] == '/')
		url.n_bytes--;
	fe_buf_add_text(&url, path);
	rc = fe_buf_check(&url, "the address of the metadata service", err);
	if (rc == FE_OK)
		rc = ask(s, token ? "GET" : "PUT", fe_buf_text(&url), token ? &shown : &ttl, resp, err);
	fe_buf_reset(&url);
	return rc;
}

static enum fe_rc
ask_for_keys(struct fe_key_search *s, const char *token, struct fe_aws_keys *out, bool *found, struct fe_err *err)
{
	struct fe_http_response resp = { 0 };
	struct fe_buf path;
	enum fe_rc rc = ask_instance(s, token, ROLES, &resp, err);

	fe_buf_init(&path, 4096);
	fe_buf_add_text(&path, ROLES);
	if (rc == FE_OK && resp.status == 200) {
		struct fe_str name = fe_text_trim(fe_buf_str(&resp.body));
		const char *end = name.n ? memchr(name.p, '\n', name.n) : NULL;
		fe_url_encode(&path, (struct fe_str){ name.p, end ? (size_t)(end - name.p) : name.n }, false);
		*found = name.n > 0;
	}
	if (rc == FE_OK && *found)
		rc = ask_instance(s, token, fe_buf_text(&path), &resp, err);
	if (rc == FE_OK && *found && resp.status != 200)
		rc = fe_fail(err, FE_EUNAVAIL, "the metadata service answers with status %ld", resp.status);
	if (rc == FE_OK && *found)
		rc = fe_keys_of_json(fe_buf_str(&resp.body), "Token", out, err);
	fe_http_response_reset(&resp);
	fe_buf_reset(&path);
	return rc;
}

enum fe_rc
fe_keys_of_instance(struct fe_key_search *s, struct fe_aws_keys *out, bool *found, struct fe_err *err)
{
	const char *off = fe_env_get(s->env, "AWS_EC2_METADATA_DISABLED");
	struct fe_http_response resp = { 0 };

	*found = false;
	if (off && fe_text_casecmp_ascii(fe_str_of(off), FE_STR("true")) == 0)
		return FE_OK;
	/* Whether there is such a service shows here: none answering is none. Never version 1. */
	enum fe_rc rc = ask_instance(s, NULL, "/latest/api/token", &resp, err);
	if (rc == FE_OK && resp.status == 200) {
		char *token = fe_strndup(fe_buf_text(&resp.body), resp.body.n_bytes);
		rc = ask_for_keys(s, token, out, found, err);
		fe_free(token);
	} else if (rc == FE_EUNAVAIL) {
		rc = FE_OK;
	}
	out->from = "the instance's metadata service";
	fe_http_response_reset(&resp);
	return rc;
}

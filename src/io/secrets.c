// SPDX-License-Identifier: Apache-2.0
/* io/secrets.c - see io/secrets.h
 *
 * Both services speak JSON by POST, and say in a header what is asked of them.
 */
#include "io/secrets.h"

#include "base/mem.h"
#include "io/credentials.h"
#include "io/http.h"
#include "io/json_texts.h"

#define N_PARTS 6 /* of an ARN: arn, partition, service, region, account, resource */

struct arn { struct fe_str parts[N_PARTS]; };

static bool
split(const char *text, struct arn *out)
{
	struct fe_str rest = fe_str_of(text);

	for (size_t i = 0; i < N_PARTS; i++) {
		const char *colon = i + 1 < N_PARTS && rest.n ? memchr(rest.p, ':', rest.n) : NULL;
		if (i + 1 < N_PARTS && !colon)
			return false;
		out->parts[i] = colon ? (struct fe_str){ rest.p, (size_t)(colon - rest.p) } : rest;
		rest.n -= out->parts[i].n + (colon != NULL);
		rest.p += out->parts[i].n + (colon != NULL);
	}
	return fe_str_is(out->parts[0], "arn") && out->parts[3].n && out->parts[5].n;
}

static bool
is_ssm(const struct arn *a)
{
	return fe_str_is(a->parts[2], "ssm") && a->parts[5].n > 10 && memcmp(a->parts[5].p, "parameter/", 10) == 0;
}

bool
fe_secret_is_arn(const char *text)
{
	struct arn a;
	return split(text, &a) && fe_aws_is_region(a.parts[3]) && (is_ssm(&a) || fe_str_is(a.parts[2], "secretsmanager"));
}

static void
add_json_text(struct fe_buf *out, struct fe_str text)
{
	fe_buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		const unsigned char c = (unsigned char)text.p[i];
		if (c < ' ')
			fe_buf_addf(out, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			fe_buf_addf(out, "\\%c", c);
		else
			fe_buf_add_char(out, (char)c);
	}
	fe_buf_add_char(out, '"');
}

/* "parameter/a/b" is the name "/a/b", and "parameter/a" the name "a". */
static struct fe_str
parameter_name(const struct arn *a)
{
	const struct fe_str resource = a->parts[5];
	const struct fe_str name = { resource.p + 10, resource.n - 10 };
	return memchr(name.p, '/', name.n) ? (struct fe_str){ name.p - 1, name.n + 1 } : name;
}

static void
print_request(const char *text, const struct arn *a, const struct fe_aws_config *config, struct fe_buf *url, struct fe_buf *body)
{
	const char *own = is_ssm(a) ? config->endpoint_ssm.text : config->endpoint_secrets.text;

	if (own)
		fe_buf_addf(url, "%s%s", own, own[strlen(own) - 1] == '/' ? "" : "/");
	else
		fe_buf_addf(url, "https://%.*s.%.*s.amazonaws.com%s/", FE_STR_ARGS(a->parts[2]), FE_STR_ARGS(a->parts[3]),
		            fe_str_is(a->parts[1], "aws-cn") ? ".cn" : "");
	fe_buf_add_text(body, is_ssm(a) ? "{\"Name\":" : "{\"SecretId\":");
	add_json_text(body, is_ssm(a) ? parameter_name(a) : fe_str_of(text));
	fe_buf_add_text(body, is_ssm(a) ? ",\"WithDecryption\":true}" : "}");
}

static enum fe_rc
read_secret(const struct arn *a, const struct fe_http_response *resp, struct fe_buf *out, struct fe_err *err)
{
	const char *const names[] = { is_ssm(a) ? "Value" : "SecretString" };
	const struct fe_str body = fe_buf_str(&resp->body);
	struct fe_arena arena = { 0 };
	struct fe_err why = FE_ERR_INIT;
	char *texts[1] = { NULL };

	enum fe_rc rc = fe_json_texts(is_ssm(a) ? fe_json_texts_inner(body) : body, names, texts, 1, &arena, &why);
	if (rc || !texts[0])
		rc = fe_fail(err, FE_EDATA, "the answer has no text of the secret: a secret of bytes is not for this");
	else
		fe_buf_add_text(out, texts[0]);
	fe_arena_free(&arena);
	return rc ? rc : fe_buf_check(out, "the secret", err);
}

/* What is wrong is told by a name; of the message nothing is repeated. */
static enum fe_rc
fail_status(const struct fe_http_response *resp, struct fe_err *err)
{
	static const struct { const char *name; enum fe_rc rc; const char *text; } kinds[] = {
		{ "ResourceNotFoundException", FE_EUSAGE, "there is no such secret" },
		{ "ParameterNotFound", FE_EUSAGE, "there is no such parameter" },
		{ "AccessDenied", FE_EDENIED, "these keys may not read it, or not use its key" },
		{ "DecryptionFailure", FE_EDENIED, "its key of KMS does not decrypt it" },
		{ "Throttling", FE_EUNAVAIL, "too many requests" },
		{ "InternalServiceError", FE_EUNAVAIL, "AWS failed; try again" },
	};
	const char *const names[] = { "__type" };
	struct fe_arena arena = { 0 };
	char *texts[1] = { NULL };
	enum fe_rc rc = resp->status >= 500 || resp->status == 429 ? FE_EUNAVAIL : FE_EDENIED;
	const char *text = "AWS does not give it";

	(void)!fe_json_texts(fe_buf_str(&resp->body), names, texts, 1, &arena, NULL);
	for (size_t i = 0; texts[0] && i < sizeof kinds / sizeof *kinds; i++) {
		if (!strstr(texts[0], kinds[i].name))
			continue;
		rc = kinds[i].rc;
		text = kinds[i].text;
		break;
	}
	fe_arena_free(&arena);
	return fe_fail(err, rc, "%s (HTTP status %ld)", text, resp->status);
}

static enum fe_rc
ask(const char *text, const struct arn *a, const struct fe_aws_config *config, const struct fe_clock *clock, struct fe_buf *out,
    struct fe_err *err)
{
	const bool is_own = (is_ssm(a) ? config->endpoint_ssm.text : config->endpoint_secrets.text) != NULL;
	const struct fe_net_settings net = { .allow_http = is_own, .allow_private = true, .total_timeout_ms = 30000,
		                             .max_body_bytes = FE_JSON_TEXTS_MAX_BYTES, .retry_budget_ms = 30000,
		                             .max_tries = 5, .ca_file = config->ca_file.text };
	const struct fe_http_header headers[] = {
		{ "Content-Type", "application/x-amz-json-1.1" },
		{ "X-Amz-Target", is_ssm(a) ? "AmazonSSM.GetParameter" : "secretsmanager.GetSecretValue" },
	};
	char *region = fe_strndup(a->parts[3].p, a->parts[3].n), *service = fe_strndup(a->parts[2].p, a->parts[2].n);
	struct fe_aws_signer signer = { .credentials = fe_credentials_new(config, clock), .region = region, .service = service,
		                        .clock = clock };
	const struct fe_http_signer face = fe_aws_signer_face(&signer);
	struct fe_http_response resp = { 0 };
	struct fe_http *http = NULL;
	struct fe_buf url, body;

	fe_buf_init(&url, 8192);
	fe_buf_init(&body, 8192);
	print_request(text, a, config, &url, &body);
	enum fe_rc rc = fe_buf_check(&body, "the ARN of a secret", err);
	if (rc == FE_OK)
		rc = fe_http_new(&http, &net, clock, err);
	if (rc == FE_OK) {
		const struct fe_http_request req = { .method = "POST", .url = fe_buf_text(&url), .headers = headers, .n_headers = 2,
			                             .body = fe_buf_str(&body), .signer = &face, .accept_any_status = true };
		rc = fe_http_fetch(http, &req, &resp, err);
	}
	if (rc == FE_OK)
		rc = resp.status == 200 ? read_secret(a, &resp, out, err) : fail_status(&resp, err);
	if (resp.body.p)
		explicit_bzero(resp.body.p, resp.body.n_bytes);
	fe_http_response_reset(&resp);
	fe_http_free(http);
	fe_credentials_free(signer.credentials);
	fe_buf_reset(&url);
	fe_buf_reset(&body);
	fe_free(region);
	fe_free(service);
	return rc;
}

enum fe_rc
fe_secret_fetch(const char *text, const struct fe_clock *clock, struct fe_buf *out, struct fe_err *err)
{
	struct fe_aws_config config = { 0 };
	struct arn a;
	enum fe_rc rc;

	if (!fe_secret_is_arn(text) || !split(text, &a))
		rc = fe_fail(err, FE_EUSAGE, "this is no ARN of a secret: one is arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME, or "
			     "arn:aws:ssm:REGION:ACCOUNT:parameter/NAME");
	else
		rc = fe_aws_config_load(&config, NULL, err);
	if (rc == FE_OK)
		rc = ask(text, &a, &config, clock, out, err);
	fe_aws_config_reset(&config);
	if (rc)
		fe_err_at(err, text, 0, NULL);
	return rc;
}

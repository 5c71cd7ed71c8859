// SPDX-License-Identifier: Apache-2.0
/* pipeline/secret.c - see pipeline/secret.h */
#include "pipeline/secret.h"

#include <stdlib.h>

#include "base/text.h"
#include "format/json_tree.h"
#include "io/http.h"
#include "io/secrets.h"
#include "pipeline/connectors.h"

#define VARIABLE "FINETL_DB_SECRET_ARN"
#define MAX_SECRET_BYTES ((size_t)64 << 10)

struct parts { struct fe_str user, password, host, port, database; };

/* A port is a number in some of them. */
static struct fe_str
member(const struct fe_json_value *object, const char *key)
{
	const struct fe_json_value *v = fe_json_get(object, key);
	bool is_value = fe_json_is(v, FE_JSON_STRING) || fe_json_is(v, FE_JSON_NUMBER);
	return is_value ? v->text : (struct fe_str){ 0 };
}

static enum fe_rc
read_parts(struct fe_str secret, struct fe_arena *arena, struct parts *out, struct fe_err *err)
{
	const struct fe_json_value *v;
	const struct fe_str text = fe_text_trim(secret);

	*out = (struct parts){ .password = text };
	if (text.n && text.p[0] == '{') {
		if (fe_json_parse(text, arena, &v, NULL)) /* its message may quote the text */
			return fe_fail(err, FE_EDATA, "the secret begins as JSON, and is none");
		*out = (struct parts){ .user = member(v, "username"), .password = member(v, "password"), .host = member(v, "host"),
			               .port = member(v, "port"), .database = member(v, "dbname") };
	}
	return out->password.n ? FE_OK : fe_fail(err, FE_EDATA, "the secret has no password");
}

static void
add_encoded(struct fe_buf *out, const char *before, struct fe_str text)
{
	if (!text.n)
		return;
	fe_buf_add_text(out, before);
	fe_url_encode(out, text, false);
}

enum fe_rc
fe_warehouse_add_secret(const char *url, struct fe_str secret, char **out, struct fe_err *err)
{
	const char *slashes = strstr(url, "://"), *behind = slashes ? slashes + 3 : "";
	struct fe_str rest = { behind, strlen(behind) }, user = { 0 };
	struct fe_arena arena = { 0 };
	struct parts p;
	struct fe_buf text;

	*out = NULL;
	enum fe_rc rc = read_parts(secret, &arena, &p, err);
	const char *at = NULL;
	for (const char *c = rest.p; *c && *c != '/' && *c != '?'; c++)
		if (*c == '@')
			at = c;
	if (rc == FE_OK && at) {
		user = (struct fe_str){ rest.p, strcspn(rest.p, ":@") };
		rest = (struct fe_str){ at + 1, rest.n - (size_t)(at + 1 - rest.p) };
	}
	fe_buf_init(&text, 2 * MAX_SECRET_BYTES);
	fe_buf_add_text(&text, "postgresql://");
	if (p.user.n)
		add_encoded(&text, "", p.user);
	else
		fe_buf_add_str(&text, user); /* as it is written */
	add_encoded(&text, ":", p.password);
	fe_buf_add_char(&text, '@');
	if (!rest.n) {
		add_encoded(&text, "", p.host);
		add_encoded(&text, ":", p.port);
		add_encoded(&text, "/", p.database);
	}
	fe_buf_add_str(&text, rest);
	if (rc == FE_OK)
		rc = fe_buf_check(&text, "the secret", err);
	if (rc == FE_OK)
		*out = fe_buf_take(&text);
	if (text.p)
		explicit_bzero(text.p, text.n_bytes);
	fe_buf_reset(&text);
	fe_arena_free(&arena);
	return rc;
}

enum fe_rc
fe_warehouse_with_secret(const char *url, const struct fe_clock *clock, char **out, struct fe_err *err)
{
	const char *arn = getenv(VARIABLE);
	struct fe_buf secret;

	*out = NULL;
	if (!url || !fe_warehouse_is_server(url) || !arn || !*arn)
		return FE_OK;
	fe_buf_init(&secret, MAX_SECRET_BYTES);
	enum fe_rc rc = fe_secret_fetch(arn, clock, &secret, err);
	if (rc == FE_OK)
		rc = fe_warehouse_add_secret(url, fe_buf_str(&secret), out, err);
	if (secret.p)
		explicit_bzero(secret.p, secret.n_bytes);
	fe_buf_reset(&secret);
	if (rc)
		fe_err_context(err, "the secret of the warehouse (" VARIABLE ")");
	return rc;
}

bool
fe_warehouse_is_refused(const struct fe_err *err)
{
	return strcmp(err->foreign, "28P01") == 0 || strcmp(err->foreign, "28000") == 0;
}

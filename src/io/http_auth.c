// SPDX-License-Identifier: Apache-2.0
/* io/http_auth.c - signers whose header stays, and what all signers share */
#include "io/http_auth_private.h"

#include "base/text.h"

void
fe_auth_wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	fe_free(text);
}

void
fe_auth_free(struct fe_auth *a)
{
	if (!a)
		return;
	fe_auth_wipe(a->value);
	fe_auth_wipe(a->form);
	fe_auth_wipe(a->basic);
	fe_auth_wipe(a->secret);
	fe_free(a->header);
	fe_free(a->token_url);
	fe_free(a->template);
	fe_free(a->timestamp_header);
	fe_free(a);
}

const struct fe_http_signer *
fe_auth_signer(const struct fe_auth *a)
{
	return &a->signer;
}

static enum fe_rc
sign_fixed(void *self, const struct fe_http_request *req, struct fe_http_headers *add, struct fe_err *err)
{
	const struct fe_auth *a = self;
	(void)req;
	(void)err;
	fe_http_headers_add(add, a->header, a->value);
	return FE_OK;
}

struct fe_auth *
fe_auth_new(void)
{
	struct fe_auth *a = fe_new(struct fe_auth);
	a->signer = (struct fe_http_signer){ .sign = sign_fixed, .self = a };
	return a;
}

enum fe_rc
fe_auth_check(const char *text, const char *what, struct fe_err *err)
{
	if (!text || !*text)
		return fe_fail(err, FE_EUSAGE, "the %s is empty", what);
	if (!fe_http_is_value(fe_str_of(text)) || strlen(text) > FE_AUTH_SECRET_BYTES / 4)
		return fe_fail(err, FE_EUSAGE, "the %s has control characters, a line's end perhaps, or is too long", what);
	return FE_OK;
}

/* Takes value. */
static void
be_fixed(struct fe_auth **out, const char *header, char *value)
{
	*out = fe_auth_new();
	(*out)->header = fe_strdup(header);
	(*out)->value = value;
}

char *
fe_auth_joined(const char *a, const char *b)
{
	struct fe_buf text;
	fe_buf_init(&text, FE_AUTH_SECRET_BYTES);
	fe_buf_add_text(&text, a);
	fe_buf_add_text(&text, b);
	FE_ASSERT(!text.failed);
	return fe_buf_take(&text);
}

enum fe_rc
fe_auth_bearer(struct fe_auth **out, const char *token, struct fe_err *err)
{
	*out = NULL;
	FE_TRY(fe_auth_check(token, "token", err));
	be_fixed(out, "Authorization", fe_auth_joined("Bearer ", token));
	return FE_OK;
}

enum fe_rc
fe_auth_api_key(struct fe_auth **out, const char *header, const char *key, struct fe_err *err)
{
	*out = NULL;
	FE_TRY(fe_auth_check(key, "API key", err));
	if (!header || !fe_http_is_name(fe_str_of(header)))
		return fe_fail(err, FE_EUSAGE, "the header of the API key is not the name of one");
	be_fixed(out, header, fe_strdup(key));
	return FE_OK;
}

char *
fe_auth_basic_of(struct fe_str user, struct fe_str password)
{
	struct fe_buf pair, value;
	fe_buf_init(&pair, FE_AUTH_SECRET_BYTES);
	fe_buf_init(&value, FE_AUTH_SECRET_BYTES * 2);
	fe_buf_add_str(&pair, user);
	fe_buf_add_char(&pair, ':');
	fe_buf_add_str(&pair, password);
	fe_buf_add_text(&value, "Basic ");
	fe_buf_add_base64(&value, fe_buf_str(&pair));
	FE_ASSERT(!pair.failed && !value.failed);
	fe_auth_wipe(fe_buf_take(&pair));
	return fe_buf_take(&value);
}

enum fe_rc
fe_auth_basic(struct fe_auth **out, const char *user, const char *password, struct fe_err *err)
{
	*out = NULL;
	FE_TRY(fe_auth_check(user, "user", err));
	if (password && *password)
		FE_TRY(fe_auth_check(password, "password", err));
	if (strchr(user, ':'))
		return fe_fail(err, FE_EUSAGE, "a user with a colon cannot be told from the password");
	be_fixed(out, "Authorization", fe_auth_basic_of(fe_str_of(user), fe_str_of(password ? password : "")));
	return FE_OK;
}

// SPDX-License-Identifier: Apache-2.0
/* lambda/secrets.c - see lambda/secrets.h */
#include "lambda/secrets.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/secrets.h"

#define OF_THE_WAREHOUSE "FINETL_DB_SECRET_ARN"
#define MAX_SECRET_BYTES ((size_t)64 << 10) /* what Secrets Manager keeps */

struct fe_lambda_secret {
	char *name, *arn;
	char *value; /* NULL: not fetched yet */
};

static void
forget(char *value)
{
	if (value)
		explicit_bzero(value, strlen(value));
	fe_free(value);
}

static void
collect(struct fe_lambda_secrets *s)
{
	for (char **p = environ; p && *p; p++) {
		const char *equals = strchr(*p, '=');
		struct fe_str name = { *p, equals ? (size_t)(equals - *p) : 0 };
		if (!name.n || fe_str_is(name, OF_THE_WAREHOUSE) || !fe_secret_is_arn(equals + 1))
			continue;
		s->items = fe_grow(s->items, &s->cap_items, s->n_items + 1, sizeof *s->items);
		s->items[s->n_items++] = (struct fe_lambda_secret){ .name = fe_strndup(name.p, name.n), .arn = fe_strdup(equals + 1) };
	}
}

/* *has_changed is set where it has, and left alone where it has not. */
static enum fe_rc
fetch(struct fe_lambda_secret *item, const struct fe_clock *clock, bool *has_changed, struct fe_err *err)
{
	struct fe_buf text;

	fe_buf_init(&text, MAX_SECRET_BYTES);
	enum fe_rc rc = fe_secret_fetch(item->arn, clock, &text, err);
	struct fe_str s = fe_text_trim(fe_buf_str(&text));
	if (rc == FE_OK && (s.n == 0 || memchr(s.p, '\0', s.n)))
		rc = fe_fail(err, FE_EUSAGE, "it is empty, or no text");
	if (rc)
		fe_err_context(err, "the secret of %s", item->name);
	if (rc == FE_OK && !(item->value && fe_str_is(s, item->value))) {
		forget(item->value);
		item->value = fe_strndup(s.p, s.n);
		*has_changed = true;
		FE_ASSERT(setenv(item->name, item->value, 1) == 0);
	}
	if (text.p)
		explicit_bzero(text.p, text.n_bytes);
	fe_buf_reset(&text);
	return rc;
}

enum fe_rc
fe_lambda_secrets_refresh(struct fe_lambda_secrets *s, const struct fe_clock *clock, bool *has_changed, struct fe_err *err)
{
	*has_changed = false;
	for (size_t i = 0; i < s->n_items; i++)
		FE_TRY(fetch(&s->items[i], clock, has_changed, err));
	return FE_OK;
}

enum fe_rc
fe_lambda_secrets_open(struct fe_lambda_secrets *s, const struct fe_clock *clock, struct fe_err *err)
{
	bool has_changed;

	*s = (struct fe_lambda_secrets){ 0 };
	collect(s);
	return fe_lambda_secrets_refresh(s, clock, &has_changed, err);
}

void
fe_lambda_secrets_reset(struct fe_lambda_secrets *s)
{
	for (size_t i = 0; i < s->n_items; i++) {
		struct fe_lambda_secret *item = &s->items[i];
		if (item->value)
			(void)setenv(item->name, item->arn, 1);
		forget(item->value);
		fe_free(item->name);
		fe_free(item->arn);
	}
	fe_free(s->items);
	*s = (struct fe_lambda_secrets){ 0 };
}

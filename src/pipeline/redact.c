// SPDX-License-Identifier: Apache-2.0
/* pipeline/redact.c - stars for what must not be seen */
#include "pipeline/redact.h"

#include <string.h>

#include "base/text.h"

/* Copies up to the ':' that starts a password, if user information has one. */
static const char *
redact_user(struct fe_buf *out, const char *url)
{
	const char *start = strstr(url, "://");
	if (!start)
		return url;
	start += 3;
	size_t n_host = strcspn(start, "/?#");
	const char *at = memrchr(start, '@', n_host);
	const char *colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
	if (!colon)
		return url;
	fe_buf_add(out, url, (size_t)(colon + 1 - url));
	fe_buf_add_text(out, "***");
	return at;
}

static bool
is_secret_name(struct fe_str name)
{
	static const char *const names[] = { "password", "sslpassword", "passfile", "token", "secret", "key" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (fe_text_casecmp_ascii(name, fe_str_of(names[i])) == 0)
			return true;
	return false;
}

void
fe_buf_add_redacted_url(struct fe_buf *out, const char *url)
{
	const char *rest = redact_user(out, url);
	const char *query = strchr(rest, '?');
	if (!query) {
		fe_buf_add_text(out, rest);
		return;
	}
	fe_buf_add(out, rest, (size_t)(query + 1 - rest));
	for (const char *p = query + 1; *p;) {
		size_t n = strcspn(p, "&");
		const char *equals = memchr(p, '=', n);
		if (equals && is_secret_name((struct fe_str){ p, (size_t)(equals - p) })) {
			fe_buf_add(out, p, (size_t)(equals + 1 - p));
			fe_buf_add_text(out, "***");
		} else {
			fe_buf_add(out, p, n);
		}
		p += n;
		if (*p)
			fe_buf_add_char(out, *p++);
	}
}

void
fe_redacted_url_json(struct fe_json *j, const char *key, const char *url)
{
	struct fe_buf shown;
	if (!url) {
		fe_json_null(j, key);
		return;
	}
	fe_buf_init(&shown, 64 * 1024);
	fe_buf_add_redacted_url(&shown, url);
	fe_json_str(j, key, fe_buf_str(&shown));
	fe_buf_reset(&shown);
}

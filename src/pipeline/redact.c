// SPDX-License-Identifier: Apache-2.0
/* pipeline/redact.c - stars for what must not be seen
 *
 * One function finds the secrets of a URL, one after the other; showing a URL and
 * refusing it both ask that one.
 */
#include "pipeline/redact.h"

#include <string.h>

#include "base/text.h"

#define MAX_NAME_BYTES 64

/* The '@' that ends the user information which begins at start; NULL: there is none. As
 * libpq has it, a '?' may be part of a password and a '/' ends the host; an '@' further
 * on is of a password that should have been percent-encoded. */
static const char *
user_end(const char *start)
{
	const char *first = memchr(start, '@', strcspn(start, "/"));
	size_t n = first ? (size_t)(first - start) + strcspn(first, "/?") : strcspn(start, "?");
	return memrchr(start, '@', n);
}

/* p NULL: there is none. */
static struct fe_str
user_secret(const char *url)
{
	const char *start = strstr(url, "://");
	const char *end = start ? user_end(start + 3) : NULL;
	const char *colon = end ? memchr(start + 3, ':', (size_t)(end - start - 3)) : NULL;
	return colon ? (struct fe_str){ colon + 1, (size_t)(end - colon - 1) } : (struct fe_str){ 0 };
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Names may be percent-encoded as values may. */
static struct fe_str
decode(struct fe_str s, char out[MAX_NAME_BYTES])
{
	size_t n = 0;
	for (size_t i = 0; i < s.n && n < MAX_NAME_BYTES; i++) {
		bool is_coded = s.p[i] == '%' && s.n - i > 2 && hex_digit(s.p[i + 1]) >= 0 && hex_digit(s.p[i + 2]) >= 0;
		out[n++] = is_coded ? (char)(hex_digit(s.p[i + 1]) << 4 | hex_digit(s.p[i + 2])) : s.p[i];
		i += is_coded ? 2 : 0;
	}
	return (struct fe_str){ out, n };
}

static bool
is_secret_name(struct fe_str name)
{
	static const char *const names[] = { "password", "sslpassword", "oauth_client_secret", "scram_client_key",
					     "scram_server_key", "token", "secret", "key" };
	char text[MAX_NAME_BYTES];
	struct fe_str plain = decode(name, text);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (fe_text_casecmp_ascii(plain, fe_str_of(names[i])) == 0)
			return true;
	return false;
}

/* The first value at or behind p, which is in a query, whose name is that of a secret. */
static struct fe_str
query_secret(const char *p)
{
	while (*p) {
		size_t n = strcspn(p, "&");
		const char *equals = memchr(p, '=', n);
		if (equals && is_secret_name((struct fe_str){ p, (size_t)(equals - p) }))
			return (struct fe_str){ equals + 1, n - (size_t)(equals + 1 - p) };
		p += n + (p[n] == '&');
	}
	return (struct fe_str){ 0 };
}

/* The secret behind `after`, NULL: the first; p NULL: there is none. */
static struct fe_str
next_secret(const char *url, const char *after)
{
	struct fe_str user = user_secret(url);
	const char *from = user.p ? user.p + user.n : url, *query = strchr(from, '?');

	if (!after && user.p)
		return user;
	if (!query)
		return (struct fe_str){ 0 };
	return query_secret(after && after > query ? after + (*after == '&') : query + 1);
}

struct fe_str
fe_url_secret(const char *url)
{
	struct fe_str s = next_secret(url, NULL);
	while (s.p && !s.n) /* "user:@host" has none */
		s = next_secret(url, s.p);
	return s;
}

/* The end of a value of a connection string: of one in braces the brace that is not doubled,
 * nor that of a ${NAME} within. */
static const char *
value_end(const char *p)
{
	if (*p != '{')
		return p + strcspn(p, ";");
	for (p++; *p && !(*p == '}' && p[1] != '}'); p++) {
		if (p[0] == '$' && p[1] == '{')
			p += strcspn(p, "}") - (strchr(p, '}') == NULL);
		else
			p += *p == '}';
	}
	return p;
}

struct fe_str
fe_odbc_secret(const char *connection)
{
	for (const char *p = connection; *p;) {
		size_t n = strcspn(p, "=;");
		struct fe_str key = fe_text_trim((struct fe_str){ p, n });
		p += n;
		if (*p == '=') {
			const char *value = p + 1 + strspn(p + 1, " \t");
			p = value_end(value);
			value += *value == '{' && p > value;
			if (p > value && (fe_text_casecmp_ascii(key, FE_STR("PWD")) == 0 ||
					  fe_text_casecmp_ascii(key, FE_STR("PASSWORD")) == 0))
				return fe_text_trim((struct fe_str){ value, (size_t)(p - value) });
		}
		p += *p != '\0';
	}
	return (struct fe_str){ 0 };
}

void
fe_buf_add_redacted_url(struct fe_buf *out, const char *url)
{
	const char *from = url;
	for (struct fe_str s = next_secret(url, NULL); s.p; s = next_secret(url, from)) {
		fe_buf_add(out, from, (size_t)(s.p - from));
		fe_buf_add_text(out, "***");
		from = s.p + s.n;
	}
	fe_buf_add_text(out, from);
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

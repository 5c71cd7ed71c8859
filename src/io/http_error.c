// SPDX-License-Identifier: Apache-2.0
/* io/http_error.c - what is said of an answer that is no success
 *
 * The status, what it means, and the first words of a text or JSON body, which often name
 * the parameter that is wrong; but none of it where it repeats anything that was sent and could
 * be secret.
 */
#include <stdio.h>

#include "base/text.h"
#include "io/http_private.h"

#define EXCERPT_BYTES 200
#define SECRET_LEAST_BYTES 4

void
fe_http_err_at(const struct fe_http *h, struct fe_err *err, const char *url)
{
	struct fe_buf shown;
	fe_buf_init(&shown, (size_t)1 << 20);
	fe_url_show_for(&shown, fe_str_of(url), &h->net);
	fe_err_at(err, fe_buf_text(&shown), 0, NULL);
	fe_buf_reset(&shown);
}

static bool
repeats(struct fe_str text, struct fe_str part)
{
	return part.n >= SECRET_LEAST_BYTES && text.n >= part.n && memmem(text.p, text.n, part.p, part.n);
}

static bool
is_public_header(const char *line)
{
	static const char *const names[] = {
		"Accept:", "Accept-Encoding:", "Content-Type:", "User-Agent:", "Range:", "Host:",
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct fe_str name = { line, strnlen(line, strlen(names[i])) };
		if (fe_text_casecmp_ascii(name, fe_str_of(names[i])) == 0)
			return true;
	}
	return false;
}

/* Any word of a header's value: "Bearer abc" is shown by neither. */
static bool
repeats_header(struct fe_str text, const char *line)
{
	const char *colon = strchr(line, ':');
	if (!colon || is_public_header(line))
		return false;
	for (const char *p = colon + 1; *p;) {
		size_t n = strcspn(p, " \t,;=");
		if (repeats(text, (struct fe_str){ p, n }))
			return true;
		p += n + (p[n] != '\0');
	}
	return false;
}

static bool
repeats_pairs(struct fe_str text, struct fe_str pairs)
{
	size_t at = 0;
	for (size_t i = 0; i <= pairs.n; i++) {
		if (i < pairs.n && !strchr("?&;=/@:", pairs.p[i]))
			continue;
		if (repeats(text, (struct fe_str){ pairs.p + at, i - at }))
			return true;
		at = i + 1;
	}
	return false;
}

static bool
repeats_secret(const struct fe_http_transfer *t, struct fe_str text)
{
	for (const struct curl_slist *s = t->sent; s; s = s->next)
		if (repeats_header(text, s->data))
			return true;
	if (fe_url_has_hidden(text, &t->http->net))
		return true;
	const char *query = strchr(t->ask.url_text, '?');
	const char *at = strchr(t->ask.url_text, '@');
	if (query && repeats_pairs(text, fe_str_of(query)))
		return true;
	return at && (!query || at < query) &&
	       repeats_pairs(text, (struct fe_str){ t->ask.url_text, (size_t)(at - t->ask.url_text) });
}

static bool
is_of_text(const struct fe_http_transfer *t)
{
	const char *type = fe_http_headers_get(&t->head.headers, "Content-Type");
	return type && (strstr(type, "json") || strstr(type, "text/plain") || strstr(type, "xml"));
}

static void
add_excerpt(const struct fe_http_transfer *t, struct fe_buf *out)
{
	struct fe_str body = fe_text_trim(fe_buf_str(&t->body));
	if (body.n == 0 || !is_of_text(t) || t->ask.has_body || repeats_secret(t, body))
		return;
	fe_buf_add_text(out, "; it says: ");
	fe_buf_add_printable(out, body, EXCERPT_BYTES);
}

static void
add_target(const struct fe_http_transfer *t, struct fe_buf *out)
{
	const char *location = fe_http_headers_get(&t->head.headers, "Location");
	if (!location)
		return;
	fe_buf_add_text(out, ", at ");
	fe_url_show_for(out, fe_str_of(location), &t->http->net);
	fe_buf_add_text(out, t->http->net.max_redirects ? ": too many redirects"
							: ": use that URL if it is trusted, or say max_redirects");
}

enum fe_rc
fe_http_fail_status(const struct fe_http_transfer *t, struct fe_http_meaning meaning, struct fe_err *err)
{
	struct fe_buf text;
	fe_buf_init(&text, FE_ERR_TEXT_BYTES * 4);
	if (meaning.fate == FE_HTTP_REDIRECT)
		add_target(t, &text);
	else
		add_excerpt(t, &text);
	(void)fe_fail(err, meaning.rc, "the server answers %ld, %s%s", t->head.status, meaning.text,
		      fe_buf_text(&text));
	fe_buf_reset(&text);
	if (err)
		(void)snprintf(err->foreign, sizeof err->foreign, "%ld", t->head.status);
	return meaning.rc;
}

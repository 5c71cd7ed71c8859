// SPDX-License-Identifier: Apache-2.0
/* io/http_url.c - URLs as they are sent, and as they may be shown
 *
 * Showing is on the careful side: whatever could be a user, a password or a value of the
 * query is left out, also of texts that are no good URLs. It is for messages only; what is
 * connected to is decided by libcurl's own parser.
 */
#include "io/http.h"

#define SECRET_LEAST_BYTES 4

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == '_' || c == '~';
}

void
fe_url_encode(struct fe_buf *out, struct fe_str text, bool keep_slash)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (is_unreserved((char)c) || (keep_slash && c == '/')) {
			fe_buf_add_char(out, (char)c);
		} else {
			const char coded[3] = { '%', digits[c >> 4], digits[c & 15] };
			fe_buf_add(out, coded, sizeof coded);
		}
	}
}

void
fe_url_add_query(struct fe_buf *url, struct fe_str name, struct fe_str value)
{
	const char *hash = url->n_bytes ? memchr(url->p, '#', url->n_bytes) : NULL;
	if (hash) /* a fragment is not sent, and must not swallow the query */
		url->n_bytes = (size_t)(hash - url->p);
	const char *mark = url->n_bytes ? memchr(url->p, '?', url->n_bytes) : NULL;
	if (!mark)
		fe_buf_add_char(url, '?');
	else if (url->p[url->n_bytes - 1] != '?' && url->p[url->n_bytes - 1] != '&')
		fe_buf_add_char(url, '&');
	fe_url_encode(url, name, false);
	fe_buf_add_char(url, '=');
	fe_url_encode(url, value, false);
}

static size_t
index_of_any(struct fe_str s, const char *marks)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] && strchr(marks, s.p[i]))
			return i;
	return s.n;
}

static struct fe_str
after(struct fe_str s, size_t n)
{
	return (struct fe_str){ s.p + n, s.n - n };
}

/* Past the last @: browsers and libraries do not agree on which one ends the user. */
static struct fe_str
without_user(struct fe_str authority)
{
	for (size_t i = authority.n; i > 0; i--)
		if (authority.p[i - 1] == '@')
			return after(authority, i);
	return authority;
}

/* A port that is no number may be the half of a password that had a / or ? in it: then
 * nothing more is shown. */
static bool
show_authority(struct fe_buf *out, struct fe_str authority)
{
	struct fe_str host = without_user(authority);
	size_t n = host.n;
	while (n > 0 && host.p[n - 1] >= '0' && host.p[n - 1] <= '9')
		n--;
	bool has_port = n > 0 && host.p[n - 1] == ':', is_ipv6 = host.n && host.p[0] == '[';
	bool is_plain = has_port || is_ipv6 || !host.n || !memchr(host.p, ':', host.n);
	fe_buf_add_str(out, is_plain ? host : FE_STR("***"));
	return is_plain;
}

static void
show_query(struct fe_buf *out, struct fe_str query)
{
	while (query.n) {
		size_t n = index_of_any(query, "&;");
		struct fe_str pair = { query.p, n };
		size_t n_name = index_of_any(pair, "=");
		if (n_name < pair.n)
			fe_buf_add(out, pair.p, n_name + 1);
		if (pair.n)
			fe_buf_add_text(out, "***");
		if (n < query.n)
			fe_buf_add_char(out, query.p[n++]);
		query = after(query, n);
	}
}

void
fe_url_show(struct fe_buf *out, struct fe_str url)
{
	size_t n_scheme = index_of_any(url, ":/?#");
	struct fe_str rest = url;
	if (n_scheme < url.n && url.p[n_scheme] == ':' && n_scheme + 1 < url.n && url.p[n_scheme + 1] == '/') {
		size_t n = n_scheme + 1;
		while (n < url.n && url.p[n] == '/') /* some take any number of them */
			n++;
		fe_buf_add(out, url.p, n);
		rest = after(url, n);
		size_t n_authority = index_of_any(rest, "/?#");
		if (!show_authority(out, (struct fe_str){ rest.p, n_authority }))
			return;
		rest = after(rest, n_authority);
	} else {
		rest = without_user(rest); /* no URL with a host: nothing before an @ is shown */
	}
	size_t n_path = index_of_any(rest, "?#");
	fe_buf_add(out, rest.p ? rest.p : "", n_path);
	rest = after(rest, n_path);
	if (rest.n && rest.p[0] == '?') {
		fe_buf_add_char(out, '?');
		rest = after(rest, 1);
		show_query(out, (struct fe_str){ rest.p, index_of_any(rest, "#") });
	}
}

/* ---- what is hidden ---- */

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static char
take_char(struct fe_str s, size_t *at)
{
	const char *c = s.p + *at;
	const bool is_coded = s.n - *at > 2 && *c == '%' && hex_digit(c[1]) >= 0 && hex_digit(c[2]) >= 0;

	*at += is_coded ? 3 : 1;
	return is_coded ? (char)(hex_digit(c[1]) << 4 | hex_digit(c[2])) : *c;
}

/* How many bytes of s the text takes, each percent-encoded or not; 0: it does not begin with it. */
static size_t
length_of(struct fe_str s, struct fe_str text)
{
	size_t at = 0;

	for (size_t i = 0; i < text.n;)
		if (at == s.n || take_char(s, &at) != take_char(text, &i))
			return 0;
	return at;
}

/* The longest that s begins with; NULL: none. */
static const struct fe_net_hidden *
hidden_at(struct fe_str s, const struct fe_net_settings *net, size_t *n_bytes)
{
	const struct fe_net_hidden *found = NULL;

	*n_bytes = 0;
	for (size_t i = 0; i < net->n_hidden; i++) {
		const size_t n = length_of(s, fe_str_of(net->hidden[i].text));
		if (n > *n_bytes) {
			found = &net->hidden[i];
			*n_bytes = n;
		}
	}
	return found;
}

bool
fe_url_has_hidden(struct fe_str text, const struct fe_net_settings *net)
{
	size_t n_bytes;

	for (size_t i = 0; net->n_hidden && i < text.n; i++) {
		const struct fe_net_hidden *hidden = hidden_at(after(text, i), net, &n_bytes);
		if (hidden && strlen(hidden->text) >= SECRET_LEAST_BYTES)
			return true;
	}
	return false;
}

void
fe_url_show_for(struct fe_buf *out, struct fe_str url, const struct fe_net_settings *net)
{
	struct fe_buf shown;
	size_t n;

	if (!net || !net->n_hidden) {
		fe_url_show(out, url);
		return;
	}
	fe_buf_init(&shown, SIZE_MAX / 2);
	fe_url_show(&shown, url);
	const char *authority = strstr(fe_buf_text(&shown), "://");
	struct fe_str rest = fe_buf_str(&shown);
	n = authority ? (size_t)(authority + 3 - rest.p) : 0;
	n += authority ? index_of_any(after(rest, n), "/?#") : 0;
	fe_buf_add(out, rest.p ? rest.p : "", n);
	for (rest = after(rest, n); rest.n; rest = after(rest, n)) {
		const struct fe_net_hidden *hidden = hidden_at(rest, net, &n);
		if (hidden)
			fe_buf_add_text(out, hidden->shown);
		else
			fe_buf_add_char(out, rest.p[0]);
		n = hidden ? n : 1;
	}
	fe_buf_reset(&shown);
}

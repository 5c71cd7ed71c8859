// SPDX-License-Identifier: Apache-2.0
/* io/sigv4_url.c - see io/sigv4_url.h */
#include "io/sigv4_url.h"

#include <stdlib.h>

#include "base/mem.h"
#include "io/http.h"

#define MAX_PARAMETERS 1000
#define MAX_TEXT_BYTES ((size_t)1 << 20)

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void
fe_url_decode(struct fe_buf *out, struct fe_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		int high = -1, low = -1;
		if (text.p[i] == '%' && text.n - i > 2) {
			high = digit(text.p[i + 1]);
			low = digit(text.p[i + 2]);
		}
		if (high < 0 || low < 0) {
			fe_buf_add_char(out, text.p[i]);
			continue;
		}
		fe_buf_add_char(out, (char)(high * 16 + low));
		i += 2;
	}
}

/* Takes bytes off the front up to one of the stops, which stays. */
static struct fe_str
take_until(struct fe_str *rest, const char *stops)
{
	size_t n = 0;
	while (n < rest->n && !strchr(stops, rest->p[n]))
		n++;
	struct fe_str out = { rest->p, n };
	rest->p += n;
	rest->n -= n;
	return out;
}

static void
split_authority(struct fe_str authority, struct fe_url_parts *out)
{
	const char *at = authority.n ? memrchr(authority.p, '@', authority.n) : NULL;
	if (at) {
		authority.n -= (size_t)(at + 1 - authority.p);
		authority.p = at + 1;
	}
	const char *close = authority.n && authority.p[0] == '[' ? memchr(authority.p, ']', authority.n) : NULL;
	size_t from = close ? (size_t)(close - authority.p) : 0;
	const char *colon = authority.n ? memchr(authority.p + from, ':', authority.n - from) : NULL;
	out->host = authority;
	if (colon) {
		out->host.n = (size_t)(colon - authority.p);
		out->port = (struct fe_str){ colon + 1, authority.n - out->host.n - 1 };
	}
}

enum fe_rc
fe_url_parts_of(const char *url, struct fe_url_parts *out, struct fe_err *err)
{
	struct fe_str rest = fe_str_of(url);

	*out = (struct fe_url_parts){ 0 };
	out->is_https = strncmp(url, "https://", 8) == 0;
	if (!out->is_https && strncmp(url, "http://", 7) != 0)
		return fe_fail(err, FE_EUSAGE, "a URL begins with https:// (or http:// where that is allowed)");
	rest.p += out->is_https ? 8 : 7;
	rest.n -= out->is_https ? 8 : 7;
	split_authority(take_until(&rest, "/?#"), out);
	if (out->host.n == 0)
		return fe_fail(err, FE_EUSAGE, "the URL names no host");
	out->path = take_until(&rest, "?#");
	if (rest.n && rest.p[0] == '?') {
		rest.p++;
		rest.n--;
		out->query = take_until(&rest, "#");
	}
	return FE_OK;
}

void
fe_url_add_path_as_sent(struct fe_buf *out, struct fe_str path)
{
	struct fe_buf plain;
	if (path.n == 0)
		fe_buf_add_char(out, '/');
	fe_buf_init(&plain, MAX_TEXT_BYTES);
	fe_url_decode(&plain, path);
	fe_url_encode(out, fe_buf_str(&plain), true);
	out->failed |= plain.failed;
	fe_buf_reset(&plain);
}

void
fe_url_add_path_normal(struct fe_buf *out, struct fe_str path)
{
	struct fe_buf normal; /* "/a/b", without the slash of the end */
	struct fe_str rest = path;

	fe_buf_init(&normal, MAX_TEXT_BYTES);
	while (rest.n) {
		rest.p++; /* the slash */
		rest.n--;
		struct fe_str segment = take_until(&rest, "/");
		if (segment.n == 0 || fe_str_is(segment, "."))
			continue;
		if (fe_str_is(segment, "..")) {
			const char *slash = normal.n_bytes ? memrchr(normal.p, '/', normal.n_bytes) : NULL;
			normal.n_bytes = slash ? (size_t)(slash - normal.p) : 0;
			continue;
		}
		fe_buf_add_char(&normal, '/');
		fe_buf_add_str(&normal, segment);
	}
	/* A slash at the end stays. */
	if (normal.n_bytes == 0 || (path.n && path.p[path.n - 1] == '/'))
		fe_buf_add_char(&normal, '/');
	fe_url_encode(out, fe_buf_str(&normal), true);
	out->failed |= normal.failed;
	fe_buf_reset(&normal);
}

struct parameter {
	struct fe_str name, value; /* encoded */
};

static int
compare_texts(struct fe_str a, struct fe_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;
	if (c)
		return c;
	return a.n < b.n ? -1 : a.n > b.n;
}

static int
compare_parameters(const void *a, const void *b)
{
	const struct parameter *x = a, *y = b;
	int c = compare_texts(x->name, y->name);
	return c ? c : compare_texts(x->value, y->value);
}

static struct fe_str
encode_once(struct fe_str text, struct fe_arena *arena)
{
	struct fe_buf plain, out;
	fe_buf_init(&plain, MAX_TEXT_BYTES);
	fe_buf_init(&out, 3 * MAX_TEXT_BYTES);
	fe_url_decode(&plain, text);
	fe_url_encode(&out, fe_buf_str(&plain), false);
	struct fe_str copy = { fe_arena_copy(arena, fe_buf_text(&out), out.n_bytes), out.n_bytes };
	fe_buf_reset(&plain);
	fe_buf_reset(&out);
	return copy;
}

enum fe_rc
fe_url_add_query_sorted(struct fe_buf *out, struct fe_str query, struct fe_err *err)
{
	struct parameter *list = NULL;
	size_t n = 0, cap = 0;
	struct fe_arena arena = { 0 };
	enum fe_rc rc = FE_OK;

	while (query.n && rc == FE_OK) {
		struct fe_str part = take_until(&query, "&");
		if (query.n) {
			query.p++;
			query.n--;
		}
		if (part.n == 0)
			continue;
		if (n == MAX_PARAMETERS) {
			rc = fe_fail(err, FE_EUSAGE, "a URL of more than %d parameters cannot be signed",
				     MAX_PARAMETERS);
			break;
		}
		struct fe_str name = take_until(&part, "=");
		if (part.n) {
			part.p++;
			part.n--;
		}
		list = fe_grow(list, &cap, n + 1, sizeof *list);
		list[n++] = (struct parameter){ encode_once(name, &arena), encode_once(part, &arena) };
	}
	if (n)
		qsort(list, n, sizeof *list, compare_parameters);
	for (size_t i = 0; i < n; i++) {
		if (i)
			fe_buf_add_char(out, '&');
		fe_buf_add_str(out, list[i].name);
		fe_buf_add_char(out, '=');
		fe_buf_add_str(out, list[i].value);
	}
	fe_free(list);
	fe_arena_free(&arena);
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
/* io/json_texts.c - see io/json_texts.h */
#include "io/json_texts.h"

#include "base/buf.h"
#include "base/text.h"

struct json {
	struct fe_str rest;
	struct fe_buf text; /* the string just read */
};

static void
skip_blanks(struct json *j)
{
	while (j->rest.n && strchr(" \t\r\n", j->rest.p[0]) && j->rest.p[0]) {
		j->rest.p++;
		j->rest.n--;
	}
}

static bool
take(struct json *j, char c)
{
	skip_blanks(j);
	if (j->rest.n == 0 || j->rest.p[0] != c)
		return false;
	j->rest.p++;
	j->rest.n--;
	return true;
}

static bool
take_hex(struct json *j, uint32_t *out)
{
	*out = 0;
	if (j->rest.n < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = j->rest.p[i];
		uint32_t d;
		if (c >= '0' && c <= '9')
			d = (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			d = (uint32_t)((c | 32) - 'a' + 10);
		else
			return false;
		*out = *out * 16 + d;
	}
	j->rest.p += 4;
	j->rest.n -= 4;
	return true;
}

/* \uXXXX, of two halves where it needs two. */
static bool
read_unicode(struct json *j)
{
	char utf8[FE_UTF8_BYTES];
	uint32_t code, low;
	if (!take_hex(j, &code) || code == 0 || (code >= 0xDC00 && code < 0xE000))
		return false;
	if (code >= 0xD800 && code < 0xDC00) {
		if (j->rest.n < 2 || memcmp(j->rest.p, "\\u", 2) != 0)
			return false;
		j->rest.p += 2;
		j->rest.n -= 2;
		if (!take_hex(j, &low) || low < 0xDC00 || low > 0xDFFF)
			return false;
		code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
	}
	fe_buf_add(&j->text, utf8, fe_utf8_encode(code, utf8));
	return true;
}

static bool
read_escape(struct json *j)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	if (j->rest.n == 0)
		return false;
	char c = j->rest.p[0];
	j->rest.p++;
	j->rest.n--;
	if (c == 'u')
		return read_unicode(j);
	const char *at = c ? strchr(from, c) : NULL;
	if (at)
		fe_buf_add_char(&j->text, to[at - from]);
	return at != NULL;
}

static bool
read_string(struct json *j)
{
	fe_buf_clear(&j->text);
	if (!take(j, '"'))
		return false;
	while (j->rest.n) {
		char c = j->rest.p[0];
		j->rest.p++;
		j->rest.n--;
		if (c == '"')
			return true;
		if ((unsigned char)c < ' ' || (c == '\\' && !read_escape(j)))
			return false;
		if (c != '\\')
			fe_buf_add_char(&j->text, c);
	}
	return false;
}

/* A number, true, false or null, as written. */
static bool
read_word(struct json *j)
{
	fe_buf_clear(&j->text);
	while (j->rest.n && !strchr(",]} \t\r\n\"{[:", j->rest.p[0])) {
		fe_buf_add_char(&j->text, j->rest.p[0]);
		j->rest.p++;
		j->rest.n--;
	}
	return j->text.n_bytes > 0;
}

/* Past one object or array; what is in it is held to brackets and strings only. */
static bool
skip_nested(struct json *j)
{
	char closes[FE_JSON_TEXTS_MAX_DEPTH];
	unsigned depth = 0;
	do {
		skip_blanks(j);
		if (j->rest.n == 0)
			return false;
		char c = j->rest.p[0];
		if (c == '"') {
			if (!read_string(j))
				return false;
			continue;
		}
		j->rest.p++;
		j->rest.n--;
		if (c == '{' || c == '[') {
			if (depth == FE_JSON_TEXTS_MAX_DEPTH)
				return false;
			closes[depth++] = c == '{' ? '}' : ']';
		} else if (c == '}' || c == ']') {
			if (closes[--depth] != c)
				return false;
		}
	} while (depth);
	return true;
}

struct wanted {
	const char *const *names;
	char **out;
	size_t n;
	struct fe_arena *arena;
};

static bool
read_member(struct json *j, const struct wanted *w)
{
	size_t i = 0;
	if (!read_string(j) || !take(j, ':'))
		return false;
	while (i < w->n && !fe_str_is(fe_buf_str(&j->text), w->names[i]))
		i++;
	skip_blanks(j);
	if (j->rest.n && (j->rest.p[0] == '{' || j->rest.p[0] == '['))
		return skip_nested(j);
	bool is_text = j->rest.n && j->rest.p[0] == '"';
	if (is_text ? !read_string(j) : !read_word(j))
		return false;
	if (i == w->n || (!is_text && fe_str_is(fe_buf_str(&j->text), "null")))
		return true;
	if (w->out[i])
		return false;
	w->out[i] = fe_arena_copy(w->arena, fe_buf_text(&j->text), j->text.n_bytes);
	return true;
}

static bool
read_object(struct json *j, const struct wanted *w)
{
	if (!take(j, '{'))
		return false;
	if (!take(j, '}')) {
		do {
			if (!read_member(j, w))
				return false;
		} while (take(j, ','));
		if (!take(j, '}'))
			return false;
	}
	skip_blanks(j);
	return j->rest.n == 0 && !j->text.failed;
}

enum fe_rc
fe_json_texts(struct fe_str json, const char *const *names, char **out, size_t n, struct fe_arena *arena,
	      struct fe_err *err)
{
	struct json j = { .rest = json };
	const struct wanted w = { .names = names, .out = out, .n = n, .arena = arena };

	for (size_t i = 0; i < n; i++)
		out[i] = NULL;
	if (json.n > FE_JSON_TEXTS_MAX_BYTES)
		return fe_fail(err, FE_ELIMIT, "the JSON is longer than %zu bytes", FE_JSON_TEXTS_MAX_BYTES);
	fe_buf_init(&j.text, FE_JSON_TEXTS_MAX_BYTES);
	bool is_good = fe_utf8_is_valid(json) && read_object(&j, &w);
	fe_buf_reset(&j.text);
	return is_good ? FE_OK : fe_fail(err, FE_EDATA, "this is not the JSON object that was expected");
}

struct fe_str
fe_json_texts_inner(struct fe_str json)
{
	const char *outer = json.n ? memchr(json.p, '{', json.n) : NULL;
	const char *inner = outer ? memchr(outer + 1, '{', (size_t)(json.p + json.n - outer - 1)) : NULL;
	size_t n = inner ? (size_t)(json.p + json.n - inner) : 0;

	while (n && inner[n - 1] != '}')
		n--;
	for (n -= n > 0; n && inner[n - 1] != '}'; n--)
		;
	return (struct fe_str){ inner, n };
}

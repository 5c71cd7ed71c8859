// SPDX-License-Identifier: Apache-2.0
/* format/json_tree.c - see format/json_tree.h
 *
 * One loop over values; the containers that are open lie on a stack of fixed depth.
 */
#include "format/json_tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format/json_escape.h"

struct level {
	struct fe_json_value *container;
	struct fe_json_value *last; /* its newest child */
};

struct reader {
	const char *start, *p, *end;
	struct fe_arena *arena;
	struct level stack[FE_JSON_MAX_DEPTH];
	size_t depth, n_values;
	struct fe_err *err;
};

/* ---- failing ---- */

static enum fe_rc
at(struct reader *r, const char *p, enum fe_rc rc)
{
	uint64_t line = 1;
	const char *line_start = r->start, *newline;

	/* an empty text may be at NULL */
	while (p != line_start && (newline = memchr(line_start, '\n', (size_t)(p - line_start)))) {
		line_start = newline + 1;
		line++;
	}
	fe_err_at_line(r->err, NULL, line, (uint64_t)(p - line_start) + 1);
	return rc;
}

static enum fe_rc
unexpected(struct reader *r, const char *wanted)
{
	struct fe_str found = { r->p, (size_t)(r->end - r->p) };
	size_t n_shown = 1;

	if (r->p == r->end)
		return at(r, r->p, fe_fail(r->err, FE_EDATA, "the text ends where %s is expected", wanted));
	while (n_shown < found.n && n_shown < 12 && ((unsigned char)found.p[n_shown] & 0xc0) == 0x80)
		n_shown++;
	return at(r, r->p,
	          fe_fail(r->err, FE_EDATA, "'%.*s' stands where %s is expected", (int)n_shown, found.p, wanted));
}

static enum fe_rc
past_limit(struct reader *r, const char *p, const char *what, size_t limit)
{
	return at(r, p, fe_fail(r->err, FE_ELIMIT, "%s; at most %zu is read", what, limit));
}

/* ---- strings ---- */

/* in: the bytes between the quotes, with at least one escape. */
static enum fe_rc
unescape(struct reader *r, struct fe_str in, struct fe_str *out)
{
	char *to = fe_arena_bytes(r->arena, in.n);
	const char *bad;
	size_t n;

	if (!fe_json_unescape(in, to, &n, &bad)) {
		struct fe_str rest = { bad, (size_t)(in.p + in.n - bad) };

		return at(r, bad, fe_fail(r->err, FE_EDATA, "%s", fe_json_escape_flaw(rest)));
	}
	*out = (struct fe_str){ to, n };
	return FE_OK;
}

/* At the opening quote. */
static enum fe_rc
read_string(struct reader *r, struct fe_str *out)
{
	const char *start = ++r->p;
	bool has_escapes = false;

	for (;; r->p++) {
		if (r->p == r->end)
			return at(r, start - 1, fe_fail(r->err, FE_EDATA, "a text that does not end"));
		if (*r->p == '"')
			break;
		if ((unsigned char)*r->p < 0x20)
			return at(r, r->p, fe_fail(r->err, FE_EDATA,
			                           "a control character inside of a text; write it as an escape"));
		if (*r->p == '\\') {
			has_escapes = true;
			if (++r->p == r->end)
				return at(r, start - 1, fe_fail(r->err, FE_EDATA, "a text that does not end"));
		}
	}
	*out = (struct fe_str){ start, (size_t)(r->p - start) };
	r->p++;
	if (out->n > FE_JSON_MAX_STRING_BYTES)
		return past_limit(r, start, "a text that is too long", FE_JSON_MAX_STRING_BYTES);
	return has_escapes ? unescape(r, *out, out) : FE_OK;
}

/* ---- numbers and words ---- */

static bool
is_digit(const struct reader *r)
{
	return r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

static enum fe_rc
read_digits(struct reader *r)
{
	if (!is_digit(r))
		return unexpected(r, "a digit");
	while (is_digit(r))
		r->p++;
	return FE_OK;
}

static enum fe_rc
read_number(struct reader *r, struct fe_str *out)
{
	const char *start = r->p;

	if (*r->p == '-')
		r->p++;
	if (r->p < r->end && *r->p == '0')
		r->p++;
	else
		FE_TRY(read_digits(r));
	if (r->p < r->end && *r->p == '.') {
		r->p++;
		FE_TRY(read_digits(r));
	}
	if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
		r->p++;
		if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
			r->p++;
		FE_TRY(read_digits(r));
	}
	*out = (struct fe_str){ start, (size_t)(r->p - start) };
	if (out->n > FE_JSON_MAX_NUMBER_BYTES)
		return past_limit(r, start, "a number of too many digits", FE_JSON_MAX_NUMBER_BYTES);
	return FE_OK;
}

static bool
take_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
		return false;
	r->p += n;
	return true;
}

/* ---- the tree ---- */

static void
skip_blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
		r->p++;
}

static struct level *
top(struct reader *r)
{
	return r->depth ? &r->stack[r->depth - 1] : NULL;
}

static enum fe_rc
open_container(struct reader *r, struct fe_json_value *v)
{
	if (r->depth == FE_JSON_MAX_DEPTH)
		return past_limit(r, r->p, "values nested too deep", FE_JSON_MAX_DEPTH);
	r->stack[r->depth++] = (struct level){ .container = v };
	r->p++;
	return FE_OK;
}

/* The value at p: whole, or an open container. */
static enum fe_rc
begin_value(struct reader *r, struct fe_json_value *v)
{
	char c = r->p < r->end ? *r->p : '\0';

	v->raw.p = r->p;
	if (c == '{' || c == '[') {
		v->kind = c == '{' ? FE_JSON_OBJECT : FE_JSON_ARRAY;
		return open_container(r, v);
	}
	if (c == '"') {
		v->kind = FE_JSON_STRING;
		FE_TRY(read_string(r, &v->text));
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		v->kind = FE_JSON_NUMBER;
		FE_TRY(read_number(r, &v->text));
	} else if (take_word(r, "true")) {
		v->kind = FE_JSON_BOOL;
		v->is_true = true;
	} else if (take_word(r, "false")) {
		v->kind = FE_JSON_BOOL;
	} else if (take_word(r, "null")) {
		v->kind = FE_JSON_NULL;
	} else {
		return unexpected(r, "a value");
	}
	v->raw.n = (size_t)(r->p - v->raw.p);
	return FE_OK;
}

static int
compare_keys(const void *a, const void *b)
{
	struct fe_str x = (*(const struct fe_json_value *const *)a)->key;
	struct fe_str y = (*(const struct fe_json_value *const *)b)->key;
	int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);

	return order ? order : (x.n > y.n) - (x.n < y.n);
}

static enum fe_rc
check_keys(struct reader *r, const struct fe_json_value *object)
{
	const struct fe_json_value **members = fe_new_array(object->n_children + 1, const struct fe_json_value *);
	const struct fe_json_value *m;
	enum fe_rc rc = FE_OK;
	size_t n = 0;

	for (m = object->first; m; m = m->next)
		members[n++] = m;
	qsort(members, n, sizeof *members, compare_keys);
	for (size_t i = 1; i < n && rc == FE_OK; i++) {
		if (compare_keys(&members[i - 1], &members[i]) == 0)
			rc = at(r, object->raw.p, fe_fail(r->err, FE_EDATA, "this object has the key '%.*s' twice",
			                                  FE_STR_ARGS(members[i]->key)));
	}
	fe_free(members);
	return rc;
}

static struct fe_json_value *
add_value(struct reader *r)
{
	struct fe_json_value *v = fe_arena_alloc_zero(r->arena, sizeof *v);
	struct level *l = top(r);

	r->n_values++;
	if (!l)
		return v;
	if (l->last)
		l->last->next = v;
	else
		l->container->first = v;
	l->last = v;
	l->container->n_children++;
	return v;
}

static enum fe_rc
read_key(struct reader *r, struct fe_str *out)
{
	const char *start = r->p;

	if (r->p == r->end || *r->p != '"')
		return unexpected(r, "a key in double quotes");
	FE_TRY(read_string(r, out));
	if (out->n > FE_JSON_MAX_KEY_BYTES)
		return past_limit(r, start, "a key that is too long", FE_JSON_MAX_KEY_BYTES);
	skip_blanks(r);
	if (r->p == r->end || *r->p != ':')
		return unexpected(r, "':'");
	r->p++;
	skip_blanks(r);
	return FE_OK;
}

/* The next element or member of the innermost container. */
static enum fe_rc
read_child(struct reader *r, struct fe_json_value **out)
{
	struct level *l = top(r);
	struct fe_str key = { 0 };

	if (l && l->container->kind == FE_JSON_OBJECT)
		FE_TRY(read_key(r, &key));
	if (r->n_values == FE_JSON_MAX_VALUES)
		return past_limit(r, r->p, "too many values", FE_JSON_MAX_VALUES);
	*out = add_value(r);
	(*out)->key = key;
	return begin_value(r, *out);
}

/* Closes all containers that end here. *more: another child is to be read. */
static enum fe_rc
end_values(struct reader *r, bool *more)
{
	for (;;) {
		struct level *l = top(r);
		bool is_object = l && l->container->kind == FE_JSON_OBJECT;

		skip_blanks(r);
		*more = false;
		if (!l)
			return FE_OK;
		if (r->p < r->end && *r->p == (is_object ? '}' : ']')) {
			r->p++;
			l->container->raw.n = (size_t)(r->p - l->container->raw.p);
			if (is_object)
				FE_TRY(check_keys(r, l->container));
			r->depth--;
			continue;
		}
		*more = true;
		if (!l->last) /* just opened */
			return FE_OK;
		if (r->p == r->end || *r->p != ',')
			return unexpected(r, is_object ? "',' or '}'" : "',' or ']'");
		r->p++;
		skip_blanks(r);
		return FE_OK;
	}
}

static enum fe_rc
check_utf8(struct reader *r, struct fe_str text)
{
	const char *bad = fe_json_utf8_flaw(text);

	return bad ? at(r, bad, fe_fail(r->err, FE_EDATA, "a byte that is no UTF-8")) : FE_OK;
}

enum fe_rc
fe_json_parse(struct fe_str text, struct fe_arena *arena, const struct fe_json_value **out, struct fe_err *err)
{
	struct reader *r = fe_new(struct reader);
	struct fe_json_value *v = NULL, *root = NULL;
	bool more = true;
	enum fe_rc rc;

	*out = NULL;
	r->start = r->p = text.p;
	r->end = text.p + text.n;
	r->arena = arena;
	r->err = err;
	rc = check_utf8(r, text);
	if (rc == FE_OK)
		skip_blanks(r);
	while (rc == FE_OK && more) {
		rc = read_child(r, &v);
		if (rc)
			break;
		if (!root)
			root = v;
		rc = end_values(r, &more);
	}
	if (rc == FE_OK && r->p < r->end)
		rc = unexpected(r, "the end of the text");
	if (rc == FE_OK)
		*out = root;
	fe_free(r);
	return rc;
}

const struct fe_json_value *
fe_json_get(const struct fe_json_value *v, const char *key)
{
	const struct fe_json_value *m;

	if (!fe_json_is(v, FE_JSON_OBJECT))
		return NULL;
	for (m = v->first; m; m = m->next) {
		if (fe_str_is(m->key, key))
			return m;
	}
	return NULL;
}

bool
fe_json_is(const struct fe_json_value *v, enum fe_json_kind kind)
{
	return v && v->kind == kind;
}

const char *
fe_json_kind_name(const struct fe_json_value *v)
{
	static const char *const names[] = {
		[FE_JSON_NULL] = "null",
		[FE_JSON_BOOL] = "true or false",
		[FE_JSON_NUMBER] = "a number",
		[FE_JSON_STRING] = "a text",
		[FE_JSON_ARRAY] = "a list",
		[FE_JSON_OBJECT] = "an object",
	};

	return v ? names[v->kind] : "nothing";
}

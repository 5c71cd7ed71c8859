// SPDX-License-Identifier: Apache-2.0
/* quality/python_regex.c - see quality/python_regex.h
 *
 * One pass with a stack of open groups. Names become numbers, comments and verbose white
 * space go, literals are written so that PCRE2 sees nothing special in them; of what is
 * left, the two dialects mean the same.
 */
#include "base/mem.h"
#include "base/text.h"
#include "quality/python_regex_work.h"

#define MAX_REPEAT 65535
#define MAX_OUT_BYTES ((size_t)16 << 20)

/* ---- repeats ---- */

static uint32_t
take_count(struct fe_pyre *w, uint32_t otherwise)
{
	uint32_t n = 0;

	if (!fe_pyre_is_digit(fe_pyre_peek(w)))
		return otherwise;
	while (fe_pyre_is_digit(fe_pyre_peek(w))) {
		n = n * 10 + (uint32_t)(w->in.p[w->at++] - '0');
		if (n > MAX_REPEAT)
			n = MAX_REPEAT + 1;
	}
	return n;
}

/* {2} {2,} {,3} {2,3} {,}; false, and nothing taken: a brace as any other character. */
static bool
take_braces(struct fe_pyre *w, uint32_t *least, uint32_t *most)
{
	size_t from = w->at++;

	if (fe_pyre_peek(w) != '}') {
		bool has_least = fe_pyre_is_digit(fe_pyre_peek(w));

		*least = take_count(w, 0);
		*most = fe_pyre_take(w, ',') ? take_count(w, UINT32_MAX) : has_least ? *least : UINT32_MAX;
		if (w->at > from + 1 && fe_pyre_take(w, '}'))
			return true;
	}
	w->at = from + 1;
	return false;
}

static enum fe_rc
put_repeat(struct fe_pyre *w)
{
	size_t from = w->at;
	uint32_t least = 0, most = UINT32_MAX;
	int c = fe_pyre_peek(w);

	if (c == '{') {
		if (!take_braces(w, &least, &most)) {
			fe_pyre_put_literal(w, '{');
			w->last = FE_PYRE_ATOM;
			return FE_OK;
		}
	} else {
		w->at++;
		least = c == '+';
		most = c == '?' ? 1 : UINT32_MAX;
	}
	if (w->last == FE_PYRE_NOTHING || w->last == FE_PYRE_POSITION)
		return fe_pyre_wrong(w, from, "nothing to repeat");
	if (w->last == FE_PYRE_REPEATED)
		return fe_pyre_wrong(w, from, "multiple repeat");
	if (least > most)
		return fe_pyre_wrong(w, from, "min repeat greater than max repeat");
	if (least > MAX_REPEAT || (most > MAX_REPEAT && most != UINT32_MAX))
		return fe_pyre_wrong(w, from, "more than 65535 repeats are not supported:");
	if (most == UINT32_MAX)
		fe_buf_addf(w->out, "{%u,}", (unsigned)least);
	else
		fe_buf_addf(w->out, "{%u,%u}", (unsigned)least, (unsigned)most);
	if (fe_pyre_take(w, '?'))
		fe_buf_add_char(w->out, '?');
	else if (fe_pyre_take(w, '+'))
		fe_buf_add_char(w->out, '+');
	w->last = FE_PYRE_REPEATED;
	return FE_OK;
}

/* ---- groups ---- */

static enum fe_rc
push(struct fe_pyre *w, size_t from, size_t number)
{
	if (w->n_open == FE_PYRE_MAX_OPEN)
		return fe_pyre_wrong(w, from, "too many groups inside of each other");
	w->open[w->n_open++] = (struct fe_pyre_group){ .number = number, .from = from, .is_verbose = w->is_verbose };
	w->last = FE_PYRE_NOTHING;
	return FE_OK;
}

static enum fe_rc
push_plain(struct fe_pyre *w, size_t from, const char *text)
{
	fe_buf_add_text(w->out, text);
	return push(w, from, 0);
}

static enum fe_rc
push_capture(struct fe_pyre *w, size_t from, struct fe_str name)
{
	w->names = fe_grow(w->names, &w->cap_names, w->n_groups + 1, sizeof(*w->names));
	w->names[w->n_groups++] = name;
	fe_buf_add_char(w->out, '(');
	return push(w, from, w->n_groups);
}

/* A name up to its end, which is taken too. */
static enum fe_rc
take_name(struct fe_pyre *w, char end, struct fe_str *name)
{
	size_t from = w->at;
	const char *to = memchr(w->in.p + from, end, w->in.n - from);

	if (!to)
		return fe_pyre_wrong(w, from, "missing end of a group name");
	*name = (struct fe_str){ w->in.p + from, (size_t)(to - w->in.p) - from };
	w->at = from + name->n + 1;
	for (size_t i = 0; i < name->n; i++) {
		int c = (unsigned char)name->p[i];

		if (!fe_pyre_is_letter(c) && !fe_pyre_is_digit(c) && c != '_' && c < 0x80)
			return fe_pyre_wrong(w, from, "bad character in group name");
	}
	return name->n ? FE_OK : fe_pyre_wrong(w, from, "missing group name");
}

static size_t
number_of(const struct fe_pyre *w, struct fe_str name)
{
	for (size_t i = 0; i < w->n_groups; i++) {
		if (w->names[i].p && fe_str_eq(w->names[i], name))
			return i + 1;
	}
	return 0;
}

static enum fe_rc
open_named(struct fe_pyre *w, size_t from)
{
	struct fe_str name;

	if (fe_pyre_take(w, '<')) {
		FE_TRY(take_name(w, '>', &name));
		if (fe_pyre_is_digit(name.p[0]))
			return fe_pyre_wrong(w, from, "bad character in group name");
		if (number_of(w, name))
			return fe_pyre_wrong(w, from, "redefinition of group name");
		return push_capture(w, from, name);
	}
	if (fe_pyre_take(w, '=')) {
		FE_TRY(take_name(w, ')', &name));
		if (!number_of(w, name))
			return fe_pyre_wrong(w, from, "unknown group name");
		return fe_pyre_put_reference(w, from, number_of(w, name));
	}
	return fe_pyre_wrong(w, from, "unknown extension ?P");
}

static enum fe_rc
open_conditional(struct fe_pyre *w, size_t from)
{
	struct fe_str name;
	size_t number = 0;

	FE_TRY(take_name(w, ')', &name));
	if (fe_pyre_is_digit(name.p[0])) {
		for (size_t i = 0; i < name.n && number <= MAX_REPEAT; i++) {
			if (!fe_pyre_is_digit(name.p[i]))
				return fe_pyre_wrong(w, from, "bad character in group name");
			number = number * 10 + (size_t)(name.p[i] - '0');
		}
		if (number == 0 || number > MAX_REPEAT)
			return fe_pyre_wrong(w, from, "bad group number");
	} else {
		number = number_of(w, name);
		if (!number)
			return fe_pyre_wrong(w, from, "unknown group name");
	}
	fe_buf_addf(w->out, "(?(%zu)", number);
	return push(w, from, 0);
}

/* Letters of flags as a set of bits: 1 << (letter - 'a'), L as l. */
#define FLAG(letter) (UINT32_C(1) << ((letter) - 'a'))

static uint32_t
take_flags(struct fe_pyre *w, const char *allowed)
{
	uint32_t flags = 0;

	for (int c = fe_pyre_peek(w); c > 0 && strchr(allowed, c); c = fe_pyre_peek(w)) {
		flags |= FLAG(c == 'L' ? 'l' : c);
		w->at++;
	}
	return flags;
}

static void
put_flags(struct fe_pyre *w, uint32_t flags)
{
	for (const char *p = "ims"; *p; p++) {
		if (flags & FLAG(*p))
			fe_buf_add_char(w->out, *p);
	}
}

static enum fe_rc
set_global_flags(struct fe_pyre *w, size_t from, uint32_t on)
{
	if (w->is_started || w->n_open)
		return fe_pyre_wrong(w, from, "global flags not at the start of the expression");
	if (on & FLAG('a')) {
		w->options &= ~(unsigned)FE_REGEX_UNICODE;
		if (on & FLAG('i'))
			return fe_pyre_wrong(w, from, "flags a and i together are not supported:");
	}
	if (on & FLAG('x'))
		w->is_verbose = true;
	if (on & (FLAG('i') | FLAG('m') | FLAG('s'))) {
		fe_buf_add_text(w->out, "(?");
		put_flags(w, on);
		fe_buf_add_char(w->out, ')');
	}
	return FE_OK;
}

static enum fe_rc
open_flags(struct fe_pyre *w, size_t from)
{
	uint32_t on = take_flags(w, "aiLmsux"), off = 0;
	bool has_off = fe_pyre_take(w, '-');

	if (has_off) {
		off = take_flags(w, "imsx");
		if (!off || (on & off))
			return fe_pyre_wrong(w, from, "bad inline flags");
	}
	if (on & FLAG('l') || ((on & FLAG('a')) && (on & FLAG('u'))))
		return fe_pyre_wrong(w, from, "bad inline flags");
	if (!has_off && on && fe_pyre_take(w, ')'))
		return set_global_flags(w, from, on);
	if (!fe_pyre_take(w, ':') || (!on && !off))
		return fe_pyre_wrong(w, from, "unknown extension or flag of a group");
	if (on & (FLAG('a') | FLAG('u')))
		return fe_pyre_wrong(w, from, "flags a and u within a group are not supported:");
	fe_buf_add_text(w->out, "(?");
	put_flags(w, on);
	if (off & (FLAG('i') | FLAG('m') | FLAG('s'))) {
		fe_buf_add_char(w->out, '-');
		put_flags(w, off);
	}
	fe_buf_add_char(w->out, ':');
	FE_TRY(push(w, from, 0));
	if (on & FLAG('x'))
		w->is_verbose = true;
	if (off & FLAG('x'))
		w->is_verbose = false;
	return FE_OK;
}

static enum fe_rc
open_group(struct fe_pyre *w)
{
	size_t from = w->at++;

	if (!fe_pyre_take(w, '?'))
		return push_capture(w, from, (struct fe_str){ 0 });
	if (fe_pyre_take(w, 'P'))
		return open_named(w, from);
	if (fe_pyre_take(w, '('))
		return open_conditional(w, from);
	if (fe_pyre_take(w, ':'))
		return push_plain(w, from, "(?:");
	if (fe_pyre_take(w, '='))
		return push_plain(w, from, "(?=");
	if (fe_pyre_take(w, '!'))
		return push_plain(w, from, "(?!");
	if (fe_pyre_take(w, '>'))
		return push_plain(w, from, "(?>");
	if (fe_pyre_take(w, '<')) {
		if (fe_pyre_take(w, '='))
			return push_plain(w, from, "(?<=");
		if (fe_pyre_take(w, '!'))
			return push_plain(w, from, "(?<!");
		return fe_pyre_wrong(w, from, "unknown extension ?<");
	}
	if (fe_pyre_take(w, '#')) { /* a comment: as if it were not there */
		const char *end = memchr(w->in.p + w->at, ')', w->in.n - w->at);

		if (!end)
			return fe_pyre_wrong(w, from, "missing ), unterminated comment");
		w->at = (size_t)(end - w->in.p) + 1;
		return FE_OK;
	}
	return open_flags(w, from);
}

static enum fe_rc
close_group(struct fe_pyre *w)
{
	if (w->n_open == 0)
		return fe_pyre_wrong(w, w->at, "unbalanced parenthesis");
	w->at++;
	w->is_verbose = w->open[--w->n_open].is_verbose;
	fe_pyre_put_atom(w, ")");
	return FE_OK;
}

/* ---- all of it ---- */

static bool
skip_verbose(struct fe_pyre *w)
{
	if (!w->is_verbose)
		return false;
	if (fe_pyre_take(w, '#')) {
		while (fe_pyre_peek(w) >= 0 && !fe_pyre_take(w, '\n'))
			w->at++;
		return true;
	}
	if (fe_pyre_peek(w) >= 0 && fe_is_blank((unsigned char)fe_pyre_peek(w))) {
		w->at++;
		return true;
	}
	return false;
}

static enum fe_rc
put_next(struct fe_pyre *w)
{
	uint32_t code;

	switch (fe_pyre_peek(w)) {
	case '\\':
		return fe_pyre_put_escape(w);
	case '[':
		return fe_pyre_put_class(w);
	case ')':
		return close_group(w);
	case '|':
		w->at++;
		fe_buf_add_char(w->out, '|');
		w->last = FE_PYRE_NOTHING;
		return FE_OK;
	case '*':
	case '+':
	case '?':
	case '{':
		return put_repeat(w);
	case '^':
		w->at++;
		fe_pyre_put_position(w, "^");
		return FE_OK;
	case '$':
		w->at++;
		fe_pyre_put_position(w, "$");
		return FE_OK;
	case '.':
		w->at++;
		fe_pyre_put_atom(w, ".");
		return FE_OK;
	default:
		FE_TRY(fe_pyre_take_code(w, &code));
		fe_pyre_put_literal(w, code);
		w->last = FE_PYRE_ATOM;
		return FE_OK;
	}
}

enum fe_rc
fe_python_regex_translate(struct fe_str pattern, struct fe_buf *out, unsigned *options, struct fe_err *err)
{
	struct fe_pyre w = { .in = { pattern.n ? pattern.p : "", pattern.n }, .out = out, .err = err,
		          .options = FE_REGEX_UNICODE | FE_REGEX_MULTILINE_END };
	enum fe_rc rc = FE_OK;

	while (rc == FE_OK && w.at < w.in.n) {
		if (skip_verbose(&w))
			continue;
		if (fe_pyre_peek(&w) == '(') { /* may be no more than flags or a comment */
			size_t n_open = w.n_open;

			rc = open_group(&w);
			w.is_started = w.is_started || w.n_open > n_open || w.last != FE_PYRE_NOTHING;
			continue;
		}
		rc = put_next(&w);
		w.is_started = true;
	}
	if (rc == FE_OK && w.n_open)
		rc = fe_pyre_wrong(&w, w.open[w.n_open - 1].from, "missing ), unterminated subpattern");
	if (rc == FE_OK)
		rc = fe_buf_check(out, "a pattern", err);
	*options = w.options;
	fe_free(w.names);
	return rc;
}

enum fe_rc
fe_python_regex_new(struct fe_regex **out, struct fe_str pattern, struct fe_err *err)
{
	struct fe_buf text;
	unsigned options;
	enum fe_rc rc;

	fe_buf_init(&text, MAX_OUT_BYTES);
	rc = fe_python_regex_translate(pattern, &text, &options, err);
	if (rc == FE_OK)
		rc = fe_regex_new(out, fe_buf_str(&text), options, err);
	fe_buf_reset(&text);
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
/* quality/python_regex.c - see quality/python_regex.h
 *
 * One pass with a stack of open groups. Names become numbers, comments and verbose white
 * space go, literals are written so that PCRE2 sees nothing special in them; of what is
 * left, the two dialects mean the same.
 */
#include "quality/python_regex.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"

#define MAX_OPEN 200
#define MAX_REPEAT 65535
#define MAX_OUT_BYTES ((size_t)16 << 20)

/* What Python's str.isspace is true for, as members of a class; and all else. */
static const char white[] = "\\x{9}-\\x{d}\\x{1c}-\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}"
			    "\\x{202f}\\x{205f}\\x{3000}";
static const char not_white[] = "\\x{0}-\\x{8}\\x{e}-\\x{1b}\\x{21}-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"
				"\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"
				"\\x{3001}-\\x{d7ff}\\x{e000}-\\x{10ffff}";

enum item { NOTHING, ATOM, POSITION, REPEATED }; /* what a quantifier would stand behind */

struct group {
	size_t number;   /* 0: takes nothing */
	size_t from;     /* where it stands, for messages */
	bool is_verbose; /* outside of it */
};

struct work {
	struct fe_str in;
	size_t at;
	struct fe_buf *out;
	unsigned options;
	bool is_verbose, is_started; /* something but flags was seen */
	enum item last;
	struct group open[MAX_OPEN];
	size_t n_open, n_groups;
	struct fe_str *names; /* [number - 1]; p NULL: none */
	size_t cap_names;
	struct fe_err *err;
};

static enum fe_rc
wrong(const struct work *w, size_t at, const char *what)
{
	return fe_fail(w->err, FE_EUSAGE, "%s at position %zu", what, fe_utf8_length((struct fe_str){ w->in.p, at }));
}

static int
peek(const struct work *w)
{
	return w->at < w->in.n ? (unsigned char)w->in.p[w->at] : -1;
}

static bool
take(struct work *w, char c)
{
	if (peek(w) != (unsigned char)c)
		return false;
	w->at++;
	return true;
}

static bool is_digit(int c) { return c >= '0' && c <= '9'; }
static bool is_octal(int c) { return c >= '0' && c <= '7'; }
static bool is_letter(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static int
hex_of(int c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One character, never special, inside of a class or outside. */
static void
put_literal(struct work *w, uint32_t code)
{
	char bytes[FE_UTF8_BYTES];

	if (code < 0x80 && !is_digit((int)code) && !is_letter((int)code))
		fe_buf_addf(w->out, "\\x{%x}", (unsigned)code);
	else
		fe_buf_add(w->out, bytes, fe_utf8_encode(code, bytes));
}

static void
put_atom(struct work *w, const char *text)
{
	fe_buf_add_text(w->out, text);
	w->last = ATOM;
}

static void
put_position(struct work *w, const char *text)
{
	fe_buf_add_text(w->out, text);
	w->last = POSITION;
}

/* The character at hand, whole. */
static enum fe_rc
take_code(struct work *w, uint32_t *code)
{
	size_t n = fe_utf8_decode((struct fe_str){ w->in.p + w->at, w->in.n - w->at }, code);

	if (n == 0)
		return wrong(w, w->at, "bytes that are no text");
	w->at += n;
	return FE_OK;
}

/* ---- escapes ---- */

/* \x41 \u0041 \U00000041, behind the letter: that many digits, no fewer. */
static enum fe_rc
take_hex(struct work *w, size_t from, unsigned n_digits, uint32_t *code)
{
	*code = 0;
	for (unsigned i = 0; i < n_digits; i++, w->at++) {
		int digit = hex_of(peek(w));

		if (digit < 0)
			return wrong(w, from, "incomplete escape");
		*code = *code << 4 | (uint32_t)digit;
	}
	if (*code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF))
		return wrong(w, from, "bad escape: no character");
	return FE_OK;
}

/* At most n digits more. */
static uint32_t
take_octal(struct work *w, uint32_t value, unsigned n)
{
	for (; n > 0 && is_octal(peek(w)); n--)
		value = value * 8 + (uint32_t)(w->in.p[w->at++] - '0');
	return value;
}

/* Escapes of one character that mean the same in a class and outside; *is_one false: none of these. */
static enum fe_rc
take_escaped_code(struct work *w, size_t from, int c, uint32_t *code, bool *is_one)
{
	static const char letters[] = "afnrtv", values[] = "\a\f\n\r\t\v";
	const char *letter = c > 0 ? strchr(letters, c) : NULL;
	char what[32];

	*is_one = true;
	if (c == 'x' || c == 'u' || c == 'U')
		return take_hex(w, from, c == 'x' ? 2 : c == 'u' ? 4 : 8, code);
	if (letter) {
		*code = (uint32_t)values[letter - letters];
		return FE_OK;
	}
	if (c == 'N')
		return wrong(w, from, "named characters are not supported here:");
	if (is_letter(c)) {
		snprintf(what, sizeof(what), "bad escape \\%c", c);
		return wrong(w, from, what);
	}
	if (is_digit(c)) {
		*is_one = false;
		return FE_OK;
	}
	w->at--;
	return take_code(w, code);
}

static bool
is_open(const struct work *w, size_t number)
{
	for (size_t i = 0; i < w->n_open; i++) {
		if (w->open[i].number == number)
			return true;
	}
	return false;
}

static enum fe_rc
put_reference(struct work *w, size_t from, size_t number)
{
	char what[64];

	if (number == 0 || number > w->n_groups) {
		snprintf(what, sizeof(what), "invalid group reference %zu", number);
		return wrong(w, from, what);
	}
	if (is_open(w, number))
		return wrong(w, from, "cannot refer to an open group");
	fe_buf_addf(w->out, "\\g{%zu}", number);
	w->last = ATOM;
	return FE_OK;
}

/* \0, \12, \123: octal where it begins with 0 or has three octal digits, else a group. */
static enum fe_rc
put_number(struct work *w, size_t from, int c)
{
	size_t number = (size_t)(c - '0');
	uint32_t code;

	if (c == '0') {
		put_literal(w, take_octal(w, 0, 2));
		w->last = ATOM;
		return FE_OK;
	}
	if (is_digit(peek(w))) {
		int second = w->in.p[w->at++];

		if (is_octal(c) && is_octal(second) && is_octal(peek(w))) {
			code = take_octal(w, (uint32_t)((c - '0') * 8 + second - '0'), 1);
			if (code > 0377)
				return wrong(w, from, "octal escape value outside of range 0-0o377");
			put_literal(w, code);
			w->last = ATOM;
			return FE_OK;
		}
		number = number * 10 + (size_t)(second - '0');
	}
	return put_reference(w, from, number);
}

static enum fe_rc
put_escape(struct work *w)
{
	size_t from = w->at++;
	char same[3] = { '\\', 0, 0 };
	bool by_unicode = w->options & FE_REGEX_UNICODE, is_one;
	uint32_t code = 0;
	int c = peek(w);

	if (c < 0)
		return wrong(w, from, "bad escape (end of pattern)");
	w->at++;
	same[1] = (char)c;
	switch (c) {
	case 'A':
	case 'b':
	case 'B':
		put_position(w, same);
		return FE_OK;
	case 'Z':
		put_position(w, "\\z");
		return FE_OK;
	case 's':
	case 'S':
		if (by_unicode)
			fe_buf_addf(w->out, "[%s%s]", c == 'S' ? "^" : "", white);
		put_atom(w, by_unicode ? "" : same);
		return FE_OK;
	case 'd':
	case 'D':
	case 'w':
	case 'W':
		put_atom(w, same);
		return FE_OK;
	default:
		FE_TRY(take_escaped_code(w, from, c, &code, &is_one));
	}
	if (!is_one)
		return put_number(w, from, c);
	put_literal(w, code);
	w->last = ATOM;
	return FE_OK;
}

/* ---- classes ---- */

/* One end of a range, or a class of characters, written at once: *is_class. */
static enum fe_rc
take_member(struct work *w, uint32_t *code, const char **class_text)
{
	bool by_unicode = w->options & FE_REGEX_UNICODE, is_one;
	size_t from = w->at;
	int c;

	*class_text = NULL;
	if (!take(w, '\\'))
		return take_code(w, code);
	c = peek(w);
	if (c < 0)
		return wrong(w, from, "bad escape (end of pattern)");
	w->at++;
	switch (c) {
	case 'd':
		*class_text = "\\d";
		return FE_OK;
	case 'D':
		*class_text = "\\D";
		return FE_OK;
	case 'w':
		*class_text = "\\w";
		return FE_OK;
	case 'W':
		*class_text = "\\W";
		return FE_OK;
	case 's':
		*class_text = by_unicode ? white : "\\s";
		return FE_OK;
	case 'S':
		*class_text = by_unicode ? not_white : "\\S";
		return FE_OK;
	case 'b':
		*code = '\b';
		return FE_OK;
	default:
		FE_TRY(take_escaped_code(w, from, c, code, &is_one));
	}
	if (is_one)
		return FE_OK;
	if (!is_octal(c))
		return wrong(w, from, "bad escape in a character set");
	*code = take_octal(w, (uint32_t)(c - '0'), 2);
	return *code > 0377 ? wrong(w, from, "octal escape value outside of range 0-0o377") : FE_OK;
}

static enum fe_rc
put_class(struct work *w)
{
	const char *first_class, *second_class;
	size_t start = w->at++, from;
	uint32_t first = 0, second = 0;

	put_atom(w, take(w, '^') ? "[^" : "[");
	for (bool is_first = true; is_first || !take(w, ']'); is_first = false) {
		from = w->at;
		if (peek(w) < 0)
			return wrong(w, start, "unterminated character set");
		FE_TRY(take_member(w, &first, &first_class));
		if (first_class)
			fe_buf_add_text(w->out, first_class);
		else
			put_literal(w, first);
		if (!take(w, '-'))
			continue;
		if (peek(w) < 0)
			return wrong(w, start, "unterminated character set");
		if (take(w, ']')) {
			put_literal(w, '-');
			break;
		}
		FE_TRY(take_member(w, &second, &second_class));
		if (first_class || second_class || first > second)
			return wrong(w, from, "bad character range");
		fe_buf_add_char(w->out, '-');
		put_literal(w, second);
	}
	fe_buf_add_char(w->out, ']');
	return FE_OK;
}

/* ---- repeats ---- */

static uint32_t
take_count(struct work *w, uint32_t otherwise)
{
	uint32_t n = 0;

	if (!is_digit(peek(w)))
		return otherwise;
	while (is_digit(peek(w))) {
		n = n * 10 + (uint32_t)(w->in.p[w->at++] - '0');
		if (n > MAX_REPEAT)
			n = MAX_REPEAT + 1;
	}
	return n;
}

/* {2} {2,} {,3} {2,3} {,}; false, and nothing taken: a brace as any other character. */
static bool
take_braces(struct work *w, uint32_t *least, uint32_t *most)
{
	size_t from = w->at++;

	if (peek(w) != '}') {
		bool has_least = is_digit(peek(w));

		*least = take_count(w, 0);
		*most = take(w, ',') ? take_count(w, UINT32_MAX) : has_least ? *least : UINT32_MAX;
		if (w->at > from + 1 && take(w, '}'))
			return true;
	}
	w->at = from + 1;
	return false;
}

static enum fe_rc
put_repeat(struct work *w)
{
	size_t from = w->at;
	uint32_t least = 0, most = UINT32_MAX;
	int c = peek(w);

	if (c == '{') {
		if (!take_braces(w, &least, &most)) {
			put_literal(w, '{');
			w->last = ATOM;
			return FE_OK;
		}
	} else {
		w->at++;
		least = c == '+';
		most = c == '?' ? 1 : UINT32_MAX;
	}
	if (w->last == NOTHING || w->last == POSITION)
		return wrong(w, from, "nothing to repeat");
	if (w->last == REPEATED)
		return wrong(w, from, "multiple repeat");
	if (least > most)
		return wrong(w, from, "min repeat greater than max repeat");
	if (least > MAX_REPEAT || (most > MAX_REPEAT && most != UINT32_MAX))
		return wrong(w, from, "more than 65535 repeats are not supported:");
	if (most == UINT32_MAX)
		fe_buf_addf(w->out, "{%u,}", (unsigned)least);
	else
		fe_buf_addf(w->out, "{%u,%u}", (unsigned)least, (unsigned)most);
	if (take(w, '?'))
		fe_buf_add_char(w->out, '?');
	else if (take(w, '+'))
		fe_buf_add_char(w->out, '+');
	w->last = REPEATED;
	return FE_OK;
}

/* ---- groups ---- */

static enum fe_rc
push(struct work *w, size_t from, size_t number)
{
	if (w->n_open == MAX_OPEN)
		return wrong(w, from, "too many groups inside of each other");
	w->open[w->n_open++] = (struct group){ .number = number, .from = from, .is_verbose = w->is_verbose };
	w->last = NOTHING;
	return FE_OK;
}

static enum fe_rc
push_plain(struct work *w, size_t from, const char *text)
{
	fe_buf_add_text(w->out, text);
	return push(w, from, 0);
}

static enum fe_rc
push_capture(struct work *w, size_t from, struct fe_str name)
{
	w->names = fe_grow(w->names, &w->cap_names, w->n_groups + 1, sizeof(*w->names));
	w->names[w->n_groups++] = name;
	fe_buf_add_char(w->out, '(');
	return push(w, from, w->n_groups);
}

/* A name up to its end, which is taken too. */
static enum fe_rc
take_name(struct work *w, char end, struct fe_str *name)
{
	size_t from = w->at;
	const char *to = memchr(w->in.p + from, end, w->in.n - from);

	if (!to)
		return wrong(w, from, "missing end of a group name");
	*name = (struct fe_str){ w->in.p + from, (size_t)(to - w->in.p) - from };
	w->at = from + name->n + 1;
	for (size_t i = 0; i < name->n; i++) {
		int c = (unsigned char)name->p[i];

		if (!is_letter(c) && !is_digit(c) && c != '_' && c < 0x80)
			return wrong(w, from, "bad character in group name");
	}
	return name->n ? FE_OK : wrong(w, from, "missing group name");
}

static size_t
number_of(const struct work *w, struct fe_str name)
{
	for (size_t i = 0; i < w->n_groups; i++) {
		if (w->names[i].p && fe_str_eq(w->names[i], name))
			return i + 1;
	}
	return 0;
}

static enum fe_rc
open_named(struct work *w, size_t from)
{
	struct fe_str name;

	if (take(w, '<')) {
		FE_TRY(take_name(w, '>', &name));
		if (is_digit(name.p[0]))
			return wrong(w, from, "bad character in group name");
		if (number_of(w, name))
			return wrong(w, from, "redefinition of group name");
		return push_capture(w, from, name);
	}
	if (take(w, '=')) {
		FE_TRY(take_name(w, ')', &name));
		if (!number_of(w, name))
			return wrong(w, from, "unknown group name");
		return put_reference(w, from, number_of(w, name));
	}
	return wrong(w, from, "unknown extension ?P");
}

static enum fe_rc
open_conditional(struct work *w, size_t from)
{
	struct fe_str name;
	size_t number = 0;

	FE_TRY(take_name(w, ')', &name));
	if (is_digit(name.p[0])) {
		for (size_t i = 0; i < name.n && number <= MAX_REPEAT; i++) {
			if (!is_digit(name.p[i]))
				return wrong(w, from, "bad character in group name");
			number = number * 10 + (size_t)(name.p[i] - '0');
		}
		if (number == 0 || number > MAX_REPEAT)
			return wrong(w, from, "bad group number");
	} else {
		number = number_of(w, name);
		if (!number)
			return wrong(w, from, "unknown group name");
	}
	fe_buf_addf(w->out, "(?(%zu)", number);
	return push(w, from, 0);
}

/* Letters of flags as a set of bits: 1 << (letter - 'a'), L as l. */
#define FLAG(letter) (UINT32_C(1) << ((letter) - 'a'))

static uint32_t
take_flags(struct work *w, const char *allowed)
{
	uint32_t flags = 0;

	for (int c = peek(w); c > 0 && strchr(allowed, c); c = peek(w)) {
		flags |= FLAG(c == 'L' ? 'l' : c);
		w->at++;
	}
	return flags;
}

static void
put_flags(struct work *w, uint32_t flags)
{
	for (const char *p = "ims"; *p; p++) {
		if (flags & FLAG(*p))
			fe_buf_add_char(w->out, *p);
	}
}

static enum fe_rc
set_global_flags(struct work *w, size_t from, uint32_t on)
{
	if (w->is_started || w->n_open)
		return wrong(w, from, "global flags not at the start of the expression");
	if (on & FLAG('a')) {
		w->options &= ~(unsigned)FE_REGEX_UNICODE;
		if (on & FLAG('i'))
			return wrong(w, from, "flags a and i together are not supported:");
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
open_flags(struct work *w, size_t from)
{
	uint32_t on = take_flags(w, "aiLmsux"), off = 0;
	bool has_off = take(w, '-');

	if (has_off) {
		off = take_flags(w, "imsx");
		if (!off || (on & off))
			return wrong(w, from, "bad inline flags");
	}
	if (on & FLAG('l') || ((on & FLAG('a')) && (on & FLAG('u'))))
		return wrong(w, from, "bad inline flags");
	if (!has_off && on && take(w, ')'))
		return set_global_flags(w, from, on);
	if (!take(w, ':') || (!on && !off))
		return wrong(w, from, "unknown extension or flag of a group");
	if (on & (FLAG('a') | FLAG('u')))
		return wrong(w, from, "flags a and u within a group are not supported:");
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
open_group(struct work *w)
{
	size_t from = w->at++;

	if (!take(w, '?'))
		return push_capture(w, from, (struct fe_str){ 0 });
	if (take(w, 'P'))
		return open_named(w, from);
	if (take(w, '('))
		return open_conditional(w, from);
	if (take(w, ':'))
		return push_plain(w, from, "(?:");
	if (take(w, '='))
		return push_plain(w, from, "(?=");
	if (take(w, '!'))
		return push_plain(w, from, "(?!");
	if (take(w, '>'))
		return push_plain(w, from, "(?>");
	if (take(w, '<')) {
		if (take(w, '='))
			return push_plain(w, from, "(?<=");
		if (take(w, '!'))
			return push_plain(w, from, "(?<!");
		return wrong(w, from, "unknown extension ?<");
	}
	if (take(w, '#')) { /* a comment: as if it were not there */
		const char *end = memchr(w->in.p + w->at, ')', w->in.n - w->at);

		if (!end)
			return wrong(w, from, "missing ), unterminated comment");
		w->at = (size_t)(end - w->in.p) + 1;
		return FE_OK;
	}
	return open_flags(w, from);
}

static enum fe_rc
close_group(struct work *w)
{
	if (w->n_open == 0)
		return wrong(w, w->at, "unbalanced parenthesis");
	w->at++;
	w->is_verbose = w->open[--w->n_open].is_verbose;
	put_atom(w, ")");
	return FE_OK;
}

/* ---- all of it ---- */

static bool
skip_verbose(struct work *w)
{
	if (!w->is_verbose)
		return false;
	if (take(w, '#')) {
		while (peek(w) >= 0 && !take(w, '\n'))
			w->at++;
		return true;
	}
	if (peek(w) >= 0 && fe_is_blank((unsigned char)peek(w))) {
		w->at++;
		return true;
	}
	return false;
}

static enum fe_rc
put_next(struct work *w)
{
	uint32_t code;

	switch (peek(w)) {
	case '\\':
		return put_escape(w);
	case '[':
		return put_class(w);
	case ')':
		return close_group(w);
	case '|':
		w->at++;
		fe_buf_add_char(w->out, '|');
		w->last = NOTHING;
		return FE_OK;
	case '*':
	case '+':
	case '?':
	case '{':
		return put_repeat(w);
	case '^':
		w->at++;
		put_position(w, "^");
		return FE_OK;
	case '$':
		w->at++;
		put_position(w, "$");
		return FE_OK;
	case '.':
		w->at++;
		put_atom(w, ".");
		return FE_OK;
	default:
		FE_TRY(take_code(w, &code));
		put_literal(w, code);
		w->last = ATOM;
		return FE_OK;
	}
}

enum fe_rc
fe_python_regex_translate(struct fe_str pattern, struct fe_buf *out, unsigned *options, struct fe_err *err)
{
	struct work w = { .in = { pattern.n ? pattern.p : "", pattern.n }, .out = out, .err = err,
		          .options = FE_REGEX_UNICODE | FE_REGEX_MULTILINE_END };
	enum fe_rc rc = FE_OK;

	while (rc == FE_OK && w.at < w.in.n) {
		if (skip_verbose(&w))
			continue;
		if (peek(&w) == '(') { /* may be no more than flags or a comment */
			size_t n_open = w.n_open;

			rc = open_group(&w);
			w.is_started = w.is_started || w.n_open > n_open || w.last != NOTHING;
			continue;
		}
		rc = put_next(&w);
		w.is_started = true;
	}
	if (rc == FE_OK && w.n_open)
		rc = wrong(&w, w.open[w.n_open - 1].from, "missing ), unterminated subpattern");
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

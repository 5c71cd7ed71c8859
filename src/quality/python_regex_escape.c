// SPDX-License-Identifier: Apache-2.0
/* quality/python_regex_escape.c - escapes and classes of Python's patterns; see quality/python_regex.h */
#include <stdio.h>

#include "base/text.h"
#include "quality/python_regex_work.h"

/* What Python's str.isspace is true for, as members of a class; and all else. */
static const char white[] = "\\x{9}-\\x{d}\\x{1c}-\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}"
			    "\\x{202f}\\x{205f}\\x{3000}";
static const char not_white[] = "\\x{0}-\\x{8}\\x{e}-\\x{1b}\\x{21}-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"
				"\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"
				"\\x{3001}-\\x{d7ff}\\x{e000}-\\x{10ffff}";

enum fe_rc
fe_pyre_wrong(const struct fe_pyre *w, size_t at, const char *what)
{
	return fe_fail(w->err, FE_EUSAGE, "%s at position %zu", what, fe_utf8_length((struct fe_str){ w->in.p, at }));
}

enum fe_rc
fe_pyre_take_code(struct fe_pyre *w, uint32_t *code)
{
	size_t n = fe_utf8_decode((struct fe_str){ w->in.p + w->at, w->in.n - w->at }, code);

	if (n == 0)
		return fe_pyre_wrong(w, w->at, "bytes that are no text");
	w->at += n;
	return FE_OK;
}

void
fe_pyre_put_literal(struct fe_pyre *w, uint32_t code)
{
	char bytes[FE_UTF8_BYTES];

	if (code < 0x80 && !fe_pyre_is_digit((int)code) && !fe_pyre_is_letter((int)code))
		fe_buf_addf(w->out, "\\x{%x}", (unsigned)code);
	else
		fe_buf_add(w->out, bytes, fe_utf8_encode(code, bytes));
}

void
fe_pyre_put_atom(struct fe_pyre *w, const char *text)
{
	fe_buf_add_text(w->out, text);
	w->last = FE_PYRE_ATOM;
}

void
fe_pyre_put_position(struct fe_pyre *w, const char *text)
{
	fe_buf_add_text(w->out, text);
	w->last = FE_PYRE_POSITION;
}

static bool is_octal(int c) { return c >= '0' && c <= '7'; }

static int
hex_of(int c)
{
	if (fe_pyre_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* ---- escapes ---- */

/* \x41 \u0041 \U00000041, behind the letter: that many digits, no fewer. */
static enum fe_rc
take_hex(struct fe_pyre *w, size_t from, unsigned n_digits, uint32_t *code)
{
	*code = 0;
	for (unsigned i = 0; i < n_digits; i++, w->at++) {
		int digit = hex_of(fe_pyre_peek(w));

		if (digit < 0)
			return fe_pyre_wrong(w, from, "incomplete escape");
		*code = *code << 4 | (uint32_t)digit;
	}
	if (*code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF))
		return fe_pyre_wrong(w, from, "bad escape: no character");
	return FE_OK;
}

/* At most n digits more. */
static uint32_t
take_octal(struct fe_pyre *w, uint32_t value, unsigned n)
{
	for (; n > 0 && is_octal(fe_pyre_peek(w)); n--)
		value = value * 8 + (uint32_t)(w->in.p[w->at++] - '0');
	return value;
}

/* Escapes of one character that mean the same in a class and outside; *is_one false: none of these. */
static enum fe_rc
take_escaped_code(struct fe_pyre *w, size_t from, int c, uint32_t *code, bool *is_one)
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
		return fe_pyre_wrong(w, from, "named characters are not supported here:");
	if (fe_pyre_is_letter(c)) {
		snprintf(what, sizeof(what), "bad escape \\%c", c);
		return fe_pyre_wrong(w, from, what);
	}
	if (fe_pyre_is_digit(c)) {
		*is_one = false;
		return FE_OK;
	}
	w->at--;
	return fe_pyre_take_code(w, code);
}

static bool
is_open(const struct fe_pyre *w, size_t number)
{
	for (size_t i = 0; i < w->n_open; i++) {
		if (w->open[i].number == number)
			return true;
	}
	return false;
}

enum fe_rc
fe_pyre_put_reference(struct fe_pyre *w, size_t from, size_t number)
{
	char what[64];

	if (number == 0 || number > w->n_groups) {
		snprintf(what, sizeof(what), "invalid group reference %zu", number);
		return fe_pyre_wrong(w, from, what);
	}
	if (is_open(w, number))
		return fe_pyre_wrong(w, from, "cannot refer to an open group");
	fe_buf_addf(w->out, "\\g{%zu}", number);
	w->last = FE_PYRE_ATOM;
	return FE_OK;
}

/* \0, \12, \123: octal where it begins with 0 or has three octal digits, else a group. */
static enum fe_rc
put_number(struct fe_pyre *w, size_t from, int c)
{
	size_t number = (size_t)(c - '0');
	uint32_t code;

	if (c == '0') {
		fe_pyre_put_literal(w, take_octal(w, 0, 2));
		w->last = FE_PYRE_ATOM;
		return FE_OK;
	}
	if (fe_pyre_is_digit(fe_pyre_peek(w))) {
		int second = w->in.p[w->at++];

		if (is_octal(c) && is_octal(second) && is_octal(fe_pyre_peek(w))) {
			code = take_octal(w, (uint32_t)((c - '0') * 8 + second - '0'), 1);
			if (code > 0377)
				return fe_pyre_wrong(w, from, "octal escape value outside of range 0-0o377");
			fe_pyre_put_literal(w, code);
			w->last = FE_PYRE_ATOM;
			return FE_OK;
		}
		number = number * 10 + (size_t)(second - '0');
	}
	return fe_pyre_put_reference(w, from, number);
}

enum fe_rc
fe_pyre_put_escape(struct fe_pyre *w)
{
	size_t from = w->at++;
	char same[3] = { '\\', 0, 0 };
	bool by_unicode = w->options & FE_REGEX_UNICODE, is_one;
	uint32_t code = 0;
	int c = fe_pyre_peek(w);

	if (c < 0)
		return fe_pyre_wrong(w, from, "bad escape (end of pattern)");
	w->at++;
	same[1] = (char)c;
	switch (c) {
	case 'A':
	case 'b':
	case 'B':
		fe_pyre_put_position(w, same);
		return FE_OK;
	case 'Z':
		fe_pyre_put_position(w, "\\z");
		return FE_OK;
	case 's':
	case 'S':
		if (by_unicode)
			fe_buf_addf(w->out, "[%s%s]", c == 'S' ? "^" : "", white);
		fe_pyre_put_atom(w, by_unicode ? "" : same);
		return FE_OK;
	case 'd':
	case 'D':
	case 'w':
	case 'W':
		fe_pyre_put_atom(w, same);
		return FE_OK;
	default:
		FE_TRY(take_escaped_code(w, from, c, &code, &is_one));
	}
	if (!is_one)
		return put_number(w, from, c);
	fe_pyre_put_literal(w, code);
	w->last = FE_PYRE_ATOM;
	return FE_OK;
}

/* ---- classes ---- */

/* One end of a range, or a class of characters, written at once: *is_class. */
static enum fe_rc
take_member(struct fe_pyre *w, uint32_t *code, const char **class_text)
{
	bool by_unicode = w->options & FE_REGEX_UNICODE, is_one;
	size_t from = w->at;
	int c;

	*class_text = NULL;
	if (!fe_pyre_take(w, '\\'))
		return fe_pyre_take_code(w, code);
	c = fe_pyre_peek(w);
	if (c < 0)
		return fe_pyre_wrong(w, from, "bad escape (end of pattern)");
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
		return fe_pyre_wrong(w, from, "bad escape in a character set");
	*code = take_octal(w, (uint32_t)(c - '0'), 2);
	return *code > 0377 ? fe_pyre_wrong(w, from, "octal escape value outside of range 0-0o377") : FE_OK;
}

enum fe_rc
fe_pyre_put_class(struct fe_pyre *w)
{
	const char *first_class, *second_class;
	size_t start = w->at++, from;
	uint32_t first = 0, second = 0;

	fe_pyre_put_atom(w, fe_pyre_take(w, '^') ? "[^" : "[");
	for (bool is_first = true; is_first || !fe_pyre_take(w, ']'); is_first = false) {
		from = w->at;
		if (fe_pyre_peek(w) < 0)
			return fe_pyre_wrong(w, start, "unterminated character set");
		FE_TRY(take_member(w, &first, &first_class));
		if (first_class)
			fe_buf_add_text(w->out, first_class);
		else
			fe_pyre_put_literal(w, first);
		if (!fe_pyre_take(w, '-'))
			continue;
		if (fe_pyre_peek(w) < 0)
			return fe_pyre_wrong(w, start, "unterminated character set");
		if (fe_pyre_take(w, ']')) {
			fe_pyre_put_literal(w, '-');
			break;
		}
		FE_TRY(take_member(w, &second, &second_class));
		if (first_class || second_class || first > second)
			return fe_pyre_wrong(w, from, "bad character range");
		fe_buf_add_char(w->out, '-');
		fe_pyre_put_literal(w, second);
	}
	fe_buf_add_char(w->out, ']');
	return FE_OK;
}


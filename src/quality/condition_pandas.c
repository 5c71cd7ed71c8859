// SPDX-License-Identifier: Apache-2.0
/* quality/condition_pandas.c - pandas' query texts, as far as they are conditions on columns
 *
 *   n > 1 and (name == "Ann" or name in ["Bob", 'Cy']) and not `is new`.isnull()
 *
 * Operators wait on a stack until one that binds less comes (and, & before or, |; not before
 * both), so that steps come out in the order of evaluation. Everything else that pandas would
 * evaluate (arithmetic, functions, @variables, a column against a column) is refused.
 */
#include "base/mem.h"
#include "base/text.h"
#include "quality/condition.h"
#include "quality/literal.h"

#define MAX_WAITING 128
#define MAX_LIST 10000

enum token_kind { END, NAME, NUMBER, TEXT, SIGN, AND, OR, NOT, IN, TRUE_WORD, FALSE_WORD, BAD };

struct token {
	enum token_kind kind;
	struct fe_str text; /* NAME, NUMBER, SIGN: as written; TEXT: decoded */
};

struct reader {
	struct fe_str rest;
	struct token at;
	struct fe_condition *out;
	struct fe_arena *arena;
	bool is_tight; /* a ~ stands before the operand: no comparison may follow */
};

/* ---- tokens ---- */

static bool
is_name_char(char c, bool is_first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80 ||
	       (!is_first && c >= '0' && c <= '9');
}

static enum token_kind
word_of(struct fe_str text)
{
	static const struct {
		const char *word;
		enum token_kind kind;
	} words[] = { { "and", AND }, { "or", OR }, { "not", NOT }, { "in", IN }, { "True", TRUE_WORD }, { "False", FALSE_WORD },
		      { "None", BAD } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (fe_str_is(text, words[i].word))
			return words[i].kind;
	}
	return NAME;
}

/* The length of a text in quotes with its escapes undone, or 0 where it is none that is known;
 * *out is that. */
static size_t
read_quoted(struct fe_str s, struct fe_arena *arena, struct fe_str *out)
{
	static const char escapes[] = "\\'\"nrt", meanings[] = "\\'\"\n\r\t";
	char *text = fe_arena_bytes(arena, s.n);
	size_t n = 0;

	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == s.p[0]) {
			*out = (struct fe_str){ text, n };
			return i + 1;
		}
		if (s.p[i] == '\\') {
			const char *escape = i + 1 < s.n && s.p[i + 1] ? strchr(escapes, s.p[i + 1]) : NULL;

			if (!escape)
				return 0;
			text[n++] = meanings[escape - escapes];
			i++;
		} else {
			text[n++] = s.p[i];
		}
	}
	return 0;
}

static size_t
length_of_number(struct fe_str s)
{
	size_t n = 0;

	while (n < s.n && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.'))
		n++;
	if (n < s.n && (s.p[n] == 'e' || s.p[n] == 'E')) {
		n++;
		if (n < s.n && (s.p[n] == '+' || s.p[n] == '-'))
			n++;
		while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
			n++;
	}
	return n;
}

static size_t
token_of(struct fe_str s, struct fe_arena *arena, struct token *t)
{
	size_t n = 1;

	*t = (struct token){ .kind = BAD };
	if (is_name_char(s.p[0], true)) {
		while (n < s.n && is_name_char(s.p[n], false))
			n++;
		t->kind = word_of((struct fe_str){ s.p, n });
	} else if (s.p[0] >= '0' && s.p[0] <= '9') {
		n = length_of_number(s);
		t->kind = NUMBER;
	} else if (s.p[0] == '`') {
		const char *end = memchr(s.p + 1, '`', s.n - 1);

		if (!end)
			return s.n;
		n = (size_t)(end - s.p) + 1;
		*t = (struct token){ .kind = NAME, .text = { s.p + 1, n - 2 } };
		return n;
	} else if (s.p[0] == '"' || s.p[0] == '\'') {
		n = read_quoted(s, arena, &t->text);
		t->kind = n > 0 ? TEXT : BAD;
		return n > 0 ? n : s.n;
	} else if (strchr("=!<>", s.p[0])) {
		n = s.n > 1 && s.p[1] == '=' ? 2 : 1;
		t->kind = SIGN;
	} else if (strchr("()[],.+-~", s.p[0])) {
		t->kind = SIGN;
	} else if (s.p[0] == '&' || s.p[0] == '|') {
		t->kind = s.p[0] == '&' ? AND : OR;
	}
	t->text = (struct fe_str){ s.p, n };
	return n;
}

static void
step(struct reader *r)
{
	size_t n;

	while (r->rest.n > 0 && r->rest.p[0] && strchr(" \t\r\n", r->rest.p[0]))
		r->rest = (struct fe_str){ r->rest.p + 1, r->rest.n - 1 };
	r->at = (struct token){ .kind = r->rest.n == 0 ? END : BAD };
	if (r->rest.n == 0 || r->rest.p[0] == '\0')
		return;
	n = token_of(r->rest, r->arena, &r->at);
	r->rest = (struct fe_str){ r->rest.p + n, r->rest.n - n };
}

static bool
take_sign(struct reader *r, const char *sign)
{
	if (r->at.kind != SIGN || !fe_str_is(r->at.text, sign))
		return false;
	step(r);
	return true;
}

/* ---- comparisons ---- */

static bool
take_literal(struct reader *r, struct fe_literal *out)
{
	bool is_minus = take_sign(r, "-");
	struct token t = r->at;

	*out = (struct fe_literal){ .raw = t.text };
	if (is_minus && t.kind != NUMBER)
		return false;
	switch (t.kind) {
	case NUMBER:
		out->kind = FE_LITERAL_NUMBER;
		if (!fe_suite_number_read(t.text, &out->number))
			return false;
		if (is_minus) {
			out->number.digits = -out->number.digits;
			out->number.value = -out->number.value;
		}
		break;
	case TEXT:
		out->kind = FE_LITERAL_TEXT;
		out->text = t.text;
		break;
	case TRUE_WORD:
	case FALSE_WORD:
		out->kind = FE_LITERAL_BOOL;
		out->is_true = t.kind == TRUE_WORD;
		break;
	default:
		return false;
	}
	step(r);
	return true;
}

static bool
take_test(struct reader *r, enum fe_condition_test *out)
{
	if (r->at.kind != SIGN || !fe_condition_test_of(r->at.text, out))
		return false;
	step(r);
	return true;
}

static bool
add_one(struct reader *r, struct fe_str column, enum fe_condition_test test, const struct fe_literal *value)
{
	struct fe_condition_leaf *leaf = fe_condition_add_leaf(r->out, column, test);

	if (!leaf)
		return false;
	if (value) {
		leaf->values = fe_condition_room(r->arena, 1);
		*leaf->values = *value;
		leaf->n_values = 1;
	}
	return true;
}

/* [1, 2], after the bracket. */
static bool
take_list(struct reader *r, struct fe_str column, enum fe_condition_test test)
{
	struct fe_condition_leaf *leaf = fe_condition_add_leaf(r->out, column, test);
	size_t cap = 0, n = 0;
	struct fe_literal *values = NULL;
	bool fine = leaf;

	while (fine && !take_sign(r, "]")) {
		fine = n < MAX_LIST;
		values = fe_grow(values, &cap, n + 1, sizeof(*values));
		fine = fine && take_literal(r, &values[n++]);
		if (fine && !take_sign(r, ","))
			fine = r->at.kind == SIGN && fe_str_is(r->at.text, "]");
	}
	if (fine) {
		leaf->values = fe_condition_room(r->arena, n);
		if (n > 0)
			memcpy(leaf->values, values, n * sizeof(*values));
		leaf->n_values = n;
	}
	fe_free(values);
	return fine;
}

/* .isnull() and its kin, after the point. */
static bool
take_method(struct reader *r, struct fe_str column)
{
	struct fe_str name = r->at.text;
	bool is_null = fe_str_is(name, "isnull") || fe_str_is(name, "isna");

	if (r->at.kind != NAME || (!is_null && !fe_str_is(name, "notnull") && !fe_str_is(name, "notna")))
		return false;
	step(r);
	return take_sign(r, "(") && take_sign(r, ")") &&
	       add_one(r, column, is_null ? FE_TEST_NULL : FE_TEST_NOT_NULL, NULL);
}

/* What follows a column's name. */
static bool
take_rest_of_column(struct reader *r, struct fe_str column)
{
	enum fe_condition_test test = FE_TEST_IN;
	struct fe_literal value;

	if (take_sign(r, "."))
		return take_method(r, column);
	if (r->at.kind == IN || r->at.kind == NOT) {
		if (r->at.kind == NOT) {
			test = FE_TEST_NOT_IN;
			step(r);
		}
		if (r->at.kind != IN || r->is_tight)
			return false;
		step(r);
		return take_sign(r, "[") && take_list(r, column, test);
	}
	if (!take_test(r, &test))
		return add_one(r, column, FE_TEST_TRUE, NULL);
	if (r->is_tight)
		return false;
	if ((test == FE_TEST_EQUAL || test == FE_TEST_NOT_EQUAL) && take_sign(r, "["))
		return take_list(r, column, test == FE_TEST_EQUAL ? FE_TEST_IN : FE_TEST_NOT_IN);
	return take_literal(r, &value) && add_one(r, column, test, &value);
}

/* 1 < n, and 1 < n < 3 */
static bool
take_flipped(struct reader *r)
{
	static const enum fe_condition_test flipped[] = {
		[FE_TEST_EQUAL] = FE_TEST_EQUAL, [FE_TEST_NOT_EQUAL] = FE_TEST_NOT_EQUAL,
		[FE_TEST_LESS] = FE_TEST_GREATER, [FE_TEST_AT_MOST] = FE_TEST_AT_LEAST,
		[FE_TEST_GREATER] = FE_TEST_LESS, [FE_TEST_AT_LEAST] = FE_TEST_AT_MOST,
	};
	enum fe_condition_test test = FE_TEST_EQUAL;
	struct fe_literal value;
	struct fe_str column;

	if (r->is_tight || !take_literal(r, &value) || !take_test(r, &test) || r->at.kind != NAME)
		return false;
	column = r->at.text;
	step(r);
	if (!add_one(r, column, flipped[test], &value))
		return false;
	if (!take_test(r, &test))
		return true;
	return take_literal(r, &value) && add_one(r, column, test, &value) &&
	       fe_condition_add_step(r->out, FE_CONDITION_AND);
}

static bool
take_leaf(struct reader *r)
{
	struct fe_str column = r->at.text;
	bool fine;

	if (r->at.kind == NAME) {
		step(r);
		fine = take_rest_of_column(r, column);
	} else {
		fine = take_flipped(r);
	}
	r->is_tight = false;
	return fine;
}

/* ---- and, or, not ---- */

enum waiting { PAREN, WAITING_OR, WAITING_AND, WAITING_NOT }; /* by how tight they bind */

struct operators {
	enum waiting stack[MAX_WAITING];
	size_t n;
};

static bool
wait_for(struct operators *o, enum waiting w)
{
	if (o->n == MAX_WAITING)
		return false;
	o->stack[o->n++] = w;
	return true;
}

/* Those that bind at least so tight become steps; false where there are too many. */
static bool
settle(struct reader *r, struct operators *o, enum waiting least)
{
	static const enum fe_condition_op ops[] = {
		[WAITING_OR] = FE_CONDITION_OR, [WAITING_AND] = FE_CONDITION_AND, [WAITING_NOT] = FE_CONDITION_NOT,
	};

	while (o->n > 0 && o->stack[o->n - 1] != PAREN && o->stack[o->n - 1] >= least) {
		if (!fe_condition_add_step(r->out, ops[o->stack[--o->n]]))
			return false;
	}
	return true;
}

/* Up to and with an operand. */
static bool
take_operand(struct reader *r, struct operators *o)
{
	for (;;) {
		if (r->at.kind == NOT) {
			if (r->is_tight || !wait_for(o, WAITING_NOT))
				return false;
			step(r);
		} else if (take_sign(r, "~")) {
			if (!wait_for(o, WAITING_NOT))
				return false;
			r->is_tight = true;
		} else if (take_sign(r, "(")) {
			if (!wait_for(o, PAREN))
				return false;
			r->is_tight = false;
		} else {
			return take_leaf(r);
		}
	}
}

bool
fe_condition_read_query(struct fe_condition *out, struct fe_str text, struct fe_arena *arena, struct fe_buf *why)
{
	struct reader r = { .rest = text, .out = out, .arena = arena };
	struct operators o = { .n = 0 };
	bool fine = text.n <= FE_CONDITION_MAX_TEXT_BYTES;

	step(&r);
	while (fine && (fine = take_operand(&r, &o))) {
		while (fine && take_sign(&r, ")")) {
			fine = settle(&r, &o, WAITING_OR) && o.n > 0;
			o.n -= fine;
		}
		if (!fine || (r.at.kind != AND && r.at.kind != OR))
			break;
		fine = settle(&r, &o, r.at.kind == AND ? WAITING_AND : WAITING_OR) &&
		       wait_for(&o, r.at.kind == AND ? WAITING_AND : WAITING_OR);
		step(&r);
	}
	fine = fine && r.at.kind == END && settle(&r, &o, WAITING_OR) && o.n == 0;
	if (!fine) {
		fe_buf_add_text(why, "row_condition: cannot be read: ");
		fe_buf_add_printable(why, text, 200);
		fe_buf_add_text(why, " (comparisons of a column with literals, in [...], isnull() and notnull(), joined by "
		                     "and, or, not, are)");
	}
	return fine;
}

// SPDX-License-Identifier: Apache-2.0
/* expr/parse.c - from tokens to nodes, by operator precedence on an explicit stack
 *
 * The parser is always in one of two states: it wants an operand, or an operator that
 * may follow one. Operands lie on one stack, what waits for them on another: operators
 * with a precedence, and brackets (parentheses, calls, lists, case), which have none
 * and end every reduction. `between` waits as an operator whose first `and` is its own.
 *
 * Comparisons do not chain: `a = b = c` and `a = b is null` mean different things in
 * different dialects, so parentheses are asked for.
 */
#include "base/text.h"
#include "expr/parse_stack.h"

static enum fe_rc
unexpected(struct parser *p, const char *wanted)
{
	enum fe_rc rc;

	if (p->tok.kind == FE_TOKEN_END)
		rc = fe_fail(p->b.err, FE_EUSAGE, "the expression ends where %s is expected", wanted);
	else
		rc = fe_fail(p->b.err, FE_EUSAGE, "'%.*s' stands where %s is expected", FE_STR_ARGS(p->tok.raw), wanted);
	return fe_build_at(&p->b, p->tok.pos, rc);
}

static enum fe_compare
compare_of(enum fe_token_kind sign)
{
	switch (sign) {
	case FE_TOKEN_NE: return FE_NE;
	case FE_TOKEN_LT: return FE_LT;
	case FE_TOKEN_LE: return FE_LE;
	case FE_TOKEN_GT: return FE_GT;
	case FE_TOKEN_GE: return FE_GE;
	default: return FE_EQ;
	}
}

static enum fe_rc
reduce_binary(struct parser *p, const struct frame *f, uint32_t x, uint32_t y, uint32_t *out)
{
	switch (f->sign) {
	case FE_TOKEN_OR:
		return fe_build_logic(&p->b, FE_OP_OR, x, y, f->pos, out);
	case FE_TOKEN_AND:
		return fe_build_logic(&p->b, FE_OP_AND, x, y, f->pos, out);
	case FE_TOKEN_PLUS:
		return fe_build_arithmetic(&p->b, FE_OP_ADD, x, y, f->pos, out);
	case FE_TOKEN_MINUS:
		return fe_build_arithmetic(&p->b, FE_OP_SUBTRACT, x, y, f->pos, out);
	case FE_TOKEN_TIMES:
		return fe_build_arithmetic(&p->b, FE_OP_MULTIPLY, x, y, f->pos, out);
	case FE_TOKEN_DIVIDE:
		return fe_build_arithmetic(&p->b, FE_OP_DIVIDE, x, y, f->pos, out);
	case FE_TOKEN_JOIN:
		return fe_build_arithmetic(&p->b, FE_OP_CONCAT, x, y, f->pos, out);
	default:
		return fe_build_compare(&p->b, compare_of(f->sign), x, y, f->pos, out);
	}
}

/* Takes the topmost operator, which is no bracket, with its operands. */
static enum fe_rc
reduce_top(struct parser *p)
{
	struct frame f = pop_frame(p);
	uint32_t *in = p->operands + f.base, out = 0;

	switch (f.kind) {
	case BINARY:
		FE_TRY(reduce_binary(p, &f, in[0], in[1], &out));
		break;
	case PREFIX:
		FE_TRY(f.sign == FE_TOKEN_NOT ? fe_build_not(&p->b, in[0], f.pos, &out)
		                              : fe_build_negate(&p->b, in[0], f.pos, &out));
		break;
	default: /* BETWEEN */
		if (!f.has_and)
			return unexpected(p, "the 'and' of 'between'");
		FE_TRY(fe_build_between(&p->b, in[0], in[1], in[2], f.pos, &out));
		if (f.is_negated)
			FE_TRY(fe_build_not(&p->b, out, f.pos, &out));
	}
	p->n_operands = f.base;
	push_operand(p, out);
	return FE_OK;
}

/* Takes all operators that bind at least so tightly. */
static enum fe_rc
reduce(struct parser *p, enum precedence at_least)
{
	while (top(p)->precedence != NONE && top(p)->precedence >= at_least)
		FE_TRY(reduce_top(p));
	return FE_OK;
}

/* Operands */

static enum fe_rc
operand_of_token(struct parser *p, uint32_t *out)
{
	const struct fe_token *t = &p->tok;

	switch (t->kind) {
	case FE_TOKEN_NUMBER:
		return fe_build_number(&p->b, t, false, t->pos, out);
	case FE_TOKEN_TEXT:
		return fe_build_text(&p->b, t->text, t->pos, out);
	case FE_TOKEN_TRUE:
	case FE_TOKEN_FALSE:
		return fe_build_bool(&p->b, t->kind == FE_TOKEN_TRUE, t->pos, out);
	case FE_TOKEN_NULL:
		return fe_build_null(&p->b, t->pos, out);
	case FE_TOKEN_NAME:
	case FE_TOKEN_QUOTED:
		return fe_build_column(&p->b, t->text, t->pos, out);
	default:
		return unexpected(p, "a value");
	}
}

static enum fe_rc
take_leaf(struct parser *p)
{
	uint32_t id;

	FE_TRY(operand_of_token(p, &id));
	push_operand(p, id);
	return advance(p);
}

/* date '2026-01-31', timestamp '...' */
static enum fe_rc
take_time(struct parser *p, enum fe_kind kind)
{
	uint32_t id;

	FE_TRY(advance(p));
	FE_TRY(fe_build_time(&p->b, kind, &p->tok, &id));
	push_operand(p, id);
	return advance(p);
}

static enum fe_rc
end_call(struct parser *p)
{
	struct frame f = pop_frame(p);
	uint32_t id;

	FE_TRY(fe_build_call(&p->b, f.name, p->operands + f.base, p->n_operands - f.base, f.pos, &id));
	p->n_operands = f.base;
	push_operand(p, id);
	return advance(p);
}

static enum fe_rc
take_name(struct parser *p)
{
	struct fe_token name = p->tok;
	char next = fe_lex_peek(&p->lex);

	if (next == '\'' && fe_text_casecmp_ascii(name.raw, FE_STR("date")) == 0)
		return take_time(p, FE_DATE);
	if (next == '\'' && fe_text_casecmp_ascii(name.raw, FE_STR("timestamp")) == 0)
		return take_time(p, FE_TIMESTAMP);
	if (next != '(')
		return take_leaf(p);
	FE_TRY(fe_build_know_function(&p->b, name.raw, name.pos));
	FE_TRY(push_frame(p, (struct frame){ .kind = CALL, .pos = name.pos, .base = p->n_operands, .name = name.raw }));
	FE_TRY(advance(p));
	FE_TRY(advance(p));
	return p->tok.kind == FE_TOKEN_CLOSE ? end_call(p) : FE_OK;
}

/* A sign before digits belongs to the number, so that the least int can be written. */
static enum fe_rc
take_minus(struct parser *p)
{
	uint32_t pos = p->tok.pos, id;

	FE_TRY(advance(p));
	if (p->tok.kind != FE_TOKEN_NUMBER)
		return push_frame(p, (struct frame){ .kind = PREFIX, .precedence = SIGN, .sign = FE_TOKEN_MINUS, .pos = pos,
			                             .base = p->n_operands });
	FE_TRY(fe_build_number(&p->b, &p->tok, true, pos, &id));
	push_operand(p, id);
	return advance(p);
}

/* `not` binds looser than a comparison, so it cannot stand on its right side. */
static enum fe_rc
take_not(struct parser *p)
{
	if (top(p)->precedence > NOT)
		return fe_build_at(&p->b, p->tok.pos, fe_fail(p->b.err, FE_EUSAGE, "'not' needs parentheses here"));
	FE_TRY(push_frame(p, (struct frame){ .kind = PREFIX, .precedence = NOT, .sign = FE_TOKEN_NOT, .pos = p->tok.pos,
		                             .base = p->n_operands }));
	return advance(p);
}

static enum fe_rc
take_case(struct parser *p)
{
	FE_TRY(push_frame(p, (struct frame){ .kind = CASE, .pos = p->tok.pos, .base = p->n_operands }));
	FE_TRY(advance(p));
	if (p->tok.kind != FE_TOKEN_WHEN) {
		top(p)->has_operand = true;
		return FE_OK;
	}
	top(p)->part = CASE_WHEN;
	return advance(p);
}

static enum fe_rc
take_operand(struct parser *p)
{
	switch (p->tok.kind) {
	case FE_TOKEN_NAME:
		return take_name(p);
	case FE_TOKEN_MINUS:
		return take_minus(p);
	case FE_TOKEN_NOT:
		return take_not(p);
	case FE_TOKEN_CASE:
		return take_case(p);
	case FE_TOKEN_OPEN:
		FE_TRY(push_frame(p, (struct frame){ .kind = PARENTHESIS, .pos = p->tok.pos, .base = p->n_operands }));
		return advance(p);
	default:
		return take_leaf(p);
	}
}

/* Operators */

/* Ends the left side of a comparison. */
static enum fe_rc
left_of_comparison(struct parser *p, uint32_t pos)
{
	FE_TRY(reduce(p, SUM));
	if (top(p)->precedence == COMPARISON)
		return fe_build_at(&p->b, pos, fe_fail(p->b.err, FE_EUSAGE,
		                                       "comparisons do not chain: put one of them in parentheses, or join them "
		                                       "by 'and'"));
	return FE_OK;
}

static enum fe_rc
take_binary(struct parser *p, enum precedence precedence)
{
	struct frame f = { .kind = BINARY, .precedence = precedence, .sign = p->tok.kind, .pos = p->tok.pos };

	if (precedence == COMPARISON)
		FE_TRY(left_of_comparison(p, f.pos));
	else
		FE_TRY(reduce(p, precedence));
	f.base = p->n_operands - 1;
	FE_TRY(push_frame(p, f));
	return advance(p);
}

static enum fe_rc
take_and(struct parser *p)
{
	FE_TRY(reduce(p, SUM));
	if (top(p)->kind == BETWEEN && !top(p)->has_and) {
		top(p)->has_and = true;
		p->wants_operand = true;
		return advance(p);
	}
	return take_binary(p, AND);
}

/* x is [not] null */
static enum fe_rc
take_is(struct parser *p)
{
	uint32_t pos = p->tok.pos, *x;
	bool is_negated;

	FE_TRY(left_of_comparison(p, pos));
	x = &p->operands[p->n_operands - 1];
	FE_TRY(advance(p));
	is_negated = p->tok.kind == FE_TOKEN_NOT;
	if (is_negated)
		FE_TRY(advance(p));
	if (p->tok.kind != FE_TOKEN_NULL)
		return unexpected(p, "'null' or 'not null'");
	FE_TRY(fe_build_is_null(&p->b, *x, pos, x));
	if (is_negated)
		FE_TRY(fe_build_not(&p->b, *x, pos, x));
	return advance(p);
}

/* x like 'pattern' [escape 'c'] */
static enum fe_rc
take_like(struct parser *p, bool is_negated, uint32_t pos)
{
	uint32_t *x = &p->operands[p->n_operands - 1];
	struct fe_str pattern, escape = { 0 };

	FE_TRY(advance(p));
	if (p->tok.kind != FE_TOKEN_TEXT)
		return unexpected(p, "a pattern in single quotes");
	pattern = p->tok.text;
	pos = p->tok.pos;
	FE_TRY(advance(p));
	if (p->tok.kind == FE_TOKEN_ESCAPE) {
		FE_TRY(advance(p));
		if (p->tok.kind != FE_TOKEN_TEXT || fe_utf8_length(p->tok.text) != 1)
			return unexpected(p, "one character in single quotes");
		escape = p->tok.text;
		FE_TRY(advance(p));
	}
	FE_TRY(fe_build_like(&p->b, *x, pattern, escape, pos, x));
	return is_negated ? fe_build_not(&p->b, *x, pos, x) : FE_OK;
}

/* [not] in, [not] between, [not] like: what the word before the operand is not yet. */
static enum fe_rc
take_predicate(struct parser *p)
{
	uint32_t pos = p->tok.pos;
	bool is_negated = p->tok.kind == FE_TOKEN_NOT;
	struct frame f = { .pos = pos, .is_negated = is_negated };

	FE_TRY(left_of_comparison(p, pos));
	if (is_negated)
		FE_TRY(advance(p));
	f.base = p->n_operands - 1;
	switch (p->tok.kind) {
	case FE_TOKEN_LIKE:
		return take_like(p, is_negated, pos);
	case FE_TOKEN_BETWEEN:
		f.kind = BETWEEN;
		f.precedence = COMPARISON;
		break;
	case FE_TOKEN_IN:
		f.kind = LIST;
		FE_TRY(advance(p));
		if (p->tok.kind != FE_TOKEN_OPEN)
			return unexpected(p, "'('");
		break;
	default:
		return unexpected(p, "'in', 'between' or 'like'");
	}
	FE_TRY(push_frame(p, f));
	return advance(p);
}

static enum fe_rc
end_list(struct parser *p)
{
	struct frame f = pop_frame(p);
	uint32_t *x = p->operands + f.base, id;

	FE_TRY(fe_build_in(&p->b, x[0], x + 1, p->n_operands - f.base - 1, f.pos, &id));
	if (f.is_negated)
		FE_TRY(fe_build_not(&p->b, id, f.pos, &id));
	p->n_operands = f.base;
	push_operand(p, id);
	return advance(p);
}

/* What was opened and is not closed, where a word came that cannot close it. */
static enum fe_rc
not_closed(struct parser *p)
{
	struct frame f = *top(p);
	enum fe_rc rc;

	switch (f.kind) {
	case CASE:
		rc = fe_fail(p->b.err, FE_EUSAGE, "this 'case' is not complete: case when condition then value ... [else value] end");
		break;
	case BOTTOM:
		return unexpected(p, "an operator or the end");
	default:
		rc = fe_fail(p->b.err, FE_EUSAGE, "this parenthesis is not closed");
	}
	return fe_build_at(&p->b, f.pos, rc);
}

static enum fe_rc
take_close(struct parser *p)
{
	FE_TRY(reduce(p, OR));
	switch (top(p)->kind) {
	case PARENTHESIS:
		(void)pop_frame(p);
		return advance(p);
	case CALL:
		return end_call(p);
	case LIST:
		return end_list(p);
	case BOTTOM:
		return fe_build_at(&p->b, p->tok.pos, fe_fail(p->b.err, FE_EUSAGE, "this ')' closes nothing"));
	default:
		return not_closed(p);
	}
}

static enum fe_rc
take_comma(struct parser *p)
{
	FE_TRY(reduce(p, OR));
	if (top(p)->kind != CALL && top(p)->kind != LIST)
		return top(p)->kind == CASE ? not_closed(p) : unexpected(p, "an operator");
	p->wants_operand = true;
	return advance(p);
}

/* `case x when v` is `case when x = v`. */
static enum fe_rc
end_when(struct parser *p, struct frame *f)
{
	uint32_t *v = &p->operands[p->n_operands - 1];

	if (f->has_operand)
		return fe_build_compare(&p->b, FE_EQ, p->operands[f->base], *v, p->b.e->nodes[*v].pos, v);
	return FE_OK;
}

static enum fe_rc
end_case(struct parser *p)
{
	struct frame f = pop_frame(p);
	size_t first = f.base + f.has_operand;
	uint32_t id;

	FE_TRY(fe_build_case(&p->b, p->operands + first, p->n_operands - first, f.pos, &id));
	p->n_operands = f.base;
	push_operand(p, id);
	return advance(p);
}

/* when, then, else, end: each only after the right part. */
static enum fe_rc
take_case_word(struct parser *p)
{
	enum fe_token_kind word = p->tok.kind;
	struct frame *f;

	FE_TRY(reduce(p, OR));
	f = top(p);
	if (f->kind != CASE)
		return not_closed(p);
	if (word == FE_TOKEN_END_CASE && (f->part == CASE_THEN || f->part == CASE_ELSE))
		return end_case(p);
	if (word == FE_TOKEN_THEN && f->part == CASE_WHEN) {
		FE_TRY(end_when(p, f));
		f->part = CASE_THEN;
	} else if (word == FE_TOKEN_WHEN && (f->part == CASE_OPERAND || f->part == CASE_THEN)) {
		f->part = CASE_WHEN;
	} else if (word == FE_TOKEN_ELSE && f->part == CASE_THEN) {
		f->part = CASE_ELSE;
	} else {
		return unexpected(p, f->part == CASE_WHEN ? "'then'" : f->part == CASE_ELSE ? "'end'" : "'when'");
	}
	p->wants_operand = true;
	return advance(p);
}

static enum fe_rc
take_operator(struct parser *p)
{
	switch (p->tok.kind) {
	case FE_TOKEN_END:
		FE_TRY(reduce(p, OR));
		p->is_done = true;
		return top(p)->kind == BOTTOM ? FE_OK : not_closed(p);
	case FE_TOKEN_OR:
		return take_binary(p, OR);
	case FE_TOKEN_AND:
		return take_and(p);
	case FE_TOKEN_EQ:
	case FE_TOKEN_NE:
	case FE_TOKEN_LT:
	case FE_TOKEN_LE:
	case FE_TOKEN_GT:
	case FE_TOKEN_GE:
		return take_binary(p, COMPARISON);
	case FE_TOKEN_PLUS:
	case FE_TOKEN_MINUS:
	case FE_TOKEN_JOIN:
		return take_binary(p, SUM);
	case FE_TOKEN_TIMES:
	case FE_TOKEN_DIVIDE:
		return take_binary(p, PRODUCT);
	case FE_TOKEN_NOT:
	case FE_TOKEN_IN:
	case FE_TOKEN_BETWEEN:
	case FE_TOKEN_LIKE:
		return take_predicate(p);
	case FE_TOKEN_IS:
		return take_is(p);
	case FE_TOKEN_CLOSE:
		return take_close(p);
	case FE_TOKEN_COMMA:
		return take_comma(p);
	case FE_TOKEN_WHEN:
	case FE_TOKEN_THEN:
	case FE_TOKEN_ELSE:
	case FE_TOKEN_END_CASE:
		return take_case_word(p);
	default:
		return unexpected(p, "an operator or the end");
	}
}

static enum fe_rc
run(struct parser *p)
{
	p->operands = fe_grow(p->operands, &p->cap_operands, 8, sizeof(*p->operands)); /* never NULL */
	FE_TRY(push_frame(p, (struct frame){ .kind = BOTTOM }));
	FE_TRY(advance(p));
	if (p->tok.kind == FE_TOKEN_END)
		return fe_build_at(&p->b, 0, fe_fail(p->b.err, FE_EUSAGE, "the expression is empty"));
	while (!p->is_done)
		FE_TRY(p->wants_operand ? take_operand(p) : take_operator(p));
	p->b.e->root = p->operands[0];
	FE_TRY(fe_build_use(&p->b, p->b.e->root));
	if (p->b.e->nodes[p->b.e->root].is_untyped)
		return fe_build_at(&p->b, 0, fe_fail(p->b.err, FE_EUSAGE, "a null alone has no type"));
	return FE_OK;
}

enum fe_rc
fe_parse(struct fe_expr *e, struct fe_str text, const struct fe_schema *schema, size_t n_visible,
	 struct fe_err *err)
{
	struct parser p = {
		.b = { .e = e, .schema = schema, .n_visible = n_visible, .text = text, .err = err },
		.lex = { .text = text, .arena = &e->arena },
	};
	enum fe_rc rc = run(&p);

	fe_free(p.frames);
	fe_free(p.operands);
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
/* expr/parse_stack.h - the two stacks of the parser, for expr/parse.c only
 *
 * Operands are nodes already built; frames are what waits for them.
 */
#ifndef FE_EXPR_PARSE_STACK_H
#define FE_EXPR_PARSE_STACK_H

#include "base/mem.h"
#include "expr/build.h"

enum precedence { NONE, OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN };

enum frame_kind {
	BOTTOM,
	PARENTHESIS,
	CALL,
	LIST,   /* x in ( */
	CASE,
	BINARY,
	PREFIX, /* not, - */
	BETWEEN,
};

enum case_part { CASE_OPERAND, CASE_WHEN, CASE_THEN, CASE_ELSE };

struct frame {
	enum frame_kind kind;
	enum precedence precedence;
	enum fe_token_kind sign; /* BINARY, PREFIX */
	uint32_t pos;
	size_t base;          /* operands below this frame */
	bool is_negated;      /* not in, not between */
	bool has_and;         /* BETWEEN */
	bool has_operand;     /* CASE x */
	enum case_part part;  /* CASE */
	struct fe_str name;   /* CALL */
};

struct parser {
	struct fe_build b;
	struct fe_lex lex;
	struct fe_token tok;
	bool wants_operand, is_done;
	struct frame *frames;
	size_t n_frames, cap_frames;
	uint32_t *operands;
	size_t n_operands, cap_operands;
	unsigned depth;
};

static inline enum fe_rc advance(struct parser *p) { return fe_lex_next(&p->lex, &p->tok, p->b.err); }

static inline struct frame *top(struct parser *p) { return &p->frames[p->n_frames - 1]; }

static inline void
push_operand(struct parser *p, uint32_t id)
{
	p->operands = fe_grow(p->operands, &p->cap_operands, p->n_operands + 1, sizeof(*p->operands));
	p->operands[p->n_operands++] = id;
	p->wants_operand = false;
}

static inline bool is_nesting(enum frame_kind kind) { return kind != BOTTOM && kind != BINARY && kind != BETWEEN; }

static inline enum fe_rc
push_frame(struct parser *p, struct frame frame)
{
	if (is_nesting(frame.kind) && ++p->depth > FE_EXPR_MAX_NESTING)
		return fe_build_at(&p->b, frame.pos, fe_fail(p->b.err, FE_ELIMIT, "this expression is nested deeper than %d",
		                                             FE_EXPR_MAX_NESTING));
	p->frames = fe_grow(p->frames, &p->cap_frames, p->n_frames + 1, sizeof(*p->frames));
	p->frames[p->n_frames++] = frame;
	p->wants_operand = true;
	return FE_OK;
}

static inline struct frame
pop_frame(struct parser *p)
{
	struct frame f = p->frames[--p->n_frames];

	p->depth -= is_nesting(f.kind);
	return f;
}

#endif

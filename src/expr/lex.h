// SPDX-License-Identifier: Apache-2.0
/* expr/lex.h - from text to tokens
 *
 * One token at a time, no look-ahead but fe_lex_peek, which tells the next byte
 * that is not blank. Texts and quoted names are unescaped into the arena. All
 * errors carry the column of the token, counted in characters from 1.
 */
#ifndef FE_EXPR_LEX_H
#define FE_EXPR_LEX_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

enum fe_token_kind {
	FE_TOKEN_END,
	FE_TOKEN_NAME,   /* bare: a column, a function, date, timestamp */
	FE_TOKEN_QUOTED, /* "a column" */
	FE_TOKEN_TEXT,   /* 'text' */
	FE_TOKEN_NUMBER, /* 12 or 12.50 */
	/* signs */
	FE_TOKEN_OPEN,
	FE_TOKEN_CLOSE,
	FE_TOKEN_COMMA,
	FE_TOKEN_PLUS,
	FE_TOKEN_MINUS,
	FE_TOKEN_TIMES,
	FE_TOKEN_DIVIDE,
	FE_TOKEN_JOIN, /* || */
	FE_TOKEN_EQ,
	FE_TOKEN_NE,
	FE_TOKEN_LT,
	FE_TOKEN_LE,
	FE_TOKEN_GT,
	FE_TOKEN_GE,
	/* keywords */
	FE_TOKEN_AND,
	FE_TOKEN_OR,
	FE_TOKEN_NOT,
	FE_TOKEN_IN,
	FE_TOKEN_BETWEEN,
	FE_TOKEN_LIKE,
	FE_TOKEN_ESCAPE,
	FE_TOKEN_IS,
	FE_TOKEN_NULL,
	FE_TOKEN_TRUE,
	FE_TOKEN_FALSE,
	FE_TOKEN_CASE,
	FE_TOKEN_WHEN,
	FE_TOKEN_THEN,
	FE_TOKEN_ELSE,
	FE_TOKEN_END_CASE,
};

struct fe_token {
	enum fe_token_kind kind;
	uint32_t pos;       /* byte offset in the text */
	struct fe_str raw;  /* as written */
	struct fe_str text; /* TEXT, QUOTED: unescaped; else as raw */
	uint64_t digits;    /* NUMBER: its digits without the point, at most 2^63 */
	uint8_t precision, scale;
	bool has_point;
};

struct fe_lex {
	struct fe_str text;
	size_t at;
	struct fe_arena *arena; /* borrowed */
};

FE_MUST_USE enum fe_rc fe_lex_next(struct fe_lex *lex, struct fe_token *out, struct fe_err *err);
/* The next byte that is not blank, 0 at the end. */
char fe_lex_peek(const struct fe_lex *lex);
/* Puts line 1 and the column of a byte offset, counted in characters from 1, into the
 * error; returns rc: return fe_lex_at(text, pos, fe_fail(...), err). */
enum fe_rc fe_lex_at(struct fe_str text, size_t pos, enum fe_rc rc, struct fe_err *err);

#endif

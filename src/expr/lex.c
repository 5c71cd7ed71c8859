// SPDX-License-Identifier: Apache-2.0
/* expr/lex.c - from text to tokens
 *
 * Keywords are found in any case; a name is letters, digits, _ and any byte past
 * ASCII (the whole text was checked to be UTF-8). Numbers are plain digits with at
 * most one point that has digits on both sides: what the language does not have
 * (exponents, 1_000, '5.') is told here, where it is seen.
 */
#include "expr/lex.h"

#include <stdio.h>

#include "base/decimal.h"
#include "base/text.h"

static const struct {
	const char *word;
	enum fe_token_kind kind;
} keywords[] = {
	{ "and", FE_TOKEN_AND },   { "or", FE_TOKEN_OR },
	{ "not", FE_TOKEN_NOT },   { "in", FE_TOKEN_IN },
	{ "between", FE_TOKEN_BETWEEN }, { "like", FE_TOKEN_LIKE },
	{ "escape", FE_TOKEN_ESCAPE }, { "is", FE_TOKEN_IS },
	{ "null", FE_TOKEN_NULL }, { "true", FE_TOKEN_TRUE },
	{ "false", FE_TOKEN_FALSE }, { "case", FE_TOKEN_CASE },
	{ "when", FE_TOKEN_WHEN }, { "then", FE_TOKEN_THEN },
	{ "else", FE_TOKEN_ELSE }, { "end", FE_TOKEN_END_CASE },
};

/* Longer signs stand before their beginnings. */
static const struct {
	const char *sign;
	enum fe_token_kind kind;
} signs[] = {
	{ "||", FE_TOKEN_JOIN }, { "<>", FE_TOKEN_NE },   { "!=", FE_TOKEN_NE },   { "<=", FE_TOKEN_LE },
	{ ">=", FE_TOKEN_GE },   { "<", FE_TOKEN_LT },    { ">", FE_TOKEN_GT },    { "=", FE_TOKEN_EQ },
	{ "+", FE_TOKEN_PLUS },  { "-", FE_TOKEN_MINUS }, { "*", FE_TOKEN_TIMES }, { "/", FE_TOKEN_DIVIDE },
	{ "(", FE_TOKEN_OPEN },  { ")", FE_TOKEN_CLOSE }, { ",", FE_TOKEN_COMMA },
};

static bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }

static bool
is_name_start(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool is_name(unsigned char c) { return is_name_start(c) || is_digit(c); }

/* The byte at an offset, 0 past the end. */
static unsigned char
byte_at(const struct fe_lex *lex, size_t at)
{
	return at < lex->text.n ? (unsigned char)lex->text.p[at] : 0;
}

enum fe_rc
fe_lex_at(struct fe_str text, size_t pos, enum fe_rc rc, struct fe_err *err)
{
	size_t column = 1;

	for (size_t i = 0; i < pos && i < text.n; i++)
		column += ((unsigned char)text.p[i] & 0xC0) != 0x80;
	if (err)
		fe_err_at_line(err, NULL, 1, column);
	return rc;
}

static void
skip_blanks(struct fe_lex *lex)
{
	while (lex->at < lex->text.n && fe_is_blank(byte_at(lex, lex->at)))
		lex->at++;
}

char
fe_lex_peek(const struct fe_lex *lex)
{
	struct fe_lex ahead = *lex;

	skip_blanks(&ahead);
	return (char)byte_at(&ahead, ahead.at);
}

static enum fe_rc
lex_name(struct fe_lex *lex, struct fe_token *tok)
{
	size_t start = lex->at;

	while (is_name(byte_at(lex, lex->at)))
		lex->at++;
	tok->raw = (struct fe_str){ lex->text.p + start, lex->at - start };
	tok->kind = FE_TOKEN_NAME;
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (fe_text_casecmp_ascii(tok->raw, fe_str_of(keywords[i].word)) == 0)
			tok->kind = keywords[i].kind;
	return FE_OK;
}

/* 'text' and "name": the quote is doubled to stand for itself. */
static enum fe_rc
lex_quoted(struct fe_lex *lex, struct fe_token *tok, struct fe_err *err)
{
	char quote = lex->text.p[lex->at];
	size_t start = lex->at, end = start + 1, n = 0;
	char *out;

	while (end < lex->text.n && (lex->text.p[end] != quote || byte_at(lex, end + 1) == (unsigned char)quote))
		end += lex->text.p[end] == quote ? 2 : 1;
	if (end >= lex->text.n) {
		fe_fail(err, FE_EUSAGE, "this %s has no closing %c", quote == '\'' ? "text" : "quoted name", quote);
		return fe_lex_at(lex->text, start, FE_EUSAGE, err);
	}
	out = fe_arena_bytes(lex->arena, end - start);
	for (size_t i = start + 1; i < end; i++) {
		out[n++] = lex->text.p[i];
		i += lex->text.p[i] == quote;
	}
	lex->at = end + 1;
	tok->kind = quote == '\'' ? FE_TOKEN_TEXT : FE_TOKEN_QUOTED;
	tok->raw = (struct fe_str){ lex->text.p + start, lex->at - start };
	tok->text = (struct fe_str){ out, n };
	return FE_OK;
}

/* Reads digits into the token; false where they pass the limit. */
static bool
take_digits(struct fe_lex *lex, struct fe_token *tok, uint64_t limit)
{
	for (; is_digit(byte_at(lex, lex->at)); lex->at++) {
		uint64_t digit = (uint64_t)byte_at(lex, lex->at) - '0';

		if (tok->digits > (limit - digit) / 10)
			return false;
		tok->digits = tok->digits * 10 + digit;
		tok->precision = (uint8_t)(tok->precision + (tok->digits > 0));
		tok->scale = (uint8_t)(tok->scale + tok->has_point);
		if (tok->scale > FE_DECIMAL_MAX_PRECISION)
			return false;
	}
	return true;
}

static enum fe_rc
lex_number(struct fe_lex *lex, struct fe_token *tok, struct fe_err *err)
{
	const uint64_t int_limit = UINT64_C(1) << 63; /* of -2^63 */
	size_t start = lex->at;
	bool fits;

	tok->kind = FE_TOKEN_NUMBER;
	fits = take_digits(lex, tok, int_limit);
	if (fits && byte_at(lex, lex->at) == '.' && is_digit(byte_at(lex, lex->at + 1))) {
		lex->at++;
		tok->has_point = true;
		fits = take_digits(lex, tok, (uint64_t)fe_pow10[FE_DECIMAL_MAX_PRECISION] - 1) &&
		       tok->digits < (uint64_t)fe_pow10[FE_DECIMAL_MAX_PRECISION];
	}
	if (tok->precision < tok->scale)
		tok->precision = tok->scale;
	if (tok->precision == 0)
		tok->precision = 1;
	if (!fits)
		fe_fail(err, FE_EUSAGE, "this number is too long: an int has 64 bits, a decimal %d digits",
		        FE_DECIMAL_MAX_PRECISION);
	else if (is_name(byte_at(lex, lex->at)) || byte_at(lex, lex->at) == '.')
		fe_fail(err, FE_EUSAGE, "this is not a number: write digits with at most one point between them (12, 12.50)");
	else
		return FE_OK;
	return fe_lex_at(lex->text, start, FE_EUSAGE, err);
}

static enum fe_rc
lex_sign(struct fe_lex *lex, struct fe_token *tok, struct fe_err *err)
{
	struct fe_str rest = { lex->text.p + lex->at, lex->text.n - lex->at };
	char printable[8];

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t n = strlen(signs[i].sign);

		if (rest.n < n || memcmp(rest.p, signs[i].sign, n) != 0)
			continue;
		if (signs[i].kind == FE_TOKEN_EQ && rest.n > 1 && rest.p[1] == '=') {
			fe_fail(err, FE_EUSAGE, "'==' is not an operator here: write '='");
			return fe_lex_at(lex->text, lex->at, FE_EUSAGE, err);
		}
		tok->kind = signs[i].kind;
		lex->at += n;
		return FE_OK;
	}
	if (rest.p[0] > ' ' && rest.p[0] < 0x7f)
		snprintf(printable, sizeof(printable), "'%c'", rest.p[0]);
	else
		snprintf(printable, sizeof(printable), "\\x%02x", (unsigned)(unsigned char)rest.p[0]);
	fe_fail(err, FE_EUSAGE, "the character %s means nothing here", printable);
	return fe_lex_at(lex->text, lex->at, FE_EUSAGE, err);
}

enum fe_rc
fe_lex_next(struct fe_lex *lex, struct fe_token *out, struct fe_err *err)
{
	unsigned char c;
	enum fe_rc rc;
	size_t start;

	skip_blanks(lex);
	start = lex->at;
	*out = (struct fe_token){ .kind = FE_TOKEN_END, .pos = (uint32_t)start };
	if (start >= lex->text.n)
		return FE_OK;
	c = byte_at(lex, start);
	if (c == '\'' || c == '"')
		return lex_quoted(lex, out, err);
	if (is_digit(c))
		rc = lex_number(lex, out, err);
	else if (is_name_start(c))
		rc = lex_name(lex, out);
	else
		rc = lex_sign(lex, out, err);
	out->raw = (struct fe_str){ lex->text.p + start, lex->at - start };
	out->text = out->raw;
	return rc;
}

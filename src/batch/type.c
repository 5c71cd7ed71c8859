// SPDX-License-Identifier: Apache-2.0
/* batch/type.c - type texts to types and back */
#include "batch/type.h"

#include <stdio.h>

#include "base/decimal.h"
#include "base/text.h"

static const char *const kind_names[FE_N_KINDS] = {
	[FE_TEXT] = "text", [FE_DECIMAL] = "decimal", [FE_INT] = "int",
	[FE_BOOL] = "bool", [FE_DATE] = "date",       [FE_TIMESTAMP] = "timestamp",
};

const char *fe_kind_name(enum fe_kind kind) { return kind_names[kind]; }

/* Takes digits off the front of *s; false where there are none or too many. */
static bool
take_number(struct fe_str *s, uint32_t at_most, uint32_t *out)
{
	uint64_t v = 0;
	size_t n = 0;
	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9') {
		v = v * 10 + (uint64_t)(s->p[n] - '0');
		if (v > at_most)
			return false;
		n++;
	}
	*s = (struct fe_str){ s->p + n, s->n - n };
	*out = (uint32_t)v;
	return n > 0;
}

static bool
take_char(struct fe_str *s, char c)
{
	while (s->n && s->p[0] == ' ')
		*s = (struct fe_str){ s->p + 1, s->n - 1 };
	if (!s->n || s->p[0] != c)
		return false;
	*s = (struct fe_str){ s->p + 1, s->n - 1 };
	while (s->n && s->p[0] == ' ')
		*s = (struct fe_str){ s->p + 1, s->n - 1 };
	return true;
}

static enum fe_rc
parse_text(struct fe_str rest, struct fe_type *out, struct fe_err *err)
{
	uint32_t n;
	if (rest.n == 0)
		return FE_OK;
	if (!take_char(&rest, '(') || !take_number(&rest, 1u << 20, &n) || n == 0 ||
	    !take_char(&rest, ')') || rest.n)
		return fe_fail(err, FE_EUSAGE, "text takes a length from 1 to 1048576, as text(20)");
	out->max_chars = n;
	return FE_OK;
}

static enum fe_rc
parse_decimal(struct fe_str rest, struct fe_type *out, struct fe_err *err)
{
	uint32_t p, s = 0;
	bool ok = take_char(&rest, '(') && take_number(&rest, FE_DECIMAL_MAX_PRECISION, &p) && p > 0;
	if (ok && take_char(&rest, ','))
		ok = take_number(&rest, p, &s);
	if (!ok || !take_char(&rest, ')') || rest.n)
		return fe_fail(err, FE_EUSAGE,
			       "decimal takes a precision from 1 to %d and a scale up to it, as decimal(12,2)",
			       FE_DECIMAL_MAX_PRECISION);
	out->precision = (uint8_t)p;
	out->scale = (uint8_t)s;
	return FE_OK;
}

enum fe_rc
fe_type_parse(struct fe_str text, struct fe_type *out, struct fe_err *err)
{
	size_t n_name = 0;
	while (n_name < text.n && text.p[n_name] >= 'a' && text.p[n_name] <= 'z')
		n_name++;
	struct fe_str name = { text.p, n_name };
	struct fe_str rest = { text.p + n_name, text.n - n_name };

	*out = (struct fe_type){ 0 };
	for (int k = 0; k < FE_N_KINDS; k++) {
		if (!fe_str_is(name, kind_names[k]))
			continue;
		out->kind = (enum fe_kind)k;
		if (k == FE_TEXT)
			return parse_text(rest, out, err);
		if (k == FE_DECIMAL)
			return parse_decimal(rest, out, err);
		if (rest.n)
			return fe_fail(err, FE_EUSAGE, "%s takes nothing in brackets", kind_names[k]);
		return FE_OK;
	}
	const char *near = fe_text_nearest(name, kind_names, FE_N_KINDS);
	return fe_fail(err, FE_EUSAGE,
		       "unknown type '%.*s'%s%s%s; types are text(n), decimal(p,s), int, bool, date, timestamp",
		       FE_STR_ARGS(text), near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
}

const char *
fe_type_print(struct fe_type type, char out[FE_TYPE_TEXT_BYTES])
{
	if (type.kind == FE_DECIMAL)
		(void)snprintf(out, FE_TYPE_TEXT_BYTES, "decimal(%u,%u)", type.precision, type.scale);
	else if (type.kind == FE_TEXT && type.max_chars)
		(void)snprintf(out, FE_TYPE_TEXT_BYTES, "text(%u)", type.max_chars);
	else
		(void)snprintf(out, FE_TYPE_TEXT_BYTES, "%s", kind_names[type.kind]);
	return out;
}

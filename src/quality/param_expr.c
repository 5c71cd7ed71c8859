// SPDX-License-Identifier: Apache-2.0
/* quality/param_expr.c - see quality/param_expr.h
 *
 * Operators wait on one stack, numbers on another, both of fixed depth; what binds at least as
 * tightly is applied before an operator is put down. Functions wait below their parenthesis.
 */
#include "quality/param_expr.h"

#include <math.h>

#include "base/double.h"
#include "base/text.h"

#define MAX_DEPTH 64

enum op { OP_OPEN, OP_ADD, OP_SUBTRACT, OP_MULTIPLY, OP_DIVIDE, OP_NEGATE, OP_POWER, OP_FUNCTION };

struct pending {
	enum op op;
	double (*function)(double);
};

struct evaluation {
	const char *p, *end;
	const struct fe_suite_param *params;
	size_t n_params;
	double numbers[MAX_DEPTH];
	struct pending ops[MAX_DEPTH];
	size_t n_numbers, n_ops;
	struct fe_err *err;
};

static double
sign_of(double v)
{
	return (v > 0) - (v < 0);
}

static const struct {
	const char *name;
	double (*function)(double);
} functions[] = {
	{ "abs", fabs }, { "sgn", sign_of }, { "round", rint }, { "trunc", trunc },
	{ "exp", exp },  { "sin", sin },     { "cos", cos },    { "tan", tan },
};
#define N_FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '.';
}

bool
fe_param_is_expr(struct fe_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!is_name_char(text.p[i]) && !fe_is_blank((unsigned char)text.p[i]))
			return true;
	}
	return false;
}

static enum fe_rc
failed(struct evaluation *e, const char *what)
{
	return fe_fail(e->err, FE_EUSAGE, "%s", what);
}

static enum fe_rc
push_number(struct evaluation *e, double v)
{
	if (e->n_numbers == MAX_DEPTH)
		return failed(e, "an expression that is nested too deep");
	if (!isfinite(v))
		return failed(e, "a division by zero, or a number that is too large");
	e->numbers[e->n_numbers++] = v;
	return FE_OK;
}

static enum fe_rc
push_op(struct evaluation *e, enum op op, double (*function)(double))
{
	if (e->n_ops == MAX_DEPTH)
		return failed(e, "an expression that is nested too deep");
	e->ops[e->n_ops++] = (struct pending){ op, function };
	return FE_OK;
}

static enum fe_rc
apply(struct evaluation *e)
{
	struct pending op = e->ops[--e->n_ops];
	bool is_binary = op.op != OP_NEGATE && op.op != OP_FUNCTION;
	double a = 0, b;

	if (e->n_numbers < 1 + (size_t)is_binary)
		return failed(e, "an operator without its numbers");
	b = e->numbers[--e->n_numbers];
	if (is_binary)
		a = e->numbers[--e->n_numbers];
	switch (op.op) {
	case OP_ADD:
		return push_number(e, a + b);
	case OP_SUBTRACT:
		return push_number(e, a - b);
	case OP_MULTIPLY:
		return push_number(e, a * b);
	case OP_DIVIDE:
		return b == 0 ? failed(e, "a division by zero") : push_number(e, a / b);
	case OP_POWER:
		return push_number(e, pow(a, b));
	case OP_NEGATE:
		return push_number(e, -b);
	case OP_FUNCTION:
		return push_number(e, op.function(b));
	case OP_OPEN:
		break;
	}
	return failed(e, "a parenthesis that does not end");
}

static int
strength(enum op op)
{
	static const int strengths[] = {
		[OP_OPEN] = 0,   [OP_ADD] = 1,    [OP_SUBTRACT] = 1, [OP_MULTIPLY] = 2,
		[OP_DIVIDE] = 2, [OP_NEGATE] = 3, [OP_POWER] = 4,    [OP_FUNCTION] = 5,
	};

	return strengths[op];
}

/* A binary operator: what binds as tightly is applied first; powers from the right. */
static enum fe_rc
put_operator(struct evaluation *e, char c)
{
	enum op op = c == '+' ? OP_ADD : c == '-' ? OP_SUBTRACT : c == '*' ? OP_MULTIPLY : c == '/' ? OP_DIVIDE : OP_POWER;

	while (e->n_ops && e->ops[e->n_ops - 1].op != OP_OPEN &&
	       strength(e->ops[e->n_ops - 1].op) + (op != OP_POWER) > strength(op))
		FE_TRY(apply(e));
	return push_op(e, op, NULL);
}

static enum fe_rc
put_name(struct evaluation *e, struct fe_str name, bool *is_function)
{
	double v;

	*is_function = false;
	for (size_t i = 0; i < N_FUNCTIONS; i++) {
		if (fe_str_is(name, functions[i].name)) {
			*is_function = true;
			return push_op(e, OP_FUNCTION, functions[i].function);
		}
	}
	if (fe_str_is(name, "PI"))
		return push_number(e, 3.14159265358979323846);
	if (fe_str_is(name, "E"))
		return push_number(e, 2.71828182845904523536);
	for (size_t i = 0; i < e->n_params; i++) {
		if (fe_str_is(name, e->params[i].name) && fe_double_parse(fe_text_trim(e->params[i].json), &v))
			return push_number(e, v);
	}
	if (fe_double_parse(name, &v))
		return push_number(e, v);
	return fe_fail(e->err, FE_EUSAGE, "'%.*s' is neither a number nor a parameter that is one", FE_STR_ARGS(name));
}

/* Where a value is to stand: signs, an opening parenthesis, a number or a name. *more: still one. */
static enum fe_rc
read_value(struct evaluation *e, bool *more)
{
	const char *start = e->p;
	bool is_function;
	char c = *e->p;

	*more = true;
	if (c == '-' || c == '+' || c == '(') {
		e->p++;
		return c == '+' ? FE_OK : push_op(e, c == '-' ? OP_NEGATE : OP_OPEN, NULL);
	}
	while (e->p < e->end && is_name_char(*e->p))
		e->p++;
	if (e->p == start)
		return failed(e, "a value is missing");
	FE_TRY(put_name(e, (struct fe_str){ start, (size_t)(e->p - start) }, &is_function));
	*more = is_function;
	return is_function && (e->p == e->end || *e->p != '(') ? failed(e, "a function without a parenthesis") : FE_OK;
}

/* After a value: an operator or a closing parenthesis. *more: a value follows. */
static enum fe_rc
read_operator(struct evaluation *e, bool *more)
{
	char c = *e->p++;

	*more = c != ')';
	if (*more)
		return memchr("+-*/^", c, 5) ? put_operator(e, c) : failed(e, "a character that is no operator");
	while (e->n_ops && e->ops[e->n_ops - 1].op != OP_OPEN)
		FE_TRY(apply(e));
	if (e->n_ops == 0)
		return failed(e, "a parenthesis that does not begin");
	e->n_ops--;
	if (e->n_ops && e->ops[e->n_ops - 1].op == OP_FUNCTION)
		return apply(e);
	return FE_OK;
}

enum fe_rc
fe_param_expr_eval(struct fe_str text, const struct fe_suite_param *params, size_t n_params, double *out,
                   struct fe_err *err)
{
	struct evaluation e = { .p = text.p, .end = text.p + text.n, .params = params, .n_params = n_params, .err = err };
	bool wants_value = true;

	for (; e.p < e.end;) {
		if (fe_is_blank((unsigned char)*e.p)) {
			e.p++;
			continue;
		}
		FE_TRY(wants_value ? read_value(&e, &wants_value) : read_operator(&e, &wants_value));
	}
	if (wants_value)
		return failed(&e, "a value is missing");
	while (e.n_ops)
		FE_TRY(apply(&e));
	*out = e.numbers[0];
	return FE_OK;
}

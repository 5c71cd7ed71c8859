// SPDX-License-Identifier: Apache-2.0
/* expr/build_value.c - arithmetic, steps in time, case
 *
 * + and - bring both sides to the greater scale first; * adds the scales; a quotient
 * waits for the round() that says its decimals, an interval for the date or timestamp
 * that it moves.
 */
#include "base/decimal.h"
#include "base/time.h"
#include "expr/build.h"

static unsigned scale_of(const struct fe_node *n) { return n->type.kind == FE_DECIMAL ? n->type.scale : 0; }

static uint8_t
precision_of(unsigned p)
{
	return (uint8_t)(p > FE_DECIMAL_MAX_PRECISION ? FE_DECIMAL_MAX_PRECISION : p ? p : 1);
}

/* Nulls take the other side's type; two of them are ints. Then both must be numbers. */
static enum fe_rc
expect_numbers(struct fe_build *b, const char *sign, uint32_t x, uint32_t y, uint32_t pos)
{
	struct fe_node *m = fe_build_node_at(b, x), *n = fe_build_node_at(b, y);
	char one[FE_TYPE_TEXT_BYTES], other[FE_TYPE_TEXT_BYTES];
	const char *hint = "";

	FE_TRY(fe_build_use(b, x));
	FE_TRY(fe_build_use(b, y));
	if (m->is_untyped)
		m->type = n->is_untyped ? (struct fe_type){ .kind = FE_INT } : n->type;
	if (n->is_untyped)
		n->type = m->type;
	m->is_untyped = n->is_untyped = false;
	if (fe_kind_is_number(m->type.kind) && fe_kind_is_number(n->type.kind))
		return FE_OK;
	if (fe_kind_is_time(m->type.kind) || fe_kind_is_time(n->type.kind))
		hint = "; a date or timestamp is moved by days(n), hours(n) or minutes(n)";
	else if (m->type.kind == FE_TEXT && n->type.kind == FE_TEXT)
		hint = "; texts are joined by ||";
	return fe_build_at(b, pos, fe_fail(b->err, FE_EUSAGE, "'%s' takes numbers, and these are %s and %s%s", sign,
	                                   fe_type_print(m->type, one), fe_type_print(n->type, other), hint));
}

static enum fe_rc
add_or_subtract(struct fe_build *b, enum fe_op op, uint32_t x, uint32_t y, uint32_t pos,
		uint32_t *out)
{
	struct fe_node n = { .op = op, .type = { .kind = FE_INT }, .pos = pos };
	const struct fe_node *l, *r;
	unsigned scale, digits;

	FE_TRY(expect_numbers(b, op == FE_OP_ADD ? "+" : "-", x, y, pos));
	l = fe_build_node_at(b, x);
	r = fe_build_node_at(b, y);
	if (l->type.kind == FE_DECIMAL || r->type.kind == FE_DECIMAL) {
		scale = scale_of(l) > scale_of(r) ? scale_of(l) : scale_of(r);
		digits = fe_build_digits(l) > fe_build_digits(r) ? fe_build_digits(l) : fe_build_digits(r);
		n.type = (struct fe_type){ .kind = FE_DECIMAL, .scale = (uint8_t)scale,
			                   .precision = precision_of(digits + 1 + scale) };
		FE_TRY(fe_build_rescale(b, x, scale, &x));
		FE_TRY(fe_build_rescale(b, y, scale, &y));
	}
	return fe_build_node(b, n, (uint32_t[]){ x, y }, 2, out);
}

static enum fe_rc
multiply(struct fe_build *b, uint32_t x, uint32_t y, uint32_t pos, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_MULTIPLY, .type = { .kind = FE_INT }, .pos = pos };
	const struct fe_node *l, *r;
	unsigned scale;

	FE_TRY(expect_numbers(b, "*", x, y, pos));
	l = fe_build_node_at(b, x);
	r = fe_build_node_at(b, y);
	scale = scale_of(l) + scale_of(r);
	if (scale > FE_DECIMAL_MAX_PRECISION)
		return fe_build_at(b, pos, fe_fail(b->err, FE_EUSAGE,
		                                   "this product has %u decimals and a decimal at most %d: round() a factor",
		                                   scale, FE_DECIMAL_MAX_PRECISION));
	if (l->type.kind == FE_DECIMAL || r->type.kind == FE_DECIMAL)
		n.type = (struct fe_type){ .kind = FE_DECIMAL, .scale = (uint8_t)scale,
			                   .precision = precision_of(fe_build_digits(l) + fe_build_digits(r) + scale) };
	return fe_build_node(b, n, (uint32_t[]){ x, y }, 2, out);
}

/* x + days(n): the unit of the interval in the unit of x, days or microseconds. */
static enum fe_rc
move_time(struct fe_build *b, uint32_t x, uint32_t interval, bool is_back, uint32_t pos,
	  uint32_t *out)
{
	int64_t unit_us = fe_build_node_at(b, interval)->value;
	struct fe_node n = { .op = FE_OP_ADD_TIME, .type = { .kind = FE_TIMESTAMP }, .pos = pos };
	struct fe_node *time = fe_build_node_at(b, x);
	char type[FE_TYPE_TEXT_BYTES];
	uint32_t count = *(b->e->args + fe_build_node_at(b, interval)->first_arg);

	FE_TRY(fe_build_use(b, x));
	if (time->is_untyped)
		FE_TRY(fe_build_expect(b, x, FE_TIMESTAMP, "an interval"));
	if (!fe_kind_is_time(time->type.kind))
		return fe_build_at(b, pos, fe_fail(b->err, FE_EUSAGE,
		                                   "days(), hours() and minutes() move a date or timestamp, and this is %s",
		                                   fe_type_print(time->type, type)));
	if (time->type.kind == FE_DATE && unit_us == 0) {
		n.type.kind = FE_DATE;
		n.value = 1;
	} else {
		n.value = unit_us ? unit_us : FE_US_PER_DAY;
		FE_TRY(fe_build_to_timestamp(b, x, &x));
	}
	n.value = is_back ? -n.value : n.value;
	return fe_build_node(b, n, (uint32_t[]){ x, count }, 2, out);
}

enum fe_rc
fe_build_arithmetic(struct fe_build *b, enum fe_op op, uint32_t x, uint32_t y, uint32_t pos,
		    uint32_t *out)
{
	bool is_step = op == FE_OP_ADD || op == FE_OP_SUBTRACT;
	struct fe_node n = { .op = op, .pos = pos };

	if (is_step && fe_build_node_at(b, y)->op == FE_OP_INTERVAL)
		return move_time(b, x, y, op == FE_OP_SUBTRACT, pos, out);
	if (op == FE_OP_ADD && fe_build_node_at(b, x)->op == FE_OP_INTERVAL)
		return move_time(b, y, x, false, pos, out);
	if (is_step)
		return add_or_subtract(b, op, x, y, pos, out);
	if (op == FE_OP_MULTIPLY)
		return multiply(b, x, y, pos, out);
	if (op == FE_OP_DIVIDE) {
		FE_TRY(expect_numbers(b, "/", x, y, pos));
		n.type = (struct fe_type){ .kind = FE_DECIMAL, .precision = FE_DECIMAL_MAX_PRECISION };
	} else {
		FE_TRY(fe_build_expect(b, x, FE_TEXT, "'||'"));
		FE_TRY(fe_build_expect(b, y, FE_TEXT, "'||'"));
		n.type = (struct fe_type){ .kind = FE_TEXT };
	}
	return fe_build_node(b, n, (uint32_t[]){ x, y }, 2, out);
}

enum fe_rc
fe_build_negate(struct fe_build *b, uint32_t x, uint32_t pos, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_NEGATE, .pos = pos };
	char type[FE_TYPE_TEXT_BYTES];

	FE_TRY(fe_build_use(b, x));
	if (fe_build_node_at(b, x)->is_untyped)
		FE_TRY(fe_build_expect(b, x, FE_INT, "'-'"));
	n.type = fe_build_node_at(b, x)->type;
	if (!fe_kind_is_number(n.type.kind))
		return fe_build_at(b, pos, fe_fail(b->err, FE_EUSAGE, "'-' takes a number, and this is %s",
		                                   fe_type_print(n.type, type)));
	return fe_build_node(b, n, &x, 1, out);
}

enum fe_rc
fe_build_case(struct fe_build *b, uint32_t *parts, size_t n_parts, uint32_t pos, uint32_t *out)
{
	size_t n_values = (n_parts + 1) / 2;
	uint32_t *values = fe_arena_alloc(&b->e->arena, n_values * sizeof(*values));
	struct fe_node n = { .op = FE_OP_CASE, .pos = pos };

	for (size_t i = 0; i < n_parts; i++) {
		bool is_else = i + 1 == n_parts && n_parts % 2;

		if (i % 2 || is_else)
			values[i / 2] = parts[i];
		else
			FE_TRY(fe_build_expect(b, parts[i], FE_BOOL, "'when'"));
	}
	FE_TRY(fe_build_unify(b, values, n_values, "'case'", pos, &n.type));
	for (size_t i = 0; i < n_parts; i++)
		if (i % 2 || i + 1 == n_parts)
			parts[i] = values[i / 2];
	return fe_build_node(b, n, parts, n_parts, out);
}

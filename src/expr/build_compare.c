// SPDX-License-Identifier: Apache-2.0
/* expr/build_compare.c - conditions: logic, comparisons, lists, patterns
 *
 * A constant is brought to the right side and to the type and scale of what it is
 * compared with, once, so that the loop compares plain int64s: `n > 0.5` of an int is
 * `n > 0`. A constant that no value can equal or pass leaves a comparison with the
 * smallest int64, which has the right answer for every value and null for null.
 */
#include <stdlib.h>

#include "base/decimal.h"
#include "base/time.h"
#include "expr/build.h"
#include "expr/kernel.h"

static const struct fe_type bool_type = { .kind = FE_BOOL };

enum fe_rc
fe_build_logic(struct fe_build *b, enum fe_op op, uint32_t x, uint32_t y, uint32_t pos,
	       uint32_t *out)
{
	struct fe_node n = { .op = op, .type = bool_type, .pos = pos };
	const char *what = op == FE_OP_AND ? "'and'" : "'or'";

	FE_TRY(fe_build_expect(b, x, FE_BOOL, what));
	FE_TRY(fe_build_expect(b, y, FE_BOOL, what));
	return fe_build_node(b, n, (uint32_t[]){ x, y }, 2, out);
}

enum fe_rc
fe_build_not(struct fe_build *b, uint32_t x, uint32_t pos, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_NOT, .type = bool_type, .pos = pos };

	FE_TRY(fe_build_expect(b, x, FE_BOOL, "'not'"));
	return fe_build_node(b, n, &x, 1, out);
}

enum fe_rc
fe_build_is_null(struct fe_build *b, uint32_t x, uint32_t pos, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_IS_NULL, .type = bool_type, .pos = pos };

	FE_TRY(fe_build_use(b, x));
	fe_build_node_at(b, x)->is_untyped = false;
	return fe_build_node(b, n, &x, 1, out);
}

/* How a constant lies to the values of a scale. */
enum fit { EXACT, BETWEEN_TWO, ABOVE_ALL, BELOW_ALL };

/* v / 10^from as a value of scale `to`, rounded down. */
static enum fit
scale_constant(int64_t v, unsigned from, unsigned to, int64_t *out)
{
	int64_t unit, rest;

	if (from <= to) {
		if (__builtin_mul_overflow(v, fe_pow10[to - from], out))
			return v > 0 ? ABOVE_ALL : BELOW_ALL;
		return EXACT;
	}
	unit = fe_pow10[from - to];
	rest = v % unit;
	*out = v / unit - (rest < 0);
	return rest ? BETWEEN_TWO : EXACT;
}

/* The comparison with a whole constant that says the same as `compare v` does. */
static void
exact_comparison(enum fit fit, enum fe_compare *compare, int64_t *v)
{
	bool is_always = *compare == FE_NE;

	if (fit == EXACT)
		return;
	if (fit == BETWEEN_TWO && *compare != FE_EQ && *compare != FE_NE) {
		*compare = *compare == FE_LT || *compare == FE_LE ? FE_LE : FE_GT;
		return;
	}
	if (fit == ABOVE_ALL)
		is_always |= *compare == FE_LT || *compare == FE_LE;
	if (fit == BELOW_ALL)
		is_always |= *compare == FE_GT || *compare == FE_GE;
	*compare = is_always ? FE_GE : FE_LT;
	*v = INT64_MIN;
}

static unsigned scale_of(struct fe_type t) { return t.kind == FE_DECIMAL ? t.scale : 0; }

/* y is a literal and x is none, both numbers: y becomes one of x's type. */
static enum fe_rc
align_constant(struct fe_build *b, enum fe_compare *compare, uint32_t x, uint32_t *y)
{
	struct fe_node n = *fe_build_node_at(b, *y);
	struct fe_type type = fe_build_node_at(b, x)->type;
	int64_t v = n.value;

	if (!n.is_null)
		exact_comparison(scale_constant(n.value, scale_of(n.type), scale_of(type), &v), compare, &v);
	n.type = type;
	n.value = v;
	return fe_build_node(b, n, NULL, 0, y);
}

static enum fe_compare
mirrored(enum fe_compare compare)
{
	switch (compare) {
	case FE_LT: return FE_GT;
	case FE_LE: return FE_GE;
	case FE_GT: return FE_LT;
	case FE_GE: return FE_LE;
	default: return compare;
	}
}

/* A null takes the other side's type; two nulls are as good as two texts. */
static void
type_nulls(struct fe_build *b, uint32_t x, uint32_t y)
{
	struct fe_node *m = fe_build_node_at(b, x), *n = fe_build_node_at(b, y);

	if (m->is_untyped && !n->is_untyped)
		m->type = n->type;
	else if (n->is_untyped && !m->is_untyped)
		n->type = m->type;
	m->is_untyped = n->is_untyped = false;
}

enum fe_rc
fe_build_compare(struct fe_build *b, enum fe_compare compare, uint32_t x, uint32_t y, uint32_t pos,
		 uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_COMPARE, .type = bool_type, .pos = pos };
	struct fe_type x_type, y_type;

	FE_TRY(fe_build_use(b, x));
	FE_TRY(fe_build_use(b, y));
	type_nulls(b, x, y);
	FE_TRY(fe_build_comparable(b, x, y, pos));
	x_type = fe_build_node_at(b, x)->type;
	y_type = fe_build_node_at(b, y)->type;
	if (x_type.kind == FE_BOOL && compare != FE_EQ && compare != FE_NE)
		return fe_build_at(b, pos, fe_fail(b->err, FE_EUSAGE, "bools are compared by = and <> only"));
	if (x_type.kind != y_type.kind && fe_kind_is_time(x_type.kind)) {
		FE_TRY(fe_build_to_timestamp(b, x, &x));
		FE_TRY(fe_build_to_timestamp(b, y, &y));
	}
	if (fe_node_is_literal(fe_build_node_at(b, x)) && !fe_node_is_literal(fe_build_node_at(b, y))) {
		uint32_t swap = x;

		x = y;
		y = swap;
		compare = mirrored(compare);
	}
	if (fe_kind_is_number(x_type.kind) && fe_node_is_literal(fe_build_node_at(b, y)) &&
	    !fe_node_is_literal(fe_build_node_at(b, x)))
		FE_TRY(align_constant(b, &compare, x, &y));
	n.detail = (uint8_t)compare;
	return fe_build_node(b, n, (uint32_t[]){ x, y }, 2, out);
}

enum fe_rc
fe_build_between(struct fe_build *b, uint32_t x, uint32_t low, uint32_t high, uint32_t pos,
		 uint32_t *out)
{
	uint32_t above, below;

	FE_TRY(fe_build_compare(b, FE_GE, x, low, pos, &above));
	FE_TRY(fe_build_compare(b, FE_LE, x, high, pos, &below));
	return fe_build_logic(b, FE_OP_AND, above, below, pos, out);
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int
by_length(const void *a, const void *b)
{
	const struct fe_str *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return x->n ? memcmp(x->p, y->p, x->n) : 0;
}

/* A time constant in the units of the other kind; false where none is equal to it. */
static bool
time_constant(const struct fe_node *n, enum fe_kind kind, int64_t *out)
{
	*out = n->value;
	if (kind == n->type.kind)
		return true;
	if (kind == FE_TIMESTAMP)
		return !__builtin_mul_overflow(n->value, FE_US_PER_DAY, out);
	*out = n->value / FE_US_PER_DAY;
	return n->value % FE_US_PER_DAY == 0;
}

static void
add_member(struct fe_set *set, struct fe_type type, const struct fe_node *n)
{
	int64_t v;

	if (n->is_null) {
		set->has_null = true;
	} else if (type.kind == FE_TEXT) {
		set->lengths |= UINT64_C(1) << (n->text.n < 63 ? n->text.n : 63);
		set->texts[set->n++] = n->text;
	} else if (fe_kind_is_number(type.kind)) {
		/* A constant that no value of the column can equal adds nothing. */
		if (scale_constant(n->value, scale_of(n->type), scale_of(type), &v) == EXACT)
			set->values[set->n++] = v;
	} else if (time_constant(n, type.kind, &v)) {
		set->values[set->n++] = v;
	}
}

static void
sort_set(struct fe_set *set)
{
	size_t n = 0;

	if (set->texts)
		qsort(set->texts, set->n, sizeof(*set->texts), by_length);
	else
		qsort(set->values, set->n, sizeof(*set->values), by_value);
	for (size_t i = 0; i < set->n; i++) {
		if (i > 0 && (set->texts ? fe_str_eq(set->texts[i], set->texts[n - 1])
		                         : set->values[i] == set->values[n - 1]))
			continue;
		if (set->texts)
			set->texts[n++] = set->texts[i];
		else
			set->values[n++] = set->values[i];
	}
	set->n = n;
}

/* x in the constants among members; those are marked done by FE_NO_REG. */
static enum fe_rc
in_constants(struct fe_build *b, uint32_t x, uint32_t *members, size_t n_members, uint32_t pos,
	     uint32_t *out)
{
	struct fe_type type = fe_build_node_at(b, x)->type;
	struct fe_set *set = fe_arena_alloc_zero(&b->e->arena, sizeof(*set));
	struct fe_node n = { .op = FE_OP_IN, .type = bool_type, .pos = pos, .set = set };

	if (type.kind == FE_TEXT)
		set->texts = fe_arena_alloc(&b->e->arena, n_members * sizeof(*set->texts));
	else
		set->values = fe_arena_alloc(&b->e->arena, n_members * sizeof(*set->values));
	for (size_t i = 0; i < n_members; i++) {
		const struct fe_node *m = fe_build_node_at(b, members[i]);

		if (!fe_node_is_literal(m))
			continue;
		if (!m->is_null)
			FE_TRY(fe_build_comparable(b, x, members[i], m->pos));
		add_member(set, type, m);
		members[i] = FE_NO_REG;
	}
	sort_set(set);
	return fe_build_node(b, n, &x, 1, out);
}

/* The type of x, if it is a bare null, from the first member that has one. */
static void
type_by_members(struct fe_build *b, uint32_t x, const uint32_t *members, size_t n_members)
{
	for (size_t i = 0; i < n_members; i++)
		if (!fe_build_node_at(b, members[i])->is_untyped) {
			type_nulls(b, x, members[i]);
			return;
		}
	fe_build_node_at(b, x)->is_untyped = false;
}

/* Constants together, the rest one by one: x in (1, 2, y) is x in (1, 2) or x = y. */
enum fe_rc
fe_build_in(struct fe_build *b, uint32_t x, const uint32_t *members, size_t n_members, uint32_t pos,
	    uint32_t *out)
{
	uint32_t *left = fe_arena_alloc(&b->e->arena, n_members * sizeof(*left));
	bool is_known = false;
	size_t n_literals = 0;

	FE_TRY(fe_build_use(b, x));
	for (size_t i = 0; i < n_members; i++) {
		FE_TRY(fe_build_use(b, members[i]));
		left[i] = members[i];
		n_literals += fe_node_is_literal(fe_build_node_at(b, members[i]));
	}
	type_by_members(b, x, members, n_members);
	if (n_literals > 1 && !fe_node_is_literal(fe_build_node_at(b, x)) &&
	    fe_build_node_at(b, x)->type.kind != FE_BOOL) {
		FE_TRY(in_constants(b, x, left, n_members, pos, out));
		is_known = true;
	}
	for (size_t i = 0; i < n_members; i++) {
		uint32_t is_equal;

		if (left[i] == FE_NO_REG)
			continue;
		FE_TRY(fe_build_compare(b, FE_EQ, x, left[i], fe_build_node_at(b, left[i])->pos, &is_equal));
		if (is_known)
			FE_TRY(fe_build_logic(b, FE_OP_OR, *out, is_equal, pos, out));
		else
			*out = is_equal;
		is_known = true;
	}
	return FE_OK;
}

enum fe_rc
fe_build_like(struct fe_build *b, uint32_t x, struct fe_str pattern, struct fe_str escape,
	      uint32_t pos, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_LIKE, .type = bool_type, .pos = pos };
	enum fe_rc rc;

	FE_TRY(fe_build_expect(b, x, FE_TEXT, "'like'"));
	rc = fe_like_new(&n.like, pattern, escape, &b->e->arena, b->err);
	if (rc)
		return fe_build_at(b, pos, rc);
	return fe_build_node(b, n, &x, 1, out);
}

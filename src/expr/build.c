// SPDX-License-Identifier: Apache-2.0
/* expr/build.c - leaves, common types, and how a node is added */
#include "expr/build.h"

#include "base/decimal.h"
#include "base/text.h"
#include "base/time.h"

static bool
folds(const struct fe_build *b, const struct fe_node *n)
{
	if (n->n_args == 0 || n->op == FE_OP_MATCHES || n->op == FE_OP_DIVIDE || n->op == FE_OP_INTERVAL)
		return false;
	for (size_t i = 0; i < n->n_args; i++)
		if (!fe_node_is_literal(fe_node_arg(b->e, n, i)))
			return false;
	return true;
}

enum fe_rc
fe_build_node(struct fe_build *b, struct fe_node node, const uint32_t *args, size_t n_args,
	      uint32_t *out)
{
	struct fe_expr *e = b->e;
	struct fe_node *n;
	enum fe_rc rc;

	if (e->n_nodes >= FE_EXPR_MAX_NODES)
		return fe_build_at(b, node.pos, fe_fail(b->err, FE_ELIMIT, "this expression has more than %d operations",
		                                        FE_EXPR_MAX_NODES));
	e->args = fe_grow(e->args, &e->cap_args, e->n_args + n_args, sizeof(*e->args));
	e->nodes = fe_grow(e->nodes, &e->cap_nodes, e->n_nodes + 1, sizeof(*e->nodes));
	node.first_arg = (uint32_t)e->n_args;
	node.n_args = (uint32_t)n_args;
	node.is_scalar = node.op != FE_OP_COLUMN;
	node.type.max_chars = 0;
	for (size_t i = 0; i < n_args; i++) {
		e->args[e->n_args++] = args[i];
		node.is_scalar &= e->nodes[args[i]].is_scalar;
	}
	n = &e->nodes[e->n_nodes];
	*n = node;
	*out = (uint32_t)e->n_nodes++;
	if (!folds(b, n))
		return FE_OK;
	rc = fe_expr_fold(e, n, b->err);
	return rc ? fe_build_at(b, n->pos, rc) : FE_OK;
}

static enum fe_rc
add_literal(struct fe_build *b, struct fe_type type, int64_t value, uint32_t pos, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_LITERAL, .type = type, .value = value, .pos = pos, .text = FE_STR("") };

	return fe_build_node(b, n, NULL, 0, out);
}

enum fe_rc
fe_build_null(struct fe_build *b, uint32_t pos, uint32_t *out)
{
	FE_TRY(add_literal(b, (struct fe_type){ .kind = FE_TEXT }, 0, pos, out));
	fe_build_node_at(b, *out)->is_null = true;
	fe_build_node_at(b, *out)->is_untyped = true;
	return FE_OK;
}

enum fe_rc
fe_build_bool(struct fe_build *b, bool v, uint32_t pos, uint32_t *out)
{
	return add_literal(b, (struct fe_type){ .kind = FE_BOOL }, v, pos, out);
}

enum fe_rc
fe_build_text(struct fe_build *b, struct fe_str text, uint32_t pos, uint32_t *out)
{
	FE_TRY(add_literal(b, (struct fe_type){ .kind = FE_TEXT }, 0, pos, out));
	fe_build_node_at(b, *out)->text = text;
	return FE_OK;
}

enum fe_rc
fe_build_number(struct fe_build *b, const struct fe_token *tok, bool is_negative, uint32_t pos,
		uint32_t *out)
{
	struct fe_type type = { .kind = FE_INT };
	uint64_t digits = is_negative ? 0 - tok->digits : tok->digits;

	if (tok->has_point)
		type = (struct fe_type){ .kind = FE_DECIMAL, .precision = tok->precision, .scale = tok->scale };
	else if (!is_negative && tok->digits > INT64_MAX)
		return fe_build_at(b, pos, fe_fail(b->err, FE_EUSAGE, "this number is too long: an int has 64 bits"));
	return add_literal(b, type, (int64_t)digits, pos, out);
}

enum fe_rc
fe_build_time(struct fe_build *b, enum fe_kind kind, const struct fe_token *tok, uint32_t *out)
{
	enum fe_time_why why;
	int32_t days = 0;
	int64_t us = 0;

	why = kind == FE_DATE ? fe_date_parse(tok->text, NULL, &days) : fe_timestamp_parse(tok->text, NULL, NULL, &us);
	if (why == FE_TIME_NO_ZONE)
		return fe_build_at(b, tok->pos, fe_fail(b->err, FE_EUSAGE,
		                                        "a timestamp needs its offset: timestamp '%.*sZ' for UTC",
		                                        FE_STR_ARGS(tok->text)));
	if (why != FE_TIME_OK)
		return fe_build_at(b, tok->pos, fe_fail(b->err, FE_EUSAGE, "'%.*s' is not a %s (%s): write %s",
		                                        FE_STR_ARGS(tok->text), fe_kind_name(kind), fe_time_why_code(why),
		                                        kind == FE_DATE ? "date '2026-01-31'"
		                                                        : "timestamp '2026-01-31 10:00Z'"));
	return add_literal(b, (struct fe_type){ .kind = kind }, kind == FE_DATE ? days : us, tok->pos, out);
}

static enum fe_rc
no_column(struct fe_build *b, struct fe_str name, uint32_t pos)
{
	const char *names[FE_MAX_COLUMNS], *near;
	size_t n_names = 0;
	enum fe_rc rc;

	for (size_t i = 0; i < b->n_visible && n_names < FE_MAX_COLUMNS; i++)
		names[n_names++] = b->schema->fields[i].name;
	near = fe_text_nearest(name, names, n_names);
	if (fe_schema_find(b->schema, name) != FE_NO_COLUMN)
		rc = fe_fail(b->err, FE_EUSAGE, "the column '%.*s' comes later: only columns before this one can be used here",
		             FE_STR_ARGS(name));
	else if (near)
		rc = fe_fail(b->err, FE_EUSAGE, "there is no column '%.*s'; did you mean '%s'?", FE_STR_ARGS(name), near);
	else
		rc = fe_fail(b->err, FE_EUSAGE, "there is no column '%.*s'", FE_STR_ARGS(name));
	return fe_build_at(b, pos, rc);
}

enum fe_rc
fe_build_column(struct fe_build *b, struct fe_str name, uint32_t pos, uint32_t *out)
{
	size_t column = fe_schema_find(b->schema, name);
	struct fe_node n = { .op = FE_OP_COLUMN, .pos = pos, .column = column };

	if (column >= b->n_visible) /* FE_NO_COLUMN too */
		return no_column(b, name, pos);
	n.type = b->schema->fields[column].type;
	n.text = (struct fe_str){ fe_arena_copy(&b->e->arena, name.p, name.n), name.n };
	return fe_build_node(b, n, NULL, 0, out);
}

enum fe_rc
fe_build_use(const struct fe_build *b, uint32_t x)
{
	const struct fe_node *n = fe_build_node_at(b, x);

	if (n->op == FE_OP_DIVIDE)
		return fe_build_at(b, n->pos, fe_fail(b->err, FE_EUSAGE,
		                                      "a quotient has to say its decimals: write round(x / y, 2)"));
	if (n->op == FE_OP_INTERVAL)
		return fe_build_at(b, n->pos, fe_fail(b->err, FE_EUSAGE,
		                                      "days(), hours() and minutes() stand only after + or - of a date or "
		                                      "timestamp"));
	return FE_OK;
}

enum fe_rc
fe_build_expect(struct fe_build *b, uint32_t x, enum fe_kind kind, const char *what)
{
	struct fe_node *n = fe_build_node_at(b, x);
	char type[FE_TYPE_TEXT_BYTES];

	FE_TRY(fe_build_use(b, x));
	if (n->is_untyped) {
		n->is_untyped = false;
		n->type = (struct fe_type){ .kind = kind };
	}
	if (n->type.kind == kind)
		return FE_OK;
	return fe_build_at(b, n->pos, fe_fail(b->err, FE_EUSAGE, "%s takes %s, and this is %s", what,
	                                      fe_kind_name(kind), fe_type_print(n->type, type)));
}

unsigned fe_build_digits(const struct fe_node *n)
{
	uint64_t v = (uint64_t)(n->value < 0 ? 0 - (uint64_t)n->value : (uint64_t)n->value);
	unsigned digits = 0;

	if (n->type.kind == FE_DECIMAL)
		return n->type.precision > n->type.scale ? (unsigned)(n->type.precision - n->type.scale) : 0u;
	if (!fe_node_is_literal(n))
		return FE_DECIMAL_MAX_PRECISION;
	for (; v; v /= 10)
		digits++;
	return digits < FE_DECIMAL_MAX_PRECISION ? digits : FE_DECIMAL_MAX_PRECISION;
}

static uint8_t
precision_of(unsigned digits, unsigned scale)
{
	unsigned p = digits + scale;

	return (uint8_t)(p > FE_DECIMAL_MAX_PRECISION ? FE_DECIMAL_MAX_PRECISION : p ? p : 1);
}

enum fe_rc
fe_build_rescale(struct fe_build *b, uint32_t x, unsigned scale, uint32_t *out)
{
	const struct fe_node *from = fe_build_node_at(b, x);
	unsigned from_scale = from->type.kind == FE_DECIMAL ? from->type.scale : 0;
	struct fe_node n = { .op = FE_OP_RESCALE, .pos = from->pos, .detail = (uint8_t)(scale - from_scale) };

	*out = x;
	if (from->type.kind == FE_DECIMAL && from_scale == scale)
		return FE_OK;
	n.type = (struct fe_type){ .kind = FE_DECIMAL, .scale = (uint8_t)scale,
		                   .precision = precision_of(fe_build_digits(from), scale) };
	return fe_build_node(b, n, &x, 1, out);
}

enum fe_rc
fe_build_to_timestamp(struct fe_build *b, uint32_t x, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_TO_TIMESTAMP, .type = { .kind = FE_TIMESTAMP },
		             .pos = fe_build_node_at(b, x)->pos };

	*out = x;
	if (fe_build_node_at(b, x)->type.kind == FE_TIMESTAMP)
		return FE_OK;
	return fe_build_node(b, n, &x, 1, out);
}

/* Widens *common so that it holds values of n too; false where no type does. */
static bool
widen(struct fe_type *common, const struct fe_node *n)
{
	struct fe_type t = n->type;

	if (fe_kind_is_number(common->kind) && fe_kind_is_number(t.kind)) {
		struct fe_node so_far = { .op = FE_OP_COLUMN, .type = *common };
		unsigned digits = fe_build_digits(&so_far), more = fe_build_digits(n);
		uint8_t scale = common->scale > t.scale ? common->scale : t.scale;

		if (common->kind == FE_INT && t.kind == FE_INT)
			return true;
		*common = (struct fe_type){ .kind = FE_DECIMAL, .scale = scale,
			                    .precision = precision_of(digits > more ? digits : more, scale) };
		return true;
	}
	if (fe_kind_is_time(common->kind) && fe_kind_is_time(t.kind)) {
		if (common->kind != t.kind)
			common->kind = FE_TIMESTAMP;
		return true;
	}
	return common->kind == t.kind;
}

static enum fe_rc
common_type(struct fe_build *b, const uint32_t *ids, size_t n_ids, const char *what, uint32_t pos,
	    struct fe_type *out)
{
	bool is_known = false;

	for (size_t i = 0; i < n_ids; i++) {
		const struct fe_node *n = fe_build_node_at(b, ids[i]);
		char one[FE_TYPE_TEXT_BYTES], other[FE_TYPE_TEXT_BYTES];

		FE_TRY(fe_build_use(b, ids[i]));
		if (n->is_untyped)
			continue;
		if (!is_known) {
			*out = n->type;
			is_known = true;
		} else if (!widen(out, n)) {
			return fe_build_at(b, n->pos, fe_fail(b->err, FE_EUSAGE, "%s cannot mix %s and %s", what,
			                                      fe_type_print(*out, one), fe_type_print(n->type, other)));
		}
	}
	if (!is_known)
		return fe_build_at(b, pos, fe_fail(b->err, FE_EUSAGE, "%s has only nulls: its type is not known", what));
	return FE_OK;
}

enum fe_rc
fe_build_unify(struct fe_build *b, uint32_t *ids, size_t n_ids, const char *what, uint32_t pos,
	       struct fe_type *out)
{
	FE_TRY(common_type(b, ids, n_ids, what, pos, out));
	for (size_t i = 0; i < n_ids; i++) {
		struct fe_node *n = fe_build_node_at(b, ids[i]);

		if (n->is_untyped) {
			n->is_untyped = false;
			n->type = *out;
		} else if (out->kind == FE_DECIMAL) {
			FE_TRY(fe_build_rescale(b, ids[i], out->scale, &ids[i]));
		} else if (out->kind == FE_TIMESTAMP) {
			FE_TRY(fe_build_to_timestamp(b, ids[i], &ids[i]));
		}
	}
	return FE_OK;
}

enum fe_rc
fe_build_comparable(const struct fe_build *b, uint32_t x, uint32_t y, uint32_t pos)
{
	const struct fe_node *m = fe_build_node_at(b, x), *n = fe_build_node_at(b, y);
	enum fe_kind k = m->type.kind, l = n->type.kind;
	bool has_text = k == FE_TEXT || l == FE_TEXT;
	char one[FE_TYPE_TEXT_BYTES], other[FE_TYPE_TEXT_BYTES];
	const char *hint = "";

	FE_TRY(fe_build_use(b, x));
	FE_TRY(fe_build_use(b, y));
	if (k == l || (fe_kind_is_number(k) && fe_kind_is_number(l)) || (fe_kind_is_time(k) && fe_kind_is_time(l)))
		return FE_OK;
	if (has_text && (fe_kind_is_number(k) || fe_kind_is_number(l)))
		hint = "; numbers are written without quotes";
	else if (has_text && (fe_kind_is_time(k) || fe_kind_is_time(l)))
		hint = "; write date '2026-01-31' or timestamp '2026-01-31 10:00Z'";
	else if (has_text && (k == FE_BOOL || l == FE_BOOL))
		hint = "; bools are written true and false, without quotes";
	return fe_build_at(b, pos, fe_fail(b->err, FE_EUSAGE, "%s and %s do not compare%s", fe_type_print(m->type, one),
	                                   fe_type_print(n->type, other), hint));
}

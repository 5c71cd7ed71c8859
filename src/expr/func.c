// SPDX-License-Identifier: Apache-2.0
/* expr/func.c - the functions, by one table: name, arguments, help, how a call is built */
#include "base/decimal.h"
#include "base/regex.h"
#include "base/text.h"
#include "base/zone.h"
#include "expr/build.h"
#include "expr/kernel.h"

struct call {
	const struct function *f;
	uint32_t *args;
	size_t n_args;
	uint32_t pos;
	char what[24]; /* "year()" */
};

typedef enum fe_rc build_fn(struct fe_build *b, const struct call *c, uint32_t *out);

struct function {
	const char *name;
	uint8_t least_args, most_args;
	build_fn *build;
	enum fe_op op;
	int64_t detail; /* a part, or the unit of an interval */
};

/* A literal text of the argument; the language wants some that are known beforehand. */
static enum fe_rc
literal_text(struct fe_build *b, const struct call *c, size_t i, const char *meaning,
	     struct fe_str *out)
{
	const struct fe_node *n = fe_build_node_at(b, c->args[i]);

	if (!fe_node_is_literal(n) || n->is_null || n->type.kind != FE_TEXT)
		return fe_build_at(b, n->pos, fe_fail(b->err, FE_EUSAGE, "%s takes %s as a text in single quotes here",
		                                      c->what, meaning));
	*out = n->text;
	return FE_OK;
}

/* The optional zone of argument 1; UTC is none. */
static enum fe_rc
open_zone(struct fe_build *b, const struct call *c, const struct fe_zone **out)
{
	struct fe_expr *e = b->e;
	struct fe_zone *zone;
	struct fe_str name = { 0 };
	enum fe_rc rc;

	*out = NULL;
	if (c->n_args < 2)
		return FE_OK;
	FE_TRY(literal_text(b, c, 1, "a time zone", &name));
	if (fe_build_node_at(b, c->args[0])->type.kind == FE_DATE)
		return fe_build_at(b, fe_build_node_at(b, c->args[1])->pos,
		                   fe_fail(b->err, FE_EUSAGE, "a date is the same in every zone: leave the zone out"));
	/* Names end at a NUL there, so one inside would hide the rest. */
	rc = memchr(name.p, '\0', name.n)
	             ? fe_fail(b->err, FE_EUSAGE, "there is no such time zone")
	             : fe_zone_open(&zone, fe_arena_copy(&e->arena, name.p, name.n), b->err);
	if (rc)
		return fe_build_at(b, fe_build_node_at(b, c->args[1])->pos, rc);
	e->zones = fe_grow(e->zones, &e->cap_zones, e->n_zones + 1, sizeof(*e->zones));
	e->zones[e->n_zones++] = zone;
	*out = zone;
	return FE_OK;
}

static enum fe_rc
expect_time(struct fe_build *b, const struct call *c)
{
	const struct fe_node *n = fe_build_node_at(b, c->args[0]);
	char type[FE_TYPE_TEXT_BYTES];

	FE_TRY(fe_build_use(b, c->args[0]));
	if (n->is_untyped)
		return fe_build_expect(b, c->args[0], FE_TIMESTAMP, c->what);
	if (fe_kind_is_time(n->type.kind))
		return FE_OK;
	return fe_build_at(b, n->pos, fe_fail(b->err, FE_EUSAGE, "%s takes a date or timestamp, and this is %s",
	                                      c->what, fe_type_print(n->type, type)));
}

static enum fe_rc
expect_number(struct fe_build *b, const struct call *c)
{
	const struct fe_node *n = fe_build_node_at(b, c->args[0]);
	char type[FE_TYPE_TEXT_BYTES];

	FE_TRY(fe_build_use(b, c->args[0]));
	if (n->is_untyped)
		return fe_build_expect(b, c->args[0], FE_INT, c->what);
	if (fe_kind_is_number(n->type.kind))
		return FE_OK;
	return fe_build_at(b, n->pos, fe_fail(b->err, FE_EUSAGE, "%s takes a number, and this is %s", c->what,
	                                      fe_type_print(n->type, type)));
}

static enum fe_rc
build_part(struct fe_build *b, const struct call *c, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_PART, .type = { .kind = FE_INT }, .pos = c->pos,
		             .detail = (uint8_t)c->f->detail };

	FE_TRY(expect_time(b, c));
	FE_TRY(open_zone(b, c, &n.zone));
	return fe_build_node(b, n, c->args, 1, out);
}

static enum fe_rc
build_date(struct fe_build *b, const struct call *c, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_TO_DATE, .type = { .kind = FE_DATE }, .pos = c->pos };

	FE_TRY(expect_time(b, c));
	FE_TRY(open_zone(b, c, &n.zone));
	*out = c->args[0];
	if (fe_build_node_at(b, c->args[0])->type.kind == FE_DATE)
		return FE_OK;
	return fe_build_node(b, n, c->args, 1, out);
}

static enum fe_rc
build_now(struct fe_build *b, const struct call *c, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_NOW, .type = { .kind = FE_TIMESTAMP }, .pos = c->pos };

	return fe_build_node(b, n, NULL, 0, out);
}

static enum fe_rc
build_interval(struct fe_build *b, const struct call *c, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_INTERVAL, .type = { .kind = FE_INT }, .pos = c->pos, .value = c->f->detail };

	FE_TRY(fe_build_expect(b, c->args[0], FE_INT, c->what));
	return fe_build_node(b, n, c->args, 1, out);
}

static enum fe_rc
build_abs(struct fe_build *b, const struct call *c, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_ABS, .pos = c->pos };

	FE_TRY(expect_number(b, c));
	n.type = fe_build_node_at(b, c->args[0])->type;
	return fe_build_node(b, n, c->args, 1, out);
}

static enum fe_rc
decimals_of_round(struct fe_build *b, const struct call *c, unsigned *out)
{
	const struct fe_node *n = c->n_args > 1 ? fe_build_node_at(b, c->args[1]) : NULL;

	*out = 0;
	if (!n)
		return FE_OK;
	if (!fe_node_is_literal(n) || n->is_null || n->type.kind != FE_INT || n->value < 0 ||
	    n->value > FE_DECIMAL_MAX_PRECISION)
		return fe_build_at(b, n->pos, fe_fail(b->err, FE_EUSAGE, "round() takes a number of decimals from 0 to %d here",
		                                      FE_DECIMAL_MAX_PRECISION));
	*out = (unsigned)n->value;
	return FE_OK;
}

static enum fe_rc
build_round(struct fe_build *b, const struct call *c, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_ROUND, .pos = c->pos };
	const struct fe_node *x = fe_build_node_at(b, c->args[0]);
	unsigned scale, p;

	FE_TRY(decimals_of_round(b, c, &scale));
	n.type = (struct fe_type){ .kind = FE_DECIMAL, .precision = FE_DECIMAL_MAX_PRECISION, .scale = (uint8_t)scale };
	if (x->op == FE_OP_DIVIDE) {
		uint32_t xy[2] = { b->e->args[x->first_arg], b->e->args[x->first_arg + 1] };

		n.op = FE_OP_ROUND_DIVIDE;
		return fe_build_node(b, n, xy, 2, out);
	}
	FE_TRY(expect_number(b, c));
	*out = c->args[0];
	if (x->type.kind == FE_INT && scale == 0)
		return FE_OK;
	if (x->type.kind == FE_INT || x->type.scale <= scale)
		return fe_build_rescale(b, c->args[0], scale, out);
	p = fe_build_digits(x) + 1 + scale; /* 9.9 rounds to 10 */
	n.type.precision = (uint8_t)(p < FE_DECIMAL_MAX_PRECISION ? p : FE_DECIMAL_MAX_PRECISION);
	return fe_build_node(b, n, c->args, 1, out);
}

/* coalesce, nullif, least, greatest: any one type. */
static enum fe_rc
build_choice(struct fe_build *b, const struct call *c, uint32_t *out)
{
	struct fe_node n = { .op = c->f->op, .pos = c->pos };

	FE_TRY(fe_build_unify(b, c->args, c->n_args, c->what, c->pos, &n.type));
	if (n.type.kind == FE_BOOL && (n.op == FE_OP_LEAST || n.op == FE_OP_GREATEST))
		return fe_build_at(b, c->pos, fe_fail(b->err, FE_EUSAGE, "%s does not take bools: they have no order", c->what));
	return fe_build_node(b, n, c->args, c->n_args, out);
}

/* Texts to a text: lower, upper, trim, concat. */
static enum fe_rc
build_text(struct fe_build *b, const struct call *c, uint32_t *out)
{
	struct fe_node n = { .op = c->f->op, .type = { .kind = FE_TEXT }, .pos = c->pos };

	for (size_t i = 0; i < c->n_args; i++)
		FE_TRY(fe_build_expect(b, c->args[i], FE_TEXT, c->what));
	return fe_build_node(b, n, c->args, c->n_args, out);
}

static enum fe_rc
build_length(struct fe_build *b, const struct call *c, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_LENGTH, .type = { .kind = FE_INT }, .pos = c->pos };

	FE_TRY(fe_build_expect(b, c->args[0], FE_TEXT, c->what));
	return fe_build_node(b, n, c->args, 1, out);
}

static enum fe_rc
build_substr(struct fe_build *b, const struct call *c, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_SUBSTR, .type = { .kind = FE_TEXT }, .pos = c->pos };

	FE_TRY(fe_build_expect(b, c->args[0], FE_TEXT, c->what));
	for (size_t i = 1; i < c->n_args; i++)
		FE_TRY(fe_build_expect(b, c->args[i], FE_INT, c->what));
	return fe_build_node(b, n, c->args, c->n_args, out);
}

static enum fe_rc
build_matches(struct fe_build *b, const struct call *c, uint32_t *out)
{
	struct fe_node n = { .op = FE_OP_MATCHES, .type = { .kind = FE_BOOL }, .pos = c->pos };
	struct fe_expr *e = b->e;
	struct fe_regex *pattern;
	struct fe_str text = { 0 };
	enum fe_rc rc;

	FE_TRY(fe_build_expect(b, c->args[0], FE_TEXT, c->what));
	FE_TRY(literal_text(b, c, 1, "a pattern", &text));
	rc = fe_regex_new(&pattern, text, 0, b->err);
	if (rc)
		return fe_build_at(b, fe_build_node_at(b, c->args[1])->pos, rc);
	e->patterns = fe_grow(e->patterns, &e->cap_patterns, e->n_patterns + 1, sizeof(*e->patterns));
	e->patterns[e->n_patterns++] = pattern;
	n.pattern = pattern;
	return fe_build_node(b, n, c->args, 1, out);
}

#define US_PER_MINUTE INT64_C(60000000)

/* name, least and most arguments, how it is built, operation, detail, help */
#define FUNCTION_MAP(X)                                                        \
	X("year", 1, 2, build_part, FE_OP_PART, FE_YEAR, "year(t [, zone]) - year of a date or timestamp, in UTC or in the zone") \
	X("month", 1, 2, build_part, FE_OP_PART, FE_MONTH, "month(t [, zone]) - month, 1 to 12") \
	X("day", 1, 2, build_part, FE_OP_PART, FE_DAY, "day(t [, zone]) - day of the month, 1 to 31") \
	X("dayofweek", 1, 2, build_part, FE_OP_PART, FE_DAYOFWEEK, "dayofweek(t [, zone]) - Monday is 0, Sunday 6") \
	X("hour", 1, 2, build_part, FE_OP_PART, FE_HOUR, "hour(t [, zone]) - hour, 0 to 23; 0 of a date") \
	X("minute", 1, 2, build_part, FE_OP_PART, FE_MINUTE, "minute(t [, zone]) - minute, 0 to 59; 0 of a date") \
	X("second", 1, 2, build_part, FE_OP_PART, FE_SECOND, "second(t [, zone]) - whole second, 0 to 59; 0 of a date") \
	X("date", 1, 2, build_date, FE_OP_TO_DATE, 0, "date(t [, zone]) - the day of a timestamp, in UTC or in the zone") \
	X("now", 0, 0, build_now, FE_OP_NOW, 0, "now() - the run time, the same for all rows of a run") \
	X("days", 1, 1, build_interval, FE_OP_INTERVAL, 0, "days(n) - after + or -: n days (of 24 hours, for a timestamp)") \
	X("hours", 1, 1, build_interval, FE_OP_INTERVAL, 60 * US_PER_MINUTE, "hours(n) - after + or -: n hours; of a date makes a timestamp") \
	X("minutes", 1, 1, build_interval, FE_OP_INTERVAL, US_PER_MINUTE, "minutes(n) - after + or -: n minutes; of a date makes a timestamp") \
	X("abs", 1, 1, build_abs, FE_OP_ABS, 0, "abs(x) - x without its sign") \
	X("round", 1, 2, build_round, FE_OP_ROUND, 0, "round(x [, n]) - to n decimals (0), half away from zero; round(x / y, n) is the only division") \
	X("coalesce", 1, 255, build_choice, FE_OP_COALESCE, 0, "coalesce(x, ...) - the first that is not null") \
	X("nullif", 2, 2, build_choice, FE_OP_NULLIF, 0, "nullif(x, y) - x, but null where x = y") \
	X("least", 1, 255, build_choice, FE_OP_LEAST, 0, "least(x, ...) - the least; null if any is null") \
	X("greatest", 1, 255, build_choice, FE_OP_GREATEST, 0, "greatest(x, ...) - the greatest; null if any is null") \
	X("lower", 1, 1, build_text, FE_OP_LOWER, 0, "lower(s) - in lower case") \
	X("upper", 1, 1, build_text, FE_OP_UPPER, 0, "upper(s) - in upper case") \
	X("trim", 1, 1, build_text, FE_OP_TRIM, 0, "trim(s) - without white space at both ends") \
	X("length", 1, 1, build_length, FE_OP_LENGTH, 0, "length(s) - number of characters (code points)") \
	X("substr", 2, 3, build_substr, FE_OP_SUBSTR, 0, "substr(s, start [, n]) - n characters, or all, from the start-th (from 1)") \
	X("concat", 1, 255, build_text, FE_OP_CONCAT, 0, "concat(s, ...) - joined, as s || ...; null if any is null") \
	X("matches", 2, 2, build_matches, FE_OP_MATCHES, 0, "matches(s, 'pattern') - whether the PCRE2 pattern is found anywhere in s")

static const struct function functions[] = {
#define FE_X(n, least, most, fn, o, d, help) { .name = n, .least_args = least, .most_args = most, .build = fn, .op = o, .detail = d },
	FUNCTION_MAP(FE_X)
#undef FE_X
};
#define N_FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

static const char *const function_names[] = {
#define FE_X(n, least, most, fn, o, d, help) n,
	FUNCTION_MAP(FE_X)
#undef FE_X
};

static const char *const function_help[] = {
#define FE_X(n, least, most, fn, o, d, help) help,
	FUNCTION_MAP(FE_X)
#undef FE_X
};

const char *const *
fe_expr_function_help(size_t *n)
{
	*n = N_FUNCTIONS;
	return function_help;
}

static const struct function *
find(struct fe_str name)
{
	for (size_t i = 0; i < N_FUNCTIONS; i++)
		if (fe_text_casecmp_ascii(name, fe_str_of(functions[i].name)) == 0)
			return &functions[i];
	return NULL;
}

enum fe_rc
fe_build_know_function(const struct fe_build *b, struct fe_str name, uint32_t pos)
{
	const char *near;
	enum fe_rc rc;

	if (find(name))
		return FE_OK;
	near = fe_text_nearest(name, function_names, N_FUNCTIONS);
	rc = near ? fe_fail(b->err, FE_EUSAGE, "there is no function '%.*s'; did you mean '%s'?", FE_STR_ARGS(name), near)
	          : fe_fail(b->err, FE_EUSAGE, "there is no function '%.*s'", FE_STR_ARGS(name));
	return fe_build_at(b, pos, rc);
}

enum fe_rc
fe_build_call(struct fe_build *b, struct fe_str name, uint32_t *args, size_t n_args, uint32_t pos,
	      uint32_t *out)
{
	const struct function *f = find(name);
	struct call c = { .f = f, .args = args, .n_args = n_args, .pos = pos };
	size_t i = 0;

	FE_TRY(fe_build_know_function(b, name, pos));
	for (; f->name[i]; i++) /* the longest name has 9 letters */
		c.what[i] = f->name[i];
	memcpy(c.what + i, "()", 3);
	if (n_args < f->least_args || n_args > f->most_args)
		return fe_build_at(b, pos, fe_fail(b->err, FE_EUSAGE, "%s has %zu argument%s here: write %s", c.what, n_args,
		                                   n_args == 1 ? "" : "s", function_help[f - functions]));
	return f->build(b, &c, out);
}

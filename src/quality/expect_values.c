// SPDX-License-Identifier: Apache-2.0
/* quality/expect_values.c - each value of a column: within bounds, in a set, in order
 *
 * Bounds become the least and the greatest number, scaled as the column is, that lie within
 * them: found once, exactly, and then a batch is two comparisons a row whatever the type.
 */
#include "base/mem.h"
#include "quality/keyset.h"
#include "quality/kinds.h"
#include "quality/literal.h"
#include "quality/value_set.h"

#define NONNULL "column_values.nonnull.condition"

/* The rows that take part and have a value; how many. */
static size_t
take_considered(const struct fe_column *c, const struct fe_view *v, uint64_t *considered)
{
	size_t n = 0;

	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++) {
		considered[w] = v->rows[w] & c->valid[w];
		n += (size_t)__builtin_popcountll(considered[w]);
	}
	return n;
}

static const struct fe_column *
column_of(const struct fe_expectation *x, const struct fe_view *v)
{
	return &v->batch->columns[x->columns[0]];
}

static void
free_state(struct fe_expectation *x)
{
	fe_free(x->state);
	x->state = NULL;
}

static bool
flag(const struct fe_suite_item *item, const char *name)
{
	return fe_suite_kwarg(item, name)->one.is_true;
}

static void
add_name(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_buf_add_str(out, fe_suite_kwarg(item, "column")->one.text);
}

/* ---- between ---- */

static const char *const of_between[] = { "column_values.between.condition", NULL };

struct range {
	int64_t low, high; /* both within; low above high where nothing is */
	const char *clash; /* why values cannot be compared with the bounds; NULL: they can */
};

/* The order of a number of the column and a bound. */
static int
order_of(struct fe_type type, int64_t v, const struct fe_literal *bound)
{
	switch (type.kind) {
	case FE_DATE:
		return (v > bound->days) - (v < bound->days);
	case FE_TIMESTAMP:
		return (v > bound->us) - (v < bound->us);
	default:
		return fe_suite_number_compare(v, type.kind == FE_DECIMAL ? type.scale : 0, &bound->number);
	}
}

/* The least number that is above the bound, or equal to it where that is enough; false: none. */
static bool
least_above(struct fe_type type, const struct fe_literal *bound, bool is_strict, int64_t *out)
{
	int64_t from = INT64_MIN, to = INT64_MAX;

	if (order_of(type, to, bound) < (int)is_strict)
		return false;
	while (from < to) {
		int64_t middle = from + (int64_t)(((uint64_t)to - (uint64_t)from) / 2);
		if (order_of(type, middle, bound) >= (int)is_strict)
			to = middle;
		else
			from = middle + 1;
	}
	*out = from;
	return true;
}

static void
set_range(struct fe_type type, const struct fe_suite_item *item, struct range *r)
{
	const struct fe_literal *min = &fe_suite_kwarg(item, "min_value")->one;
	const struct fe_literal *max = &fe_suite_kwarg(item, "max_value")->one;
	int64_t above;

	*r = (struct range){ .low = INT64_MIN, .high = INT64_MAX };
	if (min->kind && !least_above(type, min, flag(item, "strict_min"), &r->low))
		*r = (struct range){ .low = INT64_MAX, .high = INT64_MIN };
	/* What is not above max: strictly, what is not even equal to it. */
	if (max->kind && least_above(type, max, !flag(item, "strict_max"), &above)) {
		if (above == INT64_MIN)
			*r = (struct range){ .low = INT64_MAX, .high = INT64_MIN };
		else if (above - 1 < r->high)
			r->high = above - 1;
	}
}

/* In Python's words: bounds are float, date or datetime there. */
static const char *
clash_of(enum fe_kind column, enum fe_literal_kind bound)
{
	bool is_number = bound == FE_LITERAL_NUMBER;

	switch (column) {
	case FE_TEXT:
		return "Column values, min_value, and max_value must either be None or of the same type.";
	case FE_DATE:
		return bound == FE_LITERAL_DATE ? NULL
		       : is_number ? "'>=' not supported between instances of 'datetime.date' and 'float'"
		                   : "can't compare datetime.datetime to datetime.date";
	case FE_TIMESTAMP:
		return bound == FE_LITERAL_INSTANT ? NULL
		       : is_number ? "Invalid comparison between dtype=datetime64[us, UTC] and float"
		       : bound == FE_LITERAL_DATE
		               ? "Invalid comparison between dtype=datetime64[us, UTC] and date"
		               : "Invalid comparison between dtype=datetime64[us, UTC] and datetime";
	default:
		return is_number ? NULL : "'>=' not supported between a number and a moment";
	}
}

/* Bounds against each other: false where their kinds do not compare. */
static bool
bounds_order(const struct fe_literal *min, const struct fe_literal *max, int *order)
{
	if (min->kind != max->kind)
		return false;
	switch (min->kind) {
	case FE_LITERAL_NUMBER: {
		double a = min->number.value, b = max->number.value;
		*order = (a > b) - (a < b);
		return true;
	}
	case FE_LITERAL_DATE:
		*order = (min->days > max->days) - (min->days < max->days);
		return true;
	default:
		*order = (min->us > max->us) - (min->us < max->us);
		return true;
	}
}

static void
check_between(const struct fe_suite_item *item, struct fe_buf *mistake)
{
	if (!fe_suite_kwarg(item, "min_value")->is_set && !fe_suite_kwarg(item, "max_value")->is_set)
		fe_buf_add_text(mistake, "min_value and max_value cannot both be None");
}

static enum fe_rc
bind_between(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_literal *min = &fe_suite_kwarg(x->item, "min_value")->one;
	const struct fe_literal *max = &fe_suite_kwarg(x->item, "max_value")->one;
	struct fe_type type = x->schema->fields[x->columns[0]].type;
	struct range *r = fe_new(struct range);
	int order = 0;

	(void)err;
	x->state = r;
	if (min->kind && max->kind && !bounds_order(min, max, &order))
		fe_expectation_raise(x, of_between, "min_value and max_value are of different types");
	else if (order > 0)
		fe_expectation_raise(x, of_between, "min_value cannot be greater than max_value");
	if (min->kind)
		r->clash = clash_of(type.kind, min->kind);
	if (max->kind && !r->clash)
		r->clash = clash_of(type.kind, max->kind);
	if (!r->clash && x->exception.form == FE_EXCEPTION_NONE)
		set_range(type, x->item, r);
	return FE_OK;
}

static inline uint64_t
word_outside_i64(const int64_t *values, size_t n, int64_t low, int64_t high)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++)
		bits |= (uint64_t)((values[i] < low) | (values[i] > high)) << i;
	return bits;
}

static inline uint64_t
word_outside_days(const int32_t *values, size_t n, int64_t low, int64_t high)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++)
		bits |= (uint64_t)((values[i] < low) | (values[i] > high)) << i;
	return bits;
}

static uint64_t
word_outside(const struct fe_column *c, size_t w, size_t n, const struct range *r)
{
	bool is_true_out = 1 < r->low || 1 > r->high, is_false_out = 0 < r->low || 0 > r->high;

	switch (c->type.kind) {
	case FE_DATE:
		return word_outside_days(c->days + w * 64, n, r->low, r->high);
	case FE_BOOL:
		return (is_true_out ? c->bits[w] : 0) | (is_false_out ? ~c->bits[w] : 0);
	default:
		return word_outside_i64(c->i64 + w * 64, n, r->low, r->high);
	}
}

static enum fe_rc
judge_between(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
              struct fe_err *err)
{
	const struct fe_column *c = column_of(x, v);
	const struct range *r = x->state;

	(void)err;
	if (take_considered(c, v, considered) == 0)
		return FE_OK;
	if (r->clash) { /* only now: GX compares nothing where there are no values */
		fe_expectation_raise(x, of_between, "%s", r->clash);
		return FE_OK;
	}
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++) {
		size_t n = v->n_rows - w * 64 < 64 ? v->n_rows - w * 64 : 64;
		if (considered[w])
			unexpected[w] = considered[w] & word_outside(c, w, n, r);
	}
	return FE_OK;
}

static void
add_bound(struct fe_buf *out, const struct fe_literal *bound)
{
	fe_buf_add_str(out, bound->text.p ? bound->text : bound->raw);
}

static void
describe_between(const struct fe_suite_item *item, struct fe_buf *out)
{
	const struct fe_literal *min = &fe_suite_kwarg(item, "min_value")->one;
	const struct fe_literal *max = &fe_suite_kwarg(item, "max_value")->one;
	bool strict_min = flag(item, "strict_min"), strict_max = flag(item, "strict_max");

	add_name(item, out);
	if (min->kind && max->kind && !strict_min && !strict_max) {
		fe_buf_add_text(out, " is between ");
		add_bound(out, min);
		fe_buf_add_text(out, " and ");
		add_bound(out, max);
		return;
	}
	if (min->kind) {
		fe_buf_add_text(out, strict_min ? " is more than " : " is at least ");
		add_bound(out, min);
	}
	if (max->kind) {
		fe_buf_add_text(out, min->kind ? " and" : " is");
		fe_buf_add_text(out, strict_max ? " less than " : " at most ");
		add_bound(out, max);
	}
}

/* ---- in a set, not in a set ---- */

static const char *const of_not_in_set[] = { "column_values.not_in_set.condition", NULL };

static enum fe_rc
bind_set(struct fe_expectation *x, enum fe_moment_texts how, struct fe_err *err)
{
	x->state = fe_new(struct fe_value_set);
	return fe_value_set_init(x->state, x->schema->fields[x->columns[0]].type, how,
	                         fe_suite_kwarg(x->item, "value_set"), err);
}

static enum fe_rc
bind_in_set(struct fe_expectation *x, struct fe_err *err)
{
	return bind_set(x, FE_MOMENT_TEXTS_NEVER, err);
}

static enum fe_rc
bind_not_in_set(struct fe_expectation *x, struct fe_err *err)
{
	return bind_set(x, FE_MOMENT_TEXTS_TIMESTAMPS, err);
}

/* Rows whose value is in the set. */
static void
find_members(const struct fe_column *c, size_t n_rows, const struct fe_value_set *set, const uint64_t *rows,
             uint64_t *found)
{
	bool is_text = c->type.kind == FE_TEXT;

	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++) {
		uint64_t members = 0;

		for (uint64_t m = rows[w]; m; m &= m - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(m);
			size_t row = w * 64 + bit;
			bool is_member = is_text ? fe_value_set_has_text(set, c->text[row])
			                         : fe_value_set_has_number(set, fe_keyset_number(c, row));
			members |= (uint64_t)is_member << bit;
		}
		found[w] = members;
	}
}

static enum fe_rc
judge_in_set(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
             struct fe_err *err)
{
	const struct fe_column *c = column_of(x, v);

	(void)err;
	if (take_considered(c, v, considered) == 0)
		return FE_OK;
	find_members(c, v->n_rows, x->state, considered, unexpected);
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++)
		unexpected[w] ^= considered[w];
	return FE_OK;
}

static enum fe_rc
judge_not_in_set(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
                 struct fe_err *err)
{
	const struct fe_column *c = column_of(x, v);
	const struct fe_value_set *set = x->state;

	(void)err;
	if (take_considered(c, v, considered) == 0)
		return FE_OK;
	if (set->no_moment)
		fe_expectation_raise(x, of_not_in_set, "Unknown datetime string format, unable to parse: %.*s",
		                     FE_STR_ARGS(set->no_moment->text));
	else
		find_members(c, v->n_rows, set, considered, unexpected);
	return FE_OK;
}

static void
reset_set(struct fe_expectation *x)
{
	if (x->state)
		fe_value_set_reset(x->state);
	free_state(x);
}

static void
describe_in_set(const struct fe_suite_item *item, struct fe_buf *out)
{
	add_name(item, out);
	fe_buf_add_text(out, " is one of ");
	fe_value_set_describe(fe_suite_kwarg(item, "value_set"), out);
}

static void
describe_not_in_set(const struct fe_suite_item *item, struct fe_buf *out)
{
	add_name(item, out);
	fe_buf_add_text(out, " is none of ");
	fe_value_set_describe(fe_suite_kwarg(item, "value_set"), out);
}

/* ---- increasing, decreasing ---- */

struct previous {
	bool has_one;
	int64_t value;
};

static enum fe_rc
bind_order(struct fe_expectation *x, struct fe_err *err)
{
	(void)err;
	x->state = fe_new(struct previous);
	return FE_OK;
}

/* -1, 0, 1. Of bools pandas takes the exclusive or, which is never less than nothing. */
static int
step(enum fe_kind kind, int64_t from, int64_t to)
{
	return kind == FE_BOOL ? from != to : (to > from) - (to < from);
}

/* Each value against the last one before it that is not null. direction: 1 up, -1 down. */
static void
judge_order(struct fe_expectation *x, const struct fe_view *v, int direction, const uint64_t *considered,
            uint64_t *unexpected)
{
	const struct fe_column *c = column_of(x, v);
	struct previous *previous = x->state;
	int least = flag(x->item, "strictly") ? 1 : 0;

	for (size_t row = fe_bits_next(considered, v->n_rows, 0); row < v->n_rows;
	     row = fe_bits_next(considered, v->n_rows, row + 1)) {
		int64_t value = fe_keyset_number(c, row);
		if (previous->has_one && direction * step(c->type.kind, previous->value, value) < least)
			fe_bit_set(unexpected, row);
		*previous = (struct previous){ .has_one = true, .value = value };
	}
}

static enum fe_rc
judge_rows_in_order(struct fe_expectation *x, const struct fe_view *v, const char *const *metrics, int direction,
                    uint64_t *considered, uint64_t *unexpected)
{
	const struct fe_column *c = column_of(x, v);
	struct previous *previous = x->state;

	if (take_considered(c, v, considered) == 0)
		return FE_OK;
	if (c->type.kind != FE_TEXT)
		judge_order(x, v, direction, considered, unexpected);
	else if (previous->has_one || fe_bits_count(considered, v->n_rows) > 1)
		fe_expectation_raise(x, metrics, "unsupported operand type(s) for -: 'str' and 'str'");
	previous->has_one = true;
	return FE_OK;
}

static enum fe_rc
judge_increasing(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
                 struct fe_err *err)
{
	static const char *const metrics[] = { "column_values.increasing.condition", NULL };

	(void)err;
	return judge_rows_in_order(x, v, metrics, 1, considered, unexpected);
}

static enum fe_rc
judge_decreasing(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
                 struct fe_err *err)
{
	static const char *const metrics[] = { "column_values.decreasing.condition", NULL };

	(void)err;
	return judge_rows_in_order(x, v, metrics, -1, considered, unexpected);
}

static void
describe_increasing(const struct fe_suite_item *item, struct fe_buf *out)
{
	add_name(item, out);
	fe_buf_add_text(out, flag(item, "strictly") ? " increases with every row" : " never decreases");
}

static void
describe_decreasing(const struct fe_suite_item *item, struct fe_buf *out)
{
	add_name(item, out);
	fe_buf_add_text(out, flag(item, "strictly") ? " decreases with every row" : " never increases");
}

/* ---- the kinds ---- */

static const struct fe_kwarg_spec between_kwargs[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	{ .name = "min_value", .kind = FE_KWARG_BOUND, .may_be_null = true },
	{ .name = "max_value", .kind = FE_KWARG_BOUND, .may_be_null = true },
	{ .name = "strict_min", .kind = FE_KWARG_BOOL, .default_json = "false" },
	{ .name = "strict_max", .kind = FE_KWARG_BOOL, .default_json = "false" },
	FE_KWARGS_OF_MAPS,
	{ .name = NULL },
};

static const struct fe_kwarg_spec set_kwargs[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	{ .name = "value_set", .kind = FE_KWARG_VALUES, .is_required = true },
	FE_KWARGS_OF_MAPS,
	{ .name = NULL },
};

static const struct fe_kwarg_spec order_kwargs[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	{ .name = "strictly", .kind = FE_KWARG_BOOL, .may_be_null = true },
	FE_KWARGS_OF_MAPS,
	{ .name = NULL },
};

const struct fe_expectation_kind fe_kinds_values[] = {
	{ .type = "expect_column_values_to_be_between", .domain = FE_DOMAIN_COLUMN, .is_map = true,
	  .metrics = { "column_values.between.condition", NONNULL }, .kwargs = between_kwargs,
	  .check = check_between, .bind = bind_between, .judge = judge_between, .reset = free_state,
	  .describe = describe_between },
	{ .type = "expect_column_values_to_be_in_set", .domain = FE_DOMAIN_COLUMN, .is_map = true,
	  .metrics = { "column_values.in_set.condition", NONNULL }, .kwargs = set_kwargs, .bind = bind_in_set,
	  .judge = judge_in_set, .reset = reset_set, .describe = describe_in_set },
	{ .type = "expect_column_values_to_not_be_in_set", .domain = FE_DOMAIN_COLUMN, .is_map = true,
	  .metrics = { "column_values.not_in_set.condition", NONNULL }, .kwargs = set_kwargs,
	  .bind = bind_not_in_set, .judge = judge_not_in_set, .reset = reset_set,
	  .describe = describe_not_in_set },
	{ .type = "expect_column_values_to_be_increasing", .domain = FE_DOMAIN_COLUMN, .is_map = true,
	  .metrics = { "column_values.increasing.condition", NONNULL }, .kwargs = order_kwargs,
	  .bind = bind_order, .judge = judge_increasing, .reset = free_state, .describe = describe_increasing },
	{ .type = "expect_column_values_to_be_decreasing", .domain = FE_DOMAIN_COLUMN, .is_map = true,
	  .metrics = { "column_values.decreasing.condition", NONNULL }, .kwargs = order_kwargs,
	  .bind = bind_order, .judge = judge_decreasing, .reset = free_state, .describe = describe_decreasing },
	{ .type = NULL },
};

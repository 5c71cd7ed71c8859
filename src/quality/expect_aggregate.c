// SPDX-License-Identifier: Apache-2.0
/* quality/expect_aggregate.c - one figure of a column: min, max, mean, sum, stdev
 *
 * All of a batch's values are taken out as integers, 64 rows at a time, and go into sums that
 * lose nothing (quality/moments.h); the figure is made at the end. Texts have a least and a
 * greatest, which only dates and moments can bound; of them and of dates there is no mean.
 */
#include "base/mem.h"
#include "quality/column_order.h"
#include "quality/figure.h"
#include "quality/kinds.h"
#include "quality/moments.h"
#include "quality/numbers.h"

/* The longest text that is kept as the least or greatest; cells are shorter. */
#define MAX_TEXT_BYTES ((size_t)64 << 20)

struct aggregate {
	struct fe_moments moments; /* n counts texts, too */
	int64_t least, greatest;
	struct fe_buf text;        /* the least or the greatest one */
	struct fe_figure figure;
};

static enum fe_rc
bind(struct fe_expectation *x, struct fe_err *err)
{
	struct aggregate *a = fe_new(struct aggregate);

	(void)err;
	a->least = INT64_MAX;
	a->greatest = INT64_MIN;
	fe_buf_init(&a->text, MAX_TEXT_BYTES);
	x->state = a;
	return FE_OK;
}

static void
reset(struct fe_expectation *x)
{
	struct aggregate *a = x->state;

	if (a)
		fe_buf_reset(&a->text);
	fe_free(a);
	x->state = NULL;
}

static const struct fe_column *
column_of(const struct fe_expectation *x, const struct fe_view *v)
{
	return &v->batch->columns[x->columns[0]];
}

static struct fe_type
type_of(const struct fe_expectation *x)
{
	return x->schema->fields[x->columns[0]].type;
}

static void
print(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	const struct aggregate *a = x->state;

	(void)set;
	fe_figure_print(j, "observed_value", &a->figure, fe_figure_is_masked(x));
}

/* ---- min, max ---- */

/* sign: 1 looks for the greatest, -1 for the least. UTF-8 is in the order of code points. */
static enum fe_rc
feed_texts(struct aggregate *a, const struct fe_column *c, const struct fe_view *v, int sign, struct fe_err *err)
{
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++) {
		for (uint64_t mask = v->rows[w] & c->valid[w]; mask != 0; mask &= mask - 1) {
			struct fe_str text = c->text[w * 64 + (size_t)__builtin_ctzll(mask)];

			if (a->moments.n++ != 0 && fe_text_order(text, fe_buf_str(&a->text)) * sign <= 0)
				continue;
			fe_buf_clear(&a->text);
			fe_buf_add_str(&a->text, text);
		}
	}
	return fe_buf_check(&a->text, "the least or greatest text of a column", err);
}

static enum fe_rc
feed_extremes(struct fe_expectation *x, const struct fe_view *v, int sign, struct fe_err *err)
{
	const struct fe_column *c = column_of(x, v);
	struct aggregate *a = x->state;
	int64_t values[64];

	if (c->type.kind == FE_TEXT)
		return feed_texts(a, c, v, sign, err);
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++) {
		size_t n = fe_numbers_take(c, w, v->rows[w] & c->valid[w], values);

		for (size_t i = 0; i < n; i++) {
			a->least = values[i] < a->least ? values[i] : a->least;
			a->greatest = values[i] > a->greatest ? values[i] : a->greatest;
		}
		a->moments.n += n;
	}
	return FE_OK;
}

static enum fe_rc
feed_min(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err)
{
	return feed_extremes(x, v, -1, err);
}

static enum fe_rc
feed_max(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err)
{
	return feed_extremes(x, v, 1, err);
}

static enum fe_rc
end_extreme(struct fe_expectation *x, int64_t value)
{
	struct aggregate *a = x->state;

	if (a->moments.n == 0)
		a->figure = fe_figure_none(type_of(x));
	else if (type_of(x).kind == FE_TEXT)
		a->figure = fe_figure_of_text(x, &a->text);
	else
		a->figure = fe_figure_of(type_of(x), value);
	x->success = fe_figure_within(x, &a->figure);
	return FE_OK;
}

static enum fe_rc
end_min(struct fe_expectation *x, struct fe_err *err)
{
	(void)err;
	return end_extreme(x, ((const struct aggregate *)x->state)->least);
}

static enum fe_rc
end_max(struct fe_expectation *x, struct fe_err *err)
{
	(void)err;
	return end_extreme(x, ((const struct aggregate *)x->state)->greatest);
}

static void
describe_min(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_figure_describe(item, "least value", out);
}

static void
describe_max(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_figure_describe(item, "greatest value", out);
}

/* ---- sum, mean, stdev ---- */

static enum fe_rc
feed_sums(struct fe_expectation *x, const struct fe_view *v, bool with_squares)
{
	const struct fe_column *c = column_of(x, v);
	struct aggregate *a = x->state;
	int64_t values[64];

	if (c->type.kind == FE_TEXT) {
		a->moments.n += fe_numbers_count(c, v);
		return FE_OK;
	}
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++) {
		size_t n = fe_numbers_take(c, w, v->rows[w] & c->valid[w], values);

		if (with_squares)
			fe_moments_add_with_squares(&a->moments, values, n);
		else
			fe_moments_add(&a->moments, values, n);
	}
	return FE_OK;
}

static enum fe_rc
feed_sum(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err)
{
	(void)err;
	return feed_sums(x, v, false);
}

static enum fe_rc
feed_squares(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err)
{
	(void)err;
	return feed_sums(x, v, true);
}

/* Texts and dates are no numbers: fails as the metric does. */
static bool
is_numeric(struct fe_expectation *x)
{
	enum fe_kind kind = type_of(x).kind;

	if (kind != FE_TEXT && kind != FE_DATE)
		return true;
	fe_expectation_raise(x, x->item->kind->metrics, "Could not convert %s to numeric", fe_kind_name(kind));
	return false;
}

static enum fe_rc
end_sum(struct fe_expectation *x, struct fe_err *err)
{
	struct aggregate *a = x->state;
	struct fe_type type = type_of(x);

	(void)err;
	a->figure = (struct fe_figure){ .kind = FE_FIGURE_EXACT };
	if (type.kind == FE_TIMESTAMP)
		fe_expectation_raise(x, x->item->kind->metrics, "timestamps do not support operation 'sum'");
	else if (a->moments.n > 0 && is_numeric(x))
		a->figure = (struct fe_figure){
			.kind = FE_FIGURE_EXACT,
			.digits = a->moments.sum,
			.scale = type.kind == FE_DECIMAL ? type.scale : 0,
		};
	x->success = x->exception.form == FE_EXCEPTION_NONE && fe_figure_within(x, &a->figure);
	return FE_OK;
}

/* The figure is made of n_least values at least. */
static bool
has_figure(struct fe_expectation *x, uint64_t n_least)
{
	struct aggregate *a = x->state;

	a->figure = fe_figure_none(type_of(x));
	return a->moments.n > 0 && is_numeric(x) && a->moments.n >= n_least;
}

/* Cut to the microsecond towards the epoch, as the median is. */
static int64_t
mean_moment(const struct fe_moments *m)
{
	return (int64_t)(m->sum / (fe_i128)m->n);
}

static enum fe_rc
end_mean(struct fe_expectation *x, struct fe_err *err)
{
	struct aggregate *a = x->state;
	struct fe_type type = type_of(x);

	(void)err;
	if (has_figure(x, 1)) {
		if (type.kind == FE_TIMESTAMP)
			a->figure = fe_figure_of(type, mean_moment(&a->moments));
		else
			a->figure = (struct fe_figure){
				.kind = FE_FIGURE_DOUBLE,
				.value = fe_moments_mean(&a->moments, type.kind == FE_DECIMAL ? type.scale : 0),
			};
	}
	x->success = x->exception.form == FE_EXCEPTION_NONE && fe_figure_within(x, &a->figure);
	return FE_OK;
}

static enum fe_rc
end_stdev(struct fe_expectation *x, struct fe_err *err)
{
	struct aggregate *a = x->state;
	struct fe_type type = type_of(x);

	(void)err;
	if (has_figure(x, 2)) {
		if (type.kind == FE_TIMESTAMP)
			fe_expectation_raise(x, NULL, "the standard deviation of timestamps is a span of time, "
			                              "which no bound is");
		else
			a->figure = (struct fe_figure){
				.kind = FE_FIGURE_DOUBLE,
				.value = fe_moments_stdev(&a->moments, type.kind == FE_DECIMAL ? type.scale : 0),
			};
	}
	x->success = x->exception.form == FE_EXCEPTION_NONE && fe_figure_within(x, &a->figure);
	return FE_OK;
}

static void
describe_sum(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_figure_describe(item, "sum", out);
}

static void
describe_mean(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_figure_describe(item, "mean", out);
}

static void
describe_stdev(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_figure_describe(item, "standard deviation", out);
}

/* ---- the table ---- */

static const struct fe_kwarg_spec of_values[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	FE_KWARGS_OF_BOUNDS(FE_KWARG_BOUND),
	FE_KWARGS_OF_CONDITION,
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_floats[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	FE_KWARGS_OF_BOUNDS(FE_KWARG_FLOAT),
	FE_KWARGS_OF_CONDITION,
	{ .name = NULL },
};

#define AGGREGATE .domain = FE_DOMAIN_COLUMN, .bind = bind, .print = print, .reset = reset

const struct fe_expectation_kind fe_kinds_aggregate[] = {
	{
		.type = "expect_column_min_to_be_between", AGGREGATE, .metrics = { "column.min" },
		.kwargs = of_values, .feed = feed_min, .end = end_min, .describe = describe_min,
	},
	{
		.type = "expect_column_max_to_be_between", AGGREGATE, .metrics = { "column.max" },
		.kwargs = of_values, .feed = feed_max, .end = end_max, .describe = describe_max,
	},
	{
		.type = "expect_column_mean_to_be_between", AGGREGATE, .metrics = { "column.mean" },
		.kwargs = of_values, .feed = feed_sum, .end = end_mean, .describe = describe_mean,
	},
	{
		.type = "expect_column_sum_to_be_between", AGGREGATE, .metrics = { "column.sum" },
		.kwargs = of_values, .feed = feed_sum, .end = end_sum, .describe = describe_sum,
	},
	{
		.type = "expect_column_stdev_to_be_between", AGGREGATE, .metrics = { "column.standard_deviation" },
		.kwargs = of_floats, .feed = feed_squares, .end = end_stdev, .describe = describe_stdev,
	},
	{ .type = NULL },
};

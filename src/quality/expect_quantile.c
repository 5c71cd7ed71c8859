// SPDX-License-Identifier: Apache-2.0
/* quality/expect_quantile.c - what stands at a place of the ordered column: median, quantiles
 *
 * Exact always: all values are kept, 8 bytes each, up to the memory that expectations have, and
 * found by rank at the end. Quantiles between two values follow numpy to the bit, in doubles.
 */
#include <math.h>

#include "base/double.h"
#include "base/mem.h"
#include "quality/figure.h"
#include "quality/kinds.h"
#include "quality/numbers.h"
#include "quality/sentence.h"

struct quantile {
	bool is_known;           /* false: no values */
	bool is_between;         /* lies between two values: value alone */
	int64_t at;              /* the value of the column */
	double value;
	bool is_checked, is_fine;
};

struct ranked {
	struct fe_numbers numbers;
	uint64_t n_others;           /* values of texts, of which no rank is asked */
	struct fe_figure figure;     /* the median */
	struct quantile *quantiles;
	size_t n_quantiles;
};

static enum fe_rc
bind(struct fe_expectation *x, struct fe_err *err)
{
	struct ranked *r = fe_new(struct ranked);

	(void)err;
	r->numbers.max_bytes = x->max_bytes;
	x->state = r;
	return FE_OK;
}

static void
reset(struct fe_expectation *x)
{
	struct ranked *r = x->state;

	if (r) {
		fe_numbers_reset(&r->numbers);
		fe_free(r->quantiles);
	}
	fe_free(r);
	x->state = NULL;
}

static const struct fe_field *
field_of(const struct fe_expectation *x)
{
	return &x->schema->fields[x->columns[0]];
}

static enum fe_rc
feed(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err)
{
	const struct fe_column *c = &v->batch->columns[x->columns[0]];
	struct ranked *r = x->state;

	if (c->type.kind != FE_TEXT && c->type.kind != FE_DATE)
		return fe_numbers_keep(&r->numbers, c, v, field_of(x)->name, err);
	r->n_others += fe_numbers_count(c, v);
	return FE_OK;
}

/* ---- the median ---- */

static struct fe_figure
median_of(const struct fe_numbers *k, struct fe_type type)
{
	struct fe_figure f = fe_figure_of(type, fe_numbers_at_rank(k, k->n / 2));

	if (f.kind == FE_FIGURE_TRUTH)
		f.kind = FE_FIGURE_EXACT; /* 1.0, not true */
	if (k->n % 2 == 0) {
		fe_i128 sum = f.digits + fe_numbers_at_rank(k, k->n / 2 - 1);

		if (f.kind == FE_FIGURE_INSTANT) {
			f.digits = sum / 2;
		} else {
			f.digits = sum * 5; /* half of it, with one more place */
			f.scale++;
		}
	}
	return f;
}

static enum fe_rc
end_median(struct fe_expectation *x, struct fe_err *err)
{
	struct ranked *r = x->state;
	struct fe_type type = field_of(x)->type;

	(void)err;
	r->figure = fe_figure_none(type);
	if (r->n_others > 0)
		fe_expectation_raise(x, x->item->kind->metrics, "Could not convert %s to numeric",
		                     fe_kind_name(type.kind));
	else if (r->numbers.n > 0)
		r->figure = median_of(&r->numbers, type);
	x->success = x->exception.form == FE_EXCEPTION_NONE && fe_figure_within(x, &r->figure);
	return FE_OK;
}

static void
print_median(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	(void)set;
	fe_figure_print(j, "observed_value", &((const struct ranked *)x->state)->figure, fe_figure_is_masked(x));
}

static void
describe_median(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_figure_describe(item, "median", out);
}

/* ---- quantiles ---- */

static const char *const methods[] = { "linear", "lower", "higher", "midpoint", "nearest" };
enum method { LINEAR, LOWER, HIGHER, MIDPOINT, NEAREST, NO_METHOD };

/* allow_relative_error is, of tables in memory, the name of an interpolation; false is nearest. */
static enum method
method_of(const struct fe_suite_item *item)
{
	const struct fe_json_value *v = fe_suite_kwarg(item, "allow_relative_error")->json;

	if (!v || fe_json_is(v, FE_JSON_NULL) || (fe_json_is(v, FE_JSON_BOOL) && !v->is_true))
		return NEAREST;
	for (size_t i = 0; fe_json_is(v, FE_JSON_STRING) && i < NO_METHOD; i++) {
		if (fe_str_is(v->text, methods[i]))
			return (enum method)i;
	}
	return NO_METHOD;
}

static double
double_of(int64_t value, struct fe_type type)
{
	return fe_double_of_decimal(value, type.kind == FE_DECIMAL ? type.scale : 0);
}

/* The place of q among n values, from 0, and what of the way to the next one it lies. The
 * detour by percents is pandas'. */
static size_t
place_of(double q, size_t n, enum method m, double *part)
{
	double place = (double)(n - 1) * (q * 100.0 / 100.0);
	double whole = floor(place);

	*part = place - whole;
	if (m == LOWER || m == HIGHER || m == NEAREST) {
		bool is_up = m == HIGHER ? *part > 0.0 : m == NEAREST && *part >= 0.5;

		if (m == NEAREST && *part == 0.5)
			is_up = fmod(whole, 2.0) != 0.0;
		whole += is_up ? 1.0 : 0.0;
		*part = 0.0;
	} else if (m == MIDPOINT && *part > 0.0) {
		*part = 0.5;
	}
	return (size_t)whole < n ? (size_t)whole : n - 1;
}

static void
find_quantile(const struct fe_numbers *k, struct fe_type type, double q, enum method m, struct quantile *out)
{
	double part, low, high;
	size_t place = place_of(q, k->n, m, &part);

	out->is_known = true;
	out->at = fe_numbers_at_rank(k, place);
	out->value = low = double_of(out->at, type);
	if (part == 0.0 || place + 1 >= k->n)
		return;
	out->is_between = true;
	high = double_of(fe_numbers_at_rank(k, place + 1), type);
	/* From the nearer end, as numpy does. */
	out->value = part >= 0.5 ? high - (high - low) * (1.0 - part) : low + (high - low) * part;
}

static bool
is_close(double value, double bound)
{
	return fabs(value - bound) <= 1e-8 + 1e-4 * fabs(bound);
}

static bool
is_in_range(double value, const struct fe_literal *low, const struct fe_literal *high)
{
	bool has_low = low->kind == FE_LITERAL_NUMBER, has_high = high->kind == FE_LITERAL_NUMBER;

	if ((!has_low || value >= low->number.value) && (!has_high || value <= high->number.value))
		return true;
	return (has_low && is_close(value, low->number.value)) || (has_high && is_close(value, high->number.value));
}

static bool
can_be_asked(struct fe_expectation *x, const struct fe_kwarg *ranges, enum method m)
{
	const char *const *metrics = x->item->kind->metrics;

	if (m == NO_METHOD) {
		fe_expectation_raise(x, metrics, "allow_relative_error must be one of linear, lower, higher, midpoint, "
		                                 "nearest (or false, which is nearest)");
		return false;
	}
	for (size_t i = 0; i + 2 < ranges->n_many; i += 3) {
		double q = ranges->many[i].number.value;

		if (ranges->many[i].kind != FE_LITERAL_NUMBER || !(q >= 0.0 && q <= 1.0)) {
			fe_expectation_raise(x, metrics, "percentiles should all be in the interval [0, 1]");
			return false;
		}
	}
	return true;
}

static enum fe_rc
end_quantiles(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *ranges = fe_suite_kwarg(x->item, "quantile_ranges");
	enum method m = method_of(x->item);
	struct ranked *r = x->state;
	struct fe_type type = field_of(x)->type;

	(void)err;
	x->success = false;
	if (!can_be_asked(x, ranges, m))
		return FE_OK;
	if (r->n_others > 0 || type.kind == FE_TIMESTAMP) {
		fe_expectation_raise(x, NULL, "a %s has no quantiles that bounds compare with", fe_kind_name(type.kind));
		return FE_OK;
	}
	x->success = true;
	r->n_quantiles = ranges->n_many / 3;
	r->quantiles = fe_new_array(r->n_quantiles + 1, struct quantile);
	for (size_t i = 0; i < r->n_quantiles; i++) {
		const struct fe_literal *of = &ranges->many[3 * i];
		struct quantile *q = &r->quantiles[i];

		if (r->numbers.n > 0)
			find_quantile(&r->numbers, type, of[0].number.value, m, q);
		q->is_checked = of[1].raw.p || of[2].raw.p;
		q->is_fine = q->is_known && is_in_range(q->value, &of[1], &of[2]);
		x->success &= !q->is_checked || q->is_fine;
	}
	return FE_OK;
}

static void
print_quantile(const struct fe_expectation *x, const struct quantile *q, struct fe_json *j)
{
	struct fe_type type = field_of(x)->type;
	struct fe_figure f = q->is_between ? (struct fe_figure){ .kind = FE_FIGURE_DOUBLE, .value = q->value } :
	                     q->is_known   ? fe_figure_of(type, q->at) :
	                                     (struct fe_figure){ .kind = FE_FIGURE_NONE };

	fe_figure_print(j, NULL, &f, fe_figure_is_masked(x));
}

static void
print_quantiles(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	const struct fe_kwarg *ranges = fe_suite_kwarg(x->item, "quantile_ranges");
	const struct ranked *r = x->state;

	(void)set;
	fe_json_object(j, "observed_value");
	fe_json_array(j, "quantiles");
	for (size_t i = 0; i < r->n_quantiles; i++)
		fe_json_raw(j, NULL, ranges->many[3 * i].raw);
	fe_json_array_end(j);
	fe_json_array(j, "values");
	for (size_t i = 0; i < r->n_quantiles; i++)
		print_quantile(x, &r->quantiles[i], j);
	fe_json_array_end(j);
	fe_json_object_end(j);
	fe_json_object(j, "details");
	fe_json_array(j, "success_details");
	for (size_t i = 0; i < r->n_quantiles; i++) {
		if (r->quantiles[i].is_checked)
			fe_json_bool(j, NULL, r->quantiles[i].is_fine);
	}
	fe_json_array_end(j);
	fe_json_object_end(j);
}

static void
describe_quantiles(const struct fe_suite_item *item, struct fe_buf *out)
{
	const struct fe_kwarg *ranges = fe_suite_kwarg(item, "quantile_ranges");

	fe_buf_add_text(out, "quantiles of ");
	fe_sentence_name(item, "column", out);
	fe_buf_add_char(out, ':');
	for (size_t i = 0; i + 2 < ranges->n_many; i += 3) {
		const struct fe_literal *of = &ranges->many[i];

		fe_buf_addf(out, "%s %.*s ", i ? "," : "", FE_STR_ARGS(of[0].raw));
		if (of[1].kind == FE_LITERAL_NUMBER && of[2].kind == FE_LITERAL_NUMBER)
			fe_buf_addf(out, "between %.*s and %.*s", FE_STR_ARGS(of[1].raw), FE_STR_ARGS(of[2].raw));
		else if (of[1].kind == FE_LITERAL_NUMBER)
			fe_buf_addf(out, "at least %.*s", FE_STR_ARGS(of[1].raw));
		else if (of[2].kind == FE_LITERAL_NUMBER)
			fe_buf_addf(out, "at most %.*s", FE_STR_ARGS(of[2].raw));
		else
			fe_buf_add_text(out, "any");
	}
}

/* ---- the table ---- */

static const struct fe_kwarg_spec of_median[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	FE_KWARGS_OF_BOUNDS(FE_KWARG_BOUND),
	FE_KWARGS_OF_CONDITION,
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_quantiles[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	{ .name = "quantile_ranges", .kind = FE_KWARG_QUANTILES, .is_required = true },
	{ .name = "allow_relative_error", .kind = FE_KWARG_ANY, .default_json = "false" },
	FE_KWARGS_OF_CONDITION,
	{ .name = NULL },
};

const struct fe_expectation_kind fe_kinds_quantile[] = {
	{
		.type = "expect_column_median_to_be_between", .domain = FE_DOMAIN_COLUMN, .remembers = true,
		.metrics = { "column.median" }, .kwargs = of_median, .bind = bind, .feed = feed, .end = end_median,
		.print = print_median, .reset = reset, .describe = describe_median,
	},
	{
		.type = "expect_column_quantile_values_to_be_between", .domain = FE_DOMAIN_COLUMN, .remembers = true,
		.metrics = { "column.quantile_values" }, .kwargs = of_quantiles, .bind = bind, .feed = feed,
		.end = end_quantiles, .print = print_quantiles, .reset = reset, .describe = describe_quantiles,
	},
	{ .type = NULL },
};

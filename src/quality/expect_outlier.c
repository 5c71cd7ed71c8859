// SPDX-License-Identifier: Apache-2.0
/* quality/expect_outlier.c - values far from the others: z-scores, outliers
 *
 * What is far is known only when all values are, so they are kept: 16 bytes each, with their
 * place, up to max_bytes. The rows found are then added to the result as late ones. Where lists
 * show more of a row than its value and place (index columns, the whole row), that is kept for
 * every row too.
 *
 * Mean, deviation and quartiles are doubles, as there: they are figures, not money.
 */
#include <math.h>

#include "base/double.h"
#include "base/mem.h"
#include "quality/kinds.h"
#include "quality/map_result.h"
#include "quality/moments.h"
#include "quality/numbers.h"

#define NONNULL "column_values.nonnull.condition"

struct far {
	struct fe_numbers values;
	uint64_t *positions;     /* [values.n] */
	size_t cap_positions;
	struct fe_map_row *rows; /* [values.n] texts beside the value; NULL: lists show none */
	size_t cap_rows;
	bool keeps_rows;
	struct fe_arena kept_texts, texts; /* texts: of one row */
};

/* What is fine: low <= x <= high, or strictly between where is_open. */
struct window {
	bool has_one, is_open;
	double low, high;
};

static enum fe_rc
bind_far(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_result_settings *set = x->map->set;
	struct far *f = fe_new(struct far);

	(void)err;
	x->state = f;
	f->values.max_bytes = x->max_bytes / 2; /* the other half is for positions */
	f->keeps_rows = set->format != FE_RESULT_BOOLEAN_ONLY &&
	                (set->n_index_columns > 0 || set->include_unexpected_rows);
	return FE_OK;
}

static struct fe_str
copy_of(struct fe_arena *arena, struct fe_str s)
{
	return s.p ? (struct fe_str){ fe_arena_copy(arena, s.p, s.n), s.n } : s;
}

static enum fe_rc
keep_row(struct far *f, const struct fe_expectation *x, const struct fe_view *v, size_t row, size_t number,
         struct fe_err *err)
{
	struct fe_map_row texts;

	fe_arena_reset(&f->texts);
	fe_map_row_of(x, x->map->set, v, row, &f->texts, &texts);
	if (x->max_bytes && f->kept_texts.used_bytes + texts.index.n + texts.whole.n > x->max_bytes)
		return fe_fail(err, FE_ELIMIT,
		               "%s: to show index columns or whole rows, all of them must be kept, and that is more "
		               "than the %llu bytes that are allowed; ask for fewer, or raise --max-memory",
		               x->item->kind->type, (unsigned long long)x->max_bytes);
	f->rows = fe_grow(f->rows, &f->cap_rows, number + 1, sizeof *f->rows);
	f->rows[number] = (struct fe_map_row){ .index = copy_of(&f->kept_texts, texts.index),
		                               .whole = copy_of(&f->kept_texts, texts.whole) };
	return FE_OK;
}

static enum fe_rc
keep_values(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, struct fe_err *err)
{
	const struct fe_column *c = &v->batch->columns[x->columns[0]];
	struct far *f = x->state;
	size_t n = f->values.n;

	FE_TRY(fe_numbers_keep(&f->values, c, v, x->schema->fields[x->columns[0]].name, err));
	f->positions = fe_grow(f->positions, &f->cap_positions, f->values.n, sizeof *f->positions);
	for (size_t row = fe_bits_next(considered, v->n_rows, 0); row < v->n_rows;
	     row = fe_bits_next(considered, v->n_rows, row + 1)) {
		if (f->keeps_rows)
			FE_TRY(keep_row(f, x, v, row, n, err));
		f->positions[n++] = v->position[row];
	}
	FE_ASSERT(n == f->values.n);
	return FE_OK;
}

static const char *const of_mean[] = { "column.mean", "column.standard_deviation", NULL };
static const char *const of_scores[] = { "column_values.z_score.map", NULL };
static const char *const of_statistics[] = { "column.outlier_statistics", NULL };

/* refusal: why values of this kind are not looked at; NULL: they are. */
static enum fe_rc
judge_far(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, const char *const *metrics,
          const char *refusal, struct fe_err *err)
{
	const struct fe_column *c = &v->batch->columns[x->columns[0]];
	uint64_t any = 0;

	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++)
		any |= considered[w] = v->rows[w] & c->valid[w];
	if (any == 0)
		return FE_OK;
	if (!refusal)
		return keep_values(x, v, considered, err);
	fe_expectation_raise(x, metrics, "%s", refusal);
	return FE_OK;
}

static enum fe_kind
kind_of(const struct fe_expectation *x)
{
	return x->schema->fields[x->columns[0]].type.kind;
}

static void
reset_far(struct fe_expectation *x)
{
	struct far *f = x->state;

	if (!f)
		return;
	fe_numbers_reset(&f->values);
	fe_free(f->positions);
	fe_free(f->rows);
	fe_arena_free(&f->kept_texts);
	fe_arena_free(&f->texts);
	fe_free(f);
	x->state = NULL;
}

/* ---- all values are there ---- */

static unsigned
scale_of(const struct fe_expectation *x)
{
	struct fe_type type = x->schema->fields[x->columns[0]].type;

	return type.kind == FE_DECIMAL ? type.scale : 0;
}

static void
print_value(const struct fe_expectation *x, int64_t number, struct fe_arena *arena, struct fe_str *out)
{
	struct fe_column c = { .type = x->schema->fields[x->columns[0]].type };
	uint64_t valid = 1, bit = number != 0;
	struct fe_buf text;

	c.valid = &valid;
	if (c.type.kind == FE_BOOL)
		c.bits = &bit;
	else
		c.i64 = &number;
	fe_buf_init(&text, FE_DECIMAL_TEXT_BYTES);
	fe_expectation_print_value(&text, &c, 0, x->pii && x->pii[x->columns[0]]);
	*out = copy_of(arena, fe_buf_str(&text));
	fe_buf_reset(&text);
}

static enum fe_rc
add_row(struct fe_expectation *x, struct far *f, size_t i, struct fe_err *err)
{
	struct fe_map_row row = { 0 };

	if (f->keeps_rows)
		row = f->rows[i];
	row.position = f->positions[i];
	fe_arena_reset(&f->texts);
	if (fe_map_result_lists(x->map, row.position))
		print_value(x, f->values.values[i], &f->texts, &row.value);
	return fe_map_result_add_late(x->map, &row, err);
}

static bool
is_fine(const struct window *w, double v)
{
	return w->is_open ? v > w->low && v < w->high : v >= w->low && v <= w->high;
}

static enum fe_rc
add_what_is_outside(struct fe_expectation *x, const struct window *w, struct fe_err *err)
{
	struct far *f = x->state;
	unsigned scale = scale_of(x);

	for (size_t i = 0; w->has_one && i < f->values.n; i++) {
		if (!is_fine(w, fe_double_of_decimal(f->values.values[i], scale)))
			FE_TRY(add_row(x, f, i, err));
	}
	return FE_OK;
}

/* False: fewer than two values. */
static bool
mean_and_stdev(const struct fe_expectation *x, double *mean, double *stdev)
{
	const struct far *f = x->state;
	struct fe_moments m = { 0 };

	if (f->values.n < 2)
		return false;
	fe_moments_add_with_squares(&m, f->values.values, f->values.n);
	*mean = fe_moments_mean(&m, scale_of(x));
	*stdev = fe_moments_stdev(&m, scale_of(x));
	return true;
}

/* ---- z-scores ---- */

static enum fe_rc
judge_z_score(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
              struct fe_err *err)
{
	const char *refusal = NULL;

	(void)unexpected;
	if (kind_of(x) == FE_TEXT)
		refusal = "Could not convert texts to numeric";
	if (kind_of(x) == FE_DATE)
		refusal = "Could not convert dates to numeric";
	return judge_far(x, v, considered, of_mean, refusal, err);
}

static enum fe_rc
end_z_score(struct fe_expectation *x, struct fe_err *err)
{
	double threshold = fe_suite_kwarg(x->item, "threshold")->one.number.value, mean, stdev;
	bool is_double_sided = fe_suite_kwarg(x->item, "double_sided")->one.is_true;
	struct far *f = x->state;
	unsigned scale = scale_of(x);

	if (f->values.n == 1 && kind_of(x) == FE_TIMESTAMP)
		fe_expectation_raise(x, of_scores, "Cannot complete Z-score calculations on a non-numerical column.");
	if (f->values.n == 1 && kind_of(x) == FE_BOOL)
		fe_expectation_raise(x, of_scores, "boolean value of NA is ambiguous");
	if (!mean_and_stdev(x, &mean, &stdev) || stdev == 0)
		return FE_OK;
	if (is_double_sided)
		threshold = fabs(threshold);
	for (size_t i = 0; i < f->values.n; i++) {
		double z = (fe_double_of_decimal(f->values.values[i], scale) - mean) / stdev;
		if (!((is_double_sided ? fabs(z) : z) < threshold))
			FE_TRY(add_row(x, f, i, err));
	}
	return FE_OK;
}

static void
describe_z_score(const struct fe_suite_item *item, struct fe_buf *out)
{
	bool is_double_sided = fe_suite_kwarg(item, "double_sided")->one.is_true;

	fe_buf_addf(out, "%.*s lies less than %.*s standard deviations %s the mean",
	            FE_STR_ARGS(fe_suite_kwarg(item, "column")->one.text),
	            FE_STR_ARGS(fe_suite_kwarg(item, "threshold")->one.raw), is_double_sided ? "from" : "above");
}

/* ---- outliers ---- */

static bool
is_by_stdev(const struct fe_suite_item *item)
{
	return fe_str_is(fe_suite_kwarg(item, "method")->one.text, "std");
}

static enum fe_rc
judge_outlier(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
              struct fe_err *err)
{
	bool by_stdev = is_by_stdev(x->item);
	const char *refusal = NULL;

	(void)unexpected;
	if (kind_of(x) == FE_TEXT)
		refusal = by_stdev ? "Could not convert texts to numeric"
		                   : "unsupported operand type(s) for -: 'str' and 'str'";
	else if (kind_of(x) == FE_DATE || kind_of(x) == FE_TIMESTAMP)
		refusal = "Cannot detect outliers in a non-numerical column";
	else if (kind_of(x) == FE_BOOL && !by_stdev)
		refusal = "numpy boolean subtract, the `-` operator, is not supported";
	return judge_far(x, v, considered, of_statistics, refusal, err);
}

/* Between the two values nearest to the place, as numpy's linear quantile. */
static double
quantile(const struct far *f, double q, unsigned scale)
{
	double place = q * (double)(f->values.n - 1), part = place - floor(place);
	size_t rank = (size_t)place;
	double low = fe_double_of_decimal(fe_numbers_at_rank(&f->values, rank), scale), high;

	if (part == 0)
		return low;
	high = fe_double_of_decimal(fe_numbers_at_rank(&f->values, rank + 1), scale);
	return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part);
}

static enum fe_rc
end_outlier(struct fe_expectation *x, struct fe_err *err)
{
	double multiplier = fe_suite_kwarg(x->item, "multiplier")->one.number.value, mean, stdev;
	const struct far *f = x->state;
	struct window w = { 0 };

	if (f->values.n == 0)
		return FE_OK;
	if (f->values.n == 1 && kind_of(x) == FE_BOOL)
		fe_expectation_raise(x, of_statistics, "a single truth value has no deviation");
	if (!is_by_stdev(x->item)) {
		double low = quantile(f, 0.25, scale_of(x)), high = quantile(f, 0.75, scale_of(x));
		double reach = multiplier * (high - low);
		w = (struct window){ .has_one = true, .low = low - reach, .high = high + reach };
	} else if (mean_and_stdev(x, &mean, &stdev)) {
		double reach = multiplier * stdev;
		w = (struct window){ .has_one = true, .is_open = reach > 0, .low = mean - reach, .high = mean + reach };
	}
	return add_what_is_outside(x, &w, err);
}

static void
describe_outlier(const struct fe_suite_item *item, struct fe_buf *out)
{
	const struct fe_str raw = fe_suite_kwarg(item, "multiplier")->one.raw;

	fe_buf_addf(out, "%.*s lies within %.*s %s", FE_STR_ARGS(fe_suite_kwarg(item, "column")->one.text),
	            FE_STR_ARGS(raw.p ? raw : FE_STR("1.5")),
	            is_by_stdev(item) ? "standard deviations of the mean" : "interquartile ranges of the quartiles");
}

static void
check_outlier(const struct fe_suite_item *item, struct fe_buf *mistake)
{
	if (fe_suite_kwarg(item, "multiplier")->one.number.value < 0)
		fe_buf_add_text(mistake, "multiplier must be 0 or more");
}

/* ---- the kinds ---- */

static const struct fe_kwarg_spec z_score_kwargs[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	{ .name = "threshold", .kind = FE_KWARG_FLOAT, .is_required = true },
	{ .name = "double_sided", .kind = FE_KWARG_BOOL, .is_required = true },
	FE_KWARGS_OF_MAPS,
	{ .name = NULL },
};

static const struct fe_kwarg_spec outlier_kwargs[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	{ .name = "method", .kind = FE_KWARG_WORD, .default_json = "\"iqr\"", .words = "iqr|std" },
	{ .name = "multiplier", .kind = FE_KWARG_FLOAT, .default_json = "1.5" },
	FE_KWARGS_OF_MAPS,
	{ .name = NULL },
};

const struct fe_expectation_kind fe_kinds_outlier[] = {
	{ .type = "expect_column_value_z_scores_to_be_less_than", .domain = FE_DOMAIN_COLUMN, .remembers = true, .is_map = true,
	  .metrics = { NONNULL, "column_values.z_score.under_threshold.condition" }, .kwargs = z_score_kwargs,
	  .bind = bind_far, .judge = judge_z_score, .end = end_z_score, .reset = reset_far,
	  .describe = describe_z_score },
	{ .type = "expect_column_values_to_not_be_outliers", .domain = FE_DOMAIN_COLUMN, .remembers = true, .is_map = true,
	  .metrics = { NONNULL, "column_values.not_outliers.condition" }, .kwargs = outlier_kwargs,
	  .check = check_outlier, .bind = bind_far, .judge = judge_outlier, .end = end_outlier,
	  .reset = reset_far, .describe = describe_outlier },
	{ .type = NULL },
};

// SPDX-License-Identifier: Apache-2.0
/* quality/figure.h - one figure of a column, and the bounds that an expectation sets it
 *
 * What min, max, mean, median, sum and stdev have in common. Values of the column and sums of
 * them are compared exactly; means and deviations as the doubles that are printed, so that a
 * figure that was read off a result is within itself.
 */
#ifndef FE_QUALITY_FIGURE_H
#define FE_QUALITY_FIGURE_H

#include "quality/expectation.h"

enum fe_figure_kind {
	FE_FIGURE_NONE,       /* no values */
	FE_FIGURE_NO_INSTANT, /* no values, of timestamps: Great Expectations has an answer of its own */
	FE_FIGURE_EXACT,      /* digits / 10^scale */
	FE_FIGURE_TRUTH,      /* digits 0 or 1 */
	FE_FIGURE_DOUBLE,
	FE_FIGURE_DATE,       /* digits: days */
	FE_FIGURE_INSTANT,    /* digits: microseconds */
	FE_FIGURE_NAIVE,      /* as INSTANT, of a clock that stands nobody knows where */
	FE_FIGURE_TEXT,
};
struct fe_figure {
	enum fe_figure_kind kind;
	fe_i128 digits;
	unsigned scale;
	double value;
	struct fe_str text;   /* TEXT: itself; INSTANT, NAIVE: as JSON, where a text was read */
};

/* A value of a column (numbers, truth values, dates, timestamps), as an integer. */
struct fe_figure fe_figure_of(struct fe_type type, int64_t value);
struct fe_figure fe_figure_none(struct fe_type type);
/* A text; read as a date or a moment where x's bounds are such, as Great Expectations does. It is
 * then left in *text as it is printed, which must outlive the figure. */
struct fe_figure fe_figure_of_text(const struct fe_expectation *x, struct fe_buf *text);

/* Whether it is within min_value and max_value of x; false for no figure. Raises x's exception where a
 * bound is of another kind. */
bool fe_figure_within(struct fe_expectation *x, const struct fe_figure *f);
/* As a member of "result". */
void fe_figure_print(struct fe_json *j, const char *key, const struct fe_figure *f, bool is_masked);
bool fe_figure_is_masked(const struct fe_expectation *x);

/* Rows of a table of kwargs. */
#define FE_KWARGS_OF_CONDITION                                                          \
	{ .name = "row_condition", .kind = FE_KWARG_CONDITION, .may_be_null = true },   \
	{ .name = "condition_parser", .kind = FE_KWARG_WORD, .may_be_null = true,       \
	  .words = "great_expectations|great_expectations__experimental__|pandas|spark" }
#define FE_KWARGS_OF_BOUNDS(bound_kind)                                                 \
	{ .name = "min_value", .kind = (bound_kind), .may_be_null = true },             \
	{ .name = "max_value", .kind = (bound_kind), .may_be_null = true },             \
	{ .name = "strict_min", .kind = FE_KWARG_BOOL, .default_json = "false" },       \
	{ .name = "strict_max", .kind = FE_KWARG_BOOL, .default_json = "false" }

/* "the mean of amount is between 1 and 2" */
void fe_figure_describe(const struct fe_suite_item *item, const char *what, struct fe_buf *out);

#endif

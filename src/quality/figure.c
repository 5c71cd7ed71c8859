// SPDX-License-Identifier: Apache-2.0
/* quality/figure.c - see quality/figure.h */
#include "quality/figure.h"

#include "base/double.h"
#include "base/time.h"
#include "quality/literal.h"
#include "quality/sentence.h"

#define MAX_ISO_BYTES 64

struct fe_figure
fe_figure_of(struct fe_type type, int64_t value)
{
	static const enum fe_figure_kind kinds[FE_N_KINDS] = {
		[FE_TEXT] = FE_FIGURE_NONE,   [FE_DECIMAL] = FE_FIGURE_EXACT, [FE_INT] = FE_FIGURE_EXACT,
		[FE_BOOL] = FE_FIGURE_TRUTH, [FE_DATE] = FE_FIGURE_DATE,     [FE_TIMESTAMP] = FE_FIGURE_INSTANT,
	};

	return (struct fe_figure){
		.kind = kinds[type.kind],
		.digits = value,
		.scale = type.kind == FE_DECIMAL ? type.scale : 0,
	};
}

struct fe_figure
fe_figure_none(struct fe_type type)
{
	return (struct fe_figure){ .kind = type.kind == FE_TIMESTAMP ? FE_FIGURE_NO_INSTANT : FE_FIGURE_NONE };
}

static bool
is_bound_of(const struct fe_expectation *x, enum fe_literal_kind a, enum fe_literal_kind b)
{
	enum fe_literal_kind min = fe_suite_kwarg(x->item, "min_value")->one.kind;
	enum fe_literal_kind max = fe_suite_kwarg(x->item, "max_value")->one.kind;

	return min == a || min == b || max == a || max == b;
}

struct fe_figure
fe_figure_of_text(const struct fe_expectation *x, struct fe_buf *text)
{
	struct fe_figure as_text = { .kind = FE_FIGURE_TEXT, .text = fe_buf_str(text) };
	bool is_time = is_bound_of(x, FE_LITERAL_INSTANT, FE_LITERAL_NAIVE);
	struct fe_literal moment = { 0 };
	struct fe_buf iso;

	if (!is_time && !is_bound_of(x, FE_LITERAL_DATE, FE_LITERAL_DATE))
		return as_text;
	fe_buf_init(&iso, MAX_ISO_BYTES);
	if (!fe_literal_read_moment(as_text.text, &moment, &iso)) {
		fe_buf_reset(&iso);
		return as_text;
	}
	if (moment.kind == FE_LITERAL_DATE) { /* midnight, to whom asks for a time */
		moment.us = moment.days * FE_US_PER_DAY;
		fe_buf_clear(&iso);
		fe_buf_addf(&iso, "\"%.*sT00:00:00\"", FE_DATE_TEXT_BYTES, as_text.text.p);
	}
	fe_buf_clear(text);
	fe_buf_add_str(text, fe_buf_str(&iso));
	fe_buf_reset(&iso);
	if (!is_time)
		return (struct fe_figure){ .kind = FE_FIGURE_DATE, .digits = moment.days };
	return (struct fe_figure){
		.kind = moment.kind == FE_LITERAL_INSTANT ? FE_FIGURE_INSTANT : FE_FIGURE_NAIVE,
		.digits = moment.us,
		.text = fe_buf_str(text),
	};
}

/* As Python names what stands on either side of a comparison that it refuses. */
static const char *
python_name(enum fe_figure_kind kind)
{
	static const char *const names[] = {
		[FE_FIGURE_NONE] = "NoneType", [FE_FIGURE_NO_INSTANT] = "NaTType", [FE_FIGURE_EXACT] = "float",
		[FE_FIGURE_TRUTH] = "bool",    [FE_FIGURE_DOUBLE] = "float",       [FE_FIGURE_DATE] = "datetime.date",
		[FE_FIGURE_INSTANT] = "Timestamp", [FE_FIGURE_TEXT] = "str",
		[FE_FIGURE_NAIVE] = "datetime.datetime",
	};

	return names[kind];
}

static void
refuse(struct fe_expectation *x, const struct fe_figure *f, const struct fe_literal *bound, const char *operator)
{
	bool is_moment = bound->kind == FE_LITERAL_INSTANT || bound->kind == FE_LITERAL_NAIVE;
	bool is_instant = f->kind == FE_FIGURE_INSTANT || f->kind == FE_FIGURE_NO_INSTANT;

	if (bound->kind == FE_LITERAL_NUMBER || bound->kind == FE_LITERAL_BOOL)
		fe_expectation_raise(x, NULL, "'%s' not supported between instances of '%s' and 'float'", operator,
		                     python_name(f->kind));
	else if ((is_instant && bound->kind == FE_LITERAL_NAIVE) ||
	         (f->kind == FE_FIGURE_NAIVE && bound->kind == FE_LITERAL_INSTANT))
		fe_expectation_raise(x, NULL, "can't compare offset-naive and offset-aware datetimes");
	else if (f->kind == FE_FIGURE_NAIVE || (f->kind == FE_FIGURE_INSTANT && f->text.n))
		fe_expectation_raise(x, NULL, "can't compare datetime.datetime to datetime.date");
	else if (is_instant && bound->kind == FE_LITERAL_DATE)
		fe_expectation_raise(x, NULL, "Cannot compare Timestamp with datetime.date: the bound needs a time and an "
		                              "offset, as 2024-01-31T00:00:00+00:00");
	else
		fe_expectation_raise(x, NULL, "Could not parse \"metric_value\" (of type \"%s\") into %s representation.",
		                     python_name(f->kind), is_moment ? "datetime" : "date");
}

/* -1, 0, 1; false where the two do not compare. */
static bool
order_of(const struct fe_figure *f, const struct fe_literal *bound, int *order)
{
	struct fe_suite_number truth = { .is_exact = true, .digits = bound->is_true, .value = bound->is_true };
	const struct fe_suite_number *number = bound->kind == FE_LITERAL_BOOL ? &truth : &bound->number;
	bool is_number = bound->kind == FE_LITERAL_NUMBER || bound->kind == FE_LITERAL_BOOL;

	*order = 0;
	switch (f->kind) {
	case FE_FIGURE_EXACT:
	case FE_FIGURE_TRUTH:
		if (is_number)
			*order = fe_suite_number_compare(f->digits, f->scale, number);
		return is_number;
	case FE_FIGURE_DOUBLE:
		*order = (f->value > number->value) - (f->value < number->value);
		return is_number;
	case FE_FIGURE_DATE:
		*order = (f->digits > bound->days) - (f->digits < bound->days);
		return bound->kind == FE_LITERAL_DATE;
	case FE_FIGURE_INSTANT:
		*order = (f->digits > bound->us) - (f->digits < bound->us);
		return bound->kind == FE_LITERAL_INSTANT;
	case FE_FIGURE_NAIVE:
		*order = (f->digits > bound->us) - (f->digits < bound->us);
		return bound->kind == FE_LITERAL_NAIVE;
	case FE_FIGURE_NO_INSTANT:
		return bound->kind == FE_LITERAL_INSTANT;
	case FE_FIGURE_NONE:
	case FE_FIGURE_TEXT:
		break;
	}
	return false;
}

bool
fe_figure_within(struct fe_expectation *x, const struct fe_figure *f)
{
	const struct fe_kwarg *min = fe_suite_kwarg(x->item, "min_value"), *max = fe_suite_kwarg(x->item, "max_value");
	bool strict_min = fe_suite_kwarg(x->item, "strict_min")->one.is_true;
	bool strict_max = fe_suite_kwarg(x->item, "strict_max")->one.is_true;
	bool is_within = f->kind != FE_FIGURE_NO_INSTANT || !(min->is_set || max->is_set);
	int order;

	if (f->kind == FE_FIGURE_NONE)
		return false;
	if (min->is_set) {
		if (!order_of(f, &min->one, &order))
			refuse(x, f, &min->one, strict_min ? ">" : ">=");
		is_within &= strict_min ? order > 0 : order >= 0;
	}
	if (max->is_set) {
		if (!order_of(f, &max->one, &order))
			refuse(x, f, &max->one, strict_max ? "<" : "<=");
		is_within &= strict_max ? order < 0 : order <= 0;
	}
	return is_within && x->exception.form == FE_EXCEPTION_NONE;
}

bool
fe_figure_is_masked(const struct fe_expectation *x)
{
	return x->pii && x->n_columns > 0 && x->pii[x->columns[0]];
}

static void
add_moment(struct fe_buf *out, const struct fe_figure *f)
{
	char text[FE_TIMESTAMP_TEXT_BYTES];

	fe_buf_add_char(out, '"');
	if (f->kind == FE_FIGURE_DATE) {
		fe_date_format((int32_t)f->digits, text);
		fe_buf_add(out, text, FE_DATE_TEXT_BYTES);
	} else {
		fe_timestamp_format_iso((int64_t)f->digits, text);
		fe_buf_add(out, text, f->digits % FE_US_PER_SECOND == 0 ? 19 : 26);
		fe_buf_add_text(out, "+00:00");
	}
	fe_buf_add_char(out, '"');
}

static void
add_figure(struct fe_buf *out, const struct fe_figure *f)
{
	char text[FE_DECIMAL_TEXT_BYTES];

	switch (f->kind) {
	case FE_FIGURE_NONE:
	case FE_FIGURE_TEXT:
		fe_buf_add_text(out, "null");
		break;
	case FE_FIGURE_NO_INSTANT:
		fe_buf_add_text(out, "\"NaT\"");
		break;
	case FE_FIGURE_EXACT:
		if (f->scale > 0)
			fe_buf_add_double(out, fe_double_of_decimal(f->digits, f->scale));
		else
			fe_buf_add(out, text, fe_i128_format(f->digits, 0, text));
		break;
	case FE_FIGURE_TRUTH:
		fe_buf_add_text(out, f->digits ? "true" : "false");
		break;
	case FE_FIGURE_DOUBLE:
		fe_buf_add_double(out, f->value);
		break;
	case FE_FIGURE_DATE:
	case FE_FIGURE_INSTANT:
	case FE_FIGURE_NAIVE:
		if (f->text.n)
			fe_buf_add_str(out, f->text);
		else
			add_moment(out, f);
	}
}

void
fe_figure_print(struct fe_json *j, const char *key, const struct fe_figure *f, bool is_masked)
{
	bool is_value = f->kind != FE_FIGURE_NONE && f->kind != FE_FIGURE_NO_INSTANT;
	struct fe_buf out;

	if (is_masked && is_value) {
		fe_json_text(j, key, "***");
		return;
	}
	if (f->kind == FE_FIGURE_TEXT) {
		fe_json_str(j, key, f->text);
		return;
	}
	fe_buf_init(&out, 64);
	add_figure(&out, f);
	fe_json_raw(j, key, fe_buf_str(&out));
	fe_buf_reset(&out);
}

void
fe_figure_describe(const struct fe_suite_item *item, const char *what, struct fe_buf *out)
{
	fe_buf_addf(out, "the %s of ", what);
	fe_sentence_name(item, "column", out);
	fe_buf_add_text(out, " is ");
	fe_sentence_range(item, out);
}

// SPDX-License-Identifier: Apache-2.0
/* quality/expect_multi.c - several columns of a record: their sum, and whether all are equal
 *
 * Sums are exact, of ints and of decimals of any scale: 0.10 + 0.20 is 0.3. A null makes the
 * sum unexpected; of equals, null equals null only.
 */
#include "base/mem.h"
#include "quality/column_order.h"
#include "quality/figure.h"
#include "quality/kinds.h"
#include "quality/literal.h"
#include "quality/numbers.h"
#include "quality/sentence.h"

enum ignore { IGNORE_ALL, IGNORE_ANY, IGNORE_NEVER };

struct multi {
	enum ignore ignore;
	bool is_sum_possible; /* columns of numbers only */
	unsigned scale;       /* the greatest */
	fe_i128 *sums;        /* [64] */
};

static struct fe_type
type_of(const struct fe_expectation *x, size_t i)
{
	return x->schema->fields[x->columns[i]].type;
}

static enum fe_rc
bind(struct fe_expectation *x, struct fe_err *err)
{
	struct fe_str word = fe_suite_kwarg(x->item, "ignore_row_if")->one.text;
	struct multi *m = fe_new(struct multi);

	(void)err;
	m->ignore = fe_str_is(word, "any_value_is_missing") ? IGNORE_ANY :
	            fe_str_is(word, "never")                ? IGNORE_NEVER :
	                                                      IGNORE_ALL;
	x->state = m;
	return FE_OK;
}

static enum fe_rc
bind_sum(struct fe_expectation *x, struct fe_err *err)
{
	size_t n_texts = 0, n_others = 0;
	struct multi *m;

	FE_TRY(bind(x, err));
	m = x->state;
	for (size_t i = 0; i < x->n_columns; i++) {
		struct fe_type type = type_of(x, i);

		n_texts += type.kind == FE_TEXT;
		n_others += type.kind == FE_DATE || type.kind == FE_TIMESTAMP;
		if (type.kind == FE_DECIMAL && type.scale > m->scale)
			m->scale = type.scale;
	}
	/* Texts add up to a text, which no number is; nothing else adds up at all. */
	if (n_others > 0 || (n_texts > 0 && n_texts < x->n_columns))
		fe_expectation_raise(x, x->item->kind->metrics,
		                     "the columns do not add up: only numbers do, and column_list has others");
	m->is_sum_possible = n_texts + n_others == 0;
	m->sums = fe_new_array(64, fe_i128);
	return FE_OK;
}

static void
reset(struct fe_expectation *x)
{
	struct multi *m = x->state;

	if (m)
		fe_free(m->sums);
	fe_free(m);
	x->state = NULL;
}

static const struct fe_column *
column_at(const struct fe_expectation *x, const struct fe_view *v, size_t i)
{
	return &v->batch->columns[x->columns[i]];
}

/* The rows of 64 that are looked at; *all: those of them where no value is missing. */
static uint64_t
considered_of(const struct fe_expectation *x, const struct fe_view *v, size_t word, uint64_t *all)
{
	const struct multi *m = x->state;
	uint64_t any = 0;

	*all = v->rows[word];
	for (size_t i = 0; i < x->n_columns; i++) {
		any |= column_at(x, v, i)->valid[word];
		*all &= column_at(x, v, i)->valid[word];
	}
	return m->ignore == IGNORE_ALL ? v->rows[word] & any : m->ignore == IGNORE_ANY ? *all : v->rows[word];
}

/* ---- the sum ---- */

/* The sums of the rows in mask, one after the other, over 10^scale. */
static enum fe_rc
add_up(struct fe_expectation *x, const struct fe_view *v, size_t word, uint64_t mask, struct fe_err *err)
{
	struct multi *m = x->state;
	int64_t values[64];

	memset(m->sums, 0, 64 * sizeof(*m->sums));
	for (size_t i = 0; i < x->n_columns; i++) {
		const struct fe_column *c = column_at(x, v, i);
		size_t n = fe_numbers_take(c, word, mask, values);
		fe_i128 unit = fe_pow10[m->scale - (c->type.kind == FE_DECIMAL ? c->type.scale : 0)];

		for (size_t k = 0; k < n; k++) {
			if (__builtin_add_overflow(m->sums[k], values[k] * unit, &m->sums[k]))
				return fe_fail(err, FE_ELIMIT, "%s: a sum of more than 38 digits; "
				               "sum fewer columns", x->item->kind->type);
		}
	}
	return FE_OK;
}

static enum fe_rc
judge_sum(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
          struct fe_err *err)
{
	const struct fe_suite_number *total = &fe_suite_kwarg(x->item, "sum_total")->one.number;
	const struct multi *m = x->state;

	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++) {
		size_t k = 0;
		uint64_t all;

		considered[w] = unexpected[w] = considered_of(x, v, w, &all);
		if (!m->is_sum_possible || all == 0)
			continue;
		FE_TRY(add_up(x, v, w, all, err));
		for (; all != 0; all &= all - 1) {
			if (fe_suite_number_compare(m->sums[k++], m->scale, total) == 0)
				unexpected[w] &= ~(all & -all);
		}
	}
	return FE_OK;
}

/* ---- all equal ---- */

static enum fe_rc
judge_equal(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
            struct fe_err *err)
{
	const struct fe_column *first = column_at(x, v, 0);

	(void)err;
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++) {
		uint64_t all;

		considered[w] = considered_of(x, v, w, &all);
		for (size_t i = 1; i < x->n_columns; i++) {
			const struct fe_column *c = column_at(x, v, i);
			uint64_t both = considered[w] & first->valid[w] & c->valid[w], equal = 0, greater;

			if (fe_column_order_exists(first->type, c->type))
				fe_column_order(first, c, w, both, &equal, &greater);
			unexpected[w] |= considered[w] & ((first->valid[w] ^ c->valid[w]) | (both & ~equal));
		}
	}
	return FE_OK;
}

/* ---- sentences, and the table ---- */

static void
check(const struct fe_suite_item *item, struct fe_buf *mistake)
{
	const struct fe_kwarg *list = fe_suite_kwarg(item, "column_list");

	if (list->is_set && list->n_many < 2)
		fe_buf_add_text(mistake, "column_list must contain at least two columns");
}

static void
describe_sum(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_buf_add_text(out, "the sum of ");
	fe_sentence_list(item, "column_list", out);
	fe_buf_add_text(out, " is ");
	fe_sentence_value(item, "sum_total", out);
	fe_sentence_mostly(item, out);
}

static void
describe_equal(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_buf_add_text(out, "all of ");
	fe_sentence_list(item, "column_list", out);
	fe_buf_add_text(out, " are equal");
	fe_sentence_mostly(item, out);
}

#define KWARGS_OF_MULTI                                                                        \
	{ .name = "column_list", .kind = FE_KWARG_NAMES, .is_required = true },                \
	{ .name = "mostly", .kind = FE_KWARG_MOSTLY, .default_json = "1.0" },                  \
	{ .name = "ignore_row_if", .kind = FE_KWARG_WORD,                                      \
	  .default_json = "\"all_values_are_missing\"",                                        \
	  .words = "all_values_are_missing|any_value_is_missing|never" },                      \
	FE_KWARGS_OF_CONDITION

static const struct fe_kwarg_spec of_sum[] = {
	KWARGS_OF_MULTI,
	{ .name = "sum_total", .kind = FE_KWARG_FLOAT, .is_required = true },
	{ .name = NULL },
};
static const struct fe_kwarg_spec of_equal[] = {
	KWARGS_OF_MULTI,
	{ .name = NULL },
};

#define MULTI .domain = FE_DOMAIN_MULTI, .is_map = true, .check = check, .reset = reset

const struct fe_expectation_kind fe_kinds_multi[] = {
	{
		.type = "expect_multicolumn_sum_to_equal", MULTI,
		.metrics = { "multicolumn_sum.equal.condition" }, .kwargs = of_sum,
		.bind = bind_sum, .judge = judge_sum, .describe = describe_sum,
	},
	{
		.type = "expect_multicolumn_values_to_be_equal", MULTI,
		.metrics = { "multicolumn_values.equal.condition" }, .kwargs = of_equal,
		.bind = bind, .judge = judge_equal, .describe = describe_equal,
	},
	{ .type = NULL },
};

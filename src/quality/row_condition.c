// SPDX-License-Identifier: Apache-2.0
/* quality/row_condition.c - see quality/row_condition.h
 *
 * What was read (quality/condition.h) is bound to columns: a test of numbers, dates or moments
 * becomes ranges of the column's own integers, one of texts a list of texts. 64 rows are
 * evaluated at a time, on a small stack of words.
 *
 * Null is as pandas has it: in no comparison but !=, in no list, and so in NOT_IN. Truth values
 * have a third answer there: what is compared with null is unknown, and so is its opposite;
 * a row whose condition is unknown is not taken.
 */
#include "quality/row_condition.h"

#include "base/mem.h"
#include "quality/column_order.h"
#include "quality/condition.h"
#include "quality/literal.h"

struct range { /* of integers, both ends included */
	int64_t low, high;
};

struct bound_leaf {
	enum fe_condition_test test;
	size_t column;
	struct range *ranges; /* columns of all types but text */
	size_t n_ranges;
	struct fe_str *texts;
	size_t n_texts;
	bool is_negated;      /* values that meet it are those outside of ranges and texts */
	bool null_meets, null_is_unknown;
};

struct fe_row_condition {
	struct bound_leaf leaves[FE_CONDITION_MAX_LEAVES];
	size_t n_leaves;
	struct fe_condition_step steps[FE_CONDITION_MAX_STEPS];
	size_t n_steps;
	struct fe_arena arena;
};

/* ---- binding ---- */

static const char *const failed_metrics[] = { "table.column_types", "table.row_count", NULL };

static bool
is_ordering(enum fe_condition_test test)
{
	return test == FE_TEST_LESS || test == FE_TEST_AT_MOST || test == FE_TEST_GREATER || test == FE_TEST_AT_LEAST;
}

/* The least integer that is at least (with is_over: more than) the number, over 10^scale; past
 * INT64_MAX where there is none. */
static fe_i128
least_from(const struct fe_suite_number *n, unsigned scale, bool is_over)
{
	fe_i128 low = INT64_MIN, high = (fe_i128)INT64_MAX + 1;

	while (low < high) {
		fe_i128 middle = low + (high - low) / 2;
		int order = fe_suite_number_compare(middle, scale, n);

		if (is_over ? order > 0 : order >= 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* from: the first integer at least the value, past: the first that is more. */
static void
add_range(struct bound_leaf *leaf, enum fe_condition_test test, fe_i128 from, fe_i128 past)
{
	fe_i128 low = INT64_MIN, high = INT64_MAX;

	if (test == FE_TEST_LESS)
		high = from - 1;
	else if (test == FE_TEST_AT_MOST)
		high = past - 1;
	else if (test == FE_TEST_GREATER)
		low = past;
	else if (test == FE_TEST_AT_LEAST)
		low = from;
	else
		low = from, high = past - 1;
	if (low <= high)
		leaf->ranges[leaf->n_ranges++] = (struct range){ (int64_t)low, (int64_t)high };
}

static bool
bind_number(struct bound_leaf *leaf, enum fe_condition_test test, struct fe_type type, const struct fe_literal *l)
{
	struct fe_suite_number truth = { .is_exact = true, .digits = l->is_true, .value = l->is_true };
	const struct fe_suite_number *n = l->kind == FE_LITERAL_BOOL ? &truth : &l->number;
	unsigned scale = type.kind == FE_DECIMAL ? type.scale : 0;

	if (l->kind != FE_LITERAL_NUMBER && l->kind != FE_LITERAL_BOOL)
		return false;
	add_range(leaf, test, least_from(n, scale, false), least_from(n, scale, true));
	return true;
}

/* Whether a value compares with those of the column. */
enum fit {
	FITS,
	IS_UNEQUAL, /* equals none of them, and has no order to them */
	IS_STRANGE, /* cannot even be asked */
};

/* Texts are read as moments where they order, but those of a list are not. */
static enum fit
bind_instant(struct bound_leaf *leaf, enum fe_condition_test test, const struct fe_literal *l)
{
	struct fe_literal moment = { 0 };
	struct fe_buf iso;
	bool is_read;

	if (test == FE_TEST_IN || test == FE_TEST_NOT_IN)
		return IS_UNEQUAL;
	if (l->kind != FE_LITERAL_TEXT)
		return IS_STRANGE;
	fe_buf_init(&iso, 64);
	is_read = fe_literal_read_moment(l->text, &moment, &iso);
	fe_buf_reset(&iso);
	if (!is_read || moment.kind != FE_LITERAL_INSTANT)
		return is_read ? IS_UNEQUAL : IS_STRANGE;
	add_range(leaf, test, moment.us, (fe_i128)moment.us + 1);
	return FITS;
}

static enum fit
bind_literal(struct bound_leaf *leaf, enum fe_condition_test test, struct fe_type type, const struct fe_literal *l)
{
	switch (type.kind) {
	case FE_DECIMAL:
	case FE_INT:
	case FE_BOOL:
		return bind_number(leaf, test, type, l) ? FITS : IS_UNEQUAL;
	case FE_TIMESTAMP:
		return bind_instant(leaf, test, l);
	case FE_TEXT:
		if (l->kind != FE_LITERAL_TEXT)
			break;
		leaf->texts[leaf->n_texts++] = l->text;
		return FITS;
	case FE_DATE: /* Python's dates never equal a text */
		break;
	}
	return IS_UNEQUAL;
}

/* pandas asks whether a value is equal to a text as whether it is in the list of that text. */
static enum fe_condition_test
test_of(const struct fe_condition_leaf *from)
{
	bool is_of_text = from->n_values == 1 && from->values[0].kind == FE_LITERAL_TEXT;

	if (is_of_text && from->test == FE_TEST_EQUAL)
		return FE_TEST_IN;
	return is_of_text && from->test == FE_TEST_NOT_EQUAL ? FE_TEST_NOT_IN : from->test;
}

static bool
bind_leaf(struct fe_row_condition *c, struct fe_expectation *x, const struct fe_condition_leaf *from)
{
	struct bound_leaf *leaf = &c->leaves[c->n_leaves++];
	enum fe_condition_test test = test_of(from);
	struct fe_literal yes = { .kind = FE_LITERAL_BOOL, .is_true = true };
	struct fe_type type;

	*leaf = (struct bound_leaf){ .test = test, .column = fe_schema_find(x->schema, from->column) };
	if (leaf->column == FE_NO_COLUMN) {
		fe_expectation_raise(x, failed_metrics, "row_condition: there is no column '%.*s'",
		                     FE_STR_ARGS(from->column));
		return false;
	}
	type = x->schema->fields[leaf->column].type;
	leaf->ranges = fe_arena_alloc(&c->arena, (from->n_values + 1) * sizeof(*leaf->ranges));
	leaf->texts = fe_arena_alloc(&c->arena, (from->n_values + 1) * sizeof(*leaf->texts));
	leaf->is_negated = test == FE_TEST_NOT_EQUAL || test == FE_TEST_NOT_IN;
	leaf->null_is_unknown = type.kind == FE_BOOL && test != FE_TEST_IN && test != FE_TEST_NOT_IN;
	leaf->null_meets = leaf->is_negated && !leaf->null_is_unknown;
	for (size_t i = 0; i < from->n_values; i++) {
		enum fit fit = bind_literal(leaf, test, type, &from->values[i]);

		if (fit == IS_STRANGE || (fit == IS_UNEQUAL && is_ordering(test))) {
			fe_expectation_raise(x, failed_metrics, "row_condition: column '%.*s' (%s) cannot be compared with %.*s",
			                     FE_STR_ARGS(from->column), fe_kind_name(type.kind),
			                     FE_STR_ARGS(from->values[i].raw));
			return false;
		}
	}
	if (test == FE_TEST_TRUE && (type.kind != FE_BOOL || !bind_number(leaf, FE_TEST_EQUAL, type, &yes))) {
		fe_expectation_raise(x, failed_metrics, "row_condition: column '%.*s' by itself is no condition: it is a %s",
		                     FE_STR_ARGS(from->column), fe_kind_name(type.kind));
		return false;
	}
	return true;
}

enum fe_rc
fe_row_condition_read(struct fe_row_condition **out, struct fe_expectation *x, const struct fe_kwarg *condition,
                      const struct fe_kwarg *parser, struct fe_err *err)
{
	struct fe_str parser_name = parser && parser->is_set ? parser->one.text : (struct fe_str){ 0 };
	struct fe_condition *read = fe_new(struct fe_condition);
	struct fe_row_condition *c = fe_new(struct fe_row_condition);
	struct fe_buf why;

	(void)err;
	*out = NULL;
	fe_buf_init(&why, FE_ERR_TEXT_BYTES);
	if (!fe_condition_read(read, condition->json, parser_name, &c->arena, &why)) {
		fe_expectation_raise(x, failed_metrics, "%s", fe_buf_text(&why));
		goto fail;
	}
	for (size_t i = 0; i < read->n_leaves; i++) {
		if (!bind_leaf(c, x, &read->leaves[i]))
			goto fail;
	}
	memcpy(c->steps, read->steps, sizeof(c->steps));
	c->n_steps = read->n_steps;
	*out = c;
	c = NULL;
fail:
	fe_row_condition_free(c);
	fe_buf_reset(&why);
	fe_free(read);
	return FE_OK;
}

void
fe_row_condition_free(struct fe_row_condition *c)
{
	if (c)
		fe_arena_free(&c->arena);
	fe_free(c);
}

/* ---- evaluation, of 64 rows ---- */

struct answer { /* a row in neither is unknown */
	uint64_t yes, no;
};

static bool
text_meets(const struct bound_leaf *leaf, struct fe_str text)
{
	for (size_t i = 0; i < leaf->n_texts; i++) {
		int order = is_ordering(leaf->test) ? fe_text_order(text, leaf->texts[i]) :
		                                      !fe_str_eq(text, leaf->texts[i]);

		if (leaf->test == FE_TEST_LESS      ? order < 0 :
		    leaf->test == FE_TEST_AT_MOST  ? order <= 0 :
		    leaf->test == FE_TEST_GREATER  ? order > 0 :
		    leaf->test == FE_TEST_AT_LEAST ? order >= 0 :
		                                      order == 0)
			return true;
	}
	return false;
}

static bool
number_meets(const struct bound_leaf *leaf, const struct fe_column *c, size_t row)
{
	int64_t v = c->type.kind == FE_BOOL ? (int64_t)fe_bit_get(c->bits, row) :
	            c->type.kind == FE_DATE ? c->days[row] :
	                                      c->i64[row];

	for (size_t i = 0; i < leaf->n_ranges; i++) {
		if (v >= leaf->ranges[i].low && v <= leaf->ranges[i].high)
			return true;
	}
	return false;
}

static struct answer
ask(const struct bound_leaf *leaf, const struct fe_view *v, size_t word)
{
	const struct fe_column *c = &v->batch->columns[leaf->column];
	uint64_t rows = v->rows[word], present = rows & c->valid[word], nulls = rows & ~c->valid[word], meets = 0;

	if (leaf->test == FE_TEST_NULL)
		return (struct answer){ .yes = nulls, .no = present };
	if (leaf->test == FE_TEST_NOT_NULL)
		return (struct answer){ .yes = present, .no = nulls };
	for (uint64_t mask = present; mask != 0; mask &= mask - 1) {
		size_t row = word * 64 + (size_t)__builtin_ctzll(mask);
		bool is_met = c->type.kind == FE_TEXT ? text_meets(leaf, c->text[row]) : number_meets(leaf, c, row);

		meets |= is_met != leaf->is_negated ? mask & -mask : 0;
	}
	meets |= leaf->null_meets ? nulls : 0;
	return (struct answer){ .yes = meets, .no = rows & ~meets & ~(leaf->null_is_unknown ? nulls : 0) };
}

static uint64_t
eval_word(const struct fe_row_condition *c, const struct fe_view *v, size_t word)
{
	struct answer stack[FE_CONDITION_MAX_STEPS + 1];
	size_t n = 0;

	for (size_t i = 0; i < c->n_steps; i++) {
		const struct fe_condition_step *s = &c->steps[i];
		struct answer *top = &stack[n ? n - 1 : 0], *under = &stack[n > 1 ? n - 2 : 0];

		switch (s->op) {
		case FE_CONDITION_LEAF:
			stack[n++] = ask(&c->leaves[s->leaf], v, word);
			break;
		case FE_CONDITION_NOT:
			*top = (struct answer){ .yes = top->no, .no = top->yes };
			break;
		case FE_CONDITION_AND:
			*under = (struct answer){ .yes = under->yes & top->yes, .no = under->no | top->no };
			n--;
			break;
		case FE_CONDITION_OR:
			*under = (struct answer){ .yes = under->yes | top->yes, .no = under->no & top->no };
			n--;
			break;
		}
	}
	FE_ASSERT(n == 1);
	return stack[0].yes;
}

void
fe_row_condition_eval(const struct fe_row_condition *c, const struct fe_view *v, uint64_t *out)
{
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++)
		out[w] = v->rows[w] ? eval_word(c, v, w) : 0;
}

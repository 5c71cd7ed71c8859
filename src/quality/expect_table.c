// SPDX-License-Identifier: Apache-2.0
/* quality/expect_table.c - which columns there are, and how many rows
 *
 * Columns are known before the first row; names are compared exactly, byte by byte. Rows
 * are counted by the validation itself.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "quality/kinds.h"
#include "quality/sentence.h"

static struct fe_str
name_of(const struct fe_schema *schema, size_t i)
{
	return fe_str_of(schema->fields[i].name);
}

/* ---- columns in their order ---- */

static const struct fe_kwarg_spec of_list[] = {
	{ .name = "column_list", .kind = FE_KWARG_NAMES, .may_be_null = true },
	{ .name = NULL },
};

static bool
is_at(const struct fe_schema *schema, const struct fe_kwarg *list, size_t i)
{
	return i < schema->n_fields && i < list->n_many && fe_str_eq(name_of(schema, i), list->many[i].text);
}

static size_t
n_places(const struct fe_schema *schema, const struct fe_kwarg *list)
{
	return schema->n_fields > list->n_many ? schema->n_fields : list->n_many;
}

static enum fe_rc
end_list(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *list = fe_suite_kwarg(x->item, "column_list");

	(void)err;
	x->success = true;
	for (size_t i = 0; list->is_set && i < n_places(x->schema, list); i++)
		x->success = x->success && is_at(x->schema, list, i);
	return FE_OK;
}

static void
print_place(const struct fe_schema *schema, const struct fe_kwarg *list, size_t i, struct fe_json *j)
{
	fe_json_object(j, NULL);
	fe_json_i64(j, "Expected Column Position", (int64_t)i);
	if (i < list->n_many)
		fe_json_str(j, "Expected", list->many[i].text);
	else
		fe_json_null(j, "Expected");
	if (i < schema->n_fields)
		fe_json_str(j, "Found", name_of(schema, i));
	else
		fe_json_null(j, "Found");
	fe_json_object_end(j);
}

static void
print_list(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	const struct fe_kwarg *list = fe_suite_kwarg(x->item, "column_list");

	(void)set;
	fe_json_array(j, "observed_value");
	for (size_t i = 0; i < x->schema->n_fields; i++)
		fe_json_str(j, NULL, name_of(x->schema, i));
	fe_json_array_end(j);
	if (x->success)
		return;
	fe_json_object(j, "details");
	fe_json_array(j, "mismatched");
	for (size_t i = 0; i < n_places(x->schema, list); i++) {
		if (!is_at(x->schema, list, i))
			print_place(x->schema, list, i, j);
	}
	fe_json_array_end(j);
	fe_json_object_end(j);
}

static void
describe_list(const struct fe_suite_item *item, struct fe_buf *out)
{
	const struct fe_kwarg *list = fe_sentence_kwarg(item, "column_list");

	fe_buf_addf(out, "the columns are the %zu of the list, in its order", list ? list->n_many : 0);
}

/* ---- columns in any order ---- */

static const struct fe_kwarg_spec of_set[] = {
	{ .name = "column_set", .kind = FE_KWARG_NAMES, .may_be_null = true },
	{ .name = "exact_match", .kind = FE_KWARG_BOOL, .may_be_null = true, .default_json = "true" },
	{ .name = NULL },
};

/* Names, sorted by code point, each once. */
struct names {
	struct fe_str *p;
	size_t n;
};

struct sets {
	struct names found, unexpected, missing;
};

static int
by_code_point(const void *a, const void *b)
{
	struct fe_str x = *(const struct fe_str *)a, y = *(const struct fe_str *)b;
	size_t n = x.n < y.n ? x.n : y.n;
	int order = n ? memcmp(x.p, y.p, n) : 0;

	return order ? order : (x.n > y.n) - (x.n < y.n);
}

static void
sort_names(struct names *names)
{
	size_t n = 0;

	if (names->n > 1)
		qsort(names->p, names->n, sizeof(*names->p), by_code_point);
	for (size_t i = 0; i < names->n; i++) {
		if (n == 0 || !fe_str_eq(names->p[n - 1], names->p[i]))
			names->p[n++] = names->p[i];
	}
	names->n = n;
}

/* a without b, both sorted. */
static struct names
without(const struct names *a, const struct names *b)
{
	struct names out = { .p = fe_new_array(a->n + 1, struct fe_str) };

	for (size_t i = 0; i < a->n; i++) {
		if (!b->n || !bsearch(&a->p[i], b->p, b->n, sizeof(*b->p), by_code_point))
			out.p[out.n++] = a->p[i];
	}
	return out;
}

static bool
is_exact(const struct fe_expectation *x)
{
	const struct fe_kwarg *k = fe_suite_kwarg(x->item, "exact_match");

	return !fe_json_is(k->json, FE_JSON_NULL) && k->one.is_true; /* null is as false */
}

static enum fe_rc
end_set(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *set = fe_suite_kwarg(x->item, "column_set");
	struct sets *s = fe_new(struct sets);
	struct names expected = { .p = fe_new_array(set->n_many + 1, struct fe_str) };

	(void)err;
	x->state = s;
	s->found.p = fe_new_array(x->schema->n_fields + 1, struct fe_str);
	for (size_t i = 0; i < x->schema->n_fields; i++)
		s->found.p[s->found.n++] = name_of(x->schema, i);
	for (size_t i = 0; i < set->n_many; i++)
		expected.p[expected.n++] = set->many[i].text;
	sort_names(&s->found);
	sort_names(&expected);
	s->unexpected = without(&s->found, &expected);
	s->missing = without(&expected, &s->found);
	x->success = s->missing.n == 0 && (!is_exact(x) || s->unexpected.n == 0);
	fe_free(expected.p);
	return FE_OK;
}

static void
print_names(struct fe_json *j, const char *key, const struct names *names)
{
	fe_json_array(j, key);
	for (size_t i = 0; i < names->n; i++)
		fe_json_str(j, NULL, names->p[i]);
	fe_json_array_end(j);
}

static void
print_set(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	const struct sets *s = x->state;

	(void)set;
	print_names(j, "observed_value", &s->found);
	if (s->unexpected.n == 0 && s->missing.n == 0)
		return;
	fe_json_object(j, "details");
	fe_json_object(j, "mismatched");
	if (s->unexpected.n)
		print_names(j, "unexpected", &s->unexpected);
	if (s->missing.n)
		print_names(j, "missing", &s->missing);
	fe_json_object_end(j);
	fe_json_object_end(j);
}

static void
reset_set(struct fe_expectation *x)
{
	struct sets *s = x->state;

	if (!s)
		return;
	fe_free(s->found.p);
	fe_free(s->unexpected.p);
	fe_free(s->missing.p);
	fe_free(s);
	x->state = NULL;
}

static void
describe_set(const struct fe_suite_item *item, struct fe_buf *out)
{
	const struct fe_kwarg *exact = fe_sentence_kwarg(item, "exact_match");

	fe_buf_add_text(out, !exact || exact->one.is_true ? "the columns are, in any order, " : "among the columns are ");
	fe_sentence_list(item, "column_set", out);
}

/* ---- one column ---- */

static const struct fe_kwarg_spec of_existence[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	{ .name = "column_index", .kind = FE_KWARG_INT, .may_be_null = true },
	{ .name = NULL },
};

static enum fe_rc
end_existence(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *index = fe_suite_kwarg(x->item, "column_index");
	size_t at = fe_schema_find(x->schema, fe_suite_kwarg(x->item, "column")->one.text);
	fe_i128 place = index->is_set ? index->one.number.digits : 0;

	(void)err;
	if (place < 0) /* from the end */
		place += (fe_i128)x->schema->n_fields;
	x->success = at != FE_NO_COLUMN;
	if (index->is_set && index->one.number.digits != 0) /* 0 is as none: so GX has it */
		x->success = x->success && place == (fe_i128)at;
	return FE_OK;
}

static void
print_nothing(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	(void)x;
	(void)set;
	(void)j;
}

static void
describe_existence(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_buf_add_text(out, "there is a column ");
	fe_sentence_name(item, "column", out);
	if (fe_sentence_kwarg(item, "column_index")) {
		fe_buf_add_text(out, " at place ");
		fe_sentence_value(item, "column_index", out);
	}
}

/* ---- how many ---- */

static const struct fe_kwarg_spec of_column_range[] = {
	{ .name = "min_value", .kind = FE_KWARG_BOUND, .may_be_null = true },
	{ .name = "max_value", .kind = FE_KWARG_BOUND, .may_be_null = true },
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_column_count[] = {
	{ .name = "value", .kind = FE_KWARG_INT, .is_required = true },
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_row_range[] = {
	{ .name = "min_value", .kind = FE_KWARG_INT, .may_be_null = true },
	{ .name = "max_value", .kind = FE_KWARG_INT, .may_be_null = true },
	{ .name = "strict_min", .kind = FE_KWARG_BOOL, .default_json = "false" },
	{ .name = "strict_max", .kind = FE_KWARG_BOOL, .default_json = "false" },
	{ .name = "row_condition", .kind = FE_KWARG_CONDITION, .may_be_null = true },
	{ .name = "condition_parser", .kind = FE_KWARG_ANY, .may_be_null = true },
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_row_count[] = {
	{ .name = "value", .kind = FE_KWARG_INT, .is_required = true },
	{ .name = "row_condition", .kind = FE_KWARG_CONDITION, .may_be_null = true },
	{ .name = "condition_parser", .kind = FE_KWARG_ANY, .may_be_null = true },
	{ .name = NULL },
};

static void
check_row_range(const struct fe_suite_item *item, struct fe_buf *mistake)
{
	const struct fe_kwarg *min = fe_suite_kwarg(item, "min_value"), *max = fe_suite_kwarg(item, "max_value");

	if (min->is_set && max->is_set && min->one.number.digits > max->one.number.digits)
		fe_buf_add_text(mistake, "min_value must be less than or equal to max_value");
}

static enum fe_rc
end_column_range(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *min = fe_suite_kwarg(x->item, "min_value"), *max = fe_suite_kwarg(x->item, "max_value");
	double n = (double)x->schema->n_fields;

	(void)err;
	if ((min->is_set && min->one.kind != FE_LITERAL_NUMBER) || (max->is_set && max->one.kind != FE_LITERAL_NUMBER)) {
		fe_expectation_raise(x, NULL, "a number of columns cannot be compared with a date");
		return FE_OK;
	}
	x->success = (!min->is_set || n >= min->one.number.value) && (!max->is_set || n <= max->one.number.value);
	return FE_OK;
}

static enum fe_rc
end_column_count(struct fe_expectation *x, struct fe_err *err)
{
	(void)err;
	x->success = (fe_i128)x->schema->n_fields == fe_suite_kwarg(x->item, "value")->one.number.digits;
	return FE_OK;
}

static void
print_column_count(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	(void)set;
	fe_json_i64(j, "observed_value", (int64_t)x->schema->n_fields);
}

static enum fe_rc
end_row_range(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *min = fe_suite_kwarg(x->item, "min_value"), *max = fe_suite_kwarg(x->item, "max_value");
	bool over = fe_suite_kwarg(x->item, "strict_min")->one.is_true;
	bool under = fe_suite_kwarg(x->item, "strict_max")->one.is_true;
	fe_i128 n = x->n_rows;

	(void)err;
	x->success = (!min->is_set || n >= min->one.number.digits + over) &&
		     (!max->is_set || n <= max->one.number.digits - under);
	return FE_OK;
}

static enum fe_rc
end_row_count(struct fe_expectation *x, struct fe_err *err)
{
	(void)err;
	x->success = (fe_i128)x->n_rows == fe_suite_kwarg(x->item, "value")->one.number.digits;
	return FE_OK;
}

static void
print_row_count(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	(void)set;
	fe_json_i64(j, "observed_value", (int64_t)x->n_rows);
}

static void
describe_column_range(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_buf_add_text(out, "the number of columns is ");
	fe_sentence_range(item, out);
}

static void
describe_column_count(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_buf_add_text(out, "the number of columns is ");
	fe_sentence_value(item, "value", out);
}

static void
describe_row_range(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_buf_add_text(out, "the number of rows is ");
	fe_sentence_range(item, out);
}

static void
describe_row_count(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_buf_add_text(out, "the number of rows is ");
	fe_sentence_value(item, "value", out);
}

const struct fe_expectation_kind fe_kinds_table[] = {
	{ .type = "expect_table_columns_to_match_ordered_list",
	  .kwargs = of_list,
	  .end = end_list,
	  .print = print_list,
	  .describe = describe_list },
	{ .type = "expect_table_columns_to_match_set",
	  .kwargs = of_set,
	  .end = end_set,
	  .print = print_set,
	  .reset = reset_set,
	  .describe = describe_set },
	{ .type = "expect_column_to_exist",
	  .kwargs = of_existence,
	  .end = end_existence,
	  .print = print_nothing,
	  .describe = describe_existence },
	{ .type = "expect_table_column_count_to_be_between",
	  .kwargs = of_column_range,
	  .end = end_column_range,
	  .print = print_column_count,
	  .describe = describe_column_range },
	{ .type = "expect_table_column_count_to_equal",
	  .kwargs = of_column_count,
	  .end = end_column_count,
	  .print = print_column_count,
	  .describe = describe_column_count },
	{ .type = "expect_table_row_count_to_be_between",
	  .kwargs = of_row_range,
	  .check = check_row_range,
	  .end = end_row_range,
	  .print = print_row_count,
	  .describe = describe_row_range },
	{ .type = "expect_table_row_count_to_equal",
	  .kwargs = of_row_count,
	  .end = end_row_count,
	  .print = print_row_count,
	  .describe = describe_row_count },
	{ .type = NULL },
};

// SPDX-License-Identifier: Apache-2.0
/* quality/expect_distinct.c - how many distinct values a column has, and the most common
 *
 * Every distinct value is remembered with its count (quality/distinct.h).
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/time.h"
#include "quality/distinct.h"
#include "quality/kinds.h"
#include "quality/value_set.h"

#define DISTINCT_COUNT "column.distinct_values.count"
#define NONNULL "column_values.nonnull.condition"

/* ---- how many ---- */

/* Just how many: where the column is known to be unique, every value is another. */
static enum fe_rc
feed_count(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err)
{
	if (x->known_unique && x->known_unique[x->columns[0]])
		return fe_distinct_count(x, v, err);
	return fe_distinct_feed(x, v, err);
}

static uint64_t
count_of(const struct fe_expectation *x)
{
	const struct fe_distinct *d = x->state;

	return x->known_unique && x->known_unique[x->columns[0]] ? d->n_values : d->set.table.n_keys;
}

static enum fe_rc
end_figure(struct fe_expectation *x)
{
	struct fe_distinct *d = x->state;

	x->success = fe_figure_within(x, &d->figure);
	return FE_OK;
}

static enum fe_rc
end_count(struct fe_expectation *x, struct fe_err *err)
{
	struct fe_distinct *d = x->state;

	(void)err;
	d->figure = (struct fe_figure){ .kind = FE_FIGURE_EXACT, .digits = count_of(x) };
	return end_figure(x);
}

static struct fe_figure
proportion(uint64_t part, uint64_t whole)
{
	if (whole == 0)
		return (struct fe_figure){ .kind = FE_FIGURE_EXACT };
	return (struct fe_figure){ .kind = FE_FIGURE_DOUBLE, .value = (double)part / (double)whole };
}

static enum fe_rc
end_proportion_unique(struct fe_expectation *x, struct fe_err *err)
{
	struct fe_distinct *d = x->state;

	(void)err;
	d->figure = proportion(count_of(x), d->n_values);
	return end_figure(x);
}

static enum fe_rc
end_proportion_non_null(struct fe_expectation *x, struct fe_err *err)
{
	struct fe_distinct *d = x->state;

	(void)err;
	d->figure = proportion(d->n_values, d->n_rows);
	return end_figure(x);
}

static void
print_figure(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	const struct fe_distinct *d = x->state;

	(void)set;
	fe_figure_print(j, "observed_value", &d->figure, false);
}

static void
describe_count(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_figure_describe(item, "number of distinct values", out);
}

static void
describe_proportion_unique(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_figure_describe(item, "proportion of distinct values", out);
}

static void
describe_proportion_non_null(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_figure_describe(item, "proportion of values that are not null", out);
}

/* ---- the most common ---- */

/* As fe_distinct_print_key; but these values go through numpy there, which has no zones and always
 * prints six digits. */
static void
print_mode(struct fe_buf *out, struct fe_type type, struct fe_str key, bool is_masked)
{
	char text[FE_TIMESTAMP_TEXT_BYTES];

	if (type.kind != FE_TIMESTAMP || is_masked) {
		fe_distinct_print_key(out, type, key, is_masked);
		return;
	}
	fe_timestamp_format_iso(fe_distinct_number(key), text);
	fe_buf_add_char(out, '"');
	fe_buf_add(out, text, FE_TIMESTAMP_TEXT_BYTES - 1);
	fe_buf_add_char(out, '"');
}

static enum fe_rc
find_modes(struct fe_expectation *x, struct fe_err *err)
{
	struct fe_distinct *d = x->state;
	uint64_t most = 1;
	struct fe_key_cursor at = { 0 };
	struct fe_str key;
	const void *value;

	d->owns_keys = fe_keytable_is_on_disk(&d->set.table);
	for (;;) {
		FE_TRY(fe_keytable_next(&d->set.table, &at, &key, &value, err));
		if (!key.p)
			break;
		uint64_t n = fe_keyset_get64(value);
		if (n < most)
			continue;
		while (n > most && d->n_keys > 0)
			fe_distinct_drop(d, d->keys[--d->n_keys]);
		most = n;
		if (x->max_bytes && d->n_keys >= x->max_bytes / sizeof *d->keys)
			return fe_fail(err, FE_ELIMIT,
			               "%s: more than %zu values are all as common; raise --max-memory to list them",
			               x->item->kind->type, d->n_keys);
		d->keys = fe_grow(d->keys, &d->cap_keys, d->n_keys + 1, sizeof *d->keys);
		d->keys[d->n_keys++] = fe_distinct_hold(d, key);
	}
	if (d->n_keys > 1)
		qsort(d->keys, d->n_keys, sizeof *d->keys, fe_distinct_order(fe_distinct_type(x)));
	return FE_OK;
}

static enum fe_rc
end_most_common(struct fe_expectation *x, struct fe_err *err)
{
	struct fe_distinct *d = x->state;
	struct fe_type type = fe_distinct_type(x);
	struct fe_value_set set;
	bool is_any = false;
	enum fe_rc rc;

	rc = fe_value_set_init(&set, type, FE_MOMENT_TEXTS_NEVER, fe_suite_kwarg(x->item, "value_set"), err);
	if (rc)
		goto fail;
	rc = find_modes(x, err);
	for (size_t i = 0; i < d->n_keys && !is_any; i++)
		is_any = type.kind == FE_TEXT ? fe_value_set_has_text(&set, d->keys[i])
		                              : fe_value_set_has_number(&set, fe_distinct_number(d->keys[i]));
	x->success = is_any && (d->n_keys == 1 || fe_suite_kwarg(x->item, "ties_okay")->one.is_true);
fail:
	fe_value_set_reset(&set);
	return rc;
}

static void
print_most_common(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	(void)set;
	fe_distinct_print_keys(x, "observed_value", j, print_mode);
}

static void
describe_most_common(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_buf_addf(out, "the most common value of %.*s is one of ",
	            FE_STR_ARGS(fe_suite_kwarg(item, "column")->one.text));
	fe_value_set_describe(fe_suite_kwarg(item, "value_set"), out);
}

/* ---- the kinds ---- */

static const struct fe_kwarg_spec count_kwargs[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	FE_KWARGS_OF_BOUNDS(FE_KWARG_INT),
	FE_KWARGS_OF_ROWS,
	{ .name = NULL },
};

static const struct fe_kwarg_spec proportion_kwargs[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	FE_KWARGS_OF_BOUNDS(FE_KWARG_FLOAT),
	FE_KWARGS_OF_ROWS,
	{ .name = NULL },
};

static const struct fe_kwarg_spec most_common_kwargs[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	{ .name = "value_set", .kind = FE_KWARG_VALUES, .is_required = true },
	{ .name = "ties_okay", .kind = FE_KWARG_BOOL, .may_be_null = true },
	FE_KWARGS_OF_ROWS,
	{ .name = NULL },
};

const struct fe_expectation_kind fe_kinds_distinct[] = {
	{ .type = "expect_column_unique_value_count_to_be_between", .domain = FE_DOMAIN_COLUMN, .remembers = true,
	  .forgets_known = true,
	  .metrics = { DISTINCT_COUNT }, .kwargs = count_kwargs, .bind = fe_distinct_bind, .feed = feed_count,
	  .end = end_count, .print = print_figure, .reset = fe_distinct_reset, .describe = describe_count },
	{ .type = "expect_column_proportion_of_unique_values_to_be_between", .domain = FE_DOMAIN_COLUMN, .remembers = true,
	  .forgets_known = true,
	  .metrics = { DISTINCT_COUNT, NONNULL }, .kwargs = proportion_kwargs, .bind = fe_distinct_bind,
	  .feed = feed_count, .end = end_proportion_unique, .print = print_figure, .reset = fe_distinct_reset,
	  .describe = describe_proportion_unique },
	{ .type = "expect_column_proportion_of_non_null_values_to_be_between", .domain = FE_DOMAIN_COLUMN,
	  .metrics = { "column.non_null_count" }, .kwargs = proportion_kwargs, .bind = fe_distinct_bind,
	  .feed = fe_distinct_count, .end = end_proportion_non_null, .print = print_figure, .reset = fe_distinct_reset,
	  .describe = describe_proportion_non_null },
	{ .type = "expect_column_most_common_value_to_be_in_set", .domain = FE_DOMAIN_COLUMN, .remembers = true,
	  .metrics = { "column.most_common_value" }, .kwargs = most_common_kwargs, .bind = fe_distinct_bind,
	  .feed = fe_distinct_feed, .end = end_most_common, .print = print_most_common, .reset = fe_distinct_reset,
	  .describe = describe_most_common },
	{ .type = NULL },
};

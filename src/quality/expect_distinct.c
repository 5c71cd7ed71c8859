// SPDX-License-Identifier: Apache-2.0
/* quality/expect_distinct.c - the distinct values of a column: how many, which, how often
 *
 * Every distinct value is remembered with its count (quality/keyset.h). Lists are in the order
 * of values: numbers and moments by size, texts by code point, as bytes of UTF-8 are.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/time.h"
#include "quality/figure.h"
#include "quality/keyset.h"
#include "quality/kinds.h"
#include "quality/value_set.h"

#define MAX_LISTED 20 /* of distinct values; Great Expectations' MAX_DISTINCT_VALUES */
#define DISTINCT_COUNT "column.distinct_values.count"
#define NONNULL "column_values.nonnull.condition"

struct distinct {
	struct fe_keyset set; /* with the count of each */
	uint64_t n_rows, n_values;
	struct fe_figure figure;
	struct fe_str *keys;  /* to be listed, in order: modes, or values that are not in the set */
	size_t n_keys, cap_keys;
	uint64_t n_unexpected;
	const struct fe_literal **missing; /* [n_missing]; lists show the first */
	size_t n_missing;
};

static struct fe_type
type_of(const struct fe_expectation *x)
{
	return x->schema->fields[x->columns[0]].type;
}

static enum fe_rc
bind_distinct(struct fe_expectation *x, struct fe_err *err)
{
	struct distinct *d = fe_new(struct distinct);

	(void)err;
	x->state = d;
	fe_keyset_init(&d->set, sizeof(uint64_t), x->max_bytes);
	return FE_OK;
}

static size_t
take_values(struct fe_expectation *x, const struct fe_view *v, uint64_t *values)
{
	const struct fe_column *c = &v->batch->columns[x->columns[0]];
	struct distinct *d = x->state;
	size_t n_values;

	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++)
		values[w] = v->rows[w] & c->valid[w];
	n_values = fe_bits_count(values, v->n_rows);
	d->n_rows += fe_bits_count(v->rows, v->n_rows);
	d->n_values += n_values;
	return n_values;
}

static enum fe_rc
feed_non_null(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err)
{
	uint64_t values[FE_BITMAP_WORDS(FE_BATCH_ROWS)];

	(void)err;
	FE_ASSERT(v->n_rows <= FE_BATCH_ROWS);
	(void)take_values(x, v, values);
	return FE_OK;
}

static enum fe_rc
feed_distinct(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err)
{
	uint64_t values[FE_BITMAP_WORDS(FE_BATCH_ROWS)];
	struct distinct *d = x->state;
	size_t n = v->n_rows;
	enum fe_rc rc;

	FE_ASSERT(n <= FE_BATCH_ROWS);
	if (take_values(x, v, values) == 0)
		return FE_OK;
	rc = fe_keyset_take(&d->set, v->batch, x->columns, 1, values, err);
	if (rc) {
		fe_err_context(err, "%s", x->item->kind->type);
		return rc;
	}
	for (size_t row = fe_bits_next(values, n, 0); row < n; row = fe_bits_next(values, n, row + 1))
		fe_keyset_put64(d->set.values[row], fe_keyset_get64(d->set.values[row]) + 1);
	return FE_OK;
}

static void
reset_distinct(struct fe_expectation *x)
{
	struct distinct *d = x->state;

	if (!d)
		return;
	fe_keyset_reset(&d->set);
	fe_free(d->keys);
	fe_free(d->missing);
	fe_free(d);
	x->state = NULL;
}

/* ---- how many ---- */

/* Just how many: where the column is known to be unique, every value is another. */
static enum fe_rc
feed_count(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err)
{
	if (x->known_unique && x->known_unique[x->columns[0]])
		return feed_non_null(x, v, err);
	return feed_distinct(x, v, err);
}

static uint64_t
count_of(const struct fe_expectation *x)
{
	const struct distinct *d = x->state;

	return x->known_unique && x->known_unique[x->columns[0]] ? d->n_values : d->set.table.n_keys;
}

static enum fe_rc
end_figure(struct fe_expectation *x)
{
	struct distinct *d = x->state;

	x->success = fe_figure_within(x, &d->figure);
	return FE_OK;
}

static enum fe_rc
end_count(struct fe_expectation *x, struct fe_err *err)
{
	struct distinct *d = x->state;

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
	struct distinct *d = x->state;

	(void)err;
	d->figure = proportion(count_of(x), d->n_values);
	return end_figure(x);
}

static enum fe_rc
end_proportion_non_null(struct fe_expectation *x, struct fe_err *err)
{
	struct distinct *d = x->state;

	(void)err;
	d->figure = proportion(d->n_values, d->n_rows);
	return end_figure(x);
}

static void
print_figure(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	const struct distinct *d = x->state;

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

/* ---- keys as values ---- */

static int64_t
number_of(struct fe_str key)
{
	int64_t number;

	memcpy(&number, key.p, sizeof number);
	return number;
}

static int
compare_numbers(const void *a, const void *b)
{
	int64_t x = number_of(*(const struct fe_str *)a), y = number_of(*(const struct fe_str *)b);

	return (x > y) - (x < y);
}

static int
compare_texts(const void *a, const void *b)
{
	const struct fe_str *x = a, *y = b;
	size_t n = x->n < y->n ? x->n : y->n;
	int order = n ? memcmp(x->p, y->p, n) : 0;

	return order ? order : (x->n > y->n) - (x->n < y->n);
}

static int (*order_of(struct fe_type type))(const void *, const void *)
{
	return type.kind == FE_TEXT ? compare_texts : compare_numbers;
}

static void
print_number(struct fe_buf *out, struct fe_type type, int64_t number, bool is_masked)
{
	int32_t days = (int32_t)number;
	uint64_t bit = number != 0, valid = 1;
	struct fe_column c = { .type = type, .valid = &valid };

	if (type.kind == FE_DATE)
		c.days = &days;
	else if (type.kind == FE_BOOL)
		c.bits = &bit;
	else
		c.i64 = &number;
	fe_expectation_print_value(out, &c, 0, is_masked);
}

static void
print_key(struct fe_buf *out, struct fe_type type, struct fe_str key, bool is_masked)
{
	uint64_t valid = 1;
	struct fe_column c = { .type = type, .valid = &valid, .text = &key };

	if (type.kind == FE_TEXT)
		fe_expectation_print_value(out, &c, 0, is_masked);
	else
		print_number(out, type, number_of(key), is_masked);
}

/* As print_key; but these values go through numpy there, which has no zones and always prints six digits. */
static void
print_mode(struct fe_buf *out, struct fe_type type, struct fe_str key, bool is_masked)
{
	char text[FE_TIMESTAMP_TEXT_BYTES];

	if (type.kind != FE_TIMESTAMP || is_masked) {
		print_key(out, type, key, is_masked);
		return;
	}
	fe_timestamp_format_iso(number_of(key), text);
	fe_buf_add_char(out, '"');
	fe_buf_add(out, text, FE_TIMESTAMP_TEXT_BYTES - 1);
	fe_buf_add_char(out, '"');
}

static void
print_keys(const struct fe_expectation *x, const char *name, struct fe_json *j,
           void (*print)(struct fe_buf *, struct fe_type, struct fe_str, bool))
{
	const struct distinct *d = x->state;
	bool is_masked = fe_figure_is_masked(x);

	fe_json_array(j, name);
	for (size_t i = 0; i < d->n_keys; i++) {
		struct fe_buf value;
		fe_buf_init(&value, SIZE_MAX);
		print(&value, type_of(x), d->keys[i], is_masked);
		fe_json_raw(j, NULL, fe_buf_str(&value));
		fe_buf_reset(&value);
	}
	fe_json_array_end(j);
}

/* ---- the most common ---- */

static enum fe_rc
find_modes(struct fe_expectation *x, struct fe_err *err)
{
	struct distinct *d = x->state;
	uint64_t most = 1;
	struct fe_key_cursor at = { 0 };
	struct fe_str key;
	void *value;

	while (fe_keytable_next(&d->set.table, &at, &key, &value)) {
		uint64_t n = fe_keyset_get64(value);
		if (n < most)
			continue;
		if (n > most)
			d->n_keys = 0;
		most = n;
		if (x->max_bytes && d->n_keys >= x->max_bytes / sizeof *d->keys)
			return fe_fail(err, FE_ELIMIT,
			               "%s: more than %zu values are all as common; raise --max-memory to list them",
			               x->item->kind->type, d->n_keys);
		d->keys = fe_grow(d->keys, &d->cap_keys, d->n_keys + 1, sizeof *d->keys);
		d->keys[d->n_keys++] = key;
	}
	if (d->n_keys > 1)
		qsort(d->keys, d->n_keys, sizeof *d->keys, order_of(type_of(x)));
	return FE_OK;
}

static enum fe_rc
end_most_common(struct fe_expectation *x, struct fe_err *err)
{
	struct distinct *d = x->state;
	struct fe_type type = type_of(x);
	struct fe_value_set set;
	bool is_any = false;
	enum fe_rc rc;

	rc = fe_value_set_init(&set, type, FE_MOMENT_TEXTS_NEVER, fe_suite_kwarg(x->item, "value_set"), err);
	if (rc)
		goto fail;
	rc = find_modes(x, err);
	for (size_t i = 0; i < d->n_keys && !is_any; i++)
		is_any = type.kind == FE_TEXT ? fe_value_set_has_text(&set, d->keys[i])
		                              : fe_value_set_has_number(&set, number_of(d->keys[i]));
	x->success = is_any && (d->n_keys == 1 || fe_suite_kwarg(x->item, "ties_okay")->one.is_true);
fail:
	fe_value_set_reset(&set);
	return rc;
}

static void
print_most_common(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	(void)set;
	print_keys(x, "observed_value", j, print_mode);
}

static void
describe_most_common(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_buf_addf(out, "the most common value of %.*s is one of ",
	            FE_STR_ARGS(fe_suite_kwarg(item, "column")->one.text));
	fe_value_set_describe(fe_suite_kwarg(item, "value_set"), out);
}

/* ---- distinct values and a set ---- */

/* Keeps the least of all keys it is shown, in order. */
static void
list_key(struct distinct *d, struct fe_str key, int (*compare)(const void *, const void *))
{
	size_t at = d->n_keys;

	while (at > 0 && compare(&key, &d->keys[at - 1]) < 0)
		at--;
	if (at == MAX_LISTED)
		return;
	if (d->n_keys < MAX_LISTED)
		d->n_keys++;
	memmove(d->keys + at + 1, d->keys + at, (d->n_keys - 1 - at) * sizeof *d->keys);
	d->keys[at] = key;
}

static enum fe_rc
find_unexpected(struct fe_expectation *x, struct fe_err *err)
{
	struct distinct *d = x->state;
	struct fe_type type = type_of(x);
	struct fe_key_cursor at = { 0 };
	struct fe_value_set set;
	struct fe_str key;
	void *value;
	enum fe_rc rc;

	d->keys = fe_grow(d->keys, &d->cap_keys, MAX_LISTED, sizeof *d->keys);
	rc = fe_value_set_init(&set, type, FE_MOMENT_TEXTS_ALL, fe_suite_kwarg(x->item, "value_set"), err);
	while (rc == FE_OK && fe_keytable_next(&d->set.table, &at, &key, &value)) {
		bool is_member = type.kind == FE_TEXT ? fe_value_set_has_text(&set, key)
		                                      : fe_value_set_has_number(&set, number_of(key));
		if (is_member)
			continue;
		d->n_unexpected++;
		list_key(d, key, order_of(type));
	}
	fe_value_set_reset(&set);
	return rc;
}

/* Texts are read as moments only beside moments: of a column without values they stay texts. */
static enum fe_moment_texts
moments_of(const struct distinct *d)
{
	return d->n_values > 0 ? FE_MOMENT_TEXTS_ALL : FE_MOMENT_TEXTS_NEVER;
}

/* Bytes that are the same for equal literals, as 1 and 1.0 and true are, and two texts of one moment. */
static void
add_identity(const struct distinct *d, struct fe_type type, const struct fe_literal *l, struct fe_buf *out)
{
	int64_t number;

	struct fe_suite_number n = l->kind == FE_LITERAL_BOOL
	                                   ? (struct fe_suite_number){ .is_exact = true, .digits = l->is_true }
	                                   : l->number;

	if (l->kind == FE_LITERAL_TEXT && type.kind != FE_TEXT && fe_value_of_literal(type, moments_of(d), l, &number)) {
		fe_buf_add_char(out, 'm');
		fe_buf_add(out, &number, sizeof number);
		return;
	}
	switch (l->kind) {
	case FE_LITERAL_NUMBER:
	case FE_LITERAL_BOOL:
		fe_buf_add_char(out, n.is_exact ? 'n' : 'd');
		fe_buf_add(out, &n.digits, sizeof n.digits);
		fe_buf_add(out, &n.scale, sizeof n.scale);
		if (!n.is_exact)
			fe_buf_add(out, &n.value, sizeof n.value);
		break;
	case FE_LITERAL_TEXT:
		fe_buf_add_char(out, 't');
		fe_buf_add_str(out, l->text);
		break;
	default:
		fe_buf_add_char(out, 'o');
		fe_buf_add_str(out, l->raw);
	}
}

static bool
is_met(const struct distinct *d, struct fe_type type, const struct fe_literal *l)
{
	int64_t number = 0;

	if (!fe_value_of_literal(type, moments_of(d), l, &number))
		return false;
	return fe_keyset_has(&d->set, type.kind == FE_TEXT
	                                      ? l->text
	                                      : (struct fe_str){ (const char *)&number, sizeof number });
}

/* The values of the set, each once, that the column has not. */
static enum fe_rc
find_missing(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *set = fe_suite_kwarg(x->item, "value_set");
	struct distinct *d = x->state;
	struct fe_hash_key hash_key;
	struct fe_keytable seen;
	struct fe_buf identity;
	enum fe_rc rc = FE_OK;
	void *value;

	fe_hash_key_random(&hash_key);
	fe_keytable_init(&seen, 0, 0, &hash_key);
	fe_buf_init(&identity, FE_JSON_MAX_STRING_BYTES + 1);
	d->missing = fe_alloc_array(set->n_many, sizeof *d->missing);
	for (size_t i = 0; i < set->n_many && rc == FE_OK; i++) {
		if (is_met(d, type_of(x), &set->many[i]))
			continue;
		fe_buf_clear(&identity);
		add_identity(d, type_of(x), &set->many[i], &identity);
		uint64_t hash = fe_hash64(&hash_key, identity.p, identity.n_bytes);
		if (fe_keytable_find(&seen, hash, fe_buf_str(&identity)))
			continue;
		rc = fe_keytable_add(&seen, hash, fe_buf_str(&identity), &value, err);
		d->missing[d->n_missing++] = &set->many[i];
	}
	fe_buf_reset(&identity);
	fe_keytable_reset(&seen);
	return rc;
}

static enum fe_rc
end_in_set(struct fe_expectation *x, struct fe_err *err)
{
	struct distinct *d = x->state;

	FE_TRY(find_unexpected(x, err));
	x->success = d->n_unexpected == 0;
	return FE_OK;
}

static enum fe_rc
end_contain_set(struct fe_expectation *x, struct fe_err *err)
{
	struct distinct *d = x->state;

	FE_TRY(find_missing(x, err));
	x->success = d->n_missing == 0;
	return FE_OK;
}

static enum fe_rc
end_equal_set(struct fe_expectation *x, struct fe_err *err)
{
	struct distinct *d = x->state;

	FE_TRY(find_unexpected(x, err));
	FE_TRY(find_missing(x, err));
	x->success = d->n_unexpected == 0 && d->n_missing == 0;
	return FE_OK;
}

/* A date of a moment that is written with a time is the day alone, as it was compared. */
static void
add_missing(struct fe_buf *out, const struct distinct *d, struct fe_type type, const struct fe_literal *l)
{
	bool is_moment = type.kind == FE_DATE || type.kind == FE_TIMESTAMP;
	int64_t number;

	if (!is_moment || l->kind != FE_LITERAL_TEXT ||
	    !fe_value_read_moment(type, moments_of(d), l->text, &number, out)) {
		fe_buf_clear(out);
		fe_buf_add_str(out, l->raw);
	} else if (type.kind == FE_DATE) {
		fe_buf_clear(out);
		print_number(out, type, number, false);
	}
}

static void
print_missing(const struct fe_expectation *x, struct fe_json *j)
{
	const struct distinct *d = x->state;

	fe_json_array(j, "partial_missing_list");
	for (size_t i = 0; i < d->n_missing && i < MAX_LISTED; i++) {
		struct fe_buf value;
		fe_buf_init(&value, 2 * FE_JSON_MAX_STRING_BYTES);
		add_missing(&value, d, type_of(x), d->missing[i]);
		fe_json_raw(j, NULL, fe_buf_str(&value));
		fe_buf_reset(&value);
	}
	fe_json_array_end(j);
}

static void
print_sets(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j,
           bool has_unexpected, bool has_missing)
{
	const struct distinct *d = x->state;
	bool has_lists = set->partial_unexpected_count > 0;

	fe_json_null(j, "observed_value");
	if (has_unexpected)
		fe_json_i64(j, "unexpected_count", (int64_t)d->n_unexpected);
	if (has_missing)
		fe_json_i64(j, "missing_count", (int64_t)d->n_missing);
	if (has_unexpected && has_lists)
		print_keys(x, "partial_unexpected_list", j, print_key);
	if (has_missing && has_lists)
		print_missing(x, j);
}

static void
print_in_set(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	print_sets(x, set, j, true, false);
}

static void
print_contain_set(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	print_sets(x, set, j, false, true);
}

static void
print_equal_set(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	print_sets(x, set, j, true, true);
}

static void
describe_sets(const struct fe_suite_item *item, const char *what, struct fe_buf *out)
{
	fe_buf_addf(out, "the distinct values of %.*s %s ", FE_STR_ARGS(fe_suite_kwarg(item, "column")->one.text), what);
	fe_value_set_describe(fe_suite_kwarg(item, "value_set"), out);
}

static void
describe_in_set(const struct fe_suite_item *item, struct fe_buf *out)
{
	describe_sets(item, "are all of", out);
}

static void
describe_contain_set(const struct fe_suite_item *item, struct fe_buf *out)
{
	describe_sets(item, "contain", out);
}

static void
describe_equal_set(const struct fe_suite_item *item, struct fe_buf *out)
{
	describe_sets(item, "are exactly", out);
}

/* ---- the kinds ---- */

static void
check_in_set(const struct fe_suite_item *item, struct fe_buf *mistake)
{
	const struct fe_kwarg *set = fe_suite_kwarg(item, "value_set");

	if (set->is_set && set->n_many == 0)
		fe_buf_add_text(mistake, "value_set must be a non-empty set-like object.");
}

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

static const struct fe_kwarg_spec set_kwargs[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	{ .name = "value_set", .kind = FE_KWARG_VALUES, .is_required = true },
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
	{ .type = "expect_column_unique_value_count_to_be_between", .domain = FE_DOMAIN_COLUMN,
	  .metrics = { DISTINCT_COUNT }, .kwargs = count_kwargs, .bind = bind_distinct, .feed = feed_count,
	  .end = end_count, .print = print_figure, .reset = reset_distinct, .describe = describe_count },
	{ .type = "expect_column_proportion_of_unique_values_to_be_between", .domain = FE_DOMAIN_COLUMN,
	  .metrics = { DISTINCT_COUNT, NONNULL }, .kwargs = proportion_kwargs, .bind = bind_distinct,
	  .feed = feed_count, .end = end_proportion_unique, .print = print_figure, .reset = reset_distinct,
	  .describe = describe_proportion_unique },
	{ .type = "expect_column_proportion_of_non_null_values_to_be_between", .domain = FE_DOMAIN_COLUMN,
	  .metrics = { "column.non_null_count" }, .kwargs = proportion_kwargs, .bind = bind_distinct,
	  .feed = feed_non_null, .end = end_proportion_non_null, .print = print_figure, .reset = reset_distinct,
	  .describe = describe_proportion_non_null },
	{ .type = "expect_column_most_common_value_to_be_in_set", .domain = FE_DOMAIN_COLUMN,
	  .metrics = { "column.most_common_value" }, .kwargs = most_common_kwargs, .bind = bind_distinct,
	  .feed = feed_distinct, .end = end_most_common, .print = print_most_common, .reset = reset_distinct,
	  .describe = describe_most_common },
	{ .type = "expect_column_distinct_values_to_be_in_set", .domain = FE_DOMAIN_COLUMN,
	  .metrics = { "column.distinct_values.not_in_set", "column.distinct_values.not_in_set.count" },
	  .kwargs = set_kwargs, .check = check_in_set, .bind = bind_distinct, .feed = feed_distinct,
	  .end = end_in_set, .print = print_in_set, .reset = reset_distinct, .describe = describe_in_set },
	{ .type = "expect_column_distinct_values_to_contain_set", .domain = FE_DOMAIN_COLUMN,
	  .metrics = { "column.distinct_values.missing_from_column",
	               "column.distinct_values.missing_from_column.count" },
	  .kwargs = set_kwargs, .bind = bind_distinct, .feed = feed_distinct, .end = end_contain_set,
	  .print = print_contain_set, .reset = reset_distinct, .describe = describe_contain_set },
	{ .type = "expect_column_distinct_values_to_equal_set", .domain = FE_DOMAIN_COLUMN,
	  .metrics = { "column.distinct_values" }, .kwargs = set_kwargs, .bind = bind_distinct,
	  .feed = feed_distinct, .end = end_equal_set, .print = print_equal_set, .reset = reset_distinct,
	  .describe = describe_equal_set },
	{ .type = NULL },
};

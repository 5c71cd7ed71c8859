// SPDX-License-Identifier: Apache-2.0
/* quality/expect_distinct_set.c - the distinct values of a column, and a set of them
 *
 * Which values are not in the set, and which of the set are not in the column: of each the
 * count, and a list of the first.
 */
#include "base/mem.h"
#include "quality/distinct.h"
#include "quality/kinds.h"
#include "quality/value_set.h"

#define MAX_LISTED 20 /* Great Expectations' MAX_DISTINCT_VALUES */

/* Keeps the least of all keys it is shown, in order. */
static void
list_key(struct fe_distinct *d, struct fe_str key, int (*compare)(const void *, const void *))
{
	size_t at = d->n_keys;

	while (at > 0 && compare(&key, &d->keys[at - 1]) < 0)
		at--;
	if (at == MAX_LISTED)
		return;
	if (d->n_keys < MAX_LISTED)
		d->n_keys++;
	else
		fe_distinct_drop(d, d->keys[MAX_LISTED - 1]);
	memmove(d->keys + at + 1, d->keys + at, (d->n_keys - 1 - at) * sizeof *d->keys);
	d->keys[at] = fe_distinct_hold(d, key);
}

static enum fe_rc
find_unexpected(struct fe_expectation *x, struct fe_err *err)
{
	struct fe_distinct *d = x->state;
	struct fe_type type = fe_distinct_type(x);
	struct fe_key_cursor at = { 0 };
	struct fe_value_set set;
	struct fe_str key;
	const void *value;
	enum fe_rc rc;

	d->owns_keys = fe_keytable_is_on_disk(&d->set.table);
	d->keys = fe_grow(d->keys, &d->cap_keys, MAX_LISTED, sizeof *d->keys);
	rc = fe_value_set_init(&set, type, FE_MOMENT_TEXTS_ALL, fe_suite_kwarg(x->item, "value_set"), err);
	while (rc == FE_OK) {
		rc = fe_keytable_next(&d->set.table, &at, &key, &value, err);
		if (rc || !key.p)
			break;
		bool is_member = type.kind == FE_TEXT ? fe_value_set_has_text(&set, key)
		                                      : fe_value_set_has_number(&set, fe_distinct_number(key));
		if (is_member)
			continue;
		d->n_unexpected++;
		list_key(d, key, fe_distinct_order(type));
	}
	fe_value_set_reset(&set);
	return rc;
}

/* Texts are read as moments only beside moments: of a column without values they stay texts. */
static enum fe_moment_texts
moments_of(const struct fe_distinct *d)
{
	return d->n_values > 0 ? FE_MOMENT_TEXTS_ALL : FE_MOMENT_TEXTS_NEVER;
}

/* Bytes that are the same for equal literals, as 1 and 1.0 and true are, and two texts of one moment. */
static void
add_identity(const struct fe_distinct *d, struct fe_type type, const struct fe_literal *l, struct fe_buf *out)
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

static enum fe_rc
find_literal(struct fe_distinct *d, struct fe_type type, const struct fe_literal *l, bool *is_met, struct fe_err *err)
{
	int64_t number = 0;

	*is_met = false;
	if (!fe_value_of_literal(type, moments_of(d), l, &number))
		return FE_OK;
	struct fe_str key = { (const char *)&number, sizeof number };
	return fe_keyset_has(&d->set, type.kind == FE_TEXT ? l->text : key, is_met, err);
}

/* The values of the set, each once, that the column has not. */
static enum fe_rc
find_missing(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *set = fe_suite_kwarg(x->item, "value_set");
	struct fe_distinct *d = x->state;
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
		bool is_met;
		rc = find_literal(d, fe_distinct_type(x), &set->many[i], &is_met, err);
		if (rc || is_met)
			continue;
		fe_buf_clear(&identity);
		add_identity(d, fe_distinct_type(x), &set->many[i], &identity);
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
	struct fe_distinct *d = x->state;

	FE_TRY(find_unexpected(x, err));
	x->success = d->n_unexpected == 0;
	return FE_OK;
}

static enum fe_rc
end_contain_set(struct fe_expectation *x, struct fe_err *err)
{
	struct fe_distinct *d = x->state;

	FE_TRY(find_missing(x, err));
	x->success = d->n_missing == 0;
	return FE_OK;
}

static enum fe_rc
end_equal_set(struct fe_expectation *x, struct fe_err *err)
{
	struct fe_distinct *d = x->state;

	FE_TRY(find_unexpected(x, err));
	FE_TRY(find_missing(x, err));
	x->success = d->n_unexpected == 0 && d->n_missing == 0;
	return FE_OK;
}

/* A date of a moment that is written with a time is the day alone, as it was compared. */
static void
add_missing(struct fe_buf *out, const struct fe_distinct *d, struct fe_type type, const struct fe_literal *l)
{
	bool is_moment = type.kind == FE_DATE || type.kind == FE_TIMESTAMP;
	int64_t number;

	if (!is_moment || l->kind != FE_LITERAL_TEXT ||
	    !fe_value_read_moment(type, moments_of(d), l->text, &number, out)) {
		fe_buf_clear(out);
		fe_buf_add_str(out, l->raw);
	} else if (type.kind == FE_DATE) {
		fe_buf_clear(out);
		fe_distinct_print_number(out, type, number, false);
	}
}

static void
print_missing(const struct fe_expectation *x, struct fe_json *j)
{
	const struct fe_distinct *d = x->state;

	fe_json_array(j, "partial_missing_list");
	for (size_t i = 0; i < d->n_missing && i < MAX_LISTED; i++) {
		struct fe_buf value;
		fe_buf_init(&value, 2 * FE_JSON_MAX_STRING_BYTES);
		add_missing(&value, d, fe_distinct_type(x), d->missing[i]);
		fe_json_raw(j, NULL, fe_buf_str(&value));
		fe_buf_reset(&value);
	}
	fe_json_array_end(j);
}

static void
print_sets(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j,
           bool has_unexpected, bool has_missing)
{
	const struct fe_distinct *d = x->state;
	bool has_lists = set->partial_unexpected_count > 0;

	fe_json_null(j, "observed_value");
	if (has_unexpected)
		fe_json_i64(j, "unexpected_count", (int64_t)d->n_unexpected);
	if (has_missing)
		fe_json_i64(j, "missing_count", (int64_t)d->n_missing);
	if (has_unexpected && has_lists)
		fe_distinct_print_keys(x, "partial_unexpected_list", j, fe_distinct_print_key);
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

static const struct fe_kwarg_spec set_kwargs[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	{ .name = "value_set", .kind = FE_KWARG_VALUES, .is_required = true },
	FE_KWARGS_OF_ROWS,
	{ .name = NULL },
};

const struct fe_expectation_kind fe_kinds_distinct_set[] = {
	{ .type = "expect_column_distinct_values_to_be_in_set", .domain = FE_DOMAIN_COLUMN, .remembers = true,
	  .metrics = { "column.distinct_values.not_in_set", "column.distinct_values.not_in_set.count" },
	  .kwargs = set_kwargs, .check = check_in_set, .bind = fe_distinct_bind, .feed = fe_distinct_feed,
	  .end = end_in_set, .print = print_in_set, .reset = fe_distinct_reset, .describe = describe_in_set },
	{ .type = "expect_column_distinct_values_to_contain_set", .domain = FE_DOMAIN_COLUMN, .remembers = true,
	  .metrics = { "column.distinct_values.missing_from_column",
	               "column.distinct_values.missing_from_column.count" },
	  .kwargs = set_kwargs, .bind = fe_distinct_bind, .feed = fe_distinct_feed, .end = end_contain_set,
	  .print = print_contain_set, .reset = fe_distinct_reset, .describe = describe_contain_set },
	{ .type = "expect_column_distinct_values_to_equal_set", .domain = FE_DOMAIN_COLUMN, .remembers = true,
	  .metrics = { "column.distinct_values" }, .kwargs = set_kwargs, .bind = fe_distinct_bind,
	  .feed = fe_distinct_feed, .end = end_equal_set, .print = print_equal_set, .reset = fe_distinct_reset,
	  .describe = describe_equal_set },
	{ .type = NULL },
};

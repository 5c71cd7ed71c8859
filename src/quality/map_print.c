// SPDX-License-Identifier: Apache-2.0
/* quality/map_print.c - the result of a map expectation as JSON
 *
 * Keys in the order of Great Expectations' _format_map_output; tests/gx/README.md, "Result
 * formats", says which format shows what.
 */
#include <stdlib.h>

#include "base/double.h"
#include "base/mem.h"
#include "base/text.h"
#include "quality/map_private.h"

/* The division first, as there: a third is 33.33333333333333. */
static void
print_percent(struct fe_json *j, const char *key, uint64_t part, uint64_t whole)
{
	char text[FE_DOUBLE_TEXT_BYTES];

	if (whole == 0)
		fe_json_null(j, key);
	else
		fe_json_raw(j, key, (struct fe_str){ text, fe_double_format((double)part / (double)whole * 100, text) });
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Values listed in part: of index lists there may be more. */
static size_t
n_partial(const struct fe_map_result *m)
{
	return least(least(m->set->partial_unexpected_count, FE_MAP_MAX_LISTED), m->n_samples);
}

static void
print_values(const struct fe_map_result *m, struct fe_json *j, const char *key, size_t n)
{
	fe_json_array(j, key);
	for (size_t i = 0; i < n; i++)
		fe_json_raw(j, NULL, fe_str_of(m->samples[i].value));
	fe_json_array_end(j);
}

/* ---- index lists ---- */

/* The i-th row of a list: of the samples, or of all places. */
struct rows {
	const struct fe_map_sample *samples;
	const struct fe_map_place *places;
	size_t n;
};

static const char *
index_at(const struct rows *r, size_t i)
{
	return r->samples ? r->samples[i].index : r->places[i].index;
}

static uint64_t
position_at(const struct rows *r, size_t i)
{
	return r->samples ? r->samples[i].position : r->places[i].position;
}

static struct fe_str
line_of(const char *lines, size_t k)
{
	for (; k > 0; k--)
		lines = strchr(lines, '\n') + 1;
	return (struct fe_str){ lines, strcspn(lines, "\n") };
}

/* [{"key": [value, value]}]: the values themselves are not shown. */
static void
print_by_column(const struct fe_expectation *x, const struct fe_result_settings *set, const struct rows *r,
                struct fe_json *j)
{
	struct fe_arena arena = { 0 };
	size_t n;
	size_t *columns = fe_map_index_columns(x, set, &arena, &n);

	fe_json_object(j, NULL);
	for (size_t k = 0; k < n; k++) {
		fe_json_array(j, x->schema->fields[columns[k]].name);
		for (size_t i = 0; i < r->n; i++)
			fe_json_raw(j, NULL, line_of(index_at(r, i), k));
		fe_json_array_end(j);
	}
	fe_json_object_end(j);
	fe_arena_free(&arena);
}

static void
print_index_list(const struct fe_expectation *x, const struct fe_result_settings *set, const struct rows *r,
                 struct fe_json *j, const char *key)
{
	fe_json_array(j, key);
	if (set->n_index_columns && set->exclude_unexpected_values) {
		if (r->n)
			print_by_column(x, set, r, j);
	} else {
		for (size_t i = 0; i < r->n; i++) {
			if (set->n_index_columns)
				fe_json_raw(j, NULL, fe_str_of(index_at(r, i)));
			else
				fe_json_i64(j, NULL, (int64_t)position_at(r, i));
		}
	}
	fe_json_array_end(j);
}

static int
compare_places(const void *a, const void *b)
{
	uint64_t p = ((const struct fe_map_place *)a)->position, q = ((const struct fe_map_place *)b)->position;

	return (p > q) - (p < q);
}

static void
print_index_query(const struct rows *all, struct fe_json *j)
{
	struct fe_buf b;

	fe_buf_init(&b, SIZE_MAX / 2);
	fe_buf_add_text(&b, "\"df.filter(items=[");
	for (size_t i = 0; i < all->n; i++)
		fe_buf_addf(&b, "%s%llu", i ? ", " : "", (unsigned long long)all->places[i].position);
	fe_buf_add_text(&b, "], axis=0)\"");
	fe_json_raw(j, "unexpected_index_query", fe_buf_str(&b));
	fe_buf_reset(&b);
}

/* ---- the parts, each from one format on ---- */

static void
print_basic(const struct fe_map_result *m, const struct fe_expectation *x, struct fe_json *j)
{
	const struct fe_result_settings *set = m->set;
	bool is_be_null = strcmp(x->item->kind->type, "expect_column_values_to_be_null") == 0;

	fe_json_i64(j, "element_count", (int64_t)m->n_elements);
	fe_json_i64(j, "unexpected_count", (int64_t)m->n_unexpected);
	print_percent(j, "unexpected_percent", m->n_unexpected, m->counts_nulls ? m->n_elements : m->n_considered);
	if (!set->exclude_unexpected_values)
		print_values(m, j, "partial_unexpected_list", n_partial(m));
	if (set->has_index_columns && !is_be_null) {
		fe_json_array(j, "unexpected_index_column_names");
		for (size_t i = 0; i < set->n_index_columns; i++)
			fe_json_text(j, NULL, set->index_columns[i]);
		fe_json_array_end(j);
	}
	if (!m->counts_nulls) {
		fe_json_i64(j, "missing_count", (int64_t)(m->n_elements - m->n_considered));
		print_percent(j, "missing_percent", m->n_elements - m->n_considered, m->n_elements);
		print_percent(j, "unexpected_percent_total", m->n_unexpected, m->n_elements);
		print_percent(j, "unexpected_percent_nonmissing", m->n_unexpected, m->n_considered);
	}
	if (set->include_unexpected_rows) {
		fe_json_array(j, "unexpected_rows");
		for (size_t i = 0; i < n_partial(m); i++)
			fe_json_raw(j, NULL, fe_str_of(m->samples[i].whole));
		fe_json_array_end(j);
	}
}

static void
print_summary(const struct fe_map_result *m, const struct fe_expectation *x, struct fe_json *j)
{
	size_t n = m->set->format == FE_RESULT_COMPLETE ? least(m->n_samples, FE_MAP_MAX_LISTED) : n_partial(m);
	struct rows listed = { .samples = m->samples, .n = least(m->set->partial_unexpected_count, m->n_samples) };

	if (m->set->partial_unexpected_count == 0)
		return;
	if (!m->set->exclude_unexpected_values)
		fe_map_print_counts(x, m->samples, n, m->set->partial_unexpected_count, j);
	print_index_list(x, m->set, &listed, j, "partial_unexpected_index_list");
}

void
fe_map_result_print(const struct fe_map_result *m, const struct fe_expectation *x, struct fe_json *j)
{
	const struct fe_result_settings *set = m->set;
	struct rows all = { .places = m->places, .n = m->n_places };
	bool has_query = set->has_index_query ? set->return_index_query : set->format == FE_RESULT_COMPLETE;

	if (m->n_places)
		qsort(m->places, m->n_places, sizeof(*m->places), compare_places);
	if (set->format >= FE_RESULT_BASIC)
		print_basic(m, x, j);
	if (set->format >= FE_RESULT_SUMMARY)
		print_summary(m, x, j);
	if (set->format == FE_RESULT_COMPLETE) {
		if (!set->exclude_unexpected_values)
			print_values(m, j, "unexpected_list", least(m->n_samples, FE_MAP_MAX_LISTED));
		print_index_list(x, set, &all, j, "unexpected_index_list");
	}
	if (has_query)
		print_index_query(&all, j);
}

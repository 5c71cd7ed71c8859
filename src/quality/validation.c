// SPDX-License-Identifier: Apache-2.0
/* quality/validation.c - see quality/validation.h; validation_print.c has the result's JSON
 *
 * Each expectation that is not broken from the start sees each batch once. A row condition
 * narrows the rows first; a map expectation then judges, and its counts are taken in.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "quality/map_result.h"
#include "quality/row_condition.h"
#include "quality/validation_private.h"

/* ---- opening: columns and conditions ---- */

static bool
is_same_but_for_case(struct fe_str a, struct fe_str b, struct fe_arena *arena)
{
	return fe_str_eq(fe_text_case(a, FE_CASE_LOWER, arena), fe_text_case(b, FE_CASE_LOWER, arena));
}

/* The column of exactly this name, else the first that differs in case alone. */
static size_t
find_column(const struct fe_schema *schema, struct fe_str name)
{
	size_t column = fe_schema_find(schema, name);
	struct fe_arena arena = { 0 };

	for (size_t i = 0; i < schema->n_fields && column == FE_NO_COLUMN; i++) {
		if (is_same_but_for_case(fe_str_of(schema->fields[i].name), name, &arena))
			column = i;
	}
	fe_arena_free(&arena);
	return column;
}

static void
raise_no_column(struct fe_expectation *x, struct fe_str name)
{
	const struct fe_expectation_kind *kind = x->item->kind;
	const char *const by_type[] = { kind->type, NULL };
	const char *const *metrics = kind->metrics[0] ? kind->metrics : by_type;

	fe_expectation_raise(x, kind->is_plain_without_column ? NULL : metrics,
	                     "Error: The column \"%.*s\" in BatchData does not exist.", FE_STR_ARGS(name));
}

static void
add_column(struct fe_expectation *x, struct fe_str name)
{
	size_t column = find_column(x->schema, name);

	if (column == FE_NO_COLUMN)
		raise_no_column(x, name);
	else
		x->columns[x->n_columns++] = column;
}

static void
resolve_columns(struct fe_expectation *x)
{
	static const char *const names[][2] = {
		[FE_DOMAIN_COLUMN] = { "column", NULL },
		[FE_DOMAIN_PAIR] = { "column_A", "column_B" },
	};
	enum fe_domain domain = x->item->kind->domain;
	const struct fe_kwarg *list;

	if (domain == FE_DOMAIN_TABLE)
		return;
	if (domain == FE_DOMAIN_MULTI) {
		list = fe_suite_kwarg(x->item, "column_list");
		x->columns = fe_new_array(list->n_many + 1, size_t);
		for (size_t i = 0; i < list->n_many; i++)
			add_column(x, list->many[i].text);
		return;
	}
	x->columns = fe_new_array(2, size_t);
	for (size_t i = 0; i < 2 && names[domain][i]; i++)
		add_column(x, fe_suite_kwarg(x->item, names[domain][i])->one.text);
}

/* "column_values.between.unexpected_index_list", of the condition's metric. */
static void
name_index_metric(struct fe_expectation *x)
{
	const char *const *metrics = x->item->kind->metrics;
	const char *name = metrics[1] && strcmp(metrics[0], "column_values.nonnull.condition") == 0 ? metrics[1] : metrics[0];
	const char *end = name ? strrchr(name, '.') : NULL;

	if (!end)
		end = name = "";
	(void)snprintf(x->exception.own_metric, sizeof(x->exception.own_metric), "%.*s.unexpected_index_list",
	               (int)(end - name), name);
}

static void
check_index_columns(struct fe_expectation *x, const struct fe_result_settings *set)
{
	const char *const metrics[] = { x->exception.own_metric, NULL };

	if (!x->map || set->format < FE_RESULT_SUMMARY)
		return;
	for (size_t i = 0; i < set->n_index_columns; i++) {
		if (fe_schema_find(x->schema, fe_str_of(set->index_columns[i])) != FE_NO_COLUMN)
			continue;
		name_index_metric(x);
		fe_expectation_raise(x, metrics,
		                     "Error: The unexpected_index_column \"%s\" does not exist in Dataframe. Please check "
		                     "your configuration and try again.",
		                     set->index_columns[i]);
	}
}

const struct fe_kwarg *
fe_validation_kwarg(const struct fe_suite_item *item, const char *name)
{
	for (size_t i = 0; i < item->n_kwargs; i++) {
		if (strcmp(item->kwargs[i].name, name) == 0)
			return &item->kwargs[i];
	}
	return NULL;
}

static enum fe_rc
read_condition(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *condition = fe_validation_kwarg(x->item, "row_condition");
	const struct fe_kwarg *parser = fe_validation_kwarg(x->item, "condition_parser");

	if (!condition || !condition->is_set)
		return FE_OK;
	return fe_row_condition_read(&x->condition, x, condition, parser, err);
}

static bool
remembers(const struct fe_suite_item *item, const struct fe_validation_settings *set)
{
	if (item->mistake || !item->kind || !item->kind->remembers)
		return false;
	if (!item->kind->forgets_known || !set->known_unique)
		return true;
	struct fe_str column = fe_suite_kwarg(item, "column")->one.text;
	for (size_t i = 0; i < set->schema->n_fields; i++)
		if (fe_str_is(column, set->schema->fields[i].name))
			return !set->known_unique[i];
	return true;
}

static size_t
count_remembering(const struct fe_validation_settings *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->suite->n_items; i++)
		n += remembers(&set->suite->items[i], set);
	return n;
}

static enum fe_rc
open_expectation(struct fe_expectation *x, const struct fe_suite_item *item, const struct fe_validation_settings *set,
                 size_t n_remembering, struct fe_err *err)
{
	x->item = item;
	x->schema = set->schema;
	x->pii = set->pii;
	x->known_unique = set->known_unique;
	x->max_bytes = set->max_bytes ? set->max_bytes / (n_remembering ? n_remembering : 1) + 1 : 0;
	x->spill_folder = set->spill_folder;
	if (item->mistake || !item->kind) {
		fe_expectation_raise(x, NULL, "%s", item->mistake ? item->mistake : "an expectation of no kind");
		return FE_OK;
	}
	if (item->kind->is_map) {
		x->map = fe_new(struct fe_map_result);
		fe_map_result_init(x->map, &set->result, item->kind->counts_nulls);
	}
	FE_TRY(read_condition(x, err));
	resolve_columns(x);
	if (!x->exception.form && item->kind->bind)
		FE_TRY(item->kind->bind(x, err));
	if (!x->exception.form)
		check_index_columns(x, &set->result);
	return FE_OK;
}

/* ---- the order of results ---- */

static struct fe_str
group_of(const struct fe_expectation *x)
{
	const struct fe_kwarg *column = fe_validation_kwarg(x->item, "column");

	return column && column->is_set ? column->one.text : (struct fe_str){ 0 };
}

/* Columns in the order of their first mention, all without one as one of them. */
static void
order_by_column(struct fe_validation *v)
{
	struct fe_str *groups = fe_new_array(v->n_items + 1, struct fe_str);
	bool *is_placed = fe_new_array(v->n_items + 1, bool);
	size_t n = 0;

	for (size_t i = 0; i < v->n_items; i++)
		groups[i] = group_of(&v->items[i]);
	for (size_t i = 0; i < v->n_items; i++) {
		for (size_t k = i; k < v->n_items && !is_placed[i]; k++) {
			if (k > i && !is_placed[k] && fe_str_eq(groups[k], groups[i])) {
				v->order[n++] = k;
				is_placed[k] = true;
			} else if (k == i) {
				v->order[n++] = i;
			}
		}
		is_placed[i] = true;
	}
	FE_ASSERT(n == v->n_items);
	fe_free(groups);
	fe_free(is_placed);
}

/* ---- the life of a validation ---- */

enum fe_rc
fe_validation_open(struct fe_validation **out, const struct fe_validation_settings *set, struct fe_err *err)
{
	struct fe_validation *v = fe_new(struct fe_validation);
	size_t n_remembering = count_remembering(set);
	enum fe_rc rc = FE_OK;

	*out = NULL;
	v->set = *set;
	v->n_remembering = n_remembering;
	v->n_items = set->suite->n_items;
	v->items = fe_new_array(v->n_items + 1, struct fe_expectation);
	v->order = fe_new_array(v->n_items + 1, size_t);
	v->position = fe_new_array(FE_BATCH_ROWS, uint64_t);
	for (size_t i = 0; i < v->n_items && rc == FE_OK; i++)
		rc = open_expectation(&v->items[i], &set->suite->items[i], &v->set, n_remembering, err);
	if (rc) {
		fe_validation_close(v);
		return rc;
	}
	order_by_column(v);
	*out = v;
	return FE_OK;
}

uint64_t
fe_validation_reserved_bytes(const struct fe_validation *v)
{
	return v->n_remembering ? v->set.max_bytes : 0;
}

static enum fe_rc
feed(struct fe_expectation *x, const struct fe_view *all, struct fe_err *err)
{
	uint64_t met[FE_BITMAP_WORDS(FE_BATCH_ROWS)];
	uint64_t considered[FE_BITMAP_WORDS(FE_BATCH_ROWS)], unexpected[FE_BITMAP_WORDS(FE_BATCH_ROWS)];
	const struct fe_expectation_kind *kind = x->item->kind;
	struct fe_view v = *all;
	size_t n_words = FE_BITMAP_WORDS(v.n_rows);

	if (x->condition) {
		memset(met, 0, n_words * sizeof(*met));
		fe_row_condition_eval(x->condition, all, met);
		v.rows = met;
	}
	x->n_rows += fe_bits_count(v.rows, v.n_rows);
	if (!x->map)
		return kind->feed ? kind->feed(x, &v, err) : FE_OK;
	memset(considered, 0, n_words * sizeof(*considered));
	memset(unexpected, 0, n_words * sizeof(*unexpected));
	FE_TRY(kind->judge(x, &v, considered, unexpected, err));
	if (x->exception.form)
		return FE_OK;
	return fe_map_result_add(x->map, x, &v, considered, unexpected, err);
}

enum fe_rc
fe_validation_feed(struct fe_validation *v, const struct fe_batch *b, const uint64_t *rows, struct fe_err *err)
{
	struct fe_view view = { .batch = b, .rows = v->rows, .n_rows = b->n_rows, .position = v->position };
	size_t n_words = FE_BITMAP_WORDS(b->n_rows);

	FE_ASSERT(b->n_rows <= FE_BATCH_ROWS);
	if (b->n_rows == 0)
		return FE_OK;
	memcpy(v->rows, rows, n_words * sizeof(*rows));
	if (b->n_rows % 64)
		v->rows[n_words - 1] &= (UINT64_C(1) << b->n_rows % 64) - 1;
	for (size_t i = 0; i < b->n_rows; i++) {
		v->position[i] = v->n_rows;
		v->n_rows += fe_bit_get(v->rows, i);
	}
	for (size_t i = 0; i < v->n_items; i++) {
		if (!v->items[i].exception.form)
			FE_TRY(feed(&v->items[i], &view, err));
	}
	return FE_OK;
}

static enum fe_rc
end(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *mostly;

	if (!x->exception.form && x->item->kind->end)
		FE_TRY(x->item->kind->end(x, err));
	if (x->exception.form) {
		x->success = false;
	} else if (x->map) {
		mostly = fe_validation_kwarg(x->item, "mostly");
		x->success = fe_map_result_success(
			x->map, mostly && mostly->one.kind == FE_LITERAL_NUMBER ? mostly->one.number.value : 1);
	}
	return FE_OK;
}

enum fe_rc
fe_validation_end(struct fe_validation *v, struct fe_err *err)
{
	for (size_t i = 0; i < v->n_items; i++)
		FE_TRY(end(&v->items[i], err));
	return FE_OK;
}

void
fe_validation_close(struct fe_validation *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->n_items; i++) {
		struct fe_expectation *x = &v->items[i];

		if (x->item && x->item->kind && x->item->kind->reset)
			x->item->kind->reset(x);
		if (x->map)
			fe_expectation_drop_map(x);
		fe_row_condition_free(x->condition);
		fe_free(x->columns);
		fe_free(x->exception.message);
	}
	fe_free(v->items);
	fe_free(v->order);
	fe_free(v->position);
	fe_free(v);
}

struct fe_validation_counts
fe_validation_counts(const struct fe_validation *v)
{
	struct fe_validation_counts c = { .n_evaluated = v->n_items };

	for (size_t i = 0; i < v->n_items; i++) {
		if (v->items[i].success)
			c.n_successful++;
		else
			c.n_failed[v->items[i].item->severity]++;
	}
	return c;
}

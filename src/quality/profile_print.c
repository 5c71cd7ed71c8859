// SPDX-License-Identifier: Apache-2.0
/* quality/profile_print.c - a profile as JSON; docs/report-json.md describes it */
#include "base/text.h"
#include "base/time.h"
#include "quality/profile_private.h"

static void
print_text(struct fe_json *j, const char *key, struct fe_str text)
{
	fe_json_str(j, key, fe_utf8_substr(text, 1, FE_PROFILE_CHARS));
}

static void
print_number(struct fe_json *j, const char *key, struct fe_type type, int64_t value)
{
	char text[FE_DECIMAL_TEXT_BYTES];

	switch (type.kind) {
	case FE_BOOL:
		fe_json_text(j, key, value ? "true" : "false");
		break;
	case FE_DATE:
		fe_date_format((int32_t)value, text);
		fe_json_str(j, key, (struct fe_str){ text, FE_DATE_TEXT_BYTES });
		break;
	case FE_TIMESTAMP:
		fe_timestamp_format(value, text);
		fe_json_str(j, key, (struct fe_str){ text, FE_TIMESTAMP_TEXT_BYTES });
		break;
	default:
		fe_json_decimal(j, key, value, type.kind == FE_DECIMAL ? type.scale : 0);
	}
}

static void
print_counts(struct fe_json *j, const struct fe_profile_column *p)
{
	fe_json_i64(j, "nulls", (int64_t)p->n_nulls);
	fe_json_i64(j, "values", (int64_t)p->n_values);
}

static void
print_distinct(struct fe_json *j, const struct fe_profile_column *p)
{
	if (p->has_many)
		fe_json_null(j, "distinct");
	else
		fe_json_i64(j, "distinct", (int64_t)p->few.n_values);
}

static void
print_texts(struct fe_json *j, const struct fe_profile_column *p)
{
	struct fe_few_text few[FE_FEW_VALUES];
	size_t n = p->few.n_values;

	fe_few_sort_texts(&p->few, false, few);
	print_text(j, "min", p->has_many ? p->texts[0].text : few[0].text);
	print_text(j, "max", p->has_many ? p->texts[1].text : few[n - 1].text);
	if (p->has_many)
		return;
	fe_few_sort_texts(&p->few, true, few);
	fe_json_array(j, "top");
	for (size_t i = 0; i < n; i++) {
		fe_json_object(j, NULL);
		print_text(j, "value", few[i].text);
		fe_json_i64(j, "count", (int64_t)few[i].n);
		fe_json_object_end(j);
	}
	fe_json_array_end(j);
}

static void
print_top_numbers(struct fe_json *j, const struct fe_profile_column *p, struct fe_type type)
{
	struct fe_few_number few[FE_FEW_VALUES];

	if (p->has_many)
		return;
	fe_few_sort_numbers(&p->few, true, few);
	fe_json_array(j, "top");
	for (size_t i = 0; i < p->few.n_values; i++) {
		fe_json_object(j, NULL);
		print_number(j, "value", type, few[i].value);
		fe_json_i64(j, "count", (int64_t)few[i].n);
		fe_json_object_end(j);
	}
	fe_json_array_end(j);
}

/* What many values are counted by, worked out from a few where there are only those. */
static void
print_spread(struct fe_json *j, const struct fe_profile_column *p, struct fe_type type)
{
	bool is_of_days = type.kind == FE_DATE || type.kind == FE_TIMESTAMP;
	struct fe_few_number few[FE_FEW_VALUES];
	struct fe_histogram sizes = { 0 };
	struct fe_day_counts days = { 0 };

	fe_few_sort_numbers(&p->few, false, few);
	for (size_t i = 0; i < p->few.n_values; i++) {
		if (is_of_days)
			fe_day_counts_add(&days, fe_profile_day(type, few[i].value), few[i].n);
		else
			fe_histogram_add(&sizes, few[i].value, few[i].n);
	}
	if (is_of_days)
		fe_day_counts_print(p->has_many ? &p->days : &days, j);
	else
		fe_histogram_print(p->has_many ? &p->sizes : &sizes, type.kind == FE_DECIMAL ? type.scale : 0, j);
	fe_histogram_reset(&sizes);
	fe_day_counts_reset(&days);
}

static void
print_numbers(struct fe_json *j, const struct fe_profile_column *p, struct fe_type type)
{
	struct fe_few_number few[FE_FEW_VALUES];

	if (type.kind != FE_BOOL) {
		fe_few_sort_numbers(&p->few, false, few);
		print_number(j, "min", type, p->has_many ? p->min : few[0].value);
		print_number(j, "max", type, p->has_many ? p->max : few[p->few.n_values - 1].value);
	}
	print_top_numbers(j, p, type);
	if (type.kind != FE_BOOL)
		print_spread(j, p, type);
}

static void
print_column(struct fe_json *j, const struct fe_field *field, const struct fe_profile_column *p, bool is_pii)
{
	char type[FE_TYPE_TEXT_BYTES];

	fe_json_object(j, NULL);
	fe_json_text(j, "name", field->name);
	fe_json_text(j, "type", fe_type_print(field->type, type));
	if (is_pii)
		fe_json_bool(j, "pii", true);
	print_counts(j, p);
	if (!is_pii) {
		print_distinct(j, p);
		if (p->n_values && field->type.kind == FE_TEXT)
			print_texts(j, p);
		else if (p->n_values)
			print_numbers(j, p, field->type);
	}
	fe_json_object_end(j);
}

void
fe_profile_json(const struct fe_profile *p, struct fe_json *j)
{
	fe_json_object(j, NULL);
	fe_json_i64(j, "rows", (int64_t)p->n_rows);
	fe_json_array(j, "columns");
	for (size_t i = 0; i < p->schema->n_fields; i++)
		print_column(j, &p->schema->fields[i], &p->columns[i], p->pii && p->pii[i]);
	fe_json_array_end(j);
	fe_json_object_end(j);
}

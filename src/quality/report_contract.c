// SPDX-License-Identifier: Apache-2.0
/* quality/report_contract.c - columns of a source that its contract does not have, or has and it does not
 *
 * What docs/report-json.md tells of them, as a table: added, discarded, vanished, changed.
 */
#include "quality/report_parts.h"

#define MAX_ROWS 200
#define MAX_NAME_CHARS 200

static const struct {
	const char *key, *words;
	bool has_count; /* of records; else a name of the source */
} kinds[] = {
	{ "added_columns", "is new, and was added", false },
	{ "discarded_columns", "is new, and was left out", true },
	{ "vanished_columns", "is gone from the source", true },
	{ "changed_columns", "has values of another type", true },
};
#define N_KINDS (sizeof kinds / sizeof kinds[0])

bool
fe_report_has_contract(const struct fe_report_run *run)
{
	for (size_t i = 0; i < run->n_datasets; i++)
		for (size_t k = 0; k < N_KINDS; k++)
			if (fe_json_is(fe_json_get(run->datasets[i].quality, kinds[k].key), FE_JSON_OBJECT))
				return true;
	return false;
}

static void
row(struct fe_html *h, const struct fe_report_dataset *d, const struct fe_json_value *column, size_t kind)
{
	fe_html_open(h, "tr");
	fe_report_row_head(h, NULL, d->name);
	fe_html_open(h, "td");
	fe_html_open(h, "code");
	fe_html_cut(h, column->key, MAX_NAME_CHARS);
	fe_html_close(h, "code");
	fe_html_close(h, "td");
	fe_html_open(h, "td");
	fe_html_text(h, kinds[kind].words);
	if (!kinds[kind].has_count && !fe_str_eq(column->text, column->key)) {
		fe_html_text(h, ", from ");
		fe_html_open(h, "code");
		fe_html_cut(h, column->text, MAX_NAME_CHARS);
		fe_html_close(h, "code");
	}
	fe_html_close(h, "td");
	fe_html_open(h, "td");
	fe_html_attr(h, "class", "num");
	if (kinds[kind].has_count)
		fe_html_number(h, column->text);
	fe_html_close(h, "td");
	fe_html_close(h, "tr");
}

static void
rows_of(struct fe_html *h, const struct fe_report_dataset *d, size_t *n)
{
	for (size_t k = 0; k < N_KINDS; k++) {
		const struct fe_json_value *columns = fe_json_get(d->quality, kinds[k].key);
		for (const struct fe_json_value *c = columns ? columns->first : NULL; c; c = c->next)
			if (++*n <= MAX_ROWS)
				row(h, d, c, k);
	}
}

void
fe_report_contract_columns(struct fe_html *h, const struct fe_report_run *run)
{
	size_t n = 0;

	fe_report_section(h, "contract", "Columns that came and went");
	fe_html_leaf(h, "p", "lead", "Where the source has other columns than the pipeline file, as its contract allows.");
	fe_report_table(h, NULL, FE_STR("Columns that differ from the pipeline file"));
	fe_html_open(h, "thead");
	fe_html_open(h, "tr");
	fe_report_column(h, NULL, "Data set");
	fe_report_column(h, NULL, "Column");
	fe_report_column(h, NULL, "What");
	fe_report_column(h, "num", "Records");
	fe_html_close(h, "tr");
	fe_html_close(h, "thead");
	fe_html_open(h, "tbody");
	for (size_t i = 0; i < run->n_datasets; i++)
		rows_of(h, &run->datasets[i], &n);
	fe_html_close(h, "tbody");
	fe_report_table_end(h);
	fe_report_more(h, n > MAX_ROWS ? n - MAX_ROWS : 0, "columns");
	fe_report_section_end(h);
}

// SPDX-License-Identifier: Apache-2.0
/* quality/report_control.c - control totals: what was said to be sent, beside what was read */
#include "base/decimal.h"
#include "quality/chart.h"
#include "quality/report_parts.h"

#define MAX_ROWS 100 /* of a data set */

static const struct fe_json_value *
figures_of(const struct fe_report_dataset *d)
{
	const struct fe_json_value *figures = fe_json_get(fe_json_get(d->totals, "control"), "figures");
	return fe_json_is(figures, FE_JSON_ARRAY) && figures->n_children ? figures : NULL;
}

bool
fe_report_has_controls(const struct fe_report_run *run)
{
	for (size_t i = 0; i < run->n_datasets; i++)
		if (figures_of(&run->datasets[i]))
			return true;
	return false;
}

/* Whether the two figures are one is seen anew; those of personal columns are as the run says. */
static bool
agrees(const struct fe_json_value *figure)
{
	struct fe_str said = fe_report_member(figure, "said"), found = fe_report_member(figure, "found");
	return fe_str_eq(said, found) && (!fe_str_is(said, "***") || fe_report_is_true(figure, "agrees"));
}

static void
cell(struct fe_html *h, const char *class_name, struct fe_str text, bool is_number)
{
	fe_html_open(h, "td");
	if (class_name)
		fe_html_attr(h, "class", class_name);
	if (is_number)
		fe_html_number(h, text);
	else
		fe_html_str(h, text);
	fe_html_close(h, "td");
}

static void
row(struct fe_html *h, const struct fe_report_dataset *d, const struct fe_json_value *figure)
{
	struct fe_str object = fe_report_member(figure, "object"), column = fe_report_member(figure, "column");

	fe_html_open(h, "tr");
	fe_report_row_head(h, NULL, d->name);
	cell(h, NULL, object.n ? object : FE_STR("all"), false);
	cell(h, NULL, column.n ? column : FE_STR("records"), false);
	cell(h, NULL, fe_report_member(figure, "by"), false);
	cell(h, "num", fe_report_member(figure, "said"), true);
	cell(h, "num", fe_report_member(figure, "found"), true);
	fe_html_open(h, "td");
	fe_icon(h, agrees(figure) ? FE_ICON_GOOD : FE_ICON_BAD);
	fe_html_text(h, agrees(figure) ? " agrees" : " differs");
	fe_html_close(h, "td");
	fe_html_close(h, "tr");
}

static void
table(struct fe_html *h, const struct fe_report_run *run, uint64_t *n_more)
{
	static const char *const numbers[] = { "Said", "Read" }, *const texts[] = { "Data set", "Of", "Figure", "By" };

	fe_report_table(h, "totals", FE_STR("Control totals of each data set and file"));
	fe_html_open(h, "thead");
	fe_html_open(h, "tr");
	for (size_t i = 0; i < 4; i++)
		fe_report_column(h, NULL, texts[i]);
	for (size_t i = 0; i < 2; i++)
		fe_report_column(h, "num", numbers[i]);
	fe_report_column(h, NULL, "Verdict");
	fe_html_close(h, "tr");
	fe_html_close(h, "thead");
	fe_html_open(h, "tbody");
	for (size_t i = 0; i < run->n_datasets; i++) {
		const struct fe_json_value *figures = figures_of(&run->datasets[i]);
		size_t n = 0;
		for (const struct fe_json_value *f = figures ? figures->first : NULL; f; f = f->next, n++)
			if (n < MAX_ROWS)
				row(h, &run->datasets[i], f);
		*n_more += (n > MAX_ROWS ? n - MAX_ROWS : 0) + fe_report_member_u64(fe_json_get(run->datasets[i].totals, "control"), "more_figures");
	}
	fe_html_close(h, "tbody");
	fe_report_table_end(h);
}

void
fe_report_controls(struct fe_html *h, const struct fe_report_run *run)
{
	uint64_t n_more = 0;

	fe_report_section(h, "control", "Control totals");
	fe_html_leaf(h, "p", "lead", "What is said elsewhere of the data, in a trailer, a control file or a parameter, beside what was read of it: "
		     "all records count, whatever became of them.");
	table(h, run, &n_more);
	fe_report_more(h, n_more, "figures");
	fe_report_section_end(h);
}

// SPDX-License-Identifier: Apache-2.0
/* quality/report_checks.c - bounds of the gate and expectations, those that fail first */
#include "quality/chart.h"
#include "quality/report_parts.h"

#define MAX_SENTENCE_CHARS 600
#define MAX_FOUND_CHARS 300
#define MAX_LABEL_BYTES 4096

static const struct fe_json_value *
results_of(const struct fe_report_dataset *d)
{
	return fe_json_get(fe_json_get(d->quality, "expectations"), "results");
}

static const struct fe_json_value *
gate_of(const struct fe_report_dataset *d)
{
	return fe_json_get(d->quality, "gate");
}

static bool
has_some(const struct fe_json_value *array)
{
	return array && array->first;
}

bool
fe_report_has_checks(const struct fe_report_run *run)
{
	for (size_t i = 0; i < run->n_datasets; i++)
		if (has_some(results_of(&run->datasets[i])) || has_some(gate_of(&run->datasets[i])))
			return true;
	return false;
}

static void
begin_table(struct fe_html *h, const char *class_name, const char *what, struct fe_str dataset)
{
	struct fe_buf label;

	fe_buf_init(&label, MAX_LABEL_BYTES);
	fe_buf_add_text(&label, what);
	fe_buf_add_str(&label, dataset);
	fe_report_table(h, class_name, fe_buf_str(&label));
	fe_buf_reset(&label);
}

static void
answer(struct fe_html *h, bool is_yes, const char *yes, const char *no, enum fe_icon no_icon)
{
	fe_html_open(h, "td");
	fe_html_attr(h, "class", "answer");
	fe_html_open(h, "span");
	fe_html_attr(h, "class", "mark");
	fe_icon(h, is_yes ? FE_ICON_GOOD : no_icon);
	fe_html_leaf(h, "span", is_yes ? "good" : no_icon == FE_ICON_BAD ? "bad" : "note", is_yes ? yes : no);
	fe_html_close(h, "span");
	fe_html_close(h, "td");
}

/* ---- the gate ---- */

static void
bound_words(struct fe_html *h, const struct fe_json_value *bound)
{
	static const struct {
		const char *name, *before, *after;
	} words[] = {
		{ "max_rejected_percent", "at most ", " % of records are rejected" },
		{ "max_rejected_sum", "at most ", " is rejected, as a sum of " },
		{ "min_rows", "at least ", " records are read" },
		{ "min_quality_score", "a quality score of at least ", "" },
		{ "fail_on", "no expectation fails of severity ", " or worse" },
	};
	struct fe_str name = fe_report_member(bound, "bound");

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!fe_str_is(name, words[i].name))
			continue;
		fe_html_text(h, words[i].before);
		fe_html_number(h, fe_report_member(bound, "limit"));
		fe_html_text(h, words[i].after);
		if (fe_str_is(name, "max_rejected_sum"))
			fe_html_leaf_str(h, "code", NULL, fe_report_member(bound, "column"));
		return;
	}
	fe_html_str(h, name);
	fe_html_text(h, " ");
	fe_html_str(h, fe_report_member(bound, "limit"));
}

static void
gate_table(struct fe_html *h, const struct fe_report_dataset *d)
{
	begin_table(h, "fit", "Bounds of ", d->name);
	fe_html_open(h, "thead");
	fe_html_open(h, "tr");
	fe_report_column(h, NULL, "Result");
	fe_report_column(h, NULL, "Bound");
	fe_report_column(h, "num", "Found");
	fe_html_close(h, "tr");
	fe_html_close(h, "thead");
	fe_html_open(h, "tbody");
	for (const struct fe_json_value *b = gate_of(d)->first; b; b = b->next) {
		fe_html_open(h, "tr");
		answer(h, fe_report_is_true(b, "holds"), "is met", "holds the run", FE_ICON_BAD);
		fe_html_open(h, "td");
		bound_words(h, b);
		fe_html_close(h, "td");
		fe_html_open(h, "td");
		fe_html_attr(h, "class", "num");
		fe_html_number(h, fe_report_member(b, "found"));
		fe_html_close(h, "td");
		fe_html_close(h, "tr");
	}
	fe_html_close(h, "tbody");
	fe_report_table_end(h);
}

/* ---- expectations ---- */

static void
expectation(struct fe_html *h, const struct fe_json_value *r)
{
	bool is_critical = fe_str_is(fe_report_member(r, "severity"), "critical");

	fe_html_open(h, "tr");
	answer(h, fe_report_is_true(r, "success"), "holds", "fails", is_critical ? FE_ICON_BAD : FE_ICON_NOTE);
	fe_html_leaf_str(h, "td", "quiet", fe_report_member(r, "severity"));
	fe_html_open(h, "td");
	fe_html_attr(h, "class", "sentence");
	fe_html_cut(h, fe_report_member(r, "expectation"), MAX_SENTENCE_CHARS);
	fe_html_close(h, "td");
	fe_html_open(h, "td");
	fe_html_attr(h, "class", "found");
	fe_html_cut(h, fe_report_member(r, "found"), MAX_FOUND_CHARS);
	fe_html_close(h, "td");
	fe_html_close(h, "tr");
}

/* Those that fail, then those that hold, in the order of the suite. */
static void
expectations(struct fe_html *h, const struct fe_json_value *results, struct fe_report_budget *budget)
{
	for (int success = 0; success < 2; success++) {
		for (const struct fe_json_value *r = results->first; r; r = r->next) {
			if (fe_report_is_true(r, "success") != (success != 0))
				continue;
			if (budget->n_expectations == 0)
				return;
			budget->n_expectations--;
			expectation(h, r);
		}
	}
}

static void
suite(struct fe_html *h, const struct fe_report_dataset *d, struct fe_report_budget *budget)
{
	const struct fe_json_value *e = fe_json_get(d->quality, "expectations"), *results = results_of(d);
	size_t before = budget->n_expectations;

	fe_html_open(h, "p");
	fe_html_number(h, fe_report_member(e, "successful"));
	fe_html_text(h, " of ");
	fe_html_number(h, fe_report_member(e, "evaluated"));
	fe_html_text(h, " expectations of the suite ");
	fe_html_leaf_str(h, "code", NULL, fe_report_member(e, "suite"));
	fe_html_text(h, " hold; quality score ");
	fe_html_str(h, fe_report_plain_number(fe_report_member(e, "quality_score")));
	fe_html_text(h, ".");
	fe_html_close(h, "p");
	begin_table(h, NULL, "Expectations of ", d->name);
	fe_html_open(h, "thead");
	fe_html_open(h, "tr");
	fe_report_column(h, NULL, "Result");
	fe_report_column(h, NULL, "Severity");
	fe_report_column(h, NULL, "Expectation");
	fe_report_column(h, NULL, "Found");
	fe_html_close(h, "tr");
	fe_html_close(h, "thead");
	fe_html_open(h, "tbody");
	expectations(h, results, budget);
	fe_html_close(h, "tbody");
	fe_report_table_end(h);
	fe_report_more(h, results->n_children - (before - budget->n_expectations), "expectations");
}

void
fe_report_checks(struct fe_html *h, const struct fe_report_run *run, struct fe_report_budget *budget)
{
	fe_report_section(h, "checks", "Checks");
	for (size_t i = 0; i < run->n_datasets; i++) {
		const struct fe_report_dataset *d = &run->datasets[i];
		if (!has_some(gate_of(d)) && !has_some(results_of(d)))
			continue;
		fe_html_leaf_str(h, "h3", NULL, d->name);
		if (has_some(gate_of(d)))
			gate_table(h, d);
		if (has_some(results_of(d)))
			suite(h, d, budget);
	}
	fe_report_section_end(h);
}

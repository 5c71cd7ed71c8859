// SPDX-License-Identifier: Apache-2.0
/* quality/report_profile.c - what the values of each column look like
 *
 * A card for each column: how many are null, how many differ, the least and the greatest,
 * and one chart: the most frequent values where there are few, the volume over time of
 * dates, else the histogram. Personal columns show counts only: the run told no more.
 */
#include "base/mem.h"
#include "quality/chart.h"
#include "quality/report_parts.h"

#define MAX_BARS 128
#define MAX_TOP 8        /* values that are shown */
#define MAX_FEW 12       /* so many different ones are told by name rather than by size */
#define MAX_FEW_INTS 3   /* their order tells more: hours, days of the week */
#define MAX_VALUE_CHARS 64
#define MAX_TITLE_BYTES 512
#define MAX_LABEL_BYTES 1024

bool
fe_report_has_columns(const struct fe_report_run *run)
{
	for (size_t i = 0; i < run->n_datasets; i++) {
		const struct fe_json_value *columns = fe_json_get(fe_json_get(run->datasets[i].quality, "profile"), "columns");
		if (columns && columns->first)
			return true;
	}
	return false;
}

static bool
is_of(const struct fe_json_value *column, const char *kind)
{
	struct fe_str type = fe_report_member(column, "type");
	size_t n = strlen(kind);
	return type.n >= n && memcmp(type.p, kind, n) == 0;
}

/* Money is grouped by thousands; years and numbers of things are not. A time is told to the
 * second where it has no more. */
static void
value(struct fe_html *h, const struct fe_json_value *column, struct fe_str v)
{
	static const struct fe_str no_fraction = { ".000000Z", 8 };

	if (is_of(column, "timestamp") && v.n > no_fraction.n &&
	    fe_str_eq((struct fe_str){ v.p + v.n - no_fraction.n, no_fraction.n }, no_fraction))
		v.n -= no_fraction.n;
	if (is_of(column, "decimal"))
		fe_html_number(h, v);
	else
		fe_html_cut(h, v, MAX_VALUE_CHARS);
}

/* ---- charts ---- */

struct bars {
	struct fe_chart_bar items[MAX_BARS];
	struct fe_arena arena; /* of the titles */
	size_t n;
};

static void
add_bar(struct bars *b, const struct fe_buf *title, uint64_t count)
{
	b->items[b->n++] = (struct fe_chart_bar){
		count, { fe_arena_copy(&b->arena, fe_buf_text(title), title->n_bytes), title->n_bytes },
	};
}

static void
axis(struct fe_html *h, const struct fe_json_value *column, struct fe_str from, struct fe_str to)
{
	fe_html_open(h, "div");
	fe_html_attr(h, "class", "axis");
	fe_html_open(h, "span");
	value(h, column, from);
	fe_html_close(h, "span");
	fe_html_open(h, "span");
	value(h, column, to);
	fe_html_close(h, "span");
	fe_html_close(h, "div");
}

static void
draw(struct fe_html *h, const char *what, struct fe_str column, struct bars *b)
{
	struct fe_buf label;

	fe_buf_init(&label, MAX_LABEL_BYTES);
	fe_buf_add_text(&label, what);
	fe_buf_add_str(&label, column);
	fe_chart_bars(h, fe_buf_str(&label), b->items, b->n);
	fe_buf_reset(&label);
	fe_arena_free(&b->arena);
}

static void
histogram(struct fe_html *h, const struct fe_json_value *column, const struct fe_json_value *bins)
{
	struct fe_str name = fe_report_member(column, "name"), from = { 0 }, to = { 0 };
	struct bars b = { .n = 0 };
	struct fe_buf title;

	for (const struct fe_json_value *bin = bins->first; bin && b.n < MAX_BARS; bin = bin->next) {
		struct fe_str bin_from = fe_report_member(bin, "from");
		to = fe_report_member(bin, "to");
		if (b.n == 0)
			from = bin_from;
		fe_buf_init(&title, MAX_TITLE_BYTES);
		fe_buf_add_grouped(&title, bin_from);
		fe_buf_add_text(&title, " to ");
		fe_buf_add_grouped(&title, to);
		fe_buf_add_text(&title, ": ");
		fe_buf_add_grouped(&title, fe_report_member(bin, "count"));
		add_bar(&b, &title, fe_report_member_u64(bin, "count"));
		fe_buf_reset(&title);
	}
	draw(h, "Histogram of ", name, &b);
	if (is_of(column, "int"))
		axis(h, column, fe_report_member(column, "min"), fe_report_member(column, "max"));
	else
		axis(h, column, from, to);
	fe_html_leaf(h, "p", "more", "records by size; greater values share wider bars");
}

static void
days(struct fe_html *h, const struct fe_json_value *column, const struct fe_json_value *volume)
{
	const struct fe_json_value *list = fe_json_get(volume, "bars");
	struct fe_str from = { 0 }, to = { 0 }, by = fe_report_member(volume, "by");
	struct bars b = { .n = 0 };
	struct fe_buf title;

	for (const struct fe_json_value *bar = list ? list->first : NULL; bar && b.n < MAX_BARS; bar = bar->next) {
		to = fe_report_member(bar, "from");
		if (b.n == 0)
			from = to;
		fe_buf_init(&title, MAX_TITLE_BYTES);
		if (!fe_str_is(by, "day"))
			fe_buf_addf(&title, "%.*s of ", FE_STR_ARGS(by));
		fe_buf_add_str(&title, to);
		fe_buf_add_text(&title, ": ");
		fe_buf_add_grouped(&title, fe_report_member(bar, "count"));
		add_bar(&b, &title, fe_report_member_u64(bar, "count"));
		fe_buf_reset(&title);
	}
	draw(h, "Records over time by ", fe_report_member(column, "name"), &b);
	axis(h, column, from, to);
	fe_html_open(h, "p");
	fe_html_attr(h, "class", "more");
	fe_html_text(h, "records by ");
	fe_html_str(h, by);
	fe_html_close(h, "p");
}

static void
top_row(struct fe_html *h, const struct fe_json_value *column, const struct fe_json_value *item, uint64_t n_values)
{
	uint64_t n = fe_report_member_u64(item, "count");
	const struct fe_chart_part part = { n, "kept" };
	struct fe_str v = fe_report_member(item, "value");

	fe_html_open(h, "tr");
	fe_html_open(h, "th");
	fe_html_attr(h, "scope", "row");
	if (v.n)
		value(h, column, v);
	else
		fe_html_text(h, "(empty)");
	fe_html_close(h, "th");
	fe_html_open(h, "td");
	fe_html_attr(h, "class", "wide");
	fe_chart_parts(h, (struct fe_str){ 0 }, n_values, &part, 1);
	fe_html_close(h, "td");
	fe_html_leaf_count(h, "td", "num", n);
	fe_html_close(h, "tr");
}

static void
top(struct fe_html *h, const struct fe_json_value *column, const struct fe_json_value *values)
{
	size_t n = 0;

	fe_html_open(h, "table");
	fe_html_attr(h, "class", "top");
	fe_html_open(h, "thead");
	fe_html_attr(h, "class", "unseen");
	fe_html_open(h, "tr");
	fe_report_column(h, NULL, "Value");
	fe_report_column(h, NULL, "Share");
	fe_report_column(h, NULL, "Records");
	fe_html_close(h, "tr");
	fe_html_close(h, "thead");
	fe_html_open(h, "tbody");
	for (const struct fe_json_value *v = values->first; v && n < MAX_TOP; v = v->next, n++)
		top_row(h, column, v, fe_report_member_u64(column, "values"));
	fe_html_close(h, "tbody");
	fe_html_close(h, "table");
	fe_report_more(h, values->n_children - n, "values");
}

static void
chart(struct fe_html *h, const struct fe_json_value *column)
{
	const struct fe_json_value *values = fe_json_get(column, "top"), *bins = fe_json_get(column, "histogram");
	const struct fe_json_value *volume = fe_json_get(column, "days");

	size_t few = is_of(column, "int") ? MAX_FEW_INTS : MAX_FEW;

	if (values && values->first && (values->n_children <= few || (!bins && !volume)))
		top(h, column, values);
	else if (bins && bins->first)
		histogram(h, column, bins);
	else if (volume)
		days(h, column, volume);
}

/* ---- a card ---- */

static void
nulls(struct fe_html *h, uint64_t n_nulls, uint64_t n_values)
{
	const struct fe_chart_part parts[] = { { n_values, "kept" }, { n_nulls, "gone" } };
	struct fe_buf label;

	fe_html_open(h, "p");
	fe_html_attr(h, "class", "nulls");
	if (n_nulls == 0) {
		fe_html_text(h, "no nulls");
	} else {
		fe_buf_init(&label, MAX_LABEL_BYTES);
		fe_report_add_percent(&label, n_nulls, n_nulls + n_values);
		fe_buf_add_text(&label, " are null");
		fe_html_count(h, n_nulls);
		fe_html_text(h, " null, ");
		fe_report_percent(h, n_nulls, n_nulls + n_values);
		fe_chart_parts(h, fe_buf_str(&label), n_nulls + n_values, parts, 2);
		fe_buf_reset(&label);
	}
	fe_html_close(h, "p");
}

static void
least_and_greatest(struct fe_html *h, const struct fe_json_value *column)
{
	struct fe_str distinct = fe_report_member(column, "distinct"), min = fe_report_member(column, "min");

	fe_html_open(h, "p");
	fe_html_attr(h, "class", "range");
	if (distinct.n)
		fe_html_number(h, distinct);
	else
		fe_html_text(h, "more than 64");
	fe_html_text(h, " different");
	if (min.p) {
		fe_html_text(h, ", from ");
		fe_html_open(h, "span");
		value(h, column, min);
		fe_html_close(h, "span");
		fe_html_text(h, " to ");
		fe_html_open(h, "span");
		value(h, column, fe_report_member(column, "max"));
		fe_html_close(h, "span");
	}
	fe_html_close(h, "p");
}

static void
card(struct fe_html *h, const struct fe_json_value *column)
{
	fe_html_open(h, "article");
	fe_html_attr(h, "class", "card");
	fe_html_open(h, "h4");
	fe_html_leaf_str(h, "code", NULL, fe_report_member(column, "name"));
	fe_html_text(h, " ");
	fe_html_leaf_str(h, "small", NULL, fe_report_member(column, "type"));
	fe_html_close(h, "h4");
	nulls(h, fe_report_member_u64(column, "nulls"), fe_report_member_u64(column, "values"));
	if (fe_report_is_true(column, "pii")) {
		fe_html_leaf(h, "p", "range", "personal: no value is shown");
	} else if (fe_report_member_u64(column, "values")) {
		least_and_greatest(h, column);
		chart(h, column);
	}
	fe_html_close(h, "article");
}

void
fe_report_columns(struct fe_html *h, const struct fe_report_run *run, struct fe_report_budget *budget)
{
	fe_report_section(h, "columns", "Columns");
	fe_html_leaf(h, "p", "lead", "Of the records that are kept, with their derived columns.");
	for (size_t i = 0; i < run->n_datasets; i++) {
		const struct fe_json_value *profile = fe_json_get(run->datasets[i].quality, "profile");
		const struct fe_json_value *columns = fe_json_get(profile, "columns");
		size_t n = 0;
		if (!columns || !columns->first)
			continue;
		fe_html_open(h, "h3");
		fe_html_str(h, run->datasets[i].name);
		fe_html_text(h, ": ");
		fe_html_number(h, fe_report_member(profile, "rows"));
		fe_html_text(h, " rows");
		fe_html_close(h, "h3");
		fe_html_open(h, "div");
		fe_html_attr(h, "class", "cards");
		for (const struct fe_json_value *c = columns->first; c && budget->n_columns; c = c->next, n++) {
			budget->n_columns--;
			card(h, c);
		}
		fe_html_close(h, "div");
		fe_report_more(h, columns->n_children - n, "columns");
	}
	fe_report_section_end(h);
}

// SPDX-License-Identifier: Apache-2.0
/* quality/report_totals.c - that totals agree, and what became of the records
 *
 * The page adds up for itself: that both sides are equal is not repeated from the run, it is
 * seen anew, from the figures that are shown, in exact decimals.
 */
#include "quality/chart.h"
#include "quality/report_parts.h"
#include "quality/tally.h"

#define MAX_LABEL_BYTES 4096
#define MAX_GROUPS 50
#define MAX_SUMS 20 /* decimal columns of a data set that are shown */

bool
fe_report_has_totals(const struct fe_report_run *run)
{
	for (size_t i = 0; i < run->n_datasets; i++)
		if (run->datasets[i].totals)
			return true;
	return false;
}

static unsigned
scale_of(struct fe_str digits)
{
	const char *point = digits.n ? memchr(digits.p, '.', digits.n) : NULL;
	return point ? (unsigned)(digits.n - (size_t)(point - digits.p) - 1) : 0;
}

/* read = all the others; the terms of records, or of one column. */
static bool
agrees(const struct fe_json_value *terms)
{
	unsigned scale = scale_of(fe_report_member(terms, fe_term_name(FE_TERM_READ)));
	fe_i128 read = 0, others = 0, v;

	for (int t = 0; t < FE_N_TERMS; t++) {
		if (scale > 38 || !fe_i128_parse(fe_report_member(terms, fe_term_name((enum fe_term)t)), scale, &v))
			return false;
		if (t == FE_TERM_READ)
			read = v;
		else if (__builtin_add_overflow(others, v, &others))
			return false;
	}
	return read == others;
}

static bool
is_zero(struct fe_str digits)
{
	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] >= '1' && digits.p[i] <= '9')
			return false;
	return true;
}

/* The two sides of a data set, or of a sum of it. */
struct sides {
	struct fe_str name, column; /* column n 0: records */
	const struct fe_json_value *counts, *terms;
	bool is_loaded;
};

/* "10,000 read = 9,490 inserted + 510 rejected"; "2,751 read so far, 27 duplicate + 103 rejected" */
static void
equation(struct fe_html *h, const struct sides *s)
{
	bool is_equal = agrees(s->terms), is_part = !is_equal && !s->is_loaded;
	const char *begin = is_equal ? " read = " : is_part ? " read so far, " : " read \xe2\x89\xa0 ", *before = "";

	fe_html_open(h, "p");
	fe_html_attr(h, "class", is_part ? "equation quiet" : "equation");
	fe_icon(h, is_equal ? FE_ICON_GOOD : is_part ? FE_ICON_HELD : FE_ICON_BAD);
	fe_html_open(h, "span");
	fe_html_leaf_str(h, "strong", NULL, s->name);
	fe_html_text(h, s->column.n ? ", sum of " : ", records: ");
	if (s->column.n) {
		fe_html_leaf_str(h, "code", NULL, s->column);
		fe_html_text(h, ": ");
	}
	fe_html_number(h, fe_report_member(s->terms, "read"));
	fe_html_text(h, begin);
	for (int t = FE_TERM_READ + 1; t < FE_N_TERMS; t++) {
		const char *term = fe_term_name((enum fe_term)t);
		struct fe_str v = fe_report_member(s->terms, term);
		if (is_zero(fe_report_member(s->counts, term)) && is_zero(v))
			continue;
		fe_html_text(h, before);
		fe_html_number(h, v);
		fe_html_textf(h, " %s", term);
		before = " + ";
	}
	if (!before[0])
		fe_html_text(h, "0");
	fe_html_close(h, "span");
	fe_html_close(h, "p");
}

/* Rows that are of no record, and so in none of the figures. */
static void
placeholders(struct fe_html *h, const struct fe_report_dataset *d, bool is_loaded)
{
	uint64_t made = fe_report_member_u64(d->totals, "placeholders"), filled = fe_report_member_u64(d->totals, "filled");

	if (!made && !filled)
		return;
	fe_html_open(h, "p");
	fe_html_attr(h, "class", "quiet");
	fe_html_leaf_str(h, "strong", NULL, d->name);
	fe_html_text(h, ": ");
	if (made) {
		fe_html_count(h, made);
		fe_html_textf(h, " placeholder%s %smade for parents that its records name and no record has brought; in no figure here",
			      made == 1 ? "" : "s", is_loaded ? "" : "would have been ");
	}
	if (filled) {
		fe_html_text(h, made ? "; " : "");
		fe_html_count(h, filled);
		fe_html_textf(h, " of the inserted %s the place of %s", is_loaded ? "took" : "would have taken",
			      filled == 1 ? "a placeholder" : "placeholders");
	}
	fe_html_text(h, ".");
	fe_html_close(h, "p");
}

static void
equations(struct fe_html *h, const struct fe_report_dataset *d, bool is_loaded)
{
	struct sides s = { .name = d->name, .counts = d->totals, .terms = d->totals, .is_loaded = is_loaded };
	size_t n = 0;

	equation(h, &s);
	for (const struct fe_json_value *sum = fe_report_next_sum(d, NULL); sum && n < MAX_SUMS; sum = fe_report_next_sum(d, sum), n++) {
		s.column = sum->key;
		s.terms = sum;
		equation(h, &s);
	}
	placeholders(h, d, is_loaded);
}

static void
row(struct fe_html *h, struct fe_str name, struct fe_str column, const struct fe_json_value *terms)
{
	fe_html_open(h, "tr");
	fe_report_row_head(h, NULL, name);
	fe_html_open(h, "td");
	if (column.n)
		fe_html_leaf_str(h, "code", NULL, column);
	else
		fe_html_text(h, "records");
	fe_html_close(h, "td");
	for (int t = 0; t < FE_N_TERMS; t++) {
		struct fe_str v = fe_report_member(terms, fe_term_name((enum fe_term)t));
		fe_html_open(h, "td");
		fe_html_attr(h, "class", is_zero(v) ? "num zero" : "num");
		fe_html_number(h, v);
		fe_html_close(h, "td");
	}
	fe_html_open(h, "td");
	fe_html_attr(h, "class", "num");
	if (column.n)
		fe_html_number(h, fe_report_member(terms, "no_value"));
	fe_html_close(h, "td");
	fe_html_close(h, "tr");
}

static void
table_head(struct fe_html *h, const char *first, struct fe_str label)
{
	fe_report_table(h, "totals", label);
	fe_html_open(h, "thead");
	fe_html_open(h, "tr");
	fe_report_column(h, NULL, first);
	fe_report_column(h, NULL, "Of");
	for (int t = 0; t < FE_N_TERMS; t++)
		fe_report_column(h, "num", fe_term_name((enum fe_term)t));
	fe_report_column(h, "num", "no value");
	fe_html_close(h, "tr");
	fe_html_close(h, "thead");
	fe_html_open(h, "tbody");
}

static void
table(struct fe_html *h, const struct fe_report_run *run)
{
	table_head(h, "Data set", FE_STR("Records and sums of each data set"));
	for (size_t i = 0; i < run->n_datasets; i++) {
		const struct fe_report_dataset *d = &run->datasets[i];
		size_t n = 0;
		if (!d->totals)
			continue;
		row(h, d->name, (struct fe_str){ 0 }, d->totals);
		for (const struct fe_json_value *s = fe_report_next_sum(d, NULL); s && n < MAX_SUMS; s = fe_report_next_sum(d, s), n++)
			row(h, d->name, s->key, s);
	}
	fe_html_close(h, "tbody");
	fe_report_table_end(h);
}

/* "EUR, none": the values of a group, or the columns that they are of. */
static void
add_texts(struct fe_buf *out, const struct fe_json_value *list)
{
	for (const struct fe_json_value *v = list ? list->first : NULL; v; v = v->next) {
		if (v != list->first)
			fe_buf_add_text(out, ", ");
		if (v->kind == FE_JSON_STRING)
			fe_buf_add_str(out, v->text);
		else
			fe_buf_add_text(out, "none");
	}
}

static void
group_rows(struct fe_html *h, const struct fe_json_value *group)
{
	const struct fe_json_value *sums = fe_json_get(group, "sums");
	struct fe_buf name;
	size_t n = 0;

	fe_buf_init(&name, 64 * MAX_LABEL_BYTES);
	add_texts(&name, fe_json_get(group, "values"));
	row(h, fe_buf_str(&name), (struct fe_str){ 0 }, group);
	for (const struct fe_json_value *s = sums ? sums->first : NULL; s && n < MAX_SUMS; s = s->next, n++)
		row(h, fe_buf_str(&name), s->key, s);
	fe_buf_reset(&name);
}

/* The same once more by the values of some columns, where the data set has `sum_by`. */
static void
groups(struct fe_html *h, const struct fe_report_dataset *d)
{
	const struct fe_json_value *by = fe_json_get(d->totals, "sum_by"), *list = fe_json_get(by, "groups");
	struct fe_buf label;
	size_t n = 0;

	if (!fe_json_is(list, FE_JSON_ARRAY) || !list->n_children)
		return;
	fe_buf_init(&label, MAX_LABEL_BYTES);
	fe_buf_add_str(&label, d->name);
	fe_buf_add_text(&label, " by ");
	add_texts(&label, fe_json_get(by, "columns"));
	fe_html_leaf_str(h, "h3", NULL, fe_buf_str(&label));
	table_head(h, "Group", fe_buf_str(&label));
	for (const struct fe_json_value *g = list->first; g && n < MAX_GROUPS; g = g->next, n++)
		group_rows(h, g);
	fe_html_close(h, "tbody");
	fe_report_table_end(h);
	fe_report_more(h, list->n_children - n, "groups");
	fe_buf_reset(&label);
}

void
fe_report_totals(struct fe_html *h, const struct fe_report_run *run)
{
	bool is_loaded = fe_json_is(run->published, FE_JSON_BOOL) && run->published->is_true;

	fe_report_section(h, "totals", is_loaded ? "Totals" : "Totals of what was read");
	fe_html_leaf(h, "p", "lead",
		     is_loaded ? "Every record that was read is in exactly one of these places, and so is every amount."
			       : "Nothing of this run is in the tables. The figures tell what would have become of the records, "
				 "up to where the run ended.");
	for (size_t i = 0; i < run->n_datasets; i++)
		if (run->datasets[i].totals)
			equations(h, &run->datasets[i], is_loaded);
	table(h, run);
	for (size_t i = 0; i < run->n_datasets; i++)
		if (run->datasets[i].totals)
			groups(h, &run->datasets[i]);
	fe_report_section_end(h);
}

/* ---- from read to loaded ---- */

static void
flow_row(struct fe_html *h, const char *words, uint64_t whole, uint64_t left, uint64_t gone)
{
	const struct fe_chart_part parts[] = { { left, "kept" }, { gone, "gone" } };
	uint64_t shown = gone ? gone : left;

	fe_html_open(h, "tr");
	fe_report_row_head(h, NULL, fe_str_of(words));
	fe_html_open(h, "td");
	fe_html_attr(h, "class", "wide");
	fe_chart_parts(h, (struct fe_str){ 0 }, whole, parts, 2);
	fe_html_close(h, "td");
	fe_html_open(h, "td");
	fe_html_attr(h, "class", "num");
	if (gone)
		fe_html_text(h, "\xe2\x88\x92");
	fe_html_count(h, shown);
	fe_html_close(h, "td");
	fe_html_open(h, "td");
	fe_html_attr(h, "class", "num quiet");
	fe_report_percent(h, shown, whole);
	fe_html_close(h, "td");
	fe_html_close(h, "tr");
}

/* What falls away, in the order of a record's way, and what is left at its end. */
static void
flow_rows(struct fe_html *h, const struct fe_json_value *terms)
{
	static const struct {
		enum fe_term term;
		const char *words;
	} losses[] = {
		{ FE_TERM_FILTERED, "Filtered out" },
		{ FE_TERM_REJECTED, "Rejected" },
		{ FE_TERM_DUPLICATE, "Duplicate" },
		{ FE_TERM_SUPERSEDED, "Superseded" },
	}, ends[] = {
		{ FE_TERM_INSERTED, "Inserted" },
		{ FE_TERM_UPDATED, "Updated" },
		{ FE_TERM_UNCHANGED, "Unchanged" },
	};
	uint64_t read = fe_report_member_u64(terms, "read"), left = read;

	flow_row(h, "Read", read, read, 0);
	for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
		uint64_t n = fe_report_member_u64(terms, fe_term_name(losses[i].term));
		n = n < left ? n : left;
		left -= n;
		if (n)
			flow_row(h, losses[i].words, read, left, n);
	}
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		uint64_t n = fe_report_member_u64(terms, fe_term_name(ends[i].term));
		if (n)
			flow_row(h, ends[i].words, read, n, 0);
	}
}

void
fe_report_flow(struct fe_html *h, const struct fe_report_run *run)
{
	struct fe_buf label;

	fe_report_section(h, "flow", "From read to loaded");
	for (size_t i = 0; i < run->n_datasets; i++) {
		const struct fe_report_dataset *d = &run->datasets[i];
		if (!d->totals)
			continue;
		fe_buf_init(&label, MAX_LABEL_BYTES);
		fe_buf_add_text(&label, "The way of the records of ");
		fe_buf_add_str(&label, d->name);
		fe_html_leaf_str(h, "h3", NULL, d->name);
		fe_report_table(h, "flow", fe_buf_str(&label));
		fe_html_open(h, "thead");
		fe_html_attr(h, "class", "unseen");
		fe_html_open(h, "tr");
		fe_report_column(h, NULL, "Step");
		fe_report_column(h, NULL, "Share");
		fe_report_column(h, "num", "Records");
		fe_report_column(h, "num", "Of those read");
		fe_html_close(h, "tr");
		fe_html_close(h, "thead");
		fe_html_open(h, "tbody");
		flow_rows(h, d->totals);
		fe_html_close(h, "tbody");
		fe_report_table_end(h);
		fe_buf_reset(&label);
	}
	fe_report_section_end(h);
}

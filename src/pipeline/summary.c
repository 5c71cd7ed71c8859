// SPDX-License-Identifier: Apache-2.0
/* pipeline/summary.c - the result of a run, for people
 *
 * A table of what became of the records, the reasons for those that were rejected,
 * and at the end the line that a finance person looks for: read = loaded, sum = sum.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pipeline/redact.h"
#include "pipeline/run.h"

#define N_REASONS_SHOWN 12
#define N_GROUPS_SHOWN 20

void
fe_summary_add_grouped(struct fe_buf *out, struct fe_str digits)
{
	size_t start = digits.n && digits.p[0] == '-';
	const char *point = memchr(digits.p, '.', digits.n);
	size_t n_whole = point ? (size_t)(point - digits.p) : digits.n;
	fe_buf_add(out, digits.p, start);
	for (size_t i = start; i < n_whole; i++) {
		fe_buf_add_char(out, digits.p[i]);
		if ((n_whole - i - 1) % 3 == 0 && i + 1 < n_whole)
			fe_buf_add_char(out, ',');
	}
	fe_buf_add(out, digits.p + n_whole, digits.n - n_whole);
}

void
fe_summary_add_count(struct fe_buf *out, uint64_t n)
{
	char text[FE_DECIMAL_TEXT_BYTES];
	fe_summary_add_grouped(out, (struct fe_str){ text, fe_i128_format((fe_i128)n, 0, text) });
}

static void
add_money(struct fe_buf *out, fe_i128 v, unsigned scale)
{
	char text[FE_DECIMAL_TEXT_BYTES];
	fe_summary_add_grouped(out, (struct fe_str){ text, fe_i128_format(v, scale, text) });
}

static void
add_right(struct fe_buf *out, struct fe_str s, size_t width)
{
	for (size_t i = s.n; i < width; i++)
		fe_buf_add_char(out, ' ');
	fe_buf_add_str(out, s);
}

static void
add_left(struct fe_buf *out, struct fe_str s, size_t width)
{
	fe_buf_add_str(out, s);
	for (size_t i = s.n; i < width; i++)
		fe_buf_add_char(out, ' ');
}

static size_t
name_width(const struct fe_run_result *r)
{
	size_t width = 8;
	for (size_t i = 0; i < r->n_datasets; i++) {
		size_t n = strlen(r->datasets[i].plan->name);
		width = n > width ? n : width;
	}
	return width;
}

static void
add_table(const struct fe_run_result *r, struct fe_buf *out)
{
	size_t width = name_width(r);
	fe_buf_add_text(out, "  ");
	add_left(out, FE_STR("data set"), width);
	for (int t = 0; t < FE_N_TERMS; t++)
		add_right(out, fe_str_of(fe_term_name((enum fe_term)t)), 12);
	fe_buf_add_char(out, '\n');
	for (size_t i = 0; i < r->n_datasets; i++) {
		const struct fe_dataset_result *d = &r->datasets[i];
		if (!d->plan->is_selected)
			continue;
		fe_buf_add_text(out, "  ");
		add_left(out, fe_str_of(d->plan->name), width);
		for (int t = 0; t < FE_N_TERMS; t++) {
			struct fe_buf n;
			fe_buf_init(&n, 64);
			fe_summary_add_count(&n, d->tally.terms[t].n);
			add_right(out, fe_buf_str(&n), 12);
			fe_buf_reset(&n);
		}
		fe_buf_add_char(out, '\n');
	}
}

struct counted_reason {
	uint64_t n;
	uint32_t id;
};

static int
by_count_descending(const void *a, const void *b)
{
	const struct counted_reason *x = a, *y = b;
	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void
add_reasons(const struct fe_dataset_result *d, struct fe_buf *out)
{
	const struct fe_tally *t = &d->tally;
	struct counted_reason *counted = fe_new_array(t->n_reason_counts + 1, struct counted_reason);
	size_t n = 0;

	for (size_t i = 0; i < t->n_reason_counts; i++)
		if (t->reason_counts[i])
			counted[n++] = (struct counted_reason){ t->reason_counts[i], (uint32_t)i };
	qsort(counted, n, sizeof *counted, by_count_descending);
	if (n)
		fe_buf_addf(out, "\n  why records of %s were rejected (one may have several reasons)\n",
			    d->plan->name);
	for (size_t i = 0; i < n && i < N_REASONS_SHOWN; i++) {
		struct fe_buf figure;
		fe_buf_init(&figure, 64);
		fe_summary_add_count(&figure, counted[i].n);
		add_right(out, fe_buf_str(&figure), 12);
		fe_buf_reset(&figure);
		fe_buf_addf(out, "  %s\n", fe_reason_text(&d->reasons, counted[i].id));
	}
	if (n > N_REASONS_SHOWN)
		fe_buf_addf(out, "              and %zu more kinds\n", n - N_REASONS_SHOWN);
	fe_free(counted);
}

static void
add_note(uint64_t n, const char *what, const char *target, struct fe_buf *out)
{
	struct fe_buf figure;

	if (!n)
		return;
	fe_buf_init(&figure, 64);
	fe_summary_add_count(&figure, n);
	add_right(out, fe_buf_str(&figure), 12);
	fe_buf_reset(&figure);
	fe_buf_addf(out, "  %s%s\n", what, target);
}

/* Rows that are of no record, and so in none of the figures above. */
static void
add_placeholders(const struct fe_run_result *r, struct fe_buf *out)
{
	bool has_any = false;

	for (size_t i = 0; i < r->n_datasets; i++) {
		const struct fe_dataset_result *d = &r->datasets[i];
		uint64_t n = d->n_filled;
		for (size_t k = 0; k < d->plan->n_references; k++)
			n += d->placeholders[k];
		if (n && !has_any)
			fe_buf_add_text(out, "\n  placeholders\n");
		has_any |= n > 0;
		for (size_t k = 0; k < d->plan->n_references; k++)
			add_note(d->placeholders[k], "made in ", d->plan->references[k].target, out);
		add_note(d->n_filled, "got their records, of ", d->plan->name, out);
	}
}

static void
add_column_notes(const struct fe_dataset_result *d, const struct fe_column_notes *notes, const char *what, struct fe_buf *out)
{
	if (!notes->n)
		return;
	fe_buf_addf(out, "\n  %s of %s\n", what, d->plan->name);
	for (size_t i = 0; i < notes->n; i++) {
		struct fe_buf figure;
		fe_buf_init(&figure, 64);
		fe_summary_add_count(&figure, notes->items[i].n_records);
		add_right(out, fe_buf_str(&figure), 12);
		fe_buf_reset(&figure);
		fe_buf_add_text(out, "  ");
		fe_buf_add_printable(out, fe_str_of(notes->items[i].name), 80);
		fe_buf_add_char(out, '\n');
	}
}

/* Where the source's columns were not as declared. */
static void
add_contract(const struct fe_dataset_result *d, struct fe_buf *out)
{
	const struct fe_plan_dataset *p = d->plan;

	if (p->n_evolved)
		fe_buf_addf(out, "\n  columns that were added to %s, which nobody declared\n", p->name);
	for (size_t i = p->schema.n_source - p->n_evolved; i < p->schema.n_source; i++) {
		fe_buf_addf(out, "    %s, read from ", p->schema.fields[i].name);
		fe_buf_add_printable(out, fe_str_of(p->source_set.columns[i].from), 80);
		fe_buf_add_char(out, '\n');
	}
	add_column_notes(d, &d->columns.discarded, "records with columns that were discarded,", out);
	add_column_notes(d, &d->columns.vanished, "records without columns that are declared,", out);
	add_column_notes(d, &d->columns.retyped, "records with columns of another type,", out);
}

static void
add_expectations(const struct fe_dataset_result *d, struct fe_buf *out)
{
	if (!d->was_validated)
		return;
	struct fe_validation_counts c = fe_validation_counts(d->expectations.validation);
	fe_buf_addf(out, "\n  %zu of %zu expectations hold of %s\n", c.n_successful, c.n_evaluated, d->plan->name);
	fe_expectations_table(&d->expectations, true, out);
}

/* The figures of one equation: counts, or sums of a column; of a data set or of a group. */
struct equation {
	fe_i128 terms[FE_N_TERMS];
	uint64_t counts[FE_N_TERMS]; /* a term without records is left out */
	unsigned scale;
};

/* decimal SIZE_MAX: counts. group SIZE_MAX: all. */
static struct equation
equation_of(const struct fe_tally *t, size_t group, size_t decimal)
{
	struct equation e = { .scale = decimal == SIZE_MAX ? 0 : t->schema->fields[t->decimals[decimal]].type.scale };
	const fe_i128 *figures = group == SIZE_MAX ? NULL : fe_groups_figures(t->groups, group);

	for (int i = 0; i < FE_N_TERMS; i++) {
		enum fe_term term = (enum fe_term)i;
		e.counts[i] = figures ? (uint64_t)figures[fe_tally_figure_n(t, term)] : t->terms[i].n;
		if (decimal == SIZE_MAX)
			e.terms[i] = (fe_i128)e.counts[i];
		else
			e.terms[i] = figures ? figures[fe_tally_figure_sum(t, term, decimal)] : t->terms[i].sums[decimal];
	}
	return e;
}

/* inserted and updated are "loaded" to a reader; the other terms are named where
 * there are any. */
static void
add_equation(const struct equation *e, struct fe_buf *out)
{
	static const enum fe_term others[] = { FE_TERM_UNCHANGED, FE_TERM_FILTERED, FE_TERM_DUPLICATE,
					       FE_TERM_SUPERSEDED, FE_TERM_REJECTED };

	add_money(out, e->terms[FE_TERM_READ], e->scale);
	fe_buf_add_text(out, " read = ");
	add_money(out, e->terms[FE_TERM_INSERTED] + e->terms[FE_TERM_UPDATED], e->scale);
	fe_buf_add_text(out, " loaded");
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (!e->counts[others[i]])
			continue;
		fe_buf_add_text(out, " + ");
		add_money(out, e->terms[others[i]], e->scale);
		fe_buf_addf(out, " %s", fe_term_name(others[i]));
	}
	fe_buf_add_char(out, '\n');
}

static void
add_equations(const struct fe_dataset_result *d, size_t group, struct fe_buf *out)
{
	const struct fe_tally *t = &d->tally;

	for (size_t i = 0; i <= t->n_decimals; i++) {
		bool is_count = i == 0;
		if (!is_count && d->plan->pii[t->decimals[i - 1]])
			continue;
		const struct equation e = equation_of(t, group, is_count ? SIZE_MAX : i - 1);
		fe_buf_addf(out, "  %s: ", d->plan->name);
		if (group != SIZE_MAX) {
			fe_groups_print(t->groups, group, out);
			fe_buf_add_text(out, ": ");
		}
		fe_buf_addf(out, "%s ", is_count ? "records" : d->plan->schema.fields[t->decimals[i - 1]].name);
		add_equation(&e, out);
	}
}

static void
add_group_totals(const struct fe_dataset_result *d, struct fe_buf *out)
{
	const struct fe_groups *groups = d->tally.groups;

	if (!groups)
		return;
	size_t *order = fe_groups_sorted(groups);
	for (size_t i = 0; i < groups->n_items && i < N_GROUPS_SHOWN; i++)
		add_equations(d, order[i], out);
	if (groups->n_items > N_GROUPS_SHOWN)
		fe_buf_addf(out, "  %s: and %zu more groups\n", d->plan->name, groups->n_items - N_GROUPS_SHOWN);
	fe_free(order);
}

static void
add_totals(const struct fe_run_result *r, struct fe_buf *out)
{
	fe_buf_add_text(out, "\n  totals agree\n");
	for (size_t i = 0; i < r->n_datasets; i++) {
		const struct fe_dataset_result *d = &r->datasets[i];
		if (!d->plan->is_selected)
			continue;
		add_equations(d, SIZE_MAX, out);
		add_group_totals(d, out);
	}
}

/* Those that agree stand with the totals; any that differ are why nothing was published. */
static void
add_controls(const struct fe_run_result *r, struct fe_buf *out)
{
	bool has_any = false;

	for (size_t i = 0; i < r->n_datasets; i++) {
		const struct fe_dataset_result *d = &r->datasets[i];
		if (!d->was_controlled || !fe_control_n_items(d->control))
			continue;
		if (!has_any)
			fe_buf_add_text(out, "\n  control totals\n");
		has_any = true;
		fe_control_summary(d->control, out);
	}
}

static void
add_heading(const struct fe_run_result *r, struct fe_buf *out)
{
	struct fe_run_totals t = fe_run_totals(r);
	int64_t elapsed_ms = (r->end_us - r->start_us) / 1000;
	fe_buf_addf(out, "\n%s: %s  run %s\n  into ", r->pipeline, fe_run_status_name(r->status), r->run_id);
	fe_buf_add_redacted_url(out, r->warehouse ? r->warehouse : "nothing");
	fe_buf_addf(out, " in %" PRId64 ".%03" PRId64 " s", elapsed_ms / 1000, elapsed_ms % 1000);
	if (elapsed_ms > 0) {
		fe_buf_add_text(out, ", ");
		fe_summary_add_count(out, t.extracted * 1000 / (uint64_t)elapsed_ms);
		fe_buf_add_text(out, " records/s");
	}
	fe_buf_add_text(out, "\n\n");
}

void
fe_run_summary(const struct fe_run_result *r, struct fe_buf *out)
{
	add_heading(r, out);
	add_table(r, out);
	for (size_t i = 0; i < r->n_datasets; i++)
		add_reasons(&r->datasets[i], out);
	add_placeholders(r, out);
	for (size_t i = 0; i < r->n_datasets; i++)
		add_contract(&r->datasets[i], out);
	for (size_t i = 0; i < r->n_datasets; i++)
		add_expectations(&r->datasets[i], out);
	add_controls(r, out);
	if (r->waived)
		fe_buf_addf(out, "\n  waived by %s, to release run %s\n  %s\n", r->release->by, r->release->run_id, r->waived);
	if (r->is_published) {
		add_totals(r, out);
		return;
	}
	if (r->is_unknown)
		fe_buf_add_text(out, "\n  whether this was published is not known\n");
	else
		fe_buf_addf(out, "\n  nothing was published: %s\n", fe_run_status_name(r->status));
}

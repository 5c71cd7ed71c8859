// SPDX-License-Identifier: Apache-2.0
/* pipeline/notify_text.c - what people are told of a run: title, facts, figures, the next command
 *
 * From what the run wrote down: counts, sums, reasons. Never a value of a record.
 */
#include "pipeline/notify.h"

#include <inttypes.h>

#include "base/text.h"
#include "pipeline/plan.h"
#include "pipeline/run.h"
#include "quality/report_parts.h"

#define MAX_DATASETS 20
#define MAX_REASONS 5
#define MAX_COLUMNS 10
#define MAX_FACTS 10
#define MAX_ERROR_BYTES 1200
#define MAX_FAILED 5
#define MAX_MORE_BYTES 64 /* of the line that says how many more there are */

static uint64_t
sum_of(const struct fe_report_run *run, const char *term)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < run->n_datasets; i++)
		sum += fe_report_member_u64(run->datasets[i].totals, term);
	return sum;
}

static bool
is_published(const struct fe_report_run *run)
{
	return run->published && run->published->is_true;
}

static bool
is_failed(const struct fe_report_run *run)
{
	return fe_str_is(run->status, "failed") || fe_str_is(run->status, "abandoned");
}

bool
fe_notice_is_wanted(const struct fe_plan_notice *n, const struct fe_report_run *run)
{
	uint64_t read = sum_of(run, "read"), rejected = sum_of(run, "rejected");

	if (n->on & 1u << FE_ON_FAILED && is_failed(run))
		return true;
	if (n->on & 1u << FE_ON_HELD && fe_str_is(run->status, "held"))
		return true;
	if (n->on & 1u << FE_ON_SUCCESS && is_published(run))
		return true;
	if (!(n->on & 1u << FE_ON_REJECTS))
		return false;
	if (!n->is_percent)
		return rejected > n->rejects_above;
	return (fe_i128)rejected * 1000000 > (fe_i128)read * (fe_i128)n->rejects_above; /* percents x 10000 */
}

/* ---- texts ---- */

static const char *
keep(struct fe_arena *arena, struct fe_buf *text)
{
	const char *copy = fe_arena_copy(arena, fe_buf_text(text), text->n_bytes);
	fe_buf_reset(text);
	return copy;
}

static const char *
title_of(const struct fe_report_run *run, struct fe_arena *arena)
{
	struct fe_buf b;

	fe_buf_init(&b, FE_NOTICE_MAX_BYTES);
	fe_buf_addf(&b, "%.*s: ", FE_STR_ARGS(run->pipeline));
	if (fe_str_is(run->status, "success_with_rejects")) {
		fe_buf_add_text(&b, "loaded, with ");
		fe_summary_add_count(&b, sum_of(run, "rejected"));
		fe_buf_add_text(&b, sum_of(run, "rejected") == 1 ? " record rejected" : " records rejected");
	} else if (fe_str_is(run->status, "success")) {
		fe_buf_add_text(&b, "loaded, and totals agree");
	} else if (fe_json_is(run->published, FE_JSON_NULL)) {
		fe_buf_add_text(&b, "failed, and whether it was published is not known");
	} else {
		fe_buf_addf(&b, "%.*s, nothing was published", FE_STR_ARGS(run->status));
	}
	return keep(arena, &b);
}

struct facts {
	struct fe_arena *arena;
	struct fe_notice_fact *items;
	size_t n;
};

static void
add_fact(struct facts *f, const char *name, struct fe_str value)
{
	struct fe_buf shown;

	if (!value.n || f->n == MAX_FACTS)
		return;
	fe_buf_init(&shown, FE_NOTICE_MAX_BYTES);
	fe_buf_add_printable(&shown, value, 400);
	f->items[f->n++] = (struct fe_notice_fact){ name, keep(f->arena, &shown) };
}

static void
add_count(struct facts *f, const char *name, uint64_t n)
{
	struct fe_buf text;

	fe_buf_init(&text, 64);
	fe_summary_add_count(&text, n);
	add_fact(f, name, fe_buf_str(&text));
	fe_buf_reset(&text);
}

static void
add_duration(struct facts *f, const struct fe_report_run *run)
{
	struct fe_buf text;
	uint64_t ms;

	fe_buf_init(&text, 64);
	if (fe_report_elapsed_ms(run->start_time, run->end_time, &ms)) {
		fe_report_add_duration(&text, ms);
		add_fact(f, "took", fe_buf_str(&text));
	}
	fe_buf_reset(&text);
}

static void
add_facts(const struct fe_report_run *run, struct facts *f)
{
	add_fact(f, "run", run->run_id);
	add_fact(f, "status", run->status);
	add_fact(f, "warehouse", run->warehouse);
	add_fact(f, "run time", run->run_time);
	add_fact(f, "ended", run->end_time);
	add_duration(f, run);
	add_count(f, "records read", sum_of(run, "read"));
	add_count(f, "records loaded", is_published(run) ? sum_of(run, "inserted") + sum_of(run, "updated") : 0);
	add_count(f, "records rejected", sum_of(run, "rejected"));
	add_fact(f, "quality score", fe_report_plain_number(run->quality_score));
}

/* ---- figures ---- */

static bool
is_zero(struct fe_str figure)
{
	for (size_t i = 0; i < figure.n; i++)
		if (figure.p[i] >= '1' && figure.p[i] <= '9')
			return false;
	return true;
}

/* "10,000 read = 9,490 inserted + 104 duplicate": of counts, or of sums. What was not published was not inserted. */
static void
add_equation(const struct fe_report_run *run, const struct fe_json_value *terms, struct fe_buf *out)
{
	const char *between = " = ", *would = is_published(run) ? "" : "would be ";

	fe_summary_add_grouped(out, fe_report_member(terms, "read"));
	fe_buf_add_text(out, " read");
	for (int t = 0; t < FE_N_TERMS; t++) {
		struct fe_str figure = fe_report_member(terms, fe_term_name((enum fe_term)t));
		if (t == FE_TERM_READ || is_zero(figure))
			continue;
		fe_buf_add_text(out, between);
		fe_summary_add_grouped(out, figure);
		fe_buf_addf(out, " %s%s", t == FE_TERM_INSERTED || t == FE_TERM_UPDATED ? would : "", fe_term_name((enum fe_term)t));
		between = " + ";
	}
	fe_buf_add_char(out, '\n');
}

static void
add_sums(const struct fe_report_run *run, const struct fe_report_dataset *d, struct fe_buf *out)
{
	const struct fe_json_value *s = NULL;

	for (size_t n = 0; n < MAX_COLUMNS && (s = fe_report_next_sum(d, s)) != NULL; n++) {
		fe_buf_addf(out, "  %.*s: ", FE_STR_ARGS(s->key));
		add_equation(run, s, out);
	}
}

static void
add_reasons(const struct fe_report_dataset *d, struct fe_buf *out)
{
	struct fe_report_reason reasons[FE_REPORT_MAX_REASONS];
	size_t n_all, n = fe_report_reasons(d, reasons, &n_all);

	n = n < MAX_REASONS ? n : MAX_REASONS;
	for (size_t i = 0; i < n; i++) {
		fe_buf_add_text(out, "  rejected ");
		fe_summary_add_count(out, reasons[i].n);
		fe_buf_add_text(out, ": ");
		fe_buf_add_printable(out, reasons[i].text, 200);
		fe_buf_add_char(out, '\n');
	}
	if (n_all > n)
		fe_buf_addf(out, "  and %zu more reasons\n", n_all - n);
}

/* Of the expectations that failed: what was expected, not what was found. */
static void
add_failed(const struct fe_report_dataset *d, struct fe_buf *out)
{
	const struct fe_json_value *failed = fe_json_get(fe_json_get(d->quality, "expectations"), "failed");
	size_t n = 0;

	for (const struct fe_json_value *f = failed ? failed->first : NULL; f && n < MAX_FAILED; f = f->next, n++) {
		fe_buf_add_text(out, "  not met: ");
		fe_buf_add_printable(out, fe_report_member(f, "expectation"), 300);
		fe_buf_addf(out, " (%.*s)\n", FE_STR_ARGS(fe_report_member(f, "severity")));
	}
	if (failed && failed->n_children > n)
		fe_buf_addf(out, "  and %zu more expectations are not met\n", failed->n_children - n);
}

static void
add_gate(const struct fe_report_dataset *d, struct fe_buf *out)
{
	const struct fe_json_value *gate = fe_json_get(d->quality, "gate");

	for (const struct fe_json_value *g = gate ? gate->first : NULL; g; g = g->next) {
		const struct fe_json_value *holds = fe_json_get(g, "holds");
		if (!fe_json_is(holds, FE_JSON_BOOL) || holds->is_true)
			continue;
		fe_buf_addf(out, "  gate: %.*s is %.*s, found %.*s\n", FE_STR_ARGS(fe_report_member(g, "bound")),
			    FE_STR_ARGS(fe_report_member(g, "limit")), FE_STR_ARGS(fe_report_member(g, "found")));
	}
}

static const char *
figures_of(const struct fe_report_run *run, struct fe_arena *arena)
{
	size_t n_told = 0, whole_bytes = 0;
	struct fe_buf b;

	fe_buf_init(&b, FE_NOTICE_MAX_BYTES / 2);
	for (; n_told < run->n_datasets && n_told < MAX_DATASETS; n_told++, whole_bytes = b.n_bytes) {
		const struct fe_report_dataset *d = &run->datasets[n_told];
		if (!d->totals)
			continue;
		fe_buf_addf(&b, "%.*s: ", FE_STR_ARGS(d->name));
		add_equation(run, d->totals, &b);
		add_sums(run, d, &b);
		add_reasons(d, &b);
		add_failed(d, &b);
		add_gate(d, &b);
		if (b.failed) /* too much: those before stay */
			break;
	}
	b.failed = false;
	b.n_bytes = whole_bytes;
	b.max_bytes += MAX_MORE_BYTES;
	if (run->n_datasets > n_told)
		fe_buf_addf(&b, "and %zu more data sets\n", run->n_datasets - n_told);
	return keep(arena, &b);
}

/* ---- what to do next ---- */

static const char *
run_command(const char *words, struct fe_str word, const struct fe_report_run *run, struct fe_arena *arena)
{
	struct fe_buf b;

	fe_buf_init(&b, FE_NOTICE_MAX_BYTES / 4);
	fe_buf_add_text(&b, words);
	fe_report_add_word(&b, word);
	fe_buf_add_str(&b, run->warehouse_option);
	if (b.failed)
		fe_buf_clear(&b);
	return keep(arena, &b);
}

static void
advise(const struct fe_plan *plan, const struct fe_report_run *run, struct fe_arena *arena, struct fe_notice *n)
{
	bool has_rejects = sum_of(run, "rejected") > 0;

	if (is_failed(run)) {
		n->advice = fe_json_is(run->retry_helps, FE_JSON_BOOL) && !run->retry_helps->is_true
				    ? "It will end alike until the cause is mended. Then run it again:"
				    : "The cause may pass by itself. Run it again; it is safe to:";
		n->command = run->again.p ? fe_arena_copy(arena, run->again.p, run->again.n)
					  : run_command("finetl run ", fe_str_of(plan->path), run, arena);
	} else if (has_rejects && run->has_catalog) {
		n->advice = fe_str_is(run->status, "held")
				    ? "Look at the rejected records, mend the source, the rule or the bound, and run it again:"
				    : "Look at the rejected records, with their reasons and raw text:";
		n->command = run_command("finetl rejects list --run ", run->run_id, run, arena);
	} else if (has_rejects) {
		n->advice = "The rejected records stand in the .rejects.csv files beside report.json.";
	} else if (fe_str_is(run->status, "held")) {
		n->advice = "Look at what did not hold, mend the source or the bound, and run it again:";
		n->command = run_command("finetl report ", run->run_id, run, arena);
	}
}

void
fe_notice_of_run(const struct fe_plan *plan, const struct fe_report_run *run, struct fe_arena *arena, struct fe_notice *out)
{
	struct facts f = { .arena = arena, .items = fe_arena_alloc_zero(arena, MAX_FACTS * sizeof(struct fe_notice_fact)) };
	struct fe_buf error;

	add_facts(run, &f);
	*out = (struct fe_notice){
		.tone = fe_str_is(run->status, "success") ? FE_NOTICE_GOOD : is_published(run) ? FE_NOTICE_NOTE : FE_NOTICE_BAD,
		.title = title_of(run, arena),
		.run_id = fe_arena_copy(arena, run->run_id.p, run->run_id.n),
		.facts = f.items,
		.n_facts = f.n,
		.figures = figures_of(run, arena),
	};
	if (run->error.n) {
		fe_buf_init(&error, 2 * MAX_ERROR_BYTES);
		fe_buf_add_printable(&error, run->error, MAX_ERROR_BYTES);
		out->error = keep(arena, &error);
	}
	advise(plan, run, arena, out);
}

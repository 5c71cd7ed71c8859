// SPDX-License-Identifier: Apache-2.0
/* quality/report_page.c - the page of a run, see quality/report_view.h
 *
 * The order is that of a reader's questions: how did it end, do the totals agree, where did
 * the records go, what was wrong, does the data look as it should, what was it made from.
 */
#include "quality/report_parts.h"

#define MAX_TITLE_BYTES 4096
#define MAX_COMMAND_BYTES ((size_t)64 * 1024)
#define MAX_SMALL_BYTES 256

static uint64_t
sum_of(const struct fe_report_run *run, const char *const *terms, size_t n_terms)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < run->n_datasets; i++)
		for (size_t t = 0; t < n_terms; t++)
			sum += fe_report_member_u64(run->datasets[i].totals, terms[t]);
	return sum;
}

static void
header(struct fe_html *h, const struct fe_report_run *run)
{
	fe_html_open(h, "header");
	fe_html_leaf(h, "p", "over", "Run report");
	fe_html_leaf_str(h, "h1", NULL, run->pipeline);
	fe_html_open(h, "p");
	fe_html_attr(h, "class", "under");
	fe_html_text(h, "Run ");
	fe_html_leaf_str(h, "code", NULL, run->run_id);
	fe_html_text(h, " of ");
	fe_report_time(h, run->start_time);
	if (run->warehouse.n) {
		fe_html_text(h, " into ");
		fe_html_leaf_str(h, "code", NULL, run->warehouse);
	}
	fe_html_close(h, "p");
	fe_html_close(h, "header");
}

static void
link_to(struct fe_html *h, const char *id, const char *words)
{
	fe_html_open(h, "li");
	fe_html_open(h, "a");
	fe_html_attr(h, "href", id);
	fe_html_text(h, words);
	fe_html_close(h, "a");
	fe_html_close(h, "li");
}

static void
contents(struct fe_html *h, const struct fe_report_run *run)
{
	fe_html_open(h, "nav");
	fe_html_attr(h, "aria-label", "Contents");
	fe_html_open(h, "ul");
	if (fe_report_has_totals(run)) {
		link_to(h, "#totals", "Totals");
		link_to(h, "#flow", "Flow");
	}
	if (fe_report_has_controls(run))
		link_to(h, "#control", "Control");
	if (fe_report_has_rejects(run))
		link_to(h, "#rejects", "Rejects");
	if (fe_report_has_contract(run))
		link_to(h, "#contract", "Contract");
	if (fe_report_has_checks(run))
		link_to(h, "#checks", "Checks");
	if (fe_report_has_columns(run))
		link_to(h, "#columns", "Columns");
	if (run->n_datasets)
		link_to(h, "#timing", "Timing");
	if (fe_report_has_objects(run))
		link_to(h, "#objects", "Files");
	link_to(h, "#about", "About");
	fe_html_close(h, "ul");
	fe_html_close(h, "nav");
}

/* ---- key figures ---- */

static void
figure(struct fe_html *h, const char *name, struct fe_str value, struct fe_str note)
{
	fe_html_open(h, "div");
	fe_html_leaf(h, "dt", NULL, name);
	fe_html_open(h, "dd");
	fe_html_number(h, value);
	if (note.n)
		fe_html_leaf_str(h, "small", NULL, note);
	fe_html_close(h, "dd");
	fe_html_close(h, "div");
}

static void
count_figure(struct fe_html *h, const char *name, uint64_t n, struct fe_str note)
{
	char text[FE_DECIMAL_TEXT_BYTES];
	figure(h, name, (struct fe_str){ text, fe_i128_format((fe_i128)n, 0, text) }, note);
}

static void
duration_figure(struct fe_html *h, const struct fe_report_run *run, uint64_t n_read)
{
	char digits[FE_DECIMAL_TEXT_BYTES];
	struct fe_buf text, note;
	uint64_t ms;

	if (!fe_report_elapsed_ms(run->start_time, run->end_time, &ms))
		return;
	fe_buf_init(&text, MAX_SMALL_BYTES);
	fe_buf_init(&note, MAX_SMALL_BYTES);
	fe_report_add_duration(&text, ms);
	if (ms && n_read) {
		fe_i128 rate = (fe_i128)n_read * 1000 / (fe_i128)ms;
		fe_buf_add_grouped(&note, (struct fe_str){ digits, fe_i128_format(rate, 0, digits) });
		fe_buf_add_text(&note, " records/s");
	}
	figure(h, "Duration", fe_buf_str(&text), fe_buf_str(&note));
	fe_buf_reset(&text);
	fe_buf_reset(&note);
}

static void
figures(struct fe_html *h, const struct fe_report_run *run)
{
	uint64_t read = sum_of(run, (const char *const[]){ "read" }, 1);
	uint64_t rejected = sum_of(run, (const char *const[]){ "rejected" }, 1);
	struct fe_buf share;

	fe_buf_init(&share, MAX_SMALL_BYTES);
	fe_report_add_percent(&share, rejected, read);
	fe_html_open(h, "dl");
	fe_html_attr(h, "class", "figures");
	if (fe_report_has_totals(run)) {
		bool is_loaded = fe_json_is(run->published, FE_JSON_BOOL) && run->published->is_true;
		count_figure(h, "Read", read, FE_STR("records"));
		count_figure(h, is_loaded ? "Loaded" : "Would be loaded",
			     sum_of(run, (const char *const[]){ "inserted", "updated" }, 2), FE_STR("new or changed"));
		count_figure(h, "Unchanged", sum_of(run, (const char *const[]){ "unchanged" }, 1), FE_STR("were there before"));
		count_figure(h, "Rejected", rejected, read ? fe_buf_str(&share) : (struct fe_str){ 0 });
	}
	if (run->quality_score.n)
		figure(h, "Quality score", fe_report_plain_number(run->quality_score), FE_STR("of 100"));
	duration_figure(h, run, read);
	fe_html_close(h, "dl");
	fe_buf_reset(&share);
}

/* ---- about ---- */

static void
fact(struct fe_html *h, const char *name, struct fe_str value, bool is_time)
{
	if (!value.n)
		return;
	fe_html_open(h, "div");
	fe_html_leaf(h, "dt", NULL, name);
	fe_html_open(h, "dd");
	if (is_time)
		fe_report_time(h, value);
	else
		fe_html_leaf_str(h, "code", NULL, value);
	fe_html_close(h, "dd");
	fe_html_close(h, "div");
}

static void
command(struct fe_html *h, const struct fe_report_run *run, const char *words, const char *text, bool with_run)
{
	struct fe_buf line;

	fe_html_leaf(h, "p", NULL, words);
	fe_buf_init(&line, MAX_COMMAND_BYTES);
	fe_buf_add_text(&line, text);
	if (with_run)
		fe_report_add_word(&line, run->run_id);
	fe_buf_add_str(&line, run->warehouse_option);
	fe_report_command(h, &line);
}

static void
about(struct fe_html *h, const struct fe_report_run *run)
{
	fe_report_section(h, "about", "About this run");
	fe_html_open(h, "dl");
	fe_html_attr(h, "class", "facts");
	fact(h, "Run", run->run_id, false);
	fact(h, "Started", run->start_time, true);
	fact(h, "Ended", run->end_time, true);
	fact(h, "Run time, which rules see as now()", run->run_time, true);
	fact(h, "finetl", run->version, false);
	fact(h, "SHA-256 of the pipeline file", run->config_sha256, false);
	fact(h, "Warehouse", run->warehouse, false);
	fact(h, "Releases run", fe_report_member(run->release, "run_id"), false);
	fact(h, "Released by", fe_report_member(run->release, "by"), false);
	fact(h, "Reason", fe_report_member(run->release, "reason"), false);
	fact(h, "Waived", fe_report_member(run->release, "waived"), false);
	fe_html_close(h, "dl");
	if (run->has_catalog) {
		command(h, run, "Where a row comes from, and which rules made it:", "finetl explain KEY", false);
		command(h, run, "Whether the tables still hold what was loaded:", "finetl checks", false);
		command(h, run, "Whether the audit trail is what was written:", "finetl runs --verify", false);
		command(h, run, "This page once more:", "finetl report ", true);
	}
	if (run->has_catalog && !run->warehouse_option.n)
		fe_html_leaf(h, "p", "more", "The URL of the warehouse holds a password: give it by FINETL_WAREHOUSE.");
	fe_report_section_end(h);
}

static void
main_part(struct fe_html *h, const struct fe_report_run *run)
{
	struct fe_report_budget budget = { FE_REPORT_MAX_EXPECTATIONS, FE_REPORT_MAX_COLUMNS };

	fe_report_verdict(h, run);
	figures(h, run);
	if (run->is_cut)
		fe_html_leaf(h, "p", "more", "What this run wrote down of itself is too large to be shown; the row of etl_audit_log has it.");
	if (fe_report_has_totals(run)) {
		fe_report_totals(h, run);
		fe_report_flow(h, run);
	}
	if (fe_report_has_controls(run))
		fe_report_controls(h, run);
	if (fe_report_has_rejects(run))
		fe_report_rejects(h, run);
	if (fe_report_has_contract(run))
		fe_report_contract_columns(h, run);
	if (fe_report_has_checks(run))
		fe_report_checks(h, run, &budget);
	if (fe_report_has_columns(run))
		fe_report_columns(h, run, &budget);
	if (run->n_datasets)
		fe_report_timing(h, run);
	if (fe_report_has_objects(run))
		fe_report_objects(h, run);
	about(h, run);
}

enum fe_rc
fe_report_page(const struct fe_report_run *run, struct fe_buf *out, struct fe_err *err)
{
	struct fe_report_run shown = *run;
	struct fe_html h;
	struct fe_buf title;

	if (shown.n_datasets > FE_REPORT_MAX_DATASETS)
		shown.n_datasets = FE_REPORT_MAX_DATASETS;
	fe_html_init(&h, out);
	fe_buf_init(&title, MAX_TITLE_BYTES);
	fe_buf_add_str(&title, run->pipeline);
	fe_buf_addf(&title, ": %s", fe_report_status(run->status)->words);
	fe_report_begin(&h, fe_buf_str(&title));
	fe_buf_reset(&title);
	header(&h, &shown);
	contents(&h, &shown);
	fe_html_open(&h, "main");
	fe_html_attr(&h, "id", "main");
	main_part(&h, &shown);
	fe_report_more(&h, run->n_datasets - shown.n_datasets, "data sets");
	fe_html_close(&h, "main");
	fe_report_end(&h, run->version);
	return fe_html_check(&h, "the report", err);
}

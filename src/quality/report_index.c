// SPDX-License-Identifier: Apache-2.0
/* quality/report_index.c - the page of the runs of a warehouse, with trends
 *
 * One section a pipeline: figures of different pipelines make no line. Trends are of the runs
 * that ended and read something, from the oldest shown to the newest.
 */
#include <stdio.h>

#include "base/mem.h"
#include "quality/chart.h"
#include "quality/report_parts.h"

#define MAX_POINTS 100
#define MAX_PIPELINES 50
#define MAX_LABEL_BYTES 4096
#define SCORE_DECIMALS 4
#define SCORE_TOP 1000000 /* 100.0000 */

/* ---- trends ---- */

enum trend { TREND_READ, TREND_REJECTED, TREND_SCORE, TREND_DURATION, N_TRENDS };

struct trend_line {
	struct fe_chart_point points[MAX_POINTS];
	size_t n;
};

/* "98.5000", as runs write it, as 985000; false where it is no such number. */
static bool
score_of(struct fe_str text, uint64_t *out)
{
	fe_i128 v;

	if (!text.n || !fe_i128_parse(text, SCORE_DECIMALS, &v) || v < 0 || v > SCORE_TOP)
		return false;
	*out = (uint64_t)v;
	return true;
}

static struct fe_chart_point
point_of(const struct fe_report_index_run *run, enum trend trend)
{
	struct fe_chart_point p = { 0 };

	switch (trend) {
	case TREND_READ:
		return (struct fe_chart_point){ run->read, true };
	case TREND_REJECTED: /* in hundredths of a percent */
		if (run->read)
			p = (struct fe_chart_point){ (uint64_t)((unsigned __int128)run->rejected * 10000 / run->read), true };
		return p;
	case TREND_SCORE:
		p.is_known = score_of(run->quality_score, &p.value);
		return p;
	case TREND_DURATION:
		p.is_known = fe_report_elapsed_ms(run->start_time, run->end_time, &p.value);
		return p;
	default:
		return p;
	}
}

static bool
is_of(const struct fe_report_index_run *run, struct fe_str pipeline)
{
	return fe_str_eq(run->pipeline, pipeline);
}

static void
collect(const struct fe_report_index *index, struct fe_str pipeline, enum trend trend, struct trend_line *line)
{
	line->n = 0;
	for (size_t i = 0; i < index->n_runs && line->n < MAX_POINTS; i++) {
		const struct fe_report_index_run *run = &index->runs[i];
		if (is_of(run, pipeline) && run->end_time.n && run->read)
			line->points[line->n++] = point_of(run, trend);
	}
	for (size_t i = 0; i < line->n / 2; i++) { /* the oldest first */
		struct fe_chart_point swap = line->points[i];
		line->points[i] = line->points[line->n - 1 - i];
		line->points[line->n - 1 - i] = swap;
	}
}

static void
add_figure(struct fe_buf *out, enum trend trend, uint64_t v)
{
	char digits[FE_DECIMAL_TEXT_BYTES];

	if (trend == TREND_READ)
		fe_buf_add_grouped(out, (struct fe_str){ digits, fe_i128_format((fe_i128)v, 0, digits) });
	else if (trend == TREND_REJECTED)
		fe_report_add_percent(out, v, 10000);
	else if (trend == TREND_SCORE)
		fe_buf_add_decimal(out, (fe_i128)(v / 100), 2);
	else
		fe_report_add_duration(out, v);
}

static void
trend_card(struct fe_html *h, enum trend trend, const struct trend_line *line)
{
	static const char *const names[] = { "Records read", "Rejected", "Quality score", "Duration" };
	const struct fe_chart_point *last = NULL;
	uint64_t least = UINT64_MAX, most = 0;
	struct fe_buf label, figure;

	for (size_t i = 0; i < line->n; i++) {
		const struct fe_chart_point *p = &line->points[i];
		if (!p->is_known)
			continue;
		last = p;
		least = p->value < least ? p->value : least;
		most = p->value > most ? p->value : most;
	}
	if (!last)
		return;
	fe_buf_init(&label, MAX_LABEL_BYTES);
	fe_buf_init(&figure, MAX_LABEL_BYTES);
	add_figure(&figure, trend, last->value);
	fe_buf_add_text(&label, "from ");
	add_figure(&label, trend, least);
	fe_buf_add_text(&label, " to ");
	add_figure(&label, trend, most);
	fe_html_open(h, "div");
	fe_html_attr(h, "class", "card trend");
	fe_html_leaf(h, "h4", NULL, names[trend]);
	fe_html_leaf_str(h, "p", "last", fe_buf_str(&figure));
	fe_buf_clear(&figure);
	fe_buf_addf(&figure, "%s over %zu runs, ", names[trend], line->n);
	fe_buf_add_str(&figure, fe_buf_str(&label));
	fe_chart_line(h, fe_buf_str(&figure), line->points, line->n, trend == TREND_SCORE ? SCORE_TOP : 0);
	fe_html_leaf_str(h, "p", "more", fe_buf_str(&label));
	fe_html_close(h, "div");
	fe_buf_reset(&label);
	fe_buf_reset(&figure);
}

static void
trends(struct fe_html *h, const struct fe_report_index *index, struct fe_str pipeline)
{
	struct trend_line *line = fe_new(struct trend_line);

	fe_html_open(h, "div");
	fe_html_attr(h, "class", "cards trends");
	for (int t = 0; t < N_TRENDS; t++) {
		collect(index, pipeline, (enum trend)t, line);
		trend_card(h, (enum trend)t, line);
	}
	fe_html_close(h, "div");
	fe_free(line);
}

/* ---- the runs ---- */

static void
run_cells(struct fe_html *h, const struct fe_report_index_run *run)
{
	struct fe_buf text;
	uint64_t ms;

	fe_html_leaf_count(h, "td", "num", run->read);
	fe_html_leaf_count(h, "td", "num", run->loaded);
	fe_html_leaf_count(h, "td", "num", run->rejected);
	fe_html_leaf_count(h, "td", "num", run->duplicate);
	fe_html_leaf_str(h, "td", "num", fe_report_plain_number(run->quality_score));
	fe_html_open(h, "td");
	fe_html_attr(h, "class", "num");
	if (fe_report_elapsed_ms(run->start_time, run->end_time, &ms)) {
		fe_buf_init(&text, 64);
		fe_report_add_duration(&text, ms);
		fe_html_str(h, fe_buf_str(&text));
		fe_buf_reset(&text);
	}
	fe_html_close(h, "td");
}

static void
run_row(struct fe_html *h, const struct fe_report_index_run *run)
{
	fe_html_open(h, "tr");
	fe_html_open(h, "th");
	fe_html_attr(h, "scope", "row");
	if (run->link.p) {
		fe_html_open(h, "a");
		fe_html_attr_str(h, "href", run->link);
	}
	fe_html_leaf_str(h, "code", NULL, run->run_id);
	if (run->link.p)
		fe_html_close(h, "a");
	fe_html_close(h, "th");
	fe_html_open(h, "td");
	fe_report_time(h, run->start_time);
	fe_html_close(h, "td");
	fe_html_open(h, "td");
	fe_report_status_mark(h, run->status);
	fe_html_close(h, "td");
	run_cells(h, run);
	fe_html_close(h, "tr");
}

static void
runs(struct fe_html *h, const struct fe_report_index *index, struct fe_str pipeline)
{
	static const char *const figures[] = { "Read", "Loaded", "Rejected", "Duplicate", "Score", "Duration" };
	struct fe_buf label;

	fe_buf_init(&label, MAX_LABEL_BYTES);
	fe_buf_add_text(&label, "Runs of ");
	fe_buf_add_str(&label, pipeline);
	fe_report_table(h, NULL, fe_buf_str(&label));
	fe_buf_reset(&label);
	fe_html_open(h, "thead");
	fe_html_open(h, "tr");
	fe_report_column(h, NULL, "Run");
	fe_report_column(h, NULL, "Started");
	fe_report_column(h, NULL, "Result");
	for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
		fe_report_column(h, "num", figures[i]);
	fe_html_close(h, "tr");
	fe_html_close(h, "thead");
	fe_html_open(h, "tbody");
	for (size_t i = 0; i < index->n_runs; i++)
		if (is_of(&index->runs[i], pipeline))
			run_row(h, &index->runs[i]);
	fe_html_close(h, "tbody");
	fe_report_table_end(h);
}

static bool
is_first_of_its_pipeline(const struct fe_report_index *index, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_of(&index->runs[k], index->runs[i].pipeline))
			return false;
	return true;
}

static void
pipelines(struct fe_html *h, const struct fe_report_index *index)
{
	char id[32];
	size_t n = 0;

	for (size_t i = 0; i < index->n_runs; i++) {
		if (!is_first_of_its_pipeline(index, i))
			continue;
		if (++n > MAX_PIPELINES)
			continue;
		(void)snprintf(id, sizeof id, "pipeline-%zu", n);
		fe_html_open(h, "section");
		fe_html_attr(h, "aria-labelledby", id);
		fe_html_open(h, "h2");
		fe_html_attr(h, "id", id);
		fe_html_str(h, index->runs[i].pipeline);
		fe_html_close(h, "h2");
		fe_html_leaf(h, "h3", NULL, "Trends");
		trends(h, index, index->runs[i].pipeline);
		fe_html_leaf(h, "h3", NULL, "Runs");
		runs(h, index, index->runs[i].pipeline);
		fe_html_close(h, "section");
	}
	fe_report_more(h, n > MAX_PIPELINES ? n - MAX_PIPELINES : 0, "pipelines");
}

enum fe_rc
fe_report_index_page(const struct fe_report_index *index, struct fe_buf *out, struct fe_err *err)
{
	struct fe_html h;

	fe_html_init(&h, out);
	fe_report_begin(&h, FE_STR("Runs"));
	fe_html_open(&h, "header");
	fe_html_leaf(&h, "p", "over", "Run reports");
	fe_html_leaf(&h, "h1", NULL, "Runs");
	fe_html_open(&h, "p");
	fe_html_attr(&h, "class", "under");
	fe_html_leaf_str(&h, "code", NULL, index->warehouse);
	fe_html_close(&h, "p");
	fe_html_close(&h, "header");
	fe_html_open(&h, "main");
	fe_html_attr(&h, "id", "main");
	if (index->n_runs == 0)
		fe_html_leaf(&h, "p", NULL, "No run has been recorded yet.");
	pipelines(&h, index);
	if (index->has_more)
		fe_html_leaf(&h, "p", "more", "Older runs are not shown here; finetl runs lists them.");
	fe_html_close(&h, "main");
	fe_report_end(&h, (struct fe_str){ 0 });
	return fe_html_check(&h, "the index", err);
}

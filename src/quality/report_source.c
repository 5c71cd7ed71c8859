// SPDX-License-Identifier: Apache-2.0
/* quality/report_source.c - what was read, how long it took, how it was loaded */
#include "quality/chart.h"
#include "quality/report_parts.h"

#define MAX_PATH_CHARS 500
#define MAX_STRATEGY_CHARS 300

/* ---- times ---- */

static void
timing_row(struct fe_html *h, const struct fe_report_dataset *d, uint64_t whole_ms)
{
	uint64_t ms = fe_report_member_u64(d->quality, "elapsed_ms"), read = fe_report_member_u64(d->totals, "read");
	const struct fe_chart_part part = { ms, "kept" };
	struct fe_buf text;

	fe_html_open(h, "tr");
	fe_report_row_head(h, NULL, d->name);
	fe_buf_init(&text, 64);
	fe_report_add_duration(&text, ms);
	fe_html_leaf_str(h, "td", "num", fe_buf_str(&text));
	fe_buf_reset(&text);
	fe_html_open(h, "td");
	fe_html_attr(h, "class", "wide");
	fe_chart_parts(h, (struct fe_str){ 0 }, whole_ms, &part, 1);
	fe_html_close(h, "td");
	fe_html_open(h, "td");
	fe_html_attr(h, "class", "num");
	if (ms)
		fe_html_count(h, (uint64_t)((unsigned __int128)read * 1000 / ms));
	fe_html_close(h, "td");
	fe_html_open(h, "td");
	fe_html_cut(h, fe_report_member(d->quality, "strategy"), MAX_STRATEGY_CHARS);
	fe_html_close(h, "td");
	fe_html_close(h, "tr");
}

void
fe_report_timing(struct fe_html *h, const struct fe_report_run *run)
{
	uint64_t whole_ms = 0, ended_ms;

	for (size_t i = 0; i < run->n_datasets; i++)
		whole_ms += fe_report_member_u64(run->datasets[i].quality, "elapsed_ms");
	if (fe_report_elapsed_ms(run->start_time, run->end_time, &ended_ms) && ended_ms > whole_ms)
		whole_ms = ended_ms;
	fe_report_section(h, "timing", "Where the time went");
	fe_report_table(h, NULL, FE_STR("Times of the data sets"));
	fe_html_open(h, "thead");
	fe_html_open(h, "tr");
	fe_report_column(h, NULL, "Data set");
	fe_report_column(h, "num", "Time");
	fe_report_column(h, "wide", "Of the run");
	fe_report_column(h, "num", "Records/s");
	fe_report_column(h, NULL, "How it was loaded");
	fe_html_close(h, "tr");
	fe_html_close(h, "thead");
	fe_html_open(h, "tbody");
	for (size_t i = 0; i < run->n_datasets; i++)
		timing_row(h, &run->datasets[i], whole_ms);
	fe_html_close(h, "tbody");
	fe_report_table_end(h);
	fe_report_section_end(h);
}

/* ---- objects ---- */

bool
fe_report_has_objects(const struct fe_report_run *run)
{
	return run->n_objects > 0;
}

static void
object_row(struct fe_html *h, const struct fe_report_object *o)
{
	fe_html_open(h, "tr");
	fe_html_open(h, "th");
	fe_html_attr(h, "scope", "row");
	fe_html_attr(h, "class", "path");
	fe_html_open(h, "code");
	fe_html_cut(h, o->path, MAX_PATH_CHARS);
	fe_html_close(h, "code");
	fe_html_close(h, "th");
	fe_html_leaf_str(h, "td", NULL, o->is_output ? FE_STR("written") : o->dataset);
	fe_html_leaf_count(h, "td", "num", o->n_records);
	fe_html_open(h, "td");
	fe_html_attr(h, "class", "num");
	fe_report_size(h, o->size_bytes);
	fe_html_close(h, "td");
	fe_html_leaf_str(h, "td", NULL, o->outcome);
	fe_html_open(h, "td");
	fe_html_attr(h, "class", "hash");
	if (o->sha256.n)
		fe_html_leaf_str(h, "code", NULL, o->sha256);
	else
		fe_html_text(h, "not read to its end");
	fe_html_close(h, "td");
	fe_html_close(h, "tr");
}

void
fe_report_objects(struct fe_html *h, const struct fe_report_run *run)
{
	bool are_outputs = run->n_objects && run->objects[0].is_output;
	size_t n = run->n_objects < FE_REPORT_MAX_OBJECTS ? run->n_objects : FE_REPORT_MAX_OBJECTS;

	fe_report_section(h, "objects", are_outputs ? "Files that were written" : "Files that were read");
	fe_report_table(h, NULL, FE_STR("Names, sizes and SHA-256 of files"));
	fe_html_open(h, "thead");
	fe_html_open(h, "tr");
	fe_report_column(h, NULL, "File");
	fe_report_column(h, NULL, are_outputs ? "Is" : "Data set");
	fe_report_column(h, "num", "Records");
	fe_report_column(h, "num", "Size");
	fe_report_column(h, NULL, "Outcome");
	fe_report_column(h, NULL, "SHA-256");
	fe_html_close(h, "tr");
	fe_html_close(h, "thead");
	fe_html_open(h, "tbody");
	for (size_t i = 0; i < n; i++)
		object_row(h, &run->objects[i]);
	fe_html_close(h, "tbody");
	fe_report_table_end(h);
	fe_report_more(h, run->n_objects_in_all - n, "files");
	fe_report_section_end(h);
}

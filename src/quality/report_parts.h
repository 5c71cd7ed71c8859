// SPDX-License-Identifier: Apache-2.0
/* quality/report_parts.h - the parts of a report page, and what they share
 *
 * Each part is a section with a heading of the second level, or nothing where the run wrote
 * nothing of it down: fe_report_has_... tells, so that the contents list what is there.
 */
#ifndef FE_QUALITY_REPORT_PARTS_H
#define FE_QUALITY_REPORT_PARTS_H

#include "quality/report_view.h"

extern const char fe_report_css[];

/* ---- report_text.c: pieces of any part ---- */

/* <head> and the begin of <body>; title is data. */
void fe_report_begin(struct fe_html *h, struct fe_str title);
void fe_report_end(struct fe_html *h, struct fe_str version);
void fe_report_section(struct fe_html *h, const char *id, const char *heading);
void fe_report_section_end(struct fe_html *h);
/* A table that scrolls in a box of its own where it is wider than the page. */
void fe_report_table(struct fe_html *h, const char *class_name, struct fe_str label); /* class_name NULL: none */
void fe_report_table_end(struct fe_html *h);
void fe_report_column(struct fe_html *h, const char *class_name, const char *name); /* <th scope=col> */
void fe_report_row_head(struct fe_html *h, const char *class_name, struct fe_str name); /* <th scope=row> */
/* "3.62 %" of the whole, rounded down. */
void fe_report_add_percent(struct fe_buf *out, uint64_t n, uint64_t whole);
void fe_report_percent(struct fe_html *h, uint64_t n, uint64_t whole);
/* "0.138 s", "2 min 05 s", "3 h 07 min" */
void fe_report_add_duration(struct fe_buf *out, uint64_t ms);
/* "2026-01-31 10:00:00 UTC" as <time>, or the text as it is. */
void fe_report_time(struct fe_html *h, struct fe_str time);
/* "1.4 MB" */
void fe_report_size(struct fe_html *h, uint64_t size_bytes);
/* A text as a word of a shell's command line: in quotes where it has to be. */
void fe_report_add_word(struct fe_buf *out, struct fe_str word);
/* A command to type, in a box. The buffer is reset. */
void fe_report_command(struct fe_html *h, struct fe_buf *command);
/* "and 17 more", where there are. */
void fe_report_more(struct fe_html *h, uint64_t n_more, const char *what);

/* How a run ended, as a sign and words. */
struct fe_report_status {
	const char *name;      /* as it is stored */
	const char *words;     /* "Loaded, with rejects" */
	const char *tone;      /* class: good, note, held, bad */
	int icon;
};
const struct fe_report_status *fe_report_status(struct fe_str name);
void fe_report_status_mark(struct fe_html *h, struct fe_str name);

/* ---- the parts ---- */

struct fe_report_budget {
	size_t n_expectations, n_columns; /* that may still be shown */
};

/* The run by whose id rejects of the data set are listed: a reject that was met before is kept
 * by the first run that met it. */
struct fe_str fe_report_keeper(const struct fe_report_run *run, const struct fe_report_dataset *d);

void fe_report_verdict(struct fe_html *h, const struct fe_report_run *run);
bool fe_report_has_totals(const struct fe_report_run *run);
void fe_report_totals(struct fe_html *h, const struct fe_report_run *run);
bool fe_report_has_controls(const struct fe_report_run *run);
void fe_report_controls(struct fe_html *h, const struct fe_report_run *run);
void fe_report_flow(struct fe_html *h, const struct fe_report_run *run);
bool fe_report_has_rejects(const struct fe_report_run *run);
void fe_report_rejects(struct fe_html *h, const struct fe_report_run *run);
bool fe_report_has_contract(const struct fe_report_run *run);
void fe_report_contract_columns(struct fe_html *h, const struct fe_report_run *run);
bool fe_report_has_checks(const struct fe_report_run *run);
void fe_report_checks(struct fe_html *h, const struct fe_report_run *run, struct fe_report_budget *budget);
bool fe_report_has_columns(const struct fe_report_run *run);
void fe_report_columns(struct fe_html *h, const struct fe_report_run *run, struct fe_report_budget *budget);
void fe_report_timing(struct fe_html *h, const struct fe_report_run *run);
bool fe_report_has_objects(const struct fe_report_run *run);
void fe_report_objects(struct fe_html *h, const struct fe_report_run *run);

#endif

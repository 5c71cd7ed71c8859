// SPDX-License-Identifier: Apache-2.0
/* quality/report_view.h - what a report page is made from
 *
 * The parts that a run wrote down (docs/report-json.md), wherever they were read from: an
 * audit row of a database, or the report.json of a folder. What a run did not write, as one
 * that was killed, or one of an older version, is NULL or empty, and left out of the page.
 *
 *   Ownership  All is borrowed for the making of the page.
 */
#ifndef FE_QUALITY_REPORT_VIEW_H
#define FE_QUALITY_REPORT_VIEW_H

#include "base/buf.h"
#include "base/decimal.h"
#include "format/json_tree.h"
#include "quality/html.h"

/* What a page shows at most; of what is more, the number is told. */
#define FE_REPORT_MAX_DATASETS 40
#define FE_REPORT_MAX_REASONS 20     /* of a data set, the most frequent */
#define FE_REPORT_MAX_EXAMPLES 50    /* of a reason */
#define FE_REPORT_MAX_EXPECTATIONS 600
#define FE_REPORT_MAX_COLUMNS 240
#define FE_REPORT_MAX_OBJECTS 200
#define FE_REPORT_MAX_RAW_CHARS 200
#define FE_REPORT_MAX_BYTES ((size_t)32 * 1024 * 1024)

struct fe_report_object {
	struct fe_str dataset, path, sha256, outcome;
	uint64_t size_bytes, n_records;
	bool is_output; /* written by the run, not read: a file of files:DIR */
};

/* An example of a reason. raw.p NULL: not to be shown. */
struct fe_report_reject {
	struct fe_str reason;
	struct fe_str object, reasons, detail, raw;
	struct fe_str run_id; /* of the run that stored it */
	uint64_t record, offset;
};

struct fe_report_dataset {
	struct fe_str name;
	const struct fe_json_value *totals;  /* terms and sums */
	const struct fe_json_value *quality; /* reasons, expectations, profile, ... */
	const struct fe_report_reject *examples;
	size_t n_examples;
};

struct fe_report_run {
	struct fe_str run_id, pipeline, status, error;
	struct fe_str start_time, end_time, run_time; /* as texts of timestamps */
	struct fe_str config_sha256, version, warehouse; /* the latter without secrets */
	struct fe_str warehouse_option; /* " --warehouse '...'", or empty where it holds a secret */
	struct fe_str again;            /* the command that does it again; p NULL: finetl run */
	struct fe_str quality_score;    /* p NULL: not known */
	const struct fe_json_value *published, *retry_helps; /* NULL: not known */
	const struct fe_json_value *release; /* of a held run, by this one; NULL: none */
	bool has_catalog;               /* rejects can be listed by a command */
	/* Where NAME.rejects.csv of each data set is, and how the page links there ("": beside it); p NULL: there
	 * are none, or the page does not know where it will stand. */
	struct fe_str rejects_folder, rejects_link;
	bool is_cut;                    /* what was written down is too large to be read */
	const struct fe_report_dataset *datasets;
	size_t n_datasets;
	const struct fe_report_object *objects;
	size_t n_objects, n_objects_in_all;
};

/* The page of a run. FE_ELIMIT where it would be larger than FE_REPORT_MAX_BYTES. */
FE_MUST_USE enum fe_rc fe_report_page(const struct fe_report_run *run, struct fe_buf *out, struct fe_err *err);

/* ---- the index ---- */

struct fe_report_index_run {
	struct fe_str run_id, pipeline, status, start_time, end_time, quality_score;
	uint64_t read, loaded, rejected, duplicate;
	struct fe_str link; /* of its page; p NULL: there is none */
};
struct fe_report_index {
	struct fe_str warehouse;
	const struct fe_report_index_run *runs; /* the newest first */
	size_t n_runs;
	bool has_more;
};
FE_MUST_USE enum fe_rc fe_report_index_page(const struct fe_report_index *index, struct fe_buf *out, struct fe_err *err);

/* ---- for the makers of both ---- */

/* A member that is a text or a number, as it is written; p NULL: there is none. */
struct fe_str fe_report_member(const struct fe_json_value *v, const char *key);
/* A member that is a count; 0 where it is none. */
uint64_t fe_report_member_u64(const struct fe_json_value *v, const char *key);
uint64_t fe_report_u64(struct fe_str digits); /* 0 where they are none */
/* "90.5000" as "90.5": the zeros say nothing of a percent. */
struct fe_str fe_report_plain_number(struct fe_str digits);
bool fe_report_is_true(const struct fe_json_value *v, const char *key);

/* The sum of a column after this one, the first after NULL. None of personal columns. */
const struct fe_json_value *fe_report_next_sum(const struct fe_report_dataset *d, const struct fe_json_value *after);

struct fe_report_reason {
	struct fe_str text;
	uint64_t n;
};
/* The most frequent reasons of a data set, by count and then by text; at most
 * FE_REPORT_MAX_REASONS. n_all: how many kinds there are. */
size_t fe_report_reasons(const struct fe_report_dataset *d, struct fe_report_reason out[FE_REPORT_MAX_REASONS], size_t *n_all);

/* From one time to the other; false where one is not known. */
bool fe_report_elapsed_ms(struct fe_str from, struct fe_str to, uint64_t *ms);

#endif

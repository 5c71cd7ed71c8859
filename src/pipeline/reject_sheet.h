// SPDX-License-Identifier: Apache-2.0
/* pipeline/reject_sheet.h - open rejects as a CSV file that people mend, and back
 *
 * A record a line: first what it is (FE_SHEET_COLUMNS), then its cells as they were read, under the
 * names that they have in the source. Who mends it changes the cells; reject_id says which reject a
 * line mends, and all other columns are for the reader.
 *
 * A record that could not be split has no cells: it stands whole in reject_raw, as text or, where it
 * is none, in base64. One with a cell that is no text has that cell empty, and all of it in reject_raw.
 *
 * With `guard`, for spreadsheets, a ' is put before what these would take for a formula: a text whose first
 * character, apart from 's, is one of = + - @ TAB CR, numbers in columns of numbers aside. So it can
 * be taken away again without a doubt, and is, where reject_guarded says "yes".
 */
#ifndef FE_PIPELINE_REJECT_SHEET_H
#define FE_PIPELINE_REJECT_SHEET_H

#include "batch/type.h"
#include "pipeline/plan.h"

#define FE_SHEET_COLUMNS "reject_id,reject_guarded,reject_run,reject_object,reject_record,reject_reasons,reject_detail,reject_raw,reject_raw_encoding"
#define FE_SHEET_N_COLUMNS 9

bool fe_sheet_needs_guard(struct fe_str cell, enum fe_kind kind);
struct fe_str fe_sheet_unguarded(struct fe_str cell);

struct fe_sheet_query {
	const struct fe_plan *plan;
	const char *dataset;          /* of the plan */
	const char *run_id, *reason;  /* NULL: any */
	bool guard;
	const char *path;             /* the file, there whole or not at all; NULL: write is given it */
	/* Given pieces of the file, in order. */
	FE_MUST_USE enum fe_rc (*write)(void *ctx, struct fe_str bytes, struct fe_err *err);
	void *ctx;
};
struct fe_sheet_counts {
	uint64_t n_records;
	uint64_t n_raw;    /* of them such as are whole in reject_raw */
	uint64_t n_hidden; /* that are not kept, and left out */
};
FE_MUST_USE enum fe_rc fe_sheet_export(const struct fe_sheet_query *q, struct fe_sheet_counts *counts, struct fe_err *err);

#endif

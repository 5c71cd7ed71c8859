// SPDX-License-Identifier: Apache-2.0
/* pipeline/preview.h - what a run would do, told without doing it
 *
 * What would be read and from where, requests without their secrets, the window of incremental data
 * sets, which objects the manifest leaves out, and what would become of the tables, in the
 * statements themselves. How many records there are is estimated by the bytes of the first ones. With a
 * limit, so many records of each data set are read and judged by themselves: cleaning, `where`, rules, derived
 * columns. References, dedupe and the gate need the whole, and take no part.
 *
 * Nothing is written anywhere: the warehouse is opened for reading, where there is one.
 */
#ifndef FE_PIPELINE_PREVIEW_H
#define FE_PIPELINE_PREVIEW_H

#include "base/clock.h"
#include "pipeline/plan.h"

struct fe_preview_settings {
	const struct fe_plan *plan;
	const struct fe_clock *clock;
	int64_t run_time_us;
	const char *from, *until; /* of data sets with a cursor */
	bool reprocess;
	uint64_t limit;           /* records a data set; 0: none is judged */
};

/* For machines and for people; both are filled. */
FE_MUST_USE enum fe_rc fe_preview(const struct fe_preview_settings *set, struct fe_buf *json, struct fe_buf *text,
                                  struct fe_err *err);

/* Tries one data set's source: what it has, beside what is declared, and its first record. */
FE_MUST_USE enum fe_rc fe_preview_dataset(const struct fe_preview_settings *set, const struct fe_plan_dataset *d,
                                          struct fe_buf *json, struct fe_buf *text, struct fe_err *err);

#endif

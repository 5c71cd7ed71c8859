// SPDX-License-Identifier: Apache-2.0
/* pipeline/trace.h - one record once more through the steps, telling each
 *
 * Reads the object again, takes the record by its number, cleans and derives it by the
 * plan, and prints its raw text, what each cell became, how each rule judged it and what
 * was derived. Nothing is written. For people who ask why a row is as it is.
 */
#ifndef FE_PIPELINE_TRACE_H
#define FE_PIPELINE_TRACE_H

#include "pipeline/plan.h"

struct fe_source;

struct fe_trace_record {
	const char *path, *sha256; /* of the object, as the manifest has them */
	uint64_t record;
	int64_t run_time_us;       /* of the run that loaded it: what now() was */
};

/* Says so in the text, and is FE_OK, where the object is gone or has changed, or is none that can be read again: what an
 * API or a database gave. */
FE_MUST_USE enum fe_rc fe_trace(const struct fe_plan_dataset *d, const struct fe_trace_record *what,
                                struct fe_buf *out, struct fe_err *err);
/* The same of a source that is open, with the table of reasons that it was opened with. */
FE_MUST_USE enum fe_rc fe_trace_in(const struct fe_plan_dataset *d, struct fe_source *source, struct fe_reason_table *reasons,
                                   const struct fe_trace_record *what, struct fe_buf *out, struct fe_err *err);
/* Whether the object is still what was read; else why not, in the text. */
bool fe_trace_is_same(const struct fe_trace_record *what, const struct fe_net_settings *net, struct fe_buf *out);

#endif

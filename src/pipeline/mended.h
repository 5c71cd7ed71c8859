// SPDX-License-Identifier: Apache-2.0
/* pipeline/mended.h - from a row that came by a mended file back to what was rejected at first
 *
 * A replay of a mended file (pipeline/replay.h) gives its rows the file and line that they were mended in. Which
 * reject a line mends is said by the file, and by nothing else; so it is read again, where it is still the same. Where it is
 * not, the rejects that the run has closed are all that can be told.
 */
#ifndef FE_PIPELINE_MENDED_H
#define FE_PIPELINE_MENDED_H

#include "load/catalog.h"
#include "pipeline/trace.h"

/* Of the totals of a run: whether it read a mended file. */
bool fe_mended_is_run(struct fe_str reconciliation);
/* The record at first and why it was rejected, then its mended form as fe_trace tells it; *reject_id 0: it is not known. */
FE_MUST_USE enum fe_rc fe_mended_explain(struct fe_catalog *c, const struct fe_plan *plan, const struct fe_plan_dataset *d,
                                         struct fe_str run_id, const struct fe_trace_record *what, struct fe_buf *out,
                                         int64_t *reject_id, struct fe_err *err);

#endif

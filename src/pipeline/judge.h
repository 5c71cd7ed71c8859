// SPDX-License-Identifier: Apache-2.0
/* pipeline/judge.h - the steps by which a record is judged by itself
 *
 *   clean -> where -> rules -> references -> derive
 *
 * One order of them for all who read a data set: a run, and the step that only
 * transforms, which has no references to ask and no watermark to move.
 */
#ifndef FE_PIPELINE_JUDGE_H
#define FE_PIPELINE_JUDGE_H

#include "pipeline/plan.h"
#include "quality/tally.h"

struct fe_watermark;

struct fe_judge {
	const struct fe_plan_dataset *plan; /* borrowed, as are the next four */
	struct fe_reason_table *reasons;
	struct fe_tally *tally;             /* what is read is counted here */
	struct fe_watermark *watermark;     /* NULL: none */
	const struct fe_reference *references; size_t n_references; /* none: nothing is asked */
	const uint32_t *reference_reasons;  /* [n_references] */
	int64_t now_us;
	struct fe_clean *clean;             /* the steps are its own */
	struct fe_checks *checks;
	struct fe_derive *derive;
};

/* plan, reasons, tally and now_us are set. */
FE_MUST_USE enum fe_rc fe_judge_open(struct fe_judge *j, struct fe_err *err);
void fe_judge_close(struct fe_judge *j); /* half-open ones too */
/* FE_ECHECK: a rule aborts the run. What is left of the batch is what came before that
 * record, and is judged like any batch, so that what a run that is aborted leaves behind
 * does not depend on where batches end. */
FE_MUST_USE enum fe_rc fe_judge_batch(struct fe_judge *j, struct fe_batch *b, struct fe_err *err);

#endif

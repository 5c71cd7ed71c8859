// SPDX-License-Identifier: Apache-2.0
/* pipeline/judge.h - the steps by which a record is judged by itself
 *
 *   clean -> where -> rules -> references -> derive
 *
 * One order of them for all who read a data set: a run, and the step that only
 * transforms, which has no references to ask and no watermark to move.
 *
 *   Order      open, then of each batch fe_judge_alone, then fe_judge_rest, or both in one
 *              by fe_judge_batch; close.
 *   Threads    fe_judge_alone may be called by another thread, which may be ahead of
 *              fe_judge_rest: neither touches what the other does. The watermark is the
 *              first one's; the tally, references and derived columns are the second one's.
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
	struct fe_clean *clean;             /* the steps are its own; NULL: not open */
	struct fe_checks *checks;
	struct fe_derive *derive;
};

/* plan, reasons, tally and now_us are set. */
FE_MUST_USE enum fe_rc fe_judge_open(struct fe_judge *j, struct fe_err *err);
void fe_judge_close(struct fe_judge *j); /* half-open ones too */
/* Cleaning, where and rules: what the record alone can say. FE_ECHECK: a rule aborts the run.
 * What is left of the batch is what came before that record, and is judged like any batch, so
 * that what a run that is aborted leaves behind does not depend on where batches end. */
FE_MUST_USE enum fe_rc fe_judge_alone(struct fe_judge *j, struct fe_batch *b, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_judge_rest(struct fe_judge *j, struct fe_batch *b, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_judge_batch(struct fe_judge *j, struct fe_batch *b, struct fe_err *err); /* one, then the other */

/* What fe_judge_alone has counted so far: defaults filled in and zeros with a minus, of each
 * source column, then how often each rule was broken. Copied, as it may be ahead. */
size_t fe_judge_n_counts(const struct fe_judge *j);
void fe_judge_counts(const struct fe_judge *j, uint64_t *out);
struct fe_dataset_result;
void fe_judge_tell_counts(const struct fe_judge *j, const uint64_t *counts, struct fe_dataset_result *out);

#endif

// SPDX-License-Identifier: Apache-2.0
/* pipeline/prefetch.h - batches of a source, made ready ahead by a second thread
 *
 * With one thread it is the source itself, with a single batch. With more, a thread
 * reads, decompresses, parses and judges each record alone (judge.h) into batches that wait
 * in a short queue while the caller does the rest with the ones before them. Records, their
 * order and their batches are the same either way.
 *
 *   Order      open, next until a batch without rows, close. A batch is the caller's
 *              until the next call.
 *   Threads    Between open and close the source belongs to the thread, and so does what
 *              fe_judge_alone uses: nothing of either may be asked but what comes with a batch.
 *   Failure    next returns the source's error, and the judge's, in its place in the order.
 *              Where a rule aborts, the batch has come with what was before: the caller ends.
 */
#ifndef FE_PIPELINE_PREFETCH_H
#define FE_PIPELINE_PREFETCH_H

#include "extract/source.h"

struct fe_judge;
struct fe_prefetch;

struct fe_prefetched {
	struct fe_batch *batch;
	uint64_t done_bytes, total_bytes; /* of the source, when the batch was made */
	const uint64_t *counts;           /* of the judge (fe_judge_counts), with the batch; set where next fails, too */
	const struct fe_err *aborts;      /* after the batch the run ends with this; NULL: it goes on */
};

/* judge: borrowed; NULL: batches come as the source gives them, without counts. */
struct fe_prefetch *fe_prefetch_open(struct fe_source *source, const struct fe_schema *schema, struct fe_judge *judge,
                                     unsigned n_threads);
FE_MUST_USE enum fe_rc fe_prefetch_next(struct fe_prefetch *p, struct fe_prefetched *out,
                                        struct fe_err *err);
/* Stops the thread; the source stays the caller's, and tells what it told with the last batch that was taken,
 * however far ahead it was. NULL is allowed. */
void fe_prefetch_close(struct fe_prefetch *p);

#endif

// SPDX-License-Identifier: Apache-2.0
/* pipeline/observe.h - what looks on while the records of a data set pass
 *
 * Expectations and the profile. They see each batch after dedupe has judged it and before it is
 * written, and change nothing of it.
 */
#ifndef FE_PIPELINE_OBSERVE_H
#define FE_PIPELINE_OBSERVE_H

#include "pipeline/run_dataset.h"

/* What is begun is the result's from then on. max_bytes: for keys of uniqueness; 0: no limit. */
FE_MUST_USE enum fe_rc fe_observe_begin(const struct fe_run_context *run, size_t index, uint64_t max_bytes,
                                        struct fe_dataset_result *out, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_observe_batch(struct fe_dataset_result *out, const struct fe_batch *b, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_observe_end(struct fe_dataset_result *out, const struct fe_source *source, struct fe_err *err);

#endif

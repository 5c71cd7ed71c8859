// SPDX-License-Identifier: Apache-2.0
/* load/reject.h - a record that was not loaded, with all that is known of it
 *
 * Rejects are spooled (io/spool.h) while the run goes on, and written by the sink
 * at its end, in the data's own transaction or, where the run is held or failed, in
 * one of their own.
 */
#ifndef FE_LOAD_REJECT_H
#define FE_LOAD_REJECT_H

#include "batch/batch.h"
#include "io/spool.h"

struct fe_reject {
	uint32_t dataset;      /* index into the run's data sets */
	uint32_t object;       /* index into the run's objects */
	uint64_t record, offset;
	enum fe_verdict verdict; /* FE_REJECTED or FE_CONFLICT */
	struct fe_str reasons; /* texts joined by ';' in the order they were found */
	struct fe_str detail;  /* "" or what a conflict met */
	struct fe_str decimals;/* JSON object of the decimal columns that cast: {"amount":"12.50"} */
	struct fe_str raw;     /* the record's bytes */
};

FE_MUST_USE enum fe_rc fe_reject_add(struct fe_spool *s, const struct fe_reject *r, struct fe_err *err);
/* Views into the spool's entry, until the next call. */
FE_MUST_USE enum fe_rc fe_reject_next(struct fe_spool *s, struct fe_reject *out, bool *more, struct fe_err *err);
/* All rejected and conflicting rows of a batch. object: index into the run's objects. */
FE_MUST_USE enum fe_rc fe_reject_add_batch(struct fe_spool *s, struct fe_batch *b, uint32_t dataset, uint32_t object,
                                           const struct fe_reason_table *reasons, struct fe_err *err);

#endif

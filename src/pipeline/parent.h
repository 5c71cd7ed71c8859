// SPDX-License-Identifier: Apache-2.0
/* pipeline/parent.h - whether the parents that records name are known
 *
 * One per table of a run. Answers come from what is nearest: a memo of those that were known
 * before (transform/key_memo.h), the keys that this run has accepted (transform/dedupe.h), those that the
 * warehouse was found to have before, and then the warehouse itself, once a batch. So a
 * million records of five thousand customers ask for five thousand. What is not known is
 * asked for again: it is rare, and the table may be one that this run is filling.
 *
 * A placeholder (pipeline/placeholder.h) is the row of no record, and so nothing that is known:
 * else it would hang on the order of data sets and runs whether a reference that rejects finds
 * a parent. Only those who make placeholders ask for these, too, lest they make one twice.
 */
#ifndef FE_PIPELINE_PARENT_H
#define FE_PIPELINE_PARENT_H

#include "base/keytable.h"
#include "transform/check.h"
#include "transform/key_memo.h"

struct fe_run_context;
struct fe_parent {
	struct fe_run_context *run; /* borrowed */
	size_t table;
	struct fe_key_memo memo;    /* made when the run's keys are asked for the first time */
	bool has_memo;
	struct fe_keytable stored;  /* keys that the warehouse has, as far as asked and as there is room */
	uint64_t room_bytes;
	struct fe_keytable made;    /* keys of placeholders, made or met: all of them, on disk where there is no room */
	uint64_t made_bytes;        /* 0: no limit */
};

void fe_parent_init(struct fe_parent *p, struct fe_run_context *run, size_t table);
void fe_parent_reset(struct fe_parent *p);
/* A fe_reference_known_fn; ctx is the parent. Of records. */
FE_MUST_USE enum fe_rc fe_parent_known(void *ctx, const struct fe_column *column, const uint64_t *asked,
                                       size_t n_rows, uint64_t *known, struct fe_err *err);
/* Likewise, of records and of placeholders. */
FE_MUST_USE enum fe_rc fe_parent_has_row(struct fe_parent *p, const struct fe_column *column, const uint64_t *asked,
                                         size_t n_rows, uint64_t *known, struct fe_err *err);
/* Adds the keys that are rows[0..n) of a column, of placeholders, and leaves in rows[0..*n_new) the first of each
 * that was not added before. None of them is of a record. */
FE_MUST_USE enum fe_rc fe_parent_add(struct fe_parent *p, const struct fe_column *column, uint32_t *rows, size_t n,
                                     size_t *n_new, struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* quality/validation.h - a suite at work on a data set, and its result as GX prints it
 *
 *   Order      open, (feed)*, end, (result_json | items)*, close
 *   Feeding    every batch once, in order, with the bitmap of rows that take part: those that
 *              the data set keeps. The outcome does not depend on how rows are cut into
 *              batches.
 *   Threads    one validation, one thread
 *   Cost       a pass over the columns that are asked about; keys of uniqueness, in memory or on disk
 */
#ifndef FE_QUALITY_VALIDATION_H
#define FE_QUALITY_VALIDATION_H

#include "quality/expectation.h"

struct fe_validation;
struct fe_validation_settings {
	const struct fe_suite *suite;      /* borrowed */
	const struct fe_schema *schema;    /* borrowed */
	const bool *pii;                   /* [n_fields] or NULL */
	/* [n_fields] or NULL: columns of which no value is fed twice, null aside, because the key of
	 * dedupe saw to that. Uniqueness takes this as proven, and keeps no keys of its own. */
	const bool *known_unique;
	struct fe_result_settings result;
	/* For keys and kept values, in equal parts to the expectations that have any; 0: no limit. */
	uint64_t max_bytes;
	const char *spill_folder;          /* where keys go past it; NULL: nowhere, it is FE_ELIMIT */
	const char *run_id;                /* meta.run_id.run_name */
	int64_t run_time_us;
};

FE_MUST_USE enum fe_rc fe_validation_open(struct fe_validation **out, const struct fe_validation_settings *set,
                                          struct fe_err *err);
FE_MUST_USE enum fe_rc fe_validation_feed(struct fe_validation *v, const struct fe_batch *b,
                                          const uint64_t *rows, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_validation_end(struct fe_validation *v, struct fe_err *err);
void fe_validation_close(struct fe_validation *v); /* NULL is allowed */

/* Of max_bytes, what they may come to take: all, or 0 where none remembers anything. */
uint64_t fe_validation_reserved_bytes(const struct fe_validation *v);

struct fe_validation_counts {
	size_t n_evaluated, n_successful;
	size_t n_failed[FE_SEVERITY_CRITICAL + 1]; /* by severity */
};
struct fe_validation_counts fe_validation_counts(const struct fe_validation *v);
/* The validation result of GX 1.x, its keys in GX's order; loads with its own classes. */
void fe_validation_result_json(const struct fe_validation *v, struct fe_buf *out);
/* Of item i in the suite's order, for reports and messages: whether it passed, its sentence
 * ("amount is between 0.01 and 1000000"), and what was found in short ("3 of 10000: -5.00, ..."). */
bool fe_validation_item(const struct fe_validation *v, size_t i, struct fe_buf *sentence, struct fe_buf *found);
/* FE_ECHECK naming every expectation that failed with at least this severity. */
FE_MUST_USE enum fe_rc fe_validation_check(const struct fe_validation *v, enum fe_severity at_least,
                                           const char *dataset, struct fe_err *err);

#endif

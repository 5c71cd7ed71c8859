// SPDX-License-Identifier: Apache-2.0
/* pipeline/placeholder.h - parents that are made for the records that name them
 *
 * A reference with `on_missing: placeholder` finds no fault with a value that no record of
 * the parent's data set has brought yet: the parent's table gets a row that has this key and
 * nothing else, marked by 0 for etl_record, and the first record of the key fills it in,
 * whenever it comes (transform/dedupe.h).
 *
 * Such a row is no record: it is in none of the terms of the reconciliation, and neither
 * gate nor expectations look at it. But a key that could never be a record's is refused, so
 * that its record is rejected as by `on_missing: reject`:
 *
 *   cleaning   a text that the key column would not leave as it is, or would not take; a number,
 *              date or truth value that does not fit its type
 *   rules      that name no column but the key, whatever their action, and such a `where`
 *   checks     of the table, all of them
 *
 * A placeholder is made for a record that becomes the present one of its own key, also where
 * a later record of the run takes its place: so it does not depend on how records are cut into
 * batches and runs. Rejected, filtered, double and unchanged records make none.
 *
 *   Order      known once a batch, by fe_check_references; then, behind dedupe, make of the
 *              same batch, before its rows go to the target.
 *   Ownership  run and reference are borrowed.
 */
#ifndef FE_PIPELINE_PLACEHOLDER_H
#define FE_PIPELINE_PLACEHOLDER_H

#include "pipeline/plan.h"
#include "transform/fit.h"

struct fe_run_context;
struct fe_placeholders {
	struct fe_run_context *run;
	const struct fe_plan_reference *reference;
	struct fe_row_bits missing;   /* of the batch at hand: rows whose parent is to be made */
	uint64_t n_made;
	/* What follows is there once a key was missing. */
	struct fe_reason_table reasons;
	struct fe_schema key_schema;  /* the parent's key column alone */
	struct fe_clean_column key_clean;
	struct fe_clean *clean;       /* NULL: it is computed, and no cell is cleaned */
	struct fe_batch cells;        /* keys as records would bring them */
	struct fe_batch rows;         /* of the parent's table: keys, and nothing else */
};

void fe_placeholders_init(struct fe_placeholders *p, struct fe_run_context *run, const struct fe_plan_reference *reference);
void fe_placeholders_reset(struct fe_placeholders *p);
/* A fe_reference_known_fn: values that are known, and those whose parent can be made. ctx: p */
FE_MUST_USE enum fe_rc fe_placeholders_known(void *ctx, const struct fe_column *column, const uint64_t *asked,
                                             size_t n_rows, uint64_t *known, struct fe_err *err);
/* Makes those that rows of `accepted` (batch/load_plan.h) lack. */
FE_MUST_USE enum fe_rc fe_placeholders_make(struct fe_placeholders *p, const struct fe_batch *b, const uint64_t *accepted,
                                            int64_t object_id, struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* quality/gate.h - whether what was read may be published
 *
 * Any figure that is passed holds the whole run (FE_ECHECK), and the text names the
 * data set, the figure and its bound. A bound is met where it is equal.
 */
#ifndef FE_QUALITY_GATE_H
#define FE_QUALITY_GATE_H

#include "base/json.h"
#include "quality/tally.h"

struct fe_gate_sum {
	size_t column;   /* a decimal source column */
	int64_t at_most; /* scaled as the column; against the rejects' sum of absolute values */
	bool is_personal; /* what was found is told as *** */
};

#define FE_PERCENT_SCALE 6
struct fe_gate {
	bool has_max_rejected_percent;
	int64_t max_rejected_percent; /* scaled by 10^FE_PERCENT_SCALE; of the records read */
	const struct fe_gate_sum *max_rejected_sums;
	size_t n_max_rejected_sums;
	uint64_t min_rows;            /* records read; 0: none */
	bool has_min_quality_score;
	int64_t min_quality_score;    /* scaled by 10^FE_PERCENT_SCALE; of the expectations evaluated */
};

FE_MUST_USE enum fe_rc fe_gate_check(const struct fe_gate *gate, const struct fe_tally *t,
                                     const char *dataset, struct fe_err *err);
/* The same of min_quality_score, which is met where nothing was evaluated. */
FE_MUST_USE enum fe_rc fe_gate_check_quality(const struct fe_gate *gate, uint64_t n_evaluated, uint64_t n_successful,
                                             const char *dataset, struct fe_err *err);
/* Items of an array, one for each bound that is set: {"bound","column","limit","found","holds"}. */
void fe_gate_json(const struct fe_gate *gate, const struct fe_tally *t, struct fe_json *j);
void fe_gate_quality_json(const struct fe_gate *gate, uint64_t n_evaluated, uint64_t n_successful, struct fe_json *j);

#endif

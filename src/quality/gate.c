// SPDX-License-Identifier: Apache-2.0
/* quality/gate.c - comparing a tally with its bounds, in integers */
#include "quality/gate.h"

#include <inttypes.h>

/* "5", "99.5" */
static size_t
format_bound(int64_t bound, char out[FE_DECIMAL_TEXT_BYTES])
{
	size_t n = fe_decimal_format(bound, FE_PERCENT_SCALE, out);

	while (out[n - 1] == '0')
		n--;
	return n - (out[n - 1] == '.');
}

/* rejected / read * 100 > bound, without a division. */
static enum fe_rc
check_percent(const struct fe_gate *gate, const struct fe_tally *t, const char *dataset, struct fe_err *err)
{
	uint64_t read = t->terms[FE_TERM_READ].n, rejected = t->terms[FE_TERM_REJECTED].n;
	char bound[FE_DECIMAL_TEXT_BYTES];
	size_t n = format_bound(gate->max_rejected_percent, bound);

	if ((fe_i128)rejected * 100 * fe_pow10[FE_PERCENT_SCALE] <= (fe_i128)gate->max_rejected_percent * read)
		return FE_OK;
	return fe_fail(err, FE_ECHECK,
		       "'%s': %" PRIu64 " of %" PRIu64 " records are rejected, more than the %.*s %% of "
		       "max_rejected_percent",
		       dataset, rejected, read, (int)n, bound);
}

static enum fe_rc
check_sum(const struct fe_gate_sum *bound, const struct fe_tally *t, const char *dataset, struct fe_err *err)
{
	const struct fe_field *field = &t->schema->fields[bound->column];
	char sum[FE_DECIMAL_TEXT_BYTES], most[FE_DECIMAL_TEXT_BYTES];
	size_t n_sum, n_most;

	for (size_t i = 0; i < t->n_decimals; i++) {
		if (t->decimals[i] != bound->column)
			continue;
		if (t->rejected_abs[i] <= bound->at_most)
			return FE_OK;
		n_sum = fe_i128_format(t->rejected_abs[i], field->type.scale, sum);
		n_most = fe_decimal_format(bound->at_most, field->type.scale, most);
		return fe_fail(err, FE_ECHECK,
			       "'%s': the rejected records hold %.*s of '%s', more than the %.*s of max_rejected_sum",
			       dataset, (int)n_sum, sum, field->name, (int)n_most, most);
	}
	return fe_fail(err, FE_EBUG, "'%s': max_rejected_sum of '%s', which has no sum", dataset, field->name);
}

enum fe_rc
fe_gate_check(const struct fe_gate *gate, const struct fe_tally *t, const char *dataset, struct fe_err *err)
{
	if (t->terms[FE_TERM_READ].n < gate->min_rows)
		return fe_fail(err, FE_ECHECK,
			       "'%s': %" PRIu64 " records were read, fewer than the %" PRIu64 " of min_rows", dataset,
			       t->terms[FE_TERM_READ].n, gate->min_rows);
	if (gate->has_max_rejected_percent)
		FE_TRY(check_percent(gate, t, dataset, err));
	for (size_t i = 0; i < gate->n_max_rejected_sums; i++)
		FE_TRY(check_sum(&gate->max_rejected_sums[i], t, dataset, err));
	return FE_OK;
}

enum fe_rc
fe_gate_check_quality(const struct fe_gate *gate, uint64_t n_evaluated, uint64_t n_successful, const char *dataset,
                      struct fe_err *err)
{
	char bound[FE_DECIMAL_TEXT_BYTES];

	if (!gate->has_min_quality_score ||
	    (fe_i128)n_successful * 100 * fe_pow10[FE_PERCENT_SCALE] >= (fe_i128)gate->min_quality_score * n_evaluated)
		return FE_OK;
	size_t n = format_bound(gate->min_quality_score, bound);
	return fe_fail(err, FE_ECHECK,
		       "'%s': %" PRIu64 " of %" PRIu64 " expectations are met, less than the %.*s %% of min_quality_score",
		       dataset, n_successful, n_evaluated, (int)n, bound);
}

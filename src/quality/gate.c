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

/* The sum of one record is its value. */
static size_t
format_found(const struct fe_gate_sum *bound, fe_i128 sum, unsigned scale, char out[FE_DECIMAL_TEXT_BYTES])
{
	static const char mask[] = "***";

	if (!bound->is_personal)
		return fe_i128_format(sum, scale, out);
	memcpy(out, mask, sizeof mask);
	return sizeof mask - 1;
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
		n_sum = format_found(bound, t->rejected_abs[i], field->type.scale, sum);
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

/* ---- the bounds and what was found, for reports ---- */

static void
print_bound(struct fe_json *j, const char *name, const char *column, struct fe_str limit, struct fe_str found, bool holds)
{
	fe_json_object(j, NULL);
	fe_json_text(j, "bound", name);
	if (column)
		fe_json_text(j, "column", column);
	fe_json_str(j, "limit", limit);
	fe_json_str(j, "found", found);
	fe_json_bool(j, "holds", holds);
	fe_json_object_end(j);
}

/* part / whole x 100, scaled as a bound; rounded up where it is held against a greatest one and down
 * against a least one, so that what is shown passes the bound where the figure itself does. */
static int64_t
percent_of(uint64_t part, uint64_t whole, bool up)
{
	fe_i128 scaled = (fe_i128)part * 100 * fe_pow10[FE_PERCENT_SCALE];
	return whole ? (int64_t)((scaled + (up ? (fe_i128)whole - 1 : 0)) / (fe_i128)whole) : 0;
}

static void
print_percent(struct fe_json *j, const char *name, int64_t limit, int64_t found, bool holds)
{
	char a[FE_DECIMAL_TEXT_BYTES], b[FE_DECIMAL_TEXT_BYTES];
	struct fe_str limit_text = { a, format_bound(limit, a) }, found_text = { b, format_bound(found, b) };

	print_bound(j, name, NULL, limit_text, found_text, holds);
}

static void
print_sum(struct fe_json *j, const struct fe_gate_sum *bound, const struct fe_tally *t)
{
	const struct fe_field *field = &t->schema->fields[bound->column];
	char a[FE_DECIMAL_TEXT_BYTES], b[FE_DECIMAL_TEXT_BYTES];

	for (size_t i = 0; i < t->n_decimals; i++) {
		if (t->decimals[i] != bound->column)
			continue;
		struct fe_str limit = { a, fe_decimal_format(bound->at_most, field->type.scale, a) };
		struct fe_str found = { b, format_found(bound, t->rejected_abs[i], field->type.scale, b) };
		print_bound(j, "max_rejected_sum", field->name, limit, found, t->rejected_abs[i] <= bound->at_most);
	}
}

void
fe_gate_json(const struct fe_gate *gate, const struct fe_tally *t, struct fe_json *j)
{
	uint64_t read = t->terms[FE_TERM_READ].n, rejected = t->terms[FE_TERM_REJECTED].n;
	char a[FE_DECIMAL_TEXT_BYTES], b[FE_DECIMAL_TEXT_BYTES];

	if (gate->has_max_rejected_percent)
		print_percent(j, "max_rejected_percent", gate->max_rejected_percent, percent_of(rejected, read, true),
		              check_percent(gate, t, "", NULL) == FE_OK);
	for (size_t i = 0; i < gate->n_max_rejected_sums; i++)
		print_sum(j, &gate->max_rejected_sums[i], t);
	if (gate->min_rows) {
		struct fe_str limit = { a, fe_i128_format((fe_i128)gate->min_rows, 0, a) };
		struct fe_str found = { b, fe_i128_format((fe_i128)read, 0, b) };
		print_bound(j, "min_rows", NULL, limit, found, read >= gate->min_rows);
	}
}

void
fe_gate_quality_json(const struct fe_gate *gate, uint64_t n_evaluated, uint64_t n_successful, struct fe_json *j)
{
	if (gate->has_min_quality_score)
		print_percent(j, "min_quality_score", gate->min_quality_score,
		              n_evaluated ? percent_of(n_successful, n_evaluated, false) : 100 * fe_pow10[FE_PERCENT_SCALE],
		              fe_gate_check_quality(gate, n_evaluated, n_successful, "", NULL) == FE_OK);
}

// SPDX-License-Identifier: Apache-2.0
/* quality/tally.h - counting what became of every record, and its money
 *
 * For one data set: read = filtered + inserted + updated + unchanged + duplicate +
 * superseded + rejected, by count and by exact sum of each decimal source column.
 * read is taken from the batch right after cleaning; inserted and updated only from
 * what the target confirmed; the rest from the verdicts. The two sides meet in
 * fe_tally_reconcile, and nowhere else.
 *
 * Where the tally is split, the same holds, and is held, for each group of records that
 * have the same values in some columns.
 */
#ifndef FE_QUALITY_TALLY_H
#define FE_QUALITY_TALLY_H

#include "base/decimal.h"
#include "batch/groups.h"

#define FE_TERM_MAP(X)                                                         \
	X(READ, "read")                                                        \
	X(FILTERED, "filtered")                                                \
	X(INSERTED, "inserted")                                                \
	X(UPDATED, "updated")                                                  \
	X(UNCHANGED, "unchanged")                                              \
	X(DUPLICATE, "duplicate")                                              \
	X(SUPERSEDED, "superseded")                                            \
	X(REJECTED, "rejected")

enum fe_term {
#define FE_X(name, text) FE_TERM_##name,
	FE_TERM_MAP(FE_X)
#undef FE_X
	FE_N_TERMS
};
const char *fe_term_name(enum fe_term t);

/* Count and sums of one term: sums[i] belongs to tally->decimals[i]. */
struct fe_total {
	uint64_t n;
	fe_i128 *sums;
};

struct fe_tally {
	const struct fe_schema *schema;
	size_t *decimals;           /* the decimal source columns */
	size_t n_decimals;
	struct fe_total terms[FE_N_TERMS];
	uint64_t *no_value;         /* [n_decimals] records read without a value */
	fe_i128 *rejected_abs;      /* [n_decimals] rejected, signs dropped, for the gate */
	uint64_t *reason_counts;    /* [n_reasons seen], by reason id */
	size_t n_reason_counts;
	struct fe_groups *groups;   /* NULL: not split */
};

/* Of a group: the count of a term, and its sum of decimals[i]. */
static inline size_t
fe_tally_figure_n(const struct fe_tally *t, enum fe_term term)
{
	return (size_t)term * (t->n_decimals + 1);
}
static inline size_t
fe_tally_figure_sum(const struct fe_tally *t, enum fe_term term, size_t decimal)
{
	return fe_tally_figure_n(t, term) + 1 + decimal;
}

void fe_tally_init(struct fe_tally *t, const struct fe_schema *schema);
/* Before anything is counted: by the values of these columns, borrowed. */
void fe_tally_split(struct fe_tally *t, const size_t *columns, size_t n_columns);
void fe_tally_reset(struct fe_tally *t);
/* All rows, after cleaning. FE_ELIMIT where a sum passes 128 bits. */
FE_MUST_USE enum fe_rc fe_tally_read(struct fe_tally *t, const struct fe_batch *b, struct fe_err *err);
/* All rows by verdict but FE_KEPT ones (the target will confirm those). */
FE_MUST_USE enum fe_rc fe_tally_verdicts(struct fe_tally *t, const struct fe_batch *b, struct fe_err *err);
/* Every row of a batch under one term (rows superseded later: plan->gone). */
FE_MUST_USE enum fe_rc fe_tally_rows(struct fe_tally *t, enum fe_term term, const struct fe_batch *b, size_t n_rows, struct fe_err *err);
/* What the target confirmed: adds. sums in the order of `decimals`. */
FE_MUST_USE enum fe_rc fe_tally_add(struct fe_tally *t, enum fe_term term, uint64_t n, const fe_i128 *sums, struct fe_err *err);
/* The same by group: of each its count, and its sums in the order of `decimals`. */
FE_MUST_USE enum fe_rc fe_tally_add_groups(struct fe_tally *t, enum fe_term term, const struct fe_groups *confirmed, struct fe_err *err);
/* FE_EBUG: names the column and both figures where the equation does not hold. */
FE_MUST_USE enum fe_rc fe_tally_reconcile(const struct fe_tally *t, const char *dataset, struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* quality/row_condition.h - which rows an expectation looks at
 *
 * Great Expectations' row_conditions.py (objects: comparison, nullity, and, or) and the texts of
 * 0.18 with condition_parser great_expectations (`col("x") > 3`, `col("x").notnull()`); of
 * pass_through and pandas texts the simple ones: comparisons of a column with a literal, joined
 * by and/or, and notna()/isna(). What cannot be read makes the expectation fail with its
 * reason: never is a condition half understood. tests/gx/README.md has the rules for nulls.
 */
#ifndef FE_QUALITY_ROW_CONDITION_H
#define FE_QUALITY_ROW_CONDITION_H

#include "quality/expectation.h"

struct fe_row_condition;
/* Raises x's exception where it cannot be read or bound; *out NULL then. */
FE_MUST_USE enum fe_rc fe_row_condition_read(struct fe_row_condition **out, struct fe_expectation *x,
                                             const struct fe_kwarg *condition, const struct fe_kwarg *parser,
                                             struct fe_err *err);
void fe_row_condition_free(struct fe_row_condition *c);
/* out = rows that meet it, within v->rows. */
void fe_row_condition_eval(const struct fe_row_condition *c, const struct fe_view *v, uint64_t *out);

#endif

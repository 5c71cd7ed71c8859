// SPDX-License-Identifier: Apache-2.0
/* quality/kinds.h - the arrays of kinds, each up to one without a type
 *
 * expect_<family>.c defines fe_kinds_<family>; expectation.c gathers them.
 */
#ifndef FE_QUALITY_KINDS_H
#define FE_QUALITY_KINDS_H

#include "quality/expectation.h"

/* Ends of tables of kwargs: which rows, of all that look at rows; and how many of them. */
#define FE_KWARGS_OF_ROWS                                                                     \
	{ .name = "row_condition", .kind = FE_KWARG_CONDITION, .may_be_null = true },         \
	{ .name = "condition_parser", .kind = FE_KWARG_WORD, .may_be_null = true,             \
	  .words = "great_expectations|great_expectations__experimental__|pandas|spark" }
#define FE_KWARGS_OF_MAPS                                                                     \
	{ .name = "mostly", .kind = FE_KWARG_MOSTLY, .default_json = "1" }, FE_KWARGS_OF_ROWS

extern const struct fe_expectation_kind fe_kinds_table[];
extern const struct fe_expectation_kind fe_kinds_null[];
extern const struct fe_expectation_kind fe_kinds_values[];
extern const struct fe_expectation_kind fe_kinds_outlier[];
extern const struct fe_expectation_kind fe_kinds_unique[];
extern const struct fe_expectation_kind fe_kinds_text[];
extern const struct fe_expectation_kind fe_kinds_parse[];
extern const struct fe_expectation_kind fe_kinds_type[];
extern const struct fe_expectation_kind fe_kinds_aggregate[];
extern const struct fe_expectation_kind fe_kinds_quantile[];
extern const struct fe_expectation_kind fe_kinds_distinct[];
extern const struct fe_expectation_kind fe_kinds_distinct_set[];
extern const struct fe_expectation_kind fe_kinds_pair[];
extern const struct fe_expectation_kind fe_kinds_multi[];

#endif

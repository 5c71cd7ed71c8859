// SPDX-License-Identifier: Apache-2.0
/* quality/sentence.h - the pieces of the sentences that people read of an expectation
 *
 * "amount is between 0.01 and 1000000, for at least 95 % of values". An item may have a
 * mistake: what is not set leaves a gap, and nothing here fails.
 */
#ifndef FE_QUALITY_SENTENCE_H
#define FE_QUALITY_SENTENCE_H

#include "base/buf.h"
#include "quality/suite.h"

/* NULL where the kind has no such kwarg, or it is not set. */
const struct fe_kwarg *fe_sentence_kwarg(const struct fe_suite_item *item, const char *name);
/* The text of a kwarg as it stands: a column's name, a pattern in quotes, a number. */
void fe_sentence_name(const struct fe_suite_item *item, const char *kwarg, struct fe_buf *out);
void fe_sentence_value(const struct fe_suite_item *item, const char *kwarg, struct fe_buf *out);
/* "'a', 'b' or 'c'": the texts of a list, the first few of a long one; of columns (column_list,
 * column_set) "a, b and c", for all of them are meant. */
void fe_sentence_list(const struct fe_suite_item *item, const char *kwarg, struct fe_buf *out);
/* "between 1 and 7", "at least 1", "at most 7", "more than 1 and less than 7", by min_value,
 * max_value, and strict_min and strict_max where the kind has them. */
void fe_sentence_range(const struct fe_suite_item *item, struct fe_buf *out);
/* ", for at least 95 % of values", where mostly is less than 1. */
void fe_sentence_mostly(const struct fe_suite_item *item, struct fe_buf *out);

#endif

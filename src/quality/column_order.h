// SPDX-License-Identifier: Apache-2.0
/* quality/column_order.h - the values of two columns of a row against each other
 *
 * Ints, decimals of any scale and truth values compare as numbers, exactly; texts by code
 * point; dates with dates, timestamps with timestamps. Nothing else compares.
 */
#ifndef FE_QUALITY_COLUMN_ORDER_H
#define FE_QUALITY_COLUMN_ORDER_H

#include "batch/column.h"

/* Below zero, zero, above: UTF-8 is in the order of code points. */
int fe_text_order(struct fe_str a, struct fe_str b);

bool fe_column_order_exists(struct fe_type a, struct fe_type b);
/* Of the rows in mask, of the 64 from word * 64 (all have both values, whose order exists): a bit
 * in *equal or in *greater (a greater than b), or in neither. */
void fe_column_order(const struct fe_column *a, const struct fe_column *b, size_t word, uint64_t mask, uint64_t *equal,
                     uint64_t *greater);

#endif

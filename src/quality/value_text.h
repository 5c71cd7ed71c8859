// SPDX-License-Identifier: Apache-2.0
/* quality/value_text.h - a value as the text that patterns and lengths look at
 *
 * What Python's str() makes of it: texts as they are; ints 3; decimals as the nearest double,
 * 10.0; bools True and False; dates 2024-01-31; timestamps 2024-01-31 10:00:00+00:00, with
 * three or six digits of a fraction where that many are needed. (pandas gives all values of
 * a column as many digits as one of them needs; here a value's text is its own.)
 */
#ifndef FE_QUALITY_VALUE_TEXT_H
#define FE_QUALITY_VALUE_TEXT_H

#include "batch/column.h"

#define FE_VALUE_TEXT_BYTES 48

/* The row has a value. A view of the column, or of space. */
struct fe_str fe_value_text(const struct fe_column *c, size_t row, char space[FE_VALUE_TEXT_BYTES]);

#endif

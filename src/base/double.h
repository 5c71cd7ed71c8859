// SPDX-License-Identifier: Apache-2.0
/* base/double.h - doubles as text, for figures: percents, means, echoes of JSON numbers
 *
 * Printed as Python prints a float: the fewest digits that read back as the same double
 * (0.1, 33.33333333333333, 1000000.0, 1e+16, 5e-324). Money never comes here but to be shown
 * as the figure that a double would be.
 */
#ifndef FE_BASE_DOUBLE_H
#define FE_BASE_DOUBLE_H

#include "base/buf.h"
#include "base/decimal.h"

/* v is finite; out has FE_DOUBLE_TEXT_BYTES; returns the number of bytes, no NUL. */
#define FE_DOUBLE_TEXT_BYTES 32
size_t fe_double_format(double v, char *out);
/* The same of any double: NaN, Infinity, -Infinity where it is not finite. */
size_t fe_double_format_any(double v, char *out);
void fe_buf_add_double(struct fe_buf *b, double v); /* null where it is not finite, as JSON has none */

/* -?digits[.digits][e[+-]digits], as JSON has it, but also 007: the nearest double. False where it is none of
 * these, longer than FE_DOUBLE_MAX_TEXT_BYTES, or too large for a double. */
#define FE_DOUBLE_MAX_TEXT_BYTES 512
bool fe_double_parse(struct fe_str text, double *out);

/* The double nearest to v / 10^scale, scale <= 38. */
double fe_double_of_decimal(fe_i128 v, unsigned scale);

#endif

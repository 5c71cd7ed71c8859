// SPDX-License-Identifier: Apache-2.0
/* quality/literal.h - the values that stand in a suite: numbers, texts, moments
 *
 * Numbers are read exactly, and as the doubles that Great Expectations makes of them.
 */
#ifndef FE_QUALITY_LITERAL_H
#define FE_QUALITY_LITERAL_H

#include "quality/suite.h"

/* A number as JSON writes it, or as Python's float() reads one: blanks around it, a plus sign.
 * False: none, or none that a double can hold. */
bool fe_suite_number_read(struct fe_str text, struct fe_suite_number *out);
/* The order of v / 10^scale and b: -1, 0, 1. */
int fe_suite_number_compare(fe_i128 v, unsigned scale, const struct fe_suite_number *b);

/* A value inside of a list: number, truth value, text, null; all else is OTHER. */
void fe_literal_of_json(const struct fe_json_value *v, struct fe_literal *out);
/* YYYY-MM-DD, or YYYY-MM-DD[T or space]hh:mm[:ss[.f]][Z or +hh:mm]; *iso: as Python prints
 * it. False: neither. */
bool fe_literal_read_moment(struct fe_str text, struct fe_literal *out, struct fe_buf *iso);

#endif

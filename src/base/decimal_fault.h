// SPDX-License-Identifier: Apache-2.0
/* base/decimal_fault.h - why a text is no number; private to decimal.c */
#ifndef FE_BASE_DECIMAL_FAULT_H
#define FE_BASE_DECIMAL_FAULT_H

#include "base/decimal.h"

/* For a text that is not of the form; never OK, TOO_MANY_DECIMALS, OUT_OF_RANGE. */
enum fe_decimal_why fe_decimal_fault(struct fe_str text, const struct fe_decimal_format *fmt);

#endif

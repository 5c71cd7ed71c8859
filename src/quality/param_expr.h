// SPDX-License-Identifier: Apache-2.0
/* quality/param_expr.h - {"$PARAMETER": "low * 2 - 1"}: arithmetic on parameters
 *
 * A part of params.c. Numbers, parameters that are numbers, + - * / ^ and parentheses, PI and E,
 * abs sgn round trunc exp sin cos tan. In doubles, as Great Expectations has it: for limits of
 * figures, not for amounts. Moments (now(), timedelta) are none of it: a moment of the run is
 * given as a parameter.
 */
#ifndef FE_QUALITY_PARAM_EXPR_H
#define FE_QUALITY_PARAM_EXPR_H

#include "base/err.h"
#include "quality/suite.h"

/* Whether the text is more than a name. */
bool fe_param_is_expr(struct fe_str text);
FE_MUST_USE enum fe_rc fe_param_expr_eval(struct fe_str text, const struct fe_suite_param *params, size_t n_params,
                                          double *out, struct fe_err *err);

#endif

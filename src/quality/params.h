// SPDX-License-Identifier: Apache-2.0
/* quality/params.h - {"$PARAMETER": "name"} in kwargs, replaced by what was given
 *
 * A part of suite.c. It stands for the whole value of a kwarg; inside of a list it is left
 * as it is, as Great Expectations does.
 */
#ifndef FE_QUALITY_PARAMS_H
#define FE_QUALITY_PARAMS_H

#include "base/buf.h"
#include "quality/suite.h"

/* kwargs with parameters filled in, in the arena; NULL where one is absent, which is said to
 * mistake. */
const struct fe_json_value *fe_params_fill(const struct fe_json_value *kwargs, const struct fe_suite_settings *set,
                                           struct fe_arena *arena, struct fe_buf *mistake);

#endif

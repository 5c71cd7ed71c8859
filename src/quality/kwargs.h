// SPDX-License-Identifier: Apache-2.0
/* quality/kwargs.h - the kwargs of one expectation, read by the table of its kind
 *
 * A part of suite.c. What is wrong is said in words to `mistake`, several joined by "; ":
 * nothing here fails.
 */
#ifndef FE_QUALITY_KWARGS_H
#define FE_QUALITY_KWARGS_H

#include "base/buf.h"
#include "quality/suite.h"

/* Fills item->kwargs and item->order; item->kind is set. object: its kwargs, parameters filled in. */
void fe_kwargs_read(struct fe_suite_item *item, const struct fe_json_value *object, struct fe_arena *arena,
                    struct fe_buf *mistake);
/* JSON without the blanks between its values, in the arena. */
struct fe_str fe_kwargs_squeeze(struct fe_str json, struct fe_arena *arena);

#endif

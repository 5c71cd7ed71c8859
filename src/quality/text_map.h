// SPDX-License-Identifier: Apache-2.0
/* quality/text_map.h - expectations that look at the text of each value
 *
 * A kind says what fits; the walk over the rows is one for all.
 */
#ifndef FE_QUALITY_TEXT_MAP_H
#define FE_QUALITY_TEXT_MAP_H

#include "quality/expectation.h"

/* state: the expectation's own. FE_ELIMIT: it was not worked out, the expectation fails. */
typedef enum fe_rc fe_text_fits_fn(void *state, struct fe_str text, bool *fits, struct fe_err *err);

/* Considers the values, and calls those unexpected whose text does not fit. */
FE_MUST_USE enum fe_rc fe_text_map_judge(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered,
                                         uint64_t *unexpected, fe_text_fits_fn *fits, struct fe_err *err);
/* The bits of rows that have a value; false: none. */
bool fe_text_map_consider(const struct fe_expectation *x, const struct fe_view *v, uint64_t *considered);
/* Fails the expectation by its own metric. */
void fe_text_map_raise(struct fe_expectation *x, const char *message);

#endif

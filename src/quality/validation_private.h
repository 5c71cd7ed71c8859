// SPDX-License-Identifier: Apache-2.0
/* quality/validation_private.h - what validation.c and validation_print.c share */
#ifndef FE_QUALITY_VALIDATION_PRIVATE_H
#define FE_QUALITY_VALIDATION_PRIVATE_H

#include "quality/validation.h"

struct fe_validation {
	struct fe_validation_settings set;
	struct fe_expectation *items; /* in the suite's order */
	size_t n_items;
	size_t n_remembering;         /* of these: with keys or values of their own */
	size_t *order;                /* of results: grouped by column */
	uint64_t n_rows;              /* that took part so far */
	uint64_t *position;           /* [FE_BATCH_ROWS] */
	uint64_t rows[FE_BITMAP_WORDS(FE_BATCH_ROWS)];
};

/* By name; NULL where the kind has none of it, or the item is broken. */
const struct fe_kwarg *fe_validation_kwarg(const struct fe_suite_item *item, const char *name);

#endif

// SPDX-License-Identifier: Apache-2.0
/* quality/profile_private.h - what profile.c counts and profile_print.c tells */
#ifndef FE_QUALITY_PROFILE_PRIVATE_H
#define FE_QUALITY_PROFILE_PRIVATE_H

#include "quality/day_counts.h"
#include "quality/few.h"
#include "quality/histogram.h"
#include "quality/profile.h"

#define FE_PROFILE_CHARS 64
/* What is kept of the least and the greatest text: bytes enough for all that is shown of it. Of texts that
 * are cut, the least one is the cut least one. */
#define FE_PROFILE_TEXT_BYTES (FE_PROFILE_CHARS * 4)

struct fe_profile_extreme {
	struct fe_text_key key;
	struct fe_str text; /* of the batch while that is fed; else of kept */
	char kept[FE_PROFILE_TEXT_BYTES];
};

/* Once a column has many values, its few are empty, and what was counted there has gone to the others. */
struct fe_profile_column {
	uint64_t n_nulls, n_values;
	bool has_many;
	struct fe_few few;
	int64_t min, max;
	struct fe_profile_extreme *texts;  /* least, greatest */
	struct fe_histogram sizes;         /* of decimals and ints */
	struct fe_day_counts days;         /* of dates and timestamps */
};

struct fe_profile {
	const struct fe_schema *schema;
	const bool *pii;
	uint64_t n_rows;
	struct fe_profile_column *columns; /* [n_fields] */
	uint16_t rows[FE_BATCH_ROWS];      /* of the batch at hand: those that take part */
	uint16_t with_value[FE_BATCH_ROWS];/* and have a value in the column at hand */
	int64_t values[FE_BATCH_ROWS];     /* the dates of the column at hand, by row */
};

int32_t fe_profile_day(struct fe_type type, int64_t value);

#endif

// SPDX-License-Identifier: Apache-2.0
/* quality/map_private.h - what map_result.c and map_print.c share */
#ifndef FE_QUALITY_MAP_PRIVATE_H
#define FE_QUALITY_MAP_PRIVATE_H

#include "quality/map_result.h"

#define FE_MAP_MAX_LISTED 200 /* values in a list, as in Great Expectations */

struct fe_map_sample {
	uint64_t position;
	char *value, *index, *whole; /* JSON; NULL where not shown. Of excluded values index is lines */
};
struct fe_map_place {
	uint64_t position;
	char *index;
};

/* Every unexpected row has its place kept. */
bool fe_map_result_tells_all(const struct fe_result_settings *set);
/* The columns of index objects, in their order, in the arena. */
size_t *fe_map_index_columns(const struct fe_expectation *x, const struct fe_result_settings *set,
                             struct fe_arena *arena, size_t *n);
/* partial_unexpected_counts of n values (JSON); nothing where they cannot be ordered. */
void fe_map_print_counts(const struct fe_expectation *x, const struct fe_map_sample *samples, size_t n, size_t max_listed,
                         struct fe_json *j);

#endif

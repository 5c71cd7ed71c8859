// SPDX-License-Identifier: Apache-2.0
/* quality/map_result.h - counts, samples and percents of a map expectation
 *
 * Great Expectations' expectation.py, _format_map_output; tests/gx/README.md, "Result
 * formats", has the rules. Lists hold the first values in the order of rows, and no more
 * than the format shows; only what COMPLETE tells of every row (unexpected_index_list,
 * unexpected_index_query) grows with the data: 16 bytes a row, and its index columns.
 *
 * Where unexpected rows are known only later (uniqueness: the first of a group turns out when
 * its second comes), they are added out of order, with the texts that the row had: lists are
 * kept by position.
 */
#ifndef FE_QUALITY_MAP_RESULT_H
#define FE_QUALITY_MAP_RESULT_H

#include "quality/expectation.h"

struct fe_map_result {
	const struct fe_result_settings *set;
	uint64_t n_elements;   /* rows after the condition */
	uint64_t n_considered; /* nonmissing, or what ignore_row_if left */
	uint64_t n_unexpected;
	bool counts_nulls;     /* null checks: considered is all rows, no missing figures */
	/* The first rows that are listed, by position. */
	struct fe_map_sample *samples; size_t n_samples, cap_samples, max_samples;
	/* Every unexpected row, where the format tells all. */
	struct fe_map_place *places; size_t n_places, cap_places;
};

void fe_map_result_init(struct fe_map_result *m, const struct fe_result_settings *set, bool counts_nulls);
void fe_map_result_reset(struct fe_map_result *m);
/* Takes in what judge said of a batch. */
FE_MUST_USE enum fe_rc fe_map_result_add(struct fe_map_result *m, const struct fe_expectation *x,
                                         const struct fe_view *v, const uint64_t *considered,
                                         const uint64_t *unexpected, struct fe_err *err);
/* One row that was judged before: no longer expected. Whether it would be listed, so that the
 * caller need not keep texts of rows that no list shows. */
bool fe_map_result_lists(const struct fe_map_result *m, uint64_t position);
struct fe_map_row { /* JSON texts of a row as lists show it; p NULL where the format shows none */
	uint64_t position;
	struct fe_str value, index, whole;
};
FE_MUST_USE enum fe_rc fe_map_result_add_late(struct fe_map_result *m, const struct fe_map_row *row, struct fe_err *err);
/* The texts of a row, in the arena. */
void fe_map_row_of(const struct fe_expectation *x, const struct fe_result_settings *set, const struct fe_view *v,
                   size_t row, struct fe_arena *arena, struct fe_map_row *out);
/* considered - unexpected over considered at least mostly, in doubles; true where none is considered. */
bool fe_map_result_success(const struct fe_map_result *m, double mostly);
void fe_map_result_print(const struct fe_map_result *m, const struct fe_expectation *x, struct fe_json *j);

#endif

// SPDX-License-Identifier: Apache-2.0
/* conformance/source.h - what every source must do, asked of each alike
 *
 * Order and provenance of records, identity of objects, limits, and that neither the
 * batch that is handed in nor a second opening makes a difference.
 */
#ifndef FE_TEST_CONFORMANCE_SOURCE_H
#define FE_TEST_CONFORMANCE_SOURCE_H

#include "extract/source.h"

#define FE_SOURCE_SUBJECT_COLUMNS 3 /* named a, b, c */

struct fe_source_subject {
	const struct fe_source_ops *ops;
	/* Makes objects of so many records each, and gives a location of all of them in
	 * this order; lives until the next call. The cell of column c (0 to 2) of record r
	 * (from 1) of object o (from 0) is what fe_source_subject_cell makes. */
	const char *(*put)(const size_t *n_records, size_t n_objects);
	/* Of json and ndjson. */
	const struct fe_json_settings *json;
};

#define FE_SOURCE_SUBJECT_CELL_BYTES 64
struct fe_str fe_source_subject_cell(size_t object, uint64_t record, size_t column,
                                     char out[FE_SOURCE_SUBJECT_CELL_BYTES]);

/* Runs the suite; the number of tests that failed. */
int fe_source_conformance(const struct fe_source_subject *subject);

#endif

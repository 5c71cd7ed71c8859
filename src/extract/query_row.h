// SPDX-License-Identifier: Apache-2.0
/* extract/query_row.h - a row of a cursor as a line of JSON, and its cells within that line
 *
 * The rows of a query are an object like any other: one JSON object a line, every value as a text or null,
 * so that records have numbers and offsets, the whole has a size and a SHA-256, and what is rejected can be
 * kept as it was read. Cells are views into the line, but for texts that JSON has to escape.
 */
#ifndef FE_EXTRACT_QUERY_ROW_H
#define FE_EXTRACT_QUERY_ROW_H

#include "db/cursor.h"
#include "extract/source.h"

struct fe_query_row;

/* matches: as fe_query_match_columns has it; borrowed, as are cursor, schema and reasons. */
struct fe_query_row *fe_query_row_new(const struct fe_cursor *c, const size_t *matches,
                                      const struct fe_source_settings *set);
void fe_query_row_free(struct fe_query_row *r); /* NULL is allowed */
/* Takes the cursor's row at hand; it stays until the next. */
FE_MUST_USE enum fe_rc fe_query_row_take(struct fe_query_row *r, uint64_t record, struct fe_err *err);
/* Adds it to the batch as its next row, at this offset of the object. False: there is no room left in
 * the batch's input, and rows that point into it. */
bool fe_query_row_put(struct fe_query_row *r, struct fe_batch *batch, uint64_t record, uint64_t offset);

#endif

// SPDX-License-Identifier: Apache-2.0
/* extract/query_stored.h - the rows of a query, kept as lines of JSON, as a cursor once more
 *
 * Lines (extract/query_row.h) have every value as a text or null. What they do not tell stands
 * beside them: the columns with their types, in the first line, and then for each value that is
 * no plain text where it is and what it is,
 *
 *     {"name":"postgresql:host/db","columns":[{"name":"id","type":"integer",...}]}
 *     17 3 float
 *     18 4 bytes 00ff
 *     21 2 text ff41          not UTF-8, or with a NUL
 *
 * by record and column from 1. So a cursor over both gives what the one of the database gave, but
 * for numbers and times, which come as their texts: those are what a record is read from anyway.
 */
#ifndef FE_EXTRACT_QUERY_STORED_H
#define FE_EXTRACT_QUERY_STORED_H

#include "db/cursor.h"
#include "extract/kept.h"

/* Of the only object; FE_ECONFLICT where the stored bytes are not what was kept. */
FE_MUST_USE enum fe_rc fe_query_stored_open(struct fe_cursor **out, const struct fe_kept *kept, struct fe_err *err);

/* What is told beside the lines, of a cursor and of its row at hand. */
FE_MUST_USE enum fe_rc fe_query_keep_columns(const struct fe_keep *keep, const struct fe_cursor *c, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_query_keep_row(const struct fe_keep *keep, const struct fe_cursor *c, uint64_t record,
                                         struct fe_err *err);

#endif

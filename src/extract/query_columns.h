// SPDX-License-Identifier: Apache-2.0
/* extract/query_columns.h - the columns of a query held against the declared ones
 *
 * Before the first row is read. Where the contract is frozen, what is declared must be there, and of
 * a type whose values all come over whole, and nothing else; all that is wrong goes into one error,
 * with what to do about each. Otherwise it is noted, and each value is judged by its cast.
 */
#ifndef FE_EXTRACT_QUERY_COLUMNS_H
#define FE_EXTRACT_QUERY_COLUMNS_H

#include "db/cursor.h"
#include "extract/source.h"

/* For each column of the cursor the declared one that it is read into, or FE_NO_COLUMN; fe_free.
 * Every note is made, without records. FE_EUSAGE, naming all that does not fit. */
FE_MUST_USE enum fe_rc fe_query_match_columns(const struct fe_cursor *c, const struct fe_source_settings *set,
                                              size_t **out, struct fe_contract_notes *notes, struct fe_err *err);

#endif

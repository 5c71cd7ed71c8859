// SPDX-License-Identifier: Apache-2.0
/* extract/csv_header.h - from the names in a header to the declared columns
 *
 * Names are compared exactly, after blanks around them are trimmed. What could lead to
 * reading a wrong column fails: a name that is there twice (in any case), an empty one, and
 * as far as the contract has it a declared column that is missing, or an extra one. The
 * message lists all of a kind, with the nearest name where it is a slip.
 */
#ifndef FE_EXTRACT_CSV_HEADER_H
#define FE_EXTRACT_CSV_HEADER_H

#include "extract/source.h"

struct fe_csv_names {
	const struct fe_str *names; /* as read; trimmed here */
	size_t n_names;
	struct fe_str line;         /* the header line, to guess at its delimiter; or empty */
};

#define FE_CSV_ABSENT UINT32_MAX

struct fe_csv_map {
	uint32_t *wanted;      /* the caller's: place of the i-th declared column that is not computed, or FE_CSV_ABSENT */
	struct fe_str *extra;  /* names that no column reads; fe_free, borrowed from the names */
	size_t n_extra;
};

/* Fails with rc, which is for the caller to choose: names may come from the data or not. */
FE_MUST_USE enum fe_rc fe_csv_map_names(const struct fe_source_settings *set, const struct fe_csv_names *names,
                                        struct fe_csv_map *map, enum fe_rc rc, struct fe_err *err);

/* The delimiter that the line seems to have instead of set->delimiter; 0: no idea. */
char fe_csv_guess_delimiter(const struct fe_source_settings *set, struct fe_str line);
/* "; the cells look separated by ';': set delimiter: ';'" or nothing. */
void fe_csv_add_delimiter_hint(const struct fe_source_settings *set, struct fe_str line,
                               struct fe_buf *out);

#endif

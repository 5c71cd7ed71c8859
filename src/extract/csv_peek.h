// SPDX-License-Identifier: Apache-2.0
/* extract/csv_peek.h - the names in a file's header, before the file is read
 *
 * For those who make a schema of a file, where otherwise a schema is held against it. Only
 * as much is read as the header takes; what is wrong with it is told when the file is read.
 */
#ifndef FE_EXTRACT_CSV_PEEK_H
#define FE_EXTRACT_CSV_PEEK_H

#include "extract/source.h"

struct fe_csv_header {
	struct fe_str *names; /* trimmed, in the order of the file; in the arena */
	size_t n_names;       /* 0: no header, or a malformed one */
	struct fe_arena arena;
};

/* Of the first file of set->location, read as set says; set->names are taken where given.
 * Standard input cannot be read twice: FE_EUSAGE. */
FE_MUST_USE enum fe_rc fe_csv_peek(struct fe_csv_header *out, const struct fe_source_settings *set, struct fe_err *err);
void fe_csv_header_reset(struct fe_csv_header *h);

/* As fe_source_look has it, of a csv source. */
FE_MUST_USE enum fe_rc fe_csv_look(struct fe_source_look *out, const struct fe_source_settings *set, struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* extract/csv_sniff.h - how a CSV file seems to be written, told by its start
 *
 * For those who draft a declaration; whoever has one reads by it and guesses nothing. What is
 * found is what fits the first records best; why another reading may be as good is for the caller
 * to say.
 */
#ifndef FE_EXTRACT_CSV_SNIFF_H
#define FE_EXTRACT_CSV_SNIFF_H

#include "base/err.h"
#include "base/mem.h"
#include "format/encoding.h"
#include "io/net.h"

struct fe_csv_sniff {
	enum fe_encoding encoding; /* UTF_8 and WINDOWS_1252 as far as the start tells */
	char delimiter, quote;     /* quote 0: none */
	uint64_t skip_lines;       /* before the header: shorter than all that follows */
	bool has_header;
	bool is_all_text;          /* no cell of the start is a number or a date: a header cannot be told from data */
	size_t n_columns;          /* 0: there is no record */
	const struct fe_str *names;/* [n_columns] of the header, trimmed; NULL without one */
	struct fe_arena arena;
};

/* encoding FE_N_ENCODINGS: by the bytes. */
FE_MUST_USE enum fe_rc fe_csv_sniff(struct fe_csv_sniff *out, const char *path, enum fe_encoding encoding,
                                    const struct fe_net_settings *net, struct fe_err *err);
void fe_csv_sniff_reset(struct fe_csv_sniff *s);

#endif

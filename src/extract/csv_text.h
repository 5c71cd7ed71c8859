// SPDX-License-Identifier: Apache-2.0
/* extract/csv_text.h - the bytes of a file as UTF-8
 *
 * UTF-8 is read straight to where it is wanted. Any other encoding passes through a
 * buffer; places in the file are then places in its text as UTF-8.
 */
#ifndef FE_EXTRACT_CSV_TEXT_H
#define FE_EXTRACT_CSV_TEXT_H

#include "format/encoding.h"
#include "io/reader.h"

struct fe_csv_text {
	struct fe_reader *in;      /* borrowed */
	enum fe_encoding encoding; /* with its byte order, once it has begun */
	bool has_begun, in_ended;
	char *raw;                 /* bytes that are to be decoded; NULL for UTF-8 */
	size_t n_raw;
};

void fe_csv_text_begin(struct fe_csv_text *t, struct fe_reader *in, enum fe_encoding encoding);
void fe_csv_text_reset(struct fe_csv_text *t);
/* Fills out, but for the last few bytes, or comes to the end. FE_EDATA where the file is
 * not in its encoding, as far as that is seen by its bytes. cap_bytes is 4 at least. */
FE_MUST_USE enum fe_rc fe_csv_text_read(struct fe_csv_text *t, char *out, size_t cap_bytes, size_t *n_bytes,
                                        bool *ended, struct fe_err *err);

#endif

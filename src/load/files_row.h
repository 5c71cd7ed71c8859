// SPDX-License-Identifier: Apache-2.0
/* load/files_row.h - a row of a table as a line of CSV, and back
 *
 * A line has the columns in the order of the schema, in their canonical texts. Null
 * is nothing at all, empty text is "", so that a line says exactly what the row said.
 * Lines are read back only from files that this module wrote.
 */
#ifndef FE_LOAD_FILES_ROW_H
#define FE_LOAD_FILES_ROW_H

#include "base/day_texts.h"
#include "base/decimal.h"
#include "batch/batch.h"

void fe_files_row_header(const struct fe_schema *schema, struct fe_buf *out);

/* What is kept from row to row. */
struct fe_files_rows {
	struct fe_files_column *columns; /* [schema->n_fields], and an end */
	size_t bound;             /* the most bytes that a row takes, its texts not counted */
	fe_i128 *sums;            /* [schema->n_fields] of the decimals that were written */
	struct fe_day_texts days; /* that were written before */
	struct fe_buf *out;       /* of the rows at hand */
	uint64_t whole[FE_BITMAP_WORDS(FE_BATCH_ROWS)]; /* bit: the row of the batch at hand has no null */
};
void fe_files_rows_init(struct fe_files_rows *w, const struct fe_schema *schema);
void fe_files_rows_reset(struct fe_files_rows *w);
void fe_files_rows_look(struct fe_files_rows *w, const struct fe_batch *b); /* before the first row of a batch */
/* Appends rows of that batch, one behind the other: n, or fewer (but one) as soon as the buffer has enough bytes;
 * how many. The buffer's `failed` says that they did not fit. */
size_t fe_files_rows_add(struct fe_files_rows *w, struct fe_buf *out, size_t enough_bytes, size_t first, size_t n);

/* Appends a cell to the line that the buffer ends with: a text that needs no quotes; NULL: nothing. */
void fe_files_row_stamp(struct fe_buf *out, const char *text);
/* The length of the first line with its end; 0 where the end is not in the bytes. */
size_t fe_files_row_length(struct fe_str bytes);
/* The source columns of a line (its end left out) into a row of met. */
FE_MUST_USE enum fe_rc fe_files_row_parse(struct fe_str line, struct fe_batch *met, size_t met_row,
                                          struct fe_err *err);

#endif

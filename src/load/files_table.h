// SPDX-License-Identifier: Apache-2.0
/* load/files_table.h - the file of one table while a run writes it
 *
 * Rows go to the file in the order in which they are numbered, so the n-th row is the
 * n-th line. Every 16th line's place is kept, to find a row again: dedupe asks for
 * rows that a later record met. A row that is superseded stays where it is until the
 * end, when the file is copied once without such rows.
 *
 * Counts and sums are of the lines that were written, not of what was sent. Placeholders
 * come behind all rows that are of a record: a key, and nothing in the other cells.
 */
#ifndef FE_LOAD_FILES_TABLE_H
#define FE_LOAD_FILES_TABLE_H

#include "io/writer.h"
#include "load/files_output.h"
#include "load/files_row.h"
#include "load/sink.h"

struct fe_files_table {
	const struct fe_table *table;
	bool hashes_behind;      /* io/writer.h */
	struct fe_sha256_pair *hashes; /* else: that it is hashed in; NULL: by itself. Borrowed */
	bool stays_open;         /* past its end, for placeholders, until it is closed */
	const char *stamp;       /* of every row, in a last column processed_at; NULL: no such column */
	struct fe_files_output out;
	bool has_begun, has_ended;
	struct fe_buf lines;     /* written, not yet handed to the writer */
	uint64_t handed_bytes;   /* to the writer */
	uint64_t n_written;      /* superseded rows and all */
	uint64_t n_dead;
	uint64_t *dead;          /* bit: the row is superseded */
	size_t cap_dead;         /* words */
	uint64_t *places;        /* of every 16th row */
	size_t n_places, cap_places;
	struct fe_files_rows rows;
	struct fe_groups groups; /* by the table's sum_by: rows, then sums of decimals; zeroed: not split */
	struct fe_buf window;    /* to read back through */
};

void fe_files_table_init(struct fe_files_table *t, const struct fe_table *table,
                         const struct fe_files_place *place);
void fe_files_table_reset(struct fe_files_table *t);
FE_MUST_USE enum fe_rc fe_files_table_begin(struct fe_files_table *t, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_files_table_write(struct fe_files_table *t, const struct fe_batch *b,
                                            const struct fe_load_plan *plan, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_files_table_fetch(struct fe_files_table *t, int64_t number, struct fe_batch *met,
                                            size_t met_row, struct fe_err *err);
/* Ends the file's content, unless it stays open; nothing is visible yet. */
FE_MUST_USE enum fe_rc fe_files_table_end(struct fe_files_table *t, struct fe_table_result *out, struct fe_err *err);
/* Of one that stays open: all rows of keys. */
FE_MUST_USE enum fe_rc fe_files_table_placeholders(struct fe_files_table *t, const struct fe_batch *keys, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_files_table_close(struct fe_files_table *t, struct fe_err *err); /* ends its content */

#endif

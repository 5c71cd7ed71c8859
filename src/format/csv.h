// SPDX-License-Identifier: Apache-2.0
/* format/csv.h - RFC 4180 CSV, strictly: blocks of bytes to records and back
 *
 * Pure: no I/O. Reading has two stages. The scan (csv_scan.h) finds the structural
 * bytes of a block, and may be scalar or vector; the splitter walks what it found
 * and makes records. A record is complete when its line end was seen (or the input
 * has ended). What is wrong with one record, with its end still sure, is a value of
 * the record (enum fe_csv_flaw); what leaves record ends in doubt fails the file.
 */
#ifndef FE_FORMAT_CSV_H
#define FE_FORMAT_CSV_H

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#define FE_CSV_MAX_RECORD_BYTES (4u * 1024 * 1024)
#define FE_CSV_MAX_RECORD_LINES 1000
#define FE_CSV_MAX_CELL_BYTES (1024u * 1024)
#define FE_CSV_MAX_COLUMNS 4096

struct fe_csv_dialect {
	char delimiter; /* ',' ';' '\t' '|' ... */
	char quote;     /* '"'; 0: none */
};

/* reason code of the record, verdicts.md */
#define FE_CSV_FLAW_MAP(X)                                                     \
	X(NONE, "")                                                            \
	X(QUOTE_IN_BARE_CELL, "quote_in_bare_cell")                            \
	X(TEXT_AFTER_QUOTE, "text_after_quote")                                \
	X(TOO_FEW_CELLS, "too_few_cells")                                      \
	X(TOO_MANY_CELLS, "too_many_cells")                                    \
	X(BLANK_LINE, "blank_line")                                            \
	X(EMPTY_RECORD, "empty_record")         /* only delimiters */          \
	X(BOM_INSIDE, "bom_inside")                                            \
	X(REPEATED_HEADER, "repeated_header")

enum fe_csv_flaw {
#define FE_X(name, code) FE_CSV_##name,
	FE_CSV_FLAW_MAP(FE_X)
#undef FE_X
};
const char *fe_csv_flaw_code(enum fe_csv_flaw flaw);

/* One record as found. Cells are views into the block, or into the arena where
 * doubled quotes had to be undone. */
struct fe_csv_record {
	struct fe_str raw;      /* without the line end */
	uint64_t offset;        /* in the whole input */
	uint64_t line;          /* physical line of its first byte, 1-based */
	const struct fe_str *cells;
	size_t n_cells;
	enum fe_csv_flaw flaw;
};

struct fe_csv_reader; /* the state between blocks */
struct fe_csv_reader *fe_csv_reader_new(struct fe_csv_dialect dialect);
void fe_csv_reader_free(struct fe_csv_reader *r);

/* Feeds a block. offset is that of its first byte in the input; is_last says that
 * nothing follows. The bytes must stay until the next feed. Then next yields the
 * complete records of the block, one by one, until *more is false; rest says how
 * many bytes at the end belong to a record that is not complete: feed them again,
 * with what follows. Undone quotes live in `arena`. Errors carry line and record. */
FE_MUST_USE enum fe_rc fe_csv_feed(struct fe_csv_reader *r, struct fe_str block, uint64_t offset,
                                   bool is_last, struct fe_arena *arena, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_csv_next(struct fe_csv_reader *r, struct fe_csv_record *out, bool *more,
                                   struct fe_err *err);
size_t fe_csv_rest(const struct fe_csv_reader *r);
/* Notes for the report, over the input so far. */
struct fe_csv_notes { bool has_bom, mixed_line_ends, no_final_newline, crlf; };
struct fe_csv_notes fe_csv_notes(const struct fe_csv_reader *r);

/* Appends one cell, quoted where RFC 4180 needs it (delimiter, quote, CR, LF) and
 * where it must be to be read back the same. */
void fe_csv_add_cell(struct fe_buf *out, struct fe_str cell, char delimiter);

#endif

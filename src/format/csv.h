// SPDX-License-Identifier: Apache-2.0
/* format/csv.h - RFC 4180 CSV, strictly: blocks of bytes to records and back
 *
 * Pure: no I/O. Reading has two stages. The scan (csv_scan.h) finds the structural
 * bytes of a block, and may be scalar or vector; the splitter walks what it found
 * and makes records. A record is complete when its line end was seen (or the input
 * has ended). What is wrong with one record, with its end still sure, is a value of
 * the record (enum fe_csv_flaw); what leaves record ends in doubt fails the file.
 *
 *   Cells    A cell that begins with the quote is quoted: all up to the closing quote
 *            is content, line ends too, and a doubled quote stands for one. Any other
 *            cell is bare and ends at the next delimiter or line end.
 *   Ends     LF or CRLF, mixed as they like. A CR that is neither in quotes nor
 *            before a LF fails the file. A blank last line is no record.
 *   Doubt    A quote in a bare cell, or text after a closing quote, is a flaw of the
 *            record as long as counting quotes (an even number: outside) and walking
 *            the cells agree on every line end up to the record's; where they do not,
 *            readers differ about where records end, and the file fails.
 *   Cut      A file that ends inside quotes, or without a line end in a record that
 *            is short of cells, has been cut, and fails. A last record that has all its
 *            cells needs no line end.
 *   Trailer  Where one is expected, a record that its mark tells may have any number of
 *            cells, is no row, and must be the last: another behind it fails the file.
 *   Cuts of  How the input is cut into blocks changes nothing: the same records, the
 *   blocks   same error. Time is linear in the bytes fed.
 */
#ifndef FE_FORMAT_CSV_H
#define FE_FORMAT_CSV_H

#include "base/buf.h"
#include "base/mem.h"
#include "base/regex.h"
#include "base/str.h"
#include "batch/batch.h"

/* Past one of these the file is refused (FE_ELIMIT). Cells are measured as they stand
 * in the file, without the quotes around them. */
#define FE_CSV_MAX_RECORD_BYTES (4u * 1024 * 1024)
#define FE_CSV_MAX_RECORD_LINES 1000
#define FE_CSV_MAX_RECORD_QUOTES (512u * 1024)
#define FE_CSV_MAX_CELL_BYTES (1024u * 1024)
#define FE_CSV_MAX_COLUMNS 4096

struct fe_csv_dialect {
	char delimiter; /* ',' ';' '\t' '|' ... */
	char quote;     /* '"'; 0: none */
};
/* Two different ASCII bytes, neither of them a letter, digit, CR or LF. */
bool fe_csv_dialect_is_valid(struct fe_csv_dialect d);

/* Reason codes of a record, in the order in which they are looked for, but that the
 * first quote out of place comes before all. A flawed record has no cells. */
#define FE_CSV_FLAW_MAP(X)                                                     \
	X(NONE, "")                                                            \
	X(QUOTE_IN_BARE_CELL, "quote_in_bare_cell")                            \
	X(TEXT_AFTER_QUOTE, "text_after_quote")                                \
	X(BLANK_LINE, "blank_line")                                            \
	X(BOM_INSIDE, "bom_inside")             /* anywhere but at the start of the input */ \
	X(EMPTY_RECORD, "empty_record")         /* only delimiters */          \
	X(TOO_FEW_CELLS, "too_few_cells")                                      \
	X(TOO_MANY_CELLS, "too_many_cells")                                    \
	X(REPEATED_HEADER, "repeated_header")

enum fe_csv_flaw {
#define FE_X(name, code) FE_CSV_##name,
	FE_CSV_FLAW_MAP(FE_X)
#undef FE_X
	FE_CSV_N_FLAWS
};
const char *fe_csv_flaw_code(enum fe_csv_flaw flaw);

/* One record as found. Cells are views into the block, or into the arena where
 * doubled quotes had to be undone. */
struct fe_csv_record {
	struct fe_str raw;      /* without the line end */
	uint64_t offset;        /* in the whole input */
	uint64_t line;          /* physical line of its first byte, 1-based */
	const struct fe_str *cells; /* until the next call */
	size_t n_cells;
	enum fe_csv_flaw flaw;
	bool is_trailer;        /* no row, and without flaw */
};

/* What tells a trailer: its first cell, without the blanks around it, is `text`, or has
 * `pattern` in it. */
struct fe_csv_mark {
	struct fe_str text;
	const struct fe_regex *pattern; /* NULL: text */
};

struct fe_csv_reader; /* the state between blocks */
struct fe_csv_reader *fe_csv_reader_new(struct fe_csv_dialect dialect); /* a valid one */
void fe_csv_reader_free(struct fe_csv_reader *r); /* NULL is allowed */

/* Before the first feed: leaves out this many physical lines, whatever is in them. */
void fe_csv_skip_lines(struct fe_csv_reader *r, uint64_t n_lines);
/* From the next record on, each has this many cells, or a flaw; 0: any number. header
 * is the header's cells, copied, to know it when it comes again; NULL: there is none.
 * Records are counted from here. To be called once. */
void fe_csv_expect(struct fe_csv_reader *r, size_t n_cells, const struct fe_str *header);

/* From the next record on, one that the mark tells is the trailer. The mark is borrowed.
 * To be called once, after fe_csv_expect. */
void fe_csv_expect_trailer(struct fe_csv_reader *r, const struct fe_csv_mark *mark);
/* It lives as long as the reader, its raw bytes do not; NULL: none has come yet. */
const struct fe_csv_record *fe_csv_trailer(const struct fe_csv_reader *r);

/* Feeds a block. offset is that of its first byte in the input; is_last says that
 * nothing follows. The bytes must stay until the next feed. Then next yields the
 * complete records of the block, one by one, until *more is false; rest says how
 * many bytes at the end belong to a record that is not complete: feed them again,
 * with what follows. To stay linear, feed at least as much again with them. A block
 * that has not been read to its end may be fed again too, from rest on: that is how
 * it moves to another place. Undone quotes live in `arena`. Errors carry line and
 * record. */
FE_MUST_USE enum fe_rc fe_csv_feed(struct fe_csv_reader *r, struct fe_str block, uint64_t offset,
                                   bool is_last, struct fe_arena *arena, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_csv_next(struct fe_csv_reader *r, struct fe_csv_record *out, bool *more,
                                   struct fe_err *err);
size_t fe_csv_rest(const struct fe_csv_reader *r);

/* The same in bulk, straight into columns: of each record the wanted cells, where it
 * came from, and its flaw. Rows are added from n_rows on, until cap_rows or until the
 * block has no complete record more. Where a row has a flaw its cells are {NULL, 0}.
 * On failure the rows before it have been added.
 * Needs fe_csv_expect with a number of cells that all of `wanted` are below. */
struct fe_csv_rows {
	const uint32_t *wanted;      /* index of the cell in the record */
	struct fe_str *const *cells; /* [n_wanted], each [cap_rows] */
	size_t n_wanted;
	struct fe_origin *origin;    /* [cap_rows] */
	uint8_t *flaws;              /* [cap_rows], enum fe_csv_flaw */
	size_t n_rows, cap_rows;
	size_t n_flawed;             /* added to */
};
FE_MUST_USE enum fe_rc fe_csv_fill(struct fe_csv_reader *r, struct fe_csv_rows *rows,
                                   struct fe_err *err);
/* Nothing but ASCII, and no NUL, in what was read of the block so far. */
bool fe_csv_is_ascii(const struct fe_csv_reader *r);

/* Notes for the report, over the input so far. */
struct fe_csv_notes { bool has_bom, mixed_line_ends, no_final_newline, crlf; };
struct fe_csv_notes fe_csv_notes(const struct fe_csv_reader *r);

/* Appends one cell, quoted where RFC 4180 needs it (delimiter, quote, CR, LF) and
 * where it must be to be read back the same. What a cell alone cannot know: a record
 * of nothing but empty cells reads back as flawed, see fe_csv_add_record. */
void fe_csv_add_cell(struct fe_buf *out, struct fe_str cell, char delimiter);
/* A whole record and its LF; where all cells are empty the first is quoted. */
void fe_csv_add_record(struct fe_buf *out, const struct fe_str *cells, size_t n_cells,
                       char delimiter);

#endif

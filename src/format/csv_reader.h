// SPDX-License-Identifier: Apache-2.0
/* format/csv_reader.h - the state of a reader, shared by its parts
 *
 *   csv_block.c  blocks in, the index of a piece out: where cells and records end (csv_scan.h)
 *   csv_fill.c   plain records in bulk, by the index
 *   csv_split.c  one record, any record, with what is wrong with it
 *   csv_trailer.c  the one record that is told by a mark, and kept
 *   csv.c        the public face
 *
 * A block is indexed in pieces that stay in the first-level cache. What was found of it waits until
 * it is used: marks[mark - 1] is where the record to come begins, so that every cell lies between two
 * neighbouring marks, and ends[end] tells the last mark of it. A record that the block cuts is given
 * up, and read again when it is fed whole; nothing else is kept.
 */
#ifndef FE_FORMAT_CSV_READER_H
#define FE_FORMAT_CSV_READER_H

#include "base/text.h"
#include "format/csv.h"
#include "format/csv_scan.h"

#define FE_CSV_PIECE_BYTES ((size_t)32 * 1024)
/* Those of the longest plain record with CRLF, and the one before it. */
#define FE_CSV_KEPT_MARKS (1 + FE_CSV_MAX_COLUMNS + 1)
#define FE_CSV_CAP_MARKS (FE_CSV_KEPT_MARKS + FE_CSV_PIECE_BYTES + FE_CSV_SCAN_SLACK)
#define FE_CSV_CAP_ENDS (FE_CSV_PIECE_BYTES + FE_CSV_SCAN_SLACK)

#define FE_CSV_BOM "\xef\xbb\xbf"
#define FE_CSV_BOM_BYTES 3

struct fe_csv_reader {
	struct fe_csv_scan scan;
	fe_csv_scan_fn *scan_fn;
	bool has_quote;

	/* What a record must look like. */
	size_t n_expected;
	struct fe_str *header; /* [n_expected] its cells, trimmed; NULL: none */
	struct fe_arena header_bytes;

	/* The trailer. */
	const struct fe_csv_mark *mark_of_trailer; /* NULL: none is expected */
	struct fe_regex_space *space;
	bool has_trailer;
	struct fe_csv_record trailer;

	/* The block, and how far it is read. */
	struct fe_str block;
	uint64_t offset;
	bool is_last, is_drained, has_bom_inside;
	struct fe_arena *arena;
	size_t start;   /* of the record to come */
	size_t scanned; /* bytes of the block that are in the index, or were */
	struct fe_csv_index index;
	size_t mark, end; /* the first of each that is not used yet */

	/* The input. */
	bool has_begun, has_lf, has_crlf, has_bom, no_final_newline;
	uint64_t skip_lines;
	uint64_t line; /* of the record to come */
	uint64_t n_records;

	/* The record last split. */
	struct fe_str *cells; /* [FE_CSV_MAX_COLUMNS] */
	size_t n_cells;
};

/* Throws the index away: the record to come is the first of a new one. */
void fe_csv_restart_index(struct fe_csv_reader *r);
/* When all records in the index are used: goes on to the next piece that ends one; false where the
 * rest of the block has none. */
bool fe_csv_index_more(struct fe_csv_reader *r);

/* Whether a first cell is that of the header: few others need to be looked at whole. */
static inline bool
fe_csv_may_be_header(const struct fe_csv_reader *r, struct fe_str first)
{
	return r->header && first.n >= r->header[0].n && fe_str_eq(fe_text_trim(first), r->header[0]);
}

/* Whether a record with this first cell is the trailer. */
FE_MUST_USE enum fe_rc fe_csv_is_trailer(const struct fe_csv_reader *r, struct fe_str first, bool *is_it,
                                         struct fe_err *err);
void fe_csv_keep_trailer(struct fe_csv_reader *r, const struct fe_csv_record *record);

/* The next record of the block; *more is false where there is no complete one. */
FE_MUST_USE enum fe_rc fe_csv_split(struct fe_csv_reader *r, struct fe_csv_record *out, bool *more,
                                    struct fe_err *err);

#endif

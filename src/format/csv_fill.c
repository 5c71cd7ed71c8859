// SPDX-License-Identifier: Apache-2.0
/* format/csv_fill.c - many records at once
 *
 * A record is plain when it is not odd (csv_scan.h) and has as many marks as it has cells to have,
 * but for a CR before its line end. Its cells are then the gaps between the marks, without the
 * quotes around them, and no byte of it is looked at again. Plain records come in runs: of a run first
 * the origins are written, row by row, and then the cells, column by column, which takes a few
 * instructions a cell. A run is short enough that its marks stay in the first-level cache.
 *
 * Anything else goes to csv_split.c, a record at a time. It ends where the index says, or
 * the file is refused (csv_scan.h).
 */
#include "format/csv_reader.h"

#define RUN_ROWS 256

struct run {
	const uint32_t *marks; /* of the first record; marks[-1] is where it begins */
	size_t stride;         /* marks of each: n_cells, or one more with CRLF */
	size_t n_rows;
};

static inline uint32_t
place(uint32_t mark)
{
	return mark & FE_CSV_PLACE;
}

/* How many marks the record at `mark` has, which ends with ends[end], where these are of the right
 * number; 0: they are not, or it is odd. */
static inline size_t
plain_stride(const struct fe_csv_reader *r, size_t mark, size_t end)
{
	const size_t n_marks = r->index.ends[end] - mark; /* far too many where it is odd */
	bool is_crlf = false;

	if (n_marks != r->n_expected && n_marks != r->n_expected + 1)
		return 0;
	/* A CR that is not odd is the last but one. */
	if (r->scan.saw & FE_CSV_SAW_CR && n_marks > 1)
		is_crlf = r->block.p[place(r->index.marks[mark + n_marks - 2]) - 1] == '\r';
	return n_marks == r->n_expected + is_crlf ? n_marks : 0;
}

/* Whether a record with the right number of cells is perhaps no ordinary one: nothing but delimiters,
 * too long, the header, or the trailer. */
static inline bool
may_be_special(const struct fe_csv_reader *r, struct fe_str raw, const uint32_t *marks)
{
	if (raw.n < r->n_expected || raw.n > FE_CSV_MAX_CELL_BYTES)
		return true;
	if (!r->header && !r->mark_of_trailer)
		return false;
	const bool is_quoted = (marks[0] & FE_CSV_QUOTED) != 0;
	const struct fe_str first = { raw.p + is_quoted,
		                      place(marks[0]) - place(marks[-1]) - 1 - 2u * is_quoted };
	bool is_trailer = false;
	if (fe_csv_may_be_header(r, first))
		return true;
	return r->mark_of_trailer && (fe_csv_is_trailer(r, first, &is_trailer, NULL) || is_trailer);
}

/* The run of plain records ahead, whose origins are added. */
static struct run
take_run(struct fe_csv_reader *r, struct fe_csv_rows *rows)
{
	const size_t n_left = rows->cap_rows - rows->n_rows, n_most = n_left < RUN_ROWS ? n_left : RUN_ROWS;
	const size_t stride = plain_stride(r, r->mark, r->end);
	struct run run = { .marks = r->index.marks + r->mark, .stride = stride };

	if (!stride)
		return run;
	for (; run.n_rows < n_most && r->end < r->index.n_ends; run.n_rows++) {
		const uint32_t *const m = r->index.marks + r->mark;
		const size_t row = rows->n_rows;
		if (plain_stride(r, r->mark, r->end) != stride)
			break;
		const struct fe_str raw = { r->block.p + r->start, place(m[r->n_expected - 1]) - 1 - r->start };
		if (may_be_special(r, raw, m))
			break;
		rows->origin[row] = (struct fe_origin){
			.record = ++r->n_records, .offset = r->offset + r->start, .raw = raw
		};
		rows->flaws[row] = FE_CSV_NONE;
		rows->n_rows++;
		r->mark += stride;
		r->end++;
		r->start = place(m[stride - 1]);
	}
	r->line += run.n_rows;
	r->has_lf |= run.n_rows && stride == r->n_expected;
	r->has_crlf |= run.n_rows && stride > r->n_expected;
	return run;
}

/* Cell by cell of one column. */
static inline void
fill_column(const struct run *run, size_t column, const char *p, bool has_quotes, struct fe_str *out)
{
	const uint32_t *m = run->marks + column;
	const size_t stride = run->stride;

	for (size_t row = 0; row < run->n_rows; row++, m += stride) {
		if (has_quotes) {
			const uint32_t is_quoted = m[0] >> 31, from = place(m[-1]);
			out[row] = (struct fe_str){ p + from + is_quoted, place(m[0]) - from - 1 - 2 * is_quoted };
		} else {
			out[row] = (struct fe_str){ p + m[-1], m[0] - m[-1] - 1 };
		}
	}
}

static void
fill_run(const struct fe_csv_reader *r, const struct run *run, struct fe_csv_rows *rows)
{
	const size_t first = rows->n_rows - run->n_rows;
	const bool has_quotes = r->scan.saw & FE_CSV_SAW_QUOTE;

	for (size_t i = 0; i < rows->n_wanted; i++) {
		struct fe_str *out = rows->cells[i] + first;
		if (has_quotes)
			fill_column(run, rows->wanted[i], r->block.p, true, out);
		else
			fill_column(run, rows->wanted[i], r->block.p, false, out);
	}
}

/* As many records as are plain. */
static void
fill_plain(struct fe_csv_reader *r, struct fe_csv_rows *rows)
{
	while (rows->n_rows < rows->cap_rows) {
		if (r->end == r->index.n_ends && !fe_csv_index_more(r))
			return;
		if (r->has_bom_inside)
			return;
		const struct run run = take_run(r, rows);
		if (run.n_rows == 0)
			return;
		fill_run(r, &run, rows);
	}
}

static void
add_row(struct fe_csv_rows *rows, const struct fe_csv_record *record, uint64_t number)
{
	const size_t row = rows->n_rows++;
	const bool is_flawed = record->flaw != FE_CSV_NONE;
	for (size_t i = 0; i < rows->n_wanted; i++)
		rows->cells[i][row] =
			is_flawed ? (struct fe_str){ 0 } : record->cells[rows->wanted[i]];
	rows->origin[row] = (struct fe_origin){
		.record = number, .offset = record->offset, .raw = record->raw
	};
	rows->flaws[row] = (uint8_t)record->flaw;
	rows->n_flawed += is_flawed;
}

/* The splitter has taken the record that the index has next. */
static void
pass_in_index(struct fe_csv_reader *r)
{
	if (r->end == r->index.n_ends)
		return; /* the last of the input, without a line end */
	r->mark = r->index.ends[r->end++] & ~FE_CSV_ODD;
	FE_ASSERT(place(r->index.marks[r->mark - 1]) == r->start);
}

enum fe_rc
fe_csv_fill(struct fe_csv_reader *r, struct fe_csv_rows *rows, struct fe_err *err)
{
	FE_ASSERT(r->n_expected > 0);
	while (rows->n_rows < rows->cap_rows) {
		struct fe_csv_record record;
		bool more;
		if (!r->is_drained && !r->has_trailer)
			fill_plain(r, rows);
		if (rows->n_rows == rows->cap_rows)
			break;
		enum fe_rc rc = fe_csv_split(r, &record, &more, err);
		if (rc || !more)
			return rc;
		pass_in_index(r);
		if (!record.is_trailer)
			add_row(rows, &record, r->n_records);
	}
	return FE_OK;
}

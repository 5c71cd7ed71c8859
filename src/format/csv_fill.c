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

/* Where in the index a run has come to: apart from the reader, so that it stays in registers. */
struct ahead {
	const uint32_t *mark; /* of the record */
	size_t end, start;
};

static inline struct ahead
look_ahead(const struct fe_csv_reader *r)
{
	return (struct ahead){ .mark = r->index.marks + r->mark, .end = r->end, .start = r->start };
}

/* The origins of a run: only what is written here is changed. */
static size_t
add_origins(const struct fe_csv_reader *r, struct ahead *at, size_t stride, size_t n_most, struct fe_origin *origin)
{
	const struct fe_csv_index *const index = &r->index;
	const char *const p = r->block.p;
	const uint64_t offset = r->offset, n_records = r->n_records;
	const size_t n_ends = index->n_ends, n_expected = r->n_expected;
	const bool has_cr = r->scan.saw & FE_CSV_SAW_CR;
	struct ahead a = *at;
	size_t n = 0;

	for (; n < n_most && a.end < n_ends; n++) {
		const size_t mark = (size_t)(a.mark - index->marks);
		if (has_cr ? plain_stride(r, mark, a.end) != stride : index->ends[a.end] - mark != stride)
			break;
		const struct fe_str raw = { p + a.start, place(a.mark[n_expected - 1]) - 1 - a.start };
		if (may_be_special(r, raw, a.mark))
			break;
		origin[n] = (struct fe_origin){ .record = n_records + n + 1, .offset = offset + a.start, .raw = raw };
		a.mark += stride;
		a.end++;
		a.start = place(a.mark[-1]);
	}
	*at = a;
	return n;
}

/* The run of plain records ahead, whose origins are added. */
static struct run
take_run(struct fe_csv_reader *r, struct fe_csv_rows *rows)
{
	const size_t n_left = rows->cap_rows - rows->n_rows, n_most = n_left < RUN_ROWS ? n_left : RUN_ROWS;
	const size_t stride = plain_stride(r, r->mark, r->end);
	struct run run = { .marks = r->index.marks + r->mark, .stride = stride };
	struct ahead at = look_ahead(r);

	if (!stride)
		return run;
	run.n_rows = add_origins(r, &at, stride, n_most, rows->origin + rows->n_rows);
	if (run.n_rows == 0)
		return run;
	memset(rows->flaws + rows->n_rows, FE_CSV_NONE, run.n_rows);
	rows->n_rows += run.n_rows;
	r->n_records += run.n_rows;
	r->mark += run.n_rows * stride;
	r->end = at.end;
	r->start = at.start;
	r->line += run.n_rows;
	r->has_lf |= stride == r->n_expected;
	r->has_crlf |= stride > r->n_expected;
	return run;
}

/* Two cells at a time: where they begin and end are neighbours among the marks. */
typedef uint64_t two __attribute__((vector_size(16)));

static inline uint64_t
load_pair(const uint32_t *m)
{
	uint64_t pair;

	memcpy(&pair, m, sizeof pair);
	return pair;
}

static inline struct fe_str
cell_at(const uint32_t *m, const char *p)
{
	const uint32_t is_quoted = m[0] >> 31, from = place(m[-1]);

	return (struct fe_str){ p + from + is_quoted, place(m[0]) - from - 1 - 2 * is_quoted };
}

_Static_assert(sizeof(struct fe_str) == sizeof(two), "a pointer and a size of eight bytes each");

/* Cell by cell of one column. */
static inline void
fill_column(const struct run *run, size_t column, const char *p, bool has_quotes, struct fe_str *out)
{
	const uint32_t *m = run->marks + column;
	const size_t stride = run->stride;
	const two base = { (uintptr_t)p, (uintptr_t)p };
	size_t row = 0;

	for (; row + 2 <= run->n_rows; row += 2, m += 2 * stride) {
		const two pair = { load_pair(m - 1), load_pair(m - 1 + stride) };
		two from = pair & FE_CSV_PLACE, n = (pair >> 32 & FE_CSV_PLACE) - from - 1;
		from += base;
		if (has_quotes) {
			const two is_quoted = pair >> 63;
			from += is_quoted;
			n -= is_quoted + is_quoted;
		}
		const two first = { from[0], n[0] }, second = { from[1], n[1] };
		memcpy(out + row, &first, sizeof first);
		memcpy(out + row + 1, &second, sizeof second);
	}
	if (row < run->n_rows)
		out[row] = cell_at(m, p);
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

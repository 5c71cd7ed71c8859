// SPDX-License-Identifier: Apache-2.0
/* format/csv.c - the splitter: structural positions to records
 *
 * A block is scanned in pieces that stay in the first-level cache. The positions of
 * its structural bytes wait in `marks`; the splitter takes them from there in two ways:
 *
 *   fill_plain    looks at as many marks as a record has cells. If they are its
 *                 delimiters and one line end, with no quote among them, the record
 *                 is done: its cells are the gaps between the marks.
 *   split_record  walks any record cell by cell, mark by mark, and finds all that can
 *                 be wrong with it. Only it judges: what the plain way is not sure of
 *                 is left to it.
 *
 * Before each record the mark in front of marks[mark] is the last byte before the
 * record, so that every cell lies between two neighbouring marks. A record that the
 * block cuts is given up and split again when it is fed whole; nothing else is kept.
 * Every limit is a position in the block that no mark may pass, so where a block ends
 * makes no difference to what is found.
 */
#include "format/csv.h"

#include "format/csv_scan.h"

#define PIECE_BYTES ((size_t)32 * 1024)
/* One before the record, those of the longest plain record with CRLF, one piece. */
#define CAP_MARKS (1 + FE_CSV_MAX_COLUMNS + 1 + PIECE_BYTES + FE_CSV_SCAN_SLACK)

static const char bom[] = { '\xef', '\xbb', '\xbf' };

struct fe_csv_reader {
	struct fe_csv_scan scan;
	fe_csv_scan_fn scan_fn;
	bool has_quote;

	/* What a record must look like. */
	size_t n_expected;
	struct fe_str header; /* owned */

	/* The block, and how far it is read. */
	struct fe_str block;
	uint64_t offset;
	bool is_last, is_drained, has_bom_inside;
	struct fe_arena *arena;
	size_t start;   /* of the record to come */
	size_t scanned; /* bytes of the block whose marks have been taken */
	uint32_t *marks;
	size_t mark, n_marks;

	/* The input. */
	bool has_begun, has_lf, has_crlf, has_bom, no_final_newline;
	uint64_t skip_lines;
	uint64_t line; /* of the record to come */
	uint64_t n_records;

	/* The record last split. */
	struct fe_str *cells;
	size_t n_cells, cap_cells;
};

/* A record being split. Positions are in the block. */
struct split {
	size_t cell;       /* where the present cell begins */
	size_t limit;      /* no mark of this cell may lie behind it */
	size_t end, next;  /* of the cell last ended; of the record, when it was the last */
	size_t line_start; /* of the physical line being read */
	uint64_t n_lines;  /* line ends in quotes so far */
	uint64_t open_line;/* line in which the present cell began */
	size_t n_quotes;
	enum fe_csv_flaw flaw;
	bool no_newline;
};

enum cell_end {
	CELL_MORE, /* ended by a delimiter */
	CELL_LAST, /* ended by a line end, or by that of the input */
	CELL_CUT,  /* the block ended first */
	CELL_BAD   /* failed, err is filled */
};

const char *
fe_csv_flaw_code(enum fe_csv_flaw flaw)
{
	static const char *const codes[] = {
#define FE_X(name, code) [FE_CSV_##name] = code,
		FE_CSV_FLAW_MAP(FE_X)
#undef FE_X
	};
	return codes[flaw];
}

static bool
is_markup(char c)
{
	bool is_word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
	return c > 0 && c < 0x7f && c != '\r' && c != '\n' && !is_word;
}

bool
fe_csv_dialect_is_valid(struct fe_csv_dialect d)
{
	return is_markup(d.delimiter) && (d.quote == 0 || is_markup(d.quote)) &&
	       d.delimiter != d.quote;
}

struct fe_csv_reader *
fe_csv_reader_new(struct fe_csv_dialect dialect)
{
	FE_ASSERT(fe_csv_dialect_is_valid(dialect));
	struct fe_csv_reader *r = fe_new(struct fe_csv_reader);
	r->has_quote = dialect.quote != 0;
	r->scan.delimiter = dialect.delimiter;
	r->scan.quote = r->has_quote ? dialect.quote : dialect.delimiter;
	r->scan_fn = fe_csv_scan_best();
	r->marks = fe_realloc_array(NULL, CAP_MARKS, sizeof *r->marks);
	r->is_drained = true;
	r->line = 1;
	return r;
}

void
fe_csv_reader_free(struct fe_csv_reader *r)
{
	if (!r)
		return;
	fe_free((char *)(uintptr_t)r->header.p);
	fe_free(r->marks);
	fe_free(r->cells);
	fe_free(r);
}

void
fe_csv_skip_lines(struct fe_csv_reader *r, uint64_t n_lines)
{
	r->skip_lines = n_lines;
}

void
fe_csv_expect(struct fe_csv_reader *r, size_t n_cells, struct fe_str header)
{
	FE_ASSERT(n_cells <= FE_CSV_MAX_COLUMNS);
	fe_free((char *)(uintptr_t)r->header.p);
	r->header = (struct fe_str){ fe_strndup(header.p, header.n), header.n };
	r->n_expected = n_cells;
	r->n_records = 0;
}

size_t
fe_csv_rest(const struct fe_csv_reader *r)
{
	return r->block.n - r->start;
}

bool
fe_csv_is_ascii(const struct fe_csv_reader *r)
{
	return r->scan.saw == 0;
}

struct fe_csv_notes
fe_csv_notes(const struct fe_csv_reader *r)
{
	return (struct fe_csv_notes){
		.has_bom = r->has_bom,
		.mixed_line_ends = r->has_lf && r->has_crlf,
		.no_final_newline = r->no_final_newline,
		.crlf = r->has_crlf,
	};
}

/* ---- blocks ---- */

/* False where it takes more bytes to tell. */
static bool
begin_input(struct fe_csv_reader *r)
{
	size_t n = r->block.n < sizeof bom ? r->block.n : sizeof bom;
	bool may_be_bom = n > 0 && memcmp(r->block.p, bom, n) == 0;
	if (may_be_bom && n < sizeof bom && !r->is_last)
		return false;
	if (may_be_bom && n == sizeof bom) {
		r->has_bom = true;
		r->start = sizeof bom;
	}
	r->has_begun = r->block.n > 0;
	return true;
}

static void
skip_lines(struct fe_csv_reader *r)
{
	while (r->skip_lines && r->start < r->block.n) {
		const char *from = r->block.p + r->start;
		const char *lf = memchr(from, '\n', r->block.n - r->start);
		if (!lf) { /* no need to keep what is left out */
			r->start = r->block.n;
			return;
		}
		r->start += (size_t)(lf - from) + 1;
		r->skip_lines--;
		r->line++;
	}
}

enum fe_rc
fe_csv_feed(struct fe_csv_reader *r, struct fe_str block, uint64_t offset, bool is_last,
	    struct fe_arena *arena, struct fe_err *err)
{
	if (block.n >= UINT32_MAX)
		return fe_fail(err, FE_ELIMIT, "a block of %zu bytes is too long", block.n);
	r->block = block;
	r->offset = offset;
	r->is_last = is_last;
	r->arena = arena;
	r->start = 0;
	r->has_bom_inside = false;
	r->scan.saw = 0;
	r->is_drained = !r->has_begun && !begin_input(r);
	if (!r->is_drained)
		skip_lines(r);
	r->scanned = r->start;
	r->marks[0] = (uint32_t)r->start - 1; /* wraps at 0, and back when 1 is added */
	r->mark = r->n_marks = 1;
	return FE_OK;
}

/* Whether there is a byte order mark in a piece or across its start. */
static bool
has_bom(const struct fe_csv_reader *r, size_t from, size_t to)
{
	from = from - r->start >= sizeof bom ? from - (sizeof bom - 1) : r->start;
	while (to - from >= sizeof bom) {
		const char *p = memchr(r->block.p + from, bom[0], to - from - (sizeof bom - 1));
		if (!p)
			return false;
		if (memcmp(p, bom, sizeof bom) == 0)
			return true;
		from = (size_t)(p - r->block.p) + 1;
	}
	return false;
}

/* Takes the marks of the next piece; false at the block's end. Those not used yet,
 * and the one before them, move to the front. */
static bool
scan_more(struct fe_csv_reader *r)
{
	size_t n = r->block.n - r->scanned;
	if (n == 0)
		return false;
	if (n > PIECE_BYTES)
		n = PIECE_BYTES;
	size_t n_kept = r->n_marks - r->mark + 1;
	FE_ASSERT(n_kept + n + FE_CSV_SCAN_SLACK <= CAP_MARKS);
	memmove(r->marks, r->marks + r->mark - 1, n_kept * sizeof *r->marks);
	r->mark = 1;
	r->n_marks = n_kept + r->scan_fn(&r->scan, r->block.p + r->scanned, n,
					 (uint32_t)r->scanned, r->marks + n_kept);
	if (r->scan.saw & FE_CSV_SAW_HIGH && !r->has_bom_inside)
		r->has_bom_inside = has_bom(r, r->scanned, r->scanned + n);
	r->scanned += n;
	return true;
}

static inline bool
next_mark(struct fe_csv_reader *r, size_t *at)
{
	while (r->mark == r->n_marks) {
		if (!scan_more(r))
			return false;
	}
	*at = r->marks[r->mark++];
	return true;
}

/* ---- one record, any record ---- */

static enum cell_end
bad_at(struct fe_csv_reader *r, uint64_t line, uint64_t column, struct fe_err *err)
{
	fe_err_at(err, NULL, r->n_records + 1, NULL);
	fe_err_at_line(err, NULL, line, column);
	return CELL_BAD;
}

static enum cell_end
bad_limit(struct fe_csv_reader *r, const char *what, size_t limit, struct fe_err *err)
{
	(void)fe_fail(err, FE_ELIMIT,
		      "%s (limit %zu); is a quote not closed, or is the delimiter or the file the wrong one?",
		      what, limit);
	return bad_at(r, r->line, 0, err);
}

static enum cell_end
bad_length(struct fe_csv_reader *r, const struct split *s, struct fe_err *err)
{
	if (s->limit - r->start == FE_CSV_MAX_RECORD_BYTES)
		return bad_limit(r, "a record has too many bytes", FE_CSV_MAX_RECORD_BYTES, err);
	return bad_limit(r, "a cell has too many bytes", FE_CSV_MAX_CELL_BYTES, err);
}

static enum cell_end
bad_doubt(struct fe_csv_reader *r, const struct split *s, struct fe_err *err)
{
	(void)fe_fail(err, FE_EDATA,
		      "a quote is out of place (%s), so that it is in doubt where the record ends; "
		      "quote the whole cell and double the quotes in it",
		      s->flaw == FE_CSV_QUOTE_IN_BARE_CELL ? "inside a cell that is not quoted"
							   : "text follows a closing quote");
	return bad_at(r, s->open_line, 0, err);
}

static enum cell_end
bad_cr(struct fe_csv_reader *r, const struct split *s, size_t at, struct fe_err *err)
{
	(void)fe_fail(err, FE_EDATA,
		      "a CR that is not followed by LF; lines end with LF or CRLF, and a CR in a cell needs quotes");
	return bad_at(r, r->line + s->n_lines, at - s->line_start + 1, err);
}

static enum cell_end
bad_cut(struct fe_csv_reader *r, const struct split *s, struct fe_err *err)
{
	(void)fe_fail(err, FE_EDATA,
		      "the file ends inside a quoted cell that began in this line; "
		      "it was cut short, or the quote was never closed");
	return bad_at(r, s->open_line, 0, err);
}

/* Counting quotes must agree with walking cells where a line ends. */
static inline bool
is_doubtful(const struct split *s, bool in_quotes)
{
	return s->flaw != FE_CSV_NONE && ((s->n_quotes & 1) != 0) != in_quotes;
}

/* False past the limit. */
static inline bool
count_quote(struct split *s)
{
	return ++s->n_quotes <= FE_CSV_MAX_RECORD_QUOTES;
}

static enum cell_end
bad_quotes(struct fe_csv_reader *r, struct fe_err *err)
{
	return bad_limit(r, "a record has too many quotes", FE_CSV_MAX_RECORD_QUOTES, err);
}

static enum cell_end
end_record(struct fe_csv_reader *r, struct split *s, size_t end, size_t next, struct fe_err *err)
{
	if (is_doubtful(s, false))
		return bad_doubt(r, s, err);
	s->end = end;
	s->next = next;
	return CELL_LAST;
}

/* From a bare cell's start, or from behind a closing quote, to the cell's end. A quote
 * on the way is out of place. */
static enum cell_end
walk_bare(struct fe_csv_reader *r, struct split *s, struct fe_err *err)
{
	size_t at;
	while (next_mark(r, &at)) {
		char c = r->block.p[at];
		if (at > s->limit)
			return bad_length(r, s, err);
		if (c == r->scan.delimiter) {
			s->end = at;
			return CELL_MORE;
		}
		if (c == '\n') {
			r->has_lf = true;
			return end_record(r, s, at, at + 1, err);
		}
		if (c == '\r') {
			if (at + 1 == r->block.n && !r->is_last)
				return CELL_CUT;
			if (at + 1 == r->block.n || r->block.p[at + 1] != '\n')
				return bad_cr(r, s, at, err);
			size_t lf = 0;
			bool has_lf = next_mark(r, &lf);
			FE_ASSERT(has_lf && lf == at + 1);
			r->has_crlf = true;
			return end_record(r, s, at, lf + 1, err);
		}
		if (s->flaw == FE_CSV_NONE)
			s->flaw = FE_CSV_QUOTE_IN_BARE_CELL;
		if (!count_quote(s))
			return bad_quotes(r, err);
	}
	if (r->block.n > s->limit)
		return bad_length(r, s, err);
	if (!r->is_last)
		return CELL_CUT;
	s->no_newline = true;
	return end_record(r, s, r->block.n, r->block.n, err);
}

static enum cell_end
count_line(struct fe_csv_reader *r, struct split *s, size_t at, struct fe_err *err)
{
	if (is_doubtful(s, true))
		return bad_doubt(r, s, err);
	s->n_lines++;
	s->line_start = at + 1;
	if (s->n_lines >= FE_CSV_MAX_RECORD_LINES)
		return bad_limit(r, "a record has too many lines", FE_CSV_MAX_RECORD_LINES, err);
	return CELL_MORE;
}

/* From the opening quote to the cell's end. */
static enum cell_end
walk_quoted(struct fe_csv_reader *r, struct split *s, struct fe_err *err)
{
	const char *p = r->block.p;
	const size_t n = r->block.n;
	size_t at;

	for (bool is_open = false;; is_open = true) {
		if (!next_mark(r, &at)) {
			if (n > s->limit)
				return bad_length(r, s, err);
			return r->is_last ? bad_cut(r, s, err) : CELL_CUT;
		}
		if (at > s->limit)
			return bad_length(r, s, err);
		if (p[at] == '\n' && count_line(r, s, at, err) == CELL_BAD)
			return CELL_BAD;
		if (p[at] != r->scan.quote)
			continue;
		if (!count_quote(s))
			return bad_quotes(r, err);
		if (!is_open)
			continue;
		if (at + 1 < n && p[at + 1] == r->scan.quote) {
			bool has_second = next_mark(r, &at);
			FE_ASSERT(has_second);
			if (!count_quote(s))
				return bad_quotes(r, err);
			continue;
		}
		break;
	}
	if (at + 1 == n && !r->is_last)
		return CELL_CUT;
	if (at + 1 < n && p[at + 1] != r->scan.delimiter && p[at + 1] != '\n' &&
	    p[at + 1] != '\r' && s->flaw == FE_CSV_NONE)
		s->flaw = FE_CSV_TEXT_AFTER_QUOTE;
	return walk_bare(r, s, err);
}

/* The cells of the record at r->start, as they stand in the block. */
static enum cell_end
walk_record(struct fe_csv_reader *r, struct split *s, struct fe_err *err)
{
	const size_t record_limit = r->start + FE_CSV_MAX_RECORD_BYTES;
	r->n_cells = 0;
	for (;;) {
		bool is_quoted = r->has_quote && s->cell < r->block.n &&
				 r->block.p[s->cell] == r->scan.quote;
		size_t cell_limit = s->cell + FE_CSV_MAX_CELL_BYTES + (is_quoted ? 2 : 0);
		s->limit = cell_limit < record_limit ? cell_limit : record_limit;
		s->open_line = r->line + s->n_lines;
		enum cell_end end = is_quoted ? walk_quoted(r, s, err) : walk_bare(r, s, err);
		if (end == CELL_CUT || end == CELL_BAD)
			return end;
		r->cells = fe_grow(r->cells, &r->cap_cells, r->n_cells + 1, sizeof *r->cells);
		r->cells[r->n_cells++] =
			(struct fe_str){ r->block.p + s->cell, s->end - s->cell };
		if (end == CELL_LAST)
			return end;
		if (r->n_cells == FE_CSV_MAX_COLUMNS)
			return bad_limit(r, "a record has too many cells", FE_CSV_MAX_COLUMNS, err);
		s->cell = s->end + 1;
	}
}

/* Takes the quotes off the cells that have them. */
static void
unquote_cells(struct fe_csv_reader *r)
{
	const char quote = r->scan.quote;
	for (size_t i = 0; i < r->n_cells; i++) {
		struct fe_str cell = r->cells[i];
		if (cell.n == 0 || cell.p[0] != quote)
			continue;
		cell = (struct fe_str){ cell.p + 1, cell.n - 2 };
		const char *from = cell.p, *const end = cell.p + cell.n;
		const char *pair = memchr(from, quote, cell.n);
		if (pair) {
			char *to = fe_arena_bytes(r->arena, cell.n);
			cell.p = to;
			for (; pair; pair = memchr(from, quote, (size_t)(end - from))) {
				size_t n = (size_t)(pair - from) + 1;
				memcpy(to, from, n);
				to += n;
				from = pair + 2;
			}
			memcpy(to, from, (size_t)(end - from));
			cell.n = (size_t)(to - cell.p) + (size_t)(end - from);
		}
		r->cells[i] = cell;
	}
}

static enum fe_csv_flaw
judge(const struct fe_csv_reader *r, const struct split *s, struct fe_str raw)
{
	if (s->flaw != FE_CSV_NONE)
		return s->flaw;
	if (raw.n == 0)
		return FE_CSV_BLANK_LINE;
	if (r->has_bom_inside && memmem(raw.p, raw.n, bom, sizeof bom))
		return FE_CSV_BOM_INSIDE;
	if (raw.n == r->n_cells - 1)
		return FE_CSV_EMPTY_RECORD;
	if (r->n_expected && r->n_cells < r->n_expected)
		return FE_CSV_TOO_FEW_CELLS;
	if (r->n_expected && r->n_cells > r->n_expected)
		return FE_CSV_TOO_MANY_CELLS;
	if (r->header.n && fe_str_eq(raw, r->header))
		return FE_CSV_REPEATED_HEADER;
	return FE_CSV_NONE;
}

static enum fe_rc
fail_short(struct fe_csv_reader *r, struct fe_err *err)
{
	enum fe_rc rc = fe_fail(err, FE_EDATA,
				"the file ends inside its last record, which has %zu of %zu cells and "
				"no line end; it was cut short",
				r->n_cells, r->n_expected);
	(void)bad_at(r, r->line, 0, err);
	return rc;
}

/* The next record of the block; *more is false where there is no complete one. */
static enum fe_rc
split_record(struct fe_csv_reader *r, struct fe_csv_record *out, bool *more, struct fe_err *err)
{
	struct fe_err unwanted;
	if (!err)
		err = &unwanted;
	*more = false;
	if (r->is_drained || r->start == r->block.n)
		return FE_OK;

	struct split s = { .cell = r->start, .line_start = r->start };
	switch (walk_record(r, &s, err)) {
	case CELL_BAD:
		return err->rc;
	case CELL_CUT:
		r->is_drained = true;
		return FE_OK;
	case CELL_MORE:
	case CELL_LAST:
		break;
	}

	struct fe_str raw = { r->block.p + r->start, s.end - r->start };
	if (raw.n == 0 && s.next == r->block.n) { /* a blank line, and perhaps the last */
		r->is_drained = true;
		r->start = r->is_last ? r->block.n : r->start;
		return FE_OK;
	}
	if (s.no_newline && r->n_expected && r->n_cells < r->n_expected)
		return fail_short(r, err);
	r->no_final_newline = s.no_newline;

	enum fe_csv_flaw flaw = judge(r, &s, raw);
	if (flaw != FE_CSV_NONE)
		r->n_cells = 0;
	else if (s.n_quotes)
		unquote_cells(r);
	*out = (struct fe_csv_record){
		.raw = raw,
		.offset = r->offset + r->start,
		.line = r->line,
		.cells = r->cells,
		.n_cells = r->n_cells,
		.flaw = flaw,
	};
	*more = true;
	r->line += s.n_lines + 1;
	r->start = s.next;
	r->n_records++;
	return FE_OK;
}

enum fe_rc
fe_csv_next(struct fe_csv_reader *r, struct fe_csv_record *out, bool *more, struct fe_err *err)
{
	return split_record(r, out, more, err);
}

/* ---- many records, into columns ---- */

/* As many records as are plain: the right number of bare cells and a line end. */
static void
fill_plain(struct fe_csv_reader *r, struct fe_csv_rows *rows)
{
	const char *const p = r->block.p;
	const char delimiter = r->scan.delimiter;
	const size_t n_cells = r->n_expected;

	if (r->has_bom_inside || r->is_drained)
		return;
	for (size_t row = rows->n_rows; row < rows->cap_rows; row++) {
		while (r->n_marks - r->mark < n_cells + 1) {
			if (!scan_more(r))
				break;
		}
		const size_t n_ahead = r->n_marks - r->mark;
		if (n_ahead < n_cells || r->has_bom_inside)
			return;

		const uint32_t *const m = r->marks + r->mark;
		char other = 0;
		for (size_t i = 0; i + 1 < n_cells; i++)
			other |= (char)(p[m[i]] ^ delimiter);
		const size_t end = m[n_cells - 1];
		const bool is_crlf = p[end] == '\r';
		if (other || (!is_crlf && p[end] != '\n'))
			return;
		if (is_crlf && (n_ahead == n_cells || m[n_cells] != end + 1 || p[end + 1] != '\n'))
			return;
		/* Nothing but delimiters, or too long, or as long as the header. */
		const struct fe_str raw = { p + r->start, end - r->start };
		if (raw.n < n_cells || raw.n > FE_CSV_MAX_CELL_BYTES)
			return;
		if (raw.n == r->header.n && memcmp(raw.p, r->header.p, raw.n) == 0)
			return;

		for (size_t i = 0; i < rows->n_wanted; i++) {
			const uint32_t from = m[(ptrdiff_t)rows->wanted[i] - 1] + 1;
			rows->cells[i][row] =
				(struct fe_str){ p + from, m[rows->wanted[i]] - from };
		}
		rows->origin[row] = (struct fe_origin){
			.record = ++r->n_records, .offset = r->offset + r->start, .raw = raw
		};
		rows->flaws[row] = FE_CSV_NONE;
		rows->n_rows = row + 1;
		r->has_crlf |= is_crlf;
		r->has_lf |= !is_crlf;
		r->mark += n_cells + is_crlf;
		r->start = end + 1 + is_crlf;
		r->line++;
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

enum fe_rc
fe_csv_fill(struct fe_csv_reader *r, struct fe_csv_rows *rows, struct fe_err *err)
{
	FE_ASSERT(r->n_expected > 0);
	while (rows->n_rows < rows->cap_rows) {
		struct fe_csv_record record;
		bool more;
		fill_plain(r, rows);
		if (rows->n_rows == rows->cap_rows)
			break;
		enum fe_rc rc = split_record(r, &record, &more, err);
		if (rc || !more)
			return rc;
		add_row(rows, &record, r->n_records);
	}
	return FE_OK;
}

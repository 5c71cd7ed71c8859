// SPDX-License-Identifier: Apache-2.0
/* format/csv_split.c - one record, cell by cell
 *
 * Only this file judges: what the quick way through plain records (csv_fill.c) is not sure of
 * is left to it. It walks from one structural byte (delimiter, quote, CR, LF) to the next, in quotes
 * or not. Every limit is a position in the block that none may pass, and what is found at one
 * depends on nothing behind it but the next byte, so that where a block ends makes no difference to
 * what is found.
 */
#include "format/csv_reader.h"

/* A record being split. Positions are in the block. */
struct split {
	size_t cell;       /* where the present cell begins */
	size_t limit;      /* no structural byte of this cell may lie behind it */
	size_t end, next;  /* of the cell last ended; of the record, when it was the last */
	size_t line_start; /* of the physical line being read */
	uint64_t n_lines;  /* line ends in quotes so far */
	uint64_t open_line;/* line in which the present cell began */
	size_t n_quotes;
	enum fe_csv_flaw flaw;
	bool no_newline;
	size_t seen;       /* all before it has been looked at */
	size_t window;     /* the first of the bytes last looked at */
	uint64_t ahead;    /* bit i: byte window + i is structural, and not walked past */
};

enum cell_end {
	CELL_MORE, /* ended by a delimiter */
	CELL_LAST, /* ended by a line end, or by that of the input */
	CELL_CUT,  /* the block ended first */
	CELL_BAD   /* failed, err is filled */
};

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
		      "%s (limit %zu); is a quote not closed, or is the delimiter or the file the "
		      "wrong one?",
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
		      "a CR that is not followed by LF; lines end with LF or CRLF, and a CR in a cell "
		      "needs quotes");
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

/* The next structural byte; false where the block has none. */
static inline bool
find_next(struct fe_csv_reader *r, struct split *s, size_t *at)
{
	while (!s->ahead) {
		const size_t n_left = r->block.n - s->seen;
		const size_t n = n_left < 64 ? n_left : 64;
		if (n == 0)
			return false;
		s->ahead = fe_csv_scan_all(&r->scan, r->block.p + s->seen, n);
		s->window = s->seen;
		s->seen += n;
	}
	*at = s->window + (size_t)__builtin_ctzll(s->ahead);
	s->ahead &= s->ahead - 1;
	return true;
}

/* From a bare cell's start, or from behind a closing quote, to the cell's end. A quote
 * on the way is out of place. */
static enum cell_end
walk_bare(struct fe_csv_reader *r, struct split *s, struct fe_err *err)
{
	size_t at;
	while (find_next(r, s, &at)) {
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
			bool has_lf = find_next(r, s, &lf);
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
		if (!find_next(r, s, &at)) {
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
			bool has_second = find_next(r, s, &at);
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
	if (r->scan.saw & FE_CSV_SAW_HIGH && memmem(raw.p, raw.n, FE_CSV_BOM, FE_CSV_BOM_BYTES))
		return FE_CSV_BOM_INSIDE;
	if (raw.n == r->n_cells - 1)
		return FE_CSV_EMPTY_RECORD;
	if (r->n_expected && r->n_cells < r->n_expected)
		return FE_CSV_TOO_FEW_CELLS;
	if (r->n_expected && r->n_cells > r->n_expected)
		return FE_CSV_TOO_MANY_CELLS;
	return FE_CSV_NONE;
}

/* However it is quoted or spaced, as the file that was put behind may be of another hand. */
static bool
is_header(const struct fe_csv_reader *r)
{
	if (r->n_cells != r->n_expected || !fe_csv_may_be_header(r, r->cells[0]))
		return false;
	for (size_t i = 1; i < r->n_cells; i++) {
		if (!fe_str_eq(fe_text_trim(r->cells[i]), r->header[i]))
			return false;
	}
	return true;
}

static enum fe_rc
fail_short(struct fe_csv_reader *r, struct fe_err *err)
{
	enum fe_rc rc = fe_fail(err, FE_EDATA,
				"the file ends inside its last record, which has %zu of %zu cells "
				"and no line end; it was cut short",
				r->n_cells, r->n_expected);
	(void)bad_at(r, r->line, 0, err);
	return rc;
}

static enum fe_rc
fail_behind_trailer(struct fe_csv_reader *r, struct fe_err *err)
{
	enum fe_rc rc = fe_fail(err, FE_EDATA,
				"a record follows the trailer of line %llu; a trailer is the last record of "
				"its file: were several files put together?",
				(unsigned long long)r->trailer.line);
	(void)bad_at(r, r->line, 0, err);
	return rc;
}

/* The record that was split is done with. */
static void
pass_on(struct fe_csv_reader *r, const struct split *s)
{
	r->line += s->n_lines + 1;
	r->start = s->next;
}

/* Where it is one: out->is_trailer. */
static enum fe_rc
take_trailer(struct fe_csv_reader *r, const struct split *s, struct fe_csv_record *out, struct fe_err *err)
{
	if (!r->mark_of_trailer || s->flaw != FE_CSV_NONE || out->raw.n == 0)
		return FE_OK;
	enum fe_rc rc = fe_csv_is_trailer(r, r->cells[0], &out->is_trailer, err);
	if (rc)
		(void)bad_at(r, r->line, 0, err);
	if (rc || !out->is_trailer)
		return rc;
	out->n_cells = r->n_cells;
	fe_csv_keep_trailer(r, out);
	r->no_final_newline = s->no_newline;
	pass_on(r, s);
	return FE_OK;
}

enum fe_rc
fe_csv_split(struct fe_csv_reader *r, struct fe_csv_record *out, bool *more, struct fe_err *err)
{
	struct fe_err unwanted;
	if (!err)
		err = &unwanted;
	*more = false;
	if (r->is_drained || r->start == r->block.n)
		return FE_OK;

	struct split s = { .cell = r->start, .line_start = r->start, .seen = r->start };
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
	if (r->has_trailer)
		return fail_behind_trailer(r, err);
	if (s.flaw == FE_CSV_NONE && s.n_quotes)
		unquote_cells(r);
	*out = (struct fe_csv_record){
		.raw = raw, .offset = r->offset + r->start, .line = r->line, .cells = r->cells,
	};
	FE_TRY(take_trailer(r, &s, out, err));
	*more = out->is_trailer;
	if (*more)
		return FE_OK;
	if (s.no_newline && r->n_expected && r->n_cells < r->n_expected)
		return fail_short(r, err);
	r->no_final_newline = s.no_newline;

	enum fe_csv_flaw flaw = judge(r, &s, raw);
	if (flaw == FE_CSV_NONE && is_header(r))
		flaw = FE_CSV_REPEATED_HEADER;
	if (flaw != FE_CSV_NONE)
		r->n_cells = 0;
	out->n_cells = r->n_cells;
	out->flaw = flaw;
	*more = true;
	pass_on(r, &s);
	r->n_records++;
	return FE_OK;
}

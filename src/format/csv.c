// SPDX-License-Identifier: Apache-2.0
/* format/csv.c - the face of the reader, and many plain records at once
 *
 * A record is plain when as many marks as it has cells are its delimiters and one line
 * end, with no quote among them: its cells are the gaps between the marks, and no byte of
 * it is looked at again. Anything else goes to csv_split.c, a record at a time.
 */
#include "format/csv_reader.h"

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
	/* Not zeroed: most of it is never touched. */
	r->marks = fe_realloc_array(NULL, FE_CSV_CAP_MARKS, sizeof *r->marks);
	r->cells = fe_realloc_array(NULL, FE_CSV_MAX_COLUMNS, sizeof *r->cells);
	r->is_drained = true;
	r->line = 1;
	return r;
}

void
fe_csv_reader_free(struct fe_csv_reader *r)
{
	if (!r)
		return;
	fe_free(r->header);
	fe_arena_free(&r->header_bytes);
	fe_regex_space_free(r->space);
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
fe_csv_expect(struct fe_csv_reader *r, size_t n_cells, const struct fe_str *header)
{
	FE_ASSERT(n_cells <= FE_CSV_MAX_COLUMNS && !r->header);
	if (header)
		r->header = fe_new_array(n_cells, struct fe_str);
	for (size_t i = 0; header && i < n_cells; i++) {
		const struct fe_str name = fe_text_trim(header[i]);
		r->header[i] = (struct fe_str){ fe_arena_copy(&r->header_bytes, name.p, name.n), name.n };
	}
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

enum fe_rc
fe_csv_next(struct fe_csv_reader *r, struct fe_csv_record *out, bool *more, struct fe_err *err)
{
	return fe_csv_split(r, out, more, err);
}

/* As many records as are plain: the right number of bare cells and a line end. */
static void
fill_plain(struct fe_csv_reader *r, struct fe_csv_rows *rows)
{
	const char *const p = r->block.p;
	const char delimiter = r->scan.delimiter;
	const size_t n_cells = r->n_expected;

	if (r->has_bom_inside || r->is_drained || r->has_trailer)
		return;
	for (size_t row = rows->n_rows; row < rows->cap_rows; row++) {
		while (r->n_marks - r->mark < n_cells + 1) {
			if (!fe_csv_scan_more(r))
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
		/* Nothing but delimiters, or too long, or perhaps the header, or the trailer. */
		const struct fe_str raw = { p + r->start, end - r->start };
		const struct fe_str first = { raw.p, m[0] - r->start };
		bool is_trailer = false;
		if (raw.n < n_cells || raw.n > FE_CSV_MAX_CELL_BYTES)
			return;
		if (fe_csv_may_be_header(r, first))
			return;
		if (r->mark_of_trailer && (fe_csv_is_trailer(r, first, &is_trailer, NULL) || is_trailer))
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
		enum fe_rc rc = fe_csv_split(r, &record, &more, err);
		if (rc || !more)
			return rc;
		if (!record.is_trailer)
			add_row(rows, &record, r->n_records);
	}
	return FE_OK;
}

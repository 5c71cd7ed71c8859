// SPDX-License-Identifier: Apache-2.0
/* format/csv.c - the face of the reader */
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
	r->index.marks = fe_realloc_array(NULL, FE_CSV_CAP_MARKS, sizeof *r->index.marks);
	r->index.ends = fe_realloc_array(NULL, FE_CSV_CAP_ENDS, sizeof *r->index.ends);
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
	fe_free(r->index.marks);
	fe_free(r->index.ends);
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
	return (r->scan.saw & (FE_CSV_SAW_HIGH | FE_CSV_SAW_NUL)) == 0;
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
	enum fe_rc rc = fe_csv_split(r, out, more, err);
	fe_csv_restart_index(r);
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
/* extract/csv_sniff.c - the splitter over the start of the file, once for each delimiter
 *
 * The right delimiter gives records of one number of cells. The header is the first record of
 * that number; what is shorter before it is a title. It is no header where a cell of it is a
 * number or a date, as the cell below it is.
 */
#include "extract/csv_sniff.h"

#include "base/decimal.h"
#include "base/text.h"
#include "base/time.h"
#include "extract/csv_text.h"
#include "format/csv.h"

#define START_BYTES ((size_t)256 * 1024)
#define MAX_RECORDS 200
#define MAX_TITLE_LINES 20

/* What a delimiter makes of the start. */
struct shape {
	struct fe_csv_dialect dialect;
	size_t n_cells[MAX_RECORDS];
	uint64_t lines[MAX_RECORDS];
	size_t n_records, n_modal, modal; /* modal: the commonest number of cells */
	bool is_broken;                   /* readers would differ about its records */
};

/* ---- bytes ---- */

static enum fe_rc
read_start(struct fe_buf *start, bool *ended, const char *path, enum fe_encoding encoding, const struct fe_net_settings *net,
           struct fe_err *err)
{
	struct fe_reader *in;
	struct fe_csv_text text;
	enum fe_rc rc = FE_OK;

	fe_buf_clear(start);
	*ended = false;
	FE_TRY(fe_reader_open(&in, path, net, err));
	fe_csv_text_begin(&text, in, encoding);
	while (rc == FE_OK && !*ended && start->n_bytes + 4 <= START_BYTES) {
		size_t n_read = 0;
		if (!fe_buf_reserve(start, START_BYTES - start->n_bytes))
			break;
		rc = fe_csv_text_read(&text, start->p + start->n_bytes, START_BYTES - start->n_bytes, &n_read, ended, err);
		start->n_bytes += rc ? 0 : n_read;
		if (n_read == 0)
			break;
	}
	fe_csv_text_reset(&text);
	fe_reader_close(in);
	return rc;
}

static enum fe_rc
read_raw(struct fe_buf *start, const char *path, const struct fe_net_settings *net, struct fe_err *err)
{
	struct fe_reader *in;
	size_t n_read = 1;
	enum fe_rc rc = FE_OK;

	FE_TRY(fe_reader_open(&in, path, net, err));
	while (rc == FE_OK && n_read > 0 && start->n_bytes < START_BYTES && fe_buf_reserve(start, START_BYTES - start->n_bytes)) {
		rc = fe_reader_read(in, start->p + start->n_bytes, START_BYTES - start->n_bytes, &n_read, err);
		start->n_bytes += rc ? 0 : n_read;
	}
	fe_reader_close(in);
	return rc;
}

/* Latin text of Windows where more bytes are no UTF-8 than are. */
static enum fe_encoding
guess_8_bit(struct fe_str text)
{
	size_t n_odd = 0, n_fine = 0;

	while (text.n) {
		uint32_t code;
		size_t n = (unsigned char)text.p[0] < 0x80 ? 1 : fe_utf8_decode(text, &code);
		n_fine += n > 1;
		n_odd += n == 0 && text.n >= FE_UTF8_BYTES; /* the last character may be cut */
		n += n == 0;
		text = (struct fe_str){ text.p + n, text.n - n };
	}
	return n_odd > n_fine ? FE_WINDOWS_1252 : FE_UTF_8;
}

static enum fe_encoding
guess_encoding(struct fe_str start)
{
	const unsigned char *p = (const unsigned char *)start.p;
	const enum fe_encoding found = fe_encoding_guess(start);

	if (found == FE_UTF_8)
		return guess_8_bit(start);
	const bool has_mark = start.n >= 4 && ((p[0] == 0xFF && p[1] == 0xFE) || (p[0] == 0xFE && p[1] == 0xFF) ||
	                                       (p[0] == 0 && p[1] == 0 && p[2] == 0xFE && p[3] == 0xFF));
	if (!has_mark)
		return found;
	return found == FE_UTF_16LE || found == FE_UTF_16BE ? FE_UTF_16 : FE_UTF_32;
}

/* ---- records ---- */

typedef void (*record_fn)(void *ctx, const struct fe_csv_record *record, size_t index);

/* The first records of the start; false: they are not sure. */
static bool
each_record(struct fe_csv_dialect dialect, uint64_t skip_lines, struct fe_str start, bool is_last, record_fn each, void *ctx)
{
	struct fe_csv_reader *csv = fe_csv_reader_new(dialect);
	struct fe_arena arena = { 0 };
	struct fe_csv_record record;
	bool more = true;
	size_t n = 0;

	fe_csv_skip_lines(csv, skip_lines);
	enum fe_rc rc = fe_csv_feed(csv, start, 0, is_last, &arena, NULL);
	while (rc == FE_OK && more && n < MAX_RECORDS) {
		rc = fe_csv_next(csv, &record, &more, NULL);
		if (rc == FE_OK && more && record.flaw == FE_CSV_NONE)
			each(ctx, &record, n++);
	}
	fe_csv_reader_free(csv);
	fe_arena_free(&arena);
	return rc == FE_OK;
}

static void
count_cells(void *ctx, const struct fe_csv_record *record, size_t index)
{
	struct shape *s = ctx;

	s->n_cells[index] = record->n_cells;
	s->lines[index] = record->line;
	s->n_records = index + 1;
}

static void
find_modal(struct shape *s)
{
	for (size_t i = 0; i < s->n_records; i++) {
		size_t n = 0;
		for (size_t k = 0; k < s->n_records; k++)
			n += s->n_cells[k] == s->n_cells[i];
		if (n > s->n_modal || (n == s->n_modal && s->n_cells[i] > s->modal)) {
			s->n_modal = n;
			s->modal = s->n_cells[i];
		}
	}
}

static bool
is_better(const struct shape *a, const struct shape *b)
{
	if ((a->modal >= 2) != (b->modal >= 2))
		return a->modal >= 2;
	if (a->is_broken != b->is_broken)
		return !a->is_broken;
	const size_t fit = a->n_modal * (b->n_records ? b->n_records : 1), other = b->n_modal * (a->n_records ? a->n_records : 1);
	if (fit != other)
		return fit > other;
	return a->modal > b->modal;
}

static struct shape
find_shape(struct fe_str start, bool is_last)
{
	static const struct fe_csv_dialect dialects[] = {
		{ ',', '"' }, { ';', '"' }, { '\t', '"' }, { '|', '"' }, { ':', '"' },
		{ ',', 0 }, { ';', 0 }, { '\t', 0 }, { '|', 0 },
	};
	struct shape best = { 0 };

	for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
		struct shape s = { .dialect = dialects[i] };
		s.is_broken = !each_record(s.dialect, 0, start, is_last, count_cells, &s);
		find_modal(&s);
		if (i == 0 || is_better(&s, &best))
			best = s;
	}
	return best;
}

static uint64_t
count_title_lines(const struct shape *s)
{
	for (size_t i = 0; i < s->n_records; i++) {
		if (s->n_cells[i] >= s->modal)
			return s->lines[i] - 1 <= MAX_TITLE_LINES ? s->lines[i] - 1 : 0;
	}
	return 0;
}

/* A stray quote in a title does not say that cells behind it are not quoted. */
static struct shape
find_shape_below_titles(struct fe_str start, bool is_last)
{
	const struct shape s = find_shape(start, is_last);
	const uint64_t n_lines = s.dialect.quote ? 0 : count_title_lines(&s);

	for (uint64_t skipped = 1; skipped <= n_lines; skipped++) {
		struct shape quoted = { .dialect = { s.dialect.delimiter, '"' } };
		if (!each_record(quoted.dialect, skipped, start, is_last, count_cells, &quoted))
			continue;
		find_modal(&quoted);
		return is_better(&quoted, &s) ? quoted : s;
	}
	return s;
}

/* ---- the header ---- */

struct rows {
	struct fe_csv_sniff *out;
	bool *first_is_data; /* [n_columns] cells of the first record that are numbers or dates */
	size_t n_first, n_both;
	bool has_others, has_data; /* records behind the first; some cell of them is a number or a date */
};

static bool
is_year(struct fe_str cell)
{
	int64_t n;
	return cell.n == 4 && fe_int_parse(cell, &n) == FE_DECIMAL_OK && n >= 1900 && n <= 2100;
}

static bool
is_data(struct fe_str cell)
{
	int64_t n;
	int32_t days;

	cell = fe_text_trim(cell);
	return fe_int_parse(cell, &n) == FE_DECIMAL_OK || fe_decimal_parse(cell, FE_DECIMAL_MAX_PRECISION, 6, NULL, &n) == FE_DECIMAL_OK ||
	       fe_date_parse(cell, NULL, &days) == FE_TIME_OK || fe_date_parse(cell, "%d/%m/%Y", &days) == FE_TIME_OK ||
	       fe_date_parse(cell, "%m/%d/%Y", &days) == FE_TIME_OK || fe_date_parse(cell, "%d.%m.%Y", &days) == FE_TIME_OK;
}

static void
take_first(struct rows *r, const struct fe_csv_record *record)
{
	struct fe_csv_sniff *out = r->out;
	struct fe_str *names = fe_arena_alloc(&out->arena, (record->n_cells + 1) * sizeof *names);

	r->first_is_data = fe_arena_alloc_zero(&out->arena, record->n_cells + 1);
	for (size_t i = 0; i < record->n_cells; i++) {
		struct fe_str name = fe_text_trim(record->cells[i]);
		names[i] = (struct fe_str){ fe_arena_copy(&out->arena, name.n ? name.p : "", name.n), name.n };
		r->first_is_data[i] = is_data(name) && !is_year(name);
		r->n_first += r->first_is_data[i];
	}
	out->names = names;
	out->n_columns = record->n_cells;
}

static void
look_at_row(void *ctx, const struct fe_csv_record *record, size_t index)
{
	struct rows *r = ctx;

	if (index == 0) {
		take_first(r, record);
		return;
	}
	r->has_others = true;
	for (size_t i = 0; i < record->n_cells && i < r->out->n_columns; i++) {
		if (!is_data(record->cells[i]))
			continue;
		r->has_data = true;
		r->n_both += index == 1 && r->first_is_data[i];
	}
}

static void
find_header(struct fe_csv_sniff *out, struct fe_str start, bool is_last)
{
	const struct fe_csv_dialect dialect = { .delimiter = out->delimiter, .quote = out->quote };
	struct rows r = { .out = out };

	(void)each_record(dialect, out->skip_lines, start, is_last, look_at_row, &r);
	out->has_header = r.n_both == 0 && (r.has_others || r.n_first == 0);
	out->is_all_text = out->has_header && !r.has_data;
	if (!out->has_header)
		out->names = NULL;
}

enum fe_rc
fe_csv_sniff(struct fe_csv_sniff *out, const char *path, enum fe_encoding encoding, const struct fe_net_settings *net,
             struct fe_err *err)
{
	struct fe_buf start;
	bool ended = false;
	enum fe_rc rc = FE_OK;

	*out = (struct fe_csv_sniff){ .encoding = encoding };
	fe_buf_init(&start, 2 * START_BYTES);
	if (encoding == FE_N_ENCODINGS) {
		rc = read_raw(&start, path, net, err);
		out->encoding = guess_encoding(fe_buf_str(&start));
	}
	if (rc == FE_OK)
		rc = read_start(&start, &ended, path, out->encoding, net, err);
	if (rc == FE_OK) {
		const struct shape s = find_shape_below_titles(fe_buf_str(&start), ended);
		out->delimiter = s.dialect.delimiter;
		out->quote = s.dialect.quote;
		out->skip_lines = count_title_lines(&s);
		if (s.n_records)
			find_header(out, fe_buf_str(&start), ended);
	}
	fe_buf_reset(&start);
	if (rc)
		fe_err_at(err, path, 0, NULL);
	return rc;
}

void
fe_csv_sniff_reset(struct fe_csv_sniff *s)
{
	fe_arena_free(&s->arena);
	*s = (struct fe_csv_sniff){ 0 };
}

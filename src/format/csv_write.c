// SPDX-License-Identifier: Apache-2.0
/* format/csv_write.c - cells to CSV, sixteen bytes at a time */
#include "format/csv.h"

#include "base/text16.h"

#define QUOTE '"'

static inline fe_text16
markup(fe_text16 t, char delimiter)
{
	return (fe_text16)((t == fe_text16_all(delimiter)) | (t == fe_text16_all(QUOTE)) | (t == fe_text16_all('\r')) |
	                   (t == fe_text16_all('\n')));
}

/* No byte that ends a cell or a record, nor a quote. */
static bool
is_plain(struct fe_str cell, char delimiter)
{
	size_t i = 0;
	for (; cell.n - i > FE_TEXT16_BYTES; i += FE_TEXT16_BYTES)
		if (fe_text16_any(markup(fe_text16_at(cell.p + i), delimiter)))
			return false;
	struct fe_str rest = { cell.p ? cell.p + i : NULL, cell.n - i };
	return (fe_text16_bits(markup(fe_text16_load_any(rest), delimiter)) & fe_text16_first(rest.n)) == 0;
}

/* Without quotes, a byte order mark at the start of a file would be stripped, and \.
 * alone in a line ends the data for PostgreSQL's COPY. */
static bool
is_special(struct fe_str cell)
{
	return (cell.n >= 3 && memcmp(cell.p, "\xef\xbb\xbf", 3) == 0) ||
	       (cell.n == 2 && cell.p[0] == '\\' && cell.p[1] == '.');
}

static size_t
count_quotes(struct fe_str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == QUOTE;
	return n;
}

/* Copies the bytes with each quote doubled; returns where they end. No more is written than that. */
static char *
put_doubled(char *to, struct fe_str s)
{
	const char *from = s.p, *const end = s.p + s.n;

	while (end - from >= FE_TEXT16_BYTES) {
		fe_text16 t = fe_text16_at(from);
		unsigned quotes = fe_text16_bits((fe_text16)(t == fe_text16_all(QUOTE)));
		int n = quotes ? __builtin_ctz(quotes) + 1 : FE_TEXT16_BYTES;
		fe_text16_store(t, to);
		from += n;
		to += n;
		if (quotes)
			*to++ = QUOTE;
	}
	for (; from < end; from++) {
		*to++ = *from;
		if (*from == QUOTE)
			*to++ = QUOTE;
	}
	return to;
}

static void
add_quoted(struct fe_buf *out, struct fe_str cell)
{
	const size_t n = cell.n + count_quotes(cell) + 2;

	if (!fe_buf_reserve(out, n))
		return;
	char *to = out->p + out->n_bytes;
	*to++ = QUOTE;
	to = put_doubled(to, cell);
	*to = QUOTE;
	out->n_bytes += n;
}

void
fe_csv_add_cell(struct fe_buf *out, struct fe_str cell, char delimiter)
{
	if (is_plain(cell, delimiter) && !is_special(cell))
		fe_buf_add_str(out, cell);
	else
		add_quoted(out, cell);
}

void
fe_csv_add_record(struct fe_buf *out, const struct fe_str *cells, size_t n_cells, char delimiter)
{
	bool all_empty = true;
	for (size_t i = 0; i < n_cells && all_empty; i++)
		all_empty = cells[i].n == 0;
	for (size_t i = 0; i < n_cells; i++) {
		if (i > 0)
			fe_buf_add_char(out, delimiter);
		if (i == 0 && all_empty)
			fe_buf_add_text(out, "\"\"");
		else
			fe_csv_add_cell(out, cells[i], delimiter);
	}
	fe_buf_add_char(out, '\n');
}

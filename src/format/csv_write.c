// SPDX-License-Identifier: Apache-2.0
/* format/csv_write.c - cells to CSV
 *
 * Most cells need no quotes, and most are short: whether a cell is plain is asked of
 * eight bytes at once.
 */
#include "format/csv.h"

#define QUOTE '"'
#define LOW_BITS UINT64_C(0x7f7f7f7f7f7f7f7f)
#define HIGH_BITS UINT64_C(0x8080808080808080)

static inline uint64_t
nonzero(uint64_t x)
{
	return ((x & LOW_BITS) + LOW_BITS) | x;
}

static inline uint64_t
repeat(char c)
{
	return UINT64_C(0x0101010101010101) * (unsigned char)c;
}

static inline bool
is_plain_word(uint64_t x, char delimiter)
{
	uint64_t other = nonzero(x ^ repeat(delimiter)) & nonzero(x ^ repeat(QUOTE)) &
			 nonzero(x ^ repeat('\r')) & nonzero(x ^ repeat('\n'));
	return (~other & HIGH_BITS) == 0;
}

/* No byte that ends a cell or a record. */
static bool
is_plain(struct fe_str cell, char delimiter)
{
	uint64_t x = 0;
	size_t i = 0;
	for (; cell.n - i >= 8; i += 8) {
		memcpy(&x, cell.p + i, 8);
		if (!is_plain_word(x, delimiter))
			return false;
	}
	x = 0;
	if (cell.n > i)
		memcpy(&x, cell.p + i, cell.n - i);
	return is_plain_word(x, delimiter);
}

/* Without quotes, a byte order mark at the start of a file would be stripped, and \.
 * alone in a line ends the data for PostgreSQL's COPY. */
static bool
is_special(struct fe_str cell)
{
	return (cell.n >= 3 && memcmp(cell.p, "\xef\xbb\xbf", 3) == 0) ||
	       (cell.n == 2 && cell.p[0] == '\\' && cell.p[1] == '.');
}

static void
add_quoted(struct fe_buf *out, struct fe_str cell)
{
	const char *from = cell.p, *const end = cell.p + cell.n;
	fe_buf_add_char(out, QUOTE);
	while (from < end) {
		const char *quote = memchr(from, QUOTE, (size_t)(end - from));
		size_t n = quote ? (size_t)(quote - from) + 1 : (size_t)(end - from);
		fe_buf_add(out, from, n);
		if (quote)
			fe_buf_add_char(out, QUOTE);
		from += n;
	}
	fe_buf_add_char(out, QUOTE);
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

// SPDX-License-Identifier: Apache-2.0
/* pipeline/draft_trailer.c - whether files end with a record that is no data
 *
 * A trailer has a word first, as TRL, and mostly how many records there are. It is proposed where each file ends with
 * one of the same word, and
 *
 *   of fewer cells than the header   another cell tells that number, or the word is one of trailers alone and no other cell is
 *                                    a whole number; anything less would make a run refuse what it could load
 *   of as many                       the word is one of trailers and another cell tells that number, or it is one of trailers
 *                                    alone: as a record, its figures would be in the sums
 *
 * No other record begins with the word: the file is read once more with it, which fails where one does.
 */
#include <stdio.h>

#include "base/decimal.h"
#include "base/text.h"
#include "pipeline/draft_private.h"

/* The cells of a line without quotes around them; of those past max nothing is said. */
static size_t
split(struct fe_str line, char delimiter, struct fe_str *cells, size_t max)
{
	size_t n = 0;

	while (line.n && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	for (bool more = true; more && n < max; n++) {
		const char *end = line.n ? memchr(line.p, delimiter, line.n) : NULL;
		struct fe_str cell = fe_text_trim((struct fe_str){ line.p, end ? (size_t)(end - line.p) : line.n });
		if (cell.n >= 2 && cell.p[0] == '"' && cell.p[cell.n - 1] == '"')
			cell = (struct fe_str){ cell.p + 1, cell.n - 2 };
		cells[n] = cell;
		more = end != NULL;
		line = end ? (struct fe_str){ end + 1, line.n - (size_t)(end + 1 - line.p) } : line;
	}
	return n;
}

/* In small letters. The first ones are of trailers alone. */
static const char *const trailer_words[] = { "trailer", "trl", "trlr", "footer", "eof", "total", "totals", "t", "tr", "end", "sum", "z" };
#define N_ALONE 7

static bool
is_one_of(struct fe_str word, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool is_it = word.n == strlen(trailer_words[i]);
		for (size_t k = 0; k < word.n && is_it; k++)
			is_it = (word.p[k] | 0x20) == trailer_words[i][k];
		if (is_it)
			return true;
	}
	return false;
}

static bool
is_word(struct fe_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'A' && s.p[i] <= 'Z') && !(s.p[i] >= 'a' && s.p[i] <= 'z'))
			return false;
	return s.n > 0 && s.n < FE_DRAFT_TRAILER_BYTES;
}

/* The end of a file: what its last record was. */
static void
end_object(struct fe_draft_dataset *d)
{
	struct fe_draft_trailer *t = &d->trailer;
	struct fe_str cells[FE_DRAFT_TRAILER_CELLS];
	size_t rows = 0;
	bool has_number = false, fits;
	int64_t n;

	const size_t n_cells = split(fe_str_of(t->last), d->sniff.delimiter, cells, FE_DRAFT_TRAILER_CELLS);
	for (size_t i = 1; i < n_cells && !rows; i++) {
		const bool is_number = fe_int_parse(cells[i], &n) == FE_DECIMAL_OK;
		has_number |= is_number;
		if (is_number && n >= 0 && (uint64_t)n == t->record - 1)
			rows = i + 1;
	}
	if (t->is_broken)
		fits = rows || (is_one_of(cells[0], N_ALONE) && !has_number);
	else
		fits = is_one_of(cells[0], rows ? sizeof trailer_words / sizeof trailer_words[0] : N_ALONE);
	fits = fits && is_word(cells[0]) && (!t->starts[0] || (fe_str_is(cells[0], t->starts) && rows == t->rows));
	t->is_none |= !fits;
	if (fits) {
		(void)snprintf(t->starts, sizeof t->starts, "%.*s", FE_STR_ARGS(cells[0]));
		t->rows = rows;
	}
}

void
fe_draft_trailer_see(struct fe_draft_dataset *d, const struct fe_batch *b)
{
	struct fe_draft_trailer *t = &d->trailer;

	if (!b->n_rows)
		return;
	if (t->record && t->object != b->object)
		end_object(d);
	const size_t row = b->n_rows - 1;
	const struct fe_str raw = b->origin[row].raw;
	t->object = b->object;
	t->record = b->origin[row].record;
	t->is_broken = fe_bit_get(b->broken, row);
	(void)snprintf(t->last, sizeof t->last, "%.*s", raw.n < sizeof t->last ? (int)raw.n : 0, raw.n ? raw.p : "");
}

void
fe_draft_trailer_decide(struct fe_draft_dataset *d)
{
	struct fe_draft_trailer *t = &d->trailer;

	if (t->record)
		end_object(d);
	if (t->is_none || d->is_partial)
		*t = (struct fe_draft_trailer){ 0 };
}

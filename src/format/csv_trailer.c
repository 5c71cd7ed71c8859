// SPDX-License-Identifier: Apache-2.0
/* format/csv_trailer.c - the record that is no data
 *
 * Its first cell is held against the mark on the quick way through plain records as well,
 * which therefore is no more than a comparison of lengths for nearly all of them. The
 * trailer is kept with copies of its cells, as its block is gone by the end of the file.
 */
#include "format/csv_reader.h"

void
fe_csv_expect_trailer(struct fe_csv_reader *r, const struct fe_csv_mark *mark)
{
	FE_ASSERT(!r->mark_of_trailer);
	r->mark_of_trailer = mark;
	if (mark->pattern)
		r->space = fe_regex_space_new();
}

const struct fe_csv_record *
fe_csv_trailer(const struct fe_csv_reader *r)
{
	return r->has_trailer ? &r->trailer : NULL;
}

enum fe_rc
fe_csv_is_trailer(const struct fe_csv_reader *r, struct fe_str first, bool *is_it, struct fe_err *err)
{
	const struct fe_csv_mark *mark = r->mark_of_trailer;

	*is_it = false;
	if (!mark)
		return FE_OK;
	if (!mark->pattern) {
		*is_it = first.n >= mark->text.n && fe_str_eq(fe_text_trim(first), mark->text);
		return FE_OK;
	}
	if (!fe_utf8_is_valid(first))
		return FE_OK; /* a pattern is of text */
	return fe_regex_search(mark->pattern, r->space, fe_text_trim(first), is_it, err);
}

void
fe_csv_keep_trailer(struct fe_csv_reader *r, const struct fe_csv_record *record)
{
	struct fe_str *cells = fe_arena_alloc(&r->header_bytes, record->n_cells * sizeof *cells);

	for (size_t i = 0; i < record->n_cells; i++) {
		const struct fe_str cell = fe_text_trim(record->cells[i]);
		cells[i] = (struct fe_str){ fe_arena_copy(&r->header_bytes, cell.n ? cell.p : "", cell.n), cell.n };
	}
	r->trailer = *record;
	r->trailer.raw = (struct fe_str){ 0 };
	r->trailer.cells = cells;
	r->has_trailer = true;
}

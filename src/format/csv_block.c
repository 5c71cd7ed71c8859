// SPDX-License-Identifier: Apache-2.0
/* format/csv_block.c - blocks of input, and the index of them */
#include "format/csv_reader.h"

/* False where it takes more bytes to tell. */
static bool
begin_input(struct fe_csv_reader *r)
{
	size_t n = r->block.n < FE_CSV_BOM_BYTES ? r->block.n : FE_CSV_BOM_BYTES;
	bool may_be_bom = n > 0 && memcmp(r->block.p, FE_CSV_BOM, n) == 0;
	if (may_be_bom && n < FE_CSV_BOM_BYTES && !r->is_last)
		return false;
	if (may_be_bom && n == FE_CSV_BOM_BYTES) {
		r->has_bom = true;
		r->start = FE_CSV_BOM_BYTES;
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
	if (block.n >= FE_CSV_PLACE)
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
	fe_csv_restart_index(r);
	return FE_OK;
}

/* Whether there is a byte order mark in a piece or across its start. */
static bool
has_bom(const struct fe_csv_reader *r, size_t from, size_t to)
{
	from = from - r->start >= FE_CSV_BOM_BYTES ? from - (FE_CSV_BOM_BYTES - 1) : r->start;
	while (to - from >= FE_CSV_BOM_BYTES) {
		size_t n_starts = to - from - (FE_CSV_BOM_BYTES - 1);
		const char *p = memchr(r->block.p + from, FE_CSV_BOM[0], n_starts);
		if (!p)
			return false;
		if (memcmp(p, FE_CSV_BOM, FE_CSV_BOM_BYTES) == 0)
			return true;
		from = (size_t)(p - r->block.p) + 1;
	}
	return false;
}

void
fe_csv_restart_index(struct fe_csv_reader *r)
{
	fe_csv_scan_restart(&r->scan);
	r->scanned = r->start;
	r->index.marks[0] = (uint32_t)r->start;
	r->index.n_marks = r->mark = 1;
	r->index.n_ends = r->end = 0;
}

static void
index_piece(struct fe_csv_reader *r)
{
	struct fe_csv_index *found = &r->index;
	const size_t n_left = r->block.n - r->scanned;
	const size_t n = n_left < FE_CSV_PIECE_BYTES ? n_left : FE_CSV_PIECE_BYTES;
	size_t n_kept = found->n_marks - r->mark + 1;

	if (n_kept > FE_CSV_KEPT_MARKS) { /* more cells than are plain: only its end is asked for */
		n_kept = 1;
		r->scan.is_odd = true;
	}
	memmove(found->marks, found->marks + r->mark - 1, n_kept * sizeof *found->marks);
	found->n_marks = n_kept;
	found->n_ends = 0;
	r->mark = 1;
	r->end = 0;
	r->scan_fn(&r->scan, r->block.p + r->scanned, n, (uint32_t)r->scanned, found);
	if (r->scan.saw & FE_CSV_SAW_HIGH && !r->has_bom_inside)
		r->has_bom_inside = has_bom(r, r->scanned, r->scanned + n);
	r->scanned += n;
}

bool
fe_csv_index_more(struct fe_csv_reader *r)
{
	FE_ASSERT(r->end == r->index.n_ends);
	do {
		if (r->scanned == r->block.n)
			return false;
		index_piece(r);
	} while (r->index.n_ends == 0);
	return true;
}

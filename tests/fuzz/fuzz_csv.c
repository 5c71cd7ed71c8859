// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_csv.c - the whole CSV reader, and what the writer makes of its records
 *
 * The first three bytes choose: whether records have a fixed number of cells, and how
 * many, and whether a record that begins with "T" is the trailer; the sizes of the blocks; the delimiter. The rest is the file. It must give the same
 * records and the same error in one block and in many, record by record and in bulk; and
 * records without a flaw, written, must read back the same.
 */
#include "../unit/format/csv_render.h"
#include "harness.h"

#define MAX_BYTES ((size_t)64 * 1024 * 1024)

struct cuts { uint64_t seed; size_t max_step; };

static size_t
cut_somewhere(void *ctx, size_t at)
{
	struct cuts *c = ctx;
	c->seed = c->seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return at + 1 + (size_t)(c->seed >> 33) % c->max_step;
}

static void
check_same(struct fe_str input, struct csv_way way, const struct fe_buf *want)
{
	struct fe_buf got;
	fe_buf_init(&got, MAX_BYTES);
	csv_render(input, &way, &got);
	FE_ASSERT(fe_str_eq(fe_buf_str(&got), fe_buf_str(want)));
	fe_buf_reset(&got);
}

/* Records as lines of cells in hex. */
static void
add_cells(struct fe_buf *out, const struct fe_str *cells, size_t n_cells)
{
	for (size_t i = 0; i < n_cells; i++)
		csv_render_cell(out, cells[i], true);
	fe_buf_add_char(out, '\n');
}

/* All flawless records: their cells to `cells`, and what the writer makes of them to
 * `written` where that is wanted. */
static void
read_flawless(struct fe_str input, struct fe_csv_dialect dialect, struct fe_buf *cells,
	      struct fe_buf *written)
{
	struct fe_csv_reader *r = fe_csv_reader_new(dialect);
	struct fe_arena arena = { 0 };
	struct fe_csv_record record;
	bool more = true;
	FE_ASSERT(fe_csv_feed(r, input, 0, true, &arena, NULL) == FE_OK);
	while (fe_csv_next(r, &record, &more, NULL) == FE_OK && more) {
		if (record.flaw != FE_CSV_NONE) {
			FE_ASSERT(written && record.n_cells == 0);
			continue;
		}
		add_cells(cells, record.cells, record.n_cells);
		if (written)
			fe_csv_add_record(written, record.cells, record.n_cells, dialect.delimiter);
	}
	fe_arena_free(&arena);
	fe_csv_reader_free(r);
}

static void
check_round_trip(struct fe_str input, struct fe_csv_dialect dialect)
{
	struct fe_buf cells, again, written;
	fe_buf_init(&cells, MAX_BYTES);
	fe_buf_init(&again, MAX_BYTES);
	fe_buf_init(&written, MAX_BYTES);
	read_flawless(input, dialect, &cells, &written);
	read_flawless(fe_buf_str(&written), dialect, &again, NULL);
	FE_ASSERT(!cells.failed && !written.failed);
	FE_ASSERT(fe_str_eq(fe_buf_str(&cells), fe_buf_str(&again)));
	fe_buf_reset(&cells);
	fe_buf_reset(&again);
	fe_buf_reset(&written);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	static const char delimiters[] = { ',', ';', '\t', '|' };
	static const struct fe_csv_mark trailer = { .text = { "T", 1 } };
	if (n_bytes < 3)
		return 0;
	const struct fe_str input = { (const char *)data + 3, n_bytes - 3 };
	struct cuts cuts = { .seed = data[1], .max_step = 1 + (size_t)(data[1] % 16) * (data[1] % 16) * 4 };
	struct csv_way way = {
		.dialect = { .delimiter = delimiters[data[2] % 4], .quote = data[2] & 4 ? 0 : '"' },
		.skip_lines = data[2] >> 6,
		.n_cells = data[0] % 6,
		.any_cells = data[0] & 128,
		.trailer = data[0] & 64 ? &trailer : NULL,
	};
	struct fe_buf whole;
	if (way.any_cells)
		way.n_cells = 0;
	fe_buf_init(&whole, MAX_BYTES);
	csv_render(input, &way, &whole);
	way.cut = cut_somewhere;
	way.cut_ctx = &cuts;
	check_same(input, way, &whole);
	if (!way.any_cells) {
		way.in_bulk = true;
		way.cap_rows = 1 + data[1] % 5;
		check_same(input, way, &whole);
		way.cut = NULL;
		way.cap_rows = 100;
		check_same(input, way, &whole);
	}
	if (way.dialect.quote)
		check_round_trip(input, way.dialect);
	fe_buf_reset(&whole);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/* csv_render.h - what a reader makes of an input, as one text, for tests and fuzzing
 *
 * One line a record: "#number @offset [cell][cell]", or "#number @offset !flaw raw".
 * Last comes the trailer, where one was expected and met, and "end", or "error" with code and place. Each block is a heap block of
 * exactly its size, so that a read past its end is seen.
 */
#ifndef FE_TESTS_CSV_RENDER_H
#define FE_TESTS_CSV_RENDER_H

#include "format/csv.h"

struct csv_way {
	struct fe_csv_dialect dialect; /* zeroed: comma and double quote */
	uint64_t skip_lines;
	size_t n_cells;      /* expected; 0: as many as the first record, the header, has */
	bool any_cells;      /* expect nothing; the first record is no header */
	bool in_bulk;        /* fe_csv_fill, not fe_csv_next */
	bool in_hex;         /* what was read, so that nothing in it can be mistaken */
	const struct fe_csv_mark *trailer; /* behind an expected number of cells; NULL: none */
	size_t cap_rows;     /* in bulk; 0: 4096 */
	/* Where the next block ends, given where the last one did. NULL: one block. */
	size_t (*cut)(void *ctx, size_t at);
	void *cut_ctx;
};

#define CSV_RENDER_MAX_BYTES ((size_t)256 * 1024 * 1024)

struct csv_render {
	const struct csv_way *way;
	struct fe_csv_reader *reader;
	struct fe_arena arena;
	struct fe_buf *out;
	bool has_header;
	size_t n_cells; /* of each record, in bulk */
	struct fe_csv_rows rows;
	uint32_t *wanted;
	struct fe_str **cells;
	uint64_t n_records;
};

static inline void
csv_render_bytes(struct fe_buf *out, struct fe_str s, bool in_hex)
{
	for (size_t i = 0; in_hex && i < s.n; i++)
		fe_buf_addf(out, "%02x", (unsigned)(unsigned char)s.p[i]);
	if (!in_hex)
		fe_buf_add_str(out, s);
}

static inline void
csv_render_cell(struct fe_buf *out, struct fe_str cell, bool in_hex)
{
	fe_buf_add_char(out, '[');
	csv_render_bytes(out, cell, in_hex);
	fe_buf_add_char(out, ']');
}

static inline void
csv_render_row(struct csv_render *c, const struct fe_origin *o, enum fe_csv_flaw flaw)
{
	fe_buf_addf(c->out, "#%llu @%llu ", (unsigned long long)o->record,
		    (unsigned long long)o->offset);
	if (flaw != FE_CSV_NONE) {
		fe_buf_addf(c->out, "!%s ", fe_csv_flaw_code(flaw));
		csv_render_bytes(c->out, o->raw, c->way->in_hex);
	}
}

static inline void
csv_render_rows_new(struct csv_render *c)
{
	size_t cap = c->way->cap_rows ? c->way->cap_rows : 4096;
	c->wanted = fe_new_array(c->n_cells, uint32_t);
	c->cells = fe_new_array(c->n_cells, struct fe_str *);
	for (uint32_t i = 0; i < c->n_cells; i++) {
		c->wanted[i] = i;
		c->cells[i] = fe_new_array(cap, struct fe_str);
	}
	c->rows = (struct fe_csv_rows){
		.wanted = c->wanted,
		.cells = c->cells,
		.n_wanted = c->n_cells,
		.origin = fe_new_array(cap, struct fe_origin),
		.flaws = fe_new_array(cap, uint8_t),
		.cap_rows = cap,
	};
}

static inline void
csv_render_rows_free(struct csv_render *c)
{
	for (size_t i = 0; c->cells && i < c->n_cells; i++)
		fe_free(c->cells[i]);
	fe_free(c->cells);
	fe_free(c->wanted);
	fe_free(c->rows.origin);
	fe_free(c->rows.flaws);
}

static inline enum fe_rc
csv_render_bulk(struct csv_render *c, struct fe_err *err)
{
	struct fe_csv_rows *rows = &c->rows;
	enum fe_rc rc;
	do {
		rows->n_rows = 0;
		rc = fe_csv_fill(c->reader, rows, err);
		for (size_t row = 0; row < rows->n_rows; row++) {
			csv_render_row(c, &rows->origin[row], rows->flaws[row]);
			for (size_t i = 0; i < c->n_cells && rows->flaws[row] == FE_CSV_NONE; i++)
				csv_render_cell(c->out, rows->cells[i][row], c->way->in_hex);
			fe_buf_add_char(c->out, '\n');
		}
	} while (rc == FE_OK && rows->n_rows > 0);
	return rc;
}

static inline enum fe_rc
csv_render_block(struct csv_render *c, struct fe_err *err)
{
	for (;;) {
		struct fe_csv_record record;
		bool more;
		if (c->has_header && c->way->in_bulk)
			return csv_render_bulk(c, err);
		FE_TRY(fe_csv_next(c->reader, &record, &more, err));
		if (!more)
			return FE_OK;
		if (!c->has_header) {
			c->has_header = true;
			c->n_cells = record.n_cells;
			if (record.flaw != FE_CSV_NONE)
				return fe_fail(err, FE_EDATA, "header");
			fe_csv_expect(c->reader, record.n_cells, record.cells);
			if (c->way->trailer)
				fe_csv_expect_trailer(c->reader, c->way->trailer);
			if (c->way->in_bulk)
				csv_render_rows_new(c);
			continue;
		}
		if (record.is_trailer)
			continue;
		struct fe_origin origin = { ++c->n_records, record.offset, record.raw };
		csv_render_row(c, &origin, record.flaw);
		for (size_t i = 0; i < record.n_cells; i++)
			csv_render_cell(c->out, record.cells[i], c->way->in_hex);
		fe_buf_add_char(c->out, '\n');
	}
}

static inline enum fe_rc
csv_render_blocks(struct csv_render *c, struct fe_str input, struct fe_err *err)
{
	const struct csv_way *way = c->way;
	enum fe_rc rc;
	size_t from = 0, to = 0;
	do {
		to = way->cut ? way->cut(way->cut_ctx, to) : input.n;
		if (to > input.n)
			to = input.n;
		char *block = fe_alloc(to - from);
		if (to > from)
			memcpy(block, input.p + from, to - from);
		rc = fe_csv_feed(c->reader, (struct fe_str){ block, to - from }, from,
				 to == input.n, &c->arena, err);
		if (rc == FE_OK)
			rc = csv_render_block(c, err);
		from = to - fe_csv_rest(c->reader);
		fe_arena_reset(&c->arena);
		fe_free(block);
	} while (rc == FE_OK && to < input.n);
	if (rc == FE_OK && from != input.n)
		rc = fe_fail(err, FE_EBUG, "%zu bytes are left at the end", input.n - from);
	return rc;
}

static inline void
csv_render_trailer(struct csv_render *c)
{
	const struct fe_csv_record *t = fe_csv_trailer(c->reader);
	if (!t)
		return;
	fe_buf_addf(c->out, "trailer line %llu @%llu ", (unsigned long long)t->line, (unsigned long long)t->offset);
	for (size_t i = 0; i < t->n_cells; i++)
		csv_render_cell(c->out, t->cells[i], c->way->in_hex);
	fe_buf_add_char(c->out, '\n');
}

/* Appends to out. */
static inline void
csv_render(struct fe_str input, const struct csv_way *way, struct fe_buf *out)
{
	struct fe_csv_dialect comma = { .delimiter = ',', .quote = '"' };
	struct csv_render c = {
		.way = way,
		.reader = fe_csv_reader_new(way->dialect.delimiter ? way->dialect : comma),
		.out = out,
		.has_header = way->any_cells || way->n_cells,
		.n_cells = way->n_cells,
	};
	struct fe_err err = FE_ERR_INIT;
	if (way->n_cells) {
		fe_csv_expect(c.reader, way->n_cells, NULL);
		if (way->trailer)
			fe_csv_expect_trailer(c.reader, way->trailer);
		if (way->in_bulk)
			csv_render_rows_new(&c);
	}
	fe_csv_skip_lines(c.reader, way->skip_lines);
	enum fe_rc rc = csv_render_blocks(&c, input, &err);
	csv_render_trailer(&c);
	if (rc == FE_OK)
		fe_buf_add_text(out, "end\n");
	else
		fe_buf_addf(out, "error %s record %llu line %llu column %llu: %s\n",
			    fe_rc_name(err.rc), (unsigned long long)err.record,
			    (unsigned long long)err.line, (unsigned long long)err.column, err.text);
	csv_render_rows_free(&c);
	fe_csv_reader_free(c.reader);
	fe_arena_free(&c.arena);
}

#endif

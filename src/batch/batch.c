// SPDX-License-Identifier: Apache-2.0
/* batch/batch.c - the batch, its verdicts and reasons */
#include "batch/batch.h"

#include <stdio.h>

#include "base/cache.h"

/* A record may be as long as 8 MiB, and stands behind at most one block. */
#define MAX_INPUT_BYTES (16u * 1024 * 1024)

const char fe_cell_null[1], fe_cell_no_value[1];

const char *
fe_verdict_name(enum fe_verdict v)
{
	static const char *const names[] = {
#define FE_X(name, text) [FE_##name] = text,
		FE_VERDICT_MAP(FE_X)
#undef FE_X
	};
	return names[v];
}

void
fe_batch_init_small(struct fe_batch *b, const struct fe_schema *schema, size_t n_rows)
{
	FE_ASSERT(n_rows > 0 && n_rows <= FE_BATCH_ROWS && n_rows % 64 == 0);
	*b = (struct fe_batch){
		.schema = schema,
		.cells = fe_new_array(schema->n_source + 1, struct fe_str *),
		.columns = fe_new_array(schema->n_fields + 1, struct fe_column),
		.origin = fe_new_array(n_rows, struct fe_origin),
		.verdict = fe_new_array(n_rows, uint8_t),
		.broken = fe_new_array(FE_BITMAP_WORDS(n_rows), uint64_t),
		.failed = fe_new_array(FE_BITMAP_WORDS(n_rows), uint64_t),
	};
	for (size_t i = 0; i < schema->n_source; i++)
		b->cells[i] = fe_new_array(n_rows, struct fe_str);
	for (size_t i = 0; i < schema->n_fields; i++)
		fe_column_init(&b->columns[i], schema->fields[i].type, n_rows);
	fe_buf_init(&b->input, MAX_INPUT_BYTES);
}

void
fe_batch_init(struct fe_batch *b, const struct fe_schema *schema)
{
	fe_batch_init_small(b, schema, FE_BATCH_ROWS);
}

void
fe_batch_reset(struct fe_batch *b)
{
	if (b->schema) {
		for (size_t i = 0; i < b->schema->n_source; i++)
			fe_free(b->cells[i]);
		for (size_t i = 0; i < b->schema->n_fields; i++)
			fe_column_reset(&b->columns[i]);
	}
	fe_free(b->cells);
	fe_free(b->columns);
	fe_free(b->origin);
	fe_free(b->verdict);
	fe_free(b->broken);
	fe_free(b->failed);
	fe_free(b->reasons);
	fe_arena_free(&b->arena);
	fe_buf_reset(&b->input);
	*b = (struct fe_batch){ 0 };
}

void
fe_batch_clear(struct fe_batch *b)
{
	b->n_rows = 0;
	b->ascii = false;
	b->n_reasons = 0;
	memset(b->verdict, FE_KEPT, FE_BATCH_ROWS);
	fe_bits_fill(b->broken, FE_BATCH_ROWS, false);
	fe_bits_fill(b->failed, FE_BATCH_ROWS, false);
	fe_arena_reset(&b->arena);
}

/* Cells are left out: but for those of rejects, nobody else reads them. */
void
fe_batch_let_go(const struct fe_batch *b)
{
	for (size_t i = 0; i < b->schema->n_fields; i++)
		fe_column_let_go(&b->columns[i], b->n_rows);
	fe_cache_let_go(b->origin, b->n_rows * sizeof *b->origin);
	fe_cache_let_go(b->input.p, b->input.n_bytes);
}

void
fe_batch_add_reason(struct fe_batch *b, size_t row, uint32_t reason_id, struct fe_str detail)
{
	b->reasons = fe_grow(b->reasons, &b->cap_reasons, b->n_reasons + 1, sizeof *b->reasons);
	b->reasons[b->n_reasons++] =
		(struct fe_reason){ .row = (uint32_t)row, .id = reason_id, .detail = detail };
	fe_bit_set(b->failed, row);
}

void
fe_batch_reject_failed(struct fe_batch *b)
{
	for (size_t w = 0; w < FE_BITMAP_WORDS(b->n_rows); w++) {
		for (uint64_t m = b->failed[w]; m; m &= m - 1) {
			size_t row = w * 64 + (size_t)__builtin_ctzll(m);
			if (b->verdict[row] == FE_KEPT)
				b->verdict[row] = FE_REJECTED;
		}
	}
}

void
fe_batch_cut(struct fe_batch *b, size_t n_rows)
{
	size_t n_left = 0;
	for (size_t i = 0; i < b->n_reasons; i++)
		if (b->reasons[i].row < n_rows)
			b->reasons[n_left++] = b->reasons[i];
	b->n_reasons = n_left;
	b->n_rows = n_rows;
}

size_t
fe_batch_count(const struct fe_batch *b, enum fe_verdict v)
{
	size_t n = 0;
	for (size_t i = 0; i < b->n_rows; i++)
		n += b->verdict[i] == v;
	return n;
}

/* A counting sort: stable, and linear however many rows fail. */
void
fe_batch_sort_reasons(struct fe_batch *b)
{
	bool sorted = true;
	for (size_t i = 1; i < b->n_reasons && sorted; i++)
		sorted = b->reasons[i - 1].row <= b->reasons[i].row;
	if (sorted)
		return;

	uint32_t *start = fe_new_array(b->n_rows + 1, uint32_t);
	struct fe_reason *in_order = fe_new_array(b->cap_reasons, struct fe_reason);
	for (size_t i = 0; i < b->n_reasons; i++)
		start[b->reasons[i].row + 1]++;
	for (size_t r = 0; r < b->n_rows; r++)
		start[r + 1] += start[r];
	for (size_t i = 0; i < b->n_reasons; i++)
		in_order[start[b->reasons[i].row]++] = b->reasons[i];
	fe_free(start);
	fe_free(b->reasons);
	b->reasons = in_order;
}

uint32_t
fe_reason_id(struct fe_reason_table *t, const char *column, const char *code)
{
	char text[160];
	(void)snprintf(text, sizeof text, "%s%s%s", column ? column : "", column ? ":" : "", code);
	for (size_t i = 0; i < t->n_texts; i++)
		if (strcmp(t->texts[i], text) == 0)
			return (uint32_t)i;
	t->texts = fe_grow(t->texts, &t->cap_texts, t->n_texts + 1, sizeof *t->texts);
	t->texts[t->n_texts] = fe_strdup(text);
	return (uint32_t)t->n_texts++;
}

const char *fe_reason_text(const struct fe_reason_table *t, uint32_t id) { return t->texts[id]; }

void
fe_reason_table_reset(struct fe_reason_table *t)
{
	for (size_t i = 0; i < t->n_texts; i++)
		fe_free(t->texts[i]);
	fe_free(t->texts);
	*t = (struct fe_reason_table){ 0 };
}

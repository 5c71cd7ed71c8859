// SPDX-License-Identifier: Apache-2.0
/* quality/keyset.c - see quality/keyset.h
 *
 * Rows are looked up some at a time: first all their keys are hashed and what a search will
 * read is asked for, then each is searched, so that they wait for memory together.
 */
#include "quality/keyset.h"

#define TOGETHER 32
#define MIN_BYTES (UINT64_C(2) << 20) /* below it, every batch would go to disk by itself */
#define LENGTH_BYTES sizeof(uint32_t)

void
fe_keyset_init(struct fe_keyset *s, size_t value_bytes, uint64_t max_bytes, const char *spill_folder)
{
	const bool spills = max_bytes && spill_folder;

	*s = (struct fe_keyset){ 0 };
	fe_hash_key_random(&s->hash_key);
	fe_keytable_init(&s->table, value_bytes, spills && max_bytes < MIN_BYTES ? MIN_BYTES : max_bytes, &s->hash_key);
	if (spills)
		fe_keytable_spill_to(&s->table, spill_folder);
}

void
fe_keyset_reset(struct fe_keyset *s)
{
	fe_keytable_reset(&s->table);
	fe_arena_free(&s->arena);
	fe_free(s->values);
	*s = (struct fe_keyset){ 0 };
}

enum fe_rc
fe_keyset_has(struct fe_keyset *s, struct fe_str key, bool *has, struct fe_err *err)
{
	uint64_t hash = fe_hash64(&s->hash_key, key.p, key.n);

	FE_TRY(fe_keytable_begin(&s->table, 1, key.n, err));
	FE_TRY(fe_keytable_recall(&s->table, &hash, &key, NULL, 1, err));
	*has = fe_keytable_find(&s->table, hash, key) != NULL;
	return FE_OK;
}

/* ---- keys of several columns ---- */

static size_t
part_bytes(const struct fe_column *c, size_t row)
{
	if (!fe_bit_get(c->valid, row))
		return 1;
	return 1 + (c->type.kind == FE_TEXT ? LENGTH_BYTES + c->text[row].n : sizeof(int64_t));
}

static char *
put_part(char *p, const struct fe_column *c, size_t row)
{
	*p++ = (char)fe_bit_get(c->valid, row);
	if (!p[-1])
		return p;
	if (c->type.kind != FE_TEXT) {
		int64_t number = fe_keyset_number(c, row);
		memcpy(p, &number, sizeof number);
		return p + sizeof number;
	}
	uint32_t length = (uint32_t)c->text[row].n; /* a cell is far below 4 GiB */
	memcpy(p, &length, LENGTH_BYTES);
	if (length)
		memcpy(p + LENGTH_BYTES, c->text[row].p, length);
	return p + LENGTH_BYTES + length;
}

static struct fe_str
key_of_several(const struct fe_batch *b, const size_t *columns, size_t n_columns, size_t row, struct fe_arena *arena)
{
	size_t n_bytes = 0;

	for (size_t i = 0; i < n_columns; i++)
		n_bytes += part_bytes(&b->columns[columns[i]], row);
	char *start = fe_arena_bytes(arena, n_bytes), *p = start;
	for (size_t i = 0; i < n_columns; i++)
		p = put_part(p, &b->columns[columns[i]], row);
	return (struct fe_str){ start, n_bytes };
}

/* ---- taking rows in ---- */

struct group {
	size_t n;
	size_t rows[TOGETHER];
	struct fe_str keys[TOGETHER];
	int64_t numbers[TOGETHER]; /* what keys of a single column that is no text are views of */
	uint64_t hashes[TOGETHER];
};

static void
add_to_group(struct fe_keyset *s, struct group *g, const struct fe_batch *b, const size_t *columns, size_t n_columns,
             size_t row)
{
	const struct fe_column *c = &b->columns[columns[0]];
	size_t i = g->n++;

	if (n_columns > 1) {
		g->keys[i] = key_of_several(b, columns, n_columns, row, &s->arena);
	} else if (c->type.kind == FE_TEXT) {
		g->keys[i] = c->text[row];
	} else {
		g->numbers[i] = fe_keyset_number(c, row);
		g->keys[i] = (struct fe_str){ (const char *)&g->numbers[i], sizeof g->numbers[i] };
	}
	g->rows[i] = row;
	g->hashes[i] = fe_hash64(&s->hash_key, g->keys[i].p, g->keys[i].n);
	fe_keytable_prefetch(&s->table, g->hashes[i]);
}

static enum fe_rc
take_group(struct fe_keyset *s, struct group *g, struct fe_err *err)
{
	FE_TRY(fe_keytable_recall(&s->table, g->hashes, g->keys, NULL, g->n, err));
	for (size_t i = 0; i < g->n; i++)
		fe_keytable_prefetch_entry(&s->table, g->hashes[i]);
	for (size_t i = 0; i < g->n; i++) {
		void *value = fe_keytable_find(&s->table, g->hashes[i], g->keys[i]);
		if (!value)
			FE_TRY(fe_keytable_add(&s->table, g->hashes[i], g->keys[i], &value, err));
		s->values[g->rows[i]] = value;
	}
	g->n = 0;
	return FE_OK;
}

/* Room for all that the rows may add. */
static enum fe_rc
begin(struct fe_keyset *s, const struct fe_batch *b, const size_t *columns, size_t n_columns, const uint64_t *rows,
      struct fe_err *err)
{
	uint64_t n_bytes = 0;
	size_t n = 0;

	for (size_t row = fe_bits_next(rows, b->n_rows, 0); row < b->n_rows; row = fe_bits_next(rows, b->n_rows, row + 1), n++)
		for (size_t i = 0; i < n_columns; i++)
			n_bytes += part_bytes(&b->columns[columns[i]], row);
	return fe_keytable_begin(&s->table, n, n_bytes, err);
}

enum fe_rc
fe_keyset_take(struct fe_keyset *s, const struct fe_batch *b, const size_t *columns, size_t n_columns,
               const uint64_t *rows, struct fe_err *err)
{
	struct group g;

	if (s->table.runs)
		FE_TRY(begin(s, b, columns, n_columns, rows, err));
	g.n = 0;
	fe_arena_reset(&s->arena);
	s->values = fe_grow(s->values, &s->cap_values, b->n_rows, sizeof *s->values);
	for (size_t row = fe_bits_next(rows, b->n_rows, 0); row < b->n_rows; row = fe_bits_next(rows, b->n_rows, row + 1)) {
		add_to_group(s, &g, b, columns, n_columns, row);
		if (g.n == TOGETHER)
			FE_TRY(take_group(s, &g, err));
	}
	return take_group(s, &g, err);
}

// SPDX-License-Identifier: Apache-2.0
/* pipeline/parent.c - this run's keys, those it has added, those remembered, then the warehouse */
#include "pipeline/parent.h"

#include "pipeline/memory.h"
#include "pipeline/run_dataset.h"
#include "transform/fit.h"
#include "transform/key.h"

#define MAX_ROOM_BYTES (UINT64_C(64) << 20) /* of keys remembered, a table */

void
fe_parent_init(struct fe_parent *p, struct fe_run_context *run, size_t table)
{
	uint64_t most = fe_memory_of_parents(run->set);

	*p = (struct fe_parent){ .run = run, .table = table, .room_bytes = MAX_ROOM_BYTES };
	if (most != UINT64_MAX && run->set->plan->tables[table].takes_placeholders)
		p->made_bytes = most = most / 2;
	if (most < MAX_ROOM_BYTES)
		p->room_bytes = most;
	fe_keytable_init(&p->stored, 0, 0, &run->hash_key);
	fe_keytable_init(&p->made, 0, p->made_bytes, &run->hash_key);
}

void
fe_parent_reset(struct fe_parent *p)
{
	fe_key_memo_reset(&p->memo);
	fe_keytable_reset(&p->stored);
	fe_keytable_reset(&p->made);
}

static bool
is_any(const uint64_t *words, size_t n_rows)
{
	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++)
		if (words[w])
			return true;
	return false;
}

/* Sets the bits of the rows of `open` whose value is remembered, and takes them off it. */
static void
recall(const struct fe_parent *p, const struct fe_column *column, size_t n_rows, uint64_t *open, uint64_t *known)
{
	int64_t number;

	if (!p->stored.n_keys)
		return;
	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++) {
		for (uint64_t m = open[w]; m; m &= m - 1) {
			struct fe_str key = fe_key_single(column, w * 64 + (size_t)__builtin_ctzll(m), &number);
			if (fe_keytable_find(&p->stored, fe_hash64(p->stored.hash_key, key.p, key.n), key))
				known[w] |= m & -m;
		}
		open[w] &= ~known[w];
	}
}

static enum fe_rc
remember(struct fe_parent *p, const struct fe_column *column, size_t row, struct fe_err *err)
{
	int64_t number;
	void *value;
	struct fe_str key = fe_key_single(column, row, &number);
	uint64_t hash = fe_hash64(p->stored.hash_key, key.p, key.n);

	if (fe_keytable_bytes(&p->stored) >= p->room_bytes || fe_keytable_find(&p->stored, hash, key))
		return FE_OK;
	return fe_keytable_add(&p->stored, hash, key, &value, err);
}

/* The keys of this run, and first those that have been asked of it before. */
static enum fe_rc
ask_run(struct fe_parent *p, const struct fe_column *column, const uint64_t *asked, size_t n_rows, uint64_t *known,
        struct fe_err *err)
{
	const uint64_t room = p->room_bytes / 16;
	struct fe_dedupe *keys = p->run->keys[p->table];
	struct fe_row_bits open;

	if (!keys)
		return FE_OK;
	if (!p->has_memo && !fe_dedupe_is_numbered(keys))
		fe_key_memo_init(&p->memo, fe_dedupe_n_keys(keys), room < FE_KEY_MEMO_MAX_BYTES ? room : FE_KEY_MEMO_MAX_BYTES,
				 &p->run->hash_key);
	p->has_memo = true;
	fe_key_memo_recall(&p->memo, column, asked, n_rows, known);
	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++)
		open.words[w] = asked[w] & ~known[w];
	if (!is_any(open.words, n_rows))
		return FE_OK;
	FE_TRY(fe_dedupe_known(keys, column, open.words, n_rows, known, err));
	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++)
		open.words[w] &= known[w];
	fe_key_memo_add(&p->memo, column, open.words, n_rows);
	return FE_OK;
}

/* Those of records are remembered. made: rows that the warehouse has placeholders for. */
static enum fe_rc
ask_warehouse(struct fe_parent *p, const struct fe_column *column, const uint64_t *asked, size_t n_rows, uint64_t *known,
              uint64_t *made, struct fe_err *err)
{
	struct fe_sink *sink = p->run->sink;
	struct fe_row_bits open;

	if (p->run->keys[p->table] && p->run->table_was_empty[p->table])
		return FE_OK;
	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++)
		open.words[w] = asked[w] & ~known[w];
	recall(p, column, n_rows, open.words, known);
	if (!is_any(open.words, n_rows))
		return FE_OK;
	FE_TRY(sink->ops->has(sink, p->table, column, open.words, n_rows, known, made, err));
	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++)
		for (uint64_t m = open.words[w] & known[w]; m; m &= m - 1)
			FE_TRY(remember(p, column, w * 64 + (size_t)__builtin_ctzll(m), err));
	return FE_OK;
}

enum fe_rc
fe_parent_known(void *ctx, const struct fe_column *column, const uint64_t *asked, size_t n_rows, uint64_t *known,
                struct fe_err *err)
{
	struct fe_row_bits made = { 0 };

	FE_TRY(ask_run(ctx, column, asked, n_rows, known, err));
	return ask_warehouse(ctx, column, asked, n_rows, known, made.words, err);
}

enum fe_rc
fe_parent_has_row(struct fe_parent *p, const struct fe_column *column, const uint64_t *asked, size_t n_rows, uint64_t *known,
                  struct fe_err *err)
{
	struct fe_row_bits made = { 0 };
	uint32_t rows[FE_BATCH_ROWS];
	size_t n = 0, n_new;

	FE_TRY(ask_run(p, column, asked, n_rows, known, err));
	if (p->made.n_keys)
		FE_TRY(fe_key_known(&p->made, column, asked, n_rows, known, err));
	FE_TRY(ask_warehouse(p, column, asked, n_rows, known, made.words, err));
	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++) {
		for (uint64_t m = made.words[w] & ~known[w]; m; m &= m - 1)
			rows[n++] = (uint32_t)(w * 64 + (size_t)__builtin_ctzll(m));
		known[w] |= made.words[w];
	}
	return n ? fe_parent_add(p, column, rows, n, &n_new, err) : FE_OK;
}

/* At most so many at a time: the table makes room for them all. */
#define ADDED_AT_ONCE 64

static enum fe_rc
add_some(struct fe_parent *p, const struct fe_column *column, const uint32_t *rows, size_t n, uint32_t *new_rows,
         size_t *n_new, struct fe_err *err)
{
	struct fe_str keys[ADDED_AT_ONCE];
	uint64_t hashes[ADDED_AT_ONCE], n_key_bytes = 0;
	int64_t numbers[ADDED_AT_ONCE];
	void *value;

	for (size_t i = 0; i < n; i++) {
		keys[i] = fe_key_single(column, rows[i], &numbers[i]);
		hashes[i] = fe_hash64(p->made.hash_key, keys[i].p, keys[i].n);
		n_key_bytes += keys[i].n;
	}
	FE_TRY(fe_keytable_begin(&p->made, n, n_key_bytes, err));
	FE_TRY(fe_keytable_recall(&p->made, hashes, keys, NULL, n, err));
	for (size_t i = 0; i < n; i++) {
		if (fe_keytable_find(&p->made, hashes[i], keys[i]))
			continue;
		FE_TRY(fe_keytable_add(&p->made, hashes[i], keys[i], &value, err));
		new_rows[(*n_new)++] = rows[i];
	}
	return FE_OK;
}

enum fe_rc
fe_parent_add(struct fe_parent *p, const struct fe_column *column, uint32_t *rows, size_t n, size_t *n_new, struct fe_err *err)
{
	if (p->made.n_keys == 0 && p->made_bytes && p->run->folder)
		fe_keytable_spill_to(&p->made, p->run->folder);
	*n_new = 0; /* never ahead of i: rows is read before it is written */
	for (size_t i = 0; i < n; i += ADDED_AT_ONCE)
		FE_TRY(add_some(p, column, rows + i, n - i < ADDED_AT_ONCE ? n - i : ADDED_AT_ONCE, rows, n_new, err));
	return FE_OK;
}

// SPDX-License-Identifier: Apache-2.0
/* batch/groups.c - see batch/groups.h
 *
 * The key of a group is a byte for each value that says whether there is one, its length in
 * four bytes, and its text. Slots are half empty at most, and never freed but all together.
 */
#include "batch/groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define MAX_SHOWN_BYTES 80

_Static_assert(FE_GROUPS_MAX * 2 < FE_GROUPS_N_SLOTS, "slots are half empty");

void
fe_groups_init(struct fe_groups *g, const struct fe_schema *schema, const size_t *columns, size_t n_columns, size_t n_figures)
{
	FE_ASSERT(n_columns > 0 && n_columns <= FE_GROUPS_MAX_COLUMNS);
	*g = (struct fe_groups){ .schema = schema, .columns = columns, .n_columns = n_columns, .n_figures = n_figures };
	g->slots = fe_new_array(FE_GROUPS_N_SLOTS, uint16_t);
	g->hash_key = fe_new(struct fe_hash_key);
	fe_hash_key_random(g->hash_key);
	fe_buf_init(&g->key, 2 * FE_GROUPS_MAX_BYTES * FE_GROUPS_MAX_COLUMNS);
}

void
fe_groups_reset(struct fe_groups *g)
{
	fe_free(g->keys);
	fe_free(g->figures);
	fe_free(g->slots);
	fe_free(g->hash_key);
	fe_arena_free(&g->arena);
	fe_buf_reset(&g->key);
	*g = (struct fe_groups){ 0 };
}

void
fe_groups_clear(struct fe_groups *g)
{
	if (!g)
		return;
	g->n_items = g->n_bytes = g->last = 0;
	memset(g->slots, 0, FE_GROUPS_N_SLOTS * sizeof *g->slots);
	fe_arena_reset(&g->arena);
}

static enum fe_rc
fail_too_many(const struct fe_groups *g, struct fe_err *err)
{
	struct fe_buf names;

	fe_buf_init(&names, 512);
	for (size_t i = 0; i < g->n_columns; i++)
		fe_buf_addf(&names, "%s%s", i ? ", " : "", g->schema->fields[g->columns[i]].name);
	enum fe_rc rc = fe_fail(err, FE_ELIMIT, "sum_by: there are more than %d groups (or %zu KiB of their values) by %s; sums are split "
				"by columns of few values, as a currency", FE_GROUPS_MAX, FE_GROUPS_MAX_BYTES / 1024, fe_buf_text(&names));
	fe_buf_reset(&names);
	return rc;
}

static enum fe_rc
add_group(struct fe_groups *g, struct fe_str key, size_t slot, struct fe_err *err)
{
	if (g->n_items == FE_GROUPS_MAX || key.n > FE_GROUPS_MAX_BYTES - g->n_bytes)
		return fail_too_many(g, err);
	g->keys = fe_grow(g->keys, &g->cap_keys, g->n_items + 1, sizeof *g->keys);
	g->keys[g->n_items] = (struct fe_str){ fe_arena_copy(&g->arena, key.p, key.n), key.n };
	g->figures = fe_grow(g->figures, &g->cap_figures, (g->n_items + 1) * g->n_figures, sizeof *g->figures);
	memset(fe_groups_figures(g, g->n_items), 0, g->n_figures * sizeof *g->figures);
	g->n_bytes += key.n;
	g->last = g->n_items++;
	g->slots[slot] = (uint16_t)g->n_items;
	return FE_OK;
}

/* By the key in the scratch buffer. */
static enum fe_rc
find(struct fe_groups *g, size_t *item, struct fe_err *err)
{
	const struct fe_str key = fe_buf_str(&g->key);

	if (g->key.failed)
		return fail_too_many(g, err);
	if (g->n_items && fe_str_eq(g->keys[g->last], key)) {
		*item = g->last;
		return FE_OK;
	}
	size_t slot = fe_hash64(g->hash_key, key.p, key.n) % FE_GROUPS_N_SLOTS;
	for (; g->slots[slot]; slot = (slot + 1) % FE_GROUPS_N_SLOTS) {
		g->last = (size_t)g->slots[slot] - 1;
		if (fe_str_eq(g->keys[g->last], key)) {
			*item = g->last;
			return FE_OK;
		}
	}
	FE_TRY(add_group(g, key, slot, err));
	*item = g->last;
	return FE_OK;
}

static void
set_length(struct fe_buf *key, size_t at, size_t n_bytes)
{
	uint32_t n = (uint32_t)n_bytes;
	if (!key->failed)
		memcpy(key->p + at, &n, sizeof n);
}

enum fe_rc
fe_groups_of_row(struct fe_groups *g, const struct fe_batch *b, size_t row, size_t *item, struct fe_err *err)
{
	static const char no_length[sizeof(uint32_t)];

	fe_buf_clear(&g->key);
	for (size_t i = 0; i < g->n_columns; i++) {
		const struct fe_column *c = &b->columns[g->columns[i]];
		bool has_value = fe_bit_get(c->valid, row);
		fe_buf_add_char(&g->key, (char)has_value);
		size_t at = g->key.n_bytes;
		fe_buf_add(&g->key, no_length, sizeof no_length);
		if (has_value)
			fe_column_print(c, row, &g->key);
		set_length(&g->key, at, g->key.n_bytes - at - sizeof no_length);
	}
	return find(g, item, err);
}

enum fe_rc
fe_groups_of_texts(struct fe_groups *g, const struct fe_str *values, size_t *item, struct fe_err *err)
{
	fe_buf_clear(&g->key);
	for (size_t i = 0; i < g->n_columns; i++) {
		uint32_t n = (uint32_t)values[i].n;
		fe_buf_add_char(&g->key, values[i].p != NULL);
		fe_buf_add(&g->key, &n, sizeof n);
		fe_buf_add_str(&g->key, values[i]);
	}
	return find(g, item, err);
}

enum fe_rc
fe_groups_add(struct fe_groups *g, size_t item, size_t figure, fe_i128 v, struct fe_err *err)
{
	fe_i128 *to = &fe_groups_figures(g, item)[figure];
	if (!__builtin_add_overflow(*to, v, to))
		return FE_OK;
	return fe_fail(err, FE_ELIMIT, "a sum of a group passes 128 bits");
}

enum fe_rc
fe_groups_merge(struct fe_groups *to, size_t first, const struct fe_groups *from, struct fe_err *err)
{
	struct fe_str values[FE_GROUPS_MAX_COLUMNS];
	size_t item;

	for (size_t i = 0; i < from->n_items; i++) {
		fe_groups_values(from, i, values);
		FE_TRY(fe_groups_of_texts(to, values, &item, err));
		for (size_t f = 0; f < from->n_figures; f++)
			FE_TRY(fe_groups_add(to, item, first + f, fe_groups_figures(from, i)[f], err));
	}
	return FE_OK;
}

void
fe_groups_values(const struct fe_groups *g, size_t item, struct fe_str values[FE_GROUPS_MAX_COLUMNS])
{
	const char *p = g->keys[item].p;
	uint32_t n;

	for (size_t i = 0; i < g->n_columns; i++) {
		bool has_value = *p++ != 0;
		memcpy(&n, p, sizeof n);
		p += sizeof n;
		values[i] = (struct fe_str){ has_value ? p : NULL, n };
		p += n;
	}
}

void
fe_groups_print(const struct fe_groups *g, size_t item, struct fe_buf *out)
{
	struct fe_str values[FE_GROUPS_MAX_COLUMNS];

	fe_groups_values(g, item, values);
	for (size_t i = 0; i < g->n_columns; i++) {
		fe_buf_addf(out, "%s%s ", i ? ", " : "", g->schema->fields[g->columns[i]].name);
		if (values[i].p)
			fe_buf_add_printable(out, values[i], MAX_SHOWN_BYTES);
		else
			fe_buf_add_text(out, "none");
	}
}

static int
compare_values(const struct fe_groups *g, size_t x, size_t y)
{
	struct fe_str a[FE_GROUPS_MAX_COLUMNS], b[FE_GROUPS_MAX_COLUMNS];

	fe_groups_values(g, x, a);
	fe_groups_values(g, y, b);
	for (size_t i = 0; i < g->n_columns; i++) {
		if (!a[i].p != !b[i].p)
			return a[i].p ? 1 : -1;
		int c = a[i].p ? memcmp(a[i].p, b[i].p, a[i].n < b[i].n ? a[i].n : b[i].n) : 0;
		if (c == 0)
			c = (a[i].n > b[i].n) - (a[i].n < b[i].n);
		if (c)
			return c;
	}
	return 0;
}

size_t *
fe_groups_sorted(const struct fe_groups *g)
{
	size_t *order = fe_new_array(g->n_items + 1, size_t);

	for (size_t i = 0; i < g->n_items; i++) { /* they are few */
		size_t at = i;
		for (; at > 0 && compare_values(g, order[at - 1], i) > 0; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	return order;
}

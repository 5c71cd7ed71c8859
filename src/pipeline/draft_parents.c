// SPDX-License-Identifier: Apache-2.0
/* pipeline/draft_parents.c - columns whose values are keys of another file
 *
 * A column that is called as the key is may have some values that are none; a run would reject
 * those records. A column of another name must have keys only, and texts: small numbers are found
 * everywhere. No two data sets refer to each other, not by way of others either.
 */
#include "pipeline/draft_private.h"

#define MAX_PAIRS 256

/* A column that may refer to a data set, while nothing speaks against it. */
struct pair {
	struct fe_draft_dataset *d;
	size_t column, parent;
	bool is_named;
	bool is_out;
	uint64_t n_values, n_orphans;
};

struct pairs {
	struct fe_draft_work *w;
	struct fe_draft_dataset *d;
	struct pair items[MAX_PAIRS];
	size_t n;
};

static bool
ends_with_word(const char *name, const char *end)
{
	const size_t n = strlen(name), n_end = strlen(end);
	return n >= n_end && strcmp(name + n - n_end, end) == 0 && (n == n_end || name[n - n_end - 1] == '_');
}

/* customer_id of customer_id; sender_customer_id of customer_id; account_id of `id` of accounts. */
static bool
is_named_after(const char *name, const struct fe_draft_dataset *parent)
{
	const char *key = parent->columns[parent->key[0]].name;
	const size_t n_id = strlen(name) > 3 && ends_with_word(name, "id") ? strlen(name) - 3 : 0;

	if (strcmp(key, "id") != 0)
		return ends_with_word(name, key);
	return n_id > 0 && strncmp(parent->name, name, n_id) == 0;
}

static struct fe_draft_column *
key_of(struct fe_draft_dataset *d)
{
	return d->n_key == 1 && d->columns[d->key[0]].seen ? &d->columns[d->key[0]] : NULL;
}

static void
add_pairs(struct pairs *p, size_t parent)
{
	struct fe_draft_dataset *of = &p->w->datasets[parent];
	const struct fe_draft_column *key = key_of(of);

	for (size_t i = 0; i < p->d->n_columns && p->n < MAX_PAIRS; i++) {
		const struct fe_draft_column *c = &p->d->columns[i];
		const bool is_named = key && is_named_after(c->name, of);
		if (!key || c->is.type.kind != key->is.type.kind || (p->d->n_key == 1 && p->d->key[0] == i && !is_named) ||
		    !(is_named || (c->is.type.kind == FE_TEXT && (c->n_few < 2 || c->n_few > FE_DRAFT_MAX_FEW) && of->n_records > FE_DRAFT_MAX_FEW)))
			continue;
		p->items[p->n++] = (struct pair){ .d = p->d, .column = i, .parent = parent, .is_named = is_named };
	}
}

static enum fe_rc
ask(struct pair *it, struct fe_keyset *keys, const struct fe_batch *b, struct fe_err *err)
{
	const struct fe_column *c = &b->columns[it->column];
	uint64_t rows[FE_BITMAP_WORDS(FE_BATCH_ROWS)];

	fe_draft_rows(b, it->column, rows);
	for (size_t row = fe_bits_next(rows, b->n_rows, 0); row < b->n_rows; row = fe_bits_next(rows, b->n_rows, row + 1)) {
		int64_t number = 0;
		struct fe_str key = { (const char *)&number, sizeof number };
		bool has;
		if (c->type.kind == FE_TEXT)
			key = c->text[row];
		else
			number = fe_keyset_number(c, row);
		FE_TRY(fe_keyset_has(keys, key, &has, err));
		it->n_values++;
		it->n_orphans += !has;
	}
	it->is_out |= it->is_named ? it->n_orphans > 20 + it->n_values / 10 : it->n_orphans > 0;
	return FE_OK;
}

static enum fe_rc
take(void *ctx, const struct fe_batch *b, struct fe_err *err)
{
	struct pairs *p = ctx;

	for (size_t i = 0; i < p->n; i++)
		if (!p->items[i].is_out)
			FE_TRY(ask(&p->items[i], key_of(&p->w->datasets[p->items[i].parent])->seen, b, err));
	return FE_OK;
}

/* Whether `from` refers to `to`, be it by way of others: marks spread until none is new. */
static bool
refers(const struct fe_draft_work *w, size_t from, size_t to)
{
	bool *is_met = fe_new_array(w->n_datasets, bool);
	bool is_new = true;

	is_met[from] = true;
	while (is_new) {
		is_new = false;
		for (size_t i = 0; i < w->n_datasets; i++) {
			for (size_t k = 0; is_met[i] && k < w->datasets[i].n_columns; k++) {
				const size_t parent = w->datasets[i].columns[k].parent;
				if (parent == FE_DRAFT_NONE || is_met[parent])
					continue;
				is_met[parent] = is_new = true;
			}
		}
	}
	const bool is_there = is_met[to];
	fe_free(is_met);
	return is_there;
}

static void
choose(struct pairs *p)
{
	for (int is_named = 1; is_named >= 0; is_named--) {
		for (size_t i = 0; i < p->n; i++) {
			const struct pair *it = &p->items[i];
			struct fe_draft_column *c = &p->d->columns[it->column];
			if (it->is_out || it->is_named != is_named || it->n_values == 0 || it->n_orphans > it->n_values / 10 ||
			    c->parent != FE_DRAFT_NONE || refers(p->w, it->parent, (size_t)(p->d - p->w->datasets)))
				continue;
			c->parent = it->parent;
			c->n_orphans = it->n_orphans;
			p->w->datasets[it->parent].is_parent = true;
		}
	}
}

enum fe_rc
fe_draft_parents(struct fe_draft_work *w, const struct fe_plan *plan, struct fe_err *err)
{
	for (size_t i = 0; i < w->n_datasets; i++) {
		struct pairs *p = fe_new(struct pairs);
		enum fe_rc rc = FE_OK;
		p->w = w;
		p->d = &w->datasets[i];
		for (size_t parent = 0; parent < w->n_datasets; parent++)
			if (parent != i)
				add_pairs(p, parent);
		if (p->n)
			rc = fe_draft_read(w, plan, p->d->name, take, p, err);
		if (rc == FE_OK)
			choose(p);
		fe_free(p);
		FE_TRY(rc);
	}
	return FE_OK;
}

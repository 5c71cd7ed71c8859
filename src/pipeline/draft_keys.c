// SPDX-License-Identifier: Apache-2.0
/* pipeline/draft_keys.c - which columns tell records apart
 *
 * One column where one is enough: the one most like a name of the record. One that nearly is, and
 * is called so, has duplicates in it, and a run will say so. Else two or three columns together
 * that never come again; and where there are none, as many as there are that always have a value.
 */
#include "pipeline/draft_private.h"

#define MAX_CANDIDATES FE_DRAFT_MAX_KEY
#define MAX_COMBINATIONS 64

static const char doubt_few[] = "few records were read; this column has a value in each, and none twice";
static const char doubt_near[] = "they are duplicates, newer versions, or rejected as conflicts";
static const char doubt_odd[] = "unique in what was read, but it is not called as keys are";
static const char doubt_several[] = "no single column tells records apart; these do, in what was read";
static const char doubt_none[] = "nothing tells them apart, and they are taken for one";
static const char doubt_nulls[] = "some records have no value here, and would be rejected";

bool
fe_draft_is_key(const struct fe_draft_dataset *d, size_t column)
{
	for (size_t i = 0; i < d->n_key; i++)
		if (d->key[i] == column)
			return true;
	return false;
}

static bool
ends_with(const char *name, const char *end)
{
	const size_t n = strlen(name), n_end = strlen(end);
	return n >= n_end && strcmp(name + n - n_end, end) == 0;
}

static bool
is_key_name(const struct fe_draft_column *c)
{
	return strcmp(c->name, "id") == 0 || ends_with(c->name, "_id") || ends_with(c->name, "_no") || ends_with(c->name, "_key") ||
	       fe_guess_has_word(c->name, "uuid guid key number reference code isin");
}

static int
score(const struct fe_draft_dataset *d, size_t column)
{
	const struct fe_draft_column *c = &d->columns[column];
	int n = is_key_name(c) ? 16 : 0;

	n += strcmp(c->name, "id") == 0 ? 2 : 0;
	n += column == 0 ? 4 : column == 1 ? 1 : 0;
	n -= c->is.is_person ? 8 : 0;
	switch (c->is.type.kind) {
	case FE_INT:
		return n + 4;
	case FE_TEXT:
		return n + (c->guess.n_spaced > c->guess.n_cells / 10 ? -4 : 4) - (c->guess.max_chars > 100 ? 16 : 0);
	case FE_TIMESTAMP:
		return n - 1;
	case FE_DATE:
		return n - 2;
	case FE_DECIMAL:
		return n - 6;
	default:
		return n - 16;
	}
}

static void
set_key(struct fe_draft_dataset *d, const size_t *columns, size_t n, uint64_t n_repeats, const char *doubt)
{
	memcpy(d->key, columns, n * sizeof *columns);
	d->n_key = n;
	d->n_key_repeats = n_repeats;
	d->key_doubt = doubt;
}

/* The best of one column; FE_DRAFT_NONE. */
static size_t
find_single(const struct fe_draft_dataset *d, bool is_near)
{
	size_t best = FE_DRAFT_NONE;

	for (size_t i = 0; i < d->n_columns; i++) {
		const struct fe_draft_column *c = &d->columns[i];
		const uint64_t n_empty = c->guess.n_empty;
		if (!c->seen && !(c->is_overfull && c->n_repeats == 0))
			continue;
		if (is_near ? !is_key_name(c) || n_empty > d->n_records / 20 || c->n_repeats > d->n_records / 20 :
			      n_empty > 0 || c->n_repeats > 0 || !fe_draft_is_required(c))
			continue;
		if (best == FE_DRAFT_NONE || score(d, i) > score(d, best))
			best = i;
	}
	return best;
}

static bool
choose_single(struct fe_draft_dataset *d)
{
	const size_t exact = find_single(d, false), near = find_single(d, true);

	if (near != FE_DRAFT_NONE && (exact == FE_DRAFT_NONE || !is_key_name(&d->columns[exact])) &&
	    (exact == FE_DRAFT_NONE || score(d, near) > score(d, exact))) {
		const struct fe_draft_column *c = &d->columns[near];
		set_key(d, &near, 1, c->n_repeats, c->n_repeats ? doubt_near : c->guess.n_empty ? doubt_nulls : NULL);
		return true;
	}
	if (exact == FE_DRAFT_NONE || score(d, exact) < 0)
		return false;
	const bool is_named = is_key_name(&d->columns[exact]);
	set_key(d, &exact, 1, 0, d->n_records < 20 ? doubt_few : is_named ? NULL : doubt_odd);
	return true;
}

/* ---- several columns ---- */

struct combination {
	size_t columns[FE_DRAFT_MAX_KEY], n_columns;
	struct fe_keyset *seen; /* NULL: it has come again */
	bool is_last_resort;    /* counted to the end */
	uint64_t n_repeats;
};

struct combinations {
	struct fe_draft_dataset *d;
	struct combination items[MAX_COMBINATIONS];
	size_t n;
};

/* Columns that always have a value, the best first. */
static size_t
find_candidates(const struct fe_draft_dataset *d, size_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_columns; i++) {
		if (!fe_draft_is_required(&d->columns[i]))
			continue;
		size_t at = n;
		while (at > 0 && score(d, out[at - 1]) < score(d, i))
			at--;
		if (at == MAX_CANDIDATES)
			continue;
		n += n < MAX_CANDIDATES;
		memmove(out + at + 1, out + at, (n - 1 - at) * sizeof *out);
		out[at] = i;
	}
	return n;
}

static void
add_combination(struct combinations *c, const size_t *columns, size_t n)
{
	struct combination *it = &c->items[c->n++];

	*it = (struct combination){ .n_columns = n, .seen = fe_new(struct fe_keyset) };
	memcpy(it->columns, columns, n * sizeof *columns);
	fe_keyset_init(it->seen, sizeof(uint32_t), FE_DRAFT_MAX_KEY_BYTES, NULL);
}

static void
add_pairs_and_triples(struct combinations *c, const size_t *best, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			add_combination(c, (size_t[]){ best[i], best[k] }, 2);
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			for (size_t l = k + 1; l < n; l++)
				add_combination(c, (size_t[]){ best[i], best[k], best[l] }, 3);
}

static void
forget(struct combination *it)
{
	if (it->seen)
		fe_keyset_reset(it->seen);
	fe_free(it->seen);
	it->seen = NULL;
}

/* The worst are given up where all together take too much. */
static void
make_room(struct combinations *c)
{
	uint64_t n_bytes = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct combination *it = &c->items[i];
		n_bytes += it->seen ? fe_keytable_bytes(&it->seen->table) : 0;
		if (n_bytes > FE_DRAFT_MAX_KEY_BYTES && i > 0)
			forget(it);
	}
}

static enum fe_rc
take(void *ctx, const struct fe_batch *b, struct fe_err *err)
{
	struct combinations *c = ctx;
	uint64_t rows[FE_BITMAP_WORDS(FE_BATCH_ROWS)];

	for (size_t i = 0; i < c->n; i++) {
		struct combination *it = &c->items[i];
		if (!it->seen)
			continue;
		fe_draft_rows(b, it->n_columns == 1 ? it->columns[0] : FE_DRAFT_NONE, rows);
		enum fe_rc rc = fe_keyset_take(it->seen, b, it->columns, it->n_columns, rows, err);
		if (rc && rc != FE_ELIMIT)
			return rc;
		for (size_t row = rc ? b->n_rows : fe_bits_next(rows, b->n_rows, 0); row < b->n_rows; row = fe_bits_next(rows, b->n_rows, row + 1)) {
			uint32_t *known = it->seen->values[row];
			it->n_repeats += *known;
			*known = 1;
		}
		if (rc || (it->n_repeats && !it->is_last_resort))
			forget(it);
	}
	make_room(c);
	return FE_OK;
}

static void
choose_several(struct fe_draft_dataset *d, struct combinations *c)
{
	const struct combination *last = &c->items[c->n - 1];

	for (size_t i = 0; i < c->n; i++) {
		const struct combination *it = &c->items[i];
		if (it->seen && it->n_repeats == 0) {
			set_key(d, it->columns, it->n_columns, 0, it->n_columns == 1 ? doubt_odd : doubt_several);
			return;
		}
	}
	set_key(d, last->columns, last->n_columns, last->n_repeats, doubt_none);
}

/* The one that is filled most often. */
static size_t
find_nullable(const struct fe_draft_dataset *d)
{
	size_t best = 0;

	for (size_t i = 1; i < d->n_columns; i++)
		if (d->columns[i].guess.n_empty < d->columns[best].guess.n_empty)
			best = i;
	return best;
}

static enum fe_rc
try_several(struct fe_draft_work *w, struct fe_draft_dataset *d, const struct fe_plan *plan, struct fe_err *err)
{
	struct combinations c = { .d = d };
	size_t best[MAX_CANDIDATES + 1];
	size_t n = find_candidates(d, best);

	const bool is_nullable = n == 0;
	if (is_nullable)
		best[n++] = find_nullable(d);
	add_pairs_and_triples(&c, best, n);
	add_combination(&c, best, n);
	c.items[c.n - 1].is_last_resort = true;
	enum fe_rc rc = fe_draft_read(w, plan, d->name, take, &c, err);
	if (rc == FE_OK)
		choose_several(d, &c);
	if (is_nullable)
		d->key_doubt = doubt_nulls;
	for (size_t i = 0; i < c.n; i++)
		forget(&c.items[i]);
	return rc;
}

enum fe_rc
fe_draft_keys(struct fe_draft_work *w, const struct fe_plan *plan, struct fe_err *err)
{
	for (size_t i = 0; i < w->n_datasets; i++)
		if (!choose_single(&w->datasets[i]))
			FE_TRY(try_several(w, &w->datasets[i], plan, err));
	return FE_OK;
}

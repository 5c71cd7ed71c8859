// SPDX-License-Identifier: Apache-2.0
/* pipeline/draft_values.c - the second reading: with the steps of a run, what columns hold
 *
 * Values are cleaned before they are compared, as in a run: "Ann " and "ANN" are one key where the
 * draft trims and folds. The values of a column are remembered until too many have come again.
 */
#include "pipeline/draft_private.h"

#include "pipeline/judge.h"

#define MAX_FEW_BYTES 60 /* of a value that a rule lists */
#define LEAST_VALUES 20  /* for a rule that lists them */

/* ---- reading by a plan ---- */

static enum fe_rc
judge_all(struct fe_source *source, struct fe_judge *judge, struct fe_batch *b, fe_draft_batch_fn each, void *ctx, struct fe_err *err)
{
	do {
		FE_TRY(fe_source_next(source, b, err));
		if (b->n_rows == 0)
			break;
		FE_TRY(fe_judge_batch(judge, b, err));
		FE_TRY(each(ctx, b, err));
	} while (true);
	return FE_OK;
}

static const struct fe_plan_dataset *
find_dataset(const struct fe_plan *plan, const char *name)
{
	size_t i = 0;

	while (strcmp(plan->datasets[i].name, name) != 0)
		i++;
	return &plan->datasets[i];
}

enum fe_rc
fe_draft_read(struct fe_draft_work *w, const struct fe_plan *plan, const char *dataset, fe_draft_batch_fn each, void *ctx,
              struct fe_err *err)
{
	const struct fe_plan_dataset *d = find_dataset(plan, dataset);
	struct fe_source_settings set = d->source_set;
	struct fe_reason_table reasons = { 0 };
	struct fe_tally tally;
	struct fe_judge judge = { .plan = d, .reasons = &reasons, .tally = &tally, .now_us = fe_clock_now(w->set->clock) };
	struct fe_source *source = NULL;
	struct fe_batch batch;

	set.limit_rows = w->set->limit;
	set.reasons = &reasons;
	set.clock = w->set->clock;
	fe_batch_init(&batch, &d->schema);
	fe_tally_init(&tally, &d->schema);
	enum fe_rc rc = fe_judge_open(&judge, err);
	if (rc == FE_OK)
		rc = fe_source_open(&source, d->source, &set, err);
	if (rc == FE_OK)
		rc = judge_all(source, &judge, &batch, each, ctx, err);
	fe_source_close(source);
	fe_judge_close(&judge);
	fe_batch_reset(&batch);
	fe_tally_reset(&tally);
	fe_reason_table_reset(&reasons);
	return rc;
}

void
fe_draft_rows(const struct fe_batch *b, size_t column, uint64_t *rows)
{
	memset(rows, 0, FE_BITMAP_WORDS(FE_BATCH_ROWS) * sizeof *rows);
	for (size_t row = 0; row < b->n_rows; row++)
		if (b->verdict[row] == FE_KEPT && (column == FE_DRAFT_NONE || fe_bit_get(b->columns[column].valid, row)))
			fe_bit_set(rows, row);
}

/* ---- values that come again ---- */

static void
forget(struct fe_draft_column *c)
{
	if (c->seen)
		fe_keyset_reset(c->seen);
	fe_free(c->seen);
	c->seen = NULL;
}

static enum fe_rc
see(struct fe_draft_column *c, const struct fe_batch *b, size_t column, const uint64_t *rows, uint64_t n_records, struct fe_err *err)
{
	struct fe_err own = FE_ERR_INIT;

	if (!c->seen)
		return FE_OK;
	enum fe_rc rc = fe_keyset_take(c->seen, b, &column, 1, rows, &own);
	if (rc == FE_ELIMIT) {
		forget(c);
		c->is_overfull = true;
		return FE_OK;
	}
	if (rc) {
		*err = own;
		return rc;
	}
	for (size_t row = fe_bits_next(rows, b->n_rows, 0); row < b->n_rows; row = fe_bits_next(rows, b->n_rows, row + 1)) {
		uint32_t *known = c->seen->values[row];
		c->n_repeats += *known;
		*known = 1;
	}
	if (c->n_repeats > 50 + n_records / 20)
		forget(c);
	return FE_OK;
}

/* ---- few values ---- */

static void
count_few(struct fe_draft_work *w, struct fe_draft_column *c, const struct fe_column *values, size_t row)
{
	const struct fe_str v = values->text[row];
	size_t i = 0;

	while (i < c->n_few && !fe_str_eq(c->few[i].text, v))
		i++;
	if (i == c->n_few) {
		if (v.n > MAX_FEW_BYTES || c->n_few > FE_DRAFT_MAX_FEW) {
			c->n_few = FE_DRAFT_MAX_FEW + 1;
			return;
		}
		c->few[c->n_few++] = (struct fe_draft_few){ .text = { fe_arena_copy(&w->arena, v.n ? v.p : "", v.n), v.n } };
	}
	c->few[i].n++;
}

bool
fe_draft_is_few(const struct fe_draft_dataset *d, size_t column)
{
	const struct fe_draft_column *c = &d->columns[column];
	uint64_t n_values = 0;

	if (c->is.type.kind != FE_TEXT || c->is.is_person || c->n_few < 2 || c->n_few > FE_DRAFT_MAX_FEW || c->parent != FE_DRAFT_NONE ||
	    fe_draft_is_key(d, column))
		return false;
	for (size_t i = 0; i < c->n_few; i++) {
		const struct fe_str v = c->few[i].text;
		if (memchr(v.p, '{', v.n) || memchr(v.p, '}', v.n) || !fe_text_is_ascii(v))
			return false;
		for (size_t k = 0; k < v.n; k++)
			if ((unsigned char)v.p[k] < ' ' || v.p[k] == 0x7F)
				return false;
		n_values += c->few[i].n;
	}
	return n_values >= LEAST_VALUES && n_values >= 5 * c->n_few;
}

/* ---- all of it ---- */

struct values {
	struct fe_draft_work *w;
	struct fe_draft_dataset *d;
	uint64_t n_records;
};

static enum fe_rc
take(void *ctx, const struct fe_batch *b, struct fe_err *err)
{
	struct values *v = ctx;
	uint64_t rows[FE_BITMAP_WORDS(FE_BATCH_ROWS)];

	v->n_records += b->n_rows;
	for (size_t row = 0; row < b->n_rows; row++)
		v->d->n_rejected += b->verdict[row] == FE_REJECTED;
	for (size_t i = 0; i < v->d->n_columns; i++) {
		struct fe_draft_column *c = &v->d->columns[i];
		fe_draft_rows(b, i, rows);
		FE_TRY(see(c, b, i, rows, v->n_records, err));
		if (c->is.type.kind != FE_TEXT || c->n_few > FE_DRAFT_MAX_FEW)
			continue;
		for (size_t row = fe_bits_next(rows, b->n_rows, 0); row < b->n_rows && c->n_few <= FE_DRAFT_MAX_FEW;
		     row = fe_bits_next(rows, b->n_rows, row + 1))
			count_few(v->w, c, &b->columns[i], row);
	}
	return FE_OK;
}

enum fe_rc
fe_draft_values(struct fe_draft_work *w, const struct fe_plan *plan, struct fe_err *err)
{
	for (size_t i = 0; i < w->n_datasets; i++) {
		struct values v = { .w = w, .d = &w->datasets[i] };
		for (size_t k = 0; k < v.d->n_columns; k++) {
			v.d->columns[k].seen = fe_new(struct fe_keyset);
			fe_keyset_init(v.d->columns[k].seen, sizeof(uint32_t), w->set_bytes, NULL);
		}
		FE_TRY(fe_draft_read(w, plan, v.d->name, take, &v, err));
	}
	return FE_OK;
}

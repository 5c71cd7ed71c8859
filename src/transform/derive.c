// SPDX-License-Identifier: Apache-2.0
/* transform/derive.c - values, bands and points, a column at a time
 *
 * All rows are computed; those that are kept so far can be rejected here, also where
 * they have a reason already: a rejected record carries all of them. Band labels are
 * views of the plan's own texts.
 */
#include "transform/derive.h"

#include "base/text.h"
#include "expr/wide.h"
#include "transform/fit.h"

struct derivation_state {
	struct fe_fit fit;
	struct fe_expr_state **evals; /* one for VALUE, one a point for POINTS */
	size_t n_evals;
	struct fe_str *labels;        /* BANDS: [n_bands + 1], the last is `above` */
	int64_t *upto;                /* BANDS: [n_bands] */
	bool may_overflow;            /* POINTS: all of them together pass 64 bits */
	bool has_long_label;
};

struct fe_derive {
	const struct fe_derivation *derivations;
	struct derivation_state *states;
	size_t n;
	struct fe_column scratch; /* points before they are fitted, or days */
};

static void
prepare_bands(struct derivation_state *s, const struct fe_derivation *d, struct fe_type type)
{
	s->labels = fe_new_array(d->n_bands + 1, struct fe_str);
	s->upto = fe_new_array(d->n_bands + 1, int64_t);
	for (size_t i = 0; i <= d->n_bands; i++) {
		s->upto[i] = i < d->n_bands ? d->bands[i].upto : INT64_MAX;
		s->labels[i] = fe_str_of(i < d->n_bands ? d->bands[i].label : d->above);
		s->has_long_label |= type.max_chars && fe_utf8_length(s->labels[i]) > type.max_chars;
	}
}

/* Whether the points of a row, however many of them it gets, can pass 64 bits. */
static bool
may_overflow(const struct fe_derivation *d)
{
	int64_t most = 0, least = 0;
	bool is = false;

	for (size_t i = 0; i < d->n_points; i++) {
		const int64_t add = d->points[i].add;
		is |= __builtin_add_overflow(add > 0 ? most : least, add, add > 0 ? &most : &least);
	}
	return is;
}

struct fe_derive *
fe_derive_new(const struct fe_derivation *derivations, size_t n, const struct fe_schema *schema,
              struct fe_reason_table *reasons)
{
	struct fe_derive *d = fe_new(struct fe_derive);
	d->derivations = derivations;
	d->n = n;
	d->states = fe_new_array(n + 1, struct derivation_state);
	fe_column_init(&d->scratch, (struct fe_type){ .kind = FE_INT }, FE_BATCH_ROWS);
	for (size_t i = 0; i < n; i++) {
		const struct fe_derivation *from = &derivations[i];
		struct derivation_state *s = &d->states[i];
		s->fit = fe_fit_of(schema, from->column, reasons);
		s->n_evals = from->kind == FE_DERIVE_VALUE ? 1 : from->kind == FE_DERIVE_POINTS ? from->n_points : 0;
		s->evals = fe_new_array(s->n_evals + 1, struct fe_expr_state *);
		for (size_t j = 0; j < s->n_evals; j++)
			s->evals[j] = fe_expr_state_new(from->kind == FE_DERIVE_VALUE ? from->value
										      : from->points[j].when);
		if (from->kind == FE_DERIVE_BANDS)
			prepare_bands(s, from, schema->fields[from->column].type);
		s->may_overflow = from->kind == FE_DERIVE_POINTS && may_overflow(from);
	}
	return d;
}

void
fe_derive_free(struct fe_derive *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n; i++) {
		for (size_t j = 0; j < d->states[i].n_evals; j++)
			fe_expr_state_free(d->states[i].evals[j]);
		fe_free(d->states[i].evals);
		fe_free(d->states[i].labels);
		fe_free(d->states[i].upto);
	}
	fe_free(d->states);
	fe_column_reset(&d->scratch);
	fe_free(d);
}

static enum fe_rc
derive_value(const struct fe_derivation *d, struct derivation_state *s, struct fe_batch *b, int64_t now_us,
             const struct fe_row_bits *judged, struct fe_err *err)
{
	struct fe_row_bits failed = { 0 };
	const struct fe_column *from;
	const uint64_t *overflow;

	FE_TRY(fe_expr_eval(d->value, s->evals[0], b, now_us, &from, &overflow, err));
	if (!fe_fit_is_possible(from->type, b->columns[d->column].type))
		return fe_fail(err, FE_EBUG, "column '%s' is %s, its value %s",
			       b->schema->fields[d->column].name,
			       fe_kind_name(b->columns[d->column].type.kind), fe_kind_name(from->type.kind));
	fe_fit_column(&s->fit, b, from, overflow, judged, &failed);
	return FE_OK;
}

static void
fail_long_labels(const struct fe_derivation *d, const struct derivation_state *s, struct fe_batch *b,
                 const struct fe_row_bits *judged)
{
	struct fe_column *to = &b->columns[d->column];
	for (size_t row = 0; row < b->n_rows; row++) {
		struct fe_str label = to->text[row];
		if (!fe_bit_get(to->valid, row) || fe_utf8_length(label) <= to->type.max_chars)
			continue;
		fe_bit_clear(to->valid, row);
		if (fe_bit_get(judged->words, row))
			fe_batch_add_reason(b, row, s->fit.too_long, (struct fe_str){ 0 });
	}
}

static void
derive_bands(struct fe_column *days, const struct fe_derivation *d, const struct derivation_state *s,
             struct fe_batch *b, const struct fe_row_bits *judged)
{
	const struct fe_wide_bands bands = { .n = d->n_bands, .upto = s->upto, .labels = s->labels };
	const struct fe_column *of = &b->columns[d->of];
	struct fe_column *to = &b->columns[d->column];
	const int64_t *values = of->i64;

	memcpy(to->valid, of->valid, FE_BITMAP_WORDS(b->n_rows) * sizeof *to->valid);
	if (of->type.kind == FE_DATE) {
		for (size_t row = 0; row < b->n_rows; row++)
			days->i64[row] = of->days[row];
		values = days->i64;
	}
	fe_wide_best()->bands(&bands, values, FE_BITMAP_WORDS(b->n_rows), to->text);
	if (s->has_long_label)
		fail_long_labels(d, s, b, judged);
}

/* Adds one point to its rows, and to over those whose sum passed 64 bits. */
static void
add_carefully(const uint64_t *rows, int64_t add, size_t n_words, int64_t *sums, struct fe_row_bits *over)
{
	for (size_t w = 0; w < n_words; w++) {
		for (uint64_t m = rows[w]; m; m &= m - 1) {
			int64_t *sum = &sums[w * 64 + (size_t)__builtin_ctzll(m)];
			if (__builtin_add_overflow(*sum, add, sum))
				over->words[w] |= m & -m;
		}
	}
}

static enum fe_rc
derive_points(struct fe_column *sums, const struct fe_derivation *d, struct derivation_state *s,
              struct fe_batch *b, int64_t now_us, const struct fe_row_bits *judged, struct fe_err *err)
{
	struct fe_row_bits over = { 0 }, failed = { 0 }, rows;
	const size_t n_words = FE_BITMAP_WORDS(b->n_rows);
	const struct fe_wide *wide = fe_wide_best();

	memset(sums->i64, 0, n_words * 64 * sizeof *sums->i64);
	fe_bits_fill(sums->valid, b->n_rows, true);
	sums->type = b->columns[d->column].type; /* points come in the column's own scale */
	for (size_t i = 0; i < d->n_points; i++) {
		const struct fe_column *when;
		const uint64_t *overflow;
		FE_TRY(fe_expr_eval(d->points[i].when, s->evals[i], b, now_us, &when, &overflow, err));
		for (size_t w = 0; w < n_words; w++) {
			rows.words[w] = when->valid[w] & when->bits[w] & fe_word_mask(b->n_rows, w);
			over.words[w] |= overflow ? overflow[w] : 0;
		}
		if (s->may_overflow)
			add_carefully(rows.words, d->points[i].add, n_words, sums->i64, &over);
		else
			wide->add(rows.words, d->points[i].add, n_words, sums->i64);
	}
	if (d->is_clamped)
		wide->clamp(d->clamp_low, d->clamp_high, n_words, sums->i64);
	fe_fit_column(&s->fit, b, sums, over.words, judged, &failed);
	return FE_OK;
}

enum fe_rc
fe_derive_batch(struct fe_derive *d, struct fe_batch *b, int64_t now_us, struct fe_err *err)
{
	struct fe_row_bits judged;

	/* Records that have failed before, too: a rejected record carries all its reasons. */
	fe_rows_judged(b, &judged);
	for (size_t i = 0; i < d->n; i++) {
		const struct fe_derivation *from = &d->derivations[i];
		switch (from->kind) {
		case FE_DERIVE_VALUE:
			FE_TRY(derive_value(from, &d->states[i], b, now_us, &judged, err));
			break;
		case FE_DERIVE_BANDS:
			derive_bands(&d->scratch, from, &d->states[i], b, &judged);
			break;
		case FE_DERIVE_POINTS:
			FE_TRY(derive_points(&d->scratch, from, &d->states[i], b, now_us, &judged, err));
			break;
		}
	}
	return FE_OK;
}

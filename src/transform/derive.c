// SPDX-License-Identifier: Apache-2.0
/* transform/derive.c - values, bands and points, a column at a time
 *
 * All rows are computed; those that are kept so far can be rejected here, also where
 * they have a reason already: a rejected record carries all of them. Band labels are
 * views of the plan's own texts.
 */
#include "transform/derive.h"

#include "base/text.h"
#include "transform/fit.h"

struct derivation_state {
	struct fe_fit fit;
	struct fe_expr_state **evals; /* one for VALUE, one a point for POINTS */
	size_t n_evals;
	struct fe_str *labels;        /* BANDS: [n_bands + 1], the last is `above` */
	bool has_long_label;
};

struct fe_derive {
	const struct fe_derivation *derivations;
	struct derivation_state *states;
	size_t n;
	struct fe_column scratch; /* points before they are fitted */
};

static void
prepare_bands(struct derivation_state *s, const struct fe_derivation *d, struct fe_type type)
{
	s->labels = fe_new_array(d->n_bands + 1, struct fe_str);
	for (size_t i = 0; i <= d->n_bands; i++) {
		s->labels[i] = fe_str_of(i < d->n_bands ? d->bands[i].label : d->above);
		s->has_long_label |= type.max_chars && fe_utf8_length(s->labels[i]) > type.max_chars;
	}
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

/* How many upper bounds are below v: the place of its band. Without branches, as
 * values jump between bands. */
static inline size_t
band_of(const struct fe_band *bands, size_t n, int64_t v)
{
	size_t at = 0;
	while (n > 1) {
		size_t half = n / 2;
		at += v > bands[at + half - 1].upto ? half : 0;
		n -= half;
	}
	return at + (n == 1 && v > bands[at].upto);
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
derive_bands(const struct fe_derivation *d, const struct derivation_state *s, struct fe_batch *b,
             const struct fe_row_bits *judged)
{
	const struct fe_column *of = &b->columns[d->of];
	struct fe_column *to = &b->columns[d->column];

	memcpy(to->valid, of->valid, FE_BITMAP_WORDS(b->n_rows) * sizeof *to->valid);
	if (of->type.kind == FE_DATE) {
		for (size_t row = 0; row < b->n_rows; row++)
			to->text[row] = s->labels[band_of(d->bands, d->n_bands, of->days[row])];
	} else {
		for (size_t row = 0; row < b->n_rows; row++)
			to->text[row] = s->labels[band_of(d->bands, d->n_bands, of->i64[row])];
	}
	if (s->has_long_label)
		fail_long_labels(d, s, b, judged);
}

/* Adds one point to the rows of a word; the rows whose sum passed 64 bits. */
static uint64_t
add_point(int64_t *sums, uint64_t rows, int64_t add)
{
	uint64_t over = 0;
	for (; rows; rows &= rows - 1) {
		int64_t *sum = &sums[__builtin_ctzll(rows)];
		if (__builtin_add_overflow(*sum, add, sum))
			over |= rows & -rows;
	}
	return over;
}

static enum fe_rc
derive_points(struct fe_column *sums, const struct fe_derivation *d, struct derivation_state *s,
              struct fe_batch *b, int64_t now_us, const struct fe_row_bits *judged, struct fe_err *err)
{
	struct fe_row_bits over = { 0 }, failed = { 0 };

	memset(sums->i64, 0, b->n_rows * sizeof *sums->i64);
	fe_bits_fill(sums->valid, b->n_rows, true);
	sums->type = b->columns[d->column].type; /* points come in the column's own scale */
	for (size_t i = 0; i < d->n_points; i++) {
		const struct fe_column *when;
		const uint64_t *overflow;
		FE_TRY(fe_expr_eval(d->points[i].when, s->evals[i], b, now_us, &when, &overflow, err));
		for (size_t w = 0; w < FE_BITMAP_WORDS(b->n_rows); w++) {
			uint64_t rows = when->valid[w] & when->bits[w] & fe_word_mask(b->n_rows, w);
			if (rows)
				over.words[w] |= add_point(sums->i64 + w * 64, rows, d->points[i].add);
			if (overflow)
				over.words[w] |= overflow[w];
		}
	}
	if (d->is_clamped) {
		for (size_t row = 0; row < b->n_rows; row++) {
			int64_t v = sums->i64[row];
			v = v < d->clamp_low ? d->clamp_low : v;
			sums->i64[row] = v > d->clamp_high ? d->clamp_high : v;
		}
	}
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
			derive_bands(from, &d->states[i], b, &judged);
			break;
		case FE_DERIVE_POINTS:
			FE_TRY(derive_points(&d->scratch, from, &d->states[i], b, now_us, &judged, err));
			break;
		}
	}
	return FE_OK;
}

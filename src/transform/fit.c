// SPDX-License-Identifier: Apache-2.0
/* transform/fit.c - computed values into typed columns
 *
 * Whole columns are copied; the rows that do not fit are found as bits, and only
 * those are looked at one by one.
 */
#include "transform/fit.h"

#include "base/decimal.h"
#include "base/text.h"

_Static_assert(FE_KEPT == 0, "fe_rows_judged reads eight verdicts at once");

struct fe_fit
fe_fit_of(const struct fe_schema *schema, size_t column, struct fe_reason_table *reasons)
{
	const char *name = schema->fields[column].name;
	return (struct fe_fit){
		.column = column,
		.too_long = fe_reason_id(reasons, name, "too_long"),
		.overflow = fe_reason_id(reasons, name, "overflow"),
		.out_of_range = fe_reason_id(reasons, name, "out_of_range"),
		.too_many_decimals = fe_reason_id(reasons, name, "too_many_decimals"),
	};
}

static bool
is_number(enum fe_kind kind)
{
	return kind == FE_INT || kind == FE_DECIMAL;
}

bool
fe_fit_is_possible(struct fe_type from, struct fe_type to)
{
	return from.kind == to.kind || (is_number(from.kind) && is_number(to.kind));
}

static bool
are_all_kept(const uint8_t *verdicts)
{
	uint64_t all = 0, eight;
	for (size_t i = 0; i < 64; i += sizeof eight) {
		memcpy(&eight, verdicts + i, sizeof eight);
		all |= eight;
	}
	return all == 0;
}

void
fe_rows_judged(const struct fe_batch *b, struct fe_row_bits *out)
{
	for (size_t w = 0; w < FE_BITMAP_WORDS(b->n_rows); w++) {
		const uint8_t *verdicts = b->verdict + w * 64;
		uint64_t word = UINT64_MAX;
		if (!are_all_kept(verdicts)) {
			word = 0;
			for (size_t i = 0; i < 64; i++)
				word |= (uint64_t)(verdicts[i] == FE_KEPT) << i;
		}
		out->words[w] = word & ~b->broken[w] & fe_word_mask(b->n_rows, w);
	}
}

/* Adds the reason to the judged rows among `rows`. */
static void
fail_rows(struct fe_batch *b, size_t w, uint64_t rows, uint32_t reason, struct fe_row_bits *failed)
{
	failed->words[w] |= rows;
	for (; rows; rows &= rows - 1)
		fe_batch_add_reason(b, w * 64 + (size_t)__builtin_ctzll(rows), reason, (struct fe_str){ 0 });
}

static void
copy_plain(struct fe_column *to, const struct fe_column *from, size_t n_rows)
{
	size_t words = FE_BITMAP_WORDS(n_rows);
	memcpy(to->valid, from->valid, words * sizeof *to->valid);
	switch (to->type.kind) {
	case FE_TEXT:
		memcpy(to->text, from->text, n_rows * sizeof *to->text);
		break;
	case FE_DATE:
		memcpy(to->days, from->days, n_rows * sizeof *to->days);
		break;
	case FE_BOOL:
		memcpy(to->bits, from->bits, words * sizeof *to->bits);
		break;
	default:
		memcpy(to->i64, from->i64, n_rows * sizeof *to->i64);
	}
}

/* Takes rows of word w whose text is too long out of the column. */
static void
fit_text(const struct fe_fit *fit, struct fe_batch *b, size_t w, uint64_t judged, struct fe_row_bits *failed)
{
	struct fe_column *c = &b->columns[fit->column];
	uint64_t bad = 0;
	for (uint64_t m = c->valid[w] & fe_word_mask(b->n_rows, w); m; m &= m - 1) {
		size_t row = w * 64 + (size_t)__builtin_ctzll(m);
		struct fe_str s = c->text[row];
		if (s.n > c->type.max_chars && fe_utf8_length(s) > c->type.max_chars)
			bad |= m & -m;
	}
	c->valid[w] &= ~bad;
	fail_rows(b, w, bad & judged, fit->too_long, failed);
}

static void
fit_number(const struct fe_fit *fit, struct fe_batch *b, size_t w, unsigned from_scale, uint64_t judged,
           struct fe_row_bits *failed)
{
	struct fe_column *c = &b->columns[fit->column];
	unsigned scale = c->type.kind == FE_DECIMAL ? c->type.scale : 0;
	uint64_t cut = 0, wide = 0;
	for (uint64_t m = c->valid[w] & fe_word_mask(b->n_rows, w); m; m &= m - 1) {
		int64_t *v = &c->i64[w * 64 + (size_t)__builtin_ctzll(m)];
		if (from_scale != scale && !fe_decimal_rescale(*v, from_scale, scale, v)) {
			if (from_scale > scale)
				cut |= m & -m;
			else
				wide |= m & -m;
		} else if (c->type.kind == FE_DECIMAL && !fe_decimal_fits(*v, c->type.precision)) {
			wide |= m & -m;
		}
	}
	c->valid[w] &= ~(cut | wide);
	fail_rows(b, w, cut & judged, fit->too_many_decimals, failed);
	fail_rows(b, w, wide & judged, fit->out_of_range, failed);
}

void
fe_fit_column(const struct fe_fit *fit, struct fe_batch *b, const struct fe_column *from,
              const uint64_t *overflow, const struct fe_row_bits *judged, struct fe_row_bits *failed)
{
	struct fe_column *to = &b->columns[fit->column];
	unsigned from_scale = from->type.kind == FE_DECIMAL ? from->type.scale : 0;
	bool check_text = to->type.kind == FE_TEXT && to->type.max_chars;
	bool check_number = to->type.kind == FE_DECIMAL || (to->type.kind == FE_INT && from_scale);

	copy_plain(to, from, b->n_rows);
	for (size_t w = 0; w < FE_BITMAP_WORDS(b->n_rows); w++) {
		if (overflow && overflow[w]) {
			to->valid[w] &= ~overflow[w];
			fail_rows(b, w, overflow[w] & judged->words[w], fit->overflow, failed);
		}
		if (check_text)
			fit_text(fit, b, w, judged->words[w], failed);
		else if (check_number)
			fit_number(fit, b, w, from_scale, judged->words[w], failed);
	}
}

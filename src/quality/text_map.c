// SPDX-License-Identifier: Apache-2.0
/* quality/text_map.c - see quality/text_map.h */
#include "quality/text_map.h"

#include "quality/value_text.h"

void
fe_text_map_raise(struct fe_expectation *x, const char *message)
{
	const char *own[2] = { NULL, NULL };
	const char *const *metrics = x->item->kind->metrics;

	for (size_t i = 0; i < 3 && metrics[i]; i++) {
		if (strcmp(metrics[i], "column_values.nonnull.condition") != 0)
			own[0] = metrics[i];
	}
	fe_expectation_raise(x, own, "%s", message);
}

bool
fe_text_map_consider(const struct fe_expectation *x, const struct fe_view *v, uint64_t *considered)
{
	const struct fe_column *c = &v->batch->columns[x->columns[0]];
	uint64_t any = 0;

	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++) {
		considered[w] = v->rows[w] & c->valid[w];
		any |= considered[w];
	}
	return any != 0;
}

enum fe_rc
fe_text_map_judge(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
                  fe_text_fits_fn *fits, struct fe_err *err)
{
	const struct fe_column *c = &v->batch->columns[x->columns[0]];
	char space[FE_VALUE_TEXT_BYTES];
	struct fe_err why = FE_ERR_INIT; /* not the run's */

	(void)err;
	(void)fe_text_map_consider(x, v, considered);
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++) {
		uint64_t bad = 0;

		for (uint64_t m = considered[w]; m; m &= m - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(m);
			bool is_fit = false;

			if (fits(x->state, fe_value_text(c, w * 64 + bit, space), &is_fit, &why) != FE_OK) {
				fe_text_map_raise(x, why.text);
				return FE_OK;
			}
			bad |= (uint64_t)!is_fit << bit;
		}
		unexpected[w] = bad;
	}
	return FE_OK;
}

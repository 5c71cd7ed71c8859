// SPDX-License-Identifier: Apache-2.0
/* quality/expect_null.c - values are there, or are not
 *
 * The one family that considers every row: its percents and `mostly` are of all of them.
 * The empty text is a value.
 */
#include "quality/kinds.h"
#include "quality/sentence.h"

static const struct fe_kwarg_spec of_column[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	{ .name = "mostly", .kind = FE_KWARG_MOSTLY, .default_json = "1.0" },
	{ .name = "row_condition", .kind = FE_KWARG_CONDITION, .may_be_null = true },
	{ .name = "condition_parser", .kind = FE_KWARG_ANY, .may_be_null = true },
	{ .name = NULL },
};

/* flip: ~0 where values are unexpected, 0 where nulls are. */
static void
judge_all(const struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected, uint64_t flip)
{
	const struct fe_column *c = &v->batch->columns[x->columns[0]];

	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++) {
		considered[w] = v->rows[w];
		unexpected[w] = v->rows[w] & (~c->valid[w] ^ flip);
	}
}

static enum fe_rc
judge_not_null(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
               struct fe_err *err)
{
	(void)err;
	judge_all(x, v, considered, unexpected, 0);
	return FE_OK;
}

static enum fe_rc
judge_null(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected, struct fe_err *err)
{
	(void)err;
	judge_all(x, v, considered, unexpected, ~UINT64_C(0));
	return FE_OK;
}

static void
describe_not_null(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_sentence_name(item, "column", out);
	fe_buf_add_text(out, " is never null");
	fe_sentence_mostly(item, out);
}

static void
describe_null(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_sentence_name(item, "column", out);
	fe_buf_add_text(out, " is always null");
	fe_sentence_mostly(item, out);
}

const struct fe_expectation_kind fe_kinds_null[] = {
	{ .type = "expect_column_values_to_not_be_null",
	  .domain = FE_DOMAIN_COLUMN,
	  .is_map = true,
	  .counts_nulls = true,
	  .metrics = { "column_values.nonnull.condition" },
	  .kwargs = of_column,
	  .judge = judge_not_null,
	  .describe = describe_not_null },
	{ .type = "expect_column_values_to_be_null",
	  .domain = FE_DOMAIN_COLUMN,
	  .is_map = true,
	  .counts_nulls = true,
	  .metrics = { "column_values.null.condition" },
	  .kwargs = of_column,
	  .judge = judge_null,
	  .describe = describe_null },
	{ .type = NULL },
};

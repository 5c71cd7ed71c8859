// SPDX-License-Identifier: Apache-2.0
/* quality/sentence.c - see quality/sentence.h */
#include "quality/sentence.h"

#include "base/double.h"
#include "base/text.h"

#define MAX_TEXT_BYTES 120
#define MAX_LISTED 8

const struct fe_kwarg *
fe_sentence_kwarg(const struct fe_suite_item *item, const char *name)
{
	for (size_t i = 0; i < item->n_kwargs; i++) {
		if (strcmp(item->kwargs[i].name, name) == 0)
			return item->kwargs[i].is_set ? &item->kwargs[i] : NULL;
	}
	return NULL;
}

static void
add_literal(const struct fe_literal *l, struct fe_buf *out)
{
	bool is_text = l->kind == FE_LITERAL_TEXT;

	if (is_text)
		fe_buf_add_char(out, '\'');
	fe_buf_add_printable(out, l->text.p ? l->text : l->raw, MAX_TEXT_BYTES);
	if (is_text)
		fe_buf_add_char(out, '\'');
}

void
fe_sentence_name(const struct fe_suite_item *item, const char *kwarg, struct fe_buf *out)
{
	const struct fe_kwarg *k = fe_sentence_kwarg(item, kwarg);

	if (k)
		fe_buf_add_printable(out, k->one.text, MAX_TEXT_BYTES);
	else
		fe_buf_add_text(out, "a column");
}

void
fe_sentence_value(const struct fe_suite_item *item, const char *kwarg, struct fe_buf *out)
{
	const struct fe_kwarg *k = fe_sentence_kwarg(item, kwarg);

	if (k)
		add_literal(&k->one, out);
	else
		fe_buf_add_text(out, "nothing");
}

void
fe_sentence_list(const struct fe_suite_item *item, const char *kwarg, struct fe_buf *out)
{
	const struct fe_kwarg *k = fe_sentence_kwarg(item, kwarg);
	size_t n = k ? k->n_many : 0, n_shown = n > MAX_LISTED ? MAX_LISTED : n;
	bool is_of_columns = strncmp(kwarg, "column_", strlen("column_")) == 0;
	const char *last = is_of_columns ? " and " : " or ";

	if (n == 0)
		fe_buf_add_text(out, "nothing");
	for (size_t i = 0; i < n_shown; i++) {
		if (i)
			fe_buf_add_text(out, i + 1 == n ? last : ", ");
		if (is_of_columns)
			fe_buf_add_printable(out, k->many[i].text, MAX_TEXT_BYTES);
		else
			add_literal(&k->many[i], out);
	}
	if (n_shown < n)
		fe_buf_addf(out, "%s%zu others", last, n - n_shown);
}

static bool
is_strict(const struct fe_suite_item *item, const char *kwarg)
{
	const struct fe_kwarg *k = fe_sentence_kwarg(item, kwarg);

	return k && k->one.is_true;
}

void
fe_sentence_range(const struct fe_suite_item *item, struct fe_buf *out)
{
	const struct fe_kwarg *min = fe_sentence_kwarg(item, "min_value"), *max = fe_sentence_kwarg(item, "max_value");
	bool over = is_strict(item, "strict_min"), under = is_strict(item, "strict_max");

	if (min && max && !over && !under) {
		fe_buf_add_text(out, "between ");
		add_literal(&min->one, out);
		fe_buf_add_text(out, " and ");
		add_literal(&max->one, out);
		return;
	}
	if (min) {
		fe_buf_add_text(out, over ? "more than " : "at least ");
		add_literal(&min->one, out);
	}
	if (min && max)
		fe_buf_add_text(out, " and ");
	if (max) {
		fe_buf_add_text(out, under ? "less than " : "at most ");
		add_literal(&max->one, out);
	}
	if (!min && !max)
		fe_buf_add_text(out, "anything");
}

void
fe_sentence_mostly(const struct fe_suite_item *item, struct fe_buf *out)
{
	const struct fe_kwarg *k = fe_sentence_kwarg(item, "mostly");

	if (!k || k->one.kind != FE_LITERAL_NUMBER || k->one.number.value >= 1)
		return;
	fe_buf_add_text(out, ", for at least ");
	if (k->one.number.is_exact && k->one.number.scale >= 2)
		fe_buf_add_decimal(out, k->one.number.digits, k->one.number.scale - 2);
	else
		fe_buf_add_double(out, k->one.number.value * 100);
	fe_buf_add_text(out, " % of values");
}

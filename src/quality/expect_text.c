// SPDX-License-Identifier: Apache-2.0
/* quality/expect_text.c - patterns and lengths of texts
 *
 * Of values of any type, by their text (quality/value_text.h). Patterns are Python's
 * (quality/python_regex.h), or LIKE as SQLite has it (quality/like_regex.h). A pattern that is none
 * fails its expectation, as does one that cannot be worked out within the limits of base/regex.h.
 */
#include "base/mem.h"
#include "base/text.h"
#include "quality/kinds.h"
#include "quality/like_regex.h"
#include "quality/python_regex.h"
#include "quality/sentence.h"
#include "quality/text_map.h"

#define OF_COLUMN                                                              \
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },    \
	{ .name = "mostly", .kind = FE_KWARG_MOSTLY, .default_json = "1.0" },  \
	{ .name = "row_condition", .kind = FE_KWARG_CONDITION, .may_be_null = true }, \
	{ .name = "condition_parser", .kind = FE_KWARG_ANY, .may_be_null = true }

#define MATCH_ON { .name = "match_on", .kind = FE_KWARG_WORD, .words = "any|all", .default_json = "\"any\"" }
#define ESCAPE { .name = "escape", .kind = FE_KWARG_TEXT, .may_be_null = true }

/* ---- patterns ---- */

struct patterns {
	struct fe_regex **regexes;
	size_t n;
	struct fe_regex_space *space;
	bool is_all;    /* all of them, not any */
	bool is_not;    /* what they say is unexpected */
};

static void
reset_patterns(struct fe_expectation *x)
{
	struct patterns *p = x->state;

	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		fe_regex_free(p->regexes[i]);
	fe_free(p->regexes);
	fe_regex_space_free(p->space);
	fe_free(p);
	x->state = NULL;
}

/* Those of a kwarg of one text, or of several; escape NULL: Python's. */
static void
bind_patterns(struct fe_expectation *x, const struct fe_literal *texts, size_t n, const struct fe_kwarg *escape)
{
	struct patterns *p = fe_new(struct patterns);
	struct fe_err why = FE_ERR_INIT;
	enum fe_rc rc = FE_OK;

	x->state = p;
	p->space = fe_regex_space_new();
	p->regexes = fe_new_array(n + 1, struct fe_regex *);
	for (; p->n < n && rc == FE_OK; p->n += rc == FE_OK) {
		if (escape)
			rc = fe_like_regex_new(&p->regexes[p->n], texts[p->n].text,
			                       escape->is_set ? escape->one.text : (struct fe_str){ 0 }, &why);
		else
			rc = fe_python_regex_new(&p->regexes[p->n], texts[p->n].text, &why);
	}
	if (rc)
		fe_text_map_raise(x, why.text);
}

static enum fe_rc
fits_patterns(void *state, struct fe_str text, bool *fits, struct fe_err *err)
{
	struct patterns *p = state;
	bool is_found = false;

	for (size_t i = 0; i < p->n; i++) {
		FE_TRY(fe_regex_search(p->regexes[i], p->space, text, &is_found, err));
		if (is_found != p->is_all)
			break;
	}
	*fits = is_found != p->is_not;
	return FE_OK;
}

static enum fe_rc
judge_patterns(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
               struct fe_err *err)
{
	return fe_text_map_judge(x, v, considered, unexpected, fits_patterns, err);
}

static void
set_not(struct fe_expectation *x)
{
	((struct patterns *)x->state)->is_not = true;
}

static void
set_match_on(struct fe_expectation *x)
{
	((struct patterns *)x->state)->is_all = fe_str_is(fe_suite_kwarg(x->item, "match_on")->one.text, "all");
}

static enum fe_rc
bind_regex(struct fe_expectation *x, struct fe_err *err)
{
	(void)err;
	bind_patterns(x, &fe_suite_kwarg(x->item, "regex")->one, 1, NULL);
	return FE_OK;
}

static enum fe_rc
bind_not_regex(struct fe_expectation *x, struct fe_err *err)
{
	FE_TRY(bind_regex(x, err));
	set_not(x);
	return FE_OK;
}

static enum fe_rc
bind_regex_list(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *list = fe_suite_kwarg(x->item, "regex_list");

	(void)err;
	bind_patterns(x, list->many, list->n_many, NULL);
	set_match_on(x);
	return FE_OK;
}

static enum fe_rc
bind_not_regex_list(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *list = fe_suite_kwarg(x->item, "regex_list");

	(void)err;
	bind_patterns(x, list->many, list->n_many, NULL);
	set_not(x);
	return FE_OK;
}

static enum fe_rc
bind_like(struct fe_expectation *x, struct fe_err *err)
{
	(void)err;
	bind_patterns(x, &fe_suite_kwarg(x->item, "like_pattern")->one, 1, fe_suite_kwarg(x->item, "escape"));
	return FE_OK;
}

static enum fe_rc
bind_not_like(struct fe_expectation *x, struct fe_err *err)
{
	FE_TRY(bind_like(x, err));
	set_not(x);
	return FE_OK;
}

static enum fe_rc
bind_like_list(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *list = fe_suite_kwarg(x->item, "like_pattern_list");

	(void)err;
	bind_patterns(x, list->many, list->n_many, fe_suite_kwarg(x->item, "escape"));
	set_match_on(x);
	return FE_OK;
}

static enum fe_rc
bind_not_like_list(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *list = fe_suite_kwarg(x->item, "like_pattern_list");

	(void)err;
	bind_patterns(x, list->many, list->n_many, fe_suite_kwarg(x->item, "escape"));
	set_not(x);
	return FE_OK;
}

static void
check_regex_list(const struct fe_suite_item *item, struct fe_buf *mistake)
{
	if (fe_suite_kwarg(item, "regex_list")->n_many == 0)
		fe_buf_add_text(mistake, "regex_list: must not be empty");
}

static void
check_escape(const struct fe_suite_item *item, struct fe_buf *mistake)
{
	const struct fe_kwarg *escape = fe_suite_kwarg(item, "escape");

	if (escape->is_set && fe_utf8_length(escape->one.text) != 1)
		fe_buf_add_text(mistake, "escape: must be a single character");
}

static void
check_like_list(const struct fe_suite_item *item, struct fe_buf *mistake)
{
	check_escape(item, mistake);
	if (fe_suite_kwarg(item, "like_pattern_list")->n_many == 0)
		fe_buf_addf(mistake, "%slike_pattern_list: must not be empty", mistake->n_bytes ? "; " : "");
}

/* "name matches '^A'" */
static void
say_pattern(const struct fe_suite_item *item, const char *verb, const char *kwarg, struct fe_buf *out)
{
	fe_sentence_name(item, "column", out);
	fe_buf_add_text(out, verb);
	fe_sentence_value(item, kwarg, out);
	fe_sentence_mostly(item, out);
}

static void
say_patterns(const struct fe_suite_item *item, const char *verb, const char *kwarg, struct fe_buf *out)
{
	const struct fe_kwarg *match_on = fe_sentence_kwarg(item, "match_on");

	fe_sentence_name(item, "column", out);
	fe_buf_add_text(out, verb);
	if (match_on && fe_str_is(match_on->one.text, "all"))
		fe_buf_add_text(out, "all of ");
	fe_sentence_list(item, kwarg, out);
	fe_sentence_mostly(item, out);
}

static void
describe_regex(const struct fe_suite_item *item, struct fe_buf *out)
{
	say_pattern(item, " matches ", "regex", out);
}

static void
describe_not_regex(const struct fe_suite_item *item, struct fe_buf *out)
{
	say_pattern(item, " does not match ", "regex", out);
}

static void
describe_regex_list(const struct fe_suite_item *item, struct fe_buf *out)
{
	say_patterns(item, " matches ", "regex_list", out);
}

static void
describe_not_regex_list(const struct fe_suite_item *item, struct fe_buf *out)
{
	say_patterns(item, " does not match ", "regex_list", out);
}

static void
describe_like(const struct fe_suite_item *item, struct fe_buf *out)
{
	say_pattern(item, " is like ", "like_pattern", out);
}

static void
describe_not_like(const struct fe_suite_item *item, struct fe_buf *out)
{
	say_pattern(item, " is not like ", "like_pattern", out);
}

static void
describe_like_list(const struct fe_suite_item *item, struct fe_buf *out)
{
	say_patterns(item, " is like ", "like_pattern_list", out);
}

static void
describe_not_like_list(const struct fe_suite_item *item, struct fe_buf *out)
{
	say_patterns(item, " is not like ", "like_pattern_list", out);
}

/* ---- lengths ---- */

struct lengths {
	fe_i128 least, most;
};

static void
reset_lengths(struct fe_expectation *x)
{
	fe_free(x->state);
	x->state = NULL;
}

static enum fe_rc
fits_lengths(void *state, struct fe_str text, bool *fits, struct fe_err *err)
{
	const struct lengths *l = state;
	size_t n_chars = fe_utf8_length(text);

	(void)err;
	*fits = (fe_i128)n_chars >= l->least && (fe_i128)n_chars <= l->most;
	return FE_OK;
}

static enum fe_rc
judge_lengths(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
              struct fe_err *err)
{
	return fe_text_map_judge(x, v, considered, unexpected, fits_lengths, err);
}

static enum fe_rc
bind_lengths(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *min = fe_suite_kwarg(x->item, "min_value"), *max = fe_suite_kwarg(x->item, "max_value");
	struct lengths *l = fe_new(struct lengths);

	(void)err;
	x->state = l;
	l->most = INT64_MAX;
	if (min->is_set)
		l->least = min->one.number.digits + fe_suite_kwarg(x->item, "strict_min")->one.is_true;
	if (max->is_set)
		l->most = max->one.number.digits - fe_suite_kwarg(x->item, "strict_max")->one.is_true;
	return FE_OK;
}

/* A length of 2.5 is none. */
static enum fe_rc
bind_length(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_suite_number *value = &fe_suite_kwarg(x->item, "value")->one.number;
	struct lengths *l = fe_new(struct lengths);
	double n = value->value;

	(void)err;
	x->state = l;
	l->most = -1;
	if (n >= 0 && n <= (double)INT32_MAX && n == (double)(int64_t)n)
		l->least = l->most = (int64_t)n;
	return FE_OK;
}

static void
check_lengths(const struct fe_suite_item *item, struct fe_buf *mistake)
{
	if (!fe_suite_kwarg(item, "min_value")->is_set && !fe_suite_kwarg(item, "max_value")->is_set)
		fe_buf_add_text(mistake, "min_value and max_value must not both be null");
}

static void
describe_lengths(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_buf_add_text(out, "the length of ");
	fe_sentence_name(item, "column", out);
	fe_buf_add_text(out, " is ");
	fe_sentence_range(item, out);
	fe_sentence_mostly(item, out);
}

static void
describe_length(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_buf_add_text(out, "the length of ");
	fe_sentence_name(item, "column", out);
	fe_buf_add_text(out, " is ");
	fe_sentence_value(item, "value", out);
	fe_sentence_mostly(item, out);
}

/* ---- the kinds ---- */

static const struct fe_kwarg_spec of_regex[] = {
	OF_COLUMN,
	{ .name = "regex", .kind = FE_KWARG_TEXT, .default_json = "\"(?s).*\"" },
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_not_regex[] = {
	OF_COLUMN,
	{ .name = "regex", .kind = FE_KWARG_TEXT, .is_required = true },
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_regex_list[] = {
	OF_COLUMN,
	{ .name = "regex_list", .kind = FE_KWARG_TEXTS, .is_required = true },
	MATCH_ON,
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_not_regex_list[] = {
	OF_COLUMN,
	{ .name = "regex_list", .kind = FE_KWARG_TEXTS, .is_required = true },
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_like[] = {
	OF_COLUMN,
	{ .name = "like_pattern", .kind = FE_KWARG_TEXT, .is_required = true },
	ESCAPE,
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_like_list[] = {
	OF_COLUMN,
	{ .name = "like_pattern_list", .kind = FE_KWARG_TEXTS, .is_required = true },
	ESCAPE,
	MATCH_ON,
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_not_like_list[] = {
	OF_COLUMN,
	{ .name = "like_pattern_list", .kind = FE_KWARG_TEXTS, .is_required = true },
	ESCAPE,
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_lengths[] = {
	OF_COLUMN,
	{ .name = "min_value", .kind = FE_KWARG_INT, .may_be_null = true },
	{ .name = "max_value", .kind = FE_KWARG_INT, .may_be_null = true },
	{ .name = "strict_min", .kind = FE_KWARG_BOOL, .default_json = "false" },
	{ .name = "strict_max", .kind = FE_KWARG_BOOL, .default_json = "false" },
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_length[] = {
	OF_COLUMN,
	{ .name = "value", .kind = FE_KWARG_FLOAT, .is_required = true },
	{ .name = NULL },
};

#define PATTERNS .domain = FE_DOMAIN_COLUMN, .is_map = true, .judge = judge_patterns, .reset = reset_patterns
#define LENGTHS .domain = FE_DOMAIN_COLUMN, .is_map = true, .judge = judge_lengths, .reset = reset_lengths

const struct fe_expectation_kind fe_kinds_text[] = {
	{ .type = "expect_column_values_to_match_regex", PATTERNS,
	  .metrics = { "column_values.match_regex.condition", "column_values.nonnull.condition" },
	  .kwargs = of_regex, .bind = bind_regex, .describe = describe_regex },
	{ .type = "expect_column_values_to_not_match_regex", PATTERNS,
	  .metrics = { "column_values.nonnull.condition", "column_values.not_match_regex.condition" },
	  .kwargs = of_not_regex, .bind = bind_not_regex, .describe = describe_not_regex },
	{ .type = "expect_column_values_to_match_regex_list", PATTERNS,
	  .metrics = { "column_values.match_regex_list.condition", "column_values.nonnull.condition" },
	  .kwargs = of_regex_list, .check = check_regex_list, .bind = bind_regex_list, .describe = describe_regex_list },
	{ .type = "expect_column_values_to_not_match_regex_list", PATTERNS,
	  .metrics = { "column_values.nonnull.condition", "column_values.not_match_regex_list.condition" },
	  .kwargs = of_not_regex_list, .check = check_regex_list, .bind = bind_not_regex_list,
	  .describe = describe_not_regex_list },
	{ .type = "expect_column_values_to_match_like_pattern", PATTERNS,
	  .metrics = { "column_values.match_like_pattern.condition", "column_values.nonnull.condition" },
	  .kwargs = of_like, .check = check_escape, .bind = bind_like, .describe = describe_like },
	{ .type = "expect_column_values_to_not_match_like_pattern", PATTERNS,
	  .metrics = { "column_values.nonnull.condition", "column_values.not_match_like_pattern.condition" },
	  .kwargs = of_like, .check = check_escape, .bind = bind_not_like, .describe = describe_not_like },
	{ .type = "expect_column_values_to_match_like_pattern_list", PATTERNS,
	  .metrics = { "column_values.match_like_pattern_list.condition", "column_values.nonnull.condition" },
	  .kwargs = of_like_list, .check = check_like_list, .bind = bind_like_list, .describe = describe_like_list },
	{ .type = "expect_column_values_to_not_match_like_pattern_list", PATTERNS,
	  .metrics = { "column_values.nonnull.condition", "column_values.not_match_like_pattern_list.condition" },
	  .kwargs = of_not_like_list, .check = check_like_list, .bind = bind_not_like_list,
	  .describe = describe_not_like_list },
	{ .type = "expect_column_value_lengths_to_be_between", LENGTHS,
	  .metrics = { "column_values.nonnull.condition", "column_values.value_length.map" },
	  .kwargs = of_lengths, .check = check_lengths, .bind = bind_lengths, .describe = describe_lengths },
	{ .type = "expect_column_value_lengths_to_equal", LENGTHS,
	  .metrics = { "column_values.nonnull.condition", "column_values.value_length.map" },
	  .kwargs = of_length, .bind = bind_length, .describe = describe_length },
	{ .type = NULL },
};

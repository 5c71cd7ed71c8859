// SPDX-License-Identifier: Apache-2.0
/* quality/expect_parse.c - texts that are moments or JSON
 *
 * Formats of dates as Python's strptime has them (quality/python_strptime.h), JSON as its
 * json.loads (quality/python_json.h), JSON Schema as its jsonschema (quality/json_schema.h). One
 * expectation of Great Expectations is known, but not worked out: dateutil's guesses follow no rule. It
 * fails, saying so, where there is a value to look at.
 */
#include "base/mem.h"
#include "quality/json_schema.h"
#include "quality/kinds.h"
#include "quality/python_json.h"
#include "quality/python_strptime.h"
#include "quality/sentence.h"
#include "quality/text_map.h"

#define OF_COLUMN                                                              \
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },    \
	{ .name = "mostly", .kind = FE_KWARG_MOSTLY, .default_json = "1.0" },  \
	{ .name = "row_condition", .kind = FE_KWARG_CONDITION, .may_be_null = true }, \
	{ .name = "condition_parser", .kind = FE_KWARG_ANY, .may_be_null = true }

static bool
is_of_texts(const struct fe_expectation *x)
{
	return x->schema->fields[x->columns[0]].type.kind == FE_TEXT;
}

/* ---- formats of dates ---- */

struct moments {
	struct fe_strptime *format;
	struct fe_regex_space *space;
};

static void
check_strftime(const struct fe_suite_item *item, struct fe_buf *mistake)
{
	struct fe_err why = FE_ERR_INIT;
	struct fe_strptime *format = NULL;

	if (fe_strptime_new(&format, fe_suite_kwarg(item, "strftime_format")->one.text, &why) != FE_OK)
		fe_buf_addf(mistake, "strftime_format: %s", why.text);
	fe_strptime_free(format);
}

static enum fe_rc
bind_strftime(struct fe_expectation *x, struct fe_err *err)
{
	struct moments *m = fe_new(struct moments);

	x->state = m;
	m->space = fe_regex_space_new();
	return fe_strptime_new(&m->format, fe_suite_kwarg(x->item, "strftime_format")->one.text, err);
}

static void
reset_strftime(struct fe_expectation *x)
{
	struct moments *m = x->state;

	if (!m)
		return;
	fe_strptime_free(m->format);
	fe_regex_space_free(m->space);
	fe_free(m);
	x->state = NULL;
}

static enum fe_rc
fits_strftime(void *state, struct fe_str text, bool *fits, struct fe_err *err)
{
	struct moments *m = state;

	return fe_strptime_reads(m->format, m->space, text, fits, err);
}

static enum fe_rc
judge_strftime(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
               struct fe_err *err)
{
	if (is_of_texts(x))
		return fe_text_map_judge(x, v, considered, unexpected, fits_strftime, err);
	if (fe_text_map_consider(x, v, considered))
		fe_text_map_raise(x, "Values passed to expect_column_values_to_match_strftime_format must be of type string.\n"
		                     "If you want to validate a column of dates or timestamps, please call the expectation "
		                     "before converting from string format.");
	return FE_OK;
}

static void
describe_strftime(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_sentence_name(item, "column", out);
	fe_buf_add_text(out, " is a moment written as ");
	fe_sentence_value(item, "strftime_format", out);
	fe_sentence_mostly(item, out);
}

/* ---- JSON ---- */

static enum fe_rc
fits_json(void *state, struct fe_str text, bool *fits, struct fe_err *err)
{
	(void)state;
	(void)err;
	*fits = fe_python_json_reads(text);
	return FE_OK;
}

/* Values that are no texts are unexpected, even numbers. */
static enum fe_rc
judge_json(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected, struct fe_err *err)
{
	if (is_of_texts(x))
		return fe_text_map_judge(x, v, considered, unexpected, fits_json, err);
	(void)fe_text_map_consider(x, v, considered);
	memcpy(unexpected, considered, FE_BITMAP_WORDS(v->n_rows) * sizeof(*considered));
	return FE_OK;
}

static void
describe_json(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_sentence_name(item, "column", out);
	fe_buf_add_text(out, " is JSON");
	fe_sentence_mostly(item, out);
}

/* ---- JSON Schema ---- */

static void
check_json_schema(const struct fe_suite_item *item, struct fe_buf *mistake)
{
	if (!fe_json_is(fe_suite_kwarg(item, "json_schema")->json, FE_JSON_OBJECT))
		fe_buf_add_text(mistake, "json_schema: an object is wanted");
}

/* A schema that is none is told where there is a value, for only there is it asked. */
struct schema {
	struct fe_json_schema *json;
	struct fe_err why;
};

static enum fe_rc
bind_json_schema(struct fe_expectation *x, struct fe_err *err)
{
	struct schema *s = fe_new(struct schema);

	(void)err;
	x->state = s;
	if (fe_json_schema_new(&s->json, fe_suite_kwarg(x->item, "json_schema")->json->raw, &s->why) != FE_OK)
		s->json = NULL;
	return FE_OK;
}

static void
reset_json_schema(struct fe_expectation *x)
{
	struct schema *s = x->state;

	if (!s)
		return;
	fe_json_schema_free(s->json);
	fe_free(s);
	x->state = NULL;
}

static enum fe_rc
fits_json_schema(void *state, struct fe_str text, bool *fits, struct fe_err *err)
{
	struct schema *s = state;

	return fe_json_schema_fits(s->json, text, fits, err);
}

/* json.loads takes texts only: any other value is an exception of Python's. */
static enum fe_rc
judge_json_schema(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
                  struct fe_err *err)
{
	const struct schema *s = x->state;

	if (is_of_texts(x) && s->json)
		return fe_text_map_judge(x, v, considered, unexpected, fits_json_schema, err);
	if (fe_text_map_consider(x, v, considered))
		fe_text_map_raise(x, s->json ? "the JSON object must be a text" : s->why.text);
	return FE_OK;
}

/* ---- dateutil ---- */

static enum fe_rc
judge_dateutil(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
               struct fe_err *err)
{
	(void)unexpected;
	(void)err;
	if (fe_text_map_consider(x, v, considered))
		fe_text_map_raise(x, is_of_texts(x) ? "dateutil is not supported: what it reads follows no rule; use "
		                                      "expect_column_values_to_match_strftime_format, or a column of type timestamp"
		                                    : "Values passed to expect_column_values_to_be_dateutil_parseable must be of type "
		                                      "string.\nIf you want to validate a column of dates or timestamps, please call "
		                                      "the expectation before converting from string format.");
	return FE_OK;
}

static void
describe_dateutil(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_sentence_name(item, "column", out);
	fe_buf_add_text(out, " can be read by dateutil");
	fe_sentence_mostly(item, out);
}

static void
describe_json_schema(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_sentence_name(item, "column", out);
	fe_buf_add_text(out, " is JSON of the schema");
	fe_sentence_mostly(item, out);
}

static const struct fe_kwarg_spec of_strftime[] = {
	OF_COLUMN,
	{ .name = "strftime_format", .kind = FE_KWARG_TEXT, .is_required = true },
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_json_schema[] = {
	OF_COLUMN,
	{ .name = "json_schema", .kind = FE_KWARG_ANY, .is_required = true },
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_column[] = { OF_COLUMN, { .name = NULL } };

const struct fe_expectation_kind fe_kinds_parse[] = {
	{ .type = "expect_column_values_to_match_strftime_format",
	  .domain = FE_DOMAIN_COLUMN,
	  .is_map = true,
	  .metrics = { "column_values.match_strftime_format.condition", "column_values.nonnull.condition" },
	  .kwargs = of_strftime,
	  .check = check_strftime,
	  .bind = bind_strftime,
	  .judge = judge_strftime,
	  .reset = reset_strftime,
	  .describe = describe_strftime },
	{ .type = "expect_column_values_to_be_dateutil_parseable",
	  .domain = FE_DOMAIN_COLUMN,
	  .is_map = true,
	  .metrics = { "column_values.dateutil_parseable.condition", "column_values.nonnull.condition" },
	  .kwargs = of_column,
	  .judge = judge_dateutil,
	  .describe = describe_dateutil },
	{ .type = "expect_column_values_to_be_json_parseable",
	  .domain = FE_DOMAIN_COLUMN,
	  .is_map = true,
	  .metrics = { "column_values.json_parseable.condition", "column_values.nonnull.condition" },
	  .kwargs = of_column,
	  .judge = judge_json,
	  .describe = describe_json },
	{ .type = "expect_column_values_to_match_json_schema",
	  .domain = FE_DOMAIN_COLUMN,
	  .is_map = true,
	  .metrics = { "column_values.match_json_schema.condition", "column_values.nonnull.condition" },
	  .kwargs = of_json_schema,
	  .check = check_json_schema,
	  .bind = bind_json_schema,
	  .judge = judge_json_schema,
	  .reset = reset_json_schema,
	  .describe = describe_json_schema },
	{ .type = NULL },
};

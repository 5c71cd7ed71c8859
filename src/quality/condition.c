// SPDX-License-Identifier: Apache-2.0
/* quality/condition.c - see quality/condition.h: objects, and the texts of 0.18 */
#include "quality/condition.h"

#include "base/double.h"
#include "base/mem.h"
#include "base/text.h"
#include "quality/literal.h"

static bool
refuse(struct fe_buf *why, const char *what)
{
	fe_buf_addf(why, "row_condition: %s", what);
	return false;
}

bool
fe_condition_add_step(struct fe_condition *c, enum fe_condition_op op)
{
	if (c->n_steps == FE_CONDITION_MAX_STEPS)
		return false;
	c->steps[c->n_steps++] = (struct fe_condition_step){ .op = op };
	return true;
}

struct fe_condition_leaf *
fe_condition_add_leaf(struct fe_condition *c, struct fe_str column, enum fe_condition_test test)
{
	struct fe_condition_leaf *leaf;

	if (c->n_leaves == FE_CONDITION_MAX_LEAVES || !fe_condition_add_step(c, FE_CONDITION_LEAF))
		return NULL;
	c->steps[c->n_steps - 1].leaf = c->n_leaves;
	leaf = &c->leaves[c->n_leaves++];
	*leaf = (struct fe_condition_leaf){ .column = column, .test = test };
	return leaf;
}

struct fe_literal *
fe_condition_room(struct fe_arena *arena, size_t n)
{
	char *p = fe_arena_alloc_zero(arena, (n + 1) * sizeof(struct fe_literal));

	return (struct fe_literal *)(void *)(p + (-(uintptr_t)p & (_Alignof(struct fe_literal) - 1)));
}

bool
fe_condition_test_of(struct fe_str operator, enum fe_condition_test *out)
{
	static const struct {
		const char *name;
		enum fe_condition_test test;
	} names[] = {
		{ "==", FE_TEST_EQUAL },   { "!=", FE_TEST_NOT_EQUAL }, { "<", FE_TEST_LESS },
		{ "<=", FE_TEST_AT_MOST }, { ">", FE_TEST_GREATER },    { ">=", FE_TEST_AT_LEAST },
		{ "IN", FE_TEST_IN },      { "NOT_IN", FE_TEST_NOT_IN },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (fe_str_is(operator, names[i].name)) {
			*out = names[i].test;
			return true;
		}
	}
	return false;
}

/* ---- objects ---- */

static bool
add_list(struct fe_condition_leaf *leaf, const struct fe_json_value *list, struct fe_arena *arena, struct fe_buf *why)
{
	leaf->values = fe_condition_room(arena, list->n_children);
	for (const struct fe_json_value *e = list->first; e; e = e->next) {
		struct fe_literal *l = &leaf->values[leaf->n_values++];

		fe_literal_of_json(e, l);
		if ((l->kind != FE_LITERAL_NUMBER && l->kind != FE_LITERAL_TEXT) || l->kind != leaf->values[0].kind)
			return refuse(why, "a list must be of numbers, or of texts");
	}
	return true;
}

static bool
add_comparison(struct fe_condition *c, const struct fe_json_value *v, struct fe_str column, struct fe_arena *arena,
               struct fe_buf *why)
{
	const struct fe_json_value *operator = fe_json_get(v, "operator"), *parameter = fe_json_get(v, "parameter");
	struct fe_condition_leaf *leaf;
	enum fe_condition_test test;

	if (!fe_json_is(operator, FE_JSON_STRING) || !fe_condition_test_of(operator->text, &test))
		return refuse(why, "operator must be one of ==, !=, <, <=, >, >=, IN, NOT_IN");
	if (!parameter || parameter->kind == FE_JSON_NULL || parameter->kind == FE_JSON_OBJECT)
		return refuse(why, "parameter must be a number, a text, true, false or a list of these; "
		                   "for null there is the type nullity");
	leaf = fe_condition_add_leaf(c, column, test);
	if (!leaf)
		return refuse(why, "has too many conditions");
	if (parameter->kind == FE_JSON_ARRAY) {
		if (test != FE_TEST_IN && test != FE_TEST_NOT_IN)
			return refuse(why, "a list needs the operator IN or NOT_IN");
		return add_list(leaf, parameter, arena, why);
	}
	if (test == FE_TEST_IN || test == FE_TEST_NOT_IN)
		return refuse(why, "IN and NOT_IN need a list");
	leaf->values = fe_condition_room(arena, 1);
	leaf->n_values = 1;
	fe_literal_of_json(parameter, leaf->values);
	return true;
}

static bool
add_leaf_of(struct fe_condition *c, const struct fe_json_value *v, struct fe_arena *arena, struct fe_buf *why)
{
	const struct fe_json_value *type = fe_json_get(v, "type"), *is_null = fe_json_get(v, "is_null");
	const struct fe_json_value *column = fe_json_get(fe_json_get(v, "column"), "name");
	bool is_nullity = fe_json_is(type, FE_JSON_STRING) && fe_str_is(type->text, "nullity");

	if (!is_nullity && !(fe_json_is(type, FE_JSON_STRING) && fe_str_is(type->text, "comparison")))
		return refuse(why, "type must be one of comparison, nullity, and, or, pass_through");
	if (!fe_json_is(column, FE_JSON_STRING))
		return refuse(why, "column must be an object with the column's name");
	if (!is_nullity)
		return add_comparison(c, v, column->text, arena, why);
	if (!fe_json_is(is_null, FE_JSON_BOOL))
		return refuse(why, "is_null must be true or false");
	if (!fe_condition_add_leaf(c, column->text, is_null->is_true ? FE_TEST_NULL : FE_TEST_NOT_NULL))
		return refuse(why, "has too many conditions");
	return true;
}

/* A group at work: the member that is being read, and how many were. */
struct group {
	enum fe_condition_op op;
	const struct fe_json_value *member;
	size_t n_read;
};

/* Whether v is a group; *fine is false where it is one that must not be. */
static bool
open_group(const struct fe_json_value *v, bool is_inside, struct group *g, bool *fine, struct fe_buf *why)
{
	const struct fe_json_value *type = fe_json_get(v, "type"), *members = fe_json_get(v, "conditions");
	bool is_or = fe_json_is(type, FE_JSON_STRING) && fe_str_is(type->text, "or");

	*fine = true;
	if (!is_or && !(fe_json_is(type, FE_JSON_STRING) && fe_str_is(type->text, "and")))
		return false;
	if (is_or && is_inside)
		*fine = refuse(why, "an or cannot stand inside of an and, or of another or");
	else if (!fe_json_is(members, FE_JSON_ARRAY) || !members->first)
		*fine = refuse(why, "conditions must be a list of conditions");
	else
		*g = (struct group){ .op = is_or ? FE_CONDITION_OR : FE_CONDITION_AND, .member = members->first };
	return true;
}

static bool
read_object(struct fe_condition *c, const struct fe_json_value *v, struct fe_arena *arena, struct fe_buf *why)
{
	struct group stack[FE_JSON_MAX_DEPTH];
	size_t depth = 0;
	bool fine;

	do {
		if (open_group(v, depth > 0, &stack[depth], &fine, why)) {
			if (!fine)
				return false;
			v = stack[depth++].member;
			continue;
		}
		if (!add_leaf_of(c, v, arena, why))
			return false;
		/* What ends with this leaf. */
		for (v = NULL; depth > 0 && !v;) {
			struct group *g = &stack[depth - 1];

			if (g->n_read++ > 0 && !fe_condition_add_step(c, g->op))
				return refuse(why, "has too many conditions");
			v = g->member = g->member->next;
			depth -= v == NULL;
		}
	} while (v);
	return true;
}

/* ---- the texts of 0.18 ---- */

static bool
take(struct fe_str *text, const char *word)
{
	size_t n = strlen(word);

	if (text->n < n || memcmp(text->p, word, n) != 0)
		return false;
	*text = (struct fe_str){ text->p + n, text->n - n };
	return true;
}

static void
skip_blanks(struct fe_str *text)
{
	while (text->n > 0 && strchr(" \t\r\n", text->p[0]))
		*text = (struct fe_str){ text->p + 1, text->n - 1 };
}

/* "..." or '...', without escapes, not empty; quotes: those that may be. */
static bool
take_quoted(struct fe_str *text, const char *quotes, struct fe_str *out)
{
	const char *end;

	if (text->n < 3 || !strchr(quotes, text->p[0]))
		return false;
	end = memchr(text->p + 1, text->p[0], text->n - 1);
	if (!end || end == text->p + 1)
		return false;
	*out = (struct fe_str){ text->p + 1, (size_t)(end - text->p - 1) };
	*text = (struct fe_str){ end + 1, text->n - out->n - 2 };
	return true;
}

static bool
take_value(struct fe_str *text, struct fe_literal *out)
{
	struct fe_str rest = *text, quoted = { 0 };

	out->raw = *text;
	if (take(text, "date")) {
		skip_blanks(text);
		if (!take(text, "("))
			return false;
		skip_blanks(text);
		out->kind = FE_LITERAL_TEXT;
		if (!take_quoted(text, "\"'", &out->text))
			return false;
		skip_blanks(text);
		return take(text, ")");
	}
	if (take_quoted(text, "\"'", &quoted)) {
		out->kind = FE_LITERAL_TEXT;
		out->text = quoted;
		return true;
	}
	while (rest.n > 0 && strchr("+-.0123456789eE", rest.p[0]))
		rest = (struct fe_str){ rest.p + 1, rest.n - 1 };
	out->raw.n -= rest.n;
	*text = rest;
	out->kind = FE_LITERAL_NUMBER;
	return fe_suite_number_read(out->raw, &out->number);
}

static bool
take_operator(struct fe_str *text, enum fe_condition_test *out)
{
	size_t n = text->n > 1 && text->p[1] == '=' ? 2 : 1;
	struct fe_str operator = { text->p, n };

	if (text->n < n || !fe_condition_test_of(operator, out))
		return false;
	*text = (struct fe_str){ text->p + n, text->n - n };
	return true;
}

/* col("x") OP value, or col("x").notnull() */
static bool
read_col(struct fe_condition *c, struct fe_str text, struct fe_arena *arena, struct fe_buf *why)
{
	static const char form[] = "must be of the form col(\"x\") == 3, col(\"x\") == \"text\" or col(\"x\").notnull(), "
	                           "and one comparison alone: use an object with and, or";
	struct fe_condition_leaf *leaf;
	enum fe_condition_test test = FE_TEST_NOT_NULL;
	struct fe_literal *value = NULL;
	struct fe_str column = { 0 };

	skip_blanks(&text);
	if (!take(&text, "col(") || !take_quoted(&text, "\"", &column) || !take(&text, ")"))
		return refuse(why, form);
	skip_blanks(&text);
	if (!take(&text, ".notnull()") && !take(&text, ".notNull()")) {
		value = fe_condition_room(arena, 1);
		if (text.n == 0 || !take_operator(&text, &test))
			return refuse(why, form);
		skip_blanks(&text);
		if (!take_value(&text, value))
			return refuse(why, form);
	}
	skip_blanks(&text);
	if (text.n > 0)
		return refuse(why, form);
	leaf = fe_condition_add_leaf(c, column, test);
	leaf->values = value;
	leaf->n_values = value ? 1 : 0;
	return true;
}

/* ---- any ---- */

static bool
is_of_0_18(struct fe_str parser)
{
	return fe_str_is(parser, "great_expectations") || fe_str_is(parser, "great_expectations__experimental__");
}

bool
fe_condition_read(struct fe_condition *out, const struct fe_json_value *json, struct fe_str parser,
                  struct fe_arena *arena, struct fe_buf *why)
{
	const struct fe_json_value *type = fe_json_get(json, "type");
	struct fe_str text = json->text;

	out->n_leaves = out->n_steps = 0;
	if (json->kind == FE_JSON_OBJECT) {
		const struct fe_json_value *filter = fe_json_get(json, "pass_through_filter");

		if (!fe_json_is(type, FE_JSON_STRING) || !fe_str_is(type->text, "pass_through"))
			return read_object(out, json, arena, why);
		if (!fe_json_is(filter, FE_JSON_STRING))
			return refuse(why, "pass_through_filter must be a text");
		text = filter->text;
	} else if (json->kind != FE_JSON_STRING) {
		return refuse(why, "must be a condition: an object, or a text");
	} else if (is_of_0_18(parser)) {
		return read_col(out, text, arena, why);
	}
	return fe_condition_read_query(out, text, arena, why);
}

/* ---- the echo ---- */

static void
echo_leaf(const struct fe_condition_leaf *leaf, struct fe_buf *echo)
{
	static const char *const names[] = { "==", "!=", "<", "<=", ">", ">=" };

	fe_buf_add_text(echo, "{\"column\": {\"name\": ");
	fe_buf_add_json_string(echo, leaf->column);
	if (leaf->test == FE_TEST_NOT_NULL) {
		fe_buf_add_text(echo, "}, \"is_null\": false, \"type\": \"nullity\"}");
		return;
	}
	fe_buf_addf(echo, "}, \"operator\": \"%s\", \"parameter\": ", names[leaf->test]);
	if (leaf->values[0].kind == FE_LITERAL_TEXT)
		fe_buf_add_json_string(echo, leaf->values[0].text);
	else if (leaf->values[0].number.is_exact && leaf->values[0].number.scale == 0)
		fe_buf_add_decimal(echo, leaf->values[0].number.digits, 0);
	else
		fe_buf_add_double(echo, leaf->values[0].number.value);
	fe_buf_add_text(echo, ", \"type\": \"comparison\"}");
}

bool
fe_condition_echo(const struct fe_json_value *json, struct fe_str parser, struct fe_buf *echo, struct fe_buf *why)
{
	bool is_query = json->kind == FE_JSON_STRING && !is_of_0_18(parser);
	struct fe_condition *c = fe_new(struct fe_condition);
	struct fe_arena arena = { 0 };
	bool is_read = true;

	if (is_query) {
		fe_buf_add_text(echo, "{\"pass_through_filter\": ");
		fe_buf_add_json_string(echo, json->text);
		fe_buf_add_text(echo, ", \"type\": \"pass_through\"}");
	} else if (json->kind == FE_JSON_OBJECT && fe_json_get(json, "pass_through_filter")) {
		fe_buf_add_str(echo, json->raw);
	} else if ((is_read = fe_condition_read(c, json, parser, &arena, why))) {
		if (json->kind == FE_JSON_STRING)
			echo_leaf(&c->leaves[0], echo);
		else
			fe_buf_add_str(echo, json->raw);
	}
	fe_arena_free(&arena);
	fe_free(c);
	return is_read;
}

// SPDX-License-Identifier: Apache-2.0
/* quality/json_schema_words.c - what each keyword asks of a value
 *
 * A keyword says nothing of values of a type that it is not for. Those with schemas inside
 * are called again with each answer: see json_schema_ask.h.
 */
#include <math.h>

#include "quality/json_schema_ask.h"

#define answer_of(is_so) ((is_so) ? FE_ANSWER_YES : FE_ANSWER_NO)

/* ---- the value itself ---- */

static bool
is_of_type(const struct fe_py *v, struct fe_str type, enum fe_schema_draft draft)
{
	switch (v->kind) {
	case FE_PY_NONE: return fe_str_is(type, "null");
	case FE_PY_TRUE: case FE_PY_FALSE: return fe_str_is(type, "boolean");
	case FE_PY_STR: return fe_str_is(type, "string");
	case FE_PY_LIST: return fe_str_is(type, "array");
	case FE_PY_DICT: return fe_str_is(type, "object");
	case FE_PY_INT: case FE_PY_FLOAT: break;
	}
	return fe_str_is(type, "number") || (fe_str_is(type, "integer") && fe_schema_is_integer(v, draft));
}

static bool
is_of_types(const struct fe_py *v, const struct fe_py *types, enum fe_schema_draft draft)
{
	if (types->kind == FE_PY_STR)
		return is_of_type(v, types->text, draft);
	for (size_t i = 0; i < types->n_items; i++)
		if (is_of_type(v, types->items[i]->text, draft))
			return true;
	return false;
}

static bool
is_among(const struct fe_py *v, const struct fe_py *list)
{
	for (size_t i = 0; i < list->n_items; i++)
		if (fe_py_equal(v, list->items[i]))
			return true;
	return false;
}

/* A value that is NaN is neither below nor above. */
static bool
is_within(const struct fe_py *v, const struct fe_schema_word *w)
{
	int order;

	if (!fe_py_is_number(v) || !fe_py_compare(v, w->value, &order))
		return true;
	switch (w->op) {
	case FE_SCHEMA_MINIMUM: return order >= 0;
	case FE_SCHEMA_MAXIMUM: return order <= 0;
	case FE_SCHEMA_ABOVE: return order > 0;
	default: return order < 0;
	}
}

/* Python divides by a float as floats, and by an int without a rest. */
static enum fe_schema_answer
is_multiple(struct fe_schema_asking *a, const struct fe_py *v, const struct fe_py *of)
{
	fe_i128 x, y;

	if (!fe_py_is_number(v))
		return FE_ANSWER_YES;
	if (of->kind == FE_PY_INT) {
		if (v->kind == FE_PY_INT && fe_i128_parse(v->text, 0, &x) && fe_i128_parse(of->text, 0, &y))
			return answer_of(x % y == 0);
		return answer_of(fmod(v->real, of->real) == 0);
	}
	if (!isfinite(v->real)) {
		a->rc = fe_fail(a->err, FE_ELIMIT, "json_schema: multipleOf of a number that is not finite");
		return FE_ANSWER_FAILED;
	}
	double quotient = v->real / of->real;
	if (isnan(quotient)) {
		a->rc = fe_fail(a->err, FE_ELIMIT, "json_schema: multipleOf is not a number");
		return FE_ANSWER_FAILED;
	}
	return answer_of(isinf(quotient) ? fmod(v->real, of->real) == 0 : quotient == trunc(quotient));
}

static bool
has_size(size_t n, const struct fe_schema_word *w, bool is_least)
{
	return is_least ? (double)n >= w->value->real : (double)n <= w->value->real;
}

static enum fe_schema_answer
judge_scalar(struct fe_schema_asking *a, const struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	const struct fe_py *v = f->value;

	switch (w->op) {
	case FE_SCHEMA_TYPE: return answer_of(is_of_types(v, w->value, a->s->draft));
	case FE_SCHEMA_ENUM: return answer_of(is_among(v, w->value));
	case FE_SCHEMA_CONST: return answer_of(fe_py_equal(v, w->value));
	case FE_SCHEMA_MULTIPLE: return is_multiple(a, v, w->value);
	case FE_SCHEMA_MINIMUM: case FE_SCHEMA_MAXIMUM: case FE_SCHEMA_ABOVE: case FE_SCHEMA_BELOW:
		return answer_of(is_within(v, w));
	case FE_SCHEMA_MIN_LENGTH: return answer_of(v->kind != FE_PY_STR || has_size(fe_py_length(v->text), w, true));
	case FE_SCHEMA_MAX_LENGTH: return answer_of(v->kind != FE_PY_STR || has_size(fe_py_length(v->text), w, false));
	case FE_SCHEMA_PATTERN: return v->kind == FE_PY_STR ? fe_schema_found(a, w->patterns[0], v->text) : FE_ANSWER_YES;
	case FE_SCHEMA_MIN_ITEMS: return answer_of(v->kind != FE_PY_LIST || has_size(v->n_items, w, true));
	case FE_SCHEMA_MAX_ITEMS: return answer_of(v->kind != FE_PY_LIST || has_size(v->n_items, w, false));
	case FE_SCHEMA_UNIQUE:
		return answer_of(w->value->kind != FE_PY_TRUE || v->kind != FE_PY_LIST || fe_py_all_differ(v));
	case FE_SCHEMA_MIN_MEMBERS: return answer_of(v->kind != FE_PY_DICT || has_size(v->n_items, w, true));
	case FE_SCHEMA_MAX_MEMBERS: return answer_of(v->kind != FE_PY_DICT || has_size(v->n_items, w, false));
	default: return FE_ANSWER_YES;
	}
}

static bool
has_all(const struct fe_py *v, const struct fe_py *names)
{
	for (size_t i = 0; i < names->n_items; i++)
		if (!fe_py_get(v, names->items[i]->text))
			return false;
	return true;
}

/* ---- members ---- */

static enum fe_schema_answer
judge_properties(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	while (f->child != FE_ANSWER_NO && f->i < w->n_parts) {
		size_t i = f->i++;
		const struct fe_py *member = fe_py_get(f->value, w->value->items[i]->key);
		if (member)
			return fe_schema_ask(a, w->parts[i], member);
	}
	return answer_of(f->child != FE_ANSWER_NO);
}

/* Each member with each pattern. */
static enum fe_schema_answer
judge_patterns(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	while (f->child != FE_ANSWER_NO && f->i < f->value->n_items * w->n_patterns) {
		size_t i = f->i++;
		const struct fe_py *member = f->value->items[i / w->n_patterns];
		enum fe_schema_answer found = fe_schema_found(a, w->patterns[i % w->n_patterns], member->key);
		if (found == FE_ANSWER_FAILED)
			return found;
		if (found == FE_ANSWER_YES)
			return fe_schema_ask(a, w->parts[i % w->n_patterns], member);
	}
	return answer_of(f->child != FE_ANSWER_NO);
}

/* Neither of properties nor of a pattern. */
static enum fe_schema_answer
is_additional(struct fe_schema_asking *a, const struct fe_schema_part *part, struct fe_str key)
{
	const struct fe_schema_word *properties = fe_schema_word_of(part, FE_SCHEMA_PROPERTIES);
	const struct fe_schema_word *patterns = fe_schema_word_of(part, FE_SCHEMA_PATTERNS);
	enum fe_schema_answer found = FE_ANSWER_NO;

	if (properties && fe_py_get(properties->value, key))
		return FE_ANSWER_NO;
	for (size_t i = 0; patterns && found == FE_ANSWER_NO && i < patterns->n_patterns; i++)
		found = fe_schema_found(a, patterns->patterns[i], key);
	return found == FE_ANSWER_FAILED ? found : answer_of(found == FE_ANSWER_NO);
}

static enum fe_schema_answer
judge_additional(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	while (f->child != FE_ANSWER_NO && f->i < f->value->n_items) {
		const struct fe_py *member = f->value->items[f->i++];
		enum fe_schema_answer is_so = is_additional(a, f->part, member->key);
		if (is_so == FE_ANSWER_FAILED)
			return is_so;
		if (is_so == FE_ANSWER_YES)
			return fe_schema_ask(a, w->parts[0], member);
	}
	return answer_of(f->child != FE_ANSWER_NO);
}

static enum fe_schema_answer
judge_names(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	struct fe_py *name;

	if (f->child == FE_ANSWER_NO || f->i == f->value->n_items)
		return answer_of(f->child != FE_ANSWER_NO);
	name = fe_py_of_text(f->value->items[f->i++]->key, &a->s->of_value);
	return fe_schema_ask(a, w->parts[0], name);
}

static enum fe_schema_answer
judge_dependencies(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	while (f->child != FE_ANSWER_NO && f->i < w->value->n_items) {
		size_t i = f->i++;
		const struct fe_py *on = w->value->items[i];
		if (!fe_py_get(f->value, on->key))
			continue;
		if (w->n_parts && w->parts[i])
			return fe_schema_ask(a, w->parts[i], f->value);
		if (!has_all(f->value, on))
			return FE_ANSWER_NO;
	}
	return answer_of(f->child != FE_ANSWER_NO);
}

/* ---- items ---- */

static enum fe_schema_answer
judge_prefix(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	size_t i = f->i++;

	if (f->child == FE_ANSWER_NO || i >= f->value->n_items || i >= w->n_parts)
		return answer_of(f->child != FE_ANSWER_NO);
	return fe_schema_ask(a, w->parts[i], f->value->items[i]);
}

static enum fe_schema_answer
judge_rest(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	size_t i = f->i++;

	if (f->child == FE_ANSWER_NO || f->value->n_items <= w->from || i >= f->value->n_items - w->from)
		return answer_of(f->child != FE_ANSWER_NO);
	return fe_schema_ask(a, w->parts[0], f->value->items[w->from + i]);
}

static enum fe_schema_answer
judge_contains(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	f->n += f->child == FE_ANSWER_YES;
	if (w->at_most && (double)f->n > w->at_most->real)
		return FE_ANSWER_NO;
	if (f->i == f->value->n_items)
		return answer_of(f->n >= w->from);
	return fe_schema_ask(a, w->parts[0], f->value->items[f->i++]);
}

/* ---- several schemas for one value ---- */

static enum fe_schema_answer
judge_several(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	f->n += f->child == FE_ANSWER_YES;
	if (w->op == FE_SCHEMA_ALL && f->child == FE_ANSWER_NO)
		return FE_ANSWER_NO;
	if (w->op == FE_SCHEMA_ANY && f->n)
		return FE_ANSWER_YES;
	if (w->op == FE_SCHEMA_ONE && f->n > 1)
		return FE_ANSWER_NO;
	if (f->i < w->n_parts)
		return fe_schema_ask(a, w->parts[f->i++], f->value);
	return answer_of(w->op == FE_SCHEMA_ALL || f->n == 1);
}

static enum fe_schema_answer
judge_not(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	return f->child == FE_ANSWER_LATER ? fe_schema_ask(a, w->parts[0], f->value) : answer_of(f->child == FE_ANSWER_NO);
}

static enum fe_schema_answer
judge_if(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	const struct fe_schema_word *then;

	if (f->i == 2)
		return f->child;
	if (f->i++ == 0)
		return fe_schema_ask(a, w->parts[0], f->value);
	then = fe_schema_word_of(f->part, f->child == FE_ANSWER_YES ? FE_SCHEMA_THEN : FE_SCHEMA_ELSE);
	return then ? fe_schema_ask(a, then->parts[0], f->value) : FE_ANSWER_YES;
}

static enum fe_schema_answer
judge_ref(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	const struct fe_schema_part *target;

	if (f->child != FE_ANSWER_LATER)
		return f->child;
	target = w->op == FE_SCHEMA_REF         ? w->parts[0] :
	         w->op == FE_SCHEMA_DYNAMIC_REF ? fe_schema_dynamic(a, w) :
	                                          fe_schema_recursive(a, f->part);
	if (target)
		return fe_schema_ask(a, target, f->value);
	a->rc = fe_fail(a->err, FE_EUSAGE, "json_schema: the reference %.*s leads to no place in the schema", FE_STR_ARGS(w->value->text));
	return FE_ANSWER_FAILED;
}

/* First what the other keywords have looked at, then the rest. */
static enum fe_schema_answer
judge_others(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	if (!f->seen || f->child == FE_ANSWER_LATER) {
		f->seen = fe_arena_alloc_zero(&a->s->of_value, (f->value->n_items / 64 + 1) * sizeof(*f->seen));
		return fe_schema_gather(a, f->part, f->value, f->seen);
	}
	if (f->n++ == 0)
		f->child = FE_ANSWER_YES; /* gathered */
	while (f->child != FE_ANSWER_NO && f->i < f->value->n_items) {
		size_t i = f->i++;
		if (f->seen[i / 64] >> (i % 64) & 1)
			continue;
		if (w->op == FE_SCHEMA_OTHER_ITEMS)
			return FE_ANSWER_NO; /* those that would do were gathered */
		return fe_schema_ask(a, w->parts[0], f->value->items[i]);
	}
	return answer_of(f->child != FE_ANSWER_NO);
}

enum fe_schema_answer
fe_schema_judge_word(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	bool is_dict = f->value->kind == FE_PY_DICT, is_list = f->value->kind == FE_PY_LIST;

	switch (w->op) {
	case FE_SCHEMA_REQUIRED: return answer_of(!is_dict || has_all(f->value, w->value));
	case FE_SCHEMA_PROPERTIES: return is_dict ? judge_properties(a, f, w) : FE_ANSWER_YES;
	case FE_SCHEMA_PATTERNS: return is_dict ? judge_patterns(a, f, w) : FE_ANSWER_YES;
	case FE_SCHEMA_ADDITIONAL: return is_dict ? judge_additional(a, f, w) : FE_ANSWER_YES;
	case FE_SCHEMA_NAMES: return is_dict ? judge_names(a, f, w) : FE_ANSWER_YES;
	case FE_SCHEMA_DEPENDENCIES: return is_dict ? judge_dependencies(a, f, w) : FE_ANSWER_YES;
	case FE_SCHEMA_OTHER_MEMBERS: return is_dict ? judge_others(a, f, w) : FE_ANSWER_YES;
	case FE_SCHEMA_PREFIX: return is_list ? judge_prefix(a, f, w) : FE_ANSWER_YES;
	case FE_SCHEMA_REST: return is_list ? judge_rest(a, f, w) : FE_ANSWER_YES;
	case FE_SCHEMA_CONTAINS: return is_list ? judge_contains(a, f, w) : FE_ANSWER_YES;
	case FE_SCHEMA_OTHER_ITEMS: return is_list ? judge_others(a, f, w) : FE_ANSWER_YES;
	case FE_SCHEMA_ALL: case FE_SCHEMA_ANY: case FE_SCHEMA_ONE: return judge_several(a, f, w);
	case FE_SCHEMA_NOT: return judge_not(a, f, w);
	case FE_SCHEMA_IF: return judge_if(a, f, w);
	case FE_SCHEMA_REF: case FE_SCHEMA_DYNAMIC_REF: case FE_SCHEMA_RECURSIVE_REF: return judge_ref(a, f, w);
	default: return judge_scalar(a, f, w);
	}
}

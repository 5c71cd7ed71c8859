// SPDX-License-Identifier: Apache-2.0
/* quality/json_schema_gather.c - which items or members a schema has looked at
 *
 * For unevaluatedItems and unevaluatedProperties, as Python's jsonschema gathers them: it goes through the
 * schemas for the same value, those of references and conditions as they stand, those of allOf, anyOf
 * and oneOf where the value fits. In 2019-09 additionalProperties and unevaluatedProperties
 * count by themselves, not by what they say of a value, and so does jsonschema.
 */
#include "quality/json_schema_ask.h"

static void
see(struct fe_schema_frame *f, size_t i)
{
	f->seen[i / 64] |= UINT64_C(1) << (i % 64);
}

static void
see_to(struct fe_schema_frame *f, size_t n)
{
	for (size_t i = 0; i < n && i < f->value->n_items; i++)
		see(f, i);
}

static void
see_members_of(struct fe_schema_frame *f, const struct fe_py *dict)
{
	for (size_t i = 0; i < f->value->n_items; i++)
		if (dict->kind == FE_PY_DICT && fe_py_get(dict, f->value->items[i]->key))
			see(f, i);
}

/* The items that fit the keyword's schema. */
static enum fe_schema_answer
gather_fitting(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	if (f->child == FE_ANSWER_YES)
		see(f, f->i - 1);
	if (f->i == f->value->n_items)
		return FE_ANSWER_YES;
	return fe_schema_ask(a, w->parts[0], f->value->items[f->i++]);
}

static enum fe_schema_answer
gather_patterns(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	for (size_t i = 0; i < f->value->n_items; i++) {
		for (size_t k = 0; k < w->n_patterns; k++) {
			enum fe_schema_answer found = fe_schema_found(a, w->patterns[k], f->value->items[i]->key);
			if (found == FE_ANSWER_FAILED)
				return found;
			if (found == FE_ANSWER_YES)
				see(f, i);
		}
	}
	return FE_ANSWER_YES;
}

/* Each is asked, and gathered from where the value fits. n: it was asked. */
static enum fe_schema_answer
gather_several(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	size_t i = f->i;

	if (f->n && f->child == FE_ANSWER_YES) {
		f->n = 0;
		f->i++;
		return fe_schema_gather(a, w->parts[i], f->value, f->seen);
	}
	if (f->n)
		i = ++f->i;
	f->n = 1;
	return i < w->n_parts ? fe_schema_ask(a, w->parts[i], f->value) : FE_ANSWER_YES;
}

static enum fe_schema_answer
gather_if(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	const struct fe_schema_word *then = fe_schema_word_of(f->part, FE_SCHEMA_THEN);
	const struct fe_schema_word *other = fe_schema_word_of(f->part, FE_SCHEMA_ELSE);

	switch (f->i++) {
	case 0:
		return fe_schema_ask(a, w->parts[0], f->value);
	case 1:
		if (f->child == FE_ANSWER_YES)
			return fe_schema_gather(a, w->parts[0], f->value, f->seen);
		f->i = 3;
		return other ? fe_schema_gather(a, other->parts[0], f->value, f->seen) : FE_ANSWER_YES;
	case 2:
		return then ? fe_schema_gather(a, then->parts[0], f->value, f->seen) : FE_ANSWER_YES;
	default:
		return FE_ANSWER_YES;
	}
}

/* The schemas of members that are there. */
static enum fe_schema_answer
gather_dependencies(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	while (f->i < w->n_parts) {
		size_t i = f->i++;
		if (w->parts[i] && fe_py_get(f->value, w->value->items[i]->key))
			return fe_schema_gather(a, w->parts[i], f->value, f->seen);
	}
	return FE_ANSWER_YES;
}

static enum fe_schema_answer
gather_ref(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	const struct fe_schema_part *target = w->op == FE_SCHEMA_REF         ? w->parts[0] :
	                                      w->op == FE_SCHEMA_DYNAMIC_REF ? fe_schema_dynamic(a, w) :
	                                                                       fe_schema_recursive(a, f->part);

	return f->i++ == 0 && target ? fe_schema_gather(a, target, f->value, f->seen) : FE_ANSWER_YES;
}

static enum fe_schema_answer
gather_members(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	switch (w->op) {
	case FE_SCHEMA_PROPERTIES:
		see_members_of(f, w->value);
		return FE_ANSWER_YES;
	case FE_SCHEMA_ADDITIONAL: case FE_SCHEMA_OTHER_MEMBERS:
		if (a->s->draft != FE_DRAFT_2019)
			return gather_fitting(a, f, w);
		see_members_of(f, w->value);
		see_to(f, w->value->kind == FE_PY_TRUE ? f->value->n_items : 0);
		return FE_ANSWER_YES;
	case FE_SCHEMA_PATTERNS: return gather_patterns(a, f, w);
	case FE_SCHEMA_DEPENDENCIES: return gather_dependencies(a, f, w);
	default: return FE_ANSWER_YES;
	}
}

static enum fe_schema_answer
gather_items(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	switch (w->op) {
	case FE_SCHEMA_PREFIX:
		see_to(f, w->n_parts);
		return FE_ANSWER_YES;
	case FE_SCHEMA_REST:
		see_to(f, f->value->n_items);
		return FE_ANSWER_YES;
	case FE_SCHEMA_CONTAINS: case FE_SCHEMA_OTHER_ITEMS: return gather_fitting(a, f, w);
	default: return FE_ANSWER_YES;
	}
}

enum fe_schema_answer
fe_schema_gather_word(struct fe_schema_asking *a, struct fe_schema_frame *f, const struct fe_schema_word *w)
{
	switch (w->op) {
	case FE_SCHEMA_REF: case FE_SCHEMA_DYNAMIC_REF: case FE_SCHEMA_RECURSIVE_REF: return gather_ref(a, f, w);
	case FE_SCHEMA_ALL: case FE_SCHEMA_ANY: case FE_SCHEMA_ONE: return gather_several(a, f, w);
	case FE_SCHEMA_IF: return gather_if(a, f, w);
	default: break;
	}
	return f->value->kind == FE_PY_DICT ? gather_members(a, f, w) : gather_items(a, f, w);
}

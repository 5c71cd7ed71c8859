// SPDX-License-Identifier: Apache-2.0
/* quality/json_schema_rules.c - which keywords a draft has, and what their values may be
 *
 * The rules of the drafts' own schemas (their metaschemas), as a table.
 */
#include "quality/json_schema_private.h"

#define ALL (FE_DRAFT_4 | FE_DRAFT_6 | FE_DRAFT_7 | FE_DRAFT_2019 | FE_DRAFT_2020)
#define FROM_6 (ALL & ~(unsigned)FE_DRAFT_4)
#define FROM_7 (FROM_6 & ~(unsigned)FE_DRAFT_6)
#define FROM_2019 (FE_DRAFT_2019 | FE_DRAFT_2020)
#define TO_7 (FE_DRAFT_4 | FE_DRAFT_6 | FE_DRAFT_7)
#define TO_2019 (TO_7 | FE_DRAFT_2019)

/* By name, as bytes are ordered. */
static const struct fe_schema_rule rules[] = {
	{ "$anchor", FROM_2019, FE_SHAPE_ANCHOR, FE_SCHEMA_NOTHING },
	{ "$comment", FROM_7, FE_SHAPE_TEXT, FE_SCHEMA_NOTHING },
	{ "$defs", FROM_2019, FE_SHAPE_SCHEMA_OF, FE_SCHEMA_NOTHING },
	{ "$dynamicAnchor", FE_DRAFT_2020, FE_SHAPE_ANCHOR, FE_SCHEMA_NOTHING },
	{ "$dynamicRef", FE_DRAFT_2020, FE_SHAPE_TEXT, FE_SCHEMA_DYNAMIC_REF },
	{ "$id", FROM_2019, FE_SHAPE_ID, FE_SCHEMA_NOTHING },
	{ "$id", FE_DRAFT_6 | FE_DRAFT_7, FE_SHAPE_TEXT, FE_SCHEMA_NOTHING },
	{ "$recursiveAnchor", FE_DRAFT_2019, FE_SHAPE_BOOL, FE_SCHEMA_NOTHING },
	{ "$recursiveAnchor", FE_DRAFT_2020, FE_SHAPE_ANCHOR, FE_SCHEMA_NOTHING },
	{ "$recursiveRef", FE_DRAFT_2019, FE_SHAPE_TEXT, FE_SCHEMA_RECURSIVE_REF },
	{ "$recursiveRef", FE_DRAFT_2020, FE_SHAPE_TEXT, FE_SCHEMA_NOTHING },
	{ "$ref", ALL, FE_SHAPE_TEXT, FE_SCHEMA_REF },
	{ "$schema", ALL, FE_SHAPE_TEXT, FE_SCHEMA_NOTHING },
	{ "$vocabulary", FROM_2019, FE_SHAPE_BOOLS, FE_SCHEMA_NOTHING },
	{ "additionalItems", FE_DRAFT_4, FE_SHAPE_SCHEMA_OR_BOOL, FE_SCHEMA_REST },
	{ "additionalItems", FE_DRAFT_6 | FE_DRAFT_7 | FE_DRAFT_2019, FE_SHAPE_SCHEMA, FE_SCHEMA_REST },
	{ "additionalProperties", FE_DRAFT_4, FE_SHAPE_SCHEMA_OR_BOOL, FE_SCHEMA_ADDITIONAL },
	{ "additionalProperties", FROM_6, FE_SHAPE_SCHEMA, FE_SCHEMA_ADDITIONAL },
	{ "allOf", ALL, FE_SHAPE_SCHEMAS, FE_SCHEMA_ALL },
	{ "anyOf", ALL, FE_SHAPE_SCHEMAS, FE_SCHEMA_ANY },
	{ "const", FROM_6, FE_SHAPE_ANY, FE_SCHEMA_CONST },
	{ "contains", FROM_6, FE_SHAPE_SCHEMA, FE_SCHEMA_CONTAINS },
	{ "contentEncoding", FROM_7, FE_SHAPE_TEXT, FE_SCHEMA_NOTHING },
	{ "contentMediaType", FROM_7, FE_SHAPE_TEXT, FE_SCHEMA_NOTHING },
	{ "contentSchema", FROM_2019, FE_SHAPE_SCHEMA, FE_SCHEMA_NOTHING },
	{ "definitions", ALL, FE_SHAPE_SCHEMA_OF, FE_SCHEMA_NOTHING },
	{ "dependencies", TO_7, FE_SHAPE_SCHEMA_OR_NAMES_OF, FE_SCHEMA_DEPENDENCIES },
	{ "dependencies", FROM_2019, FE_SHAPE_SCHEMA_OR_NAMES_OF, FE_SCHEMA_NOTHING },
	{ "dependentRequired", FROM_2019, FE_SHAPE_NAMES_OF, FE_SCHEMA_DEPENDENCIES },
	{ "dependentSchemas", FROM_2019, FE_SHAPE_SCHEMA_OF, FE_SCHEMA_DEPENDENCIES },
	{ "deprecated", FROM_2019, FE_SHAPE_BOOL, FE_SCHEMA_NOTHING },
	{ "description", ALL, FE_SHAPE_TEXT, FE_SCHEMA_NOTHING },
	{ "else", FROM_7, FE_SHAPE_SCHEMA, FE_SCHEMA_ELSE },
	{ "enum", ALL, FE_SHAPE_ENUM, FE_SCHEMA_ENUM },
	{ "examples", FROM_6, FE_SHAPE_ARRAY, FE_SCHEMA_NOTHING },
	{ "exclusiveMaximum", FE_DRAFT_4, FE_SHAPE_BOOL, FE_SCHEMA_NOTHING },
	{ "exclusiveMaximum", FROM_6, FE_SHAPE_NUMBER, FE_SCHEMA_BELOW },
	{ "exclusiveMinimum", FE_DRAFT_4, FE_SHAPE_BOOL, FE_SCHEMA_NOTHING },
	{ "exclusiveMinimum", FROM_6, FE_SHAPE_NUMBER, FE_SCHEMA_ABOVE },
	{ "format", ALL, FE_SHAPE_TEXT, FE_SCHEMA_NOTHING },
	{ "id", FE_DRAFT_4, FE_SHAPE_TEXT, FE_SCHEMA_NOTHING },
	{ "if", FROM_7, FE_SHAPE_SCHEMA, FE_SCHEMA_IF },
	{ "items", TO_2019, FE_SHAPE_SCHEMA_OR_LIST, FE_SCHEMA_PREFIX },
	{ "items", FE_DRAFT_2020, FE_SHAPE_SCHEMA, FE_SCHEMA_REST },
	{ "maxContains", FROM_2019, FE_SHAPE_COUNT, FE_SCHEMA_NOTHING },
	{ "maxItems", ALL, FE_SHAPE_COUNT, FE_SCHEMA_MAX_ITEMS },
	{ "maxLength", ALL, FE_SHAPE_COUNT, FE_SCHEMA_MAX_LENGTH },
	{ "maxProperties", ALL, FE_SHAPE_COUNT, FE_SCHEMA_MAX_MEMBERS },
	{ "maximum", ALL, FE_SHAPE_NUMBER, FE_SCHEMA_MAXIMUM },
	{ "minContains", FROM_2019, FE_SHAPE_COUNT, FE_SCHEMA_NOTHING },
	{ "minItems", ALL, FE_SHAPE_COUNT, FE_SCHEMA_MIN_ITEMS },
	{ "minLength", ALL, FE_SHAPE_COUNT, FE_SCHEMA_MIN_LENGTH },
	{ "minProperties", ALL, FE_SHAPE_COUNT, FE_SCHEMA_MIN_MEMBERS },
	{ "minimum", ALL, FE_SHAPE_NUMBER, FE_SCHEMA_MINIMUM },
	{ "multipleOf", ALL, FE_SHAPE_POSITIVE, FE_SCHEMA_MULTIPLE },
	{ "not", ALL, FE_SHAPE_SCHEMA, FE_SCHEMA_NOT },
	{ "oneOf", ALL, FE_SHAPE_SCHEMAS, FE_SCHEMA_ONE },
	{ "pattern", ALL, FE_SHAPE_PATTERN, FE_SCHEMA_PATTERN },
	{ "patternProperties", ALL, FE_SHAPE_SCHEMA_OF_PATTERN, FE_SCHEMA_PATTERNS },
	{ "prefixItems", FE_DRAFT_2020, FE_SHAPE_SCHEMAS, FE_SCHEMA_PREFIX },
	{ "properties", ALL, FE_SHAPE_SCHEMA_OF, FE_SCHEMA_PROPERTIES },
	{ "propertyNames", FROM_6, FE_SHAPE_SCHEMA, FE_SCHEMA_NAMES },
	{ "readOnly", FROM_7, FE_SHAPE_BOOL, FE_SCHEMA_NOTHING },
	{ "required", ALL, FE_SHAPE_NAMES, FE_SCHEMA_REQUIRED },
	{ "then", FROM_7, FE_SHAPE_SCHEMA, FE_SCHEMA_THEN },
	{ "title", ALL, FE_SHAPE_TEXT, FE_SCHEMA_NOTHING },
	{ "type", ALL, FE_SHAPE_TYPES, FE_SCHEMA_TYPE },
	{ "unevaluatedItems", FROM_2019, FE_SHAPE_SCHEMA, FE_SCHEMA_OTHER_ITEMS },
	{ "unevaluatedProperties", FROM_2019, FE_SHAPE_SCHEMA, FE_SCHEMA_OTHER_MEMBERS },
	{ "uniqueItems", ALL, FE_SHAPE_BOOL, FE_SCHEMA_UNIQUE },
	{ "writeOnly", FROM_2019, FE_SHAPE_BOOL, FE_SCHEMA_NOTHING },
};

static int
compare_name(struct fe_str name, const char *known)
{
	size_t n = strlen(known);
	int c = name.n ? memcmp(name.p, known, name.n < n ? name.n : n) : 0;

	return c ? c : (name.n > n) - (name.n < n);
}

const struct fe_schema_rule *
fe_schema_rule_of(struct fe_str name, enum fe_schema_draft draft)
{
	size_t low = 0, high = sizeof(rules) / sizeof(rules[0]), n = high;

	while (low < high) { /* the first of that name */
		size_t mid = low + (high - low) / 2;
		if (compare_name(name, rules[mid].name) > 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < n && compare_name(name, rules[low].name) == 0; low++)
		if (rules[low].drafts & (unsigned)draft)
			return &rules[low];
	return NULL;
}

/* ---- shapes ---- */

bool
fe_schema_is_integer(const struct fe_py *v, enum fe_schema_draft draft)
{
	return v->kind == FE_PY_INT || (draft != FE_DRAFT_4 && fe_py_is_whole(v));
}

static bool
is_type_name(const struct fe_py *v)
{
	static const char *const names[] = { "array", "boolean", "integer", "null", "number", "object", "string" };

	for (size_t i = 0; v->kind == FE_PY_STR && i < sizeof(names) / sizeof(names[0]); i++)
		if (fe_str_is(v->text, names[i]))
			return true;
	return false;
}

static bool
are_all(const struct fe_py *v, enum fe_py_kind kind, enum fe_py_kind each)
{
	if (v->kind != kind)
		return false;
	for (size_t i = 0; i < v->n_items; i++)
		if (v->items[i]->kind != each)
			return false;
	return true;
}

static bool
are_names(const struct fe_py *v, enum fe_schema_draft draft)
{
	return are_all(v, FE_PY_LIST, FE_PY_STR) && fe_py_all_differ(v) && (draft != FE_DRAFT_4 || v->n_items);
}

static bool
are_types(const struct fe_py *v)
{
	if (v->kind != FE_PY_LIST)
		return is_type_name(v);
	for (size_t i = 0; i < v->n_items; i++)
		if (!is_type_name(v->items[i]))
			return false;
	return v->n_items && fe_py_all_differ(v);
}

static bool
are_bools(const struct fe_py *v)
{
	if (v->kind != FE_PY_DICT)
		return false;
	for (size_t i = 0; i < v->n_items; i++)
		if (v->items[i]->kind != FE_PY_TRUE && v->items[i]->kind != FE_PY_FALSE)
			return false;
	return true;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_anchor(const struct fe_py *v, enum fe_schema_draft draft)
{
	const struct fe_str s = v->text;
	bool is_2019 = draft == FE_DRAFT_2019;

	if (v->kind != FE_PY_STR || !s.n || !(is_letter(s.p[0]) || (!is_2019 && s.p[0] == '_')))
		return false;
	for (size_t i = 1; i < s.n; i++) {
		char c = s.p[i];
		if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != (is_2019 ? ':' : '_') &&
		    !(is_2019 && c == '_') && !(c == '\n' && i + 1 == s.n)) /* $ is before a last \n, too */
			return false;
	}
	return true;
}

static bool
is_id(const struct fe_py *v)
{
	const char *hash = v->kind == FE_PY_STR && v->text.n ? memchr(v->text.p, '#', v->text.n) : NULL;

	return v->kind == FE_PY_STR && (!hash || hash == v->text.p + v->text.n - 1);
}

static bool
is_positive(const struct fe_py *v)
{
	return fe_py_is_number(v) && !(v->real <= 0); /* NaN is, as in Python */
}

bool
fe_schema_has_shape(const struct fe_py *v, enum fe_schema_shape shape, enum fe_schema_draft draft)
{
	bool is_bool = v->kind == FE_PY_TRUE || v->kind == FE_PY_FALSE;
	bool is_schema = v->kind == FE_PY_DICT || (is_bool && draft != FE_DRAFT_4);

	switch (shape) {
	case FE_SHAPE_ANY: return true;
	case FE_SHAPE_BOOL: return is_bool;
	case FE_SHAPE_TEXT: case FE_SHAPE_PATTERN: return v->kind == FE_PY_STR;
	case FE_SHAPE_NUMBER: return fe_py_is_number(v);
	case FE_SHAPE_POSITIVE: return is_positive(v);
	case FE_SHAPE_COUNT: return fe_schema_is_integer(v, draft) && v->real >= 0;
	case FE_SHAPE_ARRAY: return v->kind == FE_PY_LIST;
	case FE_SHAPE_NAMES: return are_names(v, draft);
	case FE_SHAPE_TYPES: return are_types(v);
	case FE_SHAPE_ENUM: return v->kind == FE_PY_LIST && (draft != FE_DRAFT_4 || (v->n_items && fe_py_all_differ(v)));
	case FE_SHAPE_ID: return is_id(v);
	case FE_SHAPE_ANCHOR: return is_anchor(v, draft);
	case FE_SHAPE_BOOLS: return are_bools(v);
	case FE_SHAPE_SCHEMA: return is_schema;
	case FE_SHAPE_SCHEMA_OR_BOOL: return is_schema || is_bool;
	case FE_SHAPE_SCHEMAS: return v->kind == FE_PY_LIST && v->n_items;
	case FE_SHAPE_SCHEMA_OR_LIST: return is_schema || (v->kind == FE_PY_LIST && v->n_items);
	case FE_SHAPE_NAMES_OF: case FE_SHAPE_SCHEMA_OF: case FE_SHAPE_SCHEMA_OF_PATTERN: case FE_SHAPE_SCHEMA_OR_NAMES_OF:
		return v->kind == FE_PY_DICT;
	}
	return false;
}

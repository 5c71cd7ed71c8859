// SPDX-License-Identifier: Apache-2.0
/* quality/json_schema.c - see quality/json_schema.h
 *
 * A schema is read into parts, one for each schema inside of it, found by the keywords that hold
 * schemas; each part has a word for each keyword that asks something. References are resolved when
 * all parts are known, and may lead to places that make parts of their own. json_schema_rules.c has the
 * keywords, json_schema_refs.c references, json_schema_judge.c asks a value.
 */
#include "quality/json_schema_private.h"

#include "quality/python_regex.h"

#define MAX_PARTS 20000
#define MAX_KEY_CHARS 60

static struct fe_str
text_member(const struct fe_py *dict, const char *key)
{
	const struct fe_py *v = fe_py_get(dict, fe_str_of(key));

	return v && v->kind == FE_PY_STR ? v->text : (struct fe_str){ NULL, 0 };
}

static bool
is_legacy(const struct fe_json_schema *s)
{
	return s->draft == FE_DRAFT_4 || s->draft == FE_DRAFT_6 || s->draft == FE_DRAFT_7;
}

/* 0: of no draft that is known. */
static unsigned
draft_of(struct fe_str uri)
{
	static const struct { const char *uri; unsigned draft; } drafts[] = {
		{ "http://json-schema.org/draft-04/schema", FE_DRAFT_4 },
		{ "http://json-schema.org/draft-06/schema", FE_DRAFT_6 },
		{ "http://json-schema.org/draft-07/schema", FE_DRAFT_7 },
		{ "https://json-schema.org/draft/2019-09/schema", FE_DRAFT_2019 },
		{ "https://json-schema.org/draft/2020-12/schema", FE_DRAFT_2020 },
	};

	if (uri.n && uri.p[uri.n - 1] == '#')
		uri.n--;
	for (size_t i = 0; i < sizeof(drafts) / sizeof(drafts[0]); i++)
		if (fe_str_is(uri, drafts[i].uri))
			return drafts[i].draft;
	return 0;
}

enum fe_rc
fe_schema_part_of(struct fe_json_schema *s, struct fe_py *json, struct fe_schema_part *resource,
                  struct fe_schema_part **out, struct fe_err *err)
{
	struct fe_schema_part *part = json->mark;

	*out = part;
	if (part)
		return FE_OK;
	if (json->kind != FE_PY_DICT && json->kind != FE_PY_TRUE && json->kind != FE_PY_FALSE)
		return fe_fail(err, FE_EUSAGE, "json_schema: a schema is an object, true or false");
	if (s->n_parts == MAX_PARTS)
		return fe_fail(err, FE_ELIMIT, "json_schema: more than %d schemas in it", MAX_PARTS);
	part = fe_arena_alloc_zero(&s->arena, sizeof(*part));
	*part = (struct fe_schema_part){ .json = json, .resource = resource };
	part->is_true = json->kind == FE_PY_TRUE;
	part->is_false = json->kind == FE_PY_FALSE;
	json->mark = part;
	s->parts = fe_grow(s->parts, &s->cap_parts, s->n_parts + 1, sizeof(struct fe_schema_part *));
	s->parts[s->n_parts++] = part;
	*out = part;
	return FE_OK;
}

/* ---- names ---- */

static void
add_anchor(struct fe_json_schema *s, struct fe_schema_part *part, struct fe_str name, bool is_dynamic)
{
	if (!name.p)
		return;
	s->anchors = fe_grow(s->anchors, &s->cap_anchors, s->n_anchors + 1, sizeof(*s->anchors));
	s->anchors[s->n_anchors++] = (struct fe_schema_anchor){ .name = name, .is_dynamic = is_dynamic, .part = part };
}

static void
name_part(struct fe_json_schema *s, struct fe_schema_part *part)
{
	struct fe_str id = text_member(part->json, s->draft == FE_DRAFT_4 ? "id" : "$id");
	struct fe_str base = part->resource ? part->resource->uri : (struct fe_str){ NULL, 0 };
	const struct fe_py *recursive = fe_py_get(part->json, FE_STR("$recursiveAnchor"));

	if (is_legacy(s) && fe_py_get(part->json, FE_STR("$ref")))
		id = (struct fe_str){ NULL, 0 };
	if (is_legacy(s) && id.n && id.p[0] == '#') {
		id = (struct fe_str){ id.p + 1, id.n - 1 };
		if (!part->resource)
			part->resource = part;
		add_anchor(s, part, id, false);
		id = (struct fe_str){ NULL, 0 };
	}
	part->is_resource = id.n || !part->resource || part->resource == part;
	if (part->is_resource) {
		const char *hash = id.n ? memchr(id.p, '#', id.n) : NULL;
		if (hash)
			id.n = (size_t)(hash - id.p);
		part->uri = fe_schema_join(s, base, id);
		part->resource = part;
	}
	if (!is_legacy(s))
		add_anchor(s, part, text_member(part->json, "$anchor"), false);
	if (s->draft == FE_DRAFT_2020)
		add_anchor(s, part, text_member(part->json, "$dynamicAnchor"), true);
	part->is_recursive = s->draft == FE_DRAFT_2019 && recursive && recursive->kind == FE_PY_TRUE;
}

/* ---- words ---- */

static enum fe_rc
add_pattern(struct fe_json_schema *s, struct fe_schema_word *w, struct fe_str pattern, struct fe_err *err)
{
	struct fe_regex *regex = NULL;
	enum fe_rc rc = fe_python_regex_new(&regex, pattern, err);

	if (rc)
		return rc;
	s->patterns = fe_grow(s->patterns, &s->cap_patterns, s->n_patterns + 1, sizeof(struct fe_regex *));
	s->patterns[s->n_patterns++] = regex;
	w->patterns[w->n_patterns++] = regex;
	return FE_OK;
}

static enum fe_rc
add_patterns(struct fe_json_schema *s, struct fe_schema_word *w, enum fe_schema_shape shape, struct fe_err *err)
{
	const struct fe_py *v = w->value;
	size_t n = shape == FE_SHAPE_PATTERN ? 1 : v->n_items;
	enum fe_rc rc = FE_OK;

	w->patterns = fe_arena_alloc_zero(&s->arena, (n + 1) * sizeof(struct fe_regex *));
	if (shape == FE_SHAPE_PATTERN)
		return add_pattern(s, w, v->text, err);
	for (size_t i = 0; !rc && i < n; i++)
		rc = add_pattern(s, w, v->items[i]->key, err);
	return rc;
}

static bool
may_hold(enum fe_schema_shape shape)
{
	return shape >= FE_SHAPE_SCHEMA;
}

/* The schemas that a keyword holds, as parts. */
static enum fe_rc
add_parts(struct fe_json_schema *s, const struct fe_schema_part *part, struct fe_schema_word *w, enum fe_schema_shape shape,
          struct fe_err *err)
{
	struct fe_py *v = fe_py_get(part->json, w->value->key);
	bool is_one = shape == FE_SHAPE_SCHEMA || shape == FE_SHAPE_SCHEMA_OR_BOOL ||
	              (shape == FE_SHAPE_SCHEMA_OR_LIST && v->kind != FE_PY_LIST);
	struct fe_py **items = is_one ? &v : v->items;
	enum fe_rc rc = FE_OK;

	w->n_parts = is_one ? 1 : v->n_items;
	w->parts = fe_arena_alloc_zero(&s->arena, (w->n_parts + 1) * sizeof(*w->parts));
	for (size_t i = 0; !rc && i < w->n_parts; i++) {
		if (shape == FE_SHAPE_SCHEMA_OR_NAMES_OF && items[i]->kind == FE_PY_LIST) {
			if (!fe_schema_has_shape(items[i], FE_SHAPE_NAMES, s->draft))
				return fe_fail(err, FE_EUSAGE, "json_schema: names in dependencies are texts, each once");
		} else if (!fe_schema_has_shape(items[i], shape == FE_SHAPE_SCHEMA_OR_BOOL ? shape : FE_SHAPE_SCHEMA, s->draft)) {
			return fe_fail(err, FE_EUSAGE, "json_schema: in %.*s stands what is no schema", FE_STR_ARGS(v->key));
		} else {
			rc = fe_schema_part_of(s, items[i], part->resource, &w->parts[i], err);
		}
	}
	return rc;
}

static size_t
count_of(const struct fe_py *v, size_t otherwise)
{
	return v ? (v->real < 1e15 ? (size_t)v->real : SIZE_MAX) : otherwise;
}

/* What a keyword takes from those beside it. */
static void
look_beside(const struct fe_json_schema *s, const struct fe_schema_part *part, struct fe_schema_word *w)
{
	const struct fe_py *items = fe_py_get(part->json, FE_STR("items")), *prefix = fe_py_get(part->json, FE_STR("prefixItems"));
	const struct fe_py *strict;

	switch (w->op) {
	case FE_SCHEMA_PREFIX:
		if (w->value->kind != FE_PY_LIST)
			w->op = FE_SCHEMA_REST; /* one schema for all items */
		break;
	case FE_SCHEMA_REST:
		if (s->draft == FE_DRAFT_2020)
			w->from = prefix ? prefix->n_items : 0;
		else if (items && items->kind == FE_PY_LIST)
			w->from = items->n_items;
		else
			w->op = FE_SCHEMA_NOTHING;
		break;
	case FE_SCHEMA_CONTAINS:
		w->from = is_legacy(s) ? 1 : count_of(fe_py_get(part->json, FE_STR("minContains")), 1);
		w->at_most = is_legacy(s) ? NULL : fe_py_get(part->json, FE_STR("maxContains"));
		break;
	case FE_SCHEMA_MINIMUM: case FE_SCHEMA_MAXIMUM:
		strict = fe_py_get(part->json, w->op == FE_SCHEMA_MINIMUM ? FE_STR("exclusiveMinimum") : FE_STR("exclusiveMaximum"));
		if (s->draft == FE_DRAFT_4 && strict && strict->kind == FE_PY_TRUE)
			w->op = w->op == FE_SCHEMA_MINIMUM ? FE_SCHEMA_ABOVE : FE_SCHEMA_BELOW;
		break;
	default:
		break;
	}
}

/* Draft 4: exclusiveMinimum says how minimum is meant. */
static bool
lacks_bound(const struct fe_py *json, struct fe_str key)
{
	return (fe_str_is(key, "exclusiveMinimum") && !fe_py_get(json, FE_STR("minimum"))) ||
	       (fe_str_is(key, "exclusiveMaximum") && !fe_py_get(json, FE_STR("maximum")));
}

static enum fe_rc
add_word(struct fe_json_schema *s, struct fe_schema_part *part, const struct fe_py *value, struct fe_err *err)
{
	const struct fe_schema_rule *rule = fe_schema_rule_of(value->key, s->draft);
	struct fe_schema_word *w = &part->words[part->n_words];
	enum fe_rc rc = FE_OK;

	if (!rule)
		return FE_OK;
	if (!fe_schema_has_shape(value, rule->shape, s->draft))
		return fe_fail(err, FE_EUSAGE, "json_schema: %.*s has a value that it cannot have", FE_STR_ARGS(value->key));
	if (s->draft == FE_DRAFT_4 && rule->shape == FE_SHAPE_BOOL && lacks_bound(part->json, value->key))
		return fe_fail(err, FE_EUSAGE, "json_schema: %s is there without its bound", rule->name);
	*w = (struct fe_schema_word){ .op = rule->op, .value = value };
	for (size_t i = 0; rule->shape == FE_SHAPE_NAMES_OF && i < value->n_items; i++)
		if (!fe_schema_has_shape(value->items[i], FE_SHAPE_NAMES, s->draft))
			return fe_fail(err, FE_EUSAGE, "json_schema: %s holds lists of names, each once", rule->name);
	if (rule->shape == FE_SHAPE_PATTERN || rule->shape == FE_SHAPE_SCHEMA_OF_PATTERN)
		rc = add_patterns(s, w, rule->shape, err);
	if (!rc && may_hold(rule->shape))
		rc = add_parts(s, part, w, rule->shape, err);
	if (rc)
		return rc;
	look_beside(s, part, w);
	/* Up to draft 7 a reference hides what stands beside it. */
	if (w->op != FE_SCHEMA_REF && is_legacy(s) && fe_py_get(part->json, FE_STR("$ref")))
		w->op = FE_SCHEMA_NOTHING;
	part->n_words += w->op != FE_SCHEMA_NOTHING;
	return FE_OK;
}

static enum fe_rc
fill_part(struct fe_json_schema *s, struct fe_schema_part *part, struct fe_err *err)
{
	const struct fe_py *json = part->json;
	enum fe_rc rc = FE_OK;
	unsigned draft;

	if (json->kind != FE_PY_DICT) {
		if (!part->resource)
			part->resource = part;
		return FE_OK;
	}
	draft = draft_of(text_member(json, "$schema"));
	if (draft && draft != (unsigned)s->draft)
		return fe_fail(err, FE_EUSAGE, "json_schema: a schema of another draft inside is not supported");
	if (json->n_items == 0 && part->resource)
		return FE_OK;
	name_part(s, part);
	part->words = fe_arena_alloc_zero(&s->arena, (json->n_items + 1) * sizeof(*part->words));
	for (size_t i = 0; !rc && i < json->n_items; i++)
		rc = add_word(s, part, json->items[i], err);
	return rc;
}

static enum fe_rc
resolve_part(struct fe_json_schema *s, struct fe_schema_part *part, struct fe_err *err)
{
	enum fe_rc rc = FE_OK;

	for (size_t i = 0; !rc && i < part->n_words; i++) {
		struct fe_schema_word *w = &part->words[i];

		if (w->op != FE_SCHEMA_REF && w->op != FE_SCHEMA_DYNAMIC_REF)
			continue;
		w->n_parts = 1;
		w->parts = fe_arena_alloc_zero(&s->arena, sizeof(*w->parts));
		rc = fe_schema_resolve(s, part, w->value->text, w->parts, err);
	}
	return rc;
}

/* Parts are added while others are looked at. */
static enum fe_rc
make_parts(struct fe_json_schema *s, struct fe_py *json, struct fe_err *err)
{
	size_t n_filled = 0, n_resolved = 0;
	enum fe_rc rc = fe_schema_part_of(s, json, NULL, &s->root, err);

	while (!rc && n_resolved < s->n_parts) {
		if (n_filled < s->n_parts)
			rc = fill_part(s, s->parts[n_filled++], err);
		else
			rc = resolve_part(s, s->parts[n_resolved++], err);
	}
	return rc;
}

enum fe_rc
fe_json_schema_new(struct fe_json_schema **out, struct fe_str text, struct fe_err *err)
{
	struct fe_json_schema *s = fe_new(struct fe_json_schema);
	struct fe_str uri = { NULL, 0 };
	struct fe_py *json = NULL;
	enum fe_rc rc;

	*out = NULL;
	s->space = fe_regex_space_new();
	s->text = fe_strndup(text.p, text.n);
	rc = fe_py_read((struct fe_str){ s->text, text.n }, &s->arena, &json, err);
	if (rc)
		goto fail;
	if (json->kind == FE_PY_DICT)
		uri = text_member(json, "$schema");
	s->draft = FE_DRAFT_2020;
	if (draft_of(uri))
		s->draft = (enum fe_schema_draft)draft_of(uri);
	if (uri.n >= 32 && memcmp(uri.p, "http://json-schema.org/draft-03/", 32) == 0) {
		rc = fe_fail(err, FE_EUSAGE, "json_schema: draft 3 is not supported; the oldest is draft 4");
		goto fail;
	}
	rc = make_parts(s, json, err);
	if (rc)
		goto fail;
	*out = s;
	return FE_OK;

fail:
	fe_json_schema_free(s);
	return rc;
}

void
fe_json_schema_free(struct fe_json_schema *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_patterns; i++)
		fe_regex_free(s->patterns[i]);
	fe_free(s->patterns);
	fe_free(s->anchors);
	fe_free(s->parts);
	fe_regex_space_free(s->space);
	fe_arena_free(&s->arena);
	fe_arena_free(&s->of_value);
	fe_free(s->text);
	fe_free(s);
}

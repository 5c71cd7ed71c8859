// SPDX-License-Identifier: Apache-2.0
/* quality/json_schema_private.h - what json_schema.c, _rules.c, _refs.c and _judge.c share */
#ifndef FE_QUALITY_JSON_SCHEMA_PRIVATE_H
#define FE_QUALITY_JSON_SCHEMA_PRIVATE_H

#include "base/decimal.h"
#include "quality/json_schema.h"
#include "quality/python_value.h"

enum fe_schema_draft { FE_DRAFT_4 = 1, FE_DRAFT_6 = 2, FE_DRAFT_7 = 4, FE_DRAFT_2019 = 8, FE_DRAFT_2020 = 16 };

/* What a keyword asks of a value. */
enum fe_schema_op {
	FE_SCHEMA_NOTHING, /* only told, or looked at by another keyword */
	FE_SCHEMA_TYPE, FE_SCHEMA_ENUM, FE_SCHEMA_CONST,
	FE_SCHEMA_MULTIPLE, FE_SCHEMA_MINIMUM, FE_SCHEMA_MAXIMUM, FE_SCHEMA_ABOVE, FE_SCHEMA_BELOW,
	FE_SCHEMA_MIN_LENGTH, FE_SCHEMA_MAX_LENGTH, FE_SCHEMA_PATTERN,
	FE_SCHEMA_MIN_ITEMS, FE_SCHEMA_MAX_ITEMS, FE_SCHEMA_UNIQUE,
	FE_SCHEMA_MIN_MEMBERS, FE_SCHEMA_MAX_MEMBERS, FE_SCHEMA_REQUIRED,
	FE_SCHEMA_PROPERTIES, FE_SCHEMA_PATTERNS, FE_SCHEMA_ADDITIONAL, FE_SCHEMA_NAMES, FE_SCHEMA_DEPENDENCIES,
	FE_SCHEMA_PREFIX, FE_SCHEMA_REST, FE_SCHEMA_CONTAINS,
	FE_SCHEMA_ALL, FE_SCHEMA_ANY, FE_SCHEMA_ONE, FE_SCHEMA_NOT, FE_SCHEMA_IF, FE_SCHEMA_THEN, FE_SCHEMA_ELSE,
	FE_SCHEMA_REF, FE_SCHEMA_DYNAMIC_REF, FE_SCHEMA_RECURSIVE_REF,
	FE_SCHEMA_OTHER_ITEMS, FE_SCHEMA_OTHER_MEMBERS,
};

struct fe_schema_part;

struct fe_schema_word { /* a keyword where it stands */
	enum fe_schema_op op;
	const struct fe_py *value;
	/* Of one schema one; of an array or object of schemas one for each of value's items, NULL where an
	 * item is none (names in dependencies). Of references the target; NULL: it leads nowhere. */
	struct fe_schema_part **parts; size_t n_parts;
	struct fe_regex **patterns; size_t n_patterns;
	size_t from;            /* REST: the first item; CONTAINS: at least so many */
	const struct fe_py *at_most; /* CONTAINS; NULL: no limit */
};

struct fe_schema_part { /* a schema at any depth */
	struct fe_py *json;
	bool is_true, is_false; /* true and false, the schemas */
	bool is_resource;       /* the root, or has an $id of its own */
	bool is_recursive;      /* $recursiveAnchor */
	struct fe_schema_part *resource;
	struct fe_str uri;      /* of a resource */
	struct fe_schema_word *words; size_t n_words;
};

struct fe_schema_anchor {
	struct fe_str name;
	bool is_dynamic;
	struct fe_schema_part *part;
};

struct fe_json_schema {
	enum fe_schema_draft draft;
	char *text;
	struct fe_arena arena;
	struct fe_schema_part *root;
	struct fe_schema_part **parts; size_t n_parts, cap_parts;
	struct fe_schema_anchor *anchors; size_t n_anchors, cap_anchors;
	struct fe_regex **patterns; size_t n_patterns, cap_patterns;
	struct fe_regex_space *space;
	struct fe_arena of_value;   /* of the value at hand */
};

/* ---- json_schema_rules.c: the keywords of each draft ---- */

/* What the value of a keyword has to be. */
enum fe_schema_shape {
	FE_SHAPE_ANY, FE_SHAPE_BOOL, FE_SHAPE_TEXT, FE_SHAPE_NUMBER, FE_SHAPE_POSITIVE, FE_SHAPE_COUNT, FE_SHAPE_ARRAY,
	FE_SHAPE_PATTERN, FE_SHAPE_NAMES, FE_SHAPE_NAMES_OF, FE_SHAPE_TYPES, FE_SHAPE_ENUM, FE_SHAPE_ID, FE_SHAPE_ANCHOR, FE_SHAPE_BOOLS,
	FE_SHAPE_SCHEMA, FE_SHAPE_SCHEMAS, FE_SHAPE_SCHEMA_OR_LIST, FE_SHAPE_SCHEMA_OR_BOOL, FE_SHAPE_SCHEMA_OF,
	FE_SHAPE_SCHEMA_OF_PATTERN, FE_SHAPE_SCHEMA_OR_NAMES_OF,
};

struct fe_schema_rule {
	const char *name;
	unsigned drafts;
	enum fe_schema_shape shape;
	enum fe_schema_op op;
};

/* NULL: no keyword of the draft. */
const struct fe_schema_rule *fe_schema_rule_of(struct fe_str name, enum fe_schema_draft draft);
/* Whether a value has the shape, but for schemas inside of it. */
bool fe_schema_has_shape(const struct fe_py *v, enum fe_schema_shape shape, enum fe_schema_draft draft);
/* 2 as a draft has it: 2.0 too, but not in draft 4. */
bool fe_schema_is_integer(const struct fe_py *v, enum fe_schema_draft draft);

/* ---- json_schema.c ---- */

/* The schema that stands there; made, where it is a place that no keyword leads to. */
FE_MUST_USE enum fe_rc fe_schema_part_of(struct fe_json_schema *s, struct fe_py *json, struct fe_schema_part *resource,
                                         struct fe_schema_part **out, struct fe_err *err);

/* ---- json_schema_refs.c ---- */

/* Where a part's reference leads; NULL: elsewhere, or nowhere. */
FE_MUST_USE enum fe_rc fe_schema_resolve(struct fe_json_schema *s, const struct fe_schema_part *from, struct fe_str ref,
                                         struct fe_schema_part **out, struct fe_err *err);
/* ref as seen from base, in the arena; both without a fragment. */
struct fe_str fe_schema_join(struct fe_json_schema *s, struct fe_str base, struct fe_str ref);
const struct fe_schema_anchor *fe_schema_anchor_of(const struct fe_json_schema *s, const struct fe_schema_part *resource,
                                                   struct fe_str name);

#endif

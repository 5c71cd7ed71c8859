// SPDX-License-Identifier: Apache-2.0
/* pipeline/yaml.h - YAML text to a tree of nodes that know their place
 *
 * The plain part of YAML 1.1: mappings, lists and scalars, in block or flow style.
 * What makes YAML surprising is refused: anchors, aliases, tags, several documents,
 * keys that are not texts, and a key that stands twice. A scalar is text here; what
 * it means is decided by whoever expects something at its place, so that no country
 * code turns into a truth value.
 *
 *   Limits     FE_YAML_MAX_BYTES of text, FE_YAML_MAX_NODES nodes, nesting
 *              FE_YAML_MAX_DEPTH; no recursion
 *   Ownership  nodes and their texts live in the arena
 *   Mistakes   a break of the syntax ends the reading and is the last mistake;
 *              duplicate keys and the like are noted, and reading goes on
 */
#ifndef FE_PIPELINE_YAML_H
#define FE_PIPELINE_YAML_H

#include "base/mem.h"
#include "base/str.h"
#include "pipeline/mistake.h"

#define FE_YAML_MAX_BYTES ((size_t)1024 * 1024)
#define FE_YAML_MAX_NODES 50000
#define FE_YAML_MAX_DEPTH 32

enum fe_node_kind { FE_NODE_SCALAR, FE_NODE_LIST, FE_NODE_MAP };
enum fe_node_style { FE_STYLE_PLAIN, FE_STYLE_SINGLE, FE_STYLE_DOUBLE, FE_STYLE_BLOCK };

struct fe_node {
	enum fe_node_kind kind;
	enum fe_node_style style;  /* scalar */
	bool is_one_line;          /* scalar: begins and ends on the same line */
	bool is_empty;             /* scalar: nothing, or a plain null or ~ */
	bool is_wrong;             /* a mistake was noted: whoever reads the tree passes over it */
	uint64_t line, column;     /* 1-based, in characters */
	struct fe_str text;        /* scalar; terminated */
	struct fe_str key;         /* in a mapping: its name; terminated */
	uint64_t key_line, key_column;
	struct fe_node *first, *next; /* items of a list, values of a mapping */
	size_t n_children;
};

/* *root is NULL where nothing could be read; mistakes tell why. An empty document is
 * a mistake. */
void fe_yaml_parse(struct fe_str text, struct fe_arena *arena, struct fe_node **root,
                   struct fe_mistakes *mistakes);

/* The value of a key, NULL where it is absent or wrong. NULL map gives NULL. */
const struct fe_node *fe_node_get(const struct fe_node *map, const char *key);

/* "a list", "a mapping", "the text 'x'": what is there instead of what was expected. */
const char *fe_node_kind_name(const struct fe_node *node);

/* Line and column of the byte at `offset` of a scalar's text, as well as can be told:
 * its beginning where the scalar spans lines. */
void fe_node_place(const struct fe_node *node, size_t offset, uint64_t *line, uint64_t *column);

#endif

// SPDX-License-Identifier: Apache-2.0
/* format/json_shape.h - what records of JSON look like: the paths that are wanted, and the keys seen
 *
 * A tree of nodes, one for each place of a document: "customer", "customer.address". A node
 * of an object knows its members by key, each with the node of its value. Members that are
 * wanted are there from the beginning; others are learned as they are met, up to a bound.
 *
 * Records nearly always have the same keys in the same order. So a member remembers which one
 * came after it the last time: where the bytes agree with it, a key has been read without
 * looking for its end, and without looking it up. And a member has the stamp of the object
 * that it was last seen in: so a key that stands twice is known at once.
 *
 * Paths are names with dots between ("customer.address.city"), or a JSON pointer (RFC 6901)
 * where they begin with '/'. A number is a key of an object or an element of an array.
 */
#ifndef FE_FORMAT_JSON_SHAPE_H
#define FE_FORMAT_JSON_SHAPE_H

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

#define FE_JSON_MAX_LEARNED 64         /* members of a node beyond those wanted */
#define FE_JSON_MAX_LEARNED_NODES 4096 /* of a shape */
#define FE_JSON_MAX_PATH_NAMES 32

struct fe_json_node;

struct fe_json_member {
	char head[32];       /* literal, zeros behind it; nothing where it is longer */
	uint32_t n_head;
	int target;          /* of its node */
	uint64_t stamp;      /* of the object that it was last seen in */
	struct fe_json_member *after; /* what followed it the last time; NULL: not known */
	struct fe_str literal; /* as it stands in documents: "key": */
	struct fe_str key;
	struct fe_json_node *node;
};

struct fe_json_item {
	uint64_t index;
	struct fe_json_node *node;
};

struct fe_json_node {
	struct fe_json_member *first; /* of the last object; NULL: not known */
	struct fe_json_member **slots; /* by hash; n_slots is 0 or a power of two */
	size_t n_slots, n_members, n_learned;
	struct fe_json_item *items;   /* elements that are wanted */
	size_t n_items;
	struct fe_json_node *element; /* what the others have in common; NULL: not met yet */
	struct fe_json_member *member; /* whose value it is; NULL: a root, an element */
	int target;                   /* the index its value is wanted under; -1: it is not */
	bool is_level;                /* a path leads through it: its members are columns, or could be */
	const char *path;             /* to it, as it was wanted; NULL: of a root, or a member that was learned */
};

struct fe_json_shape {
	struct fe_arena arena;
	struct fe_hash_key hash_key;
	size_t n_learned; /* nodes */
	struct fe_json_node nothing; /* of places that nothing is known of, nor learned */
};

void fe_json_shape_init(struct fe_json_shape *s);
void fe_json_shape_reset(struct fe_json_shape *s);
struct fe_json_node *fe_json_shape_root(struct fe_json_shape *s); /* a new tree */
/* The node at a path below root, made where there is none. FE_EUSAGE: not a path. */
FE_MUST_USE enum fe_rc fe_json_shape_path(struct fe_json_shape *s, struct fe_json_node *root, const char *path,
                                          struct fe_json_node **out, struct fe_err *err);

/* Its value is wanted under an index. */
void fe_json_shape_want(struct fe_json_node *node, int target);

/* NULL: not among the members. */
struct fe_json_member *fe_json_shape_find(const struct fe_json_shape *s, const struct fe_json_node *node,
                                          struct fe_str key);
/* A key that is not among the members; literal is all of it up to and with the colon. NULL:
 * no more are learned, of this node or at all, and never will be. */
struct fe_json_member *fe_json_shape_learn(struct fe_json_shape *s, struct fe_json_node *node, struct fe_str literal,
                                           struct fe_str key);
struct fe_json_node *fe_json_shape_element(struct fe_json_shape *s, struct fe_json_node *node, uint64_t index);

#endif

// SPDX-License-Identifier: Apache-2.0
/* expr/build.h - nodes with types, from their parts
 *
 * The parser says what stands where; here it is checked, brought to common types, and
 * folded where it is constant. Nodes are named by their index. pos is the byte offset
 * that an error points at.
 */
#ifndef FE_EXPR_BUILD_H
#define FE_EXPR_BUILD_H

#include "expr/lex.h"
#include "expr/node.h"

struct fe_build {
	struct fe_expr *e;
	const struct fe_schema *schema;
	size_t n_visible;
	struct fe_str text;
	struct fe_err *err;
};

/* Points the error at pos; returns rc. */
static inline enum fe_rc
fe_build_at(const struct fe_build *b, uint32_t pos, enum fe_rc rc)
{
	return fe_lex_at(b->text, pos, rc, b->err);
}

static inline struct fe_node *fe_build_node_at(const struct fe_build *b, uint32_t id) { return &b->e->nodes[id]; }
static inline bool fe_node_is_literal(const struct fe_node *n) { return n->op == FE_OP_LITERAL; }

/* Adds a node over args, folded where all of them are literals. */
FE_MUST_USE enum fe_rc fe_build_node(struct fe_build *b, struct fe_node node, const uint32_t *args, size_t n_args,
                                     uint32_t *out);
FE_MUST_USE enum fe_rc fe_build_null(struct fe_build *b, uint32_t pos, uint32_t *out);
FE_MUST_USE enum fe_rc fe_build_bool(struct fe_build *b, bool v, uint32_t pos, uint32_t *out);
FE_MUST_USE enum fe_rc fe_build_number(struct fe_build *b, const struct fe_token *tok, bool is_negative,
                                       uint32_t pos, uint32_t *out);
FE_MUST_USE enum fe_rc fe_build_text(struct fe_build *b, struct fe_str text, uint32_t pos, uint32_t *out);
/* date '...' and timestamp '...' */
FE_MUST_USE enum fe_rc fe_build_time(struct fe_build *b, enum fe_kind kind, const struct fe_token *tok, uint32_t *out);
FE_MUST_USE enum fe_rc fe_build_column(struct fe_build *b, struct fe_str name, uint32_t pos, uint32_t *out);

FE_MUST_USE enum fe_rc fe_build_logic(struct fe_build *b, enum fe_op op, uint32_t x, uint32_t y, uint32_t pos,
                                      uint32_t *out);
FE_MUST_USE enum fe_rc fe_build_not(struct fe_build *b, uint32_t x, uint32_t pos, uint32_t *out);
FE_MUST_USE enum fe_rc fe_build_is_null(struct fe_build *b, uint32_t x, uint32_t pos, uint32_t *out);
FE_MUST_USE enum fe_rc fe_build_compare(struct fe_build *b, enum fe_compare compare, uint32_t x, uint32_t y,
                                        uint32_t pos, uint32_t *out);
FE_MUST_USE enum fe_rc fe_build_between(struct fe_build *b, uint32_t x, uint32_t low, uint32_t high, uint32_t pos,
                                        uint32_t *out);
FE_MUST_USE enum fe_rc fe_build_in(struct fe_build *b, uint32_t x, const uint32_t *members, size_t n_members,
                                   uint32_t pos, uint32_t *out);
FE_MUST_USE enum fe_rc fe_build_like(struct fe_build *b, uint32_t x, struct fe_str pattern, struct fe_str escape,
                                     uint32_t pos, uint32_t *out);
/* ADD SUBTRACT MULTIPLY DIVIDE; CONCAT for || */
FE_MUST_USE enum fe_rc fe_build_arithmetic(struct fe_build *b, enum fe_op op, uint32_t x, uint32_t y, uint32_t pos,
                                           uint32_t *out);
FE_MUST_USE enum fe_rc fe_build_negate(struct fe_build *b, uint32_t x, uint32_t pos, uint32_t *out);
/* condition, value, ... [else] */
FE_MUST_USE enum fe_rc fe_build_case(struct fe_build *b, uint32_t *parts, size_t n_parts, uint32_t pos, uint32_t *out);
FE_MUST_USE enum fe_rc fe_build_call(struct fe_build *b, struct fe_str name, uint32_t *args, size_t n_args,
                                     uint32_t pos, uint32_t *out);
/* FE_EUSAGE, with the nearest name, where there is no such function. */
FE_MUST_USE enum fe_rc fe_build_know_function(const struct fe_build *b, struct fe_str name, uint32_t pos);

/* Not a quotient or an interval that is still to be taken up. */
FE_MUST_USE enum fe_rc fe_build_use(const struct fe_build *b, uint32_t x);
/* A value of that kind; an untyped null becomes one. what: "year()" */
FE_MUST_USE enum fe_rc fe_build_expect(struct fe_build *b, uint32_t x, enum fe_kind kind, const char *what);
/* Brings all to one type and says which; each ids[i] may become another node. */
FE_MUST_USE enum fe_rc fe_build_unify(struct fe_build *b, uint32_t *ids, size_t n_ids, const char *what, uint32_t pos,
                                      struct fe_type *out);
FE_MUST_USE enum fe_rc fe_build_rescale(struct fe_build *b, uint32_t x, unsigned scale, uint32_t *out);
FE_MUST_USE enum fe_rc fe_build_to_timestamp(struct fe_build *b, uint32_t x, uint32_t *out);
/* FE_EUSAGE where values of these nodes cannot be compared. */
FE_MUST_USE enum fe_rc fe_build_comparable(const struct fe_build *b, uint32_t x, uint32_t y, uint32_t pos);
unsigned fe_build_digits(const struct fe_node *n); /* before the point, at most */

#endif

// SPDX-License-Identifier: Apache-2.0
/* expr/node.h - a parsed expression inside expr/: typed nodes in the order of evaluation
 *
 * Nodes lie in one array, children before their parents, so that every pass over an
 * expression (typing, register assignment, evaluation) is a loop and no pass needs
 * recursion. A child may have several parents (x in `x between a and b`). What is
 * constant is folded when it is built, by the same kernels that run later.
 *
 * Whatever desugars is gone here: between, not in, simple case and a list with
 * computed members are comparisons, IN keeps only constants. IN, LIKE and MATCHES
 * carry what was prepared from their constants.
 */
#ifndef FE_EXPR_NODE_H
#define FE_EXPR_NODE_H

#include "expr/expr.h"

#define FE_EXPR_MAX_TEXT_BYTES (64u * 1024)
#define FE_EXPR_MAX_NODES 4096
#define FE_EXPR_MAX_NESTING 64

struct fe_like;
struct fe_regex;
struct fe_zone;

enum fe_op {
	FE_OP_LITERAL,
	FE_OP_COLUMN,
	FE_OP_NOW,
	FE_OP_AND,
	FE_OP_OR,
	FE_OP_NOT,
	FE_OP_IS_NULL,
	FE_OP_COMPARE,      /* detail: enum fe_compare */
	FE_OP_IN,           /* one argument and a set of constants */
	FE_OP_LIKE,
	FE_OP_MATCHES,
	FE_OP_ADD,
	FE_OP_SUBTRACT,
	FE_OP_MULTIPLY,
	FE_OP_DIVIDE,       /* only until round() takes it */
	FE_OP_ROUND_DIVIDE, /* round(x / y, scale of the type) */
	FE_OP_NEGATE,
	FE_OP_ABS,
	FE_OP_ROUND,        /* to fewer decimals */
	FE_OP_RESCALE,      /* to more decimals */
	FE_OP_INTERVAL,     /* days(n) ...: only until + or - takes it; value: microseconds, or 0 for days */
	FE_OP_ADD_TIME,     /* date or timestamp + argument * value */
	FE_OP_TO_TIMESTAMP, /* of a date */
	FE_OP_TO_DATE,      /* of a timestamp */
	FE_OP_PART,         /* detail: enum fe_part */
	FE_OP_CASE,         /* condition, value, condition, value, ... [else] */
	FE_OP_COALESCE,
	FE_OP_NULLIF,
	FE_OP_LEAST,
	FE_OP_GREATEST,
	FE_OP_LOWER,
	FE_OP_UPPER,
	FE_OP_TRIM,
	FE_OP_LENGTH,
	FE_OP_SUBSTR,
	FE_OP_CONCAT,
};

enum fe_compare { FE_EQ, FE_NE, FE_LT, FE_LE, FE_GT, FE_GE };
enum fe_part { FE_YEAR, FE_MONTH, FE_DAY, FE_DAYOFWEEK, FE_HOUR, FE_MINUTE, FE_SECOND };

/* The constants of an IN: int64 values ascending, or texts by length, then bytes. */
struct fe_set {
	bool has_null;
	size_t n;
	int64_t *values;
	struct fe_str *texts;
	uint64_t lengths; /* bit l: a text of l bytes is in it; bit 63: of 63 or more */
};

struct fe_node {
	enum fe_op op;
	uint8_t detail;
	bool is_null;    /* LITERAL */
	bool is_untyped; /* LITERAL: a null whose type its surroundings give */
	bool is_scalar;  /* the same for all rows of a batch */
	struct fe_type type;
	uint32_t pos;    /* in the text, for messages */
	uint32_t first_arg, n_args; /* in the expression's args */
	int64_t value;   /* LITERAL: the value but text, bool as 0 and 1; ADD_TIME, INTERVAL: the unit */
	struct fe_str text;  /* LITERAL; COLUMN: its name */
	size_t column;       /* COLUMN */
	union {              /* owned by the expression */
		const struct fe_set *set;
		const struct fe_like *like;
		const struct fe_regex *pattern;
		const struct fe_zone *zone; /* PART, TO_DATE; NULL: UTC */
	};
};

/* Where the values of a node live while it is evaluated. */
enum fe_reg_class { FE_REG_I64, FE_REG_TEXT, FE_REG_BITS, FE_N_REG_CLASSES };
#define FE_NO_REG UINT32_MAX

struct fe_step {
	uint32_t node;
	uint32_t reg; /* of the class of the node's type; FE_NO_REG: one of its own (scalars) */
};

struct fe_expr {
	struct fe_arena arena;
	struct fe_node *nodes;
	size_t n_nodes, cap_nodes;
	uint32_t *args;
	size_t n_args, cap_args;
	uint32_t root;
	struct fe_zone **zones;
	size_t n_zones, cap_zones;
	struct fe_regex **patterns;
	size_t n_patterns, cap_patterns;
	/* the program */
	struct fe_step *steps;
	size_t n_steps;
	bool *is_used; /* node: reached from the root */
	uint32_t n_regs[FE_N_REG_CLASSES];
};

static inline const struct fe_node *
fe_node_arg(const struct fe_expr *e, const struct fe_node *n, size_t i)
{
	return &e->nodes[e->args[n->first_arg + i]];
}

static inline bool fe_kind_is_number(enum fe_kind k) { return k == FE_INT || k == FE_DECIMAL; }
static inline bool fe_kind_is_time(enum fe_kind k) { return k == FE_DATE || k == FE_TIMESTAMP; }
static inline enum fe_reg_class
fe_reg_class_of(enum fe_kind k)
{
	return k == FE_TEXT ? FE_REG_TEXT : k == FE_BOOL ? FE_REG_BITS : FE_REG_I64;
}

/* Fills e, which is empty, with the nodes of a text; e->root is the whole. */
FE_MUST_USE enum fe_rc fe_parse(struct fe_expr *e, struct fe_str text, const struct fe_schema *schema,
                                size_t n_visible, struct fe_err *err);
/* Lays the nodes that the root reaches out as steps over registers; FE_ELIMIT where
 * it would need more memory than an expression may. */
FE_MUST_USE enum fe_rc fe_expr_plan(struct fe_expr *e, struct fe_err *err);
/* Evaluates a node whose arguments are all literals; FE_EUSAGE if it overflows. */
FE_MUST_USE enum fe_rc fe_expr_fold(struct fe_expr *e, struct fe_node *n, struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* pipeline/build.h - from a checked tree to a plan: what the builders share
 *
 * Internal to plan building. The tables of keys were held against the tree before, so
 * builders read only well-formed values; a node with a mistake is as good as absent,
 * and what depends on it keeps silent instead of complaining a second time.
 *
 * Order of building: order of data sets (build_order), sources and columns, derived
 * columns, tables; then what looks at other data sets: references, foreign keys.
 * Functions note mistakes and carry on; at the end a plan with mistakes is freed.
 */
#ifndef FE_PIPELINE_BUILD_H
#define FE_PIPELINE_BUILD_H

#include "pipeline/keys.h"
#include "pipeline/plan.h"

/* A plan and what it owns. */
struct fe_plan_store {
	struct fe_plan plan;   /* first: fe_plan_free knows its store by it */
	struct fe_arena arena; /* everything small that the plan points to */
	struct fe_expr **exprs;
	size_t n_exprs, cap_exprs;
	struct fe_zone **zones;
	size_t n_zones, cap_zones;
};

/* A data set while it is built. */
struct fe_build_dataset {
	const struct fe_node *node;
	const struct fe_node *target;  /* its table's mapping in `targets`; NULL: none */
	const struct fe_node **fields; /* [schema.n_fields] where each column is declared */
	bool *is_bad;                  /* [schema.n_fields] with a mistake in its type */
};

struct fe_build {
	struct fe_plan_store *store;
	struct fe_plan *plan;
	const struct fe_plan_settings *set;
	struct fe_mistakes *mistakes;
	const struct fe_node *root;
	const char *folder;                /* paths of the file are relative to it */
	struct fe_build_dataset *datasets; /* parallel to plan->datasets */
	struct fe_plan_param *params;      /* declared ones, by name; value NULL: none given */
	size_t n_params;
};

/* Zeroed, of the plan's arena. */
void *fe_build_array(struct fe_build *b, size_t n, size_t size_bytes);
#define FE_BUILD_ARRAY(b, n, type) ((type *)fe_build_array((b), (n), sizeof(type)))
const char *fe_build_text(struct fe_build *b, struct fe_str text); /* a terminated copy */

FE_PRINTF(3, 4) void fe_build_mistake(struct fe_build *b, const struct fe_node *node, const char *fmt, ...);
FE_PRINTF(3, 4) void fe_build_mistake_at_key(struct fe_build *b, const struct fe_node *node, const char *fmt, ...);

/* build_text.c: a value with its {name} and ${NAME} filled in, as its key allows.
 * false after a mistake. */
bool fe_build_params(struct fe_build *b, struct fe_err *err); /* reads `params`; false: err tells of --param */
bool fe_build_fill(struct fe_build *b, const struct fe_key *key, const struct fe_node *node, struct fe_str *out);

/* Expressions over the first n_visible columns of a data set. The plan owns them; NULL
 * after a mistake. A condition is of type bool. */
struct fe_expr *fe_build_expr(struct fe_build *b, size_t dataset, size_t n_visible, const struct fe_key *key,
                              const struct fe_node *node);
struct fe_expr *fe_build_condition(struct fe_build *b, size_t dataset, size_t n_visible,
                                   const struct fe_key *key, const struct fe_node *node);
/* What is written into a column: over the columns before it, of a type that it can take. */
struct fe_expr *fe_build_value(struct fe_build *b, size_t dataset, size_t column, const struct fe_key *key,
                               const struct fe_node *node);

/* The column of a data set that a value names, among the first n_visible; else a
 * mistake with the nearest name, and FE_NO_COLUMN. Silent for columns that are bad. */
size_t fe_build_column(struct fe_build *b, size_t dataset, size_t n_visible, const struct fe_node *node,
                       struct fe_str name);
/* The data set that feeds a table; SIZE_MAX: none. */
size_t fe_build_feeder(const struct fe_build *b, struct fe_str table);
/* The same, with a mistake at the node where there is none. */
size_t fe_build_target(struct fe_build *b, const struct fe_node *node);

bool fe_build_order(struct fe_build *b, struct fe_err *err); /* build_order.c */
void fe_build_defaults(struct fe_build *b);                  /* build_columns.c */
void fe_build_columns(struct fe_build *b, size_t dataset);
void fe_build_source(struct fe_build *b, size_t dataset);    /* build_source.c */
void fe_build_derive(struct fe_build *b, size_t dataset);    /* build_derive.c */
void fe_build_checks(struct fe_build *b, size_t dataset);    /* build_checks.c */
void fe_build_table(struct fe_build *b, size_t dataset);     /* build_table.c */
void fe_build_links(struct fe_build *b, size_t dataset);     /* references, foreign keys */

/* Columns by declaration, for both kinds: adds a field, or notes why not (FE_NO_COLUMN). */
size_t fe_build_field(struct fe_build *b, size_t dataset, const struct fe_node *node);

#endif

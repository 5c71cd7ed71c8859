// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner.h - from a checked tree to a plan: what the builders share
 *
 * Internal to plan building. The tables of keys were held against the tree before, so
 * builders read only well-formed values; a node with a mistake is as good as absent,
 * and what depends on it keeps silent instead of complaining a second time.
 *
 * Order of building: order of data sets (planner_order), sources and columns, derived
 * columns, tables; then what looks at other data sets: references, foreign keys.
 * Functions note mistakes and carry on; at the end a plan with mistakes is freed.
 */
#ifndef FE_PIPELINE_PLANNER_H
#define FE_PIPELINE_PLANNER_H

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

/* Where a value of the environment stands in a text. */
struct fe_planner_filled { const char *name; size_t at, n_bytes; };

/* A data set while it is built. */
struct fe_planner_dataset {
	const struct fe_node *node;
	const struct fe_node *target;  /* its table's mapping in `targets`; NULL: none */
	const struct fe_node **fields; /* [schema.n_fields] where each column is declared */
	bool *is_bad;                  /* [schema.n_fields] with a mistake in its type */
};

struct fe_planner {
	struct fe_plan_store *store;
	struct fe_plan *plan;
	const struct fe_plan_settings *set;
	struct fe_mistakes *mistakes;
	const struct fe_node *root;
	const char *folder;                /* paths of the file are relative to it */
	struct fe_planner_dataset *datasets; /* parallel to plan->datasets */
	struct fe_plan_param *params;      /* declared ones, by name; value NULL: none given */
	size_t n_params;
	bool *is_filled_in;                /* [n_params] somewhere since this was last cleared */
	struct fe_planner_filled *filled;  /* [n_filled] into the value that was filled in last */
	size_t n_filled;
};

/* Zeroed, of the plan's arena. */
void *fe_planner_array(struct fe_planner *b, size_t n, size_t size_bytes);
#define FE_PLAN_ARRAY(b, n, type) ((type *)fe_planner_array((b), (n), sizeof(type)))
const char *fe_planner_text(struct fe_planner *b, struct fe_str text); /* a terminated copy */

FE_PRINTF(3, 4) void fe_planner_mistake(struct fe_planner *b, const struct fe_node *node, const char *fmt, ...);
FE_PRINTF(3, 4) void fe_planner_mistake_at_key(struct fe_planner *b, const struct fe_node *node, const char *fmt, ...);

/* planner_text.c: a value with its {name} and ${NAME} filled in, as its key allows.
 * false after a mistake. */
bool fe_planner_params(struct fe_planner *b, struct fe_err *err); /* reads `params`; false: err tells of --param */
bool fe_planner_fill(struct fe_planner *b, const struct fe_key *key, const struct fe_node *node, struct fe_str *out);
/* Of the URL that was filled in last: what came from the environment is shown by its name, but for the host
 * (planner_hidden.c). Other texts are left alone. */
void fe_planner_hide(struct fe_planner *b, const char *url, struct fe_net_settings *net);

/* Expressions over the first n_visible columns of a data set. The plan owns them; NULL
 * after a mistake. A condition is of type bool. */
struct fe_expr *fe_planner_expr(struct fe_planner *b, size_t dataset, size_t n_visible, const struct fe_key *key,
                              const struct fe_node *node);
struct fe_expr *fe_planner_condition(struct fe_planner *b, size_t dataset, size_t n_visible,
                                   const struct fe_key *key, const struct fe_node *node);
/* What is written into a column: over the columns before it, of a type that it can take. */
struct fe_expr *fe_planner_value(struct fe_planner *b, size_t dataset, size_t column, const struct fe_key *key,
                               const struct fe_node *node);

/* The column of a data set that a value names, among the first n_visible; else a
 * mistake with the nearest name, and FE_NO_COLUMN. Silent for columns that are bad. */
size_t fe_planner_column(struct fe_planner *b, size_t dataset, size_t n_visible, const struct fe_node *node,
                       struct fe_str name);
/* The data set that feeds a table; SIZE_MAX: none. */
size_t fe_planner_feeder(const struct fe_planner *b, struct fe_str table);
/* The same, with a mistake at the node where there is none. */
size_t fe_planner_target(struct fe_planner *b, const struct fe_node *node);

bool fe_planner_order(struct fe_planner *b, struct fe_err *err); /* planner_order.c */
void fe_planner_defaults(struct fe_planner *b);                  /* planner_columns.c */
void fe_planner_columns(struct fe_planner *b, size_t dataset);
void fe_planner_source(struct fe_planner *b, size_t dataset);    /* planner_source.c */
/* planner_added.c: puts the columns of set->added into the tree, as if they were declared */
void fe_planner_add_columns(struct fe_planner *b, struct fe_arena *nodes);
void fe_planner_count_added(struct fe_planner *b, size_t dataset);
void fe_planner_api(struct fe_planner *b, size_t dataset, const struct fe_node *map); /* planner_api.c */
void fe_planner_derive(struct fe_planner *b, size_t dataset);    /* planner_derive.c */
void fe_planner_checks(struct fe_planner *b, size_t dataset);    /* planner_checks.c */
void fe_planner_control(struct fe_planner *b, size_t dataset);   /* planner_control.c */
void fe_planner_suite_params(struct fe_planner *b);              /* planner_suite.c */
void fe_planner_suite(struct fe_planner *b, size_t dataset);
void fe_planner_table(struct fe_planner *b, size_t dataset);     /* planner_table.c */
void fe_planner_links(struct fe_planner *b, size_t dataset);     /* references, foreign keys */
/* planner_placeholder.c: the table takes placeholders, or a mistake at the node says why it cannot */
void fe_planner_placeholder(struct fe_planner *b, size_t table, const struct fe_node *node);
void fe_planner_notify(struct fe_planner *b);                    /* planner_notify.c */

/* Columns by declaration, for both kinds: adds a field, or notes why not (FE_NO_COLUMN). */
size_t fe_planner_field(struct fe_planner *b, size_t dataset, const struct fe_node *node);

#endif

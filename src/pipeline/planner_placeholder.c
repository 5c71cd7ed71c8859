// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_placeholder.c - whether a table can have rows that are nothing but a key
 *
 * What keeps it from that is an error here, and not at the first such row: a column that is
 * never null, a key that another table has to know, a check that no such row meets.
 */
#include "pipeline/planner.h"

static void
refuse_not_null(struct fe_planner *b, size_t table, const struct fe_node *node)
{
	const struct fe_table *t = &b->plan->tables[table];
	const struct fe_plan_dataset *d = &b->plan->datasets[table];

	for (size_t c = 0; t->not_null && c < t->schema->n_source; c++) {
		const char *name = t->schema->fields[c].name;
		if (fe_table_is_key(t, c) || !t->not_null[c])
			continue;
		if (d->clean[c].required)
			fe_planner_mistake(b, node, "a placeholder of '%s' has no value in '%s', which is required; make that a rule of its records, "
					   "{ id: %s_known, check: \"%s is not null\" }", t->name, name, name, name);
		else
			fe_planner_mistake(b, node, "a placeholder of '%s' has no value in '%s', which has a default and is never null; take the "
					   "default away", t->name, name);
	}
}

/* Its parent would have to be made first, and nothing is known of that. */
static void
refuse_key_of_others(struct fe_planner *b, size_t table, const struct fe_node *node)
{
	const struct fe_table *t = &b->plan->tables[table];
	const struct fe_plan_dataset *d = &b->plan->datasets[table];
	bool refers = false;

	for (size_t i = 0; i < d->n_references; i++)
		refers |= d->references[i].column == t->key[0];
	for (size_t i = 0; i < t->n_foreign_keys; i++)
		for (size_t k = 0; k < t->foreign_keys[i].n_columns; k++)
			refers |= t->foreign_keys[i].columns[k] == t->key[0];
	if (refers)
		fe_planner_mistake(b, node, "'%s' takes its key from another table, so that a key alone makes no row of it", t->name);
}

/* A check that does not look at the key says the same of every placeholder. */
static void
refuse_check(struct fe_planner *b, size_t table, const struct fe_expr *check, const char *text, const struct fe_node *node)
{
	const struct fe_table *t = &b->plan->tables[table];
	struct fe_expr_state *state = fe_expr_state_new(check);
	struct fe_batch row;
	const struct fe_column *is_true;
	const uint64_t *overflow;
	struct fe_err err = FE_ERR_INIT;

	fe_batch_init(&row, t->schema);
	fe_batch_clear(&row);
	row.n_rows = 1;
	for (size_t i = 0; i < t->schema->n_fields; i++)
		fe_bit_clear(row.columns[i].valid, 0);
	if (fe_expr_eval(check, state, &row, 0, &is_true, &overflow, &err) == FE_OK && fe_bit_get(is_true->valid, 0) &&
	    !fe_bit_get(is_true->bits, 0))
		fe_planner_mistake(b, node, "a placeholder of '%s' does not meet its check '%s'; make that a rule of its records", t->name, text);
	fe_batch_reset(&row);
	fe_expr_state_free(state);
}

static void
refuse_checks(struct fe_planner *b, size_t table, const struct fe_node *node)
{
	const struct fe_table *t = &b->plan->tables[table];

	for (size_t i = 0; i < t->n_checks; i++) {
		const struct fe_expr *check = b->plan->datasets[table].table_checks[i];
		if (check && !fe_expr_uses(check, t->key[0]))
			refuse_check(b, table, check, t->checks[i].text, node);
	}
}

void
fe_planner_placeholder(struct fe_planner *b, size_t table, const struct fe_node *node)
{
	b->plan->tables[table].takes_placeholders = true;
	refuse_not_null(b, table, node);
	refuse_key_of_others(b, table, node);
	refuse_checks(b, table, node);
}

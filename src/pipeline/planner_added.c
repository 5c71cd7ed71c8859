// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_added.c - columns that were found in a source, as if they were declared
 *
 * They become nodes of the tree, behind those of the file: { name, type: text, from, pii: true },
 * at the place of the data set's contract. All the rest of planning cannot tell the difference.
 * Nobody has said yet what they hold: so their values are shown nowhere.
 */
#include "pipeline/planner.h"

static struct fe_node *
add_child(struct fe_arena *nodes, struct fe_node *parent, enum fe_node_kind kind)
{
	struct fe_node *node = fe_arena_alloc_zero(nodes, sizeof *node), **end = &parent->first;

	node->kind = kind;
	node->line = node->key_line = parent->line;
	node->column = node->key_column = parent->column;
	while (*end)
		end = &(*end)->next;
	*end = node;
	parent->n_children++;
	return node;
}

static void
add_pair(struct fe_arena *nodes, struct fe_node *map, const char *key, const char *text)
{
	struct fe_node *node = add_child(nodes, map, FE_NODE_SCALAR);

	node->key = fe_str_of(key);
	node->text = (struct fe_str){ fe_arena_copy(nodes, text, strlen(text)), strlen(text) };
	node->is_one_line = true;
}

static void
add_column(struct fe_arena *nodes, const struct fe_node *dataset, const struct fe_plan_added_column *added)
{
	struct fe_node *columns = (struct fe_node *)(uintptr_t)fe_node_get(dataset, "columns");
	const struct fe_node *contract = fe_node_get(dataset, "contract");

	if (!columns)
		return;
	struct fe_node *map = add_child(nodes, columns, FE_NODE_MAP);
	if (contract) {
		map->line = contract->line;
		map->column = contract->column;
	}
	add_pair(nodes, map, "name", added->name);
	add_pair(nodes, map, "type", "text");
	add_pair(nodes, map, "from", added->from);
	add_pair(nodes, map, "pii", "true");
}

void
fe_planner_add_columns(struct fe_planner *b, struct fe_arena *nodes)
{
	const struct fe_node *datasets = fe_node_get(b->root, "datasets");

	for (const struct fe_node *d = datasets ? datasets->first : NULL; d; d = d->next) {
		const struct fe_node *name = fe_node_get(d, "name");
		for (size_t i = 0; name && i < b->set->n_added; i++)
			if (fe_str_is(name->text, b->set->added[i].dataset))
				add_column(nodes, d, &b->set->added[i]);
	}
}

void
fe_planner_count_added(struct fe_planner *b, size_t dataset)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];

	for (size_t i = 0; i < b->set->n_added; i++)
		d->n_evolved += strcmp(b->set->added[i].dataset, d->name) == 0;
	if (d->n_evolved > d->schema.n_source) /* after mistakes */
		d->n_evolved = 0;
}

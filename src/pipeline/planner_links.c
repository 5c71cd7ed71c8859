// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_links.c - what ties data sets and tables together
 *
 * References (a value must be known to another table, or its record is rejected) and
 * foreign keys (the table itself holds it). Both need the other table's key to be of
 * the same types, so all tables are built before.
 */
#include "base/text.h"
#include "pipeline/planner.h"

/* Whether values of both columns are the same as bytes and numbers. */
static bool
is_comparable(struct fe_type a, struct fe_type b)
{
	return a.kind == b.kind && (a.kind != FE_DECIMAL || a.scale == b.scale);
}

static void
check_types(struct fe_planner *b, const struct fe_node *node, size_t dataset, size_t column,
	    size_t parent, size_t parent_column)
{
	const struct fe_field *mine = &b->plan->datasets[dataset].schema.fields[column];
	const struct fe_field *its = &b->plan->datasets[parent].schema.fields[parent_column];
	char mine_text[FE_TYPE_TEXT_BYTES], its_text[FE_TYPE_TEXT_BYTES];
	if (!is_comparable(mine->type, its->type))
		fe_planner_mistake(b, node, "'%s' is %s, and the key '%s' of '%s' is %s; they must be the same", mine->name,
				 fe_type_print(mine->type, mine_text), its->name, b->plan->tables[parent].name,
				 fe_type_print(its->type, its_text));
}

/* What one makes for a record would be known to the other when a later batch asks, and not before:
 * what becomes of a record would hang on how far it is behind. */
static void
refuse_two_minds(struct fe_planner *b, size_t dataset, const struct fe_plan_reference *r, const struct fe_node *node)
{
	const struct fe_plan_dataset *d = &b->plan->datasets[dataset];

	for (const struct fe_node *said = node->first; said; said = said->next)
		if (said->is_wrong) /* and may have been meant to be the same */
			return;
	for (const struct fe_plan_reference *other = d->references; other < r; other++) {
		if (other->table != r->table || other->makes_placeholders == r->makes_placeholders || !other->id || !r->id)
			continue;
		fe_planner_mistake(b, fe_node_get(node, "target"), "'%s' and '%s' both refer to '%s', and only '%s' makes placeholders "
				   "of it; say the same on_missing in both", other->id, r->id, r->target, r->makes_placeholders ? r->id : other->id);
		return;
	}
}

static void
build_reference(struct fe_planner *b, size_t dataset, const struct fe_node *node, struct fe_plan_reference *out)
{
	const struct fe_node *id = fe_node_get(node, "id");
	const struct fe_node *column = fe_node_get(node, "column");
	const struct fe_node *target = fe_node_get(node, "target");
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	if (id)
		out->id = fe_planner_text(b, id->text);
	out->column = column ? fe_planner_column(b, dataset, d->schema.n_source, column, column->text) : FE_NO_COLUMN;
	out->table = target ? fe_planner_target(b, target) : SIZE_MAX;
	if (out->table == SIZE_MAX)
		return;
	const struct fe_table *parent = &b->plan->tables[out->table];
	out->target = parent->name;
	if (parent->n_key > 1)
		fe_planner_mistake(b, target, "a reference is to a key of one column, and that of '%s' has %zu", parent->name,
				 parent->n_key);
	else if (parent->n_key == 1 && out->column != FE_NO_COLUMN)
		check_types(b, column, dataset, out->column, out->table, parent->key[0]);
	out->makes_placeholders = fe_str_is(fe_key_text(&fe_keys_reference, node, "on_missing"), "placeholder");
	if (out->makes_placeholders && parent->n_key == 1)
		fe_planner_placeholder(b, out->table, fe_node_get(node, "on_missing"));
	refuse_two_minds(b, dataset, out, node);
}

static void
build_foreign_key(struct fe_planner *b, size_t dataset, const struct fe_node *node, struct fe_foreign_key *out)
{
	const struct fe_node *columns = fe_node_get(node, "columns");
	const struct fe_node *references = fe_node_get(node, "references");
	size_t n_fields = b->plan->datasets[dataset].schema.n_fields;
	size_t parent_index = references ? fe_planner_target(b, references) : SIZE_MAX;
	const struct fe_table *parent = parent_index == SIZE_MAX ? NULL : &b->plan->tables[parent_index];
	out->references = parent;
	for (const struct fe_node *item = columns ? columns->first : NULL; item; item = item->next) {
		size_t c = item->is_wrong ? FE_NO_COLUMN : fe_planner_column(b, dataset, n_fields, item, item->text);
		if (c != FE_NO_COLUMN && parent && out->n_columns < parent->n_key)
			check_types(b, item, dataset, c, parent_index, parent->key[out->n_columns]);
		out->columns[out->n_columns++] = c;
	}
	/* A key with mistakes has fewer columns than it says. */
	const struct fe_node *key = parent ? fe_node_get(b->datasets[parent_index].target, "key") : NULL;
	if (key && columns && key->n_children == parent->n_key && out->n_columns != parent->n_key)
		fe_planner_mistake(b, columns, "the key of '%s' has %zu column%s, and this has %zu", parent->name, parent->n_key,
				 parent->n_key == 1 ? "" : "s", out->n_columns);
}

void
fe_planner_links(struct fe_planner *b, size_t dataset)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	struct fe_table *table = &b->plan->tables[dataset];
	const struct fe_node *references = fe_node_get(b->datasets[dataset].node, "references");
	const struct fe_node *keys = fe_node_get(b->datasets[dataset].target, "foreign_keys");
	if (references) {
		d->references = FE_PLAN_ARRAY(b, references->n_children, struct fe_plan_reference);
		for (const struct fe_node *n = references->first; n; n = n->next)
			build_reference(b, dataset, n, &d->references[d->n_references++]);
	}
	if (keys && table->name) {
		struct fe_foreign_key *out = FE_PLAN_ARRAY(b, keys->n_children, struct fe_foreign_key);
		for (const struct fe_node *n = keys->first; n; n = n->next)
			build_foreign_key(b, dataset, n, &out[table->n_foreign_keys++]);
		table->foreign_keys = out;
	}
}

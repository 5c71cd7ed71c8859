// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_order.c - which data set runs when
 *
 * Parents before children: a data set comes after those that feed the tables of its
 * references and of its table's foreign keys; otherwise the order of the file stands.
 * Names and targets must differ, and the references must not go round.
 */
#include "base/text.h"
#include "pipeline/planner.h"

struct orderer {
	struct fe_planner *b;
	const struct fe_node **nodes; /* data sets in the order of the file */
	size_t n;
	bool *needs;                  /* [n * n]: row needs column */
	bool *is_placed;
};

/* The first item before `node` whose `key` has the same text. */
static const struct fe_node *
same_before(const struct orderer *o, size_t i, const char *key)
{
	const struct fe_node *mine = fe_node_get(o->nodes[i], key);
	for (size_t j = 0; mine && j < i; j++) {
		const struct fe_node *other = fe_node_get(o->nodes[j], key);
		if (other && fe_str_eq(mine->text, other->text))
			return other;
	}
	return NULL;
}

static void
check_unique(struct orderer *o)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct fe_node *name = fe_node_get(o->nodes[i], "name");
		const struct fe_node *target = fe_node_get(o->nodes[i], "target");
		const struct fe_node *first = same_before(o, i, "name");
		if (first)
			fe_planner_mistake(o->b, name, "data set '%s' is declared twice; the first is on line %llu",
					 name->text.p, (unsigned long long)first->line);
		first = same_before(o, i, "target");
		if (first)
			fe_planner_mistake(o->b, target,
					 "target '%s' is fed by two data sets; the first is on line %llu",
					 target->text.p, (unsigned long long)first->line);
	}
}

static void
add_need(struct orderer *o, size_t i, const struct fe_node *table)
{
	for (size_t j = 0; table && j < o->n; j++) {
		const struct fe_node *target = fe_node_get(o->nodes[j], "target");
		if (target && fe_str_eq(target->text, table->text))
			o->needs[i * o->n + j] = true;
	}
}

static void
collect_needs(struct orderer *o, size_t i)
{
	const struct fe_node *references = fe_node_get(o->nodes[i], "references");
	for (const struct fe_node *r = references ? references->first : NULL; r; r = r->next)
		add_need(o, i, fe_node_get(r, "target"));
	const struct fe_node *target = fe_node_get(o->nodes[i], "target");
	const struct fe_node *table = target ? fe_node_get(fe_node_get(o->b->root, "targets"), target->text.p) : NULL;
	const struct fe_node *keys = fe_node_get(table, "foreign_keys");
	for (const struct fe_node *k = keys ? keys->first : NULL; k; k = k->next)
		add_need(o, i, fe_node_get(k, "references"));
}

static bool
is_ready(const struct orderer *o, size_t i)
{
	for (size_t j = 0; j < o->n; j++)
		if (o->needs[i * o->n + j] && !o->is_placed[j])
			return false;
	return true;
}

static size_t
next_ready(const struct orderer *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (!o->is_placed[i] && is_ready(o, i))
			return i;
	return SIZE_MAX;
}

static const char *
name_of(const struct fe_node *dataset)
{
	const struct fe_node *name = fe_node_get(dataset, "name");
	return name ? name->text.p : "?";
}

/* Every data set left waits for another one left: following the waits meets a circle. */
static void
refuse_circle(struct orderer *o)
{
	bool *seen = fe_new_array(o->n, bool);
	size_t at = 0;
	while (o->is_placed[at])
		at++;
	struct fe_buf path;
	fe_buf_init(&path, FE_ERR_TEXT_BYTES / 2);
	size_t from = SIZE_MAX;
	for (;;) {
		if (seen[at] && from == SIZE_MAX)
			from = at; /* on the circle for sure: go round once more, and write it down */
		else if (at == from)
			break;
		if (from != SIZE_MAX)
			fe_buf_addf(&path, "%s -> ", name_of(o->nodes[at]));
		seen[at] = true;
		size_t to = 0;
		while (!o->needs[at * o->n + to] || o->is_placed[to])
			to++;
		at = to;
	}
	fe_planner_mistake(o->b, o->nodes[from], "the references go round: %s%s; one of them must go",
			 fe_buf_text(&path), name_of(o->nodes[from]));
	fe_buf_reset(&path);
	fe_free(seen);
}

static bool
is_selected(const struct fe_plan_settings *set, const char *name)
{
	for (size_t i = 0; i < set->n_select; i++)
		if (strcmp(set->select[i], name) == 0)
			return true;
	return set->n_select == 0;
}

static bool
check_select(struct orderer *o, struct fe_err *err)
{
	const struct fe_plan_settings *set = o->b->set;
	const char **names = FE_PLAN_ARRAY(o->b, o->n, const char *);
	for (size_t i = 0; i < o->n; i++)
		names[i] = name_of(o->nodes[i]);
	for (size_t s = 0; s < set->n_select; s++) {
		bool is_known = false;
		for (size_t i = 0; i < o->n; i++)
			is_known = is_known || strcmp(names[i], set->select[s]) == 0;
		if (is_known)
			continue;
		const char *nearest = fe_text_nearest(fe_str_of(set->select[s]), names, o->n);
		if (nearest)
			(void)fe_fail(err, FE_EUSAGE, "the pipeline file has no data set '%s'; did you mean '%s'?",
				      set->select[s], nearest);
		else
			(void)fe_fail(err, FE_EUSAGE, "the pipeline file has no data set '%s'", set->select[s]);
		return false;
	}
	return true;
}

static void
place(struct orderer *o, size_t i)
{
	struct fe_planner *b = o->b;
	size_t at = b->plan->n_datasets++;
	const struct fe_node *target = fe_node_get(o->nodes[i], "target");
	o->is_placed[i] = true;
	b->datasets[at].node = o->nodes[i];
	if (target)
		b->datasets[at].target = fe_node_get(fe_node_get(b->root, "targets"), target->text.p);
	b->plan->datasets[at] = (struct fe_plan_dataset){
		.name = fe_planner_text(b, fe_str_of(name_of(o->nodes[i]))),
		.is_selected = is_selected(b->set, name_of(o->nodes[i])),
		.table = at,
		.line = o->nodes[i]->line,
	};
	fe_schema_init(&b->plan->datasets[at].schema);
}

/* What is declared and never fed would stay empty for ever. Not told where a data set
 * names a target that is not there: that may be the one. */
static void
check_targets_fed(struct fe_planner *b)
{
	const struct fe_node *targets = fe_node_get(b->root, "targets");
	for (size_t i = 0; i < b->plan->n_datasets; i++)
		if (!b->datasets[i].target)
			return;
	for (const struct fe_node *t = targets ? targets->first : NULL; t; t = t->next)
		if (!t->is_wrong && fe_planner_feeder(b, t->key) == SIZE_MAX)
			fe_planner_mistake_at_key(b, t, "no data set feeds target '%s'", t->key.p);
}

bool
fe_planner_order(struct fe_planner *b, struct fe_err *err)
{
	const struct fe_node *list = fe_node_get(b->root, "datasets");
	size_t n_items = list ? list->n_children : 0;
	struct orderer o = { .b = b, .nodes = FE_PLAN_ARRAY(b, n_items, const struct fe_node *) };
	for (const struct fe_node *n = list ? list->first : NULL; n; n = n->next)
		if (!n->is_wrong)
			o.nodes[o.n++] = n;
	if (!check_select(&o, err))
		return false;
	o.needs = FE_PLAN_ARRAY(b, o.n * o.n, bool);
	o.is_placed = FE_PLAN_ARRAY(b, o.n, bool);
	b->datasets = FE_PLAN_ARRAY(b, o.n, struct fe_planner_dataset);
	b->plan->datasets = FE_PLAN_ARRAY(b, o.n, struct fe_plan_dataset);
	b->plan->tables = FE_PLAN_ARRAY(b, o.n, struct fe_table);
	check_unique(&o);
	for (size_t i = 0; i < o.n; i++)
		collect_needs(&o, i);
	for (size_t n_placed = 0; n_placed < o.n; n_placed++) {
		size_t i = next_ready(&o);
		if (i == SIZE_MAX) {
			refuse_circle(&o);
			break;
		}
		place(&o, i);
	}
	/* Those of a circle are read on for their other mistakes. */
	for (size_t i = 0; i < o.n; i++)
		if (!o.is_placed[i])
			place(&o, i);
	/* A list with mistakes may miss the one that feeds a target. */
	if (list && o.n == n_items)
		check_targets_fed(b);
	return true;
}

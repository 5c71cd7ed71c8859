// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_checks.c - where, rules and the gate of a data set */
#include "base/text.h"
#include "pipeline/planner.h"

/* Reasons that records have by themselves; a rule of that name would mix with them. */
static const char reserved_id[] = "conflict";

/* Ids of rules and references are reasons of rejects: each stands for one thing. */
static void
check_id(struct fe_planner *b, size_t dataset, const struct fe_node *id)
{
	static const char *const lists[] = { "rules", "references" };
	if (fe_str_is(id->text, reserved_id)) {
		fe_planner_mistake(b, id, "'%s' is the reason of records that contradict an earlier one; choose another id",
				 reserved_id);
		return;
	}
	for (size_t l = 0; l < 2; l++) {
		const struct fe_node *list = fe_node_get(b->datasets[dataset].node, lists[l]);
		for (const struct fe_node *n = list ? list->first : NULL; n; n = n->next) {
			const struct fe_node *other = fe_node_get(n, "id");
			if (other == id)
				return;
			if (!other || !fe_str_eq(other->text, id->text))
				continue;
			fe_planner_mistake(b, id, "id '%s' is declared twice; the first is on line %llu", id->text.p,
					 (unsigned long long)other->line);
			return;
		}
	}
}

static enum fe_rule_action
action_of(const struct fe_node *rule)
{
	struct fe_str action = fe_key_text(&fe_keys_rule, rule, "action");
	if (fe_str_is(action, "warn"))
		return FE_RULE_WARN;
	return fe_str_is(action, "abort") ? FE_RULE_ABORT : FE_RULE_REJECT;
}

static void
build_rules(struct fe_planner *b, size_t dataset, const struct fe_node *list)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	const struct fe_key *check = fe_key_find(&fe_keys_rule, FE_STR("check"));
	d->rules = FE_PLAN_ARRAY(b, list->n_children, struct fe_rule);
	for (const struct fe_node *n = list->first; n; n = n->next) {
		const struct fe_node *id = fe_node_get(n, "id");
		struct fe_rule *rule = &d->rules[d->n_rules++];
		if (id) {
			check_id(b, dataset, id);
			rule->id = fe_planner_text(b, id->text);
		}
		const struct fe_node *text = fe_node_get(n, "check");
		rule->check = fe_planner_condition(b, dataset, d->schema.n_source, check, text);
		rule->text = text ? fe_planner_text(b, text->text) : "";
		rule->action = action_of(n);
	}
}

static void
build_sums(struct fe_planner *b, size_t dataset, const struct fe_node *map)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	struct fe_gate_sum *sums = FE_PLAN_ARRAY(b, map->n_children, struct fe_gate_sum);
	for (const struct fe_node *n = map->first; n; n = n->next) {
		struct fe_node at_key = { .line = n->key_line, .column = n->key_column };
		size_t c = n->is_wrong ? FE_NO_COLUMN
				       : fe_planner_column(b, dataset, d->schema.n_source, &at_key, n->key);
		if (c == FE_NO_COLUMN)
			continue;
		struct fe_type type = d->schema.fields[c].type;
		int64_t at_most = 0;
		char name[FE_TYPE_TEXT_BYTES];
		if (type.kind != FE_DECIMAL)
			fe_planner_mistake_at_key(b, n, "'%s' is %s; sums are of decimal columns", n->key.p,
						fe_type_print(type, name));
		else if (fe_decimal_parse(n->text, FE_DECIMAL_MAX_PRECISION, type.scale, NULL, &at_most) !=
				 FE_DECIMAL_OK || at_most < 0)
			fe_planner_mistake(b, n, "'%.*s' is not an amount of the column '%s', %s, from 0 up",
					 FE_STR_ARGS(fe_mistake_shown(n->text)), n->key.p, fe_type_print(type, name));
		sums[d->gate.n_max_rejected_sums++] = (struct fe_gate_sum){ .column = c, .at_most = at_most, .is_personal = d->pii[c] };
	}
	d->gate.max_rejected_sums = sums;
}

static void
build_gate(struct fe_planner *b, size_t dataset, const struct fe_node *map)
{
	struct fe_gate *gate = &b->plan->datasets[dataset].gate;
	const struct fe_node *percent = fe_node_get(map, "max_rejected_percent");
	const struct fe_node *sums = fe_node_get(map, "max_rejected_sum");
	const struct fe_node *score = fe_node_get(map, "min_quality_score");
	if (percent)
		gate->has_max_rejected_percent =
			fe_decimal_parse(percent->text, FE_DECIMAL_MAX_PRECISION, FE_PERCENT_SCALE, NULL,
					 &gate->max_rejected_percent) == FE_DECIMAL_OK;
	if (sums)
		build_sums(b, dataset, sums);
	if (score && !fe_node_get(b->datasets[dataset].node, "expectations"))
		fe_planner_mistake_at_key(b, score, "'min_quality_score' is of the data set's 'expectations', and it has none");
	else if (score)
		gate->has_min_quality_score =
			fe_decimal_parse(score->text, FE_DECIMAL_MAX_PRECISION, FE_PERCENT_SCALE, NULL,
					 &gate->min_quality_score) == FE_DECIMAL_OK;
	gate->min_rows = (uint64_t)fe_key_int(&fe_keys_gate, map, "min_rows");
}

void
fe_planner_checks(struct fe_planner *b, size_t dataset)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	const struct fe_node *node = b->datasets[dataset].node;
	const struct fe_node *rules = fe_node_get(node, "rules");
	const struct fe_node *references = fe_node_get(node, "references");
	const struct fe_node *gate = fe_node_get(node, "gate");
	d->where = fe_planner_condition(b, dataset, d->schema.n_source, fe_key_find(&fe_keys_dataset, FE_STR("where")),
				      fe_node_get(node, "where"));
	if (rules)
		build_rules(b, dataset, rules);
	for (const struct fe_node *n = references ? references->first : NULL; n; n = n->next) {
		const struct fe_node *id = fe_node_get(n, "id");
		if (id)
			check_id(b, dataset, id);
	}
	if (gate)
		build_gate(b, dataset, gate);
}

// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_table.c - the table that a data set feeds
 *
 * Column i of the table is column i of the data set. Each has one role: key, version,
 * mutable or fixed if it comes from the source, derived if not.
 */
#include "base/text.h"
#include "pipeline/planner.h"

struct tabling {
	struct fe_planner *b;
	size_t dataset;
	struct fe_table *table;
	const struct fe_schema *schema;
	const struct fe_node *node; /* of `targets` */
	enum fe_role *roles;
};

/* A source column that an item names; notes why not. what: "a key". */
static size_t
source_column(struct tabling *t, const struct fe_node *item, const char *what)
{
	size_t c = fe_planner_column(t->b, t->dataset, t->schema->n_fields, item, item->text);
	if (c == FE_NO_COLUMN || c < t->schema->n_source)
		return c;
	fe_planner_mistake(t->b, item, "%s is of columns of the source, and '%s' is derived", what, item->text.p);
	return FE_NO_COLUMN;
}

static void
build_key(struct tabling *t)
{
	const struct fe_node *list = fe_node_get(t->node, "key");
	size_t *key = FE_PLAN_ARRAY(t->b, list ? list->n_children : 0, size_t);
	t->table->key = key;
	for (const struct fe_node *item = list ? list->first : NULL; item; item = item->next) {
		size_t c = item->is_wrong ? FE_NO_COLUMN : source_column(t, item, "a key");
		if (c == FE_NO_COLUMN)
			continue;
		if (t->roles[c] == FE_ROLE_KEY) {
			fe_planner_mistake(t->b, item, "column '%s' stands twice in the key", item->text.p);
			continue;
		}
		t->roles[c] = FE_ROLE_KEY;
		key[t->table->n_key++] = c;
		/* A row must be somebody: a record without its key is rejected as missing. */
		t->b->plan->datasets[t->dataset].clean[c].required = true;
	}
}

static void
build_mutable(struct tabling *t)
{
	const struct fe_node *list = fe_node_get(t->node, "mutable");
	if (!list)
		return;
	if (list->kind == FE_NODE_SCALAR) { /* all */
		for (size_t c = 0; c < t->schema->n_source; c++)
			if (t->roles[c] == FE_ROLE_FIXED)
				t->roles[c] = FE_ROLE_MUTABLE;
		return;
	}
	for (const struct fe_node *item = list->first; item; item = item->next) {
		size_t c = item->is_wrong ? FE_NO_COLUMN
					  : fe_planner_column(t->b, t->dataset, t->schema->n_fields, item, item->text);
		if (c == FE_NO_COLUMN)
			continue;
		if (t->roles[c] == FE_ROLE_FIXED)
			t->roles[c] = FE_ROLE_MUTABLE;
		else if (t->roles[c] == FE_ROLE_KEY)
			fe_planner_mistake(t->b, item, "'%s' is of the key, which says which row it is and cannot change",
					 item->text.p);
		else if (t->roles[c] == FE_ROLE_DERIVED)
			fe_planner_mistake(t->b, item, "'%s' is derived, and goes with its record; leave it out",
					 item->text.p);
		else if (t->roles[c] != FE_ROLE_VERSION) /* which may be named: it changes, too */
			fe_planner_mistake(t->b, item, "column '%s' stands twice in 'mutable'", item->text.p);
	}
}

/* What nobody declared may change: the rows that are there have no value of it yet. */
static void
build_evolved(struct tabling *t)
{
	t->table->evolves = t->b->plan->datasets[t->dataset].source_set.contract == FE_CONTRACT_EVOLVE;
	t->table->n_evolved = t->b->plan->datasets[t->dataset].n_evolved;
	for (size_t c = 0; c < t->schema->n_source; c++)
		if (fe_table_is_evolved(t->table, c) && t->roles[c] == FE_ROLE_FIXED)
			t->roles[c] = FE_ROLE_MUTABLE;
}

static void
build_version(struct tabling *t)
{
	const struct fe_node *node = fe_node_get(t->node, "version");
	t->table->version = FE_NO_COLUMN;
	if (!node)
		return;
	size_t c = source_column(t, node, "a version");
	if (c == FE_NO_COLUMN)
		return;
	char name[FE_TYPE_TEXT_BYTES];
	struct fe_type type = t->schema->fields[c].type;
	if (type.kind == FE_TEXT || type.kind == FE_BOOL)
		fe_planner_mistake(t->b, node, "a version is a number, date or timestamp, and '%s' is %s", node->text.p,
				 fe_type_print(type, name));
	else if (t->roles[c] == FE_ROLE_KEY)
		fe_planner_mistake(t->b, node, "'%s' is of the key: two versions of a row would be two rows", node->text.p);
	t->roles[c] = FE_ROLE_VERSION;
	t->table->version = c;
}

/* Never null: what is required, and what is read and filled in where it is missing. */
static void
build_not_null(struct tabling *t)
{
	bool *not_null = FE_PLAN_ARRAY(t->b, t->schema->n_fields, bool);
	const struct fe_clean_column *clean = t->b->plan->datasets[t->dataset].clean;
	for (size_t c = 0; c < t->schema->n_source; c++)
		not_null[c] = clean[c].required || (clean[c].default_text && !clean[c].value);
	t->table->not_null = not_null;
}

/* "name", "name desc" or "name asc" into *name and *descending. */
static bool
split_order(struct fe_str text, struct fe_str *name, bool *descending)
{
	size_t n = 0;
	text = fe_text_trim(text);
	while (n < text.n && !fe_is_blank((unsigned char)text.p[n]))
		n++;
	struct fe_str order = fe_text_trim((struct fe_str){ text.p + n, text.n - n });
	*name = (struct fe_str){ text.p, n };
	*descending = fe_text_casecmp_ascii(order, FE_STR("desc")) == 0;
	return *descending || !order.n || fe_text_casecmp_ascii(order, FE_STR("asc")) == 0;
}

static bool
build_index(struct tabling *t, const struct fe_node *list, struct fe_index *out)
{
	for (const struct fe_node *item = list->first; item; item = item->next) {
		struct fe_str name;
		bool descending;
		if (item->is_wrong)
			return false;
		if (!split_order(item->text, &name, &descending)) {
			fe_planner_mistake(t->b, item, "a column of an index is 'name' or 'name desc', not '%.*s'",
					 FE_STR_ARGS(fe_mistake_shown(item->text)));
			return false;
		}
		size_t c = fe_planner_column(t->b, t->dataset, t->schema->n_fields, item, name);
		if (c == FE_NO_COLUMN)
			return false;
		for (size_t i = 0; i < out->n_columns; i++)
			if (out->columns[i] == c) {
				fe_planner_mistake(t->b, item, "column '%.*s' stands twice in the index", FE_STR_ARGS(name));
				return false;
			}
		out->columns[out->n_columns] = c;
		out->descending[out->n_columns++] = descending;
	}
	return true;
}

static bool
is_same_index(const struct fe_index *a, const struct fe_index *b)
{
	if (a->n_columns != b->n_columns)
		return false;
	for (size_t i = 0; i < a->n_columns; i++)
		if (a->columns[i] != b->columns[i] || a->descending[i] != b->descending[i])
			return false;
	return true;
}

static void
build_indexes(struct tabling *t)
{
	const struct fe_node *lists = fe_node_get(t->node, "indexes");
	if (!lists)
		return;
	struct fe_index *indexes = FE_PLAN_ARRAY(t->b, lists->n_children, struct fe_index);
	for (const struct fe_node *list = lists->first; list; list = list->next) {
		struct fe_index *index = &indexes[t->table->n_indexes];
		*index = (struct fe_index){ 0 };
		if (list->is_wrong || !build_index(t, list, index))
			continue;
		bool is_new = true;
		for (size_t i = 0; i < t->table->n_indexes; i++)
			is_new = is_new && !is_same_index(&indexes[i], index);
		if (is_new)
			t->table->n_indexes++;
		else
			fe_planner_mistake(t->b, list, "the same index stands here before");
	}
	t->table->indexes = indexes;
}

static const struct fe_expr *
build_check(struct tabling *t, const struct fe_node *item, struct fe_check_sql *out)
{
	struct fe_planner *b = t->b;
	const struct fe_key *key = fe_key_find(&fe_keys_target, FE_STR("checks"));
	const struct fe_expr *expr = fe_planner_condition(b, t->dataset, t->schema->n_fields, key, item);
	static const enum fe_sql_dialect dialects[2] = { FE_SQL_SQLITE, FE_SQL_POSTGRES };
	const char *texts[2] = { NULL };
	for (size_t i = 0; expr && i < 2; i++) {
		struct fe_buf sql;
		struct fe_err err = FE_ERR_INIT;
		fe_buf_init(&sql, (size_t)256 * 1024);
		enum fe_rc rc = fe_expr_print_sql(expr, dialects[i], &sql, &err);
		if (rc == FE_OK)
			rc = fe_buf_check(&sql, "the check as SQL", &err);
		if (rc == FE_OK)
			texts[i] = fe_planner_text(b, fe_buf_str(&sql));
		else if (i == 0 || texts[0])
			fe_planner_mistake(b, item, "not a check that a table can hold: %s", err.text);
		fe_buf_reset(&sql);
	}
	*out = (struct fe_check_sql){
		.text = fe_planner_text(b, item->text), .sqlite = texts[0], .postgres = texts[1]
	};
	return expr;
}

static void
build_table_checks(struct tabling *t)
{
	const struct fe_node *list = fe_node_get(t->node, "checks");
	if (!list)
		return;
	struct fe_check_sql *checks = FE_PLAN_ARRAY(t->b, list->n_children, struct fe_check_sql);
	const struct fe_expr **exprs = FE_PLAN_ARRAY(t->b, list->n_children, const struct fe_expr *);
	for (const struct fe_node *item = list->first; item; item = item->next) {
		if (item->is_wrong)
			continue;
		exprs[t->table->n_checks] = build_check(t, item, &checks[t->table->n_checks]);
		t->table->n_checks++;
	}
	t->table->checks = checks;
	t->b->plan->datasets[t->dataset].table_checks = exprs;
}

/* Tables that the warehouse keeps for itself. */
static void
check_table_name(struct fe_planner *b, const struct fe_node *node)
{
	const char *dot = strchr(node->key.p, '.');
	const char *name = dot ? dot + 1 : node->key.p;
	static const char *const prefixes[] = { "etl_", "sqlite_", "pg_" };
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			fe_planner_mistake_at_key(b, node, "tables named %s... are kept for the warehouse itself; choose another name",
						prefixes[i]);
}

static void
build_parts(struct tabling *t)
{
	struct fe_plan_dataset *d = &t->b->plan->datasets[t->dataset];
	d->parts = FE_PLAN_ARRAY(t->b, t->schema->n_source, enum fe_dedupe_part);
	for (size_t c = 0; c < t->schema->n_source; c++)
		d->parts[c] = t->roles[c] == FE_ROLE_KEY ? FE_PART_KEY
			      : t->roles[c] == FE_ROLE_MUTABLE ? FE_PART_MUTABLE
			      : t->roles[c] == FE_ROLE_VERSION ? FE_PART_VERSION : FE_PART_FIXED;
}

/* Choices are in the order of enum fe_reject_raw. */
static void
build_rejects(struct tabling *t)
{
	struct fe_plan_dataset *d = &t->b->plan->datasets[t->dataset];
	const struct fe_node *map = fe_node_get(t->b->datasets[t->dataset].node, "rejects");
	const char *const *choices = fe_key_find(&fe_keys_rejects, FE_STR("raw"))->choices;
	const struct fe_str raw = fe_key_text(&fe_keys_rejects, map, "raw");

	d->rejects = (struct fe_reject_policy){ .pii = d->pii, .key = t->table->key, .n_key = t->table->n_key };
	for (int i = 0; choices[i]; i++)
		if (fe_str_is(raw, choices[i]))
			d->rejects.raw = (enum fe_reject_raw)i;
	d->rejects_keep_days = fe_node_get(map, "keep_days") ? fe_key_int(&fe_keys_rejects, map, "keep_days") : 0;
}

void
fe_planner_table(struct fe_planner *b, size_t dataset)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	const struct fe_node *target = fe_node_get(b->datasets[dataset].node, "target");
	struct tabling t = {
		.b = b, .dataset = dataset, .table = &b->plan->tables[dataset], .schema = &d->schema,
		.node = b->datasets[dataset].target,
		.roles = FE_PLAN_ARRAY(b, d->schema.n_fields, enum fe_role),
	};
	for (size_t c = 0; c < d->schema.n_fields; c++)
		t.roles[c] = c < d->schema.n_source ? FE_ROLE_FIXED : FE_ROLE_DERIVED;
	t.table->dataset = d->name;
	t.table->schema = &d->schema;
	t.table->roles = t.roles;
	t.table->version = FE_NO_COLUMN;
	if (target)
		(void)fe_planner_target(b, target); /* for its mistake */
	/* Of two that feed one table, the first is looked at. */
	if (!t.node || fe_planner_feeder(b, target->text) != dataset)
		return;
	t.table->name = fe_planner_text(b, t.node->key);
	check_table_name(b, t.node);
	build_key(&t);
	build_version(&t);
	build_mutable(&t);
	build_evolved(&t);
	build_not_null(&t);
	build_parts(&t);
	build_rejects(&t);
	build_indexes(&t);
	build_table_checks(&t);
}

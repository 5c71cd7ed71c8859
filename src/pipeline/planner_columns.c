// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_columns.c - the columns of a data set and how they are cleaned */
#include "base/text.h"
#include "pipeline/planner.h"

#define MAX_COLUMNS_TEXT "1024"
#define MAX_CURRENCY_BYTES 16
_Static_assert(FE_MAX_COLUMNS == 1024, "the message names it");

/* Names that the tables have for stamps and provenance, or SQLite for its row number. */
static const char *const reserved[] = {
	"processed_at", "created_at", "updated_at", "etl_run_id", "etl_object_id", "etl_record",
	"rowid", "oid", "_rowid_",
};

static bool
is_reserved(struct fe_str name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (fe_str_is(name, reserved[i]))
			return true;
	return false;
}

/* A field that has the name of the type's stored form "x_minor", or the other way round. */
static void
check_minor(struct fe_planner *b, size_t dataset, size_t added)
{
	const struct fe_schema *s = &b->plan->datasets[dataset].schema;
	static const char suffix[] = "_minor";
	for (size_t i = 0; i < added; i++) {
		size_t whole = i, minor = added;
		if (strlen(s->fields[whole].name) > strlen(s->fields[minor].name)) {
			whole = added;
			minor = i;
		}
		struct fe_str w = fe_str_of(s->fields[whole].name), m = fe_str_of(s->fields[minor].name);
		if (s->fields[whole].type.kind != FE_DECIMAL || m.n != w.n + sizeof(suffix) - 1 ||
		    memcmp(m.p, w.p, w.n) != 0 || strcmp(m.p + w.n, suffix) != 0)
			continue;
		fe_planner_mistake(b, fe_node_get(b->datasets[dataset].fields[minor], "name"),
				 "'%s' is the name under which SQLite keeps the decimal column '%s'; choose another",
				 m.p, w.p);
	}
}

size_t
fe_planner_field(struct fe_planner *b, size_t dataset, const struct fe_node *node)
{
	struct fe_schema *s = &b->plan->datasets[dataset].schema;
	struct fe_planner_dataset *bd = &b->datasets[dataset];
	const struct fe_node *name = fe_node_get(node, "name");
	const struct fe_node *type_node = fe_node_get(node, "type");
	struct fe_type type = { .kind = FE_TEXT };
	if (!name)
		return FE_NO_COLUMN;
	size_t other = fe_schema_find(s, name->text);
	if (other != FE_NO_COLUMN) {
		fe_planner_mistake(b, name, "column '%s' is declared twice; the first is on line %llu", name->text.p,
				 (unsigned long long)bd->fields[other]->line);
		return FE_NO_COLUMN;
	}
	if (s->n_fields == FE_MAX_COLUMNS) {
		fe_planner_mistake(b, name, "more than " MAX_COLUMNS_TEXT " columns in one data set");
		return FE_NO_COLUMN;
	}
	if (is_reserved(name->text))
		fe_planner_mistake(b, name, "'%s' is a name that every table has for itself; choose another",
				 name->text.p);
	/* The tables of keys have told of a type that is wrong or not there. */
	bool is_bad = !type_node || fe_type_parse(type_node->text, &type, NULL) != FE_OK;
	size_t i = fe_schema_add(s, name->text, type);
	bd->fields[i] = node;
	bd->is_bad[i] = is_bad;
	check_minor(b, dataset, i);
	return i;
}

static const struct fe_node *
option(const struct fe_node *node, const struct fe_node *defaults, const char *key)
{
	const struct fe_node *own = fe_node_get(node, key);
	return own ? own : fe_node_get(defaults, key);
}

/* An option that is wrong is told once, also where it is the default of many columns. */
static void
refuse_option(struct fe_planner *b, const struct fe_node *node, const char *text)
{
	fe_planner_mistake(b, node, "%s", text);
	((struct fe_node *)node)->is_wrong = true;
}

static const struct fe_zone *
open_zone(struct fe_planner *b, const struct fe_node *node)
{
	struct fe_plan_store *s = b->store;
	struct fe_err err = FE_ERR_INIT;
	struct fe_zone *zone;
	for (size_t i = 0; i < s->n_zones; i++)
		if (fe_str_is(node->text, fe_zone_name(s->zones[i])))
			return s->zones[i];
	if (fe_zone_open(&zone, node->text.p, &err) != FE_OK) {
		refuse_option(b, node, err.text);
		return NULL;
	}
	s->zones = fe_grow(s->zones, &s->cap_zones, s->n_zones + 1, sizeof(*s->zones));
	return s->zones[s->n_zones++] = zone;
}

static const char *const *
build_nulls(struct fe_planner *b, const struct fe_node *list)
{
	const char **texts = FE_PLAN_ARRAY(b, list->n_children, const char *);
	size_t n = 0;
	for (const struct fe_node *item = list->first; item; item = item->next)
		texts[n++] = item->is_wrong ? "" : fe_planner_text(b, item->text);
	return texts;
}

static void
build_map(struct fe_planner *b, const struct fe_node *map, struct fe_clean_column *c)
{
	struct fe_text_pair *pairs = FE_PLAN_ARRAY(b, map->n_children, struct fe_text_pair);
	struct fe_arena *arena = &b->store->arena;
	for (const struct fe_node *item = map->first; item; item = item->next)
		if (!item->is_wrong)
			pairs[c->n_map++] = (struct fe_text_pair){
				.from = fe_arena_copy(arena, item->key.p, item->key.n),
				.to = fe_arena_copy(arena, item->text.p, item->text.n),
			};
	c->map = pairs;
}

/* Nothing that a number may have of its own. */
static bool
is_currency(struct fe_str s)
{
	if (s.n == 0 || s.n > MAX_CURRENCY_BYTES || s.p[0] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] >= '0' && s.p[i] <= '9') || memchr(" +-(),'\t\r\n", s.p[i], 10))
			return false;
	return true;
}

static void
build_currencies(struct fe_planner *b, const struct fe_node *list, struct fe_decimal_format *out)
{
	struct fe_str *texts = FE_PLAN_ARRAY(b, list->n_children, struct fe_str);
	for (const struct fe_node *item = list->first; item; item = item->next) {
		if (item->is_wrong)
			continue;
		if (!is_currency(item->text))
			refuse_option(b, item, "a currency sign is a text as $ or EUR, without digits, blanks and the signs of numbers");
		else
			texts[out->n_currencies++] = fe_str_of(fe_planner_text(b, item->text));
	}
	out->currencies = texts;
}

static void
build_decimal_format(struct fe_planner *b, const struct fe_node *map, struct fe_decimal_format *out)
{
	struct fe_str group = fe_key_text(&fe_keys_decimal, map, "group");
	out->point = fe_key_text(&fe_keys_decimal, map, "point").p[0];
	out->group = group.n ? group.p[0] : '\0';
	if (out->point == out->group)
		refuse_option(b, map, "'point' and 'group' are the same");
	const struct fe_node *currency = fe_node_get(map, "currency");
	if (currency)
		build_currencies(b, currency, out);
	const struct fe_node *sign = fe_node_get(map, "sign");
	if (!sign)
		return;
	for (const struct fe_node *s = sign->kind == FE_NODE_LIST ? sign->first : sign; s; s = s->next) {
		out->sign_plus = out->sign_plus || fe_str_is(s->text, "plus");
		out->sign_trailing = out->sign_trailing || fe_str_is(s->text, "trailing");
		out->sign_parens = out->sign_parens || fe_str_is(s->text, "parentheses");
		if (sign->kind != FE_NODE_LIST)
			break;
	}
}

static void
build_cleaning(struct fe_planner *b, const struct fe_node *node, const struct fe_node *defaults,
	       struct fe_clean_column *c)
{
	const struct fe_node *n = option(node, defaults, "trim");
	c->trim = n ? fe_str_is(n->text, "true") : fe_key_bool(&fe_keys_column, node, "trim");
	n = option(node, defaults, "case");
	c->to_case = !n ? FE_CASE_KEEP
		   : fe_str_is(n->text, "lower") ? FE_CASE_LOWER
		   : fe_str_is(n->text, "upper") ? FE_CASE_UPPER : FE_CASE_KEEP;
	n = option(node, defaults, "null");
	if (n) {
		c->nulls = build_nulls(b, n);
		c->n_nulls = n->n_children;
	}
	n = fe_node_get(node, "map");
	if (n)
		build_map(b, n, c);
	n = option(node, defaults, "format");
	if (n) {
		struct fe_err err = FE_ERR_INIT;
		if (fe_time_format_check(n->text.p, c->type.kind == FE_TIMESTAMP, &err) == FE_OK)
			c->format = fe_planner_text(b, n->text);
		else
			refuse_option(b, n, err.text);
	}
	n = option(node, defaults, "zone");
	if (n)
		c->zone = open_zone(b, n);
	n = option(node, defaults, "decimal");
	if (n)
		build_decimal_format(b, n, &c->decimal);
}

/* Tells of mistakes in the defaults, so that columns meet only good ones. */
void
fe_planner_defaults(struct fe_planner *b)
{
	const struct fe_node *defaults = fe_node_get(b->root, "defaults");
	for (int kind = 0; kind < FE_N_KINDS; kind++) {
		const struct fe_node *map = fe_node_get(defaults, fe_kind_name((enum fe_kind)kind));
		struct fe_clean_column scratch = { .type = { .kind = (enum fe_kind)kind } };
		if (!map)
			continue;
		fe_keys_check_column((struct fe_node *)map, &fe_keys_type_defaults, scratch.type.kind, false,
				     b->mistakes);
		build_cleaning(b, map, NULL, &scratch);
	}
}

/* By cleaning with it: what a cell may say, a default may say. */
static void
check_default(struct fe_planner *b, size_t dataset, size_t i, const struct fe_node *node)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	struct fe_clean_column column = d->clean[i];
	struct fe_reason_table reasons = { 0 };
	struct fe_schema schema;
	struct fe_clean *clean = NULL;
	struct fe_err err = FE_ERR_INIT;
	fe_schema_init(&schema);
	schema.n_source = fe_schema_add(&schema, fe_str_of(d->schema.fields[i].name), column.type) + 1;
	column.value = NULL;
	if (fe_clean_new(&clean, &column, &schema, &reasons, &err) != FE_OK)
		fe_planner_mistake(b, node, "%s", err.text);
	fe_clean_free(clean);
	fe_reason_table_reset(&reasons);
	fe_schema_reset(&schema);
}

static void
build_column(struct fe_planner *b, size_t dataset, size_t i, struct fe_source_column *source)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	struct fe_node *node = (struct fe_node *)b->datasets[dataset].fields[i];
	struct fe_clean_column *c = &d->clean[i];
	bool is_bad = b->datasets[dataset].is_bad[i];
	c->type = d->schema.fields[i].type;
	const struct fe_node *value = fe_node_get(node, "value");
	if (!is_bad)
		fe_keys_check_column(node, &fe_keys_column, c->type.kind, value != NULL, b->mistakes);
	source->is_computed = value != NULL;
	const struct fe_node *from = fe_node_get(node, "from");
	source->from = from ? fe_planner_text(b, from->text) : d->schema.fields[i].name;
	d->pii[i] = fe_key_bool(&fe_keys_column, node, "pii");
	c->required = fe_key_bool(&fe_keys_column, node, "required");
	if (is_bad)
		return;
	if (!value)
		build_cleaning(b, node, fe_node_get(fe_node_get(b->root, "defaults"), fe_kind_name(c->type.kind)), c);
	source->needs_zone = c->type.kind == FE_TIMESTAMP && !c->zone;
	source->has_own_point = c->decimal.point && c->decimal.point != '.';
	const struct fe_node *text = fe_node_get(node, "default");
	if (text) {
		c->default_text = fe_planner_text(b, text->text);
		check_default(b, dataset, i, text);
	}
}

static bool
is_number(struct fe_type type)
{
	return type.kind == FE_INT || type.kind == FE_DECIMAL;
}

/* What is made of a column that tells of a person tells of one, too, unless the file says otherwise. */
static void
inherit_pii(struct fe_planner *b, size_t dataset, size_t column, const struct fe_expr *value)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];

	if (d->schema.fields[column].type.kind == FE_BOOL || fe_node_get(b->datasets[dataset].fields[column], "pii"))
		return;
	for (size_t i = 0; i < column; i++)
		d->pii[column] |= d->pii[i] && fe_expr_uses(value, i);
}

/* A value that fits by its type may still be too long or too great for its column: that
 * rejects its record. Decimals that would have to be cut for every record are told here. */
struct fe_expr *
fe_planner_value(struct fe_planner *b, size_t dataset, size_t column, const struct fe_key *key,
	       const struct fe_node *node)
{
	struct fe_expr *expr = fe_planner_expr(b, dataset, column, key, node);
	if (!expr || b->datasets[dataset].is_bad[column])
		return expr;
	inherit_pii(b, dataset, column, expr);
	struct fe_type from = fe_expr_type(expr), to = b->plan->datasets[dataset].schema.fields[column].type;
	unsigned from_scale = from.kind == FE_DECIMAL ? from.scale : 0, to_scale = to.kind == FE_DECIMAL ? to.scale : 0;
	char a[FE_TYPE_TEXT_BYTES], c[FE_TYPE_TEXT_BYTES];
	if (from.kind != to.kind && !(is_number(from) && is_number(to)))
		fe_planner_mistake(b, node, "this gives %s, and the column is %s", fe_type_print(from, a),
				 fe_type_print(to, c));
	else if (from_scale > to_scale)
		fe_planner_mistake(b, node, "this gives %u decimals, and %s keeps %u; use round(..., %u)", from_scale,
				 fe_type_print(to, c), to_scale, to_scale);
	return expr;
}

void
fe_planner_columns(struct fe_planner *b, size_t dataset)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	struct fe_planner_dataset *bd = &b->datasets[dataset];
	const struct fe_node *columns = fe_node_get(bd->node, "columns");
	const struct fe_node *derive = fe_node_get(bd->node, "derive");
	size_t n = (columns ? columns->n_children : 0) + (derive ? derive->n_children : 0);
	bd->fields = FE_PLAN_ARRAY(b, n, const struct fe_node *);
	bd->is_bad = FE_PLAN_ARRAY(b, n, bool);
	d->pii = FE_PLAN_ARRAY(b, n, bool);
	for (const struct fe_node *c = columns ? columns->first : NULL; c; c = c->next)
		if (!c->is_wrong)
			(void)fe_planner_field(b, dataset, c);
	d->schema.n_source = d->schema.n_fields;
	fe_planner_count_added(b, dataset);
	d->clean = FE_PLAN_ARRAY(b, d->schema.n_source, struct fe_clean_column);
	struct fe_source_column *sources = FE_PLAN_ARRAY(b, d->schema.n_source, struct fe_source_column);
	for (size_t i = 0; i < d->schema.n_source; i++)
		build_column(b, dataset, i, &sources[i]);
	const struct fe_key *value = fe_key_find(&fe_keys_column, FE_STR("value"));
	for (size_t i = 0; i < d->schema.n_source; i++)
		d->clean[i].value = fe_planner_value(b, dataset, i, value, fe_node_get(bd->fields[i], "value"));
	d->source_set.schema = &d->schema;
	d->source_set.columns = sources;
	d->source_set.dataset = d->name;
}

// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_derive.c - derived columns: values, bands, points */
#include "base/text.h"
#include "pipeline/planner.h"

/* What building one derived column goes by. */
struct derived {
	struct fe_planner *b;
	size_t dataset;
	size_t column;
	struct fe_type type;
	bool is_bad; /* its type is not known */
	const struct fe_node *node;
};

static bool
label_fits(struct derived *d, const struct fe_node *label)
{
	char type[FE_TYPE_TEXT_BYTES];
	size_t n_chars = fe_utf8_length(label->text);
	if (d->is_bad || d->type.max_chars == 0 || n_chars <= d->type.max_chars)
		return true;
	fe_planner_mistake(d->b, label, "a label of %zu characters does not fit %s", n_chars,
			 fe_type_print(d->type, type));
	return false;
}

/* The zone of the column that bounds are compared with, if it is a source column. */
static const struct fe_zone *
zone_of(const struct derived *d, size_t column)
{
	const struct fe_plan_dataset *pd = &d->b->plan->datasets[d->dataset];
	return column < pd->schema.n_source ? pd->clean[column].zone : NULL;
}

static bool
parse_bound(struct derived *d, size_t of, const struct fe_node *node, int64_t *out)
{
	struct fe_type type = d->b->plan->datasets[d->dataset].schema.fields[of].type;
	struct fe_str shown = fe_mistake_shown(node->text);
	const char *why = NULL;
	char name[FE_TYPE_TEXT_BYTES];
	int32_t days = 0;
	enum fe_decimal_why number = FE_DECIMAL_OK;
	enum fe_time_why time = FE_TIME_OK;
	switch (type.kind) {
	case FE_INT:
		number = fe_int_parse(node->text, out);
		break;
	case FE_DECIMAL:
		number = fe_decimal_parse(node->text, type.precision, type.scale, NULL, out);
		break;
	case FE_DATE:
		time = fe_date_parse(node->text, NULL, &days);
		*out = days;
		break;
	default:
		time = fe_timestamp_parse(node->text, NULL, zone_of(d, of), out);
	}
	if (number != FE_DECIMAL_OK)
		why = fe_decimal_why_code(number);
	if (time != FE_TIME_OK)
		why = fe_time_why_code(time);
	if (!why)
		return true;
	fe_planner_mistake(d->b, node, "bound '%.*s' is not a value of the column '%s', %s: %s", FE_STR_ARGS(shown),
			 d->b->plan->datasets[d->dataset].schema.fields[of].name, fe_type_print(type, name), why);
	return false;
}

static void
build_upto(struct derived *d, struct fe_derivation *out, const struct fe_node *list)
{
	struct fe_planner *b = d->b;
	struct fe_band *bands = FE_PLAN_ARRAY(b, list->n_children, struct fe_band);
	for (const struct fe_node *item = list->first; item; item = item->next) {
		if (item->is_wrong || item->first->is_wrong || item->first->next->is_wrong)
			continue;
		const struct fe_node *bound = item->first, *label = item->first->next;
		struct fe_band *band = &bands[out->n_bands];
		if (!label_fits(d, label) || !parse_bound(d, out->of, bound, &band->upto))
			continue;
		if (out->n_bands && band->upto <= band[-1].upto) {
			fe_planner_mistake(b, bound, "bound %s is not above the one before it", bound->text.p);
			continue;
		}
		band->label = fe_planner_text(b, label->text);
		out->n_bands++;
	}
	if (!list->first)
		fe_planner_mistake(b, list, "'upto' has no bounds");
	out->bands = bands;
}

static void
build_bands(struct derived *d, struct fe_derivation *out, const struct fe_node *map)
{
	struct fe_planner *b = d->b;
	const struct fe_node *of = fe_node_get(map, "of");
	const struct fe_node *above = fe_node_get(map, "above");
	const struct fe_node *upto = fe_node_get(map, "upto");
	char type[FE_TYPE_TEXT_BYTES];
	out->kind = FE_DERIVE_BANDS;
	if (!d->is_bad && d->type.kind != FE_TEXT)
		fe_planner_mistake(b, fe_node_get(d->node, "type"), "bands give texts, and the column is %s",
				 fe_type_print(d->type, type));
	if (above && label_fits(d, above))
		out->above = fe_planner_text(b, above->text);
	out->of = of ? fe_planner_column(b, d->dataset, d->column, of, of->text) : FE_NO_COLUMN;
	if (out->of == FE_NO_COLUMN)
		return;
	struct fe_type of_type = b->plan->datasets[d->dataset].schema.fields[out->of].type;
	if (of_type.kind == FE_TEXT || of_type.kind == FE_BOOL)
		fe_planner_mistake(b, of, "bands are of an int, decimal, date or timestamp column; '%s' is %s",
				 of->text.p, fe_type_print(of_type, type));
	else if (upto)
		build_upto(d, out, upto);
}

/* A number as the derived column has them. */
static bool
parse_points(struct derived *d, const struct fe_node *node, int64_t *out)
{
	struct fe_str shown = fe_mistake_shown(node->text);
	char type[FE_TYPE_TEXT_BYTES];
	*out = 0;
	if (d->is_bad)
		return false;
	enum fe_decimal_why why = d->type.kind == FE_INT
		? fe_int_parse(node->text, out)
		: fe_decimal_parse(node->text, d->type.precision, d->type.scale, NULL, out);
	if (why == FE_DECIMAL_OK)
		return true;
	fe_planner_mistake(d->b, node, "'%.*s' is not a value of %s: %s", FE_STR_ARGS(shown),
			 fe_type_print(d->type, type), fe_decimal_why_code(why));
	return false;
}

static void
build_clamp(struct derived *d, struct fe_derivation *out)
{
	const struct fe_node *clamp = fe_node_get(d->node, "clamp");
	if (!clamp || clamp->first->is_wrong || clamp->first->next->is_wrong)
		return;
	if (!parse_points(d, clamp->first, &out->clamp_low) ||
	    !parse_points(d, clamp->first->next, &out->clamp_high))
		return;
	out->is_clamped = true;
	if (out->clamp_low > out->clamp_high)
		fe_planner_mistake(d->b, clamp, "'clamp' is [least, greatest], and %s is above %s",
				 clamp->first->text.p, clamp->first->next->text.p);
}

static bool
fits(const struct derived *d, fe_i128 sum)
{
	if (d->type.kind == FE_INT)
		return sum <= INT64_MAX && sum >= INT64_MIN;
	return sum < fe_pow10[d->type.precision] && sum > -fe_pow10[d->type.precision];
}

/* The greatest and the least sum that can come about. */
static void
check_reach(struct derived *d, const struct fe_derivation *out)
{
	fe_i128 high = 0, low = 0;
	char type[FE_TYPE_TEXT_BYTES];
	for (size_t i = 0; i < out->n_points; i++) {
		int64_t add = out->points[i].add;
		if (add > 0)
			high += add;
		else
			low += add;
	}
	/* Before the clamp the sum is an int64. */
	bool is_small = high <= INT64_MAX && low >= INT64_MIN;
	if (is_small && (out->is_clamped || (fits(d, high) && fits(d, low))))
		return;
	unsigned scale = d->type.kind == FE_DECIMAL ? d->type.scale : 0;
	char text[FE_DECIMAL_TEXT_BYTES];
	size_t n = fe_i128_format(fits(d, high) ? low : high, scale, text);
	fe_planner_mistake(d->b, fe_node_get(d->node, "points"),
			 "the points can come to %.*s, which %s cannot hold; use 'clamp' or a wider type", (int)n, text,
			 fe_type_print(d->type, type));
}

static void
build_points(struct derived *d, struct fe_derivation *out, const struct fe_node *list)
{
	struct fe_planner *b = d->b;
	char type[FE_TYPE_TEXT_BYTES];
	struct fe_point *points = FE_PLAN_ARRAY(b, list->n_children, struct fe_point);
	const struct fe_key *when = fe_key_find(&fe_keys_point, FE_STR("when"));
	out->kind = FE_DERIVE_POINTS;
	if (!d->is_bad && d->type.kind != FE_INT && d->type.kind != FE_DECIMAL) {
		fe_planner_mistake(b, fe_node_get(d->node, "type"), "points give numbers, and the column is %s",
				 fe_type_print(d->type, type));
		d->is_bad = true;
	}
	out->points = points;
	for (const struct fe_node *item = list->first; item; item = item->next) {
		const struct fe_node *add = fe_node_get(item, "add");
		struct fe_point *p = &points[out->n_points++];
		if (add)
			(void)parse_points(d, add, &p->add);
		p->when = fe_planner_condition(b, d->dataset, d->column, when, fe_node_get(item, "when"));
	}
	build_clamp(d, out);
	/* A clamp with a mistake is still meant to be one. */
	if (!d->is_bad && out->is_clamped == (fe_node_get(d->node, "clamp") != NULL))
		check_reach(d, out);
}

static void
build_one(struct derived *d, struct fe_derivation *out)
{
	const struct fe_node *value = fe_node_get(d->node, "value");
	const struct fe_node *bands = fe_node_get(d->node, "bands");
	const struct fe_node *points = fe_node_get(d->node, "points");
	const struct fe_node *clamp = fe_node_get(d->node, "clamp");
	int n_kinds = 0;
	/* Also one with a mistake says what kind it is. */
	for (const struct fe_node *n = d->node->first; n; n = n->next)
		n_kinds += fe_str_is(n->key, "value") || fe_str_is(n->key, "bands") || fe_str_is(n->key, "points");
	out->column = d->column;
	if (n_kinds != 1)
		fe_planner_mistake(d->b, d->node, "a derived column has one of 'value', 'bands' and 'points', not %s",
				 n_kinds ? "several" : "none");
	if (clamp && n_kinds == 1 && !points)
		fe_planner_mistake_at_key(d->b, clamp, "'clamp' goes with 'points'");
	if (value)
		out->value = fe_planner_value(d->b, d->dataset, d->column,
					    fe_key_find(&fe_keys_derived, FE_STR("value")), value);
	else if (bands)
		build_bands(d, out, bands);
	else if (points)
		build_points(d, out, points);
}

/* All fields first: an expression sees those before it only, and says so where it
 * names a later one. */
void
fe_planner_derive(struct fe_planner *b, size_t dataset)
{
	struct fe_plan_dataset *pd = &b->plan->datasets[dataset];
	struct fe_planner_dataset *bd = &b->datasets[dataset];
	const struct fe_node *list = fe_node_get(bd->node, "derive");
	for (const struct fe_node *n = list ? list->first : NULL; n; n = n->next)
		if (!n->is_wrong)
			(void)fe_planner_field(b, dataset, n);
	size_t n_source = pd->schema.n_source;
	pd->derivations = FE_PLAN_ARRAY(b, pd->schema.n_fields - n_source, struct fe_derivation);
	for (size_t i = n_source; i < pd->schema.n_fields; i++) {
		struct derived d = {
			.b = b, .dataset = dataset, .column = i, .type = pd->schema.fields[i].type,
			.is_bad = bd->is_bad[i], .node = bd->fields[i],
		};
		pd->pii[i] = fe_key_bool(&fe_keys_derived, d.node, "pii");
		build_one(&d, &pd->derivations[pd->n_derivations++]);
	}
}

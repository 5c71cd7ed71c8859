// SPDX-License-Identifier: Apache-2.0
/* tests/unit/pipeline/test_plan.c - pipeline files to plans */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>

#include "../scratch.h"
#include "base/mem.h"
#include "extract/query.h"
#include "pipeline/connectors.h"
#include "pipeline/plan.h"
#include "pipeline/reference.h"

#define DEFAULT_PIPELINE FE_SOURCE_ROOT "/pipelines/financial_transactions.yaml"

static struct fe_plan *
load_with(const struct fe_plan_settings *set, const char *text)
{
	struct fe_plan *plan;
	struct fe_mistakes m = { 0 };
	struct fe_err err = FE_ERR_INIT;
	enum fe_rc rc = text ? fe_plan_load_text(&plan, set, fe_str_of(text), &m, &err)
			     : fe_plan_load(&plan, set, &m, &err);
	for (size_t i = 0; i < m.n_items; i++)
		print_error("%llu:%llu: %s\n", (unsigned long long)m.items[i].line,
			    (unsigned long long)m.items[i].column, m.items[i].text);
	if (rc != FE_OK)
		print_error("%s\n", err.text);
	assert_int_equal(rc, FE_OK);
	assert_int_equal(m.n_items, 0);
	fe_mistakes_reset(&m);
	return plan;
}

static struct fe_plan *
load_text(const char *text)
{
	const struct fe_plan_settings set = { .path = "/srv/shop/shop.yaml" };
	return load_with(&set, text);
}

/* Not a mistake of the file, but of the command. */
static void
assert_refused(const struct fe_plan_settings *set, const char *text, enum fe_rc expected, const char *part)
{
	struct fe_plan *plan;
	struct fe_mistakes m = { 0 };
	struct fe_err err = FE_ERR_INIT;
	enum fe_rc rc = text ? fe_plan_load_text(&plan, set, fe_str_of(text), &m, &err)
			     : fe_plan_load(&plan, set, &m, &err);
	assert_int_equal(rc, expected);
	assert_null(plan);
	assert_int_equal(m.n_items, 0);
	if (!strstr(err.text, part))
		fail_msg("'%s' has no '%s'", err.text, part);
}

/* A small pipeline: `top` goes before the data sets, `more` into the data set, `table`
 * into the target. The caller frees it. */
static char *
shop(const char *top, const char *more, const char *table)
{
	struct fe_buf b;
	fe_buf_init(&b, 65536);
	fe_buf_addf(&b,
		    "version: 1\npipeline: shop\n%sdatasets:\n  - name: orders\n"
		    "    columns:\n      - { name: id, type: text(20) }\n"
		    "      - { name: amount, type: \"decimal(12,2)\" }\n"
		    "      - { name: at, type: timestamp }\n%s    target: fact_orders\n"
		    "targets:\n  fact_orders:\n    key: [id]\n%s",
		    top, more, table);
	return fe_buf_take(&b);
}

static size_t
column(const struct fe_plan_dataset *d, const char *name)
{
	size_t c = fe_schema_find(&d->schema, fe_str_of(name));
	assert_true(c != FE_NO_COLUMN);
	return c;
}

static void
default_pipeline_has_its_columns_cleaned_as_declared(void **state)
{
	(void)state;
	const struct fe_plan_settings set = { .path = DEFAULT_PIPELINE };
	struct fe_plan *plan = load_with(&set, NULL);
	assert_string_equal(plan->name, "financial_transactions");
	assert_string_equal(plan->path, DEFAULT_PIPELINE);
	assert_string_equal(plan->warehouse, "sqlite:" FE_SOURCE_ROOT "/warehouse.db");
	assert_int_equal(plan->n_datasets, 2);

	const struct fe_plan_dataset *customers = &plan->datasets[0], *t = &plan->datasets[1];
	assert_string_equal(customers->name, "customers");
	assert_true(customers->is_selected && t->is_selected);
	assert_ptr_equal(customers->source, &fe_source_csv);
	assert_string_equal(customers->source_set.location, FE_SOURCE_ROOT "/data/customers.csv");
	assert_int_equal(customers->source_set.delimiter, ',');
	assert_int_equal(customers->source_set.quote, '"');
	assert_string_equal(customers->source_set.encoding, "utf-8");
	assert_int_equal(customers->source_set.contract, FE_CONTRACT_FREEZE);
	assert_false(customers->source_set.allow_empty || customers->incremental_objects);
	assert_null(customers->source_set.names);
	assert_ptr_equal(customers->source_set.schema, &customers->schema);
	assert_null(customers->source_set.reasons); /* the run's */
	assert_int_equal(customers->schema.n_source, 6);
	assert_int_equal(customers->schema.n_fields, 6);
	assert_true(customers->pii[column(customers, "email")]);
	assert_false(customers->pii[column(customers, "customer_id")]);
	const struct fe_clean_column *registered = &customers->clean[2];
	assert_false(registered->trim || registered->required);
	assert_string_equal(fe_zone_name(registered->zone), "UTC");
	assert_int_equal(customers->clean[3].to_case, FE_CASE_LOWER);

	assert_int_equal(t->schema.n_source, 8);
	assert_int_equal(t->schema.n_fields, 16);
	const struct fe_clean_column *merchant = &t->clean[column(t, "merchant_id")];
	assert_true(merchant->trim);
	assert_false(merchant->required);
	assert_int_equal(merchant->to_case, FE_CASE_UPPER);
	assert_string_equal(merchant->default_text, "MERCH0000");
	assert_int_equal(merchant->n_nulls, 0);
	const struct fe_clean_column *amount = &t->clean[column(t, "amount")];
	assert_true(amount->required);
	assert_false(amount->trim);
	assert_int_equal(amount->type.precision, 12);
	assert_int_equal(amount->type.scale, 2);
	assert_string_equal(t->source_set.columns[3].from, "amount");
	fe_plan_free(plan);
}

static void
default_pipeline_has_its_checks_and_derived_columns(void **state)
{
	(void)state;
	const struct fe_plan_settings set = { .path = DEFAULT_PIPELINE };
	struct fe_plan *plan = load_with(&set, NULL);
	const struct fe_plan_dataset *t = &plan->datasets[1];
	static const char *const ids[] = { "amount_positive", "amount_limit", "status_known", "not_in_future", "not_too_old" };
	assert_null(t->where);
	assert_int_equal(t->n_rules, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(t->rules[i].id, ids[i]);
		assert_non_null(t->rules[i].check);
		assert_int_equal(t->rules[i].action, FE_RULE_REJECT);
		assert_int_equal(fe_expr_uses_now(t->rules[i].check), i >= 3);
	}
	assert_int_equal(t->n_references, 1);
	assert_string_equal(t->references[0].id, "customer_known");
	assert_int_equal(t->references[0].column, 1);
	assert_int_equal(t->references[0].table, 0);
	assert_true(t->gate.has_max_rejected_percent);
	assert_int_equal(t->gate.max_rejected_percent, 5000000);
	assert_false(plan->datasets[0].gate.has_max_rejected_percent);

	assert_int_equal(t->n_derivations, 8);
	assert_int_equal(t->derivations[0].kind, FE_DERIVE_VALUE);
	assert_int_equal(t->derivations[0].column, 8);
	const struct fe_derivation *bands = &t->derivations[5], *points = &t->derivations[6];
	assert_int_equal(bands->kind, FE_DERIVE_BANDS);
	assert_int_equal(bands->of, column(t, "amount"));
	assert_int_equal(bands->n_bands, 4);
	assert_int_equal(bands->bands[0].upto, 5000);
	assert_int_equal(bands->bands[3].upto, 100000);
	assert_string_equal(bands->bands[3].label, "very_large");
	assert_string_equal(bands->above, "exceptional");
	assert_int_equal(points->kind, FE_DERIVE_POINTS);
	assert_int_equal(points->n_points, 5);
	assert_int_equal(points->points[2].add, 5000);
	assert_true(fe_expr_uses(points->points[2].when, column(t, "status")));
	assert_true(points->is_clamped);
	assert_int_equal(points->clamp_low, 0);
	assert_int_equal(points->clamp_high, 10000);
	assert_int_equal(t->derivations[7].of, column(t, "risk_score"));
	assert_int_equal(t->derivations[7].bands[0].upto, 2000);
	fe_plan_free(plan);
}

static void
default_pipeline_has_its_tables(void **state)
{
	(void)state;
	const struct fe_plan_settings set = { .path = DEFAULT_PIPELINE };
	struct fe_plan *plan = load_with(&set, NULL);
	const struct fe_table *dim = &plan->tables[0], *fact = &plan->tables[1];
	const struct fe_plan_dataset *t = &plan->datasets[1];
	assert_string_equal(dim->name, "dim_customers");
	assert_string_equal(dim->dataset, "customers");
	assert_int_equal(dim->n_key, 1);
	assert_int_equal(dim->roles[0], FE_ROLE_KEY);
	for (size_t c = 1; c < 6; c++) {
		assert_int_equal(dim->roles[c], FE_ROLE_MUTABLE);
		assert_int_equal(plan->datasets[0].parts[c], FE_PART_MUTABLE);
		assert_false(dim->not_null[c]);
	}
	assert_true(dim->not_null[0]);
	assert_int_equal(dim->version, FE_NO_COLUMN);

	assert_string_equal(fact->name, "fact_transactions");
	assert_ptr_equal(fact->schema, &t->schema);
	assert_int_equal(fact->roles[column(t, "amount")], FE_ROLE_FIXED);
	assert_int_equal(fact->roles[column(t, "status")], FE_ROLE_MUTABLE);
	assert_int_equal(fact->roles[column(t, "risk_score")], FE_ROLE_DERIVED);
	assert_int_equal(t->parts[0], FE_PART_KEY);
	assert_int_equal(t->parts[3], FE_PART_FIXED);
	assert_true(fact->not_null[column(t, "merchant_id")]); /* filled in where missing */
	assert_false(fact->not_null[column(t, "payment_method")]);
	assert_false(fact->not_null[column(t, "risk_score")]);
	assert_int_equal(fact->n_indexes, 8);
	assert_int_equal(fact->indexes[1].columns[0], column(t, "transaction_date"));
	assert_true(fact->indexes[1].descending[0]);
	assert_int_equal(fact->indexes[6].n_columns, 2);
	assert_false(fact->indexes[6].descending[0]);
	assert_true(fact->indexes[6].descending[1]);
	assert_int_equal(fact->n_foreign_keys, 1);
	assert_int_equal(fact->foreign_keys[0].columns[0], 1);
	assert_ptr_equal(fact->foreign_keys[0].references, dim);
	assert_int_equal(fact->n_checks, 2);
	assert_string_equal(fact->checks[0].text, "amount > 0");
	assert_non_null(strstr(fact->checks[0].sqlite, "amount_minor"));
	assert_null(strstr(fact->checks[0].postgres, "amount_minor"));
	fe_plan_free(plan);
}

static void
real_data_pipeline_loads(void **state)
{
	(void)state;
	const struct fe_plan_settings set = { .path = FE_SOURCE_ROOT "/pipelines/gla_spending.yaml" };
	struct fe_plan *plan = load_with(&set, NULL);
	assert_string_equal(plan->tables[0].name, "fact_gla_payments");
	assert_string_equal(plan->datasets[0].source_set.columns[6].from, "Amount");
	assert_int_equal(plan->datasets[0].gate.max_rejected_percent, 0);
	assert_true(plan->datasets[0].gate.has_max_rejected_percent);
	fe_plan_free(plan);
}

static void
options_of_columns_and_source_reach_the_plan(void **state)
{
	(void)state;
	struct fe_plan *plan = load_text(
		"version: 1\npipeline: shop\n"
		"defaults: { decimal: { trim: true, decimal: { point: \",\", group: \".\" } }, text: { null: [NA] } }\n"
		"datasets:\n"
		"  - name: orders\n"
		"    source: { csv: /in/o*.csv, delimiter: tab, quote: none, skip_lines: 2, names: [N, A, B, C, D],\n"
		"              extra_columns: ignore, allow_empty: true, incremental: objects }\n"
		"    where: a > 0\n"
		"    columns:\n"
		"      - { name: n, type: text(20), from: N, map: { x: y, 'no': z }, trim: true }\n"
		"      - { name: a, type: \"decimal(12,2)\", from: A }\n"
		"      - { name: b, type: \"decimal(12,2)\", from: B, trim: false, decimal: { sign: [plus, parentheses], currency: [EUR, 'R$'] } }\n"
		"      - { name: c, type: timestamp, from: C, format: '%d.%m.%Y %H:%M', zone: Europe/Berlin }\n"
		"      - { name: d, type: date, from: D, null: ['-', '0'], default: 2026-01-31 }\n"
		"      - { name: e, type: \"decimal(14,2)\", value: a + b, default: '0', pii: true }\n"
		"      - { name: f, type: int, value: year(d), required: true }\n"
		"    rules:\n"
		"      - { id: w, check: a < 10, action: warn }\n"
		"      - { id: s, check: a < 20, action: abort }\n"
		"    gate: { max_rejected_sum: { a: 1000.5 }, min_rows: 7, max_rejected_percent: 0.000001 }\n"
		"    target: money.orders\n"
		"targets:\n"
		"  money.orders: { key: [n, d], version: c, mutable: all }\n");
	const struct fe_plan_dataset *d = &plan->datasets[0];
	const struct fe_source_settings *s = &d->source_set;
	assert_string_equal(s->location, "/in/o*.csv");
	assert_int_equal(s->delimiter, '\t');
	assert_int_equal(s->quote, '\0');
	assert_int_equal(s->skip_lines, 2);
	assert_int_equal(s->n_names, 5);
	assert_string_equal(s->names[4], "D");
	assert_int_equal(s->contract, FE_CONTRACT_DISCARD);
	assert_true(s->allow_empty && d->incremental_objects);
	assert_string_equal(s->columns[0].from, "N");
	assert_true(s->columns[5].is_computed);
	assert_false(s->columns[4].is_computed);
	assert_non_null(d->where);

	assert_int_equal(d->clean[0].n_map, 2);
	assert_string_equal(d->clean[0].map[1].from, "no");
	assert_string_equal(d->clean[0].map[1].to, "z");
	assert_int_equal(d->clean[0].n_nulls, 1);
	assert_string_equal(d->clean[0].nulls[0], "NA");
	assert_true(d->clean[1].trim);
	assert_int_equal(d->clean[1].decimal.point, ',');
	assert_int_equal(d->clean[1].decimal.group, '.');
	/* A column's own way of writing stands whole in the place of the default one. */
	assert_false(d->clean[2].trim);
	assert_int_equal(d->clean[2].decimal.point, '.');
	assert_int_equal(d->clean[2].decimal.group, '\0');
	assert_true(d->clean[2].decimal.sign_plus && d->clean[2].decimal.sign_parens);
	assert_false(d->clean[2].decimal.sign_trailing);
	assert_int_equal(d->clean[2].decimal.n_currencies, 2);
	assert_true(fe_str_is(d->clean[2].decimal.currencies[1], "R$"));
	assert_string_equal(d->clean[3].format, "%d.%m.%Y %H:%M");
	assert_string_equal(fe_zone_name(d->clean[3].zone), "Europe/Berlin");
	assert_int_equal(d->clean[4].n_nulls, 2);
	assert_string_equal(d->clean[4].default_text, "2026-01-31");
	assert_non_null(d->clean[5].value);
	assert_false(d->clean[5].trim);
	assert_true(d->pii[5]);

	assert_int_equal(d->rules[0].action, FE_RULE_WARN);
	assert_int_equal(d->rules[1].action, FE_RULE_ABORT);
	assert_int_equal(d->gate.n_max_rejected_sums, 1);
	assert_int_equal(d->gate.max_rejected_sums[0].column, 1);
	assert_int_equal(d->gate.max_rejected_sums[0].at_most, 100050);
	assert_int_equal(d->gate.min_rows, 7);
	assert_int_equal(d->gate.max_rejected_percent, 1);

	const struct fe_table *t = &plan->tables[0];
	assert_string_equal(t->name, "money.orders");
	assert_int_equal(t->n_key, 2);
	assert_int_equal(t->key[1], 4);
	assert_int_equal(t->version, 3);
	assert_int_equal(t->roles[3], FE_ROLE_VERSION);
	assert_int_equal(d->parts[3], FE_PART_VERSION);
	assert_int_equal(t->roles[1], FE_ROLE_MUTABLE);
	/* Key columns are required, whether they say so or not. */
	assert_true(d->clean[0].required && d->clean[4].required);
	static const bool not_null[] = { true, false, false, false, true, false, true };
	for (size_t c = 0; c < 7; c++)
		assert_int_equal(t->not_null[c], not_null[c]);
	fe_plan_free(plan);
}

static void
data_sets_run_in_the_order_of_their_references(void **state)
{
	(void)state;
	struct fe_plan *plan = load_text(
		"version: 1\npipeline: shop\ndatasets:\n"
		"  - { name: lines, source: { csv: l.csv }, columns: [{ name: id, type: int }, { name: o, type: int }], target: lines,\n"
		"      references: [{ id: order_known, column: o, target: orders }] }\n"
		"  - { name: notes, source: { csv: n.csv }, columns: [{ name: id, type: int }], target: notes }\n"
		"  - { name: orders, source: { csv: o.csv }, columns: [{ name: id, type: int }, { name: c, type: int }], target: orders }\n"
		"  - { name: people, source: { csv: p.csv }, columns: [{ name: id, type: int }], target: people }\n"
		"targets:\n"
		"  lines: { key: [id] }\n  notes: { key: [id] }\n"
		"  orders: { key: [id], foreign_keys: [{ columns: [c], references: people }] }\n  people: { key: [id] }\n");
	static const char *const order[] = { "notes", "people", "orders", "lines" };
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(plan->datasets[i].name, order[i]);
		assert_string_equal(plan->tables[i].name, order[i]);
		assert_int_equal(plan->datasets[i].table, i);
	}
	assert_int_equal(plan->datasets[3].references[0].table, 2);
	assert_ptr_equal(plan->tables[2].foreign_keys[0].references, &plan->tables[1]);
	assert_int_equal(plan->datasets[3].line, 4);
	fe_plan_free(plan);
}

static void
selected_data_sets_are_marked_and_the_others_stay(void **state)
{
	(void)state;
	const char *const transactions[] = { "transactions" }, *const typo[] = { "customers", "transaction" };
	struct fe_plan_settings set = { .path = DEFAULT_PIPELINE, .select = transactions, .n_select = 1 };
	struct fe_plan *plan = load_with(&set, NULL);
	assert_int_equal(plan->n_datasets, 2);
	assert_false(plan->datasets[0].is_selected);
	assert_true(plan->datasets[1].is_selected);
	fe_plan_free(plan);
	set.select = typo;
	set.n_select = 2;
	assert_refused(&set, NULL, FE_EUSAGE, "did you mean 'transactions'?");
}

static void
parameters_are_filled_in_and_can_only_be_values(void **state)
{
	(void)state;
	char *text = shop("params: { month: 2026-01, name: , least: '-5' }\n",
			  "    source: { csv: 'in/{month}/{{x}.csv' }\n    where: id <> '{name}' and amount > {least}\n", "");
	const struct fe_plan_param params[] = { { "name", "O'Neil' or 1=1 --" }, { "month", "2026-02" } };
	struct fe_plan_settings set = { .path = "/srv/shop/shop.yaml", .params = params, .n_params = 2 };
	struct fe_plan *plan = load_with(&set, text);
	assert_string_equal(plan->datasets[0].source_set.location, "/srv/shop/in/2026-02/{x}.csv");
	assert_non_null(plan->datasets[0].where);
	assert_false(fe_expr_uses(plan->datasets[0].where, 2));
	fe_plan_free(plan);

	const struct fe_plan_param typo[] = { { "moth", "x" } };
	set.params = typo;
	set.n_params = 1;
	assert_refused(&set, text, FE_EUSAGE, "did you mean 'month'?");
	fe_free(text);
}

static void
environment_reaches_locations_and_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(setenv("FINETL_TEST_FOLDER", "/data/{month}", 1), 0);
	char *text = shop("warehouse: files:${FINETL_TEST_FOLDER}/out\n",
			  "    source: { csv: '${FINETL_TEST_FOLDER}/a.csv' }\n    where: id <> '${FINETL_TEST_FOLDER}'\n", "");
	struct fe_plan *plan = load_text(text);
	assert_string_equal(plan->warehouse, "files:/data/{month}/out");
	assert_string_equal(plan->datasets[0].source_set.location, "/data/{month}/a.csv");
	fe_plan_free(plan);
	fe_free(text);
	assert_int_equal(unsetenv("FINETL_TEST_FOLDER"), 0);
}

static void
warehouse_of_the_command_wins_and_is_relative_to_where_one_stands(void **state)
{
	(void)state;
	char *text = shop("warehouse: sqlite:${FINETL_TEST_NOT_SET}\n", "    source: { csv: a.csv }\n", "");
	struct fe_plan_settings set = { .path = "/srv/shop/shop.yaml", .warehouse = "sqlite:x.db" };
	char cwd[4096], expected[4200];
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	(void)snprintf(expected, sizeof(expected), "sqlite:%s/x.db", cwd);
	struct fe_plan *plan = load_with(&set, text);
	assert_string_equal(plan->warehouse, expected);
	fe_plan_free(plan);
	set.warehouse = "sqlite:/x.db";
	plan = load_with(&set, text);
	assert_string_equal(plan->warehouse, "sqlite:/x.db");
	fe_plan_free(plan);
	set.warehouse = "sqlit:x.db";
	assert_refused(&set, text, FE_EUSAGE, "did you mean 'sqlite:'?");
	fe_free(text);

	text = shop("", "    source: { csv: a.csv }\n", "");
	plan = load_text(text);
	assert_null(plan->warehouse);
	assert_string_equal(plan->datasets[0].source_set.location, "/srv/shop/a.csv");
	fe_plan_free(plan);
	fe_free(text);
}

static void
folder_of_the_file_is_no_pattern_even_before_one(void **state)
{
	(void)state;
	static const struct { const char *location, *expected; } cases[] = {
		{ "a.csv", "/srv/shop [old]/a.csv" },
		{ "*.csv", "/srv/shop \\[old]/*.csv" },
		{ "/in/*.csv", "/in/*.csv" },
		{ "-", "-" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char source[128];
		(void)snprintf(source, sizeof(source), "    source: { csv: '%s' }\n", cases[i].location);
		char *text = shop("", source, "");
		const struct fe_plan_settings set = { .path = "/srv/shop [old]/shop.yaml" };
		struct fe_plan *plan = load_with(&set, text);
		assert_string_equal(plan->datasets[0].source_set.location, cases[i].expected);
		fe_plan_free(plan);
		fe_free(text);
	}
}

static void
a_parameter_of_a_query_can_only_be_a_value(void **state)
{
	static const struct { const char *query, *value, *filled; } cases[] = {
		{ "select * from t where a = '{p}'", "x' or '1'='1", "select * from t where a = 'x'' or ''1''=''1'" },
		{ "select * from t where a = '{p}'", "x\\' or 1=1 --", NULL },
		{ "select * from t where a = {p}", "-5", "select * from t where a = (-5)" },
		{ "select * from t where a = {p}", "5 or 1=1", NULL },
		{ "select * from t_{p}", "2026", "select * from t_2026" },
		{ "select * from \"{p}\"", "Sales 2026", "select * from \"Sales 2026\"" },
		{ "select * from \"{p}\"", "a\" union select 1 from \"b", NULL },
		{ "-- don't {p}\nselect 1", "x\nselect 2 --", NULL },
		{ "select 1 -- don't\n, {p}", "x", NULL },
		{ "select E'{p}'", "it's", "select E'it''s'" },
		{ "select $$ {p} $$", "$$ or", NULL },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fe_buf more;
		struct fe_plan *plan = NULL;
		struct fe_mistakes m = { 0 };
		struct fe_err err = FE_ERR_INIT;
		const struct fe_plan_param p = { "p", cases[i].value };
		const struct fe_plan_settings set = { .path = "/srv/shop/shop.yaml", .params = &p, .n_params = 1 };

		fe_buf_init(&more, 65536);
		fe_buf_add_text(&more, "    source:\n      sqlite: a.db\n      query: |\n        ");
		for (const char *c = cases[i].query; *c; c++)
			*c == '\n' ? fe_buf_add_text(&more, "\n        ") : fe_buf_add_char(&more, *c);
		fe_buf_add_char(&more, '\n');
		char *text = shop("params: { p: }\n", fe_buf_text(&more), "");
		enum fe_rc rc = fe_plan_load_text(&plan, &set, fe_str_of(text), &m, &err);
		if (cases[i].filled) {
			assert_int_equal(rc, FE_OK);
			const char *query = plan->datasets[0].source_set.query->query;
			assert_memory_equal(query, cases[i].filled, strlen(cases[i].filled));
		} else {
			assert_int_equal(rc, FE_EUSAGE);
			assert_int_equal(m.n_items, 1);
		}
		fe_plan_free(plan);
		fe_mistakes_reset(&m);
		fe_free(text);
		fe_buf_reset(&more);
	}
}

static void
config_hash_is_of_the_bytes_and_the_parameters(void **state)
{
	(void)state;
	char *text = shop("params: { a: x, b: y }\n", "    source: { csv: a.csv }\n", "");
	char *spaced = shop("params: { a: x,  b: y }\n", "    source: { csv: a.csv }\n", "");
	const struct fe_plan_param one[] = { { "a", "1" }, { "b", "2" } }, other[] = { { "b", "2" }, { "a", "1" } },
				   third[] = { { "a", "1" }, { "b", "3" } };
	const struct { const char *text; const struct fe_plan_param *params; bool is_same; } cases[] = {
		{ text, one, true }, { text, other, true }, { text, third, false }, { spaced, one, false },
	};
	char first[FE_SHA256_HEX_BYTES] = "";
	for (size_t i = 0; i < 4; i++) {
		const struct fe_plan_settings set = { .path = "p.yaml", .params = cases[i].params, .n_params = 2 };
		struct fe_plan *plan = load_with(&set, cases[i].text);
		assert_int_equal(strlen(plan->config_sha256), 64);
		if (i == 0)
			memcpy(first, plan->config_sha256, sizeof(first));
		assert_int_equal(strcmp(first, plan->config_sha256) == 0, cases[i].is_same);
		fe_plan_free(plan);
	}
	fe_free(text);
	fe_free(spaced);
}

static void
a_file_that_everybody_may_write_is_refused(void **state)
{
	(void)state;
	struct scratch scratch;
	scratch_open(&scratch);
	char *text = shop("", "    source: { csv: a.csv }\n", "");
	const char *path = scratch_write(&scratch, "p.yaml", fe_str_of(text));
	const struct fe_plan_settings set = { .path = path };
	assert_int_equal(chmod(path, 0666), 0);
	assert_refused(&set, NULL, FE_EDENIED, "chmod o-w");
	assert_int_equal(chmod(path, 0664), 0);
	fe_plan_free(load_with(&set, NULL));
	assert_int_equal(unlink(path), 0);
	assert_refused(&set, NULL, FE_EUSAGE, "pipeline file");
	const struct fe_plan_settings folder = { .path = FE_SOURCE_ROOT };
	assert_refused(&folder, NULL, FE_EUSAGE, "a folder");
	fe_free(text);
	scratch_close(&scratch);
}

static void
reference_in_docs_is_what_the_tables_say(void **state)
{
	(void)state;
	struct fe_buf printed, kept;
	struct fe_err err = FE_ERR_INIT;
	fe_buf_init(&printed, 1u << 20);
	fe_buf_init(&kept, 1u << 20);
	fe_pipeline_reference(&printed);
	assert_false(printed.failed);
	assert_int_equal(fe_file_read(FE_SOURCE_ROOT "/docs/pipeline-file.md", 1u << 20, &kept, &err), FE_OK);
	if (!fe_str_eq(fe_buf_str(&printed), fe_buf_str(&kept)))
		fail_msg("docs/pipeline-file.md is not what the tables say; print it anew: "
			 "finetl describe pipeline > docs/pipeline-file.md");
	fe_buf_reset(&printed);
	fe_buf_reset(&kept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_pipeline_has_its_columns_cleaned_as_declared),
		cmocka_unit_test(default_pipeline_has_its_checks_and_derived_columns),
		cmocka_unit_test(default_pipeline_has_its_tables),
		cmocka_unit_test(real_data_pipeline_loads),
		cmocka_unit_test(options_of_columns_and_source_reach_the_plan),
		cmocka_unit_test(data_sets_run_in_the_order_of_their_references),
		cmocka_unit_test(selected_data_sets_are_marked_and_the_others_stay),
		cmocka_unit_test(parameters_are_filled_in_and_can_only_be_values),
		cmocka_unit_test(environment_reaches_locations_and_nothing_else),
		cmocka_unit_test(warehouse_of_the_command_wins_and_is_relative_to_where_one_stands),
		cmocka_unit_test(folder_of_the_file_is_no_pattern_even_before_one),
		cmocka_unit_test(a_parameter_of_a_query_can_only_be_a_value),
		cmocka_unit_test(config_hash_is_of_the_bytes_and_the_parameters),
		cmocka_unit_test(a_file_that_everybody_may_write_is_refused),
		cmocka_unit_test(reference_in_docs_is_what_the_tables_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

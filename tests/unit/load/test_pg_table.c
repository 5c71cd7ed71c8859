// SPDX-License-Identifier: Apache-2.0
/* A declared table as PostgreSQL has it: its types, its names and what it cannot hold. What
 * a server makes of it is in test_pg_schema.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/text.h"
#include "load/pg_schema.h"
#include "sink_fixture.h"

static struct fx_tables tables;
static struct fe_pg_table pg;
static struct fe_table changed; /* outlives pg, which borrows it */

static int
set_up(void **state)
{
	(void)state;
	fx_tables_init(&tables);
	pg = (struct fe_pg_table){ 0 };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fe_pg_table_reset(&pg);
	fx_tables_reset(&tables);
	return 0;
}

static void
describe(const struct fe_table *t)
{
	struct fe_err err = FE_ERR_INIT;

	if (fe_pg_table_init(&pg, t, "public", &err))
		fail_msg("%s", err.text);
}

static void
refused(const struct fe_table *t, const char *why)
{
	struct fe_err err = FE_ERR_INIT;

	assert_int_equal(fe_pg_table_init(&pg, t, "public", &err), FE_EUSAGE);
	if (!strstr(err.text, why))
		fail_msg("'%s' has no '%s'", err.text, why);
}

static void
pg_table_has_types_checks_and_stamps(void **state)
{
	(void)state;
	describe(&tables.tables[FX_ITEMS]);
	assert_string_equal(pg.create,
	                    "CREATE TABLE public.fact_items (\n"
	                    "\titem_id text COLLATE \"C\" NOT NULL,\n"
	                    "\tcustomer_id text COLLATE \"C\" NOT NULL,\n"
	                    "\tday date,\n"
	                    "\tat timestamptz,\n"
	                    "\tamount numeric(18,2),\n"
	                    "\tstatus text COLLATE \"C\",\n"
	                    "\tfee numeric(6,3),\n"
	                    "\tn bigint,\n"
	                    "\tsize text COLLATE \"C\",\n"
	                    "\tprocessed_at timestamptz NOT NULL,\n"
	                    "\tcreated_at timestamptz NOT NULL,\n"
	                    "\tupdated_at timestamptz NOT NULL,\n"
	                    "\tetl_run_id text COLLATE \"C\" NOT NULL,\n"
	                    "\tetl_object_id bigint NOT NULL,\n"
	                    "\tetl_record bigint NOT NULL,\n"
	                    "\tCONSTRAINT fact_items_amount_is_a_number CHECK (amount <> 'NaN'),\n"
	                    "\tCONSTRAINT fact_items_fee_is_a_number CHECK (fee <> 'NaN'),\n"
	                    "\tCONSTRAINT \"status <> 'never'\" CHECK (status <> 'never')\n"
	                    ")");
	assert_string_equal(pg.types[FX_AMOUNT], "numeric(18,2)");
}

static void
pg_table_limits_texts_as_varchar(void **state)
{
	struct fe_field *f = &tables.schemas[FX_CUSTOMERS].fields[1];

	(void)state;
	f->type.max_chars = 100;
	describe(&tables.tables[FX_CUSTOMERS]);
	assert_string_equal(pg.types[1], "varchar(100)");
	fe_pg_table_reset(&pg);
	f->type.max_chars = 20000000; /* more than varchar can say, and than a cell can hold */
	describe(&tables.tables[FX_CUSTOMERS]);
	assert_string_equal(pg.types[1], "text");
}

static void
pg_table_parts_can_be_taken_off_and_put_back(void **state)
{
	(void)state;
	describe(&tables.tables[FX_ITEMS]);
	assert_string_equal(pg.key.add, "ALTER TABLE public.fact_items ADD CONSTRAINT "
	                                "fact_items_pkey PRIMARY KEY (item_id)");
	assert_string_equal(pg.key.drop,
	                    "ALTER TABLE public.fact_items DROP CONSTRAINT fact_items_pkey");
	assert_int_equal(pg.n_indexes, 3); /* the foreign key's column has one that is declared */
	assert_string_equal(pg.indexes[2].add, "CREATE INDEX fact_items_at_status ON "
	                                       "public.fact_items (at DESC, status)");
	assert_string_equal(pg.indexes[2].drop, "DROP INDEX public.fact_items_at_status");
	assert_string_equal(pg.foreign_keys[0].add,
	                    "ALTER TABLE public.fact_items ADD CONSTRAINT fact_items_customer_id_fkey "
	                    "FOREIGN KEY (customer_id) REFERENCES public.dim_customers (customer_id)");
	assert_string_equal(pg.foreign_keys[0].drop, "ALTER TABLE public.fact_items DROP CONSTRAINT "
	                                             "fact_items_customer_id_fkey");
	assert_string_equal(pg.parents[0], "public.dim_customers");
}

static void
pg_table_indexes_what_refers(void **state)
{
	struct fe_table *t = &changed;

	(void)state;
	changed = tables.tables[FX_ITEMS];
	t->indexes++;
	t->n_indexes--;
	describe(t);
	assert_int_equal(pg.n_indexes, 3);
	assert_string_equal(pg.indexes[2].add,
	                    "CREATE INDEX fact_items_customer_id ON public.fact_items (customer_id)");
}

static void
pg_table_stands_in_its_schema(void **state)
{
	struct fe_table *t = &changed;

	(void)state;
	changed = tables.tables[FX_ITEMS];
	t->name = "sales.order"; /* a keyword */
	tables.tables[FX_CUSTOMERS].name = "crm.dim_customers";
	describe(t);
	assert_string_equal(pg.schema, "sales");
	assert_string_equal(pg.plain, "order");
	assert_string_equal(pg.name, "sales.\"order\"");
	assert_string_equal(pg.indexes[1].add,
	                    "CREATE INDEX order_amount ON sales.\"order\" (amount)");
	assert_string_equal(pg.parents[0], "crm.dim_customers");
}

static void
pg_table_numbers_names_that_are_the_same(void **state)
{
	const struct fe_index indexes[] = {
		{ .columns = { FX_AT }, .n_columns = 1 },
		{ .columns = { FX_AT }, .descending = { true }, .n_columns = 1 },
	};
	struct fe_table *t = &changed;

	(void)state;
	changed = tables.tables[FX_ITEMS];
	t->indexes = indexes;
	t->n_indexes = 2;
	describe(t);
	assert_string_equal(pg.indexes[0].name, "fact_items_at");
	assert_string_equal(pg.indexes[1].name, "fact_items_at_2");
}

/* PostgreSQL would cut them silently, and take two for one. */
static void
pg_table_cuts_long_names_with_a_hash(void **state)
{
	static const char first[] = "status <> '\303\244\303\244\303\244\303\244\303\244\303\244\303\244"
	                            "\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244"
	                            "\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244' and 1";
	static const char second[] = "status <> '\303\244\303\244\303\244\303\244\303\244\303\244\303\244"
	                             "\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244"
	                             "\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244' and 2";
	const struct fe_check_sql checks[] = {
		{ .text = first, .postgres = "true" }, { .text = second, .postgres = "true" },
		{ .text = first, .postgres = "true" },
	};
	struct fe_table *t = &changed;

	(void)state;
	changed = tables.tables[FX_CUSTOMERS];
	t->name = "a_table_whose_name_is_as_long_as_a_name_may_be_in_postgres__63b";
	t->checks = checks;
	t->n_checks = 3;
	describe(t);
	assert_int_equal(pg.n_checks, 2); /* the third is the first */
	assert_true(strlen(pg.checks[0].name) <= 63);
	assert_true(fe_utf8_is_valid(fe_str_of(pg.checks[0].name)));
	assert_memory_equal(pg.checks[0].name, first, 50);
	assert_string_not_equal(pg.checks[0].name, pg.checks[1].name);
	assert_int_equal(strlen(pg.key.name), 63);
}

static void
pg_table_refuses_names_that_are_taken(void **state)
{
	struct fe_table *t = &changed;
	char *name = tables.schemas[FX_CUSTOMERS].fields[1].name;

	(void)state;
	changed = tables.tables[FX_CUSTOMERS];
	t->name = "etl_customers";
	refused(t, "etl_ are taken");
	t->name = "public.etl_customers";
	refused(t, "etl_ are taken");
	t->name = "pg_catalog.customers";
	refused(t, "belongs to PostgreSQL");
	t->name = "Customers";
	refused(t, "lower-case");
	*t = tables.tables[FX_CUSTOMERS];
	tables.schemas[FX_CUSTOMERS].fields[1].name = (char *)(uintptr_t)"etl_record";
	refused(t, "stamps");
	tables.schemas[FX_CUSTOMERS].fields[1].name = (char *)(uintptr_t)"ctid";
	refused(t, "taken");
	tables.schemas[FX_CUSTOMERS].fields[1].name = (char *)(uintptr_t)
		"a_column_whose_name_is_one_byte_longer_than_postgresql_will_take";
	refused(t, "63 bytes");
	tables.schemas[FX_CUSTOMERS].fields[1].name = name;
}

static void
pg_schema_prints_one_script(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out;

	(void)state;
	fe_buf_init(&out, 1u << 20);
	assert_int_equal(fe_pg_schema_print(tables.tables, FX_N_TABLES, "Odd \"one\"", &out, &err), FE_OK);
	assert_non_null(strstr(fe_buf_text(&out), "\nBEGIN;\n"));
	assert_non_null(strstr(fe_buf_text(&out), "CREATE TABLE \"Odd \"\"one\"\"\".etl_audit_log ("));
	assert_non_null(strstr(fe_buf_text(&out), "CREATE TABLE \"Odd \"\"one\"\"\".fact_items ("));
	assert_null(strstr(fe_buf_text(&out), "main."));
	/* What it drops is an index or a trigger of the audit trail, to make a better one. */
	for (const char *at = fe_buf_text(&out); (at = strstr(at, "DROP ")); at++)
		assert_true(strncmp(at, "DROP INDEX \"Odd \"\"one\"\"\".etl_", 29) == 0 ||
		            strncmp(at, "DROP TRIGGER etl_", 17) == 0);
	assert_string_equal(fe_buf_text(&out) + out.n_bytes - 9, "\nCOMMIT;\n");
	fe_buf_reset(&out);
}

static void
pg_schema_grants_updates_of_named_columns_only(void **state)
{
	const bool pii[] = { false, true, false };
	const bool *of[] = { [FX_CUSTOMERS] = pii, [FX_ITEMS] = NULL };
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out;

	(void)state;
	fe_buf_init(&out, 1u << 20);
	assert_int_equal(fe_pg_schema_print_grants(tables.tables, of, FX_N_TABLES, "public", &out, &err),
	                 FE_OK);
	assert_non_null(strstr(fe_buf_text(&out),
	                       "GRANT SELECT, INSERT ON public.fact_items TO finetl_loader;\n"
	                       "GRANT UPDATE (status, fee, n, size, processed_at, updated_at, "
	                       "etl_run_id, etl_object_id, etl_record) ON public.fact_items TO "
	                       "finetl_loader;\n"));
	assert_non_null(strstr(fe_buf_text(&out),
	                       "GRANT SELECT (customer_id, is_active, processed_at, created_at, "
	                       "updated_at, etl_run_id, etl_object_id, etl_record) ON "
	                       "public.dim_customers TO finetl_report;\n"));
	assert_null(strstr(fe_buf_text(&out), "DELETE"));
	fe_buf_reset(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pg_table_has_types_checks_and_stamps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pg_table_limits_texts_as_varchar, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pg_table_parts_can_be_taken_off_and_put_back, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(pg_table_indexes_what_refers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pg_table_stands_in_its_schema, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pg_table_numbers_names_that_are_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pg_table_cuts_long_names_with_a_hash, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pg_table_refuses_names_that_are_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pg_schema_prints_one_script, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pg_schema_grants_updates_of_named_columns_only, set_up,
		                                tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

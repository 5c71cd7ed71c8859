// SPDX-License-Identifier: Apache-2.0
/* Conditions as SQL of both engines. That it means the same is tested against SQLite in
 * tests/model and against PostgreSQL in tests/system; here is how it looks, and what is
 * refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "help.h"

#define SQLITE(expression, sql) assert_string_equal(fe_test_sql(expression, FE_SQL_SQLITE), sql)
#define POSTGRES(expression, sql) assert_string_equal(fe_test_sql(expression, FE_SQL_POSTGRES), sql)

static void
sql_of_a_decimal_is_in_minor_units_in_sqlite(void **state)
{
	(void)state;
	SQLITE("amount > 0", "\"amount_minor\" > 0");
	POSTGRES("amount > 0", "\"amount\" > 0.00");
	SQLITE("amount <= 1000000", "\"amount_minor\" <= 100000000");
	POSTGRES("amount <= 1000000", "\"amount\" <= 1000000.00");
	SQLITE("amount <= rate", "\"amount_minor\" * 10000 <= \"rate_minor\"");
	POSTGRES("amount <= rate", "\"amount\" <= \"rate\"");
	SQLITE("amount + n > 5", "(\"amount_minor\" + (\"n\" * 100)) > 500");
	SQLITE("round(amount) = 5", "((\"amount_minor\" + CASE WHEN \"amount_minor\" < 0 THEN -50 ELSE 50 END) / 100) = 5");
	POSTGRES("round(amount, 1) = 5", "(round(\"amount\", 1)) = 5.0");
}

static void
sql_quotes_texts_and_lists(void **state)
{
	(void)state;
	SQLITE("s in ('b', 'it''s', 'a')", "\"s\" IN ('a', 'b', 'it''s')");
	SQLITE("n in (3, 1, null, 3)", "\"n\" IN (1, 3, NULL)");
	SQLITE("n in (1.5, 2.5)", "\"n\" <> \"n\"");
	SQLITE("amount in (2, 1.50)", "\"amount_minor\" IN (150, 200)");
	POSTGRES("s < 'b'", "\"s\" < 'b' COLLATE \"C\"");
	POSTGRES("s = 'b'", "\"s\" = 'b'");
}

static void
sql_like_keeps_case_and_escape(void **state)
{
	(void)state;
	SQLITE("s like 'a\\_%_*[?' escape '\\'", "\"s\" GLOB 'a_*?[*][[][?]'");
	POSTGRES("s like 'a\\_%_*[?' escape '\\'", "\"s\" LIKE 'a\\_%_*[?' ESCAPE '\\'");
	POSTGRES("s like 'a\\b'", "\"s\" LIKE 'a\\b' ESCAPE ''");
}

static void
sql_of_times(void **state)
{
	(void)state;
	SQLITE("ts >= date '2024-01-31'", "\"ts\" >= '2024-01-31 00:00:00.000000Z'");
	POSTGRES("ts >= date '2024-01-31'", "\"ts\" >= TIMESTAMPTZ '2024-01-31 00:00:00.000000Z'");
	SQLITE("d = date '2024-01-31'", "\"d\" = '2024-01-31'");
	POSTGRES("d = date '2024-01-31'", "\"d\" = DATE '2024-01-31'");
	SQLITE("year(ts) = 2024", "CAST(substr(\"ts\", 1, 4) AS INTEGER) = 2024");
	POSTGRES("hour(ts) < 6", "CAST(extract(hour FROM \"ts\" AT TIME ZONE 'UTC') AS bigint) < 6");
	POSTGRES("ts > d", "\"ts\" > (CAST(\"d\" AS timestamp) AT TIME ZONE 'UTC')");
	POSTGRES("ts - hours(2) > d + days(1)",
	         "(\"ts\" - 2 * INTERVAL '3600 seconds') > (CAST((\"d\" + CAST(1 AS integer)) AS timestamp) AT TIME ZONE 'UTC')");
}

static void
sql_keeps_the_grouping(void **state)
{
	(void)state;
	SQLITE("b and c or n = 1", "(\"b\" AND \"c\") OR (\"n\" = 1)");
	SQLITE("b and (c or n = 1)", "\"b\" AND (\"c\" OR (\"n\" = 1))");
	SQLITE("b and c and n = 1", "\"b\" AND \"c\" AND (\"n\" = 1)");
	SQLITE("n - (m - 1) > 2", "(\"n\" - (\"m\" - 1)) > 2");
	SQLITE("not (b or c)", "NOT (\"b\" OR \"c\")");
	SQLITE("case when b then n else m end > 1", "(CASE WHEN \"b\" THEN \"n\" ELSE \"m\" END) > 1");
	POSTGRES("least(n, m) > 1", "(CASE WHEN \"n\" IS NULL OR \"m\" IS NULL THEN NULL ELSE least(\"n\", \"m\") END) > 1");
	SQLITE("least(n, m) > 1", "(min(\"n\", \"m\")) > 1");
}

static void
sql_refuses_what_the_engines_decide_otherwise(void **state)
{
	static const char *const expressions[] = {
		"ts < now()",  "matches(s, 'x')",         "round(amount / n, 2) > 1", "hour(ts, 'Europe/Berlin') > 5",
		"lower(s) = s", "substr(s, n) = 'x'",     "date(ts, 'UTC') = d",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
		assert_memory_equal(fe_test_sql(expressions[i], FE_SQL_SQLITE), "refused: ", 9);
		assert_memory_equal(fe_test_sql(expressions[i], FE_SQL_POSTGRES), "refused: ", 9);
	}
	SQLITE("ts < now()", "refused: now() has no exact counterpart in SQLite: it cannot stand in a check of a table; make it a rule");
}

/* A case in a case that compares its operand in every branch doubles with each level. */
static void
sql_that_grows_without_end_is_refused(void **state)
{
	char *text = fe_alloc(4096), *p = text;
	struct fe_test_data t;
	struct fe_err err = FE_ERR_INIT;
	struct fe_expr *e;

	(void)state;
	for (int i = 0; i < 60; i++)
		p = stpcpy(p, "case ");
	p = stpcpy(p, "n");
	for (int i = 0; i < 60; i++)
		p = stpcpy(p, " when 1 then 2 when 2 then 1 end");
	fe_test_data_init(&t, 0);
	assert_int_equal(fe_expr_parse(&e, fe_str_of(text), &t.schema, t.schema.n_fields, &err), FE_OK);
	assert_int_equal(fe_expr_print_sql(e, FE_SQL_SQLITE, &t.text, &err), FE_ELIMIT);
	fe_expr_free(e);
	fe_test_data_reset(&t);
	fe_free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sql_of_a_decimal_is_in_minor_units_in_sqlite),
		cmocka_unit_test(sql_quotes_texts_and_lists),
		cmocka_unit_test(sql_like_keeps_case_and_escape),
		cmocka_unit_test(sql_of_times),
		cmocka_unit_test(sql_keeps_the_grouping),
		cmocka_unit_test(sql_refuses_what_the_engines_decide_otherwise),
		cmocka_unit_test(sql_that_grows_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

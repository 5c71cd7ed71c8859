// SPDX-License-Identifier: Apache-2.0
/* test_cursor_postgres.c - rows of PostgreSQL, by the suite of all engines and some of its own */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../conformance/cursor.h"
#include "base/mem.h"
#include "postgres.h"

static const char *
fresh(void)
{
	pg_place_remove();
	return pg_place_fresh();
}

static const struct fe_cursor_subject subject = {
	.engine = FE_CURSOR_POSTGRES,
	.fresh = fresh,
	.exec = pg_place_exec,
	.text_type = "varchar(100)",
	.int_type = "bigint",
	.decimal_type = "numeric(18,2)",
	.date_type = "date",
	.timestamp_type = "timestamp",
	.has_moments = true,
	.first_day = "0001-01-01",
	.series = "SELECT n FROM generate_series(1, %d) AS s (n)",
	.failing = "SELECT 1 / (n - 500) FROM generate_series(1, 1000) AS s (n)",
	.endless = "SELECT count(*) FROM generate_series(1, 1000000000000) AS s (n)",
	.nowhere = "postgresql://somebody:geheimnis@127.0.0.1:1/nowhere?connect_timeout=2",
};

static int
begin(void **p)
{
	(void)p;
	(void)fresh();
	return 0;
}

static struct fe_cursor *
open_with(struct fe_cursor_settings set)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_cursor *c;

	set.location = pg_place_url(NULL, NULL);
	if (fe_cursor_open(&c, FE_CURSOR_POSTGRES, &set, &err))
		fail_msg("%s", err.text);
	return c;
}

static bool
next(struct fe_cursor *c)
{
	struct fe_err err = FE_ERR_INIT;
	bool row;

	if (fe_cursor_next(c, &row, &err))
		fail_msg("%s", err.text);
	return row;
}

struct expected {
	const char *sql;
	enum fe_cursor_kind column, value;
	const char *text; /* NULL: i64 */
	int64_t i64;
};

static const struct expected values[] = {
	{ "true", FE_CURSOR_BOOL, FE_CURSOR_BOOL, NULL, 1 },
	{ "(-5)::int2", FE_CURSOR_INT, FE_CURSOR_INT, NULL, -5 },
	{ "(-2147483648)::int4", FE_CURSOR_INT, FE_CURSOR_INT, NULL, INT32_MIN },
	{ "'0'::numeric", FE_CURSOR_DECIMAL, FE_CURSOR_DECIMAL, "0", 0 },
	{ "'-0.00'::numeric", FE_CURSOR_DECIMAL, FE_CURSOR_DECIMAL, "0.00", 0 },
	{ "0.1::numeric + 0.2::numeric", FE_CURSOR_DECIMAL, FE_CURSOR_DECIMAL, "0.3", 0 },
	{ "1.10::numeric", FE_CURSOR_DECIMAL, FE_CURSOR_DECIMAL, "1.10", 0 },
	{ "10000::numeric", FE_CURSOR_DECIMAL, FE_CURSOR_DECIMAL, "10000", 0 },
	{ "100000000.00000001::numeric", FE_CURSOR_DECIMAL, FE_CURSOR_DECIMAL, "100000000.00000001", 0 },
	{ "-0.000012::numeric", FE_CURSOR_DECIMAL, FE_CURSOR_DECIMAL, "-0.000012", 0 },
	{ "99999999999999.99::numeric", FE_CURSOR_DECIMAL, FE_CURSOR_DECIMAL, "99999999999999.99", 0 },
	{ "12345678901234567890123.4567::numeric", FE_CURSOR_DECIMAL, FE_CURSOR_DECIMAL, "12345678901234567890123.4567", 0 },
	{ "1234500::numeric(10,-2)", FE_CURSOR_DECIMAL, FE_CURSOR_DECIMAL, "1234500", 0 },
	{ "'NaN'::numeric", FE_CURSOR_DECIMAL, FE_CURSOR_TEXT, "NaN", 0 },
	{ "'infinity'::numeric", FE_CURSOR_DECIMAL, FE_CURSOR_TEXT, "Infinity", 0 },
	{ "'-infinity'::numeric", FE_CURSOR_DECIMAL, FE_CURSOR_TEXT, "-Infinity", 0 },
	{ "0.1::float8", FE_CURSOR_FLOAT, FE_CURSOR_FLOAT, "0.1", 0 },
	{ "'2026-02-28'::date", FE_CURSOR_DATE, FE_CURSOR_DATE, NULL, 20512 },
	{ "'infinity'::date", FE_CURSOR_DATE, FE_CURSOR_TEXT, "infinity", 0 },
	{ "'0044-03-15 BC'::date", FE_CURSOR_DATE, FE_CURSOR_TEXT, "0044-03-15 BC", 0 },
	{ "'10000-01-01'::date", FE_CURSOR_DATE, FE_CURSOR_TEXT, "10000-01-01", 0 },
	{ "'1970-01-01 00:00:01.5'::timestamp", FE_CURSOR_TIMESTAMP, FE_CURSOR_TIMESTAMP, NULL, 1500000 },
	{ "'1970-01-01 02:00:00+02'::timestamptz", FE_CURSOR_TIMESTAMPTZ, FE_CURSOR_TIMESTAMPTZ, NULL, 0 },
	{ "'-infinity'::timestamptz", FE_CURSOR_TIMESTAMPTZ, FE_CURSOR_TEXT, "-infinity", 0 },
	{ "'0001-01-01 BC'::timestamp", FE_CURSOR_TIMESTAMP, FE_CURSOR_TEXT, "0001-01-01 00:00:00.000000 BC", 0 },
	{ "'294276-12-31 23:59:59.999999'::timestamp", FE_CURSOR_TIMESTAMP, FE_CURSOR_TEXT, "294276-12-31 23:59:59.999999", 0 },
	{ "'12:30:00.25'::time", FE_CURSOR_TIME, FE_CURSOR_TIME, "12:30:00.25", 0 },
	{ "'ab'::char(4)", FE_CURSOR_TEXT, FE_CURSOR_TEXT, "ab  ", 0 },
	{ "'{\"a\": 1.10}'::json", FE_CURSOR_JSON, FE_CURSOR_JSON, "{\"a\": 1.10}", 0 },
	{ "'{\"a\":1.10}'::jsonb", FE_CURSOR_JSON, FE_CURSOR_JSON, "{\"a\": 1.10}", 0 },
	{ "'A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", FE_CURSOR_UUID, FE_CURSOR_UUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", 0 },
	{ "'\\x6162'::bytea", FE_CURSOR_BYTES, FE_CURSOR_BYTES, "ab", 0 },
	{ "'{1,2}'::int[]", FE_CURSOR_OTHER, FE_CURSOR_OTHER, "{1,2}", 0 },
	{ "'1 day'::interval", FE_CURSOR_OTHER, FE_CURSOR_OTHER, "1 day", 0 },
	{ "'sad'::mood", FE_CURSOR_TEXT, FE_CURSOR_TEXT, "sad", 0 },
	{ "5::positive", FE_CURSOR_INT, FE_CURSOR_INT, NULL, 5 },
	{ "NULL::text", FE_CURSOR_TEXT, FE_CURSOR_TEXT, NULL, INT64_MIN /* null */ },
};

static void
check_value(const struct fe_cursor *c, size_t column, const struct expected *want)
{
	const struct fe_cursor_value *v = &fe_cursor_values(c)[column];

	if (fe_cursor_column(c, column)->kind != want->column)
		fail_msg("%s: kind of column %d", want->sql, fe_cursor_column(c, column)->kind);
	if (!want->text && want->i64 == INT64_MIN) {
		assert_true(v->is_null);
		return;
	}
	if (v->is_null || v->kind != want->value || (want->text && !fe_str_is(v->text, want->text)) ||
	    (!want->text && v->i64 != want->i64))
		fail_msg("%s: kind %d, %lld, '%.*s'", want->sql, v->kind, (long long)v->i64, FE_STR_ARGS(v->text));
}

static void
every_type_has_its_kind(void **p)
{
	const size_t n = sizeof(values) / sizeof(values[0]);
	struct fe_buf sql;
	struct fe_cursor *c;

	(void)p;
	pg_place_exec("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN positive AS int CHECK (VALUE > 0)");
	fe_buf_init(&sql, 65536);
	fe_buf_add_text(&sql, "SELECT ");
	for (size_t i = 0; i < n; i++)
		fe_buf_addf(&sql, "%s%s", i ? ", " : "", values[i].sql);
	c = open_with((struct fe_cursor_settings){ .sql = fe_buf_text(&sql) });
	assert_true(next(c));
	for (size_t i = 0; i < n; i++)
		check_value(c, i, &values[i]);
	assert_false(next(c));
	fe_cursor_close(c);
	/* And each alone, where nothing needs a cast. */
	for (size_t i = 0; i < n; i++) {
		fe_buf_clear(&sql);
		fe_buf_addf(&sql, "SELECT %s", values[i].sql);
		c = open_with((struct fe_cursor_settings){ .sql = fe_buf_text(&sql) });
		assert_true(next(c));
		check_value(c, 0, &values[i]);
		fe_cursor_close(c);
	}
	fe_buf_reset(&sql);
}

static void
sizes_of_types_are_told(void **p)
{
	struct fe_cursor *c;

	(void)p;
	c = open_with((struct fe_cursor_settings){ .sql = "SELECT 'a'::varchar(12), 1::numeric(10,3), 1::numeric, 'a'::text" });
	assert_int_equal(fe_cursor_column(c, 0)->max_chars, 12);
	assert_int_equal(fe_cursor_column(c, 1)->precision, 10);
	assert_int_equal(fe_cursor_column(c, 1)->scale, 3);
	assert_string_equal(fe_cursor_column(c, 1)->type, "numeric(10,3)");
	assert_int_equal(fe_cursor_column(c, 2)->precision, 0);
	assert_int_equal(fe_cursor_column(c, 3)->max_chars, 0);
	fe_cursor_close(c);
}

/* Each row once, of one state, in the same order every time. */
static void
a_table_is_read_in_parts_of_one_snapshot(void **p)
{
	enum { N = 60000 };
	char *seen = fe_alloc(N + 1);
	uint64_t orders[2] = { 0, 0 };

	(void)p;
	pg_place_exec("CREATE TABLE t AS SELECT n, repeat('x', 100) AS v FROM generate_series(1, 60000) AS s (n)");
	for (int round = 0; round < 2; round++) {
		struct fe_cursor *c = open_with((struct fe_cursor_settings){ .table = "public.t", .n_parallel = 4 });

		memset(seen, 0, N + 1);
		for (int i = 0; next(c); i++) {
			const int64_t n = fe_cursor_values(c)[0].i64;

			assert_in_range(n, 1, N);
			assert_false(seen[n]);
			seen[n] = 1;
			orders[round] = orders[round] * 31 + (uint64_t)n;
			if (round == 1 && i == 100)
				pg_place_exec("UPDATE t SET v = 'y'; INSERT INTO t VALUES (70000, 'z'); DELETE FROM t WHERE n < 100");
			assert_int_equal(fe_cursor_values(c)[1].text.n, 100);
		}
		for (int n = 1; n <= N; n++)
			assert_true(seen[n]);
		fe_cursor_close(c);
	}
	assert_true(orders[0] == orders[1]);
	fe_free(seen);
}

static void
a_view_is_read_as_one_part(void **p)
{
	struct fe_cursor *c;
	int n = 0;

	(void)p;
	pg_place_exec("CREATE VIEW v AS SELECT n FROM generate_series(1, 9000) AS s (n)");
	for (c = open_with((struct fe_cursor_settings){ .table = "v", .n_parallel = 4 }); next(c);)
		n++;
	assert_int_equal(n, 9000);
	fe_cursor_close(c);
}

static void
a_source_needs_no_right_but_to_read(void **p)
{
	struct fe_cursor_settings set = { .table = "t" };
	struct fe_err err = FE_ERR_INIT;
	struct fe_cursor *c;
	char sql[256];
	bool row;

	(void)p;
	(void)snprintf(sql, sizeof(sql), "CREATE TABLE t AS SELECT 1 AS a; CREATE ROLE finetl_reader_%d LOGIN", (int)getpid());
	pg_place_exec(sql);
	(void)snprintf(sql, sizeof(sql), "finetl_reader_%d", (int)getpid());
	set.location = pg_place_url(sql, NULL);
	assert_int_equal(fe_cursor_open(&c, FE_CURSOR_POSTGRES, &set, &err), FE_EDENIED);
	(void)snprintf(sql, sizeof(sql), "GRANT SELECT ON t TO finetl_reader_%d", (int)getpid());
	pg_place_exec(sql);
	assert_int_equal(fe_cursor_open(&c, FE_CURSOR_POSTGRES, &set, &err), FE_OK);
	assert_int_equal(fe_cursor_next(c, &row, &err), FE_OK);
	assert_true(row);
	fe_cursor_close(c);
	(void)snprintf(sql, sizeof(sql), "DROP OWNED BY finetl_reader_%d; DROP ROLE finetl_reader_%d", (int)getpid(), (int)getpid());
	pg_place_exec(sql);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_type_has_its_kind, begin),
		cmocka_unit_test_setup(sizes_of_types_are_told, begin),
		cmocka_unit_test_setup(a_table_is_read_in_parts_of_one_snapshot, begin),
		cmocka_unit_test_setup(a_view_is_read_as_one_part, begin),
		cmocka_unit_test_setup(a_source_needs_no_right_but_to_read, begin),
	};
	int failed;

	if (!pg_place_is_there())
		return pg_place_absent();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	failed += fe_cursor_conformance(&subject);
	pg_place_remove();
	return failed;
}

// SPDX-License-Identifier: Apache-2.0
/* The binary form, asked of a server: what we write it takes for the value that it reads
 * from our text, and what it sends is byte by byte what we write. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "db/postgres.h"
#include "format/pgcopy.h"
#include "postgres.h"

#define N_ROWS ((size_t)4096)
#define MAX_BYTES ((size_t)1 << 28)

static uint64_t seed = 17;

static uint64_t
next_random(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return seed >> 1 ^ seed >> 33;
}

static void
must(enum fe_rc rc, const struct fe_err *err)
{
	if (rc != FE_OK)
		fail_msg("%s", err->text);
}

static const char *
sql_type(struct fe_type type, char out[32])
{
	static const char *const names[FE_N_KINDS] = {
		[FE_TEXT] = "varchar", [FE_INT] = "bigint", [FE_BOOL] = "boolean",
		[FE_DATE] = "date", [FE_TIMESTAMP] = "timestamptz",
	};
	if (type.kind == FE_DECIMAL)
		(void)snprintf(out, 32, "numeric(%d,%d)", type.precision, type.scale);
	else
		(void)snprintf(out, 32, "%s", names[type.kind]);
	return out;
}

static struct fe_str
value_bytes(struct fe_buf *b, const struct fe_column *c, size_t row)
{
	fe_buf_clear(b);
	fe_pgcopy_add_value(b, c, row);
	assert_false(b->failed);
	if (!fe_bit_get(c->valid, row))
		return (struct fe_str){ NULL, 0 };
	return (struct fe_str){ b->p + 4, b->n_bytes - 4 };
}

/* Every row as its number, its value and its text. */
static void
copy_column(struct fe_db *db, const struct fe_column *c)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf b, text;
	uint64_t n_rows = 0;
	fe_buf_init(&b, MAX_BYTES);
	fe_buf_init(&text, MAX_BYTES);
	must(fe_pg_copy_begin(db, "COPY pg_temp.probe FROM STDIN (FORMAT binary)", &err), &err);
	fe_pgcopy_add_header(&b);
	for (size_t i = 0; i < N_ROWS; i++) {
		fe_pgcopy_add_tuple(&b, 3);
		fe_pgcopy_add_i64(&b, (int64_t)i);
		fe_pgcopy_add_value(&b, c, i);
		fe_buf_clear(&text);
		fe_column_print(c, i, &text);
		if (fe_bit_get(c->valid, i))
			fe_pgcopy_add_text(&b, fe_buf_str(&text));
		else
			fe_pgcopy_add_null(&b);
	}
	fe_pgcopy_add_trailer(&b);
	assert_false(b.failed || text.failed);
	must(fe_pg_copy_put(db, &b, &err), &err);
	must(fe_pg_copy_end(db, &n_rows, &err), &err);
	assert_int_equal(n_rows, N_ROWS);
	fe_buf_reset(&b);
	fe_buf_reset(&text);
}

/* The server's bytes of a query's column, row by row, are ours, and read as our value. */
static void
check_result(const struct fe_pg_query *q, size_t column, const struct fe_column *c)
{
	struct fe_arena arena = { 0 };
	struct fe_column back;
	struct fe_buf b;
	fe_buf_init(&b, MAX_BYTES);
	fe_column_init(&back, c->type, 64);
	assert_int_equal(fe_pg_query_n_rows(q), N_ROWS);
	for (size_t i = 0; i < N_ROWS; i++) {
		struct fe_str got = fe_pg_query_value(q, i, column), want = value_bytes(&b, c, i);
		assert_true((got.p == NULL) == (want.p == NULL));
		assert_true(fe_str_eq(got, want));
		assert_true(fe_pg_read_value(got, &back, 0, &arena));
		assert_true(fe_column_same_value(&back, 0, c, i));
	}
	fe_column_reset(&back);
	fe_arena_free(&arena);
	fe_buf_reset(&b);
}

static void
check_as_array(struct fe_db *db, const struct fe_column *c)
{
	static uint32_t rows[N_ROWS];
	struct fe_err err = FE_ERR_INIT;
	struct fe_pg_query *q = NULL;
	struct fe_buf b;
	const uint32_t oid = fe_pg_array_oid(c->type);
	for (size_t i = 0; i < N_ROWS; i++)
		rows[i] = (uint32_t)i;
	fe_buf_init(&b, MAX_BYTES);
	fe_pg_add_array(&b, c, rows, N_ROWS);
	must(fe_pg_query_prepare(db, "SELECT v FROM unnest($1) WITH ORDINALITY AS a(v, n) ORDER BY n", &oid, 1, &q, &err), &err);
	must(fe_pg_query_run(q, &(struct fe_pg_param){ .oid = oid, .value = fe_buf_str(&b) }, &err), &err);
	check_result(q, 0, c);
	fe_pg_query_free(q);
	fe_buf_reset(&b);
}

static void
check_column(struct fe_db *db, const struct fe_column *c)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_pg_query *q = NULL;
	int64_t n_other = -1;
	char type[32], sql[256];
	sql_type(c->type, type);
	(void)snprintf(sql, sizeof sql, "CREATE TEMP TABLE probe (i bigint, v %s, t text)", type);
	must(fe_db_exec(db, sql, &err), &err);
	copy_column(db, c);
	(void)snprintf(sql, sizeof sql, "SELECT count(*) FROM pg_temp.probe WHERE v IS DISTINCT FROM t::%s", type);
	must(fe_db_query_i64(db, sql, &n_other, &err), &err);
	assert_int_equal(n_other, 0);
	(void)snprintf(sql, sizeof sql, "SELECT v, t::%s FROM pg_temp.probe ORDER BY i", type);
	must(fe_pg_query_prepare(db, sql, NULL, 0, &q, &err), &err);
	must(fe_pg_query_run(q, NULL, &err), &err);
	check_result(q, 0, c);
	check_result(q, 1, c);
	fe_pg_query_free(q);
	must(fe_db_exec(db, "DROP TABLE pg_temp.probe", &err), &err);
	check_as_array(db, c);
}

/* An extreme for each of the first rows, anything within the range after them. */
static int64_t
some_value(size_t i, int64_t least, int64_t greatest)
{
	const int64_t edges[] = { least, greatest, 0, 1, -1, least + 1, greatest - 1 };
	uint64_t width = (uint64_t)greatest - (uint64_t)least;
	if (i < sizeof edges / sizeof edges[0])
		return edges[i];
	return (int64_t)((uint64_t)least + (width == UINT64_MAX ? next_random() : next_random() % (width + 1)));
}

static void
check_numbers(struct fe_db *db, struct fe_type type, int64_t least, int64_t greatest)
{
	struct fe_column c;
	fe_column_init(&c, type, N_ROWS);
	for (size_t i = 0; i < N_ROWS; i++) {
		int64_t v = some_value(i, least, greatest);
		fe_bit_put(c.valid, i, i % 16 != 15);
		if (type.kind == FE_BOOL)
			fe_bit_put(c.bits, i, v);
		else if (type.kind == FE_DATE)
			c.days[i] = (int32_t)v;
		else
			c.i64[i] = v;
	}
	check_column(db, &c);
	fe_column_reset(&c);
}

static void
server_agrees_on_integers_booleans_dates_and_moments(void **state)
{
	struct fe_db *db = *state;
	check_numbers(db, (struct fe_type){ .kind = FE_INT }, INT64_MIN, INT64_MAX);
	check_numbers(db, (struct fe_type){ .kind = FE_BOOL }, 0, 1);
	check_numbers(db, (struct fe_type){ .kind = FE_DATE }, FE_DATE_MIN, FE_DATE_MAX);
	check_numbers(db, (struct fe_type){ .kind = FE_TIMESTAMP }, FE_TIMESTAMP_MIN, FE_TIMESTAMP_MAX);
	/* around the two epochs */
	check_numbers(db, (struct fe_type){ .kind = FE_TIMESTAMP }, -5000000, 5000000);
	check_numbers(db, (struct fe_type){ .kind = FE_TIMESTAMP }, INT64_C(946684800000000) - 5000000,
		      INT64_C(946684800000000) + 5000000);
}

/* Values of all lengths, with runs of zeros inside. */
static int64_t
some_decimal(size_t i, unsigned precision)
{
	int64_t v, limit = fe_pow10[precision];
	if (i < 16)
		return some_value(i, 1 - limit, limit - 1);
	v = (int64_t)(next_random() % (uint64_t)fe_pow10[1 + i % precision]);
	if (i % 3 == 0)
		v = v / fe_pow10[i / 3 % precision] * fe_pow10[i / 3 % precision];
	if (i % 5 == 0)
		v = v % fe_pow10[2] + v / fe_pow10[precision / 2] * fe_pow10[precision / 2];
	return fe_decimal_fits(v, precision) ? (i % 2 ? -v : v) : limit - 1;
}

static void
server_agrees_on_decimals_of_every_scale(void **state)
{
	static const unsigned precisions[] = { 18, 12, 5, 1 };
	struct fe_db *db = *state;
	for (size_t p = 0; p < sizeof precisions / sizeof precisions[0]; p++) {
		for (unsigned scale = 0; scale <= precisions[p]; scale++) {
			struct fe_type type = { .kind = FE_DECIMAL, .precision = (uint8_t)precisions[p], .scale = (uint8_t)scale };
			struct fe_column c;
			fe_column_init(&c, type, N_ROWS);
			for (size_t i = 0; i < N_ROWS; i++) {
				fe_bit_put(c.valid, i, i % 16 != 15);
				c.i64[i] = some_decimal(i, precisions[p]);
			}
			check_column(db, &c);
			fe_column_reset(&c);
		}
	}
}

static void
server_agrees_on_texts_of_every_byte(void **state)
{
	struct fe_db *db = *state;
	struct fe_arena arena = { 0 };
	struct fe_column c;
	fe_column_init(&c, (struct fe_type){ .kind = FE_TEXT }, N_ROWS);
	for (size_t i = 0; i < N_ROWS; i++) {
		char bytes[64 * FE_UTF8_BYTES];
		size_t n = 0;
		for (size_t chars = i == 0 ? 0 : i % 64; chars > 0; chars--) {
			uint32_t code = (uint32_t)(next_random() % (i % 2 ? 0x7f : 0xd7ff)) + 1;
			n += fe_utf8_encode(code, bytes + n);
		}
		fe_bit_put(c.valid, i, i % 16 != 15);
		c.text[i] = (struct fe_str){ fe_arena_copy(&arena, bytes, n), n };
	}
	c.text[1] = FE_STR("\\.");
	c.text[2] = FE_STR("\\N");
	char *large = fe_arena_bytes(&arena, (size_t)1 << 20);
	memset(large, 'x', (size_t)1 << 20);
	c.text[3] = (struct fe_str){ large, (size_t)1 << 20 };
	c.text[4] = FE_STR("\xf0\x9f\x92\xb6 \x01\x1f\r\n");
	check_column(db, &c);
	fe_column_reset(&c);
	fe_arena_free(&arena);
}

/* Sums are wider than any column. */
static void
server_sums_read_exactly(void **state)
{
	struct fe_db *db = *state;
	struct fe_err err = FE_ERR_INIT;
	struct fe_pg_query *q = NULL;
	const fe_i128 ends = (fe_i128)999999999999999999;
	fe_i128 sum = 0;
	must(fe_pg_query_prepare(db, "SELECT sum(v), -sum(v), count(*) FROM (SELECT 9999999999999999.99::numeric(18,2) AS v "
				 "FROM generate_series(1, 100000)) AS s", NULL, 0, &q, &err), &err);
	must(fe_pg_query_run(q, NULL, &err), &err);
	assert_true(fe_pg_read_i128(fe_pg_query_value(q, 0, 0), 2, &sum) && sum == ends * 100000);
	assert_true(fe_pg_read_i128(fe_pg_query_value(q, 0, 1), 2, &sum) && sum == -ends * 100000);
	assert_false(fe_pg_read_i128(fe_pg_query_value(q, 0, 0), 1, &sum));
	fe_pg_query_free(q);
}

static void
server_values_out_of_range_are_refused(void **state)
{
	static const char *const values[] = { "'NaN'::numeric", "'Infinity'::numeric", "'-Infinity'::numeric", "1e17::numeric",
					      "0.001::numeric(18,3)", "0.100::numeric(18,3)" };
	struct fe_db *db = *state;
	struct fe_err err = FE_ERR_INIT;
	struct fe_arena arena = { 0 };
	struct fe_column decimal, date, moment;
	fe_column_init(&decimal, (struct fe_type){ .kind = FE_DECIMAL, .precision = 18, .scale = 2 }, 64);
	fe_column_init(&date, (struct fe_type){ .kind = FE_DATE }, 64);
	fe_column_init(&moment, (struct fe_type){ .kind = FE_TIMESTAMP }, 64);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct fe_pg_query *q = NULL;
		char sql[512];
		(void)snprintf(sql, sizeof sql, "SELECT %s, 'infinity'::date, '-infinity'::date, '0001-01-01 BC'::date,"
			       " 'infinity'::timestamptz, '-infinity'::timestamptz, '10000-01-01Z'::timestamptz", values[i]);
		must(fe_pg_query_prepare(db, sql, NULL, 0, &q, &err), &err);
		must(fe_pg_query_run(q, NULL, &err), &err);
		assert_false(fe_pg_read_value(fe_pg_query_value(q, 0, 0), &decimal, 0, &arena));
		for (size_t k = 1; k <= 3; k++)
			assert_false(fe_pg_read_value(fe_pg_query_value(q, 0, k), &date, 0, &arena));
		for (size_t k = 4; k <= 6; k++)
			assert_false(fe_pg_read_value(fe_pg_query_value(q, 0, k), &moment, 0, &arena));
		fe_pg_query_free(q);
	}
	fe_column_reset(&decimal);
	fe_column_reset(&date);
	fe_column_reset(&moment);
	fe_arena_free(&arena);
}

static int
open_place(void **state)
{
	(void)pg_place_fresh();
	*state = pg_place_open();
	return 0;
}

static int
close_place(void **state)
{
	fe_db_close(*state);
	pg_place_remove();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_agrees_on_integers_booleans_dates_and_moments),
		cmocka_unit_test(server_agrees_on_decimals_of_every_scale),
		cmocka_unit_test(server_agrees_on_texts_of_every_byte),
		cmocka_unit_test(server_sums_read_exactly),
		cmocka_unit_test(server_values_out_of_range_are_refused),
	};
	if (!pg_place_is_there())
		return pg_place_absent();
	return cmocka_run_group_tests(tests, open_place, close_place);
}

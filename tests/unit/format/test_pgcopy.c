// SPDX-License-Identifier: Apache-2.0
/* PostgreSQL's binary form: known bytes, and back. The bytes are those of the manual and
 * of a server; test_pgcopy_server.c asks one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/time.h"
#include "format/pgcopy.h"

#define MAX_BYTES ((size_t)1 << 24)

static const struct fe_type type_text = { .kind = FE_TEXT };
static const struct fe_type type_int = { .kind = FE_INT };
static const struct fe_type type_bool = { .kind = FE_BOOL };
static const struct fe_type type_date = { .kind = FE_DATE };
static const struct fe_type type_timestamp = { .kind = FE_TIMESTAMP };

static struct fe_type
decimal(unsigned precision, unsigned scale)
{
	return (struct fe_type){ .kind = FE_DECIMAL, .precision = (uint8_t)precision, .scale = (uint8_t)scale };
}

/* A column of one value, in row 0. */
static struct fe_column
column_of(struct fe_type type, int64_t v)
{
	struct fe_column c;
	fe_column_init(&c, type, 64);
	fe_bit_set(c.valid, 0);
	if (type.kind == FE_TEXT)
		return c;
	if (type.kind == FE_BOOL)
		fe_bit_put(c.bits, 0, v);
	else if (type.kind == FE_DATE)
		c.days[0] = (int32_t)v;
	else
		c.i64[0] = v;
	return c;
}

static void
add_hex(struct fe_buf *out, struct fe_str bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		fe_buf_addf(out, "%02x", (unsigned char)bytes.p[i]);
}

static void
check_hex(const struct fe_buf *got, const char *want)
{
	struct fe_buf hex;
	fe_buf_init(&hex, MAX_BYTES);
	add_hex(&hex, fe_buf_str(got));
	assert_false(got->failed);
	assert_string_equal(fe_buf_text(&hex), want);
	fe_buf_reset(&hex);
}

/* The value has these bytes, and these bytes this value. */
static void
check_value(struct fe_type type, int64_t v, const char *want)
{
	struct fe_column c = column_of(type, v), back = column_of(type, -1);
	struct fe_arena arena = { 0 };
	struct fe_buf b;
	fe_buf_init(&b, MAX_BYTES);
	fe_pgcopy_add_value(&b, &c, 0);
	check_hex(&b, want);
	assert_true(fe_pg_read_value((struct fe_str){ b.p + 4, b.n_bytes - 4 }, &back, 0, &arena));
	assert_true(fe_column_same_value(&c, 0, &back, 0));
	fe_buf_reset(&b);
	fe_arena_free(&arena);
	fe_column_reset(&c);
	fe_column_reset(&back);
}

static void
pgcopy_begins_and_ends_as_the_manual_says(void **state)
{
	(void)state;
	struct fe_buf b;
	fe_buf_init(&b, MAX_BYTES);
	fe_pgcopy_add_header(&b);
	fe_pgcopy_add_tuple(&b, 2);
	fe_pgcopy_add_i64(&b, -2);
	fe_pgcopy_add_null(&b);
	fe_pgcopy_add_tuple(&b, 1);
	fe_pgcopy_add_tid(&b, INT64_C(0x12345678) << 16 | 0x9abc);
	fe_pgcopy_add_trailer(&b);
	check_hex(&b, "5047434f50590aff0d0a00" "00000000" "00000000"
		       "0002" "00000008fffffffffffffffe" "ffffffff"
		       "0001" "00000006123456789abc" "ffff");
	fe_buf_reset(&b);
}

static void
pgcopy_integers_and_moments(void **state)
{
	(void)state;
	check_value(type_int, 0, "000000080000000000000000");
	check_value(type_int, INT64_MIN, "000000088000000000000000");
	check_value(type_int, INT64_MAX, "000000087fffffffffffffff");
	check_value(type_bool, 0, "0000000100");
	check_value(type_bool, 1, "0000000101");
	check_value(type_date, fe_days_from_civil(2000, 1, 1), "0000000400000000");
	check_value(type_date, fe_days_from_civil(1999, 12, 31), "00000004ffffffff");
	check_value(type_date, 0, "00000004ffffd533");
	check_value(type_date, FE_DATE_MIN, "00000004fff4dbf9");
	check_value(type_date, FE_DATE_MAX, "00000004002c95d3");
	check_value(type_timestamp, INT64_C(946684800000000), "000000080000000000000000");
	check_value(type_timestamp, INT64_C(946684799999999), "00000008ffffffffffffffff");
	check_value(type_timestamp, -1, "00000008fffca2fec4c81fff");
	check_value(type_timestamp, FE_TIMESTAMP_MIN, "00000008ff1fe2ffc59c6000");
	check_value(type_timestamp, FE_TIMESTAMP_MAX, "000000080380e70b913b7fff");
}

static void
pgcopy_numerics_have_groups_of_four_and_no_zero_groups_at_the_ends(void **state)
{
	(void)state;
	/* length, groups, weight, sign, scale, groups */
	check_value(decimal(12, 2), 0, "00000008" "0000" "0000" "0000" "0002");
	check_value(decimal(12, 2), 1, "0000000a" "0001" "ffff" "0000" "0002" "0064");
	check_value(decimal(12, 2), -1250, "0000000c" "0002" "0000" "4000" "0002" "000c" "1388");
	check_value(decimal(12, 2), 100, "0000000a" "0001" "0000" "0000" "0002" "0001");
	check_value(decimal(12, 2), 1000000, "0000000a" "0001" "0001" "0000" "0002" "0001");
	check_value(decimal(12, 2), 100000001, "0000000e" "0003" "0001" "0000" "0002" "0064" "0000" "0064");
	check_value(decimal(18, 0), 10000, "0000000a" "0001" "0001" "0000" "0000" "0001");
	check_value(decimal(18, 0), 9999, "0000000a" "0001" "0000" "0000" "0000" "270f");
	check_value(decimal(18, 6), 3, "0000000a" "0001" "fffe" "0000" "0006" "012c");
	check_value(decimal(18, 1), -5, "0000000a" "0001" "ffff" "4000" "0001" "1388");
	check_value(decimal(18, 3), 1, "0000000a" "0001" "ffff" "0000" "0003" "000a");
	check_value(decimal(18, 4), 1, "0000000a" "0001" "ffff" "0000" "0004" "0001");
	check_value(decimal(18, 18), 1, "0000000a" "0001" "fffb" "0000" "0012" "0064");
	check_value(decimal(18, 18), 999999999999999999,
		     "00000012" "0005" "ffff" "0000" "0012" "270f270f270f270f26ac");
	check_value(decimal(18, 2), -999999999999999999,
		     "00000012" "0005" "0003" "4000" "0002" "270f270f270f270f26ac");
	check_value(decimal(18, 17), 123456789012345678,
		     "00000014" "0006" "0000" "0000" "0011" "0001" "0929" "1a85" "007b" "11d7" "1f40");
}

static void
pgcopy_texts_are_their_bytes(void **state)
{
	(void)state;
	static const struct fe_str texts[] = { { NULL, 0 }, { "", 0 }, { "\\.", 2 }, { "caf\xc3\xa9\n\t", 7 } };
	static const char *const want[] = { "00000000", "00000000", "000000025c2e", "00000007636166c3a90a09" };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct fe_buf b;
		fe_buf_init(&b, MAX_BYTES);
		fe_pgcopy_add_text(&b, texts[i]);
		check_hex(&b, want[i]);
		fe_buf_reset(&b);
	}
}

/* Each length has its own way of being stored; what stands behind it must survive. */
static void
pgcopy_texts_of_all_lengths_stay_as_they_are(void **state)
{
	(void)state;
	char text[300];
	for (size_t n = 0; n <= sizeof text; n++) {
		struct fe_buf b;
		for (size_t i = 0; i < n; i++)
			text[i] = (char)('a' + (i * 7 + n) % 26);
		fe_buf_init(&b, MAX_BYTES);
		fe_pgcopy_add_text(&b, (struct fe_str){ text, n });
		fe_pgcopy_add_null(&b);
		assert_int_equal(b.n_bytes, n + 8);
		assert_memory_equal(b.p + 4, text, n);
		assert_int_equal((unsigned char)b.p[2] << 8 | (unsigned char)b.p[3], n);
		assert_memory_equal(b.p + 4 + n, "\377\377\377\377", 4);
		fe_buf_reset(&b);
	}
}

static void
pgcopy_a_row_is_its_values_one_after_another(void **state)
{
	(void)state;
	struct fe_schema schema;
	struct fe_batch batch;
	struct fe_buf row, values;
	static const char *const types[] = { "text(20)", "decimal(12,2)", "int", "bool", "date", "timestamp", "text" };
	fe_schema_init(&schema);
	for (size_t i = 0; i < 7; i++) {
		struct fe_type type;
		char name[] = { 'c', (char)('0' + i), 0 };
		assert_int_equal(fe_type_parse(fe_str_of(types[i]), &type, NULL), FE_OK);
		fe_schema_add(&schema, fe_str_of(name), type);
	}
	schema.n_source = 7;
	fe_batch_init(&batch, &schema);
	fe_buf_init(&row, MAX_BYTES);
	fe_buf_init(&values, MAX_BYTES);
	for (unsigned nulls = 0; nulls < 128; nulls++) { /* each set of columns being null */
		for (size_t i = 0; i < 7; i++)
			fe_bit_put(batch.columns[i].valid, 70, !(nulls >> i & 1));
		batch.columns[0].text[70] = FE_STR("TXN00012345");
		batch.columns[1].i64[70] = -123456789;
		batch.columns[2].i64[70] = 42;
		fe_bit_set(batch.columns[3].bits, 70);
		batch.columns[4].days[70] = 20000;
		batch.columns[5].i64[70] = 1;
		batch.columns[6].text[70] = FE_STR("");
		fe_pgcopy_add_row(&row, &batch, 7, 70);
		for (size_t i = 0; i < 7; i++)
			fe_pgcopy_add_value(&values, &batch.columns[i], 70);
	}
	assert_false(row.failed);
	assert_true(fe_str_eq(fe_buf_str(&row), fe_buf_str(&values)));
	fe_buf_reset(&row);
	fe_buf_reset(&values);
	fe_batch_reset(&batch);
	fe_schema_reset(&schema);
}

static void
pgcopy_arrays_name_their_type_and_nulls(void **state)
{
	(void)state;
	struct fe_column c = column_of(type_text, 0);
	static const uint32_t rows[] = { 2, 0, 1 };
	struct fe_buf b;
	c.text[0] = FE_STR("a");
	c.text[1] = FE_STR("");
	fe_bit_set(c.valid, 1);
	c.text[2] = FE_STR("bc");
	fe_bit_set(c.valid, 2);
	fe_buf_init(&b, MAX_BYTES);
	fe_pg_add_array(&b, &c, rows, 3);
	check_hex(&b, "00000001" "00000000" "00000019" "00000003" "00000001"
		       "000000026263" "0000000161" "00000000");
	fe_buf_clear(&b);
	fe_bit_clear(c.valid, 0);
	fe_pg_add_array(&b, &c, rows, 2);
	check_hex(&b, "00000001" "00000001" "00000019" "00000002" "00000001" "000000026263" "ffffffff");
	fe_buf_clear(&b);
	fe_pg_add_array(&b, &c, rows, 0);
	check_hex(&b, "00000000" "00000000" "00000019");
	fe_buf_reset(&b);
	fe_column_reset(&c);
}

static void
pgcopy_stops_at_the_buffers_limit(void **state)
{
	(void)state;
	struct fe_column c = column_of(type_int, 1);
	struct fe_buf b;
	struct fe_err err = FE_ERR_INIT;
	fe_buf_init(&b, 13);
	fe_pgcopy_add_i64(&b, 1);
	assert_false(b.failed);
	fe_pgcopy_add_tuple(&b, 1);
	assert_int_equal(fe_buf_check(&b, "the row", &err), FE_ELIMIT);
	fe_pgcopy_add_value(&b, &c, 0);
	fe_pgcopy_add_null(&b);
	fe_pgcopy_add_tid(&b, 0);
	fe_pgcopy_add_text(&b, FE_STR("x"));
	assert_int_equal(b.n_bytes, 12);
	fe_buf_clear(&b);
	fe_column_reset(&c);
	/* Longer than a field may be: never read, so that it need not be there. */
	c = column_of(type_text, 0);
	c.text[0] = (struct fe_str){ "x", (size_t)1 << 40 };
	fe_pgcopy_add_text(&b, c.text[0]);
	assert_true(b.failed);
	fe_buf_clear(&b);
	fe_pgcopy_add_value(&b, &c, 0);
	assert_true(b.failed);
	fe_buf_clear(&b);
	fe_pg_add_array(&b, &c, (const uint32_t[]){ 0, 0 }, 2);
	assert_true(b.failed);
	fe_column_reset(&c);
	fe_buf_reset(&b);
}

static size_t
from_hex(const char *hex, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = strlen(hex) / 2;
	for (size_t i = 0; i < n; i++)
		out[i] = (char)((strchr(digits, hex[2 * i]) - digits) << 4 | (strchr(digits, hex[2 * i + 1]) - digits));
	return n;
}

static bool
reads(struct fe_type type, const char *hex)
{
	char bytes[128];
	struct fe_arena arena = { 0 };
	struct fe_column c = column_of(type, 0);
	struct fe_str value = { bytes, from_hex(hex, bytes) };
	bool ok = fe_pg_read_value(value, &c, 0, &arena);
	assert_true(ok == fe_bit_get(c.valid, 0));
	fe_column_reset(&c);
	fe_arena_free(&arena);
	return ok;
}

static void
pgcopy_refuses_bytes_that_are_no_value(void **state)
{
	(void)state;
	assert_false(reads(type_int, ""));
	assert_false(reads(type_int, "00000000000000"));
	assert_false(reads(type_int, "000000000000000000"));
	assert_false(reads(type_bool, "02"));
	assert_false(reads(type_bool, ""));
	assert_false(reads(type_bool, "0001"));
	assert_false(reads(type_date, "000000"));
	assert_false(reads(type_date, "7fffffff")); /* infinity */
	assert_false(reads(type_date, "80000000"));
	assert_false(reads(type_date, "002c95d4")); /* 10000-01-01 */
	assert_false(reads(type_date, "fff4dbf8")); /* 1 BC */
	assert_false(reads(type_timestamp, "7fffffffffffffff"));
	assert_false(reads(type_timestamp, "8000000000000000"));
	assert_false(reads(type_timestamp, "0380e70b913b8000"));
	assert_false(reads(type_timestamp, "00"));
	assert_false(reads(type_text, "ff"));
	assert_false(reads(type_text, "c3"));
	assert_false(reads(type_text, "eda080")); /* a surrogate */
	assert_true(reads(type_text, "efbfbf"));  /* U+FFFF: no character, but UTF-8 */
	assert_true(reads(type_text, ""));
}

static void
pgcopy_refuses_numerics_that_are_no_value(void **state)
{
	(void)state;
	assert_true(reads(decimal(12, 2), "0002000000000002" "000c1388"));
	assert_false(reads(decimal(12, 2), "000000000000"));
	assert_false(reads(decimal(12, 2), "00000000c0000000")); /* NaN */
	assert_false(reads(decimal(12, 2), "00000000d0000000")); /* infinity */
	assert_false(reads(decimal(12, 2), "00000000f0000000")); /* -infinity */
	assert_false(reads(decimal(12, 2), "0000000080000000"));
	assert_false(reads(decimal(12, 2), "0002000000000002" "000c"));       /* a group is missing */
	assert_false(reads(decimal(12, 2), "0001000000000002" "000c1388"));   /* one too many */
	assert_false(reads(decimal(12, 2), "ffff000000000002"));
	assert_false(reads(decimal(12, 2), "0001000000000000" "2710"));       /* a group of 10000 */
	assert_false(reads(decimal(12, 2), "0001ffff00000002" "2710"));
	assert_false(reads(decimal(12, 2), "0001ffff00000003" "000a"));       /* 0.001 */
	assert_false(reads(decimal(12, 2), "0001ffff00000002" "0001"));       /* digits past its scale */
	assert_false(reads(decimal(12, 2), "0002ffff00000002" "00640001"));
	assert_false(reads(decimal(12, 2), "0001fffe00000002" "0001"));
	assert_true(reads(decimal(12, 2), "0001ffff00000001" "03e8"));        /* a lesser scale */
	assert_true(reads(decimal(12, 2), "0003000000000002" "000100000000")); /* zeros at its end */
	assert_true(reads(decimal(12, 2), "0000000000000002"));
	assert_true(reads(decimal(12, 2), "00007fff00000002"));               /* no groups: 0 */
	assert_false(reads(decimal(12, 2), "0001000300000002" "0001"));       /* 10^12 */
	assert_false(reads(decimal(4, 2), "0001000000000002" "0064"));        /* 100.00 */
	assert_true(reads(decimal(5, 2), "0001000000000002" "0064"));
	assert_false(reads(decimal(18, 0), "00017fff00000000" "0001"));
	assert_false(reads(decimal(18, 18), "0001800000000000" "0001"));
}

static void
pgcopy_null_reads_as_null(void **state)
{
	(void)state;
	struct fe_column c = column_of(type_int, 5);
	struct fe_arena arena = { 0 };
	assert_true(fe_pg_read_value((struct fe_str){ NULL, 0 }, &c, 0, &arena));
	assert_false(fe_bit_get(c.valid, 0));
	fe_column_reset(&c);
	fe_arena_free(&arena);
}

static void
check_sum(const char *hex, unsigned scale, const char *want)
{
	char bytes[64], text[FE_DECIMAL_TEXT_BYTES];
	fe_i128 v = 0;
	bool ok = fe_pg_read_i128((struct fe_str){ bytes, from_hex(hex, bytes) }, scale, &v);
	assert_true(ok == (want != NULL));
	if (!ok)
		return;
	size_t n = fe_i128_format(v, scale, text);
	assert_int_equal(n, strlen(want));
	assert_memory_equal(text, want, n);
}

static void
pgcopy_sums_are_128_bits_wide(void **state)
{
	(void)state;
	check_sum("0000000000000000", 2, "0.00");
	check_sum("0001000100000000" "0001", 0, "10000");
	check_sum("000a000840000002" "0001270f270f270f270f270f270f270f270f" "26ac", 2,
		   "-199999999999999999999999999999999.99");
	/* 2^127 - 1, and one more */
	check_sum("000a000900000000" "00aa0583209a01d5090d0c601c871bf620da165f", 0,
		   "170141183460469231731687303715884105727");
	check_sum("000a000900000000" "00aa0583209a01d5090d0c601c871bf620da1660", 0, NULL);
	check_sum("0001000a00000000" "0001", 0, NULL);
	check_sum("0001001f00000000" "0001", 0, NULL);
}

static void
pgcopy_reads_numbers_of_all_widths(void **state)
{
	(void)state;
	int64_t v = 0;
	assert_true(fe_pg_read_i64((struct fe_str){ "\377\376", 2 }, &v) && v == -2);
	assert_true(fe_pg_read_i64((struct fe_str){ "\200\0\0\0", 4 }, &v) && v == INT32_MIN);
	assert_true(fe_pg_read_i64((struct fe_str){ "\177\377\377\377\377\377\377\377", 8 }, &v) && v == INT64_MAX);
	assert_false(fe_pg_read_i64((struct fe_str){ "\0\0\0", 3 }, &v));
	assert_true(fe_pg_read_tid((struct fe_str){ "\377\377\377\377\377\377", 6 }, &v) && v == (INT64_C(1) << 48) - 1);
	assert_true(fe_pg_read_tid((struct fe_str){ "\0\0\0\2\0\3", 6 }, &v) && v == 2 * 65536 + 3);
	assert_false(fe_pg_read_tid((struct fe_str){ "\0\0\0\2\0", 5 }, &v));
}

/* Every scale, and values of every length, edges of groups among them. */
static void
pgcopy_decimals_come_back(void **state)
{
	(void)state;
	uint64_t seed = 5;
	struct fe_arena arena = { 0 };
	struct fe_buf b;
	fe_buf_init(&b, MAX_BYTES);
	for (unsigned scale = 0; scale <= 18; scale++) {
		struct fe_column c = column_of(decimal(18, scale), 0), back = column_of(decimal(18, scale), 0);
		for (unsigned i = 0; i < 6000; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
			int64_t power = fe_pow10[i % 19];
			int64_t v = i < 57 ? power + (int)(i / 19) - 3 : (int64_t)(seed >> 1) % power;
			c.i64[0] = seed & 1 ? -v : v;
			fe_buf_clear(&b);
			fe_pgcopy_add_value(&b, &c, 0);
			assert_true(fe_pg_read_value((struct fe_str){ b.p + 4, b.n_bytes - 4 }, &back, 0, &arena));
			assert_int_equal(back.i64[0], c.i64[0]);
		}
		fe_column_reset(&c);
		fe_column_reset(&back);
	}
	fe_buf_reset(&b);
	fe_arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pgcopy_begins_and_ends_as_the_manual_says),
		cmocka_unit_test(pgcopy_integers_and_moments),
		cmocka_unit_test(pgcopy_numerics_have_groups_of_four_and_no_zero_groups_at_the_ends),
		cmocka_unit_test(pgcopy_texts_are_their_bytes),
		cmocka_unit_test(pgcopy_texts_of_all_lengths_stay_as_they_are),
		cmocka_unit_test(pgcopy_a_row_is_its_values_one_after_another),
		cmocka_unit_test(pgcopy_arrays_name_their_type_and_nulls),
		cmocka_unit_test(pgcopy_stops_at_the_buffers_limit),
		cmocka_unit_test(pgcopy_refuses_bytes_that_are_no_value),
		cmocka_unit_test(pgcopy_refuses_numerics_that_are_no_value),
		cmocka_unit_test(pgcopy_null_reads_as_null),
		cmocka_unit_test(pgcopy_sums_are_128_bits_wide),
		cmocka_unit_test(pgcopy_reads_numbers_of_all_widths),
		cmocka_unit_test(pgcopy_decimals_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_pgcopy.c - any bytes as a value in PostgreSQL's binary form
 *
 * The first three bytes choose type, precision and scale, the rest is the value. What is
 * read keeps to its type's range, and written and read again it is the same.
 */
#include "base/mem.h"
#include "base/time.h"
#include "format/pgcopy.h"
#include "harness.h"

static void
check_range(const struct fe_column *c)
{
	switch (c->type.kind) {
	case FE_DECIMAL:
		expect(fe_decimal_fits(c->i64[0], c->type.precision));
		break;
	case FE_DATE:
		expect(c->days[0] >= FE_DATE_MIN && c->days[0] <= FE_DATE_MAX);
		break;
	case FE_TIMESTAMP:
		expect(c->i64[0] >= FE_TIMESTAMP_MIN && c->i64[0] <= FE_TIMESTAMP_MAX);
		break;
	default:
		break;
	}
}

/* Row 0 written and read into row 1. The bytes may differ: a numeric can come with zero
 * groups and a lesser scale. */
static void
check_round_trip(struct fe_column *c, struct fe_arena *arena)
{
	struct fe_buf b;
	fe_buf_init(&b, (size_t)1 << 26);
	fe_pgcopy_add_value(&b, c, 0);
	expect(!b.failed && b.n_bytes >= 4);
	expect(fe_pg_read_value((struct fe_str){ b.p + 4, b.n_bytes - 4 }, c, 1, arena));
	expect(fe_column_same_value(c, 0, c, 1));
	fe_buf_reset(&b);
}

static void
check_sum(struct fe_str value, const struct fe_column *c, bool is_value)
{
	char text[FE_DECIMAL_TEXT_BYTES];
	fe_i128 sum, back;
	bool is_sum = fe_pg_read_i128(value, c->type.scale, &sum);
	expect(is_sum || !is_value);
	if (is_value)
		expect(sum == c->i64[0]);
	if (is_sum && sum < (fe_i128)INT64_MAX * INT64_MAX && sum > -(fe_i128)INT64_MAX * INT64_MAX) {
		size_t n = fe_i128_format(sum, c->type.scale, text);
		expect(fe_i128_parse((struct fe_str){ text, n }, c->type.scale, &back) && back == sum);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	struct fe_arena arena = { 0 };
	struct fe_column c;
	struct fe_type type;
	struct fe_str value;
	int64_t number;
	bool is_value;

	if (n_bytes < 3)
		return 0;
	type = (struct fe_type){ .kind = (enum fe_kind)(data[0] % FE_N_KINDS) };
	type.precision = (uint8_t)(data[1] % FE_DECIMAL_MAX_PRECISION + 1);
	type.scale = (uint8_t)(data[2] % (type.precision + 1));
	value = (struct fe_str){ (const char *)data + 3, n_bytes - 3 };
	fe_column_init(&c, type, 64);

	is_value = fe_pg_read_value(value, &c, 0, &arena);
	expect(is_value == fe_bit_get(c.valid, 0));
	if (is_value) {
		check_range(&c);
		check_round_trip(&c, &arena);
	}
	if (type.kind == FE_DECIMAL)
		check_sum(value, &c, is_value);
	expect(fe_pg_read_i64(value, &number) == (value.n == 8 || value.n == 4 || value.n == 2));
	if (fe_pg_read_tid(value, &number))
		expect(number >= 0 && number < INT64_C(1) << 48);
	fe_column_reset(&c);
	fe_arena_free(&arena);
	return 0;
}

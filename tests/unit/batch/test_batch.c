// SPDX-License-Identifier: Apache-2.0
/* Types, columns, verdicts and reasons of a batch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cache.h"
#include "batch/batch.h"

static void
type_texts_are_read_and_printed_alike(void **state)
{
	(void)state;
	static const char *const texts[] = { "text", "text(20)", "decimal(12,2)", "decimal(18,18)",
					     "int", "bool", "date", "timestamp" };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct fe_type type;
		char out[FE_TYPE_TEXT_BYTES];
		assert_int_equal(fe_type_parse(fe_str_of(texts[i]), &type, NULL), FE_OK);
		assert_string_equal(fe_type_print(type, out), texts[i]);
	}
}

static void
type_without_scale_has_none(void **state)
{
	(void)state;
	struct fe_type type;
	assert_int_equal(fe_type_parse(FE_STR("decimal(9)"), &type, NULL), FE_OK);
	assert_int_equal(type.precision, 9);
	assert_int_equal(type.scale, 0);
}

static void
type_refuses_what_cannot_be(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "text(0)", "text(", "text()", "decimal", "decimal(19,2)",
					     "decimal(2,3)", "decimal(0,0)", "int(4)", "string", "text(20)x",
					     "decimal(12,2", "text(99999999999)", "Text(20)" };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct fe_type type;
		struct fe_err err = FE_ERR_INIT;
		assert_int_equal(fe_type_parse(fe_str_of(texts[i]), &type, &err), FE_EUSAGE);
		assert_true(err.text[0]);
	}
}

static void
type_names_the_nearest(void **state)
{
	(void)state;
	struct fe_type type;
	struct fe_err err = FE_ERR_INIT;
	assert_int_equal(fe_type_parse(FE_STR("timestmp"), &type, &err), FE_EUSAGE);
	assert_non_null(strstr(err.text, "did you mean 'timestamp'"));
}

static struct fe_schema
two_columns(void)
{
	struct fe_schema s;
	fe_schema_init(&s);
	fe_schema_add(&s, FE_STR("id"), (struct fe_type){ .kind = FE_TEXT });
	fe_schema_add(&s, FE_STR("amount"), (struct fe_type){ .kind = FE_DECIMAL, .precision = 12, .scale = 2 });
	s.n_source = 2;
	return s;
}

static void
schema_finds_columns_by_exact_name(void **state)
{
	(void)state;
	struct fe_schema s = two_columns();
	assert_int_equal(fe_schema_find(&s, FE_STR("amount")), 1);
	assert_true(fe_schema_find(&s, FE_STR("Amount")) == FE_NO_COLUMN);
	assert_true(fe_schema_find(&s, FE_STR("amoun")) == FE_NO_COLUMN);
	fe_schema_reset(&s);
}

static void
values_under_a_cleared_bit_are_equal(void **state)
{
	(void)state;
	struct fe_column c;
	fe_column_init(&c, (struct fe_type){ .kind = FE_INT }, 64);
	c.i64[0] = 1;
	c.i64[1] = 2;
	assert_true(fe_column_same_value(&c, 0, &c, 1));
	fe_bit_set(c.valid, 0);
	assert_false(fe_column_same_value(&c, 0, &c, 1));
	fe_bit_set(c.valid, 1);
	assert_false(fe_column_same_value(&c, 0, &c, 1));
	fe_column_copy_value(&c, 1, &c, 0);
	assert_true(fe_column_same_value(&c, 0, &c, 1));
	fe_column_reset(&c);
}

static void
values_print_as_their_canonical_texts(void **state)
{
	(void)state;
	struct fe_batch b;
	struct fe_buf out;
	struct fe_schema s = two_columns();
	fe_schema_add(&s, FE_STR("at"), (struct fe_type){ .kind = FE_TIMESTAMP });
	fe_schema_add(&s, FE_STR("day"), (struct fe_type){ .kind = FE_DATE });
	fe_schema_add(&s, FE_STR("ok"), (struct fe_type){ .kind = FE_BOOL });
	s.n_source = s.n_fields;
	fe_batch_init(&b, &s);
	fe_buf_init(&out, 1024);
	b.columns[0].text[0] = FE_STR("A1");
	b.columns[1].i64[0] = -5;
	b.columns[2].i64[0] = -1;
	b.columns[3].days[0] = 0;
	fe_bit_set(b.columns[4].bits, 0);
	for (size_t i = 0; i < s.n_fields; i++) {
		fe_bit_set(b.columns[i].valid, 0);
		fe_column_print(&b.columns[i], 0, &out);
		fe_column_print(&b.columns[i], 1, &out); /* null: nothing */
		fe_buf_add_char(&out, ' ');
	}
	assert_string_equal(fe_buf_text(&out), "A1 -0.05 1969-12-31 23:59:59.999999Z 1970-01-01 true ");
	fe_buf_reset(&out);
	fe_batch_reset(&b);
	fe_schema_reset(&s);
}

static void
reasons_keep_their_order_within_a_row(void **state)
{
	(void)state;
	struct fe_batch b;
	struct fe_schema s = two_columns();
	fe_batch_init(&b, &s);
	fe_batch_clear(&b);
	b.n_rows = 100;
	static const uint32_t rows[] = { 70, 3, 99, 3, 0, 70, 3 };
	for (uint32_t i = 0; i < 7; i++)
		fe_batch_add_reason(&b, rows[i], i, (struct fe_str){ 0 });
	fe_batch_sort_reasons(&b);
	static const uint32_t ids[] = { 4, 1, 3, 6, 0, 5, 2 };
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(b.reasons[i].id, ids[i]);
	fe_batch_reset(&b);
	fe_schema_reset(&s);
}

static void
only_kept_rows_with_a_reason_become_rejected(void **state)
{
	(void)state;
	struct fe_batch b;
	struct fe_schema s = two_columns();
	fe_batch_init(&b, &s);
	fe_batch_clear(&b);
	b.n_rows = 130;
	b.verdict[129] = FE_FILTERED;
	fe_batch_add_reason(&b, 128, 0, (struct fe_str){ 0 });
	fe_batch_add_reason(&b, 129, 0, (struct fe_str){ 0 });
	fe_batch_reject_failed(&b);
	assert_int_equal(b.verdict[128], FE_REJECTED);
	assert_int_equal(b.verdict[129], FE_FILTERED);
	assert_int_equal(fe_batch_count(&b, FE_KEPT), 128);
	fe_batch_clear(&b);
	assert_int_equal(b.n_reasons, 0);
	assert_false(fe_bit_get(b.failed, 128));
	fe_batch_reset(&b);
	fe_schema_reset(&s);
}

static void
bits_are_counted_up_to_the_last_row(void **state)
{
	(void)state;
	uint64_t bits[2];
	fe_bits_fill(bits, 128, true);
	assert_int_equal(fe_bits_count(bits, 0), 0);
	assert_int_equal(fe_bits_count(bits, 63), 63);
	assert_int_equal(fe_bits_count(bits, 64), 64);
	assert_int_equal(fe_bits_count(bits, 101), 101);
	fe_bit_clear(bits, 100);
	assert_int_equal(fe_bits_count(bits, 101), 100);
}

static void
reason_texts_have_one_id_each(void **state)
{
	(void)state;
	struct fe_reason_table t = { 0 };
	uint32_t a = fe_reason_id(&t, "amount", "missing");
	uint32_t b = fe_reason_id(&t, NULL, "conflict");
	assert_int_equal(fe_reason_id(&t, "amount", "missing"), a);
	assert_true(a != b);
	assert_string_equal(fe_reason_text(&t, a), "amount:missing");
	assert_string_equal(fe_reason_text(&t, b), "conflict");
	fe_reason_table_reset(&t);
}

/* Of every kind of column, whatever the number of rows. */
static void
what_is_let_go_of_keeps_its_contents(void **state)
{
	static const enum fe_kind kinds[] = { FE_TEXT, FE_DECIMAL, FE_INT, FE_BOOL, FE_DATE, FE_TIMESTAMP };
	static const size_t n_rows[] = { 0, 1, 63, 65, FE_BATCH_ROWS };
	struct fe_schema s;
	struct fe_batch b;

	(void)state;
	if (!fe_cache_lets_go())
		skip();
	fe_schema_init(&s);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		fe_schema_add(&s, fe_str_of(fe_kind_name(kinds[i])), (struct fe_type){ .kind = kinds[i], .precision = 18 });
	s.n_source = s.n_fields;
	fe_batch_init(&b, &s);
	fe_buf_add_text(&b.input, "the bytes that cells point into");
	for (size_t n = 0; n < sizeof n_rows / sizeof *n_rows; n++) {
		b.n_rows = n_rows[n];
		for (size_t row = 0; row < b.n_rows; row++) {
			b.origin[row].record = row + 1;
			b.columns[0].text[row] = (struct fe_str){ b.input.p, row % 32 };
			b.columns[1].i64[row] = -(int64_t)row;
			fe_bit_put(b.columns[3].bits, row, row % 3);
			b.columns[4].days[row] = (int32_t)row;
			for (size_t i = 0; i < s.n_fields; i++)
				fe_bit_put(b.columns[i].valid, row, row % 5);
		}
		fe_batch_let_go(&b);
		for (size_t row = 0; row < b.n_rows; row++) {
			assert_int_equal(b.origin[row].record, row + 1);
			assert_true(fe_str_eq(b.columns[0].text[row], (struct fe_str){ "the bytes that cells point into", row % 32 }));
			assert_int_equal(b.columns[1].i64[row], -(int64_t)row);
			assert_int_equal(fe_bit_get(b.columns[3].bits, row), row % 3 != 0);
			assert_int_equal(b.columns[4].days[row], row);
			assert_int_equal(fe_bit_get(b.columns[5].valid, row), row % 5 != 0);
		}
	}
	fe_batch_reset(&b);
	fe_schema_reset(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(type_texts_are_read_and_printed_alike),
		cmocka_unit_test(type_without_scale_has_none),
		cmocka_unit_test(type_refuses_what_cannot_be),
		cmocka_unit_test(type_names_the_nearest),
		cmocka_unit_test(schema_finds_columns_by_exact_name),
		cmocka_unit_test(values_under_a_cleared_bit_are_equal),
		cmocka_unit_test(values_print_as_their_canonical_texts),
		cmocka_unit_test(reasons_keep_their_order_within_a_row),
		cmocka_unit_test(only_kept_rows_with_a_reason_become_rejected),
		cmocka_unit_test(bits_are_counted_up_to_the_last_row),
		cmocka_unit_test(reason_texts_have_one_id_each),
		cmocka_unit_test(what_is_let_go_of_keeps_its_contents),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

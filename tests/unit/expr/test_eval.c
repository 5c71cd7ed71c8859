// SPDX-License-Identifier: Apache-2.0
/* Values: three-valued logic, exact numbers, overflow and where it does not count. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/mem.h"
#include "help.h"

#define VALUES(expression, values) assert_string_equal(fe_test_values(expression), values)

/* b is true, false, null; the constants make the other side. */
static void
eval_follows_the_truth_tables(void **state)
{
	(void)state;
	VALUES("b and true", "true false null");
	VALUES("b and false", "false false false");
	VALUES("b and null", "null false null");
	VALUES("b or true", "true true true");
	VALUES("b or false", "true false null");
	VALUES("b or null", "true null null");
	VALUES("not b", "false true null");
	VALUES("b and c", "null false null");
	VALUES("b or c", "true true null");
	VALUES("b = c", "null false null");
	VALUES("b is null", "false false true");
	VALUES("b is not null", "true true false");
	VALUES("null is null", "true true true");
	VALUES("b and not b or b", "true false null");
}

static void
eval_binds_and_tighter_than_or_and_not_looser_than_comparison(void **state)
{
	(void)state;
	VALUES("true or b and false", "true true true");
	VALUES("(true or b) and false", "false false false");
	VALUES("not n = 3", "false null null");
	VALUES("1 + 2 * 3 - 4", "3 3 3");
	VALUES("10 - 4 - 3", "3 3 3");
	VALUES("- n * 2", "-6 null null");
	VALUES("2 - -n", "5 null null");
	VALUES("n between 1 and 5 and b", "true false null");
	VALUES("not n between 1 and 2 or c", "true true null");
}

static void
eval_lists_with_a_null_are_unknown_where_nothing_is_found(void **state)
{
	(void)state;
	VALUES("n in (1, 2, 3)", "true null null");
	VALUES("m in (1, null)", "null null null");
	VALUES("m in (-2, null)", "true null null");
	VALUES("m not in (-2, null)", "false null null");
	VALUES("m not in (1, 2)", "true true null");
	VALUES("m in (n, -2)", "true null null");
	VALUES("m in (n - 5, 7)", "true null null");
	VALUES("s in ('failed', 'x', 'longer than it')", "true false null");
	VALUES("s in ('a','b','c','d','e','f','g','h','i','failed')", "true false null");
	VALUES("m in (1,2,3,4,5,6,7,8,9,-2)", "true false null");
	VALUES("amount in (12.5, 1.005, 7)", "true false null");
	VALUES("n in (2.5, 3.0)", "true null null");
	VALUES("n in (2.5, 3.5)", "false null null");
	VALUES("d in (date '2024-02-29', date '2024-03-01')", "true false null");
	VALUES("d in (timestamp '2024-02-29 00:00Z', timestamp '2024-03-01 10:00Z')", "true false null");
	VALUES("b in (true, null)", "true null null");
	VALUES("5 in (n, 5)", "true true true");
}

static void
eval_compares_numbers_of_all_scales_exactly(void **state)
{
	(void)state;
	VALUES("amount > 12.499", "true false null");
	VALUES("amount >= 12.501", "false false null");
	VALUES("amount = 12.5", "true false null");
	VALUES("amount = 12.505", "false false null");
	VALUES("amount <> 12.505", "true true null");
	VALUES("amount < rate", "false null null");
	VALUES("n > 2.999999", "true null null");
	VALUES("n < 3.000001", "true null null");
	VALUES("-0.04 > amount", "false true null");
	VALUES("m > -2.5", "true true null");
	VALUES("m < -1.5", "true false null");
	VALUES("amount < 9223372036854775807", "true true null");
	VALUES("amount > -9223372036854775808", "true true null");
	VALUES("amount = 9223372036854775807", "false false null");
	VALUES("m = 9223372036854775807", "false true null");
	VALUES("m <= 9223372036854775807", "true true null");
	VALUES("m > rate", "false null null"); /* 2^63 - 1 beside six decimals: no overflow */
	VALUES("m > amount", "false true null");
}

static void
eval_compares_texts_by_code_points(void **state)
{
	(void)state;
	VALUES("s = 'failed'", "true false null");
	VALUES("s <> 'failed'", "false true null");
	VALUES("s = 'Failed'", "false false null");
	VALUES("s < 'fails'", "true false null");
	VALUES("s > 'zz'", "false true null");
	VALUES("t = ''", "false true null");
	VALUES("t < s", "false true null");
	VALUES("'failed' = s", "true false null");
	VALUES("s = null", "null null null");
	VALUES("s = 'failer'", "false false null");
	VALUES("s || t = 'failedx%y_z'", "true false null");
}

static void
eval_compares_dates_with_moments_at_midnight_utc(void **state)
{
	(void)state;
	VALUES("ts > d", "true true null");
	VALUES("d <= ts", "true true null");
	VALUES("d = timestamp '2024-02-29 00:00Z'", "true false null");
	VALUES("ts >= date '2024-02-29'", "true false null");
	VALUES("ts < timestamp '2024-03-01 01:00+01:00'", "true true null");
	VALUES("ts <= now()", "true true null");
	VALUES("ts >= now() - days(1000)", "true false null");
	VALUES("now() > ts", "true true null");
}

static void
eval_adds_in_the_greater_scale(void **state)
{
	(void)state;
	VALUES("amount + rate", "14.000000 null null");
	VALUES("amount - 0.005", "12.495 -0.055 null");
	VALUES("amount + n", "15.50 null null");
	VALUES("amount * amount", "156.2500 0.0025 null");
	VALUES("amount * n", "37.50 null null");
	VALUES("0.1 + 0.2", "0.3 0.3 0.3");
	VALUES("-amount", "-12.50 0.05 null");
}

static void
eval_reports_overflow_and_makes_it_null(void **state)
{
	(void)state;
	VALUES("m + 1", "-1 overflow null");
	VALUES("m - -1", "-1 overflow null");
	VALUES("m * m", "4 overflow null");
	VALUES("1 + m", "-1 overflow null");
	VALUES("-m - 2", "0 overflow null");
	VALUES("big + 1", "overflow null null");
	VALUES("big * 1", "999999999999999999 null null");
	VALUES("big * big", "overflow null null");
	VALUES("m + amount", "10.50 overflow null"); /* m has no room for two decimals */
	VALUES("round(amount / (n - 3), 2)", "overflow null null");
	VALUES("abs(m - 9223372036854775807 - 1)", "overflow 1 null");
}

static void
eval_passes_overflow_on_to_what_needs_the_value(void **state)
{
	(void)state;
	VALUES("m * m > 1", "true overflow null");
	VALUES("m * m is null", "false overflow true");
	VALUES("coalesce(m * m, 0)", "4 overflow 0");
	VALUES("m * m + n", "7 overflow null");
	VALUES("m * m in (4, null)", "true overflow null");
	VALUES("nullif(m, m * m)", "-2 overflow null");
	VALUES("case when m * m > 1 then 'x' else 'y' end", "x overflow y");
}

static void
eval_ignores_overflow_that_does_not_matter(void **state)
{
	(void)state;
	VALUES("b and m * m > 1", "true false null");
	VALUES("m * m > 1 and b", "true false null");
	VALUES("c or m * m > 1", "true true null");
	VALUES("b or m * m > 1", "true overflow null");
	VALUES("case when m < 5 then m * m else 0 end", "4 0 0");
	VALUES("case when m > 5 then 0 else m * m end", "4 0 null");
	VALUES("coalesce(b, m * m > 1)", "true false null");
	VALUES("coalesce(m, m * m)", "-2 9223372036854775807 null");
	VALUES("m <> 9223372036854775807 and m * m = 4", "true false null");
}

static void
eval_chooses_the_first_true_branch(void **state)
{
	(void)state;
	VALUES("case when amount > 0 then 'in' when amount < 0 then 'out' else 'none' end", "in out none");
	VALUES("case when b then n end", "3 null null");
	VALUES("case n when 3 then 'three' when null then 'never' else 'else' end", "three else else");
	VALUES("case when b then amount when c then 1 else 0.125 end", "12.500 1.000 0.125");
	VALUES("case when b then b else c end", "true true null");
	VALUES("case when b then d else ts end",
	       "2024-02-29 00:00:00.000000Z 1969-12-31 23:59:59.999999Z null");
}

static void
eval_lends_the_column_of_a_bare_reference(void **state)
{
	struct fe_test_data t;
	struct fe_expr *e;
	struct fe_expr_state *s;
	const struct fe_column *out;
	const uint64_t *overflow;
	struct fe_err err = FE_ERR_INIT;

	(void)state;
	fe_test_data_init(&t, 1);
	assert_int_equal(fe_expr_parse(&e, FE_STR(" ( amount )"), &t.schema, 1, &err), FE_OK);
	s = fe_expr_state_new(e);
	assert_int_equal(fe_expr_eval(e, s, &t.batch, 0, &out, &overflow, &err), FE_OK);
	assert_ptr_equal(out, &t.batch.columns[0]);
	assert_null(overflow);
	fe_expr_state_free(s);
	fe_expr_state_free(NULL);
	fe_expr_free(e);
	fe_test_data_reset(&t);
}

static void
eval_takes_batches_of_all_sizes_with_one_state(void **state)
{
	struct fe_test_data t;
	struct fe_expr *e;
	struct fe_expr_state *s;
	const struct fe_column *out;
	const uint64_t *overflow;
	struct fe_err err = FE_ERR_INIT;

	(void)state;
	fe_test_data_init(&t, FE_BATCH_ROWS / 3);
	assert_int_equal(fe_expr_parse(&e, FE_STR("case when m * m > 0 then s || 'x' end"), &t.schema, t.schema.n_fields, &err),
	                 FE_OK);
	s = fe_expr_state_new(e);
	for (size_t n = FE_BATCH_ROWS / 3 * 3; n < FE_BATCH_ROWS; n = n ? n / 2 : FE_BATCH_ROWS) {
		t.batch.n_rows = n;
		assert_int_equal(fe_expr_eval(e, s, &t.batch, 0, &out, &overflow, &err), FE_OK);
		assert_true((overflow != NULL) == (n > 1)); /* every third row, from the second */
		assert_int_equal(overflow ? fe_bits_count(overflow, n) : 0, (n + 1) / 3);
		assert_int_equal(fe_bits_count(out->valid, n), (n + 2) / 3);
	}
	fe_expr_state_free(s);
	fe_expr_free(e);
	fe_test_data_reset(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eval_follows_the_truth_tables),
		cmocka_unit_test(eval_binds_and_tighter_than_or_and_not_looser_than_comparison),
		cmocka_unit_test(eval_lists_with_a_null_are_unknown_where_nothing_is_found),
		cmocka_unit_test(eval_compares_numbers_of_all_scales_exactly),
		cmocka_unit_test(eval_compares_texts_by_code_points),
		cmocka_unit_test(eval_compares_dates_with_moments_at_midnight_utc),
		cmocka_unit_test(eval_adds_in_the_greater_scale),
		cmocka_unit_test(eval_reports_overflow_and_makes_it_null),
		cmocka_unit_test(eval_passes_overflow_on_to_what_needs_the_value),
		cmocka_unit_test(eval_ignores_overflow_that_does_not_matter),
		cmocka_unit_test(eval_chooses_the_first_true_branch),
		cmocka_unit_test(eval_lends_the_column_of_a_bare_reference),
		cmocka_unit_test(eval_takes_batches_of_all_sizes_with_one_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

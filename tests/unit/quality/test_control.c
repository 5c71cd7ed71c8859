// SPDX-License-Identifier: Apache-2.0
/* Control totals: what is stated of objects and of all, held against what was read, to the last digit. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "quality/control.h"

struct rig {
	struct fe_schema schema;
	struct fe_batch batch;
	struct fe_control_column columns[2];
	struct fe_control *control;
	struct fe_err err;
};

static const struct fe_decimal_format european = { .point = ',', .group = '.' };

static int
open_rig(void **state)
{
	static struct rig rig;
	struct rig *r = &rig;
	*r = (struct rig){ .err = FE_ERR_INIT };
	fe_schema_add(&r->schema, FE_STR("amount"), (struct fe_type){ .kind = FE_DECIMAL, .precision = 18, .scale = 2 });
	fe_schema_add(&r->schema, FE_STR("fee"), (struct fe_type){ .kind = FE_DECIMAL, .precision = 18, .scale = 3 });
	r->schema.n_source = 2;
	r->columns[0] = (struct fe_control_column){ .column = 0 };
	r->columns[1] = (struct fe_control_column){ .column = 1, .format = &european, .is_personal = true };
	fe_batch_init(&r->batch, &r->schema);
	r->control = fe_control_new(&(struct fe_control_settings){
		.dataset = "d", .schema = &r->schema, .columns = r->columns, .n_columns = 2 });
	*state = r;
	return 0;
}

static int
close_rig(void **state)
{
	struct rig *r = *state;
	fe_control_free(r->control);
	fe_batch_reset(&r->batch);
	fe_schema_reset(&r->schema);
	return 0;
}

/* n rows of an object: each with this amount, the first without a fee. */
static void
feed(struct rig *r, uint32_t object, size_t n, int64_t amount, int64_t fee)
{
	fe_batch_clear(&r->batch);
	r->batch.n_rows = n;
	r->batch.object = object;
	for (size_t row = 0; row < n; row++) {
		fe_bit_put(r->batch.columns[0].valid, row, true);
		r->batch.columns[0].i64[row] = amount;
		fe_bit_put(r->batch.columns[1].valid, row, row > 0);
		r->batch.columns[1].i64[row] = fee;
	}
	assert_int_equal(fe_control_feed(r->control, &r->batch, &r->err), FE_OK);
}

static enum fe_rc
state_of(struct rig *r, size_t object, const char *name, const char *rows, const char *amount, const char *fee)
{
	const struct fe_str sums[2] = { amount ? fe_str_of(amount) : (struct fe_str){ 0 }, fee ? fe_str_of(fee) : (struct fe_str){ 0 } };
	const struct fe_control_statement s = {
		.origin = object == FE_CONTROL_ALL ? FE_CONTROL_GIVEN : FE_CONTROL_TRAILER,
		.object = object,
		.object_name = name,
		.rows = rows ? fe_str_of(rows) : (struct fe_str){ 0 },
		.sums = sums,
	};
	return fe_control_state(r->control, &s, &r->err);
}

static enum fe_rc
end_and_check(struct rig *r)
{
	assert_int_equal(fe_control_end(r->control, &r->err), FE_OK);
	return fe_control_check(r->control, &r->err);
}

static void
control_agrees_by_object_and_by_data_set(void **state)
{
	struct rig *r = *state;
	feed(r, 0, 3, 150, 1);
	feed(r, 1, 2, -1, 5);
	assert_int_equal(state_of(r, 0, "a.csv", " 0003 ", "4.5", "0,002"), FE_OK);
	assert_int_equal(state_of(r, 1, "b.csv", "2", "-0.02", NULL), FE_OK);
	assert_int_equal(state_of(r, FE_CONTROL_ALL, NULL, "5", "4.48", NULL), FE_OK);
	assert_int_equal(end_and_check(r), FE_OK);
	/* given: rows, amount; by trailers: rows, amount, fee; then those of the objects */
	assert_int_equal(fe_control_n_items(r->control), 10);
	assert_true(fe_control_item(r->control, 3)->said == 448 && fe_control_item(r->control, 3)->object == FE_CONTROL_ALL);
}

static void
control_names_both_figures_where_they_differ(void **state)
{
	struct rig *r = *state;
	feed(r, 0, 3, 150, 1);
	assert_int_equal(state_of(r, 0, "a.csv", "4", "4.51", NULL), FE_OK);
	assert_int_equal(end_and_check(r), FE_ECHECK);
	assert_string_equal(r->err.text, "'d': control totals differ: a.csv: 3 records were read, and its trailer says 4; "
	                                 "a.csv: the sum of 'amount' is 4.50 as read, and its trailer says 4.51");
}

static void
control_does_not_let_two_objects_cancel_out(void **state)
{
	struct rig *r = *state;
	feed(r, 0, 1, 100, 0);
	feed(r, 1, 1, 200, 0);
	assert_int_equal(state_of(r, 0, "a.csv", NULL, "2.00", NULL), FE_OK);
	assert_int_equal(state_of(r, 1, "b.csv", NULL, "1.00", NULL), FE_OK);
	assert_int_equal(end_and_check(r), FE_ECHECK);
	assert_null(strstr(r->err.text, "together"));
}

static void
control_tells_no_personal_sum(void **state)
{
	struct rig *r = *state;
	struct fe_buf out;
	struct fe_json j;

	feed(r, 0, 3, 0, 7001);
	assert_int_equal(state_of(r, 0, "a.csv", NULL, NULL, "9,999"), FE_OK);
	assert_int_equal(end_and_check(r), FE_ECHECK);
	assert_string_equal(r->err.text, "'d': control totals differ: a.csv: the sum of 'fee' is *** as read, and its trailer says ***");
	fe_buf_init(&out, 4096);
	fe_json_init(&j, &out, 0);
	fe_json_object(&j, NULL);
	fe_control_json(r->control, "control", &j);
	fe_json_object_end(&j);
	fe_control_summary(r->control, &out);
	assert_null(strstr(fe_buf_text(&out), "9.999"));
	assert_null(strstr(fe_buf_text(&out), "14.002"));
	fe_buf_reset(&out);
}

static void
control_refuses_what_is_no_figure(void **state)
{
	static const char *const rows[] = { "", "x", "-1", "1.0", "1e3", "99999999999999999999" };
	static const char *const sums[] = { "", "x", "1.005", "1,00", "$1", "1e3" };
	struct rig *r = *state;

	feed(r, 0, 1, 100, 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(state_of(r, 0, "a.csv", rows[i], NULL, NULL), FE_EDATA);
		assert_non_null(strstr(r->err.text, "is not a number of records"));
	}
	for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
		assert_int_equal(state_of(r, 0, "a.csv", NULL, sums[i], NULL), FE_EDATA);
		assert_non_null(strstr(r->err.text, "is not a sum of 'amount'"));
	}
}

static void
control_sums_have_more_digits_than_values(void **state)
{
	struct rig *r = *state;
	for (int i = 0; i < 100; i++)
		feed(r, 0, 4096, INT64_C(999999999999999999), 0);
	assert_int_equal(state_of(r, 0, "a.csv", "409600", "4095999999999999995904.00", NULL), FE_OK);
	assert_int_equal(end_and_check(r), FE_OK);
	assert_int_equal(state_of(r, 0, "a.csv", NULL, "4095999999999999995904.01", NULL), FE_OK);
	assert_int_equal(fe_control_check(r->control, &r->err), FE_ECHECK);
}

static void
control_of_objects_that_gave_no_record(void **state)
{
	struct rig *r = *state;
	assert_int_equal(state_of(r, 2, "c.csv", "0", "0", NULL), FE_OK);
	assert_int_equal(end_and_check(r), FE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(control_agrees_by_object_and_by_data_set, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(control_names_both_figures_where_they_differ, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(control_does_not_let_two_objects_cancel_out, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(control_tells_no_personal_sum, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(control_refuses_what_is_no_figure, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(control_sums_have_more_digits_than_values, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(control_of_objects_that_gave_no_record, open_rig, close_rig),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

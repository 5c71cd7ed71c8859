// SPDX-License-Identifier: Apache-2.0
/* Derived columns: values, bands at their bounds, points and their clamp. */
#include "rig.h"

#include "transform/derive.h"

/* x decimal(12,2), day date; then one derived column. */
static void
open_data(struct rig *r, const char *derived_type, const char *const *x, size_t n)
{
	struct fe_type t;
	rig_column(r, "x", "decimal(12,2)");
	rig_column(r, "day", "date");
	r->schema.n_source = 2;
	assert_int_equal(fe_type_parse(fe_str_of(derived_type), &t, NULL), FE_OK);
	fe_schema_add(&r->schema, FE_STR("out"), t);
	rig_open(r, true);
	for (size_t row = 0; row < n; row++) {
		rig_cell(r, row, 0, fe_str_of(x[row]));
		rig_cell(r, row, 1, row % 2 ? FE_STR("2024-03-01") : FE_STR(""));
	}
	rig_clean(r);
}

static void
derive(struct rig *r, const struct fe_derivation *d)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_derive *derive = fe_derive_new(d, 1, &r->schema, &r->reasons);
	assert_int_equal(fe_derive_batch(derive, &r->batch, 0, &err), FE_OK);
	fe_derive_free(derive);
}

static void
bands_include_their_upper_bound_and_null_has_none(void **state)
{
	(void)state;
	static const char *const x[] = { "-1", "50.00", "50.01", "200", "200.01", "", "1000.00", "1000.01" };
	static const char *const labels[] = { "small", "small", "medium", "medium", "large", NULL, "very_large", "exceptional" };
	static const struct fe_band bands[] = {
		{ 5000, "small" }, { 20000, "medium" }, { 50000, "large" }, { 100000, "very_large" },
	};
	struct rig r = { 0 };
	open_data(&r, "text(20)", x, 8);
	derive(&r, &(struct fe_derivation){ .kind = FE_DERIVE_BANDS, .column = 2, .of = 0, .bands = bands,
	                                    .n_bands = 4, .above = "exceptional" });
	for (size_t row = 0; row < 8; row++)
		rig_expect(&r, row, 2, labels[row], "");
	rig_close(&r);
}

static void
bands_of_any_number_find_the_right_one(void **state)
{
	(void)state;
	static const char *const x[] = { "0.00", "0.01", "0.02", "0.05", "0.09", "0.10", "7.00" };
	struct fe_band bands[12];
	char labels[13][8];
	for (size_t n = 0; n <= 12; n++) {
		struct rig r = { 0 };
		for (size_t i = 0; i <= n && i < 13; i++) {
			snprintf(labels[i], sizeof labels[i], "b%zu", i);
			if (i < n)
				bands[i] = (struct fe_band){ .upto = (int64_t)i, .label = labels[i] };
		}
		open_data(&r, "text", x, 7);
		derive(&r, &(struct fe_derivation){ .kind = FE_DERIVE_BANDS, .column = 2, .of = 0, .bands = bands,
		                                    .n_bands = n, .above = labels[n] });
		for (size_t row = 0; row < 7; row++) {
			size_t band = 0;
			while (band < n && r.batch.columns[0].i64[row] > bands[band].upto)
				band++;
			rig_expect(&r, row, 2, labels[band], "");
		}
		rig_close(&r);
	}
}

static void
bands_of_a_date_and_labels_that_are_too_long(void **state)
{
	(void)state;
	static const char *const x[] = { "1", "2", "3", "4" };
	static const struct fe_band bands[] = { { 0, "early" } };
	struct rig r = { 0 };
	open_data(&r, "text(5)", x, 4);
	r.batch.verdict[3] = FE_REJECTED;
	derive(&r, &(struct fe_derivation){ .kind = FE_DERIVE_BANDS, .column = 2, .of = 1, .bands = bands,
	                                    .n_bands = 1, .above = "too late" });
	rig_expect(&r, 0, 2, NULL, "");
	rig_expect(&r, 1, 2, NULL, "out:too_long");
	rig_expect(&r, 3, 2, NULL, ""); /* rejected before */
	rig_close(&r);
}

static void
points_add_up_where_true_and_are_clamped(void **state)
{
	(void)state;
	static const char *const x[] = { "0", "6000", "20000", "", "-5" };
	static const char *const scores[] = { "0.00", "30.00", "70.00", "0.00", "-10.00" };
	static const char *const clamped[] = { "0.00", "30.00", "60.00", "0.00", "0.00" };
	for (int clamp = 0; clamp < 2; clamp++) {
		struct rig r = { 0 };
		open_data(&r, "decimal(5,2)", x, 5);
		struct fe_point points[] = {
			{ 3000, rig_expr(&r, "x > 5000") },
			{ 4000, rig_expr(&r, "x > 10000") },
			{ -1000, rig_expr(&r, "x < 0") },
		};
		derive(&r, &(struct fe_derivation){ .kind = FE_DERIVE_POINTS, .column = 2, .points = points,
		                                    .n_points = 3, .is_clamped = clamp, .clamp_low = 0,
		                                    .clamp_high = 6000 });
		for (size_t row = 0; row < 5; row++)
			rig_expect(&r, row, 2, (clamp ? clamped : scores)[row], "");
		rig_close(&r);
	}
}

static void
points_that_do_not_fit_reject_the_record(void **state)
{
	(void)state;
	static const char *const x[] = { "0", "1", "2" };
	struct rig r = { 0 };
	open_data(&r, "decimal(3,2)", x, 3);
	struct fe_point points[] = {
		{ 1000, rig_expr(&r, "x >= 1") },
		{ INT64_MAX, rig_expr(&r, "x >= 2") },
	};
	derive(&r, &(struct fe_derivation){ .kind = FE_DERIVE_POINTS, .column = 2, .points = points, .n_points = 2 });
	rig_expect(&r, 0, 2, "0.00", "");
	rig_expect(&r, 1, 2, NULL, "out:out_of_range");
	rig_expect(&r, 2, 2, NULL, "out:overflow");
	rig_close(&r);
}

static void
value_fits_exactly_or_rejects_the_record_once(void **state)
{
	(void)state;
	static const char *const x[] = { "1.00", "1.50", "", "bad", "9999999999.99" };
	struct rig r = { 0 };
	open_data(&r, "int", x, 5);
	derive(&r, &(struct fe_derivation){ .kind = FE_DERIVE_VALUE, .column = 2, .value = rig_expr(&r, "x * 2.0") });
	rig_expect(&r, 0, 2, "2", "");
	rig_expect(&r, 1, 2, "3", "");
	rig_expect(&r, 2, 2, NULL, "");
	rig_expect(&r, 3, 2, NULL, "x:not_a_number");
	rig_expect(&r, 4, 2, NULL, "out:too_many_decimals");
	rig_close(&r);
}

static void
derivations_may_use_those_before_them(void **state)
{
	(void)state;
	static const char *const x[] = { "30", "3" };
	static const struct fe_band bands[] = { { 2000, "low" } };
	struct rig r = { 0 };
	struct fe_err err = FE_ERR_INIT;
	struct fe_type text = { .kind = FE_TEXT };
	rig_column(&r, "x", "decimal(12,2)");
	r.schema.n_source = 1;
	fe_schema_add(&r.schema, FE_STR("score"), (struct fe_type){ .kind = FE_DECIMAL, .precision = 5, .scale = 2 });
	fe_schema_add(&r.schema, FE_STR("level"), text);
	fe_schema_add(&r.schema, FE_STR("shout"), text);
	rig_open(&r, true);
	for (size_t row = 0; row < 2; row++)
		rig_cell(&r, row, 0, fe_str_of(x[row]));
	rig_clean(&r);
	struct fe_point point = { 3000, rig_expr(&r, "x > 10") };
	struct fe_derivation d[] = {
		{ .kind = FE_DERIVE_POINTS, .column = 1, .points = &point, .n_points = 1 },
		{ .kind = FE_DERIVE_BANDS, .column = 2, .of = 1, .bands = bands, .n_bands = 1, .above = "high" },
		{ .kind = FE_DERIVE_VALUE, .column = 3, .value = rig_expr(&r, "upper(level)") },
	};
	struct fe_derive *derive = fe_derive_new(d, 3, &r.schema, &r.reasons);
	assert_int_equal(fe_derive_batch(derive, &r.batch, 0, &err), FE_OK);
	rig_expect(&r, 0, 3, "HIGH", "");
	rig_expect(&r, 1, 3, "LOW", "");
	fe_derive_free(derive);
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bands_include_their_upper_bound_and_null_has_none),
		cmocka_unit_test(bands_of_any_number_find_the_right_one),
		cmocka_unit_test(bands_of_a_date_and_labels_that_are_too_long),
		cmocka_unit_test(points_add_up_where_true_and_are_clamped),
		cmocka_unit_test(points_that_do_not_fit_reject_the_record),
		cmocka_unit_test(value_fits_exactly_or_rejects_the_record_once),
		cmocka_unit_test(derivations_may_use_those_before_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* where, rules and references: three-valued, over words of 64 rows */
#include "rig.h"

#include "transform/check.h"

/* 130 rows: x is row - 65, or null where row % 10 is 9. */
static void
open_numbers(struct rig *r)
{
	rig_column(r, "x", "int");
	rig_column(r, "big", "int");
	rig_open(r, true);
	fe_batch_clear(&r->batch);
	r->batch.n_rows = 130;
	for (size_t row = 0; row < 130; row++) {
		r->batch.origin[row].record = row + 1;
		fe_bit_put(r->batch.columns[0].valid, row, row % 10 != 9);
		r->batch.columns[0].i64[row] = (int64_t)row - 65;
		fe_bit_put(r->batch.columns[1].valid, row, true);
		r->batch.columns[1].i64[row] = row == 100 ? INT64_MAX : 1;
	}
}

static void
where_keeps_only_what_is_true(void **state)
{
	(void)state;
	struct rig r = { 0 };
	struct fe_err err = FE_ERR_INIT;
	open_numbers(&r);
	struct fe_checks *c = fe_checks_new(rig_expr(&r, "x >= 0"), NULL, 0, &r.reasons);
	fe_batch_add_reason(&r.batch, 3, fe_reason_id(&r.reasons, "x", "y"), (struct fe_str){ 0 });
	fe_bit_set(r.batch.broken, 5); /* malformed: it must not vanish by the filter */
	assert_int_equal(fe_checks_where(c, &r.batch, 0, &err), FE_OK);
	for (size_t row = 0; row < 130; row++)
		assert_int_equal(r.batch.verdict[row],
		                 row == 5 || (row >= 65 && row % 10 != 9) ? FE_KEPT : FE_FILTERED);
	fe_checks_free(c);
	rig_close(&r);
}

static void
where_that_overflows_rejects_instead_of_filtering(void **state)
{
	(void)state;
	struct rig r = { 0 };
	struct fe_err err = FE_ERR_INIT;
	open_numbers(&r);
	struct fe_checks *c = fe_checks_new(rig_expr(&r, "big + big > 0"), NULL, 0, &r.reasons);
	assert_int_equal(fe_checks_where(c, &r.batch, 0, &err), FE_OK);
	assert_int_equal(fe_batch_count(&r.batch, FE_KEPT), 130);
	assert_int_equal(r.batch.n_reasons, 1);
	assert_string_equal(rig_reasons(&r, 100), "where:overflow");
	fe_checks_free(c);
	rig_close(&r);
}

static void
rules_are_broken_only_where_false(void **state)
{
	(void)state;
	struct rig r = { 0 };
	struct fe_err err = FE_ERR_INIT;
	open_numbers(&r);
	struct fe_rule rules[] = {
		{ .id = "not_negative", .check = rig_expr(&r, "x >= 0"), .action = FE_RULE_REJECT },
		{ .id = "small", .check = rig_expr(&r, "x < 60"), .action = FE_RULE_WARN },
		{ .id = "no_overflow", .check = rig_expr(&r, "big + big > 0"), .action = FE_RULE_REJECT },
	};
	struct fe_checks *c = fe_checks_new(NULL, rules, 3, &r.reasons);
	fe_bit_set(r.batch.broken, 5);
	r.batch.verdict[6] = FE_FILTERED;
	assert_int_equal(fe_checks_where(c, &r.batch, 0, &err), FE_OK);
	assert_int_equal(fe_checks_rules(c, &r.batch, 0, &err), FE_OK);
	for (size_t row = 0; row < 130; row++) {
		bool broken = row < 65 && row % 10 != 9 && row != 5 && row != 6;
		assert_string_equal(rig_reasons(&r, row),
		                    broken ? "not_negative" : row == 100 ? "no_overflow" : "");
	}
	assert_int_equal(fe_checks_broken(c, 0), 65 - 6 - 2);
	assert_int_equal(fe_checks_broken(c, 1), 4); /* 125 to 128; 129 is null */
	assert_int_equal(fe_checks_broken(c, 2), 1);
	fe_checks_free(c);
	rig_close(&r);
}

static void
rule_with_abort_names_itself_and_the_record(void **state)
{
	(void)state;
	struct rig r = { 0 };
	struct fe_err err = FE_ERR_INIT;
	open_numbers(&r);
	struct fe_rule rules[] = {
		{ .id = "not_negative", .check = rig_expr(&r, "x >= 0"), .action = FE_RULE_WARN },
		{ .id = "small", .check = rig_expr(&r, "x < 10"), .action = FE_RULE_WARN },
		{ .id = "never", .check = rig_expr(&r, "x <> 10"), .action = FE_RULE_ABORT },
	};
	struct fe_checks *c = fe_checks_new(NULL, rules, 3, &r.reasons);
	fe_batch_add_reason(&r.batch, 10, 0, (struct fe_str){ 0 });
	fe_batch_add_reason(&r.batch, 90, 0, (struct fe_str){ 0 });
	assert_int_equal(fe_checks_rules(c, &r.batch, 0, &err), FE_ECHECK);
	assert_non_null(strstr(err.text, "'never'"));
	assert_int_equal(err.record, 76);
	/* what is left is what came before it, and only that is counted */
	assert_int_equal(r.batch.n_rows, 75);
	assert_int_equal(r.batch.n_reasons, 1);
	assert_int_equal(fe_checks_broken(c, 0), 65 - 6);
	assert_int_equal(fe_checks_broken(c, 1), 0);
	assert_int_equal(fe_checks_broken(c, 2), 1);
	fe_checks_free(c);
	rig_close(&r);
}

struct parents {
	uint64_t n_calls, n_asked;
};

static enum fe_rc
knows_even(void *ctx, const struct fe_column *column, const uint64_t *asked, size_t n_rows, uint64_t *known,
           struct fe_err *err)
{
	struct parents *p = ctx;
	(void)err;
	p->n_calls++;
	for (size_t row = 0; row < n_rows; row++) {
		if (!fe_bit_get(asked, row))
			continue;
		p->n_asked++;
		fe_bit_put(known, row, column->i64[row] % 2 == 0);
	}
	return FE_OK;
}

static enum fe_rc
cannot_tell(void *ctx, const struct fe_column *column, const uint64_t *asked, size_t n_rows, uint64_t *known,
            struct fe_err *err)
{
	(void)ctx, (void)column, (void)asked, (void)n_rows, (void)known;
	return fe_fail(err, FE_EUNAVAIL, "the warehouse is gone");
}

static void
references_ask_once_for_every_value_that_is_there(void **state)
{
	(void)state;
	struct rig r = { 0 };
	struct parents p = { 0 };
	struct fe_err err = FE_ERR_INIT;
	open_numbers(&r);
	struct fe_reference refs[] = { { .id = "parent_known", .column = 0, .known = knows_even, .ctx = &p } };
	uint32_t id = fe_reason_id(&r.reasons, NULL, "parent_known");
	r.batch.verdict[0] = FE_FILTERED;
	fe_batch_add_reason(&r.batch, 2, fe_reason_id(&r.reasons, "x", "y"), (struct fe_str){ 0 });
	assert_int_equal(fe_check_references(refs, &id, 1, &r.batch, &err), FE_OK);
	assert_int_equal(p.n_calls, 1);
	assert_int_equal(p.n_asked, 130 - 13 - 1);
	assert_string_equal(rig_reasons(&r, 0), "");
	assert_string_equal(rig_reasons(&r, 2), "x:y;parent_known");
	assert_string_equal(rig_reasons(&r, 9), "");
	for (size_t row = 3; row < 130; row++)
		assert_string_equal(rig_reasons(&r, row), row % 10 == 9 || row % 2 == 1 ? "" : "parent_known");
	refs[0].known = cannot_tell;
	assert_int_equal(fe_check_references(refs, &id, 1, &r.batch, &err), FE_EUNAVAIL);
	rig_close(&r);
}

static void
references_ask_nothing_where_nothing_is_judged(void **state)
{
	(void)state;
	struct rig r = { 0 };
	struct parents p = { 0 };
	struct fe_err err = FE_ERR_INIT;
	open_numbers(&r);
	struct fe_reference ref = { .id = "parent_known", .column = 0, .known = knows_even, .ctx = &p };
	uint32_t id = fe_reason_id(&r.reasons, NULL, "parent_known");
	for (size_t row = 0; row < r.batch.n_rows; row++)
		r.batch.verdict[row] = FE_FILTERED;
	assert_int_equal(fe_check_references(&ref, &id, 1, &r.batch, &err), FE_OK);
	assert_int_equal(p.n_calls, 0);
	assert_int_equal(r.batch.n_reasons, 0);
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_keeps_only_what_is_true),
		cmocka_unit_test(where_that_overflows_rejects_instead_of_filtering),
		cmocka_unit_test(rules_are_broken_only_where_false),
		cmocka_unit_test(rule_with_abort_names_itself_and_the_record),
		cmocka_unit_test(references_ask_once_for_every_value_that_is_there),
		cmocka_unit_test(references_ask_nothing_where_nothing_is_judged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

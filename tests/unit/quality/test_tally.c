// SPDX-License-Identifier: Apache-2.0
/* Counts and sums: each record under one term, sums beyond 64 bits, and what is said
 * where the two sides do not meet; the gate at its bounds and one past them. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "quality/gate.h"

struct rig {
	struct fe_schema schema;
	struct fe_batch batch;
	struct fe_tally tally;
	struct fe_err err;
};

static int
open_rig(void **state)
{
	static struct rig rig;
	struct rig *r = &rig;
	*r = (struct rig){ .err = FE_ERR_INIT };
	fe_schema_add(&r->schema, FE_STR("id"), (struct fe_type){ .kind = FE_TEXT });
	fe_schema_add(&r->schema, FE_STR("amount"), (struct fe_type){ .kind = FE_DECIMAL, .precision = 18, .scale = 2 });
	fe_schema_add(&r->schema, FE_STR("fee"), (struct fe_type){ .kind = FE_DECIMAL, .precision = 18, .scale = 3 });
	r->schema.n_source = 3;
	fe_schema_add(&r->schema, FE_STR("score"), (struct fe_type){ .kind = FE_DECIMAL, .precision = 5, .scale = 2 });
	fe_batch_init(&r->batch, &r->schema);
	fe_tally_init(&r->tally, &r->schema);
	*state = r;
	return 0;
}

static int
close_rig(void **state)
{
	struct rig *r = *state;
	fe_tally_reset(&r->tally);
	fe_batch_reset(&r->batch);
	fe_schema_reset(&r->schema);
	return 0;
}

/* n rows: amount is amount + row, fee null but for the last row. */
static void
fill(struct rig *r, size_t n, int64_t amount, int64_t fee)
{
	fe_batch_clear(&r->batch);
	r->batch.n_rows = n;
	for (size_t row = 0; row < n; row++) {
		fe_bit_put(r->batch.columns[1].valid, row, true);
		r->batch.columns[1].i64[row] = amount + (int64_t)row;
		fe_bit_put(r->batch.columns[2].valid, row, row + 1 == n);
		r->batch.columns[2].i64[row] = fee;
	}
}

static void
tally_puts_every_record_under_one_term(void **state)
{
	struct rig *r = *state;
	struct fe_tally *t = &r->tally;
	fill(r, 20, 100, -7);
	assert_int_equal(t->n_decimals, 2); /* derived ones have no part in it */
	assert_int_equal(fe_tally_read(t, &r->batch, &r->err), FE_OK);
	assert_int_equal(t->no_value[0], 0);
	assert_int_equal(t->no_value[1], 19);

	static const enum fe_verdict verdicts[] = { FE_FILTERED, FE_REJECTED, FE_CONFLICT, FE_DUPLICATE,
		                                    FE_UNCHANGED, FE_SUPERSEDED };
	for (size_t i = 0; i < 6; i++)
		r->batch.verdict[i + 9] = (uint8_t)verdicts[i];
	r->batch.verdict[19] = FE_REJECTED;
	assert_int_equal(fe_tally_verdicts(t, &r->batch, &r->err), FE_OK);
	assert_int_equal(t->terms[FE_TERM_FILTERED].n, 1);
	assert_int_equal(t->terms[FE_TERM_REJECTED].n, 3);
	assert_true(t->terms[FE_TERM_REJECTED].sums[0] == 110 + 111 + 119);
	assert_true(t->terms[FE_TERM_REJECTED].sums[1] == -7);
	assert_true(t->rejected_abs[1] == 7);
	assert_true(t->terms[FE_TERM_SUPERSEDED].sums[0] == 114);

	assert_int_equal(fe_tally_reconcile(t, "d", &r->err), FE_EBUG);
	assert_non_null(strstr(r->err.text, "'d' do not agree: 20 records were read, 7 are accounted for"));
	fe_i128 sums[2] = { 0, 0 };
	for (int row = 0; row < 20; row++)
		if (r->batch.verdict[row] == FE_KEPT)
			sums[0] += 100 + row;
	assert_int_equal(fe_tally_add(t, FE_TERM_INSERTED, 13, sums, &r->err), FE_OK);
	assert_int_equal(fe_tally_reconcile(t, "d", &r->err), FE_OK);
	t->terms[FE_TERM_UPDATED].sums[1] = 1;
	assert_int_equal(fe_tally_reconcile(t, "d", &r->err), FE_EBUG);
	assert_non_null(strstr(r->err.text, "the sum of 'fee' is -0.007 as read, -0.006 as accounted for"));
}

static void
tally_counts_reasons_of_rejected_records_only(void **state)
{
	struct rig *r = *state;
	struct fe_tally *t = &r->tally;
	fill(r, 4, 1, 1);
	for (uint32_t row = 0; row < 4; row++)
		fe_batch_add_reason(&r->batch, row, row == 3 ? 9 : 2, (struct fe_str){ 0 });
	fe_batch_add_reason(&r->batch, 0, 4, (struct fe_str){ 0 });
	r->batch.verdict[1] = FE_FILTERED;
	fe_batch_reject_failed(&r->batch);
	assert_int_equal(fe_tally_verdicts(t, &r->batch, &r->err), FE_OK);
	assert_int_equal(t->n_reason_counts, 10);
	assert_int_equal(t->reason_counts[2], 2);
	assert_int_equal(t->reason_counts[4], 1);
	assert_int_equal(t->reason_counts[9], 1);
	assert_int_equal(t->reason_counts[3], 0);
}

static void
tally_sums_beyond_64_bits_and_stops_beyond_128(void **state)
{
	struct rig *r = *state;
	struct fe_tally *t = &r->tally;
	int64_t most = INT64_C(999999999999999999);
	fill(r, FE_BATCH_ROWS, most - FE_BATCH_ROWS, 0);
	fe_i128 want = 0;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(fe_tally_read(t, &r->batch, &r->err), FE_OK);
		for (int64_t row = 0; row < FE_BATCH_ROWS; row++)
			want += most - FE_BATCH_ROWS + row;
	}
	assert_true(want > (fe_i128)INT64_MAX);
	assert_true(t->terms[FE_TERM_READ].sums[0] == want);
	t->terms[FE_TERM_READ].sums[0] = (fe_i128)(~(unsigned __int128)0 >> 1);
	assert_int_equal(fe_tally_read(t, &r->batch, &r->err), FE_ELIMIT);
	assert_non_null(strstr(r->err.text, "'amount'"));
}

static void
tally_takes_superseded_rows_of_earlier_batches(void **state)
{
	struct rig *r = *state;
	fill(r, 3, 10, 0);
	assert_int_equal(fe_tally_rows(&r->tally, FE_TERM_SUPERSEDED, &r->batch, 2, &r->err), FE_OK);
	assert_int_equal(r->tally.terms[FE_TERM_SUPERSEDED].n, 2);
	assert_true(r->tally.terms[FE_TERM_SUPERSEDED].sums[0] == 21);
}

static void
gate_percent_is_exact_at_its_bound(void **state)
{
	struct rig *r = *state;
	struct fe_tally *t = &r->tally;
	struct fe_gate gate = { .has_max_rejected_percent = true };
	static const struct { int64_t bound; uint64_t rejected, read; bool passes; } cases[] = {
		{ 5000000, 5, 100, true },           { 5000000, 6, 100, false },
		{ 5000000, 0, 0, true },             { 0, 0, 10, true },
		{ 0, 1, UINT64_MAX, false },         { 100000000, UINT64_MAX, UINT64_MAX, true },
		{ 33333333, 1, 3, false },           { 33333334, 1, 3, true },
		{ 1, 1, 100000000, true },           { 1, 2, 199999999, false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		gate.max_rejected_percent = cases[i].bound;
		t->terms[FE_TERM_READ].n = cases[i].read;
		t->terms[FE_TERM_REJECTED].n = cases[i].rejected;
		assert_int_equal(fe_gate_check(&gate, t, "d", &r->err), cases[i].passes ? FE_OK : FE_ECHECK);
	}
	gate.max_rejected_percent = 2500000;
	t->terms[FE_TERM_READ].n = 200;
	t->terms[FE_TERM_REJECTED].n = 6;
	assert_int_equal(fe_gate_check(&gate, t, "payments", &r->err), FE_ECHECK);
	assert_string_equal(r->err.text,
	                    "'payments': 6 of 200 records are rejected, more than the 2.5 % of max_rejected_percent");
}

static void
gate_holds_sums_and_rows_at_their_bounds(void **state)
{
	struct rig *r = *state;
	struct fe_tally *t = &r->tally;
	struct fe_gate_sum sum = { .column = 1, .at_most = 10000 };
	struct fe_gate gate = { .max_rejected_sums = &sum, .n_max_rejected_sums = 1, .min_rows = 3 };
	fill(r, 2, -5000, 0);
	r->batch.verdict[0] = r->batch.verdict[1] = FE_REJECTED;
	assert_int_equal(fe_tally_verdicts(t, &r->batch, &r->err), FE_OK);
	t->terms[FE_TERM_READ].n = 3;
	assert_int_equal(fe_gate_check(&gate, t, "d", &r->err), FE_OK); /* 50.00 + 49.99 */
	t->rejected_abs[0] += 2;
	assert_int_equal(fe_gate_check(&gate, t, "d", &r->err), FE_ECHECK);
	assert_string_equal(r->err.text,
	                    "'d': the rejected records hold 100.01 of 'amount', more than the 100.00 of max_rejected_sum");
	t->terms[FE_TERM_READ].n = 2;
	assert_int_equal(fe_gate_check(&gate, t, "d", &r->err), FE_ECHECK);
	assert_string_equal(r->err.text, "'d': 2 records were read, fewer than the 3 of min_rows");
	sum.column = 0;
	gate.min_rows = 0;
	assert_int_equal(fe_gate_check(&gate, t, "d", &r->err), FE_EBUG);
}

/* What the target says of a group is held against what was read of that group. */
static void
tally_agrees_within_each_group(void **state)
{
	static const size_t by[] = { 0 };
	struct rig *r = *state;
	struct fe_tally *t = &r->tally;
	struct fe_groups confirmed;
	struct fe_str values[2] = { FE_STR("x"), FE_STR("y") };
	const fe_i128 sums[] = { 21, 0 };
	size_t group;

	fe_tally_split(t, by, 1);
	fill(r, 2, 10, 0);
	fe_bit_put(r->batch.columns[2].valid, 1, false);
	for (size_t row = 0; row < 2; row++) {
		fe_bit_put(r->batch.columns[0].valid, row, true);
		r->batch.columns[0].text[row] = values[row];
	}
	assert_int_equal(fe_tally_read(t, &r->batch, &r->err), FE_OK);
	fe_groups_init(&confirmed, &r->schema, by, 1, 3);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(fe_groups_of_texts(&confirmed, &values[i], &group, &r->err), FE_OK);
		assert_int_equal(fe_groups_add(&confirmed, group, 0, 1, &r->err), FE_OK);
		assert_int_equal(fe_groups_add(&confirmed, group, 1, 10 + (fe_i128)i, &r->err), FE_OK);
	}
	assert_int_equal(fe_tally_add(t, FE_TERM_INSERTED, 2, sums, &r->err), FE_OK);
	assert_int_equal(fe_tally_add_groups(t, FE_TERM_INSERTED, &confirmed, &r->err), FE_OK);
	assert_int_equal(fe_tally_reconcile(t, "d", &r->err), FE_OK);
	/* The same totals, but a cent of one group is in the other. */
	fe_groups_figures(t->groups, 0)[fe_tally_figure_sum(t, FE_TERM_INSERTED, 0)]++;
	fe_groups_figures(t->groups, 1)[fe_tally_figure_sum(t, FE_TERM_INSERTED, 0)]--;
	assert_int_equal(fe_tally_reconcile(t, "d", &r->err), FE_EBUG);
	assert_string_equal(r->err.text, "the totals of 'd' do not agree for id x: amount 0.10 as read, 0.11 as accounted for");
	fe_groups_reset(&confirmed);
}

static void
gate_quality_score_is_exact_at_its_bound(void **state)
{
	const struct fe_gate none = { 0 }, gate = { .has_min_quality_score = true, .min_quality_score = 90909090 };
	struct fe_err err = FE_ERR_INIT;

	(void)state;
	assert_int_equal(fe_gate_check_quality(&none, 11, 0, "d", &err), FE_OK);
	assert_int_equal(fe_gate_check_quality(&gate, 11, 10, "d", &err), FE_OK); /* 90.909090909... */
	assert_int_equal(fe_gate_check_quality(&gate, 0, 0, "d", &err), FE_OK);
	assert_int_equal(fe_gate_check_quality(&gate, 11, 9, "d", &err), FE_ECHECK);
	assert_string_equal(err.text, "'d': 9 of 11 expectations are met, less than the 90.90909 % of min_quality_score");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tally_puts_every_record_under_one_term, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(tally_counts_reasons_of_rejected_records_only, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(tally_sums_beyond_64_bits_and_stops_beyond_128, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(tally_takes_superseded_rows_of_earlier_batches, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(tally_agrees_within_each_group, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(gate_percent_is_exact_at_its_bound, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(gate_holds_sums_and_rows_at_their_bounds, open_rig, close_rig),
		cmocka_unit_test(gate_quality_score_is_exact_at_its_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

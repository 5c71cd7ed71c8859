// SPDX-License-Identifier: Apache-2.0
/* Rejects come back from the spool as they went in; of a batch only what was rejected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "load/reject.h"

static struct fe_spool *
open_spool(void)
{
	struct fe_spool *s;
	struct fe_err err = FE_ERR_INIT;
	assert_int_equal(fe_spool_open(&s, "/tmp", &err), FE_OK);
	return s;
}

static void
check_str(struct fe_str got, struct fe_str want)
{
	assert_int_equal(got.n, want.n);
	if (want.n)
		assert_memory_equal(got.p, want.p, want.n);
}

static void
rejects_come_back_whole_and_as_often_as_asked(void **state)
{
	(void)state;
	struct fe_spool *s = open_spool();
	struct fe_err err = FE_ERR_INIT;
	static char raw[100000];
	struct fe_reject in[] = {
		{ .dataset = 1, .object = 70000, .record = UINT64_MAX, .offset = UINT64_C(1) << 40, .verdict = FE_CONFLICT,
		  .reasons = FE_STR("a:b;c"), .detail = FE_STR("differs"), .decimals = FE_STR("{}"),
		  .raw = FE_STR("x\0y,\xff\n") },
		{ .verdict = FE_REJECTED },
		{ .verdict = FE_REJECTED, .reasons = FE_STR("r"), .raw = { raw, sizeof raw } },
	};
	memset(raw, 'r', sizeof raw);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(fe_reject_add(s, &in[i], &err), FE_OK);
	for (int pass = 0; pass < 2; pass++) {
		struct fe_reject out;
		bool more;
		assert_int_equal(fe_spool_rewind(s, &err), FE_OK);
		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(fe_reject_next(s, &out, &more, &err), FE_OK);
			assert_true(more);
			assert_int_equal(out.dataset, in[i].dataset);
			assert_int_equal(out.object, in[i].object);
			assert_true(out.record == in[i].record && out.offset == in[i].offset);
			assert_int_equal(out.verdict, in[i].verdict);
			check_str(out.reasons, in[i].reasons);
			check_str(out.detail, in[i].detail);
			check_str(out.decimals, in[i].decimals);
			check_str(out.raw, in[i].raw);
		}
		assert_int_equal(fe_reject_next(s, &out, &more, &err), FE_OK);
		assert_false(more);
	}
	fe_spool_close(s);
}

static void
a_frame_that_is_no_reject_is_a_bug(void **state)
{
	(void)state;
	struct fe_spool *s = open_spool();
	struct fe_err err = FE_ERR_INIT;
	struct fe_reject out;
	bool more;
	char bytes[100] = { 1 };
	assert_int_equal(fe_spool_add(s, FE_STR("short"), &err), FE_OK);
	assert_int_equal(fe_spool_add(s, (struct fe_str){ bytes, sizeof bytes }, &err), FE_OK);
	assert_int_equal(fe_spool_rewind(s, &err), FE_OK);
	assert_int_equal(fe_reject_next(s, &out, &more, &err), FE_EBUG);
	assert_int_equal(fe_reject_next(s, &out, &more, &err), FE_EBUG);
	fe_spool_close(s);
}

static void
rejects_of_a_batch_have_their_reasons_and_the_decimals_that_cast(void **state)
{
	(void)state;
	struct fe_schema schema = { 0 };
	struct fe_reason_table reasons = { 0 };
	struct fe_batch b;
	struct fe_err err = FE_ERR_INIT;
	struct fe_spool *s = open_spool();
	struct fe_reject out;
	bool more;

	fe_schema_add(&schema, FE_STR("id"), (struct fe_type){ .kind = FE_TEXT });
	fe_schema_add(&schema, FE_STR("amount"), (struct fe_type){ .kind = FE_DECIMAL, .precision = 12, .scale = 2 });
	fe_schema_add(&schema, FE_STR("fee"), (struct fe_type){ .kind = FE_DECIMAL, .precision = 12, .scale = 3 });
	schema.n_source = 3;
	fe_schema_add(&schema, FE_STR("score"), (struct fe_type){ .kind = FE_DECIMAL, .precision = 5, .scale = 2 });
	fe_batch_init(&b, &schema);
	const bool personal[] = { false, true, false, false };
	const size_t key[] = { 0 };
	struct fe_reject_policy policy = { .pii = personal, .key = key, .n_key = 1 };
	const struct fe_reject_batch of = { .dataset = 2, .object = 7, .reasons = &reasons, .policy = &policy };
	assert_int_equal(fe_reject_add_batch(s, &b, &of, &err), FE_OK);
	b.n_rows = 5;
	uint32_t first = fe_reason_id(&reasons, "id", "missing"), second = fe_reason_id(&reasons, NULL, "rule"),
		 conflict = fe_reason_id(&reasons, NULL, "conflict");
	fe_batch_add_reason(&b, 4, first, (struct fe_str){ 0 });
	fe_batch_add_reason(&b, 1, first, (struct fe_str){ 0 });
	fe_batch_add_reason(&b, 2, first, (struct fe_str){ 0 });
	fe_batch_add_reason(&b, 4, second, (struct fe_str){ 0 });
	b.verdict[2] = FE_FILTERED;
	fe_batch_reject_failed(&b);
	fe_batch_add_reason(&b, 3, conflict, FE_STR("differs in fee from record 1 of x"));
	b.verdict[3] = FE_CONFLICT;
	for (size_t row = 0; row < 5; row++) {
		for (size_t c = 0; c < schema.n_fields; c++)
			fe_bit_put(b.columns[c].valid, row, false);
		b.origin[row] = (struct fe_origin){ .record = row + 1, .offset = row * 10, .raw = FE_STR("raw") };
	}
	fe_bit_set(b.columns[1].valid, 4);
	b.columns[1].i64[4] = -5;
	fe_bit_set(b.columns[2].valid, 4);
	b.columns[2].i64[4] = 1500;
	fe_bit_set(b.columns[3].valid, 4);
	b.columns[3].i64[4] = 1;

	for (size_t c = 0; c < schema.n_source; c++)
		memset(b.cells[c], 0, b.n_rows * sizeof(struct fe_str));
	fe_bit_set(b.broken, 1);
	b.cells[0][4] = FE_STR("K\"1");
	b.cells[1][4] = FE_STR("\xff");
	b.cells[2][4] = (struct fe_str){ fe_cell_null, 0 };
	fe_bit_set(b.columns[0].valid, 4);
	b.columns[0].text[4] = FE_STR("K\"1");
	assert_int_equal(fe_reject_add_batch(s, &b, &of, &err), FE_OK);
	assert_int_equal(fe_spool_n_entries(s), 3);
	assert_int_equal(fe_spool_rewind(s, &err), FE_OK);
	assert_int_equal(fe_reject_next(s, &out, &more, &err), FE_OK);
	assert_int_equal(out.record, 2);
	check_str(out.reasons, FE_STR("id:missing"));
	check_str(out.decimals, FE_STR("{}"));
	check_str(out.raw, FE_STR("raw"));
	check_str(out.cells, FE_STR("")); /* it could not be split */
	check_str(out.key, FE_STR(""));
	assert_int_equal(fe_reject_next(s, &out, &more, &err), FE_OK);
	assert_int_equal(out.record, 4);
	check_str(out.cells, FE_STR("{}"));
	assert_int_equal(out.verdict, FE_CONFLICT);
	check_str(out.detail, FE_STR("differs in fee from record 1 of x"));
	assert_int_equal(fe_reject_next(s, &out, &more, &err), FE_OK);
	assert_int_equal(out.record, 5);
	assert_int_equal(out.offset, 40);
	assert_int_equal(out.dataset, 2);
	assert_int_equal(out.object, 7);
	check_str(out.reasons, FE_STR("id:missing;rule"));
	check_str(out.decimals, FE_STR("{\"amount\":\"-0.05\",\"fee\":\"1.500\"}"));
	check_str(out.detail, FE_STR(""));
	check_str(out.cells, FE_STR("{\"id\":\"K\\\"1\",\"amount\":{\"base64\":\"/w==\"},\"fee\":null}"));
	check_str(out.key, FE_STR("[\"K\\\"1\"]"));
	assert_int_equal(out.kept, FE_REJECT_RAW_FULL);

	fe_spool_close(s);
	s = open_spool();
	policy.raw = FE_REJECT_RAW_MASKED;
	assert_int_equal(fe_reject_add_batch(s, &b, &of, &err), FE_OK);
	assert_int_equal(fe_spool_rewind(s, &err), FE_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(fe_reject_next(s, &out, &more, &err), FE_OK);
	check_str(out.raw, FE_STR("{\"id\":\"K\\\"1\",\"amount\":\"***\",\"fee\":null}"));
	check_str(out.cells, FE_STR(""));
	check_str(out.decimals, FE_STR("{\"fee\":\"1.500\"}"));
	assert_int_equal(out.kept, FE_REJECT_RAW_MASKED);

	fe_spool_close(s);
	fe_batch_reset(&b);
	fe_reason_table_reset(&reasons);
	fe_schema_reset(&schema);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rejects_come_back_whole_and_as_often_as_asked),
		cmocka_unit_test(a_frame_that_is_no_reject_is_a_bug),
		cmocka_unit_test(rejects_of_a_batch_have_their_reasons_and_the_decimals_that_cast),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

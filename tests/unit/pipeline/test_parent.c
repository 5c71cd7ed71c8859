// SPDX-License-Identifier: Apache-2.0
/* The warehouse is asked for a parent once, and only where this run does not know it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "pipeline/parent.h"
#include "pipeline/run_dataset.h"

#define N_ROWS 1000

/* A sink that has the even customers, placeholders of some others, and counts what it is asked. */
struct fake {
	struct fe_sink base;
	uint64_t n_calls, n_asked;
	char made; /* the last digit of customers that are placeholders */
	bool is_gone;
};

static enum fe_rc
fake_has(struct fe_sink *sink, size_t table, const struct fe_column *column, const uint64_t *asked, size_t n_rows,
         uint64_t *known, uint64_t *made, struct fe_err *err)
{
	struct fake *f = (struct fake *)sink;
	assert_int_equal(table, 0);
	if (f->is_gone)
		return fe_fail(err, FE_EUNAVAIL, "the warehouse is gone");
	f->n_calls++;
	for (size_t i = 0; i < n_rows; i++) {
		if (!fe_bit_get(asked, i))
			continue;
		f->n_asked++;
		if ((column->text[i].p[column->text[i].n - 1] - '0') % 2 == 0)
			fe_bit_set(known, i);
		else if (column->text[i].p[column->text[i].n - 1] == f->made)
			fe_bit_set(made, i);
	}
	return FE_OK;
}

static const struct fe_sink_ops fake_ops = { .has = fake_has };

struct rig {
	struct fake sink;
	struct fe_run_settings set;
	struct fe_run_context run;
	struct fe_dedupe *keys[1];
	bool was_empty[1];
	struct fe_parent parent;
	struct fe_schema schema;
	struct fe_batch batch;
	char texts[N_ROWS][16];
	uint64_t asked[FE_BITMAP_WORDS(FE_BATCH_ROWS)], known[FE_BITMAP_WORDS(FE_BATCH_ROWS)];
	struct fe_err err;
};

/* Row i is of customer C(i % n_customers); every seventh is not asked. */
static void
rig_open(struct rig *r, size_t n_customers)
{
	*r = (struct rig){ .sink.base.ops = &fake_ops, .err = FE_ERR_INIT };
	r->run = (struct fe_run_context){ .set = &r->set, .sink = &r->sink.base, .keys = r->keys, .table_was_empty = r->was_empty };
	fe_hash_key_random(&r->run.hash_key);
	fe_parent_init(&r->parent, &r->run, 0);
	fe_schema_init(&r->schema);
	(void)fe_schema_add(&r->schema, FE_STR("id"), (struct fe_type){ .kind = FE_TEXT, .max_chars = 20 });
	fe_batch_init(&r->batch, &r->schema);
	fe_batch_clear(&r->batch);
	for (size_t i = 0; i < N_ROWS; i++) {
		int n = snprintf(r->texts[i], sizeof r->texts[i], "C%zu", i % n_customers);
		r->batch.columns[0].text[i] = (struct fe_str){ r->texts[i], (size_t)n };
		fe_bit_set(r->batch.columns[0].valid, i);
		fe_bit_put(r->asked, i, i % 7 != 0);
	}
	r->batch.n_rows = N_ROWS;
}

static void
rig_close(struct rig *r)
{
	fe_parent_reset(&r->parent);
	fe_batch_reset(&r->batch);
	fe_schema_reset(&r->schema);
}

static enum fe_rc
ask(struct rig *r)
{
	memset(r->known, 0, sizeof r->known);
	return fe_parent_known(&r->parent, &r->batch.columns[0], r->asked, N_ROWS, r->known, &r->err);
}

static void
check_answers(const struct rig *r, size_t n_customers)
{
	for (size_t i = 0; i < N_ROWS; i++)
		assert_int_equal(fe_bit_get(r->known, i), i % 7 != 0 && i % n_customers % 2 == 0);
}

static void
what_the_warehouse_has_is_asked_once(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r, 10);
	for (int batch = 0; batch < 3; batch++) {
		assert_int_equal(ask(&r), FE_OK);
		check_answers(&r, 10);
	}
	assert_int_equal(r.sink.n_calls, 3);
	/* the odd ones are not known, and asked for again */
	uint64_t n_odd = 0, n_all = 0;
	for (size_t i = 0; i < N_ROWS; i++) {
		n_all += i % 7 != 0;
		n_odd += i % 7 != 0 && i % 2 == 1;
	}
	assert_int_equal(r.sink.n_asked, n_all + 2 * n_odd);
	rig_close(&r);
}

static void
nothing_is_asked_where_all_is_known(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r, 1);
	for (int batch = 0; batch < 3; batch++) {
		assert_int_equal(ask(&r), FE_OK);
		check_answers(&r, 1);
	}
	assert_int_equal(r.sink.n_calls, 1);
	rig_close(&r);
}

static void
no_room_to_remember_changes_no_answer(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r, 10);
	r.parent.room_bytes = 0;
	for (int batch = 0; batch < 3; batch++) {
		assert_int_equal(ask(&r), FE_OK);
		check_answers(&r, 10);
	}
	assert_int_equal(r.parent.stored.n_keys, 0);
	rig_close(&r);
}

static void
a_placeholder_is_known_to_those_alone_who_make_them(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r, 10);
	r.sink.made = '7';
	for (int batch = 0; batch < 3; batch++) {
		assert_int_equal(ask(&r), FE_OK);
		check_answers(&r, 10);
		memset(r.known, 0, sizeof r.known);
		assert_int_equal(fe_parent_has_row(&r.parent, &r.batch.columns[0], r.asked, N_ROWS, r.known, &r.err), FE_OK);
		for (size_t i = 0; i < N_ROWS; i++)
			assert_int_equal(fe_bit_get(r.known, i), i % 7 != 0 && (i % 2 == 0 || i % 10 == 7));
	}
	assert_int_equal(r.parent.made.n_keys, 1);
	rig_close(&r);
}

static void
a_warehouse_that_is_gone_fails_the_run(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r, 10);
	r.sink.is_gone = true;
	assert_int_equal(ask(&r), FE_EUNAVAIL);
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_warehouse_has_is_asked_once),
		cmocka_unit_test(nothing_is_asked_where_all_is_known),
		cmocka_unit_test(no_room_to_remember_changes_no_answer),
		cmocka_unit_test(a_placeholder_is_known_to_those_alone_who_make_them),
		cmocka_unit_test(a_warehouse_that_is_gone_fails_the_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

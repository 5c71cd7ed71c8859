// SPDX-License-Identifier: Apache-2.0
/* Batches made ahead are the same batches, in the same order, errors in their place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "pipeline/prefetch.h"

/* A source of numbered rows that ends, or fails, after so many batches. */
struct counting_source {
	struct fe_source base;
	unsigned n_batches, next, fails_at;
};

static enum fe_rc
next_batch(struct fe_source *src, struct fe_batch *b, struct fe_err *err)
{
	struct counting_source *s = (struct counting_source *)src;
	if (s->next == s->fails_at)
		return fe_fail(err, FE_EDATA, "broken at %u", s->next);
	if (s->next == s->n_batches)
		return FE_OK;
	b->n_rows = 3;
	for (size_t i = 0; i < 3; i++)
		b->columns[0].i64[i] = s->next * 3 + (int64_t)i;
	s->next++;
	return FE_OK;
}

static void
progress(const struct fe_source *src, uint64_t *done, uint64_t *total)
{
	*done = ((const struct counting_source *)src)->next;
	*total = 100;
}

static char object_name[] = "numbers";
static struct fe_object object = { .id.path = object_name };
static const struct fe_source_ops ops = { .name = "counting", .next = next_batch, .progress = progress };

static struct fe_schema
one_int(void)
{
	struct fe_schema s;
	fe_schema_init(&s);
	fe_schema_add(&s, FE_STR("n"), (struct fe_type){ .kind = FE_INT });
	s.n_source = 1;
	return s;
}

static void
take_all(unsigned n_threads, unsigned n_batches, unsigned fails_at, unsigned slow_every)
{
	struct fe_schema schema = one_int();
	struct counting_source s = { .base.ops = &ops, .base.dataset = "numbers", .base.objects = &object, .base.n_objects = 1, .n_batches = n_batches, .fails_at = fails_at };
	struct fe_prefetch *p = fe_prefetch_open(&s.base, &schema, NULL, n_threads);
	struct fe_err err = FE_ERR_INIT;
	int64_t expected = 0;
	enum fe_rc rc;

	for (;;) {
		struct fe_prefetched now;
		rc = fe_prefetch_next(p, &now, &err);
		if (rc || now.batch->n_rows == 0)
			break;
		if (slow_every && expected % slow_every == 0)
			(void)usleep(200);
		for (size_t i = 0; i < now.batch->n_rows; i++)
			assert_int_equal(now.batch->columns[0].i64[i], expected++);
		assert_int_equal(now.done_bytes, (expected + 2) / 3);
	}
	if (fails_at <= n_batches) {
		assert_int_equal(rc, FE_EDATA);
		assert_int_equal(expected, fails_at * 3);
		assert_non_null(strstr(err.text, "broken at"));
	} else {
		assert_int_equal(rc, FE_OK);
		assert_int_equal(expected, n_batches * 3);
	}
	fe_prefetch_close(p);
	fe_schema_reset(&schema);
}

static void
rows_come_whole_and_in_order_with_any_number_of_threads(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 3; n++) {
		take_all(n, 0, UINT32_MAX, 0);
		take_all(n, 1, UINT32_MAX, 0);
		take_all(n, 500, UINT32_MAX, 0);
		take_all(n, 100, UINT32_MAX, 7);
	}
}

static void
an_error_comes_in_its_place(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 2; n++) {
		take_all(n, 50, 0, 0);
		take_all(n, 50, 1, 0);
		take_all(n, 50, 49, 3);
	}
}

static void
closing_early_stops_the_thread(void **state)
{
	(void)state;
	struct fe_schema schema = one_int();
	for (unsigned n_taken = 0; n_taken < 5; n_taken++) {
		struct counting_source s = { .base.ops = &ops, .base.dataset = "numbers", .base.objects = &object, .base.n_objects = 1, .n_batches = 1000, .fails_at = UINT32_MAX };
		struct fe_prefetch *p = fe_prefetch_open(&s.base, &schema, NULL, 2);
		for (unsigned i = 0; i < n_taken; i++) {
			struct fe_prefetched now;
			assert_int_equal(fe_prefetch_next(p, &now, NULL), FE_OK);
		}
		fe_prefetch_close(p);
		assert_true(s.next < 1000);
	}
	fe_prefetch_close(NULL);
	fe_schema_reset(&schema);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_whole_and_in_order_with_any_number_of_threads),
		cmocka_unit_test(an_error_comes_in_its_place),
		cmocka_unit_test(closing_early_stops_the_thread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* Batches made ahead are the same batches, in the same order, errors in their place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/stop.h"
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
		take_all(n, 1500, UINT32_MAX, 0); /* slots are tried both ways, and tried again */
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

/* ---- a source that waits ---- */

static enum fe_rc
wait_for_ever(struct fe_source *src, struct fe_batch *b, struct fe_err *err)
{
	struct counting_source *s = (struct counting_source *)src;
	if (s->next == s->n_batches)
		while (!fe_stop_requested())
			(void)usleep(100);
	FE_TRY(fe_stop_check(err));
	return next_batch(src, b, err);
}

static void
closing_early_ends_what_the_thread_waits_for(void **state)
{
	static const struct fe_source_ops waiting = { .name = "waiting", .next = wait_for_ever, .progress = progress };
	struct fe_schema schema = one_int();

	(void)state;
	for (unsigned n = 0; n < 3; n++) {
		struct counting_source s = { .base.ops = &waiting, .base.dataset = "waiting", .base.objects = &object, .base.n_objects = 1, .n_batches = n, .fails_at = UINT32_MAX };
		struct fe_prefetch *p = fe_prefetch_open(&s.base, &schema, NULL, 2);
		for (unsigned i = 0; i < n; i++) {
			struct fe_prefetched now;
			assert_int_equal(fe_prefetch_next(p, &now, NULL), FE_OK);
		}
		fe_prefetch_close(p);
		assert_false(fe_stop_requested()); /* it is a matter of that thread */
	}
	fe_schema_reset(&schema);
}

/* ---- what the source tells after an early end ---- */

#define N_OBJECTS 4
#define BATCHES_OF_ONE 2

/* Some batches an object; what is known of one comes as it is read, and pages of it are made as they come. */
struct object_source {
	struct fe_source base;
	unsigned next;
	bool makes_objects;
};

static void
begin_object(struct object_source *s, size_t i)
{
	s->base.objects = fe_grow(s->base.objects, &s->base.cap_objects, i + 1, sizeof *s->base.objects);
	s->base.objects[i] = (struct fe_object){ .id.path = fe_strdup("an object"), .id.size_bytes = 100 };
	s->base.n_objects = i + 1;
}

static void
end_object(struct object_source *s, size_t i)
{
	struct fe_object *o = &s->base.objects[i];
	o->complete = o->notes[FE_NOTE_MIXED_LINE_ENDS] = true;
	memcpy(o->id.sha256, "abc", 4);
	fe_column_notes_get(&s->base.notes.vanished, i % 2 ? FE_STR("odd") : FE_STR("even"))->n_records++;
}

static enum fe_rc
next_of_object(struct fe_source *src, struct fe_batch *b, struct fe_err *err)
{
	struct object_source *s = (struct object_source *)src;
	const size_t i = s->next / BATCHES_OF_ONE;

	(void)err;
	if (s->next % BATCHES_OF_ONE == 0 && i > 0)
		end_object(s, i - 1);
	if (i == N_OBJECTS)
		return FE_OK;
	if (s->next % BATCHES_OF_ONE == 0) {
		if (s->makes_objects)
			begin_object(s, i);
		src->objects[i].id.version = fe_strdup("v1");
		src->objects[i].id.mtime_us = 7;
		fe_column_notes_get(&src->notes.discarded, FE_STR("extra"));
	}
	src->notes.discarded.items[0].n_records++;
	b->object = (uint32_t)i;
	b->n_rows = 1;
	b->columns[0].i64[0] = s->next++;
	return FE_OK;
}

static void
no_progress(const struct fe_source *src, uint64_t *done, uint64_t *total)
{
	(void)src;
	*done = *total = 0;
}

static const struct fe_source_ops object_ops = { .name = "objects", .next = next_of_object, .progress = no_progress };

static void
open_objects(struct object_source *s, bool makes_objects)
{
	*s = (struct object_source){ .base.ops = &object_ops, .base.dataset = "objects", .makes_objects = makes_objects };
	for (size_t i = 0; !makes_objects && i < N_OBJECTS; i++)
		begin_object(s, i);
}

static void
close_objects(struct object_source *s)
{
	for (size_t i = 0; i < s->base.n_objects; i++)
		fe_object_id_reset(&s->base.objects[i].id);
	fe_free(s->base.objects);
	fe_contract_notes_reset(&s->base.notes);
}

static void
assert_same_notes(const struct fe_column_notes *a, const struct fe_column_notes *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		assert_string_equal(a->items[i].name, b->items[i].name);
		assert_int_equal(a->items[i].n_records, b->items[i].n_records);
	}
}

static void
assert_same_objects(const struct fe_source *a, const struct fe_source *b)
{
	assert_int_equal(a->n_rows, b->n_rows);
	assert_int_equal(a->n_objects, b->n_objects);
	for (size_t i = 0; i < a->n_objects; i++) {
		const struct fe_object *x = &a->objects[i], *y = &b->objects[i];
		assert_string_equal(x->id.path, y->id.path);
		assert_int_equal(x->id.size_bytes, y->id.size_bytes);
		assert_int_equal(x->id.mtime_us, y->id.mtime_us);
		assert_int_equal(!x->id.version, !y->id.version);
		assert_string_equal(x->id.sha256, y->id.sha256);
		assert_int_equal(x->n_records, y->n_records);
		assert_int_equal(x->complete, y->complete);
		assert_memory_equal(x->notes, y->notes, sizeof x->notes);
	}
	assert_same_notes(&a->notes.discarded, &b->notes.discarded);
	assert_same_notes(&a->notes.vanished, &b->notes.vanished);
}

static void
take_some(struct object_source *s, const struct fe_schema *schema, unsigned n_threads, unsigned n_taken)
{
	struct fe_prefetch *p = fe_prefetch_open(&s->base, schema, NULL, n_threads);
	for (unsigned i = 0; i < n_taken; i++) {
		struct fe_prefetched now;
		assert_int_equal(fe_prefetch_next(p, &now, NULL), FE_OK);
	}
	if (n_threads > 1 && n_taken > 0)
		(void)usleep(2000); /* time to come ahead; the outcome does not hang on it */
	fe_prefetch_close(p);
}

static void
closed_early_the_source_tells_what_was_taken_and_not_what_was_read(void **state)
{
	const unsigned n_batches = N_OBJECTS * BATCHES_OF_ONE;
	struct fe_schema schema = one_int();

	(void)state;
	for (unsigned n_taken = 1; n_taken <= n_batches + 1; n_taken++)
		for (int makes_objects = 0; makes_objects < 2; makes_objects++) {
			struct object_source one, more;
			open_objects(&one, makes_objects);
			open_objects(&more, makes_objects);
			take_some(&one, &schema, 1, n_taken);
			take_some(&more, &schema, 2, n_taken);
			assert_same_objects(&one.base, &more.base);
			close_objects(&one);
			close_objects(&more);
		}
	fe_schema_reset(&schema);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_whole_and_in_order_with_any_number_of_threads),
		cmocka_unit_test(an_error_comes_in_its_place),
		cmocka_unit_test(closing_early_stops_the_thread),
		cmocka_unit_test(closing_early_ends_what_the_thread_waits_for),
		cmocka_unit_test(closed_early_the_source_tells_what_was_taken_and_not_what_was_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

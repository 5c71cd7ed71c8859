// SPDX-License-Identifier: Apache-2.0
#include "source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define N_BATCHES 3

static const struct fe_source_column columns[FE_SOURCE_SUBJECT_COLUMNS] = {
	{ .from = "a" }, { .from = "b" }, { .from = "c" },
};

struct fe_str
fe_source_subject_cell(size_t object, uint64_t record, size_t column,
		       char out[FE_SOURCE_SUBJECT_CELL_BYTES])
{
	int n = snprintf(out, FE_SOURCE_SUBJECT_CELL_BYTES, "object %zu record %llu column %zu",
			 object, (unsigned long long)record, column);
	return (struct fe_str){ out, (size_t)n };
}

struct reading {
	struct fe_schema schema;
	struct fe_reason_table reasons;
	struct fe_source_settings set;
	struct fe_source *source;
	struct fe_batch batches[N_BATCHES];
	size_t next_batch, n_batches;
};

static void
reading_open(struct reading *r, const struct fe_source_subject *subject, const char *location)
{
	*r = (struct reading){ .n_batches = 1 };
	fe_schema_init(&r->schema);
	for (size_t i = 0; i < FE_SOURCE_SUBJECT_COLUMNS; i++)
		(void)fe_schema_add(&r->schema, fe_str_of(columns[i].from), (struct fe_type){ .kind = FE_TEXT });
	r->schema.n_source = FE_SOURCE_SUBJECT_COLUMNS;
	for (size_t i = 0; i < N_BATCHES; i++)
		fe_batch_init(&r->batches[i], &r->schema);
	r->set = (struct fe_source_settings){
		.location = location,
		.dataset = "data",
		.schema = &r->schema,
		.columns = columns,
		.reasons = &r->reasons,
		.delimiter = ',',
		.quote = '"',
		.json = subject->json,
	};
}

static void
reading_start(struct reading *r, const struct fe_source_subject *subject)
{
	struct fe_err err = FE_ERR_INIT;
	if (fe_source_open(&r->source, subject->ops, &r->set, &err))
		fail_msg("%s", err.text);
}

static void
reading_close(struct reading *r)
{
	fe_source_close(r->source);
	for (size_t i = 0; i < N_BATCHES; i++)
		fe_batch_reset(&r->batches[i]);
	fe_reason_table_reset(&r->reasons);
	fe_schema_reset(&r->schema);
}

/* The next batch, in the next of n_batches; NULL at the end. */
static struct fe_batch *
reading_next(struct reading *r)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_batch *b = &r->batches[r->next_batch++ % r->n_batches];
	if (fe_source_next(r->source, b, &err))
		fail_msg("%s", err.text);
	return b->n_rows ? b : NULL;
}

struct expected { size_t object; uint64_t record, offset; };

static void
check_batch(const struct reading *r, const struct fe_batch *b, struct expected *at,
	    const size_t *n_records)
{
	char cell[FE_SOURCE_SUBJECT_CELL_BYTES];
	assert_in_range(b->n_rows, 1, FE_BATCH_ROWS);
	while (at->record == n_records[at->object])
		*at = (struct expected){ .object = at->object + 1 };
	assert_int_equal(b->object, at->object);
	assert_string_equal(b->object_name, r->source->objects[b->object].id.path);
	for (size_t row = 0; row < b->n_rows; row++) {
		at->record++;
		assert_int_equal(b->origin[row].record, at->record);
		assert_true(b->origin[row].offset >= at->offset);
		at->offset = b->origin[row].offset + 1;
		assert_int_equal(b->verdict[row], FE_KEPT);
		assert_false(fe_bit_get(b->broken, row));
		assert_false(fe_bit_get(b->failed, row));
		for (size_t c = 0; c < FE_SOURCE_SUBJECT_COLUMNS; c++) {
			struct fe_str want = fe_source_subject_cell(at->object, at->record, c, cell);
			assert_true(fe_str_eq(b->cells[c][row], want));
		}
	}
	assert_true(b->ascii);
}

/* Everything there is, in order, with the first n_batches batches in turn. */
static void
check_all(const struct fe_source_subject *subject, const size_t *n_records, size_t n_objects,
	  size_t n_batches)
{
	struct reading r;
	struct expected at = { 0 };
	struct fe_batch *b;
	const char *names[4] = { NULL };
	size_t n_total = 0;
	uint64_t done, total;
	for (size_t i = 0; i < n_objects; i++)
		n_total += n_records[i];
	reading_open(&r, subject, subject->put(n_records, n_objects));
	r.n_batches = n_batches;
	reading_start(&r, subject);
	while ((b = reading_next(&r)) != NULL) {
		check_batch(&r, b, &at, n_records);
		names[b->object] = b->object_name;
	}
	assert_null(reading_next(&r)); /* the end stays the end */
	for (size_t i = 0; i < n_objects; i++) /* names outlive their batches */
		assert_ptr_equal(names[i], r.source->objects[i].id.path);
	assert_int_equal(r.source->n_rows, n_total);
	assert_int_equal(r.source->n_objects, n_objects);
	for (size_t i = 0; i < n_objects; i++) {
		const struct fe_object *o = &r.source->objects[i];
		assert_int_equal(o->n_records, n_records[i]);
		assert_true(o->complete);
		assert_false(o->skipped);
		assert_int_equal(strlen(o->id.sha256), FE_SHA256_HEX_BYTES - 1);
		assert_true(o->id.size_bytes > 0);
	}
	fe_source_progress(r.source, &done, &total);
	assert_int_equal(done, total);
	assert_true(total > 0);
	reading_close(&r);
}

static void
source_yields_all_records_in_order_with_their_origin(void **state)
{
	const size_t one[] = { 1 }, some[] = { 10 }, many[] = { 20000, 3, 9000 };
	check_all(*state, one, 1, 1);
	check_all(*state, some, 1, 1);
	check_all(*state, many, 3, 1);
}

static void
source_does_not_care_which_batch_it_is_handed(void **state)
{
	const size_t many[] = { 20000, 3, 9000 };
	check_all(*state, many, 3, 2);
	check_all(*state, many, 3, N_BATCHES);
}

static void
source_stops_at_its_limit(void **state)
{
	const struct fe_source_subject *subject = *state;
	static const uint64_t limits[] = { 1, 9, 10, 11, 4095, 4096, 4097, 12000 };
	const size_t n_records[] = { 10, 12000 };
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		struct reading r;
		struct expected at = { 0 };
		struct fe_batch *b;
		reading_open(&r, subject, subject->put(n_records, 2));
		r.set.limit_rows = limits[i];
		reading_start(&r, subject);
		while ((b = reading_next(&r)) != NULL)
			check_batch(&r, b, &at, n_records);
		assert_int_equal(r.source->n_rows, limits[i]);
		reading_close(&r);
	}
}

static void
source_gives_the_same_when_it_is_opened_again(void **state)
{
	const struct fe_source_subject *subject = *state;
	const size_t n_records[] = { 700, 5000 };
	char sha[2][2][FE_SHA256_HEX_BYTES];
	const char *location = subject->put(n_records, 2);
	for (int round = 0; round < 2; round++) {
		struct reading r;
		struct expected at = { 0 };
		struct fe_batch *b;
		reading_open(&r, subject, location);
		reading_start(&r, subject);
		while ((b = reading_next(&r)) != NULL)
			check_batch(&r, b, &at, n_records);
		for (int i = 0; i < 2; i++)
			memcpy(sha[round][i], r.source->objects[i].id.sha256, FE_SHA256_HEX_BYTES);
		reading_close(&r);
	}
	assert_string_equal(sha[0][0], sha[1][0]);
	assert_string_equal(sha[0][1], sha[1][1]);
	assert_string_not_equal(sha[0][0], sha[0][1]);
}

static bool
skip_second(void *ctx, const struct fe_object_id *id)
{
	size_t *n_asked = ctx;
	assert_int_equal(strlen(id->sha256), FE_SHA256_HEX_BYTES - 1);
	assert_true(id->size_bytes > 0);
	return ++*n_asked == 2;
}

static void
source_leaves_out_objects_it_is_told_to(void **state)
{
	const struct fe_source_subject *subject = *state;
	const size_t n_records[] = { 5, 6, 7 };
	size_t n_asked = 0, n_rows = 0;
	struct reading r;
	struct fe_batch *b;
	reading_open(&r, subject, subject->put(n_records, 3));
	r.set.skip_object = skip_second;
	r.set.skip_ctx = &n_asked;
	reading_start(&r, subject);
	while ((b = reading_next(&r)) != NULL) {
		assert_int_not_equal(b->object, 1);
		n_rows += b->n_rows;
	}
	assert_int_equal(n_asked, 3);
	assert_int_equal(n_rows, 12);
	assert_true(r.source->objects[1].skipped);
	assert_true(r.source->objects[1].complete);
	assert_int_equal(r.source->objects[1].n_records, 0);
	assert_false(r.source->objects[2].skipped);
	reading_close(&r);
}

static void
source_can_be_closed_at_any_time(void **state)
{
	const struct fe_source_subject *subject = *state;
	const size_t n_records[] = { 9000, 5 };
	for (size_t n_reads = 0; n_reads < 4; n_reads++) {
		struct reading r;
		reading_open(&r, subject, subject->put(n_records, 2));
		reading_start(&r, subject);
		for (size_t i = 0; i < n_reads; i++)
			assert_non_null(reading_next(&r));
		reading_close(&r);
	}
	fe_source_close(NULL);
}

static void
source_names_the_data_set_in_errors(void **state)
{
	const struct fe_source_subject *subject = *state;
	struct fe_err err = FE_ERR_INIT;
	struct reading r;
	reading_open(&r, subject, "/nowhere/at/all");
	assert_int_not_equal(fe_source_open(&r.source, subject->ops, &r.set, &err), FE_OK);
	assert_null(r.source);
	assert_non_null(strstr(err.text, "data set data"));
	reading_close(&r);
}

int
fe_source_conformance(const struct fe_source_subject *subject)
{
	void *state = (void *)(uintptr_t)subject;
#define CASE(name) cmocka_unit_test_prestate(name, state)
	const struct CMUnitTest tests[] = {
		CASE(source_yields_all_records_in_order_with_their_origin),
		CASE(source_does_not_care_which_batch_it_is_handed),
		CASE(source_stops_at_its_limit),
		CASE(source_gives_the_same_when_it_is_opened_again),
		CASE(source_leaves_out_objects_it_is_told_to),
		CASE(source_can_be_closed_at_any_time),
		CASE(source_names_the_data_set_in_errors),
	};
#undef CASE
	return cmocka_run_group_tests_name("source conformance", tests, NULL, NULL);
}

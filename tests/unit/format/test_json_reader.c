// SPDX-License-Identifier: Apache-2.0
/* What the reader of JSON learns, forgets and bounds; its verdicts on inputs are held against
 * Python's in tests/model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "format/json_reader.h"
#include "format/json_walk.h"

#define ROWS 64

struct rig {
	struct fe_json_reader *reader;
	struct fe_str cells[2][ROWS];
	struct fe_origin origin[ROWS];
	uint8_t flaws[ROWS];
	struct fe_str details[ROWS];
	struct fe_json_fill rows;
	struct fe_arena arena;
	struct fe_buf input;
	struct fe_err err;
};

static void
rig_open(struct rig *r, const struct fe_json_wants *wants)
{
	*r = (struct rig){ 0 };
	if (fe_json_reader_new(&r->reader, wants, &r->err))
		fail_msg("%s", r->err.text);
	fe_buf_init(&r->input, (size_t)64 * 1024 * 1024);
}

static void
rig_close(struct rig *r)
{
	fe_json_reader_free(r->reader);
	fe_arena_free(&r->arena);
	fe_buf_reset(&r->input);
}

/* Reads r->input whole. */
static enum fe_rc
rig_read(struct rig *r)
{
	assert_true(fe_buf_reserve(&r->input, FE_JSON_PADDING));
	memset(r->input.p + r->input.n_bytes, 0, FE_JSON_PADDING);
	struct fe_str *const cells[] = { r->cells[0], r->cells[1] };
	r->rows = (struct fe_json_fill){
		.cells = cells, .origin = r->origin, .flaws = r->flaws, .details = r->details, .cap_rows = ROWS
	};
	fe_json_reader_begin(r->reader);
	fe_json_reader_feed(r->reader, fe_buf_str(&r->input), 0, true, &r->arena);
	enum fe_rc rc = fe_json_reader_fill(r->reader, &r->rows, &r->err);
	r->rows.cells = NULL;
	fe_buf_clear(&r->input);
	return rc;
}

static void
assert_cell(const struct rig *r, size_t column, size_t row, const char *text)
{
	struct fe_str cell = r->cells[column][row];
	assert_int_equal(cell.n, strlen(text));
	assert_memory_equal(cell.p, text, cell.n);
}

static const char *const columns[] = { "id", "v" };
static const struct fe_json_wants lines = { .is_lines = true, .columns = columns, .n_columns = 2 };
static const struct fe_json_wants document = { .columns = columns, .n_columns = 2, .records = "items" };

static void
reader_takes_keys_in_whatever_order_they_come(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r, &lines);
	fe_buf_add_text(&r.input, "{\"id\":1,\"v\":2}\n{\"v\":3,\"id\":4}\n{\"id\":5}\n{\"x\":0,\"v\":6}\n{\"id\":7,\"v\":8}\n");
	assert_int_equal(rig_read(&r), FE_OK);
	assert_int_equal(r.rows.n_rows, 5);
	assert_int_equal(r.rows.n_flawed, 0);
	assert_cell(&r, 0, 1, "4");
	assert_cell(&r, 1, 1, "3");
	assert_null(r.cells[1][2].p);
	assert_null(r.cells[0][3].p);
	assert_cell(&r, 1, 3, "6");
	assert_cell(&r, 0, 4, "7");
	rig_close(&r);
}

/* Keys that are new in each record are more than a shape takes. */
static void
reader_finds_a_key_twice_that_it_could_not_learn(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r, &lines);
	for (int record = 0; record < 40; record++) {
		fe_buf_add_text(&r.input, "{\"id\":1");
		for (int key = 0; key < 10; key++)
			fe_buf_addf(&r.input, ",\"k%d_%d\":{\"a\":1}", record, key);
		fe_buf_addf(&r.input, ",\"k%d_%d\":0}\n", record, record % 2 ? 3 : 10);
	}
	assert_int_equal(rig_read(&r), FE_OK);
	assert_int_equal(r.rows.n_rows, 40);
	assert_int_equal(r.rows.n_flawed, 20);
	for (size_t i = 0; i < 40; i++)
		assert_int_equal(r.flaws[i], i % 2 ? FE_JSON_BAD_JSON : FE_JSON_NO_FLAW);
	assert_non_null(strstr(r.details[39].p, "an object has this key twice: 'k39_3'"));
	rig_close(&r);
}

/* Values and keys of every length around those that the loops take at once. */
static void
add_many_lines(struct fe_buf *input)
{
	static const char *const values[] = { "\"", "-1.5", "123456789012345678", "null", "true", "falsy", "\"a\\tb\"", "\"\xc3\xa9\"", "{}", "1e5" };
	for (size_t i = 0; i < ROWS - 4; i++) {
		fe_buf_addf(input, "{\"k%.*s\":1,\"id\":\"%.*s\",\"v\": ", (int)i, "0123456789012345678901234567890123456789012345678901234567890123",
		            (int)(i * 3 % 67), "0123456789012345678901234567890123456789012345678901234567890123456789");
		fe_buf_addf(input, i % 3 ? "%s}\n" : "%s ,\"k\":0}\n", values[i / 2 % 10]);
	}
}

static void
loops_of_every_processor_read_the_same(void **state)
{
	(void)state;
	struct rig a, b;
	rig_open(&a, &lines);
	rig_open(&b, &lines);
	b.reader->walk_foretold = fe_json_walk_foretold; /* that of any */
	for (int again = 0; again < 2; again++) { /* the second time all keys are known */
		add_many_lines(&a.input);
		add_many_lines(&b.input);
		assert_int_equal(rig_read(&a), FE_OK);
		assert_int_equal(rig_read(&b), FE_OK);
		assert_int_equal(a.rows.n_rows, ROWS - 4);
		assert_int_equal(b.rows.n_rows, a.rows.n_rows);
		assert_in_range(a.rows.n_flawed, 1, a.rows.n_rows / 2);
		for (size_t row = 0; row < a.rows.n_rows; row++) {
			assert_int_equal(a.flaws[row], b.flaws[row]);
			for (size_t c = 0; c < 2; c++) {
				assert_true(fe_str_eq(a.cells[c][row], b.cells[c][row]));
				assert_int_equal(!a.cells[c][row].p, !b.cells[c][row].p);
			}
		}
	}
	rig_close(&a);
	rig_close(&b);
}

static void
reader_holds_the_limits_of_a_record(void **state)
{
	(void)state;
	struct rig r;
	for (int extra = 0; extra < 2; extra++) {
		rig_open(&r, &lines);
		fe_buf_add_text(&r.input, "{\"id\":1,\"a\":[");
		for (int i = 0; i < FE_JSON_MAX_MEMBERS - 2 + extra; i++)
			fe_buf_add_text(&r.input, i ? ",{\"\":1}" : "{\"\":1}");
		fe_buf_add_text(&r.input, "]}\n{\"id\":2}\n");
		assert_int_equal(rig_read(&r), FE_OK);
		assert_int_equal(r.rows.n_rows, 2);
		assert_int_equal(r.rows.n_flawed, extra);
		if (extra)
			assert_non_null(strstr(r.details[0].p, "more than 1000000 members"));
		rig_close(&r);
	}
	rig_open(&r, &lines);
	fe_buf_add_text(&r.input, "{\"id\":1}\n{\"a\":[\"");
	for (size_t i = 0; i < FE_JSON_MAX_RECORD_BYTES / 64; i++)
		fe_buf_add_text(&r.input, "0123456789012345678901234567890123456789012345678901234567890\",\"");
	fe_buf_add_text(&r.input, "\"]}\n");
	assert_int_equal(rig_read(&r), FE_ELIMIT);
	assert_int_equal(r.rows.n_rows, 1);
	assert_int_equal(r.err.line, 2);
	rig_close(&r);
}

static void
reader_keeps_what_stands_beside_the_records(void **state)
{
	(void)state;
	static const char *const aside[] = { "next", "page.total", "page" };
	struct fe_json_wants wants = document;
	struct rig r;
	wants.aside = aside;
	wants.n_aside = 3;
	rig_open(&r, &wants);
	fe_buf_add_text(&r.input, "{\"next\":\"\\u0041b\",\"items\":[{\"id\":1,\"next\":2}],\"page\":{\"total\":12}}");
	assert_int_equal(rig_read(&r), FE_OK);
	assert_int_equal(r.rows.n_rows, 1);
	assert_true(fe_str_is(fe_json_reader_aside(r.reader, 0), "Ab"));
	assert_true(fe_str_is(fe_json_reader_aside(r.reader, 1), "12"));
	assert_null(fe_json_reader_aside(r.reader, 2).p);
	fe_buf_add_text(&r.input, "{\"next\":null,\"items\":null}");
	assert_int_equal(rig_read(&r), FE_OK);
	assert_int_equal(r.rows.n_rows, 0);
	assert_true(fe_json_reader_has_records(r.reader));
	assert_null(fe_json_reader_aside(r.reader, 0).p);
	assert_null(fe_json_reader_aside(r.reader, 1).p);
	rig_close(&r);
}

static void
reader_refuses_members_that_no_path_begins_with(void **state)
{
	(void)state;
	static const char *const paths[] = { "id", "a.b" };
	const struct fe_json_wants wants = { .is_lines = true, .columns = paths, .n_columns = 2, .refuse_others = true };
	struct rig r;
	rig_open(&r, &wants);
	fe_buf_add_text(&r.input, "{\"id\":1,\"a\":{\"b\":1}}\n{\"id\":1,\"new\":5\n{\"id\":2}\n{\"id\":3, \"new\":5}\n");
	assert_int_equal(rig_read(&r), FE_EDATA);
	assert_int_equal(r.rows.n_rows, 3);
	assert_int_equal(r.rows.n_flawed, 1); /* malformed lines are just that */
	assert_non_null(strstr(r.err.text, "'new'"));
	assert_int_equal(r.err.line, 4);
	assert_int_equal(r.err.column, 10);
	rig_close(&r);
}

static void
reader_is_ascii_as_long_as_its_cells_are(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r, &lines);
	fe_buf_add_text(&r.input, "{\"id\":\"a\",\"other\":\"\xc3\xa9\"}\n");
	assert_int_equal(rig_read(&r), FE_OK);
	assert_true(fe_json_reader_is_ascii(r.reader));
	fe_buf_add_text(&r.input, "{\"id\":\"\\u00e9\"}\n");
	assert_int_equal(rig_read(&r), FE_OK);
	assert_false(fe_json_reader_is_ascii(r.reader));
	fe_buf_add_text(&r.input, "{\"id\":\"\xc3\xa9\"}\n");
	assert_int_equal(rig_read(&r), FE_OK);
	assert_false(fe_json_reader_is_ascii(r.reader));
	rig_close(&r);
}

static void
paths_that_are_none_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "a..b", ".a", "a.", "/a/~2", "/~",
		                           "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct fe_json_wants wants = { .is_lines = true, .columns = &bad[i], .n_columns = 1 };
		struct fe_json_reader *reader;
		struct fe_err err = FE_ERR_INIT;
		assert_int_equal(fe_json_reader_new(&reader, &wants, &err), FE_EUSAGE);
		assert_null(reader);
	}
	static const char *const same[] = { "a.b", "/a/b" };
	struct fe_json_wants wants = { .is_lines = true, .columns = same, .n_columns = 2 };
	struct fe_json_reader *reader;
	struct fe_err err = FE_ERR_INIT;
	assert_int_equal(fe_json_reader_new(&reader, &wants, &err), FE_EUSAGE);
	assert_non_null(strstr(err.text, "'a.b' and '/a/b' are the same path"));
}

static void
pointers_reach_keys_with_dots_slashes_and_no_name(void **state)
{
	(void)state;
	static const char *const paths[] = { "/a.b/c~1d/1", "/" };
	const struct fe_json_wants wants = { .is_lines = true, .columns = paths, .n_columns = 2 };
	struct rig r;
	rig_open(&r, &wants);
	fe_buf_add_text(&r.input, "{\"a.b\":{\"c/d\":[0,\"x\"]},\"\":\"y\"}\n{\"a.b\":{\"c/d\":{\"1\":\"z\",\"01\":0}}}\n");
	assert_int_equal(rig_read(&r), FE_OK);
	assert_cell(&r, 0, 0, "x");
	assert_cell(&r, 1, 0, "y");
	assert_cell(&r, 0, 1, "z");
	rig_close(&r);
}

static void
shape_learns_no_more_than_it_may(void **state)
{
	(void)state;
	struct fe_json_shape s;
	fe_json_shape_init(&s);
	struct fe_json_node *root = fe_json_shape_root(&s), *node;
	struct fe_err err = FE_ERR_INIT;
	assert_int_equal(fe_json_shape_path(&s, root, "wanted.deep", &node, &err), FE_OK);
	size_t n_learned = 0;
	for (int i = 0; i < 1000; i++) {
		char literal[16];
		int n = snprintf(literal, sizeof literal, "\"k%d\":", i);
		struct fe_str key = { literal + 1, (size_t)n - 3 };
		struct fe_json_member *m = fe_json_shape_learn(&s, root, (struct fe_str){ literal, (size_t)n }, key);
		n_learned += m != NULL;
		assert_ptr_equal(fe_json_shape_find(&s, root, key), m);
	}
	assert_int_equal(n_learned, FE_JSON_MAX_LEARNED);
	assert_non_null(fe_json_shape_find(&s, root, FE_STR("wanted")));
	assert_null(fe_json_shape_learn(&s, &s.nothing, FE_STR("\"a\":"), FE_STR("a")));
	assert_ptr_equal(fe_json_shape_element(&s, &s.nothing, 0), &s.nothing);
	for (int i = 0; i < FE_JSON_MAX_LEARNED_NODES; i++)
		node = fe_json_shape_element(&s, node, 0);
	assert_ptr_equal(node, &s.nothing);
	fe_json_shape_reset(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_takes_keys_in_whatever_order_they_come),
		cmocka_unit_test(reader_finds_a_key_twice_that_it_could_not_learn),
		cmocka_unit_test(loops_of_every_processor_read_the_same),
		cmocka_unit_test(reader_holds_the_limits_of_a_record),
		cmocka_unit_test(reader_keeps_what_stands_beside_the_records),
		cmocka_unit_test(reader_refuses_members_that_no_path_begins_with),
		cmocka_unit_test(reader_is_ascii_as_long_as_its_cells_are),
		cmocka_unit_test(paths_that_are_none_are_refused),
		cmocka_unit_test(pointers_reach_keys_with_dots_slashes_and_no_name),
		cmocka_unit_test(shape_learns_no_more_than_it_may),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

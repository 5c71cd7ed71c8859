// SPDX-License-Identifier: Apache-2.0
/* Rows of a query, kept and read again: values as they were, and whatever is not what was kept. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "extract/query_stored.h"

#define HEAD "{\"name\":\"sqlite:a.db\",\"columns\":[" \
	     "{\"name\":\"id\",\"type\":\"int\",\"kind\":1,\"precision\":0,\"scale\":0,\"max_chars\":0}," \
	     "{\"name\":\"a \\\"b\\\"\",\"type\":\"\",\"kind\":13,\"precision\":12,\"scale\":2,\"max_chars\":40}]}\n"
#define ROW(id, b) "{\"id\":\"" id "\",\"a \\\"b\\\"\":" b "}\n"

struct fixture {
	char folder[32], rows[64], aside[64];
	struct fe_kept_object object;
	struct fe_kept kept;
	struct fe_cursor *cursor;
};

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

static enum fe_rc
open_kept(struct fixture *f, const char *rows, const char *aside, struct fe_err *err)
{
	*f = (struct fixture){ .folder = "/tmp/stored-XXXXXX" };
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->rows, sizeof f->rows, "%s/rows", f->folder);
	(void)snprintf(f->aside, sizeof f->aside, "%s/aside", f->folder);
	write_file(f->rows, rows);
	write_file(f->aside, aside);
	f->object = (struct fe_kept_object){ .id = { .path = f->rows, .size_bytes = strlen(rows) }, .stored = f->rows, .aside = f->aside };
	fe_sha256_of(fe_str_of(rows), f->object.id.sha256);
	f->kept = (struct fe_kept){ .objects = &f->object, .n_objects = 1 };
	return fe_query_stored_open(&f->cursor, &f->kept, err);
}

static void
close_kept(struct fixture *f)
{
	fe_cursor_close(f->cursor);
	(void)unlink(f->rows);
	(void)unlink(f->aside);
	(void)rmdir(f->folder);
}

static void
assert_text(const struct fe_cursor_value *v, enum fe_cursor_kind kind, struct fe_str text)
{
	assert_false(v->is_null);
	assert_int_equal(v->kind, kind);
	assert_int_equal(v->text.n, text.n);
	assert_memory_equal(v->text.p, text.p, text.n);
}

static void
next(struct fixture *f, bool expected)
{
	struct fe_err err = FE_ERR_INIT;
	bool row;

	enum fe_rc rc = fe_cursor_next(f->cursor, &row, &err);
	if (rc)
		print_error("%s\n", err.text);
	assert_int_equal(rc, FE_OK);
	assert_int_equal(row, expected);
}

static void
values_come_as_they_were(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fixture f;
	const struct fe_cursor_value *v;

	(void)state;
	assert_int_equal(open_kept(&f, ROW("1", "null") ROW("2", "\"1.50\"") ROW("3", "\"1.5\"") ROW("4", "\"AP8=\"")
				   ROW("\\\"\\n\\u0001\\u00e9", "\"\xef\xbf\xbd\"") ROW("", "\"\""),
				   HEAD "3 2 float \n4 2 bytes 00ff\n5 2 text ff0041\n", &err), FE_OK);
	v = fe_cursor_values(f.cursor);
	assert_string_equal(fe_cursor_name(f.cursor), "sqlite:a.db");
	assert_int_equal(fe_cursor_n_columns(f.cursor), 2);
	assert_string_equal(fe_cursor_column(f.cursor, 1)->name, "a \"b\"");
	assert_int_equal(fe_cursor_column(f.cursor, 1)->scale, 2);
	assert_int_equal(fe_cursor_column(f.cursor, 1)->max_chars, 40);
	next(&f, true);
	assert_text(&v[0], FE_CURSOR_TEXT, FE_STR("1"));
	assert_true(v[1].is_null);
	next(&f, true);
	assert_text(&v[1], FE_CURSOR_TEXT, FE_STR("1.50"));
	next(&f, true);
	assert_text(&v[1], FE_CURSOR_FLOAT, FE_STR("1.5"));
	next(&f, true);
	assert_text(&v[1], FE_CURSOR_BYTES, FE_STR("\x00\xff"));
	next(&f, true);
	assert_text(&v[0], FE_CURSOR_TEXT, FE_STR("\"\n\x01\xc3\xa9"));
	assert_text(&v[1], FE_CURSOR_TEXT, FE_STR("\xff\x00" "A"));
	next(&f, true);
	assert_text(&v[1], FE_CURSOR_TEXT, FE_STR(""));
	next(&f, false);
	close_kept(&f);
}

static void
two_odd_values_of_a_row_are_both_taken(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fixture f;

	(void)state;
	assert_int_equal(open_kept(&f, ROW("1", "\"2\""), HEAD "1 1 float \n1 2 float \n", &err), FE_OK);
	next(&f, true);
	assert_int_equal(fe_cursor_values(f.cursor)[0].kind, FE_CURSOR_FLOAT);
	assert_int_equal(fe_cursor_values(f.cursor)[1].kind, FE_CURSOR_FLOAT);
	next(&f, false);
	close_kept(&f);
}

static void
no_rows_are_fine(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fixture f;

	(void)state;
	assert_int_equal(open_kept(&f, "", HEAD, &err), FE_OK);
	next(&f, false);
	close_kept(&f);
}

static void
what_is_not_what_was_kept_is_a_conflict(void **state)
{
	static const char *const broken[][2] = {
		{ ROW("1", "null"), "" },
		{ ROW("1", "null"), "{}\n" },
		{ ROW("1", "null"), "[1" },
		{ "{\"id\":\"1\"}\n", HEAD },
		{ "{\"id\":\"1\",\"b\":\"2\",\"c\":\"3\"}\n", HEAD },
		{ "{\"id\":\"1\",\"b\":2}\n", HEAD },
		{ "{\"id\":\"1\",\"b\":\"2}\n", HEAD },
		{ "{\"id\":\"1\",\"b\":\"2\"} \n", HEAD },
		{ "{\"id\":\"1\",\"b\":\"2\"}", HEAD },
		{ "\n", HEAD },
		{ ROW("1", "null"), HEAD "1 3 float \n" },
		{ ROW("1", "null"), HEAD "1 0 float \n" },
		{ ROW("1", "null"), HEAD "x 1 float \n" },
		{ ROW("1", "null"), HEAD "2 1 float \n" },
		{ ROW("1", "null"), HEAD "1 1 text 0\n" },
		{ ROW("1", "null") ROW("2", "null"), HEAD "2 1 float \n1 1 float \n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct fe_err err = FE_ERR_INIT;
		struct fixture f;
		bool row = true;
		enum fe_rc rc = open_kept(&f, broken[i][0], broken[i][1], &err);
		while (rc == FE_OK && row)
			rc = fe_cursor_next(f.cursor, &row, &err);
		if (rc != FE_ECONFLICT)
			print_error("case %zu: %s\n", i, err.text);
		assert_int_equal(rc, FE_ECONFLICT);
		close_kept(&f);
	}
}

static void
other_bytes_of_the_same_form_are_a_conflict_at_the_end(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fixture f;
	bool row;

	(void)state;
	assert_int_equal(open_kept(&f, ROW("1", "null"), HEAD, &err), FE_OK);
	f.object.id.sha256[0] = f.object.id.sha256[0] == '0' ? '1' : '0';
	next(&f, true);
	assert_int_equal(fe_cursor_next(f.cursor, &row, &err), FE_ECONFLICT);
	close_kept(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_as_they_were),
		cmocka_unit_test(two_odd_values_of_a_row_are_both_taken),
		cmocka_unit_test(no_rows_are_fine),
		cmocka_unit_test(what_is_not_what_was_kept_is_a_conflict),
		cmocka_unit_test(other_bytes_of_the_same_form_are_a_conflict_at_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

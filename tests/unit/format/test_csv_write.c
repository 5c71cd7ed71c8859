// SPDX-License-Identifier: Apache-2.0
/* Writing cells: quoted where they must be, and only there. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "csv_render.h"

static void
expect_cell(struct fe_str cell, char delimiter, const char *want)
{
	struct fe_buf b;
	fe_buf_init(&b, 10000);
	fe_csv_add_cell(&b, cell, delimiter);
	assert_string_equal(fe_buf_text(&b), want);
	fe_buf_reset(&b);
}

static void
csv_write_leaves_plain_cells_bare(void **state)
{
	(void)state;
	expect_cell(FE_STR(""), ',', "");
	expect_cell(FE_STR("abc"), ',', "abc");
	expect_cell(FE_STR("12345678"), ',', "12345678");
	expect_cell(FE_STR("a b;c\t-=+'caf\xc3\xa9 and so on"), ',', "a b;c\t-=+'caf\xc3\xa9 and so on");
	expect_cell(FE_STR(" x "), ',', " x ");
	expect_cell(FE_STR("a,b"), ';', "a,b");
}

static void
csv_write_quotes_what_would_end_a_cell(void **state)
{
	(void)state;
	expect_cell(FE_STR("a,b"), ',', "\"a,b\"");
	expect_cell(FE_STR("12345678,"), ',', "\"12345678,\"");
	expect_cell(FE_STR(",2345678 and more"), ',', "\",2345678 and more\"");
	expect_cell(FE_STR("a;b"), ';', "\"a;b\"");
	expect_cell(FE_STR("a\nb"), ',', "\"a\nb\"");
	expect_cell(FE_STR("a\rb"), ',', "\"a\rb\"");
	expect_cell(FE_STR("\""), ',', "\"\"\"\"");
	expect_cell(FE_STR("say \"hi\""), ',', "\"say \"\"hi\"\"\"");
}

static void
csv_write_quotes_what_would_be_taken_for_something_else(void **state)
{
	(void)state;
	expect_cell(FE_STR("\\."), ',', "\"\\.\"");
	expect_cell(FE_STR("\xef\xbb\xbfx"), ',', "\"\xef\xbb\xbfx\"");
}

static void
csv_write_of_a_record_without_content_is_not_a_blank_line(void **state)
{
	(void)state;
	struct fe_buf b;
	struct fe_str cells[] = { FE_STR(""), { NULL, 0 } };
	fe_buf_init(&b, 10000);
	fe_csv_add_record(&b, cells, 1, ',');
	fe_csv_add_record(&b, cells, 2, ',');
	cells[1] = FE_STR("x");
	fe_csv_add_record(&b, cells, 2, ',');
	assert_string_equal(fe_buf_text(&b), "\"\"\n\"\",\n,x\n");
	fe_buf_reset(&b);
}

static void
csv_write_says_when_the_buffer_is_full(void **state)
{
	(void)state;
	struct fe_buf b;
	struct fe_err err;
	fe_buf_init(&b, 4);
	fe_csv_add_cell(&b, FE_STR("a,b"), ',');
	assert_int_equal(fe_buf_check(&b, "the line", &err), FE_ELIMIT);
	fe_buf_reset(&b);
}

static void
csv_reads_back_what_it_wrote(void **state)
{
	(void)state;
	static const char alphabet[] = "ab,\"\r\n;\\. \xc3\xa9";
	uint64_t seed = 11;
	struct fe_buf file, want, got;
	fe_buf_init(&file, CSV_RENDER_MAX_BYTES);
	fe_buf_init(&want, CSV_RENDER_MAX_BYTES);
	fe_buf_init(&got, CSV_RENDER_MAX_BYTES);
	for (uint64_t row = 1; row <= 20000; row++) {
		char bytes[3][12];
		struct fe_str cells[3];
		fe_buf_addf(&want, "#%llu @%zu ", (unsigned long long)row, file.n_bytes);
		for (size_t i = 0; i < 3; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
			cells[i] = (struct fe_str){ bytes[i], seed >> 60 & 7 };
			for (size_t k = 0; k < cells[i].n; k++)
				bytes[i][k] = alphabet[(seed >> (8 + 5 * k) & 31) % (sizeof alphabet - 1)];
			csv_render_cell(&want, cells[i], false);
		}
		fe_buf_add_char(&want, '\n');
		fe_csv_add_record(&file, cells, 3, ',');
	}
	fe_buf_add_text(&want, "end\n");
	csv_render(fe_buf_str(&file), &(struct csv_way){ .n_cells = 3, .in_bulk = true }, &got);
	assert_true(fe_str_eq(fe_buf_str(&got), fe_buf_str(&want)));
	fe_buf_reset(&file);
	fe_buf_reset(&want);
	fe_buf_reset(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_write_leaves_plain_cells_bare),
		cmocka_unit_test(csv_write_quotes_what_would_end_a_cell),
		cmocka_unit_test(csv_write_quotes_what_would_be_taken_for_something_else),
		cmocka_unit_test(csv_write_of_a_record_without_content_is_not_a_blank_line),
		cmocka_unit_test(csv_write_says_when_the_buffer_is_full),
		cmocka_unit_test(csv_reads_back_what_it_wrote),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

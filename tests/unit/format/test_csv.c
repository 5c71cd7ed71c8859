// SPDX-License-Identifier: Apache-2.0
/* The CSV reader: what each odd input gives, however it is cut into blocks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "csv_render.h"

struct cut_once { size_t at; };

static size_t
cut_once(void *ctx, size_t at)
{
	struct cut_once *c = ctx;
	return at < c->at ? c->at : SIZE_MAX;
}

static size_t
cut_steps(void *ctx, size_t at)
{
	return at + *(size_t *)ctx;
}

/* One block, two blocks cut at every byte, single bytes; each record by itself and in
 * bulk: all must give `want`. An error's text is compared as far as `want` goes. */
static void
expect_of(struct fe_str input, struct csv_way way, const char *want)
{
	struct fe_buf whole, other;
	fe_buf_init(&whole, CSV_RENDER_MAX_BYTES);
	fe_buf_init(&other, CSV_RENDER_MAX_BYTES);
	csv_render(input, &way, &whole);
	const char *got = fe_buf_text(&whole);
	if (strncmp(got, want, strlen(want)) != 0)
		fail_msg("input <%.*s>\nwanted:\n%s\ngot:\n%s", FE_STR_ARGS(input), want, got);
	for (int in_bulk = 0; in_bulk <= !way.any_cells; in_bulk++) {
		for (size_t at = 0; at <= input.n; at++) {
			struct cut_once once = { at };
			size_t step = at + 1;
			way.in_bulk = in_bulk;
			way.cap_rows = 1 + at % 3;
			way.cut = cut_once;
			way.cut_ctx = &once;
			fe_buf_clear(&other);
			csv_render(input, &way, &other);
			assert_string_equal(fe_buf_text(&other), got);
			way.cut = cut_steps;
			way.cut_ctx = &step;
			fe_buf_clear(&other);
			csv_render(input, &way, &other);
			assert_string_equal(fe_buf_text(&other), got);
		}
	}
	fe_buf_reset(&whole);
	fe_buf_reset(&other);
}

static void
expect(const char *input, const char *want)
{
	expect_of(fe_str_of(input), (struct csv_way){ 0 }, want);
}

static void
csv_reads_bare_cells(void **state)
{
	(void)state;
	expect("a,b,c\n1,2,3\n,5,\nx y,  ,z\n", "#1 @6 [1][2][3]\n#2 @12 [][5][]\n#3 @16 [x y][  ][z]\nend\n");
}

static void
csv_reads_quoted_cells_with_delimiters_line_ends_and_quotes(void **state)
{
	(void)state;
	expect("a,b\n\"1,5\",\"x\"\"y\"\n", "#1 @4 [1,5][x\"y]\nend\n");
	expect("a,b\n\"l1\nl2\r\nl3\rl4\",\"\"\n", "#1 @4 [l1\nl2\r\nl3\rl4][]\nend\n");
	expect("a,b\n\"\"\"\",\"\"\"\"\"\"\n", "#1 @4 [\"][\"\"]\nend\n");
	expect("a,b\n\"\"\"x\",\"x\"\"\"\n", "#1 @4 [\"x][x\"]\nend\n");
	expect("\"a\",\"b\"\n1,2\n", "#1 @8 [1][2]\nend\n");
}

static void
csv_takes_lf_and_crlf_mixed(void **state)
{
	(void)state;
	expect("a,b\r\n1,2\n3,4\r\n\"5\",6\r\n", "#1 @5 [1][2]\n#2 @9 [3][4]\n#3 @14 [5][6]\nend\n");
}

static void
csv_takes_a_last_record_without_newline(void **state)
{
	(void)state;
	expect("a,b\n1,2", "#1 @4 [1][2]\nend\n");
	expect("a,b\n1,", "#1 @4 [1][]\nend\n");
	expect("a,b\n1,\"2\"", "#1 @4 [1][2]\nend\n");
}

static void
csv_strips_one_bom_at_the_start(void **state)
{
	(void)state;
	expect("\xef\xbb\xbf" "a,b\n1,2\n", "#1 @7 [1][2]\nend\n");
	expect("\xef\xbb\xbf\"a\",b\n1,2\n", "#1 @9 [1][2]\nend\n");
	expect("\xef\xbb\xbf\xef\xbb\xbf" "a,b\n1,2\n", "error data");
}

static void
csv_flags_a_bom_elsewhere(void **state)
{
	(void)state;
	expect("a,b\n\xef\xbb\xbf" "1,2\n3,4\n", "#1 @4 !bom_inside \xef\xbb\xbf" "1,2\n#2 @11 [3][4]\nend\n");
	expect("a,b\n1,x\xef\xbb\xbf\n3,\xef\xbb\xbe\n", "#1 @4 !bom_inside 1,x\xef\xbb\xbf\n#2 @11 [3][\xef\xbb\xbe]\nend\n");
}

static void
csv_flags_ragged_records(void **state)
{
	(void)state;
	expect("a,b\n1\n1,2\n1,2,3\n\\.\n", "#1 @4 !too_few_cells 1\n#2 @6 [1][2]\n#3 @10 !too_many_cells 1,2,3\n"
	       "#4 @16 !too_few_cells \\.\nend\n");
	expect("a,b\r\n1\r\n1,2\r\n\"1\"\r\n1,2,3\r\n1,2,3\n1\n", "#1 @5 !too_few_cells 1\n#2 @8 [1][2]\n#3 @13 !too_few_cells \"1\"\n"
	       "#4 @18 !too_many_cells 1,2,3\n#5 @25 !too_many_cells 1,2,3\n#6 @31 !too_few_cells 1\nend\n");
	expect("a,b\n1,2,3", "#1 @4 !too_many_cells 1,2,3\nend\n");
}

static void
csv_flags_records_without_content(void **state)
{
	(void)state;
	expect("a,b,c\n,,\n1,2,3\n", "#1 @6 !empty_record ,,\n#2 @9 [1][2][3]\nend\n");
	expect("a,b,c\n,\n,,,,\n", "#1 @6 !empty_record ,\n#2 @8 !empty_record ,,,,\nend\n");
	expect("a,b,c\n\"\",,\n", "#1 @6 [][][]\nend\n");
	expect("a,b\n\n1,2\n\r\n3,4\n", "#1 @4 !blank_line \n#2 @5 [1][2]\n#3 @9 !blank_line \n#4 @11 [3][4]\nend\n");
	expect("a\n\n1\n", "#1 @2 !blank_line \n#2 @3 [1]\nend\n");
}

static void
csv_takes_one_blank_last_line(void **state)
{
	(void)state;
	expect("a,b\n1,2\n\n", "#1 @4 [1][2]\nend\n");
	expect("a,b\r\n1,2\r\n\r\n", "#1 @5 [1][2]\nend\n");
	expect("a,b\n1,2\n\n\n", "#1 @4 [1][2]\n#2 @8 !blank_line \nend\n");
	expect("a,b\n\n", "end\n");
}

static void
csv_flags_a_repeated_header(void **state)
{
	(void)state;
	expect("a,b\r\n1,2\r\na,b\n3,4\na,b", "#1 @5 [1][2]\n#2 @10 !repeated_header a,b\n#3 @14 [3][4]\n"
	       "#4 @18 !repeated_header a,b\nend\n");
	/* However it is quoted or spaced, the first time or now. */
	expect("a,b\n\"a\",b\n a,\"b \"\na,B\n", "#1 @4 !repeated_header \"a\",b\n#2 @10 !repeated_header  a,\"b \"\n"
	       "#3 @18 [a][B]\nend\n");
	expect("\"a\", b\n1,2\na,b\n\"a\", b\n", "#1 @7 [1][2]\n#2 @11 !repeated_header a,b\n"
	       "#3 @15 !repeated_header \"a\", b\nend\n");
}

static void
csv_rejects_quote_inside_bare_cell(void **state)
{
	(void)state;
	expect("a,b\nx\"y\"z,2\n3,4\n", "#1 @4 !quote_in_bare_cell x\"y\"z,2\n#2 @12 [3][4]\nend\n");
	expect("a,b\n \"x\",2\n3,4\n", "#1 @4 !quote_in_bare_cell  \"x\",2\n#2 @11 [3][4]\nend\n");
	expect("a,b\n1,x\"\"", "#1 @4 !quote_in_bare_cell 1,x\"\"\nend\n");
}

static void
csv_rejects_text_after_a_closing_quote(void **state)
{
	(void)state;
	expect("a,b\n\"x\"y,2\n3,4\n", "#1 @4 !text_after_quote \"x\"y,2\n#2 @11 [3][4]\nend\n");
	expect("a,b\n\"x\" ,2\n3,4\n", "#1 @4 !text_after_quote \"x\" ,2\n#2 @11 [3][4]\nend\n");
	expect("a,b\n\"say \\\"hi\\\"\",2\n3,4\n", "#1 @4 !text_after_quote \"say \\\"hi\\\"\",2\n#2 @19 [3][4]\nend\n");
	expect("a,b\n\"x\"y\"z\",\"l1\nl2\"\n3,4\n", "#1 @4 !text_after_quote \"x\"y\"z\",\"l1\nl2\"\n#2 @20 [3][4]\nend\n");
}

static void
csv_refuses_the_file_where_a_record_end_is_in_doubt(void **state)
{
	(void)state;
	expect("a,b\n1,2\nx\"y,2\n3,4\n", "#1 @4 [1][2]\nerror data record 2 line 3");
	expect("a,b\n\"abc\\\"def\",1\n3,4\n", "error data record 1 line 2");
	expect("a,b\n\"ab\"cd\",1\n3,4\n", "error data record 1 line 2");
	expect("a,b\nx\"y,\"l1\nl2\"\n3,4\n", "error data record 1 line 2");
	expect("a,b\nx\"y,2", "error data record 1 line 2");
}

static void
csv_refuses_an_unterminated_quote(void **state)
{
	(void)state;
	expect("a,b\n1,2\n3,\"4\n5,6\n7,8\n", "#1 @4 [1][2]\nerror data record 2 line 3 column 0: the file ends inside a quoted cell");
	expect("a,b\n\"1\n2\",\"3", "error data record 1 line 3");
	expect("a,b\n\"", "error data record 1 line 2");
	expect("a,\"b\n", "error data record 1 line 1");
}

static void
csv_refuses_a_file_cut_inside_its_last_record(void **state)
{
	(void)state;
	expect("a,b,c\n1,2,3\n4,5", "#1 @6 [1][2][3]\nerror data record 2 line 3 column 0: the file ends inside its last record, which has 2 of 3");
	expect("a,b,c\n,", "error data record 1 line 2");
	expect("a,b,c\n4,5\n", "#1 @6 !too_few_cells 4,5\nend\n");
}

static void
csv_refuses_a_lone_cr(void **state)
{
	(void)state;
	expect("a,b\n1,2\rx\n3,4\n", "error data record 1 line 2 column 4: a CR that is not followed by LF");
	expect("a,b\r1,2\r", "error data record 1 line 1 column 4");
	expect("a,b\n1,2\r", "error data record 1 line 2 column 4");
	expect("a,b\n1,2\r\r\n", "error data record 1 line 2 column 4");
	expect("a,b\n1,\"2\"\r3\n", "error data record 1 line 2 column 6");
	expect("a,b\n\"l1\nl2\",2\r3\n", "error data record 1 line 3 column 6");
}

static void
csv_counts_physical_lines(void **state)
{
	(void)state;
	expect("a,b\r\n\"1\r\n\r\n2\",3\n\n4,x\"\n", "#1 @5 [1\r\n\r\n2][3]\n#2 @16 !blank_line \nerror data record 3 line 6");
}

static void
csv_keeps_nul_and_invalid_bytes_as_they_are(void **state)
{
	(void)state;
	struct fe_str input = FE_STR("a,b\n\0,\xff\xfe\n\"\0\",\xc3\n");
	struct fe_buf want;
	fe_buf_init(&want, 1000);
	fe_buf_add_str(&want, FE_STR("#1 @4 [\0][\xff\xfe]\n#2 @9 [\0][\xc3]\nend\n"));
	struct fe_buf got;
	fe_buf_init(&got, 1000);
	csv_render(input, &(struct csv_way){ 0 }, &got);
	assert_int_equal(got.n_bytes, want.n_bytes);
	assert_memory_equal(got.p, want.p, want.n_bytes);
	fe_buf_reset(&got);
	fe_buf_reset(&want);
}

static void
csv_takes_other_delimiters_and_quotes(void **state)
{
	(void)state;
	struct csv_way way = { .dialect = { .delimiter = ';', .quote = '\'' } };
	expect_of(FE_STR("a;b\n'x;''y';\"2,3\"\n"), way, "#1 @4 [x;'y][\"2,3\"]\nend\n");
	way.dialect = (struct fe_csv_dialect){ .delimiter = '\t' };
	expect_of(FE_STR("a\tb\n\"x\ty\"\n\t\"\n"), way, "#1 @4 [\"x][y\"]\n#2 @10 [][\"]\nend\n");
}

static void
csv_knows_which_dialects_can_be(void **state)
{
	(void)state;
	assert_true(fe_csv_dialect_is_valid((struct fe_csv_dialect){ ',', '"' }));
	assert_true(fe_csv_dialect_is_valid((struct fe_csv_dialect){ '\t', 0 }));
	assert_true(fe_csv_dialect_is_valid((struct fe_csv_dialect){ '\x01', '\'' }));
	assert_false(fe_csv_dialect_is_valid((struct fe_csv_dialect){ ',', ',' }));
	assert_false(fe_csv_dialect_is_valid((struct fe_csv_dialect){ '\n', '"' }));
	assert_false(fe_csv_dialect_is_valid((struct fe_csv_dialect){ ',', '\r' }));
	assert_false(fe_csv_dialect_is_valid((struct fe_csv_dialect){ 'x', '"' }));
	assert_false(fe_csv_dialect_is_valid((struct fe_csv_dialect){ '1', '"' }));
	assert_false(fe_csv_dialect_is_valid((struct fe_csv_dialect){ 0, '"' }));
	assert_false(fe_csv_dialect_is_valid((struct fe_csv_dialect){ '\xe9', '"' }));
}

static void
csv_skips_lines_before_the_header(void **state)
{
	(void)state;
	expect_of(FE_STR("report \"of\nJune\r\na,b\n1,2\n"), (struct csv_way){ .skip_lines = 2 }, "#1 @21 [1][2]\nend\n");
	expect_of(FE_STR("\xef\xbb\xbfreport\na,b\n1\rx,2\n"), (struct csv_way){ .skip_lines = 1 }, "error data record 1 line 3 column 2");
	expect_of(FE_STR("x\ny"), (struct csv_way){ .skip_lines = 2 }, "end\n");
}

static void
csv_reads_records_without_a_header(void **state)
{
	(void)state;
	expect_of(FE_STR("1,2\n3\n1,2\n"), (struct csv_way){ .n_cells = 2 },
		  "#1 @0 [1][2]\n#2 @4 !too_few_cells 3\n#3 @6 [1][2]\nend\n");
	expect_of(FE_STR("1,2\n3\n"), (struct csv_way){ .any_cells = true }, "#1 @0 [1][2]\n#2 @4 [3]\nend\n");
	expect_of(FE_STR(""), (struct csv_way){ .any_cells = true }, "end\n");
	expect_of(FE_STR("\xef\xbb\xbf"), (struct csv_way){ .any_cells = true }, "end\n");
}

/* Inputs made of parts: text, repeated. */
struct part { const char *text; size_t n_times; };

static void
expect_parts(const struct part *parts, size_t n_parts, const char *want)
{
	struct fe_buf input, got;
	fe_buf_init(&input, CSV_RENDER_MAX_BYTES);
	fe_buf_init(&got, CSV_RENDER_MAX_BYTES);
	for (size_t i = 0; i < n_parts; i++)
		for (size_t k = 0; k < parts[i].n_times; k++)
			fe_buf_add_text(&input, parts[i].text);
	for (int way_no = 0; way_no < 4; way_no++) {
		size_t step = (size_t)3 * 1024 * 1024 + 1;
		struct csv_way way = {
			.in_bulk = way_no & 1,
			.cut = way_no & 2 ? cut_steps : NULL,
			.cut_ctx = &step,
		};
		fe_buf_clear(&got);
		csv_render(fe_buf_str(&input), &way, &got);
		const char *text = fe_buf_text(&got);
		if (strncmp(text, "error", 5) != 0) /* only its end counts */
			text = strstr(text, "end\n");
		assert_non_null(text);
		assert_int_equal(strncmp(text, want, strlen(want)), 0);
	}
	fe_buf_reset(&input);
	fe_buf_reset(&got);
}
#define EXPECT_PARTS(want, ...)                                                \
	expect_parts((const struct part[]){ __VA_ARGS__ },                     \
		     sizeof((const struct part[]){ __VA_ARGS__ }) / sizeof(struct part), want)

static void
csv_limits_cells_to_1_mib(void **state)
{
	(void)state;
	const size_t max = FE_CSV_MAX_CELL_BYTES;
	const char *over = "error limit record 1 line 2 column 0: a cell has too many bytes";
	EXPECT_PARTS("end", { "a,b\n", 1 }, { "x", max }, { ",2\n", 1 });
	EXPECT_PARTS(over, { "a,b\n", 1 }, { "x", max + 1 }, { ",2\n", 1 });
	EXPECT_PARTS("end", { "a,b\n\"", 1 }, { "x", max }, { "\",2\n", 1 });
	EXPECT_PARTS(over, { "a,b\n\"", 1 }, { "x", max + 1 }, { "\",2\n", 1 });
	EXPECT_PARTS("end", { "a,b\n1,", 1 }, { "x", max }, { "\r\n", 1 });
	EXPECT_PARTS(over, { "a,b\n1,", 1 }, { "x", max + 1 }, { "\r\n", 1 });
	EXPECT_PARTS("end", { "a,b\n1,", 1 }, { "x", max });
	EXPECT_PARTS(over, { "a,b\n1,", 1 }, { "x", max + 1 });
}

static void
csv_limits_records_to_4_mib(void **state)
{
	(void)state;
	/* Five cells; the four delimiters count. */
	const size_t quarter = FE_CSV_MAX_RECORD_BYTES / 4 - 1;
	const char *over = "error limit record 1 line 2 column 0: a record has too many bytes";
	EXPECT_PARTS("end", { "a,b,c,d,e\n", 1 }, { "x", quarter }, { ",", 1 }, { "x", quarter }, { ",", 1 },
		     { "x", quarter }, { ",", 1 }, { "x", quarter }, { ",", 1 }, { "\n1,2,3,4,5\n", 1 });
	EXPECT_PARTS(over, { "a,b,c,d,e\n", 1 }, { "x", quarter }, { ",", 1 }, { "x", quarter }, { ",", 1 },
		     { "x", quarter }, { ",", 1 }, { "x", quarter }, { ",y", 1 }, { "\n1,2,3,4,5\n", 1 });
	EXPECT_PARTS(over, { "a,b\n1,", 1 }, { "\"x\",", 1024 }, { "y", quarter }, { ",", 1 }, { "y", quarter }, { ",", 1 },
		     { "y", quarter }, { ",", 1 }, { "y", quarter }, { ",", 1 });
}

static void
csv_limits_records_to_1000_lines(void **state)
{
	(void)state;
	const size_t max = FE_CSV_MAX_RECORD_LINES;
	EXPECT_PARTS("end", { "a,b\n1,\"", 1 }, { "x\n", max - 1 }, { "\"\n", 1 });
	EXPECT_PARTS("error limit record 1 line 2 column 0: a record has too many lines", { "a,b\n1,\"", 1 },
		     { "x\n", max }, { "\"\n", 1 });
	EXPECT_PARTS("error limit", { "a,b\n1,\"", 1 }, { "x,y\n", 2000000 });
}

static void
csv_limits_columns_to_4096(void **state)
{
	(void)state;
	const size_t max = FE_CSV_MAX_COLUMNS;
	EXPECT_PARTS("end", { "a,", max - 1 }, { "b\n", 1 }, { "1,", max - 1 }, { "2\n", 10 });
	EXPECT_PARTS("error limit record 1 line 1 column 0: a record has too many cells", { "a,", max }, { "b\n", 1 });
	EXPECT_PARTS("error limit record 1 line 2 column 0: a record has too many cells", { "a,b\n", 1 }, { "1,", 1000000 });
}

/* Outside quotes by counting, in a quoted cell by walking: more of them than an index keeps. */
static void
csv_finds_the_end_of_a_flawed_record_behind_any_number_of_delimiters(void **state)
{
	(void)state;
	EXPECT_PARTS("end", { "a,b\n", 1 }, { "x\"y,\"a", 1 }, { ",", 100000 }, { "z\"w\"\n", 1 }, { "1,2\n", 10 });
}

static void
csv_limits_quotes_of_a_record(void **state)
{
	(void)state;
	const size_t max = FE_CSV_MAX_RECORD_QUOTES;
	const char *over = "error limit record 1 line 2 column 0: a record has too many quotes";
	EXPECT_PARTS("end", { "a,b\n1,", 1 }, { "\"", max }, { "\n", 1 });
	EXPECT_PARTS(over, { "a,b\n1,", 1 }, { "\"", max + 1 }, { "\n", 1 });
	EXPECT_PARTS(over, { "a,b\n1,x", 1 }, { "\"", 1000000 }, { "\n", 1 });
	EXPECT_PARTS(over, { "a,b\n1,\"x\"y", 1 }, { "\"", 1000000 }, { "\n", 1 });
}

static void
csv_refuses_a_line_of_100_mb(void **state)
{
	(void)state;
	EXPECT_PARTS("error limit record 1 line 2 column 0: a cell has too many bytes", { "a,b\n1,", 1 },
		     { "0123456789", 10000000 });
}

static void
csv_notes_bom_line_ends_and_last_newline(void **state)
{
	(void)state;
	static const struct {
		const char *input;
		struct fe_csv_notes want;
	} cases[] = {
		{ "a\n1\n", { 0 } },
		{ "\xef\xbb\xbf" "a\r\n1\r\n", { .has_bom = true, .crlf = true } },
		{ "a\r\n1\n", { .crlf = true, .mixed_line_ends = true } },
		{ "a\n\"1\"\r\n", { .crlf = true, .mixed_line_ends = true } },
		{ "a\n\"\r\n\"\n", { 0 } },
		{ "a\n1", { .no_final_newline = true } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fe_csv_reader *r = fe_csv_reader_new((struct fe_csv_dialect){ ',', '"' });
		struct fe_arena arena = { 0 };
		struct fe_csv_record record;
		struct fe_err err;
		bool more = true;
		assert_int_equal(fe_csv_feed(r, fe_str_of(cases[i].input), 0, true, &arena, &err), FE_OK);
		while (more)
			assert_int_equal(fe_csv_next(r, &record, &more, &err), FE_OK);
		struct fe_csv_notes got = fe_csv_notes(r);
		assert_int_equal(got.has_bom, cases[i].want.has_bom);
		assert_int_equal(got.crlf, cases[i].want.crlf);
		assert_int_equal(got.mixed_line_ends, cases[i].want.mixed_line_ends);
		assert_int_equal(got.no_final_newline, cases[i].want.no_final_newline);
		fe_csv_reader_free(r);
		fe_arena_free(&arena);
	}
}

static void
csv_tells_ascii_from_other_bytes(void **state)
{
	(void)state;
	static const struct { struct fe_str input; bool want; } cases[] = {
		{ { "a,b\n1,2\n", 8 }, true },
		{ { "a,b\n1,\xc3\xa9\n", 9 }, false },
		{ { "a,b\n1,\0\n", 8 }, false },
		{ { "a,b,c,d,e,f\n1,\0,3,4,5,6\n", 24 }, false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fe_csv_reader *r = fe_csv_reader_new((struct fe_csv_dialect){ ',', '"' });
		struct fe_arena arena = { 0 };
		struct fe_csv_record record;
		bool more = true;
		assert_int_equal(fe_csv_feed(r, cases[i].input, 0, true, &arena, NULL), FE_OK);
		while (more)
			assert_int_equal(fe_csv_next(r, &record, &more, NULL), FE_OK);
		assert_int_equal(fe_csv_is_ascii(r), cases[i].want);
		fe_csv_reader_free(r);
		fe_arena_free(&arena);
	}
}

static void
csv_gives_the_code_of_a_failure_without_an_error_struct(void **state)
{
	(void)state;
	struct fe_csv_reader *r = fe_csv_reader_new((struct fe_csv_dialect){ ',', '"' });
	struct fe_arena arena = { 0 };
	struct fe_csv_record record;
	bool more;
	assert_int_equal(fe_csv_feed(r, FE_STR("\"a"), 0, true, &arena, NULL), FE_OK);
	assert_int_equal(fe_csv_next(r, &record, &more, NULL), FE_EDATA);
	fe_csv_reader_free(r);
	fe_arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_reads_bare_cells),
		cmocka_unit_test(csv_reads_quoted_cells_with_delimiters_line_ends_and_quotes),
		cmocka_unit_test(csv_takes_lf_and_crlf_mixed),
		cmocka_unit_test(csv_takes_a_last_record_without_newline),
		cmocka_unit_test(csv_strips_one_bom_at_the_start),
		cmocka_unit_test(csv_flags_a_bom_elsewhere),
		cmocka_unit_test(csv_flags_ragged_records),
		cmocka_unit_test(csv_flags_records_without_content),
		cmocka_unit_test(csv_takes_one_blank_last_line),
		cmocka_unit_test(csv_flags_a_repeated_header),
		cmocka_unit_test(csv_rejects_quote_inside_bare_cell),
		cmocka_unit_test(csv_rejects_text_after_a_closing_quote),
		cmocka_unit_test(csv_refuses_the_file_where_a_record_end_is_in_doubt),
		cmocka_unit_test(csv_refuses_an_unterminated_quote),
		cmocka_unit_test(csv_refuses_a_file_cut_inside_its_last_record),
		cmocka_unit_test(csv_refuses_a_lone_cr),
		cmocka_unit_test(csv_counts_physical_lines),
		cmocka_unit_test(csv_keeps_nul_and_invalid_bytes_as_they_are),
		cmocka_unit_test(csv_takes_other_delimiters_and_quotes),
		cmocka_unit_test(csv_knows_which_dialects_can_be),
		cmocka_unit_test(csv_skips_lines_before_the_header),
		cmocka_unit_test(csv_reads_records_without_a_header),
		cmocka_unit_test(csv_limits_cells_to_1_mib),
		cmocka_unit_test(csv_limits_records_to_4_mib),
		cmocka_unit_test(csv_limits_records_to_1000_lines),
		cmocka_unit_test(csv_limits_columns_to_4096),
		cmocka_unit_test(csv_finds_the_end_of_a_flawed_record_behind_any_number_of_delimiters),
		cmocka_unit_test(csv_limits_quotes_of_a_record),
		cmocka_unit_test(csv_refuses_a_line_of_100_mb),
		cmocka_unit_test(csv_notes_bom_line_ends_and_last_newline),
		cmocka_unit_test(csv_tells_ascii_from_other_bytes),
		cmocka_unit_test(csv_gives_the_code_of_a_failure_without_an_error_struct),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

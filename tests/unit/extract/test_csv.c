// SPDX-License-Identifier: Apache-2.0
/* The CSV source: files, headers, options, and what each odd file is told. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../conformance/source.h"
#include "../scratch.h"

static struct scratch scratch;

struct reading {
	struct fe_schema schema;
	struct fe_source_column columns[8];
	struct fe_reason_table reasons;
	struct fe_source_settings set;
	struct fe_buf text; /* what was read */
	struct fe_err err;
	bool ascii;         /* of the last batch */
};

/* Declared columns: names parted by blanks, a computed one with '=' before it. */
static void
reading_init(struct reading *r, const char *location, const char *columns)
{
	*r = (struct reading){ .ascii = true };
	fe_schema_init(&r->schema);
	for (const char *from = columns; *from;) {
		size_t n = strcspn(from, " ");
		bool is_computed = *from == '=';
		struct fe_str name = { from + is_computed, n - is_computed };
		size_t i = fe_schema_add(&r->schema, name, (struct fe_type){ .kind = FE_TEXT });
		r->columns[i] = (struct fe_source_column){ .is_computed = is_computed };
		from += n + (from[n] == ' ');
	}
	r->schema.n_source = r->schema.n_fields;
	for (size_t i = 0; i < r->schema.n_fields; i++)
		r->columns[i].from = r->columns[i].is_computed ? NULL : r->schema.fields[i].name;
	fe_buf_init(&r->text, (size_t)64 * 1024 * 1024);
	r->set = (struct fe_source_settings){
		.location = location,
		.dataset = "data",
		.schema = &r->schema,
		.columns = r->columns,
		.reasons = &r->reasons,
		.delimiter = ',',
		.quote = '"',
		.encoding = "utf-8",
	};
}

static void
reading_reset(struct reading *r)
{
	fe_buf_reset(&r->text);
	fe_reason_table_reset(&r->reasons);
	fe_schema_reset(&r->schema);
}

static void
render_batch(struct reading *r, const struct fe_batch *b)
{
	size_t n_reasons = 0;
	for (size_t row = 0; row < b->n_rows; row++) {
		const struct fe_origin *o = &b->origin[row];
		fe_buf_addf(&r->text, "%u:%llu@%llu ", b->object, (unsigned long long)o->record,
			    (unsigned long long)o->offset);
		for (size_t c = 0; c < r->schema.n_source && !fe_bit_get(b->broken, row); c++) {
			if (r->columns[c].is_computed)
				continue;
			fe_buf_add_char(&r->text, '[');
			fe_buf_add_str(&r->text, b->cells[c][row]);
			fe_buf_add_char(&r->text, ']');
		}
		if (fe_bit_get(b->broken, row)) {
			assert_int_equal(b->reasons[n_reasons].row, row);
			fe_buf_add_text(&r->text, fe_reason_text(&r->reasons, b->reasons[n_reasons++].id));
			fe_buf_add_char(&r->text, ' ');
			fe_buf_add_str(&r->text, o->raw);
			for (size_t c = 0; c < r->schema.n_source; c++)
				assert_true(r->columns[c].is_computed || b->cells[c][row].p == NULL);
		}
		fe_buf_add_char(&r->text, '\n');
	}
	assert_int_equal(n_reasons, b->n_reasons);
}

static enum fe_rc
read_all(struct reading *r)
{
	struct fe_source *source;
	struct fe_batch batch;
	enum fe_rc rc = fe_source_open(&source, &fe_source_csv, &r->set, &r->err);
	if (rc)
		return rc;
	fe_batch_init(&batch, &r->schema);
	do {
		rc = fe_source_next(source, &batch, &r->err);
		if (batch.n_rows)
			r->ascii = batch.ascii;
		render_batch(r, &batch);
	} while (rc == FE_OK && batch.n_rows > 0);
	fe_batch_reset(&batch);
	fe_source_close(source);
	return rc;
}

static void
expect_rows(struct reading *r, const char *want)
{
	if (read_all(r))
		fail_msg("%s", r->err.text);
	assert_string_equal(fe_buf_text(&r->text), want);
	reading_reset(r);
}

/* All of `parts` are in the message, and the place is right. */
static void
expect_failure(struct reading *r, enum fe_rc rc, uint64_t line, const char *const *parts)
{
	char printed[4096];
	assert_int_equal(read_all(r), rc);
	(void)fe_err_print(&r->err, printed, sizeof printed);
	for (; *parts; parts++) {
		if (!strstr(printed, *parts))
			fail_msg("'%s' is not in: %s", *parts, printed);
	}
	assert_int_equal(r->err.line, line);
	reading_reset(r);
}
#define PARTS(...) (const char *const[]){ __VA_ARGS__, NULL }

static void
rows_of(const char *content, const char *columns, const char *want)
{
	struct reading r;
	reading_init(&r, scratch_write(&scratch, "data.csv", fe_str_of(content)), columns);
	expect_rows(&r, want);
}

static void
failure_of_bytes(struct fe_str content, const char *columns, uint64_t line, const char *const *parts)
{
	struct reading r;
	reading_init(&r, scratch_write(&scratch, "data.csv", content), columns);
	expect_failure(&r, FE_EDATA, line, parts);
}

static void
failure_of(const char *content, const char *columns, uint64_t line, const char *const *parts)
{
	failure_of_bytes(fe_str_of(content), columns, line, parts);
}

/* ---- headers ---- */

static void
csv_finds_columns_by_name_in_any_order(void **state)
{
	(void)state;
	rows_of("b,a\n1,2\n\"3\",\"4\"\n", "a b", "0:1@4 [2][1]\n0:2@8 [4][3]\n");
	rows_of("\xef\xbb\xbf b , a \r\n1,2\r\n", "a b", "0:1@12 [2][1]\n");
	rows_of("\"a\",\"x,\"\"y\"\"\"\n1,2\n", "x,\"y\" a", "0:1@14 [2][1]\n");
}

static void
csv_does_not_look_for_computed_columns(void **state)
{
	(void)state;
	rows_of("b,a\n1,2\n", "a =sum b", "0:1@4 [2][1]\n");
}

static void
csv_refuses_double_and_empty_names(void **state)
{
	(void)state;
	failure_of("a,b,a\n1,2,3\n", "a b", 1, PARTS("data.csv:1", "columns 1 and 3", "have the same name in the header: 'a'"));
	failure_of("a,b, A \n1,2,3\n", "a b", 1, PARTS("columns 1 and 3", "'a' and 'A'"));
	failure_of("\xc3\xa9,b,\xc3\x89\n1,2,3\n", "b", 1, PARTS("columns 1 and 3"));
	failure_of("a,,b\n1,2,3\n", "a b", 1, PARTS("column 2 has an empty name", "skip_lines"));
	failure_of("a,b,\" \"\n1,2,3\n", "a b", 1, PARTS("column 3 has an empty name"));
}

static void
csv_refuses_a_header_without_a_declared_column(void **state)
{
	(void)state;
	failure_of("id,Amount,state\n1,2,3\n", "id amount status", 1,
		   PARTS("no column 'amount' (is 'Amount' meant?), 'status' (is 'state' meant?)",
			 "it has 'id', 'Amount', 'state'"));
	failure_of("x\n1\n", "id", 1, PARTS("no column 'id'; it has 1 that is not declared", "skip_lines", "names"));
	failure_of("4711,Ann,4711\n", "id", 1, PARTS("columns 1 and 3 have the same name in the header; rename one, or is this line no header?"));
	failure_of("[{\"id\":1}]\n", "id", 1, PARTS("quote_in_bare_cell", "is this line the header"));
}

static void
csv_refuses_extra_columns_unless_told_to_ignore_them(void **state)
{
	(void)state;
	struct reading r;
	failure_of("a,b,c,d\n1,2,3,4\n", "a c", 1,
		   PARTS("not declared: 'b', 'd'", "contract: discard_column"));
	reading_init(&r, scratch_write(&scratch, "data.csv", FE_STR("a,b,c,d\n1,2,3,4\n")), "a c");
	r.set.contract = FE_CONTRACT_DISCARD;
	expect_rows(&r, "0:1@8 [1][3]\n");
}

static void
csv_names_the_likely_delimiter(void **state)
{
	(void)state;
	failure_of("a;b\n1;2\n", "a b", 1, PARTS("no column 'a'", "separated by ';': set delimiter: ';'"));
	failure_of("a\tb\n1\t2\n", "a b", 1, PARTS("tabs", "\"\\t\""));
	failure_of("\"a\";\"b\"\n1;2\n", "a b", 1, PARTS("malformed (text_after_quote)", "set delimiter: ';'"));
	struct reading r;
	reading_init(&r, scratch_write(&scratch, "data.csv", FE_STR("a,b\n1,2\n")), "a b");
	r.set.delimiter = '|';
	expect_failure(&r, FE_EDATA, 1, PARTS("set delimiter: ','"));
}

static void
csv_refuses_a_malformed_header(void **state)
{
	(void)state;
	failure_of("\na,b\n1,2\n", "a b", 1, PARTS("header line is blank", "skip_lines"));
	failure_of("a\xff,b\n1,2\n", "a b", 1, PARTS("column 1", "not valid UTF-8"));
	failure_of_bytes(FE_STR("a\0,b\n1,2\n"), "a b", 1, PARTS("column 1", "NUL"));
	failure_of("a,\"b\n1,2\n", "a b", 1, PARTS("inside a quoted cell"));
	failure_of("a,b\r1,2\r", "a b", 1, PARTS("CR"));
}

/* ---- files ---- */

static void
csv_reads_all_files_of_a_pattern_in_order_of_their_names(void **state)
{
	(void)state;
	struct reading r;
	(void)mkdir(scratch_path(&scratch, "many"), 0700);
	(void)scratch_write(&scratch, "many/b.csv", FE_STR("a,b\n3,4\n"));
	(void)scratch_write(&scratch, "many/a.csv", FE_STR("b,a\n1,2"));
	(void)scratch_write(&scratch, "many/c.csv", FE_STR("a,b\r\n5,6\r\n"));
	reading_init(&r, scratch_path(&scratch, "many/*.csv"), "a b");
	expect_rows(&r, "0:1@4 [2][1]\n1:1@4 [3][4]\n2:1@5 [5][6]\n");
}

static void
csv_names_the_file_that_is_wrong(void **state)
{
	(void)state;
	struct reading r;
	(void)mkdir(scratch_path(&scratch, "some"), 0700);
	(void)scratch_write(&scratch, "some/1.csv", FE_STR("a\n1\n"));
	(void)scratch_write(&scratch, "some/2.csv", FE_STR("a\n1\n2\n\"3\n"));
	reading_init(&r, scratch_path(&scratch, "some/*.csv"), "a");
	expect_failure(&r, FE_EDATA, 4, PARTS("some/2.csv:4", "data set data"));
}

static void
csv_refuses_missing_files_and_folders(void **state)
{
	(void)state;
	struct reading r;
	reading_init(&r, "/nowhere/x.csv", "a");
	expect_failure(&r, FE_EUSAGE, 0, PARTS("/nowhere/x.csv", "No such file"));
	reading_init(&r, scratch_path(&scratch, "*.none"), "a");
	expect_failure(&r, FE_EUSAGE, 0, PARTS("*.none", "no file matches"));
	reading_init(&r, scratch.folder, "a");
	expect_failure(&r, FE_EUSAGE, 0, PARTS("folder", "*.csv"));
}

static void
csv_tells_an_empty_file_from_one_with_a_header_alone(void **state)
{
	(void)state;
	static const struct { const char *content, *said; } cases[] = {
		{ "", "is empty (0 bytes)" },
		{ "\xef\xbb\xbf", "has no header" },
		{ "a,b\n", "has a header but no records" },
		{ "a,b", "has a header but no records" },
		{ "a,b\n\n", "has a header but no records" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct reading r;
		failure_of(cases[i].content, "a b", 0, PARTS("data.csv", cases[i].said, "allow_empty: true"));
		reading_init(&r, scratch_path(&scratch, "data.csv"), "a b");
		r.set.allow_empty = true;
		expect_rows(&r, "");
	}
}

static void
csv_refuses_other_encodings_with_a_hint(void **state)
{
	(void)state;
	struct reading r;
	failure_of_bytes(FE_STR("\xff\xfe" "a\0,\0b\0\n\0"), "a b", 0, PARTS("UTF-16", "encoding: utf-16le", "iconv"));
	failure_of_bytes(FE_STR("\xfe\xff\0a\0,\0b\0\n"), "a b", 0, PARTS("UTF-16"));
	failure_of_bytes(FE_STR("a\0,\0b\0\n\0"), "a b", 0, PARTS("UTF-16"));
	failure_of_bytes(FE_STR("\0a\0,\0b\0\n"), "a b", 0, PARTS("UTF-16"));
	failure_of_bytes(FE_STR("\xff\xfe\0\0a\0\0\0"), "a b", 0, PARTS("UTF-32"));
	failure_of_bytes(FE_STR("\0\0\0a\0\0\0,"), "a b", 0, PARTS("UTF-32"));
	reading_init(&r, scratch_write(&scratch, "data.csv", FE_STR("a\n1\n")), "a");
	r.set.encoding = "latin1";
	expect_failure(&r, FE_EUSAGE, 0, PARTS("no encoding 'latin1'"));
	reading_init(&r, scratch_path(&scratch, "data.csv"), "a");
	r.set.encoding = "UTF-8";
	expect_rows(&r, "0:1@2 [1]\n");
}

/* Longer than all buffers between file and record, with characters of all widths. */
static void
csv_decodes_a_long_file(void **state)
{
	(void)state;
	static const char units[] = "a\0\xe9\0\xac\x20\x3d\xd8\x00\xde";
	struct reading r;
	struct fe_buf file, wanted;
	const unsigned n_rows = 40000;

	fe_buf_init(&file, 4u << 20);
	fe_buf_init(&wanted, 4u << 20);
	fe_buf_add(&file, "\xff\xfe" "a\0\n\0", 6);
	for (unsigned i = 0; i < n_rows; i++) {
		fe_buf_add(&file, units, sizeof units - 1);
		fe_buf_add(&file, "\n\0", 2);
		fe_buf_addf(&wanted, "0:%u@%u [a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80]\n", i + 1, 5 + 11 * i);
	}
	reading_init(&r, scratch_write(&scratch, "data.csv", fe_buf_str(&file)), "a");
	r.set.encoding = "utf-16";
	expect_rows(&r, fe_buf_text(&wanted));
	fe_buf_reset(&file);
	fe_buf_reset(&wanted);
}

static void
csv_refuses_a_zip(void **state)
{
	(void)state;
	failure_of_bytes(FE_STR("PK\x03\x04\x14\0\0\0"), "a", 0, PARTS("zip", "gzip or zstd"));
}

static void
csv_refuses_a_file_that_was_cut(void **state)
{
	(void)state;
	failure_of("a,b,c\n1,2,3\n4,5", "a b c", 3, PARTS("data.csv:3", "2 of 3 cells"));
	failure_of("a,b\n1,\"2", "a b", 2, PARTS("inside a quoted cell"));
}

/* ---- records ---- */

static void
csv_gives_flawed_records_a_reason_and_no_cells(void **state)
{
	(void)state;
	rows_of("a,b\n1\n1,2,3\n\n,\n\"x\"y,1\nx\"y\",1\na,b\n1,\xef\xbb\xbf\n1,2\n\n", "b a",
		"0:1@4 record:too_few_cells 1\n"
		"0:2@6 record:too_many_cells 1,2,3\n"
		"0:3@12 record:blank_line \n"
		"0:4@13 record:empty_record ,\n"
		"0:5@15 record:text_after_quote \"x\"y,1\n"
		"0:6@22 record:quote_in_bare_cell x\"y\",1\n"
		"0:7@29 record:repeated_header a,b\n"
		"0:8@33 record:bom_inside 1,\xef\xbb\xbf\n"
		"0:9@39 [2][1]\n");
}

static void
csv_knows_ascii_batches(void **state)
{
	(void)state;
	static const struct { struct fe_str content; bool want; } cases[] = {
		{ { "a,b\n1,2\n", 8 }, true },
		{ { "a,b\n1,\xc3\xa9\n", 9 }, false },
		{ { "a,b\n1,\0\n", 8 }, false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct reading r;
		reading_init(&r, scratch_write(&scratch, "data.csv", cases[i].content), "a b");
		assert_int_equal(read_all(&r), FE_OK);
		assert_int_equal(r.ascii, cases[i].want);
		reading_reset(&r);
	}
}

/* Records longer than a block, quoted and not, among short ones. */
static void
csv_reads_records_of_any_allowed_length(void **state)
{
	(void)state;
	static const size_t lengths[] = { 10, 262130, 262144, 262150, 600000, 1048576, 3 };
	struct fe_buf file, want;
	struct reading r;
	fe_buf_init(&file, (size_t)64 * 1024 * 1024);
	fe_buf_init(&want, (size_t)64 * 1024 * 1024);
	fe_buf_add_text(&file, "a,b\n");
	for (size_t i = 0; i < 2 * sizeof lengths / sizeof lengths[0]; i++) {
		const char *quote = i & 1 ? "\"" : "";
		fe_buf_addf(&want, "0:%zu@%zu [%zu][", i + 1, file.n_bytes, i);
		fe_buf_addf(&file, "%zu,%s", i, quote);
		for (size_t k = 0; k < lengths[i / 2]; k++) {
			fe_buf_add_char(&file, (char)('a' + k % 7));
			fe_buf_add_char(&want, (char)('a' + k % 7));
		}
		fe_buf_addf(&file, "%s\n", quote);
		fe_buf_add_text(&want, "]\n");
	}
	reading_init(&r, scratch_write(&scratch, "long.csv", fe_buf_str(&file)), "a b");
	expect_rows(&r, fe_buf_text(&want));
	fe_buf_reset(&file);
	fe_buf_reset(&want);
}

static void
csv_refuses_a_line_without_end_by_limit(void **state)
{
	(void)state;
	struct fe_buf file;
	struct reading r;
	fe_buf_init(&file, (size_t)64 * 1024 * 1024);
	fe_buf_add_text(&file, "a,b\n1,2\n3,");
	for (size_t k = 0; k < 20 * 1024 * 1024; k += 16)
		fe_buf_add_text(&file, "0123456789abcdef");
	reading_init(&r, scratch_write(&scratch, "long.csv", fe_buf_str(&file)), "a b");
	expect_failure(&r, FE_ELIMIT, 3, PARTS("long.csv:3", "too many bytes"));
	fe_buf_reset(&file);
}

/* ---- options ---- */

static void
csv_reads_files_without_header_by_given_names(void **state)
{
	(void)state;
	static const char *const names[] = { "x", "b", "a" };
	struct reading r;
	reading_init(&r, scratch_write(&scratch, "data.csv", FE_STR("1,2,3\n4,5,6\n")), "a b");
	r.set.names = names;
	r.set.n_names = 3;
	r.set.contract = FE_CONTRACT_DISCARD;
	expect_rows(&r, "0:1@0 [3][2]\n0:2@6 [6][5]\n");
	reading_init(&r, scratch_path(&scratch, "data.csv"), "a c");
	r.set.names = names;
	r.set.n_names = 3;
	expect_failure(&r, FE_EUSAGE, 0, PARTS("option names", "no column 'c'"));
	reading_init(&r, scratch_write(&scratch, "data.csv", FE_STR("")), "a");
	r.set.names = names + 2;
	r.set.n_names = 1;
	expect_failure(&r, FE_EDATA, 0, PARTS("is empty (0 bytes)"));
}

static void
csv_skips_lines_before_the_header(void **state)
{
	(void)state;
	struct reading r;
	reading_init(&r, scratch_write(&scratch, "data.csv", FE_STR("Report \"x\n\na,b\n1,2\nx\n")), "a b");
	r.set.skip_lines = 2;
	expect_rows(&r, "0:1@15 [1][2]\n0:2@19 record:too_few_cells x\n");
	reading_init(&r, scratch_write(&scratch, "data.csv", FE_STR("Report\na,b\n1,2\n\"3,4\n")), "a b");
	r.set.skip_lines = 1;
	expect_failure(&r, FE_EDATA, 4, PARTS("data.csv:4"));
}

static void
csv_refuses_a_dialect_that_cannot_be(void **state)
{
	(void)state;
	struct reading r;
	reading_init(&r, scratch_write(&scratch, "data.csv", FE_STR("a\n1\n")), "a");
	r.set.quote = ',';
	expect_failure(&r, FE_EUSAGE, 0, PARTS("delimiter and quote"));
}

/* ---- the suite for every source ---- */

static const char *
put_files(const size_t *n_records, size_t n_objects)
{
	static int n_calls;
	char name[64], folder[32];
	(void)snprintf(folder, sizeof folder, "suite-%d", n_calls++);
	FE_ASSERT(mkdir(scratch_path(&scratch, folder), 0700) == 0);
	for (size_t o = 0; o < n_objects; o++) {
		struct fe_buf file;
		fe_buf_init(&file, (size_t)64 * 1024 * 1024);
		fe_buf_add_text(&file, "b,a,c\n");
		for (uint64_t record = 1; record <= n_records[o]; record++) {
			static const size_t order[] = { 1, 0, 2 };
			for (size_t c = 0; c < 3; c++) {
				char cell[FE_SOURCE_SUBJECT_CELL_BYTES];
				const char *quote = record % 5 == c ? "\"" : "";
				struct fe_str s = fe_source_subject_cell(o, record, order[c], cell);
				fe_buf_addf(&file, "%s%.*s%s%s", quote, FE_STR_ARGS(s), quote, c < 2 ? "," : "\n");
			}
		}
		(void)snprintf(name, sizeof name, "%s/%zu.csv", folder, o);
		(void)scratch_write(&scratch, name, fe_buf_str(&file));
		fe_buf_reset(&file);
	}
	(void)snprintf(name, sizeof name, "%s/*.csv", folder);
	return scratch_path(&scratch, name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_finds_columns_by_name_in_any_order),
		cmocka_unit_test(csv_does_not_look_for_computed_columns),
		cmocka_unit_test(csv_refuses_double_and_empty_names),
		cmocka_unit_test(csv_refuses_a_header_without_a_declared_column),
		cmocka_unit_test(csv_refuses_extra_columns_unless_told_to_ignore_them),
		cmocka_unit_test(csv_names_the_likely_delimiter),
		cmocka_unit_test(csv_refuses_a_malformed_header),
		cmocka_unit_test(csv_reads_all_files_of_a_pattern_in_order_of_their_names),
		cmocka_unit_test(csv_names_the_file_that_is_wrong),
		cmocka_unit_test(csv_refuses_missing_files_and_folders),
		cmocka_unit_test(csv_tells_an_empty_file_from_one_with_a_header_alone),
		cmocka_unit_test(csv_refuses_other_encodings_with_a_hint),
		cmocka_unit_test(csv_decodes_a_long_file),
		cmocka_unit_test(csv_refuses_a_zip),
		cmocka_unit_test(csv_refuses_a_file_that_was_cut),
		cmocka_unit_test(csv_gives_flawed_records_a_reason_and_no_cells),
		cmocka_unit_test(csv_knows_ascii_batches),
		cmocka_unit_test(csv_reads_records_of_any_allowed_length),
		cmocka_unit_test(csv_refuses_a_line_without_end_by_limit),
		cmocka_unit_test(csv_reads_files_without_header_by_given_names),
		cmocka_unit_test(csv_skips_lines_before_the_header),
		cmocka_unit_test(csv_refuses_a_dialect_that_cannot_be),
	};
	const struct fe_source_subject subject = { .ops = &fe_source_csv, .put = put_files };
	scratch_open(&scratch);
	int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
	n_failed += fe_source_conformance(&subject);
	scratch_close(&scratch);
	return n_failed;
}

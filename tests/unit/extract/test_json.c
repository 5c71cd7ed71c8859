// SPDX-License-Identifier: Apache-2.0
/* The sources of JSON and NDJSON files: what each file is told, and how long records are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../conformance/source.h"
#include "../scratch.h"
#include "extract/json_rows.h"
#include "format/json_reader.h"

static struct scratch scratch;
static const struct fe_json_settings lines = { .is_lines = true }, documents = { .records = "data.items" };
static bool is_lines;

/* Objects in lines, or elements of one array; members in another order each time. */
static const char *
put_files(const size_t *n_records, size_t n_objects)
{
	static unsigned n_calls;
	char folder[32], name[64], cell[FE_SOURCE_SUBJECT_CELL_BYTES];
	(void)snprintf(folder, sizeof folder, "%s%u", is_lines ? "lines" : "documents", n_calls++);
	FE_ASSERT(mkdir(scratch_path(&scratch, folder), 0700) == 0);
	for (size_t o = 0; o < n_objects; o++) {
		struct fe_buf file;
		fe_buf_init(&file, (size_t)64 * 1024 * 1024);
		fe_buf_add_text(&file, is_lines ? "" : "{\"data\":{\"items\":[");
		for (uint64_t record = 1; record <= n_records[o]; record++) {
			fe_buf_add_text(&file, is_lines || record == 1 ? "{" : ",{");
			for (size_t i = 0; i < FE_SOURCE_SUBJECT_COLUMNS; i++) {
				size_t c = (i + record / 3) % FE_SOURCE_SUBJECT_COLUMNS;
				struct fe_str s = fe_source_subject_cell(o, record, c, cell);
				fe_buf_addf(&file, "%s\"%c\":\"%.*s\"", i ? "," : "", (char)('a' + (char)c), FE_STR_ARGS(s));
			}
			fe_buf_add_text(&file, is_lines ? "}\n" : "}");
		}
		fe_buf_add_text(&file, is_lines ? "" : "]}}\n");
		(void)snprintf(name, sizeof name, "%s/%zu.json", folder, o);
		(void)scratch_write(&scratch, name, fe_buf_str(&file));
		fe_buf_reset(&file);
	}
	(void)snprintf(name, sizeof name, "%s/*.json", folder);
	return scratch_path(&scratch, name);
}

struct reading {
	struct fe_schema schema;
	struct fe_reason_table reasons;
	struct fe_source_settings set;
	struct fe_batch batch;
	uint64_t n_rows, n_reasons;
	size_t longest; /* cell */
	bool notes[FE_N_OBJECT_NOTES];
	struct fe_err err;
};

static enum fe_rc
read_file(struct reading *r, const struct fe_json_settings *json, struct fe_str bytes)
{
	static const struct fe_source_column columns[] = { { .from = "a" }, { .from = "b.c" } };
	struct fe_source *source;
	*r = (struct reading){ .err = FE_ERR_INIT };
	fe_schema_init(&r->schema);
	(void)fe_schema_add(&r->schema, FE_STR("a"), (struct fe_type){ .kind = FE_TEXT });
	(void)fe_schema_add(&r->schema, FE_STR("c"), (struct fe_type){ .kind = FE_TEXT });
	r->schema.n_source = 2;
	r->set = (struct fe_source_settings){
		.location = scratch_write(&scratch, "one.json", bytes),
		.dataset = "data", .schema = &r->schema, .columns = columns, .reasons = &r->reasons, .json = json,
	};
	enum fe_rc rc = fe_source_open(&source, json->is_lines ? &fe_source_ndjson : &fe_source_json, &r->set, &r->err);
	FE_ASSERT(rc == FE_OK);
	fe_batch_init(&r->batch, &r->schema);
	do {
		rc = fe_source_next(source, &r->batch, &r->err);
		r->n_rows += r->batch.n_rows;
		r->n_reasons += r->batch.n_reasons;
		for (size_t row = 0; row < r->batch.n_rows; row++)
			r->longest = r->batch.cells[0][row].n > r->longest ? r->batch.cells[0][row].n : r->longest;
	} while (rc == FE_OK && r->batch.n_rows > 0);
	memcpy(r->notes, source->objects[0].notes, sizeof r->notes);
	fe_source_close(source);
	fe_batch_reset(&r->batch);
	fe_reason_table_reset(&r->reasons);
	fe_schema_reset(&r->schema);
	return rc;
}

static void
records_longer_than_a_block_are_read_whole(void **state)
{
	(void)state;
	struct fe_buf file;
	fe_buf_init(&file, (size_t)64 * 1024 * 1024);
	for (int i = 0; i < 3; i++) {
		fe_buf_add_text(&file, "{\"a\":\"");
		for (size_t n = 0; n < FE_JSON_MAX_STRING_BYTES / 8; n++)
			fe_buf_add_text(&file, "12345678");
		fe_buf_add_text(&file, "\",\"b\":{\"c\":1}}\n");
	}
	struct reading r;
	if (read_file(&r, &lines, fe_buf_str(&file)))
		fail_msg("%s", r.err.text);
	assert_int_equal(r.n_rows, 3);
	assert_int_equal(r.n_reasons, 0);
	assert_int_equal(r.longest, FE_JSON_MAX_STRING_BYTES);
	fe_buf_reset(&file);
}

static void
files_are_told_what_is_wrong_with_them(void **state)
{
	(void)state;
	static const struct { bool is_lines; struct fe_str bytes; enum fe_rc rc; const char *says; uint64_t line, column; } cases[] = {
		{ true, { "", 0 }, FE_EDATA, "is empty (0 bytes)", 0, 0 },
		{ true, { "\n \n", 3 }, FE_EDATA, "has no records", 0, 0 },
		{ true, { "\xff\xfe{\0}\0", 6 }, FE_EDATA, "the file is UTF-16, and JSON is UTF-8", 0, 0 },
		{ true, { "{\"a\":1}\n{\"z\":1}\n", 16 }, FE_EDATA, "no column reads this member", 2, 2 },
		{ false, { "", 0 }, FE_EDATA, "a value is expected", 1, 1 },
		{ false, { "{\0\"\0a\0\"\0", 8 }, FE_EDATA, "the file is UTF-16", 0, 0 },
		{ false, { "{\"data\":{}}", 11 }, FE_EDATA, "nothing at 'data.items'", 0, 0 },
		{ false, { "{\"data\":{\"items\":[]}}", 21 }, FE_EDATA, "has no records", 0, 0 },
		{ false, { "{\"data\":{\"items\":5}}", 20 }, FE_EDATA, "an array of records", 1, 18 },
		{ false, { "{\"data\":{\"items\":[{\"a\":1}]}}\n{}", 31 }, FE_EDATA, "the end of the document", 2, 1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct reading r;
		assert_int_equal(read_file(&r, cases[i].is_lines ? &lines : &documents, cases[i].bytes), cases[i].rc);
		if (!strstr(r.err.text, cases[i].says))
			fail_msg("case %zu: '%s' does not say '%s'", i, r.err.text, cases[i].says);
		assert_int_equal(r.err.line, cases[i].line);
		assert_int_equal(r.err.column, cases[i].column);
		assert_non_null(strstr(r.err.object, "one.json"));
	}
}

static void
oddities_are_noted(void **state)
{
	(void)state;
	struct reading r;
	assert_int_equal(read_file(&r, &lines, FE_STR("\xef\xbb\xbf{\"a\":1}\r\n{\"a\":2}\n[]\n{\"a\":3,\"b\":{\"c\":1}}")), FE_OK);
	assert_int_equal(r.n_rows, 4);
	assert_int_equal(r.n_reasons, 1);
	assert_true(r.notes[FE_NOTE_BYTE_ORDER_MARK]);
	assert_true(r.notes[FE_NOTE_MIXED_LINE_ENDS]);
	assert_true(r.notes[FE_NOTE_NO_FINAL_NEWLINE]);
	assert_int_equal(read_file(&r, &lines, FE_STR("{\"a\":1}\r\n\r\n{\"a\":2,\"b\":{\"c\":1}}\r\n")), FE_OK);
	assert_int_equal(r.n_rows, 2);
	for (int i = 0; i < FE_N_OBJECT_NOTES; i++)
		assert_false(r.notes[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_longer_than_a_block_are_read_whole),
		cmocka_unit_test(files_are_told_what_is_wrong_with_them),
		cmocka_unit_test(oddities_are_noted),
	};
	const struct fe_source_subject in_lines = { .ops = &fe_source_ndjson, .put = put_files, .json = &lines };
	const struct fe_source_subject in_documents = { .ops = &fe_source_json, .put = put_files, .json = &documents };
	scratch_open(&scratch);
	int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
	is_lines = true;
	n_failed += fe_source_conformance(&in_lines);
	is_lines = false;
	n_failed += fe_source_conformance(&in_documents);
	scratch_close(&scratch);
	return n_failed;
}

// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_json.c - any bytes as records of JSON, in lines and in a document
 *
 * However the input is cut into blocks, all that is said of it is the same: rows, cells, flaws,
 * where it fails and why. And the document is taken exactly where json_tree, which knows nothing of
 * records, takes it too, but for what is said of the place of records. The first byte chooses
 * the size of the blocks.
 */
#include "format/json_reader.h"
#include "harness.h"

#define ROWS 5
#define MAX_SAID_BYTES ((size_t)64 * 1024 * 1024)

static const char *const columns[] = { "a", "b.c", "/b/1" };

static void
say_cell(struct fe_buf *said, struct fe_str cell)
{
	const char *what = !cell.p ? "absent" : cell.p == fe_cell_null ? "null" : cell.p == fe_cell_no_value ? "none" : "=";
	expect(what[0] == '=' || cell.n == 0);
	fe_buf_addf(said, " %s", what);
	if (what[0] == '=')
		fe_buf_add_str(said, cell);
}

static void
say_rows(struct fe_buf *said, const struct fe_json_fill *rows, struct fe_str block)
{
	for (size_t i = 0; i < rows->n_rows; i++) {
		struct fe_str raw = rows->origin[i].raw;
		expect(raw.p >= block.p && raw.p + raw.n <= block.p + block.n);
		fe_buf_addf(said, "\n%llu %llu %zu", (unsigned long long)rows->origin[i].record,
		            (unsigned long long)rows->origin[i].offset, raw.n);
		for (size_t c = 0; c < 3; c++)
			say_cell(said, rows->cells[c][i]);
		if (rows->flaws[i])
			fe_buf_add_str(said, rows->details[i]);
	}
}

static enum fe_rc
read_all(struct fe_buf *said, struct fe_json_reader *r, struct fe_str in, size_t n_step)
{
	static struct fe_str storage[3][ROWS], details[ROWS];
	static struct fe_origin origin[ROWS];
	static uint8_t flaws[ROWS];
	struct fe_str *const cells[] = { storage[0], storage[1], storage[2] };
	struct fe_arena arena = { 0 };
	struct fe_err err = FE_ERR_INIT;
	enum fe_rc rc = FE_OK;
	size_t start = 0, end = 0;

	fe_json_reader_begin(r);
	for (bool is_last = false; rc == FE_OK && !is_last;) {
		end = in.n - end > n_step ? end + n_step : in.n;
		is_last = end == in.n;
		char *block = fe_alloc(end - start + FE_JSON_PADDING);
		if (end > start)
			memcpy(block, in.p + start, end - start);
		struct fe_str fed = { block, end - start };
		fe_json_reader_feed(r, fed, start, is_last, &arena);
		struct fe_json_fill rows;
		do {
			rows = (struct fe_json_fill){ .cells = cells, .origin = origin, .flaws = flaws, .details = details, .cap_rows = ROWS };
			rc = fe_json_reader_fill(r, &rows, &err);
			say_rows(said, &rows, fed);
		} while (rc == FE_OK && rows.n_rows == ROWS);
		expect(fe_json_reader_rest(r) <= fed.n);
		start = end - fe_json_reader_rest(r);
		fe_free(block);
	}
	if (rc)
		fe_buf_addf(said, "\n%s %llu:%llu %s", fe_rc_name(rc), (unsigned long long)err.line,
		            (unsigned long long)err.column, err.text);
	fe_arena_free(&arena);
	return rc;
}

static enum fe_rc
read_twice(const struct fe_json_wants *wants, struct fe_str in, size_t n_step)
{
	struct fe_json_reader *r = NULL;
	struct fe_buf whole, cut;
	struct fe_err err = FE_ERR_INIT;

	expect(fe_json_reader_new(&r, wants, &err) == FE_OK);
	fe_buf_init(&whole, MAX_SAID_BYTES);
	fe_buf_init(&cut, MAX_SAID_BYTES);
	enum fe_rc rc = read_all(&whole, r, in, in.n + 1);
	expect(read_all(&cut, r, in, n_step) == rc);
	expect(fe_str_eq(fe_buf_str(&whole), fe_buf_str(&cut)));
	fe_buf_reset(&whole);
	fe_buf_reset(&cut);
	fe_json_reader_free(r);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	struct fe_json_wants lines = { .is_lines = true, .columns = columns, .n_columns = 3 };
	struct fe_json_wants document = { .records = "items", .columns = columns, .n_columns = 3 };
	const struct fe_json_value *tree = NULL;
	struct fe_arena arena = { 0 };
	struct fe_err err = FE_ERR_INIT;

	if (n_bytes == 0 || n_bytes > 65536)
		return 0;
	struct fe_str in = { (const char *)data + 1, n_bytes - 1 };
	(void)read_twice(&lines, in, 1 + data[0] % 97);
	enum fe_rc rc = read_twice(&document, in, 1 + data[0] % 97);
	bool has_mark = in.n >= 3 && memcmp(in.p, "\xef\xbb\xbf", 3) == 0;
	if (has_mark)
		in = (struct fe_str){ in.p + 3, in.n - 3 };
	enum fe_rc tree_rc = fe_json_parse(in, &arena, &tree, &err);
	const struct fe_json_value *items = tree_rc ? NULL : fe_json_get(tree, "items");
	bool fits = !items || items->kind == FE_JSON_ARRAY || items->kind == FE_JSON_OBJECT || items->kind == FE_JSON_NULL;
	expect((rc == FE_OK) == (tree_rc == FE_OK && fits));
	fe_arena_free(&arena);
	return 0;
}

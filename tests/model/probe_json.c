// SPDX-License-Identifier: Apache-2.0
/* tests/model/probe_json.c - what the reader of JSON says of inputs, for tests that know better
 *
 *   probe_json doc|lines RECORDS N_COLUMNS COLUMN... [ASIDE...] < inputs
 *
 * Standard input holds inputs, each behind a line with its size in bytes and the size of the
 * blocks to feed it in (0: all at once). For each, lines: `row NUMBER OFFSET CELL...` with cells
 * in hexadecimal behind '=', or `absent`, `null`, `none` (no value); `flaw NUMBER CODE DETAIL`;
 * then `aside ...` and one of `end`, `fail CODE LINE COLUMN TEXT`.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/json_reader.h"

#define ROWS 7 /* few, so that a block is left and come back to */

struct probe {
	struct fe_json_reader *reader;
	struct fe_str **cells;
	size_t n_columns, n_aside;
	struct fe_origin origin[ROWS];
	uint8_t flaws[ROWS];
	struct fe_str details[ROWS];
};

static void
print_cell(struct fe_str cell)
{
	if (!cell.p) {
		printf(" absent");
	} else if (cell.p == fe_cell_null) {
		printf(" null");
	} else if (cell.p == fe_cell_no_value) {
		printf(" none");
	} else {
		printf(" =");
		for (size_t i = 0; i < cell.n; i++)
			printf("%02x", (unsigned char)cell.p[i]);
	}
}

static void
print_rows(const struct probe *p, const struct fe_json_fill *rows)
{
	for (size_t i = 0; i < rows->n_rows; i++) {
		if (p->flaws[i]) {
			printf("flaw %" PRIu64 " %s %.*s\n", p->origin[i].record,
			       fe_json_flaw_code((enum fe_json_flaw)p->flaws[i]), FE_STR_ARGS(p->details[i]));
			continue;
		}
		printf("row %" PRIu64 " %" PRIu64 "+%zu", p->origin[i].record, p->origin[i].offset, p->origin[i].raw.n);
		for (size_t c = 0; c < p->n_columns; c++)
			print_cell(p->cells[c][i]);
		printf("\n");
	}
}

/* Each block is a copy of its own, so that reading beyond it is seen. */
static char *
copy_block(const char *p, size_t n)
{
	char *copy = fe_alloc(n + FE_JSON_PADDING);
	if (n)
		memcpy(copy, p, n);
	return copy;
}

static void
probe_input(struct probe *p, struct fe_str in, size_t n_step)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_arena arena = { 0 };
	size_t start = 0, end = 0;
	enum fe_rc rc = FE_OK;
	bool is_last = false;

	fe_json_reader_begin(p->reader);
	while (rc == FE_OK && !is_last) {
		end = n_step && in.n - end > n_step ? end + n_step : in.n;
		is_last = end == in.n;
		char *block = copy_block(in.p + start, end - start);
		fe_json_reader_feed(p->reader, (struct fe_str){ block, end - start }, start, is_last, &arena);
		struct fe_json_fill rows;
		do {
			rows = (struct fe_json_fill){ .cells = p->cells, .origin = p->origin, .flaws = p->flaws,
			                              .details = p->details, .cap_rows = ROWS };
			rc = fe_json_reader_fill(p->reader, &rows, &err);
			print_rows(p, &rows);
		} while (rc == FE_OK && rows.n_rows == ROWS);
		start = end - fe_json_reader_rest(p->reader);
		fe_free(block);
	}
	for (size_t i = 0; rc == FE_OK && i < p->n_aside; i++) {
		printf("aside");
		print_cell(fe_json_reader_aside(p->reader, i));
		printf("\n");
	}
	if (rc)
		printf("fail %s %" PRIu64 " %" PRIu64 " %s\n", fe_rc_name(rc), err.line, err.column, err.text);
	else
		printf("end %s\n", fe_json_reader_has_records(p->reader) ? "records" : "-");
	fe_arena_free(&arena);
}

static bool
read_input(char **bytes, size_t *n_bytes, size_t *n_step)
{
	char line[64], *gap, *end;

	*bytes = NULL;
	if (!fgets(line, sizeof line, stdin))
		return false;
	*n_bytes = strtoull(line, &gap, 10);
	*n_step = strtoull(gap, &end, 10);
	*bytes = fe_alloc(*n_bytes + 1);
	return fread(*bytes, 1, *n_bytes, stdin) == *n_bytes;
}

int
main(int argc, char **argv)
{
	struct fe_err err = FE_ERR_INIT;
	size_t n_bytes, n_step;
	char *bytes;

	if (argc < 4)
		return 2;
	size_t n_columns = strtoull(argv[3], NULL, 10), n_rest = (size_t)argc - 4;
	struct fe_json_wants wants = {
		.is_lines = strcmp(argv[1], "lines") == 0,
		.records = argv[2],
		.columns = (const char *const *)argv + 4,
		.n_columns = n_columns,
		.aside = (const char *const *)argv + 4 + n_columns,
		.n_aside = n_rest - n_columns,
	};
	struct probe p = { .n_columns = n_columns, .n_aside = wants.n_aside };
	if (fe_json_reader_new(&p.reader, &wants, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return fe_rc_exit_status(err.rc);
	}
	p.cells = fe_new_array(n_columns + 1, struct fe_str *);
	for (size_t i = 0; i < n_columns; i++)
		p.cells[i] = fe_new_array(ROWS, struct fe_str);
	while (read_input(&bytes, &n_bytes, &n_step)) {
		probe_input(&p, (struct fe_str){ bytes, n_bytes }, n_step);
		fe_free(bytes);
	}
	fe_free(bytes);
	for (size_t i = 0; i < n_columns; i++)
		fe_free(p.cells[i]);
	fe_free(p.cells);
	fe_json_reader_free(p.reader);
	return 0;
}

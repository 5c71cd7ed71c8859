// SPDX-License-Identifier: Apache-2.0
/* bench/parse_json.c - reads eight fields of each line of NDJSON, with finetl's reader
 *
 *   parse_json FILE ROUNDS
 *
 * The file is in memory, as simdjson wants it, too. Prints records, the sum of the cells' bytes, and the best seconds of the rounds.
 * parse_simdjson.cpp does the same with simdjson.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "format/json_reader.h"

static const char *const columns[] = { "transaction_id", "customer_id", "transaction_date", "amount",
	                               "merchant_id", "category", "status", "payment_method" };
#define N_COLUMNS (sizeof columns / sizeof *columns)

/* Rows of about as many bytes as a source reads at a time. */
#define ROWS 1024

static struct fe_str *cells[N_COLUMNS];
static struct fe_origin origin[ROWS];
static uint8_t flaws[ROWS];
static struct fe_str details[ROWS];

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void
read_all(struct fe_json_reader *r, struct fe_str file, uint64_t *n_records, uint64_t *n_bytes)
{
	struct fe_arena arena = { 0 };
	struct fe_err err = FE_ERR_INIT;
	struct fe_json_fill rows;

	fe_json_reader_begin(r);
	fe_json_reader_feed(r, file, 0, true, &arena);
	do {
		rows = (struct fe_json_fill){ .cells = cells, .origin = origin, .flaws = flaws, .details = details,
		                              .cap_rows = ROWS };
		if (fe_json_reader_fill(r, &rows, &err)) {
			fprintf(stderr, "%s\n", err.text);
			exit(3);
		}
		*n_records += rows.n_rows;
		for (size_t row = 0; row < rows.n_rows; row++)
			for (size_t c = 0; c < N_COLUMNS; c++)
				*n_bytes += cells[c][row].n;
		fe_arena_reset(&arena);
	} while (rows.n_rows == ROWS);
	fe_arena_free(&arena);
}

int
main(int argc, char **argv)
{
	FILE *f = argc == 3 ? fopen(argv[1], "rb") : NULL;
	if (!f || fseek(f, 0, SEEK_END))
		return 2;
	size_t n = (size_t)ftell(f);
	char *p = calloc(1, n + FE_JSON_PADDING);
	rewind(f);
	if (!p || fread(p, 1, n, f) != n)
		return 2;
	for (size_t c = 0; c < N_COLUMNS; c++)
		cells[c] = fe_new_array(ROWS, struct fe_str);
	struct fe_json_wants wants = { .is_lines = true, .columns = columns, .n_columns = N_COLUMNS };
	struct fe_json_reader *r;
	if (fe_json_reader_new(&r, &wants, NULL))
		return 2;
	double best = 1e9;
	uint64_t n_records = 0, n_bytes = 0;
	for (int rounds = atoi(argv[2]); rounds > 0; rounds--) {
		double begun = now();
		n_records = n_bytes = 0;
		read_all(r, (struct fe_str){ p, n }, &n_records, &n_bytes);
		double took = now() - begun;
		best = took < best ? took : best;
	}
	printf("%" PRIu64 " %" PRIu64 " %.6f\n", n_records, n_bytes, best);
	return 0;
}

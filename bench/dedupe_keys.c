// SPDX-License-Identifier: Apache-2.0
/* bench/dedupe_keys.c - which rows are the first of their id, by finetl's own step, and no more
 *
 *   dedupe_keys FILE         CSV of a header and rows of id,amount, without quotes
 *
 * The file is in memory and its cells are found before the clock starts, as peer_dedupe.py has its frame loaded.
 * Prints as JSON what that prints too, the rows kept and the sum of their numbers, and the bytes of memory per key.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "transform/dedupe.h"

struct rows {
	struct fe_str *ids;
	int64_t *amounts;
	size_t n, cap;
};

static double
seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *
need(void *p)
{
	if (!p)
		exit(5);
	return p;
}

static struct fe_str
read_whole(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f || fseek(f, 0, SEEK_END))
		exit(2);
	size_t n = (size_t)ftell(f);
	char *p = need(malloc(n + 1));
	rewind(f);
	if (fread(p, 1, n, f) != n)
		exit(2);
	fclose(f);
	return (struct fe_str){ p, n };
}

/* Amounts are all with two decimals: 12.34 is 1234. */
static void
find_rows(struct fe_str file, struct rows *rows)
{
	const char *end = file.p + file.n;

	for (const char *p = need(memchr(file.p, '\n', file.n)), *comma; ++p < end;) {
		comma = need(memchr(p, ',', (size_t)(end - p)));
		if (rows->n == rows->cap) {
			rows->cap = rows->cap * 2 + FE_BATCH_ROWS;
			rows->ids = need(realloc(rows->ids, rows->cap * sizeof *rows->ids));
			rows->amounts = need(realloc(rows->amounts, rows->cap * sizeof *rows->amounts));
		}
		int64_t amount = 0;
		rows->ids[rows->n] = (struct fe_str){ p, (size_t)(comma - p) };
		for (p = comma + 1; *p != '\n'; p++)
			amount = *p == '.' ? amount : amount * 10 + (*p - '0');
		rows->amounts[rows->n++] = amount;
	}
}

static enum fe_rc
fetch(void *ctx, enum fe_place place, int64_t number, struct fe_batch *met, size_t met_row, struct fe_err *err)
{
	(void)ctx, (void)place, (void)number, (void)met, (void)met_row;
	return fe_fail(err, FE_EDATA, "one id with two amounts");
}

int
main(int argc, char **argv)
{
	const enum fe_dedupe_part parts[] = { FE_PART_KEY, FE_PART_FIXED };
	const size_t key[] = { 0 };
	struct fe_err err = FE_ERR_INIT;
	struct fe_reason_table reasons = { 0 };
	struct fe_hash_key hash_key;
	struct fe_schema schema;
	struct fe_batch batch;
	struct rows rows = { 0 };
	uint64_t n_kept = 0, sum = 0;

	if (argc != 2)
		return 2;
	find_rows(read_whole(argv[1]), &rows);
	fe_schema_init(&schema);
	fe_schema_add(&schema, FE_STR("id"), (struct fe_type){ .kind = FE_TEXT });
	fe_schema_add(&schema, FE_STR("amount"), (struct fe_type){ .kind = FE_DECIMAL, .precision = 12, .scale = 2 });
	schema.n_source = 2;
	fe_batch_init(&batch, &schema);
	fe_hash_key_random(&hash_key);

	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	struct fe_dedupe *d = fe_dedupe_new(
		&(struct fe_dedupe_settings){ .schema = &schema, .parts = parts, .key = key, .n_key = 1, .version = FE_NO_COLUMN,
		                              .hash_key = &hash_key, .reasons = &reasons, .target = "t" },
		&(struct fe_dedupe_store){ .is_empty = true, .fetch = fetch });
	for (size_t at = 0; at < rows.n; at += batch.n_rows) {
		struct fe_load_plan *plan;
		fe_batch_clear(&batch);
		batch.n_rows = rows.n - at < FE_BATCH_ROWS ? rows.n - at : FE_BATCH_ROWS;
		memcpy(batch.columns[0].text, rows.ids + at, batch.n_rows * sizeof *rows.ids);
		memcpy(batch.columns[1].i64, rows.amounts + at, batch.n_rows * sizeof *rows.amounts);
		fe_bits_fill(batch.columns[0].valid, batch.n_rows, true);
		fe_bits_fill(batch.columns[1].valid, batch.n_rows, true);
		memset(batch.verdict, FE_KEPT, batch.n_rows);
		for (size_t row = 0; row < batch.n_rows; row++)
			batch.origin[row] = (struct fe_origin){ .record = at + row + 1 };
		if (fe_dedupe_batch(d, &batch, argv[1], &plan, &err)) {
			fprintf(stderr, "dedupe_keys: %s\n", err.text);
			return 3;
		}
		for (size_t row = 0; row < batch.n_rows; row++) {
			n_kept += batch.verdict[row] == FE_KEPT;
			sum += batch.verdict[row] == FE_KEPT ? at + row : 0;
		}
	}
	printf("{\"seconds\": %.6f, \"cpu\": %.6f, \"found\": {\"kept\": %" PRIu64 ", \"numbers\": %" PRIu64 "}, \"bytes_per_key\": %.1f}\n",
	       seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, n_kept, sum,
	       (double)fe_dedupe_bytes(d) / (double)fe_dedupe_n_keys(d));
	fe_dedupe_free(d);
	return 0;
}

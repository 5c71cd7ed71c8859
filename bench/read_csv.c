// SPDX-License-Identifier: Apache-2.0
/* bench/read_csv.c - reads transactions from CSV with finetl's own reader and cleaner, and no more
 *
 *   read_csv cells FILE      finds records and cells, in blocks as a source reads them, and counts them
 *   read_csv columns FILE    makes typed columns of them that are whole in memory: text as Arrow has it
 *                            (offsets and bytes), amounts as scaled integers, moments as microseconds
 *
 * Prints as JSON what peer_read.py prints too: rows, cells with something in them, bytes of the cells, the sum of
 * amounts in cents and of moments in seconds; and the seconds from opening the file on.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text16.h"
#include "format/csv.h"
#include "transform/clean.h"
#include "transform/fit.h"

static const char *const names[] = { "transaction_id", "customer_id", "transaction_date", "amount",
	                             "merchant_id", "category", "status", "payment_method" };
#define N_COLUMNS (sizeof names / sizeof *names)

/* A column that grows to the whole of the file. */
struct whole {
	uint64_t *valid; /* zeros behind its end */
	int64_t *values;
	uint32_t *offsets;
	char *bytes;
	size_t n_bytes;
};

struct reading {
	bool to_columns;
	struct fe_csv_reader *csv;
	struct fe_schema schema;
	struct fe_clean_column columns[N_COLUMNS];
	struct fe_reason_table reasons;
	struct fe_clean *clean;
	struct fe_batch batch;
	struct whole whole[N_COLUMNS];
	uint64_t n_rows, n_cells, n_bytes;
};

static double
seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void
stop(const struct fe_err *err)
{
	fprintf(stderr, "read_csv: %s\n", err ? err->text : "cannot read the file");
	exit(3);
}

/* Zeros, which take up memory once touched: then in huge pages, where the system has some. */
static void *
reserve(size_t n_bytes)
{
	const size_t page = (size_t)2 << 20;
	char *p = mmap(NULL, n_bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		stop(NULL);
	p += -(uintptr_t)p & (page - 1);
	(void)madvise(p, n_bytes, MADV_HUGEPAGE);
	return p;
}

static void
begin(struct reading *r, size_t file_bytes)
{
	struct fe_err err = FE_ERR_INIT;

	fe_schema_init(&r->schema);
	for (size_t c = 0; c < N_COLUMNS; c++) {
		struct fe_type type = { .kind = FE_TEXT };
		if (strcmp(names[c], "amount") == 0)
			type = (struct fe_type){ .kind = FE_DECIMAL, .precision = 12, .scale = 2 };
		if (strcmp(names[c], "transaction_date") == 0)
			type = (struct fe_type){ .kind = FE_TIMESTAMP };
		fe_schema_add(&r->schema, fe_str_of(names[c]), type);
		r->columns[c] = (struct fe_clean_column){ .type = type };
	}
	r->schema.n_source = N_COLUMNS;
	struct fe_zone *utc = NULL;
	if (fe_zone_open(&utc, "UTC", &err))
		stop(&err);
	r->columns[2].zone = utc;
	fe_batch_init(&r->batch, &r->schema);
	if (fe_clean_new(&r->clean, r->columns, &r->schema, &r->reasons, &err))
		stop(&err);
	r->csv = fe_csv_reader_new((struct fe_csv_dialect){ ',', '"' });
	if (!r->to_columns)
		return;
	/* No row of eight cells is shorter than 8 bytes. What is not touched costs nothing. */
	for (size_t c = 0; c < N_COLUMNS; c++) {
		struct whole *w = &r->whole[c];
		size_t cap_rows = file_bytes / 8 + 65;
		w->valid = reserve(cap_rows / 8 + 16);
		w->values = reserve(cap_rows * sizeof *w->values);
		w->offsets = reserve(cap_rows * sizeof *w->offsets);
		w->bytes = reserve(file_bytes + FE_TEXT16_BYTES);
	}
}

static void
append_valid(uint64_t *valid, const uint64_t *from, size_t at_row, size_t n_rows)
{
	const unsigned shift = at_row & 63;
	uint64_t *to = valid + at_row / 64;

	for (size_t i = 0; i < FE_BITMAP_WORDS(n_rows); i++) {
		uint64_t rows = from[i] & fe_word_mask(n_rows, i);
		to[i] |= rows << shift;
		to[i + 1] |= shift ? rows >> (64 - shift) : 0;
	}
}

static void
append(struct whole *w, const struct fe_column *c, size_t at_row, size_t n_rows)
{
	append_valid(w->valid, c->valid, at_row, n_rows);
	if (c->type.kind != FE_TEXT) {
		memcpy(w->values + at_row, c->i64, n_rows * sizeof *c->i64);
		return;
	}
	for (size_t row = 0; row < n_rows; row++) {
		w->offsets[at_row + row] = (uint32_t)w->n_bytes;
		if (!fe_bit_get(c->valid, row))
			continue;
		const struct fe_str text = c->text[row];
		if (text.n <= FE_TEXT16_BYTES)
			fe_text16_store(fe_text16_load_any(text), w->bytes + w->n_bytes);
		else
			memcpy(w->bytes + w->n_bytes, text.p, text.n);
		w->n_bytes += text.n;
	}
}

static void
take_rows(struct reading *r, size_t n_rows)
{
	struct fe_err err = FE_ERR_INIT;

	if (r->to_columns) {
		r->batch.n_rows = n_rows;
		r->batch.ascii = fe_csv_is_ascii(r->csv);
		if (fe_clean_batch(r->clean, &r->batch, 0, &err))
			stop(&err);
		for (size_t c = 0; c < N_COLUMNS; c++)
			append(&r->whole[c], &r->batch.columns[c], r->n_rows, n_rows);
	} else {
		for (size_t c = 0; c < N_COLUMNS; c++) {
			for (size_t row = 0; row < n_rows; row++) {
				r->n_cells += r->batch.cells[c][row].n > 0;
				r->n_bytes += r->batch.cells[c][row].n;
			}
		}
	}
	r->n_rows += n_rows;
}

static void
read_block(struct reading *r, struct fe_str block, uint64_t offset, bool is_last)
{
	static const uint32_t wanted[N_COLUMNS] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	static uint8_t flaws[FE_BATCH_ROWS];
	struct fe_err err = FE_ERR_INIT;
	struct fe_csv_rows rows;
	bool more;

	fe_batch_clear(&r->batch);
	if (fe_csv_feed(r->csv, block, offset, is_last, &r->batch.arena, &err))
		stop(&err);
	if (offset == 0) {
		struct fe_csv_record header;
		if (fe_csv_next(r->csv, &header, &more, &err) || !more || header.n_cells != N_COLUMNS)
			stop(&err);
		fe_csv_expect(r->csv, N_COLUMNS, header.cells);
	}
	do {
		rows = (struct fe_csv_rows){ .wanted = wanted, .cells = r->batch.cells, .n_wanted = N_COLUMNS,
			                     .origin = r->batch.origin, .flaws = flaws, .cap_rows = FE_BATCH_ROWS };
		if (fe_csv_fill(r->csv, &rows, &err) || rows.n_flawed)
			stop(&err);
		take_rows(r, rows.n_rows);
	} while (rows.n_rows == FE_BATCH_ROWS);
}

static void
read_file(struct reading *r, int fd)
{
	static char block[2 * FE_BATCH_INPUT_BYTES];
	size_t rest = 0;
	uint64_t offset = 0;

	for (bool is_last = false; !is_last;) {
		size_t n = rest;
		while (n < rest + FE_BATCH_INPUT_BYTES && !is_last) {
			ssize_t got = read(fd, block + n, rest + FE_BATCH_INPUT_BYTES - n);
			if (got < 0)
				stop(NULL);
			is_last = got == 0;
			n += (size_t)got;
		}
		read_block(r, (struct fe_str){ block, n }, offset, is_last);
		rest = fe_csv_rest(r->csv);
		if (rest > FE_BATCH_INPUT_BYTES)
			stop(NULL);
		offset += n - rest;
		memmove(block, block + n - rest, rest);
	}
}

static void
print(const struct reading *r, double wall, double cpu)
{
	uint64_t n_bytes = r->n_bytes;
	int64_t cents = 0, moments = 0;

	for (uint64_t row = 0; r->to_columns && row < r->n_rows; row++) {
		cents += fe_bit_get(r->whole[3].valid, row) ? r->whole[3].values[row] : 0;
		moments += fe_bit_get(r->whole[2].valid, row) ? r->whole[2].values[row] / 1000000 : 0;
	}
	for (size_t c = 0; r->to_columns && c < N_COLUMNS; c++)
		n_bytes += r->whole[c].n_bytes;
	printf("{\"seconds\": %.6f, \"cpu\": %.6f, \"found\": {\"rows\": %" PRIu64 ", ", wall, cpu, r->n_rows);
	if (r->to_columns)
		printf("\"cents\": %" PRId64 ", \"moments\": %" PRId64 ", ", cents, moments);
	else
		printf("\"cells\": %" PRIu64 ", ", r->n_cells);
	printf("\"bytes\": %" PRIu64 "}}\n", n_bytes);
}

int
main(int argc, char **argv)
{
	static struct reading r;
	struct stat st;
	int fd = argc == 3 ? open(argv[2], O_RDONLY) : -1;

	if (fd < 0 || fstat(fd, &st)) {
		fprintf(stderr, "usage: read_csv cells|columns FILE\n");
		return 2;
	}
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	r.to_columns = strcmp(argv[1], "columns") == 0;
	begin(&r, (size_t)st.st_size);
	read_file(&r, fd);
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	print(&r, wall, cpu);
	return 0;
}

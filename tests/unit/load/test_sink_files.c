// SPDX-License-Identifier: Apache-2.0
/* files:DIR passes the suite that every sink must pass */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "files_place.h"
#include "format/csv.h"
#include "sink.h"

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The published file, read as any CSV, its cells parted by '|'. */
static void
dump(const char *url, const char *table, struct fe_buf *out)
{
	char name[64];
	struct fe_csv_reader *r = fe_csv_reader_new((struct fe_csv_dialect){ ',', '"' });
	struct fe_err err = FE_ERR_INIT;
	struct fe_arena arena = { 0 };
	struct fe_csv_record rec;
	char *lines[512];
	size_t n = 0;
	bool more, is_header = true;

	(void)url;
	(void)snprintf(name, sizeof name, "%s.csv", table);
	const char *text = place_read(name);
	assert_int_equal(fe_csv_feed(r, fe_str_of(text), 0, true, &arena, &err), FE_OK);
	for (;;) {
		struct fe_buf line;
		assert_int_equal(fe_csv_next(r, &rec, &more, &err), FE_OK);
		if (!more)
			break;
		assert_int_equal(rec.flaw, FE_CSV_NONE);
		fe_buf_init(&line, 1u << 16);
		for (size_t i = 0; i < rec.n_cells; i++)
			fe_buf_addf(&line, "%s%.*s", i ? "|" : "", FE_STR_ARGS(rec.cells[i]));
		if (!is_header)
			lines[n++] = fe_buf_take(&line);
		fe_buf_reset(&line);
		is_header = false;
		assert_true(n < 512);
	}
	qsort(lines, n, sizeof *lines, compare);
	for (size_t i = 0; i < n; i++) {
		fe_buf_addf(out, "%s\n", lines[i]);
		fe_free(lines[i]);
	}
	fe_csv_reader_free(r);
	fe_arena_free(&arena);
}

int
main(void)
{
	const struct fe_sink_subject subject = { .ops = &fe_sink_files, .fresh = place_fresh, .dump = dump };
	int n_failed = fe_sink_conformance(&subject);

	place_remove();
	return n_failed;
}

// SPDX-License-Identifier: Apache-2.0
/* The trailer of a CSV file: told by its first cell, no row, the last record, wherever blocks end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "format/csv.h"

#define N_COLUMNS 2

struct outcome {
	enum fe_rc rc;
	size_t n_rows, n_flawed;
	bool has_trailer;
	size_t n_cells;
	uint64_t line;
	char cells[64]; /* with | between */
};

static void
take_trailer(struct outcome *o, const struct fe_csv_record *t)
{
	o->has_trailer = t != NULL;
	if (!t)
		return;
	o->n_cells = t->n_cells;
	o->line = t->line;
	for (size_t i = 0; i < t->n_cells; i++) {
		size_t n = strlen(o->cells);
		(void)snprintf(o->cells + n, sizeof o->cells - n, "%.*s|", FE_STR_ARGS(t->cells[i]));
	}
}

/* The rows of one block, filled as a source fills them. */
static enum fe_rc
fill(struct fe_csv_reader *r, struct outcome *o, struct fe_err *err)
{
	static const uint32_t wanted[N_COLUMNS] = { 0, 1 };
	static struct fe_str cells[N_COLUMNS][64];
	static struct fe_str *const columns[N_COLUMNS] = { cells[0], cells[1] };
	static struct fe_origin origin[64];
	static uint8_t flaws[64];
	struct fe_csv_rows rows = {
		.wanted = wanted, .cells = columns, .n_wanted = N_COLUMNS, .origin = origin, .flaws = flaws, .cap_rows = 64,
	};

	enum fe_rc rc = fe_csv_fill(r, &rows, err);
	o->n_rows += rows.n_rows;
	o->n_flawed += rows.n_flawed;
	return rc;
}

/* In blocks that end at `cut` and at the end. */
static struct outcome
read_cut(const char *text, size_t cut, const struct fe_csv_mark *mark, struct fe_err *err)
{
	struct fe_csv_reader *r = fe_csv_reader_new((struct fe_csv_dialect){ ',', '"' });
	struct fe_arena arena = { 0 };
	struct outcome o = { 0 };
	size_t n = strlen(text);

	fe_csv_expect(r, N_COLUMNS, NULL);
	fe_csv_expect_trailer(r, mark);
	o.rc = fe_csv_feed(r, (struct fe_str){ text, cut }, 0, cut == n, &arena, err);
	if (!o.rc)
		o.rc = fill(r, &o, err);
	if (!o.rc && cut < n) {
		size_t at = cut - fe_csv_rest(r);
		o.rc = fe_csv_feed(r, (struct fe_str){ text + at, n - at }, at, true, &arena, err);
		if (!o.rc)
			o.rc = fill(r, &o, err);
	}
	take_trailer(&o, fe_csv_trailer(r));
	fe_csv_reader_free(r);
	fe_arena_free(&arena);
	return o;
}

static const struct fe_csv_mark mark = { .text = { "TRL", 3 } };

/* Every way of cutting it gives the same. */
static struct outcome
read_all(const char *text, const struct fe_csv_mark *m, struct fe_err *err)
{
	struct outcome first = read_cut(text, strlen(text), m, err);
	for (size_t cut = 0; cut < strlen(text); cut++) {
		struct fe_err other = FE_ERR_INIT;
		struct outcome o = read_cut(text, cut, m, &other);
		assert_int_equal(o.rc, first.rc);
		assert_int_equal(o.n_cells, first.n_cells);
		assert_int_equal(o.line, first.line);
		assert_string_equal(o.cells, first.cells);
		if (!o.rc)
			assert_int_equal(o.n_rows, first.n_rows);
	}
	return first;
}

static void
csv_trailer_is_no_row_and_may_have_any_number_of_cells(void **state)
{
	static const struct { const char *text; size_t n_rows; const char *cells; } cases[] = {
		{ "a,1\nb,2\nTRL,2,3.00,x\n", 2, "TRL|2|3.00|x|" },
		{ "a,1\nTRL\n", 1, "TRL|" },
		{ "a,1\r\nTRL,1\r\n", 1, "TRL|1|" },
		{ "a,1\n TRL , 1 ", 1, "TRL|1|" },
		{ "a,1\n\"TRL\",\"1\"\"\"\n", 1, "TRL|1\"|" },
		{ "TRL,0\n\n", 0, "TRL|0|" }, /* a blank last line is no record */
		{ "TRLX,0\nTRL,1\n", 1, "TRL|1|" },
		{ "x TRL,0\nTRL,1", 1, "TRL|1|" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fe_err err = FE_ERR_INIT;
		struct outcome o = read_all(cases[i].text, &mark, &err);
		assert_int_equal(o.rc, FE_OK);
		assert_int_equal(o.n_rows, cases[i].n_rows);
		assert_string_equal(o.cells, cases[i].cells);
	}
}

static void
csv_refuses_records_behind_the_trailer(void **state)
{
	static const char *const texts[] = { "a,1\nTRL,1\nb,2\n", "TRL,1\nTRL,1\n", "TRL,1\n\nb,2\n", "TRL,1\nb" };
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct fe_err err = FE_ERR_INIT;
		struct outcome o = read_all(texts[i], &mark, &err);
		assert_int_equal(o.rc, FE_EDATA);
		assert_non_null(strstr(err.text, "a record follows the trailer of line"));
		assert_int_equal(err.line, o.line + 1);
	}
}

static void
csv_without_trailer_has_none(void **state)
{
	static const char *const texts[] = { "a,1\nb,2\n", "a,1\ntrl,2\n", "a,1\nb,TRL\n", "a,1\nT\"R\"L,2\n" };
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct fe_err err = FE_ERR_INIT;
		struct outcome o = read_all(texts[i], &mark, &err);
		assert_int_equal(o.rc, FE_OK);
		assert_false(o.has_trailer);
		assert_int_equal(o.n_rows, 2);
	}
}

static void
csv_trailer_is_told_by_a_pattern_too(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_csv_mark pattern = { 0 };
	struct fe_regex *regex;

	(void)state;
	assert_int_equal(fe_regex_new(&regex, FE_STR("^T[0-9]{3}$"), FE_REGEX_UNICODE, &err), FE_OK);
	pattern.pattern = regex;
	struct outcome o = read_all("T01,1\nT0012,2\n\xff,3\nT001,3\n", &pattern, &err);
	assert_int_equal(o.rc, FE_OK);
	assert_int_equal(o.n_rows, 3);
	assert_string_equal(o.cells, "T001|3|");
	fe_regex_free(regex);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_trailer_is_no_row_and_may_have_any_number_of_cells),
		cmocka_unit_test(csv_refuses_records_behind_the_trailer),
		cmocka_unit_test(csv_without_trailer_has_none),
		cmocka_unit_test(csv_trailer_is_told_by_a_pattern_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

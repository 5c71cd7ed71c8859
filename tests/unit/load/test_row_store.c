// SPDX-License-Identifier: Apache-2.0
/* Rows set aside come back by their number, whatever their length and order. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>

#include "../scratch.h"
#include "load/row_store.h"

static struct scratch scratch;

static int
open_scratch(void **state)
{
	(void)state;
	scratch_open(&scratch);
	return 0;
}

static int
close_scratch(void **state)
{
	(void)state;
	scratch_close(&scratch);
	return 0;
}

/* The i-th row: its own length and bytes. */
static size_t
row_bytes(size_t i, size_t spread)
{
	return (i * 2654435761u >> 7) % spread;
}

static void
add_rows(struct fe_row_store *s, size_t from, size_t to, size_t spread)
{
	char *bytes = fe_alloc(spread);
	struct fe_err err = FE_ERR_INIT;

	for (size_t i = from; i < to; i++) {
		memset(bytes, (int)(i % 251), spread);
		assert_int_equal(fe_row_store_add(s, (struct fe_str){ bytes, row_bytes(i, spread) }, &err),
		                 FE_OK);
	}
	fe_free(bytes);
}

static void
assert_row(struct fe_row_store *s, size_t i, size_t spread)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_str row;

	assert_int_equal(fe_row_store_get(s, i, &row, &err), FE_OK);
	assert_int_equal(row.n, row_bytes(i, spread));
	for (size_t k = 0; k < row.n; k++)
		assert_int_equal((unsigned char)row.p[k], i % 251);
}

static void
rows_come_back_in_any_order(void **state)
{
	struct fe_row_store *s = fe_row_store_new(scratch.folder);

	(void)state;
	add_rows(s, 0, 20000, 300);
	assert_int_equal(fe_row_store_n_rows(s), 20000);
	for (size_t i = 0; i < 20000; i++)
		assert_row(s, i * 7919 % 20000, 300);
	fe_row_store_free(s);
}

static void
rows_are_found_while_others_are_added(void **state)
{
	struct fe_row_store *s = fe_row_store_new(scratch.folder);

	(void)state;
	for (size_t n = 0; n < 3000; n += 100) {
		add_rows(s, n, n + 100, 5000);
		assert_row(s, n + 99, 5000);
		assert_row(s, n / 2, 5000);
		assert_row(s, 0, 5000);
	}
	fe_row_store_free(s);
}

static void
a_row_longer_than_all_buffers_comes_back(void **state)
{
	const size_t n = 3u << 20;
	struct fe_row_store *s = fe_row_store_new(scratch.folder);
	char *bytes = fe_alloc(n);
	struct fe_err err = FE_ERR_INIT;
	struct fe_str row;

	(void)state;
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(i * 31 >> 3);
	add_rows(s, 0, 5, 300);
	assert_int_equal(fe_row_store_add(s, (struct fe_str){ bytes, n }, &err), FE_OK);
	add_rows(s, 6, 40, 300);
	assert_int_equal(fe_row_store_get(s, 5, &row, &err), FE_OK);
	assert_int_equal(row.n, n);
	assert_memory_equal(row.p, bytes, n);
	assert_row(s, 6, 300);
	assert_row(s, 4, 300);
	fe_free(bytes);
	fe_row_store_free(s);
}

static void
a_row_that_was_never_added_is_refused(void **state)
{
	struct fe_row_store *s = fe_row_store_new(scratch.folder);
	struct fe_err err = FE_ERR_INIT;
	struct fe_str row;

	(void)state;
	assert_int_equal(fe_row_store_get(s, 0, &row, &err), FE_EBUG);
	add_rows(s, 0, 3, 300);
	assert_int_equal(fe_row_store_get(s, 3, &row, &err), FE_EBUG);
	fe_row_store_free(s);
}

static void
the_file_has_no_name(void **state)
{
	struct fe_row_store *s = fe_row_store_new(scratch.folder);
	size_t n = 0;
	DIR *d;

	(void)state;
	add_rows(s, 0, 20000, 300);
	d = opendir(scratch.folder);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.' || e->d_name[1] == 'f';
	(void)closedir(d);
	assert_int_equal(n, 0);
	fe_row_store_free(s);
}

static void
a_folder_that_is_not_there_is_named(void **state)
{
	struct fe_row_store *s = fe_row_store_new("/nowhere/at/all");
	char bytes[4096] = { 0 };
	struct fe_err err = FE_ERR_INIT;
	enum fe_rc rc = FE_OK;

	(void)state;
	for (int i = 0; i < 100 && rc == FE_OK; i++)
		rc = fe_row_store_add(s, (struct fe_str){ bytes, sizeof(bytes) }, &err);
	assert_int_not_equal(rc, FE_OK);
	assert_string_equal(err.object, "/nowhere/at/all");
	fe_row_store_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_back_in_any_order),
		cmocka_unit_test(rows_are_found_while_others_are_added),
		cmocka_unit_test(a_row_longer_than_all_buffers_comes_back),
		cmocka_unit_test(a_row_that_was_never_added_is_refused),
		cmocka_unit_test(the_file_has_no_name),
		cmocka_unit_test(a_folder_that_is_not_there_is_named),
	};
	return cmocka_run_group_tests(tests, open_scratch, close_scratch);
}

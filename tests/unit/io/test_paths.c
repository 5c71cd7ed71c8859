// SPDX-License-Identifier: Apache-2.0
/* From patterns to files. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../scratch.h"
#include "io/reader.h"

static struct scratch scratch;

static int
make_files(void **state)
{
	(void)state;
	static const char *const names[] = { "b.csv", "a.csv", "B.csv", "a10.csv", "a9.csv", ".hidden.csv", "x[1].csv", "x1.csv", "t.txt" };
	scratch_open(&scratch);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)scratch_write(&scratch, names[i], FE_STR("x"));
	assert_int_equal(mkdir(scratch_path(&scratch, "folder.csv"), 0700), 0);
	assert_int_equal(symlink("b.csv", scratch_path(&scratch, "zlink.csv")), 0);
	return 0;
}

static int
drop_files(void **state)
{
	(void)state;
	scratch_close(&scratch);
	return 0;
}

/* Names parted by blanks, all in the scratch folder. */
static void
expect_paths(const char *pattern, const char *want)
{
	struct fe_paths paths;
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf got;
	fe_buf_init(&got, 10000);
	if (fe_paths_expand(pattern, NULL, &paths, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < paths.n_paths; i++) {
		const char *path = paths.paths[i];
		if (strncmp(path, scratch.folder, strlen(scratch.folder)) == 0)
			path += strlen(scratch.folder) + 1;
		fe_buf_addf(&got, "%s%s", i ? " " : "", path);
	}
	assert_string_equal(fe_buf_text(&got), want);
	fe_buf_reset(&got);
	fe_paths_free(&paths);
	fe_paths_free(&paths);
}

static void
paths_of_a_pattern_are_sorted_by_bytes_without_folders_and_doubles(void **state)
{
	(void)state;
	expect_paths(scratch_path(&scratch, "*.csv"), "B.csv a.csv a10.csv a9.csv b.csv x1.csv x[1].csv");
	expect_paths(scratch_path(&scratch, "a?.csv"), "a9.csv");
	expect_paths(scratch_path(&scratch, "[ab].csv"), "a.csv b.csv");
}

static void
paths_that_are_there_are_taken_as_they_are(void **state)
{
	(void)state;
	expect_paths(scratch_path(&scratch, "x[1].csv"), "x[1].csv");
	expect_paths(scratch_path(&scratch, "zlink.csv"), "b.csv");
	expect_paths(scratch_path(&scratch, "folder.csv/../a.csv"), "a.csv");
	expect_paths("-", "-");
}

static void
paths_to_nothing_are_usage_errors(void **state)
{
	(void)state;
	static const char *const patterns[] = { "none.csv", "*.none", "a.csv/x", "none/*.csv", "folder.csv", "fold*" };
	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
		struct fe_paths paths;
		struct fe_err err = FE_ERR_INIT;
		const char *pattern = scratch_path(&scratch, patterns[i]);
		assert_int_equal(fe_paths_expand(pattern, NULL, &paths, &err), FE_EUSAGE);
		assert_string_equal(err.object, pattern);
		assert_int_equal(paths.n_paths, 0);
	}
}

static void
paths_below_a_closed_folder_are_denied(void **state)
{
	(void)state;
	struct fe_paths paths;
	struct fe_err err = FE_ERR_INIT;
	if (geteuid() == 0)
		skip();
	const char *folder = scratch_path(&scratch, "closed");
	assert_int_equal(mkdir(folder, 0), 0);
	assert_int_equal(fe_paths_expand(scratch_path(&scratch, "closed/*.csv"), NULL, &paths, &err), FE_EDENIED);
	assert_int_equal(rmdir(folder), 0);
}

static void
sizes_are_told_of_files(void **state)
{
	(void)state;
	static const struct { const char *name; uint64_t size_bytes; } cases[] = { { "a.csv", 1 }, { "[ab].csv", 1 } };
	struct fe_paths paths;
	struct fe_err err = FE_ERR_INIT;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(fe_paths_expand(scratch_path(&scratch, cases[i].name), NULL, &paths, &err), FE_OK);
		assert_int_equal(paths.sizes_bytes[paths.n_paths - 1], cases[i].size_bytes);
		fe_paths_free(&paths);
	}
	assert_int_equal(fe_paths_expand("-", NULL, &paths, &err), FE_OK);
	assert_int_equal(paths.sizes_bytes[0], 0);
	fe_paths_free(&paths);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_of_a_pattern_are_sorted_by_bytes_without_folders_and_doubles),
		cmocka_unit_test(paths_that_are_there_are_taken_as_they_are),
		cmocka_unit_test(paths_to_nothing_are_usage_errors),
		cmocka_unit_test(paths_below_a_closed_folder_are_denied),
		cmocka_unit_test(sizes_are_told_of_files),
	};
	return cmocka_run_group_tests(tests, make_files, drop_files);
}

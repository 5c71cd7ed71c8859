// SPDX-License-Identifier: Apache-2.0
/* tests/unit/pipeline/test_lint.c - broken pipeline files and what is said of them
 *
 * Each NAME.yaml in tests/golden/lint has its NAME.expected: every mistake on a line
 * of its own, as line:column: text, in the order of the file. "..." at the end of an
 * expected text stands for anything more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <stdio.h>

#include "base/mem.h"
#include "pipeline/plan.h"

#define FOLDER FE_SOURCE_ROOT "/tests/golden/lint"

static bool
is_as_expected(struct fe_str expected, const char *line)
{
	size_t n = strlen(line);
	if (expected.n >= 3 && memcmp(expected.p + expected.n - 3, "...", 3) == 0)
		return n >= expected.n - 3 && memcmp(line, expected.p, expected.n - 3) == 0;
	return n == expected.n && memcmp(line, expected.p, n) == 0;
}

static struct fe_str
next_line(struct fe_str *rest)
{
	const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	size_t n = end ? (size_t)(end - rest->p) : rest->n;
	struct fe_str line = { rest->p, n };
	*rest = (struct fe_str){ rest->p + n + (end != NULL), rest->n - n - (end != NULL) };
	return line;
}

/* Number of lines that differ; they are printed. */
static unsigned
compare(const char *name, struct fe_str expected, const struct fe_mistakes *m)
{
	unsigned n_wrong = 0;
	for (size_t i = 0; i < m->n_items || expected.n; i++) {
		struct fe_str want = next_line(&expected);
		char got[4096] = "";
		if (i < m->n_items)
			(void)snprintf(got, sizeof(got), "%llu:%llu: %s", (unsigned long long)m->items[i].line,
				       (unsigned long long)m->items[i].column, m->items[i].text);
		if (want.n && *got && is_as_expected(want, got))
			continue;
		n_wrong++;
		print_error("%s\n  expected %.*s\n  got      %s\n", name, FE_STR_ARGS(want), got);
	}
	return n_wrong;
}

static unsigned
run_case(const char *path)
{
	struct fe_buf yaml, expected;
	struct fe_err err = FE_ERR_INIT;
	char expected_path[512];
	size_t n_stem = strlen(path) - strlen(".yaml");
	(void)snprintf(expected_path, sizeof(expected_path), "%.*s.expected", (int)n_stem, path);
	fe_buf_init(&yaml, 1u << 20);
	fe_buf_init(&expected, 1u << 20);
	assert_int_equal(fe_file_read(path, 1u << 20, &yaml, &err), FE_OK);
	assert_int_equal(fe_file_read(expected_path, 1u << 20, &expected, &err), FE_OK);

	struct fe_plan *plan;
	struct fe_mistakes mistakes = { 0 };
	const struct fe_plan_settings set = { .path = path }; /* suites lie beside it */
	enum fe_rc rc = fe_plan_load_text(&plan, &set, fe_buf_str(&yaml), &mistakes, &err);
	unsigned n_wrong = compare(strrchr(path, '/') + 1, fe_buf_str(&expected), &mistakes);
	assert_int_equal(rc, expected.n_bytes ? FE_EUSAGE : FE_OK);
	assert_int_equal(plan == NULL, rc != FE_OK);

	fe_plan_free(plan);
	fe_mistakes_reset(&mistakes);
	fe_buf_reset(&yaml);
	fe_buf_reset(&expected);
	return n_wrong;
}

static void
every_broken_file_gets_the_mistakes_that_are_expected(void **state)
{
	(void)state;
	glob_t files;
	unsigned n_wrong = 0;
	assert_int_equal(glob(FOLDER "/*.yaml", 0, NULL, &files), 0);
	assert_true(files.gl_pathc >= 60);
	for (size_t i = 0; i < files.gl_pathc; i++)
		n_wrong += run_case(files.gl_pathv[i]);
	globfree(&files);
	assert_int_equal(n_wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_broken_file_gets_the_mistakes_that_are_expected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

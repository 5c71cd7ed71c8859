// SPDX-License-Identifier: Apache-2.0
/* An after-load check as a file has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "load/embedded.h"
#include "pipeline/check_file.h"

#define TOP "-- check: mine\n-- severity: warning\n-- means: All is well: always.\n-- needs: a(b, c)\n"

struct rig {
	struct fe_arena arena;
	struct fe_check_file file;
	struct fe_err err;
};

static enum fe_rc
parse(struct rig *r, const char *text)
{
	r->err = (struct fe_err)FE_ERR_INIT;
	return fe_check_file_parse(&r->file, "mine.sql", fe_str_of(text), NULL, &r->arena, &r->err);
}

static void
header_says_what_a_check_is(void **state)
{
	(void)state;
	struct rig r = { 0 };
	assert_int_equal(parse(&r, "-- anything\n" TOP "-- needs: d(e fixed decimal2)\nSELECT 1 FROM main.a;\n"), FE_OK);
	assert_string_equal(r.file.name, "mine");
	assert_string_equal(r.file.means, "All is well: always.");
	assert_int_equal(r.file.severity, FE_CHECK_WARNING);
	assert_int_equal(r.file.n_needs, 3);
	assert_string_equal(r.file.needs[1].table, "a");
	assert_string_equal(r.file.needs[1].column, "c");
	assert_int_equal(r.file.needs[1].scale, -1);
	assert_string_equal(r.file.needs[2].column, "e");
	assert_true(r.file.needs[2].is_fixed);
	assert_int_equal(r.file.needs[2].scale, 2);
	assert_string_equal(r.file.sql, "SELECT 1 FROM main.a");
	fe_arena_free(&r.arena);
}

static void
parameters_are_numbered_by_first_use_and_left_alone_in_quotes(void **state)
{
	(void)state;
	struct rig r = { 0 };
	assert_int_equal(parse(&r, TOP "SELECT ':today', \":today\" -- :today\n, :today, :run_time, :today"), FE_OK);
	assert_string_equal(r.file.sql, "SELECT ':today', \":today\" \n, ?1, ?2, ?1");
	assert_int_equal(r.file.n_params, 2);
	assert_int_equal(r.file.params[0], FE_CHECK_TODAY);
	assert_int_equal(r.file.params[1], FE_CHECK_RUN_TIME);
	fe_arena_free(&r.arena);
}

static void
tables_get_the_schema_that_the_plan_has(void **state)
{
	(void)state;
	struct rig r = { .err = FE_ERR_INIT };
	struct fe_table tables[] = { { .name = "ledger.a" }, { .name = "b" } };
	const struct fe_plan plan = { .tables = tables, .n_datasets = 2 };
	const char *text = TOP "SELECT a.x, 'main.a' FROM main.a JOIN main.b ON domain.a = main.etl_objects";
	assert_int_equal(fe_check_file_parse(&r.file, "x", fe_str_of(text), &plan, &r.arena, &r.err), FE_OK);
	assert_string_equal(r.file.sql,
			    "SELECT a.x, 'main.a' FROM ledger.a JOIN main.b ON domain.a = main.etl_objects");
	fe_arena_free(&r.arena);
}

static void
what_is_no_check_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "SELECT 1", TOP, TOP "DELETE FROM main.a", TOP "SELECT 1; SELECT 2", TOP "SELECT ?1",
		TOP "SELECT :tomorrow", TOP "SELECT 1::text", "-- severity: warning\n-- means: x\n-- needs: a(b)\nSELECT 1",
		"-- check: Mine\n-- severity: warning\n-- means: x\n-- needs: a(b)\nSELECT 1",
		"-- check: m\n-- severity: bad\n-- means: x\n-- needs: a(b)\nSELECT 1",
		"-- check: m\n-- severity: warning\n-- means: x\n-- needs: a\nSELECT 1",
		"-- check: m\n-- severity: warning\n-- means: x\n-- needs: a(b sometimes)\nSELECT 1",
		"-- check: m\n-- severity: warning\n-- means: x\n-- needs: a(b; drop)\nSELECT 1",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct rig r = { 0 };
		assert_int_equal(parse(&r, texts[i]), FE_EUSAGE);
		assert_non_null(strstr(r.err.object, "mine.sql"));
		fe_arena_free(&r.arena);
	}
}

static void
open_quotes_and_cut_texts_are_read_to_their_end(void **state)
{
	(void)state;
	const char *whole = TOP "SELECT ':today', \"main.a\", main.a, :today -- end";
	for (size_t n = 0; n <= strlen(whole); n++) {
		struct rig r = { .err = FE_ERR_INIT };
		char *cut = fe_strndup(whole, n); /* of its own, so that a byte too far is seen */
		enum fe_rc rc = fe_check_file_parse(&r.file, "x", (struct fe_str){ cut, n }, NULL, &r.arena, &r.err);
		assert_true(rc == FE_OK || rc == FE_EUSAGE);
		fe_free(cut);
		fe_arena_free(&r.arena);
	}
}

static void
built_in_checks_are_understood(void **state)
{
	(void)state;
	assert_true(fe_n_sql_checks >= 9);
	for (size_t i = 0; i < fe_n_sql_checks; i++) {
		struct rig r = { 0 };
		assert_int_equal(parse(&r, fe_sql_checks[i].text), FE_OK);
		assert_string_equal(r.file.name, fe_sql_checks[i].name);
		fe_arena_free(&r.arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_says_what_a_check_is),
		cmocka_unit_test(parameters_are_numbered_by_first_use_and_left_alone_in_quotes),
		cmocka_unit_test(tables_get_the_schema_that_the_plan_has),
		cmocka_unit_test(what_is_no_check_is_refused),
		cmocka_unit_test(open_quotes_and_cut_texts_are_read_to_their_end),
		cmocka_unit_test(built_in_checks_are_understood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

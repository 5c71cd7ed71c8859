// SPDX-License-Identifier: Apache-2.0
/* tests/unit/pipeline/test_watermark.c - from where an incremental data set goes on */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/time.h"
#include "pipeline/watermark.h"

#define RUN_TIME_US INT64_C(1793613600000000) /* 2026-11-02 10:00:00 UTC */

/* A target that keeps one text. */
struct keeper {
	struct fe_sink base;
	const char *kept;
};

static enum fe_rc
keeper_watermark(struct fe_sink *s, const struct fe_run_watermark *what, struct fe_buf *value, bool *found,
		 struct fe_err *err)
{
	const char *kept = ((struct keeper *)s)->kept;

	(void)err;
	assert_string_equal(what->dataset, "orders");
	assert_string_equal(what->cursor, "changed");
	*found = kept != NULL;
	if (kept)
		fe_buf_add_text(value, kept);
	return FE_OK;
}

static const struct fe_sink_ops keeper_ops = { .scheme = "keeper", .watermark = keeper_watermark };
static const struct fe_sink_ops forgetful_ops = { .scheme = "forgetful" };

struct fixture {
	struct fe_plan *plan;
	struct fe_plan_cursor cursor;
	struct keeper keeper;
	struct fe_source_window window;
	struct fe_watermark *w;
};

/* A data set whose second column, of that type and with those options, is the cursor. */
static void
setup(struct fixture *f, const char *type, const char *options, int64_t overlap, const char *kept)
{
	const struct fe_plan_settings set = { .path = "/srv/shop/shop.yaml" };
	struct fe_mistakes m = { 0 };
	struct fe_err err = FE_ERR_INIT;
	char text[1024];

	*f = (struct fixture){ .keeper = { .base.ops = &keeper_ops, .kept = kept } };
	(void)snprintf(text, sizeof text,
		       "version: 1\npipeline: shop\ndatasets:\n  - name: orders\n    source: { csv: a.csv }\n"
		       "    columns:\n      - { name: id, type: int }\n"
		       "      - { name: changed_at, from: changed, type: %s%s }\n    target: fact_orders\n"
		       "targets:\n  fact_orders:\n    key: [id]\n", type, options);
	assert_int_equal(fe_plan_load_text(&f->plan, &set, fe_str_of(text), &m, &err), FE_OK);
	f->cursor = (struct fe_plan_cursor){ .column = 1, .name = "changed", .overlap = overlap };
	f->plan->datasets[0].cursor = &f->cursor;
	f->plan->datasets[0].source_set.window.cursor = "changed";
}

static enum fe_rc
open_with(struct fixture *f, const char *from, const char *until, struct fe_err *err)
{
	const struct fe_watermark_settings set = {
		.dataset = &f->plan->datasets[0], .sink = &f->keeper.base, .run_time_us = RUN_TIME_US, .from = from, .until = until,
	};
	return fe_watermark_open(&f->w, &set, &f->window, err);
}

static void
open_ok(struct fixture *f)
{
	struct fe_err err = FE_ERR_INIT;
	enum fe_rc rc = open_with(f, NULL, NULL, &err);
	if (rc)
		print_error("%s\n", err.text);
	assert_int_equal(rc, FE_OK);
}

static void
teardown(struct fixture *f)
{
	fe_watermark_free(f->w);
	fe_plan_free(f->plan);
}

static void
see(struct fixture *f, const char *const *cells, size_t n)
{
	const struct fe_plan_dataset *d = &f->plan->datasets[0];
	struct fe_reason_table reasons = { 0 };
	struct fe_err err = FE_ERR_INIT;
	struct fe_clean *clean;
	struct fe_batch b;

	fe_batch_init(&b, &d->schema);
	assert_int_equal(fe_clean_new(&clean, d->clean, &d->schema, &reasons, &err), FE_OK);
	b.n_rows = n;
	for (size_t i = 0; i < n; i++) {
		b.cells[0][i] = FE_STR("1");
		b.cells[1][i] = fe_str_of(cells[i]);
	}
	assert_int_equal(fe_clean_batch(clean, &b, RUN_TIME_US, &err), FE_OK);
	fe_watermark_see(f->w, &b);
	fe_clean_free(clean);
	fe_batch_reset(&b);
	fe_reason_table_reset(&reasons);
}

#define SEE(f, ...)                                                                              \
	do {                                                                                     \
		const char *const cells_[] = { __VA_ARGS__ };                                    \
		see((f), cells_, sizeof cells_ / sizeof *cells_);                                \
	} while (0)

/* ---- what is kept ---- */

static void
the_greatest_value_is_kept_as_the_source_wrote_it(void **state)
{
	struct fixture f;
	(void)state;
	setup(&f, "timestamp", ", zone: UTC", 0, NULL);
	open_ok(&f);
	assert_null(f.window.since);
	assert_null(fe_watermark_value(f.w));
	SEE(&f, "2026-10-01T10:00:00+02:00", "2026-10-01 08:30", "2026-09-30");
	assert_string_equal(fe_watermark_value(f.w), "2026-10-01 08:30");
	SEE(&f, "2026-10-01T10:31:00+02:00", "no time", "");
	assert_string_equal(fe_watermark_value(f.w), "2026-10-01T10:31:00+02:00");
	teardown(&f);
}

static void
it_never_moves_back(void **state)
{
	struct fixture f;
	(void)state;
	setup(&f, "timestamp", ", zone: UTC", 0, "2026-10-01 10:00");
	open_ok(&f);
	assert_string_equal(f.window.since, "2026-10-01 10:00");
	SEE(&f, "2026-10-01 10:00:00", "2026-09-01");
	assert_null(fe_watermark_value(f.w));
	SEE(&f, "2026-10-01 10:00:00.000001");
	assert_string_equal(fe_watermark_value(f.w), "2026-10-01 10:00:00.000001");
	teardown(&f);
}

static void
a_time_past_the_run_time_does_not_move_it(void **state)
{
	struct fixture f;
	(void)state;
	setup(&f, "timestamp", ", zone: UTC", 0, NULL);
	open_ok(&f);
	SEE(&f, "2026-11-02 10:00:00.000001", "9999-12-31");
	assert_null(fe_watermark_value(f.w));
	SEE(&f, "2026-11-02 10:00");
	assert_string_equal(fe_watermark_value(f.w), "2026-11-02 10:00");
	teardown(&f);
	setup(&f, "date", "", 0, NULL);
	open_ok(&f);
	SEE(&f, "2026-11-03", "2026-11-02");
	assert_string_equal(fe_watermark_value(f.w), "2026-11-02");
	teardown(&f);
}

static void
ints_are_compared_as_numbers_and_texts_by_their_bytes(void **state)
{
	struct fixture f;
	(void)state;
	setup(&f, "int", "", 0, "9");
	open_ok(&f);
	SEE(&f, "10", "8");
	assert_string_equal(fe_watermark_value(f.w), "10");
	teardown(&f);
	setup(&f, "text", "", 0, "9");
	open_ok(&f);
	SEE(&f, "10", "8");
	assert_null(fe_watermark_value(f.w));
	SEE(&f, "9a", "90");
	assert_string_equal(fe_watermark_value(f.w), "9a");
	teardown(&f);
}

static void
a_default_is_not_the_sources(void **state)
{
	struct fixture f;
	(void)state;
	setup(&f, "int", ", default: 7", 0, NULL);
	open_ok(&f);
	SEE(&f, "", "3");
	assert_string_equal(fe_watermark_value(f.w), "3");
	teardown(&f);
}

/* ---- from where to go on ---- */

static void
an_overlap_is_written_as_the_source_writes(void **state)
{
	static const struct { const char *type, *options, *kept, *since; int64_t overlap; } cases[] = {
		{ "timestamp", ", zone: UTC", "2026-10-01 10:00", "2026-10-01 09:50", 600000 },
		{ "timestamp", ", zone: UTC", "2026-10-01 10:00:00", "2026-10-01 09:50:00", 600000 },
		{ "timestamp", ", zone: UTC", "2026-10-01T10:00:00Z", "2026-10-01T09:50:00Z", 600000 },
		{ "timestamp", ", zone: UTC", "2026-10-01T10:00:00.123Z", "2026-10-01T09:50:00.123Z", 600000 },
		{ "timestamp", ", zone: UTC", "2026-10-01 10:00:00.123456", "2026-10-01 10:00:00.122456", 1 },
		{ "timestamp", "", "2026-10-01T10:00:00+02:00", "2026-10-01T09:50:00+02:00", 600000 },
		{ "timestamp", "", "2026-10-01T10:00:00-05:30", "2026-10-01T09:50:00-05:30", 600000 },
		{ "timestamp", ", format: '%s'", "1760000000", "1759999400", 600000 },
		{ "timestamp", ", format: '%s'", "0", "-1", 1 },
		{ "timestamp", ", zone: Europe/Berlin", "2026-10-01 10:00:00", "2026-10-01 09:50:00", 600000 },
		{ "timestamp", ", zone: UTC", "2026-10-01", "2026-09-30", 600000 },
		{ "timestamp", ", zone: UTC", "0001-01-01", "0001-01-01", INT64_MAX },
		{ "date", "", "2026-10-01", "2026-09-30", 600000 },
		{ "date", "", "2026-10-01", "2026-09-29", 2 * 86400000 },
		{ "int", "", "100", "95", 5 },
		{ "int", "", "-9223372036854775800", "-9223372036854775808", 100 },
		{ "text", "", "abc", "abc", 0 },
	};
	struct fixture f;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		setup(&f, cases[i].type, cases[i].options, cases[i].overlap, cases[i].kept);
		open_ok(&f);
		assert_string_equal(f.window.since, cases[i].since);
		teardown(&f);
	}
}

static void
a_start_holds_until_something_is_kept(void **state)
{
	struct fixture f;
	(void)state;
	setup(&f, "int", "", 0, NULL);
	f.cursor.start = "1000";
	open_ok(&f);
	assert_string_equal(f.window.since, "1000");
	teardown(&f);
	setup(&f, "int", "", 0, "5");
	f.cursor.start = "1000";
	open_ok(&f);
	assert_string_equal(f.window.since, "5");
	teardown(&f);
}

static void
a_backfill_reads_its_window_and_moves_nothing(void **state)
{
	struct fixture f;
	struct fe_err err = FE_ERR_INIT;
	(void)state;
	setup(&f, "timestamp", ", zone: UTC", 600000, "2026-10-01");
	assert_int_equal(open_with(&f, "2026-01-01", "2026-02-01", &err), FE_OK);
	assert_string_equal(f.window.since, "2026-01-01");
	assert_string_equal(f.window.until, "2026-02-01");
	SEE(&f, "2026-10-02");
	assert_null(fe_watermark_value(f.w));
	teardown(&f);
}

static void
what_cannot_be_is_refused(void **state)
{
	struct fixture f;
	struct fe_err err = FE_ERR_INIT;
	(void)state;
	setup(&f, "timestamp", ", zone: UTC", 0, NULL);
	assert_int_equal(open_with(&f, "yesterday", NULL, &err), FE_EUSAGE);
	assert_non_null(strstr(err.text, "--from"));
	assert_int_equal(open_with(&f, NULL, "2026-02-30", &err), FE_EUSAGE);
	assert_non_null(strstr(err.text, "--to"));
	f.keeper.kept = "17";
	assert_int_equal(open_with(&f, NULL, NULL, &err), FE_ECONFLICT);
	assert_non_null(strstr(err.text, "etl_watermarks"));
	f.keeper.base.ops = &forgetful_ops;
	assert_int_equal(open_with(&f, NULL, NULL, &err), FE_EUSAGE);
	assert_non_null(strstr(err.text, "database"));
	fe_plan_free(f.plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_greatest_value_is_kept_as_the_source_wrote_it),
		cmocka_unit_test(it_never_moves_back),
		cmocka_unit_test(a_time_past_the_run_time_does_not_move_it),
		cmocka_unit_test(ints_are_compared_as_numbers_and_texts_by_their_bytes),
		cmocka_unit_test(a_default_is_not_the_sources),
		cmocka_unit_test(an_overlap_is_written_as_the_source_writes),
		cmocka_unit_test(a_start_holds_until_something_is_kept),
		cmocka_unit_test(a_backfill_reads_its_window_and_moves_nothing),
		cmocka_unit_test(what_cannot_be_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

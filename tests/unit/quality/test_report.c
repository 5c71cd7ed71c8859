// SPDX-License-Identifier: Apache-2.0
/* A report page from what a run wrote down: bounds, masks, and what is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "quality/report_parts.h"
#include "quality/report_view.h"

struct page {
	struct fe_arena arena;
	struct fe_buf out;
};

static const struct fe_json_value *
json(struct page *p, struct fe_str text)
{
	const struct fe_json_value *v;
	struct fe_err err = FE_ERR_INIT;

	assert_int_equal(fe_json_parse(text, &p->arena, &v, &err), FE_OK);
	return v;
}

static void
make(struct page *p, const struct fe_report_run *run)
{
	struct fe_err err = FE_ERR_INIT;

	fe_buf_init(&p->out, FE_REPORT_MAX_BYTES);
	assert_int_equal(fe_report_page(run, &p->out, &err), FE_OK);
}

static void
done(struct page *p)
{
	fe_buf_reset(&p->out);
	fe_arena_free(&p->arena);
}

static void
assert_has(const struct page *p, const char *text)
{
	if (!strstr(fe_buf_text(&p->out), text))
		fail_msg("no '%s' in the page", text);
}

static void
assert_lacks(const struct page *p, const char *text)
{
	if (strstr(fe_buf_text(&p->out), text))
		fail_msg("'%s' is in the page", text);
}

#define TERMS(read, inserted, rejected)                                                                        \
	"{\"read\": " read ", \"filtered\": 0, \"inserted\": " inserted ", \"updated\": 0, \"unchanged\": 0, " \
	"\"duplicate\": 0, \"superseded\": 0, \"rejected\": " rejected "}"

static void
totals_that_agree_are_told_with_an_equation(void **state)
{
	struct page p = { 0 };
	struct fe_report_dataset d = { .name = FE_STR("t"), .totals = json(&p, FE_STR(TERMS("1234", "1000", "234"))) };
	struct fe_report_run run = { .run_id = FE_STR("R1"), .pipeline = FE_STR("p"), .status = FE_STR("success_with_rejects"),
				     .published = json(&p, FE_STR("true")), .datasets = &d, .n_datasets = 1 };

	(void)state;
	make(&p, &run);
	assert_has(&p, "1,234 read = 1,000 inserted + 234 rejected");
	assert_has(&p, "Loaded, with 234 records rejected; totals agree");
	done(&p);
}

static void
totals_that_do_not_agree_are_seen(void **state)
{
	struct page p = { 0 };
	struct fe_report_dataset d = { .name = FE_STR("t"), .totals = json(&p, FE_STR(TERMS("10", "8", "1"))) };
	struct fe_report_run run = { .pipeline = FE_STR("p"), .status = FE_STR("success"), .published = json(&p, FE_STR("true")),
				     .datasets = &d, .n_datasets = 1 };

	(void)state;
	make(&p, &run);
	assert_has(&p, "10 read \xe2\x89\xa0 8 inserted + 1 rejected");
	done(&p);
}

static void
a_run_that_wrote_nothing_down_has_a_page(void **state)
{
	static const char *const statuses[] = { "running", "abandoned", "failed", "held", "success", "what is this", "" };

	(void)state;
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		struct page p = { 0 };
		struct fe_report_run run = { .run_id = FE_STR("R1"), .pipeline = FE_STR("p"), .status = fe_str_of(statuses[i]) };
		make(&p, &run);
		assert_has(&p, "About this run");
		assert_lacks(&p, "id=\"totals\"");
		done(&p);
	}
}

/* Whatever stands where something else was expected. */
static void
json_of_another_shape_is_passed_over(void **state)
{
	static const char *const shapes[] = {
		"null", "7", "[]", "{\"reasons\": 7, \"gate\": {}, \"profile\": [], \"expectations\": [1], \"pii\": \"x\"}",
		("{\"reasons\": {\"a\": \"b\", \"c\": -1}, \"gate\": [1, null], \"profile\": {\"columns\": [1, {}, {\"top\": 3, \"values\": 1}]}, "
		"\"expectations\": {\"results\": [1, {}]}, \"rules\": [3], \"references\": {\"x\": 1}}"),
		"{\"profile\": {\"columns\": [{\"values\": 1, \"days\": 7, \"histogram\": [1]}, {\"values\": 1, \"days\": {\"bars\": 4}}]}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		struct page p = { 0 };
		const struct fe_json_value *v = json(&p, fe_str_of(shapes[i]));
		struct fe_report_dataset d = { .name = FE_STR("t"), .totals = json(&p, FE_STR(TERMS("2", "1", "1"))), .quality = v };
		struct fe_report_run run = { .pipeline = FE_STR("p"), .status = FE_STR("held"), .datasets = &d, .n_datasets = 1 };
		make(&p, &run);
		done(&p);
		d.totals = v;
		p = (struct page){ 0 };
		d.quality = NULL;
		d.totals = json(&p, fe_str_of(shapes[i]));
		make(&p, &run);
		done(&p);
	}
}

static void
only_the_most_frequent_of_many_reasons_are_shown(void **state)
{
	struct page p = { 0 };
	struct fe_buf text;
	size_t n_all;
	struct fe_report_reason reasons[FE_REPORT_MAX_REASONS];

	(void)state;
	fe_buf_init(&text, 1 << 20);
	fe_buf_add_text(&text, "{\"reasons\": {");
	for (int i = 0; i < 10000; i++)
		fe_buf_addf(&text, "%s\"r%d\": %d", i ? ", " : "", i, i % 5000 + 1);
	fe_buf_add_text(&text, "}}");
	struct fe_report_dataset d = { .name = FE_STR("t"), .totals = json(&p, FE_STR(TERMS("9", "0", "9"))),
				       .quality = json(&p, fe_buf_str(&text)) };
	struct fe_report_run run = { .pipeline = FE_STR("p"), .status = FE_STR("held"), .datasets = &d, .n_datasets = 1 };

	assert_int_equal(fe_report_reasons(&d, reasons, &n_all), FE_REPORT_MAX_REASONS);
	assert_int_equal(n_all, 10000);
	assert_true(fe_str_is(reasons[0].text, "r4999") && reasons[0].n == 5000);
	assert_true(fe_str_is(reasons[1].text, "r9999") && reasons[1].n == 5000);
	assert_true(fe_str_is(reasons[2].text, "r4998") && reasons[2].n == 4999);
	make(&p, &run);
	assert_has(&p, "and 9,980 more reasons, not shown here");
	assert_lacks(&p, ">r1<");
	assert_true(p.out.n_bytes < 100000);
	fe_buf_reset(&text);
	done(&p);
}

static void
raw_text_that_was_not_given_is_not_shown(void **state)
{
	struct page p = { 0 };
	const struct fe_report_reject examples[] = {
		{ .reason = FE_STR("a"), .reasons = FE_STR("a"), .object = FE_STR("o.csv"), .raw = FE_STR("the <raw> text"), .record = 1 },
		{ .reason = FE_STR("a"), .reasons = FE_STR("a"), .object = FE_STR("o.csv"), .record = 2 },
	};
	struct fe_report_dataset d = { .name = FE_STR("t"), .totals = json(&p, FE_STR(TERMS("2", "0", "2"))),
				       .quality = json(&p, FE_STR("{\"reasons\": {\"a\": 2}}")), .examples = examples, .n_examples = 2 };
	struct fe_report_run run = { .pipeline = FE_STR("p"), .status = FE_STR("held"), .datasets = &d, .n_datasets = 1 };

	(void)state;
	make(&p, &run);
	assert_has(&p, "the &lt;raw&gt; text");
	const char *first = strstr(fe_buf_text(&p.out), "class=\"raw\"");
	assert_non_null(first);
	assert_null(strstr(first + 1, "class=\"raw\""));
	done(&p);
}

static void
commands_can_be_typed_as_they_stand(void **state)
{
	static const struct {
		const char *word, *expected;
	} words[] = {
		{ "amount:missing", "amount:missing" },
		{ "", "''" },
		{ "two words", "'two words'" },
		{ "it's; rm -rf $HOME", "'it'\\''s; rm -rf $HOME'" },
		{ "sqlite:/a/b.db", "sqlite:/a/b.db" },
		{ "postgresql://h/d?sslmode=require", "'postgresql://h/d?sslmode=require'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct fe_buf out;
		fe_buf_init(&out, 1024);
		fe_report_add_word(&out, fe_str_of(words[i].word));
		assert_string_equal(fe_buf_text(&out), words[i].expected);
		fe_buf_reset(&out);
	}
}

static void
assert_percent(uint64_t n, uint64_t whole, const char *expected)
{
	struct fe_buf out;

	fe_buf_init(&out, 64);
	fe_report_add_percent(&out, n, whole);
	assert_string_equal(fe_buf_text(&out), expected);
	fe_buf_reset(&out);
}

static void
percents_never_say_none_or_all_of_what_is_not(void **state)
{
	(void)state;
	assert_percent(0, 10, "0.00 %");
	assert_percent(1, 1000000, "under 0.01 %");
	assert_percent(999999, 1000000, "99.99 %");
	assert_percent(1000000, 1000000, "100.00 %");
	assert_percent(UINT64_MAX, UINT64_MAX, "100.00 %");
	assert_percent(1, 3, "33.33 %");
	assert_percent(0, 0, "0.00 %");
}

static void
the_index_has_a_section_for_each_pipeline(void **state)
{
	const struct fe_report_index_run runs[] = {
		{ .run_id = FE_STR("R3"), .pipeline = FE_STR("b<"), .status = FE_STR("success"), .start_time = FE_STR("2026-01-03 00:00:00Z"),
		  .end_time = FE_STR("2026-01-03 00:00:02Z"), .quality_score = FE_STR("99.5000"), .read = 10, .loaded = 10, .link = FE_STR("R3.html") },
		{ .run_id = FE_STR("R2"), .pipeline = FE_STR("a"), .status = FE_STR("running"), .start_time = FE_STR("2026-01-02 00:00:00Z") },
		{ .run_id = FE_STR("R1"), .pipeline = FE_STR("b<"), .status = FE_STR("held"), .start_time = FE_STR("2026-01-01 00:00:00Z"),
		  .end_time = FE_STR("2026-01-01 00:00:01Z"), .quality_score = FE_STR("50.0000"), .read = 5, .rejected = 5 },
	};
	const struct fe_report_index index = { .warehouse = FE_STR("sqlite:w"), .runs = runs, .n_runs = 3, .has_more = true };
	struct page p = { 0 };
	struct fe_err err = FE_ERR_INIT;

	(void)state;
	fe_buf_init(&p.out, FE_REPORT_MAX_BYTES);
	assert_int_equal(fe_report_index_page(&index, &p.out, &err), FE_OK);
	assert_has(&p, "<h2 id=\"pipeline-1\">b&lt;</h2>");
	assert_has(&p, "<h2 id=\"pipeline-2\">a</h2>");
	assert_has(&p, "<a href=\"R3.html\"><code>R3</code></a>");
	assert_has(&p, "aria-label=\"Quality score over 2 runs, from 50.00 to 99.50\"");
	assert_has(&p, "aria-label=\"Rejected over 2 runs, from 0.00 % to 100.00 %\"");
	assert_has(&p, "d=\"M0 50L1000 1\""); /* the oldest first, up to 100 */
	assert_has(&p, "Older runs are not shown");
	done(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(totals_that_agree_are_told_with_an_equation),
		cmocka_unit_test(totals_that_do_not_agree_are_seen),
		cmocka_unit_test(a_run_that_wrote_nothing_down_has_a_page),
		cmocka_unit_test(json_of_another_shape_is_passed_over),
		cmocka_unit_test(only_the_most_frequent_of_many_reasons_are_shown),
		cmocka_unit_test(raw_text_that_was_not_given_is_not_shown),
		cmocka_unit_test(commands_can_be_typed_as_they_stand),
		cmocka_unit_test(percents_never_say_none_or_all_of_what_is_not),
		cmocka_unit_test(the_index_has_a_section_for_each_pipeline),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

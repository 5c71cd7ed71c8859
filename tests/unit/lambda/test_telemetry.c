// SPDX-License-Identifier: Apache-2.0
/* What CloudWatch is told: lines of JSON with the keys people query, metrics within their limits. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "format/json_tree.h"
#include "lambda/telemetry.h"

const char *
fe_arrival_outcome_name(enum fe_arrival_outcome o)
{
	return o == FE_ARRIVAL_DONE ? "done" : "processed";
}

static const struct fe_invocation invocation = {
	.request_id = "id-1", .function_arn = "arn:aws:lambda:eu-central-1:1:function:f", .trace_id = "Root=1-2-3",
};
static const struct fe_event_object object = {
	.arrival = { .bucket = "raw", .key = "raw/\"a\"\n.csv", .version = "v1", .sequencer = "0A", .size_bytes = 5 },
	.name = "ObjectCreated:Put",
	.time_us = 1000000,
};

static struct fe_object_report
report(enum fe_rc rc)
{
	return (struct fe_object_report){
		.object = &object,
		.rc = rc,
		.result = { .outcome = FE_ARRIVAL_PROCESSED, .run_id = "01RUN", .status = "success", .n_read = 10, .n_loaded = 8,
			    .n_rejected = 2, .n_bytes = 500, .quality_score = 97.25, .elapsed_us = 12345 },
	};
}

static int
set_up(void **state)
{
	static const char *const variables[] = { "AWS_LAMBDA_LOG_LEVEL", "POWERTOOLS_LOG_LEVEL", "LOG_LEVEL", "POWERTOOLS_METRICS_NAMESPACE",
						 "FINETL_GB_SECOND_PRICE" };
	(void)state;
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
		(void)unsetenv(variables[i]);
	(void)setenv("POWERTOOLS_SERVICE_NAME", "orders", 1);
	(void)setenv("AWS_LAMBDA_FUNCTION_NAME", "f", 1);
	(void)setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512", 1);
	return 0;
}

static struct fe_telemetry
init(void)
{
	struct fe_telemetry t;
	assert_int_equal(fe_telemetry_init(&t, NULL), FE_OK);
	return t;
}

static struct fe_buf
buffer(void)
{
	struct fe_buf b;
	fe_buf_init(&b, FE_TELEMETRY_MAX_LINE_BYTES);
	return b;
}

/* One line, which is one object of JSON. */
static const struct fe_json_value *
parsed(const struct fe_buf *line, struct fe_arena *arena)
{
	const struct fe_json_value *v;
	struct fe_str s = fe_buf_str(line);
	assert_false(line->failed);
	assert_true(s.n > 1 && s.p[s.n - 1] == '\n');
	assert_ptr_equal(memchr(s.p, '\n', s.n), s.p + s.n - 1);
	assert_int_equal(fe_json_parse((struct fe_str){ s.p, s.n - 1 }, arena, &v, NULL), FE_OK);
	return v;
}

static void
has(const struct fe_json_value *v, const char *key, const char *value)
{
	const struct fe_json_value *m = fe_json_get(v, key);
	if (!m)
		fail_msg("there is no %s", key);
	struct fe_str text = m->kind == FE_JSON_STRING ? m->text : m->raw;
	if (!fe_str_is(text, value))
		fail_msg("%s is %.*s", key, FE_STR_ARGS(text));
}

static void
object_line_has_the_keys_people_query(void **state)
{
	struct fe_telemetry t = init();
	struct fe_arena arena = { 0 };
	struct fe_buf line = buffer();
	struct fe_object_report r = report(FE_OK);
	(void)state;
	t.least = FE_LOG_DEBUG;
	fe_telemetry_begin(&t, &invocation);
	fe_telemetry_add_object_log(&t, &r, 3000000, &line);
	const struct fe_json_value *v = parsed(&line, &arena);
	has(v, "level", "DEBUG");
	has(v, "message", "object");
	has(v, "timestamp", "1970-01-01T00:00:03.000000Z");
	has(v, "service", "orders");
	has(v, "cold_start", "true");
	has(v, "function_name", "f");
	has(v, "function_memory_size", "512");
	has(v, "function_arn", invocation.function_arn);
	has(v, "function_request_id", "id-1");
	has(v, "xray_trace_id", "Root=1-2-3");
	has(v, "bucket", "raw");
	has(v, "key", "raw/\"a\"\n.csv");
	has(v, "version_id", "v1");
	has(v, "run_id", "01RUN");
	has(v, "status", "success");
	has(v, "outcome", "processed");
	has(v, "records_read", "10");
	has(v, "records_loaded", "8");
	has(v, "records_rejected", "2");
	has(v, "bytes", "500");
	has(v, "duration_ms", "12");
	has(v, "quality_score", "97.25");
	has(v, "age_ms", "2000");
	has(v, "retry_helps", "false");
	fe_arena_free(&arena);
	fe_buf_reset(&line);
	fe_telemetry_reset(&t);
}

static void
object_line_of_a_failure_is_an_error(void **state)
{
	struct fe_telemetry t = init();
	struct fe_arena arena = { 0 };
	struct fe_buf line = buffer();
	struct fe_err err = FE_ERR_INIT;
	struct fe_object_report r = { .object = &object, .rc = fe_fail(&err, FE_EUNAVAIL, "no answer"), .err = &err };
	(void)state;
	fe_telemetry_begin(&t, &invocation);
	fe_telemetry_end(&t);
	fe_telemetry_begin(&t, &invocation);
	fe_telemetry_add_object_log(&t, &r, 3000000, &line);
	const struct fe_json_value *v = parsed(&line, &arena);
	has(v, "level", "ERROR");
	has(v, "outcome", "failed");
	has(v, "cold_start", "false");
	has(v, "code", "unavailable");
	has(v, "retry_helps", "true");
	has(v, "error", "no answer");
	assert_null(fe_json_get(v, "run_id"));
	assert_null(fe_json_get(v, "quality_score"));
	fe_arena_free(&arena);
	fe_buf_reset(&line);
	fe_telemetry_reset(&t);
}

static void
object_that_is_gone_is_a_warning_and_one_that_is_well_no_line(void **state)
{
	struct fe_telemetry t = init();
	struct fe_arena arena = { 0 };
	struct fe_buf line = buffer();
	struct fe_object_report r = { .object = &object, .result = { .outcome = FE_ARRIVAL_GONE, .why = "it is not there" } };
	(void)state;
	fe_telemetry_begin(&t, &invocation);
	fe_telemetry_add_object_log(&t, &r, 3000000, &line);
	const struct fe_json_value *v = parsed(&line, &arena);
	has(v, "level", "WARN");
	has(v, "reason", "it is not there");
	r = report(FE_OK);
	fe_buf_clear(&line);
	fe_telemetry_add_object_log(&t, &r, 3000000, &line);
	assert_int_equal(line.n_bytes, 0);
	fe_arena_free(&arena);
	fe_buf_reset(&line);
	fe_telemetry_reset(&t);
}

static void
event_line_has_its_object_or_sums(void **state)
{
	struct fe_invocation_report r = { .source = "s3", .n_objects = 1, .n_processed = 1, .n_read = 10, .n_loaded = 8, .n_rejected = 2,
		                          .n_bytes = 500, .object = report(FE_OK), .elapsed_us = 34567 };
	struct fe_telemetry t = init();
	struct fe_arena arena = { 0 };
	struct fe_buf line = buffer();
	(void)state;
	fe_telemetry_begin(&t, &invocation);
	fe_telemetry_add_event_log(&t, &r, 3000000, &line);
	const struct fe_json_value *v = parsed(&line, &arena);
	has(v, "level", "INFO");
	has(v, "message", "event");
	has(v, "event_source", "s3");
	has(v, "function_request_id", "id-1");
	has(v, "key", "raw/\"a\"\n.csv");
	has(v, "outcome", "processed");
	has(v, "run_id", "01RUN");
	has(v, "records_rejected", "2");
	has(v, "duration_ms", "34");
	has(v, "quality_score", "97.25");
	has(v, "age_ms", "2000");
	has(v, "objects", "1");
	has(v, "code", "ok");
	r.n_objects = 3;
	r.n_failed = 1;
	r.rc = FE_EUNAVAIL;
	fe_buf_clear(&line);
	fe_telemetry_add_event_log(&t, &r, 3000000, &line);
	v = parsed(&line, &arena);
	has(v, "level", "INFO");
	has(v, "outcome", "failed");
	has(v, "objects", "3");
	has(v, "objects_failed", "1");
	has(v, "code", "unavailable");
	has(v, "retry_helps", "true");
	assert_null(fe_json_get(v, "key"));
	t.least = FE_LOG_WARN;
	fe_buf_clear(&line);
	fe_telemetry_add_event_log(&t, &r, 3000000, &line);
	assert_int_equal(line.n_bytes, 0);
	fe_arena_free(&arena);
	fe_buf_reset(&line);
	fe_telemetry_reset(&t);
}

static void
at_info_other_layers_are_heard_from_warnings_on(void **state)
{
	struct fe_telemetry t = init();
	(void)state;
	assert_false(fe_log_is_on(FE_LOG_INFO));
	assert_true(fe_log_is_on(FE_LOG_WARN));
	fe_telemetry_reset(&t);
	(void)setenv("AWS_LAMBDA_LOG_LEVEL", "DEBUG", 1);
	t = init();
	assert_true(fe_log_is_on(FE_LOG_DEBUG));
	fe_telemetry_reset(&t);
}

/* Every metric that is declared is there as a number, and the limits of the format hold. */
static void
check_metrics(const struct fe_json_value *v, size_t n_metrics)
{
	const struct fe_json_value *aws = fe_json_get(v, "_aws"), *all = fe_json_get(aws, "CloudWatchMetrics");
	has(aws, "Timestamp", "1767323045678");
	assert_int_equal(all->n_children, 1);
	const struct fe_json_value *directive = all->first, *metrics = fe_json_get(directive, "Metrics");
	const struct fe_json_value *sets = fe_json_get(directive, "Dimensions");
	has(directive, "Namespace", "finetl");
	assert_int_equal(metrics->n_children, n_metrics);
	assert_true(n_metrics <= 100);
	for (const struct fe_json_value *m = metrics->first; m; m = m->next) {
		char name[64] = "";
		struct fe_str text = fe_json_get(m, "Name")->text;
		assert_true(text.n < sizeof name);
		memcpy(name, text.p, text.n);
		if (!fe_json_is(fe_json_get(v, name), FE_JSON_NUMBER))
			fail_msg("%s is no number", name);
		assert_non_null(fe_json_get(m, "Unit"));
	}
	assert_int_equal(sets->n_children, 1);
	assert_true(sets->first->n_children <= 30);
	for (const struct fe_json_value *d = sets->first->first; d; d = d->next)
		assert_true(fe_str_is(d->text, "service"));
	has(v, "service", "orders");
}

static void
object_metrics_are_an_embedded_metric_line(void **state)
{
	struct fe_telemetry t = init();
	struct fe_arena arena = { 0 };
	struct fe_buf line = buffer();
	struct fe_object_report r = report(FE_OK);
	(void)state;
	fe_telemetry_add_object_metrics(&t, &invocation, &r, INT64_C(1767323045678901), &line);
	const struct fe_json_value *v = parsed(&line, &arena);
	check_metrics(v, 6);
	has(v, "RecordsRead", "10");
	has(v, "RecordsLoaded", "8");
	has(v, "RecordsRejected", "2");
	has(v, "ProcessedBytes", "500");
	has(v, "ProcessingTime", "12");
	has(v, "QualityScore", "97.25");
	has(v, "function_request_id", "id-1");
	fe_buf_clear(&line);
	r.result.n_read = 0; /* an empty object says nothing of quality */
	fe_telemetry_add_object_metrics(&t, &invocation, &r, INT64_C(1767323045678901), &line);
	v = parsed(&line, &arena);
	check_metrics(v, 5);
	assert_null(fe_json_get(v, "QualityScore"));
	fe_arena_free(&arena);
	fe_buf_reset(&line);
	fe_telemetry_reset(&t);
}

static void
invocation_metrics_tell_cold_starts_and_cost(void **state)
{
	const struct fe_invocation_report r = { .n_objects = 3, .n_processed = 1, .n_done_before = 1, .n_failed = 1, .elapsed_us = 2000000 };
	struct fe_arena arena = { 0 };
	(void)state;
	(void)setenv("FINETL_GB_SECOND_PRICE", "0.0000166667", 1);
	struct fe_telemetry t = init();
	struct fe_buf line = buffer();
	fe_telemetry_add_invocation_metrics(&t, &invocation, &r, INT64_C(1767323045678901), &line);
	const struct fe_json_value *v = parsed(&line, &arena);
	check_metrics(v, 7);
	has(v, "ColdStart", "1");
	has(v, "ObjectsProcessed", "1");
	has(v, "ObjectsDoneBefore", "1");
	has(v, "ObjectsFailed", "1");
	has(v, "InvocationTime", "2000");
	has(v, "EstimatedCost", "0.0000168667"); /* 2 s of half a GB, and a request */
	fe_telemetry_end(&t);
	fe_buf_clear(&line);
	fe_telemetry_add_invocation_metrics(&t, &invocation, &r, INT64_C(1767323045678901), &line);
	v = parsed(&line, &arena);
	check_metrics(v, 6);
	assert_null(fe_json_get(v, "ColdStart"));
	fe_arena_free(&arena);
	fe_buf_reset(&line);
	fe_telemetry_reset(&t);
}

static void
longest_keys_and_ids_fit_into_a_line(void **state)
{
	struct fe_telemetry t = init();
	struct fe_arena arena = { 0 };
	struct fe_buf line = buffer();
	struct fe_event_object longest = object;
	struct fe_object_report r = report(FE_OK);
	char key[1025];
	(void)state;
	memset(key, 1, sizeof key - 1); /* six bytes each, as JSON */
	key[sizeof key - 1] = '\0';
	longest.arrival.key = longest.arrival.version = key;
	r.object = &longest;
	t.least = FE_LOG_DEBUG;
	fe_telemetry_begin(&t, &invocation);
	fe_telemetry_add_object_log(&t, &r, 3000000, &line);
	(void)parsed(&line, &arena);
	const struct fe_invocation_report all = { .source = "sqs", .n_objects = 1, .object = r };
	fe_buf_clear(&line);
	fe_telemetry_add_event_log(&t, &all, 3000000, &line);
	(void)parsed(&line, &arena);
	fe_arena_free(&arena);
	fe_buf_reset(&line);
	fe_telemetry_reset(&t);
}

static void
level_of_the_platform_comes_first(void **state)
{
	struct fe_telemetry t;
	(void)state;
	(void)setenv("LOG_LEVEL", "debug", 1);
	t = init();
	assert_int_equal(t.least, FE_LOG_DEBUG);
	fe_telemetry_reset(&t);
	(void)setenv("POWERTOOLS_LOG_LEVEL", "ERROR", 1);
	t = init();
	assert_int_equal(t.least, FE_LOG_ERROR);
	fe_telemetry_reset(&t);
	(void)setenv("AWS_LAMBDA_LOG_LEVEL", "WARN", 1);
	t = init();
	assert_int_equal(t.least, FE_LOG_WARN);
	fe_telemetry_reset(&t);
}

static void
names_and_prices_that_cannot_be_are_refused(void **state)
{
	static const struct { const char *name, *value; } cases[] = {
		{ "AWS_LAMBDA_LOG_LEVEL", "loud" },
		{ "POWERTOOLS_SERVICE_NAME", "a b" },
		{ "POWERTOOLS_SERVICE_NAME", "\xc3\xa9" },
		{ "POWERTOOLS_METRICS_NAMESPACE", "line\nend" },
		{ "FINETL_GB_SECOND_PRICE", "1e-5" },
		{ "FINETL_GB_SECOND_PRICE", "-1" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fe_telemetry t;
		struct fe_err err = FE_ERR_INIT;
		(void)set_up(NULL);
		(void)setenv(cases[i].name, cases[i].value, 1);
		assert_int_equal(fe_telemetry_init(&t, &err), FE_EUSAGE);
		assert_non_null(strstr(err.text, cases[i].name));
		fe_telemetry_reset(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(object_line_has_the_keys_people_query, set_up),
		cmocka_unit_test_setup(object_line_of_a_failure_is_an_error, set_up),
		cmocka_unit_test_setup(object_that_is_gone_is_a_warning_and_one_that_is_well_no_line, set_up),
		cmocka_unit_test_setup(event_line_has_its_object_or_sums, set_up),
		cmocka_unit_test_setup(at_info_other_layers_are_heard_from_warnings_on, set_up),
		cmocka_unit_test_setup(object_metrics_are_an_embedded_metric_line, set_up),
		cmocka_unit_test_setup(invocation_metrics_tell_cold_starts_and_cost, set_up),
		cmocka_unit_test_setup(longest_keys_and_ids_fit_into_a_line, set_up),
		cmocka_unit_test_setup(level_of_the_platform_comes_first, set_up),
		cmocka_unit_test_setup(names_and_prices_that_cannot_be_are_refused, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

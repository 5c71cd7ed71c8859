// SPDX-License-Identifier: Apache-2.0
/* lambda/telemetry.c - see lambda/telemetry.h
 *
 * The cost is an estimate: time by memory by the price of a GB-second, and the price of one
 * request, in whole units of 10^-10 dollars.
 */
#include "lambda/telemetry.h"

#include <stdlib.h>

#include "base/double.h"
#include "base/json.h"
#include "base/text.h"

#if defined(__aarch64__)
#define GB_SECOND_PRICE 133334 /* $0.0000133334 */
#else
#define GB_SECOND_PRICE 166667 /* $0.0000166667 */
#endif
#define REQUEST_PRICE 2000 /* $0.20 a million */
#define PRICE_PRECISION 18
#define MAX_NAME_BYTES 255
#define MAX_MEMBERS_BYTES ((size_t)4 * 1024)

/* ---- the environment ---- */

static const char *
variable(const char *name, const char *fallback)
{
	const char *value = getenv(name);

	return value && *value ? value : fallback;
}

static const struct { const char *name; enum fe_log_level level; } levels[] = {
	{ "TRACE", FE_LOG_DEBUG },  { "DEBUG", FE_LOG_DEBUG }, { "INFO", FE_LOG_INFO },       { "WARN", FE_LOG_WARN },
	{ "WARNING", FE_LOG_WARN }, { "ERROR", FE_LOG_ERROR }, { "CRITICAL", FE_LOG_ERROR }, { "FATAL", FE_LOG_ERROR },
};

static enum fe_rc
read_level(struct fe_telemetry *t, struct fe_err *err)
{
	static const char *const names[] = { "AWS_LAMBDA_LOG_LEVEL", "POWERTOOLS_LOG_LEVEL", "LOG_LEVEL" };
	const char *name = NULL, *text = NULL;

	for (size_t i = 0; i < sizeof names / sizeof names[0] && !text; i++) {
		name = names[i];
		text = variable(name, NULL);
	}
	t->least = FE_LOG_INFO;
	if (!text)
		return FE_OK;
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
		if (fe_text_casecmp_ascii(fe_str_of(text), fe_str_of(levels[i].name)) != 0)
			continue;
		t->least = levels[i].level;
		return FE_OK;
	}
	return fe_fail(err, FE_EUSAGE, "%s is DEBUG, INFO, WARN or ERROR, not '%s'", name, text);
}

/* As CloudWatch takes it for the name of a namespace, and for the value of a dimension. */
static enum fe_rc
check_name(const char *name, const char *value, struct fe_err *err)
{
	bool is_fine = strlen(value) <= MAX_NAME_BYTES && value[0] != ':';

	for (const char *p = value; *p; p++)
		is_fine &= *p > ' ' && *p < 0x7f;
	if (is_fine)
		return FE_OK;
	return fe_fail(err, FE_EUSAGE, "%s is at most %d characters of ASCII, without blanks", name, MAX_NAME_BYTES);
}

static enum fe_rc
read_price(struct fe_telemetry *t, struct fe_err *err)
{
	const char *text = variable("FINETL_GB_SECOND_PRICE", NULL);

	t->gb_second_price = GB_SECOND_PRICE;
	if (!text || (fe_decimal_parse(fe_str_of(text), PRICE_PRECISION, FE_PRICE_SCALE, NULL, &t->gb_second_price) == FE_DECIMAL_OK &&
	              t->gb_second_price >= 0))
		return FE_OK;
	return fe_fail(err, FE_EUSAGE, "FINETL_GB_SECOND_PRICE is in dollars, as 0.0000166667, not '%s'", text);
}

enum fe_rc
fe_telemetry_init(struct fe_telemetry *t, struct fe_err *err)
{
	*t = (struct fe_telemetry){
		.service = variable("POWERTOOLS_SERVICE_NAME", "finetl"),
		.name_space = variable("POWERTOOLS_METRICS_NAMESPACE", "finetl"),
		.function_name = variable("AWS_LAMBDA_FUNCTION_NAME", ""),
		.is_cold = true,
	};
	fe_buf_init(&t->members, MAX_MEMBERS_BYTES);
	if (fe_int_parse(fe_str_of(variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0")), &t->memory_mb) != FE_DECIMAL_OK ||
	    t->memory_mb < 0)
		t->memory_mb = 0;
	FE_TRY(read_level(t, err));
	FE_TRY(check_name("POWERTOOLS_SERVICE_NAME", t->service, err));
	FE_TRY(check_name("POWERTOOLS_METRICS_NAMESPACE", t->name_space, err));
	FE_TRY(read_price(t, err));
	fe_log_set(t->least == FE_LOG_INFO ? FE_LOG_WARN : t->least, FE_LOG_LAMBDA);
	static const struct fe_invocation none = { .function_arn = "", .trace_id = "" };
	fe_telemetry_begin(t, &none);
	return FE_OK;
}

void
fe_telemetry_reset(struct fe_telemetry *t)
{
	fe_log_members(NULL);
	fe_buf_reset(&t->members);
}

/* ---- log lines ---- */

void
fe_telemetry_begin(struct fe_telemetry *t, const struct fe_invocation *inv)
{
	struct fe_json j;

	fe_buf_clear(&t->members);
	fe_json_init(&j, &t->members, 0);
	fe_json_text(&j, "service", t->service);
	fe_json_bool(&j, "cold_start", t->is_cold);
	fe_json_text(&j, "function_name", t->function_name);
	fe_json_i64(&j, "function_memory_size", t->memory_mb);
	fe_json_text(&j, "function_arn", inv->function_arn);
	if (inv->request_id)
		fe_json_text(&j, "function_request_id", inv->request_id);
	if (inv->trace_id[0])
		fe_json_text(&j, "xray_trace_id", inv->trace_id);
	if (t->members.failed) /* no id is that long: then there is none */
		fe_buf_clear(&t->members);
	fe_log_members(t->members.n_bytes ? fe_buf_text(&t->members) : NULL);
}

void
fe_telemetry_end(struct fe_telemetry *t)
{
	t->is_cold = false;
}

static int64_t
count(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

static void
add_figure(struct fe_json *j, const char *key, double v)
{
	char text[FE_DOUBLE_TEXT_BYTES];

	fe_json_raw(j, key, (struct fe_str){ text, fe_double_format(v, text) });
}

static void
add_optional(struct fe_json *j, const char *key, const char *value)
{
	if (value && value[0])
		fe_json_text(j, key, value);
}

/* Of one object, and of nothing that failed besides. */
static bool
is_of_one(const struct fe_invocation_report *r)
{
	return r->n_objects == 1 && r->object.object && r->n_failed == (r->object.rc != FE_OK);
}

static const char *
outcome_of(const struct fe_object_report *r)
{
	return r->object->is_removal ? "removed" : r->rc ? "failed" : fe_arrival_outcome_name(r->result.outcome);
}

/* Which object, and how it ended: members of log lines and of metrics alike. */
static void
add_identity(struct fe_json *j, const struct fe_object_report *r)
{
	const struct fe_arrival *a = &r->object->arrival;

	fe_json_text(j, "bucket", a->bucket);
	fe_json_text(j, "key", a->key);
	add_optional(j, "version_id", a->version);
	add_optional(j, "run_id", r->result.run_id);
	add_optional(j, "status", r->result.status);
	fe_json_text(j, "outcome", outcome_of(r));
}

static bool
has_quality(const struct fe_object_report *r)
{
	return r->result.n_read > 0;
}

static void
add_ending(struct fe_json *j, struct fe_buf *out)
{
	fe_json_object_end(j);
	fe_buf_add_char(out, '\n');
}

static void
begin_line(struct fe_json *j, const struct fe_telemetry *t, enum fe_log_level level, const char *message, int64_t now_us,
           struct fe_buf *out)
{
	static const char *const names[] = { "DEBUG", "INFO", "WARN", "ERROR" };

	fe_json_init(j, out, 0);
	fe_json_object(j, NULL);
	fe_json_time(j, "timestamp", now_us);
	fe_json_text(j, "level", names[level]);
	fe_json_text(j, "message", message);
	if (t->members.n_bytes)
		fe_json_raw(j, NULL, fe_buf_str(&t->members));
}

/* What else is told of an object, beside its figures. */
static void
add_told(struct fe_json *j, const struct fe_object_report *r, int64_t now_us)
{
	add_optional(j, "sequencer", r->object->arrival.sequencer);
	add_optional(j, "event_name", r->object->name);
	add_optional(j, "reason", r->rc ? NULL : r->result.why);
	if (has_quality(r))
		add_figure(j, "quality_score", r->result.quality_score);
	if (r->object->time_us)
		fe_json_i64(j, "age_ms", (now_us - r->object->time_us) / 1000);
}

static void
add_code(struct fe_json *j, enum fe_rc rc)
{
	fe_json_text(j, "code", fe_rc_name(rc));
	fe_json_bool(j, "retry_helps", fe_rc_retry_helps(rc));
}

static enum fe_log_level
level_of(const struct fe_object_report *r)
{
	const bool is_gone = r->result.outcome == FE_ARRIVAL_GONE && !r->object->is_removal && r->result.why;

	return r->rc ? FE_LOG_ERROR : is_gone ? FE_LOG_WARN : FE_LOG_DEBUG;
}

void
fe_telemetry_add_object_log(const struct fe_telemetry *t, const struct fe_object_report *r, int64_t now_us,
                            struct fe_buf *out)
{
	const struct fe_arrival_result *res = &r->result;
	const enum fe_log_level level = level_of(r);
	char text[FE_ERR_TEXT_BYTES + 512];
	struct fe_json j;

	if (level < t->least)
		return;
	begin_line(&j, t, level, "object", now_us, out);
	add_identity(&j, r);
	if (r->err)
		fe_json_text(&j, "error", fe_err_print(r->err, text, sizeof text));
	fe_json_i64(&j, "records_read", count(res->n_read));
	fe_json_i64(&j, "records_loaded", count(res->n_loaded));
	fe_json_i64(&j, "records_rejected", count(res->n_rejected));
	fe_json_i64(&j, "bytes", count(res->n_bytes));
	fe_json_i64(&j, "duration_ms", res->elapsed_us / 1000);
	add_told(&j, r, now_us);
	add_code(&j, r->rc);
	add_ending(&j, out);
}

/* Of all objects: the worst that happened, else what was done. */
static const char *
outcome_of_event(const struct fe_invocation_report *r)
{
	return r->n_failed	? "failed"
	       : r->n_processed ? "processed"
	       : r->n_done_before ? "done"
	       : r->n_skipped	? "skipped"
				: "nothing";
}

void
fe_telemetry_add_event_log(const struct fe_telemetry *t, const struct fe_invocation_report *r, int64_t now_us,
                           struct fe_buf *out)
{
	struct fe_json j;

	if (FE_LOG_INFO < t->least)
		return;
	begin_line(&j, t, FE_LOG_INFO, "event", now_us, out);
	fe_json_text(&j, "event_source", r->source ? r->source : "unknown");
	if (is_of_one(r))
		add_identity(&j, &r->object);
	else
		fe_json_text(&j, "outcome", outcome_of_event(r));
	fe_json_i64(&j, "objects", count(r->n_objects));
	fe_json_i64(&j, "objects_processed", count(r->n_processed));
	fe_json_i64(&j, "objects_done_before", count(r->n_done_before));
	fe_json_i64(&j, "objects_skipped", count(r->n_skipped));
	fe_json_i64(&j, "objects_failed", count(r->n_failed));
	fe_json_i64(&j, "records_read", count(r->n_read));
	fe_json_i64(&j, "records_loaded", count(r->n_loaded));
	fe_json_i64(&j, "records_rejected", count(r->n_rejected));
	fe_json_i64(&j, "bytes", count(r->n_bytes));
	fe_json_i64(&j, "duration_ms", r->elapsed_us / 1000);
	if (r->source && strcmp(r->source, "sweep") == 0) {
		fe_json_i64(&j, "sweep_listed", count(r->sweep.n_listed));
		fe_json_i64(&j, "sweep_done_before", count(r->sweep.n_done_before));
		fe_json_i64(&j, "sweep_left", count(r->sweep.n_left));
	}
	if (is_of_one(r))
		add_told(&j, &r->object, now_us);
	add_code(&j, r->rc);
	add_ending(&j, out);
}

/* ---- metrics ---- */

struct metric { const char *name, *unit; };

static void
begin_metrics(struct fe_json *j, const struct fe_telemetry *t, const struct metric *m, size_t n_metrics, int64_t now_us)
{
	fe_json_object(j, NULL);
	fe_json_object(j, "_aws");
	fe_json_i64(j, "Timestamp", now_us / 1000);
	fe_json_array(j, "CloudWatchMetrics");
	fe_json_object(j, NULL);
	fe_json_text(j, "Namespace", t->name_space);
	fe_json_array(j, "Dimensions");
	fe_json_array(j, NULL);
	fe_json_text(j, NULL, "service");
	fe_json_array_end(j);
	fe_json_array_end(j);
	fe_json_array(j, "Metrics");
	for (size_t i = 0; i < n_metrics; i++) {
		fe_json_object(j, NULL);
		fe_json_text(j, "Name", m[i].name);
		fe_json_text(j, "Unit", m[i].unit);
		fe_json_object_end(j);
	}
	fe_json_array_end(j);
	fe_json_object_end(j);
	fe_json_array_end(j);
	fe_json_object_end(j);
	fe_json_text(j, "service", t->service);
}

static void
add_ids(struct fe_json *j, const struct fe_telemetry *t, const struct fe_invocation *inv)
{
	fe_json_text(j, "function_name", t->function_name);
	fe_json_text(j, "function_request_id", inv->request_id);
}

void
fe_telemetry_add_object_metrics(const struct fe_telemetry *t, const struct fe_invocation *inv,
                                const struct fe_object_report *r, int64_t now_us, struct fe_buf *out)
{
	static const struct metric metrics[] = {
		{ "RecordsRead", "Count" },      { "RecordsLoaded", "Count" }, { "RecordsRejected", "Count" },
		{ "ProcessedBytes", "Bytes" }, { "ProcessingTime", "Milliseconds" }, { "QualityScore", "Percent" },
	};
	const struct fe_arrival_result *res = &r->result;
	const size_t n = sizeof metrics / sizeof metrics[0] - !has_quality(r);
	struct fe_json j;

	fe_json_init(&j, out, 0);
	begin_metrics(&j, t, metrics, n, now_us);
	add_ids(&j, t, inv);
	add_identity(&j, r);
	fe_json_i64(&j, "RecordsRead", count(res->n_read));
	fe_json_i64(&j, "RecordsLoaded", count(res->n_loaded));
	fe_json_i64(&j, "RecordsRejected", count(res->n_rejected));
	fe_json_i64(&j, "ProcessedBytes", count(res->n_bytes));
	fe_json_i64(&j, "ProcessingTime", res->elapsed_us / 1000);
	if (has_quality(r))
		add_figure(&j, "QualityScore", res->quality_score);
	add_ending(&j, out);
}

int64_t
fe_telemetry_cost(const struct fe_telemetry *t, int64_t elapsed_us)
{
	const fe_i128 us_mb = (fe_i128)elapsed_us * t->memory_mb;
	const fe_i128 units = us_mb * t->gb_second_price / ((fe_i128)1024 * 1000000) + REQUEST_PRICE;

	return t->memory_mb == 0 || elapsed_us < 0 ? 0 : units > INT64_MAX ? INT64_MAX : (int64_t)units;
}

void
fe_telemetry_add_invocation_metrics(const struct fe_telemetry *t, const struct fe_invocation *inv,
                                    const struct fe_invocation_report *r, int64_t now_us, struct fe_buf *out)
{
	static const struct metric metrics[] = {
		{ "ObjectsProcessed", "Count" }, { "ObjectsDoneBefore", "Count" }, { "ObjectsSkipped", "Count" },
		{ "ObjectsFailed", "Count" },    { "InvocationTime", "Milliseconds" }, { "EstimatedCost", "None" },
		{ "ColdStart", "Count" },
	};
	const size_t n = sizeof metrics / sizeof metrics[0] - !t->is_cold;
	char cost[FE_DECIMAL_TEXT_BYTES];
	struct fe_json j;

	fe_json_init(&j, out, 0);
	begin_metrics(&j, t, metrics, n, now_us);
	add_ids(&j, t, inv);
	fe_json_i64(&j, "ObjectsProcessed", count(r->n_processed));
	fe_json_i64(&j, "ObjectsDoneBefore", count(r->n_done_before));
	fe_json_i64(&j, "ObjectsSkipped", count(r->n_skipped));
	fe_json_i64(&j, "ObjectsFailed", count(r->n_failed));
	fe_json_i64(&j, "InvocationTime", r->elapsed_us / 1000);
	fe_json_raw(&j, "EstimatedCost", (struct fe_str){ cost, fe_decimal_format(fe_telemetry_cost(t, r->elapsed_us), FE_PRICE_SCALE, cost) });
	if (t->is_cold)
		fe_json_i64(&j, "ColdStart", 1);
	add_ending(&j, out);
}

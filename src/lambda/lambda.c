// SPDX-License-Identifier: Apache-2.0
/* lambda/lambda.c - see lambda/lambda.h
 *
 * One loop: next event, its objects one by one, an answer. What an invocation leaves behind are
 * connections, the plan and credentials: all that a warm start has over a cold one. All else goes back to the
 * system before the next event is waited for.
 */
#include "lambda/lambda.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "lambda/secrets.h"
#include "lambda/telemetry.h"

#define MAX_ANSWER_BYTES ((size_t)8 << 20)
#define MAX_OBJECTS_TOLD 100 /* in an answer: who asks for more reads the log */
#define MARGIN_SHARE 20
#define MARGIN_LEAST_US 500000
#define MARGIN_MOST_US 10000000

struct function {
	const struct fe_lambda_settings *set;
	const struct fe_clock *clock;
	struct fe_lambda_secrets secrets;
	struct fe_lambda_config config;
	struct fe_telemetry telemetry;
	struct fe_runtime *runtime;
	struct fe_arrivals *arrivals;
	int64_t start_us; /* by the ticks */
};

/* One invocation. */
struct work {
	struct function *function;
	const struct fe_invocation *invocation;
	struct fe_event event;
	int64_t until_us;            /* wall clock: nothing goes on from there; 0: no limit */
	bool *has_failed;            /* [n_messages], of SQS */
	struct fe_invocation_report report;
	struct fe_err first;         /* of what failed */
	uint64_t n_none;             /* records and messages that failed as they are no events */
	struct fe_buf told;          /* for the answer: the objects, as JSON */
	struct fe_json json;
};

/* CloudWatch gets a line whole or not at all; what it cannot get is not worth failing for. */
static void
write_line(const struct fe_buf *line)
{
	struct fe_str s = fe_buf_str(line);

	while (s.n && !line->failed) {
		ssize_t n = write(STDOUT_FILENO, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		s = (struct fe_str){ s.p + n, s.n - (size_t)n };
	}
}

/* ---- one object ---- */

static int64_t
until_of(const struct fe_invocation *inv, int64_t now_us)
{
	if (inv->deadline_us == 0)
		return 0;
	int64_t margin_us = (inv->deadline_us - now_us) / MARGIN_SHARE;
	if (margin_us > MARGIN_MOST_US)
		margin_us = MARGIN_MOST_US;
	return inv->deadline_us - (margin_us < MARGIN_LEAST_US ? MARGIN_LEAST_US : margin_us);
}

/* The console makes these when somebody makes a "folder". */
static bool
is_folder_marker(const struct fe_arrival *a)
{
	return a->key[strlen(a->key) - 1] == '/' && a->size_bytes <= 0;
}

/* All that is made from the environment. */
static enum fe_rc
set_up(struct function *f, struct fe_err *err)
{
	fe_arrivals_close(f->arrivals);
	f->arrivals = NULL;
	fe_lambda_config_reset(&f->config);
	FE_TRY(fe_lambda_config_read(&f->config, f->set->opts, f->set->pipeline, f->clock, err));
	return fe_arrivals_open(&f->arrivals, &f->config.arrivals, err);
}

/* Who is refused may have shown a secret that is not the current one any more. */
static bool
has_new_secrets(struct function *f)
{
	struct fe_err why = FE_ERR_INIT;
	bool has_changed = false;

	if (f->secrets.n_items && fe_lambda_secrets_refresh(&f->secrets, f->clock, &has_changed, &why))
		fe_log_err(&why);
	return has_changed;
}

static enum fe_rc
process_with_secrets(struct function *f, const struct fe_arrival *a, int64_t until_us, struct fe_arrival_result *out,
                     struct fe_err *err)
{
	if (!f->arrivals) /* it could not be set up again the last time */
		FE_TRY(set_up(f, err));
	enum fe_rc rc = fe_arrival_process(f->arrivals, a, until_us, out, err);
	if (rc != FE_EDENIED || !has_new_secrets(f))
		return rc;
	FE_TRY(set_up(f, err));
	return fe_arrival_process(f->arrivals, a, until_us, out, err);
}

static enum fe_rc
process(struct work *w, const struct fe_arrival *a, struct fe_arrival_result *out, struct fe_err *err)
{
	struct function *f = w->function;

	FE_TRY(fe_stop_check(err));
	if (w->until_us && fe_clock_now(f->clock) >= w->until_us)
		return fe_fail(err, FE_EUNAVAIL, "no time is left for this object before the function's time-out: a retry begins with it");
	FE_TRY(process_with_secrets(f, a, w->until_us, out, err));
	if (out->outcome == FE_ARRIVAL_NOT_OURS)
		return fe_fail(err, FE_EDATA, "no source of the pipeline takes this object");
	return FE_OK;
}

static void
count_outcome(struct work *w, const struct fe_object_report *r)
{
	struct fe_invocation_report *n = &w->report;

	n->n_objects++;
	if (r->rc)
		n->n_failed++;
	else if (r->object->is_removal || is_folder_marker(&r->object->arrival))
		n->n_skipped++;
	else if (r->result.outcome == FE_ARRIVAL_PROCESSED)
		n->n_processed++;
	else if (r->result.outcome == FE_ARRIVAL_DONE)
		n->n_done_before++;
	else
		n->n_skipped++;
	n->n_read += r->result.n_read;
	n->n_loaded += r->result.n_loaded;
	n->n_rejected += r->result.n_rejected;
	n->n_bytes += r->result.n_bytes;
}

static void
tell_answer(struct work *w, const struct fe_object_report *r)
{
	const struct fe_arrival_result *res = &r->result;
	struct fe_json *j = &w->json;

	if (w->event.kind == FE_EVENT_SQS || w->report.n_objects > MAX_OBJECTS_TOLD)
		return;
	fe_json_object(j, NULL);
	fe_json_text(j, "bucket", r->object->arrival.bucket);
	fe_json_text(j, "key", r->object->arrival.key);
	fe_json_text(j, "outcome", r->object->is_removal ? "removed" : fe_arrival_outcome_name(res->outcome));
	fe_json_text(j, "run_id", res->run_id[0] ? res->run_id : NULL);
	fe_json_text(j, "status", res->status);
	fe_json_i64(j, "read", (int64_t)res->n_read);
	fe_json_i64(j, "loaded", (int64_t)res->n_loaded);
	fe_json_i64(j, "rejected", (int64_t)res->n_rejected);
	fe_json_object_end(j);
}

static void
tell(struct work *w, const struct fe_object_report *r)
{
	const struct function *f = w->function;
	const int64_t now_us = fe_clock_now(f->clock);
	struct fe_buf line;

	fe_buf_init(&line, FE_TELEMETRY_MAX_LINE_BYTES);
	fe_telemetry_add_object_log(&f->telemetry, r, now_us, &line);
	write_line(&line);
	fe_buf_clear(&line);
	if (r->result.run_id[0])
		fe_telemetry_add_object_metrics(&f->telemetry, w->invocation, r, now_us, &line);
	write_line(&line);
	fe_buf_reset(&line);
	tell_answer(w, r);
}

/* n_none: of what is no object; objects are counted by themselves. */
static void
note_failure(struct work *w, const struct fe_err *why, size_t n_none)
{
	w->n_none += n_none;
	w->report.n_failed += n_none;
	if (w->first.rc == FE_OK)
		w->first = *why;
}

/* Says of which object it is, and keeps the first. */
static void
note_failed_object(struct work *w, const struct fe_event_object *o, struct fe_err *err)
{
	struct fe_buf name;

	fe_buf_init(&name, sizeof err->object);
	fe_buf_addf(&name, "s3://%s/%s", o->arrival.bucket, o->arrival.key);
	if (!err->object[0])
		fe_err_at(err, name.failed ? o->arrival.bucket : fe_buf_text(&name), 0, NULL);
	fe_buf_reset(&name);
	if (w->has_failed)
		w->has_failed[o->message] = true;
	note_failure(w, err, 0);
}

static void
do_object(struct work *w, const struct fe_event_object *o)
{
	struct fe_object_report r = { .object = o };
	struct fe_err err = FE_ERR_INIT;

	if (!o->is_removal && !is_folder_marker(&o->arrival))
		r.rc = process(w, &o->arrival, &r.result, &err);
	else
		r.result.outcome = FE_ARRIVAL_GONE;
	count_outcome(w, &r);
	w->report.object = r;
	if (r.rc) {
		note_failed_object(w, o, &err);
		r.err = &err;
	}
	tell(w, &r);
}

/* ---- one invocation ---- */

static void
do_messages(struct work *w)
{
	struct fe_event *e = &w->event;

	w->has_failed = fe_new_array(e->n_messages, bool);
	for (size_t i = 0; i < e->n_messages; i++) {
		w->has_failed[i] = e->messages[i].is_broken;
		if (!e->messages[i].is_broken)
			continue;
		note_failure(w, &e->messages[i].why, 1);
		fe_log(FE_LOG_ERROR, e->messages[i].why.text, "code", "data", "message_id", e->messages[i].id, NULL);
	}
	for (size_t i = 0; i < e->n_objects; i++)
		do_object(w, &e->objects[i]);
	fe_json_init(&w->json, &w->told, 0);
	fe_json_object(&w->json, NULL);
	fe_json_array(&w->json, "batchItemFailures");
	for (size_t i = 0; i < e->n_messages; i++) {
		if (!w->has_failed[i])
			continue;
		fe_json_object(&w->json, NULL);
		fe_json_text(&w->json, "itemIdentifier", e->messages[i].id);
		fe_json_object_end(&w->json);
	}
	fe_json_array_end(&w->json);
	fe_json_object_end(&w->json);
}

static void
begin_answer(struct work *w)
{
	fe_json_init(&w->json, &w->told, 0);
	fe_json_object(&w->json, NULL);
	fe_json_array(&w->json, "objects");
}

static void
do_objects(struct work *w)
{
	struct fe_event *e = &w->event;

	begin_answer(w);
	for (size_t i = 0; i < e->n_objects; i++)
		do_object(w, &e->objects[i]);
	fe_json_array_end(&w->json);
	fe_json_i64(&w->json, "n_objects", (int64_t)w->report.n_objects);
	fe_json_i64(&w->json, "n_processed", (int64_t)w->report.n_processed);
	fe_json_i64(&w->json, "n_done_before", (int64_t)w->report.n_done_before);
	fe_json_i64(&w->json, "n_skipped", (int64_t)w->report.n_skipped);
	fe_json_object_end(&w->json);
}

/* After all that could be done: an event that has failed objects is an error, and so is one with records that are none, and
 * of which no message can be named. */
static enum fe_rc
judge(struct work *w, struct fe_err *err)
{
	const struct fe_event *e = &w->event;

	if (e->n_broken) {
		note_failure(w, &e->broken, e->n_broken);
		fe_log_err(&e->broken);
	}
	const uint64_t n_all = w->report.n_objects + w->n_none;
	if (w->report.n_failed == 0 || (e->kind == FE_EVENT_SQS && e->n_broken == 0))
		return FE_OK;
	*err = w->first;
	if (n_all > 1)
		fe_err_context(err, "%" PRIu64 " of %" PRIu64 " objects failed; the first", w->report.n_failed, n_all);
	return err->rc;
}

/* ---- what no event told of ---- */

static void
tell_found(void *ctx, const struct fe_arrival *a, enum fe_rc rc, const struct fe_arrival_result *result, const struct fe_err *why)
{
	const struct fe_event_object o = { .arrival = *a, .name = "Sweep" };
	struct fe_object_report r = { .object = &o, .rc = rc, .result = *result };
	struct fe_err err = *why;
	struct work *w = ctx;

	count_outcome(w, &r);
	if (rc) {
		note_failed_object(w, &o, &err);
		r.err = &err;
	}
	tell(w, &r);
}

/* Who was refused tries all of it again: counted and answered is how that ended. */
static void
begin_again(struct work *w)
{
	w->report = (struct fe_invocation_report){ .source = w->report.source, .elapsed_us = w->report.elapsed_us };
	w->first = (struct fe_err)FE_ERR_INIT;
	fe_buf_clear(&w->told);
	begin_answer(w);
}

static enum fe_rc
sweep(struct work *w, struct fe_sweep_result *out, struct fe_err *err)
{
	const struct fe_event_sweep *asked = &w->event.sweep;
	const struct fe_sweep_settings set = {
		.older_than_us = asked->older_than_us,
		.newer_than_us = asked->newer_than_us,
		.leaves_failed = !asked->tries_failed,
		.deadline_us = w->until_us,
		.told = tell_found,
		.ctx = w,
	};
	struct function *f = w->function;

	if (!f->arrivals)
		FE_TRY(set_up(f, err));
	enum fe_rc rc = fe_arrivals_sweep(f->arrivals, &set, out, err);
	if (rc != FE_EDENIED || !has_new_secrets(f))
		return rc;
	begin_again(w);
	FE_TRY(set_up(f, err));
	return fe_arrivals_sweep(f->arrivals, &set, out, err);
}

static void
tell_sweep(struct work *w, const struct fe_sweep_result *r)
{
	fe_json_object(&w->json, "sweep");
	fe_json_i64(&w->json, "listed", (int64_t)r->n_listed);
	fe_json_i64(&w->json, "done_before", (int64_t)r->n_done_before);
	fe_json_i64(&w->json, "left", (int64_t)r->n_left);
	fe_json_i64(&w->json, "processed", (int64_t)r->n_processed);
	fe_json_i64(&w->json, "failed", (int64_t)r->n_failed);
	fe_json_object_end(&w->json);
}

static enum fe_rc
do_sweep(struct work *w, struct fe_err *err)
{
	struct fe_sweep_result r = { 0 };

	begin_answer(w);
	enum fe_rc rc = sweep(w, &r, err);
	w->report.sweep = r;
	fe_json_array_end(&w->json);
	tell_sweep(w, &r);
	fe_json_object_end(&w->json);
	if (rc && w->first.rc == rc)
		*err = w->first;
	if (rc)
		fe_err_context(err, "the sweep");
	return rc;
}

static enum fe_rc
do_event(struct work *w, struct fe_err *err)
{
	enum fe_rc rc = fe_event_read(&w->event, w->invocation->event, err);

	if (rc) {
		fe_err_context(err, "the event");
		fe_log_err(err);
		return rc;
	}
	w->report.source = fe_event_kind_name(w->event.kind);
	if (w->event.kind == FE_EVENT_SQS)
		do_messages(w);
	else if (w->event.kind == FE_EVENT_SWEEP)
		FE_TRY(do_sweep(w, err));
	else
		do_objects(w);
	if (w->event.kind != FE_EVENT_SWEEP)
		FE_TRY(judge(w, err));
	return fe_buf_check(&w->told, "the answer", err);
}

static void
tell_invocation(struct work *w)
{
	struct function *f = w->function;
	const int64_t begin_us = f->telemetry.is_cold ? f->start_us : w->report.elapsed_us;
	struct fe_buf line;

	w->report.elapsed_us = fe_clock_ticks(f->clock) - begin_us;
	fe_buf_init(&line, FE_TELEMETRY_MAX_LINE_BYTES);
	fe_telemetry_add_event_log(&f->telemetry, &w->report, fe_clock_now(f->clock), &line);
	write_line(&line);
	fe_buf_clear(&line);
	fe_telemetry_add_invocation_metrics(&f->telemetry, w->invocation, &w->report, fe_clock_now(f->clock), &line);
	write_line(&line);
	fe_buf_reset(&line);
}

/* An answer that is too large becomes an error; one that came too late is nobody's any more. What
 * is left is fatal. */
static enum fe_rc
answer(struct function *f, const char *id, enum fe_rc rc, const struct fe_err *why, struct fe_str json, struct fe_err *err)
{
	struct fe_err refused = FE_ERR_INIT;
	enum fe_rc sent = rc ? fe_runtime_fail(f->runtime, id, why, &refused) : fe_runtime_answer(f->runtime, id, json, &refused);

	if (sent == FE_ELIMIT && rc == FE_OK) {
		struct fe_err too_large = refused;
		fe_log_err(&too_large);
		sent = fe_runtime_fail(f->runtime, id, &too_large, &refused);
	}
	if (sent == FE_ELIMIT || sent == FE_ECONFLICT) {
		fe_log(FE_LOG_WARN, "the answer was not taken", "cause", refused.text, NULL);
		return FE_OK;
	}
	if (sent)
		*err = refused;
	return sent;
}

/* rc and why: what is wrong with the event already. */
static enum fe_rc
invoke(struct function *f, const struct fe_invocation *inv, enum fe_rc rc, struct fe_err *why, struct fe_err *err)
{
	struct work w = {
		.function = f,
		.invocation = inv,
		.until_us = until_of(inv, fe_clock_now(f->clock)),
		.report.elapsed_us = fe_clock_ticks(f->clock),
		.first = FE_ERR_INIT,
	};

	fe_buf_init(&w.told, MAX_ANSWER_BYTES);
	fe_telemetry_begin(&f->telemetry, inv);
	if (rc == FE_OK)
		rc = do_event(&w, why);
	else
		fe_log_err(why);
	w.report.n_failed += rc && w.report.n_failed == 0; /* the event itself */
	w.report.rc = rc ? rc : w.first.rc;
	tell_invocation(&w);
	enum fe_rc sent = answer(f, inv->request_id, rc, why, fe_buf_str(&w.told), err);
	fe_telemetry_end(&f->telemetry);
	fe_event_reset(&w.event);
	fe_free(w.has_failed);
	fe_buf_reset(&w.told);
	return sent;
}

/* ---- the function ---- */

static enum fe_rc
start(struct function *f, struct fe_err *err)
{
	FE_TRY(fe_telemetry_init(&f->telemetry, err));
	FE_TRY(fe_lambda_secrets_open(&f->secrets, f->clock, err));
	return set_up(f, err);
}

static enum fe_rc
loop(struct function *f, struct fe_err *err)
{
	for (;;) {
		struct fe_invocation inv;
		struct fe_err why = FE_ERR_INIT;

		fe_mem_give_back(); /* until there is an event, nothing is needed */
		enum fe_rc rc = fe_runtime_next(f->runtime, &inv, &why);
		if (rc == FE_ECANCEL)
			return FE_OK;
		if (!inv.request_id) {
			*err = why;
			return rc;
		}
		FE_TRY(invoke(f, &inv, rc, &why, err));
		if (fe_stop_requested())
			return FE_OK;
	}
}

enum fe_rc
fe_lambda_run(const struct fe_lambda_settings *set, struct fe_err *err)
{
	const char *address = getenv("AWS_LAMBDA_RUNTIME_API");
	struct function f = { .set = set, .clock = set->clock, .start_us = fe_clock_ticks(set->clock) };
	enum fe_rc rc;

	fe_mem_thrift();
	if (!address || !*address)
		return fe_fail(err, FE_EUSAGE, "AWS_LAMBDA_RUNTIME_API is not set: `finetl lambda` is started by AWS Lambda, or by its emulator");
	rc = fe_runtime_open(&f.runtime, address, set->clock, err);
	if (rc)
		goto fail;
	rc = start(&f, err);
	if (rc && !fe_stop_requested()) {
		struct fe_err refused = FE_ERR_INIT;
		if (fe_runtime_fail(f.runtime, NULL, err, &refused))
			fe_log(FE_LOG_WARN, "the error of the start was not taken", "cause", refused.text, NULL);
	}
	if (rc)
		goto fail;
	rc = loop(&f, err);
fail:
	fe_arrivals_close(f.arrivals);
	fe_runtime_close(f.runtime);
	fe_lambda_config_reset(&f.config);
	fe_lambda_secrets_reset(&f.secrets);
	fe_telemetry_reset(&f.telemetry);
	return rc;
}

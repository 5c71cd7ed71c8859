// SPDX-License-Identifier: Apache-2.0
/* pipeline/step_notify.c - the last step: people are told how the steps before it ended
 *
 * Of a load that is on record the warehouse tells; of a step that failed before there was
 * anything to record, its state does.
 */
#include "pipeline/step.h"

#include "base/json.h"
#include "pipeline/notify.h"
#include "pipeline/redact.h"

#define MAX_LINE_BYTES ((size_t)4 << 20)

/* The step that is told of: the last one, and of checks only what they found wrong. It may not be there: the one
 * before has ended well, and nobody knows what became of it. */
static enum fe_step_kind
told_of(const struct fe_step *s)
{
	const struct fe_step_state *checks = &s->states[FE_STEP_CHECKS];
	enum fe_step_kind last = FE_STEP_LOAD;

	if (checks->is_there && !fe_step_state_is_good(checks))
		return FE_STEP_CHECKS;
	while (last > FE_STEP_EXTRACT && !s->states[last].is_there)
		last--;
	bool is_nothing = s->states[FE_STEP_EXTRACT].exit_code == fe_rc_exit_status(FE_ENOTHING);
	return last < FE_STEP_LOAD && fe_step_state_is_good(&s->states[last]) && !is_nothing ? last + 1 : last;
}

static struct fe_str
text_of(const struct fe_json_value *result, const char *key)
{
	const struct fe_json_value *v = fe_json_get(result, key);
	return fe_json_is(v, FE_JSON_STRING) ? v->text : (struct fe_str){ 0 };
}

/* The first notice that could not be sent is the step's error. */
static enum fe_rc
take_told(struct fe_step *s, const struct fe_told_list *told, struct fe_err *err)
{
	enum fe_rc rc = FE_OK;
	struct fe_json j;

	for (size_t i = 0; i < told->n_items && rc == FE_OK; i++)
		if (told->items[i].error)
			rc = fe_fail(err, told->items[i].rc, "%s", told->items[i].error);
	s->status = rc ? "failed" : "success";
	fe_json_init(&j, &s->result, 0);
	fe_step_begin_result(s, &j, s->run_id, rc, s->status, err);
	fe_told_json(told, &j);
	fe_json_object_end(&j);
	return rc;
}

/* What to type so that it is done again. */
static void
add_again(const struct fe_step *s, enum fe_step_kind kind, struct fe_buf *out)
{
	const struct fe_step_state *state = &s->states[kind];

	if (state->is_there && fe_step_needs_other_records(s, state))
		fe_buf_addf(out, "finetl extract %s --run-dir ANOTHER", s->plan->path);
	else
		fe_buf_addf(out, "finetl %s%s%s --run-dir %s", fe_step_name(kind), kind == FE_STEP_EXTRACT ? " " : "",
			    kind == FE_STEP_EXTRACT ? s->plan->path : "", s->dir);
}

static void
add_why(const struct fe_step *s, enum fe_step_kind kind, struct fe_buf *out)
{
	const struct fe_step_state *state = &s->states[kind];

	fe_buf_addf(out, "%s.json", fe_step_name(kind));
	if (!state->is_there) {
		fe_buf_add_text(out, " is not there: the step was stopped, was killed, or was never begun");
		return;
	}
	fe_buf_add_text(out, ", ");
	fe_buf_add_str(out, text_of(state->result, "error"));
}

static enum fe_rc
tell_of_state(struct fe_step *s, enum fe_step_kind kind, bool all, struct fe_err *err)
{
	const struct fe_step_state *state = &s->states[kind];
	const struct fe_json_value *result = state->is_there ? state->result : NULL;
	struct fe_told_list told = { 0 };
	struct fe_buf warehouse, why, again;

	fe_buf_init(&warehouse, MAX_LINE_BYTES);
	fe_buf_init(&why, MAX_LINE_BYTES);
	fe_buf_init(&again, MAX_LINE_BYTES);
	if (s->plan->warehouse)
		fe_buf_add_redacted_url(&warehouse, s->plan->warehouse);
	add_again(s, kind, &again);
	add_why(s, kind, &why);
	const struct fe_report_run run = {
		.run_id = fe_str_of(s->run_id),
		.pipeline = fe_str_of(s->plan->name),
		.status = fe_str_of(state->is_there ? state->status : "failed"),
		.error = fe_step_state_is_good(state) ? (struct fe_str){ 0 } : fe_buf_str(&why),
		.start_time = text_of(result, "start_time"),
		.end_time = text_of(result, "end_time"),
		.run_time = text_of(result, "run_time"),
		.config_sha256 = fe_str_of(s->plan->config_sha256),
		.version = fe_str_of(FE_VERSION),
		.warehouse = fe_buf_str(&warehouse),
		.again = fe_buf_str(&again),
		.retry_helps = fe_json_get(result, "retry_helps"),
	};
	fe_notify(s->plan, &run, all, s->set.clock, &told);
	enum fe_rc rc = take_told(s, &told, err);
	fe_told_reset(&told);
	fe_buf_reset(&warehouse);
	fe_buf_reset(&why);
	fe_buf_reset(&again);
	return rc;
}

static enum fe_rc
tell_of_load(struct fe_step *s, const char *run_id, bool all, struct fe_err *err)
{
	const struct fe_notify_query q = {
		.plan = s->plan, .url = s->plan->warehouse, .run_id = run_id, .all = all, .clock = s->set.clock,
	};
	struct fe_buf line;

	fe_buf_init(&line, MAX_LINE_BYTES);
	enum fe_rc rc = fe_notify_of_warehouse(&q, &line, err);
	struct fe_str text = fe_buf_str(&line);
	while (text.n && text.p[text.n - 1] == '\n')
		text.n--;
	if (text.n)
		fe_step_take_result(s, text);
	s->status = rc ? "failed" : "success";
	fe_buf_reset(&line);
	return rc;
}

enum fe_rc
fe_step_notify(struct fe_step *s, bool all, struct fe_err *err)
{
	const enum fe_step_kind kind = told_of(s);
	const struct fe_step_state *state = &s->states[kind];
	const struct fe_str run_id = text_of(state->is_there ? state->result : NULL, "run_id");
	struct fe_err why = FE_ERR_INIT;
	char id[FE_RUN_ID_BYTES] = "";

	/* Only what came of a run is on record there. */
	bool is_on_record = kind == FE_STEP_LOAD && fe_step_state_is_on_record(state) && s->plan->warehouse;
	if (!is_on_record || run_id.n != sizeof id - 1)
		return tell_of_state(s, kind, all, err);
	memcpy(id, run_id.p, run_id.n);
	enum fe_rc rc = tell_of_load(s, id, all, &why);
	if (rc == FE_EUSAGE && s->result.n_bytes == 0) /* it failed before it was written down */
		return tell_of_state(s, kind, all, err);
	if (rc)
		*err = why;
	return rc;
}

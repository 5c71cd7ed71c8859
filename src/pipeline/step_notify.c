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

/* The step that is told of: the last one, and of checks only what they found wrong. */
static const struct fe_step_state *
told_of(const struct fe_step *s)
{
	const struct fe_step_state *checks = &s->states[FE_STEP_CHECKS];

	if (checks->is_there && !fe_step_state_is_good(checks))
		return checks;
	for (enum fe_step_kind kind = FE_STEP_LOAD; kind > FE_STEP_EXTRACT; kind--)
		if (s->states[kind].is_there)
			return &s->states[kind];
	return &s->states[FE_STEP_EXTRACT];
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

static enum fe_rc
tell_of_state(struct fe_step *s, const struct fe_step_state *state, bool all, struct fe_err *err)
{
	struct fe_told_list told = { 0 };
	struct fe_buf warehouse, why, again;

	fe_buf_init(&warehouse, MAX_LINE_BYTES);
	fe_buf_init(&why, MAX_LINE_BYTES);
	if (s->plan->warehouse)
		fe_buf_add_redacted_url(&warehouse, s->plan->warehouse);
	fe_buf_init(&again, MAX_LINE_BYTES);
	if (fe_step_needs_other_records(s, state))
		fe_buf_addf(&again, "finetl extract %s --run-dir ANOTHER", state->pipeline_file);
	else
		fe_buf_addf(&again, "finetl %.*s%s%s --run-dir %s", (int)strcspn(state->self.path, "."), state->self.path,
			    state == fe_step_origin(s) ? " " : "", state == fe_step_origin(s) ? state->pipeline_file : "", s->dir);
	fe_buf_addf(&why, "%s, ", state->self.path);
	fe_buf_add_str(&why, text_of(state->result, "error"));
	const struct fe_report_run run = {
		.run_id = fe_str_of(s->run_id),
		.pipeline = fe_str_of(s->plan->name),
		.status = fe_str_of(state->status),
		.error = fe_step_state_is_good(state) ? (struct fe_str){ 0 } : fe_buf_str(&why),
		.start_time = text_of(state->result, "start_time"),
		.end_time = text_of(state->result, "end_time"),
		.run_time = text_of(state->result, "run_time"),
		.config_sha256 = fe_str_of(state->config_sha256),
		.version = fe_str_of(state->version),
		.warehouse = fe_buf_str(&warehouse),
		.again = fe_buf_str(&again),
		.retry_helps = fe_json_get(state->result, "retry_helps"),
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
	const struct fe_step_state *state = told_of(s);
	const struct fe_str run_id = text_of(state->result, "run_id");
	struct fe_err why = FE_ERR_INIT;
	char id[FE_RUN_ID_BYTES] = "";

	/* Only what came of a run is on record there. */
	bool is_on_record = state == &s->states[FE_STEP_LOAD] && fe_json_get(state->result, "published") && s->plan->warehouse;
	if (!is_on_record || run_id.n != sizeof id - 1)
		return tell_of_state(s, state, all, err);
	memcpy(id, run_id.p, run_id.n);
	enum fe_rc rc = tell_of_load(s, id, all, &why);
	if (rc == FE_EUSAGE && s->result.n_bytes == 0) /* it failed before it was written down */
		return tell_of_state(s, state, all, err);
	if (rc)
		*err = why;
	return rc;
}

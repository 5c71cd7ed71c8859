// SPDX-License-Identifier: Apache-2.0
/* cli/step.c - see cli/step.h */
#include "cli/step.h"

#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "pipeline/evolve.h"
#include "pipeline/tell.h"

#define MAX_LINE_BYTES ((size_t)17 << 20)

/* ---- the line ---- */

static void
add_failure_line(struct fe_buf *out, enum fe_step_kind kind, const char *dir, enum fe_rc rc, const struct fe_err *err)
{
	char text[FE_ERR_TEXT_BYTES + 512];
	struct fe_json j;

	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	fe_json_null(&j, "run_id");
	fe_json_text(&j, "run_dir", dir);
	fe_json_text(&j, "step", fe_step_name(kind));
	fe_json_text(&j, "status", "failed");
	fe_json_i64(&j, "exit_code", fe_rc_exit_status(rc));
	fe_json_bool(&j, "retry_helps", fe_rc_retry_helps(rc));
	fe_json_text(&j, "error", fe_err_print(err, text, sizeof text));
	fe_json_array(&j, "datasets");
	fe_json_array_end(&j);
	fe_json_object_end(&j);
}

/* What went wrong first stays what is returned. */
static enum fe_rc
print_line(const struct fe_buf *line, enum fe_rc rc, struct fe_err *err)
{
	struct fe_err why = FE_ERR_INIT;
	enum fe_rc printed = fe_cli_print(line, &why);

	if (!printed)
		return rc;
	fe_err_context(&why, "the step is over, but its result was not printed");
	if (rc && rc != FE_ENOTHING) {
		fe_log_err(&why);
		return rc;
	}
	*err = why;
	return printed;
}

void
fe_cli_step_refused(enum fe_step_kind kind, enum fe_rc rc, const struct fe_err *err)
{
	struct fe_err ignored = FE_ERR_INIT;
	struct fe_buf line;

	fe_buf_init(&line, MAX_LINE_BYTES);
	add_failure_line(&line, kind, NULL, rc, err);
	fe_buf_add_char(&line, '\n');
	if (fe_cli_print(&line, &ignored))
		fe_log_err(&ignored);
	fe_buf_reset(&line);
}

/* ---- the plan ---- */

/* Looked at before it is read, as in a run; later steps take over what was found. */
static enum fe_rc
plan_of_options(struct fe_plan **out, const struct fe_opts *opts, const struct fe_step *s, struct fe_err *err)
{
	const struct fe_step_state *origin = fe_step_origin(s);
	const struct fe_evolve_settings evolve = {
		.clock = s->set.clock, .run_time_us = s->run_time_us, .from = s->set.from, .until = s->set.until,
	};
	const struct fe_plan_settings set = {
		.path = fe_opts_has(opts, "pipeline") ? fe_opts_text(opts, "pipeline") : opts->n_args ? opts->args[0] : FE_DEFAULT_PIPELINE,
		.params = s->set.params,
		.n_params = s->set.n_params,
		.select = s->set.select,
		.n_select = s->set.n_select,
		.warehouse = s->set.warehouse,
		.connects = true,
		.added = origin ? origin->added : NULL,
		.n_added = origin ? origin->n_added : 0,
	};
	return fe_cli_plan_load(out, &set, origin || s->set.kind != FE_STEP_EXTRACT ? NULL : &evolve, err);
}

static enum fe_rc
plan_of_origin(struct fe_plan **out, const struct fe_opts *opts, const struct fe_step *s, struct fe_err *err)
{
	const struct fe_step_state *origin = fe_step_origin(s);
	const struct fe_plan_settings set = {
		.path = fe_opts_has(opts, "pipeline") ? fe_opts_text(opts, "pipeline") : opts->n_args ? opts->args[0] : origin->pipeline_file,
		.params = origin->params,
		.n_params = origin->n_params,
		.select = origin->select,
		.n_select = origin->n_select,
		.warehouse = s->set.warehouse,
		.connects = true,
		.added = origin->added,
		.n_added = origin->n_added,
	};
	return fe_cli_plan_load(out, &set, NULL, err);
}

/* ---- a step ---- */

static enum fe_rc
do_step(struct fe_step *s, const struct fe_opts *opts, fe_cli_step_fn work, struct fe_plan **plan, struct fe_err *err)
{
	bool is_done;

	FE_TRY(fe_step_origin(s) && s->set.kind != FE_STEP_EXTRACT ? plan_of_origin(plan, opts, s, err) : plan_of_options(plan, opts, s, err));
	FE_TRY(fe_step_check(s, *plan, &is_done, err));
	if (!is_done)
		return work(s, opts, err);
	fe_log(FE_LOG_INFO, "the step was done before; nothing is done again", "step", fe_step_name(s->set.kind), NULL);
	return s->states[s->set.kind].exit_code ? FE_ENOTHING : FE_OK;
}

void
fe_cli_step_record(struct fe_step *s, const struct fe_opts *opts, enum fe_rc rc, const struct fe_err *err)
{
	struct fe_tell_settings tell = { /* notices are the last step's */
		.plan = s->plan,
		.clock = s->set.clock,
		.metrics_path = fe_opts_text(opts, "metrics-textfile"),
		.lineage_url = fe_opts_text(opts, "openlineage-url"),
	};
	const struct fe_run_settings how = { .started = fe_tell_start, .ended = fe_tell_end, .told_ctx = &tell };

	if (rc != FE_OK && rc != FE_ENOTHING)
		fe_step_record(s, &how, err);
}

static enum fe_rc
open_step(struct fe_step **out, enum fe_step_kind kind, const struct fe_opts *opts, const struct fe_cli_given *given, struct fe_err *err)
{
	struct fe_step_begin begin = {
		.kind = kind,
		.dir = fe_opts_text(opts, "run-dir"),
		.clock = &fe_clock_system,
		.wait_ms = fe_opts_number(opts, "wait"),
		.from = fe_opts_text(opts, "from"),
		.until = fe_opts_text(opts, "to"),
		.params = given->params,
		.n_params = given->n_params,
		.select = given->select,
		.n_select = given->n_select,
		.warehouse = given->warehouse,
	};
	begin.has_pipeline = kind == FE_STEP_NOTIFY && fe_opts_has(opts, "pipeline");
	if (!begin.dir)
		return fe_fail(err, FE_EUSAGE, "--run-dir names the directory that the steps hand on; give one");
	if (kind == FE_STEP_EXTRACT)
		FE_TRY(fe_cli_run_time(opts, &begin.has_run_time, &begin.run_time_us, err));
	else if (given->n_params && !begin.has_pipeline) /* notify needs them where extract has left nothing */
		return fe_fail(err, FE_EUSAGE, "--param is given to extract; a run directory keeps it for the steps that follow");
	return fe_step_open(out, &begin, err);
}

enum fe_rc
fe_cli_step(enum fe_step_kind kind, const struct fe_opts *opts, fe_cli_step_fn work, struct fe_err *err)
{
	struct fe_cli_given given;
	struct fe_step *s = NULL;
	struct fe_plan *plan = NULL;
	struct fe_buf line;

	fe_cli_set_log(opts, isatty(STDOUT_FILENO));
	enum fe_rc rc = fe_cli_given_read(&given, opts, err);
	if (rc == FE_OK)
		rc = open_step(&s, kind, opts, &given, err);
	if (s)
		rc = fe_step_end(s, do_step(s, opts, work, &plan, err), err);
	fe_buf_init(&line, MAX_LINE_BYTES);
	if (s)
		fe_buf_add_str(&line, fe_buf_str(&s->result));
	else
		add_failure_line(&line, kind, fe_opts_text(opts, "run-dir"), rc, err);
	fe_buf_add_char(&line, '\n');
	rc = print_line(&line, rc, err);
	fe_buf_reset(&line);
	fe_step_close(s);
	fe_plan_free(plan);
	fe_cli_given_reset(&given);
	return rc;
}

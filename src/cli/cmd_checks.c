// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_checks.c - finetl checks: is what was loaded still what it should be? */
#include "base/clock.h"
#include "cli/step.h"
#include "pipeline/checks.h"

#define MAX_OUTPUT_BYTES (16u * 1024 * 1024)

static const struct fe_opt options[] = {
	FE_OPT_WAREHOUSE,
	FE_OPT_PARAM,
	{ .name = "checks", .kind = FE_OPT_TEXT, .arg = "DIR",
	  .help = "the checks in this folder (*.sql) instead of the built-in ones" },
	{ .name = "fail-on", .kind = FE_OPT_CHOICE, .arg = "SEVERITY", .choices = "critical warning never",
	  .fallback = "critical", .help = "exit with 4 where a check of this severity, or a worse one, fails" },
	FE_OPT_RUN_TIME,
	FE_OPT_RUN_DIR,
	FE_OPT_WAIT,
	FE_OPT_QUIET, FE_OPT_LOG_FORMAT, FE_OPT_LOG_LEVEL,
	{ .name = "json", .kind = FE_OPT_FLAG, .help = "one line of JSON instead of a table" },
	{ 0 },
};

static enum fe_check_severity
severity_of(const char *name)
{
	return strcmp(name, "critical") == 0  ? FE_CHECK_CRITICAL
	       : strcmp(name, "warning") == 0 ? FE_CHECK_WARNING
					      : FE_CHECK_FIGURES;
}

static enum fe_rc
ask_and_print(const struct fe_checks_query *q, struct fe_err *err)
{
	struct fe_err why = FE_ERR_INIT;
	struct fe_buf text;

	fe_buf_init(&text, MAX_OUTPUT_BYTES);
	enum fe_rc rc = fe_warehouse_checks(q, &text, err);
	enum fe_rc printed = fe_cli_print(&text, &why);
	if (rc == FE_OK && printed) {
		*err = why;
		rc = printed;
	}
	fe_buf_reset(&text);
	return rc;
}

static struct fe_checks_query
query_of(const struct fe_opts *opts)
{
	return (struct fe_checks_query){
		.folder = fe_opts_text(opts, "checks"),
		.fail_on = severity_of(fe_opts_text(opts, "fail-on")),
		.as_json = fe_opts_has(opts, "json"),
		.run_time_us = fe_clock_now(&fe_clock_system),
	};
}

/* As a step: of the warehouse that the load has filled, at the run time of the directory. */
static enum fe_rc
check_step(struct fe_step *s, const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_checks_query q = query_of(opts);
	struct fe_buf text;

	q.as_json = true;
	q.run_time_us = s->run_time_us;
	q.plan = s->plan;
	q.url = s->plan->warehouse;
	fe_buf_init(&text, MAX_OUTPUT_BYTES);
	enum fe_rc rc = fe_warehouse_checks(&q, &text, err);
	fe_step_take_figures(s, rc, "checks", fe_buf_str(&text), err);
	fe_buf_reset(&text);
	return rc;
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_checks_query q = query_of(opts);
	struct fe_plan *plan;
	bool has_run_time;
	enum fe_rc rc;

	if (fe_opts_has(opts, "run-dir"))
		return fe_cli_step(FE_STEP_CHECKS, opts, check_step, err);
	FE_TRY(fe_cli_run_time(opts, &has_run_time, &q.run_time_us, err));
	FE_TRY(fe_cli_plan(&plan, opts->n_args ? opts->args[0] : NULL, opts, err));
	q.plan = plan;
	q.url = plan->warehouse;
	rc = ask_and_print(&q, err);
	fe_plan_free(plan);
	return rc;
}

const struct fe_command fe_command_checks = {
	.name = "checks",
	.args = "[FILE]",
	.summary = "check what a warehouse holds: ids, amounts, dates, totals against its runs",
	.details = "FILE is the pipeline file that loads it [" FE_DEFAULT_PIPELINE "].\n"
		   "A check is a SELECT of what is wrong; sql/checks has the built-in ones, to read and to copy.\n"
		   "Where a table or column that a check needs is not there, it is skipped.\n"
		   "With --run-dir it is step 4 of 5, after the load, and FILE and run time are those of the directory.\n",
	.options = options,
	.most_args = 1,
	.run = run,
};

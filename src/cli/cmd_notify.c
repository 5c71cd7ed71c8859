// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_notify.c - finetl notify: tell people how a run ended, from what is on record of it */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/step.h"
#include "pipeline/plan.h"
#include "pipeline/report_run.h"

#define MAX_OUTPUT_BYTES ((size_t)4 * 1024 * 1024)

static const struct fe_opt options[] = {
	FE_OPT_WAREHOUSE,
	FE_OPT_PIPELINE,
	FE_OPT_PARAM,
	FE_OPT_RUN_DIR,
	FE_OPT_WAIT,
	{ .name = "all", .kind = FE_OPT_FLAG, .help = "every notice of the pipeline file, whatever its 'on' says: to try them" },
	FE_OPT_QUIET, FE_OPT_LOG_FORMAT, FE_OPT_LOG_LEVEL,
	{ 0 },
};

static enum fe_rc
tell(const struct fe_plan *plan, const char *run, const struct fe_opts *opts, struct fe_err *err)
{
	const struct fe_notify_query q = {
		.plan = plan, .url = plan->warehouse, .run_id = run, .all = fe_opts_has(opts, "all"), .clock = &fe_clock_system,
	};
	struct fe_err why = FE_ERR_INIT;
	struct fe_buf line;

	if (!plan->warehouse)
		return fe_fail(err, FE_EUSAGE, "no warehouse is named; give --warehouse or FINETL_WAREHOUSE");
	fe_buf_init(&line, MAX_OUTPUT_BYTES);
	enum fe_rc rc = fe_notify_of_warehouse(&q, &line, err);
	enum fe_rc printed = fe_cli_print(&line, &why);
	if (rc == FE_OK && printed) {
		*err = why;
		rc = printed;
	}
	fe_buf_reset(&line);
	return rc;
}

static enum fe_rc
tell_step(struct fe_step *s, const struct fe_opts *opts, struct fe_err *err)
{
	return fe_step_notify(s, fe_opts_has(opts, "all"), err);
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_plan *plan;
	enum fe_rc rc;

	if (fe_opts_has(opts, "run-dir") && opts->n_args)
		return fe_fail(err, FE_EUSAGE, "a run directory is of one run; leave '%s' out", opts->args[0]);
	if (fe_opts_has(opts, "run-dir"))
		return fe_cli_step(FE_STEP_NOTIFY, opts, tell_step, err);
	FE_TRY(fe_cli_plan(&plan, fe_opts_text(opts, "pipeline"), opts, err));
	rc = tell(plan, opts->n_args ? opts->args[0] : FE_REPORT_LATEST, opts, err);
	fe_plan_free(plan);
	return rc;
}

const struct fe_command fe_command_notify = {
	.name = "notify",
	.args = "[RUN]",
	.summary = "tell people how a run ended, as the pipeline file has it under notify",
	.details = "RUN is the id of a run, or 'latest' (the pipeline's newest that has ended), which is meant without it. What is told\n"
		   "is what the warehouse has on record. A notice that cannot be sent is an error here, so that a scheduler tries again.\n"
		   "With --run-dir it is step 5 of 5, and tells how the steps of that directory ended.\n",
	.options = options,
	.most_args = 1,
	.run = run,
};

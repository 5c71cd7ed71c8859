// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_load.c - finetl load: the third of five steps, the run over what extract kept */
#include "cli/step.h"
#include "pipeline/tell.h"

static const struct fe_opt options[] = {
	FE_OPT_RUN_DIR,
	FE_OPT_WAREHOUSE,
	FE_OPT_WAIT, FE_OPT_LOCK_TIMEOUT, FE_OPT_LOAD_STRATEGY,
	FE_OPT_THREADS, FE_OPT_MAX_MEMORY,
	FE_OPT_FAIL_ON,
	{ .name = "report", .kind = FE_OPT_TEXT, .arg = "DIR",
	  .help = "write a page (HTML) about the run into this folder, however it ends" },
	FE_OPT_METRICS, FE_OPT_LINEAGE,
	FE_OPT_QUIET, FE_OPT_LOG_FORMAT, FE_OPT_LOG_LEVEL,
	{ 0 },
};

static enum fe_rc
load(struct fe_step *s, const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_tell_settings tell = { /* notices are the last step's */
		.plan = s->plan,
		.clock = s->set.clock,
		.metrics_path = fe_opts_text(opts, "metrics-textfile"),
		.lineage_url = fe_opts_text(opts, "openlineage-url"),
	};
	struct fe_run_settings set;
	struct fe_run_result res = { 0 };
	bool has_run;

	fe_cli_run_settings(&set, opts);
	set.n_threads = (unsigned)fe_opts_number(opts, "threads");
	set.started = fe_tell_start;
	set.ended = fe_tell_end;
	set.told_ctx = &tell;
	enum fe_rc rc = fe_step_load(s, &set, &res, &has_run, err);
	if (has_run)
		fe_cli_report_run(&res, fe_opts_text(opts, "report"));
	else if (rc == FE_OK)
		fe_tell_on_record(&tell, res.run_id);
	fe_run_result_reset(&res);
	return rc;
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	return fe_cli_step(FE_STEP_LOAD, opts, load, err);
}

static void
refused(enum fe_rc rc, struct fe_err *err)
{
	fe_cli_step_refused(FE_STEP_LOAD, rc, err);
}

const struct fe_command fe_command_load = {
	.name = "load",
	.args = "[FILE]",
	.summary = "step 3 of 5: load what was kept, with all checks, and commit once",
	.details = "FILE is the pipeline file, where it is no longer at the place at which extract found it.\n"
		   "The warehouse ends in the state in which `finetl run` would have left it.\n",
	.options = options,
	.most_args = 1,
	.run = run,
	.refused = refused,
};

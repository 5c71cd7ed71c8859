// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_load.c - finetl load: the third of five steps, the run over what extract kept */
#include "base/log.h"
#include "cli/step.h"
#include "pipeline/report_run.h"
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

/* The run has ended as it has: a page that cannot be written is told, and changes nothing. */
static void
write_report(const struct fe_run_result *res, const char *folder)
{
	char text[FE_ERR_TEXT_BYTES + 512];
	struct fe_err err = FE_ERR_INIT;

	if (folder && fe_report_after_run(res, folder, &err))
		fe_log(FE_LOG_WARN, "the report of the run was not written", "cause", fe_err_print(&err, text, sizeof text), NULL);
}

static enum fe_rc
load(struct fe_step *s, const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_tell_settings tell = { /* notices are the last step's */
		.plan = s->plan,
		.clock = s->set.clock,
		.metrics_path = fe_opts_text(opts, "metrics-textfile"),
		.lineage_url = fe_opts_text(opts, "openlineage-url"),
	};
	const struct fe_run_settings set = {
		.wait_ms = fe_opts_number(opts, "wait"),
		.lock_timeout_ms = fe_opts_number(opts, "lock-timeout"),
		.strategy = fe_cli_strategy(opts),
		.max_memory_bytes = (uint64_t)fe_opts_number(opts, "max-memory"),
		.n_threads = (unsigned)fe_opts_number(opts, "threads"),
		.fail_on = fe_fail_on_of(fe_opts_text(opts, "fail-on")),
		.started = fe_tell_start,
		.ended = fe_tell_end,
		.told_ctx = &tell,
	};
	struct fe_run_result res = { 0 };
	bool has_run;

	enum fe_rc rc = fe_step_load(s, &set, &res, &has_run, err);
	if (has_run)
		write_report(&res, fe_opts_text(opts, "report"));
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

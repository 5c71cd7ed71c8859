// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_run.c - finetl run: the whole pipeline in one pass
 *
 * On a terminal: progress bar and summary. Else: logs on stderr, and exactly one line
 * of JSON, last on stdout, whichever way the run ends.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "pipeline/evolve.h"
#include "pipeline/run.h"
#include "pipeline/tell.h"

static const struct fe_opt options[] = {
	FE_OPT_WAREHOUSE,
	{ .name = "select", .letter = 's', .kind = FE_OPT_TEXT, .arg = "NAMES", .is_repeatable = true,
	  .help = "only these data sets, by comma; parents of the others are looked up in the warehouse" },
	FE_OPT_PARAM,
	FE_OPT_RUN_TIME,
	FE_OPT_WAIT, FE_OPT_LOCK_TIMEOUT, FE_OPT_LOAD_STRATEGY,
	FE_OPT_THREADS, FE_OPT_MAX_MEMORY,
	FE_OPT_FROM, FE_OPT_TO, FE_OPT_REPROCESS, FE_OPT_FAIL_ON,
	{ .name = "exit-99-if-nothing", .kind = FE_OPT_FLAG,
	  .help = "exit with 99 instead of 0 where no record was read" },
	{ .name = "report", .kind = FE_OPT_TEXT, .arg = "DIR",
	  .help = "write a page (HTML) about the run into this folder, however it ends" },
	FE_OPT_METRICS,
	FE_OPT_LINEAGE,
	{ .name = "result-file", .kind = FE_OPT_TEXT, .arg = "PATH",
	  .help = "write the line of JSON there as well, whole or not at all" },
	{ .name = "termination-log", .kind = FE_OPT_TEXT, .arg = "PATH",
	  .help = "where the run fails, write why there: /dev/termination-log of Kubernetes" },
	{ .name = "summary", .kind = FE_OPT_FLAG,
	  .help = "print the summary on stderr where stdout is not a terminal" },
	FE_OPT_QUIET, FE_OPT_LOG_FORMAT, FE_OPT_LOG_LEVEL,
	{ 0 },
};

static enum fe_rc
load_and_run(const struct fe_opts *opts, struct fe_run_settings *set, struct fe_plan **plan,
             struct fe_run_result *res, bool *has_run, struct fe_err *err)
{
	struct fe_tell_settings tell = {
		.clock = set->clock,
		.metrics_path = fe_opts_text(opts, "metrics-textfile"),
		.lineage_url = fe_opts_text(opts, "openlineage-url"),
		.has_notices = true,
	};

	FE_TRY(fe_cli_run_time(opts, &set->has_run_time, &set->run_time_us, err));
	const struct fe_evolve_settings evolve = {
		.clock = set->clock,
		.run_time_us = set->has_run_time ? set->run_time_us : fe_clock_now(set->clock),
		.from = set->from,
		.until = set->until,
	};
	FE_TRY(fe_cli_plan_evolved(plan, opts->n_args ? opts->args[0] : NULL, opts, &evolve, err));
	set->plan = tell.plan = *plan;
	set->nothing_is_99 = fe_opts_has(opts, "exit-99-if-nothing");
	set->started = fe_tell_start;
	set->ended = fe_tell_end;
	set->told_ctx = &tell;
	*has_run = true;
	return fe_run(set, res, err);
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	bool on_terminal = isatty(STDOUT_FILENO);
	struct fe_progress progress;
	struct fe_run_settings set;
	struct fe_plan *plan = NULL;
	struct fe_run_result res = { 0 };
	bool has_run = false;
	enum fe_rc rc;

	fe_cli_set_log(opts, on_terminal);
	fe_cli_run_settings(&set, opts);
	set.n_threads = (unsigned)fe_opts_number(opts, "threads");
	set.from = fe_opts_text(opts, "from");
	set.until = fe_opts_text(opts, "to");
	set.reprocess = fe_opts_has(opts, "reprocess");
	fe_progress_init(&progress, &fe_clock_system);
	if (isatty(STDERR_FILENO) && !fe_opts_has(opts, "quiet")) {
		set.progress = fe_progress_draw;
		set.progress_ctx = &progress;
		fe_log_over_bar(true);
	}
	rc = load_and_run(opts, &set, &plan, &res, &has_run, err);
	fe_progress_end(&progress);
	fe_log_over_bar(false);
	if (has_run)
		fe_cli_report_run(&res, fe_opts_text(opts, "report"));
	enum fe_rc printed = fe_cli_print_run(has_run ? &res : NULL, rc, err, opts);
	if (rc == FE_OK)
		rc = printed;
	fe_run_result_reset(&res);
	fe_plan_free(plan);
	return rc;
}

/* A scheduler gets its line then, too. */
static void
refused(enum fe_rc rc, struct fe_err *err)
{
	(void)fe_cli_print_run(NULL, rc, err, NULL);
}

const struct fe_command fe_command_run = {
	.name = "run",
	.args = "[FILE]",
	.summary = "run a pipeline: extract, clean, check, load, and prove it",
	.details = "FILE is the pipeline file [" FE_DEFAULT_PIPELINE "].\n",
	.options = options,
	.most_args = 1,
	.run = run,
	.refused = refused,
};

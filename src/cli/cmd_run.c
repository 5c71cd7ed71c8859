// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_run.c - finetl run: the whole pipeline in one pass
 *
 * On a terminal: progress bar and summary. Else: logs on stderr, and exactly one line
 * of JSON, last on stdout, whichever way the run ends.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "pipeline/evolve.h"
#include "pipeline/report_run.h"
#include "pipeline/result_file.h"
#include "pipeline/run.h"
#include "pipeline/tell.h"

#define MAX_RESULT_BYTES (16u * 1024 * 1024)

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

/* The line for a scheduler where no run came about at all. */
static void
add_failure_line(struct fe_buf *out, enum fe_rc rc, const struct fe_err *err)
{
	char text[FE_ERR_TEXT_BYTES + 512];
	struct fe_json j;
	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	fe_json_null(&j, "run_id");
	fe_json_text(&j, "status", "failed");
	fe_json_i64(&j, "exit_code", fe_rc_exit_status(rc));
	fe_json_bool(&j, "retry_helps", fe_rc_retry_helps(rc));
	fe_json_null(&j, "run_time");
	fe_json_text(&j, "error", fe_err_print(err, text, sizeof text));
	fe_json_null(&j, "warehouse");
	fe_json_bool(&j, "published", false);
	fe_json_array(&j, "datasets");
	fe_json_array_end(&j);
	fe_json_object_end(&j);
}

/* For those who look into files instead: a container's result, and why it failed. */
static enum fe_rc
write_files(const struct fe_buf *line, enum fe_rc run_rc, const struct fe_err *run_err, const struct fe_opts *opts,
            struct fe_err *err)
{
	const char *result = opts ? fe_opts_text(opts, "result-file") : NULL;
	const char *reason = opts && run_rc ? fe_opts_text(opts, "termination-log") : NULL;
	struct fe_err why = FE_ERR_INIT;

	if (reason && fe_termination_log_write(reason, run_err, &why))
		fe_log(FE_LOG_WARN, "why the run failed could not be written", "file", reason, "error", why.text, NULL);
	return result ? fe_result_file_write(result, fe_buf_str(line), err) : FE_OK;
}

/* stdout gets the summary on a terminal, and else one line of JSON; a summary that is
 * wanted beside that comes after it, on stderr. */
static enum fe_rc
print_result(const struct fe_run_result *res, enum fe_rc run_rc, struct fe_err *run_err, const struct fe_opts *opts)
{
	const bool on_terminal = isatty(STDOUT_FILENO);
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf line, summary;

	fe_buf_init(&line, MAX_RESULT_BYTES);
	fe_buf_init(&summary, MAX_RESULT_BYTES);
	if (res)
		fe_run_summary(res, &summary);
	if (res)
		fe_run_result_json(res, &line);
	else
		add_failure_line(&line, run_rc, run_err);
	fe_buf_add_char(&line, '\n');
	enum fe_rc rc = fe_cli_print(on_terminal ? &summary : &line, &err);
	if (rc == FE_OK)
		rc = write_files(&line, run_rc, run_err, opts, &err);
	if (rc)
		fe_err_context(&err, "the run is over, but its result was not printed");
	if (rc && run_rc)
		fe_log_err(&err); /* what the run failed by is told by main */
	else if (rc)
		*run_err = err;
	if (!on_terminal && opts && fe_opts_has(opts, "summary"))
		(void)fwrite(fe_buf_text(&summary), 1, summary.n_bytes, stderr);
	fe_buf_reset(&line);
	fe_buf_reset(&summary);
	return rc;
}

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
	struct fe_run_settings set = {
		.clock = &fe_clock_system,
		.wait_ms = fe_opts_number(opts, "wait"),
		.lock_timeout_ms = fe_opts_number(opts, "lock-timeout"),
		.strategy = fe_cli_strategy(opts),
		.max_memory_bytes = (uint64_t)fe_opts_number(opts, "max-memory"),
		.n_threads = (unsigned)fe_opts_number(opts, "threads"),
		.from = fe_opts_text(opts, "from"),
		.until = fe_opts_text(opts, "to"),
		.reprocess = fe_opts_has(opts, "reprocess"),
		.fail_on = fe_fail_on_of(fe_opts_text(opts, "fail-on")),
	};
	struct fe_plan *plan = NULL;
	struct fe_run_result res = { 0 };
	bool has_run = false;
	enum fe_rc rc;

	fe_cli_set_log(opts, on_terminal);
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
		write_report(&res, fe_opts_text(opts, "report"));
	enum fe_rc printed = print_result(has_run ? &res : NULL, rc, err, opts);
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
	(void)print_result(NULL, rc, err, NULL);
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

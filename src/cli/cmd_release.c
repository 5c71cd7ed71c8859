// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_release.c - finetl release: a held run, published as it was checked
 *
 * Prints what run prints. A run that was released before is not released again: its line is.
 */
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "pipeline/evolve.h"
#include "pipeline/release.h"
#include "pipeline/tell.h"

#define MAX_LINE_BYTES ((size_t)1 << 20)

static const struct fe_opt options[] = {
	{ .name = "reason", .kind = FE_OPT_TEXT, .arg = "TEXT", .help = "why it is released: kept in the audit trail" },
	FE_OPT_WAREHOUSE,
	FE_OPT_PIPELINE,
	FE_OPT_PARAM,
	FE_OPT_WAIT, FE_OPT_LOCK_TIMEOUT, FE_OPT_LOAD_STRATEGY,
	FE_OPT_THREADS, FE_OPT_MAX_MEMORY, FE_OPT_FAIL_ON,
	{ .name = "report", .kind = FE_OPT_TEXT, .arg = "DIR", .help = "write a page (HTML) about the run into this folder" },
	FE_OPT_METRICS, FE_OPT_LINEAGE,
	{ .name = "summary", .kind = FE_OPT_FLAG, .help = "print the summary on stderr where stdout is not a terminal" },
	FE_OPT_QUIET, FE_OPT_LOG_FORMAT, FE_OPT_LOG_LEVEL,
	{ 0 },
};

static enum fe_rc
load_plan(const struct fe_release *r, const struct fe_opts *opts, const struct fe_clock *clock, struct fe_plan **plan, struct fe_err *err)
{
	const struct fe_evolve_settings evolve = {
		.clock = clock, .run_time_us = fe_release_run_time(r), .from = fe_release_from(r), .until = fe_release_until(r),
	};
	const char *path = fe_opts_text(opts, "pipeline");
	struct fe_cli_given g;

	enum fe_rc rc = fe_cli_given_read(&g, opts, err);
	struct fe_plan_settings set = {
		.path = path ? path : FE_DEFAULT_PIPELINE, .params = g.params, .n_params = g.n_params, .warehouse = g.warehouse,
		.connects = true,
	};
	set.select = (const char *const *)fe_release_datasets(r, &set.n_select);
	if (rc == FE_OK)
		rc = fe_cli_plan_load(plan, &set, &evolve, err);
	fe_cli_given_reset(&g);
	return rc;
}

static enum fe_rc
print_done(const struct fe_release *r, struct fe_err *err)
{
	struct fe_buf line;

	fe_buf_init(&line, MAX_LINE_BYTES);
	enum fe_rc rc = fe_release_done_json(r, &line, err);
	fe_log(FE_LOG_INFO, "released before; nothing is done", "by_run", fe_release_done_by(r), NULL);
	fe_buf_add_char(&line, '\n');
	if (rc == FE_OK)
		rc = fe_cli_print(&line, err);
	fe_buf_reset(&line);
	return rc;
}

struct releasing {
	struct fe_release *release;
	struct fe_plan *plan;
	struct fe_run_result result;
	bool has_run, was_done;
};

static enum fe_rc
release(struct releasing *w, const struct fe_opts *opts, struct fe_run_settings *set, struct fe_err *err)
{
	struct fe_tell_settings tell = {
		.clock = set->clock,
		.metrics_path = fe_opts_text(opts, "metrics-textfile"),
		.lineage_url = fe_opts_text(opts, "openlineage-url"),
		.has_notices = true,
	};
	const char *reason = fe_opts_text(opts, "reason");
	char *url = NULL;

	FE_TRY(fe_cli_warehouse(&url, opts, err));
	enum fe_rc rc = fe_release_open(&w->release, url, opts->args[0], reason ? reason : "", err);
	fe_free(url);
	if (rc)
		return rc;
	w->was_done = fe_release_done_by(w->release) != NULL;
	if (w->was_done)
		return print_done(w->release, err);
	FE_TRY(load_plan(w->release, opts, set->clock, &w->plan, err));
	set->plan = tell.plan = w->plan;
	set->started = fe_tell_start;
	set->ended = fe_tell_end;
	set->told_ctx = &tell;
	return fe_release_run(w->release, set, &w->result, &w->has_run, err);
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_run_settings set;
	struct releasing w = { 0 };

	fe_cli_set_log(opts, isatty(STDOUT_FILENO));
	fe_cli_run_settings(&set, opts);
	set.n_threads = (unsigned)fe_opts_number(opts, "threads");
	enum fe_rc rc = release(&w, opts, &set, err), printed = FE_OK;
	if (w.has_run)
		fe_cli_report_run(&w.result, fe_opts_text(opts, "report"));
	if (!w.was_done)
		printed = fe_cli_print_run(w.has_run ? &w.result : NULL, rc, err, opts);
	fe_run_result_reset(&w.result);
	fe_plan_free(w.plan);
	fe_release_free(w.release);
	return rc ? rc : printed;
}

const struct fe_command fe_command_release = {
	.name = "release",
	.args = "RUN",
	.summary = "publish a run that was held, as it was checked",
	.details = "RUN is the id of a run that the gate, an expectation or a control total has held. What it read is read again\n"
		   "and must be the same, as must be the pipeline file and --param. What held it is waived, on the record.\n",
	.options = options,
	.least_args = 1,
	.most_args = 1,
	.run = run,
};

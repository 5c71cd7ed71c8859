// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_rejects_replay.c - finetl rejects replay: open rejects through the whole pipeline once more
 *
 * Prints what run prints; where there is nothing to replay it says so, and is done.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "pipeline/evolve.h"
#include "pipeline/replay.h"
#include "pipeline/tell.h"

static const struct fe_opt options[] = {
	{ .name = "all", .kind = FE_OPT_FLAG, .help = "all open rejects" },
	{ .name = "rule", .letter = 'r', .kind = FE_OPT_TEXT, .arg = "ID",
	  .help = "those with this reason: a rule, a reference, or as amount:missing" },
	{ .name = "run", .kind = FE_OPT_TEXT, .arg = "RUN", .help = "those of this run" },
	{ .name = "from", .kind = FE_OPT_TEXT, .arg = "FILE", .help = "those of a file of rejects export, as they were mended there" },
	{ .name = "dataset", .letter = 'd', .kind = FE_OPT_TEXT, .arg = "NAME", .help = "of these only those of this data set" },
	FE_OPT_WAREHOUSE,
	FE_OPT_PARAM,
	FE_OPT_RUN_TIME,
	FE_OPT_WAIT, FE_OPT_LOCK_TIMEOUT, FE_OPT_LOAD_STRATEGY,
	FE_OPT_MAX_MEMORY, FE_OPT_FAIL_ON,
	{ .name = "report", .kind = FE_OPT_TEXT, .arg = "DIR", .help = "write a page (HTML) about the run into this folder" },
	FE_OPT_METRICS, FE_OPT_LINEAGE,
	{ .name = "summary", .kind = FE_OPT_FLAG, .help = "print the summary on stderr where stdout is not a terminal" },
	FE_OPT_QUIET, FE_OPT_LOG_FORMAT, FE_OPT_LOG_LEVEL,
	{ 0 },
};

struct replaying {
	struct fe_replay *replay;
	struct fe_plan *plan;
	struct fe_run_result result;
	bool has_run, is_nothing;
};

static enum fe_rc
check_which(const struct fe_opts *opts, struct fe_err *err)
{
	static const char *const ways[] = { "rule", "run", "from" };
	int n = fe_opts_has(opts, "all");

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		n += fe_opts_text(opts, ways[i]) != NULL;
	return n == 1 ? FE_OK : fe_fail(err, FE_EUSAGE, "say which rejects: one of --all, --rule ID, --run RUN and --from FILE");
}

/* The file is read once for its name and its columns, and once more for the data sets that have rejects. */
static enum fe_rc
gather(struct replaying *w, const char *path, const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_plan *plan;

	FE_TRY(fe_cli_plan(&plan, path, opts, err));
	const struct fe_replay_query q = {
		.plan = plan,
		.dataset = fe_opts_text(opts, "dataset"),
		.run_id = fe_opts_text(opts, "run"),
		.reason = fe_opts_text(opts, "rule"),
		.sheet = fe_opts_text(opts, "from"),
	};
	enum fe_rc rc = fe_replay_open(&w->replay, &q, err);
	fe_plan_free(plan);
	return rc;
}

static enum fe_rc
load_plan(struct replaying *w, const char *path, const struct fe_opts *opts, const struct fe_run_settings *run, struct fe_err *err)
{
	const struct fe_evolve_settings evolve = {
		.clock = run->clock, .run_time_us = run->has_run_time ? run->run_time_us : fe_clock_now(run->clock),
	};
	struct fe_cli_given g;

	enum fe_rc rc = fe_cli_given_read(&g, opts, err);
	struct fe_plan_settings set = { .path = path, .params = g.params, .n_params = g.n_params, .warehouse = g.warehouse };
	set.select = fe_replay_datasets(w->replay, &set.n_select);
	if (rc == FE_OK)
		rc = fe_cli_plan_load(&w->plan, &set, &evolve, err);
	fe_cli_given_reset(&g);
	return rc;
}

/* As a scheduler wants it: one line, and exit 0. */
static enum fe_rc
print_nothing(const struct fe_replay *r, struct fe_err *err)
{
	struct fe_buf line;
	struct fe_json j;

	fe_log(FE_LOG_INFO, "there is nothing to replay", NULL);
	fe_buf_init(&line, 4096);
	fe_json_init(&j, &line, 0);
	fe_json_object(&j, NULL);
	fe_json_null(&j, "run_id");
	fe_json_text(&j, "status", "success");
	fe_json_i64(&j, "exit_code", 0);
	fe_json_null(&j, "error");
	fe_json_object(&j, "replay");
	fe_json_i64(&j, "rejects", 0);
	fe_json_i64(&j, "closed_before", (int64_t)fe_replay_n_closed_before(r));
	fe_json_object_end(&j);
	fe_json_array(&j, "datasets");
	fe_json_array_end(&j);
	fe_json_object_end(&j);
	fe_buf_add_char(&line, '\n');
	enum fe_rc rc = fe_cli_print(&line, err);
	fe_buf_reset(&line);
	return rc;
}

static enum fe_rc
replay(struct replaying *w, const struct fe_opts *opts, struct fe_run_settings *set, struct fe_err *err)
{
	const char *path = opts->n_args ? opts->args[0] : FE_DEFAULT_PIPELINE;
	struct fe_tell_settings tell = {
		.clock = set->clock,
		.metrics_path = fe_opts_text(opts, "metrics-textfile"),
		.lineage_url = fe_opts_text(opts, "openlineage-url"),
		.has_notices = true,
	};
	char n[24];
	size_t n_datasets;

	FE_TRY(check_which(opts, err));
	FE_TRY(fe_cli_run_time(opts, &set->has_run_time, &set->run_time_us, err));
	FE_TRY(gather(w, path, opts, err));
	if (fe_replay_n_closed_before(w->replay)) {
		(void)snprintf(n, sizeof n, "%" PRIu64, fe_replay_n_closed_before(w->replay));
		fe_log(FE_LOG_WARN, "records of rejects that are not open, or not those asked for, are left out", "records", n, NULL);
	}
	(void)fe_replay_datasets(w->replay, &n_datasets);
	w->is_nothing = n_datasets == 0;
	if (w->is_nothing)
		return print_nothing(w->replay, err);
	FE_TRY(load_plan(w, path, opts, set, err));
	set->plan = tell.plan = w->plan;
	set->started = fe_tell_start;
	set->ended = fe_tell_end;
	set->told_ctx = &tell;
	w->has_run = true;
	return fe_replay_run(w->replay, set, &w->result, err);
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_run_settings set;
	struct replaying w = { 0 };

	fe_cli_set_log(opts, isatty(STDOUT_FILENO));
	fe_cli_run_settings(&set, opts);
	enum fe_rc rc = replay(&w, opts, &set, err), printed = FE_OK;
	if (w.has_run)
		fe_cli_report_run(&w.result, fe_opts_text(opts, "report"));
	if (!w.is_nothing)
		printed = fe_cli_print_run(w.has_run ? &w.result : NULL, rc, err, opts);
	fe_run_result_reset(&w.result);
	fe_plan_free(w.plan);
	fe_replay_free(w.replay);
	return rc ? rc : printed;
}

const struct fe_command fe_command_rejects_replay = {
	.name = "rejects replay",
	.args = "[FILE]",
	.summary = "load open rejects by the pipeline as it is now, or as they were mended",
	.details = "FILE is a pipeline file [" FE_DEFAULT_PIPELINE "]. Each record is checked as any other; what is not\n"
		   "rejected again closes its reject, what is stays open. Bounds of the gate and control totals are not asked.\n",
	.options = options,
	.most_args = 1,
	.run = run,
};

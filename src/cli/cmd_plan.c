// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_plan.c - finetl plan: what a run would do, writing nothing */
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "pipeline/evolve.h"
#include "pipeline/preview.h"

#define MAX_OUTPUT_BYTES (64u << 20)

static const struct fe_opt options[] = {
	FE_OPT_WAREHOUSE,
	{ .name = "select", .letter = 's', .kind = FE_OPT_TEXT, .arg = "NAMES", .is_repeatable = true,
	  .help = "only these data sets, by comma" },
	FE_OPT_PARAM,
	FE_OPT_RUN_TIME,
	{ .name = "limit", .letter = 'n', .kind = FE_OPT_INT, .arg = "N", .fallback = "0", .least = 0, .most = 1000000,
	  .help = "read so many records of each data set, and show what would become of them" },
	{ .name = "from", .kind = FE_OPT_TEXT, .arg = "VALUE", .help = "of incremental data sets: from this value of the cursor on" },
	{ .name = "to", .kind = FE_OPT_TEXT, .arg = "VALUE", .help = "the same, up to this value, itself not included" },
	{ .name = "reprocess", .kind = FE_OPT_FLAG, .help = "objects that 'incremental: objects' would skip, too" },
	{ .name = "json", .kind = FE_OPT_FLAG, .help = "one line of JSON, for machines" },
	{ 0 },
};

static enum fe_rc
preview(const struct fe_opts *opts, struct fe_preview_settings *set, struct fe_err *err)
{
	const bool as_json = fe_opts_has(opts, "json");
	struct fe_buf json, text;
	struct fe_err ignored = FE_ERR_INIT;

	fe_buf_init(&json, MAX_OUTPUT_BYTES);
	fe_buf_init(&text, MAX_OUTPUT_BYTES);
	enum fe_rc rc = fe_preview(set, &json, &text, err), printed = FE_OK;
	fe_buf_add_char(&json, '\n');
	if (rc == FE_OK || !as_json) /* for people, what was found before it failed */
		printed = fe_cli_print(as_json ? &json : &text, rc ? &ignored : err);
	fe_buf_reset(&json);
	fe_buf_reset(&text);
	return rc ? rc : printed;
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_preview_settings set = {
		.clock = &fe_clock_system,
		.from = fe_opts_text(opts, "from"),
		.until = fe_opts_text(opts, "to"),
		.reprocess = fe_opts_has(opts, "reprocess"),
		.limit = (uint64_t)fe_opts_number(opts, "limit"),
	};
	struct fe_plan *plan;
	bool is_given;

	set.run_time_us = fe_clock_now(set.clock);
	FE_TRY(fe_cli_run_time(opts, &is_given, &set.run_time_us, err));
	const struct fe_evolve_settings evolve = {
		.clock = set.clock, .run_time_us = set.run_time_us, .from = set.from, .until = set.until,
	};
	FE_TRY(fe_cli_plan_evolved(&plan, opts->n_args ? opts->args[0] : NULL, opts, &evolve, err));
	set.plan = plan;
	enum fe_rc rc = preview(opts, &set, err);
	fe_plan_free(plan);
	return rc;
}

const struct fe_command fe_command_plan = {
	.name = "plan",
	.args = "[FILE]",
	.summary = "what a run would read and write, writing nothing",
	.details = "FILE is the pipeline file [" FE_DEFAULT_PIPELINE "].\n",
	.options = options,
	.most_args = 1,
	.run = run,
};

// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_extract.c - finetl extract: the first of five steps, what the sources give is kept */
#include "cli/step.h"

static const struct fe_opt options[] = {
	FE_OPT_RUN_DIR,
	FE_OPT_WAREHOUSE,
	{ .name = "select", .letter = 's', .kind = FE_OPT_TEXT, .arg = "NAMES", .is_repeatable = true,
	  .help = "only these data sets, by comma" },
	FE_OPT_PARAM,
	FE_OPT_RUN_TIME,
	FE_OPT_FROM, FE_OPT_TO, FE_OPT_REPROCESS,
	{ .name = "exit-99-if-nothing", .kind = FE_OPT_FLAG, .help = "exit with 99 instead of 0 where the sources had nothing new" },
	FE_OPT_WAIT,
	FE_OPT_METRICS, FE_OPT_LINEAGE,
	FE_OPT_QUIET, FE_OPT_LOG_FORMAT, FE_OPT_LOG_LEVEL,
	{ 0 },
};

static enum fe_rc
extract(struct fe_step *s, const struct fe_opts *opts, struct fe_err *err)
{
	const struct fe_extract_settings set = {
		.reprocess = fe_opts_has(opts, "reprocess"), .nothing_is_99 = fe_opts_has(opts, "exit-99-if-nothing"),
	};
	enum fe_rc rc = fe_step_extract(s, &set, err);
	fe_cli_step_record(s, opts, rc, err);
	return rc;
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	return fe_cli_step(FE_STEP_EXTRACT, opts, extract, err);
}

static void
refused(enum fe_rc rc, struct fe_err *err)
{
	fe_cli_step_refused(FE_STEP_EXTRACT, rc, err);
}

const struct fe_command fe_command_extract = {
	.name = "extract",
	.args = "[FILE]",
	.summary = "step 1 of 5: read the sources, and keep what they gave in a run directory",
	.details = "FILE is the pipeline file [" FE_DEFAULT_PIPELINE "]. The steps are extract, transform, load, checks and notify,\n"
		   "each with the same --run-dir; together they do what `finetl run` does. The warehouse is only asked how\n"
		   "far incremental data sets were read, and told of a failure, which is put on record there.\n",
	.options = options,
	.most_args = 1,
	.run = run,
	.refused = refused,
};

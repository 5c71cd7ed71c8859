// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_transform.c - finetl transform: the second of five steps, each record judged by itself */
#include "cli/step.h"

static const struct fe_opt options[] = {
	FE_OPT_RUN_DIR,
	FE_OPT_WAREHOUSE,
	FE_OPT_THREADS,
	FE_OPT_WAIT,
	FE_OPT_METRICS, FE_OPT_LINEAGE,
	FE_OPT_QUIET, FE_OPT_LOG_FORMAT, FE_OPT_LOG_LEVEL,
	{ 0 },
};

static enum fe_rc
transform(struct fe_step *s, const struct fe_opts *opts, struct fe_err *err)
{
	enum fe_rc rc = fe_step_transform(s, (unsigned)fe_opts_number(opts, "threads"), err);
	fe_cli_step_record(s, opts, rc, err);
	return rc;
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	return fe_cli_step(FE_STEP_TRANSFORM, opts, transform, err);
}

static void
refused(enum fe_rc rc, struct fe_err *err)
{
	fe_cli_step_refused(FE_STEP_TRANSFORM, rc, err);
}

const struct fe_command fe_command_transform = {
	.name = "transform",
	.args = "[FILE]",
	.summary = "step 2 of 5: judge each record by itself; clean and rejected ones as CSV",
	.details = "FILE is the pipeline file, where it is no longer at the place at which extract found it.\n"
		   "References, keys and expectations take more than a record: the load judges those.\n"
		   "The warehouse is only told of a failure, which is put on record there.\n",
	.options = options,
	.most_args = 1,
	.run = run,
	.refused = refused,
};

// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_rejects_purge.c - finetl rejects purge: the records of old rejects are forgotten
 *
 * What a run does by itself where a pipeline file says keep_days, for those who run it with a
 * right that runs do not have.
 */
#include "cli/cli.h"
#include "pipeline/warehouse.h"

static const struct fe_opt options[] = {
	{ .name = "dataset", .letter = 'd', .kind = FE_OPT_TEXT, .arg = "NAME", .help = "only those of this data set" },
	{ .name = "older-than", .kind = FE_OPT_INT, .arg = "DAYS", .least = 1, .most = 36500,
	  .help = "of runs that began more days ago; else as keep_days of each data set says" },
	FE_OPT_WAREHOUSE,
	FE_OPT_PARAM,
	{ 0 },
};

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_plan *plan;
	struct fe_buf text;

	FE_TRY(fe_cli_plan(&plan, opts->n_args ? opts->args[0] : NULL, opts, err));
	fe_buf_init(&text, 1u << 20);
	enum fe_rc rc = fe_warehouse_purge(plan, fe_opts_text(opts, "dataset"),
					   fe_opts_has(opts, "older-than") ? fe_opts_number(opts, "older-than") : 0, &text, err);
	if (rc == FE_OK)
		rc = fe_cli_print(&text, err);
	fe_buf_reset(&text);
	fe_plan_free(plan);
	return rc;
}

const struct fe_command fe_command_rejects_purge = {
	.name = "rejects purge",
	.args = "[FILE]",
	.summary = "take the records out of old rejects; counts and reasons stay",
	.details = "FILE is a pipeline file [" FE_DEFAULT_PIPELINE "]. What is purged cannot be exported or replayed.\n",
	.options = options,
	.most_args = 1,
	.run = run,
};

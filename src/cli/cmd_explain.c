// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_explain.c - finetl explain: why a row is there, and as it is */
#include "cli/cli.h"
#include "pipeline/plan.h"
#include "pipeline/warehouse.h"

static const struct fe_opt options[] = {
	FE_OPT_WAREHOUSE,
	FE_OPT_PIPELINE,
	FE_OPT_PARAM,
	{ .name = "table", .letter = 't', .kind = FE_OPT_TEXT, .arg = "NAME", .help = "look only in this table" },
	{ 0 },
};

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_plan *plan;
	struct fe_buf text;
	enum fe_rc rc;

	FE_TRY(fe_cli_plan(&plan, fe_opts_text(opts, "pipeline"), opts, err));
	fe_buf_init(&text, 64u << 20);
	rc = fe_warehouse_explain(plan, fe_opts_text(opts, "table"), opts->args, opts->n_args, &text, err);
	if (rc == FE_OK)
		rc = fe_cli_print(&text, err);
	fe_buf_reset(&text);
	fe_plan_free(plan);
	return rc;
}

const struct fe_command fe_command_explain = {
	.name = "explain",
	.args = "KEY...",
	.summary = "tell which run, file, record, rules and derived values made a row",
	.details = "KEY is the row's key, its parts as words of their own. Where no row has it, the\n"
		   "rejected records that have it in their text are shown.\n",
	.options = options,
	.least_args = 1,
	.most_args = 8,
	.run = run,
};

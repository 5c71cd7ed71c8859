// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_lint.c - finetl lint: every mistake of a pipeline file in one go */
#include "cli/cli.h"
#include "pipeline/plan.h"

static const struct fe_opt options[] = { FE_OPT_WAREHOUSE, FE_OPT_PARAM, { 0 } };

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_plan *plan;
	struct fe_buf text;
	enum fe_rc rc;

	FE_TRY(fe_cli_plan_alone(&plan, opts->n_args ? opts->args[0] : NULL, opts, err));
	fe_buf_init(&text, 64 * 1024);
	fe_buf_addf(&text, "%s: pipeline %s is in order: %zu data set%s\n", plan->path, plan->name,
		    plan->n_datasets, plural(plan->n_datasets));
	for (size_t i = 0; i < plan->n_datasets; i++) {
		const struct fe_plan_dataset *d = &plan->datasets[i];
		fe_buf_addf(&text, "  %s -> %s: %zu column%s read, %zu derived, %zu rule%s, %zu reference%s\n",
			    d->name, plan->tables[i].name, d->schema.n_source, plural(d->schema.n_source),
			    d->schema.n_fields - d->schema.n_source, d->n_rules, plural(d->n_rules),
			    d->n_references, plural(d->n_references));
	}
	rc = fe_cli_print(&text, err);
	fe_buf_reset(&text);
	fe_plan_free(plan);
	return rc;
}

const struct fe_command fe_command_lint = {
	.name = "lint",
	.args = "[FILE]",
	.summary = "check a pipeline file; all mistakes, each with its place",
	.options = options,
	.most_args = 1,
	.run = run,
};

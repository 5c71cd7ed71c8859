// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_schema.c - finetl schema print, finetl schema apply */
#include "cli/cli.h"
#include "pipeline/evolve.h"
#include "pipeline/redact.h"
#include "pipeline/warehouse.h"

static const struct fe_opt print_options[] = {
	FE_OPT_WAREHOUSE,
	FE_OPT_PARAM,
	{ .name = "grants", .kind = FE_OPT_FLAG,
	  .help = "what the roles of sql/postgres/roles.sql may do, instead of the tables" },
	{ .name = "schema", .kind = FE_OPT_TEXT, .arg = "NAME",
	  .help = "postgresql: where tables without a schema go; a run takes the first of its search_path [public]" },
	{ 0 },
};

static const struct fe_opt apply_options[] = {
	FE_OPT_WAREHOUSE,
	FE_OPT_PARAM,
	{ .name = "wait", .kind = FE_OPT_DURATION, .arg = "TIME", .fallback = "30s",
	  .help = "how long to wait for a locked warehouse" },
	{ 0 },
};

static enum fe_rc
run_print(const struct fe_opts *opts, struct fe_err *err)
{
	const char *schema = fe_opts_text(opts, "schema");
	struct fe_plan *plan;
	struct fe_buf text;
	enum fe_rc rc;

	if (schema && !*schema)
		return fe_fail(err, FE_EUSAGE, "--schema needs a name");
	FE_TRY(fe_cli_plan_alone(&plan, opts->n_args ? opts->args[0] : NULL, opts, err));
	fe_buf_init(&text, 4u << 20);
	rc = fe_opts_has(opts, "grants") ? fe_warehouse_grants_print(plan, schema, &text, err)
	                                 : fe_warehouse_schema_print(plan, schema, &text, err);
	if (rc == FE_OK)
		rc = fe_cli_print(&text, err);
	fe_buf_reset(&text);
	fe_plan_free(plan);
	return rc;
}

static enum fe_rc
run_apply(const struct fe_opts *opts, struct fe_err *err)
{
	const struct fe_evolve_settings evolve = { .clock = &fe_clock_system, .run_time_us = fe_clock_now(&fe_clock_system) };
	struct fe_plan *plan;
	struct fe_buf text;
	enum fe_rc rc;

	FE_TRY(fe_cli_plan_evolved(&plan, opts->n_args ? opts->args[0] : NULL, opts, &evolve, err));
	fe_buf_init(&text, 64 * 1024);
	rc = fe_warehouse_schema_apply(plan, fe_opts_number(opts, "wait"), err);
	if (rc == FE_OK) {
		fe_buf_add_redacted_url(&text, plan->warehouse);
		fe_buf_addf(&text, " has every table of %s\n", plan->name);
		rc = fe_cli_print(&text, err);
	}
	fe_buf_reset(&text);
	fe_plan_free(plan);
	return rc;
}

const struct fe_command fe_command_schema_print = {
	.name = "schema print",
	.args = "[FILE]",
	.summary = "print the tables that a pipeline needs, as SQL",
	.options = print_options,
	.most_args = 1,
	.run = run_print,
};

const struct fe_command fe_command_schema_apply = {
	.name = "schema apply",
	.args = "[FILE]",
	.summary = "make the tables that are missing; never drops one",
	.options = apply_options,
	.most_args = 1,
	.run = run_apply,
};

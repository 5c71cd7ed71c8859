// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_describe.c - finetl describe: what can be named where
 *
 * Printed from the tables that the program itself goes by, so that it cannot be wrong.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/cli.h"
#include "pipeline/connectors.h"
#include "pipeline/describe.h"
#include "pipeline/generate.h"
#include "pipeline/preview.h"
#include "pipeline/reference.h"

#define MAX_OUTPUT_BYTES (4u << 20)

static const struct fe_opt options[] = {
	FE_OPT_PIPELINE,
	FE_OPT_WAREHOUSE,
	FE_OPT_PARAM,
	{ .name = "json", .kind = FE_OPT_FLAG, .help = "of a data set: one line of JSON" },
	{ 0 },
};

static void
add_connectors(struct fe_buf *out)
{
	fe_buf_add_text(out, "sources (datasets[].source)\n");
	for (size_t i = 0; fe_sources[i]; i++)
		fe_buf_addf(out, "  %-12s %s\n", fe_sources[i]->name, fe_sources[i]->summary);
	fe_buf_add_text(out, "\nwarehouses (warehouse:, --warehouse)\n");
	for (size_t i = 0; fe_sinks[i]; i++)
		fe_buf_addf(out, "  %-12s %s\n", fe_sinks[i]->scheme, fe_sinks[i]->summary);
}

static enum fe_rc
find_dataset(const struct fe_plan *plan, const char *name, const struct fe_plan_dataset **out, struct fe_err *err)
{
	const char **names = fe_new_array(plan->n_datasets + 1, const char *);
	enum fe_rc rc = FE_OK;

	*out = NULL;
	for (size_t i = 0; i < plan->n_datasets; i++) {
		names[i] = plan->datasets[i].name;
		if (strcmp(names[i], name) == 0)
			*out = &plan->datasets[i];
	}
	if (!*out) {
		const char *nearest = fe_text_nearest(fe_str_of(name), names, plan->n_datasets);
		rc = nearest ? fe_fail(err, FE_EUSAGE, "there is no data set '%s'; did you mean '%s'?", name, nearest)
			     : fe_fail(err, FE_EUSAGE, "there is no data set '%s' in the pipeline file", name);
	}
	fe_free(names);
	return rc;
}

/* Tries its source: connects, and shows what it has. */
static enum fe_rc
describe_dataset(const struct fe_opts *opts, struct fe_buf *out, struct fe_err *err)
{
	struct fe_preview_settings set = { .clock = &fe_clock_system, .run_time_us = fe_clock_now(&fe_clock_system) };
	const struct fe_plan_dataset *d;
	struct fe_plan *plan;
	struct fe_buf json, text;

	if (opts->n_args < 2)
		return fe_fail(err, FE_EUSAGE, "which data set? finetl describe dataset NAME --pipeline FILE");
	FE_TRY(fe_cli_plan_alone(&plan, fe_opts_text(opts, "pipeline"), opts, err));
	set.plan = plan;
	fe_buf_init(&json, MAX_OUTPUT_BYTES);
	fe_buf_init(&text, MAX_OUTPUT_BYTES);
	enum fe_rc rc = find_dataset(plan, opts->args[1], &d, err);
	if (rc == FE_OK)
		rc = fe_preview_dataset(&set, d, &json, &text, err);
	fe_buf_add_char(&json, '\n');
	if (rc == FE_OK)
		fe_buf_add_str(out, fe_buf_str(fe_opts_has(opts, "json") ? &json : &text));
	fe_buf_reset(&json);
	fe_buf_reset(&text);
	fe_plan_free(plan);
	return rc;
}

static enum fe_rc
describe(const struct fe_opts *opts, struct fe_buf *out, struct fe_err *err)
{
	const char *topic = opts->n_args ? opts->args[0] : "connectors";

	if (strcmp(topic, "dataset") == 0)
		return describe_dataset(opts, out, err);
	if (opts->n_args > 1)
		return fe_fail(err, FE_EUSAGE, "'%s' is described by itself; leave '%s' out", topic, opts->args[1]);
	if (strcmp(topic, "pipeline") == 0) {
		fe_pipeline_reference(out);
		return FE_OK;
	}
	if (strcmp(topic, "connectors") != 0)
		return fe_describe_source(topic, out, err);
	add_connectors(out);
	fe_buf_add_text(out, "\nfaults that `finetl generate --fault` makes\n");
	fe_generate_help(out);
	fe_buf_add_text(out, "\n`finetl describe csv` (or another source, or s3) tells its options; `finetl describe dataset NAME\n"
			     "--pipeline FILE` tries one; `finetl describe pipeline` prints every key of a pipeline file\n");
	return FE_OK;
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_buf text;

	fe_buf_init(&text, MAX_OUTPUT_BYTES);
	enum fe_rc rc = describe(opts, &text, err);
	if (rc == FE_OK)
		rc = fe_cli_print(&text, err);
	fe_buf_reset(&text);
	return rc;
}

const struct fe_command fe_command_describe = {
	.name = "describe",
	.args = "[connectors | pipeline | SOURCE | dataset NAME]",
	.summary = "every connector and every key of a pipeline file; what a data set's source has",
	.details = "SOURCE is csv, json, ndjson, api, postgresql, sqlite, odbc or s3.\n",
	.options = options,
	.most_args = 2,
	.run = run,
};

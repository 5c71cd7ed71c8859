// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_describe.c - finetl describe: what can be named where
 *
 * Printed from the tables that the program itself goes by, so that it cannot be wrong.
 */
#include "cli/cli.h"
#include "pipeline/connectors.h"
#include "pipeline/generate.h"
#include "pipeline/reference.h"

static const struct fe_opt options[] = { { 0 } };

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
run(const struct fe_opts *opts, struct fe_err *err)
{
	const char *topic = opts->n_args ? opts->args[0] : "connectors";
	struct fe_buf text;
	enum fe_rc rc = FE_OK;

	fe_buf_init(&text, 4u << 20);
	if (strcmp(topic, "connectors") == 0) {
		add_connectors(&text);
		fe_buf_add_text(&text, "\nfaults that `finetl generate --fault` makes\n");
		fe_generate_help(&text);
		fe_buf_add_text(&text, "\n`finetl describe pipeline` prints every key of a pipeline file\n");
	} else if (strcmp(topic, "pipeline") == 0) {
		fe_pipeline_reference(&text);
	} else {
		rc = fe_fail(err, FE_EUSAGE, "'%s' cannot be described; there are: connectors, pipeline", topic);
	}
	if (rc == FE_OK)
		rc = fe_cli_print(&text, err);
	fe_buf_reset(&text);
	return rc;
}

const struct fe_command fe_command_describe = {
	.name = "describe",
	.args = "[connectors | pipeline]",
	.summary = "every connector and every key of a pipeline file",
	.options = options,
	.most_args = 1,
	.run = run,
};

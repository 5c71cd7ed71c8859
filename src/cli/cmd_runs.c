// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_runs.c - finetl runs: what ran, how it ended, and whether the trail is whole */
#include "base/mem.h"
#include "cli/cli.h"
#include "pipeline/warehouse.h"

static const struct fe_opt options[] = {
	FE_OPT_WAREHOUSE,
	FE_OPT_PIPELINE,
	{ .name = "name", .kind = FE_OPT_TEXT, .arg = "PIPELINE", .help = "only runs of the pipeline of this name" },
	{ .name = "status", .kind = FE_OPT_CHOICE, .arg = "STATUS",
	  .choices = "running success success_with_rejects held failed abandoned", .help = "only these" },
	{ .name = "limit", .letter = 'n', .kind = FE_OPT_INT, .arg = "N", .fallback = "20", .least = 1,
	  .help = "at most this many, the newest first" },
	{ .name = "json", .kind = FE_OPT_FLAG, .help = "one JSON object a line" },
	{ .name = "verify", .kind = FE_OPT_FLAG, .help = "check the hash chain of the run events instead" },
	{ 0 },
};

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_runs_query q = {
		.pipeline = fe_opts_text(opts, "name"),
		.status = fe_opts_text(opts, "status"),
		.limit = (uint64_t)fe_opts_number(opts, "limit"),
		.as_json = fe_opts_has(opts, "json"),
	};
	struct fe_buf text;
	char *url = NULL;
	enum fe_rc rc;

	FE_TRY(fe_cli_warehouse(&url, opts, err));
	fe_buf_init(&text, 256u << 20);
	rc = fe_opts_has(opts, "verify") ? fe_warehouse_verify_events(url, &text, err)
					 : fe_warehouse_runs(url, &q, &text, err);
	if (rc == FE_OK)
		rc = fe_cli_print(&text, err);
	fe_buf_reset(&text);
	fe_free(url);
	return rc;
}

const struct fe_command fe_command_runs = {
	.name = "runs",
	.args = "",
	.summary = "list the runs of a warehouse, running ones too",
	.options = options,
	.run = run,
};

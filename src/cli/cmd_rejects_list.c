// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_rejects_list.c - finetl rejects list: what was not loaded, why, and where it is */
#include "base/mem.h"
#include "cli/cli.h"
#include "pipeline/warehouse.h"

static const struct fe_opt options[] = {
	FE_OPT_WAREHOUSE,
	FE_OPT_PIPELINE,
	{ .name = "run", .kind = FE_OPT_TEXT, .arg = "RUN", .help = "only those of this run" },
	{ .name = "dataset", .letter = 'd', .kind = FE_OPT_TEXT, .arg = "NAME", .help = "only those of this data set" },
	{ .name = "reason", .letter = 'r', .kind = FE_OPT_TEXT, .arg = "REASON",
	  .help = "only those with this reason, as amount:missing" },
	{ .name = "open", .kind = FE_OPT_FLAG, .help = "only those that no run has closed" },
	{ .name = "limit", .letter = 'n', .kind = FE_OPT_INT, .arg = "N", .fallback = "20", .least = 1,
	  .help = "at most this many, of the newest run first" },
	{ .name = "json", .kind = FE_OPT_FLAG, .help = "one JSON object a line" },
	{ 0 },
};

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_rejects_query q = {
		.run_id = fe_opts_text(opts, "run"),
		.dataset = fe_opts_text(opts, "dataset"),
		.reason = fe_opts_text(opts, "reason"),
		.is_open = fe_opts_has(opts, "open"),
		.limit = (uint64_t)fe_opts_number(opts, "limit"),
		.as_json = fe_opts_has(opts, "json"),
	};
	struct fe_buf text;
	char *url = NULL;
	enum fe_rc rc;

	FE_TRY(fe_cli_warehouse(&url, opts, err));
	fe_buf_init(&text, 256u << 20);
	rc = fe_warehouse_rejects(url, &q, &text, err);
	if (rc == FE_OK)
		rc = fe_cli_print(&text, err);
	fe_buf_reset(&text);
	fe_free(url);
	return rc;
}

const struct fe_command fe_command_rejects_list = {
	.name = "rejects list",
	.args = "",
	.summary = "list the records that were not loaded, with reasons and raw text",
	.options = options,
	.run = run,
};

// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_rejects_export.c - finetl rejects export: open rejects as a CSV file to mend */
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "cli/cli.h"
#include "pipeline/reject_sheet.h"

static const struct fe_opt options[] = {
	{ .name = "dataset", .letter = 'd', .kind = FE_OPT_TEXT, .arg = "NAME", .help = "of this data set; needed" },
	{ .name = "run", .kind = FE_OPT_TEXT, .arg = "RUN", .help = "only those of this run" },
	{ .name = "rule", .letter = 'r', .kind = FE_OPT_TEXT, .arg = "ID",
	  .help = "only those with this reason: a rule, a reference, or as amount:missing" },
	{ .name = "out", .letter = 'o', .kind = FE_OPT_TEXT, .arg = "FILE", .help = "write there; else to stdout" },
	{ .name = "for-spreadsheet", .kind = FE_OPT_FLAG,
	  .help = "put a ' before what spreadsheets take for formulas; replay takes it away again" },
	FE_OPT_WAREHOUSE,
	FE_OPT_PARAM,
	{ 0 },
};

static enum fe_rc
print_piece(void *ctx, struct fe_str bytes, struct fe_err *err)
{
	const struct fe_buf piece = { .p = (char *)(uintptr_t)bytes.p, .n_bytes = bytes.n };

	(void)ctx;
	return fe_cli_print(&piece, err);
}

static void
log_counts(const struct fe_sheet_counts *c)
{
	char n[24];

	(void)snprintf(n, sizeof n, "%" PRIu64, c->n_records);
	fe_log(FE_LOG_INFO, "open rejects exported", "records", n, NULL);
	if (c->n_raw) {
		(void)snprintf(n, sizeof n, "%" PRIu64, c->n_raw);
		fe_log(FE_LOG_WARN, "records that could not be split, or are no text: they stand whole in reject_raw", "records", n, NULL);
	}
	if (c->n_hidden) {
		(void)snprintf(n, sizeof n, "%" PRIu64, c->n_hidden);
		fe_log(FE_LOG_WARN, "rejects whose record is not kept (rejects: raw, keep_days) are left out", "rejects", n, NULL);
	}
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_sheet_counts counts;
	struct fe_plan *plan;

	if (!fe_opts_text(opts, "dataset"))
		return fe_fail(err, FE_EUSAGE, "name a data set: --dataset NAME");
	FE_TRY(fe_cli_plan(&plan, opts->n_args ? opts->args[0] : NULL, opts, err));
	const struct fe_sheet_query q = {
		.plan = plan,
		.dataset = fe_opts_text(opts, "dataset"),
		.run_id = fe_opts_text(opts, "run"),
		.reason = fe_opts_text(opts, "rule"),
		.guard = fe_opts_has(opts, "for-spreadsheet"),
		.path = fe_opts_text(opts, "out"),
		.write = print_piece,
	};
	enum fe_rc rc = fe_sheet_export(&q, &counts, err);
	if (rc == FE_OK)
		log_counts(&counts);
	fe_plan_free(plan);
	return rc;
}

const struct fe_command fe_command_rejects_export = {
	.name = "rejects export",
	.args = "[FILE]",
	.summary = "open rejects as a CSV file that can be mended, and replayed",
	.details = "FILE is a pipeline file [" FE_DEFAULT_PIPELINE "]. Mend the cells, save as CSV, and give the\n"
		   "file to finetl rejects replay --from. The column reject_id says which reject a line mends: leave it as it is.\n",
	.options = options,
	.most_args = 1,
	.run = run,
};

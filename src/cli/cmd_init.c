// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_init.c - finetl init: a first pipeline file, drafted from data */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli.h"
#include "pipeline/draft.h"

static const struct fe_opt options[] = {
	{ .name = "output", .letter = 'o', .kind = FE_OPT_TEXT, .arg = "FILE", .help = "write the draft there, else to stdout" },
	{ .name = "force", .letter = 'f', .kind = FE_OPT_FLAG, .help = "write over a file that is there" },
	{ .name = "name", .kind = FE_OPT_TEXT, .arg = "NAME", .help = "of the pipeline; else that of the first file" },
	{ .name = "format", .kind = FE_OPT_CHOICE, .arg = "FORMAT", .choices = "csv json ndjson",
	  .help = "of all files; else by their names: .json, .ndjson and .jsonl, the rest csv" },
	{ .name = "limit", .letter = 'n', .kind = FE_OPT_INT, .arg = "N", .fallback = "1000000", .least = 1,
	  .help = "read so many records of each data set at most" },
	{ 0 },
};

static enum fe_rc
check_options(const struct fe_opts *opts, struct fe_err *err)
{
	const char *path = fe_opts_text(opts, "output"), *name = fe_opts_text(opts, "name");

	if (name && !fe_is_sql_name(fe_str_of(name)))
		return fe_fail(err, FE_EUSAGE, "--name takes small letters, digits and _, at most 63 and no digit first, not '%s'", name);
	if (!path || fe_opts_has(opts, "force"))
		return FE_OK;
	if (access(path, F_OK) == 0)
		return fe_fail(err, FE_EUSAGE, "%s is there already; --force writes over it", path);
	return errno == ENOENT ? FE_OK : fe_fail_errno(err, errno, "cannot look at", path);
}

static enum fe_rc
tell(const char *path, const struct fe_draft_result *r, struct fe_err *err)
{
	struct fe_buf text;

	fe_buf_init(&text, 16 * 1024);
	fe_buf_addf(&text, "%s: %zu data set%s, %zu column%s, from %" PRIu64 " records; %zu guess%s to look at\n", path, r->n_datasets,
		    r->n_datasets == 1 ? "" : "s", r->n_columns, r->n_columns == 1 ? "" : "s", r->n_records, r->n_guesses,
		    r->n_guesses == 1 ? "" : "es");
	fe_buf_addf(&text, "next: finetl lint %s; finetl plan %s --limit 20; finetl run %s\n", path, path, path);
	enum fe_rc rc = fe_cli_print(&text, err);
	fe_buf_reset(&text);
	return rc;
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	const struct fe_draft_settings set = {
		.locations = opts->args, .n_locations = opts->n_args, .format = fe_opts_text(opts, "format"),
		.path = fe_opts_text(opts, "output"), .name = fe_opts_text(opts, "name"), .limit = (uint64_t)fe_opts_number(opts, "limit"),
		.clock = &fe_clock_system,
	};
	struct fe_draft_result result;
	struct fe_buf text;

	FE_TRY(check_options(opts, err));
	fe_buf_init(&text, 1u << 20);
	enum fe_rc rc = fe_draft(&set, &text, &result, err);
	if (rc == FE_OK)
		rc = set.path ? fe_draft_write(set.path, &text, err) : fe_cli_print(&text, err);
	fe_buf_reset(&text);
	return rc == FE_OK && set.path ? tell(set.path, &result, err) : rc;
}

const struct fe_command fe_command_init = {
	.name = "init",
	.args = "DATA...",
	.summary = "draft a first pipeline file from data",
	.details = "DATA are files of CSV or JSON, each a data set: paths, quoted patterns, URLs; gzip and zstd, too.\n"
		   "Types, keys, formats and references are proposed; what the data does not settle is marked `guess`.\n",
	.options = options,
	.least_args = 1,
	.most_args = 64,
	.run = run,
};

// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_report.c - finetl report: a run, or all of them, as a page to look at */
#include "base/mem.h"
#include "cli/cli.h"
#include "pipeline/report_run.h"

#define MAX_PAGE_BYTES ((size_t)32 * 1024 * 1024)
#define MAX_PATH_BYTES ((size_t)64 * 1024)
#define INDEX_NAME "index.html"
#define INDEX_FILE "finetl-reports.html"

static const struct fe_opt options[] = {
	FE_OPT_WAREHOUSE,
	FE_OPT_PIPELINE,
	{ .name = "output", .letter = 'o', .kind = FE_OPT_TEXT, .arg = "FILE",
	  .help = "a file, a folder, or - for stdout [finetl-report-RUN.html; " INDEX_FILE "]" },
	{ .name = "index", .kind = FE_OPT_FLAG,
	  .help = "a page of all runs with trends, linked to the pages of runs that stand beside it" },
	{ 0 },
};

static enum fe_rc
put(const char *output, const char *file, const char *name, const struct fe_buf *page, struct fe_err *err)
{
	struct fe_buf path;
	enum fe_rc rc;

	if (output && strcmp(output, "-") == 0)
		return fe_cli_print(page, err);
	fe_buf_init(&path, MAX_PATH_BYTES);
	rc = fe_report_write(output ? output : file, name, page, &path, err);
	if (rc == FE_OK) {
		fe_buf_add_char(&path, '\n');
		rc = fe_cli_print(&path, err);
	}
	fe_buf_reset(&path);
	return rc;
}

/* The folder that a page will stand in: of it, or of its file. */
static char *
folder_of(const char *output)
{
	const char *slash = output ? strrchr(output, '/') : NULL;

	if (!output || strcmp(output, "-") == 0)
		return fe_strdup(".");
	if (fe_report_is_folder(output))
		return fe_strdup(output);
	return slash ? fe_strndup(output, slash == output ? 1 : (size_t)(slash - output)) : fe_strdup(".");
}

static enum fe_rc
one_run(const struct fe_opts *opts, const char *url, struct fe_buf *page, struct fe_err *err)
{
	const char *output = fe_opts_text(opts, "output");
	char *folder = output && strcmp(output, "-") == 0 ? NULL : folder_of(output);
	struct fe_buf run_id, name, file;
	enum fe_rc rc;

	fe_buf_init(&run_id, MAX_PATH_BYTES);
	fe_buf_init(&name, MAX_PATH_BYTES);
	fe_buf_init(&file, MAX_PATH_BYTES);
	rc = fe_report_of_warehouse(url, opts->args[0], folder, page, &run_id, err);
	fe_buf_addf(&name, "%s.html", fe_buf_text(&run_id));
	fe_buf_addf(&file, "finetl-report-%s.html", fe_buf_text(&run_id));
	if (rc == FE_OK)
		rc = put(output, fe_buf_text(&file), fe_buf_text(&name), page, err);
	fe_buf_reset(&run_id);
	fe_buf_reset(&name);
	fe_buf_reset(&file);
	fe_free(folder);
	return rc;
}

static enum fe_rc
all_runs(const struct fe_opts *opts, const char *url, struct fe_buf *page, struct fe_err *err)
{
	const char *output = fe_opts_text(opts, "output");
	char *folder = folder_of(output);
	enum fe_rc rc = fe_report_of_all(url, folder, page, err);

	if (rc == FE_OK)
		rc = put(output, INDEX_FILE, INDEX_NAME, page, err);
	fe_free(folder);
	return rc;
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	bool is_index = fe_opts_has(opts, "index");
	struct fe_buf page;
	char *url = NULL;
	enum fe_rc rc;

	if (is_index && opts->n_args)
		return fe_fail(err, FE_EUSAGE, "--index is of all runs; leave out '%s'", opts->args[0]);
	if (!is_index && !opts->n_args)
		return fe_fail(err, FE_EUSAGE, "name a run, or 'latest'; finetl runs lists them");
	FE_TRY(fe_cli_warehouse(&url, opts, err));
	fe_buf_init(&page, MAX_PAGE_BYTES);
	rc = is_index ? all_runs(opts, url, &page, err) : one_run(opts, url, &page, err);
	fe_buf_reset(&page);
	fe_free(url);
	return rc;
}

const struct fe_command fe_command_report = {
	.name = "report",
	.args = "[RUN]",
	.summary = "write a page (HTML) that shows a run, or all runs",
	.details = "RUN is the id of a run, or 'latest'. The page needs nothing beside it: no network, no script.\n",
	.options = options,
	.most_args = 1,
	.run = run,
};

// SPDX-License-Identifier: Apache-2.0
/* cli/run_result.c - how a run ended, told alike by all commands that run a pipeline */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/cli.h"
#include "pipeline/report_run.h"
#include "pipeline/result_file.h"
#include "pipeline/run.h"

#define MAX_RESULT_BYTES (16u * 1024 * 1024)

/* The line for a scheduler where no run came about at all. */
static void
add_failure_line(struct fe_buf *out, enum fe_rc rc, const struct fe_err *err)
{
	char text[FE_ERR_TEXT_BYTES + 512];
	struct fe_json j;
	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	fe_json_null(&j, "run_id");
	fe_json_text(&j, "status", "failed");
	fe_json_i64(&j, "exit_code", fe_rc_exit_status(rc));
	fe_json_bool(&j, "retry_helps", fe_rc_retry_helps(rc));
	fe_json_null(&j, "run_time");
	fe_json_text(&j, "error", fe_err_print(err, text, sizeof text));
	fe_json_null(&j, "warehouse");
	fe_json_bool(&j, "published", false);
	fe_json_array(&j, "datasets");
	fe_json_array_end(&j);
	fe_json_object_end(&j);
}

/* For those who look into files instead: a container's result, and why it failed. */
static enum fe_rc
write_files(const struct fe_buf *line, enum fe_rc run_rc, const struct fe_err *run_err, const struct fe_opts *opts,
            struct fe_err *err)
{
	const char *result = opts ? fe_opts_text(opts, "result-file") : NULL;
	const char *reason = opts && run_rc ? fe_opts_text(opts, "termination-log") : NULL;
	struct fe_err why = FE_ERR_INIT;

	if (reason && fe_termination_log_write(reason, run_err, &why))
		fe_log(FE_LOG_WARN, "why the run failed could not be written", "file", reason, "error", why.text, NULL);
	return result ? fe_result_file_write(result, fe_buf_str(line), err) : FE_OK;
}

/* stdout gets the summary on a terminal, and else one line of JSON; a summary that is
 * wanted beside that comes after it, on stderr. */
enum fe_rc
fe_cli_print_run(const struct fe_run_result *res, enum fe_rc run_rc, struct fe_err *run_err, const struct fe_opts *opts)
{
	const bool on_terminal = isatty(STDOUT_FILENO);
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf line, summary;

	fe_buf_init(&line, MAX_RESULT_BYTES);
	fe_buf_init(&summary, MAX_RESULT_BYTES);
	if (res)
		fe_run_summary(res, &summary);
	if (res)
		fe_run_result_json(res, &line);
	else
		add_failure_line(&line, run_rc, run_err);
	fe_buf_add_char(&line, '\n');
	enum fe_rc rc = fe_cli_print(on_terminal ? &summary : &line, &err);
	if (rc == FE_OK)
		rc = write_files(&line, run_rc, run_err, opts, &err);
	if (rc)
		fe_err_context(&err, "the run is over, but its result was not printed");
	if (rc && run_rc)
		fe_log_err(&err); /* what the run failed by is told by main */
	else if (rc)
		*run_err = err;
	if (!on_terminal && opts && fe_opts_has(opts, "summary"))
		(void)fwrite(fe_buf_text(&summary), 1, summary.n_bytes, stderr);
	fe_buf_reset(&line);
	fe_buf_reset(&summary);
	return rc;
}

/* The run has ended as it has: a page that cannot be written is told, and changes nothing. */
void
fe_cli_report_run(const struct fe_run_result *res, const char *folder)
{
	char text[FE_ERR_TEXT_BYTES + 512];
	struct fe_err err = FE_ERR_INIT;

	if (folder && fe_report_after_run(res, folder, &err))
		fe_log(FE_LOG_WARN, "the report of the run was not written", "cause", fe_err_print(&err, text, sizeof text), NULL);
}

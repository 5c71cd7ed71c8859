// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_sweep.c - finetl sweep: objects of S3 that no event told of, or one that is named
 *
 * Set up as the function of AWS Lambda is, by options or by its environment, so that both know the same places.
 * A line of JSON on stdout, last, as of `finetl run`; a line of the log for each object that was not done.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "lambda/config.h"

#define MAX_RESULT_BYTES (1u << 20)

static const struct fe_opt options[] = {
	{ .name = "warehouse", .letter = 'w', .kind = FE_OPT_TEXT, .arg = "URL",
	  .help = "sqlite:PATH or postgresql://HOST/DATABASE; `none`: only --output; else FINETL_WAREHOUSE, else the pipeline file's "
		  "where there is no --output" },
	{ .name = "output", .letter = 'o', .kind = FE_OPT_TEXT, .arg = "URL",
	  .help = "s3://BUCKET[/PREFIX], where processed/, rejects/ and reports/ are written; else FINETL_OUTPUT" },
	{ .name = "object", .kind = FE_OPT_TEXT, .arg = "URL",
	  .help = "just this one, as s3://BUCKET/KEY or s3://BUCKET/KEY?versionId=ID, whatever else there is" },
	{ .name = "sequencer", .kind = FE_OPT_TEXT, .arg = "HEX", .help = "with --object: as the event had it that told of it" },
	{ .name = "etag", .kind = FE_OPT_TEXT, .arg = "TEXT", .help = "with --object: the same; another object is not read" },
	{ .name = "processed-at", .kind = FE_OPT_FLAG, .help = "a last column processed_at in the files of processed/" },
	{ .name = "older-than", .kind = FE_OPT_DURATION, .arg = "TIME", .help = "leave what came later: its event may be on its way" },
	{ .name = "newer-than", .kind = FE_OPT_DURATION, .arg = "TIME", .help = "leave what came before: earlier sweeps have looked at it" },
	{ .name = "leave-failed", .kind = FE_OPT_FLAG, .help = "leave what is on record as held or broken" },
	FE_OPT_PARAM,
	{ .name = "wait", .kind = FE_OPT_DURATION, .arg = "TIME", .help = "how long to wait for another run or a locked warehouse [30s]" },
	{ .name = "max-memory", .kind = FE_OPT_SIZE, .arg = "SIZE", .help = "the most memory for keys" },
	{ .name = "fail-on", .kind = FE_OPT_CHOICE, .arg = "SEVERITY", .choices = FE_FAIL_ON_CHOICES,
	  .help = "hold an object where an expectation of this severity, or a worse one, fails [critical]" },
	FE_OPT_QUIET, FE_OPT_LOG_FORMAT, FE_OPT_LOG_LEVEL,
	{ 0 },
};

static void
print_count(struct fe_json *j, const char *name, uint64_t n)
{
	fe_json_i64(j, name, n < INT64_MAX ? (int64_t)n : INT64_MAX);
}

static enum fe_rc
print_result(enum fe_rc rc, const struct fe_sweep_result *r, const struct fe_err *why, struct fe_err *err)
{
	char text[FE_ERR_TEXT_BYTES + 512];
	struct fe_buf line;
	struct fe_json j;

	fe_buf_init(&line, MAX_RESULT_BYTES);
	fe_json_init(&j, &line, 0);
	fe_json_object(&j, NULL);
	fe_json_text(&j, "status", rc ? "failed" : "success");
	fe_json_i64(&j, "exit_code", fe_rc_exit_status(rc));
	fe_json_bool(&j, "retry_helps", fe_rc_retry_helps(rc));
	fe_json_text(&j, "error", rc ? fe_err_print(why, text, sizeof text) : NULL);
	print_count(&j, "listed", r->n_listed);
	print_count(&j, "done_before", r->n_done_before);
	print_count(&j, "left", r->n_left);
	print_count(&j, "processed", r->n_processed);
	print_count(&j, "failed", r->n_failed);
	fe_json_object_end(&j);
	fe_buf_add_char(&line, '\n');
	enum fe_rc printed = fe_cli_print(&line, err);
	fe_buf_reset(&line);
	return printed;
}

static void
told(void *ctx, const struct fe_arrival *a, enum fe_rc rc, const struct fe_arrival_result *r, const struct fe_err *err)
{
	char text[FE_ERR_TEXT_BYTES + 512], read[24], loaded[24], rejected[24];

	(void)ctx;
	(void)snprintf(read, sizeof read, "%" PRIu64, r->n_read);
	(void)snprintf(loaded, sizeof loaded, "%" PRIu64, r->n_loaded);
	(void)snprintf(rejected, sizeof rejected, "%" PRIu64, r->n_rejected);
	if (rc)
		fe_log(FE_LOG_ERROR, "object failed", "bucket", a->bucket, "key", a->key, "run_id", r->run_id, "cause",
		       fe_err_print(err, text, sizeof text), NULL);
	else
		fe_log(FE_LOG_INFO, "object", "bucket", a->bucket, "key", a->key, "outcome", fe_arrival_outcome_name(r->outcome),
		       "run_id", r->run_id, "read", read, "loaded", loaded, "rejected", rejected, NULL);
}

static enum fe_rc
sweep_object(struct fe_arrivals *w, const struct fe_opts *opts, struct fe_sweep_result *out, struct fe_err *err)
{
	struct fe_arrival_parts parts;
	struct fe_arrival_result r;

	FE_TRY(fe_arrival_parts_read(&parts, fe_opts_text(opts, "object"), err));
	parts.arrival.sequencer = fe_opts_text(opts, "sequencer");
	parts.arrival.etag = fe_opts_text(opts, "etag");
	out->n_listed = 1;
	enum fe_rc rc = fe_arrival_process(w, &parts.arrival, 0, &r, err);
	if (rc == FE_OK && r.outcome == FE_ARRIVAL_NOT_OURS)
		rc = fe_fail(err, FE_EUSAGE, "no source of the pipeline file takes '%s'", parts.arrival.key);
	told(NULL, &parts.arrival, rc, &r, err);
	out->n_processed = rc == FE_OK && r.outcome == FE_ARRIVAL_PROCESSED;
	out->n_done_before = rc == FE_OK && !out->n_processed;
	out->n_failed = rc != FE_OK;
	fe_arrival_parts_reset(&parts);
	return rc;
}

static enum fe_rc
sweep_all(struct fe_arrivals *w, const struct fe_opts *opts, struct fe_sweep_result *out, struct fe_err *err)
{
	const int64_t older_ms = fe_opts_number(opts, "older-than"), newer_ms = fe_opts_number(opts, "newer-than");
	struct fe_sweep_settings set = { .leaves_failed = fe_opts_has(opts, "leave-failed"), .told = told };

	if (__builtin_mul_overflow(older_ms, 1000, &set.older_than_us) || __builtin_mul_overflow(newer_ms, 1000, &set.newer_than_us))
		return fe_fail(err, FE_EUSAGE, "--older-than or --newer-than is too long");
	return fe_arrivals_sweep(w, &set, out, err);
}

static enum fe_rc
sweep(const struct fe_opts *opts, const struct fe_cli_given *given, struct fe_sweep_result *out, struct fe_err *err)
{
	struct fe_lambda_config config;
	struct fe_arrivals *w;

	FE_TRY(fe_lambda_config_read(&config, opts, FE_DEFAULT_PIPELINE, &fe_clock_system, err));
	struct fe_arrival_settings set = config.arrivals;
	if (opts->n_args)
		set.pipeline = opts->args[0];
	if (given->n_params) {
		set.params = given->params;
		set.n_params = given->n_params;
	}
	enum fe_rc rc = fe_arrivals_open(&w, &set, err);
	if (rc == FE_OK) {
		rc = fe_opts_text(opts, "object") ? sweep_object(w, opts, out, err) : sweep_all(w, opts, out, err);
		fe_arrivals_close(w);
	}
	fe_lambda_config_reset(&config);
	return rc;
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_sweep_result result = { 0 };
	struct fe_err unprinted = FE_ERR_INIT;
	struct fe_cli_given given;

	fe_cli_set_log(opts, isatty(STDERR_FILENO));
	enum fe_rc rc = fe_cli_given_read(&given, opts, err);
	if (rc == FE_OK && !fe_opts_text(opts, "object") && (fe_opts_text(opts, "sequencer") || fe_opts_text(opts, "etag")))
		rc = fe_fail(err, FE_EUSAGE, "--sequencer and --etag are of one object: name it by --object");
	if (rc == FE_OK && fe_opts_text(opts, "object") &&
	    (fe_opts_has(opts, "older-than") || fe_opts_has(opts, "newer-than") || fe_opts_has(opts, "leave-failed")))
		rc = fe_fail(err, FE_EUSAGE, "--object is done whatever its age, and whatever became of it: leave out what leaves it out");
	if (rc == FE_OK)
		rc = sweep(opts, &given, &result, err);
	enum fe_rc printed = print_result(rc, &result, err, &unprinted);
	fe_cli_given_reset(&given);
	if (rc == FE_OK && printed)
		*err = unprinted;
	return rc ? rc : printed;
}

/* A scheduler gets its line then, too. */
static void
refused(enum fe_rc rc, struct fe_err *err)
{
	const struct fe_sweep_result none = { 0 };
	(void)!print_result(rc, &none, err, NULL);
}

const struct fe_command fe_command_sweep = {
	.name = "sweep",
	.args = "[FILE]",
	.summary = "process the objects of S3 that no event told of",
	.details = "FILE is the pipeline file [FINETL_PIPELINE, else " FE_DEFAULT_PIPELINE "],\n"
		   "whose sources of S3 are listed. What is done already, by events or by an earlier sweep, is left alone. The\n"
		   "environment of `finetl lambda` holds here, too.\n",
	.options = options,
	.most_args = 1,
	.run = run,
	.refused = refused,
};

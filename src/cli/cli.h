// SPDX-License-Identifier: Apache-2.0
/* cli/cli.h - commands as data
 *
 * Each command is one file and one entry of the table in main.c: name, one line,
 * usage, option table, and the function that does it. main parses the options, prints
 * help, and prints the error that the function returns: commands never print errors.
 * Results go to stdout, all else to stderr.
 */
#ifndef FE_CLI_CLI_H
#define FE_CLI_CLI_H

#include "base/buf.h"
#include "base/opt.h"
#include "pipeline/plan.h"

struct fe_command {
	const char *name;    /* "run", "rejects list" */
	const char *args;    /* "[FILE]" */
	const char *summary; /* one line */
	const char *details; /* for --help; NULL: none */
	const struct fe_opt *options;
	size_t least_args, most_args;
	FE_MUST_USE enum fe_rc (*run)(const struct fe_opts *opts, struct fe_err *err);
	/* Called where wrong options keep it from running; NULL: main's error is all. */
	void (*refused)(enum fe_rc rc, struct fe_err *err);
};

extern const struct fe_command fe_command_run, fe_command_extract, fe_command_transform, fe_command_load, fe_command_plan, fe_command_init, fe_command_lint, fe_command_generate,
	fe_command_schema_print, fe_command_schema_apply, fe_command_runs, fe_command_rejects_list,
	fe_command_rejects_export, fe_command_rejects_replay, fe_command_rejects_purge,
	fe_command_explain, fe_command_checks, fe_command_validate, fe_command_report, fe_command_describe, fe_command_version, fe_command_notify, fe_command_sweep,
	fe_command_release, fe_command_lambda;

/* What several commands share (common.c). */
#define FE_OPT_WAREHOUSE                                                       \
	{ .name = "warehouse", .letter = 'w', .kind = FE_OPT_TEXT, .arg = "URL",   \
	  .help = "sqlite:PATH, postgresql://HOST/DATABASE or files:DIR; else FINETL_WAREHOUSE, else the pipeline file's" }
#define FE_OPT_RUN_TIME                                                        \
	{ .name = "run-time", .kind = FE_OPT_TEXT, .arg = "TIME",                  \
	  .help = "what now() is, as 2026-01-31T02:00:00Z; else the start of the run" }
#define FE_OPT_PARAM                                                           \
	{ .name = "param", .kind = FE_OPT_TEXT, .arg = "NAME=VALUE", .is_repeatable = true, \
	  .help = "a parameter that the pipeline file declares; may be repeated" }
#define FE_OPT_METRICS                                                         \
	{ .name = "metrics-textfile", .kind = FE_OPT_TEXT, .arg = "PATH",          \
	  .help = "write the run's figures for Prometheus into this file (*.prom), or into finetl_PIPELINE.prom of this folder" }
#define FE_OPT_LINEAGE                                                         \
	{ .name = "openlineage-url", .kind = FE_OPT_TEXT, .arg = "URL",            \
	  .help = "send OpenLineage events there, or append them to file:PATH; else OPENLINEAGE_URL" }
#define FE_OPT_PIPELINE                                                        \
	{ .name = "pipeline", .letter = 'p', .kind = FE_OPT_TEXT, .arg = "FILE",   \
	  .help = "the pipeline file [pipelines/financial_transactions.yaml]" }

/* What run and the steps share. */
#define FE_OPT_WAIT                                                            \
	{ .name = "wait", .kind = FE_OPT_DURATION, .arg = "TIME", .fallback = "30s", \
	  .help = "how long to wait for another run or a locked warehouse" }
#define FE_OPT_LOCK_TIMEOUT                                                    \
	{ .name = "lock-timeout", .kind = FE_OPT_DURATION, .arg = "TIME", .fallback = "30s", \
	  .help = "postgresql: how long to wait for a table that somebody else has locked" }
#define FE_OPT_LOAD_STRATEGY                                                   \
	{ .name = "load-strategy", .kind = FE_OPT_CHOICE, .arg = "HOW", .choices = "auto merge rebuild", .fallback = "auto", \
	  .help = "postgresql: merge into live indexes, or rebuild them after the rows; auto: by sizes and rights" }
#define FE_OPT_THREADS                                                         \
	{ .name = "threads", .kind = FE_OPT_INT, .arg = "N", .fallback = "1", .least = 1, .most = 64, \
	  .help = "2 or more: read and judge records ahead, and hash files, in others; results do not depend on it" }
#define FE_OPT_MAX_MEMORY                                                      \
	{ .name = "max-memory", .kind = FE_OPT_SIZE, .arg = "SIZE",                \
	  .help = "the most memory of the process, 64M or more; keys that find no room go to disk, and nothing else changes" }
#define FE_OPT_FROM                                                            \
	{ .name = "from", .kind = FE_OPT_TEXT, .arg = "VALUE",                     \
	  .help = "of incremental data sets: from this value of the cursor on; the watermark stays as it is" }
#define FE_OPT_TO                                                              \
	{ .name = "to", .kind = FE_OPT_TEXT, .arg = "VALUE", .help = "the same, up to this value, itself not included" }
#define FE_OPT_REPROCESS                                                       \
	{ .name = "reprocess", .kind = FE_OPT_FLAG, .help = "read objects again that 'incremental: objects' would skip" }
#define FE_OPT_FAIL_ON                                                         \
	{ .name = "fail-on", .kind = FE_OPT_CHOICE, .arg = "SEVERITY", .choices = FE_FAIL_ON_CHOICES, .fallback = "critical", \
	  .help = "hold the run where an expectation of this severity, or a worse one, fails" }
#define FE_OPT_QUIET                                                           \
	{ .name = "quiet", .letter = 'q', .kind = FE_OPT_FLAG, .help = "no progress, no log but errors" }
#define FE_OPT_LOG_FORMAT                                                      \
	{ .name = "log-format", .kind = FE_OPT_CHOICE, .arg = "FORMAT", .choices = "text json", .fallback = "text", \
	  .help = "of log lines on stderr" }
#define FE_OPT_LOG_LEVEL                                                       \
	{ .name = "log-level", .kind = FE_OPT_CHOICE, .arg = "LEVEL", .choices = "debug info warn error", \
	  .help = "the least to log [info; warn on a terminal]" }

#define FE_DEFAULT_PIPELINE "pipelines/financial_transactions.yaml"

struct fe_plan;
/* Loads a plan with the shared options (--warehouse, --param, --select where the
 * command has them). Mistakes of the file are printed on stderr, one a line, and
 * counted in err. The warehouse's secret is fetched (pipeline/secret.h), but for who asks it nothing: _alone. */
FE_MUST_USE enum fe_rc fe_cli_plan(struct fe_plan **out, const char *path, const struct fe_opts *opts,
                                   struct fe_err *err);
FE_MUST_USE enum fe_rc fe_cli_plan_alone(struct fe_plan **out, const char *path, const struct fe_opts *opts,
                                         struct fe_err *err);
struct fe_evolve_settings;
/* The same for those who read the sources: with the columns that `contract: evolve` adds. */
FE_MUST_USE enum fe_rc fe_cli_plan_evolved(struct fe_plan **out, const char *path, const struct fe_opts *opts,
                                           const struct fe_evolve_settings *evolve, struct fe_err *err);
/* What options say of a plan: --param, --select, --warehouse. reset also after a failure. */
struct fe_cli_given {
	struct fe_plan_param *params; size_t n_params;
	const char **select; size_t n_select;
	const char *warehouse;
};
FE_MUST_USE enum fe_rc fe_cli_given_read(struct fe_cli_given *g, const struct fe_opts *opts, struct fe_err *err);
void fe_cli_given_reset(struct fe_cli_given *g);
/* As fe_plan_load, or where evolve is given fe_plan_load_evolved; mistakes are printed. */
FE_MUST_USE enum fe_rc fe_cli_plan_load(struct fe_plan **out, const struct fe_plan_settings *set,
                                        const struct fe_evolve_settings *evolve, struct fe_err *err);
/* --quiet, --log-level, --log-format. */
void fe_cli_set_log(const struct fe_opts *opts, bool on_terminal);
struct fe_run_settings;
/* --max-memory; 0: none. With one, what is freed goes back to the system: the heap would else keep it, in pieces, beside what is
 * allocated next, and the process be half as large again. */
uint64_t fe_cli_max_memory(const struct fe_opts *opts);
/* What every command that loads is told alike: --wait, --lock-timeout, --load-strategy, --max-memory
 * and --fail-on; the clock is the system's, and there is one thread. */
void fe_cli_run_settings(struct fe_run_settings *out, const struct fe_opts *opts);
/* The warehouse that the options, the environment or the pipeline file name, with its secret; owned. */
FE_MUST_USE enum fe_rc fe_cli_warehouse(char **out, const struct fe_opts *opts, struct fe_err *err);
/* --run-time; *us stays as it is where it is not given. */
FE_MUST_USE enum fe_rc fe_cli_run_time(const struct fe_opts *opts, bool *is_given, int64_t *us,
                                       struct fe_err *err);
/* run_result.c: the summary on a terminal, else the line of JSON; res NULL: no run came about.
 * Where it cannot be printed run_err tells, unless the run has failed by itself. */
struct fe_run_result;
enum fe_rc fe_cli_print_run(const struct fe_run_result *res, enum fe_rc run_rc, struct fe_err *run_err,
                            const struct fe_opts *opts);
/* The page of --report; folder NULL: none. One that cannot be written is told, and changes nothing. */
void fe_cli_report_run(const struct fe_run_result *res, const char *folder);
/* Writes all of a buffer to stdout; a closed pipe is not an error of ours. */
FE_MUST_USE enum fe_rc fe_cli_print(const struct fe_buf *text, struct fe_err *err);

#endif

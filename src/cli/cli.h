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

extern const struct fe_command fe_command_run, fe_command_lint, fe_command_generate,
	fe_command_schema_print, fe_command_schema_apply, fe_command_runs, fe_command_rejects_list,
	fe_command_explain, fe_command_checks, fe_command_validate, fe_command_report, fe_command_describe, fe_command_version;

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
#define FE_OPT_PIPELINE                                                        \
	{ .name = "pipeline", .letter = 'p', .kind = FE_OPT_TEXT, .arg = "FILE",   \
	  .help = "the pipeline file [pipelines/financial_transactions.yaml]" }

#define FE_DEFAULT_PIPELINE "pipelines/financial_transactions.yaml"

struct fe_plan;
/* Loads a plan with the shared options (--warehouse, --param, --select where the
 * command has them). Mistakes of the file are printed on stderr, one a line, and
 * counted in err. */
FE_MUST_USE enum fe_rc fe_cli_plan(struct fe_plan **out, const char *path, const struct fe_opts *opts,
                                   struct fe_err *err);
struct fe_evolve_settings;
/* The same for those who read the sources: with the columns that `contract: evolve` adds. */
FE_MUST_USE enum fe_rc fe_cli_plan_evolved(struct fe_plan **out, const char *path, const struct fe_opts *opts,
                                           const struct fe_evolve_settings *evolve, struct fe_err *err);
/* The warehouse that the options, the environment or the pipeline file name; owned. */
FE_MUST_USE enum fe_rc fe_cli_warehouse(char **out, const struct fe_opts *opts, struct fe_err *err);
/* --run-time; *us stays as it is where it is not given. */
FE_MUST_USE enum fe_rc fe_cli_run_time(const struct fe_opts *opts, bool *is_given, int64_t *us,
                                       struct fe_err *err);
/* Writes all of a buffer to stdout; a closed pipe is not an error of ours. */
FE_MUST_USE enum fe_rc fe_cli_print(const struct fe_buf *text, struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_validate.c - finetl validate: does a file hold what a suite expects of it?
 *
 * stdout gets one JSON document, the result as Great Expectations writes it; people get a
 * table on stderr.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "pipeline/validate.h"

#define MAX_RESULT_BYTES ((size_t)1 << 30)
#define MAX_TABLE_BYTES ((size_t)64 << 20)
#define MAX_PARAMS 256

static const struct fe_opt options[] = {
	{ .name = "suite", .kind = FE_OPT_TEXT, .arg = "FILE", .help = "the suite: JSON of Great Expectations, 1.x or 0.18" },
	{ .name = "pipeline", .letter = 'p', .kind = FE_OPT_TEXT, .arg = "FILE",
	  .help = "the pipeline file that declares the columns [" FE_DEFAULT_PIPELINE "]" },
	{ .name = "dataset", .kind = FE_OPT_TEXT, .arg = "NAME",
	  .help = "read columns by the types of this data set; else all are text" },
	{ .name = "param", .kind = FE_OPT_TEXT, .arg = "NAME=JSON", .is_repeatable = true,
	  .help = "the value of a {\"$PARAMETER\": NAME} of the suite; may be repeated; run_time is there by itself" },
	FE_OPT_RUN_TIME,
	{ .name = "result-format", .kind = FE_OPT_CHOICE, .arg = "FORMAT",
	  .choices = "BOOLEAN_ONLY BASIC SUMMARY COMPLETE", .fallback = "SUMMARY",
	  .help = "how much is told of each expectation" },
	{ .name = "strict", .kind = FE_OPT_FLAG,
	  .help = "refuse a suite with an expectation that is unknown or wrong, instead of failing that one" },
	{ .name = "fail-on", .kind = FE_OPT_CHOICE, .arg = "SEVERITY", .choices = FE_FAIL_ON_CHOICES,
	  .fallback = "critical", .help = "exit with 4 where an expectation of this severity, or a worse one, fails" },
	{ .name = "max-memory", .kind = FE_OPT_SIZE, .arg = "SIZE",
	  .help = "the most memory of the process, 64M or more; keys that find no room go to disk, values of quantiles end it with 5" },
	{ .name = "summary", .kind = FE_OPT_FLAG, .help = "print the table on stderr where that is not a terminal" },
	{ 0 },
};

static enum fe_result_format
format_of(const char *name)
{
	return strcmp(name, "BOOLEAN_ONLY") == 0 ? FE_RESULT_BOOLEAN_ONLY
	       : strcmp(name, "BASIC") == 0      ? FE_RESULT_BASIC
	       : strcmp(name, "COMPLETE") == 0   ? FE_RESULT_COMPLETE
						 : FE_RESULT_SUMMARY;
}

/* "name=json" into params; the copies of names live in the arena. */
static enum fe_rc
split_params(const struct fe_opts *opts, struct fe_suite_param *params, size_t *n, struct fe_arena *arena,
             struct fe_err *err)
{
	for (*n = 0;; ++*n) {
		const char *text = fe_opts_nth(opts, "param", *n);
		const struct fe_json_value *value;
		struct fe_err why = FE_ERR_INIT;
		if (!text)
			return FE_OK;
		const char *equals = strchr(text, '=');
		if (!equals || equals == text)
			return fe_fail(err, FE_EUSAGE, "--param takes NAME=JSON, not '%s'", text);
		if (*n == MAX_PARAMS)
			return fe_fail(err, FE_ELIMIT, "more than %d parameters", MAX_PARAMS);
		params[*n] = (struct fe_suite_param){ fe_arena_copy(arena, text, (size_t)(equals - text)),
						      fe_str_of(equals + 1) };
		if (fe_json_parse(params[*n].json, arena, &value, &why))
			return fe_fail(err, FE_EUSAGE, "the value of --param %s is no JSON (%s); a text stands in quotes: "
				       "--param '%s=\"text\"'", params[*n].name, why.text, params[*n].name);
	}
}

/* Only this data set of the pipeline file is looked at, and none of its parameters. */
static enum fe_rc
load_plan(const struct fe_opts *opts, struct fe_plan **plan, const struct fe_plan_dataset **dataset, struct fe_err *err)
{
	static const struct fe_opt select = { .name = "select" };
	const char *name = fe_opts_text(opts, "dataset"), *path = fe_opts_text(opts, "pipeline");
	struct fe_opt_value value = { .opt = &select, .text = name };
	struct fe_opts selected = { .values = &value, .n_values = 1 };

	if (!name && path)
		return fe_fail(err, FE_EUSAGE, "--pipeline goes with --dataset NAME, whose types are meant");
	if (!name)
		return FE_OK;
	FE_TRY(fe_cli_plan_alone(plan, path, &selected, err));
	for (size_t i = 0; i < (*plan)->n_datasets; i++)
		if (strcmp((*plan)->datasets[i].name, name) == 0)
			*dataset = &(*plan)->datasets[i];
	FE_ASSERT(*dataset);
	return FE_OK;
}

static enum fe_rc
validate_and_print(const struct fe_validate_settings *set, bool with_table, struct fe_err *err)
{
	struct fe_err why = FE_ERR_INIT;
	struct fe_buf json, table;
	enum fe_rc rc, printed = FE_OK;

	fe_buf_init(&json, MAX_RESULT_BYTES);
	fe_buf_init(&table, MAX_TABLE_BYTES);
	rc = fe_validate(set, &json, &table, err);
	if (json.n_bytes || json.failed) {
		fe_buf_add_char(&json, '\n');
		printed = fe_cli_print(&json, &why);
	}
	if (with_table)
		(void)fwrite(fe_buf_text(&table), 1, table.n_bytes, stderr);
	if (printed && (rc == FE_OK || rc == FE_ECHECK)) {
		*err = why;
		rc = printed;
	}
	fe_buf_reset(&json);
	fe_buf_reset(&table);
	return rc;
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	struct fe_suite_param params[MAX_PARAMS];
	struct fe_validate_settings set = {
		.path = opts->args[0],
		.suite_path = fe_opts_text(opts, "suite"),
		.params = params,
		.is_strict = fe_opts_has(opts, "strict"),
		.format = format_of(fe_opts_text(opts, "result-format")),
		.fail_on = fe_fail_on_of(fe_opts_text(opts, "fail-on")),
		.run_time_us = fe_clock_now(&fe_clock_system),
		.max_memory_bytes = fe_cli_max_memory(opts),
	};
	struct fe_plan *plan = NULL;
	struct fe_arena arena = { 0 };
	bool has_run_time;
	enum fe_rc rc;

	if (!set.suite_path)
		return fe_fail(err, FE_EUSAGE, "no suite is named; give --suite FILE");
	FE_TRY(fe_cli_run_time(opts, &has_run_time, &set.run_time_us, err));
	rc = split_params(opts, params, &set.n_params, &arena, err);
	if (rc == FE_OK)
		rc = load_plan(opts, &plan, &set.dataset, err);
	if (rc == FE_OK)
		rc = validate_and_print(&set, isatty(STDERR_FILENO) || fe_opts_has(opts, "summary"), err);
	fe_plan_free(plan);
	fe_arena_free(&arena);
	return rc;
}

const struct fe_command fe_command_validate = {
	.name = "validate",
	.args = "FILE",
	.summary = "hold a file against a suite of Great Expectations",
	.details = "Prints the result as Great Expectations 1.x writes it, one JSON document. The file is CSV, and columns\n"
		   "are those of the header; or, with a data set of JSON and a name that does not end in .csv, JSON. Exit: 0, or 4 where expectations failed, 3 where records could not be read and took\n"
		   "no part, 2 where the suite is none, 5 past --max-memory.\n",
	.options = options,
	.least_args = 1,
	.most_args = 1,
	.run = run,
};

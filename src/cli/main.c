// SPDX-License-Identifier: Apache-2.0
/* cli/main.c - finds the command, and is the only place that reports an error */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "cli/cli.h"

static const struct fe_command *const commands[] = {
	&fe_command_run,          &fe_command_plan,         &fe_command_extract,      &fe_command_transform,
	&fe_command_load,         &fe_command_lint,         &fe_command_init,         &fe_command_generate,
	&fe_command_schema_print, &fe_command_schema_apply, &fe_command_runs,
	&fe_command_rejects_list, &fe_command_rejects_export, &fe_command_rejects_replay, &fe_command_rejects_purge,
	&fe_command_explain,      &fe_command_checks,
	&fe_command_validate,     &fe_command_report,       &fe_command_notify,     &fe_command_release, &fe_command_sweep,        &fe_command_lambda,     &fe_command_describe,     &fe_command_version,
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

static void
help_all(struct fe_buf *out)
{
	fe_buf_add_text(out,
			"finetl " FE_VERSION ": extract, check and load financial transactions, exactly\n\n"
			"usage: finetl COMMAND [OPTIONS] [ARGUMENTS]\n\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		fe_buf_addf(out, "  %-16s %s\n", commands[i]->name, commands[i]->summary);
	fe_buf_add_text(out, "  help             this list; finetl COMMAND --help tells the options of one\n\n"
			     "exit codes:\n");
#define FE_X(code, exit, name, retry, text)                                    \
	fe_buf_addf(out, "  %3d  %s%s\n", exit, text, (retry) ? " (a retry can help)" : "");
	FE_RC_MAP(FE_X)
#undef FE_X
}

static void
help_one(const struct fe_command *c, struct fe_buf *out)
{
	fe_buf_addf(out, "usage: finetl %s%s%s%s\n\n%s\n", c->name, c->options->name ? " [OPTIONS]" : "",
		    c->args[0] ? " " : "", c->args, c->summary);
	if (c->details)
		fe_buf_addf(out, "\n%s", c->details);
	if (c->options->name) {
		fe_buf_add_text(out, "\noptions:\n");
		fe_opts_help(c->options, out);
	}
}

static enum fe_rc
print_help(const struct fe_command *c, struct fe_err *err)
{
	struct fe_buf text;
	fe_buf_init(&text, 256 * 1024);
	if (c)
		help_one(c, &text);
	else
		help_all(&text);
	enum fe_rc rc = fe_cli_print(&text, err);
	fe_buf_reset(&text);
	return rc;
}

/* Commands of two words ("rejects list") take both; *n_words says how many. */
static const struct fe_command *
find_command(int argc, char *const *argv, int *n_words)
{
	char two[64] = "";
	if (argc > 2)
		(void)snprintf(two, sizeof two, "%s %s", argv[1], argv[2]);
	for (size_t i = 0; i < N_COMMANDS; i++) {
		*n_words = 1 + (strchr(commands[i]->name, ' ') != NULL);
		if (strcmp(commands[i]->name, *n_words == 2 ? two : argv[1]) == 0)
			return commands[i];
	}
	return NULL;
}

/* Whether it is the first of a command's two words. */
static bool
begins_with_word(const struct fe_command *c, const char *word)
{
	size_t n = strlen(word);
	return strncmp(c->name, word, n) == 0 && c->name[n] == ' ';
}

static bool
is_first_word(const char *word)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (begins_with_word(commands[i], word))
			return true;
	return false;
}

static enum fe_rc
print_help_of_word(const char *word, struct fe_err *err)
{
	const char *between = "";
	struct fe_buf text;
	fe_buf_init(&text, 256 * 1024);
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (!begins_with_word(commands[i], word))
			continue;
		fe_buf_add_text(&text, between);
		help_one(commands[i], &text);
		between = "\n";
	}
	enum fe_rc rc = fe_cli_print(&text, err);
	fe_buf_reset(&text);
	return rc;
}

static enum fe_rc
fail_half(const char *word, struct fe_err *err)
{
	struct fe_buf text;
	fe_buf_init(&text, 1024);
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (begins_with_word(commands[i], word))
			fe_buf_addf(&text, "%s'%s'", text.n_bytes ? " or " : "", commands[i]->name);
	(void)fe_fail(err, FE_EUSAGE, "'%s' is half a command: write %s", word, fe_buf_text(&text));
	fe_buf_reset(&text);
	return FE_EUSAGE;
}

static enum fe_rc
fail_unknown(int argc, char *const *argv, struct fe_err *err)
{
	const char *names[N_COMMANDS];
	char two[64];
	if (is_first_word(argv[1]))
		return fail_half(argv[1], err);
	(void)snprintf(two, sizeof two, "%s%s%s", argv[1], argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
	for (size_t i = 0; i < N_COMMANDS; i++)
		names[i] = commands[i]->name;
	const char *near = fe_text_nearest(fe_str_of(argv[1]), names, N_COMMANDS);
	for (size_t i = 0; i < N_COMMANDS && !near; i++)
		if (strncmp(names[i], argv[1], strlen(argv[1])) == 0)
			near = names[i];
	if (!near)
		near = fe_text_nearest(fe_str_of(two), names, N_COMMANDS);
	return fe_fail(err, FE_EUSAGE, "unknown command '%s'%s%s%s", argv[1],
		       near ? "; did you mean '" : "; finetl help lists them", near ? near : "",
		       near ? "'?" : "");
}

static bool
wants_help(int argc, char *const *argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static enum fe_rc
run_command(const struct fe_command *c, int argc, char *const *argv, struct fe_err *err)
{
	struct fe_opts opts;
	enum fe_rc rc;

	if (wants_help(argc, argv))
		return print_help(c, err);
	rc = fe_opts_parse(&opts, c->options, argc, argv, err);
	if (rc == FE_OK && (opts.n_args < c->least_args || opts.n_args > c->most_args))
		rc = fe_fail(err, FE_EUSAGE, "usage: finetl %s [OPTIONS] %s; --help tells more", c->name, c->args);
	if (rc == FE_OK)
		rc = c->run(&opts, err);
	else if (c->refused)
		c->refused(rc, err);
	fe_opts_reset(&opts);
	return rc;
}

/* Lambda starts what is called bootstrap, with whatever arguments an image has for it; and its
 * emulator a command without any. */
static bool
is_function(int argc, char *const *argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "";
	return strcmp(name, "bootstrap") == 0 || (argc < 2 && getenv("AWS_LAMBDA_RUNTIME_API"));
}

static enum fe_rc
dispatch(int argc, char *const *argv, struct fe_err *err)
{
	static char *const version[] = { "finetl", "version", NULL };
	static char *const function[] = { "finetl", "lambda", NULL };
	int n_words = 1;
	if (is_function(argc, argv)) {
		argv = function;
		argc = 2;
	}
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_help(NULL, err);
	if (strcmp(argv[1], "--version") == 0) {
		argv = version;
		argc = 2;
	}
	if (strcmp(argv[1], "help") == 0) {
		const struct fe_command *c = argc > 2 ? find_command(argc - 1, argv + 1, &n_words) : NULL;
		if (argc == 3 && is_first_word(argv[2]))
			return print_help_of_word(argv[2], err);
		return argc > 2 && !c ? fail_unknown(argc - 1, argv + 1, err) : print_help(c, err);
	}
	const struct fe_command *c = find_command(argc, argv, &n_words);
	if (!c && is_first_word(argv[1]) && wants_help(argc, argv))
		return print_help_of_word(argv[1], err);
	if (!c)
		return fail_unknown(argc, argv, err);
	return run_command(c, argc - n_words, argv + n_words, err);
}

/* A person gets a sentence, a log collector a line of the log. */
static void
report(const struct fe_err *err)
{
	char text[FE_ERR_TEXT_BYTES + 512];
	if (isatty(STDERR_FILENO))
		(void)fprintf(stderr, "finetl: %s\n", fe_err_print(err, text, sizeof text));
	else
		fe_log_err(err);
}

/* Where 0, 1 or 2 came closed, the next file opened would get its number, and results and
 * logs would be written into it. Held by a /dev/null opened the wrong way round, a closed
 * one stays what it was: nothing can be read from it or written to it. */
static enum fe_rc
hold_standard_files(struct fe_err *err)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd)
			return fe_fail(err, FE_EUNAVAIL,
				       "standard input, output or errors are closed, and /dev/null "
				       "cannot take their place");
	return FE_OK;
}

int
main(int argc, char **argv)
{
	struct fe_err err = FE_ERR_INIT;
	fe_stop_install();
	enum fe_rc rc = hold_standard_files(&err);
	if (rc == FE_OK)
		rc = dispatch(argc, argv, &err);
	if (rc != FE_OK && rc != FE_ENOTHING)
		report(&err);
	return fe_rc_exit_status(rc);
}

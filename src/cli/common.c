// SPDX-License-Identifier: Apache-2.0
/* cli/common.c - what several commands do alike */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "cli/cli.h"
#include "pipeline/connectors.h"
#include "pipeline/evolve.h"
#include "pipeline/plan.h"
#include "pipeline/redact.h"
#include "pipeline/run.h"
#include "pipeline/secret.h"
#include "pipeline/watermark.h"

#define MAX_PARAMS 256
#define MAX_SELECTED 256

static void
print_mistakes(const char *path, const struct fe_mistakes *m)
{
	for (size_t i = 0; i < m->n_items; i++) {
		struct fe_err one = FE_ERR_INIT;
		char line[FE_ERR_TEXT_BYTES + 512];
		(void)fe_fail(&one, FE_EUSAGE, "%s", m->items[i].text);
		fe_err_at_line(&one, path, m->items[i].line, m->items[i].column);
		(void)fprintf(stderr, "%s\n", fe_err_print(&one, line, sizeof line));
	}
}

/* What stands on a command line is seen by every user of the machine, and kept in the
 * shell's history. */
static enum fe_rc
refuse_secret(const char *option, struct fe_err *err)
{
	return fe_fail(err, FE_EUSAGE,
		       "%s holds a password, which all users of this machine can see; leave it out, and give it by "
		       "~/.pgpass, PGPASSWORD or a service (PGSERVICE), or the whole URL by FINETL_WAREHOUSE", option);
}

/* "name=value" into params; the copies are freed by their holder. */
static enum fe_rc
split_params(const struct fe_opts *opts, struct fe_plan_param *params, size_t *n, struct fe_err *err)
{
	for (*n = 0;; ++*n) {
		const char *text = fe_opts_nth(opts, "param", *n);
		if (!text)
			return FE_OK;
		const char *equals = strchr(text, '=');
		if (!equals || equals == text)
			return fe_fail(err, FE_EUSAGE, "--param takes NAME=VALUE, not '%s'", text);
		if (fe_url_secret(equals + 1).n)
			return refuse_secret("--param", err);
		if (*n == MAX_PARAMS)
			return fe_fail(err, FE_ELIMIT, "more than %d parameters", MAX_PARAMS);
		params[*n] = (struct fe_plan_param){
			.name = fe_strndup(text, (size_t)(equals - text)), .value = equals + 1,
		};
	}
}

/* --select a,b --select c */
static enum fe_rc
split_selected(const struct fe_opts *opts, const char **names, size_t *n, struct fe_err *err)
{
	*n = 0;
	for (size_t i = 0;; i++) {
		const char *text = fe_opts_nth(opts, "select", i);
		if (!text)
			return FE_OK;
		for (const char *p = text; *p;) {
			size_t len = strcspn(p, ",");
			if (*n == MAX_SELECTED)
				return fe_fail(err, FE_ELIMIT, "more than %d data sets selected", MAX_SELECTED);
			if (len)
				names[(*n)++] = fe_strndup(p, len);
			p += len + (p[len] == ',');
		}
	}
}

static enum fe_rc
warehouse_override(const struct fe_opts *opts, const char **out, struct fe_err *err)
{
	const char *url = fe_opts_text(opts, "warehouse");
	if (url && fe_url_secret(url).n)
		return refuse_secret("--warehouse", err);
	if (!url)
		url = getenv("FINETL_WAREHOUSE");
	*out = url && *url ? url : NULL;
	return FE_OK;
}

enum fe_rc
fe_cli_given_read(struct fe_cli_given *g, const struct fe_opts *opts, struct fe_err *err)
{
	*g = (struct fe_cli_given){
		.params = fe_new_array(MAX_PARAMS, struct fe_plan_param), .select = fe_new_array(MAX_SELECTED, const char *),
	};
	FE_TRY(warehouse_override(opts, &g->warehouse, err));
	FE_TRY(split_params(opts, g->params, &g->n_params, err));
	return split_selected(opts, g->select, &g->n_select, err);
}

void
fe_cli_given_reset(struct fe_cli_given *g)
{
	for (size_t i = 0; i < g->n_params; i++)
		fe_free((void *)(uintptr_t)g->params[i].name);
	for (size_t i = 0; i < g->n_select; i++)
		fe_free((void *)(uintptr_t)g->select[i]);
	fe_free(g->params);
	fe_free(g->select);
	*g = (struct fe_cli_given){ 0 };
}

enum fe_rc
fe_cli_plan_load(struct fe_plan **out, const struct fe_plan_settings *set, const struct fe_evolve_settings *evolve,
                 struct fe_err *err)
{
	struct fe_mistakes mistakes = { 0 };

	*out = NULL;
	enum fe_rc rc = evolve ? fe_plan_load_evolved(out, set, evolve, &mistakes, err) : fe_plan_load(out, set, &mistakes, err);
	print_mistakes(set->path, &mistakes);
	fe_mistakes_reset(&mistakes);
	return rc;
}

static enum fe_rc
load_plan(struct fe_plan **out, const char *path, const struct fe_opts *opts, const struct fe_evolve_settings *evolve,
          bool connects, struct fe_err *err)
{
	struct fe_cli_given g;

	*out = NULL;
	enum fe_rc rc = fe_cli_given_read(&g, opts, err);
	const struct fe_plan_settings set = {
		.path = path ? path : FE_DEFAULT_PIPELINE,
		.params = g.params,
		.n_params = g.n_params,
		.select = g.select,
		.n_select = g.n_select,
		.warehouse = g.warehouse,
		.connects = connects,
	};
	if (rc == FE_OK)
		rc = fe_cli_plan_load(out, &set, evolve, err);
	fe_cli_given_reset(&g);
	return rc;
}

enum fe_rc
fe_cli_plan(struct fe_plan **out, const char *path, const struct fe_opts *opts, struct fe_err *err)
{
	return load_plan(out, path, opts, NULL, true, err);
}

enum fe_rc
fe_cli_plan_alone(struct fe_plan **out, const char *path, const struct fe_opts *opts, struct fe_err *err)
{
	return load_plan(out, path, opts, NULL, false, err);
}

enum fe_rc
fe_cli_plan_evolved(struct fe_plan **out, const char *path, const struct fe_opts *opts,
                    const struct fe_evolve_settings *evolve, struct fe_err *err)
{
	FE_TRY(load_plan(out, path, opts, evolve, true, err));
	enum fe_rc rc = fe_watermark_check_options(*out, evolve->from, evolve->until, err);
	if (rc) {
		fe_plan_free(*out);
		*out = NULL;
	}
	return rc;
}

static enum fe_rc
resolve_connected(const char *url, char **out, struct fe_err *err)
{
	char *resolved;

	*out = NULL;
	FE_TRY(fe_warehouse_resolve_given(url, &resolved, err));
	enum fe_rc rc = fe_warehouse_with_secret(resolved, &fe_clock_system, out, err);
	if (rc || *out)
		fe_free(resolved);
	else
		*out = resolved;
	return rc;
}

enum fe_rc
fe_cli_warehouse(char **out, const struct fe_opts *opts, struct fe_err *err)
{
	const char *url = NULL;
	FE_TRY(warehouse_override(opts, &url, err));
	if (url)
		return resolve_connected(url, out, err);
	struct fe_plan *plan;
	FE_TRY(fe_cli_plan(&plan, fe_opts_text(opts, "pipeline"), opts, err));
	*out = fe_strdup(plan->warehouse);
	fe_plan_free(plan);
	if (!*out)
		return fe_fail(err, FE_EUSAGE, "no warehouse is named; give --warehouse or FINETL_WAREHOUSE");
	return FE_OK;
}

enum fe_rc
fe_cli_run_time(const struct fe_opts *opts, bool *is_given, int64_t *us, struct fe_err *err)
{
	const char *text = fe_opts_text(opts, "run-time");
	*is_given = text != NULL;
	if (!text)
		return FE_OK;
	enum fe_time_why why = fe_timestamp_parse(fe_str_of(text), NULL, NULL, us);
	if (why == FE_TIME_OK)
		return FE_OK;
	return fe_fail(err, FE_EUSAGE, "--run-time takes a time with its offset, as 2026-01-31T02:00:00Z, not '%s' (%s)",
		       text, fe_time_why_code(why));
}

void
fe_cli_set_log(const struct fe_opts *opts, bool on_terminal)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	enum fe_log_level level = on_terminal ? FE_LOG_WARN : FE_LOG_INFO;
	const char *text = fe_opts_has(opts, "quiet") ? "error" : fe_opts_text(opts, "log-level");
	for (int i = 0; text && i < 4; i++)
		if (strcmp(text, levels[i]) == 0)
			level = (enum fe_log_level)i;
	fe_log_set(level, strcmp(fe_opts_text(opts, "log-format"), "json") == 0 ? FE_LOG_JSON : FE_LOG_TEXT);
}

static enum fe_load_strategy
load_strategy(const struct fe_opts *opts)
{
	const char *name = fe_opts_text(opts, "load-strategy");
	return strcmp(name, "merge") == 0     ? FE_LOAD_MERGE
	       : strcmp(name, "rebuild") == 0 ? FE_LOAD_REBUILD
					      : FE_LOAD_AUTO;
}

uint64_t
fe_cli_max_memory(const struct fe_opts *opts)
{
	const uint64_t n_bytes = (uint64_t)fe_opts_number(opts, "max-memory");

	if (n_bytes)
		fe_mem_thrift();
	return n_bytes;
}

void
fe_cli_run_settings(struct fe_run_settings *out, const struct fe_opts *opts)
{
	*out = (struct fe_run_settings){
		.clock = &fe_clock_system,
		.wait_ms = fe_opts_number(opts, "wait"),
		.lock_timeout_ms = fe_opts_number(opts, "lock-timeout"),
		.strategy = load_strategy(opts),
		.max_memory_bytes = fe_cli_max_memory(opts),
		.n_threads = 1,
		.fail_on = fe_fail_on_of(fe_opts_text(opts, "fail-on")),
	};
}

enum fe_rc
fe_cli_print(const struct fe_buf *text, struct fe_err *err)
{
	struct fe_str s = fe_buf_str(text);
	FE_TRY(fe_buf_check(text, "the output", err));
	while (s.n) {
		ssize_t n = write(STDOUT_FILENO, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE)
			return FE_OK;
		if (n < 0)
			return fe_fail_errno(err, errno, "cannot write to standard output", NULL);
		s = (struct fe_str){ s.p + n, s.n - (size_t)n };
	}
	return FE_OK;
}

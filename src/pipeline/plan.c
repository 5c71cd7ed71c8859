// SPDX-License-Identifier: Apache-2.0
/* pipeline/plan.c - reading a pipeline file: the order of the steps */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "io/reader.h"
#include "pipeline/planner.h"
#include "pipeline/connectors.h"
#include "pipeline/redact.h"
#include "pipeline/secret.h"

/* Who can write the file decides what is loaded into the books. */
static enum fe_rc
check_mode(const char *path, struct fe_err *err)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return fe_fail_errno(err, errno, "cannot open the pipeline file", path);
	if (S_ISDIR(st.st_mode)) {
		enum fe_rc rc = fe_fail(err, FE_EUSAGE, "is a folder, not a pipeline file");
		fe_err_at(err, path, 0, NULL);
		return rc;
	}
	if (S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH)) {
		enum fe_rc rc = fe_fail(err, FE_EDENIED, "everybody may write this pipeline file; first: chmod o-w '%s'", path);
		fe_err_at(err, path, 0, NULL);
		return rc;
	}
	return FE_OK;
}

/* The folder of a path, in the plan's arena. */
static const char *
folder_of(struct fe_planner *b, const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return ".";
	return fe_planner_text(b, (struct fe_str){ path, slash == path ? 1 : (size_t)(slash - path) });
}

static enum fe_rc
resolve_override(struct fe_planner *b, struct fe_err *err)
{
	char *url;
	FE_TRY(fe_warehouse_resolve_given(b->set->warehouse, &url, err));
	b->plan->warehouse = fe_arena_copy(&b->store->arena, url, strlen(url));
	fe_free(url);
	return FE_OK;
}

/* A password in the file is one that everybody reads who reads the file: it is fine
 * where it is an environment variable's, or where the whole URL is. */
static bool
is_secret_written_out(const struct fe_node *node, const char *url, struct fe_str (*find)(const char *text))
{
	struct fe_str written = find(node->text.p);

	if (!find(url).n)
		return false;
	if (written.n)
		return written.n < 4 || memcmp(written.p, "${", 2) != 0 ||
		       memchr(written.p, '}', written.n) != written.p + written.n - 1;
	return !strstr(node->text.p, "${");
}

/* The command line's wins, and then the file's is not looked at: it may need an
 * environment that is not there. */
static enum fe_rc
build_warehouse(struct fe_planner *b, struct fe_err *err)
{
	const struct fe_node *node = fe_node_get(b->root, "warehouse");
	struct fe_str url;
	struct fe_err why = FE_ERR_INIT;
	char *resolved = NULL;
	if (b->set->warehouse)
		return resolve_override(b, err);
	if (!node || !fe_planner_fill(b, fe_key_find(&fe_keys_pipeline, FE_STR("warehouse")), node, &url))
		return FE_OK;
	if (is_secret_written_out(node, url.p, fe_url_secret))
		fe_planner_mistake(b, node, "a password does not belong in a pipeline file; leave it out, and give it by "
				 "~/.pgpass, PGPASSWORD or a service, or write ${NAME} for an environment variable");
	else if (fe_warehouse_resolve(url, b->folder, &resolved, &why) == FE_OK)
		b->plan->warehouse = fe_arena_copy(&b->store->arena, resolved, strlen(resolved));
	else
		fe_planner_mistake(b, node, "%s", why.text);
	fe_free(resolved);
	return FE_OK;
}

/* The same of the databases that are read. */
static void
check_source_secret(struct fe_planner *b, size_t dataset)
{
	const struct fe_node *map = fe_node_get(b->datasets[dataset].node, "source");
	const struct fe_node *url = map ? fe_node_get(map, "postgresql") : NULL, *odbc = map ? fe_node_get(map, "odbc") : NULL;
	const char *location = b->plan->datasets[dataset].source_set.location;

	if (url && location && is_secret_written_out(url, location, fe_url_secret))
		fe_planner_mistake(b, url, "a password does not belong in a pipeline file; leave it out, and give it by "
				 "~/.pgpass, PGPASSWORD or a service, or write ${NAME} for an environment variable");
	if (odbc && location && is_secret_written_out(odbc, location, fe_odbc_secret))
		fe_planner_mistake(b, odbc, "a password does not belong in a pipeline file; write PWD=${NAME} for an environment "
				 "variable, or leave it to the DSN in odbc.ini");
}

static int
by_name(const void *x, const void *y)
{
	const struct fe_plan_param *a = x, *b = y;
	return strcmp(a->name, b->name);
}

/* Of the file's bytes, then "\0name=value" of each parameter by name, then "\0" and the
 * bytes of each suite. */
static void
hash_config(struct fe_planner *b, struct fe_str text)
{
	struct fe_sha256 *hash = fe_sha256_new();
	unsigned char digest[FE_SHA256_BYTES];
	fe_sha256_add(hash, text.p, text.n);
	if (b->n_params)
		qsort(b->params, b->n_params, sizeof(*b->params), by_name);
	for (size_t i = 0; i < b->n_params; i++) {
		const struct fe_plan_param *p = &b->params[i];
		if (!p->value)
			continue;
		fe_sha256_add(hash, "", 1);
		fe_sha256_add(hash, p->name, strlen(p->name));
		fe_sha256_add(hash, "=", 1);
		fe_sha256_add(hash, p->value, strlen(p->value));
	}
	for (size_t i = 0; i < b->plan->n_datasets; i++) {
		struct fe_str suite = b->plan->datasets[i].suite;
		if (!suite.p)
			continue;
		fe_sha256_add(hash, "", 1);
		fe_sha256_add(hash, suite.p, suite.n);
	}
	fe_sha256_end(hash, digest);
	fe_sha256_free(hash);
	fe_sha256_hex(digest, b->plan->config_sha256);
}

/* From a tree without syntax errors. FE_OK also with mistakes in the file; other codes
 * where the command line is wrong. */
static enum fe_rc
build_plan(struct fe_planner *b, struct fe_err *err)
{
	if (!fe_planner_params(b, err) || !fe_planner_order(b, err))
		return FE_EUSAGE;
	fe_planner_suite_params(b);
	FE_TRY(build_warehouse(b, err));
	const struct fe_node *name = fe_node_get(b->root, "pipeline");
	if (name)
		b->plan->name = fe_arena_copy(&b->store->arena, name->text.p, name->text.n);
	fe_planner_defaults(b);
	size_t n = b->plan->n_datasets;
	for (size_t i = 0; i < n; i++) {
		fe_planner_columns(b, i);
		fe_planner_source(b, i);
		check_source_secret(b, i);
		fe_planner_derive(b, i);
		fe_planner_checks(b, i);
		fe_planner_control(b, i);
		fe_planner_suite(b, i);
		fe_planner_table(b, i);
	}
	for (size_t i = 0; i < n; i++)
		fe_planner_links(b, i);
	fe_planner_notify(b);
	return FE_OK;
}

enum fe_rc
fe_plan_load_text(struct fe_plan **out, const struct fe_plan_settings *set, struct fe_str text,
		  struct fe_mistakes *mistakes, struct fe_err *err)
{
	struct fe_plan_store *store = fe_new(struct fe_plan_store);
	struct fe_planner b = { .store = store, .plan = &store->plan, .set = set, .mistakes = mistakes };
	struct fe_arena nodes = { 0 };
	struct fe_node *root;
	enum fe_rc rc = FE_OK;
	*out = NULL;
	b.plan->path = fe_arena_copy(&store->arena, set->path, strlen(set->path));
	b.folder = folder_of(&b, set->path);
	fe_yaml_parse(text, &nodes, &root, mistakes);
	if (root) {
		b.root = root;
		fe_keys_check(root, &fe_keys_pipeline, mistakes);
		fe_planner_add_columns(&b, &nodes);
		rc = build_plan(&b, err);
		hash_config(&b, text);
	}
	if (rc != FE_OK) {
		/* The command is wrong: that comes first. */
		fe_mistakes_reset(mistakes);
	} else if (mistakes->n_items) {
		fe_mistakes_sort(mistakes);
		rc = fe_fail(err, FE_EUSAGE, "%s%zu mistake%s in the pipeline file",
			     fe_mistakes_full(mistakes) ? "at least " : "", mistakes->n_items,
			     mistakes->n_items == 1 ? "" : "s");
		fe_err_at(err, set->path, 0, NULL);
	}
	fe_arena_free(&nodes);
	if (rc == FE_OK)
		*out = &store->plan;
	else
		fe_plan_free(&store->plan);
	return rc;
}

/* Whoever asks the warehouse does so as the secret says, where one is named. */
static enum fe_rc
add_secret(struct fe_plan *plan, struct fe_err *err)
{
	struct fe_plan_store *store = (struct fe_plan_store *)plan;
	char *url;

	FE_TRY(fe_warehouse_with_secret(plan->warehouse, &fe_clock_system, &url, err));
	if (url) {
		plan->warehouse = fe_arena_copy(&store->arena, url, strlen(url));
		explicit_bzero(url, strlen(url));
	}
	fe_free(url);
	return FE_OK;
}

enum fe_rc
fe_plan_load(struct fe_plan **out, const struct fe_plan_settings *set, struct fe_mistakes *mistakes,
	     struct fe_err *err)
{
	*out = NULL;
	FE_TRY(check_mode(set->path, err));
	char path[PATH_MAX];
	if (!realpath(set->path, path))
		return fe_fail_errno(err, errno, "cannot open the pipeline file", set->path);
	struct fe_buf text;
	fe_buf_init(&text, FE_YAML_MAX_BYTES);
	enum fe_rc rc = fe_file_read(path, FE_YAML_MAX_BYTES, &text, err);
	if (rc == FE_OK) {
		struct fe_plan_settings canonical = *set;
		canonical.path = path;
		rc = fe_plan_load_text(out, &canonical, fe_buf_str(&text), mistakes, err);
	}
	fe_buf_reset(&text);
	if (rc == FE_OK && set->connects)
		rc = add_secret(*out, err);
	if (rc) {
		fe_plan_free(*out);
		*out = NULL;
	}
	return rc;
}

void
fe_plan_free(struct fe_plan *plan)
{
	struct fe_plan_store *store = (struct fe_plan_store *)plan;
	if (!plan)
		return;
	for (size_t i = 0; i < plan->n_datasets; i++)
		fe_schema_reset(&plan->datasets[i].schema);
	for (size_t i = 0; i < store->n_exprs; i++)
		fe_expr_free(store->exprs[i]);
	for (size_t i = 0; i < store->n_zones; i++)
		fe_zone_free(store->zones[i]);
	fe_free(store->exprs);
	fe_free(store->zones);
	fe_arena_free(&store->arena);
	fe_free(store);
}

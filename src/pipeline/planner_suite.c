// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_suite.c - the suite of expectations of a data set
 *
 * Read when the plan is made, so that a run is held against what its file named then. What a
 * run puts into it (run_time) is not known yet: the plan keeps the text, and a trial reading
 * finds the mistakes. An expectation of severity critical that cannot be evaluated would hold
 * every run, so it is a mistake; a lesser one fails alone, as Great Expectations has it. A
 * $PARAMETER without a value is a mistake of whatever it stands in: it is this file that gives it.
 */
#include "base/text.h"
#include "io/reader.h"
#include "pipeline/connectors.h"
#include "pipeline/expectations.h"
#include "pipeline/planner.h"

#define MAX_PATH_BYTES ((size_t)128 * 1024)
#define MAX_NAME_BYTES 128

/* The value of a parameter is JSON where it can be read as that, and else a text. One that is absent
 * was complained of where it is declared. */
static struct fe_str
param_json(struct fe_planner *b, const char *value)
{
	struct fe_str text = value ? fe_str_of(value) : FE_STR("null");
	const struct fe_json_value *json;
	struct fe_arena arena = { 0 };
	struct fe_buf quoted;

	bool is_json = fe_json_parse(text, &arena, &json, NULL) == FE_OK;
	fe_arena_free(&arena);
	if (is_json)
		return text;
	fe_buf_init(&quoted, text.n * 6 + 3); /* at most \u0000 for a byte */
	fe_buf_add_json_string(&quoted, text);
	struct fe_str out = fe_str_of(fe_planner_text(b, fe_buf_str(&quoted)));
	fe_buf_reset(&quoted);
	return out;
}

void
fe_planner_suite_params(struct fe_planner *b)
{
	struct fe_plan *plan = b->plan;

	plan->suite_params = FE_PLAN_ARRAY(b, b->n_params, struct fe_suite_param);
	for (size_t i = 0; i < b->n_params; i++)
		plan->suite_params[plan->n_suite_params++] = (struct fe_suite_param){
			fe_planner_text(b, fe_str_of(b->params[i].name)),
			param_json(b, b->params[i].value ? fe_planner_text(b, fe_str_of(b->params[i].value)) : NULL),
		};
}

static const char *
suite_path(struct fe_planner *b, struct fe_str text)
{
	struct fe_buf path;

	if (text.p[0] == '/')
		return fe_planner_text(b, text);
	struct fe_str folder = fe_str_of(b->folder);
	fe_path_climb(&folder, &text);
	fe_buf_init(&path, MAX_PATH_BYTES);
	fe_buf_add_str(&path, folder);
	fe_buf_add_char(&path, '/');
	fe_buf_add_str(&path, text);
	const char *out = fe_planner_text(b, fe_buf_str(&path));
	fe_buf_reset(&path);
	return out;
}

/* Named as the pipeline file names it, beside which the mistake stands. */
static void
note_failure(struct fe_planner *b, const struct fe_node *node, struct fe_str path, struct fe_err *why)
{
	char text[FE_ERR_TEXT_BYTES + 512];

	fe_err_at(why, fe_planner_text(b, path), 0, NULL);
	fe_planner_mistake(b, node, "%s", fe_err_print(why, text, sizeof(text)));
}

static void
note_broken(struct fe_planner *b, const struct fe_node *node, const struct fe_suite *suite)
{
	for (size_t i = 0; i < suite->n_items; i++) {
		const struct fe_suite_item *item = &suite->items[i];
		struct fe_buf type;

		if (!item->mistake || (item->severity != FE_SEVERITY_CRITICAL && !item->lacks_parameter))
			continue;
		fe_buf_init(&type, MAX_NAME_BYTES * 8);
		fe_buf_add_printable(&type, item->type, MAX_NAME_BYTES);
		fe_planner_mistake(b, node, "expectation %zu of the suite (%s): %s", i + 1, fe_buf_text(&type), item->mistake);
		fe_buf_reset(&type);
	}
}

static void
try_suite(struct fe_planner *b, const struct fe_node *node, struct fe_str path, const struct fe_plan_dataset *d)
{
	struct fe_expectations_settings set = {
		.path = d->suite_path,
		.suite = d->suite,
		.params = b->plan->suite_params,
		.n_params = b->plan->n_suite_params,
	};
	struct fe_err why = FE_ERR_INIT;
	struct fe_suite *suite;

	if (fe_expectations_read(&suite, &set, &why)) {
		note_failure(b, node, path, &why);
		return;
	}
	note_broken(b, node, suite);
	fe_suite_free(suite);
}

void
fe_planner_suite(struct fe_planner *b, size_t dataset)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	const struct fe_key *key = fe_key_find(&fe_keys_dataset, FE_STR("expectations"));
	const struct fe_node *node = fe_node_get(b->datasets[dataset].node, "expectations");
	struct fe_err why = FE_ERR_INIT;
	struct fe_buf text;
	struct fe_str path;

	/* What is not run need not have its suite. */
	if (!node || !d->is_selected || !fe_planner_fill(b, key, node, &path))
		return;
	if (!path.n) {
		fe_planner_mistake(b, node, "the path is empty");
		return;
	}
	d->suite_path = suite_path(b, path);
	fe_buf_init(&text, FE_SUITE_MAX_BYTES);
	if (fe_file_read(d->suite_path, FE_SUITE_MAX_BYTES, &text, &why)) {
		note_failure(b, node, path, &why);
	} else {
		d->suite = (struct fe_str){ fe_arena_copy(&b->store->arena, fe_buf_text(&text), text.n_bytes), text.n_bytes };
		try_suite(b, node, path, d);
	}
	fe_buf_reset(&text);
}

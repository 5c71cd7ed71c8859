// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_source.c - where the records of a data set come from */
#include "base/text.h"
#include "pipeline/planner.h"
#include "pipeline/connectors.h"

static const struct fe_mapping *const keys = &fe_keys_source;

/* "https://": letters, then "://". */
static struct fe_str
url_scheme(struct fe_str location)
{
	size_t n = 0;
	while (n < location.n && ((location.p[n] >= 'a' && location.p[n] <= 'z') ||
				  (location.p[n] >= 'A' && location.p[n] <= 'Z') ||
				  (n && location.p[n] >= '0' && location.p[n] <= '9')))
		n++;
	bool is_url = n && n + 3 <= location.n && memcmp(location.p + n, "://", 3) == 0;
	return (struct fe_str){ location.p, is_url ? n + 3 : 0 };
}

/* The pipeline file's folder is a plain name, even before a pattern. */
static void
add_folder(struct fe_buf *path, struct fe_str folder, struct fe_str location)
{
	bool is_pattern = false;
	for (size_t i = 0; i < location.n; i++)
		is_pattern = is_pattern || strchr("*?[", location.p[i]);
	for (size_t i = 0; i < folder.n; i++) {
		if (is_pattern && strchr("*?[\\", folder.p[i]))
			fe_buf_add_char(path, '\\');
		fe_buf_add_char(path, folder.p[i]);
	}
	fe_buf_add_char(path, '/');
}

static const char *
build_location(struct fe_planner *b, const struct fe_key *key, const struct fe_node *node)
{
	struct fe_str text;
	if (!fe_planner_fill(b, key, node, &text))
		return NULL;
	struct fe_str scheme = url_scheme(text);
	if (scheme.n) {
		fe_planner_mistake(b, node, "this version reads files and '-', not '%.*s'", FE_STR_ARGS(scheme));
		return NULL;
	}
	if (!text.n) {
		fe_planner_mistake(b, node, "the location is empty");
		return NULL;
	}
	if (text.p[0] == '/' || fe_str_is(text, "-"))
		return fe_planner_text(b, text);
	struct fe_buf path;
	fe_buf_init(&path, 128 * 1024);
	struct fe_str folder = fe_str_of(b->folder);
	fe_path_climb(&folder, &text);
	add_folder(&path, folder, text);
	fe_buf_add_str(&path, text);
	const char *out = fe_planner_text(b, fe_buf_str(&path));
	fe_buf_reset(&path);
	return out;
}

/* Standard input can be read once. */
static void
check_stdin(struct fe_planner *b, size_t dataset, const struct fe_node *node)
{
	const char *mine = b->plan->datasets[dataset].source_set.location;
	if (!mine || strcmp(mine, "-") != 0)
		return;
	for (size_t i = 0; i < dataset; i++) {
		const char *other = b->plan->datasets[i].source_set.location;
		if (other && strcmp(other, "-") == 0)
			fe_planner_mistake(b, node, "'-' is standard input, which data set '%s' reads already",
					 b->plan->datasets[i].name);
	}
}

static void
build_names(struct fe_planner *b, const struct fe_node *list, struct fe_source_settings *set)
{
	const char **names = FE_PLAN_ARRAY(b, list->n_children, const char *);
	for (const struct fe_node *item = list->first; item; item = item->next) {
		if (item->is_wrong)
			continue;
		for (size_t i = 0; i < set->n_names; i++)
			if (fe_text_casecmp_ascii(item->text, fe_str_of(names[i])) == 0) {
				fe_planner_mistake(b, item, "'%s' stands twice in 'names'", item->text.p);
				break;
			}
		names[set->n_names++] = fe_planner_text(b, item->text);
	}
	set->names = names;
}

/* What `from` says, or the column's name where it does not. */
static const struct fe_node *
from_node(const struct fe_node *column)
{
	const struct fe_node *from = fe_node_get(column, "from");
	return from ? from : fe_node_get(column, "name");
}

/* Whether all that is read is among the source's names. */
static bool
check_froms(struct fe_planner *b, size_t dataset)
{
	const struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	const struct fe_source_settings *set = &d->source_set;
	bool are_named = true;
	for (size_t i = 0; i < d->schema.n_source && !fe_mistakes_full(b->mistakes); i++) {
		const struct fe_source_column *c = &set->columns[i];
		const struct fe_node *node = from_node(b->datasets[dataset].fields[i]);
		if (c->is_computed || !node)
			continue;
		for (size_t j = 0; j < i; j++)
			if (!set->columns[j].is_computed && strcmp(set->columns[j].from, c->from) == 0) {
				fe_planner_mistake(b, node,
						 "'%s' is read into column '%s' already; make a second one of it by 'value: %s'",
						 c->from, d->schema.fields[j].name,
						 d->schema.fields[j].name);
				break;
			}
		bool is_named = !set->names;
		for (size_t n = 0; n < set->n_names; n++)
			is_named = is_named || strcmp(set->names[n], c->from) == 0;
		if (is_named)
			continue;
		are_named = false;
		const char *nearest = fe_text_nearest(fe_str_of(c->from), set->names, set->n_names);
		if (nearest)
			fe_planner_mistake(b, node, "'%s' is not among the source's 'names'; did you mean '%s'?", c->from,
					 nearest);
		else
			fe_planner_mistake(b, node, "'%s' is not among the source's 'names'", c->from);
	}
	return are_named;
}

/* What every file would be refused for. */
static void
check_extra(struct fe_planner *b, size_t dataset, const struct fe_node *list)
{
	const struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	const struct fe_node *columns = fe_node_get(b->datasets[dataset].node, "columns");
	/* A column with a mistake may be the one that is meant. */
	if (!columns || columns->n_children != d->schema.n_source)
		return;
	for (const struct fe_node *item = list->first; item; item = item->next) {
		bool is_declared = item->is_wrong;
		for (size_t i = 0; i < d->schema.n_source; i++)
			is_declared = is_declared || (!d->source_set.columns[i].is_computed &&
						      fe_text_casecmp_ascii(item->text, fe_str_of(d->source_set.columns[i].from)) == 0);
		if (!is_declared)
			fe_planner_mistake(b, item, "no column is read from '%.*s'; declare one, or set extra_columns: ignore",
					 FE_STR_ARGS(fe_mistake_shown(item->text)));
	}
}

static char
delimiter_of(struct fe_str text)
{
	return fe_str_is(text, "tab") ? '\t' : text.p[0];
}

void
fe_planner_source(struct fe_planner *b, size_t dataset)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	struct fe_source_settings *set = &d->source_set;
	const struct fe_node *map = fe_node_get(b->datasets[dataset].node, "source");
	if (!map)
		return;
	for (size_t i = 0; fe_sources[i]; i++) {
		const struct fe_node *node = fe_node_get(map, fe_sources[i]->name);
		if (!node)
			continue;
		d->source = fe_sources[i];
		/* What is not run need not have its environment. */
		if (d->is_selected)
			set->location = build_location(b, fe_key_find(keys, node->key), node);
		check_stdin(b, dataset, node);
	}
	struct fe_str quote = fe_key_text(keys, map, "quote");
	set->delimiter = delimiter_of(fe_key_text(keys, map, "delimiter"));
	set->quote = fe_str_is(quote, "none") ? '\0' : quote.p[0];
	if (set->delimiter == set->quote)
		fe_planner_mistake(b, map, "'delimiter' and 'quote' are the same");
	set->encoding = fe_planner_text(b, fe_key_text(keys, map, "encoding"));
	set->skip_lines = (uint64_t)fe_key_int(keys, map, "skip_lines");
	set->extra_columns = fe_str_is(fe_key_text(keys, map, "extra_columns"), "ignore") ? FE_EXTRA_IGNORE
											  : FE_EXTRA_ERROR;
	set->allow_empty = fe_key_bool(keys, map, "allow_empty");
	d->incremental_objects = fe_node_get(map, "incremental") != NULL;
	const struct fe_node *names = fe_node_get(map, "names");
	if (names)
		build_names(b, names, set);
	/* A column that is not among them may be meant by one that is over. */
	if (check_froms(b, dataset) && names && set->extra_columns == FE_EXTRA_ERROR)
		check_extra(b, dataset, names);
}

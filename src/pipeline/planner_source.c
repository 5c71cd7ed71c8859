// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_source.c - where the records of a data set come from */
#include "base/hash.h"
#include "base/text.h"
#include "base/time.h"
#include "extract/json_rows.h"
#include "extract/query.h"
#include "pipeline/connectors.h"
#include "pipeline/planner.h"

#define MAX_CURSOR_NAME_BYTES ((size_t)1 << 20)
#define CURSOR_HASH_SHOWN 16

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

/* Absolute, by the pipeline file's folder. */
static const char *
build_path(struct fe_planner *b, struct fe_str text)
{
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

/* What the key of the source's kind says; NULL after a mistake. */
static const char *
build_location(struct fe_planner *b, const struct fe_mapping *keys, const struct fe_node *node)
{
	struct fe_str text;
	if (!fe_planner_fill(b, &keys->keys[0], node, &text))
		return NULL;
	if (!text.n) {
		fe_planner_mistake(b, node, "the location is empty");
		return NULL;
	}
	struct fe_str scheme = url_scheme(text);
	bool is_web = fe_str_is(scheme, "https://") || fe_str_is(scheme, "http://");
	if (keys == &fe_keys_odbc)
		return fe_planner_text(b, text);
	if (keys == &fe_keys_postgresql) {
		if (fe_warehouse_is_server(fe_planner_text(b, text)))
			return fe_planner_text(b, text);
		fe_planner_mistake(b, node, "this begins with 'postgresql:', as postgresql://HOST/DATABASE");
		return NULL;
	}
	if (keys == &fe_keys_api && !is_web)
		fe_planner_mistake(b, node, "the address of an API begins with 'https://'");
	else if (keys == &fe_keys_sqlite && scheme.n)
		fe_planner_mistake(b, node, "an SQLite file is on this machine, not at '%.*s'", FE_STR_ARGS(scheme));
	else if (scheme.n && !is_web && !fe_str_is(scheme, "s3://"))
		fe_planner_mistake(b, node, "files are read from paths, 'https://' and 's3://', not from '%.*s'",
				   FE_STR_ARGS(scheme));
	else
		return scheme.n ? fe_planner_text(b, text) : build_path(b, text);
	return NULL;
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
			fe_planner_mistake(b, item, "no column is read from '%.*s'; declare one, or set contract: discard_column or evolve",
					 FE_STR_ARGS(fe_mistake_shown(item->text)));
	}
}

static char
delimiter_of(struct fe_str text)
{
	return fe_str_is(text, "tab") ? '\t' : text.p[0];
}

static void
build_csv(struct fe_planner *b, size_t dataset, const struct fe_node *map)
{
	struct fe_source_settings *set = &b->plan->datasets[dataset].source_set;
	const struct fe_mapping *keys = &fe_keys_csv;
	struct fe_str quote = fe_key_text(keys, map, "quote");
	set->delimiter = delimiter_of(fe_key_text(keys, map, "delimiter"));
	set->quote = fe_str_is(quote, "none") ? '\0' : quote.p[0];
	if (set->delimiter == set->quote)
		fe_planner_mistake(b, map, "'delimiter' and 'quote' are the same");
	set->encoding = fe_planner_text(b, fe_key_text(keys, map, "encoding"));
	set->skip_lines = (uint64_t)fe_key_int(keys, map, "skip_lines");
	const struct fe_node *names = fe_node_get(map, "names");
	if (names)
		build_names(b, names, set);
}

static void
build_json(struct fe_planner *b, size_t dataset, const struct fe_mapping *keys, const struct fe_node *map)
{
	struct fe_json_settings *json = FE_PLAN_ARRAY(b, 1, struct fe_json_settings);
	const struct fe_node *records = fe_node_get(map, "records");
	struct fe_str path;
	json->is_lines = keys == &fe_keys_ndjson;
	if (records && fe_planner_fill(b, fe_key_find(keys, FE_STR("records")), records, &path))
		json->records = fe_planner_text(b, path);
	b->plan->datasets[dataset].source_set.json = json;
}

static void
build_query(struct fe_planner *b, size_t dataset, const struct fe_mapping *keys, const struct fe_node *map)
{
	struct fe_query_settings *query = FE_PLAN_ARRAY(b, 1, struct fe_query_settings);
	const struct fe_node *table = fe_node_get(map, "table"), *sql = fe_node_get(map, "query");
	struct fe_str text;
	if (!table == !sql)
		fe_planner_mistake(b, map, "a %s source reads either a 'table' or a 'query'", keys->keys[0].name);
	if (table)
		query->table = fe_planner_text(b, table->text);
	if (sql && fe_planner_fill(b, fe_key_find(keys, FE_STR("query")), sql, &text))
		query->query = fe_planner_text(b, text);
	if (keys == &fe_keys_postgresql)
		query->n_parallel = (unsigned)fe_key_int(keys, map, "parallel");
	if (query->n_parallel > 1 && !table)
		fe_planner_mistake(b, map, "'parallel' is for a 'table': a query is read as one stream");
	b->plan->datasets[dataset].source_set.query = query;
}

static void
build_network(struct fe_planner *b, size_t dataset, const struct fe_node *map)
{
	static const struct fe_mapping *const keys = &fe_keys_network;
	struct fe_net_settings *net = &b->plan->datasets[dataset].source_set.net;
	const struct fe_node *ca_file = fe_node_get(map, "ca_file"), *crl_file = fe_node_get(map, "crl_file");
	struct fe_str path;
	if (!map)
		return;
	net->allow_http = fe_key_bool(keys, map, "allow_http");
	net->allow_private = fe_key_bool(keys, map, "allow_private_addresses");
	net->max_redirects = (unsigned)fe_key_int(keys, map, "max_redirects");
	net->connect_timeout_ms = fe_key_ms(keys, map, "connect_timeout");
	net->total_timeout_ms = fe_key_ms(keys, map, "timeout");
	net->low_speed_ms = fe_key_ms(keys, map, "low_speed_timeout");
	net->retry_budget_ms = fe_key_ms(keys, map, "retry_budget");
	net->max_tries = (unsigned)fe_key_int(keys, map, "max_tries");
	net->rate_per_minute = (unsigned)fe_key_int(keys, map, "requests_per_minute");
	net->max_body_bytes = (uint64_t)fe_key_int(keys, map, "max_body_bytes");
	if (ca_file && fe_planner_fill(b, fe_key_find(keys, FE_STR("ca_file")), ca_file, &path) && path.n)
		net->ca_file = build_path(b, path);
	if (crl_file && fe_planner_fill(b, fe_key_find(keys, FE_STR("crl_file")), crl_file, &path) && path.n)
		net->crl_file = build_path(b, path);
}

/* A duration for a column of times, a whole number for an int. */
static void
build_overlap(struct fe_planner *b, struct fe_plan_cursor *cursor, enum fe_kind kind, const struct fe_node *node)
{
	struct fe_err err;
	int64_t v = 0;
	if (kind == FE_TEXT)
		fe_planner_mistake(b, node, "'overlap' is for timestamps, dates and ints: of a text there is no 'before'");
	else if (kind == FE_INT && fe_int_parse(node->text, &v) != FE_DECIMAL_OK)
		fe_planner_mistake(b, node, "'overlap' of an int column is a whole number");
	else if (kind != FE_INT && fe_duration_parse(node->text, &v, &err))
		fe_planner_mistake(b, node, "'overlap': %s", err.text);
	if (v < 0)
		fe_planner_mistake(b, node, "'overlap' reaches back: it is not negative");
	cursor->overlap = v;
}

/* Whether texts of that format sort as the times do: the greatest part first, each of a fixed width. */
static bool
sorts(const char *format)
{
	static const char parts[] = "YmdHMS";
	size_t at = 0;

	if (strcmp(format, "%s") == 0) /* numbers */
		return true;
	for (const char *p = format; *p; p++) {
		if (*p != '%')
			continue;
		p++;
		if (*p == '%')
			continue;
		if (at == sizeof parts - 1 && *p == 'f' && p[1] == '\0')
			return true;
		if (*p != parts[at])
			return false;
		at++;
	}
	return true;
}

/* How the source writes a time decides what it can be asked for. */
static void
check_cursor_format(struct fe_planner *b, size_t dataset, const struct fe_node *map)
{
	const struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	const char *format = d->clean[d->cursor->column].format;
	const struct fe_query_settings *query = d->source_set.query;
	const struct fe_node *overlap = fe_node_get(map, "overlap");

	if (!format)
		return;
	if (overlap && strcmp(format, "%s") != 0)
		fe_planner_mistake(b, overlap, "an 'overlap' is not written by a 'format' (but for '%%s'): read '%s' without one, or "
		                   "leave the overlap to the source", d->schema.fields[d->cursor->column].name);
	if (query && !(query->query && strstr(query->query, "?1")) && !sorts(format))
		fe_planner_mistake(b, fe_node_get(map, "cursor"), "the database compares texts, and those of format '%s' do not sort as "
		                   "the times do: cast the column in a 'query'", format);
}

/* A source that parameters are filled into is another one for each of their values, and read as far as it
 * was read itself: "updated_at of region 4ad08bdc76ce5a37". Values may be secrets: their hash tells them apart. */
static const char *
name_cursor(struct fe_planner *b, const char *column)
{
	struct fe_buf name, values;
	char sha256[FE_SHA256_HEX_BYTES];

	fe_buf_init(&name, MAX_CURSOR_NAME_BYTES);
	fe_buf_init(&values, MAX_CURSOR_NAME_BYTES);
	fe_buf_add_text(&name, column);
	for (size_t i = 0; i < b->n_params; i++) {
		if (!b->is_filled_in[i])
			continue;
		fe_buf_addf(&name, "%s %s", values.n_bytes ? "," : " of", b->params[i].name);
		fe_buf_addf(&values, "%s=%s\n", b->params[i].name, b->params[i].value);
	}
	if (values.n_bytes) {
		fe_sha256_of(fe_buf_str(&values), sha256);
		fe_buf_addf(&name, " %.*s", CURSOR_HASH_SHOWN, sha256);
	}
	const char *text = fe_planner_text(b, fe_buf_str(&name));
	fe_buf_reset(&name);
	fe_buf_reset(&values);
	return text;
}

/* By its name, or by that which it has in the source: there it is often "updated_at", which
 * every table has for itself. */
static size_t
cursor_column(struct fe_planner *b, size_t dataset, const struct fe_node *name)
{
	const struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	size_t found = FE_NO_COLUMN;
	for (size_t i = 0; i < d->schema.n_source; i++) {
		if (fe_str_is(name->text, d->schema.fields[i].name))
			return i;
		if (!d->source_set.columns[i].is_computed && fe_str_is(name->text, d->source_set.columns[i].from))
			found = i;
	}
	return found != FE_NO_COLUMN ? found : fe_planner_column(b, dataset, d->schema.n_source, name, name->text);
}

static void
build_cursor(struct fe_planner *b, size_t dataset, const struct fe_node *map)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	const struct fe_node *name = fe_node_get(map, "cursor"), *overlap = fe_node_get(map, "overlap");
	const struct fe_node *start = fe_node_get(map, "start");
	struct fe_str text;
	size_t column = name ? cursor_column(b, dataset, name) : FE_NO_COLUMN;
	if (column == FE_NO_COLUMN)
		return;
	enum fe_kind kind = d->schema.fields[column].type.kind;
	if (d->source_set.columns[column].is_computed)
		fe_planner_mistake(b, name, "'%s' is computed: the source cannot be asked by it", name->text.p);
	else if (kind != FE_TIMESTAMP && kind != FE_DATE && kind != FE_INT && kind != FE_TEXT)
		fe_planner_mistake(b, name, "a cursor is a timestamp, date, int or text, not a %s", fe_kind_name(kind));
	d->cursor = FE_PLAN_ARRAY(b, 1, struct fe_plan_cursor);
	d->cursor->column = column;
	d->cursor->name = name_cursor(b, d->source_set.columns[column].from);
	if (start && fe_planner_fill(b, fe_key_find(&fe_keys_cursor, FE_STR("start")), start, &text))
		d->cursor->start = fe_planner_text(b, text);
	if (overlap)
		build_overlap(b, d->cursor, kind, overlap);
	check_cursor_format(b, dataset, map);
	d->source_set.window.cursor = d->source_set.columns[column].from;
	d->source_set.window.include_null = fe_str_is(fe_key_text(&fe_keys_cursor, map, "on_null"), "include");
}

/* A query that asks by {since} gives no rows for a null: it needs one from the start. */
static void
check_window(struct fe_planner *b, size_t dataset, const struct fe_node *map)
{
	const struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	const struct fe_query_settings *query = d->source_set.query;
	if (query && query->query && strstr(query->query, "?1") && !(d->cursor && d->cursor->start))
		fe_planner_mistake(b, fe_node_get(map, "query"), "'{since}' needs 'incremental' with a 'cursor' and a 'start'");
}

/* `extra_columns: ignore` of a csv source is about what is not declared, and says nothing of what is gone. */
static void
build_contract(struct fe_planner *b, size_t dataset, const struct fe_mapping *keys, const struct fe_node *map)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	const struct fe_node *node = b->datasets[dataset].node;
	const struct fe_node *extra = keys == &fe_keys_csv ? fe_node_get(map, "extra_columns") : NULL;
	struct fe_str name = fe_key_text(&fe_keys_dataset, node, "contract");
	enum fe_contract contract = FE_CONTRACT_FREEZE;

	for (int c = FE_CONTRACT_FREEZE; c <= FE_CONTRACT_DISCARD; c++)
		if (fe_str_is(name, fe_contract_name((enum fe_contract)c)))
			contract = (enum fe_contract)c;
	if (extra && fe_node_get(node, "contract"))
		fe_planner_mistake_at_key(b, extra, "'contract' of the data set says it already; leave 'extra_columns' out");
	else if (extra && fe_str_is(extra->text, "ignore"))
		contract = FE_CONTRACT_DISCARD;
	d->source_set.needs_each_column = extra != NULL;
	d->source_set.contract = contract;
	d->source_set.n_evolved = d->n_evolved;
	if (contract == FE_CONTRACT_EVOLVE && d->source_set.location && strcmp(d->source_set.location, "-") == 0)
		fe_planner_mistake_at_key(b, fe_node_get(node, "contract"),
		                          "'evolve' looks at a source before it is read, and standard input can be read only once; "
		                          "set contract: discard_column");
}

static const struct fe_source_ops *
source_named(const char *name)
{
	for (size_t i = 0; fe_sources[i]; i++)
		if (strcmp(fe_sources[i]->name, name) == 0)
			return fe_sources[i];
	return NULL;
}

static void
build_kind(struct fe_planner *b, size_t dataset, const struct fe_mapping *keys, const struct fe_node *map)
{
	if (keys == &fe_keys_csv)
		build_csv(b, dataset, map);
	else if (keys == &fe_keys_json || keys == &fe_keys_ndjson || keys == &fe_keys_api)
		build_json(b, dataset, keys, map);
	else
		build_query(b, dataset, keys, map);
	if (keys == &fe_keys_api)
		fe_planner_api(b, dataset, map);
}

void
fe_planner_source(struct fe_planner *b, size_t dataset)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	struct fe_source_settings *set = &d->source_set;
	const struct fe_node *map = fe_node_get(b->datasets[dataset].node, "source");
	const struct fe_mapping *keys = map ? fe_keys_kind_of(fe_keys_sources, map) : NULL;
	const struct fe_node *node = keys ? fe_node_get(map, keys->keys[0].name) : NULL;
	if (!node)
		return;
	d->source = source_named(keys->keys[0].name);
	memset(b->is_filled_in, 0, b->n_params * sizeof *b->is_filled_in);
	FE_ASSERT(d->source);
	/* What is not run need not have its environment. */
	if (d->is_selected)
		set->location = build_location(b, keys, node);
	if (set->location)
		fe_planner_hide(b, set->location, &set->net);
	check_stdin(b, dataset, node);
	build_kind(b, dataset, keys, map);
	build_contract(b, dataset, keys, map);
	set->allow_empty = fe_key_bool(keys, map, "allow_empty");
	build_network(b, dataset, fe_node_get(map, "network"));
	const struct fe_node *incremental = fe_node_get(map, "incremental");
	d->incremental_objects = incremental && incremental->kind == FE_NODE_SCALAR;
	if (incremental && incremental->kind == FE_NODE_MAP)
		build_cursor(b, dataset, incremental);
	check_window(b, dataset, map);
	/* A column that is not among them may be meant by one that is over. */
	const struct fe_node *names = keys == &fe_keys_csv ? fe_node_get(map, "names") : NULL;
	if (check_froms(b, dataset) && names && set->contract == FE_CONTRACT_FREEZE)
		check_extra(b, dataset, names);
}

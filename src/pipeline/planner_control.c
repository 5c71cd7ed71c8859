// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_control.c - trailers, control totals, and what sums are split by */
#include "base/regex.h"
#include "base/text.h"
#include "pipeline/connectors.h"
#include "pipeline/planner.h"

/* ---- figures ---- */

static bool
is_plain(const struct fe_decimal_format *f)
{
	static const struct fe_decimal_format plain = { 0 };
	return memcmp(f, &plain, sizeof plain) == 0;
}

/* The place of a column among those of the control; added where it is new. */
static size_t
place_of(struct fe_plan_dataset *d, size_t column)
{
	struct fe_plan_control *c = d->control;
	const struct fe_decimal_format *format = &d->clean[column].decimal;

	for (size_t i = 0; i < c->n_columns; i++)
		if (c->columns[i].column == column)
			return i;
	c->columns[c->n_columns] = (struct fe_control_column){
		.column = column, .format = is_plain(format) ? NULL : format, .is_personal = d->pii[column],
	};
	return c->n_columns++;
}

/* The decimal column that a key of `sums` names; FE_NO_COLUMN after a mistake. */
static size_t
summed_column(struct fe_planner *b, size_t dataset, const struct fe_node *n)
{
	const struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	const struct fe_node at_key = { .line = n->key_line, .column = n->key_column };
	size_t c = n->is_wrong ? FE_NO_COLUMN : fe_planner_column(b, dataset, d->schema.n_source, &at_key, n->key);
	char name[FE_TYPE_TEXT_BYTES];

	if (c == FE_NO_COLUMN || d->schema.fields[c].type.kind == FE_DECIMAL)
		return c;
	fe_planner_mistake_at_key(b, n, "'%s' is %s; sums are of decimal columns", n->key.p,
				  fe_type_print(d->schema.fields[c].type, name));
	return FE_NO_COLUMN;
}

/* How many columns all `sums` of the data set name, at most. */
static size_t
most_columns(const struct fe_node *const maps[3])
{
	size_t n = 0;
	for (size_t i = 0; i < 3; i++) {
		const struct fe_node *sums = fe_node_get(maps[i], "sums");
		n += sums ? sums->n_children : 0;
	}
	return n;
}

/* What a value of rows or sums must be: told by the mapping that it stands in. */
static void
check_value(struct fe_planner *b, const struct fe_plan_dataset *d, const struct fe_mapping *keys, size_t column,
            const struct fe_node *node, struct fe_str text)
{
	struct fe_str shown = fe_mistake_shown(text);
	int64_t v = 0;

	if (keys == &fe_keys_trailer) {
		if (fe_int_parse(text, &v) != FE_DECIMAL_OK || v < 1 || v > 4096)
			fe_planner_mistake(b, node, "'%.*s' is not the number of a cell, from 1 to 4096", FE_STR_ARGS(shown));
	} else if (keys == &fe_keys_control && column == FE_NO_COLUMN) {
		if (fe_int_parse(text, &v) != FE_DECIMAL_OK || v < 0)
			fe_planner_mistake(b, node, "'rows' is a whole number, not '%.*s'", FE_STR_ARGS(shown));
	} else if (keys == &fe_keys_control) {
		fe_i128 sum = 0;
		const struct fe_type type = d->schema.fields[column].type;
		const struct fe_decimal_format *format = &d->clean[column].decimal;
		char name[FE_TYPE_TEXT_BYTES];
		if (fe_decimal_parse(text, FE_DECIMAL_MAX_PRECISION, type.scale, format, &v) != FE_DECIMAL_OK &&
		    !(is_plain(format) && fe_i128_parse(text, type.scale, &sum)))
			fe_planner_mistake(b, node, "'%.*s' is not a sum of the column '%s', %s", FE_STR_ARGS(shown),
					   d->schema.fields[column].name, fe_type_print(type, name));
	}
}

/* `rows` and `sums` of a mapping; NULL where it has neither. */
static const struct fe_plan_figures *
build_figures(struct fe_planner *b, size_t dataset, const struct fe_mapping *keys, const struct fe_node *map, size_t most)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	const struct fe_node *rows = fe_node_get(map, "rows"), *sums = fe_node_get(map, "sums");
	struct fe_plan_figures *f = FE_PLAN_ARRAY(b, 1, struct fe_plan_figures);
	struct fe_str text;

	f->sums = FE_PLAN_ARRAY(b, most, const char *);
	if (rows && fe_planner_fill(b, fe_key_find(keys, FE_STR("rows")), rows, &text)) {
		check_value(b, d, keys, FE_NO_COLUMN, rows, text);
		f->rows = fe_planner_text(b, text);
	}
	for (const struct fe_node *n = sums ? sums->first : NULL; n; n = n->next) {
		size_t column = summed_column(b, dataset, n);
		if (column == FE_NO_COLUMN || !fe_planner_fill(b, fe_key_find(keys, FE_STR("sums")), n, &text))
			continue;
		check_value(b, d, keys, column, n, text);
		f->sums[place_of(d, column)] = fe_planner_text(b, text);
	}
	return rows || sums ? f : NULL;
}

/* ---- trailer ---- */

static void
build_mark(struct fe_planner *b, size_t dataset, const struct fe_node *map)
{
	struct fe_trailer_settings *t = FE_PLAN_ARRAY(b, 1, struct fe_trailer_settings);
	const struct fe_node *starts = fe_node_get(map, "starts"), *pattern = fe_node_get(map, "pattern");
	struct fe_regex *regex = NULL;
	struct fe_err err = FE_ERR_INIT;

	if (!starts == !pattern)
		fe_planner_mistake(b, map, "a trailer is told by either 'starts' or 'pattern'");
	if (starts) {
		struct fe_str text = fe_text_trim(starts->text);
		t->starts = fe_planner_text(b, text);
		if (!text.n)
			fe_planner_mistake(b, starts, "'starts' is the text of a cell, and a blank one is in many records");
	}
	if (pattern) {
		t->pattern = fe_planner_text(b, pattern->text);
		if (fe_regex_new(&regex, pattern->text, FE_REGEX_UNICODE, &err))
			fe_planner_mistake(b, pattern, "%s", err.text);
		fe_regex_free(regex);
	}
	b->plan->datasets[dataset].source_set.trailer = t;
}

/* ---- sidecar ---- */

/* {name} and {stem} are all that stands in braces. */
static void
check_sidecar_file(struct fe_planner *b, const struct fe_node *file)
{
	struct fe_str s = file->text;

	for (size_t i = 0; i < s.n; i++) {
		const struct fe_str rest = { s.p + i, s.n - i };
		if (s.p[i] != '{' && s.p[i] != '}')
			continue;
		if (rest.n >= 6 && (memcmp(rest.p, "{name}", 6) == 0 || memcmp(rest.p, "{stem}", 6) == 0)) {
			i += 5;
			continue;
		}
		fe_planner_mistake(b, file, "in 'file', {name} and {stem} stand for the name of the file beside it; other braces mean nothing");
		return;
	}
}

static void
build_sidecar(struct fe_planner *b, size_t dataset, const struct fe_node *map, size_t most)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	const struct fe_node *file = fe_node_get(map, "file");
	const char *location = d->source_set.location;

	d->control->sidecar = build_figures(b, dataset, &fe_keys_sidecar, map, most);
	d->control->sidecar_is_csv = fe_str_is(fe_key_text(&fe_keys_sidecar, map, "format"), "csv");
	if (!d->control->sidecar)
		fe_planner_mistake(b, map, "a sidecar tells 'rows', 'sums' or both");
	if (d->source && !fe_source_reads_files(d->source))
		fe_planner_mistake(b, map, "a sidecar is beside a file, and this source reads none");
	else if (location && strcmp(location, "-") == 0)
		fe_planner_mistake(b, map, "a sidecar is beside a file, and nothing is beside standard input");
	if (!file)
		return;
	check_sidecar_file(b, file);
	d->control->sidecar_file = fe_planner_text(b, file->text);
}

/* ---- sum_by ---- */

static void
build_sum_by(struct fe_planner *b, size_t dataset, const struct fe_node *list)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];

	d->sum_by = FE_PLAN_ARRAY(b, list->n_children, size_t);
	for (const struct fe_node *n = list->first; n; n = n->next) {
		size_t c = n->is_wrong ? FE_NO_COLUMN : fe_planner_column(b, dataset, d->schema.n_source, n, n->text);
		if (c == FE_NO_COLUMN)
			continue;
		enum fe_kind kind = d->schema.fields[c].type.kind;
		if (kind == FE_DECIMAL || kind == FE_TIMESTAMP)
			fe_planner_mistake(b, n, "'%s' is a %s, which nearly every record has another of; sums are split by a text, int, bool or date",
					   n->text.p, fe_kind_name(kind));
		else if (d->pii[c])
			fe_planner_mistake(b, n, "'%s' tells of persons (pii), and its values would be told with the sums", n->text.p);
		for (size_t i = 0; i < d->n_sum_by; i++)
			if (d->sum_by[i] == c)
				fe_planner_mistake(b, n, "'%s' stands twice in 'sum_by'", n->text.p);
		d->sum_by[d->n_sum_by++] = c;
	}
	b->plan->tables[d->table].sum_by = d->sum_by;
	b->plan->tables[d->table].n_sum_by = d->n_sum_by;
}

void
fe_planner_control(struct fe_planner *b, size_t dataset)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	const struct fe_node *node = b->datasets[dataset].node, *source = fe_node_get(node, "source");
	const struct fe_node *trailer = source ? fe_node_get(source, "trailer") : NULL;
	const struct fe_node *control = fe_node_get(node, "control"), *sidecar = fe_node_get(control, "sidecar");
	const struct fe_node *sum_by = fe_node_get(node, "sum_by"), *const maps[3] = { trailer, control, sidecar };
	size_t most = most_columns(maps);

	if (sum_by)
		build_sum_by(b, dataset, sum_by);
	if (trailer)
		build_mark(b, dataset, trailer);
	if (!trailer && !control)
		return;
	d->control = FE_PLAN_ARRAY(b, 1, struct fe_plan_control);
	d->control->columns = FE_PLAN_ARRAY(b, most, struct fe_control_column);
	if (trailer)
		d->control->trailer = build_figures(b, dataset, &fe_keys_trailer, trailer, most);
	if (control)
		d->control->given = build_figures(b, dataset, &fe_keys_control, control, most);
	if (sidecar)
		build_sidecar(b, dataset, sidecar, most);
	else if (control && !d->control->given)
		fe_planner_mistake(b, control, "'control' has 'rows', 'sums' or a 'sidecar'");
}

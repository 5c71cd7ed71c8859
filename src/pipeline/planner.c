// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner.c - what the builders of a plan share */
#include "pipeline/planner.h"

#include <stdio.h>

#include "base/text.h"

void *
fe_planner_array(struct fe_planner *b, size_t n, size_t size_bytes)
{
	size_t total;
	FE_ASSERT(!__builtin_mul_overflow(n ? n : 1, size_bytes, &total));
	return fe_arena_alloc_zero(&b->store->arena, total);
}

const char *
fe_planner_text(struct fe_planner *b, struct fe_str text)
{
	return fe_arena_copy(&b->store->arena, text.p, text.n);
}

FE_PRINTF(4, 0) static void
note(struct fe_planner *b, uint64_t line, uint64_t column, const char *fmt, va_list args)
{
	char text[FE_ERR_TEXT_BYTES];
	(void)vsnprintf(text, sizeof(text), fmt, args);
	fe_mistake_add(b->mistakes, line, column, "%s", text);
}

void
fe_planner_mistake(struct fe_planner *b, const struct fe_node *node, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	note(b, node->line, node->column, fmt, args);
	va_end(args);
}

void
fe_planner_mistake_at_key(struct fe_planner *b, const struct fe_node *node, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	note(b, node->key_line, node->key_column, fmt, args);
	va_end(args);
}

static bool
is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool
mentions(struct fe_str text, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; n && i + n <= text.n; i++)
		if (memcmp(text.p + i, word, n) == 0 && (i == 0 || !is_word_byte(text.p[i - 1])) &&
		    (i + n == text.n || !is_word_byte(text.p[i + n])))
			return true;
	return false;
}

/* Whether an expression's mistake may be only that of a column it names. */
static bool
mentions_bad_column(const struct fe_planner *b, size_t dataset, struct fe_str text)
{
	const struct fe_planner_dataset *bd = &b->datasets[dataset];
	const struct fe_schema *schema = &b->plan->datasets[dataset].schema;
	for (size_t i = 0; i < schema->n_fields; i++)
		if (bd->is_bad[i] && mentions(text, schema->fields[i].name))
			return true;
	return false;
}

struct fe_expr *
fe_planner_expr(struct fe_planner *b, size_t dataset, size_t n_visible, const struct fe_key *key,
	      const struct fe_node *node)
{
	struct fe_str text;
	struct fe_expr *expr;
	struct fe_err err = FE_ERR_INIT;
	/* Past the last mistake that is shown, seeking the nearest names would only cost time. */
	if (!node || fe_mistakes_full(b->mistakes) || !fe_planner_fill(b, key, node, &text))
		return NULL;
	if (fe_expr_parse(&expr, text, &b->plan->datasets[dataset].schema, n_visible, &err) == FE_OK) {
		struct fe_plan_store *s = b->store;
		s->exprs = fe_grow(s->exprs, &s->cap_exprs, s->n_exprs + 1, sizeof(*s->exprs));
		return s->exprs[s->n_exprs++] = expr;
	}
	if (mentions_bad_column(b, dataset, text))
		return NULL;
	uint64_t line = node->line, column = node->column;
	/* Once a parameter is filled in, places behind it are no longer those of the file. */
	if (fe_str_eq(text, node->text) && err.column)
		fe_node_place(node, err.column - 1, &line, &column);
	fe_mistake_add(b->mistakes, line, column, "%s", err.text);
	return NULL;
}

struct fe_expr *
fe_planner_condition(struct fe_planner *b, size_t dataset, size_t n_visible, const struct fe_key *key,
		   const struct fe_node *node)
{
	struct fe_expr *expr = fe_planner_expr(b, dataset, n_visible, key, node);
	if (!expr)
		return NULL;
	struct fe_type type = fe_expr_type(expr);
	if (type.kind == FE_BOOL)
		return expr;
	char name[FE_TYPE_TEXT_BYTES];
	if (!mentions_bad_column(b, dataset, node->text))
		fe_planner_mistake(b, node, "'%s' is a condition (true or false), and this gives %s", key->name,
				 fe_type_print(type, name));
	return NULL;
}

size_t
fe_planner_column(struct fe_planner *b, size_t dataset, size_t n_visible, const struct fe_node *node,
		struct fe_str name)
{
	const struct fe_schema *schema = &b->plan->datasets[dataset].schema;
	size_t i = fe_schema_find(schema, name);
	if (i < n_visible)
		return b->datasets[dataset].is_bad[i] ? FE_NO_COLUMN : i;
	if (fe_mistakes_full(b->mistakes))
		return FE_NO_COLUMN;
	struct fe_str shown = fe_mistake_shown(name);
	if (i != FE_NO_COLUMN) {
		fe_planner_mistake(b, node, i < schema->n_source
				 ? "column '%.*s' is declared later; only those before may be used here"
				 : "'%.*s' is a derived column, which is not known yet here", FE_STR_ARGS(shown));
		return FE_NO_COLUMN;
	}
	const char **names = fe_new_array(n_visible, const char *);
	for (size_t c = 0; c < n_visible; c++)
		names[c] = schema->fields[c].name;
	const char *nearest = fe_text_nearest(name, names, n_visible);
	fe_free(names);
	const char *dataset_name = b->plan->datasets[dataset].name;
	if (nearest)
		fe_planner_mistake(b, node, "there is no column '%.*s' in data set '%s'; did you mean '%s'?",
				 FE_STR_ARGS(shown), dataset_name, nearest);
	else
		fe_planner_mistake(b, node, "there is no column '%.*s' in data set '%s'", FE_STR_ARGS(shown),
				 dataset_name);
	return FE_NO_COLUMN;
}

size_t
fe_planner_feeder(const struct fe_planner *b, struct fe_str table)
{
	for (size_t i = 0; i < b->plan->n_datasets; i++) {
		const struct fe_node *target = fe_node_get(b->datasets[i].node, "target");
		if (target && fe_str_eq(target->text, table))
			return i;
	}
	return SIZE_MAX;
}

size_t
fe_planner_target(struct fe_planner *b, const struct fe_node *node)
{
	const struct fe_node *targets = fe_node_get(b->root, "targets");
	struct fe_str shown = fe_mistake_shown(node->text);
	size_t feeder = fe_planner_feeder(b, node->text), n = 0;
	if (!targets)
		return SIZE_MAX;
	/* Also one with mistakes is known. */
	for (const struct fe_node *t = targets->first; t; t = t->next)
		if (fe_str_eq(t->key, node->text))
			return feeder;
	if (fe_mistakes_full(b->mistakes))
		return SIZE_MAX;
	const char **names = fe_new_array(targets->n_children, const char *);
	for (const struct fe_node *t = targets->first; t; t = t->next)
		names[n++] = t->key.p;
	const char *nearest = fe_text_nearest(node->text, names, n);
	if (nearest)
		fe_planner_mistake(b, node, "unknown target '%.*s'; did you mean '%s'?", FE_STR_ARGS(shown), nearest);
	else
		fe_planner_mistake(b, node, "unknown target '%.*s'; declare it under 'targets'", FE_STR_ARGS(shown));
	fe_free(names);
	return SIZE_MAX;
}

// SPDX-License-Identifier: Apache-2.0
/* pipeline/yaml.c - libyaml's events to a tree, by an explicit stack
 *
 * The stack holds the open lists and mappings. In a mapping a scalar is by turns a
 * key, which is kept until its value comes, and a value.
 */
#include "pipeline/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

struct level {
	struct fe_node *node, *last; /* last child */
	bool has_key;
	struct fe_str key;
	uint64_t key_line, key_column;
};

struct builder {
	yaml_parser_t parser;
	struct fe_arena *arena;
	struct fe_mistakes *mistakes;
	struct level stack[FE_YAML_MAX_DEPTH];
	size_t depth, n_nodes, n_documents;
	struct fe_node *root;
	bool is_broken; /* no use in going on */
};

static uint64_t line_of(yaml_mark_t m) { return (uint64_t)m.line + 1; }
static uint64_t column_of(yaml_mark_t m) { return (uint64_t)m.column + 1; }

FE_PRINTF(3, 4) static void
refuse(struct builder *b, yaml_mark_t at, const char *fmt, ...)
{
	char text[256];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fe_mistake_add(b->mistakes, line_of(at), column_of(at), "%s", text);
	b->is_broken = true;
}

static struct fe_node *
add_node(struct builder *b, enum fe_node_kind kind, const yaml_event_t *e)
{
	if (++b->n_nodes > FE_YAML_MAX_NODES) {
		refuse(b, e->start_mark, "more than %d values in one file", FE_YAML_MAX_NODES);
		return NULL;
	}
	struct fe_node *node = fe_arena_alloc_zero(b->arena, sizeof(*node));
	node->kind = kind;
	node->line = line_of(e->start_mark);
	node->column = column_of(e->start_mark);
	if (!b->depth) {
		b->root = node;
		return node;
	}
	struct level *up = &b->stack[b->depth - 1];
	if (up->node->kind == FE_NODE_MAP) {
		if (!up->has_key) {
			refuse(b, e->start_mark, "a key must be a text");
			return NULL;
		}
		node->key = up->key;
		node->key_line = up->key_line;
		node->key_column = up->key_column;
		up->has_key = false;
	}
	if (up->last)
		up->last->next = node;
	else
		up->node->first = node;
	up->last = node;
	up->node->n_children++;
	return node;
}

static enum fe_node_style
style_of(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return FE_STYLE_SINGLE;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return FE_STYLE_DOUBLE;
	case YAML_LITERAL_SCALAR_STYLE:
	case YAML_FOLDED_SCALAR_STYLE:
		return FE_STYLE_BLOCK;
	default:
		return FE_STYLE_PLAIN;
	}
}

static bool
is_null_word(struct fe_str s)
{
	return s.n == 0 || fe_str_is(s, "~") || fe_str_is(s, "null") || fe_str_is(s, "Null") ||
	       fe_str_is(s, "NULL");
}

static void
on_scalar(struct builder *b, const yaml_event_t *e)
{
	struct fe_str value = { (const char *)e->data.scalar.value, e->data.scalar.length };
	if (memchr(value.p, '\0', value.n)) {
		refuse(b, e->start_mark, "a text with a NUL character in it");
		return;
	}
	struct fe_str text = { fe_arena_copy(b->arena, value.p, value.n), value.n };
	struct level *up = b->depth ? &b->stack[b->depth - 1] : NULL;
	if (up && up->node->kind == FE_NODE_MAP && !up->has_key) {
		up->has_key = true;
		up->key = text;
		up->key_line = line_of(e->start_mark);
		up->key_column = column_of(e->start_mark);
		return;
	}
	struct fe_node *node = add_node(b, FE_NODE_SCALAR, e);
	if (!node)
		return;
	node->text = text;
	node->style = style_of(e->data.scalar.style);
	node->is_one_line = e->start_mark.line == e->end_mark.line;
	node->is_empty = node->style == FE_STYLE_PLAIN && is_null_word(text);
}

static int
by_key(const void *x, const void *y)
{
	const struct fe_node *a = *(const struct fe_node *const *)x;
	const struct fe_node *b = *(const struct fe_node *const *)y;
	size_t n = a->key.n < b->key.n ? a->key.n : b->key.n;
	int order = memcmp(a->key.p, b->key.p, n);
	if (order)
		return order;
	if (a->key.n != b->key.n)
		return a->key.n < b->key.n ? -1 : 1;
	if (a->key_line != b->key_line)
		return a->key_line < b->key_line ? -1 : 1;
	return a->key_column < b->key_column ? -1 : a->key_column > b->key_column;
}

/* The later of two equal keys is the mistake, and is wrong from here on. */
static void
check_keys_differ(struct builder *b, struct fe_node *map)
{
	if (map->n_children < 2)
		return;
	struct fe_node **sorted = fe_new_array(map->n_children, struct fe_node *);
	size_t n = 0;
	for (struct fe_node *c = map->first; c; c = c->next)
		sorted[n++] = c;
	qsort(sorted, n, sizeof(*sorted), by_key);
	for (size_t i = 1; i < n; i++) {
		if (!fe_str_eq(sorted[i]->key, sorted[i - 1]->key))
			continue;
		struct fe_str shown = fe_mistake_shown(sorted[i]->key);
		sorted[i]->is_wrong = true;
		fe_mistake_add(b->mistakes, sorted[i]->key_line, sorted[i]->key_column,
			       "key '%.*s' stands twice; the first is on line %llu", FE_STR_ARGS(shown),
			       (unsigned long long)sorted[i - 1]->key_line);
	}
	fe_free(sorted);
}

static void
on_start(struct builder *b, const yaml_event_t *e, enum fe_node_kind kind)
{
	struct fe_node *node = add_node(b, kind, e);
	if (!node)
		return;
	if (b->depth == FE_YAML_MAX_DEPTH) {
		refuse(b, e->start_mark, "nested deeper than %d levels", FE_YAML_MAX_DEPTH);
		return;
	}
	b->stack[b->depth++] = (struct level){ .node = node };
}

/* Anchors and tags, wherever they stand. */
static void
refuse_marks(struct builder *b, const yaml_event_t *e, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		refuse(b, e->start_mark, "an anchor '&': write the value out where it is needed");
	else if (tag)
		refuse(b, e->start_mark, "a tag '!': put the text in quotes if it begins with '!'");
}

static void
on_event(struct builder *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++b->n_documents > 1)
			refuse(b, e->start_mark, "a second document: one pipeline a file");
		break;
	case YAML_ALIAS_EVENT:
		refuse(b, e->start_mark,
		       "an alias '*': write the value out, or put the text in quotes if it begins with '*'");
		break;
	case YAML_SCALAR_EVENT:
		refuse_marks(b, e, e->data.scalar.anchor, e->data.scalar.tag);
		if (!b->is_broken)
			on_scalar(b, e);
		break;
	case YAML_SEQUENCE_START_EVENT:
		refuse_marks(b, e, e->data.sequence_start.anchor, e->data.sequence_start.tag);
		if (!b->is_broken)
			on_start(b, e, FE_NODE_LIST);
		break;
	case YAML_MAPPING_START_EVENT:
		refuse_marks(b, e, e->data.mapping_start.anchor, e->data.mapping_start.tag);
		if (!b->is_broken)
			on_start(b, e, FE_NODE_MAP);
		break;
	case YAML_MAPPING_END_EVENT:
		check_keys_differ(b, b->stack[b->depth - 1].node);
		b->depth--;
		break;
	case YAML_SEQUENCE_END_EVENT:
		b->depth--;
		break;
	default:
		break;
	}
}

/* The place is where the parser gave up; what is wrong is often just before it. */
#define HINT "; see the indentation, brackets and quotes here and on the line before"

static void
refuse_syntax(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	const char *problem = p->problem ? p->problem : "unreadable";
	switch (p->error) {
	case YAML_READER_ERROR:
		fe_mistake_add(b->mistakes, line_of(p->mark), column_of(p->mark),
			       "not YAML: %s, near byte %zu; the file must be UTF-8 text", problem,
			       p->problem_offset);
		break;
	case YAML_MEMORY_ERROR:
		refuse(b, p->mark, "out of memory while reading");
		break;
	default:
		if (p->context)
			refuse(b, p->problem_mark, "not YAML: %s %s that begins on line %llu" HINT, problem,
			       p->context, (unsigned long long)line_of(p->context_mark));
		else
			refuse(b, p->problem_mark, "not YAML: %s" HINT, problem);
	}
	b->is_broken = true;
}

void
fe_yaml_parse(struct fe_str text, struct fe_arena *arena, struct fe_node **root,
              struct fe_mistakes *mistakes)
{
	struct builder b = { .arena = arena, .mistakes = mistakes };
	*root = NULL;
	if (text.n > FE_YAML_MAX_BYTES) {
		fe_mistake_add(mistakes, 1, 1, "larger than %zu bytes", FE_YAML_MAX_BYTES);
		return;
	}
	if (!yaml_parser_initialize(&b.parser)) {
		fe_mistake_add(mistakes, 1, 1, "out of memory while reading");
		return;
	}
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)(text.n ? text.p : ""), text.n);

	bool is_end = false;
	while (!is_end && !b.is_broken) {
		yaml_event_t e;
		if (!yaml_parser_parse(&b.parser, &e)) {
			refuse_syntax(&b);
			break;
		}
		on_event(&b, &e);
		is_end = e.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&b.parser);
	if (b.is_broken)
		return;
	if (!b.root)
		fe_mistake_add(mistakes, 1, 1, "the file is empty");
	*root = b.root;
}

const struct fe_node *
fe_node_get(const struct fe_node *map, const char *key)
{
	if (!map || map->kind != FE_NODE_MAP)
		return NULL;
	for (const struct fe_node *c = map->first; c; c = c->next)
		if (!c->is_wrong && fe_str_is(c->key, key))
			return c;
	return NULL;
}

const char *
fe_node_kind_name(const struct fe_node *node)
{
	switch (node->kind) {
	case FE_NODE_LIST:
		return "a list";
	case FE_NODE_MAP:
		return "a mapping";
	default:
		return node->is_empty ? "nothing" : "a single value";
	}
}

void
fe_node_place(const struct fe_node *node, size_t offset, uint64_t *line, uint64_t *column)
{
	*line = node->line;
	*column = node->column;
	if (node->style == FE_STYLE_BLOCK || !node->is_one_line)
		return;
	if (node->style != FE_STYLE_PLAIN)
		(*column)++; /* the quote */
	for (size_t i = 0; i < offset && i < node->text.n; i++) {
		char c = node->text.p[i];
		if (((unsigned char)c & 0xC0) != 0x80)
			(*column)++;
		/* Written as two characters. */
		if ((node->style == FE_STYLE_SINGLE && c == '\'') ||
		    (node->style == FE_STYLE_DOUBLE && (c == '"' || c == '\\' || c == '\n' || c == '\t')))
			(*column)++;
	}
}

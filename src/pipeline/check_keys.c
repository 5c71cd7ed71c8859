// SPDX-License-Identifier: Apache-2.0
/* pipeline/check_keys.c - a tree of nodes held against the tables of keys
 *
 * Works through a list of (mapping, node) pairs that grows as inner mappings are met.
 * Everything that the tables can tell is told here; the rest of the pipeline layer
 * reads only what passed.
 */
#include "base/decimal.h"
#include "base/text.h"
#include "base/time.h"
#include "pipeline/keys.h"

struct work {
	struct fe_node *node;
	const struct fe_mapping *mapping;
};

struct checker {
	struct fe_mistakes *mistakes;
	struct work *todo;
	size_t n_todo, cap_todo;
};

#define WRONG(c, node, ...)                                                                      \
	((node)->is_wrong = true, fe_mistake_add((c)->mistakes, (node)->line, (node)->column, __VA_ARGS__))

static void
add_work(struct checker *c, struct fe_node *node, const struct fe_mapping *mapping)
{
	c->todo = fe_grow(c->todo, &c->cap_todo, c->n_todo + 1, sizeof(*c->todo));
	c->todo[c->n_todo++] = (struct work){ node, mapping };
}

static bool
is_table_name(struct fe_str s)
{
	const char *dot = s.n ? memchr(s.p, '.', s.n) : NULL;
	if (!dot)
		return fe_is_sql_name(s);
	size_t n = (size_t)(dot - s.p);
	return fe_is_sql_name((struct fe_str){ s.p, n }) &&
	       fe_is_sql_name((struct fe_str){ dot + 1, s.n - n - 1 });
}

static void
check_choice(struct checker *c, const struct fe_key *key, struct fe_node *node)
{
	size_t n = 0;
	struct fe_buf all;
	for (; key->choices[n]; n++)
		if (fe_str_is(node->text, key->choices[n]))
			return;
	fe_buf_init(&all, 512);
	for (size_t i = 0; i < n; i++)
		fe_buf_addf(&all, "%s'%s'", i == 0 ? "" : i + 1 == n ? " or " : ", ", key->choices[i]);
	struct fe_str shown = fe_mistake_shown(node->text);
	const char *nearest = fe_text_nearest(node->text, key->choices, n);
	if (nearest && n > 1)
		WRONG(c, node, "'%s' is %s, not '%.*s'; did you mean '%s'?", key->name, fe_buf_text(&all),
		      FE_STR_ARGS(shown), nearest);
	else
		WRONG(c, node, "'%s' is %s, not '%.*s'", key->name, fe_buf_text(&all), FE_STR_ARGS(shown));
	fe_buf_reset(&all);
}

static void
check_number(struct checker *c, const struct fe_key *key, struct fe_node *node)
{
	struct fe_str shown = fe_mistake_shown(node->text);
	int64_t v, low = key->min, high = key->max;
	bool ok;
	if (key->kind == FE_KEY_INT) {
		ok = fe_int_parse(node->text, &v) == FE_DECIMAL_OK;
	} else {
		ok = fe_decimal_parse(node->text, FE_DECIMAL_MAX_PRECISION, key->scale, NULL, &v) == FE_DECIMAL_OK;
		low *= fe_pow10[key->scale];
		high *= fe_pow10[key->scale];
	}
	if (ok && v >= low && v <= high)
		return;
	if (key->max == INT64_MAX)
		WRONG(c, node, "'%s' is a whole number, at least %lld, not '%.*s'", key->name, (long long)key->min,
		      FE_STR_ARGS(shown));
	else
		WRONG(c, node, "'%s' is a number from %lld to %lld, not '%.*s'", key->name, (long long)key->min,
		      (long long)key->max, FE_STR_ARGS(shown));
}

static void
check_char(struct checker *c, const struct fe_key *key, struct fe_node *node)
{
	for (size_t i = 0; key->choices && key->choices[i]; i++)
		if (fe_str_is(node->text, key->choices[i]))
			return;
	char ch = node->text.n == 1 ? node->text.p[0] : 'x';
	bool is_alnum = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
	if (is_alnum || (ch < ' ' && ch != '\t') || ch > '~')
		WRONG(c, node, "'%s' is one character that is no letter or digit, or '%s'", key->name,
		      key->choices[0]);
}

static void
check_scalar(struct checker *c, const struct fe_key *key, struct fe_node *node)
{
	struct fe_str shown = fe_mistake_shown(node->text);
	struct fe_type type;
	struct fe_err err;
	int64_t ms;
	switch (key->kind) {
	case FE_KEY_NAME:
		if (!fe_is_sql_name(node->text))
			WRONG(c, node, "'%.*s' is not a name: small letters, digits and _, at most 63, no digit first",
			      FE_STR_ARGS(shown));
		break;
	case FE_KEY_TABLE:
		if (!is_table_name(node->text))
			WRONG(c, node, "'%.*s' is not the name of a table: name or schema.name, of small letters, digits and _",
			      FE_STR_ARGS(shown));
		break;
	case FE_KEY_TYPE:
		if (fe_type_parse(node->text, &type, &err))
			WRONG(c, node, "%s", err.text);
		break;
	case FE_KEY_INT:
	case FE_KEY_DECIMAL:
		check_number(c, key, node);
		break;
	case FE_KEY_DURATION:
		if (fe_duration_parse(node->text, &ms, &err))
			WRONG(c, node, "'%s': %s", key->name, err.text);
		break;
	case FE_KEY_BOOL:
		if (!fe_str_is(node->text, "true") && !fe_str_is(node->text, "false"))
			WRONG(c, node, "'%s' is true or false, not '%.*s'", key->name, FE_STR_ARGS(shown));
		break;
	case FE_KEY_CHAR:
		check_char(c, key, node);
		break;
	case FE_KEY_CHOICE:
	case FE_KEY_CHOICES:
		check_choice(c, key, node);
		break;
	default:
		break;
	}
}

/* Neither nothing nor a bare null is taken for a text. */
static void
refuse_empty(struct checker *c, const struct fe_key *key, struct fe_node *node)
{
	if (node->text.n)
		WRONG(c, node, "'%s': put '%.*s' in quotes where the text is meant, or leave it out", key->name,
		      FE_STR_ARGS(node->text));
	else
		WRONG(c, node, "'%s' has no value here; give it one or leave it out", key->name);
}

/* A scalar with something in it. */
static bool
is_filled(struct checker *c, const struct fe_key *key, struct fe_node *node)
{
	if (node->kind != FE_NODE_SCALAR)
		WRONG(c, node, "'%s' takes texts here, not %s", key->name, fe_node_kind_name(node));
	else if (node->is_empty)
		refuse_empty(c, key, node);
	return !node->is_wrong;
}

static void
check_count(struct checker *c, const struct fe_key *key, struct fe_node *node, bool of_items)
{
	int64_t n = (int64_t)node->n_children;
	if (key->max == 0 || (n >= key->min && n <= key->max))
		return;
	const char *what = of_items ? "an item of" : "";
	if (key->min == key->max)
		WRONG(c, node, "%s%s'%s' has %lld values, not %lld", what, of_items ? " " : "", key->name,
		      (long long)key->min, (long long)n);
	else
		WRONG(c, node, "%s%s'%s' has from %lld to %lld values, not %lld", what, of_items ? " " : "",
		      key->name, (long long)key->min, (long long)key->max, (long long)n);
}

static void
check_texts(struct checker *c, const struct fe_key *key, struct fe_node *list)
{
	for (struct fe_node *item = list->first; item; item = item->next)
		if (is_filled(c, key, item) && key->kind == FE_KEY_CHOICES)
			check_choice(c, key, item);
}

static void
check_lists(struct checker *c, const struct fe_key *key, struct fe_node *list)
{
	for (struct fe_node *item = list->first; item; item = item->next) {
		if (item->kind != FE_NODE_LIST) {
			WRONG(c, item, "an item of '%s' is a list in brackets, not %s", key->name,
			      fe_node_kind_name(item));
			continue;
		}
		check_count(c, key, item, true);
		check_texts(c, key, item);
	}
}

static void
check_mappings(struct checker *c, const struct fe_key *key, struct fe_node *node)
{
	for (struct fe_node *item = node->first; item; item = item->next) {
		if (key->kind == FE_KEY_NAMED && !is_table_name(item->key)) {
			struct fe_str shown = fe_mistake_shown(item->key);
			item->is_wrong = true;
			fe_mistake_add(c->mistakes, item->key_line, item->key_column,
				       "'%.*s' is not the name of a table: name or schema.name, of small letters, digits and _",
				       FE_STR_ARGS(shown));
		}
		if (item->kind != FE_NODE_MAP)
			WRONG(c, item, "%s is a mapping, not %s", key->of->name, fe_node_kind_name(item));
		else if (!item->is_wrong)
			add_work(c, item, key->of);
	}
}

const struct fe_mapping *
fe_keys_kind_of(const struct fe_mapping *const *one_of, const struct fe_node *map)
{
	for (size_t i = 0; one_of[i]; i++)
		for (const struct fe_node *n = map->first; n; n = n->next)
			if (fe_str_is(n->key, one_of[i]->keys[0].name))
				return one_of[i];
	return NULL;
}

/* One that has none of the first keys may have one misspelt. */
static void
refuse_no_kind(struct checker *c, const struct fe_key *key, struct fe_node *map)
{
	const char *names[16];
	size_t n = 0;
	struct fe_buf all;
	fe_buf_init(&all, 512);
	for (; key->one_of[n] && n < 16; n++) {
		names[n] = key->one_of[n]->keys[0].name;
		fe_buf_addf(&all, "%s'%s'", n == 0 ? "" : key->one_of[n + 1] ? ", " : " or ", names[n]);
	}
	map->is_wrong = true;
	for (const struct fe_node *item = map->first; item; item = item->next) {
		const char *nearest = fe_text_nearest(item->key, names, n);
		if (!nearest)
			continue;
		struct fe_str shown = fe_mistake_shown(item->key);
		fe_mistake_add(c->mistakes, item->key_line, item->key_column,
			       "'%s' has no '%.*s'; did you mean '%s'?", key->name, FE_STR_ARGS(shown), nearest);
		fe_buf_reset(&all);
		return;
	}
	fe_mistake_add(c->mistakes, map->line, map->column, "'%s' needs one of %s", key->name, fe_buf_text(&all));
	fe_buf_reset(&all);
}

static void
check_one_of(struct checker *c, const struct fe_key *key, struct fe_node *map)
{
	const struct fe_mapping *kind = fe_keys_kind_of(key->one_of, map);
	if (kind)
		add_work(c, map, kind);
	else
		refuse_no_kind(c, key, map);
}

static enum fe_node_kind
node_kind_of(enum fe_key_kind kind)
{
	switch (kind) {
	case FE_KEY_TEXTS:
	case FE_KEY_LISTS:
	case FE_KEY_MAPPINGS:
		return FE_NODE_LIST;
	case FE_KEY_PAIRS:
	case FE_KEY_MAPPING:
	case FE_KEY_NAMED:
	case FE_KEY_ONE_OF:
		return FE_NODE_MAP;
	default:
		return FE_NODE_SCALAR;
	}
}

static void
refuse_kind(struct checker *c, const struct fe_key *key, struct fe_node *node)
{
	static const char *const wanted[] = {
		[FE_NODE_SCALAR] = "a single value", [FE_NODE_LIST] = "a list", [FE_NODE_MAP] = "a mapping"
	};
	WRONG(c, node, "'%s' takes %s, not %s", key->name, wanted[node_kind_of(key->kind)],
	      fe_node_kind_name(node));
}

static void
check_value(struct checker *c, const struct fe_key *key, struct fe_node *node)
{
	bool is_list = node->kind == FE_NODE_LIST;
	if (node->kind == FE_NODE_SCALAR && node->is_empty) {
		refuse_empty(c, key, node);
		return;
	}
	if (is_list && (key->kind == FE_KEY_CHOICES || key->kind == FE_KEY_ALL_OR_TEXTS)) {
		check_texts(c, key, node);
		return;
	}
	if (node->kind != node_kind_of(key->kind)) {
		refuse_kind(c, key, node);
		return;
	}
	switch (key->kind) {
	case FE_KEY_TEXTS:
		check_count(c, key, node, false);
		check_texts(c, key, node);
		break;
	case FE_KEY_LISTS:
		check_lists(c, key, node);
		break;
	case FE_KEY_PAIRS:
		check_count(c, key, node, false);
		for (struct fe_node *item = node->first; item; item = item->next)
			if (!key->may_be_empty || item->kind != FE_NODE_SCALAR || !item->is_empty)
				(void)is_filled(c, key, item);
		break;
	case FE_KEY_MAPPING:
		add_work(c, node, key->of);
		break;
	case FE_KEY_ONE_OF:
		check_one_of(c, key, node);
		break;
	case FE_KEY_MAPPINGS:
	case FE_KEY_NAMED:
		check_count(c, key, node, false);
		check_mappings(c, key, node);
		break;
	case FE_KEY_ALL_OR_TEXTS:
		if (!fe_str_is(node->text, "all"))
			WRONG(c, node, "'%s' is the word all, or a list in brackets", key->name);
		break;
	default:
		check_scalar(c, key, node);
	}
}

const struct fe_key *
fe_key_find(const struct fe_mapping *mapping, struct fe_str name)
{
	for (const struct fe_key *k = mapping->keys; k->name; k++)
		if (fe_str_is(name, k->name))
			return k;
	return NULL;
}

static void
refuse_unknown(struct checker *c, const struct fe_mapping *mapping, struct fe_node *node)
{
	const char *names[32];
	size_t n = 0;
	struct fe_buf all;
	node->is_wrong = true;
	if (fe_mistakes_full(c->mistakes))
		return; /* the nearest name would be sought for nothing */
	fe_buf_init(&all, 2048);
	for (const struct fe_key *k = mapping->keys; k->name && n < 32; k++) {
		fe_buf_addf(&all, "%s%s", n ? ", " : "", k->name);
		names[n++] = k->name;
	}
	struct fe_str shown = fe_mistake_shown(node->key);
	const char *nearest = fe_text_nearest(node->key, names, n);
	if (nearest)
		fe_mistake_add(c->mistakes, node->key_line, node->key_column,
			       "unknown key '%.*s' in %s; did you mean '%s'?", FE_STR_ARGS(shown), mapping->name,
			       nearest);
	else
		fe_mistake_add(c->mistakes, node->key_line, node->key_column,
			       "unknown key '%.*s' in %s; it may have %s", FE_STR_ARGS(shown), mapping->name,
			       fe_buf_text(&all));
	fe_buf_reset(&all);
}

static bool
has_key(const struct fe_node *map, const char *name)
{
	for (const struct fe_node *n = map->first; n; n = n->next)
		if (fe_str_is(n->key, name))
			return true;
	return false;
}

static void
check_mapping(struct checker *c, const struct fe_mapping *mapping, struct fe_node *map)
{
	for (struct fe_node *n = map->first; n; n = n->next) {
		if (n->is_wrong)
			continue;
		const struct fe_key *key = fe_key_find(mapping, n->key);
		if (key)
			check_value(c, key, n);
		else
			refuse_unknown(c, mapping, n);
	}
	for (const struct fe_key *k = mapping->keys; k->name; k++)
		if (k->is_required && !has_key(map, k->name))
			fe_mistake_add(c->mistakes, map->line, map->column, "%s needs '%s'", mapping->name, k->name);
}

void
fe_keys_check(struct fe_node *root, const struct fe_mapping *mapping, struct fe_mistakes *mistakes)
{
	struct checker c = { .mistakes = mistakes };
	if (root->kind != FE_NODE_MAP) {
		WRONG(&c, root, "%s is a mapping (key: value), not %s", mapping->name, fe_node_kind_name(root));
		return;
	}
	add_work(&c, root, mapping);
	while (c.n_todo) {
		struct work w = c.todo[--c.n_todo];
		check_mapping(&c, w.mapping, w.node);
	}
	fe_free(c.todo);
}

void
fe_keys_check_column(struct fe_node *map, const struct fe_mapping *mapping, enum fe_kind kind,
                     bool is_computed, struct fe_mistakes *mistakes)
{
	for (struct fe_node *n = map->first; n; n = n->next) {
		const struct fe_key *key = n->is_wrong ? NULL : fe_key_find(mapping, n->key);
		if (!key)
			continue;
		const char *why = NULL;
		if (is_computed && key->only_read)
			why = "a computed column, which is not read";
		else if (key->kinds && !(key->kinds & 1u << kind))
			why = fe_kind_name(kind);
		if (!why)
			continue;
		n->is_wrong = true;
		fe_mistake_add(mistakes, n->key_line, n->key_column, "'%s' is not for %s", key->name, why);
	}
}

struct fe_str
fe_key_text(const struct fe_mapping *mapping, const struct fe_node *map, const char *key)
{
	const struct fe_node *node = fe_node_get(map, key);
	if (node)
		return node->text;
	const struct fe_key *k = fe_key_find(mapping, fe_str_of(key));
	FE_ASSERT(k);
	return fe_str_of(k->preset);
}

bool
fe_key_bool(const struct fe_mapping *mapping, const struct fe_node *map, const char *key)
{
	return fe_str_is(fe_key_text(mapping, map, key), "true");
}

int64_t
fe_key_ms(const struct fe_mapping *mapping, const struct fe_node *map, const char *key)
{
	int64_t ms = 0;
	FE_ASSERT(fe_duration_parse(fe_key_text(mapping, map, key), &ms, NULL) == FE_OK);
	return ms;
}

int64_t
fe_key_int(const struct fe_mapping *mapping, const struct fe_node *map, const char *key)
{
	int64_t v = 0;
	struct fe_str text = fe_key_text(mapping, map, key);
	FE_ASSERT(fe_int_parse(text, &v) == FE_DECIMAL_OK);
	return v;
}

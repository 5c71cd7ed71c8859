// SPDX-License-Identifier: Apache-2.0
/* format/json_shape.c - see format/json_shape.h */
#include "format/json_shape.h"

#include "base/buf.h"
#include "format/json_scan.h"
#include "format/json_tree.h"

#define NOT_AN_INDEX UINT64_MAX

_Static_assert(sizeof(((struct fe_json_member *)0)->head) == FE_JSON_HEAD_BYTES, "what begins() reads");

static struct fe_json_node *
new_node(struct fe_json_shape *s)
{
	struct fe_json_node *node = fe_arena_alloc_zero(&s->arena, sizeof *node);
	node->target = -1;
	return node;
}

void
fe_json_shape_init(struct fe_json_shape *s)
{
	*s = (struct fe_json_shape){ .nothing = { .target = -1, .n_learned = FE_JSON_MAX_LEARNED } };
	fe_hash_key_random(&s->hash_key);
}

void
fe_json_shape_reset(struct fe_json_shape *s)
{
	fe_arena_free(&s->arena);
}

struct fe_json_node *
fe_json_shape_root(struct fe_json_shape *s)
{
	return new_node(s);
}

/* ---- members ---- */

struct fe_json_member *
fe_json_shape_find(const struct fe_json_shape *s, const struct fe_json_node *node, struct fe_str key)
{
	if (node->n_slots == 0)
		return NULL;
	size_t slot = fe_hash64(&s->hash_key, key.p, key.n) & (node->n_slots - 1);
	for (; node->slots[slot]; slot = (slot + 1) & (node->n_slots - 1))
		if (fe_str_eq(node->slots[slot]->key, key))
			return node->slots[slot];
	return NULL;
}

static void
put_in_slot(struct fe_json_shape *s, struct fe_json_node *node, struct fe_json_member *m)
{
	size_t slot = fe_hash64(&s->hash_key, m->key.p, m->key.n) & (node->n_slots - 1);
	while (node->slots[slot])
		slot = (slot + 1) & (node->n_slots - 1);
	node->slots[slot] = m;
}

/* Half of the slots stay free. */
static void
make_room(struct fe_json_shape *s, struct fe_json_node *node)
{
	struct fe_json_member **old = node->slots;
	size_t n_old = node->n_slots;

	if (2 * (node->n_members + 1) <= n_old)
		return;
	node->n_slots = n_old ? 2 * n_old : 16;
	node->slots = fe_arena_alloc_zero(&s->arena, node->n_slots * sizeof(struct fe_json_member *));
	for (size_t i = 0; i < n_old; i++)
		if (old[i])
			put_in_slot(s, node, old[i]);
}

static struct fe_json_member *
add_member(struct fe_json_shape *s, struct fe_json_node *node, struct fe_str literal, struct fe_str key)
{
	struct fe_json_member *m = fe_arena_alloc_zero(&s->arena, sizeof *m);

	m->literal = (struct fe_str){ fe_arena_copy(&s->arena, literal.p, literal.n), literal.n };
	m->key = (struct fe_str){ fe_arena_copy(&s->arena, key.p, key.n), key.n };
	m->node = new_node(s);
	m->node->member = m;
	m->target = -1;
	/* A longer one is not begun by zeros. */
	m->n_head = sizeof m->head;
	if (literal.n <= sizeof m->head) {
		m->n_head = (uint32_t)literal.n;
		memcpy(m->head, literal.p, literal.n);
	}
	make_room(s, node);
	put_in_slot(s, node, m);
	node->n_members++;
	return m;
}

struct fe_json_member *
fe_json_shape_learn(struct fe_json_shape *s, struct fe_json_node *node, struct fe_str literal, struct fe_str key)
{
	if (node->n_learned == FE_JSON_MAX_LEARNED || s->n_learned == FE_JSON_MAX_LEARNED_NODES)
		return NULL;
	node->n_learned++;
	s->n_learned++;
	return add_member(s, node, literal, key);
}

struct fe_json_node *
fe_json_shape_element(struct fe_json_shape *s, struct fe_json_node *node, uint64_t index)
{
	for (size_t i = 0; i < node->n_items; i++)
		if (node->items[i].index == index)
			return node->items[i].node;
	if (!node->element) {
		if (node == &s->nothing || s->n_learned == FE_JSON_MAX_LEARNED_NODES)
			return &s->nothing;
		s->n_learned++;
		node->element = new_node(s);
	}
	return node->element;
}

void
fe_json_shape_want(struct fe_json_node *node, int target)
{
	node->target = target;
	if (node->member)
		node->member->target = target;
}

/* ---- paths ---- */

/* Digits without a zero in front, as RFC 6901 has them. */
static uint64_t
index_of(struct fe_str name)
{
	uint64_t v = 0;

	if (name.n == 0 || name.n > 9 || (name.p[0] == '0' && name.n > 1))
		return NOT_AN_INDEX;
	for (size_t i = 0; i < name.n; i++) {
		if (!fe_json_is_digit(name.p[i]))
			return NOT_AN_INDEX;
		v = v * 10 + (uint64_t)(name.p[i] - '0');
	}
	return v;
}

static struct fe_json_node *
child_named(struct fe_json_shape *s, struct fe_json_node *node, struct fe_str name)
{
	struct fe_json_member *m = fe_json_shape_find(s, node, name);
	uint64_t index = index_of(name);

	node->is_level = true;
	if (m)
		return m->node;
	struct fe_buf literal;
	fe_buf_init(&literal, FE_JSON_MAX_KEY_BYTES + 4);
	fe_buf_addf(&literal, "\"%.*s\":", FE_STR_ARGS(name));
	m = add_member(s, node, fe_buf_str(&literal), name);
	fe_buf_reset(&literal);
	if (index != NOT_AN_INDEX) {
		struct fe_json_item *items = fe_arena_alloc(&s->arena, (node->n_items + 1) * sizeof *items);
		if (node->n_items)
			memcpy(items, node->items, node->n_items * sizeof *items);
		items[node->n_items++] = (struct fe_json_item){ index, m->node };
		node->items = items;
	}
	return m->node;
}

/* ~1 is '/', ~0 is '~'. */
static bool
undo_tildes(struct fe_str in, char *out, size_t *n_bytes)
{
	*n_bytes = 0;
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];
		if (c == '~') {
			if (++i == in.n || (in.p[i] != '0' && in.p[i] != '1'))
				return false;
			c = in.p[i] == '0' ? '~' : '/';
		}
		out[(*n_bytes)++] = c;
	}
	return true;
}

static enum fe_rc
refuse_path(const char *path, const char *why, struct fe_err *err)
{
	return fe_fail(err, FE_EUSAGE, "'%s' is no path of JSON: %s", path, why);
}

enum fe_rc
fe_json_shape_path(struct fe_json_shape *s, struct fe_json_node *root, const char *path, struct fe_json_node **out,
                   struct fe_err *err)
{
	const bool is_pointer = path[0] == '/';
	const char separator = is_pointer ? '/' : '.';
	const char *p = path + is_pointer;
	struct fe_json_node *node = root;
	char name[FE_JSON_MAX_KEY_BYTES];

	*out = NULL;
	for (size_t n_names = 1;; n_names++) {
		const char *end = strchr(p, separator);
		struct fe_str part = { p, end ? (size_t)(end - p) : strlen(p) };

		if (n_names > FE_JSON_MAX_PATH_NAMES)
			return refuse_path(path, "it has more than 32 names", err);
		if (part.n > sizeof name)
			return refuse_path(path, "a name of more than 256 bytes", err);
		if (part.n == 0 && !is_pointer)
			return refuse_path(path, "a name is empty; names stand with dots between, as in 'customer.city', "
			                         "and one that has a dot itself is written '/na.me'", err);
		if (is_pointer && !undo_tildes(part, name, &part.n))
			return refuse_path(path, "behind '~' stands 0 (for '~') or 1 (for '/')", err);
		if (is_pointer)
			part.p = name;
		node = child_named(s, node, part);
		if (!node->path)
			node->path = fe_arena_copy(&s->arena, path, end ? (size_t)(end - path) : strlen(path));
		if (!end)
			break;
		p = end + 1;
	}
	*out = node;
	return FE_OK;
}

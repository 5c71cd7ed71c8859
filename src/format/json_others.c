// SPDX-License-Identifier: Apache-2.0
/* format/json_others.c - members of a record that no column reads
 *
 * Those of the record itself, and of the objects in it that the path of a column leads through:
 * where somebody looked and took some, and not the others.
 */
#include "base/text.h"
#include "format/json_walk.h"

#define MAX_PATH_BYTES ((size_t)FE_JSON_MAX_PATH_NAMES * (2 * FE_JSON_MAX_KEY_BYTES + 1))

/* The wanted key that this one may be a slip for; NULL: none. */
static const char *
nearest_key(const struct fe_json_node *node, struct fe_str key, struct fe_arena *arena)
{
	const char **names = fe_new_array(node->n_members + 1, const char *);
	size_t n = 0;

	for (size_t i = 0; i < node->n_slots; i++)
		if (node->slots[i])
			names[n++] = fe_arena_copy(arena, node->slots[i]->key.p, node->slots[i]->key.n);
	const char *nearest = fe_text_nearest(key, names, n);
	fe_free(names);
	return nearest;
}

/* What is wrong with a record counts first: this is told when the record is whole. */
void
fe_json_refuse_other(struct fe_json_reader *r, const struct fe_json_node *node, const char *at, struct fe_str key)
{
	if (r->has_other)
		return;
	const char *nearest = nearest_key(node, key, r->arena);
	struct fe_buf what;
	fe_buf_init(&what, 1024);
	fe_buf_add_text(&what, "no column reads this member; ");
	if (nearest) {
		fe_buf_add_text(&what, "is '");
		fe_buf_add_printable(&what, fe_str_of(nearest), 80);
		fe_buf_add_text(&what, "' meant? else ");
	}
	fe_buf_add_text(&what, "declare one, or set contract: discard_column or evolve:");
	(void)fe_json_fail(r, at, FE_EDATA, fe_arena_copy(r->arena, what.p, what.n_bytes));
	fe_buf_reset(&what);
	r->problem.key = (struct fe_str){ fe_arena_copy(r->arena, key.p, key.n), key.n };
	r->other = r->problem;
	r->has_other = true;
}

/* ---- taking them ---- */

static bool
is_plain(struct fe_str key)
{
	return key.n > 0 && key.p[0] != '/' && !memchr(key.p, '.', key.n);
}

/* As a name of a pointer: ~1 is '/', ~0 is '~'. */
static void
add_pointer_name(struct fe_buf *out, struct fe_str name)
{
	fe_buf_add_char(out, '/');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '~' || name.p[i] == '/')
			fe_buf_add_text(out, name.p[i] == '~' ? "~0" : "~1");
		else
			fe_buf_add_char(out, name.p[i]);
	}
}

/* A path with dots, as a pointer. */
static void
add_as_pointer(struct fe_buf *out, const char *path)
{
	for (const char *p = path;; p++) {
		size_t n = strcspn(p, ".");
		add_pointer_name(out, (struct fe_str){ p, n });
		p += n;
		if (!*p)
			return;
	}
}

static void
add_path(struct fe_buf *out, const char *parent, struct fe_str key)
{
	const bool is_pointer = parent && parent[0] == '/';

	if (!is_pointer && is_plain(key)) {
		fe_buf_addf(out, "%s%s", parent ? parent : "", parent ? "." : "");
		fe_buf_add_str(out, key);
		return;
	}
	if (is_pointer)
		fe_buf_add_text(out, parent);
	else if (parent)
		add_as_pointer(out, parent);
	add_pointer_name(out, key);
}

/* Its value is wanted from now on, behind those of the columns; the rows before had none. */
void
fe_json_take_other(struct fe_json_reader *r, const struct fe_json_node *parent, struct fe_json_member *m)
{
	struct fe_buf path;

	if (!m || r->n_others == FE_JSON_MAX_OTHERS) {
		r->has_more_others = true;
		return;
	}
	fe_buf_init(&path, MAX_PATH_BYTES);
	add_path(&path, parent->path, m->key);
	if (path.failed) {
		r->has_more_others = true;
	} else {
		size_t target = r->n_columns + r->n_others;
		r->others[r->n_others++] = fe_arena_copy(&r->shape.arena, path.p, path.n_bytes);
		fe_json_shape_want(m->node, (int)target);
		for (size_t row = 0; row <= r->row; row++)
			r->cells[target][row] = (struct fe_str){ 0 };
	}
	fe_buf_reset(&path);
}

size_t
fe_json_reader_n_others(const struct fe_json_reader *r)
{
	return r->n_others;
}

const char *
fe_json_reader_other(const struct fe_json_reader *r, size_t index)
{
	return r->others[index];
}

bool
fe_json_reader_has_more_others(const struct fe_json_reader *r)
{
	return r->has_more_others;
}

// SPDX-License-Identifier: Apache-2.0
/* format/json_keys.c - keys that were not foretold
 *
 * A member that the shape knows is told to stand twice by its stamp. Keys that the shape
 * does not take any more (maps with a key per customer) are kept while their object is open:
 * a few are compared one by one, many are sorted when it ends.
 */
#include <stdlib.h>

#include "format/json_escape.h"
#include "format/json_walk.h"

#define MAX_COMPARED 16

static struct fe_str
key_text(const struct fe_json_reader *r, struct fe_json_key key)
{
	return (struct fe_str){ r->key_bytes.p + key.at, key.n };
}

static bool
fail_twice(struct fe_json_reader *r, const char *at, struct fe_str key)
{
	(void)fe_json_fail(r, at, FE_EDATA, "an object has this key twice:");
	r->problem.key = (struct fe_str){ fe_arena_copy(r->arena, key.p, key.n), key.n };
	return false;
}

static bool
keep_key(struct fe_json_reader *r, struct fe_json_frame *f, const char *at, struct fe_str key)
{
	size_t n_kept = r->n_keys - f->first_key;

	for (size_t i = f->first_key; n_kept < MAX_COMPARED && i < r->n_keys; i++)
		if (fe_str_eq(key_text(r, r->keys[i]), key))
			return fail_twice(r, at, key);
	struct fe_json_key kept = { r->key_bytes.n_bytes, key.n };
	fe_buf_add_str(&r->key_bytes, key);
	if (r->key_bytes.failed) {
		(void)fe_json_fail(r, at, FE_ELIMIT, "objects with more keys than 64 MiB hold");
		return false;
	}
	r->keys = fe_grow(r->keys, &r->cap_keys, r->n_keys + 1, sizeof *r->keys);
	r->keys[r->n_keys++] = kept;
	return true;
}

static int
compare_keys(const void *a, const void *b, void *bytes)
{
	const struct fe_json_key *x = a, *y = b;
	const char *base = bytes;
	int order = memcmp(base + x->at, base + y->at, x->n < y->n ? x->n : y->n);
	return order ? order : (x->n > y->n) - (x->n < y->n);
}

bool
fe_json_end_keys(struct fe_json_reader *r, const struct fe_json_frame *f, const char *at)
{
	struct fe_json_key *keys = r->keys + f->first_key;
	size_t n = r->n_keys - f->first_key;
	bool is_good = true;

	if (n > MAX_COMPARED)
		qsort_r(keys, n, sizeof *keys, compare_keys, r->key_bytes.p);
	for (size_t i = 1; n > MAX_COMPARED && is_good && i < n; i++) {
		if (compare_keys(&keys[i - 1], &keys[i], r->key_bytes.p) == 0) {
			(void)fail_twice(r, at, key_text(r, keys[i]));
			is_good = false;
		}
	}
	r->n_keys = f->first_key;
	r->key_bytes.n_bytes = f->first_key_byte;
	r->key_bytes.failed = false;
	return is_good;
}

/* raw is what stands between the quotes. */
static bool
unescape_key(struct fe_json_reader *r, struct fe_str raw, struct fe_str *out)
{
	char *to = fe_arena_bytes(r->arena, raw.n);
	const char *bad;

	if (!fe_json_unescape(raw, to, &out->n, &bad)) {
		struct fe_str rest = { bad, (size_t)(raw.p + raw.n - bad) };
		(void)fe_json_fail(r, bad, FE_EDATA, fe_json_escape_flaw(rest));
		return false;
	}
	out->p = to;
	return true;
}

/* At the opening quote; *end is behind the closing one. */
static bool
read_text(struct fe_json_reader *r, const char *p, struct fe_str *key, const char **end)
{
	bool has_escapes = false, is_high = false;
	const char *close = fe_json_text_end(r, p + 1, &has_escapes, &is_high), *bad;

	if (!close)
		return false;
	*key = (struct fe_str){ p + 1, (size_t)(close - p - 1) };
	*end = close + 1;
	if (is_high && (bad = fe_json_utf8_flaw(*key))) {
		(void)fe_json_fail(r, bad, FE_EDATA, "a byte that is no UTF-8");
		return false;
	}
	if (has_escapes && key->n <= 6 * FE_JSON_MAX_KEY_BYTES && !unescape_key(r, *key, key))
		return false;
	if (key->n > FE_JSON_MAX_KEY_BYTES) {
		(void)fe_json_fail(r, p, FE_ELIMIT, "a key of more than 256 bytes");
		return false;
	}
	return true;
}

/* The member of a key, where the shape has it or takes it; it is foretold from now on. */
static bool
find_member(struct fe_json_reader *r, struct fe_json_frame *f, const char *at, struct fe_str literal,
            struct fe_str key, struct fe_json_node **node)
{
	struct fe_json_member *m = fe_json_shape_find(&r->shape, f->node, key);

	const bool is_other = !m && r->in_record && f->node->is_level;
	if (is_other && r->refuse_others)
		fe_json_refuse_other(r, f->node, at, key); /* not learned: it is to be met again */
	else if (!m)
		m = fe_json_shape_learn(&r->shape, f->node, literal, key);
	if (is_other && r->take_others)
		fe_json_take_other(r, f->node, m);
	if (!m) {
		*node = &r->shape.nothing;
		return keep_key(r, f, at, key);
	}
	if (m->stamp == f->run.stamp)
		return fail_twice(r, at, key);
	m->stamp = f->run.stamp;
	*f->run.next = m;
	f->run.next = &m->after;
	*node = m->node;
	return true;
}

/* The key and its colon as they stand, where they may stand so again. */
static struct fe_str
literal_of(const char *p, const char *colon, bool has_line_end)
{
	size_t n_bytes = (size_t)(colon + 1 - p);
	/* No key begins so: line ends have to be counted, and blanks may be many. */
	return has_line_end || n_bytes > 2 * FE_JSON_MAX_KEY_BYTES ? FE_STR("\n") : (struct fe_str){ p, n_bytes };
}

const char *
fe_json_read_key(struct fe_json_reader *r, const char *p, struct fe_json_node **node)
{
	struct fe_json_frame *f = &r->stack[r->depth - 1];
	const struct fe_json_lines before = r->lines;
	struct fe_str key = { 0 };
	const char *end;

	if (*p != '"')
		return fe_json_fail(r, p, FE_EDATA, "a key in double quotes is expected");
	if (!read_text(r, p, &key, &end))
		return NULL;
	const char *colon = fe_json_blanks(r, end);
	if (*colon != ':') {
		(void)fe_json_fail(r, colon, FE_EDATA, "':' is expected");
		r->lines = before;
		return NULL;
	}
	const struct fe_json_lines after = r->lines;
	r->lines = before; /* for what may be wrong with the key */
	if (f->n_children > FE_JSON_MAX_MEMBERS)
		return fe_json_fail(r, p, FE_ELIMIT, "more than 1000000 members");
	if (!find_member(r, f, p, literal_of(p, colon, after.n != before.n), key, node))
		return NULL;
	r->lines = after;
	return colon + 1;
}

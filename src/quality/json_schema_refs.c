// SPDX-License-Identifier: Apache-2.0
/* quality/json_schema_refs.c - where references lead
 *
 * A reference is a resource of the schema (its own, or one whose $id is the URI that it says, as
 * RFC 3986 joins them), and in that the root, an anchor, or a place named by a pointer.
 */
#include "quality/json_schema_private.h"

static size_t
scheme_length(struct fe_str uri)
{
	for (size_t i = 0; i < uri.n; i++) {
		char c = uri.p[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (c == ':')
			return i;
		if (!is_letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
			return 0;
	}
	return 0;
}

/* Bytes up to the path: "https://example.com". */
static size_t
authority_length(struct fe_str uri)
{
	size_t n = scheme_length(uri);

	n += n > 0;
	if (uri.n - n < 2 || memcmp(uri.p + n, "//", 2) != 0)
		return n;
	for (n += 2; n < uri.n && uri.p[n] != '/';)
		n++;
	return n;
}

static bool
begins(struct fe_str s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

struct fe_str
fe_schema_join(struct fe_json_schema *s, struct fe_str base, struct fe_str ref)
{
	size_t root = authority_length(base), n = base.n;
	char *out;

	if (!ref.n)
		return base;
	if (scheme_length(ref) || !base.n)
		return ref;
	if (ref.p[0] == '/') {
		n = begins(ref, "//") ? scheme_length(base) + 1 : root;
	} else {
		while (n > root && base.p[n - 1] != '/')
			n--;
		for (;;) {
			if (begins(ref, "./")) {
				ref = (struct fe_str){ ref.p + 2, ref.n - 2 };
			} else if (begins(ref, "../")) {
				ref = (struct fe_str){ ref.p + 3, ref.n - 3 };
				n -= n > root + 1;
				while (n > root && base.p[n - 1] != '/')
					n--;
			} else {
				break;
			}
		}
	}
	out = fe_arena_bytes(&s->arena, n + ref.n + 1);
	if (n)
		memcpy(out, base.p, n);
	if (n && n == root && ref.n && ref.p[0] != '/' && n > scheme_length(base) + 1)
		out[n++] = '/';
	if (ref.n)
		memcpy(out + n, ref.p, ref.n);
	return (struct fe_str){ out, n + ref.n };
}

static struct fe_schema_part *
resource_of(const struct fe_json_schema *s, struct fe_str uri)
{
	for (size_t i = 0; i < s->n_parts; i++)
		if (s->parts[i]->is_resource && fe_str_eq(s->parts[i]->uri, uri))
			return s->parts[i];
	return NULL;
}

const struct fe_schema_anchor *
fe_schema_anchor_of(const struct fe_json_schema *s, const struct fe_schema_part *resource, struct fe_str name)
{
	for (size_t i = 0; i < s->n_anchors; i++)
		if (s->anchors[i].part->resource == resource && fe_str_eq(s->anchors[i].name, name))
			return &s->anchors[i];
	return NULL;
}

static int
hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %41 is A. */
static struct fe_str
unquote(struct fe_json_schema *s, struct fe_str text)
{
	char *out = fe_arena_bytes(&s->arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '%' && text.n - i > 2 && hex_of(text.p[i + 1]) >= 0 && hex_of(text.p[i + 2]) >= 0) {
			out[n++] = (char)(hex_of(text.p[i + 1]) << 4 | hex_of(text.p[i + 2]));
			i += 2;
		} else {
			out[n++] = text.p[i];
		}
	}
	return (struct fe_str){ out, n };
}

/* In place: ~1 is /, ~0 is ~. */
static struct fe_str
plain_step(char *p, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		p[to] = p[i];
		if (p[i] == '~' && i + 1 < n && (p[i + 1] == '0' || p[i + 1] == '1'))
			p[to] = p[++i] == '0' ? '~' : '/';
		to++;
	}
	return (struct fe_str){ p, to };
}

static struct fe_py *
item_at(const struct fe_py *list, struct fe_str digits)
{
	size_t at = 0;

	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9' || at > list->n_items)
			return NULL;
		at = at * 10 + (size_t)(digits.p[i] - '0');
	}
	return digits.n && at < list->n_items ? list->items[at] : NULL;
}

/* The pointer is "/a/b"; NULL: there is no such place. *resource: that of the place. */
static struct fe_py *
place_of(struct fe_json_schema *s, struct fe_str pointer, struct fe_schema_part **resource)
{
	struct fe_py *at = (*resource)->json;
	char *p = fe_arena_copy(&s->arena, pointer.p, pointer.n), *end = p + pointer.n;

	while (at && p < end) {
		char *from = ++p;
		const struct fe_schema_part *part;

		while (p < end && *p != '/')
			p++;
		struct fe_str step = plain_step(from, (size_t)(p - from));
		at = at->kind == FE_PY_DICT ? fe_py_get(at, step) : at->kind == FE_PY_LIST ? item_at(at, step) : NULL;
		part = at ? at->mark : NULL;
		if (part && part->resource)
			*resource = part->resource;
	}
	return at;
}

enum fe_rc
fe_schema_resolve(struct fe_json_schema *s, const struct fe_schema_part *from, struct fe_str ref,
                  struct fe_schema_part **out, struct fe_err *err)
{
	const char *hash = ref.n ? memchr(ref.p, '#', ref.n) : NULL;
	struct fe_str uri = { ref.p, hash ? (size_t)(hash - ref.p) : ref.n };
	struct fe_str fragment = { hash ? hash + 1 : NULL, hash ? ref.n - uri.n - 1 : 0 };
	struct fe_schema_part *resource = from->resource;
	const struct fe_schema_anchor *anchor;
	struct fe_py *place;

	*out = NULL;
	if (uri.n)
		resource = resource_of(s, fe_schema_join(s, resource->uri, uri));
	if (!resource)
		return FE_OK;
	if (!fragment.n) {
		*out = resource;
		return FE_OK;
	}
	fragment = unquote(s, fragment);
	if (fragment.p[0] != '/') {
		anchor = fe_schema_anchor_of(s, resource, fragment);
		*out = anchor ? anchor->part : NULL;
		return FE_OK;
	}
	place = place_of(s, fragment, &resource);
	if (!place || (place->kind != FE_PY_DICT && place->kind != FE_PY_TRUE && place->kind != FE_PY_FALSE))
		return FE_OK;
	return fe_schema_part_of(s, place, resource, out, err);
}

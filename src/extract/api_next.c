// SPDX-License-Identifier: Apache-2.0
/* extract/api_next.c - see extract/api_next.h */
#include "extract/api_next.h"

#include "base/decimal.h"
#include "base/mem.h"
#include "base/text.h"
#include "format/json_tree.h"

#define MAX_NAMES 12
#define MAX_NAME_SHOWN 40

char *
fe_api_next_parent(const char *path)
{
	const char *end = strrchr(path, path[0] == '/' ? '/' : '.');
	return end && end > path ? fe_strndup(path, (size_t)(end - path)) : NULL;
}

static void
add_names(struct fe_buf *out, const struct fe_json_value *in)
{
	size_t n = 0;
	if (in->kind == FE_JSON_ARRAY) {
		fe_buf_addf(out, "the %zu of a list", in->n_children);
		return;
	}
	for (const struct fe_json_value *v = in->first; v && n < MAX_NAMES; v = v->next, n++) {
		fe_buf_add_text(out, n ? ", " : "");
		fe_buf_add_printable(out, v->key, MAX_NAME_SHOWN);
	}
	fe_buf_add_text(out, in->n_children > MAX_NAMES ? ", ..." : in->n_children ? "" : "nothing");
}

static bool
has_names(const struct fe_json_value *v)
{
	return fe_json_is(v, FE_JSON_OBJECT) || fe_json_is(v, FE_JSON_ARRAY);
}

/* A member, or an element by its number. */
static const struct fe_json_value *
child_of(const struct fe_json_value *v, struct fe_str name)
{
	const struct fe_json_value *child = v->first;
	int64_t n;

	if (v->kind == FE_JSON_ARRAY && (fe_int_parse(name, &n) != FE_DECIMAL_OK || n < 0))
		return NULL;
	while (child && (v->kind == FE_JSON_ARRAY ? n-- > 0 : !fe_str_eq(child->key, name)))
		child = child->next;
	return child;
}

/* Goes down the path as far as it leads: *at is the last that has names, *name what was asked of it, and came out. */
static const struct fe_json_value *
go_down(const char *path, const struct fe_json_value **at, struct fe_str *name)
{
	const char sep = path[0] == '/' ? '/' : '.';
	for (const char *from = path + (sep == '/');;) {
		const char *end = strchr(from, sep);
		*name = (struct fe_str){ from, end ? (size_t)(end - from) : strlen(from) };
		const struct fe_json_value *v = child_of(*at, *name);
		if (!has_names(v) || !end)
			return v;
		*at = v;
		from = end + 1;
	}
}

static enum fe_rc
fail_at(const char *path, struct fe_buf *place, struct fe_err *err)
{
	return fe_fail(err, FE_EDATA, "the first page has records and nothing that 'next' (%s) leads through: %s; mend 'next', or, where "
	               "an only page has none, tell the 'size' of pages or a 'total'", path, fe_buf_text(place));
}

static enum fe_rc
check_in(const char *path, const struct fe_json_value *page, struct fe_buf *place, struct fe_err *err)
{
	const struct fe_json_value *at = page;
	struct fe_str name;
	const struct fe_json_value *found = go_down(path, &at, &name);

	if (fe_json_is(found, FE_JSON_NULL) || (!found && at->n_children == 0))
		return FE_OK;
	fe_buf_add_text(place, found ? "'" : "no '");
	fe_buf_add_printable(place, name, MAX_NAME_SHOWN);
	if (found) {
		fe_buf_addf(place, "' is %s, which leads nowhere", fe_json_kind_name(found));
	} else {
		fe_buf_add_text(place, "' is among ");
		add_names(place, at);
	}
	return fail_at(path, place, err);
}

enum fe_rc
fe_api_next_check(const char *path, struct fe_str page, struct fe_err *err)
{
	struct fe_arena arena = { 0 };
	const struct fe_json_value *tree;
	struct fe_buf place;
	enum fe_rc rc;

	fe_buf_init(&place, FE_ERR_TEXT_BYTES);
	if (fe_json_parse(page, &arena, &tree, NULL) == FE_OK && has_names(tree)) {
		rc = check_in(path, tree, &place, err);
	} else { /* more than a tree is for */
		fe_buf_add_text(&place, "look at a page");
		rc = fail_at(path, &place, err);
	}
	fe_buf_reset(&place);
	fe_arena_free(&arena);
	return rc;
}

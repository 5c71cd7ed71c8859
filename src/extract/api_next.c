// SPDX-License-Identifier: Apache-2.0
/* extract/api_next.c - see extract/api_next.h */
#include "extract/api_next.h"

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
add_names(struct fe_buf *out, const struct fe_json_value *object)
{
	size_t n = 0;
	for (const struct fe_json_value *v = object->first; v && n < MAX_NAMES; v = v->next, n++) {
		fe_buf_add_text(out, n ? ", " : "");
		fe_buf_add_printable(out, v->key, MAX_NAME_SHOWN);
	}
	fe_buf_add_text(out, object->n_children > MAX_NAMES ? ", ..." : object->n_children ? "" : "nothing");
}

/* Goes down the path as far as there are objects: *at is the last of them, *missing what it has not. */
static void
go_down(const char *path, const struct fe_json_value **at, struct fe_str *missing)
{
	const char sep = path[0] == '/' ? '/' : '.';
	for (const char *name = path + (sep == '/');;) {
		const char *end = strchr(name, sep);
		*missing = (struct fe_str){ name, end ? (size_t)(end - name) : strlen(name) };
		char *key = fe_strndup(missing->p, missing->n);
		const struct fe_json_value *v = fe_json_get(*at, key);
		fe_free(key);
		if (!fe_json_is(v, FE_JSON_OBJECT) || !end)
			return;
		*at = v;
		name = end + 1;
	}
}

enum fe_rc
fe_api_next_fail(const char *path, struct fe_str page, struct fe_err *err)
{
	struct fe_arena arena = { 0 };
	const struct fe_json_value *at;
	struct fe_str missing;
	struct fe_buf names;

	fe_buf_init(&names, FE_ERR_TEXT_BYTES);
	if (fe_json_parse(page, &arena, &at, NULL) || !fe_json_is(at, FE_JSON_OBJECT)) { /* more than a tree is for */
		fe_buf_add_text(&names, "look at a page");
	} else {
		go_down(path, &at, &missing);
		fe_buf_add_text(&names, "no '");
		fe_buf_add_printable(&names, missing, MAX_NAME_SHOWN);
		fe_buf_add_text(&names, "' is among ");
		add_names(&names, at);
	}
	enum fe_rc rc = fe_fail(err, FE_EDATA, "the first page has records and nothing that 'next' (%s) leads through: %s; mend 'next', or, where "
	                        "an only page has none, tell the 'size' of pages or a 'total'", path, fe_buf_text(&names));
	fe_buf_reset(&names);
	fe_arena_free(&arena);
	return rc;
}

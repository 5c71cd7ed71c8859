// SPDX-License-Identifier: Apache-2.0
/* format/json_tree.h - a JSON text as a tree of values that know their place
 *
 * RFC 8259, strict: UTF-8 without a byte order mark, one value, no comments, no NaN, no
 * trailing comma. What parsers disagree about is refused: a key that stands twice, a lone
 * surrogate, U+0000. Numbers stay as they are written: nothing passes through a double.
 *
 * For files of moderate size: suites, sidecars, states. Records of a source are streamed
 * by other means.
 *
 *   Limits     FE_JSON_MAX_... below; no recursion
 *   Ownership  values live in the tree's arena; texts without escapes are views of the
 *              text that was parsed, which must outlive the tree
 *   Failure    FE_EDATA with line and column (in bytes); FE_ELIMIT past a limit
 */
#ifndef FE_FORMAT_JSON_TREE_H
#define FE_FORMAT_JSON_TREE_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define FE_JSON_MAX_DEPTH 64
#define FE_JSON_MAX_STRING_BYTES ((size_t)1 << 20)
#define FE_JSON_MAX_KEY_BYTES 256
#define FE_JSON_MAX_NUMBER_BYTES 64
#define FE_JSON_MAX_VALUES 1000000

enum fe_json_kind {
	FE_JSON_NULL,
	FE_JSON_BOOL,
	FE_JSON_NUMBER,
	FE_JSON_STRING,
	FE_JSON_ARRAY,
	FE_JSON_OBJECT,
};

struct fe_json_value {
	enum fe_json_kind kind;
	bool is_true;        /* BOOL */
	struct fe_str text;  /* NUMBER as written; STRING without escapes */
	struct fe_str raw;   /* the whole value as it stands in the text */
	struct fe_str key;   /* of a member; p NULL elsewhere */
	const struct fe_json_value *first, *next; /* elements or members, in their order */
	size_t n_children;
};

/* *out lives in the arena. */
FE_MUST_USE enum fe_rc fe_json_parse(struct fe_str text, struct fe_arena *arena,
                                     const struct fe_json_value **out, struct fe_err *err);

/* The member of that name; NULL where there is none, or v is NULL or no object. */
const struct fe_json_value *fe_json_get(const struct fe_json_value *v, const char *key);
bool fe_json_is(const struct fe_json_value *v, enum fe_json_kind kind); /* NULL: false */
/* "an object", "the text", "null": for messages. NULL: "nothing". */
const char *fe_json_kind_name(const struct fe_json_value *v);

#endif

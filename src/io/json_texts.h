// SPDX-License-Identifier: Apache-2.0
/* io/json_texts.h - the texts of a small JSON object, for what answers with keys and tokens
 *
 * Reads one object's members that are texts, numbers or true/false (given as written); what
 * is nested is passed over. For answers of a few members, strictly read: a member that
 * stands twice, or what is no JSON object, is refused.
 */
#ifndef FE_IO_JSON_TEXTS_H
#define FE_IO_JSON_TEXTS_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define FE_JSON_TEXTS_MAX_BYTES ((size_t)1 << 20)
#define FE_JSON_TEXTS_MAX_DEPTH 32

/* The members wanted: out[i] is the text of names[i], or NULL where there is none (or it is
 * null); in the arena. */
FE_MUST_USE enum fe_rc fe_json_texts(struct fe_str json, const char *const *names, char **out, size_t n,
                                     struct fe_arena *arena, struct fe_err *err);
/* {"Name": {...}}: the inner object; what there is, where there is none. */
struct fe_str fe_json_texts_inner(struct fe_str json);

#endif

// SPDX-License-Identifier: Apache-2.0
/* format/json_escape.h - texts of JSON as they are meant
 *
 * What parsers disagree about is no text: a lone surrogate, U+0000.
 */
#ifndef FE_FORMAT_JSON_ESCAPE_H
#define FE_FORMAT_JSON_ESCAPE_H

#include "base/str.h"

/* What is wrong with an escape; NULL: nothing. */
const char *fe_json_escape_flaw(struct fe_str at_backslash);
/* in: the bytes between the quotes. Writes at most in.n bytes, for an escape is never shorter
 * than what it means; out NULL: looks only. False: *bad is where the bad escape begins. */
bool fe_json_unescape(struct fe_str in, char *out, size_t *n_bytes, const char **bad);
/* UTF-8 as of Unicode's table 3-7; noncharacters are none of JSON's business: whoever takes a
 * text decides. The first byte that is none; NULL: all is well. */
const char *fe_json_utf8_flaw(struct fe_str text);

#endif

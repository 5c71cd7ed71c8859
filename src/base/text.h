// SPDX-License-Identifier: Apache-2.0
/* base/text.h - UTF-8, trimming, case, and texts fit to print
 *
 * "Blank" is ASCII white space: space, \t, \n, \v, \f, \r. A no-break space is
 * not blank. Case is Unicode's simple (one to one) mapping, independent of any
 * locale; text that it leaves alone is returned as it is, without a copy.
 */
#ifndef FE_BASE_TEXT_H
#define FE_BASE_TEXT_H

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

/* UTF-8 as of Unicode 15 table 3-7: no overlong forms, no surrogates; and no
 * noncharacters (U+FDD0-FDEF, U+xxFFFE/F). */
bool fe_utf8_is_valid(struct fe_str s);
bool fe_text_is_ascii(struct fe_str s);
/* The code point at the front (noncharacters too) and its bytes; 0: not valid. */
size_t fe_utf8_decode(struct fe_str s, uint32_t *out);
#define FE_UTF8_BYTES 4
size_t fe_utf8_encode(uint32_t code, char *out); /* FE_UTF8_BYTES at most; how many */
size_t fe_utf8_length(struct fe_str s); /* code points, of valid UTF-8 */
struct fe_str fe_utf8_substr(struct fe_str s, int64_t start_1based, int64_t n_chars); /* as SQL's substr, start >= 1 */

static inline bool fe_is_blank(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
struct fe_str fe_text_trim(struct fe_str s);

enum fe_case { FE_CASE_KEEP, FE_CASE_LOWER, FE_CASE_UPPER };
struct fe_str fe_text_case(struct fe_str s, enum fe_case to, struct fe_arena *arena);
int fe_text_casecmp_ascii(struct fe_str a, struct fe_str b); /* 0 equal, as ASCII */

/* true/false, t/f, yes/no, y/n, 1/0, any case; false return: not a bool. */
bool fe_bool_parse(struct fe_str s, bool *out);

/* For messages and terminals: control and invalid bytes as \n, \x1b; cut with
 * "..." at max_bytes of output. Never splits a code point. */
void fe_buf_add_printable(struct fe_buf *b, struct fe_str s, size_t max_bytes);
/* For JSON: with the quotes; invalid UTF-8 becomes U+FFFD. */
void fe_buf_add_json_string(struct fe_buf *b, struct fe_str s);
/* RFC 4648, padded, in one line. */
void fe_buf_add_base64(struct fe_buf *b, struct fe_str bytes);
/* And back: false where the text is not base64 (RFC 4648, padded, nothing in between). */
bool fe_buf_add_unbase64(struct fe_buf *b, struct fe_str text);

/* Edit distance (Damerau, adjacent swaps) capped at 32 characters, and the
 * candidate nearest to `name` if it is near enough to be meant, else NULL. */
unsigned fe_text_distance(struct fe_str a, struct fe_str b);
const char *fe_text_nearest(struct fe_str name, const char *const *candidates, size_t n);

/* ^[a-z_][a-z0-9_]{0,62}$, the names that may reach SQL. */
bool fe_is_sql_name(struct fe_str s);

#endif

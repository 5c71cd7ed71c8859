// SPDX-License-Identifier: Apache-2.0
/* base/regex.h - PCRE2, on a leash
 *
 * Patterns are UTF-8, compiled once, and to machine code where PCRE2 can. A match may
 * take FE_REGEX_MAX_STEPS and FE_REGEX_MAX_HEAP_KIB of memory; past either it is FE_ELIMIT: an
 * answer that was not worked out must not pass for "no match". Texts may be any bytes: what is
 * no UTF-8 is FE_ELIMIT too.
 *
 *   Threads   a compiled regex is immutable and shared; a space belongs to one thread
 *   Dialect   PCRE2's; "." is anything but \n, "$" is the end or before a last \n
 */
#ifndef FE_BASE_REGEX_H
#define FE_BASE_REGEX_H

#include "base/err.h"
#include "base/str.h"

#define FE_REGEX_MAX_STEPS 1000000
#define FE_REGEX_MAX_HEAP_KIB (16 * 1024)

enum fe_regex_option {
	FE_REGEX_UNICODE = 1,   /* \w, \d, \s and \b by Unicode's properties */
	FE_REGEX_CASELESS = 2,
	FE_REGEX_ANCHORED = 4,  /* matches begin at the start of the text */
	FE_REGEX_MULTILINE_END = 8, /* with (?m), ^ also matches after a last \n */
};

struct fe_regex;
struct fe_regex_space; /* what matches need beside */

/* options: FE_REGEX_..., or-ed. FE_EUSAGE, naming the place, where it is no pattern. */
FE_MUST_USE enum fe_rc fe_regex_new(struct fe_regex **out, struct fe_str pattern, unsigned options,
                                    struct fe_err *err);
void fe_regex_free(struct fe_regex *r); /* NULL is allowed */

struct fe_regex_space *fe_regex_space_new(void);
void fe_regex_space_free(struct fe_regex_space *s); /* NULL is allowed */

/* Whether it is found anywhere in text. */
FE_MUST_USE enum fe_rc fe_regex_search(const struct fe_regex *r, struct fe_regex_space *s, struct fe_str text,
                                       bool *found, struct fe_err *err);
/* The same, and where: groups[0] is the match, groups[i] what ( ) number i took, p NULL where
 * it took nothing. n_groups at most FE_REGEX_MAX_GROUPS. */
#define FE_REGEX_MAX_GROUPS 64
FE_MUST_USE enum fe_rc fe_regex_find(const struct fe_regex *r, struct fe_regex_space *s, struct fe_str text,
                                     struct fe_str *groups, size_t n_groups, bool *found, struct fe_err *err);

#endif

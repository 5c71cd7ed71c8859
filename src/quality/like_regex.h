// SPDX-License-Identifier: Apache-2.0
/* quality/like_regex.h - LIKE as SQLite has it, as a pattern
 *
 * % is any run of characters, _ one character; ASCII letters match in both cases, all others
 * only themselves. What follows the escape stands for itself.
 */
#ifndef FE_QUALITY_LIKE_REGEX_H
#define FE_QUALITY_LIKE_REGEX_H

#include "base/regex.h"

/* escape: one character, or empty. */
FE_MUST_USE enum fe_rc fe_like_regex_new(struct fe_regex **out, struct fe_str like, struct fe_str escape,
                                         struct fe_err *err);

#endif

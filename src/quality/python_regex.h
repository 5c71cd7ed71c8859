// SPDX-License-Identifier: Apache-2.0
/* quality/python_regex.h - patterns of Python's re, as suites have them
 *
 * A pattern is checked by Python's rules and written anew in PCRE2's, so that it finds what
 * re.search finds, Unicode and all: \Z is the very end, \v one character, {,3} a repeat,
 * (?P<name>...) a group, [[:x:]] no class, \s Python's white space. What Python
 * refuses is refused with Python's words; refused too are the few things that have no equal: named
 * characters (\N{...}), ASCII within a group (?a:...) or without case (?ai), and more than
 * 65,535 repeats. Looser than Python: alternatives of a lookbehind may differ in length.
 */
#ifndef FE_QUALITY_PYTHON_REGEX_H
#define FE_QUALITY_PYTHON_REGEX_H

#include "base/buf.h"
#include "base/regex.h"

/* FE_EUSAGE where it is no pattern of Python's. */
FE_MUST_USE enum fe_rc fe_python_regex_new(struct fe_regex **out, struct fe_str pattern, struct fe_err *err);
/* Only written anew, as PCRE2 has it; *options are for fe_regex_new. */
FE_MUST_USE enum fe_rc fe_python_regex_translate(struct fe_str pattern, struct fe_buf *out, unsigned *options,
                                                 struct fe_err *err);

#endif

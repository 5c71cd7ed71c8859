// SPDX-License-Identifier: Apache-2.0
/* quality/python_strptime.h - whether a text is a moment of a format, as Python's strptime has it
 *
 * As Python does it: a format becomes a pattern, whose groups are then looked at together: digits of any
 * script, names in any case, blanks for one or more of any white space, no day that is none.
 * Names are the English ones, as in the C locale.
 */
#ifndef FE_QUALITY_PYTHON_STRPTIME_H
#define FE_QUALITY_PYTHON_STRPTIME_H

#include "base/regex.h"

struct fe_strptime;

/* FE_EUSAGE where no text can be of this format: an unknown directive, one given twice, weeks of
 * ISO 8601 without their year. */
FE_MUST_USE enum fe_rc fe_strptime_new(struct fe_strptime **out, struct fe_str format, struct fe_err *err);
void fe_strptime_free(struct fe_strptime *s); /* NULL is allowed */
FE_MUST_USE enum fe_rc fe_strptime_reads(const struct fe_strptime *s, struct fe_regex_space *space, struct fe_str text,
                                         bool *is_read, struct fe_err *err);

#endif

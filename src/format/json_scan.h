// SPDX-License-Identifier: Apache-2.0
/* format/json_scan.h - the few questions that reading JSON asks of bytes, sixteen at a time
 *
 *   text_stop    the first byte of a text that is not plain: a quote, a backslash, a control
 *                character; and whether a byte before it is not ASCII
 *   short_text   the end of a text that is short, plain and ASCII, as nearly all are
 *   number_end   the end of an ordinary number: digits, a point, digits
 *   begins       whether bytes begin with a key that is expected
 *   blank_end    the first byte that is no blank, and the line ends on the way
 *
 * Each reads up to FE_JSON_PADDING bytes beyond where it stops. The bytes behind a block are
 * zero, and a zero stops every one of them: so none of them needs to know where a block ends.
 *
 * There is one kernel for x86-64, whose vectors of 16 bytes every such processor has, and one
 * in plain C with words of 8 bytes. They give the same answers
 * (tests/unit/format/test_json_scan.c). The compiler chooses, for as a function behind a pointer
 * a question would cost more than its answer. Only the loop that most bytes go through is there
 * a second time for vectors of 32 bytes (json_foretold.h), chosen when a reader is made.
 */
#ifndef FE_FORMAT_JSON_SCAN_H
#define FE_FORMAT_JSON_SCAN_H

#include "format/json_scan_plain.h"

#if defined(__x86_64__)
#include "format/json_scan_sse2.h"
#define FE_JSON_SCAN(question) fe_json_##question##_sse2
#else
#define FE_JSON_SCAN(question) fe_json_##question##_plain
#endif

#endif

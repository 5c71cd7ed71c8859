// SPDX-License-Identifier: Apache-2.0
/* quality/python_json.h - whether Python's json.loads reads a text
 *
 * Looser than RFC 8259: NaN, Infinity and -Infinity are values, keys may stand twice, surrogates
 * alone. A byte order mark, control characters in texts and 4,301 digits are as wrong as there.
 */
#ifndef FE_QUALITY_PYTHON_JSON_H
#define FE_QUALITY_PYTHON_JSON_H

#include "base/str.h"

bool fe_python_json_reads(struct fe_str text);

#endif

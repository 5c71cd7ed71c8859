// SPDX-License-Identifier: Apache-2.0
/* batch/type.h - the six types of data
 *
 *   text(n)      UTF-8, at most n code points (n 0: no limit but the cell's)
 *   decimal(p,s) int64 scaled by 10^s, p <= 18, s <= p
 *   int          int64
 *   bool         one bit
 *   date         int32 days since 1970-01-01
 *   timestamp    int64 microseconds UTC since 1970-01-01
 */
#ifndef FE_BATCH_TYPE_H
#define FE_BATCH_TYPE_H

#include "base/buf.h"
#include "base/str.h"

enum fe_kind { FE_TEXT, FE_DECIMAL, FE_INT, FE_BOOL, FE_DATE, FE_TIMESTAMP };
#define FE_N_KINDS 6

struct fe_type {
	enum fe_kind kind;
	uint8_t precision, scale; /* decimal */
	uint32_t max_chars;       /* text; 0: none */
};

/* "text(20)", "text", "decimal(12,2)", "int", ...; FE_EUSAGE says what is wrong. */
FE_MUST_USE enum fe_rc fe_type_parse(struct fe_str text, struct fe_type *out, struct fe_err *err);
#define FE_TYPE_TEXT_BYTES 32
const char *fe_type_print(struct fe_type type, char out[FE_TYPE_TEXT_BYTES]);
const char *fe_kind_name(enum fe_kind kind); /* "text", "decimal", ... */

#endif

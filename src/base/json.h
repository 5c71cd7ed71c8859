// SPDX-License-Identifier: Apache-2.0
/* base/json.h - writing JSON text into a buffer
 *
 * Commas and quoting are taken care of; nesting is at most 32 deep. Decimals are
 * written as strings, so that no reader turns them into doubles. Keys are ASCII
 * literals of ours. Errors are sticky in the buffer.
 */
#ifndef FE_BASE_JSON_H
#define FE_BASE_JSON_H

#include "base/buf.h"
#include "base/decimal.h"

struct fe_json {
	struct fe_buf *out;
	bool need_comma[32];
	unsigned depth;
	unsigned indent; /* spaces a level; 0: one line */
};

void fe_json_init(struct fe_json *j, struct fe_buf *out, unsigned indent);
/* key NULL inside arrays and for the outermost value. */
void fe_json_object(struct fe_json *j, const char *key);
void fe_json_object_end(struct fe_json *j);
void fe_json_array(struct fe_json *j, const char *key);
void fe_json_array_end(struct fe_json *j);
void fe_json_str(struct fe_json *j, const char *key, struct fe_str value);
void fe_json_text(struct fe_json *j, const char *key, const char *value); /* NULL writes null */
void fe_json_i64(struct fe_json *j, const char *key, int64_t value);
void fe_json_bool(struct fe_json *j, const char *key, bool value);
void fe_json_null(struct fe_json *j, const char *key);
void fe_json_decimal(struct fe_json *j, const char *key, fe_i128 value, unsigned scale);
void fe_json_time(struct fe_json *j, const char *key, int64_t us); /* ISO string */
void fe_json_raw(struct fe_json *j, const char *key, struct fe_str json); /* already JSON */

#endif

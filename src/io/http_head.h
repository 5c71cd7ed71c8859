// SPDX-License-Identifier: Apache-2.0
/* io/http_head.h - the lines before a body: status, headers
 *
 * Pure: takes the lines one by one, as they came, and keeps those of the last answer: a
 * status line begins anew (100 Continue comes before the answer proper). Lines after the
 * empty one that ends it are trailers of a chunked body: not kept. What could be understood in
 * two ways (folded lines, a NUL, names that are no names) is FE_EDATA; too many or
 * too long ones are FE_ELIMIT.
 */
#ifndef FE_IO_HTTP_HEAD_H
#define FE_IO_HTTP_HEAD_H

#include "io/http.h"

#define FE_HTTP_MAX_HEADERS 256
#define FE_HTTP_MAX_HEAD_BYTES ((size_t)128 * 1024) /* of all heads of one answer, and its trailers */

struct fe_http_head {
	long status;  /* 0: no status line yet */
	struct fe_http_headers headers;
	size_t n_bytes;
	bool is_whole; /* the empty line has come */
};

/* line: with or without its end. */
FE_MUST_USE enum fe_rc fe_http_head_line(struct fe_http_head *h, struct fe_str line, struct fe_err *err);
void fe_http_head_reset(struct fe_http_head *h);

/* A name that may be sent, and a value without control characters. */
bool fe_http_is_name(struct fe_str name);
bool fe_http_is_value(struct fe_str value);

#endif

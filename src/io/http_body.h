// SPDX-License-Identifier: Apache-2.0
/* io/http_body.h - a body as its headers promise it: how long, how packed, how much at most
 *
 * Pure: headers first, then the bytes as they come (chunks already taken apart), then the end.
 * Decoding is counted here, so that no few bytes become very many: by size, and past 1 MiB by
 * ratio. What is shorter or longer than promised is FE_EUNAVAIL, for another try can be
 * whole; what contradicts itself is FE_EDATA.
 */
#ifndef FE_IO_HTTP_BODY_H
#define FE_IO_HTTP_BODY_H

#include "io/decompress.h"
#include "io/http_head.h"

struct fe_http_body_limits {
	uint64_t max_bytes; /* decoded; UINT64_MAX: any */
	uint64_t max_ratio;
	bool keep_packed;   /* Content-Encoding is left as it is */
	bool has_none;      /* the answer to HEAD */
	bool end_is_safe;   /* the end of the connection is proof of the body's: TLS */
};

struct fe_http_body {
	struct fe_http_body_limits limits;
	bool has_length, is_chunked, has_none;
	uint64_t length_bytes; /* promised, as it comes */
	uint64_t n_wire_bytes, n_plain_bytes;
	uint64_t n_used_bytes; /* of the wire's, by the decompressor */
	struct fe_decompress *decompress; /* NULL: as it comes */
	bool is_done;          /* the decompressor has seen an end */
};

FE_MUST_USE enum fe_rc fe_http_body_begin(struct fe_http_body *b, const struct fe_http_head *head,
                                          const struct fe_http_body_limits *limits, struct fe_err *err);
/* Appends what it decodes to out, whose maximum is above limits.max_bytes by FE_HTTP_BODY_STEP_BYTES. */
#define FE_HTTP_BODY_STEP_BYTES ((size_t)64 * 1024)
FE_MUST_USE enum fe_rc fe_http_body_add(struct fe_http_body *b, struct fe_str bytes, struct fe_buf *out,
                                        struct fe_err *err);
/* Only counts: for bodies that are kept packed and go elsewhere. */
FE_MUST_USE enum fe_rc fe_http_body_pass(struct fe_http_body *b, size_t n_bytes, struct fe_err *err);
/* Whether all that was promised has come. */
FE_MUST_USE enum fe_rc fe_http_body_end(struct fe_http_body *b, struct fe_buf *out, struct fe_err *err);
void fe_http_body_reset(struct fe_http_body *b);

#endif

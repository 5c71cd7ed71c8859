// SPDX-License-Identifier: Apache-2.0
/* io/sigv4.h - AWS Signature Version 4, in the Authorization header
 *
 * Pure: a request, keys, a scope and a time give headers. The names of the steps are those
 * of the specification: canonical request, string to sign, signing key.
 *
 *   S3      the path is signed as it is sent; x-amz-content-sha256 is added and signed
 *   Others  the path is normalised (no "..", no "//") and encoded once more, as AWS asks
 *
 * All headers that are given are signed but those that a proxy may change. Nothing of the
 * keys but the id and the session token goes into what is added.
 */
#ifndef FE_IO_SIGV4_H
#define FE_IO_SIGV4_H

#include "base/err.h"
#include "io/http.h"

#define FE_SIGV4_UNSIGNED "UNSIGNED-PAYLOAD"

struct fe_sigv4_keys {
	const char *access_key_id, *secret_access_key;
	const char *session_token; /* NULL: none */
};

struct fe_sigv4 {
	const struct fe_sigv4_keys *keys;
	const char *region, *service;
	int64_t now_us;
	const char *payload_sha256; /* hex, or FE_SIGV4_UNSIGNED; NULL: of the request's body */
};

/* Adds X-Amz-Date, X-Amz-Security-Token, X-Amz-Content-Sha256 and Authorization, as needed.
 * FE_EUSAGE where the URL is none or a text is too long. */
FE_MUST_USE enum fe_rc fe_sigv4_sign(const struct fe_sigv4 *s, const struct fe_http_request *req,
                                     struct fe_http_headers *add, struct fe_err *err);
/* The first step, for tests: what is hashed of the request. */
FE_MUST_USE enum fe_rc fe_sigv4_canonical(const struct fe_sigv4 *s, const struct fe_http_request *req,
                                          struct fe_buf *out, struct fe_err *err);

#endif

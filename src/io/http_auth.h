// SPDX-License-Identifier: Apache-2.0
/* io/http_auth.h - how a request says who asks
 *
 *   Bearer, API key, basic  a header that is always the same
 *   OAuth 2                 client credentials (RFC 6749, section 4.4): a token is fetched by the same
 *                           client before the first request, used until 60 s before it ends, and
 *                           fetched anew once after a 401
 *   HMAC-SHA256             of a template, in hex: {method} {path} {query} {timestamp} (seconds of
 *                           the epoch) {timestamp_ms} {body_sha256}; all else is taken as it is
 *
 * An API key that goes into the query is added to the URL by fe_url_add_query. AWS is io/sigv4.h.
 *
 *   Ownership  texts are copied, and wiped at the end; the client and clock must outlive it
 *   Secrets    appear in no message; what a token's server answers is not repeated, but its error code
 */
#ifndef FE_IO_HTTP_AUTH_H
#define FE_IO_HTTP_AUTH_H

#include "io/http.h"

struct fe_auth;

/* FE_EUSAGE where a text is missing or cannot be sent. */
FE_MUST_USE enum fe_rc fe_auth_bearer(struct fe_auth **out, const char *token, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_auth_api_key(struct fe_auth **out, const char *header, const char *key,
                                       struct fe_err *err);
FE_MUST_USE enum fe_rc fe_auth_basic(struct fe_auth **out, const char *user, const char *password,
                                     struct fe_err *err);

struct fe_auth_oauth2 {
	const char *token_url, *client_id, *client_secret;
	const char *scope;       /* NULL: none is asked for */
	bool secret_in_body;     /* client_secret_post; else client_secret_basic */
};
FE_MUST_USE enum fe_rc fe_auth_oauth2(struct fe_auth **out, struct fe_http *h, const struct fe_clock *clock,
                                      const struct fe_auth_oauth2 *set, struct fe_err *err);

struct fe_auth_hmac {
	const char *secret, *template;
	const char *signature_header;
	const char *timestamp_header; /* NULL: it is not sent */
};
FE_MUST_USE enum fe_rc fe_auth_hmac(struct fe_auth **out, const struct fe_clock *clock,
                                    const struct fe_auth_hmac *set, struct fe_err *err);

const struct fe_http_signer *fe_auth_signer(const struct fe_auth *a); /* valid until free */
void fe_auth_free(struct fe_auth *a); /* NULL is allowed */

#endif

// SPDX-License-Identifier: Apache-2.0
/* io/http_auth_private.h - what the signers share
 *
 *   http_auth.c    a header that stays: bearer, API key, basic
 *   http_oauth2.c  a token that is fetched
 *   http_hmac.c    a hash of what is sent
 *
 * One struct for all of them: which fields are used follows from the functions in its signer.
 */
#ifndef FE_IO_HTTP_AUTH_PRIVATE_H
#define FE_IO_HTTP_AUTH_PRIVATE_H

#include "base/mem.h"
#include "io/http_auth.h"
#include "io/http_head.h"

#define FE_AUTH_SECRET_BYTES ((size_t)64 * 1024)

struct fe_auth {
	struct fe_http_signer signer;
	char *header, *value;             /* what is sent; of OAuth the token, NULL so far */
	struct fe_http *http;
	struct fe_clock clock;
	char *token_url, *form, *basic;   /* OAuth: the request for a token */
	int64_t renew_at_us;              /* by the ticks; INT64_MAX: when it is refused */
	char *secret, *template, *timestamp_header;
};

struct fe_auth *fe_auth_new(void);
void fe_auth_wipe(char *text); /* zeroed, then freed; NULL is allowed */
/* FE_EUSAGE where the text is empty, or cannot be sent. */
FE_MUST_USE enum fe_rc fe_auth_check(const char *text, const char *what, struct fe_err *err);
char *fe_auth_joined(const char *a, const char *b);
char *fe_auth_basic_of(struct fe_str user, struct fe_str password); /* "Basic ..." */

#endif

// SPDX-License-Identifier: Apache-2.0
/* extract/api.h - records of an HTTP JSON API, page by page
 *
 * Each page is an object of the manifest (its URL without secrets, size, SHA-256 of the body). The
 * next page is asked for while the last one is parsed.
 *
 *   Pages      by Link header (RFC 8288, rel=next), a URL in the body, a cursor, offset and limit, or page
 *              number. A URL, cursor or body seen before is a loop: FE_EDATA. A page's URL stays on the first one's
 *              host and scheme.
 *   Total      where the API tells how many records there are, they must be that many at the end: else it is
 *              FE_EUNAVAIL with both figures, as a retry reads the whole again
 *   Templates  in URL, query values, headers and body: {since}, {until}, and the run's parameters
 */
#ifndef FE_EXTRACT_API_H
#define FE_EXTRACT_API_H

#include "extract/source.h"

/* What stands for the window in templates: it cannot be in a pipeline file. */
#define FE_TEMPLATE_SINCE "\x1e" "since" "\x1e"
#define FE_TEMPLATE_UNTIL "\x1e" "until" "\x1e"

enum fe_api_paging { FE_PAGING_NONE, FE_PAGING_LINK, FE_PAGING_NEXT_URL, FE_PAGING_CURSOR, FE_PAGING_OFFSET, FE_PAGING_PAGE };
enum fe_api_auth { FE_AUTH_NONE, FE_AUTH_BEARER, FE_AUTH_API_KEY, FE_AUTH_BASIC, FE_AUTH_OAUTH2, FE_AUTH_HMAC, FE_AUTH_AWS };

struct fe_api_pair { const char *name, *value; };

struct fe_api_settings {
	const char *method;                     /* "GET" or "POST" */
	const struct fe_api_pair *headers; size_t n_headers;
	const struct fe_api_pair *query; size_t n_query;
	const char *body;                       /* of POST */
	enum fe_api_paging paging;
	const char *next;                       /* NEXT_URL, CURSOR: path in the body */
	const char *param;                      /* CURSOR, OFFSET, PAGE: query parameter, or member of the body */
	const char *size_param;                 /* OFFSET, PAGE: NULL: none is sent */
	uint64_t page_size, first_page;
	const char *total;                      /* path in the body; NULL: the API tells none */
	uint64_t max_pages;                     /* 0: 1,000,000 */
	enum fe_api_auth auth;
	struct {
		const char *token;              /* bearer; key of API_KEY */
		const char *header, *query;     /* API_KEY: where it goes, one of them */
		const char *user, *password;    /* basic */
		const char *token_url, *client_id, *client_secret, *scope; /* OAuth2 client credentials */
		bool secret_in_body;            /* client_secret_post; else client_secret_basic */
		const char *secret, *signature_header, *sign; /* HMAC-SHA256 of the template `sign`:
		                                 * {method} {path} {query} {timestamp} {body_sha256}; in hex */
		const char *timestamp_header;
		const char *service, *region;   /* AWS SigV4, keys by the credential chain */
	} secrets;
};

extern const struct fe_source_ops fe_source_api;

#endif

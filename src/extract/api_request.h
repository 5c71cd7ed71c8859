// SPDX-License-Identifier: Apache-2.0
/* extract/api_request.h - from the settings of an API to the request of one page
 *
 * Pure but for the clock of its authentication. Templates are filled with the window; a query
 * parameter that would ask by a {since} or {until} that there is none of is left out.
 */
#ifndef FE_EXTRACT_API_REQUEST_H
#define FE_EXTRACT_API_REQUEST_H

#include "extract/api.h"
#include "io/http.h"

/* Which page. */
struct fe_api_place {
	uint64_t number;     /* from 0: how many were asked for before */
	uint64_t n_records;  /* of the pages before it */
	const char *url;     /* LINK, NEXT_URL: of this page; NULL: the first */
	const char *cursor;  /* CURSOR: NULL: the first */
};

struct fe_api_request {
	struct fe_buf url, body;
	struct fe_http_headers headers;
	struct fe_http_request http; /* points into the ones above */
};

FE_MUST_USE enum fe_rc fe_api_request_make(struct fe_api_request *out, const struct fe_source_settings *set,
                                           const struct fe_api_place *place, struct fe_err *err);
void fe_api_request_reset(struct fe_api_request *r);

#endif

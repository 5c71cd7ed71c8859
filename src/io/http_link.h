// SPDX-License-Identifier: Apache-2.0
/* io/http_link.h - the Link header of RFC 8288, for the page after this one
 *
 * Pure. <https://api.example/things?page=2>; rel="next", <...>; rel="last"
 */
#ifndef FE_IO_HTTP_LINK_H
#define FE_IO_HTTP_LINK_H

#include "io/http.h"

/* Of one header's value, the first target whose relations have rel among them, in any case; a view of
 * value, p NULL where there is none. A link with an anchor speaks of something else: left out.
 * FE_EDATA where the value is no list of links: a next page must not be lost in a typo. */
FE_MUST_USE enum fe_rc fe_http_link_find(struct fe_str value, const char *rel, struct fe_str *target,
                                         struct fe_err *err);
/* The same of all Link headers of an answer; two different targets are FE_EDATA. */
FE_MUST_USE enum fe_rc fe_http_link_of(const struct fe_http_headers *headers, const char *rel,
                                       struct fe_str *target, struct fe_err *err);

#endif

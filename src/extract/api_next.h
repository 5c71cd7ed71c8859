// SPDX-License-Identifier: Apache-2.0
/* extract/api_next.h - whether the path of the next page can be right
 *
 * That a page names no next one is how the last one is told. So a path that is not right would load the first page
 * and call it all. Where the first page has records, what the path leads through must be there, if only as null. An API that
 * leaves all of it out of its only page is told by `size`, more records than are there, or by a `total`.
 */
#ifndef FE_EXTRACT_API_NEXT_H
#define FE_EXTRACT_API_NEXT_H

#include "base/buf.h"
#include "base/err.h"

/* "meta" of "meta.next"; NULL: it is in the document itself. Freed with fe_free. */
char *fe_api_next_parent(const char *path);
/* Of a page that has not the parent: FE_EDATA, by the names of what is there, unless null or an empty one stands on the way. */
FE_MUST_USE enum fe_rc fe_api_next_check(const char *path, struct fe_str page, struct fe_err *err);

#endif

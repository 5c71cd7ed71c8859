// SPDX-License-Identifier: Apache-2.0
/* extract/api_pager.h - which page comes after this one, and whether there is one
 *
 * LINK, NEXT_URL and CURSOR go on as long as a page names a next one, empty pages in the
 * middle included. OFFSET and PAGE go on until a page is empty or the API's own total is
 * reached: a page with fewer records than were asked for is not the last one, for servers
 * cap page sizes. What cannot be right ends in FE_EDATA: a next page that was asked for before,
 * a page whose records came before, one on another host, more pages than max_pages. A list that
 * is read by position and shrinks meanwhile moves up, and records with it to pages that were read:
 * FE_EUNAVAIL, as a retry reads it anew.
 */
#ifndef FE_EXTRACT_API_PAGER_H
#define FE_EXTRACT_API_PAGER_H

#include "extract/api_request.h"

struct fe_api_pager;

/* What a page that has come says. */
struct fe_api_page_facts {
	const struct fe_http_headers *headers;
	uint64_t n_records;
	struct fe_str records;         /* the bytes from the first one to the last one */
	struct fe_str next, total;     /* at their paths; p NULL: not there */
};

struct fe_api_pager *fe_api_pager_new(const struct fe_source_settings *set);
void fe_api_pager_free(struct fe_api_pager *p); /* NULL is allowed */
/* The page to ask for; lives until the next call of step. */
const struct fe_api_place *fe_api_pager_place(const struct fe_api_pager *p);
/* Takes the facts of that page and moves on; *has_ended: it was the last one, and where
 * there is a total, it was reached (else FE_EUNAVAIL with both figures). */
FE_MUST_USE enum fe_rc fe_api_pager_step(struct fe_api_pager *p, const struct fe_api_page_facts *facts,
                                         bool *has_ended, struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* extract/api_pages.h - the pages of an API, fetched ahead by a second thread
 *
 * While the caller parses and loads one page, the thread asks for those after it, at most
 * FE_API_PAGES_AHEAD of them. It looks into each as far as it must to know the next: its
 * records are counted, and its next page and total are found, which also holds the whole
 * body to JSON's grammar before a record of it is used.
 *
 *   Order      open (nothing is asked yet), next until no page, close
 *   Failure    in its place in the order: the pages before it come first
 *   Close      ends a request that is under way, within 250 ms
 */
#ifndef FE_EXTRACT_API_PAGES_H
#define FE_EXTRACT_API_PAGES_H

#include "extract/api.h"

#define FE_API_PAGES_AHEAD 2

struct fe_api_pages;

/* A page; the caller's until the next call of next. */
struct fe_api_page {
	struct fe_str body;        /* FE_JSON_PADDING zero bytes lie behind it */
	const char *sha256;        /* of the body */
	uint64_t number;           /* from 0 */
	uint64_t n_records;
};

FE_MUST_USE enum fe_rc fe_api_pages_open(struct fe_api_pages **out, const struct fe_source_settings *set,
                                         struct fe_err *err);
/* *page NULL: there is none after the last one. */
FE_MUST_USE enum fe_rc fe_api_pages_next(struct fe_api_pages *p, const struct fe_api_page **page,
                                         struct fe_err *err);
void fe_api_pages_close(struct fe_api_pages *p); /* NULL is allowed */

#endif

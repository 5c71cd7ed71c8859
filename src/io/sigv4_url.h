// SPDX-License-Identifier: Apache-2.0
/* io/sigv4_url.h - a URL in the forms that are signed
 *
 * Private to sigv4.c and its tests, but for fe_url_decode.
 */
#ifndef FE_IO_SIGV4_URL_H
#define FE_IO_SIGV4_URL_H

#include "base/buf.h"

struct fe_url_parts {
	bool is_https;
	struct fe_str host, port; /* port empty: none given */
	struct fe_str path, query; /* as they stand in the URL; query without '?' */
};

/* FE_EUSAGE where it is no http(s) URL. Views of url. */
FE_MUST_USE enum fe_rc fe_url_parts_of(const char *url, struct fe_url_parts *out, struct fe_err *err);

/* Each byte encoded in the one way, whichever it was. */
void fe_url_add_path_as_sent(struct fe_buf *out, struct fe_str path);
/* Without empty and dot segments, and encoded on top of what it is. */
void fe_url_add_path_normal(struct fe_buf *out, struct fe_str path);
/* Parameters in the order of their encoded names, then values; one without '=' gets it. */
FE_MUST_USE enum fe_rc fe_url_add_query_sorted(struct fe_buf *out, struct fe_str query, struct fe_err *err);
/* Appends the text with its %XX undone; what is none stays. */
void fe_url_decode(struct fe_buf *out, struct fe_str text);

#endif

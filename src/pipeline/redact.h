// SPDX-License-Identifier: Apache-2.0
/* pipeline/redact.h - which parts of a connection text are secret, and how it is shown
 *
 * "postgresql://user:secret@host/db?password=x" is shown as
 * "postgresql://user:***@host/db?password=***". Texts without secrets come out as
 * they are. Where it is not clear what a text means, more is hidden than libpq would
 * take for a password: "u:pa/ss@host" is one that was not percent-encoded.
 */
#ifndef FE_PIPELINE_REDACT_H
#define FE_PIPELINE_REDACT_H

#include "base/json.h"

/* The first secret of a URL, as it is written; n 0: it has none. */
struct fe_str fe_url_secret(const char *url);
/* The value of PWD or PASSWORD in an ODBC connection string, its braces left off; n 0: it has none. */
struct fe_str fe_odbc_secret(const char *connection);
void fe_buf_add_redacted_url(struct fe_buf *out, const char *url);
void fe_redacted_url_json(struct fe_json *j, const char *key, const char *url); /* NULL: null */

#endif

// SPDX-License-Identifier: Apache-2.0
/* pipeline/redact.h - connection texts fit to be shown
 *
 * "postgresql://user:secret@host/db?password=x" is shown as
 * "postgresql://user:***@host/db?password=***". Texts without secrets come out as
 * they are.
 */
#ifndef FE_PIPELINE_REDACT_H
#define FE_PIPELINE_REDACT_H

#include "base/json.h"

void fe_buf_add_redacted_url(struct fe_buf *out, const char *url);
void fe_redacted_url_json(struct fe_json *j, const char *key, const char *url); /* NULL: null */

#endif

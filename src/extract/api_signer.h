// SPDX-License-Identifier: Apache-2.0
/* extract/api_signer.h - how the requests of an API prove who asks: settings to a signer of io/ */
#ifndef FE_EXTRACT_API_SIGNER_H
#define FE_EXTRACT_API_SIGNER_H

#include "extract/api.h"
#include "io/http.h"

struct fe_api_signer;

/* http is what tokens are fetched with; borrowed, like the settings. */
FE_MUST_USE enum fe_rc fe_api_signer_new(struct fe_api_signer **out, const struct fe_source_settings *set,
                                       struct fe_http *http, const struct fe_clock *clock, struct fe_err *err);
void fe_api_signer_free(struct fe_api_signer *a); /* NULL is allowed; before its client */
const struct fe_http_signer *fe_api_signer_get(const struct fe_api_signer *a); /* NULL: none is needed */

#endif

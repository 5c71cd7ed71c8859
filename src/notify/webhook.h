// SPDX-License-Identifier: Apache-2.0
/* notify/webhook.h - a notice as a POST of JSON that Slack, and what understands Slack's, can show
 *
 * {"text": ..., "blocks": [...]}, and under "finetl" title, run, facts and figures for other machines.
 *
 *   Secrets    The path of such a URL is a password: only scheme and host of it are ever shown.
 *   Safety     https unless allowed; no redirect is followed; no private address unless allowed
 */
#ifndef FE_NOTIFY_WEBHOOK_H
#define FE_NOTIFY_WEBHOOK_H

#include "io/http.h"
#include "notify/notice.h"

struct fe_webhook_settings {
	const char *url;
	const struct fe_http_header *headers;
	size_t n_headers;
	struct fe_net_settings net; /* times and tries are ours */
};

void fe_webhook_json(const struct fe_notice *n, struct fe_buf *out);
/* "https://hooks.example.com", which is all that may be shown of it. */
void fe_webhook_show(const char *url, struct fe_buf *out);
FE_MUST_USE enum fe_rc fe_webhook_send(const struct fe_webhook_settings *set, const struct fe_notice *n,
                                       const struct fe_clock *clock, struct fe_err *err);

#endif

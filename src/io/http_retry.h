// SPDX-License-Identifier: Apache-2.0
/* io/http_retry.h - what an answer means, and how long to wait before asking again
 *
 * Pure: one table of statuses, and arithmetic. Waits are drawn evenly from nothing to a
 * bound that doubles (200 ms, 400 ms, ... 20 s), so that many clients that failed together do not
 * come back together; a server's Retry-After is a floor below that, up to its cap.
 */
#ifndef FE_IO_HTTP_RETRY_H
#define FE_IO_HTTP_RETRY_H

#include "base/err.h"
#include "base/str.h"

#define FE_HTTP_BACKOFF_FIRST_MS 200
#define FE_HTTP_BACKOFF_MOST_MS 20000

enum fe_http_fate {
	FE_HTTP_TAKE,     /* it is the answer */
	FE_HTTP_REDIRECT, /* it is elsewhere */
	FE_HTTP_AGAIN,    /* asking again can help */
	FE_HTTP_GIVE_UP,
};

struct fe_http_meaning {
	enum fe_http_fate fate;
	enum fe_rc rc;      /* if it is not taken in the end */
	const char *text;   /* what it says, and what to do */
};

/* is_range: a part of the body was asked for. */
struct fe_http_meaning fe_http_meaning_of(long status, bool is_range);

/* n_failed: tries that have failed, 1 or more. chance: 64 random bits. */
int64_t fe_http_backoff_ms(unsigned n_failed, uint64_t chance);

/* One of the three forms of a date of HTTP (RFC 9110, section 5.6.7); false: none of them. */
bool fe_http_date(struct fe_str value, int64_t *out_us);
/* Retry-After: seconds, or one of the three forms of a date of HTTP. false: neither. What is
 * past is 0; what is beyond all reason is INT64_MAX / 1000. */
bool fe_http_retry_after_ms(struct fe_str value, int64_t now_us, int64_t *out_ms);

#endif

// SPDX-License-Identifier: Apache-2.0
/* io/http_private.h - what the parts of io/http share
 *
 *   http.c           the client: settings, rate limit, the loop of tries and redirects
 *   http_transfer.c  one try: an easy handle of libcurl from its making to its result
 *   http_curl.c      options of a transfer, and what libcurl's codes mean
 *   http_stream.c    a transfer that is read bit by bit
 *   http_redirect.c  where an answer leads, and whether one may go there
 *   http_proxy.c     the environment's proxy
 *   http_error.c     what is said of an answer that is no success
 *   http_head.c, http_body.c, http_retry.c, http_address.c, http_link.c, http_url.c  pure
 */
#ifndef FE_IO_HTTP_PRIVATE_H
#define FE_IO_HTTP_PRIVATE_H

#include <stdatomic.h>

#include "io/curl.h"
#include "io/http.h"
#include "io/http_address.h"
#include "io/http_body.h"
#include "io/http_head.h"
#include "io/http_retry.h"

#define FE_HTTP_POLL_MS 250 /* how long a stop may go unnoticed */
#define FE_HTTP_STREAM_AHEAD_BYTES ((size_t)256 * 1024)

struct fe_http {
	struct fe_net_settings net; /* with the defaults filled in; ca_file and crl_file are ours */
	struct fe_clock clock;
	CURLM *multi;
	atomic_bool is_cancelled;
	int64_t outlive_us; /* by the ticks: until then a stop is not heeded */
	int64_t next_us;   /* by the ticks: when the next request is due, at the allowed rate */
};

/* What a try asks for: the request, as redirects may have changed it. */
struct fe_http_ask {
	const struct fe_http_request *req;
	const char *method;
	CURLU *url;          /* owned by the loop */
	char *url_text;      /* the same, as text */
	bool is_elsewhere;   /* a redirect led to another origin: no credentials */
	bool has_body;
	bool is_stream;
	bool is_range;
	bool ignores_body;
};

struct fe_http_transfer {
	struct fe_http *http;
	struct fe_http_ask ask;       /* a copy: a stream outlives the loop */
	CURL *easy;
	struct curl_slist *sent;      /* headers */
	char *proxy;                  /* "" or NULL: none */
	bool is_added;                /* to the multi handle */
	bool is_ended;                /* result tells how */
	CURLcode result;
	enum fe_rc rc;                /* of our callbacks: what libcurl was stopped for */
	struct fe_err err;
	char curl_text[CURL_ERROR_SIZE];
	char refused[FE_ADDRESS_TEXT_BYTES]; /* address; "" none */
	const char *refused_as;
	struct fe_http_head head;
	struct fe_http_body framing;
	bool has_begun;               /* framing is there */
	uint64_t n_raw_bytes;         /* of the body, as the line brings them: more than are promised? */
	bool has_goodbye;             /* TLS said that the connection ends here */
	struct fe_buf body;           /* decoded */
	bool is_streaming;            /* the body goes to `ahead` and out from there */
	bool is_paused;
	struct fe_buf ahead;
	size_t ahead_used;
};

/* http_transfer.c: new starts it; wait until it has ended, or, of a stream, has first bytes. */
FE_MUST_USE enum fe_rc fe_http_transfer_new(struct fe_http_transfer **out, struct fe_http *h,
                                            const struct fe_http_ask *ask,
                                            const struct fe_http_headers *more, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_http_transfer_wait(struct fe_http_transfer *t, struct fe_err *err);
/* FE_OK where the whole of the answer is there. *is_worth_again otherwise. */
FE_MUST_USE enum fe_rc fe_http_transfer_result(struct fe_http_transfer *t, bool *is_worth_again,
                                               struct fe_err *err);
void fe_http_transfer_free(struct fe_http_transfer *t); /* NULL is allowed */
/* Lets all transfers of the client move, for at most timeout_ms; FE_ECANCEL after a stop, or
 * once the client is cancelled. */
FE_MUST_USE enum fe_rc fe_http_drive(struct fe_http *h, int64_t timeout_ms, struct fe_err *err);

/* http_curl.c */
FE_MUST_USE enum fe_rc fe_http_curl_init(struct fe_err *err);
FE_MUST_USE enum fe_rc fe_http_curl_setup(struct fe_http_transfer *t, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_http_curl_fail(const struct fe_http_transfer *t, bool *is_worth_again, struct fe_err *err);

/* http.c: the loop; *out has ended well, or, of a stream, has begun to. *last gets the headers and status of the
 * last answer, on failure too. */
FE_MUST_USE enum fe_rc fe_http_run(struct fe_http *h, const struct fe_http_request *req, bool is_stream,
                                   struct fe_http_transfer **out, struct fe_http_response *last,
                                   struct fe_err *err);

/* http_redirect.c. Checked: the scheme is allowed, and nothing hides in it. */
FE_MUST_USE enum fe_rc fe_http_url_parse(struct fe_http *h, const char *text, CURLU **out, struct fe_err *err);
bool fe_http_is_same_origin(CURLU *a, CURLU *b);
FE_MUST_USE enum fe_rc fe_http_redirect(struct fe_http *h, struct fe_http_ask *ask, long status,
                                        const char *location, struct fe_err *err);

/* http_proxy.c: of the environment, for this URL; NULL: none. Freed with fe_free. */
char *fe_http_proxy_of(const char *scheme, const char *host, const char *port);

/* http_error.c */
FE_MUST_USE enum fe_rc fe_http_fail_status(const struct fe_http_transfer *t, struct fe_http_meaning meaning,
                                           struct fe_err *err);
void fe_http_err_at(const struct fe_http *h, struct fe_err *err, const char *url); /* names the URL, as it may be shown */

#endif

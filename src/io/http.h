// SPDX-License-Identifier: Apache-2.0
/* io/http.h - requests over HTTP, with all that makes them safe to rely on
 *
 * libcurl is the transport; what is allowed, what is tried again, how much is taken and
 * how long is waited is decided here, by io/net.h.
 *
 *   Safety     https unless allow_http; certificate and name verified; the address that is
 *              connected to is looked at after name resolution, and a private one refused;
 *              no cookies, no .netrc, no proxy but that of the environment's HTTPS_PROXY,
 *              HTTP_PROXY, NO_PROXY; redirects are refused by name of where they lead,
 *              unless allowed, and never carry Authorization to another host
 *   Wholeness  a body shorter than Content-Length, a chunked one without its last chunk, a TLS
 *              connection that ends without close_notify: an error, never a short body
 *   Bodies     Content-Encoding gzip, zstd, deflate are undone while counted, by size and ratio
 *   Again      408, 425, 429, 500, 502, 503, 504 and a connection that fails or breaks are tried again
 *              (idempotent requests: all that we make), with full jitter from 200 ms to
 *              20 s, Retry-After honoured between these and its cap, inside one budget of
 *              time and tries. 401 and 403 are FE_EDENIED, 404 and 410 FE_EUSAGE, other 4xx
 *              FE_EDATA; what is left when the budget is spent is FE_EUNAVAIL.
 *   Secrets    URLs in messages have no query values and no user:password; header values
 *              are never shown.
 *   Stop       a stop that was requested ends every wait within 250 ms: FE_ECANCEL
 *   Threads    One client, one thread. Connections are kept and used again.
 */
#ifndef FE_IO_HTTP_H
#define FE_IO_HTTP_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "io/net.h"

struct fe_http;

struct fe_http_header { const char *name; const char *value; };

/* A list of headers that owns its texts. */
struct fe_http_headers {
	struct fe_http_header *items;
	size_t n_items, cap_items;
};
void fe_http_headers_add(struct fe_http_headers *h, const char *name, const char *value);
const char *fe_http_headers_get(const struct fe_http_headers *h, const char *name); /* any case; the first; NULL */
void fe_http_headers_reset(struct fe_http_headers *h);

struct fe_http_request;
/* Adds headers (of an authentication) to a request just before it is sent, at each try
 * anew, so that times and tokens are fresh. May itself use the client. */
struct fe_http_signer {
	enum fe_rc (*sign)(void *self, const struct fe_http_request *req, struct fe_http_headers *add,
	                   struct fe_err *err);
	/* Asked once after 401 (or 403 where the signer says so): true to try again with a
	 * new token. NULL: never. */
	bool (*renew)(void *self, long status);
	void *self;
};

struct fe_http_request {
	const char *method;                     /* NULL: GET */
	const char *url;                        /* whole, encoded */
	const struct fe_http_header *headers; size_t n_headers;
	struct fe_str body;                     /* p NULL: none */
	const struct fe_http_signer *signer;    /* NULL: none */
	bool accept_any_status;                 /* what the server answers is the caller's to judge, after tries */
	bool ignores_body;                      /* whether the answer's body is whole does not matter: over plain http,
	                                         * too, it may end with the connection */
};

struct fe_http_response {
	long status;
	struct fe_http_headers headers;
	struct fe_buf body;          /* decoded */
	uint64_t n_wire_bytes;       /* of the body as it came */
};
void fe_http_response_reset(struct fe_http_response *r);

FE_MUST_USE enum fe_rc fe_http_new(struct fe_http **out, const struct fe_net_settings *net,
                                   const struct fe_clock *clock, struct fe_err *err);
void fe_http_free(struct fe_http *h); /* NULL is allowed */
const struct fe_net_settings *fe_http_settings(const struct fe_http *h);
/* For what is to be undone after a stop: requests go on until then, by the clock's ticks. */
void fe_http_outlive_stop(struct fe_http *h, int64_t until_us);
/* By any thread: whatever the client waits for ends within 250 ms by FE_ECANCEL, and so does
 * all that it is asked from then on. */
void fe_http_cancel(struct fe_http *h);

/* The whole answer in memory, at most max_body_bytes of it. *out is reset first, and may
 * be used again; it holds the last answer's status and headers on failure, too. */
FE_MUST_USE enum fe_rc fe_http_fetch(struct fe_http *h, const struct fe_http_request *req,
                                     struct fe_http_response *out, struct fe_err *err);

/* The body as a stream: no limit of size and total time, the low speed's holds. The bytes
 * are as they came (Content-Encoding is not asked for). Tries again only until the first byte of a
 * body was handed out; the caller goes on from there by a range. The request's texts are
 * borrowed until close. */
struct fe_http_stream;
FE_MUST_USE enum fe_rc fe_http_stream_open(struct fe_http_stream **out, struct fe_http *h,
                                           const struct fe_http_request *req, struct fe_err *err);
long fe_http_stream_status(const struct fe_http_stream *s);
const struct fe_http_headers *fe_http_stream_headers(const struct fe_http_stream *s);
uint64_t fe_http_stream_length(const struct fe_http_stream *s, bool *is_known);
/* At most cap_bytes; 0 is the end, and that all that was promised has come. */
FE_MUST_USE enum fe_rc fe_http_stream_read(struct fe_http_stream *s, void *out, size_t cap_bytes,
                                           size_t *n_bytes, struct fe_err *err);
void fe_http_stream_close(struct fe_http_stream *s);

/* Appends a text percent-encoded: all but letters, digits and -._~ (RFC 3986); keep_slash leaves '/'. */
void fe_url_encode(struct fe_buf *out, struct fe_str text, bool keep_slash);
/* Appends ?name=value or &name=value to the URL in the buffer, encoded; a fragment goes. */
void fe_url_add_query(struct fe_buf *url, struct fe_str name, struct fe_str value);
/* Appends the URL that a page at base names by target, which may be relative (RFC 3986, 5.2).
 * *is_same_origin: scheme, host and port are those of base. FE_EDATA: it is no URL. */
FE_MUST_USE enum fe_rc fe_url_resolve(struct fe_buf *out, const char *base, struct fe_str target,
                                      bool *is_same_origin, struct fe_err *err);
/* Appends the URL as it may be shown: without user, password, and with *** for the values of its query. */
void fe_url_show(struct fe_buf *out, struct fe_str url);
/* The same, and what is hidden by the settings as that is shown, however it is encoded; net NULL: nothing is. The host
 * is shown: names of hosts are no secrets, and say where records are from. */
void fe_url_show_for(struct fe_buf *out, struct fe_str url, const struct fe_net_settings *net);
/* Whether a text has anything of what is hidden, but for what is too short to be a secret. */
bool fe_url_has_hidden(struct fe_str text, const struct fe_net_settings *net);

#endif

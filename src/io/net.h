// SPDX-License-Identifier: Apache-2.0
/* io/net.h - what the user allows, and how long is waited, when something is asked over a network
 *
 * Zero means the default everywhere, so that { 0 } is the careful choice: https only, no
 * redirects, no address of a private network, TLS verified, every wait bounded.
 */
#ifndef FE_IO_NET_H
#define FE_IO_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FE_NET_CONNECT_TIMEOUT_MS 10000
#define FE_NET_TOTAL_TIMEOUT_MS 300000        /* of one request that is held in memory */
#define FE_NET_LOW_SPEED_BYTES 1024           /* a second, for FE_NET_LOW_SPEED_MS: the line is dead */
#define FE_NET_LOW_SPEED_MS 30000
#define FE_NET_MAX_BODY_BYTES ((uint64_t)64 << 20) /* of one that is held in memory, decompressed */
#define FE_NET_MAX_RATIO 200                  /* decompressed bytes for one of the body, past 1 MiB */
#define FE_NET_RETRY_BUDGET_MS 300000         /* all waiting between tries of one request */
#define FE_NET_MAX_TRIES 8
#define FE_NET_OBJECT_BYTES ((uint64_t)68 << 20) /* eight ranges of 8 MiB, and their connections */
#define FE_NET_RETRY_AFTER_CAP_MS 120000      /* what a server asks for is not waited for longer */

struct fe_session; /* io/session.h */

/* A part of a URL's path that is not to be seen, as a token may be, and what is shown in its place: "${TOKEN}". */
struct fe_net_hidden { const char *text, *shown; };

struct fe_net_settings {
	bool allow_http;             /* http:// is read, too */
	bool allow_private;          /* loopback, link-local, private and other special addresses */
	bool waits_forever;          /* an answer may take days to begin: no limit of time but the connection's */
	bool no_proxy;               /* whatever the environment says */
	unsigned max_redirects;      /* 0: none; they stay on https and never take credentials to another host */
	int64_t connect_timeout_ms, total_timeout_ms, low_speed_ms;
	uint64_t low_speed_bytes, max_body_bytes, max_ratio;
	uint64_t max_object_bytes;   /* of an object of S3 that are in memory on their way, in or out; at least a part */
	int64_t retry_budget_ms;
	unsigned max_tries;
	struct fe_session *session;  /* what is kept from one object to the next; NULL: nothing is. Borrowed */
	unsigned rate_per_minute;    /* requests of one client; 0: as fast as they are answered */
	const char *ca_file;         /* NULL: SSL_CERT_FILE, or the system's */
	const char *crl_file;        /* revoked certificates (PEM); NULL: revocation is not looked at */
	const struct fe_net_hidden *hidden; /* [n_hidden] of URLs that are shown; borrowed */
	size_t n_hidden;
};

#endif

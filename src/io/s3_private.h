// SPDX-License-Identifier: Apache-2.0
/* io/s3_private.h - what the parts of io/s3 share
 *
 *   s3.c         the client: settings, clients of http, regions of buckets
 *   s3_call.c    one request: its URL, its signature, what is put right, what is said of errors
 *   s3_read.c    head, get, list
 *   s3_write.c   put, delete, uploads of parts
 */
#ifndef FE_IO_S3_PRIVATE_H
#define FE_IO_S3_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "io/credentials.h"
#include "io/s3.h"

#define FE_S3_MAX_IDLE 16

struct fe_s3_region { char *bucket, *region; };

struct fe_s3 {
	struct fe_net_settings net; /* as is allowed for the endpoint */
	const struct fe_clock *clock;
	struct fe_aws_config config;
	struct fe_credentials *credentials;
	pthread_mutex_t lock;       /* of all below */
	struct fe_http *idle[FE_S3_MAX_IDLE];
	size_t n_idle;
	struct fe_s3_region *regions;
	size_t n_regions, cap_regions;
	int64_t skew_us;
	int64_t farewell_us; /* 0: none */
};

/* A client of http, for one thread until it is given back. */
FE_MUST_USE enum fe_rc fe_s3_take_http(struct fe_s3 *s, struct fe_http **out, struct fe_err *err);
void fe_s3_give_http(struct fe_s3 *s, struct fe_http *http);
/* The region of a bucket: freed with fe_free. */
char *fe_s3_region_of(struct fe_s3 *s, struct fe_str bucket);
void fe_s3_learn_region(struct fe_s3 *s, struct fe_str bucket, const char *region);

/* One request. */
struct fe_s3_call {
	const char *method;
	struct fe_str bucket, key;
	const char *query;   /* encoded; NULL: none */
	const struct fe_http_header *headers;
	size_t n_headers;
	struct fe_str body;
	bool is_copied_later; /* the answer is 200 before its outcome is known: look into the body */
};

/* What was tried to put right. */
struct fe_s3_mend { bool region, skew, keys; };

/* What a request is made of, for as long as it is sent. */
struct fe_s3_request {
	struct fe_buf url;
	char *region;
	struct fe_aws_signer signer;
	struct fe_http_signer face;
	struct fe_http_request http;
};
FE_MUST_USE enum fe_rc fe_s3_request_init(struct fe_s3_request *r, struct fe_s3 *s, const struct fe_s3_call *c,
                                          struct fe_err *err);
void fe_s3_request_reset(struct fe_s3_request *r);

/* Sends it, mends what can be, and maps what is left; *out holds the answer. */
FE_MUST_USE enum fe_rc fe_s3_do(struct fe_s3 *s, const struct fe_s3_call *c, struct fe_http_response *out,
                                struct fe_err *err);
/* The object's name in a message's place. */
void fe_s3_err_at(struct fe_err *err, struct fe_str bucket, struct fe_str key);

#endif

// SPDX-License-Identifier: Apache-2.0
/* io/s3.h - objects of S3, and of servers that speak like it
 *
 * Our own signer (io/sigv4.h) and credentials over io/http. What can be put right by asking
 * once more is: a bucket of another region, a clock that is off, keys that have just
 * expired; each of them once in a request. Overload (503 SlowDown, 429, 500 ...) is waited
 * for by io/http. What is left says S3's own code (err.foreign) and what to do:
 *
 *   NoSuchKey, NoSuchBucket, 404           FE_EUSAGE
 *   AccessDenied, wrong keys, KMS          FE_EDENIED
 *   412, 409                               FE_ECONFLICT
 *   overload, internal errors              FE_EUNAVAIL
 *   anything else                          FE_EDATA
 *
 *   Threads   any: each call takes a client of its own, and gives it back
 *   Safety    https, public addresses only, but for an endpoint that the user names
 */
#ifndef FE_IO_S3_H
#define FE_IO_S3_H

#include "base/clock.h"
#include "base/hash.h"
#include "io/aws_config.h"
#include "io/http.h"
#include "io/s3_url.h"
#include "io/s3_xml.h"

struct fe_s3;

/* net: what holds for other requests, too (waits, tries). clock and env NULL: the system's. */
FE_MUST_USE enum fe_rc fe_s3_open(struct fe_s3 **out, const struct fe_net_settings *net,
                                  const struct fe_clock *clock, const struct fe_env *env, struct fe_err *err);
void fe_s3_close(struct fe_s3 *s); /* NULL is allowed */
/* What is asked for from now on is to undo something: a stop does not end it, for 5 s. */
void fe_s3_farewell(struct fe_s3 *s);
const struct fe_aws_config *fe_s3_config(const struct fe_s3 *s);

/* ---- reading ---- */

struct fe_s3_info {
	uint64_t size_bytes;
	int64_t mtime_us;
	char *etag;                       /* with its quotes */
	char *version;                    /* NULL: the bucket keeps none */
	char sha256[FE_SHA256_HEX_BYTES]; /* of the whole object, where S3 tells; else "" */
	bool has_crc32;
	uint32_t crc32;                   /* of the whole object */
};
FE_MUST_USE enum fe_rc fe_s3_head(struct fe_s3 *s, const struct fe_s3_url *url, struct fe_s3_info *out,
                                  struct fe_err *err);
void fe_s3_info_reset(struct fe_s3_info *i);

/* The bytes from..from+n_bytes-1 of the object that info is of: that one, or FE_EDATA. */
struct fe_s3_get;
FE_MUST_USE enum fe_rc fe_s3_get_open(struct fe_s3_get **out, struct fe_s3 *s, const struct fe_s3_url *url,
                                      const struct fe_s3_info *info, uint64_t from, uint64_t n_bytes,
                                      struct fe_err *err);
/* Fills all of cap_bytes but at the end; a connection that breaks is made again, from there. */
FE_MUST_USE enum fe_rc fe_s3_get_read(struct fe_s3_get *g, void *out, size_t cap_bytes, size_t *n_bytes,
                                      struct fe_err *err);
void fe_s3_get_cancel(struct fe_s3_get *g); /* by any thread: what is read fails soon */
void fe_s3_get_close(struct fe_s3_get *g);

/* All objects whose key begins with the prefix, in the order of the server. */
FE_MUST_USE enum fe_rc fe_s3_list(struct fe_s3 *s, struct fe_str bucket, struct fe_str prefix, fe_s3_entry_fn *fn,
                                  void *ctx, struct fe_err *err);

/* ---- writing ---- */

/* What must hold of a key for something to be written there, else FE_ECONFLICT and nothing is. An answer that
 * was lost is asked for again: a conflict may then be with what this very call has written. */
struct fe_s3_condition {
	const char *etag; /* the object that is there has it, with its quotes; NULL: there is none */
};

/* condition NULL: none. etag NULL, or where the new object's goes: freed with fe_free. */
FE_MUST_USE enum fe_rc fe_s3_put(struct fe_s3 *s, const struct fe_s3_url *url, struct fe_str content,
                                 const struct fe_s3_condition *condition, char **etag, struct fe_err *err);
/* One that is not there is deleted, too. */
FE_MUST_USE enum fe_rc fe_s3_delete(struct fe_s3 *s, const struct fe_s3_url *url, struct fe_err *err);

#define FE_S3_MAX_PARTS 10000
#define FE_S3_MAX_OBJECT_BYTES ((uint64_t)5 << 40)
#define FE_S3_PART_BYTES ((uint64_t)8 << 20)
/* How long the parts of an object of that size are: 8 MiB, or more where 10,000 are too few. */
uint64_t fe_s3_part_bytes(uint64_t size_bytes);

FE_MUST_USE enum fe_rc fe_s3_upload_begin(struct fe_s3 *s, const struct fe_s3_url *url, char **upload_id,
                                          struct fe_err *err);
/* number: from 1. etag is freed with fe_free. */
FE_MUST_USE enum fe_rc fe_s3_upload_part(struct fe_s3 *s, const struct fe_s3_url *url, const char *upload_id,
                                         unsigned number, struct fe_str content, char **etag, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_s3_upload_complete(struct fe_s3 *s, const struct fe_s3_url *url, const char *upload_id,
                                             char *const *etags, unsigned n_parts,
                                             const struct fe_s3_condition *condition, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_s3_upload_abort(struct fe_s3 *s, const struct fe_s3_url *url, const char *upload_id,
                                          struct fe_err *err);
/* Aborts what was begun of just this key and never ended. */
FE_MUST_USE enum fe_rc fe_s3_upload_abort_left(struct fe_s3 *s, const struct fe_s3_url *url, struct fe_err *err);

#endif

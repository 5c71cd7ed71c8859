// SPDX-License-Identifier: Apache-2.0
/* io/upload.h - the content of a local file becomes an object of S3, whole or not at all
 *
 * The far side of io/writer.h for "s3://...". send brings all bytes over and shows nothing: a
 * short content waits for publish, a longer one goes up in parts by several connections.
 * publish is one request, after which the object is there. close without it aborts, also
 * after a stop; parts that a killed process left are aborted by the next one that opens the
 * same object.
 */
#ifndef FE_IO_UPLOAD_H
#define FE_IO_UPLOAD_H

#include "base/err.h"
#include "io/net.h"

struct fe_upload;

FE_MUST_USE enum fe_rc fe_upload_open(struct fe_upload **out, const char *location,
                                      const struct fe_net_settings *net, struct fe_err *err);
/* The same of a key that a location cannot say: one with "?versionId=" in it. */
struct fe_s3_url;
FE_MUST_USE enum fe_rc fe_upload_open_at(struct fe_upload **out, const struct fe_s3_url *url,
                                         const struct fe_net_settings *net, struct fe_err *err);
/* fd: the content, which must stay until publish. */
FE_MUST_USE enum fe_rc fe_upload_send(struct fe_upload *u, int fd, uint64_t size_bytes, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_upload_publish(struct fe_upload *u, struct fe_err *err);
/* The same where the condition holds (io/s3.h); after FE_ECONFLICT it can be asked again, with another one. */
struct fe_s3_condition;
FE_MUST_USE enum fe_rc fe_upload_publish_if(struct fe_upload *u, const struct fe_s3_condition *condition,
                                            struct fe_err *err);
void fe_upload_close(struct fe_upload *u); /* NULL is allowed */

#endif

// SPDX-License-Identifier: Apache-2.0
/* io/s3_url.h - "s3://bucket/key", and patterns of keys
 *
 * The key stands as it is, not percent-encoded, whatever bytes it has; "?versionId=..." at
 * the end names one version. In a pattern '*' and '?' do not pass a '/', '**' does, [...] is
 * one of a set ([!...]: one of the others), and '\' takes the next character as it is.
 */
#ifndef FE_IO_S3_URL_H
#define FE_IO_S3_URL_H

#include "base/buf.h"

#define FE_S3_MAX_KEY_BYTES 1024

struct fe_s3_url {
	struct fe_str bucket, key, version; /* version.p NULL: the current one */
};

bool fe_s3_is_url(const char *location);
/* FE_EUSAGE where it is none, or names no bucket. Views of location. */
FE_MUST_USE enum fe_rc fe_s3_url_parse(const char *location, struct fe_s3_url *out, struct fe_err *err);
void fe_s3_url_print(struct fe_buf *out, const struct fe_s3_url *url);

bool fe_s3_is_pattern(struct fe_str key);
/* Up to the first character with a meaning. */
struct fe_str fe_s3_pattern_prefix(struct fe_str pattern);
/* No key makes it slow: what a pattern may try is bounded by its own length times the key's. */
bool fe_s3_matches(struct fe_str pattern, struct fe_str key);

#endif

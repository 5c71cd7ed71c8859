// SPDX-License-Identifier: Apache-2.0
/* io/s3_xml.h - what S3 says in XML: listings, errors, uploads
 *
 * Pure: a body in, calls and texts out, so that any body can be tried on it. Names in
 * listings are asked for with encoding-type=url, and decoded here where the answer says
 * that they are encoded.
 */
#ifndef FE_IO_S3_XML_H
#define FE_IO_S3_XML_H

#include "base/buf.h"
#include "base/mem.h"

#define FE_S3_LIST_MAX_BYTES ((size_t)32 << 20)

/* One object of a listing, or one upload that was begun. */
struct fe_s3_entry {
	struct fe_str key;
	uint64_t size_bytes;
	int64_t mtime_us;               /* 0: not told */
	struct fe_str etag, upload_id;
};
typedef enum fe_rc fe_s3_entry_fn(void *ctx, const struct fe_s3_entry *e, struct fe_err *err);

/* Of ListObjectsV2 and ListMultipartUploads: where the next page goes on. */
struct fe_s3_page {
	bool has_more;
	struct fe_buf token;            /* continuation token, or the next key marker */
	struct fe_buf upload_id_marker;
	uint64_t n_entries;
};
void fe_s3_page_init(struct fe_s3_page *p);
void fe_s3_page_reset(struct fe_s3_page *p);
/* FE_EDATA where it is no such answer, or tells of more without saying where. */
FE_MUST_USE enum fe_rc fe_s3_read_page(struct fe_str body, struct fe_s3_page *page, fe_s3_entry_fn *fn, void *ctx,
                                       struct fe_err *err);

/* An error's; "" where it has none. */
struct fe_s3_error {
	char code[64], message[256], region[64];
};
void fe_s3_read_error(struct fe_str body, struct fe_s3_error *out);

/* The text of one element, as "UploadId"; NULL: none. Freed with fe_free. */
char *fe_s3_read_text(struct fe_str body, const char *name);

#endif

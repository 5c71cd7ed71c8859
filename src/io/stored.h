// SPDX-License-Identifier: Apache-2.0
/* io/stored.h - the bytes of an object as they are stored, wherever that is
 *
 * The seam below io/reader.h: a file or standard input (stored_file.c), an http(s) URL
 * (stored_http.c), an object of S3 (stored_s3.c). Each gives the bytes in order, once, and
 * makes sure itself that they are all of one state of the object: what changed while it was
 * read is FE_EDATA, before the end is told.
 */
#ifndef FE_IO_STORED_H
#define FE_IO_STORED_H

#include "base/err.h"
#include "base/hash.h"
#include "io/net.h"

struct fe_stored;

struct fe_stored_ops {
	/* Opens what the location names, for reading from its start. */
	enum fe_rc (*open)(struct fe_stored **out, const char *location, const struct fe_net_settings *net,
	                   struct fe_err *err);
	/* At most cap_bytes; 0 is the end, and that the object is whole and one. */
	enum fe_rc (*read)(struct fe_stored *s, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err);
	void (*close)(struct fe_stored *s);
};

/* First member of every implementation's own struct. */
struct fe_stored {
	const struct fe_stored_ops *ops;
	char *path;          /* canonical; owned */
	char *version;       /* as in fe_object_id; owned */
	int64_t mtime_us;    /* 0: none */
	uint64_t size_bytes; /* 0: unknown */
	char sha256[FE_SHA256_HEX_BYTES]; /* as the store tells it; "": it does not */
};

extern const struct fe_stored_ops fe_stored_file, fe_stored_http, fe_stored_s3;

/* An ETag as the name of a version: without the quotes of a strong one. Freed with fe_free. */
char *fe_etag_name(const char *etag);

/* How a location is read. */
const struct fe_stored_ops *fe_stored_ops_of(const char *location);
/* The location as it may be shown and written down: of a URL without secrets. Freed with fe_free. */
char *fe_location_name(const char *location, const struct fe_net_settings *net);
FE_MUST_USE enum fe_rc fe_stored_open(struct fe_stored **out, const char *location,
                                      const struct fe_net_settings *net, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_stored_read(struct fe_stored *s, void *out, size_t cap_bytes, size_t *n_bytes,
                                      struct fe_err *err);
void fe_stored_close(struct fe_stored *s); /* NULL is allowed */

#endif

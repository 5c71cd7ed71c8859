// SPDX-License-Identifier: Apache-2.0
/* io/reader.h - bytes in, from a file, standard input, http(s) or S3, and compressed forms of them
 *
 * A pull stream of bytes. A location is a path, "-", "http(s)://..." or "s3://bucket/key"
 * (with "?versionId=..." for one version): whatever reads records takes any of them.
 * Compression is told by content, not by name: gzip (RFC 1952, several members are one
 * stream, bytes after the last are an error), zstd (RFC 8878). Other packings are refused
 * with a hint. A stream cut short is FE_EDATA.
 *
 *   Order      open, read until it gives 0 bytes, then identity, close.
 *   Identity   size and SHA-256 are of the stored bytes, compressed as they are, all
 *              of them: known after read has given 0 bytes. A file whose size or
 *              mtime changed while it was read is FE_EDATA at the end; an S3 object is
 *              read by its version (or by ETag, If-Match), so that it cannot be mixed.
 *   Speed      S3 objects are read ahead in ranges, several at once; a range that breaks
 *              is asked for again from the byte it broke at
 *   Failure    after read fails, only close is legal.
 */
#ifndef FE_IO_READER_H
#define FE_IO_READER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "io/net.h"

struct fe_reader;

struct fe_object_id {
	char *path;          /* canonical path, "-" for standard input; owned */
	uint64_t size_bytes; /* stored bytes */
	int64_t mtime_us;    /* 0 if it has none */
	char *version;       /* S3 version id, else ETag, of http too; NULL: none; owned */
	char sha256[FE_SHA256_HEX_BYTES];
};

/* net says what is allowed of http and S3; NULL: the careful defaults. Borrowed until close. */
FE_MUST_USE enum fe_rc fe_reader_open(struct fe_reader **out, const char *location,
                                      const struct fe_net_settings *net, struct fe_err *err);
/* At most cap bytes; *n_bytes 0 is the end. Retries EINTR and short reads. */
FE_MUST_USE enum fe_rc fe_reader_read(struct fe_reader *r, void *out, size_t cap_bytes,
                                      size_t *n_bytes, struct fe_err *err);
uint64_t fe_reader_stored_bytes_read(const struct fe_reader *r); /* for progress */
uint64_t fe_reader_stored_size(const struct fe_reader *r);       /* 0: unknown */
const struct fe_object_id *fe_reader_identity(const struct fe_reader *r);
void fe_reader_close(struct fe_reader *r);
/* Before the first read: its hash is one of the pair (base/sha256_pair.h), which is borrowed until close; NULL: as it is. */
struct fe_sha256_pair;
void fe_reader_hash_in(struct fe_reader *r, struct fe_sha256_pair *pair);

/* The objects of a location, sorted bytewise, canonical, each once; "-" and http(s) URLs give
 * themselves; a path or the key of an S3 location may be a pattern (* ? [...]; in S3 '*' does not
 * pass a '/', '**' does). None found is FE_EUSAGE naming the pattern. Freed with fe_paths_free. */
struct fe_paths {
	char **paths;          /* to be opened */
	char **names;          /* the same texts, but of URLs without their secrets: to be shown and kept */
	uint64_t *sizes_bytes; /* as the system knows them, for progress; 0: unknown */
	size_t n_paths;
};
FE_MUST_USE enum fe_rc fe_paths_expand(const char *location, const struct fe_net_settings *net,
                                       struct fe_paths *out, struct fe_err *err);
void fe_paths_free(struct fe_paths *p);
/* Size, mtime, version and SHA-256 of an object without using it otherwise. Of S3 and http
 * without reading it where there is a version: then sha256 is "". */
FE_MUST_USE enum fe_rc fe_object_identify(const char *location, const struct fe_net_settings *net,
                                          struct fe_object_id *out, struct fe_err *err);
/* The same, always with the SHA-256: what would have to be read for it, is. */
FE_MUST_USE enum fe_rc fe_object_digest(const char *location, const struct fe_net_settings *net,
                                        struct fe_object_id *out, struct fe_err *err);
/* What is known of it before any of it is read: no SHA-256, and no size where that is not told. */
FE_MUST_USE enum fe_rc fe_object_look(const char *location, const struct fe_net_settings *net,
                                      struct fe_object_id *out, struct fe_err *err);
/* The stored bytes, compressed as they are, into the writer; *out is what was copied. */
struct fe_writer;
FE_MUST_USE enum fe_rc fe_object_copy(const char *location, const struct fe_net_settings *net, struct fe_writer *to,
                                      struct fe_object_id *out, struct fe_err *err);
void fe_object_id_reset(struct fe_object_id *id);

/* A whole small file (pipeline files): FE_ELIMIT past max_bytes. */
FE_MUST_USE enum fe_rc fe_file_read(const char *path, size_t max_bytes, struct fe_buf *out, struct fe_err *err);

#endif

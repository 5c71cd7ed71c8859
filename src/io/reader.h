// SPDX-License-Identifier: Apache-2.0
/* io/reader.h - bytes in, from a file, standard input or compressed forms of them
 *
 * A pull stream of bytes. Compression is told by content, not by name: gzip (RFC
 * 1952, several members are one stream, bytes after the last are an error), zstd
 * (RFC 8878). Other packings are refused with a hint. A stream cut short is FE_EDATA.
 *
 *   Order      open, read until it gives 0 bytes, then identity, close.
 *   Identity   size and SHA-256 are of the stored bytes, compressed as they are, all
 *              of them: known after read has given 0 bytes. A file whose size or
 *              mtime changed while it was read is FE_EDATA at the end.
 *   Failure    after read fails, only close is legal.
 */
#ifndef FE_IO_READER_H
#define FE_IO_READER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"

struct fe_reader;

struct fe_object_id {
	char *path;          /* canonical path, "-" for standard input; owned */
	uint64_t size_bytes; /* stored bytes */
	int64_t mtime_us;    /* 0 if it has none */
	char sha256[FE_SHA256_HEX_BYTES];
};

FE_MUST_USE enum fe_rc fe_reader_open(struct fe_reader **out, const char *path, struct fe_err *err);
/* At most cap bytes; *n_bytes 0 is the end. Retries EINTR and short reads. */
FE_MUST_USE enum fe_rc fe_reader_read(struct fe_reader *r, void *out, size_t cap_bytes,
                                      size_t *n_bytes, struct fe_err *err);
uint64_t fe_reader_stored_bytes_read(const struct fe_reader *r); /* for progress */
uint64_t fe_reader_stored_size(const struct fe_reader *r);       /* 0: unknown */
const struct fe_object_id *fe_reader_identity(const struct fe_reader *r);
void fe_reader_close(struct fe_reader *r);

/* The files of a path or glob, sorted bytewise, canonical, each once; "-" gives itself.
 * None found is FE_EUSAGE naming the pattern. Freed with fe_paths_free. */
struct fe_paths { char **paths; size_t n_paths; };
FE_MUST_USE enum fe_rc fe_paths_expand(const char *pattern, struct fe_paths *out, struct fe_err *err);
void fe_paths_free(struct fe_paths *p);
/* Its size as the system knows it, for progress; 0: unknown. */
uint64_t fe_file_size(const char *path);
/* Size, mtime and SHA-256 of a file without using it otherwise. */
FE_MUST_USE enum fe_rc fe_object_identify(const char *path, struct fe_object_id *out, struct fe_err *err);
void fe_object_id_reset(struct fe_object_id *id);

/* A whole small file (pipeline files): FE_ELIMIT past max_bytes. */
FE_MUST_USE enum fe_rc fe_file_read(const char *path, size_t max_bytes, struct fe_buf *out, struct fe_err *err);

#endif

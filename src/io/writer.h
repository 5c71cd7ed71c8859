// SPDX-License-Identifier: Apache-2.0
/* io/writer.h - a file that is there whole or not at all
 *
 * Bytes go to a temporary name beside the target (".name.tmp-<random>", created
 * O_EXCL, mode 0640); publish fsyncs, renames over the target and fsyncs the
 * directory; close without it removes the file. Leftovers of killed runs are removed
 * by the next open of the same target. SHA-256 and size as written.
 *
 * Each fsync waits for the disk's journal, some ms. So the disk is told of all content as it is finished,
 * and files that come together are published together: what the first fsync waits for, the others have
 * nearly nothing to add to, and their folder is brought to disk once.
 *
 * By itself it hashes in the thread of the caller; with fe_writer_hash_in together with what else that thread
 * hashes (base/sha256_pair.h). With fe_writer_hash_behind a second thread does, reading back what was written,
 * and what goes wrong is told by finish. The hash is the same.
 *
 * "s3://bucket/key" is written to an unnamed file in TMPDIR (else /var/tmp), from which it can
 * be read back; finish brings it to S3, and publish makes the object of it (io/upload.h).
 */
#ifndef FE_IO_WRITER_H
#define FE_IO_WRITER_H

#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include "io/net.h"

struct fe_sha256_pair;
struct fe_writer;

FE_MUST_USE enum fe_rc fe_writer_open(struct fe_writer **out, const char *path, const struct fe_net_settings *net,
                                      struct fe_err *err); /* net as in io/reader.h */
/* Either of the two, before anything is written. Without a thread to be had, all stays as it is. The pair is borrowed
 * until close; NULL: all stays as it is. */
void fe_writer_hash_behind(struct fe_writer *w);
void fe_writer_hash_in(struct fe_writer *w, struct fe_sha256_pair *pair);
FE_MUST_USE enum fe_rc fe_writer_write(struct fe_writer *w, const void *p, size_t n_bytes, struct fe_err *err);
/* Flushes our buffer to the file, so that pread sees it. */
FE_MUST_USE enum fe_rc fe_writer_flush(struct fe_writer *w, struct fe_err *err);
/* Reads back what was written; flushes where it must. */
FE_MUST_USE enum fe_rc fe_writer_pread(struct fe_writer *w, uint64_t offset, void *out, size_t n_bytes, struct fe_err *err);
/* What has been written will be written anew: no hash is made of it any more. */
void fe_writer_forget_hash(struct fe_writer *w);
/* Begins again at the front of what was written, to write it anew with parts left out. The
 * old bytes can be read back by pread as long as nothing was written over them: read
 * ahead of what is written. What is left of them at the end goes. */
FE_MUST_USE enum fe_rc fe_writer_rewrite(struct fe_writer *w, struct fe_err *err);
uint64_t fe_writer_size(const struct fe_writer *w);
/* Ends the content: the hash is known from here, and the disk has been told of all of it; nothing
 * is visible yet. Then publish waits for the disk and renames it. */
FE_MUST_USE enum fe_rc fe_writer_finish(struct fe_writer *w, char sha256_hex[FE_SHA256_HEX_BYTES], struct fe_err *err);
FE_MUST_USE enum fe_rc fe_writer_publish(struct fe_writer *w, struct fe_err *err);
/* Several, in this order, NULL being none: the contents of all are on disk before the first has its name, and
 * all names when it returns. */
FE_MUST_USE enum fe_rc fe_writer_publish_all(struct fe_writer *const *writers, size_t n, struct fe_err *err);
void fe_writer_close(struct fe_writer *w); /* NULL is allowed; undoes what was not published */

#endif

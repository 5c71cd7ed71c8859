// SPDX-License-Identifier: Apache-2.0
/* io/writer.c - write beside, sync, rename
 *
 * All is done relative to the folder's descriptor, so that a folder that is renamed
 * meanwhile does no harm. A temporary file is locked (flock) by its writer: one that
 * nobody has locked was left by a killed run, and is removed by the next writer of the
 * same target.
 *
 * The worker that hashes reads the file itself, some MiB behind what is written: bytes of
 * a buffer would have to come from the other processor's cache, and cost the writer more than that.
 */
#include "io/writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "base/sha256_pair.h"
#include "base/unnamed.h"
#include "base/worker.h"
#include "base/write_all.h"
#include "io/s3_url.h"
#include "io/upload.h"

#define BUFFER_BYTES ((size_t)256 * 1024)
#define WRITEBACK_BYTES ((uint64_t)8 * 1024 * 1024)
#define PLENTY_BYTES ((uint64_t)1024 * 1024 * 1024) /* of the disk: then room is asked for ahead */
#define HASH_BYTES ((uint64_t)1024 * 1024) /* that the worker is given at a time */
#define MAX_TRIES 16

/* What another thread hashes of the file. */
struct hasher {
	struct fe_worker *worker; /* NULL: there is none */
	uint64_t n_given;         /* of the file, to the worker */
	_Atomic uint64_t until;   /* to be hashed, up to here; the worker's own from here on: */
	uint64_t n_hashed;
	char *bytes;
	enum fe_rc rc;
	struct fe_err err;
};

struct fe_writer {
	char *path;      /* as given, for messages */
	char *name;      /* its last part */
	char *temp;      /* name of the temporary file; NULL: there is none */
	int folder, fd;
	struct fe_upload *upload; /* of S3; NULL: a file */
	struct fe_sha256 *sha; /* NULL: what is written will be written anew */
	struct fe_sha256_pair *pair; /* that it is of; NULL: it goes by itself */
	struct hasher hasher;
	char *buffer;
	size_t n_buffered;
	uint64_t n_written; /* to the file */
	uint64_t n_begun;   /* of these, what the disk has been told to take */
	uint64_t n_reserved; /* of the file, for which room on the disk was asked so far */
	uint64_t n_before;  /* bytes of the content that is written anew; 0: none */
	bool is_finished, is_synced;
};

static enum fe_rc
fail_at(const struct fe_writer *w, enum fe_rc rc, struct fe_err *err)
{
	if (rc)
		fe_err_at(err, w->path, 0, NULL);
	return rc;
}

static enum fe_rc
open_folder(struct fe_writer *w, struct fe_err *err)
{
	const char *slash = strrchr(w->path, '/');
	w->name = fe_strdup(slash ? slash + 1 : w->path);
	if (w->name[0] == '\0' || strcmp(w->name, ".") == 0 || strcmp(w->name, "..") == 0)
		return fe_fail(err, FE_EUSAGE, "this is a folder, not the name of a file");
	char *folder = slash ? fe_strndup(w->path, slash == w->path ? 1 : (size_t)(slash - w->path))
			     : fe_strdup(".");
	w->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int errnum = errno;
	fe_free(folder);
	if (w->folder < 0)
		return fe_fail_errno(err, errnum, "cannot open the folder to write to", NULL);
	return FE_OK;
}

/* A rename would put a file into the place of a device or a pipe, /dev/null's too. */
static enum fe_rc
check_target(const struct fe_writer *w, struct fe_err *err)
{
	struct stat st;
	bool is_there = fstatat(w->folder, w->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!is_there || S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
		return FE_OK;
	return fe_fail(err, FE_EUSAGE, "this is %s, in whose place no file is put",
		       S_ISDIR(st.st_mode) ? "a folder" : "a device, pipe or socket");
}

static void
remove_if_left(const struct fe_writer *w, const char *temp)
{
	int fd = openat(w->folder, temp, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(w->folder, temp, 0); /* only tidying: it may stay */
	(void)close(fd);
}

static void
remove_leftovers(const struct fe_writer *w)
{
	char prefix[NAME_MAX + 8];
	int n_prefix = snprintf(prefix, sizeof prefix, ".%s.tmp-", w->name);
	int fd = openat(w->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (n_prefix > 0 && strncmp(entry->d_name, prefix, (size_t)n_prefix) == 0)
			remove_if_left(w, entry->d_name);
	}
	(void)closedir(dir);
}

/* True where the file is ours: another writer may have taken it for a leftover
 * between its making and its locking. */
static bool
lock_temp(int fd)
{
	struct stat st;
	return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0;
}

static enum fe_rc
make_temp(struct fe_writer *w, struct fe_err *err)
{
	char temp[NAME_MAX + 64];
	for (int i = 0; i < MAX_TRIES; i++) {
		uint64_t chance;
		if (getrandom(&chance, sizeof chance, 0) != (ssize_t)sizeof chance)
			return fe_fail_errno(err, errno, "no random bytes", NULL);
		(void)snprintf(temp, sizeof temp, ".%s.tmp-%016llx", w->name,
			       (unsigned long long)chance);
		w->fd = openat(w->folder, temp,
			       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
		if (w->fd < 0 && errno == EEXIST)
			continue;
		if (w->fd < 0)
			return fe_fail_errno(err, errno, "cannot create a file beside it", NULL);
		if (lock_temp(w->fd)) {
			w->temp = fe_strdup(temp);
			return FE_OK;
		}
		(void)close(w->fd);
		w->fd = -1;
	}
	return fe_fail(err, FE_EUNAVAIL, "no temporary name beside it is free");
}

/* Where there is room for large files; what is in memory only would count twice. */
static enum fe_rc
open_upload(struct fe_writer *w, const struct fe_net_settings *net, struct fe_err *err)
{
	static const struct fe_net_settings careful = { 0 };
	const char *folder = secure_getenv("TMPDIR");
	FE_TRY(fe_upload_open(&w->upload, w->path, net ? net : &careful, err));
	return fe_unnamed_open(&w->fd, folder && *folder ? folder : "/var/tmp", err);
}

static enum fe_rc
open_file(struct fe_writer *w, struct fe_err *err)
{
	FE_TRY(open_folder(w, err));
	FE_TRY(check_target(w, err));
	remove_leftovers(w);
	return make_temp(w, err);
}

enum fe_rc
fe_writer_open(struct fe_writer **out, const char *path, const struct fe_net_settings *net, struct fe_err *err)
{
	struct fe_writer *w = fe_new(struct fe_writer);
	enum fe_rc rc;

	w->path = fe_strdup(path);
	w->folder = w->fd = -1;
	w->sha = fe_sha256_new();
	w->buffer = fe_alloc_pages(BUFFER_BYTES);
	rc = fe_s3_is_url(path) ? open_upload(w, net, err) : open_file(w, err);
	if (rc)
		goto fail;
	*out = w;
	return FE_OK;
fail:
	rc = fail_at(w, rc, err);
	fe_writer_close(w);
	*out = NULL;
	return rc;
}

/* Whether nobody else will miss a stretch. */
static bool
has_plenty_of_room(const struct fe_writer *w)
{
	struct statvfs st;
	return fstatvfs(w->fd, &st) == 0 && st.f_bavail > PLENTY_BYTES / (st.f_frsize ? st.f_frsize : 1);
}

/* A large file gets larger: room for the next stretch at once is less work for the filesystem than page
 * after page. What is too much of it goes when the file is finished; until then others cannot have it, so
 * that none is taken of a disk that is nearly full, nor kept where it was less than asked for. Only a
 * hint: a disk that is full is for the write to tell. */
static void
reserve_ahead(struct fe_writer *w)
{
	if (w->n_before || !has_plenty_of_room(w))
		return;
	bool is_there = fallocate(w->fd, FALLOC_FL_KEEP_SIZE, (off_t)w->n_written, (off_t)WRITEBACK_BYTES) == 0;
	if (is_there || ftruncate(w->fd, (off_t)w->n_written) == 0)
		w->n_reserved = w->n_written + WRITEBACK_BYTES;
}

/* What is hashed as it is written is there to stay: the disk may as well begin, so that less is
 * left for fsync to wait for. Only a hint: what goes wrong is for fsync to tell. */
static void
begin_writeback(struct fe_writer *w)
{
	if (!w->sha || w->upload || w->n_written - w->n_begun < WRITEBACK_BYTES)
		return;
	(void)sync_file_range(w->fd, (off_t)w->n_begun, (off_t)(w->n_written - w->n_begun), SYNC_FILE_RANGE_WRITE);
	w->n_begun = w->n_written;
	reserve_ahead(w);
}

/* ---- the hash ---- */

void
fe_writer_hash_behind(struct fe_writer *w)
{
	FE_ASSERT(fe_writer_size(w) == 0 && !w->hasher.worker && !w->pair);
	w->hasher.worker = fe_worker_start();
	if (w->hasher.worker)
		w->hasher.bytes = fe_alloc_pages(BUFFER_BYTES);
}

void
fe_writer_hash_in(struct fe_writer *w, struct fe_sha256_pair *pair)
{
	FE_ASSERT(fe_writer_size(w) == 0 && !w->hasher.worker && !w->pair);
	if (!pair)
		return;
	w->pair = pair;
	fe_sha256_free(w->sha);
	w->sha = fe_sha256_new_in(pair);
}

/* The worker's: what is in the file up to `until`. */
static void
hash_file(void *ctx)
{
	struct fe_writer *w = ctx;
	struct hasher *h = &w->hasher;
	const uint64_t until = atomic_load_explicit(&h->until, memory_order_acquire);

	while (h->rc == FE_OK && h->n_hashed < until) {
		size_t n = until - h->n_hashed < BUFFER_BYTES ? (size_t)(until - h->n_hashed) : BUFFER_BYTES;
		h->rc = fe_pread_all(w->fd, h->n_hashed, h->bytes, n, &h->err);
		if (h->rc == FE_OK)
			fe_sha256_add(w->sha, h->bytes, n);
		h->n_hashed += n;
	}
}

static void
give_to_hash(struct fe_writer *w)
{
	struct hasher *h = &w->hasher;
	atomic_store_explicit(&h->until, w->n_written, memory_order_release);
	h->n_given = w->n_written;
	fe_worker_give(h->worker, hash_file, w);
}

/* Of what was just put into the file. */
static void
hash(struct fe_writer *w, const void *p, size_t n_bytes)
{
	if (!w->sha)
		return;
	if (!w->hasher.worker)
		fe_sha256_add(w->sha, p, n_bytes);
	else if (w->n_written - w->hasher.n_given >= HASH_BYTES)
		give_to_hash(w);
}

/* From the front, or not at all. */
static void
hash_anew(struct fe_writer *w, struct fe_sha256 *sha)
{
	struct hasher *h = &w->hasher;
	fe_worker_wait(h->worker);
	fe_sha256_free(w->sha);
	w->sha = sha;
	h->n_given = h->n_hashed = 0;
}

static enum fe_rc
end_hash(struct fe_writer *w, struct fe_err *err)
{
	struct hasher *h = &w->hasher;
	if (!h->worker)
		return FE_OK;
	fe_worker_wait(h->worker);
	return h->rc ? fail_at(w, fe_err_pass(err, &h->err), err) : FE_OK;
}

/* ---- content ---- */

static enum fe_rc
put(struct fe_writer *w, const void *p, size_t n_bytes, struct fe_err *err)
{
	FE_TRY(fail_at(w, fe_pwrite_all(w->fd, w->n_written, p, n_bytes, err), err));
	w->n_written += n_bytes;
	hash(w, p, n_bytes);
	begin_writeback(w);
	return FE_OK;
}

enum fe_rc
fe_writer_flush(struct fe_writer *w, struct fe_err *err)
{
	size_t n = w->n_buffered;
	if (n == 0)
		return FE_OK;
	FE_TRY(fe_failpoint("writer.flush", err));
	w->n_buffered = 0;
	return put(w, w->buffer, n, err);
}

enum fe_rc
fe_writer_write(struct fe_writer *w, const void *p, size_t n_bytes, struct fe_err *err)
{
	FE_ASSERT(!w->is_finished);
	if (n_bytes > BUFFER_BYTES - w->n_buffered) {
		FE_TRY(fe_writer_flush(w, err));
		if (n_bytes >= BUFFER_BYTES)
			return put(w, p, n_bytes, err);
	}
	if (n_bytes)
		memcpy(w->buffer + w->n_buffered, p, n_bytes);
	w->n_buffered += n_bytes;
	return FE_OK;
}

enum fe_rc
fe_writer_pread(struct fe_writer *w, uint64_t offset, void *out, size_t n_bytes,
		struct fe_err *err)
{
	uint64_t end, size = w->n_before > fe_writer_size(w) ? w->n_before : fe_writer_size(w);
	if (__builtin_add_overflow(offset, n_bytes, &end) || end > size)
		return fail_at(w, fe_fail(err, FE_EBUG, "reading back past the end"), err);
	if (end > w->n_written && !w->n_before)
		FE_TRY(fe_writer_flush(w, err));
	return fail_at(w, fe_pread_all(w->fd, offset, out, n_bytes, err), err);
}

uint64_t
fe_writer_size(const struct fe_writer *w)
{
	return w->n_written + w->n_buffered;
}

void
fe_writer_forget_hash(struct fe_writer *w)
{
	hash_anew(w, NULL);
}

enum fe_rc
fe_writer_rewrite(struct fe_writer *w, struct fe_err *err)
{
	FE_ASSERT(!w->is_finished && !w->n_before);
	FE_TRY(fe_writer_flush(w, err));
	w->n_before = w->n_written;
	w->n_written = w->n_begun = 0;
	hash_anew(w, fe_sha256_new_in(w->pair));
	return FE_OK;
}

enum fe_rc
fe_writer_finish(struct fe_writer *w, char sha256_hex[FE_SHA256_HEX_BYTES], struct fe_err *err)
{
	unsigned char digest[FE_SHA256_BYTES];
	FE_ASSERT(!w->is_finished && w->sha);
	FE_TRY(fe_writer_flush(w, err));
	FE_TRY(fe_failpoint("writer.finish", err));
	if (w->hasher.worker)
		give_to_hash(w);
	if ((w->n_written < w->n_before || w->n_written < w->n_reserved) && ftruncate(w->fd, (off_t)w->n_written) != 0)
		return fe_fail_errno(err, errno, "cannot shorten", w->path);
	if (w->upload)
		FE_TRY(fe_upload_send(w->upload, w->fd, w->n_written, err));
	else
		(void)sync_file_range(w->fd, (off_t)w->n_begun, 0, SYNC_FILE_RANGE_WRITE); /* to its end; a hint again */
	FE_TRY(end_hash(w, err));
	fe_sha256_end(w->sha, digest);
	fe_sha256_hex(digest, sha256_hex);
	w->is_finished = true;
	return FE_OK;
}

/* ---- under its name ---- */

static enum fe_rc
sync_content(struct fe_writer *w, struct fe_err *err)
{
	FE_ASSERT(w->is_finished && (w->temp || w->upload));
	if (w->upload || w->is_synced)
		return FE_OK;
	if (fsync(w->fd) != 0)
		return fe_fail_errno(err, errno, "cannot bring to disk", w->path);
	w->is_synced = true;
	return FE_OK;
}

static enum fe_rc
put_in_place(struct fe_writer *w, struct fe_err *err)
{
	FE_TRY(fe_failpoint("writer.publish", err));
	if (w->upload) {
		FE_TRY(fe_upload_publish(w->upload, err));
		return fe_failpoint("writer.published", err);
	}
	if (renameat(w->folder, w->temp, w->folder, w->name) != 0)
		return fe_fail_errno(err, errno, "cannot rename the finished file to its name",
				     w->path);
	fe_free(w->temp);
	w->temp = NULL;
	return fe_failpoint("writer.published", err);
}

static bool
is_same_folder(const struct fe_writer *a, const struct fe_writer *b)
{
	struct stat x, y;
	return fstat(a->folder, &x) == 0 && fstat(b->folder, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static enum fe_rc
sync_folders(struct fe_writer *const *writers, size_t n, struct fe_err *err)
{
	const struct fe_writer *last = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct fe_writer *w = writers[i];
		if (!w || w->upload || (last && is_same_folder(last, w)))
			continue;
		if (fsync(w->folder) != 0)
			return fe_fail_errno(err, errno, "cannot bring its folder to disk", w->path);
		last = w;
	}
	return FE_OK;
}

enum fe_rc
fe_writer_publish_all(struct fe_writer *const *writers, size_t n, struct fe_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (writers[i])
			FE_TRY(sync_content(writers[i], err));
	for (size_t i = 0; i < n; i++)
		if (writers[i])
			FE_TRY(put_in_place(writers[i], err));
	return sync_folders(writers, n, err);
}

enum fe_rc
fe_writer_publish(struct fe_writer *w, struct fe_err *err)
{
	return fe_writer_publish_all(&w, 1, err);
}

void
fe_writer_close(struct fe_writer *w)
{
	if (!w)
		return;
	fe_worker_stop(w->hasher.worker);
	fe_upload_close(w->upload);
	if (w->temp)
		(void)unlinkat(w->folder, w->temp, 0); /* else the next writer removes it */
	if (w->fd >= 0)
		(void)close(w->fd); /* what counts was synced by finish */
	if (w->folder >= 0)
		(void)close(w->folder);
	fe_sha256_free(w->sha);
	fe_free(w->buffer);
	fe_free(w->hasher.bytes);
	fe_free(w->temp);
	fe_free(w->name);
	fe_free(w->path);
	fe_free(w);
}

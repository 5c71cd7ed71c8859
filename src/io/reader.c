// SPDX-License-Identifier: Apache-2.0
/* io/reader.c - stored bytes, their hash, and what they are when decompressed
 *
 * All stored bytes pass through read_stored, which counts and hashes them. The first
 * ones go through a buffer, where it is seen what the file is; a plain file is then
 * read straight into the caller's memory, a compressed one keeps using the buffer.
 */
#include "io/reader.h"

#include "base/mem.h"
#include "base/sha256_pair.h"
#include "base/stop.h"
#include "io/decompress.h"
#include "io/stored.h"
#include "io/writer.h"

#define BUFFER_BYTES ((size_t)128 * 1024)

struct fe_reader {
	struct fe_stored *in;
	struct fe_sha256 *sha;
	uint64_t n_stored;   /* read so far */
	bool stored_ended, has_ended;
	struct fe_object_id id;
	char *buffer;
	struct fe_str ahead; /* of buffer: read, not used yet */
	struct fe_decompress *decompress; /* NULL: plain */
};

static enum fe_rc
read_stored(struct fe_reader *r, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	*n_bytes = 0;
	if (r->stored_ended)
		return FE_OK;
	FE_TRY(fe_stored_read(r->in, out, cap_bytes, n_bytes, err));
	if (*n_bytes > 0) {
		fe_sha256_add(r->sha, out, *n_bytes);
		r->n_stored += *n_bytes;
		return FE_OK;
	}
	unsigned char digest[FE_SHA256_BYTES];
	fe_sha256_end(r->sha, digest);
	fe_sha256_hex(digest, r->id.sha256);
	if (r->in->sha256[0] && strcmp(r->in->sha256, r->id.sha256) != 0)
		return fe_fail(err, FE_EDATA,
			       "the bytes that were read are not those that were stored: their SHA-256 is %s, and should "
			       "be %s; run again", r->id.sha256, r->in->sha256);
	r->id.size_bytes = r->n_stored;
	r->stored_ended = true;
	return FE_OK;
}

static enum fe_rc
fill_buffer(struct fe_reader *r, struct fe_err *err)
{
	size_t n;
	FE_TRY(read_stored(r, r->buffer, BUFFER_BYTES, &n, err));
	r->ahead = (struct fe_str){ r->buffer, n };
	return FE_OK;
}

/* What is known of the object before it is read. */
static struct fe_object_id
id_of(const struct fe_stored *in)
{
	return (struct fe_object_id){ .path = fe_strdup(in->path), .mtime_us = in->mtime_us,
		                      .version = fe_strdup(in->version) };
}

/* All but the first bytes' meaning. */
static enum fe_rc
start(struct fe_reader *r, const char *location, const struct fe_net_settings *net, struct fe_err *err)
{
	r->sha = fe_sha256_new();
	r->buffer = fe_alloc_pages(BUFFER_BYTES);
	FE_TRY(fe_stored_open(&r->in, location, net, err));
	r->id = id_of(r->in);
	return FE_OK;
}

static void
finish(struct fe_reader *r)
{
	fe_stored_close(r->in);
	fe_decompress_free(r->decompress);
	fe_sha256_free(r->sha);
	fe_object_id_reset(&r->id);
	fe_free(r->buffer);
}

/* Small reads from a pipe must not hide what the content is. */
static enum fe_rc
sniff(struct fe_reader *r, struct fe_err *err)
{
	size_t n_ahead = 0, n;
	do {
		FE_TRY(read_stored(r, r->buffer + n_ahead, BUFFER_BYTES - n_ahead, &n, err));
		n_ahead += n;
	} while (n > 0 && n_ahead < FE_PACKING_SNIFF_BYTES);
	r->ahead = (struct fe_str){ r->buffer, n_ahead };

	const char *foreign = fe_packing_foreign(r->ahead);
	if (foreign)
		return fe_fail(err, FE_EDATA,
			       "this is %s; unpack or export it: what is read is plain, or compressed "
			       "by gzip or zstd",
			       foreign);
	enum fe_packing packing = fe_packing_of(r->ahead);
	if (packing == FE_PACKING_NONE)
		return FE_OK;
	return fe_decompress_new(&r->decompress, packing, err);
}

static void
fail_at(struct fe_err *err, const char *location, const struct fe_net_settings *net)
{
	char *name = fe_location_name(location, net);
	fe_err_at(err, name, 0, NULL);
	fe_free(name);
}

enum fe_rc
fe_reader_open(struct fe_reader **out, const char *location, const struct fe_net_settings *net,
	       struct fe_err *err)
{
	struct fe_reader *r = fe_new(struct fe_reader);
	enum fe_rc rc = start(r, location, net, err);

	if (rc == FE_OK)
		rc = sniff(r, err);
	*out = rc ? NULL : r;
	if (rc) {
		fail_at(err, location, net);
		fe_reader_close(r);
	}
	return rc;
}

/* What was read to see what it is lies ahead, all of it. */
void
fe_reader_hash_in(struct fe_reader *r, struct fe_sha256_pair *pair)
{
	FE_ASSERT(r->n_stored == r->ahead.n);
	if (!pair || r->stored_ended)
		return;
	fe_sha256_free(r->sha);
	r->sha = fe_sha256_new_in(pair);
	fe_sha256_add(r->sha, r->ahead.p, r->ahead.n);
}

static enum fe_rc
read_plain(struct fe_reader *r, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	if (r->ahead.n == 0)
		return read_stored(r, out, cap_bytes, n_bytes, err);
	*n_bytes = r->ahead.n < cap_bytes ? r->ahead.n : cap_bytes;
	memcpy(out, r->ahead.p, *n_bytes);
	r->ahead.p += *n_bytes;
	r->ahead.n -= *n_bytes;
	return FE_OK;
}

static enum fe_rc
read_decompressed(struct fe_reader *r, void *out, size_t cap_bytes, size_t *n_bytes,
		  struct fe_err *err)
{
	struct fe_decompress_room room = { .p = out, .cap_bytes = cap_bytes };
	for (;;) {
		bool is_done;
		FE_TRY(fe_decompress_step(r->decompress, &r->ahead, r->stored_ended, &room,
					  &is_done, err));
		*n_bytes = room.n_bytes;
		if (room.n_bytes > 0 || is_done)
			return FE_OK;
		FE_TRY(fill_buffer(r, err));
	}
}

enum fe_rc
fe_reader_read(struct fe_reader *r, void *out, size_t cap_bytes, size_t *n_bytes,
	       struct fe_err *err)
{
	char *to = out;
	size_t n_read = 0;

	while (n_read < cap_bytes && !r->has_ended) {
		size_t n;
		enum fe_rc rc;
		if (r->decompress)
			rc = read_decompressed(r, to + n_read, cap_bytes - n_read, &n, err);
		else
			rc = read_plain(r, to + n_read, cap_bytes - n_read, &n, err);
		if (rc) {
			*n_bytes = 0;
			fe_err_at(err, r->id.path, 0, NULL);
			return rc;
		}
		r->has_ended = n == 0;
		n_read += n;
	}
	*n_bytes = n_read;
	return FE_OK;
}

uint64_t fe_reader_stored_bytes_read(const struct fe_reader *r) { return r->n_stored; }

uint64_t fe_reader_stored_size(const struct fe_reader *r) { return r->in->size_bytes; }

const struct fe_object_id *fe_reader_identity(const struct fe_reader *r) { return &r->id; }

void
fe_reader_close(struct fe_reader *r)
{
	if (!r)
		return;
	finish(r);
	fe_free(r);
}

void
fe_object_id_reset(struct fe_object_id *id)
{
	fe_free(id->path);
	fe_free(id->version);
	*id = (struct fe_object_id){ 0 };
}

/* always: even where a version tells what it is. */
static enum fe_rc
identify(const char *location, const struct fe_net_settings *net, bool always, struct fe_object_id *out,
	 struct fe_err *err)
{
	struct fe_reader r = { 0 };
	size_t n = 1;
	enum fe_rc rc = start(&r, location, net, err);

	*out = (struct fe_object_id){ 0 };
	if (rc == FE_OK && r.id.version && !always)
		r.id.size_bytes = r.in->size_bytes;
	else
		while (rc == FE_OK && n > 0)
			rc = read_stored(&r, r.buffer, BUFFER_BYTES, &n, err);
	if (rc == FE_OK) {
		*out = r.id;
		r.id = (struct fe_object_id){ 0 };
	} else {
		fail_at(err, location, net);
	}
	finish(&r);
	return rc;
}

enum fe_rc
fe_object_identify(const char *location, const struct fe_net_settings *net, struct fe_object_id *out,
		   struct fe_err *err)
{
	return identify(location, net, false, out, err);
}

enum fe_rc
fe_object_digest(const char *location, const struct fe_net_settings *net, struct fe_object_id *out,
		 struct fe_err *err)
{
	return identify(location, net, true, out, err);
}

enum fe_rc
fe_object_look(const char *location, const struct fe_net_settings *net, struct fe_object_id *out, struct fe_err *err)
{
	struct fe_stored *in;

	*out = (struct fe_object_id){ 0 };
	enum fe_rc rc = fe_stored_open(&in, location, net, err);
	if (rc) {
		fe_err_at(err, location, 0, NULL);
		return rc;
	}
	*out = id_of(in);
	out->size_bytes = in->size_bytes;
	fe_stored_close(in);
	return FE_OK;
}

enum fe_rc
fe_object_copy(const char *location, const struct fe_net_settings *net, struct fe_writer *to, struct fe_object_id *out,
	       struct fe_err *err)
{
	struct fe_reader r = { 0 };
	size_t n = 1;
	enum fe_rc rc = start(&r, location, net, err);

	*out = (struct fe_object_id){ 0 };
	while (rc == FE_OK && n > 0) {
		rc = fe_stop_check(err);
		if (rc == FE_OK)
			rc = read_stored(&r, r.buffer, BUFFER_BYTES, &n, err);
		if (rc)
			fe_err_at(err, location, 0, NULL);
		else if (n > 0)
			rc = fe_writer_write(to, r.buffer, n, err);
	}
	if (rc == FE_OK) {
		*out = r.id;
		r.id = (struct fe_object_id){ 0 };
	}
	finish(&r);
	return rc;
}

enum fe_rc
fe_file_read(const char *path, size_t max_bytes, struct fe_buf *out, struct fe_err *err)
{
	struct fe_stored *in = NULL;
	char *buffer = fe_alloc_pages(BUFFER_BYTES);
	size_t n = 1;
	enum fe_rc rc = fe_stored_file.open(&in, path, NULL, err);

	fe_buf_clear(out);
	while (rc == FE_OK && n > 0) {
		rc = in->ops->read(in, buffer, BUFFER_BYTES, &n, err);
		if (rc == FE_OK && n > max_bytes - out->n_bytes)
			rc = fe_fail(err, FE_ELIMIT,
				     "the file is longer than its limit of %zu bytes", max_bytes);
		if (rc == FE_OK && n > 0)
			fe_buf_add(out, buffer, n);
	}
	if (rc == FE_OK)
		rc = fe_buf_check(out, "the file", err);
	if (rc)
		fe_err_at(err, path, 0, NULL);
	fe_stored_close(in);
	fe_free(buffer);
	return rc;
}

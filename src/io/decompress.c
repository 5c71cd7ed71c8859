// SPDX-License-Identifier: Apache-2.0
/* io/decompress.c - gzip and zlib by zlib, zstd by libzstd, behind one step function
 *
 * Memory is bounded by the formats: 32 KiB of window for gzip; for zstd what the
 * library takes by default, windows up to 128 MiB as its own command line tool does.
 */
#include "io/decompress.h"

#include <limits.h>
#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"

#define GZIP_ONLY (15 + 16) /* zlib's way to say: gzip header, largest window */
#define ZLIB_ONLY 15
#define GZIP_MAGIC_BYTE 0x1f

struct fe_decompress {
	enum fe_packing packing;
	bool is_inside;   /* of a member or frame */
	uint64_t n_ended; /* members or frames so far */
	bool has_z;
	z_stream z;
	ZSTD_DStream *zstd;
};

enum fe_packing
fe_packing_of(struct fe_str first)
{
	const unsigned char *p = (const unsigned char *)first.p;
	if (first.n >= 2 && p[0] == GZIP_MAGIC_BYTE && p[1] == 0x8b)
		return FE_PACKING_GZIP;
	if (first.n < 4)
		return FE_PACKING_NONE;
	if (p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd)
		return FE_PACKING_ZSTD;
	if ((p[0] & 0xf0) == 0x50 && p[1] == 0x2a && p[2] == 0x4d && p[3] == 0x18)
		return FE_PACKING_ZSTD; /* a frame to be skipped, before the first of data */
	return FE_PACKING_NONE;
}

const char *
fe_packing_foreign(struct fe_str first)
{
	static const struct { struct fe_str magic; size_t at; const char *what; } kinds[] = {
		{ FE_STR("PK\x03\x04"), 0, "a zip archive or a workbook (xlsx)" },
		{ FE_STR("PK\x05\x06"), 0, "an empty zip archive" },
		{ FE_STR("1AY&SY"), 4, "a bzip2 file" },
		{ FE_STR("\xfd" "7zXZ\0"), 0, "an xz file" },
		{ FE_STR("7z\xbc\xaf\x27\x1c"), 0, "a 7z archive" },
		{ FE_STR("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), 0, "a workbook (xls)" },
		{ FE_STR("%PDF-"), 0, "a PDF document" },
		{ FE_STR("PAR1"), 0, "a Parquet file" },
		{ FE_STR("SQLite fo"), 0, "an SQLite database" },
	};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const struct fe_str magic = kinds[i].magic;
		if (first.n >= kinds[i].at + magic.n &&
		    memcmp(first.p + kinds[i].at, magic.p, magic.n) == 0)
			return kinds[i].what;
	}
	return NULL;
}

enum fe_rc
fe_decompress_new(struct fe_decompress **out, enum fe_packing packing, struct fe_err *err)
{
	struct fe_decompress *d = fe_new(struct fe_decompress);
	d->packing = packing;
	if (packing != FE_PACKING_ZSTD) {
		d->has_z = inflateInit2(&d->z, packing == FE_PACKING_GZIP ? GZIP_ONLY : ZLIB_ONLY) == Z_OK;
		if (!d->has_z)
			goto fail;
	} else {
		d->zstd = ZSTD_createDStream();
		if (!d->zstd || ZSTD_isError(ZSTD_initDStream(d->zstd)))
			goto fail;
	}
	*out = d;
	return FE_OK;
fail:
	fe_decompress_free(d);
	*out = NULL;
	return fe_fail(err, FE_ELIMIT, "no memory to decompress with");
}

void
fe_decompress_free(struct fe_decompress *d)
{
	if (!d)
		return;
	if (d->has_z)
		(void)inflateEnd(&d->z);
	(void)ZSTD_freeDStream(d->zstd);
	fe_free(d);
}

static const char *
name_of(const struct fe_decompress *d)
{
	static const char *const names[] = {
		[FE_PACKING_NONE] = "plain",
		[FE_PACKING_GZIP] = "gzip",
		[FE_PACKING_ZSTD] = "zstd",
		[FE_PACKING_ZLIB] = "zlib",
	};
	return names[d->packing];
}

static enum fe_rc
fail_garbage(const struct fe_decompress *d, struct fe_err *err)
{
	return fe_fail(err, FE_EDATA,
		       "there are bytes after the end of the %s data that are not %s; "
		       "the file is damaged, or was appended to",
		       name_of(d), name_of(d));
}

static enum fe_rc
fail_damaged(const struct fe_decompress *d, const char *why, struct fe_err *err)
{
	return fe_fail(err, FE_EDATA, "the %s data is damaged: %s", name_of(d),
		       why ? why : "no reason is given");
}

static enum fe_rc
fail_cut(const struct fe_decompress *d, struct fe_err *err)
{
	return fe_fail(err, FE_EDATA, "the %s data ends in its middle; the file was cut short",
		       name_of(d));
}

static enum fe_rc
step_zlib(struct fe_decompress *d, struct fe_str *in, struct fe_decompress_room *out,
	  struct fe_err *err)
{
	if (!d->is_inside) {
		if (d->packing == FE_PACKING_GZIP ? (unsigned char)in->p[0] != GZIP_MAGIC_BYTE
						  : d->n_ended > 0)
			return fail_garbage(d, err);
		if (inflateReset(&d->z) != Z_OK)
			return fe_fail(err, FE_EBUG, "zlib refuses a reset");
		d->is_inside = true;
	}
	size_t n_in = in->n < UINT_MAX ? in->n : UINT_MAX;
	size_t n_out = out->cap_bytes < UINT_MAX ? out->cap_bytes : UINT_MAX;
	d->z.next_in = (z_const Bytef *)(uintptr_t)in->p;
	d->z.avail_in = (uInt)n_in;
	d->z.next_out = out->p;
	d->z.avail_out = (uInt)n_out;
	int z = inflate(&d->z, Z_NO_FLUSH);
	in->p += n_in - d->z.avail_in;
	in->n -= n_in - d->z.avail_in;
	out->n_bytes = n_out - d->z.avail_out;
	if (z == Z_STREAM_END) {
		d->is_inside = false;
		d->n_ended++;
		return FE_OK;
	}
	if (z == Z_OK || z == Z_BUF_ERROR)
		return FE_OK;
	if (z == Z_MEM_ERROR)
		return fe_fail(err, FE_ELIMIT, "no memory to decompress with");
	/* A later member with no right header is no member. */
	if (d->n_ended && d->z.total_out == 0 && d->z.total_in <= 10)
		return fail_garbage(d, err);
	return fail_damaged(d, d->z.msg, err);
}

static enum fe_rc
step_zstd(struct fe_decompress *d, struct fe_str *in, struct fe_decompress_room *out,
	  struct fe_err *err)
{
	ZSTD_inBuffer from = { .src = in->p, .size = in->n };
	ZSTD_outBuffer to = { .dst = out->p, .size = out->cap_bytes };
	const bool was_inside = d->is_inside;
	size_t left = ZSTD_decompressStream(d->zstd, &to, &from);
	in->p += from.pos;
	in->n -= from.pos;
	out->n_bytes = to.pos;
	if (ZSTD_isError(left)) {
		if (d->n_ended && !was_inside)
			return fail_garbage(d, err);
		return fail_damaged(d, ZSTD_getErrorName(left), err);
	}
	d->is_inside = left != 0;
	d->n_ended += left == 0;
	return FE_OK;
}

enum fe_rc
fe_decompress_step(struct fe_decompress *d, struct fe_str *in, bool has_ended,
		   struct fe_decompress_room *out, bool *is_done, struct fe_err *err)
{
	*is_done = false;
	out->n_bytes = 0;
	do {
		if (!d->is_inside && in->n == 0) {
			*is_done = has_ended;
			return FE_OK;
		}
		const size_t n_before = in->n;
		if (d->has_z)
			FE_TRY(step_zlib(d, in, out, err));
		else
			FE_TRY(step_zstd(d, in, out, err));
		if (d->is_inside && out->n_bytes == 0 && in->n == n_before) {
			if (!has_ended)
				return FE_OK;
			return fail_cut(d, err);
		}
	} while (out->n_bytes == 0);
	return FE_OK;
}

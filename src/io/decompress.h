// SPDX-License-Identifier: Apache-2.0
/* io/decompress.h - gzip and zstd, told by their first bytes, and zlib where it is said to be
 *
 * Pure: bytes in, bytes out, so that it can be tried on any input. A stream may be
 * several members (gzip) or frames (zstd), one after the other; whatever follows the
 * last of them is an error, and so is an end inside one.
 */
#ifndef FE_IO_DECOMPRESS_H
#define FE_IO_DECOMPRESS_H

#include "base/err.h"
#include "base/str.h"

enum fe_packing {
	FE_PACKING_NONE, FE_PACKING_GZIP, FE_PACKING_ZSTD,
	FE_PACKING_ZLIB, /* one stream; never told by its bytes */
};
#define FE_PACKING_SNIFF_BYTES 10 /* as many as there are are enough */
enum fe_packing fe_packing_of(struct fe_str first_bytes);
/* What else it is that is often named .csv and is not read here, as "a zip archive"; NULL: nothing known. */
const char *fe_packing_foreign(struct fe_str first_bytes);

struct fe_decompress;
FE_MUST_USE enum fe_rc fe_decompress_new(struct fe_decompress **out, enum fe_packing packing, struct fe_err *err);
void fe_decompress_free(struct fe_decompress *d); /* NULL is allowed */

/* Takes bytes off the front of *in and writes at most cap_bytes to out. Where it writes
 * none, it wants more input, or *is_done. has_ended: nothing follows after *in. */
struct fe_decompress_room { void *p; size_t cap_bytes, n_bytes; };
FE_MUST_USE enum fe_rc fe_decompress_step(struct fe_decompress *d, struct fe_str *in, bool has_ended,
                                          struct fe_decompress_room *out, bool *is_done,
                                          struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* extract/kept.h - what a source gave, kept by one step and read by later ones
 *
 * Each kind is kept as it came: a file as its stored bytes, packed or not; an answer of an API
 * as its body; the rows of a database as lines of JSON (extract/query_row.h), with what those
 * lines cannot tell beside them (extract/query_stored.h). A source that is given kept objects
 * reads them in the place of its own, and says of them what it would have said of those: path,
 * size, version and hash, record numbers, offsets and raw bytes are the same.
 */
#ifndef FE_EXTRACT_KEPT_H
#define FE_EXTRACT_KEPT_H

#include "base/str.h"
#include "io/reader.h"

struct fe_source;

struct fe_kept_object {
	struct fe_object_id id; /* of the original, whole */
	const char *stored;     /* where its bytes are; NULL: it was skipped, as the manifest knows it */
	const char *aside;      /* of a database: where the rest is told; of a file: its control file */
	bool is_itself;         /* stored is the object, looked at and not read before: no hash is known of it */
};

/* In the order of the source. */
struct fe_kept {
	const struct fe_kept_object *objects;
	size_t n_objects;
	const struct fe_net_settings *net; /* to read them by */
};

/* Told what an API or a database gives. Files are kept by who reads them (fe_object_copy). */
struct fe_keep {
	void *ctx;
	FE_MUST_USE enum fe_rc (*begin)(void *ctx, struct fe_err *err); /* another object */
	FE_MUST_USE enum fe_rc (*bytes)(void *ctx, struct fe_str bytes, struct fe_err *err);
	FE_MUST_USE enum fe_rc (*aside)(void *ctx, struct fe_str line, struct fe_err *err);
};

/* Once all is read: FE_ECONFLICT where what was read is not what was kept. */
FE_MUST_USE enum fe_rc fe_kept_agrees(const struct fe_kept *k, const struct fe_source *source, struct fe_err *err);
/* FE_ECONFLICT, naming the stored object, where its bytes are others. */
FE_MUST_USE enum fe_rc fe_kept_check(const struct fe_kept_object *o, uint64_t size_bytes, const char *sha256,
                                     struct fe_err *err);

#endif

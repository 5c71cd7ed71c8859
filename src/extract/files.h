// SPDX-License-Identifier: Apache-2.0
/* extract/files.h - the objects of a source that reads files, one after the other
 *
 * What sources of files have in common: the list of objects, the one that is open, which of
 * them are left out, what each one is known by, and how far all of it is read.
 */
#ifndef FE_EXTRACT_FILES_H
#define FE_EXTRACT_FILES_H

#include "extract/source.h"

struct fe_files {
	struct fe_source *source;             /* whose objects these are */
	const struct fe_source_settings *set; /* borrowed */
	bool has_unknown_size;
	bool is_url;                          /* set->location is opened as it is */
	uint64_t done_bytes, total_bytes;     /* of the files before this one; of all */
	size_t object;                        /* the index of the one that is read, or of the next */
	struct fe_reader *in;                 /* NULL: between files */
};

/* Lists the objects of set->location. */
FE_MUST_USE enum fe_rc fe_files_init(struct fe_files *f, struct fe_source *source,
                                     const struct fe_source_settings *set, struct fe_err *err);
void fe_files_reset(struct fe_files *f); /* half-made ones too */

static inline bool fe_files_are_read(const struct fe_files *f) { return f->object == f->source->n_objects; }
/* Opens the next one, or leaves it out: then in stays NULL. */
FE_MUST_USE enum fe_rc fe_files_enter(struct fe_files *f, struct fe_err *err);
/* It is read to its end, and known by all its bytes. */
void fe_files_end(struct fe_files *f);

/* FE_EDATA where it has had no records, and must; what it is instead: "has no records". */
FE_MUST_USE enum fe_rc fe_files_check_not_empty(const struct fe_files *f, const char *what, struct fe_err *err);
const char *fe_files_name(const struct fe_files *f); /* of the one that is read, for messages */
void fe_files_progress(const struct fe_files *f, uint64_t *done_bytes, uint64_t *total_bytes);

#endif

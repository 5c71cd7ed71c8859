// SPDX-License-Identifier: Apache-2.0
/* extract/look.h - looking at a source before it is read: what the kinds have in common
 *
 * A file's header, or its first records, tell which columns it has. Of many files the last ones
 * by name are looked at: names have dates in them, and what is new is in the newest.
 */
#ifndef FE_EXTRACT_LOOK_H
#define FE_EXTRACT_LOOK_H

#include "extract/source.h"

#define FE_LOOK_MAX_FILES 64
#define FE_LOOK_MAX_RECORDS 1000 /* of a file, or of an API */

/* Calls `each` with the files of set->location, and its code ends it. FE_EUSAGE for standard input. */
typedef enum fe_rc (*fe_look_file_fn)(struct fe_source_look *out, const struct fe_source_settings *set, const char *path,
                                      struct fe_err *err);
FE_MUST_USE enum fe_rc fe_look_at_files(struct fe_source_look *out, const struct fe_source_settings *set,
                                        fe_look_file_fn each, struct fe_err *err);

/* By reading the first records, taking whatever is there. */
FE_MUST_USE enum fe_rc fe_look_at_records(struct fe_source_look *out, const struct fe_source_ops *ops,
                                          const struct fe_source_settings *set, struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* io/folder.h - what a writer of several files asks of the folder they stand in
 *
 * A folder is a path, or "s3://bucket/prefix", where there are no folders and names are
 * told by their keys alone. net as in io/reader.h.
 */
#ifndef FE_IO_FOLDER_H
#define FE_IO_FOLDER_H

#include "base/buf.h"
#include "io/lock.h"
#include "io/net.h"

/* Made if it is not there; its parent must be. */
FE_MUST_USE enum fe_rc fe_folder_make(const char *folder, struct fe_err *err);
/* What was done in it before is on disk before what comes after. */
FE_MUST_USE enum fe_rc fe_folder_sync(const char *folder, struct fe_err *err);
/* Where it is empty, and one can be removed. */
void fe_folder_remove(const char *folder);

/* One holder at a time by the file `name` in it, which stays (io/lock.h). Of S3 the lock is one
 * of this machine and user only; the object `name` is the mark that the folder was written to. */
FE_MUST_USE enum fe_rc fe_folder_lock(struct fe_lock **out, const char *folder, const char *name, int64_t wait_ms,
                                      const struct fe_clock *clock, const struct fe_net_settings *net,
                                      struct fe_err *err);

/* Whatever it is. A path that cannot be looked at is FE_OK, false: that shows when it is written. */
FE_MUST_USE enum fe_rc fe_file_exists(const char *path, const struct fe_net_settings *net, bool *exists,
                                      struct fe_err *err);
/* One that is not there is removed, too. */
FE_MUST_USE enum fe_rc fe_file_remove(const char *path, const struct fe_net_settings *net, struct fe_err *err);
/* Whether two paths lead to one file that is there. */
bool fe_file_is_same(const char *a, const char *b);

#endif

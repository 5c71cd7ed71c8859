// SPDX-License-Identifier: Apache-2.0
/* io/spool.h - bytes set aside on disk until a verdict
 *
 * An unnamed file (O_TMPFILE, or made and unlinked) in a folder given by the
 * caller; it vanishes with the process. Append, then read back from the start,
 * as often as wanted. Framed: each entry has its length and hash, so that read gives
 * whole entries, and FE_EUNAVAIL for one that the disk changed. Small spools stay in memory (64 KiB) and never touch the disk.
 */
#ifndef FE_IO_SPOOL_H
#define FE_IO_SPOOL_H

#include "base/buf.h"

struct fe_spool;

FE_MUST_USE enum fe_rc fe_spool_open(struct fe_spool **out, const char *folder, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_spool_add(struct fe_spool *s, struct fe_str entry, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_spool_rewind(struct fe_spool *s, struct fe_err *err);
/* The next entry into *entry (bytes owned by the spool until the next call);
 * *more false at the end. */
FE_MUST_USE enum fe_rc fe_spool_next(struct fe_spool *s, struct fe_str *entry, bool *more, struct fe_err *err);
uint64_t fe_spool_n_entries(const struct fe_spool *s);
void fe_spool_close(struct fe_spool *s);

#endif

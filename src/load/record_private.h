// SPDX-License-Identifier: Apache-2.0
/* load/record_private.h - what record.c and its other parts share */
#ifndef FE_LOAD_RECORD_PRIVATE_H
#define FE_LOAD_RECORD_PRIVATE_H

#include "base/mem.h"
#include "base/time.h"
#include "load/record.h"

/* The canonical text of a moment, in out. */
static inline struct fe_str
fe_record_time(int64_t us, char out[FE_TIMESTAMP_TEXT_BYTES])
{
	fe_timestamp_format(us, out);
	return (struct fe_str){ out, FE_TIMESTAMP_TEXT_BYTES };
}

static inline void
fe_record_bind_count(struct fe_stmt *st, int index, uint64_t n)
{
	FE_ASSERT(n <= INT64_MAX);
	fe_stmt_bind_i64(st, index, (int64_t)n);
}

/* Empty: null. */
static inline void
fe_record_bind_optional(struct fe_stmt *st, int index, struct fe_str v)
{
	if (v.n > 0)
		fe_stmt_bind_text(st, index, v);
	else
		fe_stmt_bind_null(st, index);
}

/* The text as the engine can hold it: SQLite any, PostgreSQL valid UTF-8 without NUL.
 * A path is whatever bytes a file system allows; others are shown as \xNN then. */
struct fe_str fe_record_text(const struct fe_db *db, struct fe_str v, struct fe_arena *arena);

/* Runs an insert of n rows, and makes sure that they are there: a trigger can drop one
 * without a word. */
FE_MUST_USE enum fe_rc fe_record_insert(struct fe_db *db, struct fe_stmt *st, int64_t n_rows,
                                        const char *table, struct fe_err *err);

/* record_objects.c, then record_rejects.c: the run's objects, and its rejects */
FE_MUST_USE enum fe_rc fe_record_objects(struct fe_db *db, const struct fe_record_run *run,
                                         const struct fe_run_end *end, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_record_rejects(struct fe_db *db, const struct fe_record_run *run,
                                         const struct fe_run_end *end, struct fe_err *err);
/* What an object is known by that no run has read to its end: path, size, time and version; without a
 * time by the run alone. Appended to out; at most FE_RECORD_MAX_INDEXED_BYTES, else a hash of it. */
#define FE_RECORD_MAX_INDEXED_BYTES 1024
void fe_record_unread_identity(const struct fe_db *db, const char *run_id, const struct fe_object_id *id, struct fe_buf *out);
/* record_closures.c: the open rejects that a published run has done with */
FE_MUST_USE enum fe_rc fe_record_closures(struct fe_db *db, const struct fe_record_run *run,
                                          const struct fe_run_end *end, struct fe_err *err);
/* record_purge.c: as keep_days says; a role that may not leaves it at a word in the log */
FE_MUST_USE enum fe_rc fe_record_purge_old(struct fe_db *db, const struct fe_record_run *run,
                                           const struct fe_run_end *end, struct fe_err *err);
/* record_watermarks.c: of a run that is published */
FE_MUST_USE enum fe_rc fe_record_watermarks(struct fe_db *db, const struct fe_record_run *run,
                                            const struct fe_run_end *end, struct fe_err *err);

#endif

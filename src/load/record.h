// SPDX-License-Identifier: Apache-2.0
/* load/record.h - what is written down of a run: events, audit row, objects, rejects
 *
 * One code for all database engines (db/db.h). Each function works in the caller's
 * transaction. But for watermarks, and for records that are purged out of rejects, nothing here
 * updates or deletes a row: what is written stays.
 */
#ifndef FE_LOAD_RECORD_H
#define FE_LOAD_RECORD_H

#include "db/db.h"
#include "load/sink.h"

struct fe_record_run { /* borrowed by the calls below */
	const char *run_id, *pipeline, *config_sha256, *version;
	int64_t start_us, run_time_us;
	const struct fe_clock *clock;
	const struct fe_run_release *release; /* NULL: none */
	const struct fe_table *tables; size_t n_tables; /* as fe_sink_settings has them */
	const char *backend; /* who the engine says we are for as long as the run lives, as
	                      * "4711 2026-11-23 10:00:00.000000Z"; NULL: the engine does not know */
};

/* The attempt: event 'started' with process, host, backend, and what it releases. FE_ECONFLICT
 * where that was released before. */
FE_MUST_USE enum fe_rc fe_record_start(struct fe_db *db, const struct fe_record_run *run, struct fe_err *err);
/* The run that has published this held one: its id is appended to *by. */
FE_MUST_USE enum fe_rc fe_record_released(struct fe_db *db, const char *run_id, struct fe_buf *by, bool *found, struct fe_err *err);
/* FE_ECONFLICT where a release would change rows of the table as runs after the released one have left them. */
FE_MUST_USE enum fe_rc fe_record_check_later(const struct fe_record_run *run, const struct fe_table *t, int64_t n_later, struct fe_err *err);
/* Whether the run that wrote down this backend may still end by itself. */
typedef bool fe_record_alive_fn(void *ctx, const char *backend);
/* Ends runs of this pipeline that have begun, have no end, and are gone. The caller holds
 * the run lock. is_alive NULL: the lock alone is proof. */
FE_MUST_USE enum fe_rc fe_record_abandoned(struct fe_db *db, const struct fe_record_run *run,
                                           fe_record_alive_fn *is_alive, void *ctx, struct fe_err *err);
/* Objects, rejects, the audit row and the event that seals it. */
FE_MUST_USE enum fe_rc fe_record_end(struct fe_db *db, const struct fe_record_run *run,
                                     const struct fe_run_end *end, struct fe_err *err);
/* Takes the records out of this data set's rejects of runs that began before. FE_EDENIED where the
 * role may not. */
FE_MUST_USE enum fe_rc fe_record_purge(struct fe_db *db, const char *pipeline, const char *dataset, int64_t before_us,
                                       uint64_t *n_purged, struct fe_err *err);
/* The status of the run's audit row: *ended false where there is none. */
FE_MUST_USE enum fe_rc fe_record_has_ended(struct fe_db *db, const char *run_id, bool *ended, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_record_next_object_id(struct fe_db *db, int64_t *out, struct fe_err *err);
/* As object_known of load/sink.h. */
FE_MUST_USE enum fe_rc fe_record_object_known(struct fe_db *db, const char *pipeline, const char *dataset,
                                              const struct fe_object_id *id, bool *known, struct fe_err *err);
/* As object_state of load/sink.h. */
FE_MUST_USE enum fe_rc fe_record_object_state(struct fe_db *db, const char *pipeline, const struct fe_arrived_object *o,
                                              enum fe_object_state *out, struct fe_err *err);
/* <0, 0, >0: which of two versions of a key its store made first. */
int fe_sequencer_compare(struct fe_str a, struct fe_str b);
/* As watermark of load/sink.h; of what, dataset and cursor are given. */
FE_MUST_USE enum fe_rc fe_record_watermark(struct fe_db *db, const char *pipeline, const struct fe_run_watermark *what,
                                           struct fe_buf *value, bool *found, struct fe_err *err);

#endif

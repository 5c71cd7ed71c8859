// SPDX-License-Identifier: Apache-2.0
/* load/sink.h - where records go
 *
 * A sink is the target of a whole run: all its tables, rejects, objects and the
 * audit. What it is handed becomes visible all at once by commit; closing without
 * commit undoes. undo rolls the data back and then records, in a transaction of its
 * own, the rejects and the audit row of a run that was held or failed.
 *
 *   Order      open, begin, then per table in the order of references:
 *              table_begin, (lookup | fetch | has | write)*, table_end; then
 *              commit or undo; then close. has may be asked of any table; placeholders
 *              go to tables that are ended, or of which none was begun.
 *   Ownership  tables and settings are borrowed until close.
 *   Failure    After a failure, that of begin included, only undo and close are legal.
 *   Threads    One sink, one thread.
 *   Numbers    Rows inserted by this run are numbered from 0 per table by dedupe; a
 *              row that was there before goes by the engine's own number.
 */
#ifndef FE_LOAD_SINK_H
#define FE_LOAD_SINK_H

#include "base/clock.h"
#include "base/decimal.h"
#include "batch/groups.h"
#include "batch/load_plan.h"
#include "io/reader.h"
#include "io/spool.h"
#include "load/table.h"

struct fe_sha256_pair;
struct fe_sink;

/* How rows get into a table that has some: with its indexes and constraints live, or
 * those taken off and put back as sets around the rows. AUTO chooses by sizes and rights. */
enum fe_load_strategy { FE_LOAD_AUTO, FE_LOAD_MERGE, FE_LOAD_REBUILD };

struct fe_sink_settings {
	const char *url;               /* "sqlite:path", "files:DIR", "postgresql://..." */
	const struct fe_table *tables; /* in the order of references */
	size_t n_tables;
	const struct fe_clock *clock;
	int64_t wait_ms;               /* for the run lock and for a busy database */
	int64_t lock_timeout_ms;       /* for locks on tables; 0: the engine's own */
	enum fe_load_strategy strategy;
	bool hashes_behind;            /* files: a second thread hashes what was written */
	struct fe_sha256_pair *hashes; /* files: that it is hashed in, where no second thread does; NULL: by itself */
	const char *spool_folder;      /* for what is set aside until the end of the run */
	uint64_t max_object_bytes;     /* files in S3: as of io/net.h */
	const char *stamp;             /* files: the text of a last column, processed_at, of every table; NULL: none */
};

/* A held run that this one publishes: who says so, and why. */
struct fe_run_release { const char *run_id, *reason, *by; };

struct fe_run_info {
	const char *run_id, *pipeline, *config_sha256, *version;
	int64_t start_us, run_time_us;
	const struct fe_run_release *release; /* NULL: none; lives as long as the sink */
};

/* What the target confirmed for one table: rows and exact sums of the decimal source
 * columns in schema order (sums may be NULL where there are none). */
struct fe_confirmed {
	uint64_t n;
	fe_i128 *sums;
	struct fe_groups *groups; /* by the table's sum_by: the count, then the sums; NULL: not asked for */
};
struct fe_table_result {
	struct fe_confirmed inserted, updated;
	struct fe_confirmed unchanged;  /* updates staged that turned out to be no change */
	struct fe_confirmed filled;     /* updates staged that a placeholder became a row of a record by; in no other */
	char strategy[160];             /* "into an empty table, then 9 indexes" and why */
};

struct fe_run_object {
	const char *dataset;
	int64_t object_id;           /* first_object_id of begin + its place in the run */
	const struct fe_object_id *id;
	uint64_t n_records;
	bool is_whole, is_skipped;   /* whole: read to the end */
	const char *etag, *sequencer; /* as its arrival told; NULL: it did not */
};

/* One object that arrived by itself, and what is done of its key. */
struct fe_arrived_object {
	const char *dataset;
	const struct fe_object_id *id;  /* path, version, time */
	const char *etag, *sequencer;   /* NULL: not told */
	const char *current_version;    /* of the key, where that is another one than this; NULL: this one, or none */
};
enum fe_object_state {
	FE_OBJECT_NEW,
	FE_OBJECT_DONE,              /* this version was loaded */
	FE_OBJECT_OLDER,             /* a later version of the key was loaded */
};

/* What became of an open reject that was read again. */
struct fe_reject_closing { int64_t reject_id; const char *outcome; };

/* How far an incremental data set has been read: the source's own text of its cursor. */
struct fe_run_watermark { const char *dataset, *cursor, *value; };

/* The end of a run, as it is written down. */
struct fe_run_end {
	const char *status;          /* success, success_with_rejects, held, failed */
	int64_t end_us;
	uint64_t extracted, transformed, loaded, rejected, duplicate;
	const char *error;           /* NULL: none */
	struct fe_str quality_report, reconciliation; /* JSON */
	struct fe_str report;        /* JSON, the whole result but what the sink adds (files' hashes) */
	const struct fe_run_object *objects; size_t n_objects;
	const struct fe_run_watermark *watermarks; size_t n_watermarks; /* to be moved; only by commit */
	const char *const *datasets; size_t n_datasets;
	const int64_t *keep_days;    /* [n_datasets] after which records are taken out of rejects; 0: never */
	struct fe_spool *rejects;    /* load/reject.h */
	/* A run over open rejects: those that it closes. Its own rejects are the ones that stay open, and are not
	 * written down again. Other runs close what the warehouse finds that they have loaded. */
	bool is_replay;
	const struct fe_reject_closing *closings; size_t n_closings;
};

struct fe_sink_ops {
	const char *scheme;  /* "sqlite": the part of the URL before ':' */
	const char *summary; /* one line for `finetl describe` */
	FE_MUST_USE enum fe_rc (*open)(struct fe_sink **out, const struct fe_sink_settings *set, struct fe_err *err);
	/* Takes the run lock, records abandoned runs and this attempt, starts the
	 * transaction. first_object_id: the id of the run's first object. */
	FE_MUST_USE enum fe_rc (*begin)(struct fe_sink *s, const struct fe_run_info *run, int64_t *first_object_id, struct fe_err *err);
	FE_MUST_USE enum fe_rc (*table_begin)(struct fe_sink *s, size_t table, bool *is_empty, struct fe_err *err);
	/* As in transform/dedupe.h. An update of a placeholder sets all of its columns. */
	FE_MUST_USE enum fe_rc (*lookup)(struct fe_sink *s, size_t table, const struct fe_batch *b, const uint32_t *rows, size_t n,
	                                 struct fe_batch *met, int64_t *stored, struct fe_str *origin, struct fe_err *err);
	FE_MUST_USE enum fe_rc (*fetch)(struct fe_sink *s, size_t table, enum fe_place place, int64_t number,
	                                struct fe_batch *met, size_t met_row, struct fe_err *err);
	/* Which values of a column are keys of the table (of a single column): of the rows
	 * whose bit is set in asked, and which have a value, sets the bits of those that the table
	 * held when the run began, or holds now: in known where its row is of a record, in made where
	 * it is a placeholder. Other bits stay. */
	FE_MUST_USE enum fe_rc (*has)(struct fe_sink *s, size_t table, const struct fe_column *column, const uint64_t *asked,
	                              size_t n_rows, uint64_t *known, uint64_t *made, struct fe_err *err);
	/* Makes placeholders of a table that takes them: the rows of keys, a batch of the table's schema with
	 * nothing but the key, all of which neither the table has nor this run has made. object_id is of the
	 * records that refer to them. They are in none of table_end's figures, and has need not know them. */
	FE_MUST_USE enum fe_rc (*placeholders)(struct fe_sink *s, size_t table, const struct fe_batch *keys, int64_t object_id,
	                                       struct fe_err *err);
	/* Removals first, then the batch's inserts and updates. */
	FE_MUST_USE enum fe_rc (*write)(struct fe_sink *s, size_t table, const struct fe_batch *b, const struct fe_load_plan *plan,
	                                int64_t object_id, struct fe_err *err);
	/* Applies staged updates, builds indexes; out->sums arrays are given by the caller. */
	FE_MUST_USE enum fe_rc (*table_end)(struct fe_sink *s, size_t table, struct fe_table_result *out, struct fe_err *err);
	/* Whether what was last loaded of this data set and path, by a run that ended well, has this size and SHA-256
	 * (or, of an id without one, this version). */
	FE_MUST_USE enum fe_rc (*object_known)(struct fe_sink *s, const char *dataset, const struct fe_object_id *id, bool *known, struct fe_err *err);
	/* What earlier runs that ended well have made of it. NULL: such a target keeps no record. */
	FE_MUST_USE enum fe_rc (*object_state)(struct fe_sink *s, const struct fe_arrived_object *o, enum fe_object_state *out, struct fe_err *err);
	/* What the last published run has left for what->dataset and cursor: appended to *value.
	 * NULL: such a target keeps none. */
	FE_MUST_USE enum fe_rc (*watermark)(struct fe_sink *s, const struct fe_run_watermark *what, struct fe_buf *value, bool *found, struct fe_err *err);
	FE_MUST_USE enum fe_rc (*commit)(struct fe_sink *s, const struct fe_run_end *end, struct fe_err *err);
	FE_MUST_USE enum fe_rc (*undo)(struct fe_sink *s, const struct fe_run_end *end, struct fe_err *err);
	void (*close)(struct fe_sink *s); /* NULL is allowed in the wrapper */
};

/* First member of every implementation's own struct. */
struct fe_sink {
	const struct fe_sink_ops *ops;
	struct fe_sink_settings set;
};

extern const struct fe_sink_ops fe_sink_sqlite;
extern const struct fe_sink_ops fe_sink_files;
extern const struct fe_sink_ops fe_sink_postgres;

#endif

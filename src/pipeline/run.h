// SPDX-License-Identifier: Apache-2.0
/* pipeline/run.h - one run of a pipeline: the one place with the loop
 *
 * fe_run reads every selected data set in the order of references, batch by batch:
 *
 *   source -> clean -> where -> rules -> references -> derive -> dedupe -> expectations -> sink
 *
 * counts what became of each record, and ends in one of two ways: totals agree and
 * the gate is met, then all is committed at once; or the data is undone, and the
 * rejects and the audit row are recorded by themselves.
 *
 * The result is filled whichever way it ends; the returned code is the run's.
 */
#ifndef FE_PIPELINE_RUN_H
#define FE_PIPELINE_RUN_H

#include "base/clock.h"
#include "extract/kept.h"
#include "pipeline/expectations.h"
#include "pipeline/plan.h"
#include "pipeline/told.h"
#include "quality/profile.h"

struct fe_run_progress {
	const char *dataset;
	uint64_t n_rows, n_rejected;     /* of the run so far */
	uint64_t done_bytes, total_bytes;/* of the data set; total 0: unknown */
	bool is_loading;                 /* the target is at work: indexes, merge, commit */
};

/* What an earlier step has kept of a data set's source, and what it had asked it for. */
struct fe_run_given {
	struct fe_kept kept;
	const char *since, *until;
	bool is_none;               /* this one's own source is read */
};

/* An object that arrived by itself, and is all that the run is over; `given` has it, too. A target that knows
 * of it already reads nothing. */
struct fe_run_arrival {
	size_t dataset;
	struct fe_arrived_object object;
	bool is_gone;               /* it is not there any more: that is all there is to write down */
};

struct fe_replay;   /* pipeline/replay.h */
struct fe_run_result;
struct fe_run_settings {
	const struct fe_plan *plan;
	const struct fe_clock *clock;
	bool has_run_time;
	int64_t run_time_us;        /* what now() is; else the start of the run */
	int64_t wait_ms;            /* for another run of the pipeline to end */
	int64_t lock_timeout_ms;    /* for a lock that somebody else has on a table; 0: the engine's own */
	enum fe_load_strategy strategy;
	uint64_t max_memory_bytes;  /* of the process; keys past it go to disk (pipeline/memory.h); 0: no limit */
	unsigned n_threads;         /* 2 or more: records are read and judged ahead, and files hashed, by others */
	const char *from, *until;   /* of data sets with a cursor: just this window; NULL: from the watermark on */
	bool reprocess;             /* read objects that the manifest knows too */
	enum fe_fail_on fail_on;    /* which failed expectations hold the run */
	bool nothing_is_99;         /* a run that is fine, but read no record, ends with FE_ENOTHING */
	const char *run_id;         /* NULL: a new one */
	const struct fe_run_given *given; /* [n_datasets]: read in the place of the sources; NULL: those are */
	const struct fe_run_arrival *arrival; /* NULL: none */
	const char *stamp;          /* load/sink.h */
	/* Puts something between the run and its warehouse's sink, which it takes over also where it fails; NULL: nothing. */
	enum fe_rc (*wrap_sink)(void *ctx, struct fe_sink **sink, struct fe_err *err);
	void *wrap_ctx;
	/* Open rejects, read in the place of the sources; NULL: those are. Neither the gate's bounds nor control totals are asked. */
	struct fe_replay *replay;
	/* Waives, on the record, what would hold the run; NULL: nothing is waived. */
	const struct fe_run_release *release;
	/* Asked of each data set once it is read, in the place of whether `given` is what was read; NULL: nobody. */
	enum fe_rc (*was_read)(void *ctx, size_t dataset, const struct fe_source *source, struct fe_err *err);
	void *was_read_ctx;
	/* What an earlier step has failed of: nothing is read, and that is put on record as the end of a run. NULL: it is run. */
	const struct fe_err *failed;
	/* Asked once all is loaded, before the commit; NULL: nobody. What it refuses is undone. */
	enum fe_rc (*agree)(void *ctx, const struct fe_run_result *r, struct fe_err *err);
	void *agree_ctx;
	void (*progress)(void *ctx, const struct fe_run_progress *p); /* NULL: none */
	void *progress_ctx;
	/* Before anything is opened; and once the end is on record and all is closed. NULL: none. */
	void (*started)(void *ctx, struct fe_run_result *res);
	void (*ended)(void *ctx, struct fe_run_result *res);
	void *told_ctx;
};

struct fe_dataset_result {
	const struct fe_plan_dataset *plan; /* borrowed */
	bool was_read;               /* to its end */
	bool is_replayed;            /* its open rejects were: bounds of the gate were not asked */
	struct fe_tally tally;
	struct fe_reason_table reasons;
	uint64_t *defaults_filled;   /* [n_source] */
	uint64_t *negative_zeros;    /* [n_source] decimals written as -0 */
	uint64_t *rules_broken;      /* [n_rules] */
	uint64_t *placeholders;      /* [n_references] parents that were made for its records */
	uint64_t n_filled;           /* of the rows inserted, those that were placeholders before */
	uint64_t n_objects, n_skipped_objects;
	uint64_t n_bytes;            /* of the objects that were read, as they are stored */
	uint64_t notes[FE_N_OBJECT_NOTES]; /* how many objects have each */
	struct fe_contract_notes columns;  /* where the source's are not as declared */
	struct fe_expectations expectations; /* validation NULL: no suite */
	bool was_validated;          /* to its end */
	bool *known_unique;          /* [n_fields] what expectations take as proven */
	struct fe_control *control;  /* control totals; NULL: none */
	bool was_controlled;         /* all of them stated */
	struct fe_profile *profile;  /* of the records that are kept; NULL: none was read */
	char strategy[160];
	int64_t elapsed_us;
};

enum fe_run_status { FE_RUN_SUCCESS, FE_RUN_WITH_REJECTS, FE_RUN_HELD, FE_RUN_FAILED };
const char *fe_run_status_name(enum fe_run_status s);

struct fe_run_result {
	char run_id[FE_RUN_ID_BYTES];
	const char *pipeline, *warehouse; /* borrowed from the plan */
	const char *config_sha256;
	enum fe_run_status status;
	enum fe_rc rc;
	char error[FE_ERR_TEXT_BYTES];    /* "" if none; printed form, with its place */
	int64_t run_time_us, start_us, end_us;
	const char *from, *until;         /* of a backfill, as it was set; borrowed */
	struct fe_dataset_result *datasets;
	size_t n_datasets;
	enum fe_fail_on fail_on;          /* as it was set */
	const struct fe_run_release *release; /* borrowed; NULL: none */
	struct fe_replay *replay;         /* borrowed; NULL: none */
	char *waived;                     /* what would have held the run, as an error says it; NULL: nothing */
	bool is_published;                /* committed */
	enum fe_object_state arrived;     /* what was known of the object that arrived; FE_OBJECT_NEW: nothing */
	bool is_recorded;                 /* its end is on record in the warehouse */
	bool is_unknown;                  /* whether it was could not be found out; is_published is false */
	struct fe_told_list told;         /* what came of telling others; shown by the line on stdout only */
};

FE_MUST_USE enum fe_rc fe_run(const struct fe_run_settings *set, struct fe_run_result *out,
                              struct fe_err *err);
/* One that has not begun yet; fe_run does this itself. */
void fe_run_result_init(struct fe_run_result *r, const struct fe_run_settings *set);
void fe_run_result_reset(struct fe_run_result *r);

struct fe_run_totals {
	uint64_t extracted, transformed, loaded, rejected, duplicate, skipped_objects;
};
struct fe_run_totals fe_run_totals(const struct fe_run_result *r);

/* pipeline/report.c: the result as JSON (one line on stdout), and its parts. */
void fe_run_result_json(const struct fe_run_result *r, struct fe_buf *out);
/* The same for a file, with all that expectations found. */
void fe_run_report_json(const struct fe_run_result *r, struct fe_buf *out);
void fe_run_reconciliation_json(const struct fe_run_result *r, struct fe_buf *out);
void fe_run_quality_json(const struct fe_run_result *r, struct fe_buf *out);
/* The summary for people: a table, the reasons, and the line of totals that agree. */
void fe_run_summary(const struct fe_run_result *r, struct fe_buf *out);
/* 1234567 as "1,234,567", digits of a decimal text alike. */
void fe_summary_add_grouped(struct fe_buf *out, struct fe_str digits);
void fe_summary_add_count(struct fe_buf *out, uint64_t n);

#endif

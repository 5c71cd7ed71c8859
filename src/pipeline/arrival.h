// SPDX-License-Identifier: Apache-2.0
/* pipeline/arrival.h - one object that has arrived is one run, exactly once
 *
 * An object of S3 that somebody tells of (an event, a sweep) is held against the sources of a
 * pipeline file: the data set whose pattern it fits is run over this
 * object alone, read by its version, its ETag and size compared with what was told.
 *
 *   Where to    the warehouse of the plan, a prefix of S3 for results (`output`), or both:
 *
 *                 processed/<name>.csv     the rows, as `files:` writes them; beside a warehouse those that it
 *                                          took, new ones and changed ones
 *                 rejects/<name>.csv       what was not loaded, and why
 *                 reports/<name>.json      the result: the mark that the object is done
 *                 claims/<name>.json       who is at it, or was last
 *
 *               <name> is the key without its ends (.csv, .json, .gz ...), and without its first folder
 *               where the source names that: raw/2026/07/a.csv.gz of raw/ ** .csv.gz becomes processed/2026/07/a.csv.
 *               A run that is held, or whose object is broken, leaves rejects and a report that says so;
 *               that is no mark.
 *   References  are looked up in the warehouse. Without one, the data sets that they name are read from their own
 *               sources each time, and not written.
 *   Once        With a warehouse its manifest (etl_objects) tells what is done, asked and told in the run's own
 *               transaction, under the run's lock. Without one the mark does, which is written on the condition that
 *               it is what it was (arrival_output.c), and names bucket, key and version. Told again, it is
 *               FE_ARRIVAL_DONE; with a warehouse each telling is a run on record.
 *   Order       Of two versions of a key the greater sequencer is the later one (compared as
 *               hexadecimal, padded on the right with zeros); where one is not known, the current version is,
 *               then the greater time. One older than what is done already is FE_ARRIVAL_OLDER, and on record.
 *   Gone        An object whose version, ETag or size is not what was told of is not read: if another
 *               has come in its place, that one is told of by itself.
 *   Never       an output under the prefix of a source: refused by open (FE_EUSAGE).
 *   Threads     One worker, one thread.
 */
#ifndef FE_PIPELINE_ARRIVAL_H
#define FE_PIPELINE_ARRIVAL_H

#include "pipeline/run.h"

struct fe_arrival {
	const char *bucket, *key;      /* decoded, as S3 has it; any UTF-8 without NUL */
	const char *version, *etag;    /* NULL: not told; the ETag without quotes */
	const char *sequencer;         /* NULL: not told */
	int64_t size_bytes;            /* -1: not told */
};

enum fe_arrival_outcome {
	FE_ARRIVAL_PROCESSED,          /* published; where the call fails, held or failed, as the result says */
	FE_ARRIVAL_DONE,               /* by an earlier one */
	FE_ARRIVAL_OLDER,              /* than what is done of this key */
	FE_ARRIVAL_GONE,               /* it is not there any more; on record, a retry does not help */
	FE_ARRIVAL_NOT_OURS,           /* no source takes it */
};
const char *fe_arrival_outcome_name(enum fe_arrival_outcome o);

struct fe_arrival_settings {
	const char *pipeline;          /* path of the pipeline file */
	const struct fe_plan_param *params; size_t n_params;
	const char *warehouse;         /* overrides the file's; "" : none, only output */
	const char *output;            /* "s3://bucket[/prefix]"; NULL: only the warehouse */
	bool processed_at;             /* a last column of that name in processed/ */
	const struct fe_clock *clock;
	uint64_t max_memory_bytes;
	int64_t wait_ms;
	enum fe_fail_on fail_on;
};

/* What became of one; zeroed where nothing was run. */
struct fe_arrival_result {
	enum fe_arrival_outcome outcome;
	char run_id[FE_RUN_ID_BYTES];  /* "": none */
	const char *status;            /* as in fe_run_status_name; NULL: none */
	const char *why;               /* it is gone: static text; NULL: it is not */
	uint64_t n_read, n_loaded, n_rejected, n_bytes;
	double quality_score;          /* percent; for telling only */
	int64_t elapsed_us;
};

struct fe_arrivals;

/* Reads and checks all that can be checked without an object: the plan, the targets, that output
 * cannot come back as input. */
FE_MUST_USE enum fe_rc fe_arrivals_open(struct fe_arrivals **out, const struct fe_arrival_settings *set,
                                        struct fe_err *err);
/* deadline_us (fe_clock_now's time; 0: none): a run that is not over by then is undone, as by a stop, and is
 * FE_EUNAVAIL: a retry helps. To undo takes up to some seconds more. */
FE_MUST_USE enum fe_rc fe_arrival_process(struct fe_arrivals *w, const struct fe_arrival *a, int64_t deadline_us,
                                          struct fe_arrival_result *out, struct fe_err *err);

struct fe_sweep_settings {
	int64_t older_than_us, newer_than_us; /* what came longer ago than that, and not as long ago; 0: whenever */
	bool leaves_failed;            /* what is on record as held or broken is not tried again */
	int64_t deadline_us;           /* as above; with something left to do then, FE_EUNAVAIL: a retry goes on with it */
	void (*told)(void *ctx, const struct fe_arrival *a, enum fe_rc rc, const struct fe_arrival_result *r,
	             const struct fe_err *err);
	void *ctx;
};
/* n_left: not looked at, being too old or too young, or left as failed. */
struct fe_sweep_result { uint64_t n_listed, n_done_before, n_left, n_processed, n_failed; };
/* Lists what the sources hold and processes what is not done yet; told is called for each of these. One that
 * fails does not keep the others from being done; the code is then that of the first. */
FE_MUST_USE enum fe_rc fe_arrivals_sweep(struct fe_arrivals *w, const struct fe_sweep_settings *set,
                                         struct fe_sweep_result *out, struct fe_err *err);
void fe_arrivals_close(struct fe_arrivals *w); /* NULL is allowed */

/* "s3://bucket/key", with "?versionId=..." or without, as an object that was told of. */
struct fe_arrival_parts {
	struct fe_arrival arrival;
	char *bucket, *key, *version;
};
FE_MUST_USE enum fe_rc fe_arrival_parts_read(struct fe_arrival_parts *out, const char *url, struct fe_err *err);
void fe_arrival_parts_reset(struct fe_arrival_parts *p);

#endif

// SPDX-License-Identifier: Apache-2.0
/* pipeline/arrival_private.h - what the parts of pipeline/arrival share
 *
 *   arrival_open.c    the plan, its sources, and what is refused before any object comes
 *   arrival.c         one object: looked at, and run over
 *   arrival_claim.c   the objects of S3 that make its results be there once
 *   arrival_output.c  its results in S3
 *   arrival_sweep.c   all objects that nobody told of
 */
#ifndef FE_PIPELINE_ARRIVAL_PRIVATE_H
#define FE_PIPELINE_ARRIVAL_PRIVATE_H

#include "io/lock.h"
#include "io/session.h"
#include "pipeline/arrival.h"

/* A data set that reads objects of S3. */
struct fe_arrival_source {
	size_t dataset;
	struct fe_s3_url url;    /* its key may be a pattern; views of the plan */
	bool is_pattern;
	struct fe_str prefix;    /* of the key: what stands before a pattern's first meaning */
};

/* What a sweep whose time was over did not come to: from this key of this source on. key NULL: it came to all. */
struct fe_sweep_rest {
	size_t source;
	char *key;
	int64_t older_than_us, newer_than_us; /* what it was asked: one that is asked something else begins at the first */
	bool leaves_failed;
};

struct fe_arrivals {
	struct fe_arrival_settings set; /* borrowed texts */
	struct fe_plan *plan;
	const char *warehouse;   /* NULL: none */
	char *with_secret;       /* the same with its password, where a secret has that: pipeline/secret.h; owned */
	struct fe_arrival_source *sources;
	size_t n_sources;
	struct fe_str bucket, prefix; /* of the output, the prefix with its '/'; bucket.p NULL: none. Views of set.output */
	char *prefix_text;       /* owned */
	struct fe_net_settings net;
	struct fe_s3 *s3;
	char *folder;            /* of ours, for what is not in S3 yet; NULL: none is needed */
	struct fe_lock *lock;    /* that it is ours */
	struct fe_sweep_rest rest;
};

/* What is at the place that was told of. */
struct fe_arrival_look {
	struct fe_object_id id;  /* path without version; all but the hash */
	char *stored;            /* path with it: what is read */
	char *etag;              /* without quotes */
	char *current_version;   /* of the key, where that is another one; NULL: this one */
	bool is_gone;
	const char *why;         /* it is gone */
};
void fe_arrival_look_reset(struct fe_arrival_look *l);

/* The source that takes a key; *out NULL: none. FE_EUSAGE where two do. */
FE_MUST_USE enum fe_rc fe_arrival_find(const struct fe_arrivals *w, struct fe_str bucket, struct fe_str key,
                                       const struct fe_arrival_source **out, struct fe_err *err);
/* Removes all files of the folder of ours. */
void fe_arrival_clear(const struct fe_arrivals *w);

/* ---- results in S3 ---- */

enum fe_arrival_result_kind { FE_RESULT_PROCESSED, FE_RESULT_REJECTS, FE_RESULT_REPORT, FE_RESULT_CLAIM, FE_N_RESULTS };
const char *fe_arrival_result_folder(enum fe_arrival_result_kind k); /* "processed/" */

/* Of a mark that is none: the object whose results are there all the same. */
#define FE_ARRIVAL_LAST_PUBLISHED "last_published"

struct fe_arrival_output {
	const struct fe_arrivals *w;
	const struct fe_arrival *told;
	const struct fe_arrival_look *look;
	const struct fe_plan_dataset *dataset;
	const char *table;             /* its file's name */
	char *keys[FE_N_RESULTS];
	char *etags[FE_N_RESULTS];     /* of what is there; NULL: nothing is */
	enum fe_object_state state;
	bool is_claimed;
	bool is_lost;                  /* why it failed: another worker is at it, or was */
	char *mark_before;             /* ETag of the mark when the claim was taken; NULL: there was none */
	char holder[FE_RUN_ID_BYTES];  /* of the claim: us */
	int64_t run_time_us;           /* of whoever claimed this version first */
	struct fe_buf report;          /* what becomes the mark; empty: not known yet */
	struct fe_buf published;       /* the object whose results are there, as JSON; empty: none are */
	struct fe_buf unmarked;        /* what another version's claim says will be its mark; empty: nothing */
	const struct fe_run_result *run;
};

/* What is there of it; where that is nothing, or of an earlier version, the claim is ours then. FE_EUNAVAIL:
 * somebody else was at it. reset also after a failure. */
FE_MUST_USE enum fe_rc fe_arrival_output_open(struct fe_arrival_output *o, const struct fe_arrivals *w,
                                              const struct fe_arrival_source *source, const struct fe_arrival *told,
                                              const struct fe_arrival_look *look, struct fe_err *err);
void fe_arrival_output_reset(struct fe_arrival_output *o);
/* Brings the files that the run left in a folder to S3, and what will be the mark to the claim. */
FE_MUST_USE enum fe_rc fe_arrival_output_publish(struct fe_arrival_output *o, const char *folder, struct fe_err *err);
/* Of a run that was held, or whose object is broken: its rejects, as far as they are there, and its report. */
FE_MUST_USE enum fe_rc fe_arrival_output_publish_failure(struct fe_arrival_output *o, const char *folder, struct fe_err *err);
/* The mark: from here on it is done. */
FE_MUST_USE enum fe_rc fe_arrival_output_mark(struct fe_arrival_output *o, struct fe_err *err);
/* Of one that is_lost: waits for the mark of whoever took it, as long as for a lock; false: none came. */
bool fe_arrival_output_wait(const struct fe_arrival_output *o);
/* What is on record of an object, without a look at it. */
enum fe_arrival_record { FE_ON_NO_RECORD, FE_ON_RECORD_AS_DONE, FE_ON_RECORD_AS_FAILED };
/* By the mark, of the object with this ETag. */
FE_MUST_USE enum fe_rc fe_arrival_output_record(const struct fe_arrivals *w, const struct fe_arrival_source *source,
                                                struct fe_str key, struct fe_str etag, enum fe_arrival_record *out,
                                                struct fe_err *err);

/* ---- for these two alone ---- */

struct fe_json;
struct fe_s3_url fe_arrival_url(const struct fe_arrivals *w, const char *key);
/* *etag is freed, and is that of what is there now; NULL: nothing is. */
FE_MUST_USE enum fe_rc fe_arrival_etag(const struct fe_arrivals *w, const char *key, char **etag, struct fe_err *err);
/* Writes a small object in the place of that whose ETag is known, and notes the new one. FE_EUNAVAIL and is_lost: it has not
 * that any more. */
FE_MUST_USE enum fe_rc fe_arrival_put(struct fe_arrival_output *o, enum fe_arrival_result_kind kind, struct fe_str content,
                                      struct fe_err *err);
void fe_arrival_write_object(struct fe_json *j, const struct fe_arrival_output *o); /* "object": {...} */
/* With what o->report has by now. */
FE_MUST_USE enum fe_rc fe_arrival_write_claim(struct fe_arrival_output *o, struct fe_err *err);
/* FE_EUNAVAIL and is_lost: it is not ours any more. */
FE_MUST_USE enum fe_rc fe_arrival_check_claim(struct fe_arrival_output *o, struct fe_err *err);

#endif

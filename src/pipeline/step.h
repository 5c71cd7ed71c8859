// SPDX-License-Identifier: Apache-2.0
/* pipeline/step.h - a run in steps that a scheduler starts one by one
 *
 *   extract    reads the sources, and keeps what they gave, byte for byte
 *   transform  judges each record by itself: clean, where, rules, derive; writes what passes
 *              and what does not as CSV
 *   load       the run (pipeline/run.h) over what extract kept: it ends in the very state in
 *              which `finetl run` ends
 *   checks     the after-load checks
 *   notify     tells people
 *
 * They hand on one run directory, a folder or "s3://bucket/prefix":
 *
 *   raw/<data set>/00001-name      what a source gave
 *   raw/<data set>/manifest.ndjson of which original each is (pipeline/step_raw.h)
 *   clean/, rejects/               by transform
 *   <step>.json                    the state of a step, written last (pipeline/step_state.h)
 *
 *   Again      a step that has ended well does nothing the second time, and has the same result.
 *              One that was killed is done again; what is whole is kept.
 *   Trust      what a step takes over is held against its SHA-256 before it is used; a directory
 *              of another pipeline, configuration or version is refused (FE_ECONFLICT)
 *   Alone      one step at a time works on a directory, by a lock file in it
 *   Secrets    are in none of its files: later steps find them where the first one did
 */
#ifndef FE_PIPELINE_STEP_H
#define FE_PIPELINE_STEP_H

#include "io/lock.h"
#include "pipeline/run.h"
#include "pipeline/step_state.h"

struct fe_step_begin {
	enum fe_step_kind kind;
	const char *dir;
	const struct fe_clock *clock;
	int64_t wait_ms;            /* for another step on the directory to end */
	bool has_pipeline;          /* notify: the pipeline file is named, so that people are told where extract left nothing, too */
	/* Of extract alone, for the others take over what it was given. */
	bool has_run_time;
	int64_t run_time_us;
	const char *from, *until;
	const struct fe_plan_param *params; size_t n_params;
	const char *const *select; size_t n_select;
	const char *warehouse;      /* overrides; of each step by itself */
};

/* One step at work on a directory. */
struct fe_step {
	struct fe_step_begin set;   /* borrowed texts */
	char *dir;                  /* as it is written in results: absolute, or s3:// */
	struct fe_net_settings net; /* with a session of its own */
	struct fe_lock *lock;
	struct fe_step_state states[FE_N_STEPS]; /* of the steps before and its own, where there are any */
	const struct fe_plan *plan; /* from fe_step_check on */
	char run_id[FE_RUN_ID_BYTES];
	int64_t run_time_us, start_us;
	bool has_begun;             /* its end is worth a state */
	const char *status;         /* of its end */
	struct fe_buf result;       /* JSON, one line without its end */
	struct fe_step_file *files; /* that it has written, or taken over */
	size_t n_files, cap_files;
	struct fe_arena arena;      /* of their names */
};

/* Takes the lock and reads the states. FE_EUSAGE: a step before it is missing, and is named;
 * FE_ECONFLICT: a state is not what was written. */
FE_MUST_USE enum fe_rc fe_step_open(struct fe_step **out, const struct fe_step_begin *set, struct fe_err *err);
void fe_step_close(struct fe_step *s); /* NULL is allowed */
/* What extract was given; NULL: there was none yet. */
const struct fe_step_state *fe_step_origin(const struct fe_step *s);
/* The plan is the one of the directory; *is_done: the step ended well before, and its result is in
 * `result`. */
FE_MUST_USE enum fe_rc fe_step_check(struct fe_step *s, const struct fe_plan *plan, bool *is_done, struct fe_err *err);

struct fe_extract_settings {
	bool reprocess;             /* objects that the manifest of the warehouse knows, too */
	bool nothing_is_99;         /* FE_ENOTHING where the sources had nothing new */
};
FE_MUST_USE enum fe_rc fe_step_extract(struct fe_step *s, const struct fe_extract_settings *set, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_step_transform(struct fe_step *s, unsigned n_threads, struct fe_err *err);
/* run: but for what the directory says itself. *has_run false, and no error: it was loaded before, by a run whose
 * id is all that *res has. */
FE_MUST_USE enum fe_rc fe_step_load(struct fe_step *s, const struct fe_run_settings *run, struct fe_run_result *res,
                                    bool *has_run, struct fe_err *err);
/* Extract or transform has failed: that is put on record as the end of a run, and told to whom `run` tells. Records that
 * are to blame are judged once more by the run, so that all is there that `finetl run` leaves. What is in the way of
 * this is logged, and changes nothing. */
void fe_step_record(struct fe_step *s, const struct fe_run_settings *run, const struct fe_err *failure);
/* all: every notice of the pipeline file, whatever its 'on' says. */
FE_MUST_USE enum fe_rc fe_step_notify(struct fe_step *s, bool all, struct fe_err *err);

/* Of a step that is done elsewhere: its result, made of `line`, a JSON object. */
void fe_step_take_result(struct fe_step *s, struct fe_str line);
/* The same of a step that has but one figure, a JSON value, which may be empty. */
void fe_step_take_figures(struct fe_step *s, enum fe_rc rc, const char *key, struct fe_str json, const struct fe_err *err);
/* Writes the state of how it ended, and completes the result where there is none. What is
 * returned is rc, or what kept the state from being written. */
FE_MUST_USE enum fe_rc fe_step_end(struct fe_step *s, enum fe_rc rc, struct fe_err *err);

/* ---- for the steps themselves ---- */

/* It failed for records that extract has kept: another try in this directory ends the same. */
bool fe_step_needs_other_records(const struct fe_step *s, const struct fe_step_state *state);
/* The plan's warehouse is the one that the result of the state names, by whatever user and ways. */
bool fe_step_is_warehouse_of(const struct fe_step *s, const struct fe_step_state *state);
/* dir/name, in the arena. */
const char *fe_step_path(struct fe_step *s, const char *name);
void fe_step_add_file(struct fe_step *s, const char *name, uint64_t size_bytes, const char *sha256);
/* FE_ECONFLICT, naming it, where the file is not what a state says. */
FE_MUST_USE enum fe_rc fe_step_check_file(struct fe_step *s, const struct fe_step_file *file, struct fe_err *err);
/* Begins the line that all steps print; status and exit code as of rc. */
void fe_step_begin_result(const struct fe_step *s, struct fe_json *j, const char *run_id, enum fe_rc rc, const char *status,
                          const struct fe_err *err);

#endif

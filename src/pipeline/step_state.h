// SPDX-License-Identifier: Apache-2.0
/* pipeline/step_state.h - the state file of a step: how it ended, and what it left
 *
 *   {"version": 1, "step": "extract", "run_id", "pipeline", "config_sha256", "finetl_version",
 *    "run_time", "status", "exit_code", "started", "ended", "error",
 *    "pipeline_file", "params", "select", "from", "to",
 *    "added": [{"dataset", "name", "from"}],           columns that were found and not declared
 *    "before": [{"path": "extract.json", "size", "sha256"}],   the states it was built on
 *    "result": {...},                                          the line that it printed
 *    "files": [{"path", "size", "sha256"}],
 *    "sha256": "..."}                                          of all that stands before this line
 *
 * The last member is a seal against a change that nobody meant, by hand or by half a copy; it is
 * no proof against somebody who can write it anew.
 */
#ifndef FE_PIPELINE_STEP_STATE_H
#define FE_PIPELINE_STEP_STATE_H

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "format/json_tree.h"
#include "io/net.h"
#include "pipeline/plan.h"

enum fe_step_kind { FE_STEP_EXTRACT, FE_STEP_TRANSFORM, FE_STEP_LOAD, FE_STEP_CHECKS, FE_STEP_NOTIFY, FE_N_STEPS };
const char *fe_step_name(enum fe_step_kind kind);

/* path: within the directory. */
struct fe_step_file {
	const char *path;
	uint64_t size_bytes;
	char sha256[FE_SHA256_HEX_BYTES];
};

/* A state as it was read; texts live in its arena. */
struct fe_step_state {
	bool is_there;
	const char *run_id, *pipeline, *config_sha256, *version, *status;
	int64_t exit_code, run_time_us;
	const char *pipeline_file, *from, *until; /* from, until: NULL: none */
	struct fe_plan_param *params; size_t n_params;
	const char **select; size_t n_select;
	struct fe_plan_added_column *added; size_t n_added; /* that extract found in the sources (pipeline/evolve.h) */
	struct fe_step_file *files; size_t n_files;
	struct fe_step_file *before; size_t n_before;
	const struct fe_json_value *result;
	struct fe_step_file self;    /* the state file */
	struct fe_buf text;
	struct fe_arena arena;
};

/* It ended so that the next step may follow. */
bool fe_step_state_is_good(const struct fe_step_state *s);
/* Its result is that of a run which the warehouse has on record. */
bool fe_step_state_is_on_record(const struct fe_step_state *s);

/* *out is not there where the file is not. FE_ECONFLICT: it is not what was written. */
FE_MUST_USE enum fe_rc fe_step_state_read(struct fe_step_state *out, const char *dir, enum fe_step_kind kind,
                                          const struct fe_net_settings *net, struct fe_err *err);
void fe_step_state_reset(struct fe_step_state *s); /* also of one that was never read */

struct fe_step;
/* How the step ended, written whole or not at all. */
FE_MUST_USE enum fe_rc fe_step_state_write(struct fe_step *s, enum fe_rc rc, const struct fe_err *failure, struct fe_err *err);

/* A file of the directory in memory; FE_ELIMIT past max_bytes. *found false: there is none. */
FE_MUST_USE enum fe_rc fe_step_read_file(const char *path, const struct fe_net_settings *net, size_t max_bytes,
                                         struct fe_buf *out, bool *found, struct fe_err *err);
/* The SHA-256 goes into file, whose path is what is written to is called there. */
FE_MUST_USE enum fe_rc fe_step_write_file(const char *path, const struct fe_net_settings *net, struct fe_str text,
                                          struct fe_step_file *file, struct fe_err *err);

#endif

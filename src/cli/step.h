// SPDX-License-Identifier: Apache-2.0
/* cli/step.h - what the commands of the five steps share
 *
 * Each opens the run directory, takes the plan from what extract was given, does its work
 * unless it is done, writes its state, and prints one line of JSON, whichever way it ends.
 */
#ifndef FE_CLI_STEP_H
#define FE_CLI_STEP_H

#include "cli/cli.h"
#include "pipeline/step.h"

#define FE_OPT_RUN_DIR                                                         \
	{ .name = "run-dir", .kind = FE_OPT_TEXT, .arg = "DIR",                    \
	  .help = "the run directory that the steps hand on: a folder or s3://bucket/prefix" }

typedef enum fe_rc (*fe_cli_step_fn)(struct fe_step *s, const struct fe_opts *opts, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_cli_step(enum fe_step_kind kind, const struct fe_opts *opts, fe_cli_step_fn work, struct fe_err *err);
/* After extract or transform: a failure is put on record, and told as the options say. */
void fe_cli_step_record(struct fe_step *s, const struct fe_opts *opts, enum fe_rc rc, const struct fe_err *err);
/* The line of a step whose options were wrong. */
void fe_cli_step_refused(enum fe_step_kind kind, enum fe_rc rc, const struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* pipeline/tell.h - telling others of a run: notices, metrics, lineage
 *
 * start as it begins, end once it has ended and its end is on record (`started` and `ended` of a run's settings). All that is told comes
 * from one reading of the run's own report, so figures cannot differ. Nothing here fails: what could not be told
 * stands in res->told, and in the log.
 *
 *   Bounds   a notice ten seconds, an event of lineage two, and nothing to the network but the last event after a stop
 */
#ifndef FE_PIPELINE_TELL_H
#define FE_PIPELINE_TELL_H

#include "pipeline/run.h"

struct fe_tell_settings {
	const struct fe_plan *plan;
	const struct fe_clock *clock;
	const char *metrics_path; /* NULL: none */
	const char *lineage_url;  /* NULL: what the environment says */
	bool has_notices;         /* else they are sent by another command */
};

/* ctx: the settings; as fe_run_settings takes them. */
void fe_tell_start(void *ctx, struct fe_run_result *res);
void fe_tell_end(void *ctx, struct fe_run_result *res);
/* The end of a run that was killed once it had committed, before it told anybody: from what the warehouse has on record
 * of it. */
void fe_tell_on_record(const struct fe_tell_settings *set, const char *run_id);

#endif

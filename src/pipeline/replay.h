// SPDX-License-Identifier: Apache-2.0
/* pipeline/replay.h - open rejects that go through the whole pipeline once more
 *
 * A replay is a run of its own over records that earlier runs have rejected: each is cleaned,
 * checked, held against references and keys, and loaded as any other, by the pipeline file as it is
 * now. What is not rejected again closes its reject; what is stays open, as it was written down. So
 * replaying twice changes nothing: the second time there is less to read, or nothing.
 *
 *   Records    from their cells as they were kept (load/reject.h), whatever the source was; or from a
 *              file of `rejects export` that somebody has mended (pipeline/reject_sheet.h). One whose
 *              cells were never split is rejected again, unless it was mended.
 *   Origin     rows say the object and record that they were read from at first; mended ones the file
 *              that they were mended in
 *   Not held   against bounds of the gate and control totals, which are about whole deliveries;
 *              expectations are asked
 *   Not moved  watermarks, and what the manifest knows as loaded
 *
 *   Order      load the pipeline file, open, load it again for the data sets that open has found, run;
 *              free whenever.
 *   Failure    FE_EUSAGE where the warehouse keeps no rejects, or what was asked for is kept without
 *              its record (masked, none, purged).
 */
#ifndef FE_PIPELINE_REPLAY_H
#define FE_PIPELINE_REPLAY_H

#include "pipeline/run.h"

struct fe_replay;
struct fe_replay_query {
	const struct fe_plan *plan;            /* any selection of data sets; for the call alone */
	const char *dataset, *run_id, *reason; /* NULL: any */
	const char *sheet;                     /* a mended file; NULL: records as they were read */
	const char *closed_by;                 /* not open rejects, but those that this run has closed: to look, not to run */
};

FE_MUST_USE enum fe_rc fe_replay_open(struct fe_replay **out, const struct fe_replay_query *q, struct fe_err *err);
void fe_replay_free(struct fe_replay *r); /* NULL is allowed */

/* The data sets that have something to replay; none: there is nothing to do. */
const char *const *fe_replay_datasets(const struct fe_replay *r, size_t *n);
/* Of a mended file: how many of its records are of rejects that are closed by now. */
uint64_t fe_replay_n_closed_before(const struct fe_replay *r);

/* As fe_run; set->replay is filled in. */
FE_MUST_USE enum fe_rc fe_replay_run(struct fe_replay *r, struct fe_run_settings *set, struct fe_run_result *out,
                                     struct fe_err *err);

/* ---- for the runner ---- */

/* In the place of the data set's own source. */
FE_MUST_USE enum fe_rc fe_replay_source(struct fe_replay *r, const struct fe_source_settings *set, struct fe_source **out,
                                        struct fe_err *err);
/* A batch of it, with its last verdicts. */
struct fe_load_plan;
void fe_replay_judged(struct fe_replay *r, const char *dataset, const struct fe_batch *b, const struct fe_load_plan *plan);
/* What the run closes; lives as long as r. */
const struct fe_reject_closing *fe_replay_closings(struct fe_replay *r, size_t *n);
/* "replay": {"read", "closed", "open", "file"}: of a run that is over. */
void fe_replay_json(struct fe_replay *r, const struct fe_run_result *res, struct fe_json *j);

#endif

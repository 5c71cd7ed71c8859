// SPDX-License-Identifier: Apache-2.0
/* pipeline/release.h - publishing a held run as it was checked
 *
 * A release is a run of its own over what the held run read: the same objects, told by size and
 * SHA-256, the same pipeline file and parameters, the same data sets, window and run time. What held
 * that run, the gate, expectations or control totals, is waived; all else holds as in any run,
 * and what becomes of the records must be what it was. Who released it, why, and what was
 * waived is in the start of its event chain and in its audit row.
 *
 *   Order      open, then load the pipeline file for the data sets that it names, then check,
 *              then run; free whenever.
 *   Failure    FE_EUSAGE where there is no such run, or the warehouse keeps none; FE_ECONFLICT
 *              where it was not held, anything is not as it was, or a later run has changed
 *              what it would change back.
 */
#ifndef FE_PIPELINE_RELEASE_H
#define FE_PIPELINE_RELEASE_H

#include "pipeline/run.h"

#define FE_RELEASE_MAX_REASON_BYTES 2000

struct fe_release;

FE_MUST_USE enum fe_rc fe_release_open(struct fe_release **out, const char *warehouse, const char *run_id,
                                       const char *reason, struct fe_err *err);
void fe_release_free(struct fe_release *r); /* NULL is allowed */

/* The data sets that the held run was over, and its run time. */
const char *const *fe_release_datasets(const struct fe_release *r, size_t *n);
int64_t fe_release_run_time(const struct fe_release *r);
/* The window that it was asked for; NULL: none. */
const char *fe_release_from(const struct fe_release *r);
const char *fe_release_until(const struct fe_release *r);
/* The run that released it before; NULL: none has. */
const char *fe_release_done_by(const struct fe_release *r);
/* The line of that run, as run prints it, with the counts of its data sets. */
FE_MUST_USE enum fe_rc fe_release_done_json(const struct fe_release *r, struct fe_buf *out, struct fe_err *err);

/* As fe_run; of set, what the held run decides is filled in. */
FE_MUST_USE enum fe_rc fe_release_run(struct fe_release *r, struct fe_run_settings *set, struct fe_run_result *out,
                                      bool *has_run, struct fe_err *err);

#endif

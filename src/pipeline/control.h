// SPDX-License-Identifier: Apache-2.0
/* pipeline/control.h - where the statements of control totals are found
 *
 * What is stated, and how it is held against what was read, is quality/control.h's; here
 * the figures are taken from the trailers that a source met, from files beside its objects,
 * and from the pipeline file.
 */
#ifndef FE_PIPELINE_CONTROL_H
#define FE_PIPELINE_CONTROL_H

#include "extract/kept.h"
#include "pipeline/plan.h"

/* NULL where the data set has no control totals; fe_control_free. */
struct fe_control *fe_control_of(const struct fe_plan_dataset *p);

/* Appends where the sidecar of a file is. */
void fe_control_add_sidecar_path(const struct fe_plan_control *plan, const char *object_path, struct fe_buf *out);

/* After all was read, from a source that is still open. Objects that were left out are
 * known by the run that read them. kept: what was read in the place of the source, with the
 * sidecars aside; NULL: they are where they are. FE_EDATA where a statement is missing or malformed. */
FE_MUST_USE enum fe_rc fe_control_gather(struct fe_control *c, const struct fe_plan_dataset *p, const struct fe_kept *kept,
                                         const struct fe_source *source, struct fe_err *err);

#endif

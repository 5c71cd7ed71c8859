// SPDX-License-Identifier: Apache-2.0
/* pipeline/metrics.h - the figures of a run for Prometheus' textfile collector
 *
 * One file a pipeline, replaced as a whole at the end of each run. Gauges tell of the last run; counters, and the time
 * of the last success, go on from what the file said before. Labels are pipeline, data set, outcome and status:
 * no run ids, no file names. docs/observability.md lists them.
 */
#ifndef FE_PIPELINE_METRICS_H
#define FE_PIPELINE_METRICS_H

#include "base/buf.h"
#include "quality/report_view.h"

/* old: what the file holds; empty: there is none. */
void fe_metrics_text(const struct fe_report_run *run, int exit_code, struct fe_str old, struct fe_buf *out);

/* path: a file, or a folder, in which it is finetl_PIPELINE.prom. Anybody may read it. written: where it is. */
FE_MUST_USE enum fe_rc fe_metrics_write(const char *path, const struct fe_report_run *run, int exit_code,
                                        struct fe_buf *written, struct fe_err *err);

#endif

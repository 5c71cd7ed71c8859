// SPDX-License-Identifier: Apache-2.0
/* pipeline/report_run.h - HTML pages of runs, from a warehouse or right after a run
 *
 * A database tells of each run that it has on record, a files: warehouse of the last one that was
 * published and the last one that was not. Warehouses are only read.
 *
 *   Failure    FE_EUSAGE where there is no such run, or no warehouse of ours; what a server
 *              answers is db/db.h's
 */
#ifndef FE_PIPELINE_REPORT_RUN_H
#define FE_PIPELINE_REPORT_RUN_H

#include "base/buf.h"
#include "pipeline/run.h"

#define FE_REPORT_LATEST "latest" /* the newest run that has ended */

/* run: its id, or FE_REPORT_LATEST. folder: where the page will stand, NULL: not known. run_id: which run it was. */
FE_MUST_USE enum fe_rc fe_report_of_warehouse(const char *url, const char *run, const char *folder, struct fe_buf *page,
                                              struct fe_buf *run_id, struct fe_err *err);
/* Of a run that has just ended, whichever way: from its warehouse, and where that does not
 * answer, from what the run knows by itself. */
FE_MUST_USE enum fe_rc fe_report_of_result(const struct fe_run_result *res, const char *folder, struct fe_buf *page,
                                           struct fe_err *err);
/* The page of all runs. folder: where it will stand; runs whose pages are there are linked. */
FE_MUST_USE enum fe_rc fe_report_of_all(const char *url, const char *folder, struct fe_buf *page, struct fe_err *err);

bool fe_report_is_folder(const char *path);
/* path: a file, or a folder that is there, in which the page gets this name. written: where
 * it is. What was there is replaced, as a whole. */
FE_MUST_USE enum fe_rc fe_report_write(const char *path, const char *name, const struct fe_buf *page,
                                       struct fe_buf *written, struct fe_err *err);
/* Writes RUN.html into the folder, which is made if need be. */
FE_MUST_USE enum fe_rc fe_report_after_run(const struct fe_run_result *res, const char *folder, struct fe_err *err);

#endif

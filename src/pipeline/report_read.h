// SPDX-License-Identifier: Apache-2.0
/* pipeline/report_read.h - what a run wrote down, gathered for its page
 *
 * From the result as JSON, or from the row of a catalog; then, as far as they are to be had,
 * the objects and examples of rejects. All that is gathered lives in the arena.
 */
#ifndef FE_PIPELINE_REPORT_READ_H
#define FE_PIPELINE_REPORT_READ_H

#include "base/mem.h"
#include "load/catalog.h"
#include "quality/report_view.h"

struct fe_report_read {
	struct fe_arena arena;
	struct fe_report_run run;
	struct fe_report_dataset *datasets; /* what run.datasets points to */
	size_t cap_datasets;
	struct fe_report_object *objects;
	size_t cap_objects;
};

void fe_report_read_init(struct fe_report_read *r, const char *url);
void fe_report_read_reset(struct fe_report_read *r);

/* The JSON of a whole result; it is copied. */
FE_MUST_USE enum fe_rc fe_report_read_result(struct fe_report_read *r, struct fe_str json, struct fe_err *err);
/* Its row and objects; run_id NULL: the newest that has ended. FE_EUSAGE: there is none. */
FE_MUST_USE enum fe_rc fe_report_read_run(struct fe_report_read *r, struct fe_catalog *c, const char *run_id,
                                          struct fe_err *err);

/* ---- report_examples.c ---- */

FE_MUST_USE enum fe_rc fe_report_read_examples(struct fe_report_read *r, struct fe_catalog *c, struct fe_err *err);
/* The same from the rejects files of a folder. */
FE_MUST_USE enum fe_rc fe_report_read_rejects(struct fe_report_read *r, const char *folder, struct fe_err *err);

/* The bytes of a file up to a size, in *out; *is_whole: that was all of it. */
FE_MUST_USE enum fe_rc fe_report_read_file(const char *path, size_t max_bytes, struct fe_buf *out, bool *is_whole,
                                           struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* pipeline/report_folder.h - the runs that a files: warehouse tells of
 *
 * The last one that was published, and in held/ the last one that was not.
 */
#ifndef FE_PIPELINE_REPORT_FOLDER_H
#define FE_PIPELINE_REPORT_FOLDER_H

#include "pipeline/report_read.h"

struct fe_report_folder {
	struct fe_report_read reads[2]; /* published, held */
	char *folders[2];               /* where their rejects are */
	bool are_there[2];
	size_t newest;                  /* of the two */
};

/* FE_EUSAGE where there is neither. To be closed in any case. */
FE_MUST_USE enum fe_rc fe_report_folder_open(struct fe_report_folder *f, const char *url, struct fe_err *err);
void fe_report_folder_close(struct fe_report_folder *f);

/* "/a/b" of "files:/a/b", or "/a/b/held"; owned by the caller. */
char *fe_report_folder_path(const char *url, bool of_held);

#endif

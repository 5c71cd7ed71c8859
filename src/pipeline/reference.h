// SPDX-License-Identifier: Apache-2.0
/* pipeline/reference.h - the reference of the pipeline file, printed from its tables */
#ifndef FE_PIPELINE_REFERENCE_H
#define FE_PIPELINE_REFERENCE_H

#include "base/buf.h"

/* Appends docs/pipeline-file.md, in Markdown. */
void fe_pipeline_reference(struct fe_buf *out);

#endif

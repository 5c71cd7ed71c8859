// SPDX-License-Identifier: Apache-2.0
/* pipeline/describe.h - one kind of source told to people, from the tables that the program goes by */
#ifndef FE_PIPELINE_DESCRIBE_H
#define FE_PIPELINE_DESCRIBE_H

#include "base/buf.h"
#include "base/err.h"

/* csv, json, ...: its keys, and those of what stands in it. s3: how it is set up here, and where each
 * value is from; secrets masked. FE_EUSAGE: there is no such source. */
FE_MUST_USE enum fe_rc fe_describe_source(const char *name, struct fe_buf *out, struct fe_err *err);

#endif

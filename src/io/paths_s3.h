// SPDX-License-Identifier: Apache-2.0
/* io/paths_s3.h - the objects that a location of S3 names; see fe_paths_expand */
#ifndef FE_IO_PATHS_S3_H
#define FE_IO_PATHS_S3_H

#include "io/reader.h"

FE_MUST_USE enum fe_rc fe_paths_expand_s3(const char *location, const struct fe_net_settings *net,
                                          struct fe_paths *out, struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* base/unnamed.h - a file without a name, which vanishes with the process */
#ifndef FE_BASE_UNNAMED_H
#define FE_BASE_UNNAMED_H

#include "base/err.h"

/* For reading and writing, in this folder: O_TMPFILE, or made and unlinked at once where
 * the file system knows no unnamed files. Closed by close(2). */
FE_MUST_USE enum fe_rc fe_unnamed_open(int *fd, const char *folder, struct fe_err *err);

#endif

// SPDX-License-Identifier: Apache-2.0
/* base/failpoint.h - named places where a test can stop or break the program
 *
 * Compiled to nothing unless the build option `failpoints` is on. Then the
 * environment variable FINETL_FAILPOINT=name[:hit][=action] acts at the hit-th
 * pass (first by default): kill (SIGKILL to itself), stop (SIGSTOP), eio (the
 * call returns FE_EUNAVAIL). Names are listed in tests/fault/points.txt.
 */
#ifndef FE_BASE_FAILPOINT_H
#define FE_BASE_FAILPOINT_H

#include "base/err.h"

#ifdef FE_FAILPOINTS
FE_MUST_USE enum fe_rc fe_failpoint(const char *name, struct fe_err *err);
#else
FE_MUST_USE static inline enum fe_rc
fe_failpoint(const char *name, struct fe_err *err)
{
	(void)name;
	(void)err;
	return FE_OK;
}
#endif

#endif

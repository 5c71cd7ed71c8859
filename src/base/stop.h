// SPDX-License-Identifier: Apache-2.0
/* base/stop.h - the signal flag: one of the two pieces of global state
 *
 * SIGTERM, SIGINT and SIGHUP set it; loops that can run long ask it and leave by
 * FE_ECANCEL. SIGPIPE and SIGXFSZ (ulimit -f) are ignored, so that writes fail with
 * EPIPE and EFBIG instead.
 */
#ifndef FE_BASE_STOP_H
#define FE_BASE_STOP_H

#include <stdatomic.h>

#include "base/err.h"

void fe_stop_install(void);   /* by main, once */
bool fe_stop_requested(void); /* async-signal-safe, cheap */
void fe_stop_request(void);   /* for tests */
/* From this moment of fe_clock_system's ticks on it is as if one were requested; 0: not any more. For
 * who is given a time by which it has to be over (Lambda). */
void fe_stop_at(int64_t ticks_us);
/* Requests of the calling thread alone: as if there were one once the flag is set, which is borrowed; NULL: no
 * more. For who no longer waits for what a thread of its own waits for. */
void fe_stop_thread_by(const atomic_bool *flag);
bool fe_stop_is_late(void);   /* that moment is there, and no signal came */
FE_MUST_USE enum fe_rc fe_stop_check(struct fe_err *err); /* FE_ECANCEL if requested */

#endif

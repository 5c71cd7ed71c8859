// SPDX-License-Identifier: Apache-2.0
/* io/lock.h - one holder at a time, by a lock file that dies with its process
 *
 * flock(2) on a file that stays; its content names the holder (pid, host, start)
 * for messages. Free means that no live process holds it, which is proof that a
 * run that said it was started under it has ended.
 */
#ifndef FE_IO_LOCK_H
#define FE_IO_LOCK_H

#include "base/clock.h"
#include "base/err.h"

struct fe_lock;

/* Waits up to wait_ms, then FE_EUNAVAIL naming the holder. Asks base/stop while it waits. */
FE_MUST_USE enum fe_rc fe_lock_take(struct fe_lock **out, const char *path, int64_t wait_ms,
                                    const struct fe_clock *clock, struct fe_err *err);
void fe_lock_release(struct fe_lock *l); /* NULL is allowed */

#endif

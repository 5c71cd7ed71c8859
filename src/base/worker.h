// SPDX-License-Identifier: Apache-2.0
/* base/worker.h - a thread that does what it is given, in that order
 *
 * For work that nobody waits for until later. A job is a function and what it works on, which
 * the giver leaves alone until it has waited. What goes wrong in a job is the job's to keep.
 *
 *   Order      start, give and wait by turns, by one thread; stop, which waits as well.
 *   Memory     Up to FE_WORKER_JOBS are given and not done; the next give waits for room. So
 *              with FE_WORKER_JOBS + 1 buffers, used in turn, each is done when it is its turn again.
 *   No thread  A NULL worker does a job at once, in the thread that gives it: callers have
 *              one way through for both.
 */
#ifndef FE_BASE_WORKER_H
#define FE_BASE_WORKER_H

#define FE_WORKER_JOBS 3

typedef void fe_job_fn(void *ctx);

struct fe_worker;
struct fe_worker *fe_worker_start(void);                                /* NULL: no thread is to be had */
void fe_worker_give(struct fe_worker *w, fe_job_fn *job, void *ctx);
void fe_worker_wait(struct fe_worker *w);                               /* until all that was given is done */
void fe_worker_stop(struct fe_worker *w);

#endif

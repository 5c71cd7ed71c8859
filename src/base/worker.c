// SPDX-License-Identifier: Apache-2.0
/* base/worker.c - see base/worker.h; jobs in a ring, the last one without a function */
#include "base/worker.h"

#include <pthread.h>

#include "base/mem.h"
#include "base/ring.h"

struct job { fe_job_fn *run; void *ctx; };

struct fe_worker {
	struct job jobs[FE_WORKER_JOBS];
	struct fe_ring ring; /* of jobs */
	size_t next;         /* to be given */
	pthread_t thread;
};

static void *
work(void *ctx)
{
	struct fe_worker *w = ctx;
	for (size_t i = 0;; i = (i + 1) % FE_WORKER_JOBS) {
		fe_ring_take(&w->ring);
		if (!w->jobs[i].run)
			return NULL;
		w->jobs[i].run(w->jobs[i].ctx);
	}
}

struct fe_worker *
fe_worker_start(void)
{
	struct fe_worker *w = fe_new(struct fe_worker);
	fe_ring_init(&w->ring, FE_WORKER_JOBS);
	if (pthread_create(&w->thread, NULL, work, w) != 0) {
		fe_ring_reset(&w->ring);
		fe_free(w);
		return NULL;
	}
	return w;
}

static void
add(struct fe_worker *w, struct job job)
{
	(void)fe_ring_wait_for_room(&w->ring); /* the taker never closes it */
	w->jobs[w->next] = job;
	w->next = (w->next + 1) % FE_WORKER_JOBS;
	fe_ring_add(&w->ring);
}

void
fe_worker_give(struct fe_worker *w, fe_job_fn *job, void *ctx)
{
	if (w)
		add(w, (struct job){ job, ctx });
	else
		job(ctx);
}

void
fe_worker_wait(struct fe_worker *w)
{
	if (w)
		fe_ring_wait_until_empty(&w->ring);
}

void
fe_worker_stop(struct fe_worker *w)
{
	if (!w)
		return;
	add(w, (struct job){ NULL, NULL });
	pthread_join(w->thread, NULL);
	fe_ring_reset(&w->ring);
	fe_free(w);
}

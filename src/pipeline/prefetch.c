// SPDX-License-Identifier: Apache-2.0
/* pipeline/prefetch.c - a ring of batches between a source and the runner
 *
 * A slot has all that comes with its batch, so that the thread may be ahead.
 *
 * What the caller has read costs more to write again, and letting go of it first (base/cache.h) may cost less: how much
 * is for the machine to say, and a virtual one may be moved meanwhile. So the thread tries both now and then.
 */
#include "pipeline/prefetch.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/cache.h"
#include "base/clock.h"
#include "base/ring.h"
#include "base/stop.h"
#include "pipeline/judge.h"

#define MAX_SLOTS 4
#define TRIED_EVERY 512 /* batches */
#define N_TRIED 16      /* of them, half each way */

struct slot {
	struct fe_batch batch;
	uint64_t done_bytes, total_bytes;
	uint64_t *counts;  /* of the judge */
	struct fe_source_mark mark; /* of the source, with the batch */
	bool is_last;
	enum fe_rc rc;
	bool aborts;       /* a rule does, and err says why; rc is FE_OK */
	struct fe_err err; /* of rc */
};

struct fe_prefetch {
	struct fe_source *source;
	struct fe_judge *judge;
	struct slot slots[MAX_SLOTS];
	size_t n_slots;
	size_t next;          /* the caller's next slot */
	bool has_thread;
	pthread_t thread;
	atomic_bool is_given_up; /* what the thread waits for comes too late */
	struct fe_ring ring;
	struct fe_source_mark begin;       /* before the first batch */
	const struct fe_source_mark *mark; /* of the batch that was taken; NULL: it was the last */
};

static void
judge(struct fe_prefetch *p, struct slot *s)
{
	if (s->rc == FE_OK && s->batch.n_rows > 0) {
		enum fe_rc rc = fe_judge_alone(p->judge, &s->batch, &s->err);
		s->aborts = rc == FE_ECHECK;
		s->rc = s->aborts ? FE_OK : rc;
	}
	fe_judge_counts(p->judge, s->counts);
}

static void
fill(struct fe_prefetch *p, struct slot *s)
{
	s->rc = fe_source_next(p->source, &s->batch, &s->err);
	fe_source_progress(p->source, &s->done_bytes, &s->total_bytes);
	if (p->judge)
		judge(p, s);
}

/* What filling slots again takes: [0] as they are, [1] let go of. */
struct trial {
	bool is_possible, lets_go;
	int64_t work_us[2];
	int64_t n_rows[2];
};

/* Letting go has to gain an eighth. */
static void
end_trial(struct trial *t)
{
	t->lets_go = t->work_us[1] * t->n_rows[0] * 8 < t->work_us[0] * t->n_rows[1] * 7;
	for (int i = 0; i < 2; i++)
		t->work_us[i] = t->n_rows[i] = 0;
}

/* A slot that has come back, as the n-th to do so. */
static void
fill_again(struct fe_prefetch *p, struct slot *s, uint64_t n, struct trial *t)
{
	const bool is_tried = t->is_possible && n % TRIED_EVERY < N_TRIED;
	const bool lets_go = is_tried ? n % 2 : t->lets_go;
	const int64_t begin_us = is_tried ? fe_clock_thread_work_us() : 0;

	if (lets_go)
		fe_batch_let_go(&s->batch);
	fill(p, s);
	if (!is_tried)
		return;
	t->work_us[lets_go] += fe_clock_thread_work_us() - begin_us;
	t->n_rows[lets_go] += (int64_t)s->batch.n_rows;
	if (n % TRIED_EVERY == N_TRIED - 1)
		end_trial(t);
}

static void *
fill_ahead(void *ctx)
{
	struct fe_prefetch *p = ctx;
	struct trial trial = { .is_possible = fe_cache_lets_go() };

	fe_stop_thread_by(&p->is_given_up);
	for (uint64_t n = 0; fe_ring_wait_for_room(&p->ring); n++) {
		struct slot *s = &p->slots[n % p->n_slots];
		if (n < p->n_slots)
			fill(p, s);
		else
			fill_again(p, s, n - p->n_slots, &trial);
		const bool is_last = s->is_last = s->rc != FE_OK || s->aborts || s->batch.n_rows == 0;
		if (!is_last)
			fe_source_mark(p->source, s->batch.object, &s->mark);
		fe_ring_add(&p->ring);
		if (is_last)
			break;
	}
	return NULL;
}

struct fe_prefetch *
fe_prefetch_open(struct fe_source *source, const struct fe_schema *schema, struct fe_judge *judge, unsigned n_threads)
{
	struct fe_prefetch *p = fe_new(struct fe_prefetch);
	p->source = source;
	p->judge = judge;
	p->n_slots = n_threads > 1 ? MAX_SLOTS : 1;
	for (size_t i = 0; i < p->n_slots; i++) {
		fe_batch_init(&p->slots[i].batch, schema);
		if (judge)
			p->slots[i].counts = fe_new_array(fe_judge_n_counts(judge) + 1, uint64_t);
	}
	fe_ring_init(&p->ring, p->n_slots);
	if (n_threads > 1) {
		fe_source_mark(source, 0, &p->begin);
		p->mark = &p->begin;
	}
	/* Without a thread to be had, the caller's own does the work. */
	p->has_thread = n_threads > 1 && pthread_create(&p->thread, NULL, fill_ahead, p) == 0;
	return p;
}

enum fe_rc
fe_prefetch_next(struct fe_prefetch *p, struct fe_prefetched *out, struct fe_err *err)
{
	struct slot *s = &p->slots[p->next];
	if (p->has_thread) {
		fe_ring_take(&p->ring);
		p->mark = s->is_last ? NULL : &s->mark;
	} else {
		fill(p, s);
	}
	p->next = (p->next + 1) % p->n_slots;
	*out = (struct fe_prefetched){
		.batch = &s->batch, .done_bytes = s->done_bytes, .total_bytes = s->total_bytes,
		.counts = s->counts, .aborts = s->aborts ? &s->err : NULL,
	};
	if (s->rc && err)
		*err = s->err;
	return s->rc;
}

void
fe_prefetch_close(struct fe_prefetch *p)
{
	if (!p)
		return;
	if (p->has_thread) {
		atomic_store_explicit(&p->is_given_up, true, memory_order_relaxed);
		fe_ring_close(&p->ring);
		pthread_join(p->thread, NULL);
		if (p->mark)
			fe_source_back_to(p->source, p->mark);
	}
	for (size_t i = 0; i < p->n_slots; i++) {
		fe_batch_reset(&p->slots[i].batch);
		fe_free(p->slots[i].counts);
		fe_source_mark_reset(&p->slots[i].mark);
	}
	fe_source_mark_reset(&p->begin);
	fe_ring_reset(&p->ring);
	fe_free(p);
}

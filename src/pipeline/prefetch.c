// SPDX-License-Identifier: Apache-2.0
/* pipeline/prefetch.c - a ring of batches between a source and the runner
 *
 * Slots are used in turn by both sides, so that one count of full slots under one
 * lock is all that is shared; a slot's content belongs to whoever's turn it is.
 */
#include "pipeline/prefetch.h"

#include <pthread.h>

#define MAX_SLOTS 4

struct slot {
	struct fe_batch batch;
	uint64_t done_bytes, total_bytes;
	enum fe_rc rc;
	struct fe_err err;
};

struct fe_prefetch {
	struct fe_source *source;
	struct slot slots[MAX_SLOTS];
	size_t n_slots;
	size_t next;          /* the caller's next slot */
	bool has_thread;
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t n_full;        /* guarded by lock: filled, and not yet handed out */
	size_t n_lent;        /* guarded by lock: 1 while the caller works on a slot */
	bool is_closing;      /* guarded by lock */
};

static void
fill(struct fe_prefetch *p, struct slot *s)
{
	s->rc = fe_source_next(p->source, &s->batch, &s->err);
	fe_source_progress(p->source, &s->done_bytes, &s->total_bytes);
}

static bool
wait_for_room(struct fe_prefetch *p)
{
	pthread_mutex_lock(&p->lock);
	while (!p->is_closing && p->n_full + p->n_lent == p->n_slots)
		pthread_cond_wait(&p->changed, &p->lock);
	bool go_on = !p->is_closing;
	pthread_mutex_unlock(&p->lock);
	return go_on;
}

static void *
fill_ahead(void *ctx)
{
	struct fe_prefetch *p = ctx;
	for (size_t i = 0; wait_for_room(p); i = (i + 1) % p->n_slots) {
		struct slot *s = &p->slots[i];
		fill(p, s);
		bool is_last = s->rc != FE_OK || s->batch.n_rows == 0;
		pthread_mutex_lock(&p->lock);
		p->n_full++;
		pthread_cond_broadcast(&p->changed);
		pthread_mutex_unlock(&p->lock);
		if (is_last)
			break;
	}
	return NULL;
}

struct fe_prefetch *
fe_prefetch_open(struct fe_source *source, const struct fe_schema *schema, unsigned n_threads)
{
	struct fe_prefetch *p = fe_new(struct fe_prefetch);
	p->source = source;
	p->n_slots = n_threads > 1 ? MAX_SLOTS : 1;
	for (size_t i = 0; i < p->n_slots; i++)
		fe_batch_init(&p->slots[i].batch, schema);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	/* Without a thread to be had, the caller's own does the work. */
	p->has_thread = n_threads > 1 && pthread_create(&p->thread, NULL, fill_ahead, p) == 0;
	return p;
}

static void
wait_for_slot(struct fe_prefetch *p)
{
	pthread_mutex_lock(&p->lock);
	p->n_lent = 0;
	pthread_cond_broadcast(&p->changed);
	while (p->n_full == 0)
		pthread_cond_wait(&p->changed, &p->lock);
	p->n_full--;
	p->n_lent = 1;
	pthread_mutex_unlock(&p->lock);
}

enum fe_rc
fe_prefetch_next(struct fe_prefetch *p, struct fe_prefetched *out, struct fe_err *err)
{
	struct slot *s = &p->slots[p->next];
	if (p->has_thread)
		wait_for_slot(p);
	else
		fill(p, s);
	p->next = (p->next + 1) % p->n_slots;
	*out = (struct fe_prefetched){ &s->batch, s->done_bytes, s->total_bytes };
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
		pthread_mutex_lock(&p->lock);
		p->is_closing = true;
		pthread_cond_broadcast(&p->changed);
		pthread_mutex_unlock(&p->lock);
		pthread_join(p->thread, NULL);
	}
	for (size_t i = 0; i < p->n_slots; i++)
		fe_batch_reset(&p->slots[i].batch);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	fe_free(p);
}

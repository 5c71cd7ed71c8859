// SPDX-License-Identifier: Apache-2.0
/* base/ring.c - see base/ring.h; a lock, a condition, and a count */
#include "base/ring.h"

void
fe_ring_init(struct fe_ring *r, size_t n_slots)
{
	*r = (struct fe_ring){ .n_slots = n_slots };
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
}

void
fe_ring_reset(struct fe_ring *r)
{
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
}

bool
fe_ring_wait_for_room(struct fe_ring *r)
{
	pthread_mutex_lock(&r->lock);
	while (!r->is_closing && r->n_full + r->n_lent == r->n_slots)
		pthread_cond_wait(&r->changed, &r->lock);
	bool go_on = !r->is_closing;
	pthread_mutex_unlock(&r->lock);
	return go_on;
}

void
fe_ring_add(struct fe_ring *r)
{
	pthread_mutex_lock(&r->lock);
	r->n_full++;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

void
fe_ring_wait_until_empty(struct fe_ring *r)
{
	pthread_mutex_lock(&r->lock);
	while (r->n_full + r->n_lent > 0)
		pthread_cond_wait(&r->changed, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

void
fe_ring_take(struct fe_ring *r)
{
	pthread_mutex_lock(&r->lock);
	r->n_lent = 0;
	pthread_cond_broadcast(&r->changed);
	while (r->n_full == 0)
		pthread_cond_wait(&r->changed, &r->lock);
	r->n_full--;
	r->n_lent = 1;
	pthread_mutex_unlock(&r->lock);
}

void
fe_ring_close(struct fe_ring *r)
{
	pthread_mutex_lock(&r->lock);
	r->is_closing = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

// SPDX-License-Identifier: Apache-2.0
/* base/ring.h - slots that two threads use in turn: one fills, the other takes
 *
 * Both sides go round the same slots, 0 to n_slots - 1 and from the front again, each counting
 * for itself; what is in a slot belongs to whoever's turn it is. So one count of full slots
 * under one lock is all that is shared.
 *
 *   Filler   while (fe_ring_wait_for_room(r)) { fill the next slot; fe_ring_add(r); }
 *   Taker    fe_ring_take(r); use the next slot, until the next take
 *   End      the taker closes, then joins the filler, then resets. That there is nothing more
 *            to take is for a slot itself to say.
 */
#ifndef FE_BASE_RING_H
#define FE_BASE_RING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct fe_ring {
	size_t n_slots;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t n_full;   /* guarded by lock: filled, and not yet taken */
	size_t n_lent;   /* guarded by lock: 1 while the taker uses a slot */
	bool is_closing; /* guarded by lock */
};

void fe_ring_init(struct fe_ring *r, size_t n_slots);
void fe_ring_reset(struct fe_ring *r);
bool fe_ring_wait_for_room(struct fe_ring *r); /* false: the taker wants no more */
void fe_ring_add(struct fe_ring *r);
void fe_ring_wait_until_empty(struct fe_ring *r); /* all taken, and given back */
void fe_ring_take(struct fe_ring *r);          /* gives back the slot before, waits for one that is full */
void fe_ring_close(struct fe_ring *r);

#endif

// SPDX-License-Identifier: Apache-2.0
/* base/clock.h - time and chance, injected
 *
 * Code that needs the time or randomness is handed one of these, never asks the
 * system by itself, so that a test can fix both. now is the wall clock in
 * microseconds UTC, ticks a monotonic clock for timeouts and rates, chance 64 random bits
 * for what is to be spread (not for secrets).
 */
#ifndef FE_BASE_CLOCK_H
#define FE_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct fe_clock {
	int64_t (*now_us)(void *self);
	int64_t (*ticks_us)(void *self);
	uint64_t (*chance)(void *self); /* NULL: the system's */
	void *self;
};
extern const struct fe_clock fe_clock_system;
static inline int64_t fe_clock_now(const struct fe_clock *c) { return c->now_us(c->self); }
static inline int64_t fe_clock_ticks(const struct fe_clock *c) { return c->ticks_us(c->self); }
uint64_t fe_clock_chance(const struct fe_clock *c);

/* What the thread that asks has worked so far: to find out what takes less, never for what comes of it. */
int64_t fe_clock_thread_work_us(void);

/* A run id: 26 characters of Crockford base 32, 48 bits of milliseconds and 80
 * random bits (the ULID specification); ids sort by time. */
#define FE_RUN_ID_BYTES 27 /* with the NUL */
void fe_run_id_new(int64_t now_us, char out[FE_RUN_ID_BYTES]);

#endif

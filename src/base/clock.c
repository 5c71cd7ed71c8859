// SPDX-License-Identifier: Apache-2.0
/* base/clock.c - the system's clocks, and run ids */
#include "base/clock.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include "base/err.h"

static int64_t
clock_us(clockid_t id)
{
	struct timespec t = { 0 };

	FE_ASSERT(clock_gettime(id, &t) == 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t
now_us(void *self)
{
	(void)self;
	return clock_us(CLOCK_REALTIME);
}

static int64_t
ticks_us(void *self)
{
	(void)self;
	return clock_us(CLOCK_MONOTONIC);
}

const struct fe_clock fe_clock_system = { .now_us = now_us, .ticks_us = ticks_us };

int64_t fe_clock_thread_work_us(void) { return clock_us(CLOCK_THREAD_CPUTIME_ID); }

static void
draw(void *out, size_t n_bytes)
{
	ssize_t n;
	do
		n = getrandom(out, n_bytes, 0);
	while (n < 0 && errno == EINTR);
	FE_ASSERT(n == (ssize_t)n_bytes);
}

uint64_t
fe_clock_chance(const struct fe_clock *c)
{
	uint64_t bits;
	if (c->chance)
		return c->chance(c->self);
	draw(&bits, sizeof bits);
	return bits;
}

/* 128 bits, 48 of them milliseconds, as 26 digits of 5 bits: the first digit
 * has only 3. A time before 1970 or after 10889 has no place in an id. */
void
fe_run_id_new(int64_t now, char out[FE_RUN_ID_BYTES])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	unsigned __int128 bits;
	unsigned char chance[10];

	FE_ASSERT(now >= 0 && now / 1000 < INT64_C(1) << 48);
	draw(chance, sizeof(chance));

	bits = (unsigned __int128)(now / 1000);
	for (size_t i = 0; i < sizeof(chance); i++)
		bits = bits << 8 | chance[i];
	for (int i = FE_RUN_ID_BYTES - 2; i >= 0; i--) {
		out[i] = digits[(unsigned)(bits & 31)];
		bits >>= 5;
	}
	out[FE_RUN_ID_BYTES - 1] = '\0';
}

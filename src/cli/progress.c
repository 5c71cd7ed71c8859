// SPDX-License-Identifier: Apache-2.0
/* cli/progress.c - drawing one line again and again */
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>

#define REDRAW_US 100000
#define BAR_CELLS 24

void
fe_progress_init(struct fe_progress *p, const struct fe_clock *clock)
{
	*p = (struct fe_progress){ .clock = clock, .start_us = fe_clock_ticks(clock) };
}

static void
draw_bar(char out[BAR_CELLS + 1], uint64_t done, uint64_t total)
{
	uint64_t full = total ? done * BAR_CELLS / total : 0;
	for (uint64_t i = 0; i < BAR_CELLS; i++)
		out[i] = i < full ? '#' : '.';
	out[BAR_CELLS] = '\0';
}

void
fe_progress_draw(void *self, const struct fe_run_progress *now)
{
	struct fe_progress *p = self;
	int64_t t = fe_clock_ticks(p->clock);
	if (p->is_drawn && t - p->drawn_us < REDRAW_US && !now->is_loading)
		return;
	uint64_t elapsed_ms = (uint64_t)(t - p->start_us) / 1000 + 1;
	uint64_t done = now->done_bytes, total = now->total_bytes;
	char bar[BAR_CELLS + 1], left[32] = "";

	done = total && done > total ? total : done;
	draw_bar(bar, done, total);
	if (total && done && !now->is_loading)
		(void)snprintf(left, sizeof left, ", %llu s left",
			       (unsigned long long)(elapsed_ms * (total - done) / done / 1000 + 1));
	(void)fprintf(stderr, "\r\x1b[K%s [%s] %llu rows, %llu rows/s, %llu rejected%s%s", now->dataset, bar,
		      (unsigned long long)now->n_rows,
		      (unsigned long long)(now->n_rows * 1000 / elapsed_ms),
		      (unsigned long long)now->n_rejected, left,
		      now->is_loading ? ", the warehouse is at work" : "");
	p->is_drawn = true;
	p->drawn_us = t;
}

void
fe_progress_end(struct fe_progress *p)
{
	if (p->is_drawn)
		(void)fputs("\r\x1b[K", stderr);
	p->is_drawn = false;
}

// SPDX-License-Identifier: Apache-2.0
/* cli/progress.c - drawing one line again and again */
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_US 100000
#define BAR_CELLS 24
#define LINE_BYTES 512
#define FALLBACK_CELLS 80

void
fe_progress_init(struct fe_progress *p, const struct fe_clock *clock)
{
	*p = (struct fe_progress){ .clock = clock, .start_us = fe_clock_ticks(clock) };
}

static size_t
terminal_cells(void)
{
	struct winsize size;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return FALLBACK_CELLS;
	return size.ws_col;
}

/* out: n_cells + 1 bytes */
static void
draw_bar(char *out, size_t n_cells, uint64_t done, uint64_t total)
{
	size_t full = total ? (size_t)(done * n_cells / total) : 0;
	for (size_t i = 0; i < n_cells; i++)
		out[i] = i < full ? '#' : '.';
	out[n_cells] = '\0';
}

/* One line that fits the terminal, as what is wrapped cannot be wiped: the bar gives way
 * first, then the end is cut. */
static void
draw_line(const struct fe_run_progress *now, uint64_t done, const char *facts)
{
	char bar[BAR_CELLS + 1], line[LINE_BYTES];
	size_t n_cells = terminal_cells() - 1; /* a cursor in the last one may wrap */
	size_t n_text = strlen(now->dataset) + strlen(facts) + 4;
	size_t n_bar = n_text < n_cells ? n_cells - n_text : 0;

	draw_bar(bar, n_bar < BAR_CELLS ? n_bar : BAR_CELLS, done, now->total_bytes);
	(void)snprintf(line, sizeof line, "%s [%s] %s", now->dataset, bar, facts);
	(void)fprintf(stderr, "\r\x1b[K%.*s", (int)(n_cells < LINE_BYTES ? n_cells : LINE_BYTES), line);
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
	char facts[160], left[32] = "";

	done = total && done > total ? total : done;
	if (total && done && !now->is_loading)
		(void)snprintf(left, sizeof left, ", %llu s left",
			       (unsigned long long)(elapsed_ms * (total - done) / done / 1000 + 1));
	(void)snprintf(facts, sizeof facts, "%llu rows, %llu/s, %llu rejected%s%s",
		       (unsigned long long)now->n_rows,
		       (unsigned long long)(now->n_rows * 1000 / elapsed_ms),
		       (unsigned long long)now->n_rejected, left,
		       now->is_loading ? ", loading" : "");
	draw_line(now, done, facts);
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

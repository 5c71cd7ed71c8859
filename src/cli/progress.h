// SPDX-License-Identifier: Apache-2.0
/* cli/progress.h - the progress bar of a run, on a terminal
 *
 * Redrawn at most ten times a second on one line of stderr: data set, share, rows,
 * rows/s, rejects, time left.
 */
#ifndef FE_CLI_PROGRESS_H
#define FE_CLI_PROGRESS_H

#include "base/clock.h"
#include "pipeline/run.h"

struct fe_progress {
	const struct fe_clock *clock;
	int64_t start_us, drawn_us;
	bool is_drawn;
};

void fe_progress_init(struct fe_progress *p, const struct fe_clock *clock);
void fe_progress_draw(void *self, const struct fe_run_progress *now); /* fe_run_settings.progress */
void fe_progress_end(struct fe_progress *p); /* wipes the line */

#endif

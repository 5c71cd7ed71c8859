// SPDX-License-Identifier: Apache-2.0
/* pipeline/watermark.h - how far an incremental data set was read, and from where to go on
 *
 * The greatest value of the cursor column among the records of a run is kept, as the source
 * wrote it, in the transaction that loads them; the next run asks from there, itself
 * included, so that records that share a value are never parted: those known already come
 * out unchanged.
 *
 *   Order      open (reads what is kept), see each batch once it is cleaned, then value
 *   Overlap    asked for again, back from the watermark; written as the source writes it
 *   Bounds     it never moves back; a time past the run time does not move it
 *   Backfill   with from or to the run reads just that window, and the watermark stays
 */
#ifndef FE_PIPELINE_WATERMARK_H
#define FE_PIPELINE_WATERMARK_H

#include "load/sink.h"
#include "pipeline/plan.h"

struct fe_watermark;

struct fe_watermark_settings {
	const struct fe_plan_dataset *dataset; /* with a cursor */
	struct fe_sink *sink;                  /* begun; NULL: for those who only look, and give what is kept */
	const char *kept;                      /* without a sink; NULL: nothing */
	int64_t run_time_us;
	const char *from, *until;              /* of a backfill; NULL: none */
};

/* What the source is to be asked for is in *window, whose texts are the watermark's.
 * FE_EUSAGE: from or until is no value of the column, nothing is between them, or the target keeps no watermarks;
 * FE_ECONFLICT: what is kept is no value of the column as it is declared now. */
FE_MUST_USE enum fe_rc fe_watermark_open(struct fe_watermark **out, const struct fe_watermark_settings *set,
                                         struct fe_source_window *window, struct fe_err *err);
/* --from and --to, where no data set that is read can be asked by them: FE_EUSAGE. */
FE_MUST_USE enum fe_rc fe_watermark_check_options(const struct fe_plan *plan, const char *from, const char *until,
                                                  struct fe_err *err);
void fe_watermark_free(struct fe_watermark *w); /* NULL is allowed */
/* Takes note of a cleaned batch; w NULL: nothing. */
void fe_watermark_see(struct fe_watermark *w, const struct fe_batch *b);
/* What to keep; NULL: what was kept stays. */
const char *fe_watermark_value(const struct fe_watermark *w);

#endif

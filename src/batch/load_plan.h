// SPDX-License-Identifier: Apache-2.0
/* batch/load_plan.h - what the target is to do with the rows of a batch
 *
 * The word between transform/dedupe, which decides, and load/, which does.
 */
#ifndef FE_BATCH_LOAD_PLAN_H
#define FE_BATCH_LOAD_PLAN_H

#include "batch/batch.h"

/* Where an accepted row lives: the n-th row this run inserted, or a row that was in
 * the warehouse before (the engine's own number for it). */
enum fe_place { FE_PLACE_NONE, FE_PLACE_INSERTED, FE_PLACE_STORED };

/* What the sink is to do with a batch, decided by dedupe. */
enum fe_action { FE_ACTION_NONE, FE_ACTION_INSERT, FE_ACTION_UPDATE };
struct fe_removal { enum fe_place place; int64_t number; };
struct fe_load_plan {
	uint8_t action[FE_BATCH_ROWS];  /* enum fe_action; NONE unless the verdict is FE_KEPT */
	int64_t number[FE_BATCH_ROWS];  /* INSERT: the row's number in this run, from 0, rising;
	                                 * UPDATE: the stored row it replaces */
	size_t n_inserts, n_updates;
	/* Rows that became the present ones of their keys, if only until a later row of the batch
	 * took their place: what is made for their sake does not depend on where batches end. */
	uint64_t accepted[FE_BITMAP_WORDS(FE_BATCH_ROWS)];
	/* Rows of earlier batches that are superseded now: INSERTED ones are taken out
	 * again; a STORED one is an update staged earlier, which the batch's own UPDATE of
	 * the same number replaces. gone holds their source columns, row by row, and
	 * gone->origin[i].record theirs. */
	struct fe_removal *removals;
	size_t n_removals;
	const struct fe_batch *gone;
};

#endif

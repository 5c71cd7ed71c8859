// SPDX-License-Identifier: Apache-2.0
/* pipeline/run_dataset.h - the chain of steps that the records of one data set pass
 *
 * Internal to the runner: what the data sets of one run share, and the call that
 * takes one of them from its source to the end of its table.
 */
#ifndef FE_PIPELINE_RUN_DATASET_H
#define FE_PIPELINE_RUN_DATASET_H

#include "pipeline/run.h"

struct fe_parent;
struct fe_sha256_pair;
struct fe_watermark;
struct fe_run_context {
	const struct fe_run_settings *set;
	struct fe_run_result *result;
	struct fe_sink *sink;
	struct fe_spool *rejects;
	char *folder;                  /* where the spool lies; owned */
	struct fe_hash_key hash_key;
	struct fe_sha256_pair *hashes; /* of what is read and what is written, where one thread does both; else NULL */
	struct fe_dedupe **keys;       /* [n_datasets], NULL until read: parents of references */
	struct fe_watermark **watermarks; /* [n_datasets], NULL where not incremental by a cursor */
	struct fe_parent *parents;     /* [n_datasets], what keys and references ask with */
	bool *table_was_empty;         /* [n_datasets] when the run began */
	struct fe_run_object *objects; /* of all data sets, in the order read */
	size_t n_objects, cap_objects;
	int64_t first_object_id;
	int64_t run_time_us;
};

FE_MUST_USE enum fe_rc fe_run_dataset(struct fe_run_context *run, size_t index,
                                      struct fe_dataset_result *out, struct fe_err *err);

#endif

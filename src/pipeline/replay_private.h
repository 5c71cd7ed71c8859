// SPDX-License-Identifier: Apache-2.0
/* pipeline/replay_private.h - what is gathered for a replay, and read by its source */
#ifndef FE_PIPELINE_REPLAY_PRIVATE_H
#define FE_PIPELINE_REPLAY_PRIVATE_H

#include "io/spool.h"
#include "load/catalog.h"
#include "pipeline/replay.h"

/* What became of a record; in the order in which they are read. */
struct fe_replay_item {
	int64_t reject_id;
	uint8_t verdict;         /* enum fe_verdict; FE_N_VERDICTS: not read yet */
	uint8_t place;           /* enum fe_place: where its row is, so that a later one may take it out */
	int64_t number;
};

struct fe_replay_dataset {
	char *name;
	struct fe_spool *spool;  /* its records */
	struct fe_object_id *objects; size_t n_objects, cap_objects;
	int64_t last_object;     /* the manifest's number of the last of these */
	struct fe_replay_item *items; size_t n_items, cap_items;
	size_t n_judged;
};

struct fe_replay {
	struct fe_replay_dataset *datasets; size_t n_datasets, cap_datasets;
	const char **names;
	char *sheet;
	uint64_t n_closed_before;
	struct fe_reject_closing *closings;
	struct fe_buf entry;
	/* rejects that cannot be replayed */
	uint64_t n_hidden, n_old;
	char hidden[32];         /* how the first of them is kept */
};

/* A record as it is spooled. */
struct fe_replay_record {
	size_t object;           /* index into the data set's */
	int64_t reject_id;
	uint64_t record, offset;
	struct fe_str raw, cells;/* cells "": it cannot be split */
	struct fe_str flaw;      /* then: the code of why */
};
FE_MUST_USE enum fe_rc fe_replay_dataset_named(struct fe_replay *r, struct fe_str name, struct fe_replay_dataset **out,
                                               struct fe_err *err);
FE_MUST_USE enum fe_rc fe_replay_add(struct fe_replay *r, struct fe_replay_dataset *d, const struct fe_replay_record *record,
                                     struct fe_err *err);
/* A view into the spool's entry, until the next call. */
FE_MUST_USE enum fe_rc fe_replay_next(struct fe_replay_dataset *d, struct fe_replay_record *out, bool *more, struct fe_err *err);

/* replay_sheet.c: the records of a mended file, of the rejects open[0..n), rising by number. */
struct fe_replay_open { int64_t reject_id; const char *dataset; };
FE_MUST_USE enum fe_rc fe_replay_read_sheet(struct fe_replay *r, const struct fe_replay_query *q, const struct fe_replay_open *open,
                                            size_t n_open, struct fe_err *err);

#endif

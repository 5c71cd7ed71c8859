// SPDX-License-Identifier: Apache-2.0
/* pipeline/draft_private.h - what is known of the data while it is drafted; internal to draft*.c */
#ifndef FE_PIPELINE_DRAFT_PRIVATE_H
#define FE_PIPELINE_DRAFT_PRIVATE_H

#include "extract/csv_sniff.h"
#include "extract/json_rows.h"
#include "pipeline/draft.h"
#include "pipeline/plan.h"
#include "quality/guess.h"
#include "quality/keyset.h"

#define FE_DRAFT_MAX_FEW 12     /* values that a rule lists */
#define FE_DRAFT_MAX_KEY 7      /* columns of a key */
#define FE_DRAFT_MAX_KEY_BYTES ((uint64_t)512 << 20) /* of memory, for values that are compared */
#define FE_DRAFT_NONE SIZE_MAX
#define FE_DRAFT_MAX_BYTES (1u << 20) /* of a pipeline file */

struct fe_draft_few { struct fe_str text; uint64_t n; };

struct fe_draft_column {
	const char *name, *from;
	bool is_probe;            /* of JSON: asks what stands in an object, and is no column */
	struct fe_guess guess;
	struct fe_guessed is;
	/* of the second reading */
	struct fe_keyset *seen;   /* its values; NULL: they repeat, or are too many to remember */
	bool is_overfull;         /* the latter */
	uint64_t n_repeats;
	struct fe_draft_few few[FE_DRAFT_MAX_FEW + 1]; size_t n_few; /* one more than MAX: not few */
	/* of the third */
	size_t parent;            /* data set whose key it is; FE_DRAFT_NONE */
	uint64_t n_orphans;
};

/* csv: the last record of each file, where it is no data. Once it is known, the files are read without it. */
#define FE_DRAFT_TRAILER_BYTES 24
#define FE_DRAFT_TRAILER_CELLS 32
struct fe_draft_trailer {
	char starts[FE_DRAFT_TRAILER_BYTES]; /* "": there is none */
	size_t rows;                         /* the cell that tells how many records there are; the first is 1. 0: none does */
	/* while it is read: the last record of the object at hand */
	bool is_none, is_broken;             /* an object ends without; the record has another number of cells */
	uint32_t object;
	uint64_t record;
	char last[512];
};

struct fe_draft_dataset {
	const char *location, *name, *target;
	const struct fe_source_ops *source;
	struct fe_csv_sniff sniff;      /* csv */
	bool is_windows;                /* csv: no UTF-8 that is worth the name */
	struct fe_draft_trailer trailer;
	struct fe_json_settings json;
	bool is_discarding;             /* json: arrays and the like are not read */
	struct fe_draft_column *columns; size_t n_columns, cap_columns;
	uint64_t n_records, n_rejected; /* read; of them rejected by types */
	uint64_t done_bytes, total_bytes;
	bool is_partial;                /* the limit was reached */
	size_t key[FE_DRAFT_MAX_KEY]; size_t n_key;
	uint64_t n_key_repeats;
	const char *key_doubt;          /* NULL: none */
	bool is_parent;
};

struct fe_draft_work {
	const struct fe_draft_settings *set;
	struct fe_draft_dataset *datasets; size_t n_datasets;
	struct fe_arena arena;
	uint64_t set_bytes;  /* that the keys of one column may take */
	size_t n_guesses;    /* written */
};

/* draft_names.c */
const char *fe_draft_column_name(struct fe_draft_work *w, const struct fe_draft_dataset *d, struct fe_str from, size_t index);
void fe_draft_dataset_names(struct fe_draft_work *w, size_t dataset);
/* Where the draft will be, absolute: what its paths are relative to. In the arena. */
const char *fe_draft_place(struct fe_draft_work *w);
/* The location as it is to stand in the file; in the arena. */
const char *fe_draft_location(struct fe_draft_work *w, const char *location);

/* draft_source.c: what is there, and the first reading. */
FE_MUST_USE enum fe_rc fe_draft_look(struct fe_draft_work *w, struct fe_draft_dataset *d, struct fe_err *err);

/* draft_trailer.c: of the first reading, each batch, then what they were. */
void fe_draft_trailer_see(struct fe_draft_dataset *d, const struct fe_batch *b);
void fe_draft_trailer_decide(struct fe_draft_dataset *d);

/* Reads a data set by the plan of its draft; each is called with every batch that was judged. */
typedef enum fe_rc (*fe_draft_batch_fn)(void *ctx, const struct fe_batch *b, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_draft_read(struct fe_draft_work *w, const struct fe_plan *plan, const char *dataset,
                                     fe_draft_batch_fn each, void *ctx, struct fe_err *err);

/* draft_values.c, draft_keys.c: the second and the third. */
FE_MUST_USE enum fe_rc fe_draft_values(struct fe_draft_work *w, const struct fe_plan *plan, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_draft_keys(struct fe_draft_work *w, const struct fe_plan *plan, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_draft_parents(struct fe_draft_work *w, const struct fe_plan *plan, struct fe_err *err);
bool fe_draft_is_few(const struct fe_draft_dataset *d, size_t column); /* fit for a rule that lists them */
bool fe_draft_is_key(const struct fe_draft_dataset *d, size_t column);
static inline bool
fe_draft_is_required(const struct fe_draft_column *c)
{
	for (size_t i = 0; i < FE_GUESS_N_NULLS; i++)
		if (c->guess.nulls[i] && c->is.n_nulls)
			return false;
	return c->guess.n_empty == 0;
}
/* The rows that are kept, and have a value in the column. */
void fe_draft_rows(const struct fe_batch *b, size_t column, uint64_t *rows);

/* draft_print.c. is_trial: for reading only, with a key that rejects nothing. */
void fe_draft_print(struct fe_draft_work *w, bool is_trial, struct fe_buf *out);

#endif

// SPDX-License-Identifier: Apache-2.0
/* transform/dedupe.h - one row a key: what each record is to those before it
 *
 * Takes the rows that are FE_KEPT, in record order, and compares each with the
 * present state of its key: what this run has accepted so far, laid over what the
 * warehouse held when the run began. So the verdicts do not depend on how records
 * are cut into files and runs:
 *
 *   key not known                        insert
 *   only a placeholder has the key       the same: the record takes its place, by an update,
 *                                        and is compared with nothing
 *   same source columns                  FE_DUPLICATE of a record of this run, or
 *                                        FE_UNCHANGED where only the warehouse has it
 *   only mutable columns differ          the later record wins: the row is updated,
 *                                        or takes the place of the run's earlier one,
 *                                        which becomes superseded
 *     with a version column              the greater version wins, null being least: a
 *                                        smaller one is FE_SUPERSEDED; an equal one with
 *                                        other values is FE_CONFLICT
 *   any other column differs             FE_CONFLICT: the first stands
 *
 * Null equals null. Key and contents are compared after cleaning. Conflict adds the
 * reason "conflict" with a detail that names the columns that differ and the record
 * it met.
 *
 * State: per key its bytes, two keyed 64-bit hashes (fixed and mutable columns; equal
 * only by a chance of 2^-64 a pair), where its row is, and which record it was: 36
 * bytes (44 with a version) and the key's own, and 6 to 12 of index; of keys that are numbers
 * close together (base/keytable.h) 32 (40) in all. Past max_bytes keys
 * go to disk, in spill_folder, and every verdict stays what it is (base/keytable.h);
 * FE_ELIMIT where there is no such folder.
 */
#ifndef FE_TRANSFORM_DEDUPE_H
#define FE_TRANSFORM_DEDUPE_H

#include "base/hash.h"
#include "batch/batch.h"
#include "batch/load_plan.h"

enum fe_dedupe_part { FE_PART_KEY, FE_PART_FIXED, FE_PART_MUTABLE, FE_PART_VERSION };

/* What dedupe asks of the target. lookup may be NULL where is_empty. */
struct fe_dedupe_store {
	void *ctx;
	bool is_empty; /* nothing was there when the run began: lookup is never called */
	/* For each of rows[0..n): the warehouse's row with the same key as it was when
	 * the run began. Its source columns go to row i of met, its number to stored[i]
	 * (-1: none), the name of its record ("record 17 of a.csv, run 01J...") to
	 * origin[i], in met's arena; and of a placeholder, which is of no record, 0 to
	 * met->origin[i].record. met is cleared by the caller. */
	FE_MUST_USE enum fe_rc (*lookup)(void *ctx, const struct fe_batch *b, const uint32_t *rows, size_t n,
	                                 struct fe_batch *met, int64_t *stored, struct fe_str *origin,
	                                 struct fe_err *err);
	/* Source columns of a row inserted by this run in an earlier batch (place INSERTED),
	 * or of the update staged for a stored row (place STORED), into row met_row of met. */
	FE_MUST_USE enum fe_rc (*fetch)(void *ctx, enum fe_place place, int64_t number,
	                                struct fe_batch *met, size_t met_row, struct fe_err *err);
};

struct fe_dedupe_settings {
	const struct fe_schema *schema;
	const enum fe_dedupe_part *parts; /* [n_source] */
	const size_t *key; size_t n_key;  /* key columns in their declared order */
	size_t version;                   /* column, or FE_NO_COLUMN; not text, not bool */
	const struct fe_hash_key *hash_key;
	struct fe_reason_table *reasons;
	uint64_t max_bytes;               /* of memory for keys; 0: none */
	const char *spill_folder;         /* where keys go that it has no room for; NULL: nowhere */
	const char *target;               /* for messages */
};

struct fe_dedupe;
struct fe_dedupe *fe_dedupe_new(const struct fe_dedupe_settings *set, const struct fe_dedupe_store *store);
void fe_dedupe_free(struct fe_dedupe *d);
/* Sets verdicts of the batch's kept rows and fills the plan (owned by d, valid until the
 * next batch). object_names[b->object] names the object in details. */
FE_MUST_USE enum fe_rc fe_dedupe_batch(struct fe_dedupe *d, struct fe_batch *b,
                                       const char *object_name, struct fe_load_plan **plan,
                                       struct fe_err *err);
uint64_t fe_dedupe_n_keys(const struct fe_dedupe *d);
uint64_t fe_dedupe_bytes(const struct fe_dedupe *d);
/* All keys are numbers close together: to ask for one costs next to nothing. */
bool fe_dedupe_is_numbered(const struct fe_dedupe *d);
/* Which values are known as keys (of a single column) from this run, or from a lookup of
 * it: for references. Of the rows whose bit is set in asked, which must have a value,
 * sets the bits in known. The column must be of the key's kind and scale. */
FE_MUST_USE enum fe_rc fe_dedupe_known(struct fe_dedupe *d, const struct fe_column *column, const uint64_t *asked,
                                       size_t n_rows, uint64_t *known, struct fe_err *err);

#endif

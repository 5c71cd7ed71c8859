// SPDX-License-Identifier: Apache-2.0
/* batch/batch.h - some thousand records, column by column, and what became of each
 *
 * One batch is filled by a source, passes down the chain of steps and is used
 * again: fe_batch_clear starts the next fill. All its rows are of one object.
 *
 *   cells      what the source read: per source column an array of views (NULL
 *              where the source brings typed values or the column is computed);
 *              a cell that was absent is not there: p == NULL and n == 0; one that the
 *              source refused, with a reason, is FE_CELL_FAILED: p == NULL and n == 1
 *   columns    the typed values, written by transform/clean (source columns) and
 *              transform/derive (the rest)
 *   origin     where each row was read
 *   verdict    what becomes of each row; steps only ever look at FE_KEPT rows
 *              where they decide, but checks see all rows that have cells
 *   reasons    why, in the order in which they were found
 *   arena      bytes of changed text; emptied by clear
 *
 * Ownership: the batch owns all of it, the block of input bytes included.
 */
#ifndef FE_BATCH_BATCH_H
#define FE_BATCH_BATCH_H

#include "base/buf.h"
#include "base/mem.h"
#include "batch/column.h"
#include "batch/schema.h"

#define FE_BATCH_ROWS 4096                 /* a multiple of 64 */
#define FE_BATCH_INPUT_BYTES (256u * 1024) /* a block; grows only for one long record */

/* Cells of records that can say more than a text (JSON): null, and something that is no
 * value (an object, an array). Told by address; n is 0, so that they are empty besides. */
extern const char fe_cell_null[1], fe_cell_no_value[1];

/* What becomes of a record: the terms of the reconciliation. */
#define FE_VERDICT_MAP(X)                                                      \
	X(KEPT, "kept")             /* on its way; at the end: handed to the sink */ \
	X(FILTERED, "filtered")     /* `where` was not true for it */          \
	X(REJECTED, "rejected")     /* has reasons */                          \
	X(CONFLICT, "conflict")     /* rejected by dedupe: key known, fixed columns differ */ \
	X(DUPLICATE, "duplicate")   /* same key and columns as a record of this run */ \
	X(UNCHANGED, "unchanged")   /* same key and columns as in the warehouse */ \
	X(SUPERSEDED, "superseded") /* a later record or greater version won */

enum fe_verdict {
#define FE_X(name, text) FE_##name,
	FE_VERDICT_MAP(FE_X)
#undef FE_X
	FE_N_VERDICTS
};
const char *fe_verdict_name(enum fe_verdict v);

struct fe_origin {
	uint64_t record; /* 1-based number in the object, header not counted */
	uint64_t offset; /* byte offset of its first byte in the (decompressed) object */
	struct fe_str raw; /* its bytes, line end not included; dies with the batch's next fill */
};

/* A reason is an index into the plan's table of reason texts; detail is text of
 * the arena or empty ("differs in amount from record 17 of a.csv"). */
struct fe_reason {
	uint32_t row;
	uint32_t id;
	struct fe_str detail;
};

#define FE_CELL_FAILED ((struct fe_str){ NULL, 1 })

struct fe_batch {
	const struct fe_schema *schema; /* borrowed */
	size_t n_rows;
	uint32_t object;         /* index into the source's objects */
	const char *object_name; /* its path, for messages; lives as long as the source */
	bool ascii;              /* every byte of the input block is ASCII */
	struct fe_str **cells;   /* [n_source] */
	struct fe_column *columns; /* [n_fields] */
	struct fe_origin *origin;
	uint8_t *verdict;        /* enum fe_verdict */
	uint64_t *broken;        /* bit: the record has no cells (malformed) */
	uint64_t *failed;        /* bit: the record has at least one reason */
	struct fe_reason *reasons;
	size_t n_reasons, cap_reasons;
	struct fe_arena arena;
	struct fe_buf input;     /* the block that raw and cells point into */
};

void fe_batch_init(struct fe_batch *b, const struct fe_schema *schema);
/* For a record or two: with room for n_rows, a multiple of 64. Not to be cleared. */
void fe_batch_init_small(struct fe_batch *b, const struct fe_schema *schema, size_t n_rows);
void fe_batch_reset(struct fe_batch *b);
void fe_batch_clear(struct fe_batch *b); /* no rows; keeps memory and `input`'s bytes */
/* What of it is written anew by the next fill and has been read by another thread leaves the caches (base/cache.h). */
void fe_batch_let_go(const struct fe_batch *b);
/* Adds a reason to a row and marks it failed. The verdict is set later, by
 * fe_batch_reject_failed, so that every check still sees the row. */
void fe_batch_add_reason(struct fe_batch *b, size_t row, uint32_t reason_id, struct fe_str detail);
/* FE_KEPT rows with a reason become FE_REJECTED. */
void fe_batch_reject_failed(struct fe_batch *b);
/* Leaves the first n_rows rows, and the reasons of those. */
void fe_batch_cut(struct fe_batch *b, size_t n_rows);
size_t fe_batch_count(const struct fe_batch *b, enum fe_verdict v);
/* The reasons of one row in the order of a record's way (stable by row). Sorts
 * once per call of many rows: call sort first, then walk. */
void fe_batch_sort_reasons(struct fe_batch *b);

/* The plan's table of reason texts: "amount:not_a_number", "amount_positive".
 * Filled when the plan is made; ids are stable within a run. */
struct fe_reason_table {
	char **texts;
	size_t n_texts, cap_texts;
};
uint32_t fe_reason_id(struct fe_reason_table *t, const char *column, const char *code); /* column NULL: code alone; finds or adds */
const char *fe_reason_text(const struct fe_reason_table *t, uint32_t id);
void fe_reason_table_reset(struct fe_reason_table *t);

#endif

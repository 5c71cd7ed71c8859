// SPDX-License-Identifier: Apache-2.0
/* quality/keyset.h - the values that a column, or several together, have had
 *
 * Each key once, with a small value of the caller's beside it (a count, a first place).
 * Equal keys are equal values and nothing else: nothing rests on hashes alone. Decimals, ints,
 * dates, timestamps and bools are eight bytes, texts themselves; several columns stand one
 * after the other, each behind a byte that says whether it has a value, texts behind their
 * length.
 *
 *   Cost     28 bytes a key beside a text; about 50 ns a row, and less where keys repeat
 *   Limits   max_bytes for all keys; past it they go to disk, in spill_folder, or, where there
 *            is none, FE_ELIMIT
 */
#ifndef FE_QUALITY_KEYSET_H
#define FE_QUALITY_KEYSET_H

#include "base/keytable.h"
#include "base/mem.h"
#include "batch/batch.h"

struct fe_keyset {
	struct fe_hash_key hash_key;
	struct fe_keytable table;
	struct fe_arena arena;  /* keys of several columns, while a batch is taken in */
	void **values;          /* [rows of the batch] */
	size_t cap_values;
};

/* value_bytes: a multiple of 4; values are aligned to 4. The set must not be moved. */
void fe_keyset_init(struct fe_keyset *s, size_t value_bytes, uint64_t max_bytes, const char *spill_folder);
void fe_keyset_reset(struct fe_keyset *s);
/* For every row of a set bit, in order, values[row] becomes the value of its key: zeroed where
 * the key is new, and good until the next take. A single column must have a value there; of
 * several, null is a value. */
FE_MUST_USE enum fe_rc fe_keyset_take(struct fe_keyset *s, const struct fe_batch *b, const size_t *columns,
                                      size_t n_columns, const uint64_t *rows, struct fe_err *err);
/* Of a single column. */
FE_MUST_USE enum fe_rc fe_keyset_has(struct fe_keyset *s, struct fe_str key, bool *has, struct fe_err *err);

/* Value of a row of any column but text. */
static inline int64_t
fe_keyset_number(const struct fe_column *c, size_t row)
{
	switch (c->type.kind) {
	case FE_DATE:
		return c->days[row];
	case FE_BOOL:
		return fe_bit_get(c->bits, row);
	default:
		return c->i64[row];
	}
}

/* Counts in values: they need not be aligned to 8. */
static inline uint64_t
fe_keyset_get64(const void *value)
{
	uint64_t n;
	memcpy(&n, value, sizeof n);
	return n;
}
static inline void fe_keyset_put64(void *value, uint64_t n) { memcpy(value, &n, sizeof n); }

#endif

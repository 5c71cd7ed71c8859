// SPDX-License-Identifier: Apache-2.0
/* batch/groups.h - figures by the values of some columns, as sums by currency
 *
 * A group is what has the same values, null being one, in all columns that it goes by. Each
 * has the same number of figures, 128 bits wide, whose meaning is the caller's. Values are
 * kept as their canonical texts, so that groups of a batch and groups that a database tells
 * of meet.
 *
 *   Limits     FE_GROUPS_MAX groups, FE_GROUPS_MAX_BYTES of values: past them FE_ELIMIT,
 *              with the advice to leave the column out
 *   Cost       a row like the one before it: one comparison; else a lookup by hash
 */
#ifndef FE_BATCH_GROUPS_H
#define FE_BATCH_GROUPS_H

#include "base/decimal.h"
#include "base/hash.h"
#include "batch/batch.h"

#define FE_GROUPS_MAX 1000
#define FE_GROUPS_MAX_BYTES ((size_t)1 << 20)
#define FE_GROUPS_MAX_COLUMNS 4
#define FE_GROUPS_N_SLOTS 2048

struct fe_groups {
	const struct fe_schema *schema;  /* borrowed, as is columns */
	const size_t *columns;
	size_t n_columns, n_figures;
	struct fe_str *keys;             /* [n_items] in the order in which they were first met */
	fe_i128 *figures;                /* [n_items * n_figures] */
	size_t n_items, cap_keys, cap_figures;
	size_t n_bytes, last;            /* last: the group found before */
	uint16_t *slots;                 /* [FE_GROUPS_N_SLOTS] index + 1 */
	struct fe_hash_key *hash_key;
	struct fe_arena arena;
	struct fe_buf key;               /* scratch */
};

/* At most FE_GROUPS_MAX_COLUMNS columns, none of them a decimal or a timestamp. */
void fe_groups_init(struct fe_groups *g, const struct fe_schema *schema, const size_t *columns, size_t n_columns,
                    size_t n_figures);
void fe_groups_reset(struct fe_groups *g); /* a zeroed one too */
void fe_groups_clear(struct fe_groups *g); /* no groups; NULL is allowed */

/* The index of the group; added, with figures of 0, where it is new. */
FE_MUST_USE enum fe_rc fe_groups_of_row(struct fe_groups *g, const struct fe_batch *b, size_t row, size_t *item,
                                        struct fe_err *err);
/* The same of canonical texts; p NULL: null. */
FE_MUST_USE enum fe_rc fe_groups_of_texts(struct fe_groups *g, const struct fe_str *values, size_t *item,
                                          struct fe_err *err);
static inline fe_i128 *
fe_groups_figures(const struct fe_groups *g, size_t item)
{
	return g->figures + item * g->n_figures;
}
/* Adds to a figure. FE_ELIMIT past 128 bits. */
FE_MUST_USE enum fe_rc fe_groups_add(struct fe_groups *g, size_t item, size_t figure, fe_i128 v, struct fe_err *err);
/* Adds all figures of `from`, which goes by the same columns, to those of `to` from `first` on. */
FE_MUST_USE enum fe_rc fe_groups_merge(struct fe_groups *to, size_t first, const struct fe_groups *from,
                                       struct fe_err *err);

/* The values of a group, n_columns of them; p NULL: null. */
void fe_groups_values(const struct fe_groups *g, size_t item, struct fe_str values[FE_GROUPS_MAX_COLUMNS]);
/* "currency EUR, country none", for messages. */
void fe_groups_print(const struct fe_groups *g, size_t item, struct fe_buf *out);
/* The indexes in the order of their values, nulls first; fe_free. */
size_t *fe_groups_sorted(const struct fe_groups *g);

#endif

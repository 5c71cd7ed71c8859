// SPDX-License-Identifier: Apache-2.0
/* transform/key.h - the key of a row as bytes
 *
 * Equal bytes mean equal keys, and nothing else does. One key column alone is its own
 * bytes. Several are put one after the other, texts behind their length, so that
 * ('a', 'bc') is not ('ab', 'c'). The columns of a row must have values.
 */
#ifndef FE_TRANSFORM_KEY_H
#define FE_TRANSFORM_KEY_H

#include "base/keytable.h"
#include "batch/batch.h"

/* The value of any column but text. */
int64_t fe_key_number(const struct fe_column *c, size_t row);
/* A single column; number is room for what is not text, which the view is of then. */
struct fe_str fe_key_single(const struct fe_column *c, size_t row, int64_t *number);
/* Any number of columns; what is not a view of the batch lives in the arena. */
struct fe_str fe_key_of_row(const struct fe_batch *b, const size_t *columns, size_t n_columns, size_t row,
                            struct fe_arena *arena);
/* Which values of a column are keys of the table: of the rows whose bit is set in asked, which
 * must have a value, sets the bits in known. */
FE_MUST_USE enum fe_rc fe_key_known(struct fe_keytable *t, const struct fe_column *column, const uint64_t *asked,
                                    size_t n_rows, uint64_t *known, struct fe_err *err);

#endif

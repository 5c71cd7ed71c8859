// SPDX-License-Identifier: Apache-2.0
/* load/row_store.h - rows that were sent, kept at hand by their number
 *
 * What a server has been sent is out of reach until it is asked for again. The few rows
 * of a run that are needed once more (a later record supersedes them, or conflicts with
 * them) are therefore found here: an unnamed file of all rows, in the order in which they
 * were added, and the place of every 16th. The last 256 KiB are in memory, so that a
 * small run never touches the disk.
 *
 *   Cost       half a byte of memory a row, 8 bytes of file beside its own
 *   Failure    FE_EUNAVAIL where the disk is full, or gives back other bytes
 */
#ifndef FE_LOAD_ROW_STORE_H
#define FE_LOAD_ROW_STORE_H

#include "base/err.h"
#include "base/str.h"

struct fe_row_store;

/* The folder is borrowed; the file is made in it when it is needed. */
struct fe_row_store *fe_row_store_new(const char *folder);
void fe_row_store_free(struct fe_row_store *s); /* NULL is allowed */
/* The next row: its number is the count of those before it. */
FE_MUST_USE enum fe_rc fe_row_store_add(struct fe_row_store *s, struct fe_str row, struct fe_err *err);
/* Its bytes, until the next call. FE_EBUG where there is no such row. */
FE_MUST_USE enum fe_rc fe_row_store_get(struct fe_row_store *s, uint64_t number, struct fe_str *row,
                                        struct fe_err *err);
uint64_t fe_row_store_n_rows(const struct fe_row_store *s);

#endif

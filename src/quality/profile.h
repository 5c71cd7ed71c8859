// SPDX-License-Identifier: Apache-2.0
/* quality/profile.h - what the values of each column look like
 *
 * One for a data set, fed batch by batch with the rows that the data set keeps. docs/report-json.md says
 * what it tells of them.
 *
 *   Rows       the same that expectations see: kept, unchanged and superseded ones. A row that a later
 *              record of the run replaces stays counted wherever it stands, as a least value
 *              cannot be taken back; so rows = inserted + updated + unchanged + superseded.
 *   Exact      in every figure, whatever the batches
 *   pii        of such columns nulls are counted, and no value is looked at
 *   Memory     at most some 100 KiB a column: 64 values, or counters of sizes or of days
 *   Cost       a pass over each column. As long as a column has few values they are counted one by one,
 *              and all else is worked out from those at the end. From the 65th on that stops,
 *              and what is left is comparing with the least and the greatest, and one counter.
 */
#ifndef FE_QUALITY_PROFILE_H
#define FE_QUALITY_PROFILE_H

#include "base/json.h"
#include "batch/batch.h"

struct fe_profile;
/* Both borrowed; pii is [n_fields] or NULL. */
struct fe_profile *fe_profile_new(const struct fe_schema *schema, const bool *pii);
void fe_profile_feed(struct fe_profile *p, const struct fe_batch *b, const uint64_t *rows);
void fe_profile_json(const struct fe_profile *p, struct fe_json *j); /* one object */
void fe_profile_free(struct fe_profile *p); /* NULL is allowed */

#endif

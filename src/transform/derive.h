// SPDX-License-Identifier: Apache-2.0
/* transform/derive.h - the derived columns: values, bands, points
 *
 * value: an expression. bands: the first band whose upper bound (inclusive) is not
 * below the column, else `above`; null of null. points: the sum of `add` where `when`
 * is true, clamped. Each may use the derived columns before it. Text that is longer
 * than the column, and overflow, reject the record ("column:too_long", "column:overflow").
 */
#ifndef FE_TRANSFORM_DERIVE_H
#define FE_TRANSFORM_DERIVE_H

#include "batch/batch.h"
#include "expr/expr.h"

struct fe_band { int64_t upto; const char *label; }; /* scaled as the column `of` */
struct fe_point { int64_t add; const struct fe_expr *when; }; /* scaled as the target */

enum fe_derive_kind { FE_DERIVE_VALUE, FE_DERIVE_BANDS, FE_DERIVE_POINTS };
struct fe_derivation {
	enum fe_derive_kind kind;
	size_t column;                /* the one that is written */
	const struct fe_expr *value;  /* VALUE */
	size_t of;                    /* BANDS: int, decimal, date or timestamp column */
	const struct fe_band *bands; size_t n_bands; /* ascending */
	const char *above;
	const struct fe_point *points; size_t n_points; /* POINTS */
	bool is_clamped;
	int64_t clamp_low, clamp_high;
};

struct fe_derive;
struct fe_derive *fe_derive_new(const struct fe_derivation *derivations, size_t n,
                                const struct fe_schema *schema, struct fe_reason_table *reasons);
void fe_derive_free(struct fe_derive *d);
FE_MUST_USE enum fe_rc fe_derive_batch(struct fe_derive *d, struct fe_batch *b, int64_t now_us, struct fe_err *err);

#endif

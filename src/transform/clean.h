// SPDX-License-Identifier: Apache-2.0
/* transform/clean.h - from cells to typed columns: the first half of a record's way
 *
 * For every column in turn: decode -> trim -> null texts -> map -> case -> cast ->
 * default -> required; computed columns (`value`) are evaluated in their place, from
 * the columns before them. A cell that fails is null afterwards and adds a reason
 * "column:code" (codes: base/decimal.h, base/time.h, and below); every later check
 * still runs. Rows without cells (batch->broken) get nulls and no further reasons.
 *
 *   invalid_utf8  nul_byte  too_long  not_a_bool  missing  absent  null  not_a_value  overflow
 *
 * What is required and not there is `absent` where the record has no such cell, `null` where it
 * says so, and `missing` where it is empty. What is no value (an object, an array) fails.
 */
#ifndef FE_TRANSFORM_CLEAN_H
#define FE_TRANSFORM_CLEAN_H

#include "base/decimal.h"
#include "base/text.h"
#include "base/time.h"
#include "base/zone.h"
#include "batch/batch.h"
#include "expr/expr.h"

struct fe_text_pair { char *from, *to; };

/* How one source column is cleaned; filled from the pipeline file. All pointers are
 * owned by the holder of the table and outlive the cleaner. */
struct fe_clean_column {
	struct fe_type type;
	bool trim;
	enum fe_case to_case;
	const char *const *nulls; size_t n_nulls; /* replaces the rule "empty is null" where n_nulls > 0 */
	const struct fe_text_pair *map; size_t n_map;
	const char *default_text;  /* cast like a cell when the plan is made; NULL: none */
	const char *format;        /* date, timestamp; NULL: default */
	const struct fe_zone *zone;/* timestamp; NULL: none */
	struct fe_decimal_format decimal;
	bool required;
	const struct fe_expr *value; /* computed column; NULL: read */
};

struct fe_clean;
/* FE_EUSAGE where a default does not cast, naming the column. */
FE_MUST_USE enum fe_rc fe_clean_new(struct fe_clean **out, const struct fe_clean_column *columns,
                                    const struct fe_schema *schema, struct fe_reason_table *reasons,
                                    struct fe_err *err);
void fe_clean_free(struct fe_clean *c);
FE_MUST_USE enum fe_rc fe_clean_batch(struct fe_clean *c, struct fe_batch *b, int64_t now_us, struct fe_err *err);
uint64_t fe_clean_defaults_filled(const struct fe_clean *c, size_t column);
/* Decimals written as -0, -0.00, ...: they are 0, and worth telling. */
uint64_t fe_clean_negative_zeros(const struct fe_clean *c, size_t column);

#endif

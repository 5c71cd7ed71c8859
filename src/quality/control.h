// SPDX-License-Identifier: Apache-2.0
/* quality/control.h - control totals: what others say was sent, held against what was read
 *
 * A statement says how many records an object has, or all objects together, and what the
 * sums of columns are. What is held against it: every record that was read, whatever becomes
 * of it later, filtered, rejected and double ones too; and of each column the exact sum of
 * the values that could be cast, in 128 bits.
 *
 *   Order      new, feed every batch after its cells were cast, then state every statement,
 *              then check and print.
 *   Failure    A figure that is no number fails the object (FE_EDATA). One that differs is
 *              not a failure until check says so (FE_ECHECK), with both figures.
 *   Ownership  What the settings point to is borrowed; names and texts of statements are
 *              copied.
 */
#ifndef FE_QUALITY_CONTROL_H
#define FE_QUALITY_CONTROL_H

#include "base/decimal.h"
#include "base/json.h"
#include "batch/batch.h"

/* Where a statement is from; text for messages and JSON. */
#define FE_CONTROL_ORIGIN_MAP(X)                                               \
	X(TRAILER, "trailer")                                                  \
	X(SIDECAR, "sidecar")                                                  \
	X(GIVEN, "given")

enum fe_control_origin {
#define FE_X(name, text) FE_CONTROL_##name,
	FE_CONTROL_ORIGIN_MAP(FE_X)
#undef FE_X
	FE_N_CONTROL_ORIGINS
};
const char *fe_control_origin_name(enum fe_control_origin origin);

struct fe_control_column {
	size_t column;                          /* a decimal source column */
	const struct fe_decimal_format *format; /* as its cells are written; NULL: plain */
	bool is_personal;                       /* its sums are told as *** */
};

struct fe_control_settings {
	const char *dataset;
	const struct fe_schema *schema;
	const struct fe_control_column *columns; /* those of which any statement may tell the sum */
	size_t n_columns;
};

#define FE_CONTROL_ALL SIZE_MAX
struct fe_control_statement {
	enum fe_control_origin origin;
	size_t object;              /* its index among the source's; FE_CONTROL_ALL: all of them */
	const char *object_name;    /* of one object */
	struct fe_str rows;         /* p NULL: it does not tell */
	const struct fe_str *sums;  /* [n_columns] the same of each */
	bool is_plain;              /* sums are written as 1234.56, whatever their columns are */
};

struct fe_control;
struct fe_control *fe_control_new(const struct fe_control_settings *set);
void fe_control_free(struct fe_control *c); /* NULL is allowed */

/* All rows of the batch. FE_ELIMIT where a sum passes 128 bits. */
FE_MUST_USE enum fe_rc fe_control_feed(struct fe_control *c, const struct fe_batch *b, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_control_state(struct fe_control *c, const struct fe_control_statement *s, struct fe_err *err);
/* After the last statement: those of objects are added up for the data set, too. */
FE_MUST_USE enum fe_rc fe_control_end(struct fe_control *c, struct fe_err *err);

/* One figure of a statement, or of all objects by one kind of statement. */
struct fe_control_item {
	enum fe_control_origin origin;
	size_t object;       /* FE_CONTROL_ALL: of the data set */
	size_t column;       /* of settings->columns; FE_NO_COLUMN: how many records */
	fe_i128 said, found; /* scaled as the column */
};
size_t fe_control_n_items(const struct fe_control *c); /* 0: nothing was stated */
const struct fe_control_item *fe_control_item(const struct fe_control *c, size_t i);
static inline bool fe_control_agrees(const struct fe_control_item *i) { return i->said == i->found; }

FE_MUST_USE enum fe_rc fe_control_check(const struct fe_control *c, struct fe_err *err);
/* "payments: records 1200, as the trailers of 3 objects say": each figure of the data set, a line each. */
void fe_control_summary(const struct fe_control *c, struct fe_buf *out);
/* {"agrees", "objects", "figures": [...]} */
void fe_control_json(const struct fe_control *c, const char *key, struct fe_json *j);

#endif

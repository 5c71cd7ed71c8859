// SPDX-License-Identifier: Apache-2.0
/* quality/condition.h - a row condition as it is written: read into steps, without a schema
 *
 * Three notations: the objects of Great Expectations 1.x (comparison, nullity, and, or,
 * pass_through); the texts of 0.18 (`col("x") > 3`, `col("x").notnull()`), which are one
 * comparison; and pandas' query texts, of which comparisons of a column with literals, in,
 * isnull() and its kin, truth values, and, or, not and parentheses are read. What is not
 * understood to its end is refused.
 *
 * Steps are in the order of evaluation: each leaf pushes, NOT takes one, AND and OR take two.
 */
#ifndef FE_QUALITY_CONDITION_H
#define FE_QUALITY_CONDITION_H

#include "base/buf.h"
#include "quality/suite.h"

#define FE_CONDITION_MAX_LEAVES 100
#define FE_CONDITION_MAX_STEPS 256
#define FE_CONDITION_MAX_TEXT_BYTES ((size_t)64 << 10)

enum fe_condition_test {
	FE_TEST_EQUAL,
	FE_TEST_NOT_EQUAL,
	FE_TEST_LESS,
	FE_TEST_AT_MOST,
	FE_TEST_GREATER,
	FE_TEST_AT_LEAST,
	FE_TEST_IN,
	FE_TEST_NOT_IN,
	FE_TEST_NULL,
	FE_TEST_NOT_NULL,
	FE_TEST_TRUE, /* a column of truth values by itself */
};
struct fe_condition_leaf {
	struct fe_str column;
	enum fe_condition_test test;
	struct fe_literal *values; /* one for comparisons, any number for IN */
	size_t n_values;
};

enum fe_condition_op { FE_CONDITION_LEAF, FE_CONDITION_NOT, FE_CONDITION_AND, FE_CONDITION_OR };
struct fe_condition_step {
	enum fe_condition_op op;
	size_t leaf;
};

struct fe_condition {
	struct fe_condition_leaf leaves[FE_CONDITION_MAX_LEAVES];
	size_t n_leaves;
	struct fe_condition_step steps[FE_CONDITION_MAX_STEPS];
	size_t n_steps;
};

/* What it points to lives in the arena, or is of json. parser: condition_parser, p NULL where there
 * is none. False: why says what is wrong. */
bool fe_condition_read(struct fe_condition *out, const struct fe_json_value *json, struct fe_str parser,
                       struct fe_arena *arena, struct fe_buf *why);
/* A part of it: pandas' query texts (condition_pandas.c). */
bool fe_condition_read_query(struct fe_condition *out, struct fe_str text, struct fe_arena *arena, struct fe_buf *why);
/* As a result echoes it: texts become the object that they mean. False: neither text nor object is
 * one, which is said to why; a query that cannot be read is no mistake of the suite. */
bool fe_condition_echo(const struct fe_json_value *json, struct fe_str parser, struct fe_buf *echo, struct fe_buf *why);

/* For readers. False where there are too many. */
bool fe_condition_add_step(struct fe_condition *c, enum fe_condition_op op);
struct fe_condition_leaf *fe_condition_add_leaf(struct fe_condition *c, struct fe_str column,
                                                enum fe_condition_test test); /* NULL: too many */
/* Zeroed values, for n at most 1 << 20. Arenas align to 8 only, and these hold integers of 16 bytes. */
struct fe_literal *fe_condition_room(struct fe_arena *arena, size_t n);
/* "==" and so on; false: none. */
bool fe_condition_test_of(struct fe_str operator, enum fe_condition_test *out);

#endif
